// Data through DRAM, L1 and kernels and back, equal to the bit; the same cycles and order of events
// in every run.
#include "rig.h"

#include <sys/wait.h>
#include <unistd.h>

static void fill(uint8_t *p, size_t n, uint32_t random) {
    for (size_t i = 0; i < n; i++) p[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
}

static uint32_t address_of(ttm_buffer_t *b) {
    uint64_t at = 0;
    assert_ok(ttm_buffer_address(b, &at));
    return (uint32_t)at;
}

static void check_buffer(ttm_device_t *d, uint64_t size, uint64_t page, ttm_buffer_type_t type) {
    ttm_buffer_t *b;
    uint64_t got;
    uint8_t *in = malloc(size), *out = malloc(size);
    fill(in, size, (uint32_t)(size + page));
    assert_ok(ttm_buffer_create_interleaved(d, size, page, type, NULL, &b));
    assert_ok(ttm_buffer_size(b, &got));
    assert_int_equal(got, size);
    assert_ok(ttm_buffer_page_size(b, &got));
    assert_int_equal(got, page);
    assert_ok(ttm_buffer_write(b, 0, in, size));
    assert_ok(ttm_buffer_read(b, 0, out, size));
    assert_memory_equal(in, out, size);

    // A piece in the middle, across pages, leaves the rest alone.
    uint64_t from = size / 3, n = size / 2;
    fill(in + from, n, 99);
    assert_ok(ttm_buffer_write(b, from, in + from, n));
    memset(out, 0, size);
    assert_ok(ttm_buffer_read(b, 0, out, size));
    assert_memory_equal(in, out, size);

    // Page by page, where ttm_buffer_page says it lies.
    for (uint64_t i = 0; i < size / page; i++) {
        ttm_page_t where;
        assert_ok(ttm_buffer_page(b, i, &where));
        memset(out, 0, page);
        if (type == TTM_BUFFER_DRAM)
            assert_ok(ttm_dram_channel_read(d, where.core.x, where.address, out, page));
        else
            assert_ok(ttm_l1_read(d, where.core, TTM_CORE_WORKER, where.address, out, page));
        assert_memory_equal(in + i * page, out, page);
    }
    assert_ok(ttm_buffer_destroy(b));
    free(in);
    free(out);
}

static void buffers_hold_what_was_written(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    check_buffer(d, 50 * 2048, 2048, TTM_BUFFER_DRAM);
    check_buffer(d, 4, 4, TTM_BUFFER_DRAM);
    check_buffer(d, 4 * 1000, 4, TTM_BUFFER_L1);
    check_buffer(d, 300 * 2048, 2048, TTM_BUFFER_L1);
    check_buffer(d, 100 * 36, 36, TTM_BUFFER_DRAM);
    check_buffer(d, 100000, 100000, TTM_BUFFER_L1);
    check_buffer(d, 4 << 20, 2048, TTM_BUFFER_DRAM); // large ones are copied in place
    check_buffer(d, 60001 * 36, 36, TTM_BUFFER_DRAM);
    check_buffer(d, 7 * 500004, 500004, TTM_BUFFER_DRAM);
    assert_ok(ttm_device_close(d));
}

static void addresses_are_tt_metals(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_buffer_t *l1, *in, *out;
    ttm_page_t page;
    assert_ok(ttm_buffer_create_interleaved(d, 2048, 2048, TTM_BUFFER_L1, NULL, &l1));
    assert_ok(ttm_buffer_create_interleaved(d, 50 * 2048, 2048, TTM_BUFFER_DRAM, NULL, &in));
    assert_ok(ttm_buffer_create_interleaved(d, 50 * 2048, 2048, TTM_BUFFER_DRAM, NULL, &out));
    assert_int_equal(address_of(l1), 0x180000 - 2048);
    assert_int_equal(address_of(in), 64);
    assert_int_equal(address_of(out), 64 + 7 * 2048); // 50 pages in 8 banks: 7 in the fullest
    assert_ok(ttm_buffer_page(in, 13, &page));
    assert_int_equal(page.bank, 5);
    assert_int_equal(page.core.x, 5);
    assert_int_equal(page.address, 64 + 2048);
    // Bank 81 of L1 is core 0 of the row-major grid: std::shuffle put 81 first.
    ttm_buffer_t *many;
    assert_ok(ttm_buffer_create_interleaved(d, 130 * 64, 64, TTM_BUFFER_L1, NULL, &many));
    assert_ok(ttm_buffer_page(many, 81, &page));
    assert_int_equal(page.core.x, 0);
    assert_int_equal(page.core.y, 0);
    assert_ok(ttm_buffer_page(many, 63, &page));
    assert_int_equal(page.core.x, 1);
    uint32_t words[2];
    size_t n;
    assert_ok(ttm_tensor_accessor_args(in, words, 2, &n));
    assert_int_equal(n, 1);
    assert_int_equal(words[0], 2); // interleaved, DRAM
    assert_ok(ttm_tensor_accessor_args(l1, words, 2, &n));
    assert_int_equal(words[0], 0);
    assert_fails(ttm_tensor_accessor_args(in, words, 0, &n), WT_INVALID, "1 word");
    ttm_buffer_destroy(l1);
    ttm_buffer_destroy(in);
    ttm_buffer_destroy(out);
    ttm_buffer_destroy(many);
    assert_ok(ttm_device_close(d));
}

typedef struct Trace {
    uint64_t cycles, hash, instructions;
} Trace;

// Tiles through `cores` cores at once, each its own share.
static Trace loopback(uint32_t tiles, ttm_core_range_t cores) {
    enum { TILE = 2048 };
    ttm_device_t *d = open_device();
    ttm_buffer_t *in, *out, *l1;
    uint32_t size = tiles * TILE;
    uint8_t *sent = malloc(size), *received = calloc(1, size);
    fill(sent, size, tiles);
    assert_ok(ttm_buffer_create_interleaved(d, TILE, TILE, TTM_BUFFER_L1, NULL, &l1));
    assert_ok(ttm_buffer_create_interleaved(d, size, TILE, TTM_BUFFER_DRAM, NULL, &in));
    assert_ok(ttm_buffer_create_interleaved(d, size, TILE, TTM_BUFFER_DRAM, NULL, &out));
    assert_ok(ttm_buffer_write(in, 0, sent, size));
    uint32_t words[2];
    size_t n;
    assert_ok(ttm_tensor_accessor_args(in, &words[0], 1, &n));
    assert_ok(ttm_tensor_accessor_args(out, &words[1], 1, &n));
    ttm_dataflow_options_t o = { .struct_size = sizeof o,
                                 .compile_args = words,
                                 .num_compile_args = 2 };
    ttm_program_t *p = new_program(d);
    ttm_kernel_t *k;
    assert_ok(ttm_kernel_create_dataflow_from_string(
        p,
        "void kernel_main() {\n"
        "    uint32_t l1 = get_arg_val<uint32_t>(0), first = get_arg_val<uint32_t>(3);\n"
        "    constexpr auto a0 = TensorAccessorArgs<0>();\n"
        "    constexpr auto a1 = TensorAccessorArgs<a0.next_compile_time_args_offset()>();\n"
        "    const auto in = TensorAccessor(a0, get_arg_val<uint32_t>(1), 2048);\n"
        "    const auto out = TensorAccessor(a1, get_arg_val<uint32_t>(2), 2048);\n"
        "    for (uint32_t i = first; i < first + get_arg_val<uint32_t>(4); i++) {\n"
        "        noc_async_read_tile(i, in, l1);\n"
        "        noc_async_read_barrier();\n"
        "        noc_async_write_tile(i, out, l1);\n"
        "        noc_async_write_barrier();\n"
        "    }\n"
        "}\n",
        &cores, 1, &o, &k));
    uint32_t count = (cores.end.x - cores.start.x + 1) * (cores.end.y - cores.start.y + 1), i = 0;
    for (uint32_t y = cores.start.y; y <= cores.end.y; y++)
        for (uint32_t x = cores.start.x; x <= cores.end.x; x++, i++) {
            uint32_t first = tiles * i / count, end = tiles * (i + 1) / count;
            uint32_t args[] = { address_of(l1), address_of(in), address_of(out), first,
                                end - first };
            ttm_core_range_t one = { { x, y }, { x, y } };
            assert_ok(ttm_set_runtime_args(k, &one, 1, args, 5));
        }
    assert_ok(ttm_program_launch(p, NULL));
    assert_ok(ttm_buffer_read(out, 0, received, size));
    assert_memory_equal(sent, received, size);
    memset(received, 0, size); // and again: a program can be launched any number of times
    assert_ok(ttm_buffer_write(out, 0, received, size));
    assert_ok(ttm_program_launch(p, NULL));
    assert_ok(ttm_buffer_read(out, 0, received, size));
    assert_memory_equal(sent, received, size);
    ttm_device_stats_t s = { .struct_size = sizeof s };
    assert_ok(ttm_device_stats(d, &s));
    assert_true(s.kernel_cycles > 0 && s.kernel_cycles < s.cycles);
    ttm_program_destroy(p);
    ttm_buffer_destroy(in);
    ttm_buffer_destroy(out);
    ttm_buffer_destroy(l1);
    assert_ok(ttm_device_close(d));
    free(sent);
    free(received);
    return (Trace){ s.cycles, s.order_hash, s.instructions };
}

static const ttm_core_range_t block = { { 0, 0 }, { 12, 9 } };

static void one_core_copies_fifty_tiles(void **state) {
    (void)state;
    loopback(50, core00);
}

static void all_cores_share_the_work(void **state) {
    (void)state;
    loopback(500, block);
}

// Once more in this process, then in another with the shortcuts off: equal cycles, hash and work.
static void every_run_is_the_same(void **state) {
    (void)state;
    if (getenv("WT_TRANSPORT")) skip(); // only the model promises it
    Trace a = loopback(300, block), b = loopback(300, block), c = { 0 };
    assert_memory_equal(&a, &b, sizeof a);
    assert_true(a.cycles && a.hash && a.instructions);
    int fd[2];
    assert_int_equal(pipe(fd), 0);
    pid_t child = fork();
    if (child == 0) {
        setenv("WT_HARD", "1", 1);
        c = loopback(300, block);
        _exit(write(fd[1], &c, sizeof c) == sizeof c ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    assert_int_equal(read(fd[0], &c, sizeof c), sizeof c);
    assert_int_equal(a.cycles, c.cycles);
    assert_int_equal(a.hash, c.hash);
    assert_int_equal(a.instructions, c.instructions);
    close(fd[0]);
    close(fd[1]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers_hold_what_was_written), cmocka_unit_test(addresses_are_tt_metals),
        cmocka_unit_test(one_core_copies_fifty_tiles),   cmocka_unit_test(all_cores_share_the_work),
        cmocka_unit_test(every_run_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
