// Builtins: the table, the checks they share, and the families that work on values: types, numbers,
// strings, arrays, structs, ranges, modules.
#include "wse/build/builtin.h"

#include <math.h>
#include <stdio.h>

const Builtin builtins[] = {
#define BUILTIN(name, where, min, max, handler, arg) { name, where, min, max, handler, arg },
#include "wse/build/builtin.def"
#undef BUILTIN
};
enum { NBUILTINS = sizeof builtins / sizeof *builtins };

static const Builtin *look_up(Sema *s, const Name *name) {
    if (!s->builtins.len)
        for (int i = 0; i < NBUILTINS; i++) {
            const Name *n = name_of(s->c, builtins[i].name, strlen(builtins[i].name));
            *map_put(&s->builtins, &n, sizeof n) = (uint64_t)i + 1;
        }
    uint64_t *row = map_get(&s->builtins, &name, sizeof name);
    return row ? &builtins[*row - 1] : NULL;
}

bool builtin_exists(Sema *s, const char *name) {
    return look_up(s, name_of(s->c, name, strlen(name))) != NULL;
}

const Builtin *builtin_of(Sema *s, const Node *call) { return look_up(s, call->builtin.name); }

static const char *place_name(Place p) {
    return p == IN_LAYOUT     ? "a layout block"
           : p == IN_COMPTIME ? "a top-level comptime block"
           : p == IN_RUN      ? "run-time code"
                              : "an initializer";
}

Operand builtin_call(Sema *s, Node *call, Type *want) {
    const char *name = call->builtin.name->s;
    const Builtin *b = look_up(s, call->builtin.name);
    if (!strcmp(name, "@bind_task"))
        return opd_wrong(
            s, span_of(call),
            "'@bind_task' is gone since SDK 1.1; use @bind_data_task, @bind_local_task or "
            "@bind_control_task with an id of that kind");
    if (!b || (!strncmp(name, "@wt_", 4) && !s->fx->mod->library)) {
        Spelling sp = spelling(name);
        for (int i = 0; i < NBUILTINS; i++)
            if (strncmp(builtins[i].name, "@wt_", 4)) spelling_offer(&sp, builtins[i].name);
        sema_error(s, span_of(call), "there is no builtin '%s'%s", name, spelling_hint(s->c, &sp));
        return opd_error();
    }
    if (!(b->where & s->fx->place)) {
        sema_error(s, span_of(call), "'%s' cannot stand in %s", name, place_name(s->fx->place));
        return opd_error();
    }
    if (s->fx->place == IN_RUN && b->where == IN_RUN && at_comptime(s)) {
        sema_error(s, span_of(call), "'%s' acts at run time and cannot stand in comptime code",
                   name);
        return opd_error();
    }
    if (!s->inst && !(b->where & (IN_LAYOUT | IN_GLOBAL))) {
        sema_error(s, span_of(call),
                   "'%s' belongs into the code of a PE; here the layout is evaluated", name);
        return opd_error();
    }
    int n = (int)call->builtin.args.len;
    if (n < b->min || n > b->max) {
        if (b->min == b->max)
            sema_error(s, span_of(call), "'%s' takes %d argument%s, found %d", name, b->min,
                       b->min == 1 ? "" : "s", n);
        else if (b->max == MANY)
            sema_error(s, span_of(call), "'%s' takes at least %d argument%s, found %d", name,
                       b->min, b->min == 1 ? "" : "s", n);
        else
            sema_error(s, span_of(call), "'%s' takes %d to %d arguments, found %d", name, b->min,
                       b->max, n);
        return opd_error();
    }
    return b->fn(s, call, want);
}

// -------------------------------------------------------------------------------------------------
// Arguments
// -------------------------------------------------------------------------------------------------

Operand arg_value(Sema *s, Node *call, uint32_t i, Type *t) {
    return t ? expr_as(s, arg(call, i), t) : expr_value(s, arg(call, i), NULL);
}

bool arg_known(Sema *s, Node *call, uint32_t i, Type *t, Value *out) {
    return expr_known(s, arg(call, i), t, out);
}

bool arg_int(Sema *s, Node *call, uint32_t i, int64_t lo, int64_t hi, int64_t *out) {
    Value v;
    if (!arg_known(s, call, i, NULL, &v)) return false;
    Span at = span_of(arg(call, i));
    if (!value_is_int(&v))
        return sema_error(s, at, "'%s' needs an integer, found '%s'", call->builtin.name->s,
                          v.type->name);
    if (!value_to_i64(&v, out) || *out < lo || *out > hi) {
        StrBuf b = { 0 };
        value_print(s, &v, &b);
        sema_error(s, at, "%s is out of range for '%s' (%lld to %lld)", sb_str(&b),
                   call->builtin.name->s, (long long)lo, (long long)hi);
        sb_free(&b);
        return false;
    }
    return true;
}

// Options come as a struct literal, whose parts may be known only at run time, or as any comptime
// struct.
Options options_of(Sema *s, Node *n, const char *const *allowed) {
    Options o = { .span = span_of(n), .ok = true };
    Operand x = expr_value(s, n, NULL);
    if (opd_bad(&x)) return (Options){ .span = o.span };
    if (x.type->kind != TY_STRUCT || (x.kind != X_VALUE && x.kind != X_AGG)) {
        sema_error(s, o.span, "expected a struct of options, found '%s'", x.type->name);
        return (Options){ .span = o.span };
    }
    o.n = x.type->nfields;
    o.at = arena_array(s->arena, Option, o.n ? o.n : 1);
    for (uint32_t i = 0; i < o.n; i++) {
        Name *name = x.type->fields[i].name;
        Node *where = n;
        if (n->kind == ND_STRUCT_LITERAL && i < n->literal.items.len)
            where = n->literal.items.data[i];
        o.at[i] = (Option){ .name = name, .node = where, .x = opd_item(&x, i) };
        bool found = false;
        for (int k = 0; allowed[k] && name; k++) found |= !strcmp(name->s, allowed[k]);
        if (!found) {
            Spelling sp = spelling(name ? name->s : "");
            for (int k = 0; allowed[k]; k++) spelling_offer(&sp, allowed[k]);
            if (name)
                sema_error(s, span_of(where), "there is no option '%s' here%s", name->s,
                           spelling_hint(s->c, &sp));
            else
                sema_error(s, span_of(where), "options are named");
            o.ok = false;
        }
    }
    return o;
}

Option *option_get(Options *o, const char *name) {
    for (uint32_t i = 0; i < o->n; i++)
        if (o->at[i].name && !strcmp(o->at[i].name->s, name)) return &o->at[i];
    return NULL;
}

// The type of an expression, without its effects.
static Type *type_only(Sema *s, Node *n) {
    if (s->fx->comptime) {
        Operand x = expr(s, n, NULL);
        return x.kind == X_ERROR ? NULL : x.kind == X_SLOT ? x.slot->type : x.type;
    }
    IrFunc *f = s->fx->ir;
    size_t len = f->ins.len;
    bool dead = f->dead;
    uint32_t frame = f->frame;
    Operand x = expr(s, n, NULL);
    for (size_t i = len; i < f->ins.len; i++) // jumps in what is dropped
        (void)i;
    f->ins.len = len;
    f->dead = dead;
    f->frame = frame;
    return x.kind == X_ERROR ? NULL : x.type;
}

// -------------------------------------------------------------------------------------------------
// Types and numbers
// -------------------------------------------------------------------------------------------------

Operand builtin_as(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = expr_type(s, arg(call, 0));
    if (!t) return opd_error();
    Operand x = number_operand(s, arg(call, 1), t);
    return convert_number(s, x, t, span_of(arg(call, 1)));
}

Operand builtin_bitcast(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = expr_type(s, arg(call, 0));
    if (!t) return opd_error();
    Operand x = expr_value(s, arg(call, 1), NULL);
    if (opd_bad(&x)) return x;
    if (x.type == t) return x;
    if (t->kind == TY_POINTER && !type_is_int(x.type))
        return opd_wrong(s, arg_span(call, 1),
                         "'@bitcast' makes pointers of integers, not of a value of type '%s'",
                         x.type->name);
    unsigned to = type_width(t), from = type_width(x.type);
    // a bare number takes the width it needs
    if (x.kind == X_VALUE && x.type->kind == TY_COMPTIME_INT && to) {
        if (x.v.i < -((Int)1 << (to - 1)) || x.v.i >= (Int)1 << to)
            return opd_wrong(s, arg_span(call, 1), "the number does not fit in %u bits", to);
        from = to;
        x.v = value_of(type_int(s, false, to), x.v.i & (((Int)1 << to) - 1));
        x.type = x.v.type;
    }
    if (!to || !from)
        return opd_wrong(s, span_of(call), "'@bitcast' between '%s' and '%s' is not possible",
                         x.type->name, t->name);
    if (to != from)
        return opd_wrong(s, span_of(call),
                         "'@bitcast' needs the same width: '%s' has %u bits, '%s' has %u",
                         x.type->name, from, t->name, to);
    if (x.kind == X_VALUE && !(x.type->kind == TY_POINTER && x.v.ptr.base)) {
        Int bits = x.type->kind == TY_FLOAT     ? float_bits(x.type, x.v.f)
                   : x.type->kind == TY_POINTER ? x.v.ptr.off
                                                : x.v.i;
        bits &= ((Int)1 << to) - 1;
        if (t->kind == TY_FLOAT)
            return opd_value((Value){ .type = t, .f = float_from_bits(t, (uint32_t)bits) });
        if (t->kind == TY_POINTER)
            return opd_value((Value){ .type = t, .ptr = { NULL, (int64_t)bits } });
        return opd_value(value_of(t, t->kind == TY_INT ? int_wrap(t, bits) : bits));
    }
    if (at_comptime(s))
        return opd_wrong(s, span_of(call),
                         "the address of a variable is not known at compile time");
    int r = to_reg(s, x);
    if (t->kind == TY_INT && t->is_signed != (x.type->kind == TY_INT && x.type->is_signed))
        return opd_reg(t, cast_int(s, t, r));
    if (x.type->kind == TY_INT && x.type->is_signed) { // drop the copies of the sign
        int d = ir_reg(s->fx->ir, t);
        ir_emit(s,
                to <= 8    ? PE_cast_u8
                : to <= 16 ? PE_cast_u16
                : to <= 32 ? PE_cast_u32
                           : PE_cast_i64,
                d, r, 0);
        return opd_reg(t, d);
    }
    return opd_reg(t, r);
}

Operand builtin_ptrcast(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = expr_type(s, arg(call, 0));
    if (!t) return opd_error();
    if (t->kind != TY_POINTER)
        return opd_wrong(s, arg_span(call, 0), "'@ptrcast' gives a pointer, not '%s'", t->name);
    Operand x = expr_value(s, arg(call, 1), NULL);
    if (opd_bad(&x)) return x;
    if (x.type->kind != TY_POINTER)
        return opd_wrong(s, arg_span(call, 1), "'@ptrcast' needs a pointer, found '%s'",
                         x.type->name);
    if (x.kind == X_VALUE) {
        Value v = x.v;
        v.type = t;
        return opd_value(v);
    }
    return opd_reg(t, to_reg(s, x));
}

Operand builtin_type_of(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = type_only(s, arg(call, 0));
    return t ? opd_value(value_type(s, t)) : opd_error();
}

Operand builtin_is_same_type(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *a = expr_type(s, arg(call, 0)), *b = expr_type(s, arg(call, 1));
    return a && b ? opd_value(value_bool(s, a == b)) : opd_error();
}

Operand builtin_is_comptime(Sema *s, Node *call, Type *want) {
    (void)want, (void)call;
    return opd_value(value_bool(s, at_comptime(s) || s->force));
}

Operand builtin_is_arch(Sema *s, Node *call, Type *want) {
    (void)want;
    Value v;
    if (!arg_known(s, call, 0, s->types.string, &v)) return opd_error();
    Str name = { v.str.p, v.str.n };
    if (!str_eqc(name, "wse1") && !str_eqc(name, "wse2") && !str_eqc(name, "wse3"))
        return opd_wrong(s, arg_span(call, 0),
                         "there is no architecture '%.*s'; wse2 and wse3 are known", STR_ARG(name));
    return opd_value(value_bool(s, str_eqc(name, s->arch == CSL_WSE3 ? "wse3" : "wse2")));
}

Operand builtin_fp16(Sema *s, Node *call, Type *want) {
    (void)want, (void)call;
    return opd_value(value_type(s, s->types.fp16));
}

// -------------------------------------------------------------------------------------------------
// Comptime
// -------------------------------------------------------------------------------------------------

Operand builtin_comptime_assert(Sema *s, Node *call, Type *want) {
    (void)want;
    Value c, m;
    if (!arg_known(s, call, 0, s->types.bool_, &c)) return opd_error();
    if (c.i) return opd_void(s);
    // What follows in the body counts on what was asserted.
    if (s->fx->ir && !s->fx->up && !at_comptime(s)) s->fx->ir->dead = true;
    if (s->fx->up && s->fx->result && !s->fx->ret && s->fx->flow == FLOW_NEXT) // executed
        s->fx->flow = FLOW_RETURN, s->fx->flow_value = opd_error();
    if (nargs(call) > 1) {
        if (!arg_known(s, call, 1, s->types.string, &m)) return opd_error();
        return opd_wrong(s, span_of(call), "assertion failed: %.*s", (int)m.str.n, m.str.p);
    }
    return opd_wrong(s, span_of(call), "assertion failed");
}

Operand builtin_comptime_print(Sema *s, Node *call, Type *want) {
    (void)want;
    StrBuf b = { 0 };
    bool ok = true;
    for (uint32_t i = 0; i < nargs(call); i++) {
        Value v;
        ok &= arg_known(s, call, i, NULL, &v);
        if (!ok) break;
        if (i) sb_printf(&b, ", ");
        value_print(s, &v, &b);
    }
    if (ok) {
        SrcPlace p = source_place(s->c, call->pos);
        sb_printf(&s->c->output, "%s:%d: %s\n", p.file->path, p.line, sb_str(&b));
    }
    sb_free(&b);
    return ok ? opd_void(s) : opd_error();
}

Operand builtin_assert(Sema *s, Node *call, Type *want) {
    (void)want;
    if (at_comptime(s)) return builtin_comptime_assert(s, call, want);
    Operand c = arg_value(s, call, 0, s->types.bool_);
    if (opd_bad(&c)) return c;
    SrcPlace p = source_place(s->c, call->pos);
    Str text = source_text(s->c, arg(call, 0)->start, arg(call, 0)->end);
    const char *said = "";
    if (nargs(call) > 1) {
        Value m;
        if (!arg_known(s, call, 1, s->types.string, &m)) return opd_error();
        said = arena_printf(s->arena, ": %.*s", (int)m.str.n, m.str.p);
    }
    if (c.kind == X_VALUE && c.v.i) return opd_void(s);
    ir_emit(s, IR_STR, to_reg(s, c), PE_assert, 0)->x.str =
        arena_printf(s->arena, "%s:%d: @assert(%.*s)%s", source_name(p.file), p.line,
                     (int)(text.n > 120 ? 120 : text.n), text.p, said);
    return opd_void(s);
}

// -------------------------------------------------------------------------------------------------
// Strings, arrays, structs, ranges
// -------------------------------------------------------------------------------------------------

Operand builtin_strcat(Sema *s, Node *call, Type *want) {
    (void)want;
    StrBuf b = { 0 };
    for (uint32_t i = 0; i < nargs(call); i++) {
        Value v;
        if (!arg_known(s, call, i, s->types.string, &v)) {
            sb_free(&b);
            return opd_error();
        }
        sb_add(&b, v.str.p, v.str.n);
        s->steps += v.str.n / 64; // a loop may do this for ever
        if (b.n > 1 << 20) {
            sb_free(&b);
            return opd_wrong(s, span_of(call), "the string is too long");
        }
    }
    Value v = value_str(s, b.p ? b.p : "", b.n);
    sb_free(&b);
    return opd_value(v);
}

Operand builtin_strlen(Sema *s, Node *call, Type *want) {
    (void)want;
    Value v;
    return arg_known(s, call, 0, s->types.string, &v) ? opd_value(value_int(s, v.str.n))
                                                      : opd_error();
}

Operand builtin_get_array(Sema *s, Node *call, Type *want) {
    (void)want;
    Value v;
    if (!arg_known(s, call, 0, s->types.string, &v)) return opd_error();
    Value a = value_agg(s, type_array(s, s->types.u8, &v.str.n, 1), v.str.n);
    for (uint32_t i = 0; i < v.str.n; i++)
        a.agg->items[i] = value_of(s->types.u8, (uint8_t)v.str.p[i]);
    return opd_value(a);
}

Operand builtin_get_string_from_byte(Sema *s, Node *call, Type *want) {
    (void)want;
    int64_t i;
    if (!arg_int(s, call, 0, 0, 255, &i)) return opd_error();
    char c = (char)i;
    return opd_value(value_str(s, &c, 1));
}

static Type *array_arg(Sema *s, Node *call) {
    Type *t = expr_type(s, arg(call, 0));
    if (t && t->kind != TY_ARRAY) {
        opd_wrong(s, arg_span(call, 0), "'%s' needs an array type, found '%s'",
                  call->builtin.name->s, t->name);
        return NULL;
    }
    return t;
}

Operand builtin_zeros(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = array_arg(s, call);
    if (!t) return opd_error();
    if (!type_is_number(t->elem))
        return opd_wrong(s, arg_span(call, 0), "'@zeros' needs an array of numbers, found '%s'",
                         t->name);
    return opd_value(value_zero(s, t));
}

Operand builtin_constants(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = array_arg(s, call);
    if (!t) return opd_error();
    Operand x = arg_value(s, call, 1, t->elem);
    if (opd_bad(&x)) return x;
    if (x.kind == X_VALUE) return opd_value(value_splat(s, t, x.v));
    if (t->count > 64)
        return opd_wrong(s, arg_span(call, 1),
                         "'@constants' of %llu elements needs a comptime-known value",
                         (unsigned long long)t->count);
    Operand a = { .kind = X_AGG,
                  .type = t,
                  .items = arena_array(s->arena, Operand, t->count + 1),
                  .is_const = true,
                  .idx = -1 };
    for (uint64_t i = 0; i < t->count; i++) a.items[i] = x;
    return a;
}

Operand builtin_dimensions(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = array_arg(s, call);
    if (!t) return opd_error();
    Value a = value_agg(s, type_array(s, s->types.u32, &t->ndims, 1), t->ndims);
    for (uint32_t i = 0; i < t->ndims; i++) a.agg->items[i] = value_of(s->types.u32, t->dims[i]);
    return opd_value(a);
}

Operand builtin_element_count(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = array_arg(s, call);
    return t ? opd_value(value_of(s->types.u32, t->count)) : opd_error();
}

Operand builtin_element_type(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = array_arg(s, call);
    return t ? opd_value(value_type(s, t->elem)) : opd_error();
}

Operand builtin_rank(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = array_arg(s, call);
    return t ? opd_value(value_of(s->types.u16, t->ndims)) : opd_error();
}

static Name *name_arg(Sema *s, Node *call, uint32_t i) {
    Value v;
    return arg_known(s, call, i, s->types.string, &v) ? name_of(s->c, v.str.p, v.str.n) : NULL;
}

Operand builtin_field(Sema *s, Node *call, Type *want) {
    (void)want;
    Name *name = name_arg(s, call, 1);
    if (!name) return opd_error();
    Operand x = expr(s, arg(call, 0), NULL);
    return field_of(s, x, name, span_of(call));
}

Operand builtin_has_field(Sema *s, Node *call, Type *want) {
    (void)want;
    Name *name = name_arg(s, call, 1);
    if (!name) return opd_error();
    Type *t = type_only(s, arg(call, 0));
    if (!t) return opd_error();
    if (t->kind != TY_STRUCT && t->kind != TY_UNION && t->kind != TY_PACKED)
        return opd_wrong(s, arg_span(call, 0), "'@has_field' needs a struct, found '%s'", t->name);
    return opd_value(value_bool(s, type_field(t, name) >= 0));
}

Operand builtin_concat_structs(Sema *s, Node *call, Type *want) {
    (void)want;
    if (s->c->options->sdk == CSL_SDK_2_10 && !s->fx->mod->library)
        diag_warning(s->c, span_of(call), "'@concat_structs' was removed in SDK 2.10");
    Operand part[2];
    for (uint32_t k = 0; k < 2; k++) {
        part[k] = arg_value(s, call, k, NULL);
        if (opd_bad(&part[k])) return part[k];
        if (part[k].type->kind != TY_STRUCT || part[k].type->named)
            return opd_wrong(s, arg_span(call, k),
                             "'@concat_structs' needs anonymous structs, found '%s'",
                             part[k].type->name);
        if (part[k].kind != X_VALUE)
            return opd_wrong(s, arg_span(call, k), "must be comptime-known");
    }
    Type *a = part[0].type, *b = part[1].type;
    if (a->nfields && b->nfields && (!a->fields[0].name) != (!b->fields[0].name))
        return opd_wrong(s, span_of(call),
                         "'@concat_structs' of a tuple and a struct with named fields");
    uint32_t n = a->nfields + b->nfields;
    if (n > UINT16_MAX) return opd_wrong(s, span_of(call), "the struct has too many fields");
    s->steps += n;
    Field *fields = arena_array(s->arena, Field, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        fields[i] = i < a->nfields ? a->fields[i] : b->fields[i - a->nfields];
        fields[i].value = 0;
        if (i >= a->nfields && fields[i].name && type_field(a, fields[i].name) >= 0)
            return opd_wrong(s, span_of(call), "both structs have a field '%s'", fields[i].name->s);
    }
    Value v = value_agg(s, type_struct(s, fields, n), n);
    for (uint32_t i = 0; i < n; i++)
        v.agg->items[i] =
            i < a->nfields ? part[0].v.agg->items[i] : part[1].v.agg->items[i - a->nfields];
    return opd_value(v);
}

Operand builtin_range(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = expr_type(s, arg(call, 0));
    if (!t) return opd_error();
    if (!type_is_int(t))
        return opd_wrong(s, arg_span(call, 0), "a range counts in an integer type, found '%s'",
                         t->name);
    if (nargs(call) == 3)
        return opd_wrong(s, span_of(call),
                         "'@range' takes a type and a stop, or a type, start, stop and step");
    Operand *parts = arena_array(s->arena, Operand, 3);
    parts[0] = opd_value(value_of(t, 0));
    parts[2] = opd_value(value_of(t, 1));
    if (nargs(call) == 2) {
        parts[1] = arg_value(s, call, 1, t);
    } else {
        for (uint32_t k = 0; k < 3; k++) parts[k] = arg_value(s, call, k + 1, t);
    }
    bool known = true;
    for (int k = 0; k < 3; k++) {
        if (opd_bad(&parts[k])) return parts[k];
        known &= parts[k].kind == X_VALUE;
    }
    if (parts[2].kind == X_VALUE && parts[2].v.i == 0)
        return opd_wrong(s, arg_span(call, 3), "the step of a range cannot be 0");
    Type *rt = type_range(s, t);
    if (!known) {
        for (int k = 0; k < 3; k++) parts[k] = detach(s, parts[k]);
        return (Operand){ .kind = X_AGG, .type = rt, .items = parts, .is_const = true, .idx = -1 };
    }
    Value v = value_agg(s, rt, 3);
    for (int k = 0; k < 3; k++) v.agg->items[k] = parts[k].v;
    return opd_value(v);
}

Operand builtin_range_part(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand r = arg_value(s, call, 0, NULL);
    if (opd_bad(&r)) return r;
    if (r.type->kind != TY_RANGE)
        return opd_wrong(s, arg_span(call, 0), "'%s' needs a range, found '%s'",
                         call->builtin.name->s, r.type->name);
    int k = builtin_of(s, call)->arg;
    return opd_item(&r, k);
}

// -------------------------------------------------------------------------------------------------
// Modules
// -------------------------------------------------------------------------------------------------

Operand builtin_import_module(Sema *s, Node *call, Type *want) {
    (void)want;
    Value path, params;
    if (!at_comptime(s))
        return opd_wrong(s, span_of(call), "'@import_module' belongs into a global constant");
    if (!arg_known(s, call, 0, s->types.string, &path)) return opd_error();
    bool has = nargs(call) > 1;
    if (has) {
        if (!arg_known(s, call, 1, NULL, &params)) return opd_error();
        if (params.type->kind != TY_STRUCT)
            return opd_wrong(s, arg_span(call, 1), "parameters come as a struct, found '%s'",
                             params.type->name);
    }
    if (s->import_depth > 100)
        return opd_wrong(s, span_of(call), "modules import each other without end");
    Unit *u = unit_load(s->c, s->fx->mod->unit, arena_str(s->arena, path.str.p, path.str.n),
                        span_of(arg(call, 0)));
    if (!u || u->broken) return opd_error();
    ImportFrame import = { .up = s->importing, .unit = u, .params = has ? params : value_void(s) };
    for (const ImportFrame *i = s->importing; i; i = i->up)
        if (i->unit == u && value_equal(&i->params, &import.params))
            return opd_wrong(s, span_of(call), "'%s' imports itself", u->file->path);
    // Symbols of the module are named after the constant that holds it.
    const char *prefix = s->import_name
                             ? arena_printf(s->arena, "%s%s.", s->fx->mod->prefix, s->import_name)
                             : s->fx->mod->prefix;
    Module *m = module_new(s, u, s->fx->mod->inst, has ? &params : NULL, span_of(call), prefix);
    m->at = span_of(call);
    DiagFrame frame = { .up = s->c->frames, .at = span_of(call), .text = MODULE_FRAME };
    s->c->frames = &frame;
    s->import_depth++;
    s->importing = &import;
    module_start(s, m, span_of(call));
    s->importing = import.up;
    s->import_depth--;
    s->c->frames = frame.up;
    return opd_value((Value){ .type = s->types.module, .mod = m });
}

// -------------------------------------------------------------------------------------------------
// Simple machine operations
// -------------------------------------------------------------------------------------------------

Operand builtin_random16(Sema *s, Node *call, Type *want) {
    (void)want, (void)call;
    int r = ir_reg(s->fx->ir, s->types.u16);
    ir_emit(s, PE_random16, r, 0, 0);
    return opd_reg(s->types.u16, r);
}

Operand builtin_set_active_prng(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand x = arg_value(s, call, 0, s->types.u16);
    if (!opd_bad(&x)) ir_emit(s, PE_prng, to_reg(s, x), 0, 0);
    return opd_void(s);
}

// Configuration registers: the upper quarter of the address space, by words.
enum { CONFIG_LO = 0x6000, CONFIG_HI = 0x7fff };

static bool config_range(Sema *s, const Value *v, const Operand *addr, Span at, bool *holds) {
    int64_t lo, hi, a;
    if (v->type->kind != TY_STRUCT || v->type->nfields != 2 || v->type->fields[0].name ||
        !value_to_i64(&v->agg->items[0], &lo) || !value_to_i64(&v->agg->items[1], &hi))
        return sema_error(s, at, "a range of addresses is .{ first, last }");
    if (lo > hi)
        return sema_error(s, at, "the range from 0x%llx to 0x%llx is empty", (unsigned long long)lo,
                          (unsigned long long)hi);
    *holds |= !opd_known(addr) || (value_to_i64(&addr->v, &a) && a >= lo && a <= hi);
    return true;
}

// The address of a register and, after the other arguments, the range or ranges it is known to lie
// in.
static bool config_address(Sema *s, Node *call, uint32_t range, Operand *addr) {
    if (at_comptime(s))
        return sema_error(s, span_of(call), "'%s' in a comptime block is not supported yet",
                          call->builtin.name->s);
    *addr = arg_value(s, call, 0, s->types.u16);
    if (opd_bad(addr)) return false;
    if (opd_known(addr) && (addr->v.i < CONFIG_LO || addr->v.i > CONFIG_HI))
        return sema_error(s, arg_span(call, 0),
                          "word address 0x%x is no configuration register (0x%x to 0x%x)",
                          (unsigned)addr->v.i, CONFIG_LO, CONFIG_HI);
    if (nargs(call) <= range) return true;
    Value v;
    bool holds = false, many;
    Span at = arg_span(call, range);
    if (!arg_known(s, call, range, NULL, &v)) return false;
    many = v.type->kind == TY_STRUCT && v.type->nfields && !v.type->fields[0].name &&
           v.agg->items[0].type->kind == TY_STRUCT;
    for (uint32_t i = 0; many && i < v.type->nfields; i++)
        if (!config_range(s, &v.agg->items[i], addr, at, &holds)) return false;
    if (!many && !config_range(s, &v, addr, at, &holds)) return false;
    return holds ||
           sema_error(s, arg_span(call, 0), "word address 0x%x lies outside the range given",
                      (unsigned)addr->v.i);
}

Operand builtin_get_config(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand a;
    if (!config_address(s, call, 1, &a)) return opd_error();
    int r = ir_reg(s->fx->ir, s->types.u16);
    ir_emit(s, PE_getcfg, r, to_reg(s, a), 0);
    return opd_reg(s->types.u16, r);
}

Operand builtin_set_config(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand a;
    if (!config_address(s, call, 2, &a)) return opd_error();
    Operand v = arg_value(s, call, 1, s->types.u16);
    if (opd_bad(&v)) return opd_error();
    ir_emit(s, PE_setcfg, to_reg(s, a), to_reg(s, v), 0);
    return opd_void(s);
}

// What only our own library may use. First what it asks about a type: a class, its bits, its bytes
// in memory, its fields.
enum {
    CLASS_OTHER,
    CLASS_UNSIGNED,
    CLASS_SIGNED,
    CLASS_FLOAT,
    CLASS_COMPTIME,
    CLASS_DSD,
    CLASS_DSR
};

static int64_t type_class(const Type *t) {
    switch ((TypeKind)t->kind) {
    case TY_INT: return t->is_signed ? CLASS_SIGNED : CLASS_UNSIGNED;
    case TY_FLOAT: return CLASS_FLOAT;
    case TY_COMPTIME_INT:
    case TY_COMPTIME_FLOAT: return CLASS_COMPTIME;
    case TY_DSD: return CLASS_DSD;
    case TY_DSR: return t->sub == DSRT_XDSR || t->sub == DSRT_SR ? CLASS_OTHER : CLASS_DSR;
    default: return CLASS_OTHER;
    }
}

Operand builtin_wt_type(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = expr_type(s, arg(call, 0));
    if (!t) return opd_error();
    int fact = builtin_of(s, call)->arg;
    return opd_value(value_of(s->types.u32, fact == TYPE_CLASS   ? type_class(t)
                                            : fact == TYPE_BITS  ? t->bits
                                            : fact == TYPE_BYTES ? t->size
                                                                 : t->nfields));
}

// One machine operation each.
Operand builtin_wt_plain(Sema *s, Node *call, Type *want) {
    (void)want;
    ir_emit(s, (uint16_t)builtin_of(s, call)->arg, 0, 0, 0);
    return opd_void(s);
}

Operand builtin_wt_tsc(Sema *s, Node *call, Type *want) {
    (void)want, (void)call;
    int r = ir_reg(s->fx->ir, s->types.u64);
    ir_emit(s, PE_tsc, r, 0, 0);
    return opd_reg(s->types.u64, r);
}

Operand builtin_wt_coord(Sema *s, Node *call, Type *want) {
    (void)want;
    int64_t k;
    if (!arg_int(s, call, 0, 0, 3, &k)) return opd_error();
    int r = ir_reg(s->fx->ir, s->types.u16);
    ir_emit(s, PE_coord, r, (int)k, 0);
    return opd_reg(s->types.u16, r);
}

Operand builtin_wt_float(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand x = arg_value(s, call, 0, NULL);
    if (opd_bad(&x)) return x;
    if (!type_is_float(x.type))
        return opd_wrong(s, span_of(call), "needs a float, found '%s'", x.type->name);
    int k = builtin_of(s, call)->arg;
    if (x.kind == X_VALUE)
        return opd_value(value_float(x.type, k == PE_sqrt_f32    ? sqrt(x.v.f)
                                             : k == PE_floor_f32 ? floor(x.v.f)
                                             : k == PE_ceil_f32  ? ceil(x.v.f)
                                                                 : fabs(x.v.f)));
    if (at_comptime(s)) return opd_error();
    int op = k;
    if (x.type->sub == FLOAT_F16)
        op = k == PE_sqrt_f32    ? PE_sqrt_f16
             : k == PE_floor_f32 ? PE_floor_f16
             : k == PE_ceil_f32  ? PE_ceil_f16
                                 : PE_abs_f16;
    int r = ir_reg(s->fx->ir, x.type);
    ir_emit(s, (uint16_t)op, r, to_reg(s, x), 0);
    return opd_reg(x.type, r);
}

Operand builtin_wt_prng_seed(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand x = arg_value(s, call, 0, s->types.u32);
    if (!opd_bad(&x)) ir_emit(s, PE_prng_seed, to_reg(s, x), 0, 0);
    return opd_void(s);
}

Operand builtin_wt_print(Sema *s, Node *call, Type *want) {
    (void)want;
    int64_t k;
    if (!arg_int(s, call, 0, 0, PRINT_KINDS - 1, &k)) return opd_error();
    Operand x = arg_value(s, call, 1, s->types.u32);
    if (opd_bad(&x)) return x;
    ir_emit(s, PE_print, to_reg(s, x), (int)k, 0);
    s->inst->prints = true;
    return opd_void(s);
}

Operand builtin_wt_print_string(Sema *s, Node *call, Type *want) {
    (void)want;
    Value v;
    if (!arg_known(s, call, 0, s->types.string, &v)) return opd_error();
    ir_emit(s, IR_STR, -1, PE_prints, 0)->x.str = arena_str(s->arena, v.str.p, v.str.n);
    s->inst->prints = true;
    return opd_void(s);
}

// In a comptime block: the host serves this PE, and color c streams from or to it.
Operand builtin_wt_memcpy(Sema *s, Node *call, Type *want) {
    (void)want, (void)call;
    if (s->inst) s->inst->memcpy = true;
    if (!s->c->options->memcpy)
        diag_warning(
            s->c, NOWHERE,
            "the program imports <memcpy/memcpy>, but without --memcpy no host can serve it");
    return opd_void(s);
}

Operand builtin_wt_host_stream(Sema *s, Node *call, Type *want) {
    (void)want;
    Value c, from;
    if (!arg_known(s, call, 0, s->types.color, &c) || !arg_known(s, call, 1, s->types.bool_, &from))
        return opd_error();
    if (!s->inst) return opd_void(s);
    if (from.i)
        s->inst->h2d |= 1u << (int)c.i;
    else
        s->inst->d2h |= 1u << (int)c.i;
    return opd_void(s);
}
