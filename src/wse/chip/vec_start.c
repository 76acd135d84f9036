// An operation on vectors begins: its operands, how many elements, on which microthread, with which
// priority, and what it costs when it happens at once (SDK: DSDs, Microthreads; inventory 4.1-4.4).
#include "wse/chip/vec.h"

static const struct {
    uint8_t dest, src0, src1, rate[2]; // bits; elements per cycle on WSE-2 and WSE-3
} facts[VEC_COUNT] = {
#define _(name, d, s0, s1, w2, w3) { d, s0, s1, { w2, w3 } },
    VEC_OPS(_)
#undef _
};

// ---- operands ----

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

// ---- start ----

static bool resolve(ObjWhen *w, const uint64_t *regs) {
    if (w->reg != OBJ_NONE16 && (w->action == ACT_ACTIVATE || w->action == ACT_UNBLOCK)) {
        if (regs[w->reg] >= WSE_TASKS) return false;
        w->id = (uint8_t)regs[w->reg];
    }
    w->reg = OBJ_NONE16;
    return true;
}

static bool check_zero(Chip *c, Pe *p, const Op *op) {
    return !op->dest.zero || in_memory(zeroed(op)) ||
           pe_fault(c, p, "@%s has no memory as %s source, which its fabout DSD clears: undefined",
                    vec_names[op->vec->op], op->dest.zero == 1 ? "first" : "second");
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
        if (!vec_at_once(c, p, op)) return -1;
        vec_save_addresses(p, op);
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
        vec_save_addresses(p, op);
        return op->async && !task_when(c, p, &op->done, c->now) ? -1 : 0;
    }
    op->seq = ++p->op_seq;
    op->began = c->now + VECTOR_START;
    note_place(p, op);
    p->ops[slot] = *op;
    if (op->async) p->op_live |= (uint8_t)(1u << slot);
    return op->async ? 0 : 1;
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
