// Literals of arrays and structs, tensor accesses, and the expressions that make types.
#include "wse/build/sema.h"

// Walking is recursive: what needs much stack stays out of the frames that repeat.
#define APART __attribute__((noinline))

// Turns items into one operand: a value when all are known.
static Operand make_aggregate(Sema *s, Type *t, Operand *items, uint32_t n) {
    bool known = true;
    for (uint32_t i = 0; i < n; i++) {
        if (opd_bad(&items[i])) return items[i];
        known &= items[i].kind == X_VALUE;
    }
    if (!known)
        return (Operand){ .kind = X_AGG, .type = t, .items = items, .is_const = true, .idx = -1 };
    Value v = value_agg(s, t, n);
    for (uint32_t i = 0; i < n; i++) v.agg->items[i] = items[i].v;
    return opd_value(v);
}

static Operand item_value(Sema *s, Node *n, Type *want) {
    Operand x = expr(s, n, want);
    if (x.kind == X_MEM && at_comptime(s))
        return opd_wrong(s, span_of(n), "the value of '%s' is only known at run time",
                         x.base ? x.base->name : "this variable");
    if (x.kind == X_MEM && type_is_aggregate(x.type) && !(x.base && x.base->is_const))
        return mem_copy(s, x, span_of(n)); // what is made of it may outlive its next change
    return detach(s, x);
}

Operand array_literal(Sema *s, Node *n) {
    Type *t = expr_type(s, n->literal.type);
    if (!t) return opd_error();
    uint32_t count = n->literal.items.len;
    if (t->kind != TY_ARRAY)
        return opd_wrong(s, span_of(n), "'%s' cannot be written as a list of elements", t->name);
    if (count != t->count)
        return opd_wrong(s, span_of(n), "'%s' needs %llu elements, found %u", t->name,
                         (unsigned long long)t->count, count);
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

Operand tuple_literal(Sema *s, Node *n, Type *want) {
    uint32_t count = n->literal.items.len;
    Operand *items = arena_array(s->arena, Operand, count ? count : 1);
    Field *fields = arena_array(s->arena, Field, count ? count : 1);
    bool ok = true;
    for (uint32_t i = 0; i < count; i++) {
        Type *w =
            want && want->kind == TY_STRUCT && i < want->nfields ? want->fields[i].type : NULL;
        items[i] = item_value(s, n->literal.items.data[i], w);
        ok &= !opd_bad(&items[i]);
        fields[i] = (Field){ .type = items[i].type };
    }
    return ok ? make_aggregate(s, type_struct(s, fields, count), items, count) : opd_error();
}

static bool has_fields(const Type *t) {
    return t->kind == TY_STRUCT || t->kind == TY_UNION || t->kind == TY_PACKED;
}

static Operand union_value(Sema *s, Type *t, const Name *name, Operand x) {
    int i = type_field(t, name);
    if (x.kind == X_VALUE) {
        Value v = value_agg(s, t, 1);
        v.agg->active = (uint32_t)i;
        v.agg->items[0] = x.v;
        return opd_value(v);
    }
    Operand m = mem_temp(s, t);
    store(s, mem_at(&m, t->fields[i].type, 0), x, NOWHERE);
    m.is_const = true;
    return m;
}

APART Operand struct_literal(Sema *s, Node *n, Type *want) {
    uint32_t count = n->literal.items.len;
    Type *named = NULL;
    if (n->literal.type) {
        named = expr_type(s, n->literal.type);
        if (!named) return opd_error();
        if (!has_fields(named)) return opd_wrong(s, span_of(n), "'%s' has no fields", named->name);
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
        int w = want && has_fields(want) ? type_field(want, name) : -1;
        if (named && w < 0) {
            Spelling sp = spelling(name->s);
            for (uint32_t k = 0; k < named->nfields; k++)
                spelling_offer(&sp, named->fields[k].name->s);
            ok = sema_error(s, span_of(in), "'%s' has no field '%s'%s", named->name, name->s,
                            spelling_hint(s->c, &sp));
            continue;
        }
        items[i] = item_value(s, in->field_init.value, w >= 0 ? want->fields[w].type : NULL);
        if (named && !opd_bad(&items[i]))
            items[i] = coerce(s, items[i], want->fields[w].type, span_of(in));
        ok &= !opd_bad(&items[i]);
        fields[i] = (Field){ .name = name, .type = items[i].type };
    }
    if (!ok) return opd_error();
    bool is_union = named && named->kind != TY_STRUCT && named->sub;
    if (is_union && count != 1)
        return opd_wrong(s, span_of(n), "a union holds one of its fields, found %u", count);
    if (named && named->kind == TY_UNION) return union_value(s, named, fields[0].name, items[0]);
    if (named && !is_union)
        for (uint32_t k = 0; k < named->nfields; k++) {
            bool given = false;
            for (uint32_t i = 0; i < count; i++) given |= fields[i].name == named->fields[k].name;
            if (!given)
                return opd_wrong(s, span_of(n), "field '%s' of '%s' is missing",
                                 named->fields[k].name->s, named->name);
        }
    if (named && named->kind == TY_PACKED) {
        Operand *ordered = arena_array(s->arena, Operand, named->nfields);
        for (uint32_t i = 0; i < count; i++) ordered[type_field(named, fields[i].name)] = items[i];
        return packed_make(s, named, ordered, span_of(n));
    }
    Operand x = make_aggregate(s, type_struct(s, fields, count), items, count);
    return named ? coerce(s, x, named, span_of(n)) : x;
}

// |i, j|{n, m} -> base[e1, e2]: its variables as locals, its lengths, what it is based on.
typedef struct Tensor {
    Node *node;
    uint32_t nvars;
    Local *vars[4];
    int64_t extent[4], coef[4], offset;
    Operand base;      // a pointer
    const Type *array; // what the base points to; no dimensions for [*]T
} Tensor;

static bool tensor_extents(Sema *s, Tensor *t) {
    NodeList list = t->node->tensor.extents;
    t->nvars = t->node->tensor.vars.len;
    if (t->nvars < 1 || t->nvars > 4 || list.len != t->nvars)
        return sema_error(s, span_of(t->node),
                          "a tensor access takes 1 to 4 variables and as many lengths");
    for (uint32_t k = 0; k < t->nvars; k++) {
        Value v;
        Span at = span_of(list.data[k]);
        if (!expr_known(s, list.data[k], NULL, &v)) return false;
        if (!value_to_i64(&v, &t->extent[k]))
            return sema_error(s, at, "a length must be an integer, found '%s'", v.type->name);
        if (t->extent[k] < 0 || t->extent[k] > 65535)
            return sema_error(s, at, "length %lld is out of range (0 to 65535)",
                              (long long)t->extent[k]);
    }
    return true;
}

static bool tensor_base(Sema *s, Tensor *t) {
    static const Type flat = { .ndims = 0 };
    Node *access = t->node->tensor.access;
    Span at = span_of(access);
    if (access->kind != ND_INDEX)
        return sema_error(s, at, "a tensor access ends in an element of an array");
    Operand x = expr(s, access->call.of, NULL);
    if (opd_bad(&x)) return false;
    t->array = x.type;
    if (x.type->kind == TY_POINTER) {
        t->base = rvalue(s, x);
        if (t->base.kind == X_MEM)
            return sema_error(
                s, at, "the base of a tensor access must be an array or a comptime-known pointer");
        t->array = x.type->many ? &flat : x.type->elem;
    } else if (x.type->kind == TY_ARRAY) {
        t->base = address_of(s, x, span_of(access->call.of));
        if (opd_bad(&t->base)) return false;
    }
    if (t->array != &flat && t->array->kind != TY_ARRAY)
        return sema_error(s, at, "'%s' cannot be indexed", x.type->name);
    uint32_t want = t->array->ndims ? t->array->ndims : 1, found = access->call.args.len;
    return found == want || sema_error(s, at, "'%s' takes %u ind%s, found %u", x.type->name, want,
                                       want == 1 ? "ex" : "ices", found);
}

// The linear index where the variables have these values.
static bool tensor_at(Sema *s, const Tensor *t, const int *point, int64_t *linear) {
    NodeList indices = t->node->tensor.access->call.args;
    for (uint32_t k = 0; k < t->nvars; k++) t->vars[k]->v = value_int(s, point[k]);
    *linear = 0;
    for (uint32_t k = 0; k < indices.len; k++) {
        Value v;
        int64_t i;
        Span at = span_of(indices.data[k]);
        if (!expr_known(s, indices.data[k], NULL, &v)) return false;
        if (!value_to_i64(&v, &i))
            return sema_error(s, at, "an index must be an integer, found '%s'", v.type->name);
        if (i < -65536 || i > 65536)
            return sema_error(s, at, "index %lld is out of range", (long long)i);
        *linear = *linear * (t->array->ndims ? t->array->dims[k] : 1) + i;
    }
    return true;
}

// The indices must be affine in the variables; what they are is found by evaluating them.
static bool tensor_coefs(Sema *s, Tensor *t) {
    Span at = span_of(t->node);
    int point[4] = { 0 };
    int64_t two, all;
    if (!tensor_at(s, t, point, &t->offset)) return false;
    for (uint32_t k = 0; k < t->nvars; k++) {
        point[k] = 1;
        if (!tensor_at(s, t, point, &t->coef[k])) return false;
        t->coef[k] -= t->offset;
        point[k] = 2;
        if (!tensor_at(s, t, point, &two)) return false;
        if (two - t->offset != 2 * t->coef[k])
            return sema_error(s, at, "the indices must be affine in '%s'", t->vars[k]->name->s);
        point[k] = 0;
    }
    for (uint32_t k = 0; k < t->nvars; k++) point[k] = 1;
    if (!tensor_at(s, t, point, &all)) return false;
    for (uint32_t k = 0; k < t->nvars; k++) all -= t->coef[k];
    return all == t->offset || sema_error(s, at, "the indices must be affine in the variables");
}

static Operand int_tuple(Sema *s, Type *elem, const int64_t *v, uint32_t n) {
    Field fields[4];
    Operand *items = arena_array(s->arena, Operand, n);
    for (uint32_t k = 0; k < n; k++) {
        fields[k] = (Field){ .type = elem };
        items[k] = opd_value(value_of(elem, v[k]));
    }
    return make_aggregate(s, type_struct(s, fields, n), items, n);
}

// As an anonymous struct: base_address, offset, stride (innermost first, what the inner loops have
// gone taken back), extent.
static Operand tensor_value(Sema *s, const Tensor *t) {
    static const char *const names[] = { "base_address", "offset", "stride", "extent" };
    int64_t stride[4], inner = 0;
    for (uint32_t k = 0; k < t->nvars; k++) {
        uint32_t from = t->nvars - 1 - k;
        stride[k] = t->coef[from] - inner;
        inner += t->coef[from] * (t->extent[from] - 1);
    }
    Operand *items = arena_array(s->arena, Operand, 4);
    items[0] = t->base;
    items[1] = opd_value(value_int(s, t->offset));
    items[2] = int_tuple(s, s->types.comptime_int, stride, t->nvars);
    items[3] = int_tuple(s, s->types.u16, t->extent, t->nvars);
    Field fields[4];
    for (int k = 0; k < 4; k++)
        fields[k] =
            (Field){ .name = name_of(s->c, names[k], strlen(names[k])), .type = items[k].type };
    return make_aggregate(s, type_struct(s, fields, 4), items, 4);
}

APART Operand tensor(Sema *s, Node *n) {
    Tensor t = { .node = n };
    if (!tensor_extents(s, &t) || !tensor_base(s, &t)) return opd_error();
    Local *saved = s->fx->locals;
    for (uint32_t k = 0; k < t.nvars; k++)
        t.vars[k] = local_add(s, n->tensor.vars.data[k]->name, s->types.comptime_int, LOCAL_VALUE,
                              true, span_of(n->tensor.vars.data[k]));
    bool ok = tensor_coefs(s, &t);
    s->fx->locals = saved;
    return ok ? tensor_value(s, &t) : opd_error();
}

// -------------------------------------------------------------------------------------------------
// Types
// -------------------------------------------------------------------------------------------------
APART Operand array_type(Sema *s, Node *n) {
    uint32_t nd = n->array_type.dims.len, dims[16];
    if (nd < 1 || nd > 16) return opd_wrong(s, span_of(n), "an array has 1 to 16 dimensions");
    uint64_t count = 1;
    for (uint32_t i = 0; i < nd; i++) {
        Node *d = n->array_type.dims.data[i];
        Value v;
        int64_t k;
        if (!expr_known(s, d, NULL, &v)) return opd_error();
        if (!value_to_i64(&v, &k))
            return opd_wrong(s, span_of(d), "an array length must be an integer, found '%s'",
                             v.type->name);
        if (k < 0 || k > 1 << 24)
            return opd_wrong(s, span_of(d), "array length %lld is out of range", (long long)k);
        dims[i] = (uint32_t)k;
        count *= dims[i];
        if (count > 1 << 24) return opd_wrong(s, span_of(n), "the array is too large");
    }
    Type *elem = expr_type(s, n->array_type.elem);
    if (!elem) return opd_error();
    if (elem->kind == TY_ARRAY)
        return opd_wrong(s, span_of(n),
                         "an array of arrays is written with several lengths, as [n, m]T");
    if (elem->kind == TY_VOID) return opd_wrong(s, span_of(n), "an array of void");
    if (!type_sized(s, elem, span_of(n->array_type.elem))) return opd_error();
    return opd_value(value_type(s, type_array(s, elem, dims, nd)));
}

Operand pointer_type(Sema *s, Node *n) {
    Type *to = expr_type(s, n->pointer_type.to);
    if (!to) return opd_error();
    if (to->comptime_only && to->kind != TY_FN && to->kind != TY_ANYOPAQUE)
        return opd_wrong(s, span_of(n),
                         "there are no pointers to '%s', which exists only at compile time",
                         to->name);
    if (to->kind == TY_FN && !(n->flags & NF_CONST))
        return opd_wrong(s, span_of(n), "a pointer to a function must be const");
    return opd_value(value_type(s, type_pointer(s, to, n->flags & NF_CONST, n->flags & NF_MANY)));
}

Operand fn_type(Sema *s, Node *n) {
    Type *t = fn_node_type(s, n);
    return t ? opd_value(value_type(s, t)) : opd_error();
}

Operand struct_type(Sema *s, Node *n) {
    uint32_t count = n->aggregate.members.len;
    Field *fields = arena_array(s->arena, Field, count ? count : 1);
    bool is_union = n->kind == ND_UNION_TYPE;
    if (is_union && !count) return opd_wrong(s, span_of(n), "a union needs a field");
    for (uint32_t i = 0; i < count; i++) {
        Node *m = n->aggregate.members.data[i];
        fields[i] = (Field){ .name = m->member.name, .type = expr_type(s, m->member.type) };
        if (!fields[i].type || !type_sized(s, fields[i].type, span_of(m->member.type)))
            return opd_error();
        for (uint32_t k = 0; k < i; k++)
            if (fields[k].name == fields[i].name)
                return opd_wrong(s, span_of(m), "field '%s' is declared twice", m->member.name->s);
        if ((n->flags & NF_EXTERN) && !export_compatible(fields[i].type))
            return opd_wrong(s, span_of(m), "field '%s' of type '%s' cannot be in an extern %s",
                             m->member.name->s, fields[i].type->name,
                             is_union ? "union" : "struct");
    }
    if (n->flags & NF_PACKED) return packed_type(s, n, fields, count);
    return opd_value(value_type(
        s, type_declared(s, is_union ? TY_UNION : TY_STRUCT, n, fields, count, NULL, n->flags)));
}

APART Operand enum_type(Sema *s, Node *n) {
    uint32_t count = n->aggregate.members.len;
    Type *base = n->aggregate.base ? expr_type(s, n->aggregate.base) : s->types.u16;
    if (!base) return opd_error();
    if (base->kind != TY_INT)
        return opd_wrong(s, span_of(n),
                         "the base of an enum must be an integer of fixed width, found '%s'",
                         base->name);
    Field *fields = arena_array(s->arena, Field, count ? count : 1);
    bool *given = arena_array(s->arena, bool, count ? count : 1);
    for (uint32_t i = 0; i < count; i++) {
        Node *m = n->aggregate.members.data[i];
        fields[i] = (Field){ .name = m->member.name };
        for (uint32_t k = 0; k < i; k++)
            if (fields[k].name == fields[i].name)
                return opd_wrong(s, span_of(m), "member '%s' is declared twice", m->member.name->s);
        if (!m->member.value) continue;
        Value v;
        if (!expr_known(s, m->member.value, base, &v)) return opd_error();
        fields[i].value = (int64_t)v.i;
        given[i] = true;
        for (uint32_t k = 0; k < i; k++)
            if (given[k] && fields[k].value == fields[i].value)
                return opd_wrong(s, span_of(m), "member '%s' has the value of '%s'",
                                 m->member.name->s, fields[k].name->s);
    }
    int64_t next = 0; // the rest count up, past what is taken
    for (uint32_t i = 0; i < count; i++) {
        if (given[i]) continue;
        for (bool taken = true; taken;) {
            taken = false;
            for (uint32_t k = 0; k < count; k++) taken |= given[k] && fields[k].value == next;
            if (taken) next++;
        }
        if (!int_fits(base, next))
            return opd_wrong(s, span_of(n), "the enum has more members than '%s' has values",
                             base->name);
        fields[i].value = next++;
    }
    return opd_value(value_type(s, type_declared(s, TY_ENUM, n, fields, count, base, 0)));
}
