// Vector operations: operands and their lengths, elements, what a cycle moves, what it costs.
//
// An operation walks its operands element by element, in order: that is its meaning, also where
// operands overlap. Without a fabric or FIFO operand it happens at once and the main thread is busy
// for as long as it would take. With one it is an Op that moves one wavelet a cycle when it is the
// CE's turn, until its elements are done (SDK: DSDs, Microthreads; inventory 4.1-4.4).
#include "wse/chip/machine.h"

#include "wse/chip/numeric.h"

#include <stdio.h>
#include <string.h>

const char *const vec_names[VEC_COUNT] = {
#define _(name, d, s0, s1, w2, w3) #name,
    VEC_OPS(_)
#undef _
};
static const struct {
    uint8_t dest, src0, src1, rate[2]; // bits; elements per cycle on WSE-2 and WSE-3
} facts[VEC_COUNT] = {
#define _(name, d, s0, s1, w2, w3) { d, s0, s1, { w2, w3 } },
    VEC_OPS(_)
#undef _
};

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

// ---- operands ----

static bool unsupported(Chip *c, Pe *p, const char *what) {
    return pe_fault(c, p, "%s is not supported yet", what);
}

// The channel a fabin DSD reads. On WSE-2 the color decides, and naming a queue binds it to the
// color.
static bool input_channel(Chip *c, Pe *p, ObjDsd d, Walk *w) {
    static const uint8_t capacity[WSE_QUEUES] = { 6, 6, 4, 4, 2, 2, 2, 2 };
    unsigned queue = dsd_queue(d), color = dsd_color(d);
    if (c->head->arch == WSE3) {
        if (queue >= WSE_QUEUES) return pe_fault(c, p, "a fabin DSD without an input queue");
        w->port = p->plan->chan_queue[queue];
        if (w->port == OBJ_NONE8) return pe_fault(c, p, "input queue %u is not initialized", queue);
        w->color = p->chans[w->port].color;
        return true;
    }
    if (color >= WSE_COLORS && queue < WSE_QUEUES && p->plan->chan_queue[queue] != OBJ_NONE8)
        color = p->chans[p->plan->chan_queue[queue]].color;
    if (color >= WSE_COLORS)
        return pe_fault(c, p, "a fabin DSD with neither a color nor an initialized input queue");
    w->color = (uint8_t)color;
    w->port = p->plan->chan_color[color];
    if (w->port == OBJ_NONE8)
        return pe_fault(c, p, "color %u is not routed to the RAMP here: its words can never arrive",
                        color);
    if (queue < WSE_QUEUES && p->chans[w->port].cap < capacity[queue] + RAMP_WORDS)
        p->chans[w->port].cap = capacity[queue] + RAMP_WORDS;
    return true;
}

static bool output_queue(Chip *c, Pe *p, ObjDsd d, Walk *w) {
    unsigned queue = dsd_queue(d), color = dsd_color(d);
    bool wse2 = c->head->arch == WSE2;
    if (queue == 15 && wse2 && color < WSE_COLORS)
        queue = color / 4; // as colors are wired to queues
    if (queue == 15) return pe_fault(c, p, "a fabout DSD without an output queue");
    w->port = queue < WSE_QUEUES ? p->plan->oq_of[queue] : OBJ_NONE8;
    if (w->port == OBJ_NONE8)
        return wse2 ? pe_fault(c, p, "WSE-2 has no output queue %u", queue)
                    : pe_fault(c, p, "output queue %u is not initialized", queue);
    if (!wse2 || color >= WSE_COLORS) color = p->oqs[w->port].color;
    if (color >= WSE_COLORS) return pe_fault(c, p, "a fabout DSD without a color");
    w->color = (uint8_t)color;
    return true;
}

static uint32_t length_of(unsigned extent) { return extent == OBJ_ENDLESS ? OP_ENDLESS : extent; }

static bool walk_dsd(Chip *c, Pe *p, Walk *w, ObjDsd d, bool dest, uint16_t index) {
    const Plan *plan = p->plan;
    w->flags = d.w[0] & 0xf0;
    if (w->flags & (DSD_ADVANCE_SWITCH | DSD_CONTROL_TRANSFORM))
        return unsupported(c, p,
                           w->flags & DSD_ADVANCE_SWITCH ? "advance_switch" : "control_transform");
    w->zero = d.w[0] >> DSD_ZERO_SHIFT & 3;
    switch (dsd_kind(d)) {
    case DSD_MEM1D:
        w->kind = WALK_MEM;
        w->addr = (uint16_t)(dsd_base(d) + (w->flags & DSD_INDEX_OFFSET ? 2u * index : 0));
        w->step = dsd_stride(d) * w->width;
        w->length = length_of(dsd_extent(d));
        break;
    case DSD_MEM4D:
        if (d.w[3] >= plan->in->shapes.n)
            return pe_fault(c, p, "a mem4d DSD with shape %u of %u: not a DSD value", d.w[3],
                            plan->in->shapes.n);
        w->kind = WALK_MEM4D;
        w->shape = &plan->shapes[d.w[3]];
        w->addr = (uint16_t)(dsd_base(d) + (w->flags & DSD_INDEX_OFFSET ? 2u * index : 0));
        w->length = 1;
        for (int i = 0; i < w->shape->dims; i++) {
            uint64_t n = (uint64_t)w->length * w->shape->extent[i];
            w->length = n > UINT32_MAX / 2 ? UINT32_MAX / 2 : (uint32_t)n;
        }
        break;
    case DSD_CIRCBUF: {
        unsigned elements = d.w[2] & 0xffff, head = d.w[2] >> 16,
                 end = dsd_base(d) + elements * w->width;
        if (head >= elements || end > WSE_RAM)
            return pe_fault(c, p, "a circular buffer of %u elements at 0x%04x", elements,
                            dsd_base(d));
        w->kind = WALK_RING;
        w->done[0] = (uint16_t)dsd_base(d);
        w->done[1] = (uint16_t)end;
        w->addr = (uint16_t)(dsd_base(d) + head * w->width);
        w->length = length_of(dsd_extent(d));
        break;
    }
    case DSD_FABIN:
        if (dest) return pe_fault(c, p, "a fabin DSD as destination");
        w->kind = WALK_IN;
        w->sized = 1;
        w->length = length_of(dsd_extent(d));
        return input_channel(c, p, d, w);
    case DSD_FABOUT:
        if (!dest) return pe_fault(c, p, "a fabout DSD as source");
        w->kind = WALK_OUT;
        w->sized = 1;
        w->length = length_of(dsd_extent(d));
        return output_queue(c, p, d, w);
    case DSD_FIFO:
        if (d.w[3] >= plan->nfifos)
            return pe_fault(c, p, "FIFO %u of %u: not a DSD value", d.w[3], plan->nfifos);
        w->kind = WALK_FIFO;
        w->port = (uint8_t)d.w[3];
        w->length =
            length_of(dest ? p->fifos[w->port].write_length : p->fifos[w->port].read_length);
        if (plan->fifos[w->port].size != w->width)
            return pe_fault(
                c, p, "an operation of %u-bit elements on FIFO '%s' of %u-bit elements: undefined",
                8 * w->width, object_string(c->o, plan->fifos[w->port].name),
                8 * plan->fifos[w->port].size);
        break;
    default: return pe_fault(c, p, "an operand that holds no DSD (kind %u)", dsd_kind(d));
    }
    w->start = w->addr;
    w->sized = w->kind != WALK_FIFO || w->length; // a FIFO whose length was never set has none
    return true;
}

static ObjDsd dsd_of_regs(const uint64_t *r) {
    return (ObjDsd){ { (uint32_t)r[0], (uint32_t)(r[0] >> 32), (uint32_t)r[1],
                       (uint32_t)(r[1] >> 32) } };
}

static bool on_fabric(const Walk *w) { return w->kind == WALK_IN || w->kind == WALK_OUT; }

// A fabric operand in a DSR brings along what its load says about the operation (SDK: DSDs,
// Asynchronous DSD Operations).
static bool dsr_options(Chip *c, Pe *p, Op *op, const Dsr *d, const char *file, unsigned number) {
    if (d->flags & VEC_DSR_ASYNC)
        op->async = 1;
    else if (op->vec->flags & VEC_ASYNC)
        return pe_fault(c, p,
                        "an asynchronous @%s on %s %u, which was loaded without .async: undefined",
                        vec_names[op->vec->op], file, number);
    if (d->done.action && !(op->loaded & 1)) op->done = d->done, op->loaded |= 1;
    if (d->on_control.action && !(op->loaded & 2)) op->on_control = d->on_control, op->loaded |= 2;
    return true;
}

// What an operation itself says about its end holds for its fabric operands that are DSDs.
static bool check_end(Chip *c, Pe *p, const Op *op, const ObjVec *v) {
    bool lacks =
        (v->done.action && !(op->loaded & 1)) || (v->on_control.action && !(op->loaded & 2));
    const Walk *w[3] = { &op->dest, &op->src0, &op->src1 };
    const ObjOperand *o[3] = { &v->dest, &v->src0, &v->src1 };
    bool dsr = false;
    for (int i = 0; i < 3 && lacks; i++) {
        dsr |= on_fabric(w[i]);
        if ((on_fabric(w[i]) && o[i]->kind != OPD_DSR) || w[i]->kind == WALK_FIFO) return true;
    }
    return !lacks || !dsr ||
           pe_fault(c, p,
                    "@%s says what happens at its end, but the load of its DSR does not: undefined",
                    vec_names[v->op]);
}

// An operand of `bits`; op collects what a DSR's load says about the operation.
static bool walk_start(Chip *c, Pe *p, Walk *w, ObjOperand o, unsigned bits, bool dest,
                       const uint64_t *regs, Op *op, ObjDsd *dsd) {
    *w = (Walk){ .width = (uint8_t)(bits / 8), .dsr = OBJ_NONE16 };
    *dsd = (ObjDsd){ { 0 } };
    switch (o.kind) {
    case OPD_NONE: return true;
    case OPD_DSD: *dsd = dsd_of_regs(regs + o.value); break;
    case OPD_CONST: *dsd = p->plan->dsds[o.value]; break;
    case OPD_FIFO: *dsd = dsd_fifo(o.value); break;
    case OPD_SCALAR:
        w->kind = WALK_SCALAR;
        w->scalar = (uint32_t)(bits == 16 ? regs[o.value] & 0xffff : regs[o.value]);
        return true;
    case OPD_POINTER:
        w->kind = WALK_MEM;
        w->addr = w->start = (uint16_t)regs[o.value];
        return true;
    case OPD_DSR: {
        static const char *const file[] = { "dsr_dest", "dsr_src0", "dsr_src1" };
        uint8_t slot = p->plan->dsr_of[o.value >> 8][o.value & 0xff];
        const Dsr *d = slot == OBJ_NONE8 ? NULL : &p->dsrs[slot];
        if (!d || !d->loaded)
            return pe_fault(c, p, "%s %u is used before anything was loaded into it",
                            file[o.value >> 8], o.value & 0xff);
        *dsd = d->dsd;
        if (op->ut == OBJ_NONE8) op->ut = d->ut;
        if (!walk_dsd(c, p, w, *dsd, dest, op->index)) return false;
        if (d->flags & VEC_SAVE_ADDRESS) w->dsr = o.value;
        return !on_fabric(w) || dsr_options(c, p, op, d, file[o.value >> 8], o.value & 0xff);
    }
    }
    if (op->ut == OBJ_NONE8) op->ut = op->vec->ut;
    return walk_dsd(c, p, w, *dsd, dest, op->index);
}

// Two 16-bit values a wavelet: when every fabric operand is 16 bits wide and asks for it. A wavelet
// that carries an index has room for one.
static bool wants_packing(const Pe *p, const Walk *w, ObjDsd d, bool by_default) {
    if (w->kind == WALK_FIFO) return p->plan->fifos[w->port].simd != SIMD_OFF;
    if (!on_fabric(w)) return true;
    if (w->kind == WALK_OUT && w->flags & DSD_INDEX_OFFSET) return false;
    unsigned simd = d.w[0] >> DSD_SIMD_SHIFT & 15;
    return w->width == 2 && (simd == SIMD_DEFAULT ? by_default : simd != SIMD_OFF);
}

// The microthread of an asynchronous operation that was given none.
static unsigned queue_number(const Pe *p, const Walk *w) {
    return w->kind == WALK_OUT ? p->oqs[w->port].number : p->chans[w->port].number;
}
static unsigned default_ut(const Chip *c, const Pe *p, const Op *op, ObjDsd d0, ObjDsd d1) {
    const Walk *first = op->dest.kind == WALK_OUT  ? &op->dest
                        : op->src0.kind == WALK_IN ? &op->src0
                                                   : &op->src1;
    if (!on_fabric(first)) return 7 - op->dest.port % 8u; // FIFO and memory only
    if (first->kind == WALK_OUT || c->head->arch == WSE3) return queue_number(p, first);
    unsigned queue =
        dsd_queue(first == &op->src0 ? d0 : d1); // WSE-2: channels are numbered by color
    return queue < WSE_QUEUES ? queue : first->color / 4u;
}

// The class of an operation's priority: WSE-2 states it with the operation or, for its input queue,
// in @initialize_queue; WSE-3 in the first fabric DSD or FIFO that has one. Low if nothing does.
static unsigned stated_priority(const Pe *p, const Walk *w, ObjDsd d) {
    if (w->kind == WALK_FIFO) return p->plan->fifos[w->port].priority;
    unsigned stated = d.w[0] >> DSD_PRIORITY_SHIFT & 3;
    if (!stated && w->kind == WALK_IN && dsd_queue(d) < WSE_QUEUES)
        stated = p->plan->priority[dsd_queue(d)];
    return stated;
}
static uint64_t turn_class(const Pe *p, const Op *op, ObjDsd dd, ObjDsd d0, ObjDsd d1) {
    static const uint8_t of[4] = { TURN_LOW, TURN_LOW, TURN_MEDIUM, TURN_HIGH };
    unsigned stated = op->vec->priority;
    if (!op->async) return (uint64_t)TURN_MAIN << TURN_SHIFT;
    if (!stated) stated = stated_priority(p, &op->dest, dd);
    if (!stated) stated = stated_priority(p, &op->src0, d0);
    if (!stated) stated = stated_priority(p, &op->src1, d1);
    return (uint64_t)of[stated] << TURN_SHIFT;
}

// ---- cost of an operation on memory ----

static unsigned stride_limit(const Walk *w, unsigned rate) {
    if (w->kind != WALK_MEM || !w->width) return rate;
    int s = w->step / w->width;
    if (s == 0 || s == 1) return rate;
    switch ((unsigned)s & 7) {
    case 0: return 1;
    case 1:
    case 7:
    case 4: return rate < 2 ? rate : 2;
    }
    return rate;
}

// Cycles for n elements: the appendix's widths, limited by strides and alignment; sources in the
// same banks modulo four take turns (see reference figures in docs/status.md: 0.5, 1 and 2 cycles
// per f32).
static unsigned memory_cycles(const Chip *c, const Op *op, uint32_t n) {
    unsigned rate = facts[op->vec->op].rate[c->head->arch == WSE3];
    const Walk *w[3] = { &op->dest, &op->src0, &op->src1 };
    for (int i = 0; i < 3; i++) {
        rate = stride_limit(w[i], rate);
        if (w[i]->kind == WALK_MEM && w[i]->start % 4 && w[i]->step)
            rate = w[i]->width == 4 ? 1 : rate < 2 ? rate : 2;
    }
    bool both =
        op->src0.kind == WALK_MEM && op->src1.kind == WALK_MEM && op->src0.step && op->src1.step;
    if (both && rate > 1 && op->src0.start % 8 == op->src1.start % 8) return n * op->src1.width / 2;
    return (n + rate - 1) / rate;
}

// ---- elements in memory ----

static bool walk_read(Chip *c, Pe *p, const Walk *w, uint32_t *v) {
    uint64_t x;
    if (!(w->width == 4 ? pe_load(c, p, w->addr, 32, &x) : pe_load(c, p, w->addr, 16, &x)))
        return false;
    *v = (uint32_t)x;
    return true;
}
static void walk_advance(Walk *w) {
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

static void save_address(Pe *p, const Walk *w) {
    if (w->dsr == OBJ_NONE16) return;
    Dsr *d = &p->dsrs[p->plan->dsr_of[w->dsr >> 8][w->dsr & 0xff]];
    if (w->kind == WALK_RING)
        d->dsd.w[2] = (d->dsd.w[2] & 0xffff) | (uint32_t)(w->addr - w->done[0]) / w->width << 16;
    else
        d->dsd.w[1] = (d->dsd.w[1] & 0xffff0000u) | w->addr;
}
static void save_addresses(Pe *p, const Op *op) {
    save_address(p, &op->dest);
    save_address(p, &op->src0);
    save_address(p, &op->src1);
}

// ---- .zero of a fabout: the memory of a source is cleared when the operation has ended ----

static bool in_memory(const Walk *w) {
    return w->kind == WALK_MEM || w->kind == WALK_MEM4D || w->kind == WALK_RING;
}
static const Walk *zeroed(const Op *op) { return op->dest.zero == 1 ? &op->src0 : &op->src1; }

static bool check_zero(Chip *c, Pe *p, const Op *op) {
    return !op->dest.zero || in_memory(zeroed(op)) ||
           pe_fault(c, p, "@%s has no memory as %s source, which its fabout DSD clears: undefined",
                    vec_names[op->vec->op], op->dest.zero == 1 ? "first" : "second");
}

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

// ---- start ----

static bool resolve(ObjWhen *w, const uint64_t *regs) {
    if (w->reg != OBJ_NONE16 && (w->action == ACT_ACTIVATE || w->action == ACT_UNBLOCK)) {
        if (regs[w->reg] >= WSE_TASKS) return false;
        w->id = (uint8_t)regs[w->reg];
    }
    w->reg = OBJ_NONE16;
    return true;
}

// Fills op from v; false after a fault.
static bool op_make(Chip *c, Pe *p, Op *op, const ObjVec *v, const uint64_t *regs) {
    *op = (Op){ .vec = v,
                .ut = OBJ_NONE8,
                .done = v->done,
                .on_control = v->on_control,
                .async = v->flags & VEC_ASYNC };
    if (v->op == VEC_addc16)
        return pe_fault(c, p,
                        "@addc16 is not modelled: where its carry comes from is not documented");
    if (!resolve(&op->done, regs) || !resolve(&op->on_control, regs))
        return pe_fault(c, p, "@%s activates or unblocks a task id out of range", vec_names[v->op]);
    if (v->index != OBJ_NONE16) op->index = (uint16_t)regs[v->index];
    if (v->scalar.kind) op->mul = (uint32_t)regs[v->scalar.value];
    ObjDsd dd, d0, d1;
    if (!walk_start(c, p, &op->dest, v->dest, facts[v->op].dest, true, regs, op, &dd) ||
        !walk_start(c, p, &op->src0, v->src0, facts[v->op].src0, false, regs, op, &d0) ||
        !walk_start(c, p, &op->src1, v->src1, facts[v->op].src1, false, regs, op, &d1))
        return false;
    if (!check_end(c, p, op, v) || !check_zero(c, p, op)) return false;
    if (op->src0.kind == WALK_FIFO)
        return pe_fault(c, p, "@%s has a FIFO as the first of two sources", vec_names[v->op]);
    // A FIFO that ends the operation early leaves what a pointer points to unchanged.
    if (v->dest.kind == OPD_POINTER && op->src1.kind == WALK_FIFO) op->dest.kind = WALK_HELD;
    // The manual is silent when extents differ; published programs need this order (inventory 4.1).
    op->left = op->src0.sized   ? op->src0.length
               : op->src1.sized ? op->src1.length
               : op->dest.sized ? op->dest.length
                                : 1;
    op->total = op->left;
    if (op->src0.kind == WALK_IN && op->src1.kind == WALK_IN &&
        (c->head->arch == WSE3 || op->src0.port == op->src1.port))
        return pe_fault(c, p, "@%s reads two fabric inputs%s", vec_names[v->op],
                        c->head->arch == WSE3 ? ", which WSE-3 cannot" : " of one color");
    bool def = v->flags & VEC_PACKED;
    op->packed = (on_fabric(&op->dest) || on_fabric(&op->src0) || on_fabric(&op->src1)) &&
                 wants_packing(p, &op->dest, dd, def) && wants_packing(p, &op->src0, d0, def) &&
                 wants_packing(p, &op->src1, d1, def);
    op->turn = turn_class(p, op, dd, d0, d1);
    if (op->async && op->ut == OBJ_NONE8) op->ut = (uint8_t)default_ut(c, p, op, d0, d1);
    return true;
}

static void note_place(Pe *p, Op *op) {
    op->func = p->frames[p->depth - 1].func;
    op->at = p->frames[p->depth - 1].at;
}

int vec_start(Chip *c, Pe *p, const ObjVec *v, const uint64_t *regs, unsigned *cycles,
              bool *result) {
    Op made, *op = &made;
    if (!op_make(c, p, op, v, regs)) return -1;
    *result = true;
    bool waits = on_fabric(&op->dest) || on_fabric(&op->src0) || on_fabric(&op->src1) ||
                 op->dest.kind == WALK_FIFO || op->src1.kind == WALK_FIFO;
    if (!waits) {
        if (op->async)
            return pe_fault(c, p, "an asynchronous @%s without a fabric or FIFO operand",
                            vec_names[v->op]),
                   -1;
        if (op->left == OP_ENDLESS)
            return pe_fault(c, p,
                            "an endless @%s (extent 0x7fff) without a fabric operand never ends",
                            vec_names[v->op]),
                   -1;
        *cycles = VECTOR_START + memory_cycles(c, op, op->left);
        c->elements += op->left;
        if (op->left && ((v->flags & VEC_ACCUMULATE) || !elements_plain(p, op, op->left)) &&
            !elements(c, p, op, op->left, NULL, NULL))
            return -1;
        save_addresses(p, op);
        return 0;
    }
    if (*cycles) return 3; // happens at its own cycle
    *cycles = VECTOR_START;
    unsigned slot = op->async ? op->ut : MAIN_OP;
    if (op->async && p->op_live >> slot & 1) {
        p->wait = (uint8_t)slot;
        return 2;
    }
    if (!op->left) {
        save_addresses(p, op);
        return op->async && !task_when(c, p, &op->done, c->now) ? -1 : 0;
    }
    op->seq = ++p->op_seq;
    op->began = c->now + VECTOR_START;
    note_place(p, op);
    p->ops[slot] = *op;
    if (op->async) p->op_live |= (uint8_t)(1u << slot);
    return op->async ? 0 : 1;
}

// ---- progress ----

static void op_end(Chip *c, Pe *p, Op *op, unsigned slot, bool result, const ObjWhen *when) {
    save_addresses(p, op);
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

// A word for the fabric. Bits 23:22 of a control wavelet are the first command's opcode; without
// switches there is nothing for SWITCH_ADV and SWITCH_RST to do.
static bool emit(Chip *c, Pe *p, Queue *q, const Walk *w, uint32_t word) {
    enum { TEARDOWN = 3 };
    if (w->flags & DSD_CONTROL && (word >> 22 & 3) == TEARDOWN)
        return unsupported(c, p, "a control wavelet with the opcode TEARDOWN");
    uint64_t at = c->now + EXECUTE + RAMP_DELAY;
    queue_push(q, at, word, w->color, w->flags & DSD_CONTROL);
    p->oq_live |= (uint8_t)(1u << w->port);
    if (at < p->want) p->want = at;
    return true;
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
        Queue *q = &p->oqs[op->dest.port];
        if (op->dest.flags & DSD_INDEX_OFFSET) out = (out & 0xffff) | (uint32_t)op->index << 16;
        if (!emit(c, p, q, &op->dest, out)) return;
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

// ---- DSRs ----

bool vec_load_dsr(Chip *c, Pe *p, const ObjDsrLoad *l, const uint64_t *regs) {
    Dsr *d = &p->dsrs[p->plan->dsr_of[l->file][l->number]];
    *d = (Dsr){
        .done = l->done, .on_control = l->on_control, .flags = l->flags, .ut = l->ut, .loaded = 1
    };
    d->dsd = l->from.kind == OPD_CONST ? p->plan->dsds[l->from.value]
                                       : dsd_of_regs(regs + l->from.value);
    if (!resolve(&d->done, regs) || !resolve(&d->on_control, regs))
        return pe_fault(c, p, "@load_to_dsr with a task id out of range");
    return true;
}

// ---- one element at a time, for @map ----
//
// An iterator is the DSD value, whose base and extent move along, a register with the four loop
// counters of a mem4d and one with its elements left.

static bool element_walk(Chip *c, Pe *p, const uint64_t *it, bool dest, unsigned width, Walk *w) {
    *w = (Walk){ .width = (uint8_t)width, .dsr = OBJ_NONE16 };
    if (!walk_dsd(c, p, w, dsd_of_regs(it), dest, 0)) return false;
    if (w->kind == WALK_FIFO) return pe_fault(c, p, "a FIFO as operand of @map");
    if (w->kind == WALK_RING) return unsupported(c, p, "a circular buffer as operand of @map");
    for (int i = 0; i < 4; i++) w->done[i] = (uint16_t)(it[2] >> 16 * i);
    return true;
}

bool vec_element_end(const Pe *p, const uint64_t *it) {
    ObjDsd d = dsd_of_regs(it);
    if (dsd_kind(d) != DSD_MEM4D) return !dsd_extent(d);
    uint64_t total = 1;
    if (d.w[3] >= p->plan->in->shapes.n) return true;
    const ObjShape *s = &p->plan->shapes[d.w[3]];
    for (int i = 0; i < s->dims; i++) total *= s->extent[i];
    return it[3] >= total;
}

static void element_moved(uint64_t *it, Walk *w) {
    if (w->kind == WALK_MEM || w->kind == WALK_MEM4D) walk_advance(w);
    uint32_t extent = (uint32_t)(it[0] >> 48), base = w->kind == WALK_MEM || w->kind == WALK_MEM4D
                                                          ? w->addr
                                                          : (uint32_t)(it[0] >> 32) & 0xffff;
    if (w->kind != WALK_MEM4D && extent != OBJ_ENDLESS && extent) extent--;
    it[0] = (it[0] & 0xffffffffu) | (uint64_t)base << 32 | (uint64_t)extent << 48;
    it[2] = 0;
    for (int i = 0; i < 4; i++) it[2] |= (uint64_t)w->done[i] << 16 * i;
    it[3]++;
}

int vec_element_read(Chip *c, Pe *p, uint64_t *it, ObjElement kind, uint64_t *value) {
    Walk w;
    uint32_t v = 0;
    if (!element_walk(c, p, it, false, kind <= ELEM_U16 ? 2 : 4, &w)) return -1;
    if (w.kind == WALK_IN) {
        Queue *q = &p->chans[w.port];
        Flit *f = queue_head(q);
        if (!q->count || f->at > c->now || f->control) {
            if (q->count && f->at > c->now && f->at < p->want) p->want = f->at;
            return 0;
        }
        v = f->data;
        channel_pop(c, p, w.port);
    } else if (!walk_read(c, p, &w, &v)) {
        return -1;
    }
    element_moved(it, &w);
    switch (kind) {
    case ELEM_I16: *value = (uint64_t)(int16_t)v; break;
    case ELEM_U16: *value = (uint16_t)v; break;
    case ELEM_I32: *value = (uint64_t)(int32_t)v; break;
    default: *value = v;
    }
    return 1;
}

int vec_element_write(Chip *c, Pe *p, uint64_t *it, ObjElement kind, uint64_t value) {
    Walk w;
    uint32_t v = kind <= ELEM_U16 ? (uint16_t)value : (uint32_t)value;
    if (!element_walk(c, p, it, true, kind <= ELEM_U16 ? 2 : 4, &w)) return -1;
    if (w.kind == WALK_OUT) {
        Queue *q = &p->oqs[w.port];
        if (q->count >= q->cap) return 0;
        if (!emit(c, p, q, &w, v)) return -1;
    } else if (!pe_store(c, p, w.addr, 8u * w.width, v)) {
        return -1;
    }
    element_moved(it, &w);
    return 1;
}
