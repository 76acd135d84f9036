// Harts: slices, waiting, parking, faults, code that changes. Every test runs on the decoded and
// on the undecoded interpreter.
#include "../isa/asm.h"
#include "riscv/hart.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "test.h"

enum {
    L1_SIZE = 0x10000,
    LOCAL = 0xffb00000,
    LOCAL_SIZE = 0x1000,
    CLOCK = 0xffb20000,
    FIFO = 0xffb20004,
    REG = 0xffb20008
};

// Two harts over one L1, and a few registers.
typedef struct Tile {
    CodeCache *cache;
    uint8_t l1[L1_SIZE], local[2][LOCAL_SIZE];
    Space l1_space, local_space[2];
    Hart hart[2];
    uint64_t changes;
    uint32_t reg, fifo_len, pushed, csr, watched_addr;
    bool fifo_waits, push_waits;
    int loads;
} Tile;

static BusReply bus_load(Hart *h, uint32_t addr, uint32_t *value) {
    Tile *t = h->owner;
    t->loads++;
    switch (addr) {
    case CLOCK: *value = (uint32_t)h->clock; return BUS_EFFECT;
    case FIFO:
        if (!t->fifo_len) return BUS_WAIT;
        *value = t->fifo_len--;
        return BUS_EFFECT;
    case REG: *value = t->reg; return BUS_OK;
    }
    return hart_fault(h, FAULT_UNMODELLED, addr, 0, "register 0x%08x", addr);
}

static BusReply bus_store(Hart *h, uint32_t addr, uint32_t value) {
    Tile *t = h->owner;
    if (addr != REG) return hart_fault(h, FAULT_UNMODELLED, addr, value, "register 0x%08x", addr);
    if (t->reg == value) return BUS_OK;
    t->reg = value;
    return BUS_YIELD;
}

static BusReply bus_push(Hart *h, uint32_t insn) {
    Tile *t = h->owner;
    if (t->push_waits) return BUS_WAIT;
    t->pushed = insn;
    return BUS_EFFECT;
}

static BusReply bus_csr(Hart *h, uint32_t csr, const uint32_t *write, uint32_t *value) {
    Tile *t = h->owner;
    if (csr != 0x7c0) return hart_fault(h, FAULT_UNMODELLED, 0, 0, "CSR 0x%03x", csr);
    *value = t->csr;
    if (!write) return BUS_OK;
    t->csr = *write;
    return BUS_EFFECT;
}

static bool bus_watched(Hart *h, uint32_t addr, uint32_t len) {
    Tile *t = h->owner;
    t->watched_addr = addr;
    return hart_watches(&t->hart[!h->id], addr, len);
}

static const HartBus bus = { bus_load, bus_store, bus_push, bus_csr, NULL, bus_watched };

static Tile *tile_lines(bool slow, size_t lines) {
    Tile *t = calloc(1, sizeof *t);
    assert_int_equal(code_cache_create(ISA_BLACKHOLE, lines, &t->cache), WT_OK);
    assert_int_equal(
        space_init(&t->l1_space, t->l1, 0, L1_SIZE, SPACE_R | SPACE_W | SPACE_X, t->cache), WT_OK);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(
            space_init(&t->local_space[i], t->local[i], LOCAL, LOCAL_SIZE, SPACE_R | SPACE_W, NULL),
            WT_OK);
        hart_init(&t->hart[i]);
        t->hart[i].space[0] = &t->l1_space;
        t->hart[i].space[1] = &t->local_space[i];
        t->hart[i].bus = &bus;
        t->hart[i].owner = t;
        t->hart[i].id = i;
        t->hart[i].changes = &t->changes;
        t->hart[i].slow = slow;
    }
    return t;
}

static void tile_free(Tile *t) {
    space_deinit(&t->l1_space);
    for (int i = 0; i < 2; i++) space_deinit(&t->local_space[i]);
    code_cache_destroy(t->cache);
    free(t);
}

// What the NoC or the host do.
static uint8_t tile_write(Tile *t, uint32_t addr, const void *p, uint32_t n) {
    memcpy(t->l1 + addr, p, n);
    t->changes++;
    return space_written(&t->l1_space, addr, n);
}

static uint32_t tile_word(const Tile *t, uint32_t addr) {
    uint32_t v;
    memcpy(&v, t->l1 + addr, 4);
    return v;
}

#define LOAD_CODE(t, addr, ...)                                                                    \
    do {                                                                                           \
        const uint32_t code_[] = { __VA_ARGS__ };                                                  \
        tile_write(t, addr, code_, sizeof code_);                                                  \
    } while (0)

// A test body gets a tile; both interpreters run it.
#define TEST(name)                                                                                 \
    static void name##_body(Tile *t, Hart *h);                                                     \
    static void name(void **state) {                                                               \
        (void)state;                                                                               \
        for (int slow = 0; slow < 2; slow++) {                                                     \
            Tile *t = tile_lines(slow, 0);                                                         \
            name##_body(t, &t->hart[0]);                                                           \
            tile_free(t);                                                                          \
        }                                                                                          \
    }                                                                                              \
    static void name##_body(Tile *t, Hart *h)

TEST(a_slice_ends_at_its_cycle) {
    LOAD_CODE(t, 0x100, ADDI(A0, A0, 1), ADDI(A0, A0, 1), ADDI(A1, A1, 3), JAL(ZERO, -12));
    h->pc = 0x100;
    for (uint32_t until = 1; until < 200; until += until % 7 + 1) {
        assert_int_equal(hart_run(h, until), HART_SLICE);
        assert_int_equal(h->clock, until);
        assert_int_equal(h->pc, 0x100 + until % 4 * 4);
        assert_int_equal(h->x[A0], until / 4 * 2 + (until % 4 < 2 ? until % 4 : 2));
    }
}

TEST(code_goes_on_in_the_next_line) {
    for (uint32_t a = 0; a < 0x1000; a += 4) LOAD_CODE(t, a, ADDI(A0, A0, 1));
    hart_run(h, 1024);
    assert_int_equal(h->x[A0], 1024);
    assert_int_equal(h->pc, 0x1000);
}

TEST(x0_stays_zero) {
    LOAD_CODE(t, 0, ADDI(ZERO, ZERO, 5), ADD(A0, ZERO, ZERO), JAL(ZERO, 8), NOP, LW(ZERO, 0, ZERO),
              ADD(A1, ZERO, ZERO));
    hart_run(h, 5);
    assert_int_equal(h->x[A0] | h->x[A1] | h->x[ZERO], 0);
}

TEST(an_access_that_waits_is_issued_again) {
    LOAD_CODE(t, 0, LUI(A1, FIFO >> 12), ADDI(A1, A1, FIFO & 0xfff), LW(A0, 0, A1), NOP);
    assert_int_equal(hart_run(h, 64), HART_WAIT);
    assert_int_equal(h->pc, 8);
    assert_int_equal(h->clock, 2);
    assert_int_equal(h->wait_addr, FIFO);
    assert_int_equal(hart_run(h, 64), HART_WAIT);
    assert_int_equal(h->clock, 2);
    t->fifo_len = 9;
    h->clock = 40; // it slept until then
    assert_int_equal(hart_run(h, 42), HART_SLICE);
    assert_int_equal(h->x[A0], 9);
    assert_int_equal(h->pc, 16);
}

TEST(ttinsn_is_pushed_with_back_pressure) {
    LOAD_CODE(t, 0, TTINSN(0x26000005u), NOP);
    t->push_waits = true;
    assert_int_equal(hart_run(h, 10), HART_WAIT);
    assert_int_equal(h->pc, 0);
    t->push_waits = false;
    assert_int_equal(hart_run(h, 1), HART_SLICE);
    assert_int_equal(t->pushed, 0x26000005u);
    assert_int_equal(h->pc, 4);
}

TEST(csrs_are_read_and_written) {
    LOAD_CODE(t, 0, ADDI(A0, ZERO, 5), CSRRW(A1, 0x7c0, A0), CSRRS(A2, 0x7c0, ZERO),
              CSRRS(A3, 0x7c0, A1));
    t->csr = 2;
    hart_run(h, 4);
    assert_int_equal(h->x[A1], 2);
    assert_int_equal(h->x[A2], 5);
    assert_int_equal(t->csr, 7);
}

TEST(callbacks_see_pc_and_clock) {
    LOAD_CODE(t, 0, NOP, LUI(A1, CLOCK >> 12), NOP, LW(A0, 0, A1), LW(A2, 0, A1));
    hart_run(h, 5);
    assert_int_equal(h->x[A0], 3);
    assert_int_equal(h->x[A2], 4);
}

TEST(a_store_that_yields_ends_the_slice) {
    LOAD_CODE(t, 0, LUI(A1, REG >> 12), ADDI(A0, ZERO, 1), SW(A0, REG & 0xfff, A1),
              SW(A0, REG & 0xfff, A1), NOP);
    assert_int_equal(hart_run(h, 64), HART_YIELD);
    assert_int_equal(h->clock, 3);
    assert_int_equal(h->pc, 12);
    assert_int_equal(hart_run(h, 5), HART_SLICE);
}

// Parking

TEST(a_polling_loop_parks_and_wakes) {
    LOAD_CODE(t, 0, LW(A0, 0x400, ZERO), BEQ(A0, ZERO, -4), ADDI(A1, ZERO, 7), JAL(ZERO, 0));
    assert_int_equal(hart_run(h, 64), HART_PARKED);
    assert_int_equal(h->pc, 0);
    assert_int_equal(h->watch.n, 1);
    assert_int_equal(h->watch.addr[0], 0x400);
    assert_true(hart_watches(h, 0x403, 1));
    assert_true(hart_watches(h, 0x3f0, 0x20));
    assert_false(hart_watches(h, 0x404, 4));
    assert_false(hart_watches(h, 0x3f0, 0x10));
    uint32_t one = 1;
    assert_int_equal(tile_write(t, 0x440, &one, 4), 0);
    assert_int_equal(tile_write(t, 0x404, &one, 4), 1); // same granule, other word
    assert_int_equal(tile_write(t, 0x400, &one, 4), 1);
    h->clock = 1000;
    assert_int_equal(hart_run(h, 1003), HART_SLICE);
    assert_int_equal(h->x[A1], 7);
    assert_int_equal(tile_write(t, 0x400, &one, 4), 0);
}

TEST(a_woken_hart_that_still_polls_parks_again) {
    LOAD_CODE(t, 0, LW(A0, 0x400, ZERO), ADDI(A2, ZERO, 3), BNE(A0, A2, -8), NOP);
    assert_int_equal(hart_run(h, 64), HART_PARKED);
    for (uint32_t v = 1; v < 3; v++) {
        tile_write(t, 0x400, &v, 4);
        uint64_t before = h->clock;
        assert_int_equal(hart_run(h, h->clock + 64), HART_PARKED);
        assert_true(h->clock - before <= 9); // twice round, or three times
        assert_int_equal(h->x[A0], v);
    }
    uint32_t v = 3;
    tile_write(t, 0x400, &v, 4);
    assert_int_equal(hart_run(h, h->clock + 4), HART_SLICE);
    assert_int_equal(h->pc, 16);
}

TEST(a_probe_sees_each_value_and_stops_before_an_effect) {
    LOAD_CODE(t, 0, LW(A0, 0x400, ZERO), ADDI(A2, ZERO, 3), BNE(A0, A2, -8), ADDI(A3, A3, 1),
              SW(A3, 0x404, ZERO), JAL(ZERO, 0));
    assert_int_equal(hart_run(h, 64), HART_PARKED);
    for (uint32_t v = 1; v < 3; v++) {
        tile_write(t, 0x400, &v, 4);
        assert_true(hart_polls(h));
        assert_int_equal(h->x[A0], v);
        assert_true(hart_watches(h, 0x400, 4));
    }
    uint32_t v = 3;
    tile_write(t, 0x400, &v, 4);
    uint64_t clock = h->clock;
    assert_false(hart_polls(h));
    assert_int_equal(h->clock, clock + 4);
    assert_int_equal(h->pc, 16);
    assert_int_equal(tile_word(t, 0x404), 0);
    v = 4; // it has left: too late
    tile_write(t, 0x400, &v, 4);
    hart_run(h, h->clock + 64);
    assert_int_equal(tile_word(t, 0x404), 1);
    assert_int_equal(h->pc, 20);
}

TEST(a_probe_holds_back_stores_to_registers) {
    LOAD_CODE(t, 0, LUI(A1, REG >> 12), LW(A0, 0x400, ZERO), BEQ(A0, ZERO, -4),
              SW(A0, REG & 0xfff, A1), NOP);
    hart_run(h, 64);
    uint32_t v = 5;
    tile_write(t, 0x400, &v, 4);
    assert_false(hart_polls(h));
    assert_int_equal(t->reg, 0);
    assert_int_equal(h->pc, 12);
    assert_int_equal(hart_run(h, h->clock + 64), HART_YIELD);
    assert_int_equal(t->reg, 5);
}

TEST(a_loop_without_loads_waits_for_nothing) {
    LOAD_CODE(t, 0, JAL(ZERO, 0));
    assert_int_equal(hart_run(h, 64), HART_PARKED);
    assert_int_equal(h->watch.n, 0);
    assert_false(hart_watches(h, 0, L1_SIZE));
}

TEST(a_loop_with_calls_spills_and_an_inner_loop_parks) {
    LOAD_CODE(t, 0x000, LUI(SP, LOCAL >> 12), ADDI(SP, SP, 256), JAL(RA, 0x400 - 8),
              BEQ(A0, ZERO, -4), NOP);
    LOAD_CODE(t, 0x400, SW(RA, 4, SP), ADDI(T0, ZERO, 3), ADDI(T0, T0, -1), FENCE,
              BNE(T0, ZERO, -8), LW(A0, 0x700, ZERO), LW(T1, 0x704, ZERO), ADD(A0, A0, T1),
              LW(RA, 4, SP), RET);
    assert_int_equal(hart_run(h, 200), HART_PARKED);
    assert_true(hart_watches(h, 0x700, 4));
    assert_true(hart_watches(h, 0x704, 4));
    assert_true(hart_watches(h, LOCAL + 260, 4)); // the store that changes nothing
    assert_int_equal(h->watch.n, 3);
}

TEST(registers_on_the_bus_can_be_polled) {
    LOAD_CODE(t, 0, LUI(A1, REG >> 12), LW(A0, REG & 0xfff, A1), BEQ(A0, ZERO, -4), NOP);
    assert_int_equal(hart_run(h, 64), HART_PARKED);
    assert_true(hart_watches(h, REG, 4));
    t->reg = 1;
    t->changes++;
    assert_int_equal(hart_run(h, h->clock + 3), HART_SLICE);
    assert_int_equal(h->pc, 16);
}

TEST(a_loop_that_reads_the_clock_is_not_parked) {
    LOAD_CODE(t, 0, LUI(A1, CLOCK >> 12), LW(A0, 0, A1), ADDI(A0, ZERO, 0), JAL(ZERO, -8));
    assert_int_equal(hart_run(h, 10000), HART_SLICE);
}

TEST(a_loop_that_counts_is_not_parked) {
    LOAD_CODE(t, 0x000, ADDI(A0, A0, 1), JAL(ZERO, -4));
    LOAD_CODE(t, 0x100, LW(A0, 0x400, ZERO), ADDI(A0, A0, 1), SW(A0, 0x400, ZERO),
              ADDI(A0, ZERO, 0), JAL(ZERO, -16));
    assert_int_equal(hart_run(h, 10000), HART_SLICE);
    assert_int_equal(h->x[A0], 5000);
    hart_reset(h, 0x100);
    assert_int_equal(hart_run(h, 20000), HART_SLICE);
    assert_int_equal(tile_word(t, 0x400), 2000);
}

TEST(a_loop_that_stores_and_undoes_is_not_parked) {
    LOAD_CODE(t, 0, ADDI(A0, ZERO, 1), SW(A0, 0x400, ZERO), SW(ZERO, 0x400, ZERO), JAL(ZERO, -12));
    assert_int_equal(hart_run(h, 10000), HART_SLICE);
}

TEST(a_loop_over_too_many_words_is_not_parked) {
    // A1 walks over 100 words, then the loop starts again.
    LOAD_CODE(t, 0, ADDI(A1, ZERO, 0x400), ADDI(A2, ZERO, 0x590), LW(A0, 0, A1), ADDI(A1, A1, 4),
              BNE(A1, A2, -8), ADDI(A0, ZERO, 0), JAL(ZERO, -24));
    assert_int_equal(hart_run(h, 100000), HART_SLICE);
    LOAD_CODE(t, 4, ADDI(A2, ZERO, 0x4f0)); // 60 words
    assert_int_equal(hart_run(h, 400000), HART_PARKED);
    assert_int_equal(h->watch.n, 60);
}

// 60 nops and a poll: longer than a slice of 64 with its jump back.
static void load_long_loop(Tile *t) {
    uint32_t a = 0;
    LOAD_CODE(t, a, LW(A0, 0x400, ZERO));
    for (a = 4; a < 100 * 4; a += 4) LOAD_CODE(t, a, NOP);
    LOAD_CODE(t, a, BEQ(A0, ZERO, -400));
}

TEST(a_loop_longer_than_a_slice_parks_while_nothing_changes) {
    load_long_loop(t);
    HartStop stop = HART_SLICE;
    for (int i = 0; i < 100 && stop == HART_SLICE; i++) stop = hart_run(h, h->clock + 64);
    assert_int_equal(stop, HART_PARKED);
    assert_int_equal(h->watch.n, 1);
}

TEST(a_change_between_slices_forgets_the_state) {
    load_long_loop(t);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(hart_run(h, h->clock + 64), HART_SLICE);
        t->changes++;
    }
}

TEST(ones_own_slice_moves_the_counter_only_for_changes) {
    LOAD_CODE(t, 0, ADDI(A0, ZERO, 1), SW(A0, 0x400, ZERO), SW(A0, 0x400, ZERO),
              LUI(A1, LOCAL >> 12), SW(A0, 0, A1), NOP);
    uint64_t before = t->changes;
    hart_run(h, 2);
    assert_int_equal(t->changes, before + 1);
    hart_run(h, 3); // the same value
    hart_run(h, 6); // nobody else's memory
    assert_int_equal(t->changes, before + 1);
}

TEST(a_neighbours_store_to_a_watched_word_ends_its_slice) {
    LOAD_CODE(t, 0x000, LW(A0, 0x400, ZERO), BEQ(A0, ZERO, -4), JAL(ZERO, 0));
    LOAD_CODE(t, 0x100, ADDI(A0, ZERO, 1), SW(A0, 0x404, ZERO), SH(A0, 0x400, ZERO), JAL(ZERO, 0));
    Hart *other = &t->hart[1];
    hart_reset(other, 0x100);
    assert_int_equal(hart_run(h, 64), HART_PARKED);
    assert_int_equal(hart_run(other, 64), HART_YIELD);
    assert_int_equal(other->clock, 3);
    assert_int_equal(t->watched_addr, 0x400);
    hart_run(h, 64);
    assert_int_equal(h->x[A0], 1);
}

TEST(reset_unparks) {
    LOAD_CODE(t, 0, LW(A0, 0x400, ZERO), BEQ(A0, ZERO, -4));
    hart_run(h, 64);
    hart_reset(h, 0);
    uint32_t v = 0;
    assert_int_equal(tile_write(t, 0x400, &v, 4), 0);
    assert_false(hart_watches(h, 0x400, 4));
}

// Faults

static void expect_fault(Hart *h, FaultKind kind, uint32_t pc, uint32_t addr, const char *text) {
    assert_int_equal(hart_run(h, h->clock + 64), HART_FAULT);
    assert_string_equal(h->fault.text, text);
    assert_int_equal(h->fault.kind, kind);
    assert_int_equal(h->fault.pc, pc);
    assert_int_equal(h->fault.addr, addr);
    assert_int_equal(hart_run(h, h->clock + 64), HART_FAULT); // for good
}

TEST(faults_name_the_culprit) {
    LOAD_CODE(t, 0x000, NOP, 0xffffffff);
    expect_fault(h, FAULT_UNDEFINED, 4, 0, "0xffffffff is no instruction of this hart");
    assert_int_equal(h->fault.word, 0xffffffff);
    assert_int_equal(h->clock, 1);

    LOAD_CODE(t, 0x100, LW(A0, 2, ZERO));
    hart_reset(h, 0x100);
    expect_fault(h, FAULT_UNDEFINED, 0x100, 2, "unaligned 4-byte load at 0x00000002");

    LOAD_CODE(t, 0x100, ADDI(A0, ZERO, 77), SH(A0, 1, ZERO));
    hart_reset(h, 0x100);
    expect_fault(h, FAULT_UNDEFINED, 0x104, 1, "unaligned 2-byte store at 0x00000001");
    assert_int_equal(h->fault.value, 77);

    LOAD_CODE(t, 0x100, LUI(A1, REG >> 12), LB(A0, REG & 0xfff, A1));
    hart_reset(h, 0x100);
    expect_fault(h, FAULT_UNDEFINED, 0x104, REG,
                 "1-byte load at 0xffb20008: registers take 4-byte accesses only");

    LOAD_CODE(t, 0x100, LUI(A1, 0x10), AMOADD(A0, A0, A1));
    hart_reset(h, 0x100);
    expect_fault(h, FAULT_UNDEFINED, 0x104, 0x10000,
                 "atomic at 0x00010000: atomics reach memory only");

    LOAD_CODE(t, 0x100, LUI(A1, 0x10), LW(A0, 4, A1));
    hart_reset(h, 0x100);
    expect_fault(h, FAULT_UNMODELLED, 0x104, 0x10004, "register 0x00010004");

    LOAD_CODE(t, 0x100, LUI(A1, 0x10), JALR(RA, 8, A1));
    hart_reset(h, 0x100);
    expect_fault(h, FAULT_UNDEFINED, 0x104, 0x10008, "jump to 0x00010008: no code can be there");

    LOAD_CODE(t, 0x100, JALR(RA, 2, ZERO));
    hart_reset(h, 0x100);
    expect_fault(h, FAULT_UNDEFINED, 0x100, 2, "jump to 0x00000002: not a multiple of 4");

    LOAD_CODE(t, 0x100, LUI(A1, LOCAL >> 12), JALR(RA, 0, A1));
    hart_reset(h, 0x100);
    expect_fault(h, FAULT_UNDEFINED, 0x104, LOCAL, "jump to 0xffb00000: no code can be there");

    LOAD_CODE(t, 0x100, ECALL);
    hart_reset(h, 0x100);
    expect_fault(h, FAULT_UNMODELLED, 0x100, 0, "ecall");
    LOAD_CODE(t, 0x100, EBREAK);
    hart_reset(h, 0x100);
    expect_fault(h, FAULT_UNMODELLED, 0x100, 0, "ebreak: the program gave up here");

    LOAD_CODE(t, L1_SIZE - 4, NOP);
    hart_reset(h, L1_SIZE - 4);
    expect_fault(h, FAULT_UNDEFINED, L1_SIZE, L1_SIZE, "jump to 0x00010000: no code can be there");
}

TEST(a_stack_that_overflows_faults) {
    LOAD_CODE(t, 0, LUI(SP, LOCAL >> 12), ADDI(SP, SP, 256), SW(A0, 0, SP), ADDI(SP, SP, -16),
              SB(A0, 3, SP), ADDI(A1, SP, 0), SW(A0, 0, A1), SW(A0, -4, SP));
    h->stack_limit = LOCAL + 240;
    expect_fault(h, FAULT_UNDEFINED, 28, LOCAL + 236,
                 "stack overflow: store through sp at 0xffb000ec, the stack ends at 0xffb000f0");
}

// Code that changes

TEST(a_hart_sees_the_code_it_stores) {
    // The instruction at 0x10 is overwritten by the one at 0x400 just before it runs.
    LOAD_CODE(t, 0, LW(A0, 0x400, ZERO), ADDI(A1, ZERO, 1), ADDI(A1, ZERO, 2), SW(A0, 0x10, ZERO),
              ADDI(A2, ZERO, 1), NOP);
    LOAD_CODE(t, 0x400, ADDI(A2, ZERO, 99));
    hart_run(h, 6);
    assert_int_equal(h->x[A2], 99);
}

TEST(a_neighbours_code_is_seen_too) {
    LOAD_CODE(t, 0x000, ADDI(A0, A0, 1), JAL(ZERO, -4));
    LOAD_CODE(t, 0x200, LW(A1, 0x400, ZERO), SW(A1, 0, ZERO), JAL(ZERO, 0));
    LOAD_CODE(t, 0x400, ADDI(A0, A0, 100));
    hart_run(h, 10);
    hart_reset(&t->hart[1], 0x200);
    hart_run(&t->hart[1], 10);
    hart_run(h, 12);
    assert_int_equal(h->x[A0], 105);
}

TEST(the_same_bytes_again_decode_nothing) {
    if (h->slow) return;
    const uint32_t code[] = { ADDI(A0, A0, 1), JAL(ZERO, -4) };
    tile_write(t, 0, code, sizeof code);
    hart_run(h, 64);
    size_t lines = code_cache_lines(t->cache);
    assert_int_equal(lines, 1);
    assert_true(tile_write(t, 0, code, sizeof code) & MARK_CODE);
    hart_run(h, 128);
    assert_int_equal(h->x[A0], 64);
    assert_int_equal(code_cache_lines(t->cache), 1);
    tile_write(t, 0x2000, code, sizeof code); // elsewhere, and on another hart
    hart_reset(&t->hart[1], 0x2000);
    hart_run(&t->hart[1], 64);
    assert_int_equal(t->hart[1].x[A0], 32);
    assert_int_equal(code_cache_lines(t->cache), 1);
}

TEST(data_before_code_is_data) {
    if (h->slow) return;
    LOAD_CODE(t, 0x100, ADDI(A0, A0, 1), JAL(ZERO, -4));
    h->pc = 0x100;
    hart_run(h, 64);
    uint32_t word = ADDI(A0, A0, 100);
    assert_int_equal(tile_write(t, 0x80, &word, 4), 0);
    hart_run(h, 128);
    assert_int_equal(code_cache_lines(t->cache), 1);
    hart_reset(h, 0x80); // and now it runs
    hart_run(h, 129);
    assert_int_equal(h->x[A0], 164);
}

static void a_full_cache_still_runs(void **state) {
    (void)state;
    Tile *t = tile_lines(false, 2);
    Hart *h = &t->hart[0];
    for (uint32_t a = 0; a < 0x1000; a += 4)
        LOAD_CODE(t, a, ADDI(A0, A0, 1), ADDI(A1, A1, (int32_t)a >> 2));
    LOAD_CODE(t, 0x1000, JAL(ZERO, -0x1000));
    for (int i = 1; i <= 100; i++) {
        assert_int_equal(hart_run(h, (uint64_t)i * 100), HART_SLICE);
        assert_true(code_cache_lines(t->cache) <= 2);
        if (i % 10 == 0) code_cache_tidy(t->cache);
    }
    Tile *u = tile_lines(true, 2);
    memcpy(u->l1, t->l1, L1_SIZE);
    hart_run(&u->hart[0], 10000);
    assert_memory_equal(u->hart[0].x, h->x, sizeof h->x);
    assert_int_equal(u->hart[0].pc, h->pc);
    tile_free(u);
    tile_free(t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_slice_ends_at_its_cycle),
        cmocka_unit_test(code_goes_on_in_the_next_line),
        cmocka_unit_test(x0_stays_zero),
        cmocka_unit_test(an_access_that_waits_is_issued_again),
        cmocka_unit_test(ttinsn_is_pushed_with_back_pressure),
        cmocka_unit_test(csrs_are_read_and_written),
        cmocka_unit_test(callbacks_see_pc_and_clock),
        cmocka_unit_test(a_store_that_yields_ends_the_slice),
        cmocka_unit_test(a_polling_loop_parks_and_wakes),
        cmocka_unit_test(a_woken_hart_that_still_polls_parks_again),
        cmocka_unit_test(a_probe_sees_each_value_and_stops_before_an_effect),
        cmocka_unit_test(a_probe_holds_back_stores_to_registers),
        cmocka_unit_test(a_loop_without_loads_waits_for_nothing),
        cmocka_unit_test(a_loop_with_calls_spills_and_an_inner_loop_parks),
        cmocka_unit_test(registers_on_the_bus_can_be_polled),
        cmocka_unit_test(a_loop_that_reads_the_clock_is_not_parked),
        cmocka_unit_test(a_loop_that_counts_is_not_parked),
        cmocka_unit_test(a_loop_that_stores_and_undoes_is_not_parked),
        cmocka_unit_test(a_loop_over_too_many_words_is_not_parked),
        cmocka_unit_test(a_loop_longer_than_a_slice_parks_while_nothing_changes),
        cmocka_unit_test(a_change_between_slices_forgets_the_state),
        cmocka_unit_test(ones_own_slice_moves_the_counter_only_for_changes),
        cmocka_unit_test(a_neighbours_store_to_a_watched_word_ends_its_slice),
        cmocka_unit_test(reset_unparks),
        cmocka_unit_test(faults_name_the_culprit),
        cmocka_unit_test(a_stack_that_overflows_faults),
        cmocka_unit_test(a_hart_sees_the_code_it_stores),
        cmocka_unit_test(a_neighbours_code_is_seen_too),
        cmocka_unit_test(the_same_bytes_again_decode_nothing),
        cmocka_unit_test(data_before_code_is_data),
        cmocka_unit_test(a_full_cache_still_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
