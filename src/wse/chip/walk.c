// Operands of vector operations: where the elements are that a DSD stands for, and the operands of
// @map one element at a time.
#include "wse/chip/vec.h"

static bool unsupported(Chip *c, Pe *p, const char *what) {
    return pe_fault(c, p, "%s is not supported yet", what);
}

// The channel a fabin DSD reads. On WSE-2 the color decides, and naming a queue binds it to the
// color.
static bool input_channel(Chip *c, Pe *p, ObjDsd d, Walk *w) {
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
    if (queue < WSE_QUEUES && p->chans[w->port].cap < input_words[0][queue] + RAMP_WORDS)
        p->chans[w->port].cap = input_words[0][queue] + RAMP_WORDS;
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

bool walk_dsd(Chip *c, Pe *p, Walk *w, ObjDsd d, bool dest, uint16_t index) {
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

// A word for the fabric. Bits 23:22 of a control wavelet are the first command's opcode; without
// switches there is nothing for SWITCH_ADV and SWITCH_RST to do.
bool walk_emit(Chip *c, Pe *p, const Walk *w, uint32_t word) {
    enum { TEARDOWN = 3 };
    if (w->flags & DSD_CONTROL && (word >> 22 & 3) == TEARDOWN)
        return unsupported(c, p, "a control wavelet with the opcode TEARDOWN");
    uint64_t at = c->now + EXECUTE + RAMP_DELAY;
    queue_push(&p->oqs[w->port], at, word, w->color, w->flags & DSD_CONTROL);
    p->oq_live |= (uint8_t)(1u << w->port);
    if (at < p->want) p->want = at;
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
    if (in_memory(w)) walk_advance(w);
    uint32_t extent = (uint32_t)(it[0] >> 48),
             base = in_memory(w) ? w->addr : (uint32_t)(it[0] >> 32) & 0xffff;
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
        if (!walk_emit(c, p, &w, v)) return -1;
    } else if (!pe_store(c, p, w.addr, 8u * w.width, v)) {
        return -1;
    }
    element_moved(it, &w);
    return 1;
}
