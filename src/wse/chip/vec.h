// What the parts of vector operations share: walk.c finds an operand's elements, vec_start.c makes
// an operation of its operands, vec.c moves its elements.
#ifndef WSE_CHIP_VEC_H
#define WSE_CHIP_VEC_H

#include "wse/chip/machine.h"

// ---- operands (walk.c) ----

static inline ObjDsd dsd_of_regs(const uint64_t *r) {
    return (ObjDsd){ { (uint32_t)r[0], (uint32_t)(r[0] >> 32), (uint32_t)r[1],
                       (uint32_t)(r[1] >> 32) } };
}

static inline bool on_fabric(const Walk *w) { return w->kind == WALK_IN || w->kind == WALK_OUT; }
static inline bool in_memory(const Walk *w) {
    return w->kind == WALK_MEM || w->kind == WALK_MEM4D || w->kind == WALK_RING;
}

// Where the elements of width w->width are that a DSD value stands for; false after a fault.
bool walk_dsd(Chip *c, Pe *p, Walk *w, ObjDsd d, bool dest, uint16_t index);
// Sends a word through the output queue of a walk, which has room; false after a fault.
bool walk_emit(Chip *c, Pe *p, const Walk *w, uint32_t word);

// The element in memory that a walk has come to.
static inline bool walk_read(Chip *c, Pe *p, const Walk *w, uint32_t *v) {
    uint64_t x;
    if (!(w->width == 4 ? pe_load(c, p, w->addr, 32, &x) : pe_load(c, p, w->addr, 16, &x)))
        return false;
    *v = (uint32_t)x;
    return true;
}

// On to the next one.
static inline void walk_advance(Walk *w) {
    if (w->kind == WALK_MEM) {
        w->addr = (uint16_t)(w->addr + w->step);
        return;
    }
    if (w->kind == WALK_RING) {
        w->addr = (uint16_t)(w->addr + w->width);
        if (w->addr == w->done[1]) w->addr = w->done[0];
        return;
    }
    const ObjShape *s = w->shape;
    int d = 0;
    for (; d < s->dims - 1; d++) {
        if (++w->done[d] < s->extent[d]) break;
        w->done[d] = 0;
    }
    w->addr = (uint16_t)(w->addr + s->stride[d] * w->width);
}

// ---- operations ----

// The source that a fabout's .zero clears.
static inline const Walk *zeroed(const Op *op) {
    return op->dest.zero == 1 ? &op->src0 : &op->src1;
}

// All elements of an operation on memory, at once; false after a fault.
bool vec_at_once(Chip *c, Pe *p, Op *op);
// Where the operands of DSRs have come to goes back to those that save it.
void vec_save_addresses(Pe *p, const Op *op);

#endif
