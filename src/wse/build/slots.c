// Which slot of a function's frame each virtual register gets: one scan over their live ranges.
#include "wse/build/emit.h"

#include <stdlib.h>

// -------------------------------------------------------------------------------------------------
// What an instruction reads and writes
// -------------------------------------------------------------------------------------------------

typedef void Visit(void *to, int reg, int at);

static void visit_when(const IrWhen *w, Visit *f, void *to, int at) {
    if (w->reg >= 0) f(to, w->reg, at);
}

static void visit_opd(const IrOpd *o, Visit *f, void *to, int at) {
    if (o->kind == OPD_DSD || o->kind == OPD_SCALAR || o->kind == OPD_POINTER) f(to, o->reg, at);
}

static void visit_regs(const IrIns *in, Visit *f, void *to, int at) {
    switch (in->op) {
    case IR_LABEL: return;
    case IR_CONST:
    case IR_ADDR:
    case IR_FUNC:
    case IR_TASK:
    case IR_DSD: f(to, in->a, at); return;
    case IR_CALL:
        for (int i = 0; i < in->x.call->nargs; i++) f(to, in->x.call->args[i], at);
        if (in->x.call->through >= 0) f(to, in->x.call->through, at);
        if (in->x.call->result >= 0) f(to, in->x.call->result, at);
        return;
    case IR_RET:
    case IR_STR:
        if (in->a >= 0) f(to, in->a, at);
        return;
    case IR_VEC: {
        const IrVec *v = in->x.vec;
        f(to, in->a, at);
        visit_opd(&v->dest, f, to, at), visit_opd(&v->src0, f, to, at),
            visit_opd(&v->src1, f, to, at);
        if (v->scalar >= 0) f(to, v->scalar, at);
        if (v->index >= 0) f(to, v->index, at);
        visit_when(&v->done, f, to, at), visit_when(&v->on_control, f, to, at);
        return;
    }
    case IR_LDSR:
        visit_opd(&in->x.ldsr->from, f, to, at);
        visit_when(&in->x.ldsr->done, f, to, at), visit_when(&in->x.ldsr->on_control, f, to, at);
        return;
    }
    for (int k = 0; k < 3; k++)
        if (strchr("wrWRMT", pe_operands((PeOp)in->op)[k]))
            f(to, k == 0 ? in->a : k == 1 ? in->b : in->c, at);
}

// -------------------------------------------------------------------------------------------------
// Live ranges
// -------------------------------------------------------------------------------------------------

typedef struct Range {
    int first, last, reg;
} Range;

static void note_use(void *to, int reg, int at) {
    Range *r = (Range *)to + reg;
    if (r->first < 0) r->first = at;
    r->last = at;
}

static int by_first(const void *a, const void *b) {
    const Range *x = a, *y = b;
    return x->first != y->first ? (x->first < y->first ? -1 : 1) : x->reg - y->reg;
}

typedef struct Loop {
    int from, to;
} Loop;
typedef Vec(Loop) Loops;
static int by_end(const void *a, const void *b) {
    return ((const Loop *)a)->to - ((const Loop *)b)->to;
}

// The loops of a function, inner ones first: a jump back, and the label it goes to.
static void find_loops(const IrFunc *f, Loops *loops) {
    int *label_at = calloc(f->labels.len + 1, sizeof *label_at);
    for (size_t i = 0; i < f->ins.len; i++)
        if (f->ins.data[i].op == IR_LABEL) label_at[f->ins.data[i].a] = (int)i;
    for (size_t i = 0; i < f->ins.len; i++) {
        const IrIns *in = &f->ins.data[i];
        if (in->op >= PE_OPS) continue;
        for (int k = 1; k < 3; k++) {
            char c = pe_operands((PeOp)in->op)[k];
            int target = k == 1 ? in->b : in->c;
            if ((c == 'j' || c == 'J') && label_at[target] <= (int)i)
                vec_push(loops, (Loop){ label_at[target], (int)i });
        }
    }
    if (loops->len) qsort(loops->data, loops->len, sizeof(Loop), by_end);
    free(label_at);
}

// From the first to the last mention of each register; what is live when a loop starts and used in
// it lives until the jump back.
static void find_ranges(const IrFunc *f, int nparams, Range *ranges) {
    int nregs = (int)f->regs.len;
    for (int i = 0; i < nregs; i++) ranges[i] = (Range){ -1, -1, i };
    // arguments are there from the start
    for (int i = 0; i < nparams; i++) ranges[i].first = ranges[i].last = 0;
    for (size_t i = 0; i < f->ins.len; i++) visit_regs(&f->ins.data[i], note_use, ranges, (int)i);
    Loops loops = { 0 };
    find_loops(f, &loops);
    for (size_t k = 0; k < loops.len; k++)
        for (int r = 0; r < nregs; r++)
            if (ranges[r].first >= 0 && ranges[r].first < loops.data[k].from &&
                ranges[r].last >= loops.data[k].from && ranges[r].last < loops.data[k].to)
                ranges[r].last = loops.data[k].to;
    vec_free(&loops);
}

// `until` says when each slot is free again.
int slots_allocate(const IrFunc *f, int nparams, int *slot) {
    int nregs = (int)f->regs.len;
    Range *ranges = calloc((size_t)nregs + 1, sizeof *ranges);
    find_ranges(f, nparams, ranges);
    qsort(ranges, (size_t)nregs, sizeof *ranges, by_first);
    Vec(int) until = { 0 };
    for (int i = 0; i < nregs; i++) {
        const Range *r = &ranges[i];
        if (r->first < 0) continue; // never used
        size_t width = f->regs.data[r->reg].width, at = r->reg < nparams ? until.len : 0;
        for (bool fits = false; !fits; at += !fits) {
            fits = true;
            for (size_t k = 0; k < width && fits; k++)
                fits = at + k >= until.len || until.data[at + k] < r->first;
        }
        if (at + width > until.len) vec_resize(&until, at + width);
        for (size_t k = 0; k < width; k++) until.data[at + k] = r->last;
        slot[r->reg] = (int)at;
    }
    int top = (int)until.len;
    vec_free(&until);
    free(ranges);
    return top;
}
