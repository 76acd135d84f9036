// The interpreter: threaded dispatch over decoded lines. Each slot holds the label of the code
// that executes it; every meaning in rv32.def becomes one label (some a few, see CodeVariant).
//
// Registers are in the Hart. In host registers: the slot, `left` (cycles until the slice ends),
// what has changed, and `origin`, from which a slot's address gives its pc.
#include "riscv/engine.h"

#include <string.h>

// GCC must not merge the dispatches into one indirect jump: each predicts its own successor.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC optimize("no-gcse", "no-crossjumping")
#endif

typedef uint8_t Unit1;
typedef uint16_t Unit2;
typedef uint32_t Unit4;
enum { LOG_1 = 0, LOG_2 = 1, LOG_4 = 2 };

// What becomes of a row by its format: of a jump within the line, of a store through sp, of
// anything but a jump within the line.
#define FORMAT_B(jump, store, other) jump
#define FORMAT_J(jump, store, other) jump
#define FORMAT_S(jump, store, other) store other
#define FORMAT_1(jump, store, other) other
#define FORMAT_A(jump, store, other) other
#define FORMAT_C(jump, store, other) other
#define FORMAT_F(jump, store, other) other
#define FORMAT_H(jump, store, other) other
#define FORMAT_I(jump, store, other) other
#define FORMAT_K(jump, store, other) other
#define FORMAT_L(jump, store, other) other
#define FORMAT_N(jump, store, other) other
#define FORMAT_R(jump, store, other) other
#define FORMAT_U(jump, store, other) other
#define FORMAT_Z(jump, store, other) other

// A dispatch costs more than most instructions, and is often mispredicted. So what often stands
// first in compiled code, followed by what often follows, is dispatched once: the second label is
// jumped to directly. Counted in tests/isa/programs/mix.c, which bench/rv32.c runs: four in five of
// its instructions that follow in sequence are in such a pair.
#define FIRST_addi ~, 1
#define FIRST_add  ~, 1
#define FIRST_andi ~, 1
#define FIRST_slli ~, 1
#define FIRST_srli ~, 1
#define FIRST_xor  ~, 1
#define FIRST_mul  ~, 1
#define FIRST_lui  ~, 1
#define FIRST_lw   ~, 1
#define FIRST_lh   ~, 1
#define FIRST_lbu  ~, 1
#define FIRST_sw   ~, 1
#define FIRST_beq  ~, 1
#define FIRST_bne  ~, 1
#define SECONDS(_, ...)                                                                            \
    _(op_addi, addi, PLAIN, __VA_ARGS__)                                                           \
    _(op_add, add, PLAIN, __VA_ARGS__)                                                             \
    _(op_andi, andi, PLAIN, __VA_ARGS__)                                                           \
    _(op_slli, slli, PLAIN, __VA_ARGS__)                                                           \
    _(op_srli, srli, PLAIN, __VA_ARGS__)                                                           \
    _(op_xor, xor, PLAIN, __VA_ARGS__)                                                             \
    _(op_mul, mul, PLAIN, __VA_ARGS__)                                                             \
    _(op_lw, lw, PLAIN, __VA_ARGS__)                                                               \
    _(op_lh, lh, PLAIN, __VA_ARGS__)                                                               \
    _(op_lbu, lbu, PLAIN, __VA_ARGS__)                                                             \
    _(op_sw, sw, PLAIN, __VA_ARGS__)                                                               \
    _(sp_sw, sw, THROUGH_SP, __VA_ARGS__)                                                          \
    _(forward_beq, beq, NEAR_FORWARD, __VA_ARGS__)                                                 \
    _(forward_bne, bne, NEAR_FORWARD, __VA_ARGS__)                                                 \
    _(forward_bge, bge, NEAR_FORWARD, __VA_ARGS__)                                                 \
    _(backward_beq, beq, NEAR_BACKWARD, __VA_ARGS__)                                               \
    _(backward_bne, bne, NEAR_BACKWARD, __VA_ARGS__)                                               \
    _(backward_blt, blt, NEAR_BACKWARD, __VA_ARGS__)                                               \
    _(backward_bge, bge, NEAR_BACKWARD, __VA_ARGS__)

// IF_FIRST(name)(code): the code, if FIRST_name is defined.
#define IF_FIRST(name)         GLUE(WHEN_, PROBE(FIRST_##name))
#define PROBE(...)             PROBE_2(__VA_ARGS__, 0, )
#define PROBE_2(first, n, ...) n
#define GLUE(a, b)             GLUE_2(a, b)
#define GLUE_2(a, b)           a##b
#define WHEN_0(...)
#define WHEN_1(...) __VA_ARGS__

#define RD          h->x[slot->rd]
#define RS1         h->x[slot->rs1]
#define RS2         h->x[slot->rs2]
#define IMM         ((uint32_t)slot->imm)
#define ZIMM        ((uint32_t)slot->rs1)
#define NOT_X0(n)   (slot->rs##n != 0)
#define PC          ((uint32_t)(((uintptr_t)slot - origin) >> 2))
#define ORIGIN(p)   ((uintptr_t)slot - ((uintptr_t)(p) << 2))
#define NEXT        (PC + 4)

_Static_assert(sizeof(CodeSlot) == 16, "PC is a slot's distance from the origin, over 4");

#define DISPATCH()                                                                                 \
    do {                                                                                           \
        if (unlikely(--left < 0)) goto slice_over;                                                 \
        goto * slot->run;                                                                          \
    } while (0)
#define FOLLOW()                                                                                   \
    do {                                                                                           \
        slot++;                                                                                    \
        DISPATCH();                                                                                \
    } while (0)
#define FOLLOW_BY(label)                                                                           \
    do {                                                                                           \
        slot++;                                                                                    \
        if (unlikely(--left < 0)) goto slice_over;                                                 \
        goto label;                                                                                \
    } while (0)

// Before anything that looks at the hart: an instruction under way has not used its cycle.
#define SYNC()                                                                                     \
    do {                                                                                           \
        h->pc = PC;                                                                                \
        h->clock = end - (uint64_t)left - 1;                                                       \
    } while (0)

#define CALL(call)                                                                                 \
    do {                                                                                           \
        SYNC();                                                                                    \
        reply = (call);                                                                            \
        if (unlikely(reply >= BUS_WAIT)) goto stop;                                                \
        if (reply == BUS_OK) break;                                                                \
        own = 1;                                                                                   \
        fresh |= reply > BUS_OWN;                                                                  \
        if (unlikely(reply == BUS_YIELD)) { /* the slice ends after this instruction */            \
            end -= (uint64_t)left;                                                                 \
            left = 0;                                                                              \
            yield = true;                                                                          \
        }                                                                                          \
    } while (0)

// A jump to itself or before: is the hart polling?
#define BACKWARD(to)                                                                               \
    do {                                                                                           \
        if (fresh | own) {                                                                         \
            shared |= fresh;                                                                       \
            fresh = own = 0;                                                                       \
            park_effect(h);                                                                        \
        } else if (unlikely(park_due(h))) {                                                        \
            target = (to);                                                                         \
            goto maybe_parked;                                                                     \
        }                                                                                          \
    } while (0)

// Continues at an address in any line. The line is nearly always there.
#define ENTER(to)                                                                                  \
    do {                                                                                           \
        uint32_t off_ = (to)-s0->base, word_ = off_ / 4 % LINE_WORDS;                              \
        if (unlikely(off_ >= s0->code_size || (off_ & 3))) goto enter;                             \
        const CodeEntry *entry_ = &s0->code.entry[off_ >> LINE_BITS];                              \
        if (unlikely(!entry_->line || word_ < entry_->entered)) goto enter;                        \
        slot = &entry_->line->slot[word_];                                                         \
        origin = ORIGIN(to);                                                                       \
        DISPATCH();                                                                                \
    } while (0)

#define JUMP_FAR(to)                                                                               \
    do {                                                                                           \
        target = (to);                                                                             \
        if (target <= PC) BACKWARD(target);                                                        \
        ENTER(target);                                                                             \
    } while (0)

#define INSIDE(off, space, n) (ROTATED(off, LOG_##n) < (space)->limit[LOG_##n])
#define ROTATED(off, k)       ((off) >> (k) | (uint32_t)((uint64_t)(off) << (32 - (k))))
#define READ(p, n)                                                                                 \
    __extension__({                                                                                \
        Unit##n u_;                                                                                \
        memcpy(&u_, (p), n);                                                                       \
        u_;                                                                                        \
    })
#define LOAD(at, n)                                                                                \
    __extension__({                                                                                \
        uint32_t at_ = (at), v_, off_ = at_ - s0->base;                                            \
        if (likely(INSIDE(off_, s0, n))) {                                                         \
            v_ = READ(s0->host + off_, n);                                                         \
        } else {                                                                                   \
            off_ = at_ - s1->base;                                                                 \
            if (likely(INSIDE(off_, s1, n)))                                                       \
                v_ = READ(s1->host + off_, n);                                                     \
            else                                                                                   \
                CALL(hart_load(h, at_, n, &v_));                                                   \
        }                                                                                          \
        v_;                                                                                        \
    })

#define POKE(space, n, changes)                                                                    \
    do {                                                                                           \
        uint8_t *p_ = (space)->host + off_;                                                        \
        Unit##n new_ = (Unit##n)v_, diff_ = (Unit##n)(READ(p_, n) ^ new_);                         \
        memcpy(p_, &new_, n);                                                                      \
        changes |= diff_;                                                                          \
    } while (0)
#define STORE_BY(call, at, n, v)                                                                   \
    do {                                                                                           \
        uint32_t at_ = (at), v_ = (v), off_ = at_ - s0->base;                                      \
        if (likely(INSIDE(off_, s0, n) && !s0->mark[off_ >> GRANULE_BITS])) {                      \
            POKE(s0, n, fresh);                                                                    \
        } else {                                                                                   \
            off_ = at_ - s1->base;                                                                 \
            if (likely(INSIDE(off_, s1, n) && !s1->mark[off_ >> GRANULE_BITS])) {                  \
                POKE(s1, n, own);                                                                  \
            } else {                                                                               \
                CALL(call(h, at_, n, v_));                                                         \
                goto code_changed;                                                                 \
            }                                                                                      \
        }                                                                                          \
    } while (0)
#define STORE(at, n, v) STORE_BY(hart_store, at, n, v)
#define STORE_SP(at, n, v)                                                                         \
    do {                                                                                           \
        uint32_t sp_ = (at);                                                                       \
        if (unlikely(sp_ < h->stack_limit)) CALL(hart_store_sp(h, sp_, n, (v)));                   \
        STORE_BY(hart_store_sp, sp_, n, v);                                                        \
    } while (0)

#define AMO(v)                                                                                     \
    do {                                                                                           \
        uint32_t OLD;                                                                              \
        CALL(hart_amo_load(h, RS1, &OLD));                                                         \
        CALL(hart_store(h, RS1, 4, (v)));                                                          \
        RD = OLD;                                                                                  \
        goto code_changed;                                                                         \
    } while (0)
#define CSR(write, v)                                                                              \
    do {                                                                                           \
        uint32_t OLD, old_;                                                                        \
        CALL(hart_csr(h, IMM, NULL, &OLD));                                                        \
        uint32_t new_ = (v);                                                                       \
        if (write) CALL(hart_csr(h, IMM, &new_, &old_));                                           \
        RD = OLD;                                                                                  \
    } while (0)
#define SYSTEM() CALL(hart_system(h, (uint32_t)slot->rs2 << 20 | 0x73))

enum { // what stands first in a pair
#define INSN(name, ...) IF_FIRST(name)(FIRST_OP_##name, )
#include "riscv/rv32.def"
#undef INSN
    FIRSTS
};
enum { // what follows
#define SECOND(label, op, variant, ...) SECOND_##label,
    SECONDS(SECOND, )
#undef SECOND
        NUM_SECONDS
};

typedef struct Labels {
    const void *one[VARIANTS][OP_LABELS];            // NULL: no such
    const void *pair[VARIANTS][FIRSTS][NUM_SECONDS]; // likewise
} Labels;

// A label: a row's meaning and the dispatch of what follows. Of a pair: a row's meaning, then that
// of `next`, and what follows that.
#define HANDLER(label, ...)                                                                        \
    label : { __VA_ARGS__; }                                                                       \
    FOLLOW();
#define PAIR(next, op, variant, first, ...)                                                        \
    first##_##next : { __VA_ARGS__; }                                                              \
    FOLLOW_BY(next);
#define ONE_LABEL(variant, op, to) .one[variant][op] = &&to,
#define PAIR_LABEL(next, op, variant, first, first_variant, n)                                     \
    .pair[first_variant][n][SECOND_##next] = &&first##_##next,

static HartStop run(Hart *h, uint64_t until, const Labels **labels) {
    static const Labels label = {
#define INSN(name, extension, pattern, format, ...)                                                \
    ONE_LABEL(PLAIN, OP_##name, op_##name)                                                         \
    FORMAT_##format(ONE_LABEL(NEAR_FORWARD, OP_##name, forward_##name)                             \
                        ONE_LABEL(NEAR_BACKWARD, OP_##name, backward_##name),                      \
                    ONE_LABEL(THROUGH_SP, OP_##name, sp_##name), )                                 \
        IF_FIRST(name)(                                                                            \
            FORMAT_##format(SECONDS(PAIR_LABEL, forward_##name, NEAR_FORWARD, FIRST_OP_##name),    \
                            SECONDS(PAIR_LABEL, sp_##name, THROUGH_SP, FIRST_OP_##name),           \
                            SECONDS(PAIR_LABEL, op_##name, PLAIN, FIRST_OP_##name)))
#include "riscv/rv32.def"
#undef INSN
        ONE_LABEL(PLAIN, OP_ttinsn, op_ttinsn) ONE_LABEL(PLAIN, OP_undefined, op_undefined)
            ONE_LABEL(PLAIN, OP_line_end, op_line_end)
    };
    if (labels) {
        *labels = &label;
        return HART_SLICE;
    }

    static const Space nowhere = { .code = { .epoch = 1 } };
    const Space *const s0 = h->space[0] ? h->space[0] : &nowhere;
    const Space *const s1 = h->space[0] && h->space[1] ? h->space[1] : &nowhere;
    if (h->clock >= until) return HART_SLICE;
    uint64_t end = until;
    int64_t left = (int64_t)(until - h->clock);
    uint32_t target = h->pc;
    // Not zero where something has changed: shared memory and else, since the last backward jump;
    // shared memory before it, in this run.
    uint32_t fresh = 0, own = h->effect, shared = 0;
    const CodeSlot *slot = NULL;
    uintptr_t origin = ORIGIN(target);
    bool yield = false;
    BusReply reply;
    HartStop why;
    park_enter(h);
    if (likely(h->slot_epoch == s0->code.epoch && h->slot_pc == target)) {
        slot = h->slot;
        origin = ORIGIN(target);
        DISPATCH();
    }
    ENTER(target);

#define JUMP(to) JUMP_FAR(to)
#define INSN(name, extension, pattern, format, ...)                                                \
    HANDLER(op_##name, __VA_ARGS__)                                                                \
    IF_FIRST(name)(FORMAT_##format(, , SECONDS(PAIR, op_##name, __VA_ARGS__)))
#include "riscv/rv32.def"
#undef INSN
#undef JUMP

#define HOP() slot = (const CodeSlot *)((const char *)slot + slot->imm)
#define JUMP(to)                                                                                   \
    do {                                                                                           \
        HOP();                                                                                     \
        DISPATCH();                                                                                \
    } while (0)
#define INSN(name, extension, pattern, format, ...)                                                \
    FORMAT_##format(HANDLER(forward_##name, __VA_ARGS__)                                           \
                        IF_FIRST(name)(SECONDS(PAIR, forward_##name, __VA_ARGS__)),                \
                    , )
#include "riscv/rv32.def"
#undef INSN
#undef JUMP

#define JUMP(to)                                                                                   \
    do {                                                                                           \
        HOP();                                                                                     \
        BACKWARD(PC);                                                                              \
        DISPATCH();                                                                                \
    } while (0)
#define INSN(name, extension, pattern, format, ...)                                                \
    FORMAT_##format(HANDLER(backward_##name, __VA_ARGS__), , )
#include "riscv/rv32.def"
#undef INSN
#undef JUMP

#undef STORE
#define STORE(at, n, v) STORE_SP(at, n, v)
#define INSN(name, extension, pattern, format, ...)                                                \
    FORMAT_##format(                                                                               \
        , HANDLER(sp_##name, __VA_ARGS__) IF_FIRST(name)(SECONDS(PAIR, sp_##name, __VA_ARGS__)), )
#include "riscv/rv32.def"
#undef INSN

op_ttinsn:
    CALL(hart_push(h, IMM));
    FOLLOW();

op_undefined:
    SYNC();
    hart_undefined(h, IMM);
    reply = BUS_FAULT;
    goto stop;

op_line_end: // no instruction: the next line's first is
    left++;
    target = PC;
    ENTER(target);

code_changed: // by a store, perhaps that which follows
    slot++;
    target = PC;
    ENTER(target);

enter: // by the slow way. The slot is the jump's, or its pc is `target`
    if (left <= 0 && PC == target) goto no_slot_yet;
    {
        const CodeSlot *to = code_fetch(h, target);
        if (likely(to)) {
            slot = to;
            origin = ORIGIN(target);
            DISPATCH();
        }
    }
    h->clock = end - (uint64_t)left;
    if (hart_code_space(h, target)) goto undecoded;
    if (PC != target) h->clock--; // the jump faults, and has not used its cycle
    h->pc = PC;
    hart_may_run(h, target);
    why = HART_FAULT;
    goto leave;

undecoded: // the cache is full
    h->pc = target;
    h->effect = (fresh | own) != 0;
    park_leave(h, shared | fresh);
    why = run_slow(h, end);
    return yield && why == HART_SLICE ? HART_YIELD : why;

maybe_parked:
    h->clock = end - (uint64_t)left;
    if (!park_check(h, target)) ENTER(target);
    h->pc = target;
    why = HART_PARKED;
    goto leave;

slice_over: // before the slot's instruction
    h->pc = PC;
    h->clock = end;
    if (h->pc - s0->base < s0->code_size) {
        h->slot = slot;
        h->slot_pc = h->pc;
        h->slot_epoch = s0->code.epoch;
    }
    why = yield ? HART_YIELD : HART_SLICE;
    goto leave;

no_slot_yet: // likewise, but its line has not been looked up
    h->pc = target;
    h->clock = end;
    why = yield ? HART_YIELD : HART_SLICE;
    goto leave;

stop:
    why = reply == BUS_WAIT ? HART_WAIT : HART_FAULT;

leave:
    h->effect = (fresh | own) != 0;
    park_leave(h, shared | fresh);
    return why;
}

HartStop hart_run(Hart *h, uint64_t until) {
    if (unlikely(h->stopped)) {
        if (h->fault.kind) return HART_FAULT;
        hart_unpark(h);
    }
    return h->slow ? run_slow(h, until) : run(h, until, NULL);
}

static const Labels *labels(void) {
    const Labels *l;
    run(NULL, 0, &l);
    return l;
}

const void *run_label(unsigned op, CodeVariant variant) { return labels()->one[variant][op]; }

const void *run_pair(unsigned op, CodeVariant variant, unsigned next, CodeVariant next_variant) {
    static const uint8_t first[OP_LABELS] = {
    // 1 + its number, or 0
#define INSN(name, ...) IF_FIRST(name)([OP_##name] = 1 + FIRST_OP_##name, )
#include "riscv/rv32.def"
#undef INSN
    };
    static const struct {
        unsigned op;
        CodeVariant variant;
    } second[NUM_SECONDS] = {
#define SECOND(label, op, variant, ...) { OP_##op, variant },
        SECONDS(SECOND, )
#undef SECOND
    };
    if (!first[op]) return NULL;
    for (int i = 0; i < NUM_SECONDS; i++)
        if (second[i].op == next && second[i].variant == next_variant)
            return labels()->pair[variant][first[op] - 1][i];
    return NULL;
}
