// Parking and waking, the order of what completes, values that must be seen, determinism.
#include "chip_program.h"

#include "test.h"

static Chip *chip;

static int open_chip(void **state) {
    (void)state;
    assert_ok(chip_open(NULL, &chip));
    return 0;
}

static int close_chip(void **state) {
    (void)state;
    chip_close(chip);
    return 0;
}

static ChipXY worker(uint32_t column, uint32_t row) {
    ChipXY at;
    assert_ok(chip_worker(chip, column, row, &at));
    return at;
}

static uint32_t packed(ChipXY at) { return (uint32_t)(at.y << 6 | at.x); }

static wt_status_t run(void) { return chip_run(chip, &(ChipRun){ .max_cycles = 20000000 }); }

static ChipHartMode mode_of(ChipXY at, ChipHart hart) {
    ChipHartState h;
    assert_ok(chip_hart_state(chip, at, hart, &h));
    return h.mode;
}

// A polling hart parks, says on what, costs no instruction, and a write by the host wakes it.
static void the_host_wakes_a_polling_hart(void **state) {
    (void)state;
    ChipXY at = worker(2, 2);
    assert_ok(
        program_boot(chip, at, "void main(void) { while (REG(0x3000) != 7) ; REG(0x3004) = 1; }"));
    assert_ok(run());
    ChipHartState h;
    assert_ok(chip_hart_state(chip, at, CHIP_BRISC, &h));
    assert_int_equal(h.mode, CHIP_PARKED);
    assert_int_equal(h.watches, 1);
    assert_int_equal(h.watch[0], 0x3000);
    assert_int_equal(word_at(chip, at, 0x3004), 0);
    assert_ok(put_word(chip, at, 0x3000, 6)); // goes round and parks again
    assert_ok(run());
    assert_int_equal(mode_of(at, CHIP_BRISC), CHIP_PARKED);
    assert_ok(put_word(chip, at, 0x3000, 7));
    assert_ok(run());
    assert_int_equal(word_at(chip, at, 0x3004), 1);
}

// Waiting harts cost nothing: a long time passes in few windows.
static void waiting_harts_cost_no_windows(void **state) {
    (void)state;
    ChipXY at = worker(0, 0);
    assert_ok(put_word(chip, at, 0x2000, packed(worker(7, 7))));
    assert_ok(
        program_boot(chip, at,
                     "void main(void) { for (u32 i = 1; i <= 100; i++) {"
                     " read_noc(0, REG(0x2000), 0, 0x20000, 4096); wait_for(0, RD_RESP, i); } }"));
    assert_ok(run());
    ChipStats s;
    chip_stats(chip, &s);
    assert_int_equal(s.commands, 100);
    assert_in_range(s.cycles, 100 * 400, 100 * 600);
    assert_in_range(s.windows, 100, 320);
}

// Neighbours in a tile tell each other through L1; each ends the other's wait at once.
static void harts_of_a_tile_take_turns(void **state) {
    (void)state;
    ChipXY at = worker(1, 1);
    assert_ok(program_load(chip, at,
                           "void main(void) { for (u32 i = 0; i < 200; i += 2) { while "
                           "(REG(0x3000) != i) ; REG(0x3000) = i + 1; } REG(0x3010) = 1; }",
                           0));
    assert_ok(program_load(chip, at,
                           "void main(void) { for (u32 i = 1; i < 200; i += 2) { while "
                           "(REG(0x3000) != i) ; REG(0x3000) = i + 1; } REG(0x3014) = 1; }",
                           0x4000));
    assert_ok(chip_set_reset_pc(chip, at, CHIP_TRISC1, 0x4000));
    assert_ok(
        chip_set_soft_reset(chip, at, CHIP_ALL_HARTS & ~(1u << CHIP_BRISC | 1u << CHIP_TRISC1)));
    assert_ok(run());
    assert_int_equal(word_at(chip, at, 0x3000), 200);
    assert_int_equal(word_at(chip, at, 0x3010), 1);
    assert_int_equal(word_at(chip, at, 0x3014), 1);
    ChipStats s;
    chip_stats(chip, &s);
    assert_in_range(s.cycles, 200 * 4, 200 * 8); // load, branch, add, store
}

// Many increments of one semaphore arrive together; a hart that waits for one value after another
// must see them all.
static void every_value_of_a_semaphore_is_seen(void **state) {
    (void)state;
    ChipXY to = worker(6, 4);
    for (uint32_t i = 0; i < 40; i++) {
        ChipXY from = worker(i % 14, i / 14 * 3);
        if (from.x == to.x && from.y == to.y) continue;
        assert_ok(put_word(chip, from, 0x2000, packed(to)));
        assert_ok(program_boot(chip, from,
                               "void main(void) { increment(0, REG(0x2000), 0x3000, 1, 4);"
                               " wait_for(0, ATOMIC_RESP, 1); }"));
    }
    assert_ok(program_boot(
        chip, to,
        "void main(void) { u32 n = 0; for (u32 i = 1; i <= 40; i++) { while (REG(0x3000) != i) ;"
        " REG(0x4000 + 4 * i) = i; } REG(0x3010) = 1; }"));
    assert_ok(run());
    assert_int_equal(word_at(chip, to, 0x3000), 40);
    assert_int_equal(word_at(chip, to, 0x3010), 1);
}

// Keeps the chip from moving on to the first completion alone: commands sent one after another
// then take effect at one boundary.
#define SPIN " for (volatile int i = 0; i < 200; i++) ; "

// Waits for 1, then 2, in one word, then for 9 in the next. What the other word was after the first
// and the last wait goes to 0x3010 and 0x3018.
static const char sees_one_then_two_then_nine[] =
    "void main(void) { while (REG(0x3000) != 1) ; REG(0x3020) = 1; REG(0x3010) = REG(0x3004);"
    " while (REG(0x3000) != 2) ; while (REG(0x3004) != 9) ; REG(0x3018) = REG(0x3000); }";

// Two writes of one initiator to one word: the second waits until the first has been seen, and a
// third, to another word, does not overtake it.
static void writes_do_not_overtake_a_value_that_waits(void **state) {
    (void)state;
    ChipXY from = worker(0, 0), to = worker(3, 3);
    assert_ok(put_word(chip, from, 0x2000, packed(to)));
    assert_ok(program_boot(chip, to, sees_one_then_two_then_nine));
    assert_ok(run());
    assert_ok(program_boot(
        chip, from,
        "void main(void) { REG(0x3000) = 1; write_noc(0, REG(0x2000), 0x3000, 0x3000, 4, WRITE);"
        " REG(0x3000) = 2; write_noc(0, REG(0x2000), 0x3000, 0x3000, 4, WRITE);"
        " REG(0x3004) = 9; write_noc(0, REG(0x2000), 0x3004, 0x3004, 4, WRITE);" SPIN "}"));
    assert_ok(run());
    assert_int_equal(word_at(chip, to, 0x3010), 0);
    assert_int_equal(word_at(chip, to, 0x3018), 2);
}

// Nor does a write overtake a multicast that waits for one of its other targets.
static void writes_do_not_overtake_a_multicast_that_waits(void **state) {
    (void)state;
    ChipXY from = worker(0, 0), first = worker(3, 3), to = worker(4, 3);
    assert_ok(put_word(chip, from, 0x2000, packed(to)));
    assert_ok(put_word(chip, from, 0x2004, packed(to) | packed(first) << 12));
    assert_ok(program_boot(chip, to, sees_one_then_two_then_nine));
    assert_ok(run());
    assert_ok(program_boot(
        chip, from,
        "static void prepare(int buf, u32 xy, u32 remote, u32 word, u32 ctrl) {"
        " u32 from = 0x3100 + 16 * buf + (remote & 15); REG(from) = word;"
        " NIU(0, buf, 0x0C) = remote; NIU(0, buf, 0x14) = xy; NIU(0, buf, 0x00) = from;"
        " NIU(0, buf, 0x08) = ME(0); NIU(0, buf, 0x1C) = ctrl; NIU(0, buf, 0x20) = 4; }"
        "void main(void) {"
        " prepare(0, REG(0x2004), 0x3000, 1, WRITE | 0x120);"
        " prepare(1, REG(0x2004), 0x3000, 2, WRITE | 0x120);"
        " prepare(2, REG(0x2000), 0x3004, 9, WRITE);"
        " NIU(0, 0, 0x40) = 1; NIU(0, 1, 0x40) = 1; NIU(0, 2, 0x40) = 1;" SPIN "}"));
    assert_ok(run());
    assert_int_equal(word_at(chip, to, 0x3010), 0);
    assert_int_equal(word_at(chip, to, 0x3018), 2);
}

// A write is seen by a read that the same initiator sends after it to the same place.
static void a_read_follows_the_write_before_it(void **state) {
    (void)state;
    ChipXY at = worker(0, 0), dram;
    assert_ok(chip_dram(chip, 0, 0, &dram));
    assert_ok(put_word(chip, at, 0x2000, packed(dram)));
    assert_ok(
        program_boot(chip, at,
                     "void main(void) { for (u32 i = 0; i < 64; i += 4) REG(0x20000 + i) = i + 1;"
                     " write_noc(0, REG(0x2000), 0x4000, 0x20000, 64, WRITE); read_noc(0, "
                     "REG(0x2000), 0x4000, 0x20040, 64);"
                     " wait_for(0, RD_RESP, 1); REG(0x1000) = REG(0x2007C); }"));
    assert_ok(run());
    assert_int_equal(word_at(chip, at, 0x1000), 61);
}

static void multicast_reaches_the_rectangle(void **state) {
    (void)state;
    ChipXY from = worker(5, 5), a = worker(4, 4), b = worker(8, 6); // across the columns between
    uint32_t rectangle = (uint32_t)(b.x | b.y << 6 | a.x << 12 | a.y << 18);
    assert_ok(put_word(chip, from, 0x2000, rectangle));
    assert_ok(program_boot(chip, from,
                           "void main(void) { REG(0x20000) = 77; write_noc(0, REG(0x2000), 0x5000, "
                           "0x20000, 4, WRITE | 0x120);"
                           " wait_for(0, WR_ACK, 14); REG(0x1000) = STATUS(0, 0xA); }"));
    assert_ok(run());
    assert_int_equal(word_at(chip, from, 0x1000), 1);
    for (uint32_t c = 0; c < 14; c++)
        for (uint32_t r = 0; r < 10; r++) {
            bool in = c >= 4 && c <= 8 && r >= 4 && r <= 6 && !(c == 5 && r == 5);
            assert_int_equal(word_at(chip, worker(c, r), 0x5000), in ? 77 : 0);
        }
}

static void a_full_outbox_waits(void **state) {
    (void)state;
    ChipXY at = worker(0, 0);
    assert_ok(put_word(chip, at, 0x2000, packed(worker(9, 9))));
    assert_ok(program_boot(
        chip, at,
        "void main(void) { for (u32 i = 0; i < 600; i++)"
        " write_noc(0, REG(0x2000), 0x40000 + 16384 * (i & 31), 0x20000, 16384, WRITE);"
        " wait_for(0, WR_ACK, 600); REG(0x1000) = 1; }"));
    assert_ok(run());
    assert_int_equal(word_at(chip, at, 0x1000), 1);
    ChipStats s;
    chip_stats(chip, &s);
    assert_true(s.cycles >= 600 * 256); // 64 bytes a cycle
}

// Random traffic between all tiles: cycles, order and memory are the same in every run, and with
// the shortcuts off and the tiles shuffled.
typedef struct Outcome {
    ChipStats stats;
    uint64_t memory;
} Outcome;

static Outcome random_traffic(void) {
    static const char program[] =
        "void main(void) { u32 s = REG(0x2000), me = ME(0);"
        " for (u32 i = 0; i < 60; i++) { s = s * 1664525 + 1013904223;"
        "  u32 c = (s >> 8) % 14, xy = XY((c < 7 ? 1 : 3) + c, 2 + (s >> 20) % 10), noc = s >> 30 "
        "& 1, n = 16 << (s >> 26 & 3);"
        "  switch (s >> 16 & 3) {"
        "  case 0: increment(noc, xy, 0x3000 + (s >> 12 & 7) * 16, s & 15, 4); break;"
        "  case 1: REG(0x20000) = s; write_noc(noc, xy, 0x8000 + (s >> 5 & 63) * 64, 0x20000, n, s "
        ">> 7 & 1 ? WRITE : WRITE_POSTED); break;"
        "  default: read_noc(noc, xy, 0x8000 + (s >> 5 & 63) * 64, 0x8000 + (s >> 11 & 63) * 64, "
        "n); }"
        "  if ((i & 7) == 7) for (int k = 0; k < 2; k++) while (STATUS(k, 0x10)) ;"
        "  if (REG(0x3000) & 1) REG(0x3100) += s; } }";
    Outcome o = { 0 };
    assert_ok(chip_open(NULL, &chip));
    char *bytes;
    size_t size;
    assert_ok(program_make(program, 0, &bytes, &size));
    for (uint32_t t = 0; t < 140; t++) {
        ChipXY at = worker(t % 14, t / 14);
        assert_ok(chip_write(chip, at, 0, bytes, size));
        assert_ok(put_word(chip, at, 0x2000, t * 2654435761u + 12345));
        assert_ok(chip_set_soft_reset(chip, at, CHIP_ALL_HARTS & ~(1u << CHIP_BRISC)));
    }
    free(bytes);
    assert_ok(run());
    chip_stats(chip, &o.stats);
    for (uint32_t t = 0; t < 140; t++)
        for (uint32_t a = 0x3000; a < 0xA000; a += 4)
            o.memory = o.memory * 31 + word_at(chip, worker(t % 14, t / 14), a);
    chip_close(chip);
    return o;
}

// Waiting of every kind at once: tokens go round rings of tiles by atomics, on each tile harts pass
// them on through L1, stream registers and mailboxes, and poll a neighbour by reads on the other
// NoC. Twelve rounds.
static Outcome everybody_waits(void) {
    static const struct {
        ChipHart hart;
        uint32_t at;
        const char *program;
    } part[] = {
        { CHIP_BRISC, 0,
          "void main(void) { u32 next = REG(0x2000);"
          " for (u32 r = 1; r <= 12; r++) { while (REG(0x3000) != r) ;"
          "  REG(0x3200) = r; while (REG(0x3204) != r) ;"
          "  increment(0, next, 0x3000, 1, 4); } REG(0x3300) = 1; }" },
        { CHIP_TRISC0, 0x4000,
          "void main(void) { for (u32 r = 1; r <= 12; r++) { while (REG(0x3200) != r) ;"
          "  REG(0xFFB45028) = r; while (REG(0xFFB45020) != r) ; REG(0x3204) = r; } }" },
        { CHIP_TRISC1, 0x5000,
          "void main(void) { u32 me = REG(0x2004);"
          " for (u32 r = 1; r <= 12; r++) { while (REG(0xFFB45028) != r) ;"
          "  for (volatile u32 i = 0; i < (me * 7 + r * 13) % 50; i++) ;"
          "  REG(0xFFEC3000) = r; REG(0xFFB45020) = REG(0xFFEC3000); } }" },
        { CHIP_TRISC2, 0x6000,
          "void main(void) { for (u32 r = 1; r <= 12; r++) REG(0xFFEC2000) = REG(0xFFEC2000); }" },
        { CHIP_NCRISC, 0x7000,
          "void main(void) { u32 next = REG(0x2000), n = 0;"
          " for (u32 r = 1; r <= 12; r++) do { read_noc(1, next, 0x3200, 0x3400, 4);"
          "  wait_for(1, RD_RESP, ++n); } while (REG(0x3400) < r); REG(0x3304) = n; }" },
    };
    Outcome o = { 0 };
    assert_ok(chip_open(NULL, &chip));
    for (size_t p = 0; p < sizeof part / sizeof *part; p++) {
        char *bytes;
        size_t size;
        assert_ok(program_make(part[p].program, part[p].at, &bytes, &size));
        for (uint32_t t = 0; t < 140; t++) {
            ChipXY at = worker(t % 14, t / 14);
            assert_ok(chip_write(chip, at, part[p].at, bytes, size));
            assert_ok(chip_set_reset_pc(chip, at, part[p].hart, part[p].at));
        }
        free(bytes);
    }
    for (uint32_t t = 0; t < 140; t++) { // rings of seven: one hand over after another
        uint32_t next = t % 7 == 6 ? t - 6 : t + 1;
        ChipXY at = worker(t % 14, t / 14);
        assert_ok(put_word(chip, at, 0x2000, packed(worker(next % 14, next / 14))));
        assert_ok(put_word(chip, at, 0x2004, t));
        assert_ok(put_word(chip, at, 0x3000, t % 7 == 0));
        assert_ok(chip_set_soft_reset(chip, at, 0));
    }
    assert_ok(run());
    chip_stats(chip, &o.stats);
    for (uint32_t t = 0; t < 140; t++) {
        assert_int_equal(word_at(chip, worker(t % 14, t / 14), 0x3300), 1);
        for (uint32_t a = 0x3000; a < 0x3800; a += 4)
            o.memory = o.memory * 31 + word_at(chip, worker(t % 14, t / 14), a);
    }
    chip_close(chip);
    return o;
}

static void expect_equal_runs(Outcome (*scene)(void)) {
    const char *set = getenv("WT_HARD");
    char *before = set ? strdup(set) : NULL;
    Outcome a = scene();
    Outcome b = scene();
    assert_memory_equal(&a, &b, sizeof a);
    static const char *const other[] = { "1", "2", "" };
    for (size_t i = 0; i < 3; i++) {
        setenv("WT_HARD", other[i], 1);
        Outcome c = scene();
        assert_memory_equal(&a, &c, sizeof a);
    }
    if (before)
        setenv("WT_HARD", before, 1);
    else
        unsetenv("WT_HARD");
    free(before);
}

static void runs_are_equal_however_they_are_run(void **state) {
    (void)state;
    expect_equal_runs(random_traffic);
}

static void waiting_is_equal_however_it_is_run(void **state) {
    (void)state;
    expect_equal_runs(everybody_waits);
}

// Harts wait for each other through mailboxes and a PC buffer.
static void mailboxes_and_pc_buffers_block(void **state) {
    (void)state;
    ChipXY at = worker(0, 1);
    assert_ok(program_load(
        chip, at,
        "void main(void) { REG(0xFFEC1000) = 5; REG(0xFFE80000) = 6; u32 back = REG(0xFFEC1000);"
        " REG(0x1000) = back; REG(0xFFE80000); REG(0x1004) = 1; }",
        0));
    assert_ok(program_load(chip, at,
                           "void main(void) { u32 a = REG(0xFFEC0000), b = REG(0xFFE80000); for "
                           "(volatile int i = 0; i < 300; i++) ;"
                           " REG(0xFFEC0000) = a * 10 + b; for (volatile int i = 0; i < 300; i++) "
                           "; REG(0xFFE80000); }",
                           0x4000));
    assert_ok(chip_set_reset_pc(chip, at, CHIP_TRISC0, 0x4000));
    assert_ok(
        chip_set_soft_reset(chip, at, CHIP_ALL_HARTS & ~(1u << CHIP_BRISC | 1u << CHIP_TRISC0)));
    assert_ok(run());
    assert_int_equal(word_at(chip, at, 0x1000), 56);
    assert_int_equal(word_at(chip, at, 0x1004), 1);
    assert_int_equal(mode_of(at, CHIP_TRISC0), CHIP_BLOCKED);
    assert_int_equal(mode_of(at, CHIP_BRISC), CHIP_PARKED);
}

// Circular buffers' counters: a store wakes the neighbour that polls the stream register.
static void stream_registers_wake(void **state) {
    (void)state;
    ChipXY at = worker(0, 2);
    assert_ok(program_load(chip, at,
                           "void main(void) { for (volatile int i = 0; i < 1000; i++) ; "
                           "REG(0xFFB43028) = 3; REG(0xFFB43028) += 0x20000; }",
                           0));
    assert_ok(program_load(
        chip, at,
        "void main(void) { while (REG(0xFFB43028) != 3) ; REG(0x1000) = REG(0xFFB434A4); }",
        0x4000));
    assert_ok(chip_set_reset_pc(chip, at, CHIP_NCRISC, 0x4000));
    assert_ok(
        chip_set_soft_reset(chip, at, CHIP_ALL_HARTS & ~(1u << CHIP_BRISC | 1u << CHIP_NCRISC)));
    assert_ok(run());
    assert_int_equal(word_at(chip, at, 0x1000), 3);     // the space that goes with the size
    assert_int_equal(word_at(chip, at, 0xFFB43028), 3); // 17 bits
    assert_ok(put_word(chip, at, 0xFFB43438, 5 << 6));
    assert_int_equal(word_at(chip, at, 0xFFB434A4), 8);
}

// What one hart sees at another address than its neighbour: Tensix GPRs, and local memory.
static void aliases_wake_too(void **state) {
    (void)state;
    ChipXY at = worker(0, 3);
    assert_ok(program_load(chip, at,
                           "void main(void) { while (REG(0xFFE00110) != 9) ; REG(0x1000) = 1; "
                           "while (REG(0xFFB18010) != 8) ; REG(0x1004) = 1; }",
                           0));
    assert_ok(program_load(
        chip, at,
        "void main(void) { for (volatile int i = 0; i < 1000; i++) ; REG(0xFFE00010) = 9;"
        " for (volatile int i = 0; i < 1000; i++) ; REG(0xFFE00010) = 7; }",
        0x4000));
    assert_ok(program_load(chip, at,
                           "void main(void) { while (REG(0x1000) != 1) ; for (volatile int i = 0; "
                           "i < 1000; i++) ; REG(0xFFB00010) = 8; }",
                           0x5000));
    assert_ok(chip_set_reset_pc(chip, at, CHIP_TRISC0, 0x5000));
    assert_ok(chip_set_reset_pc(chip, at, CHIP_TRISC1, 0x4000));
    assert_ok(chip_set_soft_reset(chip, at, 1u << CHIP_NCRISC | 1u << CHIP_TRISC2));
    assert_ok(run());
    assert_int_equal(word_at(chip, at, 0x1000), 1);
    assert_int_equal(word_at(chip, at, 0x1004), 1);
}

int main(void) {
#define TEST(f) cmocka_unit_test_setup_teardown(f, open_chip, close_chip)
    const struct CMUnitTest tests[] = {
        TEST(the_host_wakes_a_polling_hart),
        TEST(waiting_harts_cost_no_windows),
        TEST(harts_of_a_tile_take_turns),
        TEST(every_value_of_a_semaphore_is_seen),
        TEST(writes_do_not_overtake_a_value_that_waits),
        TEST(writes_do_not_overtake_a_multicast_that_waits),
        TEST(a_read_follows_the_write_before_it),
        TEST(multicast_reaches_the_rectangle),
        TEST(a_full_outbox_waits),
        TEST(mailboxes_and_pc_buffers_block),
        TEST(stream_registers_wake),
        TEST(aliases_wake_too),
        cmocka_unit_test(runs_are_equal_however_they_are_run),
        cmocka_unit_test(waiting_is_equal_however_it_is_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
