// The model runs programs: memory, NoC commands and their counters, and when they complete.
#include "chip_program.h"
#include "ttm/chip/model.h"

#include "test.h"

static Chip *chip;
static ChipXY core, other, dram;

static int open_chip(void **state) {
    (void)state;
    assert_ok(chip_open(NULL, &chip));
    assert_ok(chip_worker(chip, 0, 0, &core));
    assert_ok(chip_worker(chip, 5, 3, &other));
    assert_ok(chip_dram(chip, 3, 0, &dram));
    return 0;
}

static int close_chip(void **state) {
    (void)state;
    chip_close(chip);
    return 0;
}

static void run_until_quiescent(void) {
    assert_ok(chip_run(chip, &(ChipRun){ .max_cycles = 10000000 }));
}

static void a_program_stores_and_ends(void **state) {
    (void)state;
    assert_ok(program_boot(
        chip, core,
        "void main(void) { u32 s = 0; for (int i = 1; i <= 10; i++) s += i; REG(0x1000) = s; }"));
    run_until_quiescent();
    assert_int_equal(word_at(chip, core, 0x1000), 55);
    ChipHartState h;
    assert_ok(chip_hart_state(chip, core, CHIP_BRISC, &h));
    assert_int_equal(h.mode, CHIP_PARKED);
    assert_ok(chip_hart_state(chip, core, CHIP_NCRISC, &h));
    assert_int_equal(h.mode, CHIP_HELD);
}

static void reads_from_dram_arrive(void **state) {
    (void)state;
    uint8_t data[2048], back[2048];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)(i * 7 + i / 256);
    assert_ok(chip_write(chip, dram, 0x40000040, data, sizeof data));
    put_word(chip, core, 0x2000, (uint32_t)(dram.y << 6 | dram.x));
    assert_ok(program_boot(
        chip, core,
        "void main(void) { read_noc(0, REG(0x2000), 0x40000040, 0x20040, 2048);"
        " wait_for(0, RD_RESP, 1); REG(0x1000) = STATUS(0, 3); REG(0x1004) = STATUS(0, 5); }"));
    run_until_quiescent();
    assert_ok(chip_read(chip, core, 0x20040, back, sizeof back));
    assert_memory_equal(data, back, sizeof data);
    assert_int_equal(word_at(chip, core, 0x1000), 32); // data flits
    assert_int_equal(word_at(chip, core, 0x1004), 1);
}

static void writes_reach_dram_and_other_tiles(void **state) {
    (void)state;
    for (uint32_t i = 0; i < 256; i += 4) put_word(chip, core, 0x30000 + i, i * i);
    put_word(chip, core, 0x2000, (uint32_t)(dram.y << 6 | dram.x));
    put_word(chip, core, 0x2004, (uint32_t)(other.y << 6 | other.x));
    assert_ok(program_boot(
        chip, core,
        "void main(void) { write_noc(0, REG(0x2000), 0x100, 0x30000, 256, WRITE);"
        " write_noc(1, REG(0x2004), 0x50000, 0x30000, 256, WRITE_POSTED);"
        " wait_for(0, WR_ACK, 1); REG(0x1000) = STATUS(0, 0xA); REG(0x1004) = STATUS(1, 0xB);"
        " REG(0x1008) = STATUS(1, 0xA); REG(0x100C) = STATUS(1, WR_ACK); }"));
    run_until_quiescent();
    for (uint32_t i = 0; i < 256; i += 4) {
        assert_int_equal(word_at(chip, dram, 0x100 + i), i * i);
        assert_int_equal(word_at(chip, other, 0x50000 + i), i * i);
    }
    assert_int_equal(word_at(chip, core, 0x1000), 1);
    assert_int_equal(word_at(chip, core, 0x1004), 1);
    assert_int_equal(word_at(chip, core, 0x1008), 0);
    assert_int_equal(word_at(chip, core, 0x100C), 0);
}

// A write's bytes are those at its issue, whatever the program stores there afterwards.
static void writes_are_copied_at_issue(void **state) {
    (void)state;
    put_word(chip, core, 0x2004, (uint32_t)(other.y << 6 | other.x));
    assert_ok(program_boot(chip, core,
                           "void main(void) { REG(0x30000) = 1; write_noc(0, REG(0x2004), 0x30000, "
                           "0x30000, 4, WRITE); REG(0x30000) = 2; }"));
    run_until_quiescent();
    assert_int_equal(word_at(chip, other, 0x30000), 1);
}

static void atomics_add_and_answer(void **state) {
    (void)state;
    put_word(chip, core, 0x2004, (uint32_t)(other.y << 6 | other.x));
    put_word(chip, other, 0x60008, 40);
    assert_ok(program_boot(
        chip, core,
        "void main(void) { increment(1, REG(0x2004), 0x60008, 2, 4); wait_for(1, ATOMIC_RESP, 1);"
        " REG(0x1000) = REG(4); }"));
    run_until_quiescent();
    assert_int_equal(word_at(chip, other, 0x60008), 42);
    assert_int_equal(word_at(chip, core, 0x1000), 40);
}

// With the low four bits only, the rest of the word stays.
static void atomics_wrap(void **state) {
    (void)state;
    put_word(chip, core, 0x2004, (uint32_t)(other.y << 6 | other.x));
    put_word(chip, other, 0x60000, 0xABCD000E);
    assert_ok(program_boot(
        chip, core,
        "void main(void) { NIU(0, 3, 0) = 0x60000; NIU(0, 3, 8) = REG(0x2004); NIU(0, 3, 0x1C) = "
        "0x81;"
        " NIU(0, 3, 0x20) = 1 << 12 | 3 << 2; NIU(0, 3, 0x28) = 5; NIU(0, 3, 0x40) = 1; }"));
    run_until_quiescent();
    assert_int_equal(word_at(chip, other, 0x60000), 0xABCD0003);
}

static void transaction_ids_count_what_is_outstanding(void **state) {
    (void)state;
    put_word(chip, core, 0x2000, (uint32_t)(dram.y << 6 | dram.x));
    assert_ok(program_boot(
        chip, core,
        "void main(void) { NIU(0, 1, 0x18) = 5 << 10; read_noc(0, REG(0x2000), 0, 0x20000, 64);"
        " read_noc(0, REG(0x2000), 64, 0x20040, 64); REG(0x1000) = STATUS(0, 0x15); REG(0x1004) = "
        "STATUS(0, 0x10);"
        " wait_for(0, 0x15, 0); REG(0x1008) = STATUS(0, RD_RESP); }"));
    run_until_quiescent();
    assert_int_equal(word_at(chip, core, 0x1000), 2);
    assert_int_equal(word_at(chip, core, 0x1004), 0);
    assert_int_equal(word_at(chip, core, 0x1008), 2);
}

// 64 bytes there and back: 226 cycles along one axis, 373 along both (published round trips).
static uint32_t round_trip(uint32_t column, uint32_t row) {
    ChipXY to;
    assert_ok(chip_worker(chip, column, row, &to));
    put_word(chip, core, 0x2000, (uint32_t)(to.y << 6 | to.x));
    assert_ok(program_boot(chip, core,
                           "void main(void) { read_noc(0, REG(0x2000), 0x20000, 0x20000, 64); u32 "
                           "from = REG(0xFFB121F0);"
                           " wait_for(0, RD_RESP, 1); REG(0x1000) = REG(0xFFB121F0) - from; }"));
    run_until_quiescent();
    return word_at(chip, core, 0x1000);
}

static void round_trips_take_the_published_time(void **state) {
    (void)state;
    assert_in_range(round_trip(0, 7), 226 - 4, 226 + 4);
    assert_ok(chip_reset(chip));
    assert_in_range(round_trip(6, 7), 373 - 7, 373 + 7);
    assert_ok(chip_reset(chip));
    uint32_t self = round_trip(0, 0);
    assert_in_range(self, 64, 130);
}

// What a program finds in the configuration registers: who hears multicasts, its own coordinates.
static void configuration_is_as_firmware_leaves_it(void **state) {
    (void)state;
    assert_ok(
        program_boot(chip, other,
                     "void main(void) { for (int i = 0; i < 6; i++) { REG(0x1000 + 4 * i) = NIU(0, "
                     "0, 0x100 + 4 * i);"
                     " REG(0x1020 + 4 * i) = NIU(1, 0, 0x100 + 4 * i); } REG(0x1040) = NIU(0, 3, "
                     "0x44); NIU(0, 0, 0x104) = 5; NIU(0, 0, 0x108) |= 1 << 20; }"));
    run_until_quiescent();
    assert_int_equal(word_at(chip, other, 0x1000), 1 << 14);
    assert_int_equal(word_at(chip, other, 0x1008), 1 << 0 | 1 << 8 | 1 << 9);
    assert_int_equal(word_at(chip, other, 0x1010), 1 << 0 | 1 << 1);
    assert_int_equal(word_at(chip, other, 0x1028), 1 << 16 | 1 << 8 | 1 << 7);
    assert_int_equal(word_at(chip, other, 0x1030), 1 << 11 | 1 << 10);
    assert_int_equal(word_at(chip, other, 0x1040),
                     1u << 28 | 12 << 19 | 17 << 12 | other.y << 6 | other.x);
}

// One command of each kind, then all sixteen counters (isa: NoC/Counters.md).
static void every_counter_counts(void **state) {
    (void)state;
    static const uint32_t expected[16] = {
        [0x0] = 1, [0x1] = 2, [0x2] = 1,            // responses: atomic, writes, read
        [0x3] = 3, [0x4] = 7,                       // flits read; commands
        [0x5] = 1, [0x6] = 1, [0x7] = 1,            // read, atomics sent
        [0x8] = 5, [0x9] = 2,                       // flits written
        [0xA] = 2, [0xB] = 2,                       // writes sent
        [0xC] = 2, [0xD] = 2, [0xE] = 1, [0xF] = 1, // started
    };
    put_word(chip, core, 0x2000, (uint32_t)(other.y << 6 | other.x));
    assert_ok(program_boot(
        chip, core,
        "static void to_stream(u32 xy, u32 ctrl) { NIU(1, 2, 0) = 0xFFB44028; NIU(1, 2, 8) = xy;"
        " NIU(1, 2, 0x1C) = ctrl; NIU(1, 2, 0x28) = 7; NIU(1, 2, 0x40) = 1; }"
        "void main(void) { u32 xy = REG(0x2000);"
        " read_noc(1, xy, 0x20000, 0x20000, 130);"
        " write_noc(1, xy, 0x20000, 0x20000, 300, WRITE);"
        " write_noc(1, xy, 0x20000, 0x20000, 65, WRITE_POSTED);"
        " to_stream(xy, 0x9A); to_stream(xy, 0x8A);"
        " increment(1, xy, 0x3000, 1, 4);"
        " NIU(1, 3, 0x1C) = 0x81; NIU(1, 3, 0x40) = 1;"
        " REG(0x1100) = STATUS(1, 0x10);"
        " wait_for(1, ATOMIC_RESP, 1); wait_for(1, RD_RESP, 1); wait_for(1, WR_ACK, 2);"
        " for (int i = 0; i < 48; i++) REG(0x1000 + 4 * i) = STATUS(1, i); }"));
    run_until_quiescent();
    for (uint32_t i = 0; i < 16; i++)
        if (word_at(chip, core, 0x1000 + 4 * i) != expected[i])
            fail_msg("counter 0x%x is %u, not %u", i, word_at(chip, core, 0x1000 + 4 * i),
                     expected[i]);
    assert_in_range(word_at(chip, core, 0x1100), 1, 4); // to be answered; a TINY outbox holds two
    for (uint32_t i = 16; i < 48; i++) assert_int_equal(word_at(chip, core, 0x1000 + 4 * i), 0);
    assert_int_equal(word_at(chip, other, 0x3000), 2);
    assert_int_equal(word_at(chip, other, 0xFFB44028), 7);
}

// The high half of the clock is the one that belonged to the low half, if read after it.
static void the_wall_clock_is_read_in_halves(void **state) {
    (void)state;
    ((Model *)chip)->now = 0xFFFFF000; // soon the low half wraps
    assert_ok(program_boot(chip, core,
                           "void main(void) { u32 low, high, live; do { low = REG(0xFFB121F0);"
                           " for (volatile int i = 0; i < 9; i++) ;"
                           " live = REG(0xFFB121F4); high = REG(0xFFB121F8); } while (!live);"
                           " REG(0x1000) = low; REG(0x1004) = high; REG(0x1008) = live;"
                           " REG(0x100C) = REG(0xFFB121F0); REG(0x1010) = REG(0xFFB121F8); }"));
    run_until_quiescent();
    assert_true(word_at(chip, core, 0x1000) > 0xFFFFFF00);
    assert_int_equal(word_at(chip, core, 0x1004), 0);
    assert_int_equal(word_at(chip, core, 0x1008), 1);
    assert_true(word_at(chip, core, 0x100C) < 0x1000);
    assert_int_equal(word_at(chip, core, 0x1010), 1);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_chip, close_chip)
    const struct CMUnitTest tests[] = {
        TEST(a_program_stores_and_ends),
        TEST(reads_from_dram_arrive),
        TEST(writes_reach_dram_and_other_tiles),
        TEST(writes_are_copied_at_issue),
        TEST(atomics_add_and_answer),
        TEST(atomics_wrap),
        TEST(transaction_ids_count_what_is_outstanding),
        TEST(round_trips_take_the_published_time),
        TEST(every_counter_counts),
        TEST(the_wall_clock_is_read_in_halves),
        TEST(configuration_is_as_firmware_leaves_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
