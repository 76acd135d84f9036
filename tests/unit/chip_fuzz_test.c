// Hostile programs: three tiles of harts that store anything anywhere, issue NoC commands with any
// fields, overwrite each other's code and hold each other in reset, while the host pokes registers.
// Whatever they do ends as a fault, a stall or a budget that is used up; on a second chip, which
// runs everything undecoded and its tiles in another order (WT_HARD), it ends the same.
#include "../isa/asm.h"
#include "riscv/rv32.h"
#include "ttm/chip/chip.h"

#include <stdlib.h>

#include "test.h"

enum { TILES = 3, CODE_WORDS = 256, ENTRY = 0x400, STRIDE = 0x400, CODE_END = 0x2000 };

static uint32_t random_state = 2463534242u;
static uint32_t random_word(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    return random_state ^= random_state << 5;
}
static uint32_t below(uint32_t n) { return random_word() % n; }
#define ANY_OF(a) ((a)[below(sizeof(a) / sizeof *(a))])

static ChipXY tile[TILES];

// How often a program of this round does what nobody should: tame ones run for long.
static uint32_t danger;
static bool hurts(void) { return below(256) < danger; }

// ---- what hurts --------------------------------------------------------------------------------

static uint32_t niu_register(void) {
    static const uint32_t shared[] = { 0x44, 0x48, 0x50, 0x60, 0x64, 0x100, 0x108, 0x110, 0x148 };
    uint32_t base = 0xFFB20000 + below(2) * 0x10000;
    switch (below(4)) {
    case 0: return base + ANY_OF(shared);
    case 1: return base + 0x200 + 4 * below(64);
    default: return base + below(4) * 0x800 + 4 * below(17);
    }
}

static uint32_t tile_register(void) {
    static const uint32_t debug[] = { 0xFFB121B0, 0xFFB121F0, 0xFFB121F8, 0xFFB12228, 0xFFB12234,
                                      0xFFB12238, 0xFFB1223C, 0xFFB12240, 0xFFB11024, 0xFFB12054 };
    static const uint32_t stream[] = { 4, 8, 10, 31, 270, 297, 5 };
    switch (below(6)) {
    case 0: return ANY_OF(debug);
    case 1: return 0xFFB40000 + below(64) * 0x1000 + 4 * ANY_OF(stream);
    case 2: return 0xFFE80000 + below(3) * 0x10000 + 4 * below(20); // PC buffers, semaphores
    case 3: return 0xFFEC0000 + below(5) * 0x1000 + 4 * below(2);   // mailboxes
    case 4: return 0xFFE00000 + 4 * below(200);                     // GPRs
    default: return 0xFFB14000 + 4 * below(0x2800);                 // local memories, from outside
    }
}

// Loads and stores of words do no harm there.
static uint32_t harmless_address(void) {
    static const uint32_t debug[] = { 0xFFB12228, 0xFFB12238, 0xFFB12240, 0xFFB121B0 };
    static const uint32_t stream[] = { 4, 8, 10, 31 };
    switch (below(6)) {
    case 0: return 0xFFB20000 + below(2) * 0x10000 + 0x800 * below(4) + 0x28;
    case 1: return ANY_OF(debug);
    case 2: return 0xFFB40000 + below(64) * 0x1000 + 4 * ANY_OF(stream);
    case 3: return 0xFFB14000 + 0x2000 * below(5) + 4 * below(0x400);
    case 4: return 0xFFB00100 + 4 * below(0x300);
    default: return 0x20000 + 4 * below(0x1000);
    }
}

static uint32_t address(void) {
    if (!hurts()) return harmless_address();
    static const uint32_t edge[] = { 0,          0x60,       0x17FFFC,   0x17FFFF,   0x180000,
                                     0xFFB00000, 0xFFB00FFC, 0xFFB01FFC, 0xFFB02000, 0xFFFFFFFC,
                                     0xFFB80000, 0xFFEF0000, 0x40000000, 0xFFE40000 };
    switch (below(8)) {
    case 0: return ANY_OF(edge);
    case 1: return random_word();
    case 2: return niu_register();
    case 3: return tile_register();
    case 4: return 4 * below(CODE_END / 4); // somebody's code
    default: return 0x20000 + 4 * below(0x1000);
    }
}

static uint32_t place(void) {
    static const uint16_t other[] = { 18 | 12 << 6,
                                      17 | 13 << 6,
                                      20 | 25 << 6,
                                      19 | 24 << 6,
                                      8,
                                      1 | 1 << 6,
                                      8 | 3 << 6,
                                      40 | 40 << 6,
                                      0,
                                      63 };
    ChipXY at = tile[below(TILES)];
    return hurts() ? ANY_OF(other) : (uint32_t)(at.y << 6 | at.x);
}

static uint32_t value(void) {
    static const uint32_t evil[] = { 0, 1, 4, 16, 32, 64, 16384, 16385, 0x7fffffff, 0xffffffff };
    static const uint32_t control[] = { 0x2090, 0x92, 0x82, 0x91, 0x81, 0x9A, 0x8A, 0x1B2, 0x2B2 };
    static const uint32_t reset[] = { 0x47800, 0, 0x800, 0x1000, 0x40000, 0x7000 };
    switch (below(7)) {
    case 0: return random_word();
    case 1: return ANY_OF(control);
    case 2: return ANY_OF(reset);
    case 3: return place();
    case 4: return address();
    default: return ANY_OF(evil);
    }
}

// ---- programs ----------------------------------------------------------------------------------

typedef struct Program {
    uint32_t word[CODE_WORDS], n;
    uint32_t start[CODE_WORDS], starts; // where jumps may go
    uint32_t initiator;                 // its own: the address of one of the eight
} Program;

static void emit(Program *p, uint32_t word) {
    if (p->n < CODE_WORDS) p->word[p->n++] = word;
}

static void emit_li(Program *p, uint32_t reg, uint32_t v) {
    emit(p, LUI(reg, (v + 0x800) >> 12));
    emit(p, ADDI(reg, reg, (int32_t)(v << 20) >> 20));
}

// One command: good fields, of which one may be spoilt.
static void emit_command(Program *p) {
    uint32_t size = 1 + below(256), local = 0x20000 + 16 * below(64),
             far = 0x20000 + 16 * below(64);
    uint32_t kind = below(5), spoilt = hurts() ? below(11) : 11;
    uint32_t there = place();
    const uint32_t control[] = { 0x2090, 0x92, 0x82, 0x91, 0x9A };
    if (kind == 4) far = 0xFFB40000 + 4 * 10 + 0x1000 * below(64); // an inline write to a stream
    if (kind == 4 && hurts()) far = 0xFFB40000 + 4 * 270 + 0x1000 * below(64);
    bool write = kind == 1 || kind == 2;
    uint32_t own = write ? 2 : 5; // the field of the own coordinates
    uint32_t field[11] = { write ? local : far,
                           0,
                           there,
                           write ? far : local,
                           0,
                           there,
                           below(16) << 10,
                           control[kind],
                           kind == 3 ? 1 << 12 | 31 << 2 | below(4) : size,
                           0,
                           value() };
    if (spoilt < 11) field[spoilt] = value();
    emit_li(p, S0, hurts() ? niu_register() & ~0x7FFu : p->initiator);
    for (uint32_t i = 0; i < 11; i++) {
        if (i == own && spoilt != i) {
            emit_li(p, A1, 0xFFB20000);
            emit(p, LW(A0, 0x148, A1));
        } else {
            emit_li(p, A0, field[i]);
        }
        emit(p, SW(A0, 4 * (int32_t)i, S0));
    }
    emit_li(p, A0, 1);
    emit(p, SW(A0, 0x40, S0));
}

static void emit_any(Program *p) {
    p->start[p->starts++] = p->n;
    uint32_t a = 8 + below(8), b = 8 + (a + 1 + below(7)) % 8;
    switch (below(12)) {
    case 0:
    case 1: emit_command(p); break;
    case 2:
    case 3:
        emit_li(p, a, address() & ~3u);
        emit_li(p, b, value());
        emit(p, SW(b, 0, a));
        break;
    case 4:
        emit_li(p, a, address() & ~3u);
        emit(p, LW(b, 0, a));
        break;
    case 5:
        emit_li(p, a, hurts() ? address() : 0x20000 + 2 * below(0x1000));
        emit(p, below(2) ? LB(b, 0, a) : SH(b, 0, a));
        break;
    case 6: // wait for a counter or word
        emit_li(p, a, below(2) ? 0xFFB20200 + 4 * below(0x30) : 0x20000 + 4 * below(64));
        emit(p, LW(b, 0, a));
        emit(p, below(2) ? BEQ(b, ZERO, -4) : BNE(b, ZERO, -4));
        break;
    case 7: { // over what comes next
        uint32_t branch = p->n;
        emit(p, NOP);
        emit_any(p);
        if (branch < CODE_WORDS) p->word[branch] = BNE(a, b, 4 * (int32_t)(p->n - branch));
        break;
    }
    case 8: emit(p, BNE(a, b, 4 * (int32_t)(p->start[below(p->starts)] - p->n))); break;
    case 9: {
        const Rv32Row *row = &rv32_rows[below(OP_COUNT)];
        Rv32Bits bits = rv32_bits(row->pattern);
        if (!strchr(hurts() ? "" : "CZNJKBLSA", row->format))
            emit(p, (random_word() & ~bits.mask) | bits.match);
        break;
    }
    case 10:
        emit_li(p, a, 0x20000 + 4 * below(64));
        emit(p, AMOADD(b, a, a));
        break;
    case 11:
        if (hurts()) emit(p, random_word());
        break;
    }
}

static void make_program(Program *p, uint32_t hart) {
    *p = (Program){ .initiator = 0xFFB20000 + (hart & 1) * 0x10000 + (hart >> 1) * 0x800 };
    while (p->n + 64 < CODE_WORDS) emit_any(p);
    while (p->n < CODE_WORDS) emit(p, NOP);
    p->word[CODE_WORDS - 1] = JAL(ZERO, -4 * (CODE_WORDS - 1));
}

// ---- rounds ------------------------------------------------------------------------------------

static void boot(Chip *chip[2], uint32_t t) {
    Program p;
    for (uint32_t h = 0; h < CHIP_HARTS; h++) {
        make_program(&p, h);
        for (int c = 0; c < 2; c++) {
            uint32_t entry = ENTRY + h * STRIDE, jump = JAL(ZERO, ENTRY);
            assert_ok(chip_write(chip[c], tile[t], entry, p.word, sizeof p.word));
            assert_ok(chip_write(chip[c], tile[t], 0, &jump, sizeof jump));
            if (h != CHIP_BRISC) assert_ok(chip_set_reset_pc(chip[c], tile[t], (ChipHart)h, entry));
            assert_ok(chip_set_stack_limit(chip[c], tile[t], (ChipHart)h, 0xFFB00100));
        }
    }
}

// The host does what it likes, too: the same on both.
static void poke(Chip *chip[2]) {
    ChipXY at = tile[below(TILES)];
    uint32_t addr = below(2) ? tile_register() : niu_register(), v = value(), got[2] = { 0 };
    bool write = below(2);
    wt_status_t s[2];
    for (int c = 0; c < 2; c++)
        s[c] =
            write ? chip_write(chip[c], at, addr, &v, 4) : chip_read(chip[c], at, addr, &got[c], 4);
    assert_int_equal(s[0], s[1]);
    assert_int_equal(got[0], got[1]);
}

static void compare(Chip *chip[2], int round) {
    static uint8_t l1[2][0x180000];
    ChipStats a, b;
    chip_stats(chip[0], &a);
    chip_stats(chip[1], &b);
    if (a.cycles != b.cycles || a.order_hash != b.order_hash || a.instructions != b.instructions)
        fail_msg("round %d: cycles %llu, %llu; commands %llu, %llu; instructions %llu, %llu", round,
                 (unsigned long long)a.cycles, (unsigned long long)b.cycles,
                 (unsigned long long)a.commands, (unsigned long long)b.commands,
                 (unsigned long long)a.instructions, (unsigned long long)b.instructions);
    for (uint32_t t = 0; t < TILES; t++) {
        for (int c = 0; c < 2; c++) assert_ok(chip_read(chip[c], tile[t], 0, l1[c], sizeof *l1));
        assert_memory_equal(l1[0], l1[1], sizeof *l1);
    }
}

static void run_round(Chip *chip[2], int round, unsigned ended[]) {
    char said[2][400] = { "", "" };
    wt_status_t s[2] = { WT_OK, WT_OK };
    danger = (uint32_t[]){ 0, 1, 4, 64 }[round % 4];
    for (uint32_t t = 0; t < TILES; t++) boot(chip, t);
    for (uint32_t t = 0; t < TILES; t++)
        for (int c = 0; c < 2; c++) assert_ok(chip_set_soft_reset(chip[c], tile[t], 0));
    for (int leg = 0; leg < 4 && s[0] != WT_FAULT; leg++) {
        for (int c = 0; c < 2; c++) {
            s[c] = chip_run(chip[c], &(ChipRun){ .max_cycles = 600 });
            if (s[c]) snprintf(said[c], sizeof *said, "%s", wt_last_error());
        }
        assert_int_equal(s[0], s[1]);
        assert_string_equal(said[0], said[1]);
        poke(chip);
    }
    if (getenv("WT_FUZZ_SAY")) print_message("# %u: %s\n", danger, said[0]);
    compare(chip, round);
    ended[-s[0]]++;
    for (int c = 0; c < 2; c++) assert_ok(chip_reset(chip[c]));
}

static void hostile_programs_end_the_same_either_way(void **state) {
    (void)state;
    const char *rounds = getenv("WT_FUZZ_ROUNDS"), *was = getenv("WT_HARD");
    char *hard = was ? strdup(was) : NULL;
    unsigned ended[16] = { 0 };
    Chip *chip[2];
    if (getenv("WT_FUZZ_SEED")) random_state = (uint32_t)strtoul(getenv("WT_FUZZ_SEED"), NULL, 0);
    assert_ok(chip_open(NULL, &chip[0]));
    setenv("WT_HARD", "7", 1);
    assert_ok(chip_open(NULL, &chip[1]));
    hard ? setenv("WT_HARD", hard, 1) : unsetenv("WT_HARD");
    free(hard);
    for (uint32_t t = 0; t < TILES; t++) assert_ok(chip_worker(chip[0], 3 * t, t, &tile[t]));
    for (int i = 0; i < (rounds ? atoi(rounds) : 400); i++) run_round(chip, i, ended);
    for (int c = 0; c < 2; c++) chip_close(chip[c]);
    print_message("# %u quiescent, %u out of cycles, %u faults\n", ended[-WT_OK], ended[-WT_LIMIT],
                  ended[-WT_FAULT]);
    if (!rounds) assert_true(ended[-WT_FAULT] > 20 && ended[-WT_LIMIT] + ended[-WT_OK] > 20);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_programs_end_the_same_either_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
