// The interpreter to compare with: one instruction at a time, decoded anew, nothing kept. It runs
// what the decoded one cannot (a full code cache), the dry run of a polling loop, and everything
// when Hart.slow is set.
#include "riscv/engine.h"

#include <string.h>

// Passes on a reply that ends the instruction; keeps one that says it had an effect.
#define CALL(call)                                                                                 \
    do {                                                                                           \
        BusReply r_ = (call);                                                                      \
        if (r_ >= BUS_WAIT) return r_;                                                             \
        if (r_ > reply) reply = r_;                                                                \
    } while (0)

#define RD         h->x[rd]
#define RS1        h->x[w >> 15 & 31]
#define RS2        h->x[w >> 20 & 31]
#define IMM        imm
#define ZIMM       (w >> 15 & 31)
#define NOT_X0(n)  (RS_FIELD_##n != 0)
#define RS_FIELD_1 (w >> 15 & 31)
#define PC         h->pc
#define NEXT       (h->pc + 4)
#define JUMP(to)                                                                                   \
    do {                                                                                           \
        next = (to);                                                                               \
        CALL(hart_may_run(h, next));                                                               \
        *jumped_back = next <= h->pc;                                                              \
    } while (0)
#define LOAD(at, n)                                                                                \
    __extension__({                                                                                \
        uint32_t v_ = 0;                                                                           \
        CALL(hart_load(h, (at), (n), &v_));                                                        \
        v_;                                                                                        \
    })
#define STORE(at, n, v)                                                                            \
    CALL(RS_FIELD_1 == 2 ? hart_store_sp(h, (at), (n), (v)) : hart_store(h, (at), (n), (v)))
#define AMO(v)                                                                                     \
    do {                                                                                           \
        uint32_t OLD = 0;                                                                          \
        CALL(hart_amo_load(h, RS1, &OLD));                                                         \
        CALL(hart_store(h, RS1, 4, (v)));                                                          \
        RD = OLD;                                                                                  \
    } while (0)
#define CSR(write, v)                                                                              \
    do {                                                                                           \
        uint32_t OLD = 0, old_;                                                                    \
        CALL(hart_csr(h, imm, NULL, &OLD));                                                        \
        uint32_t new_ = (v);                                                                       \
        if (write) CALL(hart_csr(h, imm, &new_, &old_));                                           \
        RD = OLD;                                                                                  \
    } while (0)
#define SYSTEM() CALL(hart_system(h, w))

BusReply step(Hart *h, bool *jumped_back) {
    *jumped_back = false;
    const Space *s = hart_code_space(h, h->pc);
    if (!s) return hart_may_run(h, h->pc);
    uint32_t w, next = h->pc + 4;
    memcpy(&w, s->host + (h->pc - s->base), 4);
    Op op = rv32_decode(code_index(s->code.cache), w);
    if (op == OP_undefined) return hart_undefined(h, w);
    uint32_t rd = w >> 7 & 31 ? w >> 7 & 31 : 32;
    uint32_t imm = op == OP_ttinsn ? 0 : rv32_imm(w, rv32_rows[op].format);
    BusReply reply = BUS_OK;
    switch ((int)op) {
#define INSN(name, extension, pattern, format, ...)                                                \
    case OP_##name: {                                                                              \
        __VA_ARGS__;                                                                               \
    } break;
#include "riscv/rv32.def"
#undef INSN
    case OP_ttinsn: CALL(hart_push(h, rv32_ttinsn(w))); break;
    }
    h->pc = next;
    return reply;
}

HartStop run_slow(Hart *h, uint64_t until) {
    bool shared = false, back;
    HartStop stop = HART_SLICE;
    park_enter(h);
    while (h->clock < until && stop == HART_SLICE) {
        BusReply r = step(h, &back);
        if (r == BUS_WAIT) stop = HART_WAIT;
        if (r == BUS_FAULT) stop = HART_FAULT;
        if (r >= BUS_WAIT) break;
        h->clock++;
        if (r != BUS_OK) h->effect = true;
        if (r > BUS_OWN) shared = true;
        if (r == BUS_YIELD) stop = HART_YIELD;
        if (!back) continue;
        if (h->effect) {
            h->effect = false;
            park_effect(h);
        } else if (park_due(h) && park_check(h, h->pc)) {
            stop = HART_PARKED;
        }
    }
    park_leave(h, shared);
    return stop;
}
