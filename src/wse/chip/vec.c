// Vector operations: their elements, what a cycle moves, what they wait for.
//
// An operation walks its operands element by element, in order: that is its meaning, also where
// operands overlap. Without a fabric or FIFO operand it happens at once and the main thread is busy
// for as long as it would take. With one it is an Op that moves one wavelet a cycle when it is the
// CE's turn, until its elements are done (SDK: DSDs, Microthreads; inventory 4.1-4.4).
#include "wse/chip/vec.h"

#include "wse/chip/numeric.h"

#include <stdio.h>
#include <string.h>

// ---- one element ----

static inline __attribute__((always_inline)) uint32_t compute(VecOp op, uint32_t a, uint32_t b,
                                                              uint32_t mul) {
    switch (op) {
    case VEC_add16: return a + b;
    case VEC_sub16: return a - b;
    case VEC_and16: return a & b;
    case VEC_or16: return a | b;
    case VEC_xor16: return a ^ b;
    case VEC_sar16: return (uint32_t)((int16_t)a >> (b > 15 ? 15 : b));
    case VEC_sll16: return b > 15 ? 0 : a << b;
    case VEC_slr16: return b > 15 ? 0 : a >> b;
    case VEC_clz: return b ? (uint32_t)__builtin_clz(b) - 16 : 16;
    case VEC_ctz: return b ? (uint32_t)__builtin_ctz(b) : 16;
    case VEC_popcnt: return (uint32_t)__builtin_popcount(b);
    case VEC_mov16:
    case VEC_mov32:
    case VEC_fmovh:
    case VEC_fmovs: return b;
    case VEC_faddh: return f16_bits(bits_f16(a) + bits_f16(b));
    case VEC_fadds: return f32_bits(bits_f32(a) + bits_f32(b));
    case VEC_faddhs: return f32_bits((float)add_to_odd(bits_f16(a), bits_f32(b)));
    case VEC_fsubh: return f16_bits(bits_f16(a) - bits_f16(b));
    case VEC_fsubs: return f32_bits(bits_f32(a) - bits_f32(b));
    case VEC_fmulh: return f16_bits(bits_f16(a) * bits_f16(b));
    case VEC_fmuls: return f32_bits(bits_f32(a) * bits_f32(b));
    case VEC_fmaxh: return bits_f16(a) > bits_f16(b) || bits_f16(b) != bits_f16(b) ? a : b;
    case VEC_fmaxs: return bits_f32(a) > bits_f32(b) || bits_f32(b) != bits_f32(b) ? a : b;
    case VEC_fabsh: return b & 0x7fff;
    case VEC_fabss: return b & 0x7fffffff;
    case VEC_fnegh: return b ^ 0x8000;
    case VEC_fnegs: return b ^ 0x80000000u;
    case VEC_fh2s: return f32_bits((float)bits_f16(b));
    case VEC_fs2h: return f16_bits(bits_f32(b));
    case VEC_fh2xp16: return (uint32_t)float_to_nearest_i16(bits_f16(b));
    case VEC_fs2xp16: return (uint32_t)float_to_nearest_i16(bits_f32(b));
    case VEC_xp162fh: return f16_bits((int16_t)b);
    case VEC_xp162fs: return f32_bits((int16_t)b);
    case VEC_fmach: return fma_f16(b, mul, a);
    case VEC_fmacs: return f32_bits(fma_f32(bits_f32(b), bits_f32(mul), bits_f32(a)));
    case VEC_fmachs: return f32_bits((float)add_to_odd(bits_f16(b) * bits_f16(mul), bits_f32(a)));
    case VEC_fscaleh: return f16_bits(scale_by(bits_f16(a), (int16_t)b));
    case VEC_fscales: return f32_bits((float)scale_by(bits_f32(a), (int16_t)b));
    case VEC_addc16:
    case VEC_COUNT: break;
    }
    return 0;
}

static uint32_t compute_any(VecOp op, uint32_t a, uint32_t b, uint32_t mul) {
    switch (op) {
#define _(name, d, s0, s1, w2, w3)                                                                 \
    case VEC_##name: return compute(VEC_##name, a, b, mul);
        VEC_OPS(_)
#undef _
    case VEC_COUNT: break;
    }
    return 0;
}

// ---- elements in memory ----

static uint16_t fifo_slot(const Pe *p, unsigned number, unsigned i) {
    const ObjFifo *f = &p->plan->fifos[number];
    return (uint16_t)(f->base + (p->fifos[number].read + i) % f->capacity * f->size);
}
static bool source_element(Chip *c, Pe *p, Walk *w, uint32_t *v) {
    switch ((WalkKind)w->kind) {
    case WALK_SCALAR: *v = w->scalar; return true;
    case WALK_MEM:
    case WALK_MEM4D:
    case WALK_RING:
        if (!walk_read(c, p, w, v)) return false;
        walk_advance(w);
        return true;
    case WALK_FIFO: {
        FifoState *s = &p->fifos[w->port];
        uint64_t x;
        if (!pe_load(c, p, fifo_slot(p, w->port, 0), 8u * w->width, &x)) return false;
        *v = (uint32_t)x;
        s->read = (uint16_t)((s->read + 1) % p->plan->fifos[w->port].capacity);
        s->count--;
        return true;
    }
    default: *v = 0; return true;
    }
}
static bool dest_element(Chip *c, Pe *p, Walk *w, uint32_t v) {
    switch ((WalkKind)w->kind) {
    case WALK_MEM:
    case WALK_MEM4D:
    case WALK_RING:
        if (!pe_store(c, p, w->addr, 8u * w->width, v)) return false;
        walk_advance(w);
        return true;
    case WALK_FIFO:
        if (!pe_store(c, p, fifo_slot(p, w->port, p->fifos[w->port].count), 8u * w->width, v))
            return false;
        p->fifos[w->port].count++;
        return true;
    case WALK_HELD: w->scalar = v; return true;
    default: return true;
    }
}

// The memory of a one-dimensional operand, when all n elements lie in RAM at even addresses; a
// scalar stands in `value`.
static uint8_t *plain(const Pe *p, const Walk *w, uint32_t n, uint32_t *value) {
    if (w->kind == WALK_SCALAR) {
        *value = w->scalar;
        return (uint8_t *)value;
    }
    int64_t last = (int64_t)w->addr + (int64_t)w->step * (int64_t)(n - 1);
    int64_t low = w->step < 0 ? last : w->addr, high = (w->step < 0 ? w->addr : last) + w->width;
    if (w->kind != WALK_MEM || low < 0 || high > p->plan->in->ram || (w->addr & 1)) return NULL;
    return p->ram + w->addr;
}

#define ELEMENTS(name, wd, w0, w1)                                                                 \
    for (uint32_t i = 0; i < n; i++, d += sd, a += s0, b += s1) {                                  \
        uint32_t x = 0, y = 0;                                                                     \
        if (w0) memcpy(&x, a, w0 / 8);                                                             \
        if (w1) memcpy(&y, b, w1 / 8);                                                             \
        uint32_t r = compute(VEC_##name, x, y, op->mul);                                           \
        memcpy(d, &r, wd / 8);                                                                     \
    }                                                                                              \
    break;

// n elements with every operand plain; false when they are not.
static bool elements_plain(Pe *p, Op *op, uint32_t n) {
    uint32_t v0 = 0, v1 = 0;
    uint8_t *d = plain(p, &op->dest, n, &v0), *a = (uint8_t *)&v0, *b = plain(p, &op->src1, n, &v1);
    if (op->src0.kind) a = plain(p, &op->src0, n, &v0);
    if (!d || !a || !b) return false;
    int32_t sd = op->dest.step, s0 = op->src0.step, s1 = op->src1.step;
    switch ((VecOp)op->vec->op) {
#define _(name, wd, w0, w1, r2, r3)                                                                \
    case VEC_##name: ELEMENTS(name, wd, w0, w1)
        VEC_OPS(_)
#undef _
    case VEC_COUNT: break;
    }
    op->dest.addr = (uint16_t)(op->dest.addr + (int64_t)sd * n);
    op->src0.addr = (uint16_t)(op->src0.addr + (int64_t)s0 * n);
    op->src1.addr = (uint16_t)(op->src1.addr + (int64_t)s1 * n);
    return true;
}

// One element after another; `in` holds what came from the fabric, `out` takes what goes there.
static bool elements(Chip *c, Pe *p, Op *op, uint32_t n, const uint32_t in[2], uint32_t *out) {
    bool accumulate = op->vec->flags & VEC_ACCUMULATE;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t a = in ? in[0] >> (op->packed ? 16 * i : 0) : 0,
                 b = in ? in[1] >> (op->packed ? 16 * i : 0) : 0;
        if (op->src0.kind == WALK_IN)
            a = op->src0.width == 2 ? a & 0xffff : a;
        else if (!source_element(c, p, &op->src0, &a))
            return false;
        if (op->src1.kind == WALK_IN)
            b = op->src1.width == 2 ? b & 0xffff : b;
        else if (!source_element(c, p, &op->src1, &b))
            return false;
        uint32_t r = compute_any((VecOp)op->vec->op, a, b, op->mul);
        if (op->dest.width == 2) r &= 0xffff;
        if (accumulate) op->src0.scalar = r;
        if (op->dest.kind == WALK_OUT)
            *out |= r << (op->packed ? 16 * i : 0);
        else if (!dest_element(c, p, &op->dest, r))
            return false;
    }
    return true;
}

bool vec_at_once(Chip *c, Pe *p, Op *op) {
    if (!op->left) return true;
    bool accumulate = op->vec->flags & VEC_ACCUMULATE;
    return (!accumulate && elements_plain(p, op, op->left)) ||
           elements(c, p, op, op->left, NULL, NULL);
}

static void save_address(Pe *p, const Walk *w) {
    if (w->dsr == OBJ_NONE16) return;
    Dsr *d = &p->dsrs[p->plan->dsr_of[w->dsr >> 8][w->dsr & 0xff]];
    if (w->kind == WALK_RING)
        d->dsd.w[2] = (d->dsd.w[2] & 0xffff) | (uint32_t)(w->addr - w->done[0]) / w->width << 16;
    else
        d->dsd.w[1] = (d->dsd.w[1] & 0xffff0000u) | w->addr;
}
void vec_save_addresses(Pe *p, const Op *op) {
    save_address(p, &op->dest);
    save_address(p, &op->src0);
    save_address(p, &op->src1);
}

// ---- progress ----

// The memory that a fabout with .zero has sent.
static bool zero_source(Chip *c, Pe *p, const Op *op) {
    Walk w = *zeroed(op);
    w.addr = w.start;
    if (w.kind == WALK_MEM4D) memset(w.done, 0, sizeof w.done);
    for (uint32_t i = 0; i < op->total; i++) {
        if (!pe_store(c, p, w.addr, 8u * w.width, 0)) return false;
        walk_advance(&w);
    }
    return true;
}

static void op_end(Chip *c, Pe *p, Op *op, unsigned slot, bool result, const ObjWhen *when) {
    vec_save_addresses(p, op);
    if (slot == MAIN_OP) {
        Frame *f = &p->frames[p->depth - 1];
        uint64_t insn = p->plan->code[p->plan->funcs[f->func].code + f->at - 1];
        p->regs[f->base + (insn >> 16 & 0xffff)] = result;
        p->state = MAIN_RUN;
        p->main_at = c->now + 1;
    } else {
        p->op_live &= (uint8_t) ~(1u << slot);
        if (p->state == MAIN_UT && p->wait == slot) {
            p->state = MAIN_RUN;
            p->main_at = c->now + 1;
        }
    }
    task_when(c, p, when, c->now);
}

// Elements that the next step moves.
static uint32_t step_elements(const Op *op) {
    uint32_t n = op->packed ? 2 : 1;
    return op->left == OP_ENDLESS || n < op->left ? n : op->left;
}

// WSE-2: a queue serves one operation until it ends; the one that was issued first.
static bool queue_taken(const Pe *p, const Op *op, const Walk *w) {
    for (unsigned i = 0; i < OPS; i++) {
        if (i == MAIN_OP ? p->state != MAIN_VECTOR : !(p->op_live >> i & 1)) continue;
        const Op *other = &p->ops[i];
        if (other == op || other->seq > op->seq) continue;
        const Walk *o[3] = { &other->dest, &other->src0, &other->src1 };
        for (int k = 0; k < 3; k++)
            if (o[k]->kind == w->kind && o[k]->port == w->port) return true;
    }
    return false;
}

int vec_reader(const Pe *p, unsigned chan) {
    for (unsigned i = 0; i < OPS; i++) {
        if (i == MAIN_OP ? p->state != MAIN_VECTOR : !(p->op_live >> i & 1)) continue;
        const Walk *w[2] = { &p->ops[i].src0, &p->ops[i].src1 };
        for (int k = 0; k < 2; k++)
            if (w[k]->kind == WALK_IN && w[k]->port == chan) return (int)i;
    }
    return -1;
}

static bool input_ready(Chip *c, Pe *p, Op *op, const Walk *w, unsigned slot, bool *ended) {
    Queue *q = &p->chans[w->port];
    if (!q->count) return false;
    Flit *f = queue_head(q);
    if (f->at > c->now) {
        if (f->at < p->want) p->want = f->at;
        return false;
    }
    if (!f->control) return true;
    if (!op->on_control.action) return false; // the control wavelet is a task's
    channel_pop(c, p, w->port);
    const ObjWhen *when = op->on_control.action == ACT_TERMINATE ? &op->done : &op->on_control;
    op_end(c, p, op, slot, true, when);
    *ended = true;
    return false;
}

// A FIFO that is empty or full: does the operation end, wait or fault? True: go on.
static bool fifo_ready(Chip *c, Pe *p, Op *op, const Walk *w, bool dest, uint32_t n, unsigned slot,
                       bool *ended) {
    const ObjFifo *f = &p->plan->fifos[w->port];
    FifoState *s = &p->fifos[w->port];
    if (dest ? f->capacity - s->count >= (int)n : s->count >= n) return true;
    if (n > f->capacity) {
        pe_fault(c, p, "FIFO '%s' holds %u elements, one wavelet carries %u",
                 object_string(c->o, f->name), f->capacity, n);
        return false;
    }
    if (dest)
        s->hit_full = (uint8_t)n;
    else
        s->hit_empty = (uint8_t)n;
    unsigned action = dest ? f->full : f->empty;
    if (action == FIFO_FAULT) {
        pe_fault(c, p, "FIFO '%s' is %s, and its action is .fault", object_string(c->o, f->name),
                 dest ? "full" : "empty");
        return false;
    }
    bool end = action == FIFO_TERMINATE || (action == FIFO_TEST_OR_SUSPEND && slot == MAIN_OP);
    if (!end) return false;
    if (op->left != OP_ENDLESS) {
        uint16_t left = op->left > 0xffff ? 0xffff : (uint16_t)op->left;
        if (dest && w->length) s->write_length = left;
        if (!dest && w->length) s->read_length = left;
    }
    op_end(c, p, op, slot, action == FIFO_TERMINATE, &op->done);
    *ended = true;
    return false;
}

bool vec_ready(Chip *c, Pe *p, Op *op, unsigned slot) {
    if (slot != MAIN_OP && (p->ut_blocked >> slot & 1)) return false;
    if (op->began > c->now) {
        if (op->began < p->want) p->want = op->began;
        return false;
    }
    bool ended = false;
    if (c->head->arch == WSE2 &&
        (p->op_live & (p->op_live - 1) || (p->state == MAIN_VECTOR && p->op_live))) {
        const Walk *w[3] = { &op->dest, &op->src0, &op->src1 };
        for (int i = 0; i < 3; i++)
            if (on_fabric(w[i]) && queue_taken(p, op, w[i])) return false;
    }
    uint32_t n = step_elements(op);
    if (op->dest.kind == WALK_FIFO && !fifo_ready(c, p, op, &op->dest, true, n, slot, &ended))
        return ended;
    if (op->src1.kind == WALK_FIFO && !fifo_ready(c, p, op, &op->src1, false, n, slot, &ended))
        return ended;
    if (op->src0.kind == WALK_IN && !input_ready(c, p, op, &op->src0, slot, &ended)) return ended;
    if (op->src1.kind == WALK_IN && !input_ready(c, p, op, &op->src1, slot, &ended)) return ended;
    if (op->dest.kind == WALK_OUT && p->oqs[op->dest.port].count >= p->oqs[op->dest.port].cap)
        return false;
    return true;
}

// After n elements went through a FIFO: tell a task that waits for the other side.
static void fifo_moved(Chip *c, Pe *p, const Walk *w, bool dest) {
    const ObjFifo *f = &p->plan->fifos[w->port];
    FifoState *s = &p->fifos[w->port];
    if (dest && s->hit_empty && s->count >= s->hit_empty) {
        s->hit_empty = 0;
        if (f->push_task != OBJ_NONE8) task_activate(c, p, f->push_task, c->now);
    }
    if (!dest && s->hit_full && f->capacity - s->count >= s->hit_full) {
        s->hit_full = 0;
        if (f->pop_task != OBJ_NONE8) task_activate(c, p, f->pop_task, c->now);
    }
}

void vec_step(Chip *c, Pe *p, Op *op, unsigned slot) {
    if (slot != MAIN_OP ? !(p->op_live >> slot & 1) : p->state != MAIN_VECTOR)
        return; // ended while it was looked at
    uint32_t n = step_elements(op), in[2] = { 0, 0 }, out = 0;
    if (op->src0.kind == WALK_IN) {
        in[0] = queue_head(&p->chans[op->src0.port])->data;
        channel_pop(c, p, op->src0.port);
    }
    if (op->src1.kind == WALK_IN) {
        in[1] = queue_head(&p->chans[op->src1.port])->data;
        channel_pop(c, p, op->src1.port);
    }
    if (!elements(c, p, op, n, in, &out)) return;
    c->elements += n;
    if (op->dest.kind == WALK_OUT) {
        if (op->dest.flags & DSD_INDEX_OFFSET) out = (out & 0xffff) | (uint32_t)op->index << 16;
        if (!walk_emit(c, p, &op->dest, out)) return;
    }
    if (op->dest.kind == WALK_FIFO) fifo_moved(c, p, &op->dest, true);
    if (op->src1.kind == WALK_FIFO) fifo_moved(c, p, &op->src1, false);
    op->turn = (op->turn >> TURN_SHIFT << TURN_SHIFT) | c->now;
    if (op->left == OP_ENDLESS) return;
    op->left -= n;
    if (op->left) return;
    if (op->dest.kind == WALK_HELD &&
        !pe_store(c, p, op->dest.addr, 8u * op->dest.width, op->dest.scalar))
        return;
    if (op->dest.zero && !zero_source(c, p, op)) return;
    op_end(c, p, op, slot, true, &op->done);
}

const char *vec_waits(Chip *c, Pe *p, Op *op, unsigned slot, char *buf, size_t n) {
    if (slot != MAIN_OP && (p->ut_blocked >> slot & 1)) {
        snprintf(buf, n, "its microthread is blocked");
        return buf;
    }
    const Walk *w[3] = { &op->dest, &op->src0, &op->src1 };
    for (int i = 0; i < 3; i++)
        if (c->head->arch == WSE2 && on_fabric(w[i]) && queue_taken(p, op, w[i])) {
            snprintf(buf, n, "an earlier operation holds its queue of color %u", w[i]->color);
            return buf;
        }
    for (int i = 1; i < 3; i++) {
        if (w[i]->kind != WALK_IN) continue;
        const Queue *q = &p->chans[w[i]->port];
        if (!q->count && c->head->arch == WSE3)
            snprintf(buf, n, "no word on color %u, input queue %u", w[i]->color, q->number);
        else if (!q->count)
            snprintf(buf, n, "no word on color %u", w[i]->color);
        else if (q->slot[q->head].control)
            snprintf(buf, n, "a control wavelet stands at the head of color %u", w[i]->color);
        else
            continue;
        return buf;
    }
    if (op->src1.kind == WALK_FIFO && !p->fifos[op->src1.port].count) {
        snprintf(buf, n, "FIFO '%s' is empty",
                 object_string(c->o, p->plan->fifos[op->src1.port].name));
        return buf;
    }
    if (op->dest.kind == WALK_FIFO) {
        snprintf(buf, n, "FIFO '%s' is full",
                 object_string(c->o, p->plan->fifos[op->dest.port].name));
        return buf;
    }
    if (op->dest.kind == WALK_OUT)
        snprintf(buf, n, "output queue %u is full (color %u)", p->oqs[op->dest.port].number,
                 op->dest.color);
    else
        snprintf(buf, n, "nothing known");
    return buf;
}
