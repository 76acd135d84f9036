// The typed IR: building it and printing it.
#include "wse/build/sema.h"

int ir_reg_wide(IrFunc *f, Type *t, int width) {
    vec_push(&f->regs, (IrReg){ .type = t, .width = (uint8_t)width });
    return (int)f->regs.len - 1;
}

int ir_reg(IrFunc *f, Type *t) {
    return ir_reg_wide(f, t, (int)type_regs(t) ? (int)type_regs(t) : 1);
}

int ir_label(IrFunc *f) {
    vec_push(&f->labels, 0);
    return (int)f->labels.len - 1;
}

bool ir_used(const IrFunc *f, int label) { return f->labels.data[label] > 0; }

void ir_place(IrFunc *f, int label) {
    vec_push(&f->ins, (IrIns){ .op = IR_LABEL, .a = label });
    f->dead = false;
}

// The instruction may be filled in further until the next one is emitted. In dead code it goes to a
// spare.
IrIns *ir_emit(Sema *s, uint16_t op, int a, int b, int c) {
    IrFunc *f = s->fx->ir;
    if (f->dead) return arena_new(s->arena, IrIns);
    if (op < PE_OPS)
        for (int k = 1; k < 3; k++)
            if (pe_operands((PeOp)op)[k] == 'j' || pe_operands((PeOp)op)[k] == 'J')
                f->labels.data[k == 1 ? b : c]++;
    vec_push(&f->ins, (IrIns){ .op = op, .a = a, .b = b, .c = c, .pos = s->pos });
    return &vec_last(&f->ins);
}

int ir_result(const IrIns *in) {
    if (in->op == IR_CALL) return in->x.call->result;
    if (in->op == IR_CONST || in->op == IR_ADDR || in->op == IR_FUNC || in->op == IR_TASK ||
        in->op == IR_DSD)
        return in->a;
    if (in->op >= PE_OPS) return -1;
    char c = pe_operands((PeOp)in->op)[0];
    return c == 'w' || c == 'W' ? in->a : -1;
}

void ir_set_result(IrIns *in, int reg) {
    if (in->op == IR_CALL)
        in->x.call->result = reg;
    else
        in->a = reg;
}

void ir_jump(Sema *s, int label) {
    ir_emit(s, PE_jmp, 0, label, 0);
    s->fx->ir->dead = true;
}

uint32_t ir_frame(IrFunc *f, uint32_t size, uint32_t align) {
    if (align < 2) align = 2;
    uint32_t at = (f->frame + align - 1) / align * align;
    f->frame = at + (size + 1) / 2 * 2;
    return at;
}

static void dump_operand(const IrIns *in, char letter, int v, StrBuf *out) {
    switch (letter) {
    case 'w':
    case 'r':
    case 'W':
    case 'R':
    case 'M':
    case 'T': sb_printf(out, " %%%d", v); break;
    case 'j':
    case 'J': sb_printf(out, " .L%d", v); break;
    case '-': break;
    default:
        if (in->x.global)
            sb_printf(out, " %s+%lld", in->x.global->name, (long long)in->imm);
        else
            sb_printf(out, " %lld", (long long)v + in->imm);
        break;
    }
}

static void dump_dsd(const DsdVal *d, StrBuf *out) {
    DsdKind k = dsd_kind(d->bits);
    sb_printf(out, "%s", dsd_kind_names[k < DSD_KINDS ? k : 0]);
    if (k == DSD_FIFO && d->fifo && d->fifo->buffer) sb_printf(out, "(%s)", d->fifo->buffer->name);
    if (k == DSD_CIRCBUF)
        sb_printf(out, "(%s+%d, extent %u, wraparound %u)", d->base ? d->base->name : "", d->off,
                  dsd_extent(d->bits), d->bits.w[2] & 0xffff);
    if (k == DSD_MEM1D || k == DSD_MEM4D)
        sb_printf(out, "(%s+%d", d->base ? d->base->name : "", d->off);
    if (k == DSD_MEM1D)
        sb_printf(out, ", extent %u, stride %d)", dsd_extent(d->bits), dsd_stride(d->bits));
    if (k == DSD_MEM4D) sb_putc(out, ')');
    if (k == DSD_FABIN || k == DSD_FABOUT)
        sb_printf(out, "(queue %u, color %u, extent %u)", dsd_queue(d->bits), dsd_color(d->bits),
                  dsd_extent(d->bits));
}

static void dump_opd(const IrOpd *o, StrBuf *out) {
    static const char *const files[] = { "dest", "src0", "src1" };
    switch (o->kind) {
    case OPD_NONE: return;
    case OPD_CONST:
    case OPD_FIFO:
        sb_putc(out, ' ');
        dump_dsd(o->v.dsd, out);
        break;
    case OPD_DSR: sb_printf(out, " dsr_%s%d", files[o->reg >> 8 & 3], o->reg & 0xff); break;
    case OPD_POINTER: sb_printf(out, " [%%%d]", o->reg); break;
    default: sb_printf(out, " %%%d", o->reg); break;
    }
}

static void dump_when(const char *name, const IrWhen *w, StrBuf *out) {
    static const char *const actions[] = { "", "activate", "unblock", "terminate" };
    if (!w->action) return;
    sb_printf(out, ", %s %s", name, actions[w->action & 3]);
    if (w->reg >= 0)
        sb_printf(out, " %%%d", w->reg);
    else if (w->task)
        sb_printf(out, " %s", w->task->node->fn.name->s);
    else
        sb_printf(out, " %d", w->id);
}

static void dump_vec(const IrVec *v, StrBuf *out) {
    sb_printf(out, "%s", vec_names[v->op]);
    dump_opd(&v->dest, out), dump_opd(&v->src0, out), dump_opd(&v->src1, out);
    if (v->scalar >= 0) sb_printf(out, " %%%d", v->scalar);
    if (v->flags & VEC_ASYNC) sb_printf(out, ", async");
    if (v->index >= 0) sb_printf(out, ", index %%%d", v->index);
    if (v->ut >= 0) sb_printf(out, ", ut %d", v->ut);
    dump_when("then", &v->done, out), dump_when("on_control", &v->on_control, out);
}

static void dump_ins(const IrIns *in, StrBuf *out) {
    switch (in->op) {
    case IR_LABEL: sb_printf(out, ".L%d:", in->a); return;
    case IR_CONST: sb_printf(out, "  %%%d = %lld", in->a, (long long)in->imm); return;
    case IR_ADDR:
        sb_printf(out, "  %%%d = &%s+%lld", in->a, in->x.global->name, (long long)in->imm);
        return;
    case IR_FUNC: sb_printf(out, "  %%%d = fn %s", in->a, in->x.func->name); return;
    case IR_TASK:
        sb_printf(out, "  %%%d = id of task %s", in->a, in->x.task->node->fn.name->s);
        return;
    case IR_DSD:
        sb_printf(out, "  %%%d = ", in->a);
        dump_dsd(in->x.dsd, out);
        return;
    case IR_CALL:
        sb_printf(out, "  ");
        if (in->x.call->result >= 0) sb_printf(out, "%%%d = ", in->x.call->result);
        if (in->x.call->through >= 0)
            sb_printf(out, "call %%%d(", in->x.call->through);
        else
            sb_printf(out, "call %s(", in->x.call->to->name);
        for (int i = 0; i < in->x.call->nargs; i++)
            sb_printf(out, i ? ", %%%d" : "%%%d", in->x.call->args[i]);
        sb_putc(out, ')');
        return;
    case IR_RET: sb_printf(out, in->a >= 0 ? "  ret %%%d" : "  ret", in->a); return;
    case IR_VEC:
        sb_printf(out, "  %%%d = ", in->a);
        dump_vec(in->x.vec, out);
        return;
    case IR_LDSR: {
        IrOpd to = { .kind = OPD_DSR, .reg = in->x.ldsr->file << 8 | in->x.ldsr->number };
        sb_printf(out, "  load");
        dump_opd(&to, out), dump_opd(&in->x.ldsr->from, out);
        dump_when("then", &in->x.ldsr->done, out);
        return;
    }
    case IR_STR: sb_printf(out, "  %s \"%s\"", pe_name((PeOp)in->b), in->x.str); return;
    }
    sb_printf(out, "  %s", pe_name((PeOp)in->op));
    for (int k = 0; k < 3; k++)
        dump_operand(in, pe_operands((PeOp)in->op)[k],
                     k == 0   ? in->a
                     : k == 1 ? in->b
                              : in->c,
                     out);
}

void ir_dump(const FuncInst *f, StrBuf *out) {
    sb_printf(out, "fn %s(", f->name);
    for (uint32_t i = 0; i < f->nparams; i++) sb_printf(out, i ? ", %s" : "%s", f->params[i]->name);
    sb_printf(out, ") %s   frame %u\n", f->result->name, f->ir.frame);
    for (size_t i = 0; i < f->ir.ins.len; i++) {
        dump_ins(&f->ir.ins.data[i], out);
        sb_putc(out, '\n');
    }
}
