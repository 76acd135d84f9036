// Expressions: names, literals, members, operators, conversions. Each meaning is stated once and serves both modes: an
// operand whose parts are comptime-known is computed here, any other becomes IR.
#include "wse/build/sema.h"

#include <math.h>
#include <stdio.h>

enum { EXPR_DEPTH = 2000, STEP_LIMIT = 20 * 1000 * 1000 };
#define MEMORY_LIMIT ((size_t)12 << 30)

// Walking is recursive: what needs much stack stays out of the frames that repeat.
#define APART __attribute__((noinline))

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

static Operand bad(Sema *s, Span at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static Operand bad(Sema *s, Span at, const char *fmt, ...) {
    va_list ap;
    char text[1024];
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sema_error(s, at, "%s", text);
    return opd_error();
}

Operand opd_void(Sema *s) { return opd_value(value_void(s)); }

// Compile-time code may loop for ever. Work is counted from the last thing that came of it (@set_tile_code sets it back).
bool out_of_steps(Sema *s, Span at) {
    if (++s->steps < STEP_LIMIT && s->arena->total < MEMORY_LIMIT) return false;
    if (!s->stopped)
        sema_error(s, at, s->steps < STEP_LIMIT ? "compile-time evaluation takes too much memory" : "compile-time evaluation does not come to an end");
    s->stopped = true;
    return true;
}

bool at_comptime(const Sema *s) { return s->fx->comptime; }

bool going(const Sema *s) {
    return !s->stopped && (s->fx->comptime ? s->fx->flow == FLOW_NEXT : !s->fx->ir->dead);
}

static const char *value_text(Sema *s, const Value *v) {
    StrBuf b = {0};
    value_print(s, v, &b);
    const char *text = arena_str(s->arena, b.p ? b.p : "", b.n);
    sb_free(&b);
    return text;
}

// ---------------------------------------------------------------------------------------------------------------
// Memory
// ---------------------------------------------------------------------------------------------------------------

static Operand opd_mem(Type *t, Global *base, int off, bool is_const) {
    return (Operand){ .kind = X_MEM, .type = t, .base = base, .off = off, .idx = -1, .is_const = is_const };
}

// The address of an X_MEM as register + constant: the register, or -1 when the constant part says it all.
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
    IrIns *in = r < 0 ? ir_emit(s, load_op(m->type, true), to, 0, 0) : ir_emit(s, load_op(m->type, false), to, r, 0);
    in->x.global = m->base;
    in->imm = m->frame ? 0 : m->off;
    return to;
}

static Operand mem_at(const Operand *m, Type *t, int off) {
    Operand x = *m;
    x.type = t;
    x.off += off;
    return x;
}

static void store_reg(Sema *s, const Operand *m, int reg) {
    int r = address_parts(s, m);
    IrIns *in = r < 0 ? ir_emit(s, store_op(m->type, true), reg, 0, 0) : ir_emit(s, store_op(m->type, false), reg, r, 0);
    in->x.global = m->base;
    in->imm = m->frame ? 0 : m->off;
}

static void fill_zero(Sema *s, const Operand *m) {
    Value zero = value_of(s->types.u16, 0);
    ir_emit(s, PE_fill, address_reg(s, m), const_reg(s, s->types.u16, &zero), (int)m->type->size);
}

static bool value_all_zero(const Value *v) {
    switch (v->type->kind) {
    case TY_ARRAY: case TY_STRUCT: case TY_UNION:
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
            int off = to.type->kind == TY_ARRAY ? (int)(i * t->size) : (int)to.type->fields[i].value;
            store(s, mem_at(&to, t, off), x.items[i], NOWHERE);
        }
        return;
    }
    if (x.kind == X_VALUE) {
        if (value_all_zero(&x.v)) {
            fill_zero(s, &to);
            return;
        }
        x = opd_mem(x.type, x.home ? decl_global(s, x.home) : global_anonymous(s, x.v), x.home ? x.off : 0, true);
    }
    ir_emit(s, PE_copy, address_reg(s, &to), address_reg(s, &x), (int)size);
}

void store(Sema *s, Operand to, Operand x, Span at) {
    if (opd_bad(&to) || opd_bad(&x) || to.type->kind == TY_VOID) return;
    switch (to.kind) {
    case X_SLOT:
        if (x.kind != X_VALUE) sema_error(s, at, "the value stored in a comptime variable must be comptime-known");
        else *to.slot = value_copy(s, x.v);
        break;
    case X_LOCAL: {
        IrFunc *f = s->fx->ir;
        int r = to_reg(s, x);
        IrIns *last = f->ins.len && !f->dead ? &vec_last(&f->ins) : NULL;
        if (last && last->op != IR_LABEL && ir_result(last) == r && !f->regs.data[r].pinned) ir_set_result(last, to.reg);
        else ir_emit(s, type_regs(to.type) == 2 ? PE_mov2 : PE_mov, to.reg, r, 0);
        break;
    }
    case X_MEM:
        if (type_is_aggregate(to.type)) store_aggregate(s, to, x);
        else store_reg(s, &to, to_reg(s, x));
        break;
    default: break;
    }
}

// ---------------------------------------------------------------------------------------------------------------
// Operands
// ---------------------------------------------------------------------------------------------------------------

Operand rvalue(Sema *s, Operand x) {
    switch (x.kind) {
    case X_LOCAL:
        return opd_reg(x.type, x.reg);
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
        return bad(s, span_of(n), "the value of '%s' is only known at run time", x.base ? x.base->name : "this variable");
    return rvalue(s, x);
}

Operand expr_as(Sema *s, Node *n, Type *t) {
    Operand x = expr_value(s, n, t);
    return opd_bad(&x) ? x : coerce(s, x, t, span_of(n));
}

bool expr_known(Sema *s, Node *n, Type *t, Value *out) {
    Operand x = t ? expr_as(s, n, t) : expr_value(s, n, NULL);
    if (opd_bad(&x)) return false;
    if (!opd_known(&x)) return sema_error(s, span_of(n), "must be comptime-known");
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

// ---------------------------------------------------------------------------------------------------------------
// Coercions (section 6 of the language sheet)
// ---------------------------------------------------------------------------------------------------------------

static bool pointer_coerces(const Type *from, const Type *to) {
    if (to->is_const < from->is_const) return false;
    if (to->elem->kind == TY_ANYOPAQUE) return true;
    if (from->many == to->many) return from->elem == to->elem;
    if (to->many) return from->elem->kind == TY_ARRAY && from->elem->elem == to->elem;
    return false;
}

static bool same_fn(const Type *from, const Type *to) {
    if (from->nfields != to->nfields || from->result != to->result || from->is_task != to->is_task) return false;
    for (uint32_t i = 0; i < to->nfields; i++)
        if (from->fields[i].type != to->fields[i].type) return false;
    return true;
}

// Without regard to the value: can every value of `from` become a `to`?
static bool type_coerces(const Type *from, const Type *to) {
    if (from == to) return true;
    switch (to->kind) {
    case TY_INT:
        if (from->kind != TY_INT) return false;
        return from->is_signed == to->is_signed ? from->bits <= to->bits : !from->is_signed && from->bits < to->bits;
    case TY_FLOAT: return from->kind == TY_FLOAT && to->sub == FLOAT_F32 && from->bits == 16;
    case TY_POINTER:
        if (from->kind == TY_POINTER) {
            if (pointer_coerces(from, to)) return true;
            // *T to *[1]T
            return !to->many && !from->many && to->elem->kind == TY_ARRAY && to->elem->elem == from->elem &&
                   to->elem->count == 1 && to->is_const >= from->is_const;
        }
        return from->kind == TY_FN && to->elem->kind == TY_FN && same_fn(from, to->elem);
    case TY_FN: return from->kind == TY_FN && same_fn(from, to);
    case TY_ANYSTRUCT: return from->kind == TY_STRUCT;
    case TY_RANGE: return from->kind == TY_RANGE && to->sub == 1;
    case TY_STRUCT:
        if (from->kind != TY_STRUCT || from->named || from->nfields != to->nfields) return false;
        for (uint32_t i = 0; i < to->nfields; i++) {
            int k = to->fields[i].name ? type_field(from, to->fields[i].name) : (int)i;
            if (k < 0 || (!to->fields[i].name) != (!from->fields[k].name)) return false;
        }
        return true;    // the fields are looked at one by one
    default: return false;
    }
}

bool coerce_value(Sema *s, Value v, Type *t, Value *out) {
    *out = v;
    if (v.type == t) return true;
    switch (t->kind) {
    case TY_INT:
        if (!type_is_int(v.type) || !int_fits(t, v.i)) return false;
        out->type = t;
        return true;
    case TY_COMPTIME_INT:
        out->type = t;
        return type_is_int(v.type);
    case TY_FLOAT:
        if (v.type->kind != TY_COMPTIME_FLOAT && !type_coerces(v.type, t)) return false;
        *out = value_float(t, v.f);
        return true;
    case TY_COMPTIME_FLOAT:
        *out = value_float(t, v.f);
        return type_is_float(v.type);
    case TY_ANYSTRUCT: return v.type->kind == TY_STRUCT;
    case TY_STRUCT: {
        if (!type_coerces(v.type, t)) return false;
        Value to = value_agg(s, t, t->nfields);
        for (uint32_t i = 0; i < t->nfields; i++) {
            int k = t->fields[i].name ? type_field(v.type, t->fields[i].name) : (int)i;
            if (!coerce_value(s, v.agg->items[k], t->fields[i].type, &to.agg->items[i])) return false;
        }
        *out = to;
        return true;
    }
    case TY_ARRAY:      // element by element, as its elements would
        if (v.type->kind != TY_ARRAY || v.type->count != t->count || v.type->ndims != t->ndims ||
            memcmp(v.type->dims, t->dims, t->ndims * sizeof *t->dims)) return false;
        {
            Value to = value_agg(s, t, v.agg->splat ? 1 : v.agg->n);
            to.agg->n = v.agg->n;
            to.agg->splat = v.agg->splat;
            for (uint32_t i = 0; i < (v.agg->splat ? 1 : v.agg->n); i++)
                if (!coerce_value(s, v.agg->items[i], t->elem, &to.agg->items[i])) return false;
            *out = to;
            return true;
        }
    case TY_RANGE: return v.type->kind == TY_RANGE && t->sub == 1;
    default:
        if (!type_coerces(v.type, t)) return false;
        out->type = t;
        return true;
    }
}

bool can_coerce(Sema *s, const Operand *x, Type *t) {
    Value v;
    if (x->kind == X_VALUE) return coerce_value(s, x->v, t, &v);
    return type_coerces(x->type, t);
}

static Operand struct_coerce_failed(Sema *s, const Operand *x, Type *t, Span at) {
    for (uint32_t i = 0; i < x->type->nfields; i++) {
        Name *name = x->type->fields[i].name;
        if (!name || type_field(t, name) >= 0) continue;
        Spelling sp = spelling(name->s);
        for (uint32_t k = 0; k < t->nfields; k++)
            if (t->fields[k].name) spelling_offer(&sp, t->fields[k].name->s);
        return bad(s, at, "'%s' has no field '%s'%s", t->name, name->s, spelling_hint(s->c, &sp));
    }
    for (uint32_t i = 0; i < t->nfields; i++) {
        int k = t->fields[i].name ? type_field(x->type, t->fields[i].name) : (int)i;
        if (k < 0) return bad(s, at, "field '%s' of '%s' is missing", t->fields[i].name->s, t->name);
        if (k >= (int)x->type->nfields || x->kind != X_VALUE) break;
        Value v;
        if (!coerce_value(s, x->v.agg->items[k], t->fields[i].type, &v))
            return bad(s, at, "field '%s' of '%s' is '%s'; the value given is '%s'", t->fields[i].name ? t->fields[i].name->s : "", t->name,
                       t->fields[i].type->name, x->v.agg->items[k].type->name);
    }
    return bad(s, at, "expected '%s', found '%s'", t->name, x->type->name);
}

static Operand coerce_failed(Sema *s, const Operand *x, Type *t, Span at) {
    if (t->kind == TY_STRUCT && x->type->kind == TY_STRUCT && !x->type->named) return struct_coerce_failed(s, x, t, at);
    if (x->kind == X_VALUE && t->kind == TY_INT && type_is_int(x->type))
        return bad(s, at, "value %s does not fit in '%s'", value_text(s, &x->v), t->name);
    if (x->type->kind == TY_COMPTIME_INT && type_is_float(t))
        return bad(s, at, "expected '%s', found the integer %s; write %s.0", t->name, value_text(s, &x->v),
                   value_text(s, &x->v));
    if (type_is_number(t) && type_is_number(x->type))
        return bad(s, at, "expected '%s', found '%s'; convert it with @as(%s, ...)", t->name, x->type->name, t->name);
    if (t->kind == TY_POINTER && t->many && x->type == s->types.void_)
        return bad(s, at, "expected '%s', found no value", t->name);
    if (t->kind == TY_POINTER && x->type->kind == TY_ARRAY)
        return bad(s, at, "expected '%s', found '%s'; take its address with '&'", t->name, x->type->name);
    return bad(s, at, "expected '%s', found '%s'", t->name, x->type->name);
}

Operand coerce(Sema *s, Operand x, Type *t, Span at) {
    if (opd_bad(&x)) return x;
    if (x.type == t) return x;
    if (x.kind == X_VALUE) {
        Value v;
        if (!coerce_value(s, x.v, t, &v)) return coerce_failed(s, &x, t, at);
        Operand y = opd_value(v);
        if (type_is_aggregate(t) && t->size == x.type->size) y.home = x.home, y.off = x.off;
        return y;
    }
    if (!type_coerces(x.type, t)) return coerce_failed(s, &x, t, at);
    if (t->kind == TY_ANYSTRUCT) return x;
    if (t->kind == TY_STRUCT) {
        Operand y = { .kind = X_AGG, .type = t, .is_const = true, .idx = -1, .items = arena_array(s->arena, Operand, t->nfields) };
        for (uint32_t i = 0; i < t->nfields; i++) {
            int k = t->fields[i].name ? type_field(x.type, t->fields[i].name) : (int)i;
            Operand item = x.kind == X_AGG ? x.items[k] : rvalue(s, mem_at(&x, x.type->fields[k].type, (int)x.type->fields[k].value));
            y.items[i] = coerce(s, item, t->fields[i].type, at);
            if (opd_bad(&y.items[i])) return opd_error();
        }
        return y;
    }
    if (type_is_aggregate(t)) return coerce_failed(s, &x, t, at);
    int r = to_reg(s, x);
    if (t->kind == TY_FLOAT) {
        int to = ir_reg(s->fx->ir, t);
        ir_emit(s, PE_f16_to_f32, to, r, 0);
        r = to;
    }
    return opd_reg(t, r);       // canonical integers widen for free
}

Type *peer_type(Sema *s, const Operand *a, const Operand *b) {
    if (a->type == b->type) return a->type;
    if (a->kind == X_NORETURN) return b->type;
    if (b->kind == X_NORETURN) return a->type;
    bool ka = opd_known(a), kb = opd_known(b);
    if (ka && !kb && type_is_int(a->type) && can_coerce(s, a, b->type)) return b->type;
    if (kb && !ka && type_is_int(b->type) && can_coerce(s, b, a->type)) return a->type;
    if (a->type->kind != TY_COMPTIME_INT && type_coerces(b->type, a->type)) return a->type;
    if (b->type->kind != TY_COMPTIME_INT && type_coerces(a->type, b->type)) return b->type;
    if (kb && b->type->kind != TY_INT && can_coerce(s, b, a->type)) return a->type;
    if (ka && a->type->kind != TY_INT && can_coerce(s, a, b->type)) return b->type;
    if (kb && a->type->kind == TY_INT && can_coerce(s, b, a->type)) return a->type;
    if (ka && b->type->kind == TY_INT && can_coerce(s, a, b->type)) return b->type;
    return NULL;
}

// @as: any number, bool or enum to any other.
Operand convert_number(Sema *s, Operand x, Type *t, Span at) {
    x = rvalue(s, x);
    if (opd_bad(&x) || x.type == t) return x;
    bool from_int = type_is_int(x.type) || x.type->kind == TY_BOOL || x.type->kind == TY_ENUM;
    bool to_int = type_is_int(t) || t->kind == TY_ENUM;
    bool from_float = type_is_float(x.type), to_float = type_is_float(t);
    if (!(from_int || from_float) || !(to_int || to_float || t->kind == TY_BOOL))
        return can_coerce(s, &x, t) ? coerce(s, x, t, at) : bad(s, at, "cannot convert '%s' to '%s'", x.type->name, t->name);
    if (x.kind == X_VALUE) {
        if (t->kind == TY_BOOL) return opd_value(value_bool(s, from_int ? x.v.i != 0 : x.v.f != 0));
        if (to_float) return opd_value(value_float(t, from_int ? (double)x.v.i : x.v.f));
        Int i = x.v.i;
        if (from_float) {
            if (!(fabs(x.v.f) < 0x1p126)) return bad(s, at, "value %s does not fit in '%s'", value_text(s, &x.v), t->name);
            i = (Int)x.v.f;
        }
        if (t->kind == TY_ENUM) {
            bool found = false;
            for (uint32_t k = 0; k < t->nfields; k++) found |= t->fields[k].value == (int64_t)i;
            if (!found) return bad(s, at, "no member of the enum has the value %s", value_text(s, &x.v));
        } else if (!int_fits(t, i)) {
            return bad(s, at, "value %s does not fit in '%s'", value_text(s, &x.v), t->name);
        }
        return opd_value(value_of(t, i));
    }
    if (!type_in_reg(t)) return bad(s, at, "a run-time value cannot become '%s'", t->name);
    int r = to_reg(s, x), to = ir_reg(s->fx->ir, t);
    IrFunc *f = s->fx->ir;
    if (t->kind == TY_BOOL) {
        int zero = ir_reg(f, x.type);
        ir_emit(s, IR_CONST, zero, 0, 0);
        ir_emit(s, from_int ? PE_ne : x.type->sub == FLOAT_F16 ? PE_ne_f16 : PE_ne_f32, to, r, zero);
    } else if (to_float) {
        bool wide = x.type->kind == TY_INT && x.type->bits == 64 && !x.type->is_signed;
        if (from_int) ir_emit(s, t->sub == FLOAT_F32 ? wide ? PE_u64_to_f32 : PE_int_to_f32 : wide ? PE_u64_to_f16 : PE_int_to_f16, to, r, 0);
        else ir_emit(s, t->sub == FLOAT_F32 ? PE_f16_to_f32 : PE_f32_to_f16, to, r, 0);
    } else {
        static const int from_f32[] = { PE_f32_to_i8, PE_f32_to_u8, PE_f32_to_i16, PE_f32_to_u16, PE_f32_to_i32, PE_f32_to_u32, PE_f32_to_i64, PE_f32_to_u64 };
        static const int cast[] = { PE_cast_i8, PE_cast_u8, PE_cast_i16, PE_cast_u16, PE_cast_i32, PE_cast_u32, PE_cast_i64, PE_cast_i64 };
        int width = t->bits <= 8 ? 0 : t->bits <= 16 ? 2 : t->bits <= 32 ? 4 : 6;
        int k = width + !t->is_signed;
        if (from_float) {
            if (x.type->sub == FLOAT_F16) {
                int wide = ir_reg(f, s->types.f32);
                ir_emit(s, PE_f16_to_f32, wide, r, 0);
                r = wide;
            }
            ir_emit(s, from_f32[k], to, r, 0);
        } else {
            ir_emit(s, cast[k], to, r, 0);
        }
    }
    return opd_reg(t, to);
}

// ---------------------------------------------------------------------------------------------------------------
// Operators
// ---------------------------------------------------------------------------------------------------------------

static Operand fold_int(Sema *s, CslOp op, Value a, Value b, Type *t, Span at) {
    Int x = a.i, y = b.i, r = 0;
    bool over = false;
    switch (op) {
    case CSL_OP_ADD: over = __builtin_add_overflow(x, y, &r); break;
    case CSL_OP_SUB: over = __builtin_sub_overflow(x, y, &r); break;
    case CSL_OP_MUL: over = __builtin_mul_overflow(x, y, &r); break;
    case CSL_OP_DIV: case CSL_OP_REM:
        if (!y) return bad(s, at, "division by zero");
        if (y == -1) over = op == CSL_OP_DIV && __builtin_sub_overflow((Int)0, x, &r);
        else r = op == CSL_OP_DIV ? x / y : x % y;
        break;
    case CSL_OP_AND: r = x & y; break;
    case CSL_OP_OR: r = x | y; break;
    case CSL_OP_XOR: r = x ^ y; break;
    default: break;
    }
    if (over) return bad(s, at, "the result does not fit in 128 bits");
    return opd_value(value_of(t, int_wrap(t, r)));
}

static Operand fold_compare(Sema *s, CslOp op, int order, bool unordered) {
    bool r;
    switch (op) {
    case CSL_OP_EQ: r = !unordered && order == 0; break;
    case CSL_OP_NE: r = unordered || order != 0; break;
    case CSL_OP_LT: r = !unordered && order < 0; break;
    case CSL_OP_LE: r = !unordered && order <= 0; break;
    case CSL_OP_GT: r = !unordered && order > 0; break;
    default: r = !unordered && order >= 0; break;
    }
    return opd_value(value_bool(s, r));
}

static bool is_compare(CslOp op) { return op >= CSL_OP_EQ && op <= CSL_OP_GE; }

static bool comparable(const Type *t, bool ordered) {
    if (type_is_number(t)) return true;
    if (ordered) return false;
    return t->kind == TY_BOOL || t->kind == TY_ENUM || t->kind == TY_DIRECTION || t->kind == TY_STRING ||
           t->kind == TY_TYPE || t->kind == TY_DSR || t->kind == TY_VOID || type_is_id(t) || t->kind == TY_POINTER;
}

// Opcode for an arithmetic operation on a run-time type, 0 when there is none.
static int arith_op(CslOp op, const Type *t) {
    if (t->kind == TY_FLOAT) {
        bool h = t->sub == FLOAT_F16;
        switch (op) {
        case CSL_OP_ADD: return h ? PE_add_f16 : PE_add_f32;
        case CSL_OP_SUB: return h ? PE_sub_f16 : PE_sub_f32;
        case CSL_OP_MUL: return h ? PE_mul_f16 : PE_mul_f32;
        case CSL_OP_DIV: return h ? PE_div_f16 : PE_div_f32;
        default: return 0;
        }
    }
    int k = (t->bits <= 8 ? 0 : t->bits <= 16 ? 2 : t->bits <= 32 ? 4 : 6) + (t->bits <= 32 && !t->is_signed);
    bool u64 = t->bits > 32 && !t->is_signed;
    switch (op) {
    case CSL_OP_ADD: return PE_add_i8 + k;
    case CSL_OP_SUB: return PE_sub_i8 + k;
    case CSL_OP_MUL: return PE_mul_i8 + k;
    case CSL_OP_DIV: return u64 ? PE_div_u64 : PE_div_i8 + k;
    case CSL_OP_REM: return t->is_signed ? PE_rem_s : PE_rem_u;
    case CSL_OP_SHL: return PE_shl_i8 + k;
    case CSL_OP_SHR: return t->is_signed ? PE_sar : PE_shr;
    case CSL_OP_AND: return PE_and;
    case CSL_OP_OR: return PE_or;
    case CSL_OP_XOR: return PE_xor;
    default: return 0;
    }
}

static Operand shift(Sema *s, CslOp op, Operand a, Operand b, Span at) {
    if (!type_is_int(a.type) || !type_is_int(b.type))
        return bad(s, at, "'%s' needs integers, found '%s' and '%s'", op_text(op), a.type->name, b.type->name);
    if (b.type->kind == TY_INT && b.type->is_signed && !(b.kind == X_VALUE && b.v.i >= 0))
        return bad(s, at, "the right operand of '%s' must be unsigned, found '%s'", op_text(op), b.type->name);
    if (b.kind == X_VALUE && b.v.i < 0) return bad(s, at, "negative shift");
    if (a.kind == X_VALUE && b.kind == X_VALUE) {
        int64_t n = b.v.i > 200 ? 200 : (int64_t)b.v.i;
        Int r;
        if (op == CSL_OP_SHR) {
            r = n > 126 ? (a.v.i < 0 ? -1 : 0) : a.v.i >> n;
        } else if (a.type->kind == TY_COMPTIME_INT) {
            if (a.v.i && (n > 125 || (Int)((unsigned __int128)a.v.i << n) >> n != a.v.i))
                return bad(s, at, "the result does not fit in 128 bits");
            r = n > 125 ? 0 : (Int)((unsigned __int128)a.v.i << n);
        } else {
            r = n > 126 ? 0 : (Int)((unsigned __int128)a.v.i << n);
        }
        return opd_value(value_of(a.type, int_wrap(a.type, r)));
    }
    if (a.type->kind == TY_COMPTIME_INT) {
        if (!can_coerce(s, &a, b.type)) return bad(s, at, "give the shifted number a type with @as");
        a = coerce(s, a, b.type, at);
    }
    int x = to_reg(s, a), to = ir_reg(s->fx->ir, a.type), code = arith_op(op, a.type);
    if (b.kind == X_VALUE) {
        int n = b.v.i > 64 ? 64 : (int)b.v.i;
        int imm = op == CSL_OP_SHR ? code == PE_sar ? PE_sari : PE_shri : code - PE_shl_i8 + PE_shli_i8;
        ir_emit(s, imm, to, x, n);
    } else {
        ir_emit(s, code, to, x, to_reg(s, b));
    }
    return opd_reg(a.type, to);
}

static bool small_imm(const Operand *x, int64_t *out) {
    return x->kind == X_VALUE && value_is_int(&x->v) && value_to_i64(&x->v, out) && *out >= -32768 && *out <= 32767;
}

static Operand compare_reg(Sema *s, CslOp op, Operand a, Operand b) {
    Type *t = a.type;
    int x = to_reg(s, a), y = to_reg(s, b), to = ir_reg(s->fx->ir, s->types.bool_);
    if (op == CSL_OP_GT || op == CSL_OP_GE) {
        int swap = x;
        x = y, y = swap;
        op = op == CSL_OP_GT ? CSL_OP_LT : CSL_OP_LE;
    }
    int code;
    if (t->kind == TY_FLOAT) {
        bool h = t->sub == FLOAT_F16;
        code = op == CSL_OP_EQ ? h ? PE_eq_f16 : PE_eq_f32 : op == CSL_OP_NE ? h ? PE_ne_f16 : PE_ne_f32 :
               op == CSL_OP_LT ? h ? PE_lt_f16 : PE_lt_f32 : h ? PE_le_f16 : PE_le_f32;
    } else {
        bool u64 = t->kind == TY_INT && t->bits > 32 && !t->is_signed;
        code = op == CSL_OP_EQ ? PE_eq : op == CSL_OP_NE ? PE_ne : op == CSL_OP_LT ? u64 ? PE_lt_u64 : PE_lt : u64 ? PE_le_u64 : PE_le;
    }
    ir_emit(s, code, to, x, y);
    return opd_reg(s->types.bool_, to);
}

// Brings both operands of a comparison or an arithmetic operation to one type.
static bool to_peers(Sema *s, CslOp op, Operand *a, Operand *b, Span at) {
    Type *t = peer_type(s, a, b);
    if (!t && is_compare(op) && type_is_int(a->type) && type_is_int(b->type) && opd_known(a) && opd_known(b)) t = s->types.comptime_int;
    if (!t) {
        if ((a->type->kind == TY_COMPTIME_INT && type_is_float(b->type)) || (b->type->kind == TY_COMPTIME_INT && type_is_float(a->type)))
            return sema_error(s, at, "'%s' mixes an integer and a float ('%s' and '%s'); write the integer with a decimal point",
                              op_text(op), a->type->name, b->type->name);
        if (opd_known(a) != opd_known(b) && type_is_int(a->type) && type_is_int(b->type))
            return sema_error(s, at, "'%s': value %s does not fit in '%s'", op_text(op),
                              value_text(s, opd_known(a) ? &a->v : &b->v), opd_known(a) ? b->type->name : a->type->name);
        return sema_error(s, at, "'%s' needs operands of one type, found '%s' and '%s'", op_text(op), a->type->name, b->type->name);
    }
    *a = coerce(s, *a, t, at);
    *b = coerce(s, *b, t, at);
    return !opd_bad(a) && !opd_bad(b);
}

Operand binary(Sema *s, CslOp op, Operand a, Operand b, Span at) {
    a = rvalue(s, a), b = rvalue(s, b);
    if (opd_bad(&a)) return a;
    if (opd_bad(&b)) return b;
    if (op == CSL_OP_SHL || op == CSL_OP_SHR) return shift(s, op, a, b, at);
    bool cmp = is_compare(op);
    if (cmp && a.type != b.type && (a.type->kind == TY_VOID || b.type->kind == TY_VOID || a.type->kind == TY_TYPE || b.type->kind == TY_TYPE))
        return bad(s, at, "cannot compare '%s' and '%s'", a.type->name, b.type->name);
    if (!to_peers(s, op, &a, &b, at)) return opd_error();
    Type *t = a.type;
    bool integer_only = op == CSL_OP_REM || (op >= CSL_OP_AND && op <= CSL_OP_OR);
    if (cmp ? !comparable(t, op != CSL_OP_EQ && op != CSL_OP_NE) : integer_only ? !type_is_int(t) : !type_is_number(t)) {
        if (t->kind == TY_BOOL && integer_only)
            return bad(s, at, "'%s' needs integers, found 'bool'; use '%s'", op_text(op), op == CSL_OP_OR ? "or" : op == CSL_OP_AND ? "and" : "!=");
        return bad(s, at, "'%s' is not defined for '%s'", op_text(op), t->name);
    }
    if (a.kind == X_VALUE && b.kind == X_VALUE) {
        if (cmp) {
            if (type_is_float(t)) return fold_compare(s, op, a.v.f < b.v.f ? -1 : a.v.f > b.v.f, isnan(a.v.f) || isnan(b.v.f));
            if (type_is_int(t)) return fold_compare(s, op, a.v.i < b.v.i ? -1 : a.v.i > b.v.i, false);
            return fold_compare(s, op, !value_equal(&a.v, &b.v), false);
        }
        if (type_is_int(t)) return fold_int(s, op, a.v, b.v, t, at);
        double x = a.v.f, y = b.v.f;
        if (op == CSL_OP_DIV && y == 0) return bad(s, at, "division by zero");
        double r = op == CSL_OP_ADD ? x + y : op == CSL_OP_SUB ? x - y : op == CSL_OP_MUL ? x * y : x / y;
        if (isnan(r)) return bad(s, at, "the result is not a number");
        return opd_value(value_float(t, r));
    }
    if (at_comptime(s)) return bad(s, at, "the operands of '%s' must be comptime-known here", op_text(op));
    if (!type_in_reg(t)) return bad(s, at, "'%s' is not possible with '%s' at run time", op_text(op), t->name);
    if (cmp) return compare_reg(s, op, a, b);
    // Immediate forms.
    int64_t imm;
    if (t->kind == TY_INT && a.kind == X_VALUE && (op == CSL_OP_ADD || op == CSL_OP_MUL)) {
        Operand swap = a;
        a = b, b = swap;
    }
    int x = to_reg(s, a), to = ir_reg(s->fx->ir, t), code = arith_op(op, t);
    if (t->kind == TY_INT && small_imm(&b, &imm) && imm > -32768) {
        if (op == CSL_OP_ADD || op == CSL_OP_SUB) {
            ir_emit(s, PE_addi_i8 + (code - (op == CSL_OP_ADD ? PE_add_i8 : PE_sub_i8)), to, x, (int)(op == CSL_OP_ADD ? imm : -imm));
            return opd_reg(t, to);
        }
        if (op == CSL_OP_MUL) {
            int shift_by = imm > 0 && !(imm & (imm - 1)) ? __builtin_ctzll((uint64_t)imm) : -1;
            if (shift_by >= 0) ir_emit(s, PE_shli_i8 + (code - PE_mul_i8), to, x, shift_by);
            else ir_emit(s, PE_muli_i8 + (code - PE_mul_i8), to, x, (int)imm);
            return opd_reg(t, to);
        }
        if (op == CSL_OP_AND && imm >= 0) {
            ir_emit(s, PE_andi, to, x, (int)imm);
            return opd_reg(t, to);
        }
    }
    int y = to_reg(s, b);
    ir_emit(s, code, to, x, y);
    if (t->bits != 8 && t->bits != 16 && t->bits != 32 && t->bits != 64 && t->kind == TY_INT)
        return bad(s, at, "run-time arithmetic on '%s' is not supported yet", t->name);
    return opd_reg(t, to);
}

static Operand unary(Sema *s, Node *n, Type *want) {
    Operand x = expr_value(s, n->unary.operand, want);
    if (opd_bad(&x)) return x;
    Type *t = x.type;
    Span at = span_of(n);
    switch (n->op) {
    case CSL_OP_NOT:
        if (t->kind != TY_BOOL) return bad(s, at, "'!' needs a bool, found '%s'", t->name);
        if (x.kind == X_VALUE) return opd_value(value_bool(s, !x.v.i));
        break;
    case CSL_OP_BITNOT:
        if (t->kind != TY_INT) return bad(s, at, "'~' needs an integer of fixed width, found '%s'", t->name);
        if (x.kind == X_VALUE) return opd_value(value_of(t, int_wrap(t, ~x.v.i)));
        break;
    default:
        if (!type_is_number(t)) return bad(s, at, "'-' needs a number, found '%s'", t->name);
        if (x.kind == X_VALUE && type_is_float(t)) return opd_value((Value){ .type = t, .f = -x.v.f });
        if (x.kind == X_VALUE) return fold_int(s, CSL_OP_SUB, value_of(t, 0), x.v, t, at);
        break;
    }
    if (at_comptime(s)) return bad(s, at, "the operand must be comptime-known here");
    int r = to_reg(s, x), to = ir_reg(s->fx->ir, t);
    if (n->op == CSL_OP_NOT) ir_emit(s, PE_lnot, to, r, 0);
    else if (t->kind == TY_FLOAT) ir_emit(s, t->sub == FLOAT_F16 ? PE_neg_f16 : PE_neg_f32, to, r, 0);
    else {
        int k = (t->bits <= 8 ? 0 : t->bits <= 16 ? 2 : t->bits <= 32 ? 4 : 6) + (t->bits <= 32 && !t->is_signed);
        ir_emit(s, (n->op == CSL_OP_BITNOT ? PE_not_i8 : PE_neg_i8) + k, to, r, 0);
    }
    return opd_reg(t, to);
}

// and, or: short-circuit; what a comptime-known left side skips is not even looked at.
static Operand logical(Sema *s, Node *n) {
    bool is_or = n->op == CSL_OP_LOR;
    Operand a = expr_value(s, n->binary.lhs, s->types.bool_);
    if (opd_bad(&a)) return a;
    if (a.type != s->types.bool_)
        return bad(s, span_of(n->binary.lhs), "'%s' needs bools, found '%s'", op_text(n->op), a.type->name);
    if (a.kind == X_VALUE) {
        if ((a.v.i != 0) == is_or) return a;
        Operand b = expr_value(s, n->binary.rhs, s->types.bool_);
        if (!opd_bad(&b) && b.type != s->types.bool_)
            return bad(s, span_of(n->binary.rhs), "'%s' needs bools, found '%s'", op_text(n->op), b.type->name);
        return b;
    }
    IrFunc *f = s->fx->ir;
    int to = ir_reg(f, s->types.bool_), end = ir_label(f);
    ir_emit(s, PE_mov, to, a.reg, 0);
    ir_emit(s, is_or ? PE_jnz : PE_jz, to, end, 0);
    s->fx->depth++;
    Operand b = expr_value(s, n->binary.rhs, s->types.bool_);
    s->fx->depth--;
    if (!opd_bad(&b)) {
        if (b.type != s->types.bool_)
            b = bad(s, span_of(n->binary.rhs), "'%s' needs bools, found '%s'", op_text(n->op), b.type->name);
        else
            ir_emit(s, PE_mov, to, to_reg(s, b), 0);
    }
    ir_place(f, end);
    return opd_bad(&b) && b.kind == X_ERROR ? b : opd_reg(s->types.bool_, to);
}

// Jumps to `yes` or `no`; `yes_next`: the yes label is placed next, so falling through is enough.
void cond_jump(Sema *s, Node *n, int yes, int no, bool yes_next) {
    IrFunc *f = s->fx->ir;
    if (n->kind == ND_BINARY && (n->op == CSL_OP_LAND || n->op == CSL_OP_LOR)) {
        int middle = ir_label(f);
        if (n->op == CSL_OP_LAND) cond_jump(s, n->binary.lhs, middle, no, true);
        else cond_jump(s, n->binary.lhs, yes, middle, false);
        if (!ir_used(f, middle)) return;        // the left side decides: the right one is not looked at
        ir_place(f, middle);
        s->fx->depth++;
        cond_jump(s, n->binary.rhs, yes, no, yes_next);
        s->fx->depth--;
        return;
    }
    if (n->kind == ND_UNARY && n->op == CSL_OP_NOT) {
        cond_jump(s, n->unary.operand, no, yes, !yes_next);
        return;
    }
    if (n->kind == ND_BINARY && is_compare(n->op)) {
        Operand a = expr_value(s, n->binary.lhs, NULL), b = expr_value(s, n->binary.rhs, NULL);
        if (opd_bad(&a) || opd_bad(&b)) return;
        bool fusable = !(opd_known(&a) && opd_known(&b)) && a.type->kind != TY_FLOAT && b.type->kind != TY_FLOAT;
        if (fusable && to_peers(s, n->op, &a, &b, span_of(n)) && comparable(a.type, n->op != CSL_OP_EQ && n->op != CSL_OP_NE) &&
            type_in_reg(a.type) && a.type->kind != TY_DSD && !(a.type->kind == TY_INT && a.type->bits > 32 && !a.type->is_signed)) {
            CslOp op = n->op;
            if (opd_known(&a)) {        // constant to the right
                Operand swap = a;
                a = b, b = swap;
                op = op == CSL_OP_LT ? CSL_OP_GT : op == CSL_OP_LE ? CSL_OP_GE : op == CSL_OP_GT ? CSL_OP_LT : op == CSL_OP_GE ? CSL_OP_LE : op;
            }
            static const CslOp inverse[] = { [CSL_OP_EQ] = CSL_OP_NE, [CSL_OP_NE] = CSL_OP_EQ, [CSL_OP_LT] = CSL_OP_GE,
                                             [CSL_OP_GE] = CSL_OP_LT, [CSL_OP_GT] = CSL_OP_LE, [CSL_OP_LE] = CSL_OP_GT };
            int target = yes_next ? no : yes, other = yes_next ? yes : no;
            if (yes_next) op = inverse[op];
            int x = to_reg(s, a);
            int64_t imm;
            if (small_imm(&b, &imm) && (op == CSL_OP_EQ || op == CSL_OP_NE || op == CSL_OP_LT || op == CSL_OP_GE)) {
                ir_emit(s, op == CSL_OP_EQ ? PE_jeqi : op == CSL_OP_NE ? PE_jnei : op == CSL_OP_LT ? PE_jlti : PE_jgei, x, (int)imm, target);
            } else {
                static const int jumps[] = { [CSL_OP_EQ] = PE_jeq, [CSL_OP_NE] = PE_jne, [CSL_OP_LT] = PE_jlt,
                                             [CSL_OP_LE] = PE_jle, [CSL_OP_GT] = PE_jgt, [CSL_OP_GE] = PE_jge };
                ir_emit(s, jumps[op], x, to_reg(s, b), target);
            }
            ir_jump(s, other);
            return;
        }
        Operand r = binary(s, n->op, a, b, span_of(n));
        if (opd_bad(&r)) return;
        if (r.kind == X_VALUE) {
            ir_jump(s, r.v.i ? yes : no);
            return;
        }
        ir_emit(s, yes_next ? PE_jz : PE_jnz, to_reg(s, r), yes_next ? no : yes, 0);
        ir_jump(s, yes_next ? yes : no);
        return;
    }
    Operand x = expr_value(s, n, s->types.bool_);
    if (opd_bad(&x)) return;
    if (x.type != s->types.bool_) {
        sema_error(s, span_of(n), "the condition must be a bool, found '%s'", x.type->name);
        return;
    }
    if (x.kind == X_VALUE) {
        ir_jump(s, x.v.i ? yes : no);
        return;
    }
    ir_emit(s, yes_next ? PE_jz : PE_jnz, to_reg(s, x), yes_next ? no : yes, 0);
    ir_jump(s, yes_next ? yes : no);
}

// ---------------------------------------------------------------------------------------------------------------
// Names, members, elements, addresses
// ---------------------------------------------------------------------------------------------------------------

static Operand local_operand(Local *l) {
    switch (l->kind) {
    case LOCAL_OPERAND: return l->x;
    case LOCAL_VALUE: return opd_value(l->v);
    case LOCAL_SLOT: return (Operand){ .kind = X_SLOT, .type = l->v.type, .slot = &l->v, .local = l, .idx = -1, .is_const = l->is_const };
    case LOCAL_REG:
        if (type_is_aggregate(l->type))     // passed by reference
            return (Operand){ .kind = X_MEM, .type = l->type, .idx = l->reg, .is_const = true };
        return (Operand){ .kind = X_LOCAL, .type = l->type, .reg = l->reg, .local = l, .idx = -1, .is_const = l->is_const };
    default: return (Operand){ .kind = X_MEM, .type = l->type, .frame = true, .off = (int)l->frame, .idx = -1, .is_const = l->is_const };
    }
}

APART static Operand identifier(Sema *s, Node *n) {
    Name *name = n->name;
    for (Local *l = s->fx->locals; l; l = l->up)
        if (l->name == name) return local_operand(l);
    Decl *d = module_find(s->fx->mod, name);
    if (d) return decl_operand(s, d, span_of(n));
    Type *t = type_named(s, name);
    if (t) {
        if (s->c->options->sdk == CSL_SDK_2_10 && t == s->types.anystruct && !s->fx->mod->library)
            diag_warning(s->c, span_of(n), "comptime_struct was removed in SDK 2.10; leave the type out");
        return opd_value(value_type(s, t));
    }
    static const char *const directions[] = { "WEST", "EAST", "SOUTH", "NORTH", "RAMP" };
    for (int i = 0; i < 5; i++)
        if (!strcmp(name->s, directions[i])) return opd_value(value_of(s->types.direction, i));
    Spelling sp = spelling(name->s);
    for (Local *l = s->fx->locals; l; l = l->up)
        if (l->name) spelling_offer(&sp, l->name->s);
    for (uint32_t i = 0; i < s->fx->mod->unit->decls.len; i++) {
        Node *dn = s->fx->mod->unit->decls.data[i];
        if (dn->kind == ND_VAR && dn->var.name) spelling_offer(&sp, dn->var.name->s);
        if (dn->kind == ND_FN && dn->fn.name) spelling_offer(&sp, dn->fn.name->s);
    }
    for (size_t it = 0;;) {
        const MapEntry *e = map_next(&s->types.words, &it);
        if (!e) break;
        spelling_offer(&sp, (*(Name *const *)e->key)->s);
    }
    for (int i = 0; i < 5; i++) spelling_offer(&sp, directions[i]);
    return bad(s, span_of(n), "'%s' is not defined%s", name->s, spelling_hint(s->c, &sp));
}

APART static Operand module_member(Sema *s, Module *m, Name *name, Span at) {
    Decl *d = module_find(m, name);
    if (d) return decl_operand(s, d, at);
    Spelling sp = spelling(name->s);
    for (uint32_t i = 0; i < m->unit->decls.len; i++) {
        Node *dn = m->unit->decls.data[i];
        if (dn->kind == ND_VAR && dn->var.name) spelling_offer(&sp, dn->var.name->s);
        if (dn->kind == ND_FN && dn->fn.name) spelling_offer(&sp, dn->fn.name->s);
    }
    return bad(s, at, "module '%s' has no '%s'%s", m->unit->file->path, name->s, spelling_hint(s->c, &sp));
}

static Operand part_of(Sema *s, Operand x, Type *t, uint32_t i, int off) {
    switch (x.kind) {
    case X_VALUE: {
        Operand y = opd_value(value_item(&x.v, i));
        if (x.home && t->size) y.home = x.home, y.off = x.off + off;
        return y;
    }
    case X_SLOT: {
        Operand y = x;
        y.type = t;
        y.slot = value_slot(s, x.slot, i);
        y.type = y.slot->type ? y.slot->type : t;
        return y;
    }
    case X_AGG: return x.items[i];
    case X_MEM: return mem_at(&x, t, off);
    default: return opd_error();
    }
}

Operand field_of(Sema *s, Operand x, Name *name, Span at) {
    if (opd_bad(&x)) return x;
    if (x.kind == X_SLOT) x.type = x.slot->type ? x.slot->type : x.type;
    Type *t = x.type;
    switch (t->kind) {
    case TY_MODULE: {
        Operand m = rvalue(s, x);
        return module_member(s, m.v.mod, name, at);
    }
    case TY_TYPE: {
        Operand v = rvalue(s, x);
        Type *e = v.v.t;
        if (e->kind != TY_ENUM) return bad(s, at, "type '%s' has no member '%s'", e->name, name->s);
        int i = type_field(e, name);
        if (i >= 0) return opd_value(value_of(e, e->fields[i].value));
        Spelling sp = spelling(name->s);
        for (uint32_t k = 0; k < e->nfields; k++) spelling_offer(&sp, e->fields[k].name->s);
        return bad(s, at, "the enum has no member '%s'%s", name->s, spelling_hint(s->c, &sp));
    }
    case TY_UNION: return bad(s, at, "unions are not supported yet");
    case TY_STRUCT: {
        int i = type_field(t, name);
        if (i >= 0) return part_of(s, x, t->fields[i].type, (uint32_t)i, (int)t->fields[i].value);
        Spelling sp = spelling(name->s);
        for (uint32_t k = 0; k < t->nfields; k++)
            if (t->fields[k].name) spelling_offer(&sp, t->fields[k].name->s);
        return bad(s, at, "the struct has no field '%s'%s", name->s, spelling_hint(s->c, &sp));
    }
    default:
        if (t->kind == TY_POINTER && t->elem->kind == TY_STRUCT)
            return bad(s, at, "'%s' is a pointer; write .*.%s", t->name, name->s);
        return bad(s, at, "'%s' has no fields", t->name);
    }
}

static Operand index_runtime(Sema *s, Operand base, Type *elem, int reg, int off) {
    int scaled = reg;
    if (elem->size != 1) {
        scaled = ir_reg(s->fx->ir, s->types.u16);
        if (elem->size & (elem->size - 1)) ir_emit(s, PE_muli_u16, scaled, reg, (int)elem->size);
        else ir_emit(s, PE_shli_u16, scaled, reg, __builtin_ctz(elem->size ? elem->size : 1));
    }
    Operand x = mem_at(&base, elem, off);
    if (x.idx >= 0) {
        int sum = ir_reg(s->fx->ir, s->types.u16);
        ir_emit(s, PE_add_u16, sum, x.idx, scaled);
        scaled = sum;
    }
    x.idx = scaled;
    return x;
}

static Operand pointee(Sema *s, Operand p, Type *t) {
    Operand x = { .kind = X_MEM, .type = t, .idx = -1, .is_const = p.type->is_const };
    if (p.kind == X_VALUE) {
        x.base = p.v.ptr.base;
        x.off = (int)p.v.ptr.off;
        if (x.base && x.base->is_const && x.base->decl && x.base->decl->value.type && x.off == 0 && x.base->type == t) {
            Operand v = opd_value(x.base->decl->value);
            v.home = x.base->decl;
            return v;
        }
    } else {
        x.idx = to_reg(s, p);
    }
    return x;
}

static Operand element(Sema *s, Node *n) {
    Operand x = expr(s, n->call.of, NULL);
    if (opd_bad(&x)) return x;
    Span at = span_of(n);
    uint32_t nidx = n->call.args.len;
    if (x.kind == X_SLOT) x.type = x.slot->type ? x.slot->type : x.type;
    if (x.type->kind == TY_POINTER) {
        if (!x.type->many) {
            if (x.type->elem->kind == TY_ARRAY) return bad(s, at, "'%s' points to an array; write .*[...] to reach its elements", x.type->name);
            return bad(s, at, "'%s' cannot be indexed", x.type->name);
        }
        if (at_comptime(s) && x.kind != X_VALUE && x.kind != X_SLOT) return bad(s, at, "the pointer is only known at run time");
        Operand p = rvalue(s, x);
        if (nidx != 1) return bad(s, at, "a pointer takes one index, found %u", nidx);
        x = pointee(s, p, p.type->elem);
        Operand i = expr_value(s, n->call.args.data[0], NULL);
        if (opd_bad(&i)) return i;
        if (!type_is_int(i.type)) return bad(s, at, "an index must be an integer, found '%s'", i.type->name);
        if (i.kind == X_VALUE) {
            int64_t by = i.v.i < -65536 || i.v.i > 65535 ? INT32_MAX : (int64_t)i.v.i * x.type->size;
            if (by < -(1 << 24) || by > 1 << 24) return bad(s, at, "index %s lies outside the memory of a PE", value_text(s, &i.v));
            x.off += (int)by;
            return x;
        }
        return index_runtime(s, x, x.type, to_reg(s, i), 0);
    }
    if (x.type->kind == TY_STRUCT) {
        int64_t i;
        Value v;
        if (nidx != 1) return bad(s, at, "a tuple takes one index, found %u", nidx);
        if (!expr_known(s, n->call.args.data[0], NULL, &v)) return opd_error();
        if (!value_to_i64(&v, &i)) return bad(s, at, "an index must be an integer, found '%s'", v.type->name);
        if (x.type->nfields && x.type->fields[0].name) return bad(s, at, "a struct with named fields cannot be indexed");
        if (i < 0 || i >= x.type->nfields) return bad(s, at, "index %lld is out of bounds of a tuple of %u", (long long)i, x.type->nfields);
        return part_of(s, x, x.type->fields[i].type, (uint32_t)i, (int)x.type->fields[i].value);
    }
    if (x.type->kind != TY_ARRAY) return bad(s, at, "'%s' cannot be indexed", x.type->name);
    Type *t = x.type;
    if (nidx != t->ndims) return bad(s, at, "'%s' takes %u indices, found %u", t->name, t->ndims, nidx);
    int64_t fixed = 0;          // the known part of the linear index
    int reg = -1;
    for (uint32_t k = 0; k < nidx; k++) {
        Node *in = n->call.args.data[k];
        Operand i = expr_value(s, in, NULL);
        if (opd_bad(&i)) return i;
        if (!type_is_int(i.type)) return bad(s, span_of(in), "an index must be an integer, found '%s'", i.type->name);
        fixed *= t->dims[k];
        if (reg >= 0 && k) {
            int r = ir_reg(s->fx->ir, s->types.u16);
            if (t->dims[k] < 32768) ir_emit(s, PE_muli_u16, r, reg, (int)t->dims[k]);
            else {
                Value d = value_of(s->types.u16, t->dims[k]);
                ir_emit(s, PE_mul_u16, r, reg, const_reg(s, s->types.u16, &d));
            }
            reg = r;
        }
        if (i.kind == X_VALUE) {
            if (i.v.i < 0 || i.v.i >= t->dims[k])
                return bad(s, span_of(in), "index %s is out of bounds of '%s'", value_text(s, &i.v), t->name);
            fixed += (int64_t)i.v.i;
        } else if (reg >= 0) {
            int r = ir_reg(s->fx->ir, s->types.u16);
            ir_emit(s, PE_add_u16, r, reg, to_reg(s, i));
            reg = r;
        } else {
            reg = to_reg(s, i);
        }
    }
    if (reg < 0) return part_of(s, x, t->elem, (uint32_t)fixed, (int)(fixed * t->elem->size));
    if (x.kind == X_SLOT) return bad(s, at, "a comptime variable needs comptime-known indices");
    if (x.kind == X_VALUE || x.kind == X_AGG) {
        if (t->comptime_only) return bad(s, at, "an array of '%s' needs comptime-known indices", t->elem->name);
        if (x.kind == X_AGG) {
            uint32_t frame = ir_frame(s->fx->ir, t->size, t->align);
            Operand m = { .kind = X_MEM, .type = t, .frame = true, .off = (int)frame, .idx = -1, .is_const = true };
            store(s, m, x, at);
            x = m;
        } else {
            x = opd_mem(t, x.home ? decl_global(s, x.home) : global_anonymous(s, x.v), x.home ? x.off : 0, true);
        }
    }
    return index_runtime(s, x, t->elem, reg, (int)(fixed * t->elem->size));
}

Operand address_of(Sema *s, Operand x, Span at) {
    if (opd_bad(&x)) return x;
    if (x.kind == X_VALUE && x.type->kind == TY_FN) {
        if (x.type->is_task) return bad(s, at, "the address of a task cannot be taken");
        if (x.v.fn && (x.v.fn->node->flags & NF_INLINE)) return bad(s, at, "the address of an inline function cannot be taken");
        Type *t = type_pointer(s, x.type, true, false);
        return opd_value((Value){ .type = t, .fn = x.v.fn });
    }
    if (x.kind == X_VALUE && !x.home && type_in_reg(x.type) && !s->fx->comptime) x.home = NULL;
    if (x.kind == X_VALUE && (x.home || type_is_aggregate(x.type) || type_in_reg(x.type))) {
        if (x.type->comptime_only || !x.type->size) return bad(s, at, "the address of a value of type '%s' cannot be taken", x.type->name);
        if (!s->inst) return bad(s, at, "addresses exist only in the code of a PE");
        Type *t = type_pointer(s, x.type, true, false);
        return opd_value((Value){ .type = t, .ptr = { x.home ? decl_global(s, x.home) : global_anonymous(s, x.v), x.home ? x.off : 0 } });
    }
    if (x.kind == X_SLOT) return bad(s, at, "the address of a comptime variable cannot be taken");
    if (x.kind != X_MEM) return bad(s, at, "'&' needs a variable, or an element or field of one");
    Type *t = type_pointer(s, x.type, x.is_const, false);
    if (x.type->comptime_only) return bad(s, at, "the address of a value of type '%s' cannot be taken", x.type->name);
    if (!x.frame && x.idx < 0) return opd_value((Value){ .type = t, .ptr = { x.base, x.off } });
    return opd_reg(t, address_reg(s, &x));
}

// ---------------------------------------------------------------------------------------------------------------
// Literals
// ---------------------------------------------------------------------------------------------------------------

// Turns items into one operand: a value when all are known.
static Operand make_aggregate(Sema *s, Type *t, Operand *items, uint32_t n) {
    bool known = true;
    for (uint32_t i = 0; i < n; i++) {
        if (opd_bad(&items[i])) return items[i];
        known &= items[i].kind == X_VALUE;
    }
    if (!known) return (Operand){ .kind = X_AGG, .type = t, .items = items, .is_const = true, .idx = -1 };
    Value v = value_agg(s, t, n);
    for (uint32_t i = 0; i < n; i++) v.agg->items[i] = items[i].v;
    return opd_value(v);
}

// A register that is a variable's would change with the variable: take a copy.
Operand detach(Sema *s, Operand x) {
    x = rvalue(s, x);
    if (x.kind != X_REG || !s->fx->ir->regs.data[x.reg].pinned) return x;
    int r = ir_reg(s->fx->ir, x.type);
    ir_emit(s, type_regs(x.type) == 2 ? PE_mov2 : PE_mov, r, x.reg, 0);
    return opd_reg(x.type, r);
}

static Operand item_value(Sema *s, Node *n, Type *want) {
    Operand x = expr(s, n, want);
    if (x.kind == X_MEM && at_comptime(s))
        return bad(s, span_of(n), "the value of '%s' is only known at run time", x.base ? x.base->name : "this variable");
    return detach(s, x);
}

static Operand array_literal(Sema *s, Node *n) {
    Type *t = expr_type(s, n->literal.type);
    if (!t) return opd_error();
    uint32_t count = n->literal.items.len;
    if (t->kind != TY_ARRAY) return bad(s, span_of(n), "'%s' cannot be written as a list of elements", t->name);
    if (count != t->count)
        return bad(s, span_of(n), "'%s' needs %llu elements, found %u", t->name, (unsigned long long)t->count, count);
    Operand *items = arena_array(s->arena, Operand, count ? count : 1);
    bool ok = true;
    for (uint32_t i = 0; i < count; i++) {
        Node *in = n->literal.items.data[i];
        Operand x = item_value(s, in, t->elem);
        items[i] = opd_bad(&x) ? x : coerce(s, x, t->elem, span_of(in));
        ok &= !opd_bad(&items[i]);
    }
    return ok ? make_aggregate(s, t, items, count) : opd_error();
}

static Operand tuple_literal(Sema *s, Node *n, Type *want) {
    uint32_t count = n->literal.items.len;
    Operand *items = arena_array(s->arena, Operand, count ? count : 1);
    Field *fields = arena_array(s->arena, Field, count ? count : 1);
    bool ok = true;
    for (uint32_t i = 0; i < count; i++) {
        Type *w = want && want->kind == TY_STRUCT && i < want->nfields ? want->fields[i].type : NULL;
        items[i] = item_value(s, n->literal.items.data[i], w);
        ok &= !opd_bad(&items[i]);
        fields[i] = (Field){ .type = items[i].type };
    }
    return ok ? make_aggregate(s, type_struct(s, fields, count), items, count) : opd_error();
}

APART static Operand struct_literal(Sema *s, Node *n, Type *want) {
    uint32_t count = n->literal.items.len;
    Type *named = NULL;
    if (n->literal.type) {
        named = expr_type(s, n->literal.type);
        if (!named) return opd_error();
        if (named->kind == TY_UNION) return bad(s, span_of(n), "unions are not supported yet");
        if (named->kind != TY_STRUCT) return bad(s, span_of(n), "'%s' has no fields", named->name);
        want = named;
    }
    Operand *items = arena_array(s->arena, Operand, count ? count : 1);
    Field *fields = arena_array(s->arena, Field, count ? count : 1);
    bool ok = true;
    for (uint32_t i = 0; i < count; i++) {
        Node *in = n->literal.items.data[i];
        Name *name = in->field_init.name;
        for (uint32_t k = 0; k < i; k++)
            if (fields[k].name == name) {
                ok = sema_error(s, span_of(in), "field '%s' is given twice", name->s);
                diag_note(s->c, span_of(n->literal.items.data[k]), "first here");
            }
        int w = want && want->kind == TY_STRUCT ? type_field(want, name) : -1;
        if (named && w < 0) {
            ok = sema_error(s, span_of(in), "'%s' has no field '%s'", named->name, name->s);
            continue;
        }
        items[i] = item_value(s, in->field_init.value, w >= 0 ? want->fields[w].type : NULL);
        if (named && !opd_bad(&items[i])) items[i] = coerce(s, items[i], want->fields[w].type, span_of(in));
        ok &= !opd_bad(&items[i]);
        fields[i] = (Field){ .name = name, .type = items[i].type };
    }
    if (!ok) return opd_error();
    if (named)
        for (uint32_t k = 0; k < named->nfields; k++) {
            bool given = false;
            for (uint32_t i = 0; i < count; i++) given |= fields[i].name == named->fields[k].name;
            if (!given) return bad(s, span_of(n), "field '%s' of '%s' is missing", named->fields[k].name->s, named->name);
        }
    Operand x = make_aggregate(s, type_struct(s, fields, count), items, count);
    return named ? coerce(s, x, named, span_of(n)) : x;
}

// |i, j|{n, m} -> base[e1, e2]: the indices must be affine in the variables; what they are is found by evaluating them.
static bool tensor_at(Sema *s, Node *n, Local **vars, const int *point, const Type *array, int64_t *linear) {
    uint32_t nvars = n->tensor.vars.len;
    for (uint32_t k = 0; k < nvars; k++) vars[k]->v = value_int(s, point[k]);
    Node *access = n->tensor.access;
    *linear = 0;
    for (uint32_t k = 0; k < access->call.args.len; k++) {
        Value v;
        int64_t i;
        Node *in = access->call.args.data[k];
        if (!expr_known(s, in, NULL, &v)) return false;
        if (!value_to_i64(&v, &i)) return sema_error(s, span_of(in), "an index must be an integer, found '%s'", v.type->name);
        if (i < -65536 || i > 65536) return sema_error(s, span_of(in), "index %lld is out of range", (long long)i);
        *linear = *linear * (array->ndims ? array->dims[k] : 1) + i;
    }
    return true;
}

APART static Operand tensor(Sema *s, Node *n) {
    uint32_t nvars = n->tensor.vars.len;
    Node *access = n->tensor.access;
    Span at = span_of(n);
    if (nvars < 1 || nvars > 4 || n->tensor.extents.len != nvars)
        return bad(s, at, "a tensor access takes 1 to 4 variables and as many lengths");
    if (access->kind != ND_INDEX) return bad(s, span_of(access), "a tensor access ends in an element of an array");
    int64_t extent[4];
    for (uint32_t k = 0; k < nvars; k++) {
        Value v;
        if (!expr_known(s, n->tensor.extents.data[k], NULL, &v)) return opd_error();
        if (!value_to_i64(&v, &extent[k])) return bad(s, span_of(n->tensor.extents.data[k]), "a length must be an integer, found '%s'", v.type->name);
        if (extent[k] < 0 || extent[k] > 65535)
            return bad(s, span_of(n->tensor.extents.data[k]), "length %lld is out of range (0 to 65535)", (long long)extent[k]);
    }
    Operand base = expr(s, access->call.of, NULL);
    if (opd_bad(&base)) return base;
    Type *array = base.type;
    Operand ptr;
    Type flat = { .ndims = 0 };
    if (array->kind == TY_POINTER) {
        ptr = rvalue(s, base);
        if (ptr.kind == X_MEM) return bad(s, span_of(access), "the base of a tensor access must be an array or a comptime-known pointer");
        array = array->many ? &flat : array->elem;
        flat.elem = ptr.type->elem;
        if (!ptr.type->many && array->kind != TY_ARRAY) return bad(s, span_of(access), "'%s' cannot be indexed", ptr.type->name);
    } else if (array->kind == TY_ARRAY) {
        ptr = address_of(s, base, span_of(access->call.of));
        if (opd_bad(&ptr)) return ptr;
    } else {
        return bad(s, span_of(access), "'%s' cannot be indexed", array->name);
    }
    uint32_t want = array->ndims ? array->ndims : 1;
    if (access->call.args.len != want)
        return bad(s, span_of(access), "'%s' takes %u indices, found %u", base.type->name, want, access->call.args.len);

    Local *saved = s->fx->locals, *vars[4];
    for (uint32_t k = 0; k < nvars; k++) {
        vars[k] = arena_new(s->arena, Local);
        *vars[k] = (Local){ .up = s->fx->locals, .name = n->tensor.vars.data[k]->name, .type = s->types.comptime_int, .kind = LOCAL_VALUE, .is_const = true };
        s->fx->locals = vars[k];
    }
    int point[4] = {0};
    int64_t zero, coef[4], two, both;
    bool ok = tensor_at(s, n, vars, point, array, &zero);
    for (uint32_t k = 0; ok && k < nvars; k++) {
        point[k] = 1;
        ok = tensor_at(s, n, vars, point, array, &coef[k]);
        coef[k] -= zero;
        point[k] = 2;
        ok = ok && tensor_at(s, n, vars, point, array, &two);
        if (ok && two - zero != 2 * coef[k]) ok = sema_error(s, at, "the indices must be affine in '%s'", vars[k]->name->s);
        point[k] = 0;
    }
    for (uint32_t k = 0; k < nvars; k++) point[k] = 1;
    if (ok && nvars > 1 && tensor_at(s, n, vars, point, array, &both)) {
        for (uint32_t k = 0; k < nvars; k++) both -= coef[k];
        if (both != zero) ok = sema_error(s, at, "the indices must be affine in the variables");
    }
    s->fx->locals = saved;
    if (!ok) return opd_error();

    Field parts[4], fields[4];
    Operand strides[4], extents[4], items[4];
    int64_t inner = 0;          // how far the inner loops have gone when this one advances
    for (uint32_t k = 0; k < nvars; k++) {
        uint32_t from = nvars - 1 - k;
        strides[k] = opd_value(value_int(s, coef[from] - inner));
        inner += coef[from] * (extent[from] - 1);
        extents[k] = opd_value(value_of(s->types.u16, extent[k]));
        parts[k] = (Field){ .type = s->types.comptime_int };
    }
    Operand *st = arena_array(s->arena, Operand, nvars), *ex = arena_array(s->arena, Operand, nvars), *it = arena_array(s->arena, Operand, 4);
    memcpy(st, strides, nvars * sizeof *st);
    memcpy(ex, extents, nvars * sizeof *ex);
    items[0] = ptr;
    items[1] = opd_value(value_int(s, zero));
    items[2] = make_aggregate(s, type_struct(s, parts, nvars), st, nvars);
    for (uint32_t k = 0; k < nvars; k++) parts[k].type = s->types.u16;
    items[3] = make_aggregate(s, type_struct(s, parts, nvars), ex, nvars);
    static const char *const names[] = { "base_address", "offset", "stride", "extent" };
    for (int k = 0; k < 4; k++) fields[k] = (Field){ .name = name_of(s->c, names[k], strlen(names[k])), .type = items[k].type };
    memcpy(it, items, sizeof items);
    return make_aggregate(s, type_struct(s, fields, 4), it, 4);
}

// ---------------------------------------------------------------------------------------------------------------
// Types as expressions
// ---------------------------------------------------------------------------------------------------------------

APART static Operand array_type(Sema *s, Node *n) {
    uint32_t nd = n->array_type.dims.len, dims[16];
    if (nd < 1 || nd > 16) return bad(s, span_of(n), "an array has 1 to 16 dimensions");
    uint64_t count = 1;
    for (uint32_t i = 0; i < nd; i++) {
        Node *d = n->array_type.dims.data[i];
        Value v;
        int64_t k;
        if (!expr_known(s, d, NULL, &v)) return opd_error();
        if (!value_to_i64(&v, &k)) return bad(s, span_of(d), "an array length must be an integer, found '%s'", v.type->name);
        if (k < 0 || k > 1 << 24) return bad(s, span_of(d), "array length %lld is out of range", (long long)k);
        dims[i] = (uint32_t)k;
        count *= dims[i];
        if (count > 1 << 24) return bad(s, span_of(n), "the array is too large");
    }
    Type *elem = expr_type(s, n->array_type.elem);
    if (!elem) return opd_error();
    if (elem->kind == TY_ARRAY) return bad(s, span_of(n), "an array of arrays is written with several lengths, as [n, m]T");
    if (elem->kind == TY_VOID) return bad(s, span_of(n), "an array of void");
    return opd_value(value_type(s, type_array(s, elem, dims, nd)));
}

static Operand pointer_type(Sema *s, Node *n) {
    Type *to = expr_type(s, n->pointer_type.to);
    if (!to) return opd_error();
    if (to->comptime_only && to->kind != TY_FN && to->kind != TY_ANYOPAQUE)
        return bad(s, span_of(n), "there are no pointers to '%s', which exists only at compile time", to->name);
    if (to->kind == TY_FN && !(n->flags & NF_CONST)) return bad(s, span_of(n), "a pointer to a function must be const");
    return opd_value(value_type(s, type_pointer(s, to, n->flags & NF_CONST, n->flags & NF_MANY)));
}

static Operand fn_type(Sema *s, Node *n) {
    Type *t = fn_node_type(s, n);
    return t ? opd_value(value_type(s, t)) : opd_error();
}

static Operand struct_type(Sema *s, Node *n) {
    uint32_t count = n->aggregate.members.len;
    Field *fields = arena_array(s->arena, Field, count ? count : 1);
    if (n->kind == ND_STRUCT_TYPE && (n->flags & NF_PACKED)) return bad(s, span_of(n), "packed structs are not supported yet");
    if (n->kind == ND_UNION_TYPE) return bad(s, span_of(n), "unions are not supported yet");
    for (uint32_t i = 0; i < count; i++) {
        Node *m = n->aggregate.members.data[i];
        fields[i] = (Field){ .name = m->member.name, .type = expr_type(s, m->member.type) };
        if (!fields[i].type) return opd_error();
        for (uint32_t k = 0; k < i; k++)
            if (fields[k].name == fields[i].name) return bad(s, span_of(m), "field '%s' is declared twice", m->member.name->s);
    }
    return opd_value(value_type(s, type_declared(s, TY_STRUCT, n, fields, count, NULL, n->flags)));
}

APART static Operand enum_type(Sema *s, Node *n) {
    uint32_t count = n->aggregate.members.len;
    Type *base = n->aggregate.base ? expr_type(s, n->aggregate.base) : s->types.u16;
    if (!base) return opd_error();
    if (base->kind != TY_INT) return bad(s, span_of(n), "the base of an enum must be an integer of fixed width, found '%s'", base->name);
    Field *fields = arena_array(s->arena, Field, count ? count : 1);
    bool *given = arena_array(s->arena, bool, count ? count : 1);
    for (uint32_t i = 0; i < count; i++) {
        Node *m = n->aggregate.members.data[i];
        fields[i] = (Field){ .name = m->member.name };
        for (uint32_t k = 0; k < i; k++)
            if (fields[k].name == fields[i].name) return bad(s, span_of(m), "member '%s' is declared twice", m->member.name->s);
        if (!m->member.value) continue;
        Value v;
        if (!expr_known(s, m->member.value, base, &v)) return opd_error();
        fields[i].value = (int64_t)v.i;
        given[i] = true;
        for (uint32_t k = 0; k < i; k++)
            if (given[k] && fields[k].value == fields[i].value)
                return bad(s, span_of(m), "member '%s' has the value of '%s'", m->member.name->s, fields[k].name->s);
    }
    int64_t next = 0;           // the rest count up, past what is taken
    for (uint32_t i = 0; i < count; i++) {
        if (given[i]) continue;
        for (bool taken = true; taken;) {
            taken = false;
            for (uint32_t k = 0; k < count; k++) taken |= given[k] && fields[k].value == next;
            if (taken) next++;
        }
        if (!int_fits(base, next)) return bad(s, span_of(n), "the enum has more members than '%s' has values", base->name);
        fields[i].value = next++;
    }
    return opd_value(value_type(s, type_declared(s, TY_ENUM, n, fields, count, base, 0)));
}

// ---------------------------------------------------------------------------------------------------------------

APART static Operand call(Sema *s, Node *n) {
    Operand f = expr(s, n->call.of, NULL);
    if (opd_bad(&f)) return f;
    if (f.kind == X_SLOT) f = rvalue(s, f);
    Span at = span_of(n);
    Type *ft = f.type;
    if (ft->kind == TY_POINTER && ft->elem->kind == TY_FN) ft = ft->elem;
    if (ft->kind != TY_FN) return bad(s, at, "'%s' cannot be called", f.type->name);
    if (ft->is_task) return bad(s, at, "a task cannot be called; activate it with @activate");
    Func *fn = f.kind == X_VALUE ? f.v.fn : NULL;
    uint32_t nargs = n->call.args.len, nparams = ft->nfields;
    if (f.kind == X_VALUE && !fn) return bad(s, at, "the function has no body");
    if (nargs != nparams) {
        Operand x = bad(s, at, "%s%s%s takes %u argument%s, found %u", fn ? "'" : "the function", fn ? fn->node->fn.name->s : "", fn ? "'" : "",
                        nparams, nparams == 1 ? "" : "s", nargs);
        if (fn) diag_note(s->c, span_of(fn->node), "declared here");
        return x;
    }
    Operand *args = arena_array(s->arena, Operand, nargs ? nargs : 1);
    for (uint32_t i = 0; i < nargs; i++) {
        args[i] = expr_value(s, n->call.args.data[i], ft->fields[i].type);
        if (opd_bad(&args[i])) return args[i];
    }
    if (fn) return call_function(s, fn, args, nargs, n);
    if (at_comptime(s)) return bad(s, at, "the function is only known at run time");
    IrCall *ic = arena_new(s->arena, IrCall);
    *ic = (IrCall){ .through = to_reg(s, f), .args = arena_array(s->arena, int, nargs ? nargs : 1), .nargs = (int)nargs, .result = -1 };
    for (uint32_t i = 0; i < nargs; i++) {
        Operand x = coerce(s, args[i], ft->fields[i].type, span_of(n->call.args.data[i]));
        if (opd_bad(&x)) return x;
        if (type_is_aggregate(x.type)) return bad(s, at, "arrays and structs as arguments of a call through a pointer are not supported yet");
        ic->args[i] = to_reg(s, x);
    }
    if (ft->result && type_is_aggregate(ft->result)) return bad(s, at, "a call through a pointer cannot give '%s'", ft->result->name);
    if (ft->result && ft->result->kind != TY_VOID) ic->result = ir_reg(s->fx->ir, ft->result);
    ir_emit(s, IR_CALL, 0, 0, 0)->x.call = ic;
    return ic->result < 0 ? opd_void(s) : opd_reg(ft->result, ic->result);
}

static Operand literal_int(Sema *s, const Node *n) {
    if (n->integer.hi >> 62) return bad(s, span_of(n), "the number is too large");
    return opd_value(value_int(s, (Int)((unsigned __int128)n->integer.hi << 64 | n->integer.lo)));
}

static Operand expr_inner(Sema *s, Node *n, Type *want) {
    switch ((NodeKind)n->kind) {
    case ND_INT: return literal_int(s, n);
    case ND_FLOAT: return opd_value(value_float(s->types.comptime_float, n->number));
    case ND_STRING: return opd_value((Value){ .type = s->types.string, .str = { n->string.p, n->string.len } });
    case ND_BOOL: return opd_value(value_bool(s, n->boolean));
    case ND_IDENT: return identifier(s, n);
    case ND_UNARY: return unary(s, n, want);
    case ND_BINARY: {
        if (n->op == CSL_OP_LAND || n->op == CSL_OP_LOR) return logical(s, n);
        Type *hint = is_compare(n->op) ? NULL : want;
        Operand a = expr(s, n->binary.lhs, hint);
        if (opd_bad(&a)) return a;
        if (a.kind == X_MEM && at_comptime(s)) return expr_value(s, n->binary.lhs, hint);
        a = rvalue(s, a);
        Operand b = expr_value(s, n->binary.rhs, hint);
        return binary(s, n->op, a, b, span_of(n));
    }
    case ND_ADDRESS: {
        Operand x = expr(s, n->unary.operand, NULL);
        return address_of(s, x, span_of(n));
    }
    case ND_DEREF: {
        Operand p = expr_value(s, n->unary.operand, NULL);
        if (opd_bad(&p)) return p;
        if (p.type->kind != TY_POINTER) return bad(s, span_of(n), "'.*' needs a pointer, found '%s'", p.type->name);
        if (p.type->elem->kind == TY_FN) return p;
        if (p.type->many) return bad(s, span_of(n), "'%s' points to any number of elements; write p[0]", p.type->name);
        if (p.type->elem->kind == TY_ANYOPAQUE) return bad(s, span_of(n), "'*anyopaque' has no value; convert it with @ptrcast");
        return pointee(s, p, p.type->elem);
    }
    case ND_FIELD: {
        Operand x = expr(s, n->field.of, NULL);
        if (x.kind == X_MEM && x.type->comptime_only) x = rvalue(s, x);
        return field_of(s, x, n->field.name, span_of(n));
    }
    case ND_INDEX: return element(s, n);
    case ND_CALL: return call(s, n);
    case ND_BUILTIN: return builtin_call(s, n, want);
    case ND_COMPTIME: {
        s->force++;
        Operand x = expr_value(s, n->unary.operand, want);
        s->force--;
        if (!opd_bad(&x) && !opd_known(&x)) return bad(s, span_of(n), "the expression is not comptime-known");
        return x;
    }
    case ND_ARRAY_LITERAL: return array_literal(s, n);
    case ND_TUPLE: return tuple_literal(s, n, want);
    case ND_STRUCT_LITERAL: return struct_literal(s, n, want);
    case ND_TENSOR: return tensor(s, n);
    case ND_ARRAY_TYPE: return array_type(s, n);
    case ND_POINTER_TYPE: return pointer_type(s, n);
    case ND_FN_TYPE: return fn_type(s, n);
    case ND_STRUCT_TYPE: case ND_UNION_TYPE: return struct_type(s, n);
    case ND_ENUM_TYPE: return enum_type(s, n);
    default: return opd_error();    // statements come here through stmt.c
    }
}


Operand expr(Sema *s, Node *n, Type *want) {
    if (s->stopped || out_of_steps(s, span_of(n))) return opd_error();
    if (s->expr_depth > EXPR_DEPTH) return bad(s, span_of(n), "the expression is nested too deeply");
    s->expr_depth++;
    Operand x;
    switch ((NodeKind)n->kind) {
    case ND_BLOCK: case ND_IF: case ND_FOR: case ND_WHILE: case ND_SWITCH: case ND_BREAK: case ND_CONTINUE: case ND_RETURN: case ND_ASSIGN: case ND_ASM:
        x = stmt_expr(s, n, want);
        break;
    default:
        x = expr_inner(s, n, want);
        break;
    }
    s->expr_depth--;
    return x;
}
