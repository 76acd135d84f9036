// The code of a function: bytecode, its line table, and the rows of the instance's tables that it
// names.
#include "wse/build/emit.h"

#include <stdlib.h>

enum { MAX_REGS = 0xfff0 };

// -------------------------------------------------------------------------------------------------
// Rows
// -------------------------------------------------------------------------------------------------

void emit_shape(Emit *e, DsdVal *d) {
    if (!d->shape) return;
    uint32_t n = (uint32_t)e->shapes.len - e->shapes_at, k = 0;
    while (k < n && memcmp(&e->shapes.data[e->shapes_at + k], d->shape, sizeof(ObjShape))) k++;
    if (k == n) vec_push(&e->shapes, *d->shape);
    d->bits.w[3] = k;
}

static uint32_t dsd_row(Emit *e, const Value *v) {
    ObjDsd d;
    emit_shape(e, v->dsd);
    value_bytes(e->s, v, (uint8_t *)&d);
    for (uint32_t i = e->dsds_at; i < e->dsds.len; i++)
        if (!memcmp(&e->dsds.data[i], &d, sizeof d)) return i - e->dsds_at;
    vec_push(&e->dsds, d);
    return (uint32_t)e->dsds.len - 1 - e->dsds_at;
}

uint8_t emit_task_id(Emit *e, Func *f, Span at) {
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
        o.id = emit_task_id(e, w->task, (Span){ pos, pos, pos });
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

uint32_t emit_dsr_load(Emit *e, const IrLdsr *l, const int *slot, SrcPos pos) {
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
    const char *letters = pe_operands((PeOp)in->op);
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
        put_const(c, slot[in->a], emit_task_id(e, in->x.task, (Span){ in->pos, in->pos, in->pos }));
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
    case IR_LDSR: put(c, pe_insn32(PE_ldsr, 0, emit_dsr_load(e, in->x.ldsr, slot, in->pos))); break;
    case IR_STR:
        put(c, pe_insn32((PeOp)in->b, in->a >= 0 ? (unsigned)slot[in->a] : 0,
                         emit_string(e, in->x.str)));
        break;
    default: put_machine(c, in); break;
    }
}

// idle[i]: instruction i is left out. A jump is when its label stands before anything that is not.
static void find_idle(const IrFunc *f, bool *idle) {
    size_t *label_at = calloc(f->labels.len + 1, sizeof *label_at), next = f->ins.len;
    for (size_t i = 0; i < f->ins.len; i++)
        if (f->ins.data[i].op == IR_LABEL) label_at[f->ins.data[i].a] = i;
    for (size_t i = f->ins.len; i-- > 0;) {
        const IrIns *in = &f->ins.data[i];
        size_t to = in->op == PE_jmp ? label_at[in->b] : 0;
        idle[i] = in->op == IR_LABEL || in->op == PE_nop || (to > i && to < next);
        if (!idle[i]) next = i;
    }
    free(label_at);
}

// A row of the line table where a new line begins.
static void note_line(Code *c, SrcPos pos) {
    if (!pos || pos == c->last_pos) return;
    SrcPlace p = source_place(c->e->s->c, pos);
    c->last_pos = pos;
    if (p.file != c->last_file || p.line != c->last_line)
        vec_push(&c->e->lines, (ObjLine){ .at = (uint32_t)c->e->code.len - c->start,
                                          .file = emit_string(c->e, source_name(p.file)),
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

void emit_func(Emit *e, FuncInst *fi) {
    Sema *s = e->s;
    IrFunc *f = &fi->ir;
    int nparams = (int)fi->nparams + (type_is_aggregate(fi->result) && fi->result->size), args = 0;
    for (int i = 0; i < nparams; i++) args += f->regs.data[i].width;
    int *slot = calloc(f->regs.len + 1, sizeof *slot);
    uint32_t *label_at = calloc(f->labels.len + 1, sizeof *label_at);
    bool *idle = calloc(f->ins.len + 1, sizeof *idle);
    find_idle(f, idle);
    Code c = { .e = e, .start = (uint32_t)e->code.len, .slot = slot };
    c.top = slots_allocate(f, nparams, slot);
    uint32_t line_at = (uint32_t)e->lines.len;
    for (size_t i = 0; i < f->ins.len; i++) {
        const IrIns *in = &f->ins.data[i];
        if (in->op == IR_LABEL) {
            label_at[in->a] = (uint32_t)e->code.len - c.start;
        } else if (!idle[i]) {
            note_line(&c, in->pos);
            put_ins(&c, in, f);
        }
    }
    uint64_t last = e->code.len > c.start ? vec_last(&e->code) & 0xffff : PE_nop;
    if (last != PE_jmp && last != PE_ret && last != PE_trap)
        put(&c, pe_insn32(PE_trap, 0, emit_string(e, "ran off the end of a function")));
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
                   .name = emit_string(e, fi->name),
                   .line = line_at,
                   .nline = (uint32_t)e->lines.len - line_at });
    vec_free(&c.fixups);
    free(slot);
    free(label_at);
    free(idle);
}
