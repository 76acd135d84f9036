// The model beside another device: the same race-free programs leave the same memory. The other
// one is the libttsim.so that WT_TTSIM names; without it there is nothing to compare with and
// the tests are skipped.
#include "chip_program.h"

#include "test.h"

enum { SIDE_X = 14, SIDE_Y = 10, TILES = SIDE_X * SIDE_Y };

static const char *other(void) { return getenv("WT_TTSIM"); }

static ChipXY tile_at(const Chip *chip, uint32_t t) {
    ChipXY at;
    assert_ok(chip_worker(chip, t % SIDE_X, t / SIDE_X, &at));
    return at;
}

// Runs a program on BRISC of every tile until each has stored 1 at 0x1000; hashes what they made.
static uint64_t outcome(const char *transport, const char *program) {
    Chip *chip;
    ChipUntil until[TILES];
    char *bytes;
    size_t size;
    assert_ok(chip_open(&(ChipOptions){ .transport = transport }, &chip));
    assert_ok(program_make(program, 0, &bytes, &size));
    for (uint32_t t = 0; t < TILES; t++) {
        ChipXY at = tile_at(chip, t), dram;
        assert_ok(chip_dram(chip, t % 8, 0, &dram));
        assert_ok(chip_write(chip, at, 0, bytes, size));
        assert_ok(put_word(chip, at, 0x2000, t));
        assert_ok(put_word(chip, at, 0x2004, (uint32_t)(dram.y << 6 | dram.x)));
        for (uint32_t i = 0; i < 256; i++)
            assert_ok(put_word(chip, dram, 0x10000 + t * 1024 + 4 * i, t * 77777 + i * 3));
        until[t] = (ChipUntil){ .at = at, .addr = 0x1000, .mask = ~0u, .value = 1 };
    }
    free(bytes);
    for (uint32_t t = 0; t < TILES; t++)
        assert_ok(chip_set_soft_reset(chip, tile_at(chip, t), CHIP_ALL_HARTS & ~1u));
    assert_ok(
        chip_run(chip, &(ChipRun){ .until = until, .num_until = TILES, .max_cycles = 2000000 }));
    uint64_t hash = 0;
    for (uint32_t t = 0; t < TILES; t++) {
        static uint32_t l1[0x10000];
        ChipXY dram;
        assert_ok(chip_dram(chip, t % 8, 1, &dram));
        assert_ok(chip_read(chip, tile_at(chip, t), 0x20000, l1, sizeof l1));
        for (size_t i = 0; i < sizeof l1 / 4; i++) hash = hash * 31 + l1[i];
        assert_ok(chip_read(chip, dram, 0x200000 + t * 1024, l1, 1024));
        for (size_t i = 0; i < 256; i++) hash = hash * 31 + l1[i];
    }
    chip_close(chip);
    return hash;
}

static void compare(const char *program) {
    if (!other()) skip();
    uint64_t ours = outcome(NULL, program);
    assert_true(ours != outcome(NULL, "void main(void) { REG(0x1000) = 1; }"));
    assert_true(ours == outcome(other(), program));
}

#define TILE_XY "XY((u % 14 < 7 ? 1 : 3) + u % 14, 2 + u / 14)"

// Every tile writes its own slot in many others, on both NoCs, posted and not, and reads its DRAM.
static void all_to_all(void **state) {
    (void)state;
    compare("void main(void) { u32 t = REG(0x2000), s = t;"
            " read_noc(t & 1, REG(0x2004), 0x10000 + t * 1024, 0x10000, 1024);"
            " wait_for(t & 1, RD_RESP, 1);"
            " for (u32 i = 0; i < 256; i++) REG(0x10000 + 4 * i) = REG(0x10000 + 4 * i) * 5 + t;"
            " for (u32 i = 0; i < 40; i++) { u32 u = (t + i * 37 + 1) % 140;"
            "  write_noc(i & 1, " TILE_XY ", 0x20000 + t * 64, 0x10000 + (i & 15) * 64, 64,"
            "            i % 3 ? WRITE : WRITE_POSTED); }"
            " write_noc(0, REG(0x2004), 0x200000 + t * 1024, 0x10000, 1024, WRITE);"
            " wait_for(0, WR_ACK, STATUS(0, 0xA)); wait_for(1, WR_ACK, STATUS(1, 0xA));"
            " for (volatile int i = 0; i < 2000; i++) ; REG(0x1000) = 1; }");
}

// Sums by atomics: every tile adds to counters of others; who reaches a count of 40 goes on.
static void sums_by_atomics(void **state) {
    (void)state;
    compare("void main(void) { u32 t = REG(0x2000);"
            " for (u32 i = 1; i <= 40; i++) { u32 u = (t + i * 3) % 140;"
            "  increment(i & 1, " TILE_XY ", 0x20000, 1, 4);"
            "  increment(i & 1, " TILE_XY ", 0x20010 + (t & 7) * 16, t * i, 4); }"
            " while (STATUS(0, ATOMIC_RESP) + STATUS(1, ATOMIC_RESP) != 80) ;"
            " while (REG(0x20000) != 40) ; for (volatile int i = 0; i < 2000; i++) ; REG(0x1000) = "
            "1; }");
}

// A multicast by one tile after another, each started by the one before it.
static void multicasts_in_turn(void **state) {
    (void)state;
    compare("void main(void) { u32 t = REG(0x2000), u = t + 1;"
            " if (t) while (!REG(0x30000)) ;"
            " for (u32 i = 0; i < 16; i++) REG(0x10000 + 4 * i) = t * 100 + i;"
            " u32 x0 = 2 + t % 5, y0 = 2 + t % 7, to = XY(x0 + 7, y0 + 3) | XY(x0, y0) << 12;"
            " write_noc(0, to, 0x20000 + t * 64, 0x10000, 64, WRITE | 0x120 | (t & 1) << 17);"
            " u32 in = 0; for (u32 x = x0; x <= x0 + 7; x++) in += (x != 8 && x != 9) * 4;"
            " u32 me = ME(0), mx = me & 63, my = me >> 6;"
            " if (mx >= x0 && mx <= x0 + 7 && my >= y0 && my <= y0 + 3 && !(t & 1)) in--;"
            " wait_for(0, WR_ACK, in);"
            " REG(0x10000) = 1; if (t < 139) { write_noc(0, " TILE_XY
            ", 0x30000, 0x10000, 4, WRITE);"
            "  wait_for(0, WR_ACK, in + 1); } REG(0x1000) = 1; }");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_to_all),
        cmocka_unit_test(sums_by_atomics),
        cmocka_unit_test(multicasts_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
