// What a launch gives to kernels: arguments of every kind, defines, circular buffers, semaphores,
// on every core and processor; and the block and messages in L1, byte by byte.
#include "rig.h"
#include "ttm/lib/abi.h"

enum { OUT = 0x100000 };
static const MemMap mem = TTM_MEM_MAP_BLACKHOLE;

static void read_core(ttm_device_t *d, uint32_t x, uint32_t y, uint64_t at, void *to, size_t n) {
    assert_ok(ttm_l1_read(d, (ttm_core_t){ x, y }, TTM_CORE_WORKER, at, to, n));
}

static uint32_t word_of(ttm_device_t *d, uint32_t x, uint32_t y, uint64_t at) {
    uint32_t word;
    read_core(d, x, y, at, &word, 4);
    return word;
}

static void every_kind_of_argument_arrives(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    uint32_t compile[] = { 11, 0xffffffff }, unique[] = { 21, 22, 23 }, common[] = { 31, 32 };
    ttm_named_arg_t named[] = { { "rows", 41 }, { "columns", 42 } };
    ttm_define_t defines[] = { { "SCALE", "50 + 1" }, { "FLAG", NULL } };
    ttm_dataflow_options_t o = { .struct_size = sizeof o,
                                 .compile_args = compile,
                                 .num_compile_args = 2,
                                 .named_args = named,
                                 .num_named_args = 2,
                                 .defines = defines,
                                 .num_defines = 2 };
    ttm_kernel_t *k;
    assert_ok(ttm_kernel_create_dataflow_from_string(
        p,
        "void kernel_main() {\n"
        "    volatile uint32_t *out = (uint32_t *)0x100000;\n"
        "    out[0] = get_compile_time_arg_val(0);\n"
        "    out[1] = get_compile_time_arg_val(1);\n"
        "    for (int i = 0; i < 3; i++) out[2 + i] = get_arg_val<uint32_t>(i);\n"
        "    for (int i = 0; i < 2; i++) out[5 + i] = get_common_arg_val<uint32_t>(i);\n"
        "    out[7] = get_named_compile_time_arg_val(\"rows\");\n"
        "    out[8] = get_named_compile_time_arg_val(\"columns\");\n"
        "#ifdef FLAG\n"
        "    out[9] = SCALE;\n"
        "#endif\n"
        "}\n",
        &core00, 1, &o, &k));
    assert_ok(ttm_set_runtime_args(k, &core00, 1, unique, 3));
    assert_ok(ttm_set_common_runtime_args(k, common, 2));
    assert_ok(ttm_program_launch(p, NULL));
    uint32_t got[10], want[] = { 11, 0xffffffff, 21, 22, 23, 31, 32, 41, 42, 51 };
    read_core(d, 0, 0, OUT, got, sizeof got);
    assert_memory_equal(got, want, sizeof want);

    uint32_t again[] = { 61, 62, 63 };
    assert_ok(ttm_set_runtime_args(k, &core00, 1, again, 3)); // for the next launch
    assert_ok(ttm_program_launch(p, NULL));
    memcpy(want + 2, again, sizeof again);
    read_core(d, 0, 0, OUT, got, sizeof got);
    assert_memory_equal(got, want, sizeof want);
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

// Five processors of every core, each with arguments of its own.
static void all_cores_and_processors_run(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_core_range_t all = { { 0, 0 }, { 12, 9 } };
    ttm_dataflow_options_t second = { .struct_size = sizeof second, .processor = TTM_RISCV_1 };
    ttm_kernel_t *dm0, *dm1, *compute;
    const char *dataflow =
        "void kernel_main() {\n"
        "    *(volatile uint32_t *)get_arg_val<uint32_t>(0) = get_arg_val<uint32_t>(1);\n"
        "}\n";
    assert_ok(ttm_kernel_create_dataflow_from_string(p, dataflow, &all, 1, NULL, &dm0));
    assert_ok(ttm_kernel_create_dataflow_from_string(p, dataflow, &all, 1, &second, &dm1));
    assert_ok(ttm_kernel_create_compute_from_string(
        p,
        "void kernel_main() {\n"
        "    volatile uint32_t *out = (uint32_t *)get_arg_val<uint32_t>(0);\n"
        "    UNPACK(out[0] = get_arg_val<uint32_t>(1));\n"
        "    MATH(out[1] = get_arg_val<uint32_t>(1) + 1);\n"
        "    PACK(out[2] = get_arg_val<uint32_t>(1) + 2);\n"
        "}\n",
        &all, 1, NULL, &compute));
    for (uint32_t y = 0; y < 10; y++)
        for (uint32_t x = 0; x < 13; x++) {
            ttm_core_range_t one = { { x, y }, { x, y } };
            uint32_t base = 1000 * y + 10 * x;
            uint32_t a0[] = { OUT, base + 1 }, a1[] = { OUT + 4, base + 2 },
                     a2[] = { OUT + 8, base + 3 };
            assert_ok(ttm_set_runtime_args(dm0, &one, 1, a0, 2));
            assert_ok(ttm_set_runtime_args(dm1, &one, 1, a1, 2));
            assert_ok(ttm_set_runtime_args(compute, &one, 1, a2, 2));
        }
    assert_ok(ttm_program_launch(p, NULL));
    for (uint32_t y = 0; y < 10; y++)
        for (uint32_t x = 0; x < 13; x++) {
            uint32_t got[5], base = 1000 * y + 10 * x;
            read_core(d, x, y, OUT, got, sizeof got);
            for (uint32_t i = 0; i < 5; i++) assert_int_equal(got[i], base + 1 + i);
        }
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

// Producer and consumer on the two data-movement processors, through a circular buffer.
static void circular_buffers_carry_pages(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_cb_index_t shared[] = { { 3, TTM_FORMAT_UINT32, 64 }, { 20, TTM_FORMAT_FLOAT16_B, 128 } };
    ttm_cb_t *cb;
    uint64_t at;
    assert_ok(ttm_cb_create(p, &core00, 1, 256, shared, 2, NULL, &cb));
    ttm_dataflow_options_t second = { .struct_size = sizeof second, .processor = TTM_RISCV_1 };
    new_kernel(p, "void kernel_main() {\n"
                  "    for (uint32_t i = 0; i < 100; i++) {\n"
                  "        cb_reserve_back(3, 1);\n"
                  "        *(volatile uint32_t *)get_write_ptr(3) = i * i;\n"
                  "        cb_push_back(3, 1);\n"
                  "    }\n"
                  "}\n");
    assert_ok(ttm_kernel_create_dataflow_from_string(
        p,
        "void kernel_main() {\n"
        "    volatile uint32_t *out = (uint32_t *)0x100000;\n"
        "    for (uint32_t i = 0; i < 100; i++) {\n"
        "        cb_wait_front(3, 1);\n"
        "        out[i] = *(volatile uint32_t *)get_read_ptr(3);\n"
        "        cb_pop_front(3, 1);\n"
        "    }\n"
        "    out[100] = get_tile_size(20);\n"
        "}\n",
        &core00, 1, &second, NULL));
    for (int round = 0; round < 2; round++) {
        assert_ok(ttm_program_launch(p, NULL));
        uint32_t got[101];
        read_core(d, 0, 0, OUT, got, sizeof got);
        for (uint32_t i = 0; i < 100; i++) assert_int_equal(got[i], i * i);
        assert_int_equal(got[100], 2048);
    }
    assert_ok(ttm_cb_address(cb, &at));
    assert_int_equal(at, mem.DEFAULT_UNRESERVED);
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

static void circular_buffers_find_room_on_all_their_cores(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_core_range_t left = { { 0, 0 }, { 0, 0 } }, right = { { 1, 0 }, { 1, 0 } },
                     both = { { 0, 0 }, { 1, 0 } };
    ttm_cb_index_t i0 = { 0, TTM_FORMAT_UINT32, 100 }, i1 = { 1, TTM_FORMAT_UINT32, 32 },
                   i2 = { 2, TTM_FORMAT_UINT32, 32 };
    ttm_cb_t *a, *b, *c, *in_buffer;
    uint64_t at, buffer_at;
    ttm_buffer_t *l1;
    assert_ok(ttm_buffer_create_interleaved(d, 4096, 4096, TTM_BUFFER_L1, NULL, &l1));
    ttm_cb_options_t o = { .struct_size = sizeof o, .buffer = l1 };
    ttm_cb_index_t i7 = { 7, TTM_FORMAT_UINT32, 4096 };
    assert_ok(ttm_cb_create(p, &left, 1, 300, &i0, 1, NULL, &a));
    assert_ok(ttm_cb_create(p, &right, 1, 32, &i1, 1, NULL, &b));
    assert_ok(ttm_cb_create(p, &both, 1, 32, &i2, 1, NULL, &c));
    assert_ok(ttm_cb_create(p, &both, 1, 4096, &i7, 1, &o, &in_buffer));
    ttm_kernel_t *k;
    assert_ok(
        ttm_kernel_create_dataflow_from_string(p, "void kernel_main() {}", &both, 1, NULL, &k));
    assert_ok(ttm_program_launch(p, NULL));
    assert_ok(ttm_cb_address(a, &at));
    assert_int_equal(at, mem.DEFAULT_UNRESERVED);
    assert_ok(ttm_cb_address(b, &at));
    assert_int_equal(at, mem.DEFAULT_UNRESERVED);
    assert_ok(ttm_cb_address(c, &at));
    assert_int_equal(at, mem.DEFAULT_UNRESERVED + 320); // 300 bytes, to the alignment of DRAM
    assert_ok(ttm_cb_address(in_buffer, &at));
    assert_ok(ttm_buffer_address(l1, &buffer_at));
    assert_int_equal(at, buffer_at);
    ttm_program_destroy(p);
    ttm_buffer_destroy(l1);
    assert_ok(ttm_device_close(d));
}

// Two cores hand a number to and fro through each other's semaphores.
static void semaphores_work_between_cores(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_core_range_t cores = { { 2, 3 }, { 3, 3 } };
    uint32_t id;
    ttm_kernel_t *k;
    assert_ok(ttm_semaphore_create(p, &cores, 1, 0, &id));
    assert_ok(ttm_kernel_create_dataflow_from_string(
        p,
        "void kernel_main() {\n"
        "    uint32_t x = get_arg_val<uint32_t>(0), y = get_arg_val<uint32_t>(1), first = "
        "get_arg_val<uint32_t>(2);\n"
        "    uint32_t mine = get_semaphore(get_arg_val<uint32_t>(3));\n"
        "    volatile tt_l1_ptr uint32_t *s = (volatile tt_l1_ptr uint32_t *)mine;\n"
        "    uint64_t theirs = get_noc_addr(x, y, mine);\n"
        "    for (uint32_t i = 1; i <= 20; i++) {\n"
        "        if (first) noc_semaphore_inc(theirs, 1);\n"
        "        noc_semaphore_wait(s, i);\n"
        "        if (!first) noc_semaphore_inc(theirs, 1);\n"
        "    }\n"
        "    noc_async_atomic_barrier();\n"
        "    *(volatile uint32_t *)0x100000 = *s;\n"
        "}\n",
        &cores, 1, NULL, &k));
    for (uint32_t i = 0; i < 2; i++) {
        ttm_core_t noc;
        ttm_core_range_t one = { { 2 + i, 3 }, { 2 + i, 3 } };
        assert_ok(ttm_worker_core_from_logical_core(d, (ttm_core_t){ 3 - i, 3 }, &noc));
        uint32_t args[] = { noc.x, noc.y, i == 0, id };
        assert_ok(ttm_set_runtime_args(k, &one, 1, args, 4));
    }
    assert_ok(ttm_program_launch(p, NULL));
    assert_int_equal(word_of(d, 2, 3, OUT), 20);
    assert_int_equal(word_of(d, 3, 3, OUT), 20);
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

// The whole kernel-config block and the launch message of a core, as the ABI describes them.
static void the_block_is_where_the_message_says(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    uint32_t args0[] = { 1, 2, 3, 4, 5 }, args1[] = { 6, 7 }, common[] = { 8 }, id;
    ttm_dataflow_options_t second = { .struct_size = sizeof second, .processor = TTM_RISCV_1 };
    ttm_cb_index_t index = { 2, TTM_FORMAT_UINT32, 64 };
    ttm_kernel_t *k0 = new_kernel(p, "void kernel_main() {}"), *k1;
    assert_ok(ttm_kernel_create_dataflow_from_string(p, "void kernel_main() {}", &core00, 1,
                                                     &second, &k1));
    assert_ok(ttm_cb_create(p, &core00, 1, 256, &index, 1, NULL, NULL));
    assert_ok(ttm_semaphore_create(p, &core00, 1, 0x111, &id));
    assert_ok(ttm_semaphore_create(p, &core00, 1, 0x222, &id));
    assert_ok(ttm_set_runtime_args(k0, &core00, 1, args0, 5));
    assert_ok(ttm_set_runtime_args(k1, &core00, 1, args1, 2));
    assert_ok(ttm_set_common_runtime_args(k1, common, 1));
    assert_ok(ttm_program_launch(p, NULL));

    launch_msg_t m;
    read_core(d, 0, 0, mem.MAILBOX_BASE + offsetof(mailboxes_t, launch), &m, sizeof m);
    const kernel_config_msg_t *c = &m.kernel_config;
    uint32_t base = c->kernel_config_base[0];
    assert_int_equal(base, mem.MAP_END);
    assert_int_equal(c->rta_offset[PROC_BRISC].rta_offset, 0);
    assert_int_equal(c->rta_offset[PROC_NCRISC].rta_offset, 20);
    assert_int_equal(c->rta_offset[PROC_BRISC].crta_offset, ABI_NO_ARGS);
    assert_int_equal(c->rta_offset[PROC_NCRISC].crta_offset, 32);
    assert_int_equal(c->rta_offset[PROC_TRISC0].rta_offset, ABI_NO_ARGS);
    assert_int_equal(c->sem_offset[0], 48);
    assert_int_equal(c->local_cb_offset, 80);
    assert_int_equal(c->remote_cb_offset, 80 + 3 * 16);
    assert_int_equal(c->local_cb_mask, 4);
    assert_int_equal(c->enables, 1 << PROC_BRISC | 1 << PROC_NCRISC);
    assert_int_equal(c->brisc_noc_id, 0);
    assert_int_equal(c->mode, DISPATCH_MODE_HOST);
    assert_int_equal(c->min_remote_cb_start_index, 64);
    assert_int_equal(c->kernel_text_offset[PROC_BRISC], 128);
    assert_int_equal(c->kernel_text_offset[PROC_NCRISC] % 16, 0);

    uint32_t words[32];
    read_core(d, 0, 0, base, words, sizeof words);
    assert_memory_equal(words, args0, sizeof args0);
    assert_memory_equal(words + 5, args1, sizeof args1);
    assert_int_equal(words[32 / 4], 8);
    assert_int_equal(words[48 / 4], 0x111);
    assert_int_equal(words[64 / 4], 0x222);
    uint32_t cb[] = { mem.DEFAULT_UNRESERVED, 256, 4, 64 };
    assert_memory_equal(words + (80 + 2 * 16) / 4, cb, sizeof cb);
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

// Programs on disjoint cores run at the same time.
static void programs_overlap_in_time(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *a = new_program(d), *b = new_program(d);
    ttm_core_range_t other = { { 5, 5 }, { 5, 5 } };
    ttm_launch_options_t no_wait = { .struct_size = sizeof no_wait, .no_wait = 1 };
    ttm_core_t noc;
    assert_ok(ttm_worker_core_from_logical_core(d, (ttm_core_t){ 0, 0 }, &noc));
    uint32_t args[] = { noc.x, noc.y };
    ttm_kernel_t *k;
    set_l1_word(d, OUT, 0);
    new_kernel(a, "void kernel_main() { while (*(volatile uint32_t *)0x100000 != 5) {} }");
    assert_ok(ttm_kernel_create_dataflow_from_string(
        b,
        "void kernel_main() {\n"
        "    *(volatile uint32_t *)0x100000 = 5;\n"
        "    noc_async_write(0x100000, get_noc_addr(get_arg_val<uint32_t>(0), "
        "get_arg_val<uint32_t>(1), 0x100000), 4);\n"
        "    noc_async_write_barrier();\n"
        "}\n",
        &other, 1, NULL, &k));
    assert_ok(ttm_set_runtime_args(k, &other, 1, args, 2));
    assert_ok(ttm_program_launch(a, &no_wait));
    assert_ok(ttm_program_launch(b, NULL));
    assert_ok(ttm_program_wait(a));
    ttm_program_destroy(a);
    ttm_program_destroy(b);
    assert_ok(ttm_device_close(d));
}

// A word goes from BRISC to each processor of compute; what only the unpack processor can see of a
// circular buffer reaches the other two.
static void mailboxes_carry_words(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_cb_index_t index = { 0, TTM_FORMAT_UINT32, 64 };
    ttm_kernel_t *k;
    assert_ok(ttm_cb_create(p, &core00, 1, 128, &index, 1, NULL, NULL));
    new_kernel(p, "#include \"ckernel.h\"\n"
                  "#include \"ckernel_defs.h\"\n"
                  "void kernel_main() {\n"
                  "    for (uint32_t page = 0; page < 2; page++) {\n"
                  "        cb_reserve_back(0, 1);\n"
                  "        for (uint32_t i = 0; i < 16; i++)\n"
                  "            ((volatile uint32_t *)get_write_ptr(0))[i] = 100 * page + i;\n"
                  "        cb_push_back(0, 1);\n"
                  "    }\n"
                  "    mailbox_write(ckernel::ThreadId::UnpackThreadId, 11);\n"
                  "    mailbox_write(ckernel::ThreadId::MathThreadId, 22);\n"
                  "    ckernel::mailbox_write(ckernel::ThreadId::PackThreadId, 33);\n"
                  "}\n");
    assert_ok(ttm_kernel_create_compute_from_string(
        p,
        "#include \"compute_kernel_api/common.h\"\n"
        "#include \"experimental/circular_buffer.h\"\n"
        "void kernel_main() {\n"
        "    volatile uint32_t *out = (volatile uint32_t *)0x100000;\n"
        "    UNPACK(out += 0); MATH(out += 4); PACK(out += 8);\n"
        "    out[0] = mailbox_read(ThreadId::BriscThreadId);\n"
        "    cb_wait_front(0, 2);\n"
        "    out[1] = read_tile_value(0, 1, 7);\n"
        "    out[2] = *(volatile uint32_t *)get_tile_address(0, 1);\n"
        "    out[3] = experimental::CircularBuffer(0).read_tile_value(0, 3);\n"
        "    cb_pop_front(0, 2);\n"
        "}\n",
        &core00, 1, NULL, &k));
    for (int round = 0; round < 2; round++) {
        uint32_t got[12] = { 0 };
        assert_ok(ttm_l1_write(d, core00.start, TTM_CORE_WORKER, OUT, got, sizeof got));
        assert_ok(ttm_program_launch(p, NULL));
        read_core(d, 0, 0, OUT, got, sizeof got);
        const uint32_t want[12] = { 11, 107, 100, 3, 22, 107, 100, 3, 33, 107, 100, 3 };
        assert_memory_equal(got, want, sizeof want);
    }
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

// Both data-movement processors tell each other twice through words of L1 that they have come so
// far. Whoever is first must not be at its second word before the other has seen its first: neither
// does anything but look, so each sees the other's word within a few cycles.
static void processors_meet_at_words(void **state) {
    (void)state;
    static const char source[] =
        "void kernel_main() {\n"
        "    volatile uint32_t *words[2];\n"
        "    for (uint32_t i = 0; i < 2; i++)\n"
        "        words[i] = (volatile uint32_t *)get_semaphore(get_arg_val<uint32_t>(1 + i));\n"
        "    uint32_t me = get_arg_val<uint32_t>(0), other = 1 - me;\n"
        "    for (volatile uint32_t i = 0; i < get_arg_val<uint32_t>(3); i++) {}\n"
        "    noc_async_read(get_noc_addr(0x100000), 0x100040 + 64 * me, 64);\n"
        "    noc_async_read_barrier();\n"
        "    for (uint32_t round = 1; round <= 20; round++) {\n"
        "        *words[me] = round;\n"
        "        for (uint32_t i = 0; i < 2; i++) noc_semaphore_wait(words[i], round);\n"
        "        reset_noc_trid_barrier_counter();\n"
        "        reset_noc_trid_barrier_counter();\n"
        "    }\n"
        "}\n";
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_dataflow_options_t second = { .struct_size = sizeof second, .processor = TTM_RISCV_1 };
    ttm_kernel_t *k[2];
    uint32_t semaphore[2];
    for (int i = 0; i < 2; i++) assert_ok(ttm_semaphore_create(p, &core00, 1, 0, &semaphore[i]));
    k[0] = new_kernel(p, source);
    assert_ok(ttm_kernel_create_dataflow_from_string(p, source, &core00, 1, &second, &k[1]));
    for (uint32_t late = 0; late < 40; late += 3)
        for (uint32_t who = 0; who < 2; who++) {
            for (uint32_t i = 0; i < 2; i++) {
                uint32_t args[] = { i, semaphore[0], semaphore[1], i == who ? late : 0 };
                assert_ok(ttm_set_runtime_args(k[i], &core00, 1, args, 4));
            }
            assert_ok(ttm_program_launch(p, NULL));
        }
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

// Kernels may end before what they have sent has arrived. The host finds it there, and it does not
// fall upon what the next launch puts in its place.
static void what_kernels_leave_on_its_way_arrives(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_core_t noc;
    assert_ok(ttm_worker_core_from_logical_core(d, (ttm_core_t){ 3, 4 }, &noc));
    uint32_t zero[5] = { 0 }, args[] = { noc.x, noc.y };
    assert_ok(ttm_l1_write(d, (ttm_core_t){ 3, 4 }, TTM_CORE_WORKER, OUT, zero, sizeof zero));
    assert_ok(
        run_kernel(d,
                   "void kernel_main() {\n"
                   "    uint32_t x = get_arg_val<uint32_t>(0), y = get_arg_val<uint32_t>(1);\n"
                   "    noc_inline_dw_write<InlineWriteDst::DEFAULT, true>(get_noc_addr(x, y, "
                   "0x100000), 7);\n"
                   "    noc_semaphore_inc(get_noc_addr(x, y, 0x100010), 8);\n"
                   "}\n",
                   args, 2));
    assert_int_equal(word_of(d, 3, 4, OUT), 7);
    assert_int_equal(word_of(d, 3, 4, OUT + 16), 8);

    // The semaphore of one program lies where the code of the next does.
    ttm_program_t *p = new_program(d);
    uint32_t semaphore = 0;
    for (int i = 0; i < 16; i++) assert_ok(ttm_semaphore_create(p, &core00, 1, 0, &semaphore));
    new_kernel(p, "void kernel_main() {\n"
                  "    for (int i = 0; i < 16; i++)\n"
                  "        noc_semaphore_inc(get_noc_addr(get_semaphore(i)), 1);\n"
                  "}\n");
    assert_ok(ttm_program_launch(p, NULL));
    for (int i = 0; i < 8; i++) {
        assert_usable(d);
        assert_ok(ttm_program_launch(p, NULL));
    }
    ttm_program_destroy(p);
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_argument_arrives),
        cmocka_unit_test(all_cores_and_processors_run),
        cmocka_unit_test(circular_buffers_carry_pages),
        cmocka_unit_test(circular_buffers_find_room_on_all_their_cores),
        cmocka_unit_test(semaphores_work_between_cores),
        cmocka_unit_test(the_block_is_where_the_message_says),
        cmocka_unit_test(programs_overlap_in_time),
        cmocka_unit_test(mailboxes_carry_words),
        cmocka_unit_test(processors_meet_at_words),
        cmocka_unit_test(what_kernels_leave_on_its_way_arrives),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
