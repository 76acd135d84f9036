// Packed structs and unions: integers whose bits have names (Type System, "packed struct").
//
// A value is its backing integer, unsigned: it lives in registers, is copied, passed and returned
// like a number. A field is so many of its bits, the first one lowest; the fields of a union are
// all of them. A field of a variable is an X_BITS operand: reading shifts it out, writing reads,
// changes and writes the whole.
#include "wse/build/sema.h"

static bool is_signed(const Type *t) {
    return (t->kind == TY_INT || t->kind == TY_ENUM) && t->is_signed;
}

static bool may_be_field(const Type *t) {
    return type_width(t) && !type_is_id(t) && t->kind != TY_DIRECTION;
}

// -------------------------------------------------------------------------------------------------
// The type
// -------------------------------------------------------------------------------------------------

// `fields` get their positions.
Operand packed_type(Sema *s, Node *n, Field *fields, uint32_t count) {
    bool is_union = n->kind == ND_UNION_TYPE;
    uint32_t bits = 0;
    for (uint32_t i = 0; i < count; i++) {
        const Type *t = fields[i].type;
        Span at = span_of(n->aggregate.members.data[i]);
        if (!may_be_field(t))
            return opd_wrong(s, at, "'%s' has no width in bits and cannot be packed", t->name);
        if (is_union && i && type_width(t) != bits)
            return opd_wrong(s, at,
                             "the fields of a packed union have one width: '%s' has %u bits, '%s' "
                             "has %u",
                             fields[0].name->s, bits, fields[i].name->s, type_width(t));
        fields[i].value = is_union ? 0 : bits;
        bits = is_union ? type_width(t) : bits + type_width(t);
    }
    if (bits < 1 || bits > 64)
        return opd_wrong(s, span_of(n), "a packed type of %u bits is not supported yet: 1 to 64",
                         bits);
    Type *backing = type_int(s, false, bits);
    return opd_value(
        value_type(s, type_declared(s, TY_PACKED, n, fields, count, backing, n->flags)));
}

// -------------------------------------------------------------------------------------------------
// Bits of a value
// -------------------------------------------------------------------------------------------------

static Value value_from_bits(Sema *s, Type *t, uint64_t bits) {
    uint32_t width = type_width(t);
    if (width < 64) bits &= ((uint64_t)1 << width) - 1;
    switch (t->kind) {
    case TY_FLOAT: return (Value){ .type = t, .f = float_from_bits(t, (uint32_t)bits) };
    case TY_POINTER: return (Value){ .type = t, .ptr = { NULL, (int64_t)bits } };
    case TY_BOOL: return value_bool(s, bits);
    case TY_PACKED: return value_of(t, (Int)bits);
    default: return value_of(t, int_wrap(t, (Int)bits));
    }
}

static bool bits_known(const Operand *x) {
    return x->kind == X_VALUE &&
           !(x->type->kind == TY_POINTER && (x->type->elem->kind == TY_FN || x->v.ptr.base));
}

Operand packed_get(Sema *s, Operand whole, Type *t, int off) {
    if (opd_bad(&whole)) return whole;
    if (whole.kind == X_VALUE) return opd_value(value_from_bits(s, t, (uint64_t)whole.v.i >> off));
    int r = to_reg(s, whole), to = ir_reg(s->fx->ir, t), bits = (int)type_width(t);
    ir_emit(s, PE_shli_i64, to, r, 64 - bits - off);
    ir_emit(s, is_signed(t) ? PE_sari : PE_shri, to, to, 64 - bits);
    return opd_reg(t, to);
}

// `whole` with `part` at bit `off`.
static Operand packed_put(Sema *s, Operand whole, Operand part, int off, Span at) {
    int bits = (int)type_width(part.type), total = (int)whole.type->bits;
    uint64_t ones = (bits < 64 ? (uint64_t)1 << bits : 0) - 1, mask = ones << off;
    if (whole.kind == X_VALUE && bits_known(&part)) {
        uint64_t old = (uint64_t)whole.v.i, in = (value_word(s, &part.v) & ones) << off;
        return opd_value(value_of(whole.type, (Int)((old & ~mask) | in)));
    }
    if (!s->fx->ir || at_comptime(s))
        return opd_wrong(s, at, "the address of a variable is not known at compile time");
    IrFunc *f = s->fx->ir;
    int moved = ir_reg(f, s->types.u64);
    ir_emit(s, PE_shli_i64, moved, to_reg(s, part), 64 - bits);
    ir_emit(s, PE_shri, moved, moved, 64 - bits - off);
    Value keep = value_of(s->types.u64,
                          (Int)(~mask & (total < 64 ? ((uint64_t)1 << total) - 1 : UINT64_MAX)));
    if (!keep.i || (whole.kind == X_VALUE && !((uint64_t)whole.v.i & (uint64_t)keep.i)))
        return opd_reg(whole.type, moved);
    int rest = ir_reg(f, s->types.u64), to = ir_reg(f, whole.type);
    ir_emit(s, PE_and, rest, to_reg(s, whole), const_reg(s, s->types.u64, &keep));
    ir_emit(s, PE_or, to, rest, moved);
    return opd_reg(whole.type, to);
}

// A value of type t; items[i], coerced, is field i, and where it is missing the bits are zero.
Operand packed_make(Sema *s, Type *t, const Operand *items, Span at) {
    Operand x = opd_value(value_of(t, 0));
    for (uint32_t i = 0; i < t->nfields && !opd_bad(&x); i++)
        if (items[i].type) x = packed_put(s, x, items[i], (int)t->fields[i].value, at);
    return x;
}

// -------------------------------------------------------------------------------------------------
// Fields
// -------------------------------------------------------------------------------------------------

// Field i of x: a place where x is one.
Operand packed_field(Sema *s, Operand x, uint32_t i, Span at) {
    Type *t = x.type->fields[i].type;
    int off = (int)x.type->fields[i].value;
    const Operand *root = operand_root(&x);
    if (root->kind == X_MEM && at_comptime(s))
        return opd_wrong(s, at, "the value of '%s' is only known at run time",
                         root->base ? root->base->name : "this variable");
    if (x.kind == X_VALUE || x.kind == X_REG) return packed_get(s, x, t, off);
    Operand *of = arena_new(s->arena, Operand);
    *of = x;
    return (Operand){
        .kind = X_BITS, .type = t, .is_const = x.is_const, .items = of, .off = off, .idx = -1
    };
}

void packed_store(Sema *s, const Operand *to, Operand part, Span at) {
    Operand whole = rvalue(s, to->items[0]);
    if (opd_bad(&whole)) return;
    store(s, to->items[0], packed_put(s, whole, part, to->off, at), at);
}
