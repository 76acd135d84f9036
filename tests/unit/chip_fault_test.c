// What programs and hosts may not do, and what they are told: whose gap it is, where, and why.
#include "chip_program.h"

#include "test.h"

#include <pthread.h>
#include <unistd.h>

static Chip *chip;
static ChipXY core;

static int open_chip(void **state) {
    (void)state;
    assert_ok(chip_open(NULL, &chip));
    assert_ok(chip_worker(chip, 1, 0, &core));
    return 0;
}

static int close_chip(void **state) {
    (void)state;
    chip_close(chip);
    return 0;
}

static const ChipRun bounded = { .max_cycles = 1000000 };

// Runs a program on BRISC: it must fault with these words in the message.
static void expect_fault(const char *program, const char *part) {
    ChipXY to, dram;
    assert_ok(chip_reset(chip));
    assert_ok(chip_worker(chip, 3, 3, &to));
    assert_ok(chip_dram(chip, 0, 0, &dram));
    assert_ok(put_word(chip, core, 0x2000, (uint32_t)(to.y << 6 | to.x)));
    assert_ok(put_word(chip, core, 0x2004, (uint32_t)(dram.y << 6 | dram.x)));
    assert_ok(program_boot(chip, core, program));
    wt_status_t s = chip_run(chip, &bounded);
    if (s != WT_FAULT || !strstr(wt_last_error(), part) ||
        !strstr(wt_last_error(), "core (1,0) brisc, pc 0x"))
        fail_msg("%s\nsaid %d \"%s\", not \"%s\"", program, s, wt_last_error(), part);
}

static void programs_fault_by_name(void **state) {
    (void)state;
#define MAIN(body) "void main(void) { " body " }"
    // Memory.
    expect_fault(MAIN("REG(0x1000) = *(Reg)0x00180000;"), "undefined: ");
    expect_fault(MAIN("REG(0x40000000) = 1;"), "store to 0x40000000");
    expect_fault(MAIN("sw(0x1002, 1);"), "unaligned");
    expect_fault(MAIN("REG(0x1000) = *(volatile unsigned char *)0xFFB20200;"), "0xffb20200");
    expect_fault(MAIN("((void (*)(void))0xFFB00100)();"), "undefined: ");
    expect_fault(MAIN("__asm__ volatile (\".word 0xffffffff\");"), "undefined: ");
    // Registers that the model does not know yet, or that are not there.
    expect_fault(MAIN("REG(0x1000) = REG(0xFFB12054);"), "unmodelled: ");
    expect_fault(MAIN("REG(0x1000) = REG(0xFFB12054);"), "DBG_BUS_CTRL");
    expect_fault(MAIN("REG(0xFFEF0000) = 1;"), "unmodelled: ");
    expect_fault(MAIN("REG(0xFFEF0000) = 1;"), "TENSIX_CFG");
    expect_fault(MAIN("REG(0xFFE40000) = 0x02000000;"), "INSTRN_BUF");
    expect_fault(MAIN("__asm__ volatile (\".word 0x08000000\");"), "Tensix instruction 0x02000000");
    expect_fault(MAIN("REG(0xFFB44FF8) = 1;"), "stream 4");
    expect_fault(MAIN("REG(0xFFB20300) = 1;"), "noc0");
    expect_fault(MAIN("REG(0xFFB20100) = 0;"), "NIU_CFG_0");
    expect_fault(MAIN("NIU(1, 0, 0x108) = 0;"), "who hears multicasts");
    expect_fault(MAIN("REG(0xFFC80000) = 0;"), "undefined: ");
    // NoC commands.
    expect_fault(MAIN("read_noc(0, XY(17, 1), 0, 0x20000, 64);"), "(17,1): no such node");
    expect_fault(MAIN("read_noc(0, REG(0x2000), 0, 0x20000, 0);"), "of no bytes");
    expect_fault(MAIN("read_noc(0, REG(0x2000), 0, 0x20000, 16385);"), "16385");
    expect_fault(MAIN("read_noc(0, REG(0x2000), 0x17FFF0, 0x20000, 32);"),
                 "outside the node's 0x180000 bytes");
    expect_fault(MAIN("read_noc(0, REG(0x2000), 0, 0x17FFF0, 32);"),
                 "0x17fff0 of the own tile is outside L1");
    expect_fault(MAIN("read_noc(0, REG(0x2004), 32, 0x20000, 32);"), "differ modulo 64");
    expect_fault(MAIN("read_noc(0, REG(0x2000), 8, 0x20000, 32);"), "differ modulo 16");
    expect_fault(MAIN("write_noc(0, REG(0x2004), 8, 0x20000, 32, WRITE);"), "differ modulo 16");
    expect_fault(MAIN("write_noc(0, REG(0x2004), 0xFEFFFFF0, 0x20000, 64, WRITE);"),
                 "outside the node's 0xff000000 bytes");
    expect_fault(MAIN("write_noc(0, XY(8, 3), 0, 0x20000, 64, WRITE);"),
                 "(8,3): that node has no memory");
    expect_fault(MAIN("write_noc(0, XY(19, 24), 0, 0x20000, 64, WRITE);"), "unmodelled: ");
    expect_fault(MAIN("write_noc(0, REG(0x2000), 0, 0x20000, 64, WRITE | 3);"), "reserved bits");
    expect_fault(MAIN("write_noc(0, REG(0x2000), 0, 0x20000, 64, WRITE | 4);"), "byte enables");
    expect_fault(MAIN("NIU(0, 2, 0) = 0x3000; NIU(0, 2, 8) = REG(0x2000); NIU(0, 2, 0x1C) = 0x9A; "
                      "NIU(0, 2, 0x40) = 1;"),
                 "inline write to L1");
    expect_fault(MAIN("NIU(0, 2, 0) = 0x3000; NIU(0, 2, 8) = XY(20, 25); NIU(0, 2, 0x1C) = 0x9A; "
                      "NIU(0, 2, 0x40) = 1;"),
                 "Ethernet core (20,25)");
    expect_fault(MAIN("NIU(0, 2, 0) = 0x3000; NIU(0, 2, 8) = REG(0x2004); NIU(0, 2, 0x1C) = 0x9A; "
                      "NIU(0, 2, 0x40) = 1;"),
                 "no worker or Ethernet core is there");
    // A receiver's count of a multicast stream: only the value tells.
    expect_fault(MAIN("NIU(0, 2, 0) = 0xFFB44438; NIU(0, 2, 8) = REG(0x2000); NIU(0, 2, 0x1C) = "
                      "0x9A; NIU(0, 2, 0x28) = 0x41; NIU(0, 2, 0x40) = 1;"),
                 "unmodelled: ");
    expect_fault(
        MAIN("REG(0x20008) = 0x41; write_noc(0, REG(0x2000), 0xFFB44438, 0x20008, 4, WRITE);"),
        "(stream 4 REMOTE_DEST_BUF_SPACE_AVAILABLE_UPDATE)");
    expect_fault(MAIN("increment(0, REG(0x2004), 0, 1, 4);"), "must be in an L1");
    expect_fault(MAIN("increment(0, REG(0x2000), 0x3002, 1, 4);"), "not aligned");
    expect_fault(MAIN("NIU(0, 3, 8) = REG(0x2000); NIU(0, 3, 0x1C) = 1; NIU(0, 3, 0x20) = 4 << 12; "
                      "NIU(0, 3, 0x40) = 1;"),
                 "atomic operation 4");
    expect_fault(MAIN("write_noc(0, XY(8, 4) | XY(8, 3) << 12, 0, 0x20000, 64, WRITE | 0x120);"),
                 "no worker is there");
    expect_fault(MAIN("write_noc(0, XY(2, 4) | XY(3, 3) << 12, 0, 0x20000, 64, WRITE | 0x120);"),
                 "wraps around");
    expect_fault(MAIN("write_noc(1, XY(3, 4) | XY(2, 3) << 12, 0, 0x20000, 64, WRITE | 0x120);"),
                 "wraps around");
}

// A store through sp below the end of .bss.
static void a_stack_that_grows_into_data_faults(void **state) {
    (void)state;
    assert_ok(chip_set_stack_limit(chip, core, CHIP_BRISC, 0xFFB00800));
    expect_fault("int f(int n) { volatile char frame[128]; frame[0] = n; return n ? f(n - 1) + "
                 "frame[0] : 0; }"
                 "void main(void) { REG(0x1000) = f(10); REG(0x1000) = f(20); }",
                 "stack");
    assert_ok(chip_reset(chip));
    assert_ok(program_boot(chip, core,
                           "int f(int n) { volatile char frame[128]; frame[0] = n; return n ? f(n "
                           "- 1) + frame[0] : 0; }"
                           "void main(void) { REG(0x1000) = f(10); }"));
    assert_ok(chip_run(chip, &bounded));
    assert_int_equal(word_at(chip, core, 0x1000), 55);
}

// After a fault: reading and asking go on, all else is refused until the reset.
static void a_fault_poisons_until_reset(void **state) {
    (void)state;
    expect_fault("void main(void) { REG(0x1000) = 3; sw(0x1002, 1); }", "unaligned");
    assert_fails(put_word(chip, core, 0x1000, 1), WT_FAULT, "must be reset first");
    assert_fails(chip_run(chip, &bounded), WT_FAULT, "unaligned");
    assert_fails(chip_set_soft_reset(chip, core, 0), WT_FAULT, "must be reset first");
    assert_int_equal(word_at(chip, core, 0x1000), 3);
    const ChipFault *f;
    assert_int_equal(chip_faults(chip, &f), 1);
    assert_int_equal(f->gap, CHIP_UNDEFINED);
    assert_int_equal(f->hart, CHIP_BRISC);
    assert_int_equal(f->addr, 0x1002);
    assert_int_equal(f->value, 1);
    assert_int_equal(f->worker.x, 1);
    ChipHartState h;
    assert_ok(chip_hart_state(chip, core, CHIP_BRISC, &h));
    assert_int_equal(h.mode, CHIP_FAULTED);
    assert_int_equal(h.pc, f->pc);
    assert_ok(chip_reset(chip));
    assert_int_equal(chip_faults(chip, &f), 0);
    assert_ok(program_boot(chip, core, "void main(void) { REG(0x1000) = 4; }"));
    assert_ok(chip_run(chip, &bounded));
    assert_int_equal(word_at(chip, core, 0x1000), 4);
}

// Several harts fault in one window: the earliest is the error, the others follow.
static void the_earliest_fault_is_the_error(void **state) {
    (void)state;
    for (uint32_t c = 0; c < 4; c++) {
        ChipXY at;
        assert_ok(chip_worker(chip, c, 2, &at));
        assert_ok(program_load(
            chip, at,
            c == 2
                ? "void main(void) { sw(2, 0); }"
                : "void main(void) { __asm__ volatile (\"nop\\nnop\\nnop\\nnop\\n\"); sw(2, 0); }",
            0));
    }
    for (uint32_t c = 0; c < 4; c++) {
        ChipXY at;
        assert_ok(chip_worker(chip, c, 2, &at));
        assert_ok(chip_set_soft_reset(chip, at, CHIP_ALL_HARTS & ~1u));
    }
    assert_fails(chip_run(chip, &bounded), WT_FAULT, "core (2,2) brisc");
    const ChipFault *f;
    assert_int_equal(chip_faults(chip, &f), 4);
    assert_true(f[0].cycle < f[1].cycle);
    assert_int_equal(f[1].worker.x, 0);
    assert_int_equal(f[3].worker.x, 3);
}

static void a_node_without_memory_reads_as_filler(void **state) {
    (void)state;
    assert_ok(program_boot(chip, core,
                           "void main(void) { REG(0x20000) = 5; read_noc(0, XY(1, 0), 0x20000, "
                           "0x20000, 4); wait_for(0, RD_RESP, 1);"
                           " REG(0x1000) = REG(0x20000); }"));
    assert_ok(chip_run(chip, &bounded));
    assert_int_equal(word_at(chip, core, 0x1000), 0xFFFFFFFF);
}

// Quiescence is told at once, with who waits for what; it poisons nothing.
static void a_hang_is_told_at_once(void **state) {
    (void)state;
    ChipUntil done = { .at = core, .addr = 0x1000, .mask = ~0u, .value = 1 };
    ChipRun run = { .until = &done, .num_until = 1 };
    assert_ok(
        program_boot(chip, core, "void main(void) { wait_for(0, RD_RESP, 1); REG(0x1000) = 1; }"));
    assert_fails(chip_run(chip, &run), WT_STALL, "nothing on the device can move");
    ChipHartState h;
    char buf[80];
    assert_ok(chip_hart_state(chip, core, CHIP_BRISC, &h));
    assert_int_equal(h.mode, CHIP_PARKED);
    assert_int_equal(h.watches, 1);
    assert_string_equal(chip_address_name(chip, h.watch[0], buf, sizeof buf),
                        "noc0 NIU_MST_RD_RESP_RECEIVED");
    ChipStats s;
    chip_stats(chip, &s);
    assert_true(s.cycles < 1000);
    assert_ok(put_word(chip, core, 0x1000, 1));
    assert_ok(chip_run(chip, &run));
}

// A wait that the host answers: stall, write, go on.
static void the_host_answers_a_stall(void **state) {
    (void)state;
    ChipUntil done = { .at = core, .addr = 0x1000, .mask = ~0u, .value = 1 };
    ChipRun run = { .until = &done, .num_until = 1 };
    assert_ok(
        program_boot(chip, core, "void main(void) { while (!REG(0x3000)) ; REG(0x1000) = 1; }"));
    assert_int_equal(chip_run(chip, &run), WT_STALL);
    assert_ok(put_word(chip, core, 0x3000, 1));
    assert_ok(chip_run(chip, &run));
}

static int served;
static wt_status_t answer(void *user, bool *again) {
    (void)user;
    served++;
    *again = word_at(chip, core, 0x3000) == 0;
    return *again ? put_word(chip, core, 0x3000, 1) : WT_OK;
}

static void services_run_before_a_stall(void **state) {
    (void)state;
    ChipUntil done = { .at = core, .addr = 0x1000, .mask = ~0u, .value = 1 };
    served = 0;
    assert_ok(program_boot(chip, core,
                           "void main(void) { while (!REG(0x3000)) ; for (volatile int i = 0; i < "
                           "40000; i++) ; REG(0x1000) = 1; }"));
    assert_ok(chip_run(chip, &(ChipRun){ .until = &done, .num_until = 1, .service = answer }));
    assert_in_range(served, 3, 20); // once for the stall, then every 1,024 windows
}

static void budgets_windows_and_interrupts_end_a_run(void **state) {
    (void)state;
    ChipStats s, t;
    assert_ok(program_boot(chip, core, "void main(void) { for (;;) REG(0x1000)++; }"));
    assert_fails(chip_run(chip, &(ChipRun){ .max_cycles = 6400 }), WT_LIMIT, "6400 cycles");
    chip_stats(chip, &s);
    assert_in_range(s.cycles, 6400, 6463);
    assert_ok(chip_run(chip, &(ChipRun){ .windows = 1 }));
    chip_stats(chip, &t);
    assert_int_equal(t.windows - s.windows, 1);
    assert_int_equal(t.cycles - s.cycles, 64);
    chip_interrupt(chip);
    assert_int_equal(chip_run(chip, &(ChipRun){ 0 }), WT_INTERRUPTED);
    assert_int_equal(chip_run(chip, &(ChipRun){ .max_cycles = 640 }), WT_LIMIT);
}

static void *interrupt_soon(void *user) {
    usleep(20000);
    chip_interrupt(user);
    return NULL;
}

static void another_thread_interrupts(void **state) {
    (void)state;
    pthread_t thread;
    assert_ok(program_boot(chip, core, "void main(void) { for (;;) REG(0x1000)++; }"));
    pthread_create(&thread, NULL, interrupt_soon, chip);
    assert_int_equal(chip_run(chip, &(ChipRun){ 0 }), WT_INTERRUPTED);
    pthread_join(thread, NULL);
}

static void hosts_are_refused_by_name(void **state) {
    (void)state;
    ChipXY at;
    uint32_t word = 0;
    assert_fails(chip_worker(chip, 14, 0, &at), WT_INVALID, "core (14,0) is outside the grid");
    assert_fails(chip_dram(chip, 8, 0, &at), WT_INVALID, "DRAM channel 8");
    assert_fails(chip_read(chip, core, 0x17FFFE, &word, 4), WT_INVALID,
                 "outside the 1572864 bytes of worker");
    assert_fails(chip_write(chip, core, UINT64_MAX - 1, &word, 4), WT_INVALID, "outside");
    assert_fails(chip_write(chip, core, 0xFFB12002, &word, 4), WT_INVALID, "four aligned bytes");
    assert_fails(chip_write(chip, core, 0xFFEF0000, &word, 4), WT_UNSUPPORTED, "TENSIX_CFG");
    word = 0x41; // a receiver's count of a multicast stream
    assert_fails(chip_write(chip, core, 0xFFB40438, &word, 4), WT_UNSUPPORTED, "stream 0");
    assert_fails(chip_read(chip, (ChipXY){ 8, 5 }, 0, &word, 4), WT_INVALID, "no memory");
    assert_fails(chip_read(chip, (ChipXY){ 40, 40 }, 0, &word, 4), WT_INVALID, "no node (40,40)");
    assert_fails(chip_set_reset_pc(chip, core, CHIP_BRISC, 0x100), WT_INVALID, "brisc starts at 0");
    Chip *other = NULL;
    assert_fails(chip_open(&(ChipOptions){ .arch = "grayskull" }, &other), WT_INVALID,
                 "'grayskull'");
    assert_fails(chip_open(&(ChipOptions){ .harvested = 1u << 20 }, &other), WT_INVALID,
                 "harvested");
}

static void harvested_columns_are_hidden(void **state) {
    (void)state;
    Chip *few;
    ChipXY at, physical;
    uint32_t word = 7;
    assert_ok(chip_open(&(ChipOptions){ .harvested = 1 << 0 | 1 << 8 }, &few));
    assert_int_equal(chip_facts(few)->worker_columns, 12);
    assert_fails(chip_worker(few, 12, 0, &at), WT_INVALID, "core (12,0) is harvested");
    assert_ok(chip_worker(few, 0, 0, &at));
    assert_int_equal(at.x, 1); // virtual coordinates close ranks
    assert_true(chip_translate(few, CHIP_VIRTUAL, at, CHIP_PHYSICAL, &physical));
    assert_int_equal(physical.x, 2);
    assert_false(chip_translate(few, CHIP_PHYSICAL, (ChipXY){ 1, 2 }, CHIP_VIRTUAL, &at));
    assert_fails(chip_write(few, (ChipXY){ 16, 2 }, 0, &word, 4), WT_INVALID, "no node (16,2)");
    // A program reads who it is, and a neighbour across the gap.
    assert_ok(chip_worker(few, 7, 4, &at));
    assert_ok(put_word(few, (ChipXY){ 2, 3 }, 0x20000, 99));
    assert_ok(program_boot(
        few, at,
        "void main(void) { REG(0x1000) = NIU(0, 0, 0x148); REG(0x1004) = NIU(0, 0, 0x44) & 0xfff;"
        " REG(0x1008) = NIU(1, 0, 0x44) & 0xfff; read_noc(0, XY(2, 3), 0x20000, 0x20000, 4);"
        " wait_for(0, RD_RESP, 1); REG(0x100C) = REG(0x20000); }"));
    assert_ok(chip_run(few, &bounded));
    assert_int_equal(word_at(few, at, 0x1000), at.y << 6 | at.x);
    assert_true(chip_translate(few, CHIP_VIRTUAL, at, CHIP_PHYSICAL, &physical));
    assert_int_equal(word_at(few, at, 0x1004), physical.y << 6 | physical.x);
    assert_int_equal(word_at(few, at, 0x1008), (11 - physical.y) << 6 | (16 - physical.x));
    assert_int_equal(word_at(few, at, 0x100C), 99);
    chip_close(few);
}

// Two chips in one process do not know of each other.
static void two_chips_work_side_by_side(void **state) {
    (void)state;
    Chip *second;
    assert_ok(chip_open(NULL, &second));
    assert_ok(program_boot(chip, core, "void main(void) { REG(0x1000) = 1; sw(2, 0); }"));
    assert_ok(program_boot(second, core, "void main(void) { REG(0x1000) = 2; }"));
    assert_int_equal(chip_run(chip, &bounded), WT_FAULT);
    assert_ok(chip_run(second, &bounded));
    assert_int_equal(word_at(chip, core, 0x1000), 1);
    assert_int_equal(word_at(second, core, 0x1000), 2);
    chip_close(second);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_chip, close_chip)
    const struct CMUnitTest tests[] = {
        TEST(programs_fault_by_name),
        TEST(a_stack_that_grows_into_data_faults),
        TEST(a_fault_poisons_until_reset),
        TEST(the_earliest_fault_is_the_error),
        TEST(a_node_without_memory_reads_as_filler),
        TEST(a_hang_is_told_at_once),
        TEST(the_host_answers_a_stall),
        TEST(services_run_before_a_stall),
        TEST(budgets_windows_and_interrupts_end_a_run),
        TEST(another_thread_interrupts),
        TEST(hosts_are_refused_by_name),
        TEST(harvested_columns_are_hidden),
        TEST(two_chips_work_side_by_side),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
