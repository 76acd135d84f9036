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

// Which variants a format has. IF_x_F(code) is code or nothing.
#define IF_JUMP_B(...) __VA_ARGS__
#define IF_JUMP_J(...) __VA_ARGS__
#define IF_JUMP_R(...)
#define IF_JUMP_I(...)
#define IF_JUMP_H(...)
#define IF_JUMP_1(...)
#define IF_JUMP_L(...)
#define IF_JUMP_S(...)
#define IF_JUMP_U(...)
#define IF_JUMP_A(...)
#define IF_JUMP_C(...)
#define IF_JUMP_Z(...)
#define IF_JUMP_F(...)
#define IF_JUMP_N(...)
#define IF_STORE_S(...) __VA_ARGS__
#define IF_STORE_B(...)
#define IF_STORE_J(...)
#define IF_STORE_R(...)
#define IF_STORE_I(...)
#define IF_STORE_H(...)
#define IF_STORE_1(...)
#define IF_STORE_L(...)
#define IF_STORE_U(...)
#define IF_STORE_A(...)
#define IF_STORE_C(...)
#define IF_STORE_Z(...)
#define IF_STORE_F(...)
#define IF_STORE_N(...)

#define RD        h->x[slot->rd]
#define RS1       h->x[slot->rs1]
#define RS2       h->x[slot->rs2]
#define IMM       ((uint32_t)slot->imm)
#define ZIMM      ((uint32_t)slot->rs1)
#define NOT_X0(n) (slot->rs##n != 0)
#define PC        ((uint32_t)(((uintptr_t)slot - origin) >> 2))
#define NEXT      (PC + 4)

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
        effect = 1;                                                                                \
        shared |= reply > BUS_OWN;                                                                 \
        if (unlikely(reply == BUS_YIELD)) { /* the slice ends after this instruction */            \
            end -= (uint64_t)left;                                                                 \
            left = 0;                                                                              \
            yield = true;                                                                          \
        }                                                                                          \
    } while (0)

// A jump to itself or before: is the hart polling?
#define BACKWARD(to)                                                                               \
    do {                                                                                           \
        if (effect) {                                                                              \
            effect = 0;                                                                            \
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
        origin = (uintptr_t)slot - ((uintptr_t)(to) << 2);                                         \
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

#define POKE(space, n, changed)                                                                    \
    do {                                                                                           \
        uint8_t *p_ = (space)->host + off_;                                                        \
        Unit##n new_ = (Unit##n)v_, diff_ = (Unit##n)(READ(p_, n) ^ new_);                         \
        memcpy(p_, &new_, n);                                                                      \
        effect |= diff_;                                                                           \
        changed;                                                                                   \
    } while (0)
#define STORE_BY(call, at, n, v)                                                                   \
    do {                                                                                           \
        uint32_t at_ = (at), v_ = (v), off_ = at_ - s0->base;                                      \
        if (likely(INSIDE(off_, s0, n) && !s0->mark[off_ >> GRANULE_BITS])) {                      \
            POKE(s0, n, shared |= diff_);                                                          \
        } else {                                                                                   \
            off_ = at_ - s1->base;                                                                 \
            if (likely(INSIDE(off_, s1, n) && !s1->mark[off_ >> GRANULE_BITS])) {                  \
                POKE(s1, n, (void)0);                                                              \
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

static HartStop run(Hart *h, uint64_t until, const CodeLabels **labels) {
    static const CodeLabels label = {
        [PLAIN] = {
#define INSN(name, extension, pattern, format, ...) [OP_##name] = &&op_##name,
#include "riscv/rv32.def"
#undef INSN
            [OP_ttinsn] = &&op_ttinsn,
            [OP_undefined] = &&op_undefined,
            [OP_line_end] = &&op_line_end,
        },
        [NEAR_FORWARD] = {
#define INSN(name, extension, pattern, format, ...)                                                \
    IF_JUMP_##format([OP_##name] = &&forward_##name, )
#include "riscv/rv32.def"
#undef INSN
        },
        [NEAR_BACKWARD] = {
#define INSN(name, extension, pattern, format, ...)                                                \
    IF_JUMP_##format([OP_##name] = &&backward_##name, )
#include "riscv/rv32.def"
#undef INSN
        },
        [THROUGH_SP] = {
#define INSN(name, extension, pattern, format, ...) IF_STORE_##format([OP_##name] = &&sp_##name, )
#include "riscv/rv32.def"
#undef INSN
        },
    };
    if (labels) {
        *labels = &label;
        return HART_SLICE;
    }

    static const Space nowhere = { 0 };
    const Space *const s0 = h->space[0] ? h->space[0] : &nowhere;
    const Space *const s1 = h->space[0] && h->space[1] ? h->space[1] : &nowhere;
    if (h->clock >= until) return HART_SLICE;
    uint64_t end = until;
    int64_t left = (int64_t)(until - h->clock);
    uint32_t effect = h->effect, shared = 0, target = h->pc;
    const CodeSlot *slot = NULL;
    uintptr_t origin = -((uintptr_t)target << 2);
    bool yield = false;
    BusReply reply;
    HartStop why;
    park_enter(h);
    ENTER(target);

#define JUMP(to) JUMP_FAR(to)
#define INSN(name, extension, pattern, format, ...)                                                \
    op_##name : { __VA_ARGS__; }                                                                   \
    FOLLOW();
#include "riscv/rv32.def"
#undef INSN
#undef JUMP

#define JUMP(to)                                                                                   \
    do {                                                                                           \
        slot = (const CodeSlot *)((const char *)slot + slot->imm);                                 \
        DISPATCH();                                                                                \
    } while (0)
#define INSN(name, extension, pattern, format, ...)                                                \
    IF_JUMP_##format(forward_##name : { __VA_ARGS__; } FOLLOW();)
#include "riscv/rv32.def"
#undef INSN
#undef JUMP

#define JUMP(to)                                                                                   \
    do {                                                                                           \
        slot = (const CodeSlot *)((const char *)slot + slot->imm);                                 \
        BACKWARD(PC);                                                                              \
        DISPATCH();                                                                                \
    } while (0)
#define INSN(name, extension, pattern, format, ...)                                                \
    IF_JUMP_##format(backward_##name : { __VA_ARGS__; } FOLLOW();)
#include "riscv/rv32.def"
#undef INSN
#undef JUMP

#undef STORE
#define STORE(at, n, v) STORE_SP(at, n, v)
#define INSN(name, extension, pattern, format, ...)                                                \
    IF_STORE_##format(sp_##name : { __VA_ARGS__; } FOLLOW();)
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
    if (left <= 0 && PC == target) goto slice_over;
    {
        const CodeSlot *to = code_fetch(h, target);
        if (likely(to)) {
            slot = to;
            origin = (uintptr_t)slot - ((uintptr_t)target << 2);
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
    h->effect = effect != 0;
    park_leave(h, shared);
    why = run_slow(h, end);
    return yield && why == HART_SLICE ? HART_YIELD : why;

maybe_parked:
    if (!park_check(h, target)) ENTER(target);
    h->pc = target;
    h->clock = end - (uint64_t)left;
    why = HART_PARKED;
    goto leave;

slice_over:
    h->pc = PC;
    h->clock = end;
    why = yield ? HART_YIELD : HART_SLICE;
    goto leave;

stop:
    why = reply == BUS_WAIT ? HART_WAIT : HART_FAULT;

leave:
    h->effect = effect != 0;
    park_leave(h, shared);
    return why;
}

HartStop run_fast(Hart *h, uint64_t until) { return run(h, until, NULL); }

const CodeLabels *run_labels(void) {
    const CodeLabels *labels;
    run(NULL, 0, &labels);
    return labels;
}
