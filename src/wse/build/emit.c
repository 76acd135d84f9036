// From IR to the object: registers, bytecode, the layout of PE memory, tables.
//
// Virtual registers get slots by one scan over their live ranges; call windows lie above all of
// them, so nothing needs to be saved around a call. Data starts at byte 2 (no object has address
// 0), the stack follows it.
#include "wse/build/builtin.h"

#include <stdio.h>
#include <stdlib.h>

// native code: about two words an instruction
enum { DATA_START = 2, BYTES_PER_INSN = 4, MAX_REGS = 0xfff0 };

static const char *const operands[PE_OPS] = {
#define INSN(name, letters, cost, ...) [PE_##name] = letters,
#include "wse/chip/pe.def"
#undef INSN
};

typedef struct Emit {
    Sema *s;
#define _(name, type) Vec(type) name;
    OBJ_SECTIONS(_)
#undef _
    Map strings_index, routers_index;
    Instance *in;
    ObjInst *inst;
    uint32_t dsds_at, shapes_at, vecs_at, dsrs_at; // where the instance's rows start
} Emit;

static uint32_t string_at(Emit *e, const char *text) {
    uint64_t *slot = map_puts(&e->strings_index, text);
    if (!*slot) {
        *slot = e->strings.len + 1;
        for (const char *p = text;; p++) {
            vec_push(&e->strings, *p);
            if (!*p) break;
        }
    }
    return (uint32_t)*slot - 1;
}

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
        if (strchr("wrWRMT", operands[in->op][k]))
            f(to, k == 0 ? in->a : k == 1 ? in->b : in->c, at);
}

// -------------------------------------------------------------------------------------------------
// Slots
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
            char c = operands[in->op][k];
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

// Slot of every virtual register, and how many slots there are: one scan over the ranges by their
// start. `until` says when each slot is free again.
static int allocate(const IrFunc *f, int nparams, int *slot) {
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

// -------------------------------------------------------------------------------------------------
// Tables of an instance
// -------------------------------------------------------------------------------------------------

// Puts a mem4d's shape into the instance's table.
static void place_shape(Emit *e, DsdVal *d) {
    if (!d->shape) return;
    uint32_t n = (uint32_t)e->shapes.len - e->shapes_at, k = 0;
    while (k < n && memcmp(&e->shapes.data[e->shapes_at + k], d->shape, sizeof(ObjShape))) k++;
    if (k == n) vec_push(&e->shapes, *d->shape);
    d->bits.w[3] = k;
}

// The same for those in a value.
static void place_shapes(Emit *e, const Value *v) {
    const Type *t = v->type;
    if (t->kind == TY_DSD) place_shape(e, v->dsd);
    if (t->kind != TY_ARRAY && t->kind != TY_STRUCT && t->kind != TY_UNION) return;
    if (t->kind == TY_ARRAY && t->elem->kind != TY_DSD && !type_is_aggregate(t->elem)) return;
    for (uint32_t i = 0; i < (v->agg->splat ? 1 : v->agg->n); i++)
        place_shapes(e, &v->agg->items[i]);
}

static uint32_t dsd_row(Emit *e, const Value *v) {
    ObjDsd d;
    place_shape(e, v->dsd);
    value_bytes(e->s, v, (uint8_t *)&d);
    for (uint32_t i = e->dsds_at; i < e->dsds.len; i++)
        if (!memcmp(&e->dsds.data[i], &d, sizeof d)) return i - e->dsds_at;
    vec_push(&e->dsds, d);
    return (uint32_t)e->dsds.len - 1 - e->dsds_at;
}

static uint8_t task_id(Emit *e, Func *f, Span at) {
    if (f->bind) return (uint8_t)f->bind->id.i;
    sema_error(e->s, at.at ? at : span_of(f->node), "task '%s' is bound to no id",
               f->node->fn.name->s);
    if (at.at) diag_note(e->s->c, span_of(f->node), "declared here");
    return 0;
}

static ObjWhen when_row(Emit *e, const IrWhen *w, const int *slot, SrcPos pos) {
    ObjWhen o = { .action = w->action, .target = w->target, .reg = OBJ_NONE16 };
    if (w->reg >= 0)
        o.reg = (uint16_t)slot[w->reg];
    else if (w->task)
        o.id = task_id(e, w->task, (Span){ pos, pos, pos });
    else
        o.id = (uint8_t)w->id;
    return o;
}

static ObjOperand operand_row(Emit *e, const IrOpd *o, const int *slot) {
    ObjOperand r = { .kind = o->kind };
    switch (o->kind) {
    case OPD_DSD:
    case OPD_SCALAR:
    case OPD_POINTER: r.value = (uint16_t)slot[o->reg]; break;
    case OPD_CONST: r.value = (uint16_t)dsd_row(e, &o->v); break;
    case OPD_FIFO: r.value = (uint16_t)o->v.dsd->fifo->number; break;
    case OPD_DSR: r.value = (uint16_t)o->reg; break;
    default: break;
    }
    return r;
}

static uint32_t vec_row(Emit *e, const IrVec *v, const int *slot, SrcPos pos) {
    ObjVec o = { .op = v->op,
                 .flags = v->flags,
                 .ut = v->ut < 0 ? OBJ_NONE8 : (uint8_t)v->ut,
                 .priority = v->priority,
                 .dest = operand_row(e, &v->dest, slot),
                 .src0 = operand_row(e, &v->src0, slot),
                 .src1 = operand_row(e, &v->src1, slot),
                 .index = v->index < 0 ? OBJ_NONE16 : (uint16_t)slot[v->index],
                 .done = when_row(e, &v->done, slot, pos),
                 .on_control = when_row(e, &v->on_control, slot, pos) };
    if (v->scalar >= 0) o.scalar = (ObjOperand){ OPD_SCALAR, (uint16_t)slot[v->scalar] };
    vec_push(&e->vecs, o);
    return (uint32_t)e->vecs.len - 1 - e->vecs_at;
}

static uint32_t ldsr_row(Emit *e, const IrLdsr *l, const int *slot, SrcPos pos) {
    ObjDsrLoad o = { .file = l->file,
                     .number = l->number,
                     .flags = l->flags,
                     .ut = l->ut < 0 ? OBJ_NONE8 : (uint8_t)l->ut,
                     .from = operand_row(e, &l->from, slot),
                     .done = when_row(e, &l->done, slot, pos),
                     .on_control = when_row(e, &l->on_control, slot, pos) };
    vec_push(&e->dsrs, o);
    return (uint32_t)e->dsrs.len - 1 - e->dsrs_at;
}

// -------------------------------------------------------------------------------------------------
// Code
// -------------------------------------------------------------------------------------------------

// field 1: b and c; 2: c
typedef struct Fixup {
    uint32_t at;
    int label, field;
} Fixup;

typedef struct Code {
    Emit *e;
    uint32_t start;
    int top, window; // slots of the frame; registers that calls need above them
    const int *slot;
    Vec(Fixup) fixups;
    SrcPos last_pos; // of the last row of the line table
    const SrcFile *last_file;
    int last_line;
} Code;

static void put(Code *c, uint64_t insn) { vec_push(&c->e->code, insn); }

static void put_const(Code *c, int reg, int64_t v) {
    if (v == (int32_t)v) {
        put(c, pe_insn32(PE_ldi, (unsigned)reg, (uint32_t)v));
    } else {
        put(c, pe_insn32(PE_ldu, (unsigned)reg, (uint32_t)v));
        if ((uint64_t)v >> 32)
            put(c, pe_insn32(PE_ldhi, (unsigned)reg, (uint32_t)((uint64_t)v >> 32)));
    }
}

static void put_call(Code *c, const IrCall *call, const IrFunc *f) {
    int at = c->top, results = call->result >= 0 ? f->regs.data[call->result].width : 0;
    for (int i = 0; i < call->nargs; i++) {
        int w = f->regs.data[call->args[i]].width;
        put(c,
            pe_insn(w == 2 ? PE_mov2 : PE_mov, (unsigned)at, (unsigned)c->slot[call->args[i]], 0));
        at += w;
    }
    int nargs = at - c->top, need = nargs > results ? nargs : results;
    if (need > c->window) c->window = need;
    if (call->through >= 0)
        put(c, pe_insn(PE_calli, (unsigned)c->top, (unsigned)c->slot[call->through],
                       (unsigned)(results << 8 | nargs)));
    else
        put(c, pe_insn32(PE_call, (unsigned)c->top, call->to->index));
    if (results)
        put(c, pe_insn(results == 2 ? PE_mov2 : PE_mov, (unsigned)c->slot[call->result],
                       (unsigned)c->top, 0));
}

static unsigned address_of_ins(const IrIns *in) {
    return (uint16_t)((in->x.global ? in->x.global->addr : 0) + (uint32_t)in->imm);
}

static void put_machine(Code *c, const IrIns *in) {
    const char *letters = operands[in->op];
    int v[3] = { in->a, in->b, in->c };
    bool address = in->op >= PE_ld_i8 && in->op <= PE_st_dsd,
         absolute = in->op >= PE_lda_i8 && in->op <= PE_sta_dsd;
    unsigned field[3] = { 0 };
    for (int k = 0; k < 3; k++) switch (letters[k]) {
        case 'w':
        case 'r':
        case 'W':
        case 'R':
        case 'M':
        case 'T': field[k] = (unsigned)c->slot[v[k]]; break;
        case 'J':
        case 'j':
            vec_push(&c->fixups,
                     (Fixup){ (uint32_t)c->e->code.len, v[k], letters[k] == 'J' ? 1 : 2 });
            break;
        case 'i':
        case 'u':
        case 'q': field[k] = (uint16_t)v[k]; break;
        default: break;
        }
    if (letters[1] == 'j') { // it_end: the target stands in b
        vec_last(&c->fixups).field = 3;
    }
    if (address) field[2] = address_of_ins(in);
    if (absolute) field[1] = address_of_ins(in);
    put(c, pe_insn(in->op, field[0], field[1], field[2]));
}

static void put_ins(Code *c, const IrIns *in, const IrFunc *f) {
    Emit *e = c->e;
    const int *slot = c->slot;
    switch (in->op) {
    case IR_CONST: put_const(c, slot[in->a], in->imm); break;
    case IR_ADDR: put_const(c, slot[in->a], address_of_ins(in)); break;
    case IR_FUNC: put_const(c, slot[in->a], in->x.func->index); break;
    case IR_TASK:
        put_const(c, slot[in->a], task_id(e, in->x.task, (Span){ in->pos, in->pos, in->pos }));
        break;
    case IR_DSD: {
        Value v = { .type = e->s->types.dsd[0], .dsd = in->x.dsd };
        put(c, pe_insn32(PE_dsd_const, (unsigned)slot[in->a], dsd_row(e, &v)));
        break;
    }
    case IR_CALL: put_call(c, in->x.call, f); break;
    case IR_RET: put(c, pe_insn(PE_ret, in->a >= 0 ? (unsigned)slot[in->a] : 0, 0, 0)); break;
    case IR_VEC:
        put(c, pe_insn32(PE_vec, (unsigned)slot[in->a], vec_row(e, in->x.vec, slot, in->pos)));
        break;
    case IR_LDSR: put(c, pe_insn32(PE_ldsr, 0, ldsr_row(e, in->x.ldsr, slot, in->pos))); break;
    case IR_STR:
        put(c, pe_insn32((PeOp)in->b, in->a >= 0 ? (unsigned)slot[in->a] : 0,
                         string_at(e, in->x.str)));
        break;
    default: put_machine(c, in); break;
    }
}

// A jump to what follows anyway.
static bool is_idle(const IrFunc *f, size_t i) {
    const IrIns *in = &f->ins.data[i];
    if (in->op == PE_nop) return true;
    if (in->op != PE_jmp) return false;
    for (size_t k = i + 1; k < f->ins.len; k++) {
        if (f->ins.data[k].op == IR_LABEL) {
            if (f->ins.data[k].a == in->b) return true;
        } else if (f->ins.data[k].op != PE_nop) {
            return false;
        }
    }
    return false;
}

// A row of the line table where a new line begins.
static void note_line(Code *c, SrcPos pos) {
    if (!pos || pos == c->last_pos) return;
    SrcPlace p = source_place(c->e->s->c, pos);
    c->last_pos = pos;
    if (p.file != c->last_file || p.line != c->last_line)
        vec_push(&c->e->lines, (ObjLine){ .at = (uint32_t)c->e->code.len - c->start,
                                          .file = string_at(c->e, source_name(p.file)),
                                          .line = (uint32_t)p.line });
    c->last_file = p.file;
    c->last_line = p.line;
}

static void patch_jumps(Code *c, const uint32_t *label_at, const FuncInst *fi) {
    for (size_t i = 0; i < c->fixups.len; i++) {
        Fixup x = c->fixups.data[i];
        uint64_t to = label_at[x.label], *insn = &c->e->code.data[x.at];
        if (x.field != 1 && to > 0xffff)
            sema_error(c->e->s, span_of(fi->fn->node), "'%s' is too long", fi->name);
        *insn = x.field == 1   ? (*insn & 0xffffffffu) | to << 32
                : x.field == 2 ? (*insn & 0xffffffffffffull) | to << 48
                               : (*insn & ~(0xffffull << 32)) | (to & 0xffff) << 32;
    }
}

static void emit_func(Emit *e, FuncInst *fi) {
    Sema *s = e->s;
    IrFunc *f = &fi->ir;
    int nparams = (int)fi->nparams + (type_is_aggregate(fi->result) && fi->result->size), args = 0;
    for (int i = 0; i < nparams; i++) args += f->regs.data[i].width;
    int *slot = calloc(f->regs.len + 1, sizeof *slot);
    uint32_t *label_at = calloc(f->labels.len + 1, sizeof *label_at);
    Code c = { .e = e, .start = (uint32_t)e->code.len, .slot = slot };
    c.top = allocate(f, nparams, slot);
    uint32_t line_at = (uint32_t)e->lines.len;
    for (size_t i = 0; i < f->ins.len; i++) {
        const IrIns *in = &f->ins.data[i];
        if (in->op == IR_LABEL) {
            label_at[in->a] = (uint32_t)e->code.len - c.start;
        } else if (!is_idle(f, i)) {
            note_line(&c, in->pos);
            put_ins(&c, in, f);
        }
    }
    uint64_t last = e->code.len > c.start ? vec_last(&e->code) & 0xffff : PE_nop;
    if (last != PE_jmp && last != PE_ret && last != PE_trap)
        put(&c, pe_insn32(PE_trap, 0, string_at(e, "ran off the end of a function")));
    patch_jumps(&c, label_at, fi);
    if (c.top + c.window > MAX_REGS)
        sema_error(s, span_of(fi->fn->node), "'%s' needs too many registers", fi->name);
    if (args > 255) sema_error(s, span_of(fi->fn->node), "'%s' has too many parameters", fi->name);
    vec_push(
        &e->funcs,
        (ObjFunc){ .code = c.start,
                   .ncode = (uint32_t)e->code.len - c.start,
                   .regs = (uint16_t)(c.top + c.window + 1),
                   .args = (uint8_t)args,
                   .results = type_is_aggregate(fi->result) ? 0 : (uint8_t)type_regs(fi->result),
                   .frame = (uint16_t)f->frame,
                   .name = string_at(e, fi->name),
                   .line = line_at,
                   .nline = (uint32_t)e->lines.len - line_at });
    vec_free(&c.fixups);
    free(slot);
    free(label_at);
}

// -------------------------------------------------------------------------------------------------
// The stack: the deepest chain of frames
// -------------------------------------------------------------------------------------------------

// 1: on the way, 2: known, 3: recursive
typedef struct Depth {
    uint32_t bytes;
    uint8_t state;
} Depth;

static uint32_t depth_of(Instance *in, Depth *d, uint32_t i, bool *endless) {
    if (d[i].state == 2) return d[i].bytes;
    if (d[i].state == 1) {
        *endless = true;
        return 0;
    }
    d[i].state = 1;
    IrFunc *f = &in->funcs.data[i]->ir;
    uint32_t below = 0;
    for (size_t k = 0; k < f->ins.len; k++) {
        if (f->ins.data[k].op != IR_CALL) continue;
        const IrCall *call = f->ins.data[k].x.call;
        if (call->through >= 0) { // through a pointer: anything but this chain
            for (uint32_t j = 0; j < in->funcs.len; j++)
                if (d[j].state != 1) {
                    uint32_t b = depth_of(in, d, j, endless);
                    if (b > below) below = b;
                }
            continue;
        }
        uint32_t b = depth_of(in, d, call->to->index, endless);
        if (b > below) below = b;
    }
    d[i].bytes = below + f->frame;
    d[i].state = 2;
    return d[i].bytes;
}

// -------------------------------------------------------------------------------------------------
// Memory
// -------------------------------------------------------------------------------------------------

static int by_size(const void *a, const void *b) {
    const Global *x = *(Global *const *)a, *y = *(Global *const *)b;
    return x->type->size > y->type->size ? -1 : x->type->size < y->type->size;
}

static void too_large(Emit *e, uint32_t data, uint32_t stack, uint32_t code) {
    Instance *in = e->in;
    sema_error(e->s, in->code->at,
               "'%s' does not fit into the 48 KiB of a PE: %u bytes of data, %u of stack, about %u "
               "of code",
               in->root->unit->file->path, data, stack, code);
    Global **g = calloc(in->globals.len + 1, sizeof *g);
    memcpy(g, in->globals.data, in->globals.len * sizeof *g);
    qsort(g, in->globals.len, sizeof *g, by_size);
    for (size_t i = 0; i < in->globals.len && i < 5; i++)
        diag_note(e->s->c, g[i]->at, "'%s' takes %u bytes", g[i]->name, g[i]->type->size);
    free(g);
}

static uint32_t bytes_of(const Global *g) { return (g->type->size + 1) / 2 * 2; }

// The variables of a section that has an address, one after the other.
static void place_section(Emit *e, const CslSection *section) {
    Instance *in = e->in;
    uint32_t at = section->address;
    for (size_t i = 0; i < in->globals.len; i++) {
        Global *g = in->globals.data[i];
        if (!g->section || strcmp(g->section, section->name) || g->placed) continue;
        at = (at + g->align - 1) / g->align * g->align;
        g->addr = at;
        g->placed = true;
        at += bytes_of(g);
        if (g->addr < DATA_START || at > WSE_RAM)
            sema_error(e->s, g->at, "'%s' at address %u, with %u bytes, lies outside %u to %u",
                       g->name, g->addr, g->type->size, DATA_START, WSE_RAM - 1);
        for (size_t k = 0; k < in->globals.len; k++) {
            const Global *o = in->globals.data[k];
            if (o == g || !o->placed || o->addr >= at || g->addr >= o->addr + bytes_of(o)) continue;
            sema_error(e->s, g->at, "'%s' at address %u overlaps '%s' at %u", g->name, g->addr,
                       o->name, o->addr);
            break;
        }
    }
}

// The first address from `at` on where g is clear of what has been placed.
static uint32_t free_address(const Instance *in, const Global *g, uint32_t at) {
    for (bool moved = true; moved;) {
        moved = false;
        at = (at + g->align - 1) / g->align * g->align;
        for (size_t k = 0; k < in->globals.len; k++) {
            const Global *o = in->globals.data[k];
            if (!o->placed || o->addr >= at + bytes_of(g) || at >= o->addr + bytes_of(o)) continue;
            at = o->addr + bytes_of(o);
            moved = true;
        }
    }
    return at;
}

static uint32_t place_globals(Emit *e) {
    Instance *in = e->in;
    const CslOptions *o = e->s->c->options;
    for (size_t i = 0; i < o->nsections; i++) place_section(e, &o->sections[i]);
    uint32_t at = DATA_START, end = DATA_START;
    // Aligned things first would save padding; declaration order is what a reader of a memory dump
    // expects.
    for (size_t i = 0; i < in->globals.len; i++) {
        Global *g = in->globals.data[i];
        if (g->placed) {
            uint32_t last = g->addr + bytes_of(g);
            if (last > end && last <= WSE_RAM) end = last; // else it has been reported
            continue;
        }
        at = o->nsections ? free_address(in, g, at) : (at + g->align - 1) / g->align * g->align;
        g->addr = at;
        at += bytes_of(g);
        if (at > 1u << 30) break;
    }
    return at > end ? at : end;
}

static void emit_symbols(Emit *e) {
    Instance *in = e->in;
    e->inst->symbols.at = (uint32_t)e->symbols.len;
    for (size_t i = 0; i < in->globals.len; i++) {
        Global *g = in->globals.data[i];
        if (!g->decl) continue;
        vec_push(&e->symbols, (ObjSymbol){ .name = string_at(e, g->name),
                                           .type = string_at(e, g->type->name),
                                           .at = (uint16_t)g->addr,
                                           .flags = (uint16_t)((g->exported ? SYM_EXPORTED : 0) |
                                                               (g->is_const ? SYM_CONST : 0)),
                                           .bytes = g->type->size });
    }
    e->inst->symbols.n = (uint32_t)e->symbols.len - e->inst->symbols.at;
}

static void emit_data(Emit *e, uint32_t end) {
    Instance *in = e->in;
    e->inst->data.at = (uint32_t)e->data.len;
    e->inst->data_at = 0;
    size_t base = e->data.len;
    vec_resize(&e->data, base + end);
    for (size_t i = 0; i < in->globals.len; i++) {
        Global *g = in->globals.data[i];
        if (!g->init.type) continue;
        place_shapes(e, &g->init);
        value_bytes(e->s, &g->init, e->data.data + base + g->addr);
    }
    // what is left is zero anyway
    while (e->data.len > base && !vec_last(&e->data)) e->data.len--;
    e->inst->data.n = (uint32_t)(e->data.len - base);
}

// -------------------------------------------------------------------------------------------------
// Tasks, queues, start state, exports
// -------------------------------------------------------------------------------------------------

static uint8_t task_arg(const Type *t, uint32_t i, uint32_t n, bool control) {
    bool is_signed = t->kind == TY_INT && t->is_signed;
    if (control || n == 2 || t->size <= 2) {
        bool high = i == 1;
        return high        ? is_signed ? ARG_HIGH_I16 : ARG_HIGH_U16
               : is_signed ? ARG_LOW_I16
                           : ARG_LOW_U16;
    }
    return is_signed ? ARG_WORD_I32 : ARG_WORD;
}

static void emit_tasks(Emit *e) {
    Instance *in = e->in;
    e->inst->tasks.at = (uint32_t)e->tasks.len;
    for (TaskBind *b = in->binds; b; b = b->next) {
        if (!b->task->insts.len) continue;
        FuncInst *fi = b->task->insts.data[0];
        bool apart = in->control.set && b->kind == TASK_CONTROL;
        ObjTask t = { .number = (uint8_t)(b->id.i + (apart ? WSE_TASKS : 0)),
                      .kind = (uint8_t)b->kind,
                      .args = (uint8_t)fi->nparams,
                      .func = (uint16_t)fi->index,
                      .name = string_at(e, fi->name) };
        for (uint32_t i = 0; i < fi->nparams && i < 2; i++)
            t.arg[i] = task_arg(fi->params[i], i, fi->nparams, b->kind == TASK_CONTROL);
        vec_push(&e->tasks, t);
    }
    e->inst->tasks.n = (uint32_t)e->tasks.len - e->inst->tasks.at;
}

// A queue's entry points start `stride` after those of the ctrl_table_id before its own.
static uint8_t control_at(const Instance *in, const QueueInit *q) {
    if (!in->control.set || q->output) return 0;
    return (uint8_t)(WSE_TASKS + in->control.stride * q->table);
}

static void emit_start(Emit *e) {
    Instance *in = e->in;
    for (size_t i = 0; i < in->start.len; i++) {
        StartTarget *t = &in->start.data[i];
        Value *v = &t->target;
        unsigned id = v->type->kind == TY_FN ? task_id(e, v->fn, t->at) : (unsigned)v->i;
        if (v->type->kind == TY_UT_ID) {
            if (t->what == 1)
                e->inst->ut_blocked |= 1u << id;
            else
                e->inst->ut_blocked &= ~(1u << id);
        } else if (t->what == 0) {
            e->inst->active |= 1ull << id;
        } else if (t->what == 1) {
            e->inst->blocked |= 1ull << id;
            e->inst->unblocked &= ~(1ull << id);
        } else {
            e->inst->blocked &= ~(1ull << id);
            e->inst->unblocked |= 1ull << id;
        }
    }
    e->inst->queues.at = (uint32_t)e->queues.len;
    for (size_t i = 0; i < in->queues.len; i++) {
        QueueInit *q = &in->queues.data[i];
        vec_push(&e->queues, (ObjQueue){ .output = q->output,
                                         .number = q->number,
                                         .color = q->color,
                                         .priority = q->priority,
                                         .control_at = control_at(in, q) });
    }
    e->inst->queues.n = (uint32_t)e->queues.len - e->inst->queues.at;
}

static void number_fifos(Emit *e) {
    for (size_t i = 0; i < e->in->fifos.len; i++) e->in->fifos.data[i]->number = (uint32_t)i;
}

static uint8_t fifo_task(Emit *e, const Value *v, Span at) {
    if (!v->type) return OBJ_NONE8;
    return v->type->kind == TY_FN ? task_id(e, v->fn, at) : (uint8_t)v->i;
}

static void emit_fifos(Emit *e) {
    Instance *in = e->in;
    e->inst->fifos.at = (uint32_t)e->fifos.len;
    for (size_t i = 0; i < in->fifos.len; i++) {
        Fifo *f = in->fifos.data[i];
        const char *name = f->decl ? arena_printf(e->s->arena, "%s%s", f->decl->mod->prefix,
                                                  f->decl->node->var.name->s)
                                   : "fifo";
        vec_push(&e->fifos, (ObjFifo){ .base = (uint16_t)f->buffer->addr,
                                       .capacity = (uint16_t)f->capacity,
                                       .size = (uint8_t)f->size,
                                       .empty = f->empty,
                                       .full = f->full,
                                       .priority = f->priority,
                                       .simd = f->simd,
                                       .push_task = fifo_task(e, &f->push, f->at),
                                       .pop_task = fifo_task(e, &f->pop, f->at),
                                       .name = string_at(e, name) });
    }
    e->inst->fifos.n = (uint32_t)e->fifos.len - e->inst->fifos.at;
}

// What the host names: a function's index, a variable's address, and for a pointer the address it
// starts with.
static void emit_exports(Emit *e) {
    Instance *in = e->in;
    e->inst->exports.at = (uint32_t)e->exports.len;
    for (size_t i = 0; i < in->exports.len; i++) {
        ExportedSymbol *x = &in->exports.data[i];
        for (size_t k = 0; k < e->s->layout.names.len; k++) {
            ExportedName *n = &e->s->layout.names.data[k];
            if (n->name != x->name) continue;
            uint32_t value = 0;
            if (x->fn.type)
                value = x->fn.fn->insts.len ? x->fn.fn->insts.data[0]->index : 0;
            else if (x->v.type && x->v.type->kind == TY_POINTER)
                value = (uint32_t)value_word(e->s, &x->v);
            else if (x->global)
                value = x->global->addr;
            vec_push(&e->exports, (ObjExport){ .rpc = n->rpc, .value = value });
        }
    }
    e->inst->exports.n = (uint32_t)e->exports.len - e->inst->exports.at;
}

static void emit_instance(Emit *e, Instance *in) {
    Sema *s = e->s;
    s->inst = in;
    in->obj = (uint32_t)e->insts.len;
    ObjInst row = { .name = string_at(e, in->root->unit->file->path) };
    e->in = in;
    e->inst = &row;
    uint32_t data_end = place_globals(e);
    Depth *depth = calloc(in->funcs.len + 1, sizeof *depth);
    bool endless = false;
    uint32_t stack = 0, most = 0;
    for (uint32_t i = 0; i < in->funcs.len; i++) {
        uint32_t b = depth_of(in, depth, i, &endless);
        if (b > stack) stack = b;
        if (in->funcs.data[i]->ir.frame > most) most = in->funcs.data[i]->ir.frame;
    }
    free(depth);
    stack = (stack + 1) / 2 * 2;
    // The address of every register-sized constant is final from here on.
    uint32_t code_at = (uint32_t)e->code.len;
    row.code_bytes = 0;
    e->dsds_at = (uint32_t)e->dsds.len, e->shapes_at = (uint32_t)e->shapes.len;
    e->vecs_at = (uint32_t)e->vecs.len, e->dsrs_at = (uint32_t)e->dsrs.len;
    number_fifos(e);
    emit_fifos(e);
    for (size_t i = 0; i < in->start_loads.len; i++) {
        int none = 0;
        ldsr_row(e, &in->start_loads.data[i], &none, 0);
    }
    row.nstart = (uint32_t)in->start_loads.len;
    row.funcs.at = (uint32_t)e->funcs.len;
    for (size_t i = 0; i < in->funcs.len; i++) emit_func(e, in->funcs.data[i]);
    row.funcs.n = (uint32_t)e->funcs.len - row.funcs.at;
    row.code_bytes = ((uint32_t)e->code.len - code_at) * BYTES_PER_INSN;
    uint32_t limit = row.code_bytes < WSE_RAM ? WSE_RAM - row.code_bytes : 0;
    // recursion takes what is left, within reason
    if (endless && data_end + stack < limit && most) {
        uint32_t left = limit - data_end;
        stack = left < 4096 ? left & ~1u : 4096;
    }
    if (data_end + stack > limit) too_large(e, data_end - DATA_START, stack, row.code_bytes);
    if (!s->c->errors) {
        emit_data(e, data_end);
        emit_symbols(e);
        emit_tasks(e);
        emit_start(e);
        emit_exports(e);
    }
    row.stack = (data_end + 1) / 2 * 2;
    row.stack_bytes = stack;
    row.ram = row.stack + stack;
    row.dsds = (ObjRange){ e->dsds_at, (uint32_t)e->dsds.len - e->dsds_at };
    row.shapes = (ObjRange){ e->shapes_at, (uint32_t)e->shapes.len - e->shapes_at };
    row.vecs = (ObjRange){ e->vecs_at, (uint32_t)e->vecs.len - e->vecs_at };
    row.dsrs = (ObjRange){ e->dsrs_at, (uint32_t)e->dsrs.len - e->dsrs_at };
    row.uses = in->prints ? USES_PRINT : 0;
    vec_push(&e->insts, row);
    s->inst = NULL;
}

// -------------------------------------------------------------------------------------------------
// The program
// -------------------------------------------------------------------------------------------------

// A parameter's name as the first PE program that exports the function has it.
static const char *param_name(const Sema *s, const Name *function, uint32_t k) {
    for (size_t i = 0; i < s->instances.len; i++) {
        const Instance *in = s->instances.data[i];
        for (size_t j = 0; j < in->exports.len; j++) {
            const ExportedSymbol *x = &in->exports.data[j];
            if (x->name == function && x->fn.type)
                return x->fn.fn->node->fn.params.data[k]->param.name->s;
        }
    }
    return arena_printf(s->arena, "arg%u", k);
}

static void emit_rpcs(Emit *e) {
    Layout *l = &e->s->layout;
    for (size_t i = 0; i < l->names.len; i++) {
        ExportedName *n = &l->names.data[i];
        n->rpc = (uint32_t)e->rpcs.len;
        ObjRpc r = { .name = string_at(e, n->name->s),
                     .sym_name = string_at(e, n->name->s),
                     .kind = n->type->kind == TY_FN ? RPC_FUNC : RPC_VAR,
                     .type = string_at(e, n->type->kind == TY_FN ? n->type->result->name
                                                                 : n->type->name),
                     .immutable = !n->mut,
                     .color = OBJ_NONE8 };
        if (n->type->kind == TY_FN) {
            r.immutable = 0;
            r.args.at = (uint32_t)e->rpc_args.len;
            for (uint32_t k = 0; k < n->type->nfields; k++)
                vec_push(&e->rpc_args,
                         (ObjRpcArg){ .name = string_at(e, param_name(e->s, n->name, k)),
                                      .type = string_at(e, n->type->fields[k].type->name) });
            r.args.n = n->type->nfields;
        }
        vec_push(&e->rpcs, r);
    }
}

static uint32_t router_row(Emit *e, const ObjRouter *r) {
    uint64_t *slot = map_put(&e->routers_index, r, sizeof *r);
    if (!*slot) {
        vec_push(&e->routers, *r);
        *slot = e->routers.len;
    }
    return (uint32_t)*slot - 1;
}

// PEs that share instance and router, as rectangles: runs in a row, then equal runs below each
// other.
static void emit_rects(Emit *e) {
    Sema *s = e->s;
    Layout *l = &s->layout;
    Map pairs = { 0 }; // (layout's colors of the PE, instance) -> router row + 1
    Vec(uint32_t) above = { 0 }, here = { 0 };
    for (int y = 0; y < l->h; y++) {
        here.len = 0;
        for (int x = 0; x < l->w;) {
            size_t pe = (size_t)y * (size_t)l->w + (size_t)x;
            Instance *in = l->codes.data[l->code[pe] - 1].inst;
            struct {
                uint16_t colors[WSE_COLORS];
                uint32_t inst;
            } key;
            memset(&key, 0, sizeof key);
            if (l->colors) memcpy(key.colors, l->colors[pe], sizeof key.colors);
            key.inst = in->obj;
            uint64_t *slot = map_put(&pairs, &key, sizeof key);
            if (!*slot) {
                ObjRouter r;
                memset(&r, 0, sizeof r);
                layout_router(s, x, y, in, &l->place, &r);
                *slot = router_row(e, &r) + 1;
            }
            int w = 1;
            while (x + w < l->w && l->code[pe + (size_t)w] == l->code[pe] &&
                   (!l->colors ||
                    !memcmp(l->colors[pe + (size_t)w], l->colors[pe], sizeof key.colors)))
                w++;
            ObjRect r = { .x = (uint16_t)x,
                          .y = (uint16_t)y,
                          .w = (uint16_t)w,
                          .h = 1,
                          .inst = in->obj,
                          .router = (uint32_t)*slot - 1 };
            bool merged = false;
            for (size_t k = 0; k < above.len && !merged; k++) {
                ObjRect *up = &e->rects.data[above.data[k]];
                if (up->x == r.x && up->w == r.w && up->inst == r.inst && up->router == r.router &&
                    up->y + up->h == y) {
                    up->h++;
                    vec_push(&here, above.data[k]);
                    merged = true;
                }
            }
            if (!merged) {
                vec_push(&e->rects, r);
                vec_push(&here, (uint32_t)e->rects.len - 1);
            }
            x += w;
        }
        vec_free(&above);
        above.data = here.data, above.len = here.len, above.cap = here.cap;
        here.data = NULL, here.len = here.cap = 0;
    }
    vec_free(&above);
    vec_free(&here);
    map_free(&pairs);
}

// A section without variables is most likely a slip.
static void check_sections(Sema *s) {
    const CslOptions *o = s->c->options;
    for (size_t i = 0; i < o->nsections; i++) {
        bool used = false;
        for (size_t k = 0; k < s->instances.len; k++) {
            const Instance *in = s->instances.data[k];
            for (size_t j = 0; j < in->globals.len; j++) {
                const char *section = in->globals.data[j]->section;
                used |= section && !strcmp(section, o->sections[i].name);
            }
        }
        if (!used)
            diag_warning(s->c, NOWHERE,
                         "--link-section-start-address-bytes: no variable is in section '%s'",
                         o->sections[i].name);
    }
}

bool emit_program(Sema *s, Program *out) {
    Layout *l = &s->layout;
    const CslOptions *o = s->c->options;
    Emit *e = arena_new(s->arena, Emit);
    e->s = s;
    string_at(e, "");
    emit_rpcs(e);
    for (size_t i = 0; i < s->instances.len; i++) emit_instance(e, s->instances.data[i]);
    if (!s->c->errors) emit_rects(e);
    check_sections(s);
    ObjHead head = { .arch = s->arch,
                     .sdk = o->sdk ? o->sdk : CSL_SDK_1_4,
                     .fabric_w = (uint16_t)l->place.width,
                     .fabric_h = (uint16_t)l->place.height,
                     .offset_x = (uint16_t)l->place.x,
                     .offset_y = (uint16_t)l->place.y,
                     .rect_w = (uint16_t)l->w,
                     .rect_h = (uint16_t)l->h,
                     .channels = (uint16_t)l->place.channels,
                     .memcpy = o->memcpy };
    for (size_t i = 0; i < s->instances.len; i++) {
        head.h2d |= s->instances.data[i]->h2d;
        head.d2h |= s->instances.data[i]->d2h;
    }
    vec_push(&e->head, head);
    map_free(&e->strings_index);
    map_free(&e->routers_index);
    out->memory = calloc(1, sizeof(void *) * 32);
    void **owned = out->memory;
    int k = 0;
#define _(name, type)                                                                              \
    out->object.name = e->name.data;                                                               \
    out->object.n##name = (uint32_t)e->name.len;                                                   \
    owned[k++] = e->name.data;
    OBJ_SECTIONS(_)
#undef _
    return !s->c->errors;
}

void program_free(Program *p) {
    void **owned = p->memory;
    for (int k = 0; owned && k < 32; k++) free(owned[k]);
    free(owned);
    *p = (Program){ 0 };
}
