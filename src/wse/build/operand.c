// Operands: reporting what is wrong with one, loading, storing, addresses, constants in registers.
#include "wse/build/sema.h"

#include <math.h>
#include <stdio.h>

bool sema_error(Sema *s, Span at, const char *fmt, ...) {
    va_list ap;
    char text[1024];
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    diag_error(s->c, at, "%s", text);
    if (diag_stop(s->c)) s->stopped = true;
    return false;
}

Operand opd_wrong(Sema *s, Span at, const char *fmt, ...) {
    va_list ap;
    char text[1024];
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sema_error(s, at, "%s", text);
    return opd_error();
}

Operand opd_void(Sema *s) { return opd_value(value_void(s)); }

const char *value_text(Sema *s, const Value *v) {
    StrBuf b = { 0 };
    value_print(s, v, &b);
    const char *text = arena_str(s->arena, b.p ? b.p : "", b.n);
    sb_free(&b);
    return text;
}

// -------------------------------------------------------------------------------------------------
// Memory
// -------------------------------------------------------------------------------------------------

Operand opd_mem(Type *t, Global *base, int off, bool is_const) {
    return (Operand){
        .kind = X_MEM, .type = t, .base = base, .off = off, .idx = -1, .is_const = is_const
    };
}

// The address of an X_MEM as register + constant: the register, or -1 when the constant part says
// it all.
static int address_parts(Sema *s, const Operand *m) {
    if (!m->frame) return m->idx;
    int r = ir_reg(s->fx->ir, s->types.u16);
    ir_emit(s, PE_lea, r, m->off, 0);
    if (m->idx < 0) return r;
    int sum = ir_reg(s->fx->ir, s->types.u16);
    ir_emit(s, PE_add_u16, sum, r, m->idx);
    return sum;
}

int address_reg(Sema *s, const Operand *m) {
    int r = address_parts(s, m);
    int off = m->frame ? 0 : m->off;
    if (r >= 0 && !off && !m->base) return r;
    int to = ir_reg(s->fx->ir, s->types.u16);
    if (r < 0) {
        IrIns *in = ir_emit(s, m->base ? IR_ADDR : IR_CONST, to, 0, 0);
        in->x.global = m->base;
        in->imm = m->base ? off : (uint16_t)off;
    } else if (!m->base && off >= -32768 && off < 32768) {
        ir_emit(s, PE_addi_u16, to, r, off);
    } else {
        Operand fixed = opd_mem(m->type, m->base, off, false);
        ir_emit(s, PE_add_u16, to, address_reg(s, &fixed), r);
    }
    return to;
}

static int load_op(const Type *t, bool absolute) {
    if (t->kind == TY_DSD) return absolute ? PE_lda_dsd : PE_ld_dsd;
    bool neg = (t->kind == TY_INT || t->kind == TY_ENUM) && t->is_signed;
    switch (t->size) {
    case 1: return absolute ? neg ? PE_lda_i8 : PE_lda_u8 : neg ? PE_ld_i8 : PE_ld_u8;
    case 2: return absolute ? neg ? PE_lda_i16 : PE_lda_u16 : neg ? PE_ld_i16 : PE_ld_u16;
    case 4: return absolute ? neg ? PE_lda_i32 : PE_lda_u32 : neg ? PE_ld_i32 : PE_ld_u32;
    default: return absolute ? PE_lda_64 : PE_ld_64;
    }
}

static int store_op(const Type *t, bool absolute) {
    if (t->kind == TY_DSD) return absolute ? PE_sta_dsd : PE_st_dsd;
    switch (t->size) {
    case 1: return absolute ? PE_sta_8 : PE_st_8;
    case 2: return absolute ? PE_sta_16 : PE_st_16;
    case 4: return absolute ? PE_sta_32 : PE_st_32;
    default: return absolute ? PE_sta_64 : PE_st_64;
    }
}

static int load(Sema *s, const Operand *m) {
    int to = ir_reg(s->fx->ir, m->type), r = address_parts(s, m);
    IrIns *in = r < 0 ? ir_emit(s, load_op(m->type, true), to, 0, 0)
                      : ir_emit(s, load_op(m->type, false), to, r, 0);
    in->x.global = m->base;
    in->imm = m->frame ? 0 : m->off;
    return to;
}

Operand mem_at(const Operand *m, Type *t, int off) {
    Operand x = *m;
    x.type = t;
    x.off += off;
    return x;
}

static void store_reg(Sema *s, const Operand *m, int reg) {
    int r = address_parts(s, m);
    IrIns *in = r < 0 ? ir_emit(s, store_op(m->type, true), reg, 0, 0)
                      : ir_emit(s, store_op(m->type, false), reg, r, 0);
    in->x.global = m->base;
    in->imm = m->frame ? 0 : m->off;
}

static void fill_zero(Sema *s, const Operand *m) {
    Value zero = value_of(s->types.u16, 0);
    ir_emit(s, PE_fill, address_reg(s, m), const_reg(s, s->types.u16, &zero), (int)m->type->size);
}

static bool value_all_zero(const Value *v) {
    switch (v->type->kind) {
    case TY_ARRAY:
    case TY_STRUCT:
    case TY_UNION:
        for (uint32_t i = 0; i < (v->agg->splat ? 1 : v->agg->n); i++)
            if (!value_all_zero(&v->agg->items[i])) return false;
        return true;
    case TY_FLOAT: return v->f == 0 && !signbit(v->f);
    case TY_DSD: return false;
    case TY_POINTER: return !v->ptr.base && !v->ptr.off;
    default: return v->i == 0;
    }
}

// An aggregate of to's type into memory.
static void store_aggregate(Sema *s, Operand to, Operand x) {
    uint32_t size = to.type->size;
    if (!size) return;
    if (x.kind == X_AGG) {
        uint32_t n = to.type->kind == TY_ARRAY ? (uint32_t)to.type->count : to.type->nfields;
        for (uint32_t i = 0; i < n; i++) {
            Type *t = to.type->kind == TY_ARRAY ? to.type->elem : to.type->fields[i].type;
            int off =
                to.type->kind == TY_ARRAY ? (int)(i * t->size) : (int)to.type->fields[i].value;
            store(s, mem_at(&to, t, off), x.items[i], NOWHERE);
        }
        return;
    }
    if (x.kind == X_VALUE) {
        if (value_all_zero(&x.v)) {
            fill_zero(s, &to);
            return;
        }
        x = in_memory(s, x, NOWHERE);
    }
    ir_emit(s, PE_copy, address_reg(s, &to), address_reg(s, &x), (int)size);
}

void store(Sema *s, Operand to, Operand x, Span at) {
    if (opd_bad(&to) || opd_bad(&x) || to.type->kind == TY_VOID) return;
    switch (to.kind) {
    case X_SLOT:
        if (x.kind != X_VALUE)
            sema_error(s, at, "the value stored in a comptime variable must be comptime-known");
        else
            *to.slot = value_copy(s, x.v);
        break;
    case X_LOCAL: {
        IrFunc *f = s->fx->ir;
        int r = to_reg(s, x);
        IrIns *last = f->ins.len && !f->dead ? &vec_last(&f->ins) : NULL;
        if (last && last->op != IR_LABEL && ir_result(last) == r && !f->regs.data[r].pinned)
            ir_set_result(last, to.reg);
        else
            ir_emit(s, type_regs(to.type) == 2 ? PE_mov2 : PE_mov, to.reg, r, 0);
        break;
    }
    case X_BITS: packed_store(s, &to, x, at); break;
    case X_MEM:
        if (type_is_aggregate(to.type))
            store_aggregate(s, to, x);
        else
            store_reg(s, &to, to_reg(s, x));
        break;
    default: break;
    }
}

Operand opd_item(const Operand *x, uint32_t i) {
    return x->kind == X_VALUE ? opd_value(value_item(&x->v, i)) : x->items[i];
}

// Memory of this function's frame, for one value.
Operand mem_temp(Sema *s, Type *t) {
    return (Operand){ .kind = X_MEM,
                      .type = t,
                      .frame = true,
                      .off = (int)ir_frame(s->fx->ir, t->size, t->align),
                      .idx = -1 };
}

Operand mem_copy(Sema *s, Operand x, Span at) {
    Operand m = mem_temp(s, x.type);
    store(s, m, x, at);
    m.is_const = true;
    return m;
}

// What must lie in memory: an array whose elements run-time code picks, an argument passed by
// reference. Constants have a place already, or get one.
Operand in_memory(Sema *s, Operand x, Span at) {
    if (x.kind == X_VALUE)
        return opd_mem(x.type, x.home ? decl_global(s, x.home) : global_anonymous(s, x.v),
                       x.home ? x.off : 0, true);
    return x.kind == X_AGG ? mem_copy(s, x, at) : x;
}

Operand address_of(Sema *s, Operand x, Span at) {
    if (opd_bad(&x)) return x;
    if (x.kind == X_VALUE && x.type->kind == TY_FN) {
        if (x.type->is_task) return opd_wrong(s, at, "the address of a task cannot be taken");
        if (x.v.fn && (x.v.fn->node->flags & NF_INLINE))
            return opd_wrong(s, at, "the address of an inline function cannot be taken");
        Type *t = type_pointer(s, x.type, true, false);
        return opd_value((Value){ .type = t, .fn = x.v.fn });
    }
    if (x.kind == X_VALUE && (x.home || type_is_aggregate(x.type) || type_in_reg(x.type))) {
        if (x.type->comptime_only || !x.type->size)
            return opd_wrong(s, at, "the address of a value of type '%s' cannot be taken",
                             x.type->name);
        if (!s->inst) return opd_wrong(s, at, "addresses exist only in the code of a PE");
        Type *t = type_pointer(s, x.type, true, false);
        return opd_value(
            (Value){ .type = t,
                     .ptr = { x.home ? decl_global(s, x.home) : global_anonymous(s, x.v),
                              x.home ? x.off : 0 } });
    }
    if (x.kind == X_BITS)
        return opd_wrong(s, at, "a field of a packed struct or union has no address");
    if (x.kind == X_SLOT)
        return opd_wrong(s, at, "the address of a comptime variable cannot be taken");
    if (x.kind != X_MEM)
        return opd_wrong(s, at, "'&' needs a variable, or an element or field of one");
    Type *t = type_pointer(s, x.type, x.is_const, false);
    if (x.type->comptime_only)
        return opd_wrong(s, at, "the address of a value of type '%s' cannot be taken",
                         x.type->name);
    if (!x.frame && x.idx < 0) return opd_value((Value){ .type = t, .ptr = { x.base, x.off } });
    return opd_reg(t, address_reg(s, &x));
}

// -------------------------------------------------------------------------------------------------
// Values
// -------------------------------------------------------------------------------------------------

const Operand *operand_root(const Operand *x) {
    while (x->kind == X_BITS) x = x->items;
    return x;
}

Operand rvalue(Sema *s, Operand x) {
    switch (x.kind) {
    case X_BITS: return packed_get(s, rvalue(s, x.items[0]), x.type, x.off);
    case X_LOCAL: return opd_reg(x.type, x.reg);
    case X_SLOT: return opd_value(value_copy(s, *x.slot));
    case X_MEM:
        if (at_comptime(s) || type_is_aggregate(x.type)) return x;
        if (x.type->kind == TY_VOID) return opd_void(s);
        return opd_reg(x.type, load(s, &x));
    default: return x;
    }
}

Operand expr_value(Sema *s, Node *n, Type *want) {
    Operand x = expr(s, n, want);
    if (x.kind == X_MEM && at_comptime(s))
        return opd_wrong(s, span_of(n), "the value of '%s' is only known at run time",
                         x.base ? x.base->name : "this variable");
    return rvalue(s, x);
}

Operand expr_as(Sema *s, Node *n, Type *t) {
    Operand x = expr_value(s, n, t);
    return opd_bad(&x) ? x : coerce(s, x, t, span_of(n));
}

bool expr_known(Sema *s, Node *n, Type *t, Value *out) {
    Operand x = t ? expr_as(s, n, t) : expr_value(s, n, NULL);
    if (opd_bad(&x)) return false;
    if (!opd_known(&x)) return sema_error(s, span_of(n), "this must be comptime-known");
    *out = x.v;
    return true;
}

Type *expr_type(Sema *s, Node *n) {
    Operand x = expr_value(s, n, NULL);
    if (opd_bad(&x)) return NULL;
    if (!opd_known(&x) || x.type != s->types.type) {
        sema_error(s, span_of(n), "expected a type, found a value of type '%s'", x.type->name);
        return NULL;
    }
    return x.v.t;
}

int const_reg(Sema *s, Type *t, const Value *v) {
    int r = ir_reg(s->fx->ir, t);
    IrIns *in;
    switch (v->type->kind) {
    case TY_POINTER:
        if (v->type->elem->kind == TY_FN) {
            FuncInst *f = func_inst(s, v->fn, NOWHERE);
            in = ir_emit(s, f ? IR_FUNC : IR_CONST, r, 0, 0);
            in->x.func = f;
            break;
        }
        in = ir_emit(s, v->ptr.base ? IR_ADDR : IR_CONST, r, 0, 0);
        in->x.global = v->ptr.base;
        in->imm = v->ptr.off;
        break;
    case TY_DSD:
        in = ir_emit(s, IR_DSD, r, 0, 0);
        in->x.dsd = v->dsd;
        break;
    case TY_FLOAT:
        in = ir_emit(s, IR_CONST, r, 0, 0);
        in->imm = float_bits(v->type, v->f);
        break;
    case TY_VOID: break;
    default:
        in = ir_emit(s, IR_CONST, r, 0, 0);
        in->imm = (int64_t)v->i;
        break;
    }
    return r;
}

int to_reg(Sema *s, Operand x) {
    x = rvalue(s, x);
    if (x.kind == X_VALUE) return const_reg(s, x.type, &x.v);
    if (x.kind == X_REG) return x.reg;
    if (x.kind == X_MEM) return address_reg(s, &x);
    return ir_reg(s->fx->ir, x.type ? x.type : s->types.u16);
}

// A register that is a variable's would change with the variable: take a copy.
Operand detach(Sema *s, Operand x) {
    x = rvalue(s, x);
    if (x.kind != X_REG || !s->fx->ir->regs.data[x.reg].pinned) return x;
    int r = ir_reg(s->fx->ir, x.type);
    ir_emit(s, type_regs(x.type) == 2 ? PE_mov2 : PE_mov, r, x.reg, 0);
    return opd_reg(x.type, r);
}

// A name stands for these registers from now on: nothing may take them over as its own.
void pin(Sema *s, const Operand *x) {
    if (x->kind == X_REG) s->fx->ir->regs.data[x->reg].pinned = true;
    if (x->kind == X_MEM && x->idx >= 0) s->fx->ir->regs.data[x->idx].pinned = true;
    if (x->kind != X_AGG) return;
    uint32_t n = x->type->kind == TY_ARRAY   ? (uint32_t)x->type->count
                 : x->type->kind == TY_RANGE ? 3
                                             : x->type->nfields;
    for (uint32_t i = 0; i < n; i++) pin(s, &x->items[i]);
}
