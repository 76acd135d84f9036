// Conversions: what one type becomes by itself (section 6 of the language sheet), the common type
// of two operands, and @as.
#include "wse/build/sema.h"

#include <math.h>

static bool pointer_coerces(const Type *from, const Type *to) {
    if (to->is_const < from->is_const) return false;
    if (to->elem->kind == TY_ANYOPAQUE) return true;
    if (from->many == to->many) return from->elem == to->elem;
    // Of several dimensions too: the manual refuses that, published programs do it.
    if (to->many) return from->elem->kind == TY_ARRAY && from->elem->elem == to->elem;
    return false;
}

static bool same_fn(const Type *from, const Type *to) {
    if (from->nfields != to->nfields || from->result != to->result || from->is_task != to->is_task)
        return false;
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
        return from->is_signed == to->is_signed ? from->bits <= to->bits
                                                : !from->is_signed && from->bits < to->bits;
    case TY_FLOAT: return from->kind == TY_FLOAT && to->sub == FLOAT_F32 && from->bits == 16;
    case TY_POINTER:
        if (from->kind == TY_POINTER) {
            if (pointer_coerces(from, to)) return true;
            // *T to *[1]T
            return !to->many && !from->many && to->elem->kind == TY_ARRAY &&
                   to->elem->elem == from->elem && to->elem->count == 1 &&
                   to->is_const >= from->is_const;
        }
        return from->kind == TY_FN && to->elem->kind == TY_FN && same_fn(from, to->elem);
    case TY_FN: return from->kind == TY_FN && same_fn(from, to);
    case TY_ANYSTRUCT: return from->kind == TY_STRUCT;
    case TY_RANGE: return from->kind == TY_RANGE && to->sub == 1;
    case TY_PACKED:
        if (to->sub) return false;
        // as a struct
        // fall through
    case TY_STRUCT:
        if (from->kind != TY_STRUCT || from->named || from->nfields != to->nfields) return false;
        for (uint32_t i = 0; i < to->nfields; i++) {
            int k = to->fields[i].name ? type_field(from, to->fields[i].name) : (int)i;
            if (k < 0 || (!to->fields[i].name) != (!from->fields[k].name)) return false;
        }
        return true; // the fields are looked at one by one
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
    case TY_COMPTIME_INT: out->type = t; return type_is_int(v.type);
    case TY_FLOAT:
        if (v.type->kind != TY_COMPTIME_FLOAT && !type_coerces(v.type, t)) return false;
        *out = value_float(t, v.f);
        return !isinf(out->f) || isinf(v.f);
    case TY_COMPTIME_FLOAT: *out = value_float(t, v.f); return type_is_float(v.type);
    case TY_ANYSTRUCT: return v.type->kind == TY_STRUCT;
    case TY_STRUCT: {
        if (!type_coerces(v.type, t)) return false;
        Value to = value_agg(s, t, t->nfields);
        for (uint32_t i = 0; i < t->nfields; i++) {
            int k = t->fields[i].name ? type_field(v.type, t->fields[i].name) : (int)i;
            if (!coerce_value(s, v.agg->items[k], t->fields[i].type, &to.agg->items[i]))
                return false;
        }
        *out = to;
        return true;
    }
    case TY_PACKED: {
        if (!type_coerces(v.type, t)) return false;
        Operand *items = arena_array(s->arena, Operand, t->nfields);
        for (uint32_t i = 0; i < t->nfields; i++) {
            int k = type_field(v.type, t->fields[i].name);
            Value item;
            if (!coerce_value(s, v.agg->items[k], t->fields[i].type, &item)) return false;
            if (item.type->kind == TY_POINTER && item.ptr.base) return false; // not known yet
            items[i] = opd_value(item);
        }
        *out = packed_make(s, t, items, NOWHERE).v;
        return true;
    }
    case TY_ARRAY: // element by element, as its elements would
        if (v.type->kind != TY_ARRAY || v.type->count != t->count || v.type->ndims != t->ndims ||
            memcmp(v.type->dims, t->dims, t->ndims * sizeof *t->dims))
            return false;
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
        return opd_wrong(s, at, "'%s' has no field '%s'%s", t->name, name->s,
                         spelling_hint(s->c, &sp));
    }
    for (uint32_t i = 0; i < t->nfields; i++) {
        int k = t->fields[i].name ? type_field(x->type, t->fields[i].name) : (int)i;
        if (k < 0)
            return opd_wrong(s, at, "field '%s' of '%s' is missing", t->fields[i].name->s, t->name);
        if (k >= (int)x->type->nfields || x->kind != X_VALUE) break;
        Value v;
        if (!coerce_value(s, x->v.agg->items[k], t->fields[i].type, &v))
            return opd_wrong(s, at, "field '%s' of '%s' is '%s'; the value given is '%s'",
                             t->fields[i].name ? t->fields[i].name->s : "", t->name,
                             t->fields[i].type->name, x->v.agg->items[k].type->name);
    }
    return opd_wrong(s, at, "expected '%s', found '%s'", t->name, x->type->name);
}

static Operand coerce_failed(Sema *s, const Operand *x, Type *t, Span at) {
    if ((t->kind == TY_STRUCT || (t->kind == TY_PACKED && !t->sub)) && x->type->kind == TY_STRUCT &&
        !x->type->named)
        return struct_coerce_failed(s, x, t, at);
    if ((t->kind == TY_UNION || t->kind == TY_PACKED) && t->sub && x->type->kind == TY_STRUCT &&
        x->type->nfields == 1)
        return opd_wrong(s, at, "expected '%s', found '%s'; write '%s { ... }'", t->name,
                         x->type->name, t->name);
    if (x->kind == X_VALUE && t->kind == TY_INT && type_is_int(x->type))
        return opd_wrong(s, at, "value %s does not fit in '%s'", value_text(s, &x->v), t->name);
    if (x->type->kind == TY_COMPTIME_INT && type_is_float(t))
        return opd_wrong(s, at, "expected '%s', found the integer %s; write %s.0", t->name,
                         value_text(s, &x->v), value_text(s, &x->v));
    if (x->kind == X_VALUE && type_is_float(t) && type_is_float(x->type) &&
        (x->type->kind == TY_COMPTIME_FLOAT || type_coerces(x->type, t)))
        return opd_wrong(s, at, "value %s does not fit in '%s'", value_text(s, &x->v), t->name);
    if (type_is_number(t) && type_is_number(x->type) && !t->comptime_only)
        return opd_wrong(s, at, "expected '%s', found '%s'; convert it with @as(%s, ...)", t->name,
                         x->type->name, t->name);
    if (t->comptime_only && type_is_number(t) && type_is_number(x->type) && x->kind != X_VALUE)
        return opd_wrong(s, at, "expected '%s', found '%s' known at run time only", t->name,
                         x->type->name);
    if (t->kind == TY_POINTER && t->many && x->type == s->types.void_)
        return opd_wrong(s, at, "expected '%s', found no value", t->name);
    if (t->kind == TY_POINTER && x->type->kind == TY_ARRAY)
        return opd_wrong(s, at, "expected '%s', found '%s'; take its address with '&'", t->name,
                         x->type->name);
    return opd_wrong(s, at, "expected '%s', found '%s'", t->name, x->type->name);
}

// The fields of an anonymous struct as those of t, in its order; NULL: reported.
static Operand *coerce_fields(Sema *s, const Operand *x, Type *t, Span at) {
    Operand *items = arena_array(s->arena, Operand, t->nfields);
    for (uint32_t i = 0; i < t->nfields; i++) {
        int k = t->fields[i].name ? type_field(x->type, t->fields[i].name) : (int)i;
        const Field *f = &x->type->fields[k];
        Operand item = x->kind == X_AGG || x->kind == X_VALUE
                           ? opd_item(x, (uint32_t)k)
                           : rvalue(s, mem_at(x, f->type, (int)f->value));
        items[i] = coerce(s, item, t->fields[i].type, at);
        if (opd_bad(&items[i])) return NULL;
    }
    return items;
}

static Operand packed_coerce(Sema *s, const Operand *x, Type *t, Span at) {
    Operand *items = coerce_fields(s, x, t, at);
    return items ? packed_make(s, t, items, at) : opd_error();
}

Operand coerce(Sema *s, Operand x, Type *t, Span at) {
    if (opd_bad(&x)) return x;
    if (x.type == t) return x;
    if (t->kind == TY_PACKED && type_coerces(x.type, t)) return packed_coerce(s, &x, t, at);
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
        Operand y = { .kind = X_AGG,
                      .type = t,
                      .is_const = true,
                      .idx = -1,
                      .items = coerce_fields(s, &x, t, at) };
        return y.items ? y : opd_error();
    }
    if (type_is_aggregate(t)) return coerce_failed(s, &x, t, at);
    int r = to_reg(s, x);
    if (t->kind == TY_FLOAT) {
        int to = ir_reg(s->fx->ir, t);
        ir_emit(s, PE_f16_to_f32, to, r, 0);
        r = to;
    }
    return opd_reg(t, r); // canonical integers widen for free
}

// Where neither of two pointers becomes the other: const if one of them is, [*]T for arrays of
// different lengths.
static Type *peer_pointer(Sema *s, const Type *a, const Type *b) {
    bool is_const = a->is_const || b->is_const;
    Type *tries[] = { type_pointer(s, a->elem, is_const, a->many),
                      type_pointer(s, b->elem, is_const, b->many),
                      a->elem->kind == TY_ARRAY ? type_pointer(s, a->elem->elem, is_const, true)
                                                : NULL };
    for (int i = 0; i < 3; i++)
        if (tries[i] && type_coerces(a, tries[i]) && type_coerces(b, tries[i])) return tries[i];
    return NULL;
}

Type *peer_type(Sema *s, const Operand *a, const Operand *b) {
    if (a->type == b->type) return a->type;
    if (a->kind == X_NORETURN) return b->type;
    if (b->kind == X_NORETURN) return a->type;
    bool ka = opd_known(a), kb = opd_known(b);
    if (a->type->kind != TY_COMPTIME_INT && type_coerces(b->type, a->type)) return a->type;
    if (b->type->kind != TY_COMPTIME_INT && type_coerces(a->type, b->type)) return b->type;
    bool fixed_a = a->type->kind == TY_INT || a->type->kind == TY_FLOAT;
    bool fixed_b = b->type->kind == TY_INT || b->type->kind == TY_FLOAT;
    if (kb && !fixed_b && can_coerce(s, b, a->type)) return a->type;
    if (ka && !fixed_a && can_coerce(s, a, b->type)) return b->type;
    if (kb && a->type->kind == TY_INT && can_coerce(s, b, a->type)) return a->type;
    if (ka && b->type->kind == TY_INT && can_coerce(s, a, b->type)) return b->type;
    if (a->type->kind == TY_POINTER && b->type->kind == TY_POINTER)
        return peer_pointer(s, a->type, b->type);
    return NULL;
}

// For an integer type: which of eight opcodes, by width, signed ones first.
static int int_form(const Type *t) {
    return (t->bits <= 8 ? 0 : t->bits <= 16 ? 2 : t->bits <= 32 ? 4 : 6) + !t->is_signed;
}

// The result of an operation in the next wider machine type, brought into the width of t.
int fit_width(Sema *s, const Type *t, int reg) {
    if (t->kind != TY_INT || t->bits == 8 || t->bits == 16 || t->bits == 32 || t->bits == 64)
        return reg;
    ir_emit(s, PE_shli_i64, reg, reg, 64 - t->bits);
    ir_emit(s, t->is_signed ? PE_sari : PE_shri, reg, reg, 64 - t->bits);
    return reg;
}

// The low bits of an integer register, as a register of type t.
int cast_int(Sema *s, Type *t, int reg) {
    static const int cast[] = { PE_cast_i8,  PE_cast_u8,  PE_cast_i16, PE_cast_u16,
                                PE_cast_i32, PE_cast_u32, PE_cast_i64, PE_cast_i64 };
    int to = ir_reg(s->fx->ir, t);
    ir_emit(s, cast[int_form(t)], to, reg, 0);
    return fit_width(s, t, to);
}

static bool from_integer(const Type *t) {
    return type_is_int(t) || t->kind == TY_BOOL || t->kind == TY_ENUM;
}

// @as of a known value: what does not fit is an error.
static Operand convert_known(Sema *s, const Value *v, Type *t, Span at) {
    bool from_int = from_integer(v->type);
    if (t->kind == TY_BOOL) return opd_value(value_bool(s, from_int ? v->i != 0 : v->f != 0));
    if (type_is_float(t)) {
        bool single = t->kind == TY_FLOAT && t->sub == FLOAT_F32; // rounded once, not over double
        double f = !from_int ? v->f : single ? (double)(float)v->i : (double)v->i;
        return opd_value(value_float(t, f));
    }
    Int i = v->i;
    if (!from_int && !(fabs(v->f) < 0x1p126))
        return opd_wrong(s, at, "value %s does not fit in '%s'", value_text(s, v), t->name);
    if (!from_int) i = (Int)v->f;
    if (t->kind == TY_ENUM) {
        for (uint32_t k = 0; k < t->nfields; k++)
            if (t->fields[k].value == (int64_t)i) return opd_value(value_of(t, i));
        return opd_wrong(s, at, "no member of '%s' has the value %s", t->name, value_text(s, v));
    }
    if (!int_fits(t, i))
        return opd_wrong(s, at, "value %s does not fit in '%s'", value_text(s, v), t->name);
    return opd_value(value_of(t, i));
}

// Whether a register is not zero; NaN is not.
static int not_zero(Sema *s, const Type *t, int reg) {
    int zero = ir_reg(s->fx->ir, (Type *)t), to = ir_reg(s->fx->ir, s->types.bool_);
    ir_emit(s, IR_CONST, zero, 0, 0);
    int code = !type_is_float(t) ? PE_ne : t->sub == FLOAT_F16 ? PE_ne_f16 : PE_ne_f32;
    ir_emit(s, code, to, reg, zero);
    return to;
}

static int int_to_float(Sema *s, const Type *from, Type *t, int reg) {
    bool wide = from->kind == TY_INT && from->bits > 32 && !from->is_signed; // others are signed 64
    int to = ir_reg(s->fx->ir, t);
    int code = t->sub == FLOAT_F32 ? wide ? PE_u64_to_f32 : PE_int_to_f32
               : wide              ? PE_u64_to_f16
                                   : PE_int_to_f16;
    ir_emit(s, code, to, reg, 0);
    return to;
}

static int float_to_float(Sema *s, Type *t, int reg) {
    int to = ir_reg(s->fx->ir, t);
    ir_emit(s, t->sub == FLOAT_F32 ? PE_f16_to_f32 : PE_f32_to_f16, to, reg, 0);
    return to;
}

static int float_to_int(Sema *s, const Type *from, Type *t, int reg) {
    static const int codes[] = { PE_f32_to_i8,  PE_f32_to_u8,  PE_f32_to_i16, PE_f32_to_u16,
                                 PE_f32_to_i32, PE_f32_to_u32, PE_f32_to_i64, PE_f32_to_u64 };
    if (from->sub == FLOAT_F16) reg = float_to_float(s, s->types.f32, reg);
    int to = ir_reg(s->fx->ir, t);
    ir_emit(s, codes[int_form(t)], to, reg, 0);
    return fit_width(s, t, to);
}

// @as: any number, bool or enum to any other.
Operand convert_number(Sema *s, Operand x, Type *t, Span at) {
    x = rvalue(s, x);
    if (opd_bad(&x) || x.type == t) return x;
    bool from_int = from_integer(x.type), from_float = type_is_float(x.type);
    bool to_int = type_is_int(t) || t->kind == TY_ENUM, to_float = type_is_float(t);
    if (!(from_int || from_float) || !(to_int || to_float || t->kind == TY_BOOL))
        return can_coerce(s, &x, t)
                   ? coerce(s, x, t, at)
                   : opd_wrong(s, at, "cannot convert '%s' to '%s'", x.type->name, t->name);
    if (x.kind == X_VALUE) return convert_known(s, &x.v, t, at);
    if (!type_in_reg(t)) return opd_wrong(s, at, "a run-time value cannot become '%s'", t->name);
    int r = to_reg(s, x);
    if (t->kind == TY_BOOL) return opd_reg(t, not_zero(s, x.type, r));
    if (to_float)
        return opd_reg(t, from_int ? int_to_float(s, x.type, t, r) : float_to_float(s, t, r));
    return opd_reg(t, from_int ? cast_int(s, t, r) : float_to_int(s, x.type, t, r));
}
