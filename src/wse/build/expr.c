// Expressions: names, members, elements, calls. Each meaning is stated once and serves both modes:
// an operand whose parts are comptime-known is computed here, any other becomes IR.
#include "wse/build/sema.h"

enum { EXPR_DEPTH = 2000, STEPS = 20 * 1000 * 1000 };
#define MEMORY_LIMIT ((size_t)12 << 30)

// Walking is recursive: what needs much stack stays out of the frames that repeat.
#define APART __attribute__((noinline))

// Compile-time code may loop for ever. Work is counted from the last thing that came of it
// (@set_tile_code sets it back).
bool out_of_steps(Sema *s, Span at) {
    uint64_t given = s->c->options->comptime_steps, limit = given ? given : STEPS;
    if (++s->steps < limit && s->arena->total < MEMORY_LIMIT) return false;
    if (!s->stopped)
        sema_error(s, at,
                   s->steps < limit ? "compile-time evaluation takes too much memory"
                                    : "compile-time evaluation does not come to an end");
    s->stopped = true;
    return true;
}

bool at_comptime(const Sema *s) { return s->fx->comptime; }

bool going(const Sema *s) {
    return !s->stopped && (s->fx->comptime ? s->fx->flow == FLOW_NEXT : !s->fx->ir->dead);
}

// A range variable as it is now: copies of its parts.
static Operand range_operand(Sema *s, Local *l) {
    Operand x = l->x;
    x.items = arena_array(s->arena, Operand, 3);
    for (int i = 0; i < 3; i++) x.items[i] = detach(s, l->x.items[i]);
    x.local = l;
    x.is_const = false;
    return x;
}

static Operand local_operand(Sema *s, Local *l) {
    switch (l->kind) {
    case LOCAL_OPERAND:
        return l->type->kind == TY_RANGE && !l->is_const ? range_operand(s, l) : l->x;
    case LOCAL_VALUE: return opd_value(l->v);
    case LOCAL_SLOT:
        return (Operand){ .kind = X_SLOT,
                          .type = l->v.type,
                          .slot = &l->v,
                          .local = l,
                          .idx = -1,
                          .is_const = l->is_const };
    case LOCAL_REG:
        if (type_is_aggregate(l->type)) // passed by reference
            return (Operand){ .kind = X_MEM, .type = l->type, .idx = l->reg, .is_const = true };
        return (Operand){ .kind = X_LOCAL,
                          .type = l->type,
                          .reg = l->reg,
                          .local = l,
                          .idx = -1,
                          .is_const = l->is_const };
    default:
        return (Operand){ .kind = X_MEM,
                          .type = l->type,
                          .frame = true,
                          .off = (int)l->frame,
                          .idx = -1,
                          .is_const = l->is_const };
    }
}

static const char *const directions[] = { "WEST", "EAST", "SOUTH", "NORTH", "RAMP" };

static void offer_declared(Spelling *sp, const Module *m) {
    for (uint32_t i = 0; i < m->unit->decls.len; i++) {
        const Node *n = m->unit->decls.data[i];
        if (n->kind == ND_VAR && n->var.name) spelling_offer(sp, n->var.name->s);
        if (n->kind == ND_FN && n->fn.name) spelling_offer(sp, n->fn.name->s);
    }
}

// What names of other languages are called here; NULL: nothing.
static const char *habit(const Name *name) {
    static const struct {
        const char *name, *hint;
    } habits[] = {
        { "int", "integers are 'i16', 'i32', 'u16', 'u32'" },
        { "long", "integers are 'i16', 'i32', 'u16', 'u32'" },
        { "short", "integers are 'i16', 'i32', 'u16', 'u32'" },
        { "unsigned", "integers are 'i16', 'i32', 'u16', 'u32'" },
        { "char", "bytes are 'u8'" },
        { "float", "floats are 'f16' and 'f32'" },
        { "double", "floats are 'f16' and 'f32'" },
        { "undefined", "leave the value out: 'var x: i16;'" },
        { "null", "CSL has no null pointers" },
        { "let", "variables are declared with 'var' or 'const'" },
        { "printf", "the library <simprint> prints" },
        { "print", "the library <simprint> prints" },
    };
    for (size_t i = 0; i < sizeof habits / sizeof *habits; i++)
        if (!strcmp(name->s, habits[i].name)) return habits[i].hint;
    return NULL;
}

static Operand unknown_name(Sema *s, Node *n) {
    const Name *name = n->name;
    const char *hint = habit(name);
    if (hint) return opd_wrong(s, span_of(n), "'%s' is not defined; %s", name->s, hint);
    if ((*name->s == 'i' || *name->s == 'u') && name->s[1] &&
        strspn(name->s + 1, "0123456789") == name->len - 1)
        return opd_wrong(s, span_of(n),
                         "'%s' is not defined; integer types of 1 to 64 bits are supported",
                         name->s);
    const char *builtin = arena_printf(s->arena, "@%s", name->s);
    if (builtin_exists(s, builtin))
        return opd_wrong(s, span_of(n), "'%s' is not defined; did you mean '%s'?", name->s,
                         builtin);
    Spelling sp = spelling(name->s);
    for (Local *l = s->fx->locals; l; l = l->up)
        if (l->name) spelling_offer(&sp, l->name->s);
    offer_declared(&sp, s->fx->mod);
    for (size_t it = 0;;) {
        const MapEntry *e = map_next(&s->types.words, &it);
        if (!e) break;
        spelling_offer(&sp, (*(Name *const *)e->key)->s);
    }
    for (int i = 0; i < 5; i++) spelling_offer(&sp, directions[i]);
    return opd_wrong(s, span_of(n), "'%s' is not defined%s", name->s, spelling_hint(s->c, &sp));
}

APART static Operand identifier(Sema *s, Node *n) {
    Name *name = n->name;
    for (Local *l = s->fx->locals; l; l = l->up)
        if (l->name == name) return local_operand(s, l);
    Decl *d = module_find(s->fx->mod, name);
    if (d) return decl_operand(s, d, span_of(n));
    Type *t = type_named(s, name);
    if (t) {
        if (s->c->options->sdk == CSL_SDK_2_10 && t == s->types.anystruct && !s->fx->mod->library)
            diag_warning(s->c, span_of(n),
                         "comptime_struct was removed in SDK 2.10; leave the type out");
        bool odd =
            t->kind == TY_INT && t->bits != 8 && t->bits != 16 && t->bits != 32 && t->bits != 64;
        if (odd && s->c->options->sdk != CSL_SDK_2_10 && !s->fx->mod->library)
            return opd_wrong(s, span_of(n),
                             "integers have 8, 16, 32 or 64 bits; '%s' needs --sdk=2.10", name->s);
        return opd_value(value_type(s, t));
    }
    for (int i = 0; i < 5; i++)
        if (!strcmp(name->s, directions[i])) return opd_value(value_of(s->types.direction, i));
    return unknown_name(s, n);
}

APART static Operand module_member(Sema *s, Module *m, Name *name, Span at) {
    Decl *d = module_find(m, name);
    if (d) return decl_operand(s, d, at);
    Spelling sp = spelling(name->s);
    offer_declared(&sp, m);
    return opd_wrong(s, at, "%s has no '%s'%s", module_text(s, m), name->s,
                     spelling_hint(s->c, &sp));
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

// A field of a union. What is known at compile time has one active field; memory may be read as
// any.
static Operand union_field(Sema *s, Operand x, uint32_t i, Span at) {
    Type *t = x.type;
    if (x.kind == X_VALUE && t->layout && !at_comptime(s)) x = in_memory(s, x, at);
    if (x.kind == X_MEM) return mem_at(&x, t->fields[i].type, 0);
    uint32_t active = (x.kind == X_SLOT ? x.slot : &x.v)->agg->active;
    if (active == i) return part_of(s, x, t->fields[i].type, 0, 0);
    return opd_wrong(s, at,
                     t->layout ? "reading field '%s' where '%s' is active is not supported yet at "
                                 "compile time"
                               : "field '%s' is not the active one, which is '%s'; assign the "
                                 "whole union to change it",
                     t->fields[i].name->s, t->fields[active].name->s);
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
        if (e->kind != TY_ENUM)
            return opd_wrong(s, at, "type '%s' has no member '%s'", e->name, name->s);
        int i = type_field(e, name);
        if (i >= 0) return opd_value(value_of(e, e->fields[i].value));
        Spelling sp = spelling(name->s);
        for (uint32_t k = 0; k < e->nfields; k++) spelling_offer(&sp, e->fields[k].name->s);
        return opd_wrong(s, at, "the enum has no member '%s'%s", name->s, spelling_hint(s->c, &sp));
    }
    case TY_UNION:
    case TY_PACKED:
    case TY_STRUCT: {
        int i = type_field(t, name);
        if (i >= 0 && t->kind == TY_UNION) return union_field(s, x, (uint32_t)i, at);
        if (i >= 0 && t->kind == TY_PACKED) return packed_field(s, x, (uint32_t)i, at);
        if (i >= 0) return part_of(s, x, t->fields[i].type, (uint32_t)i, (int)t->fields[i].value);
        Spelling sp = spelling(name->s);
        for (uint32_t k = 0; k < t->nfields; k++)
            if (t->fields[k].name) spelling_offer(&sp, t->fields[k].name->s);
        return opd_wrong(s, at, "the %s has no field '%s'%s",
                         t->kind == TY_STRUCT || !t->sub ? "struct" : "union", name->s,
                         spelling_hint(s->c, &sp));
    }
    default:
        if (t->kind == TY_POINTER && t->elem->nfields && t->elem->kind != TY_FN)
            return opd_wrong(s, at, "'%s' is a pointer; write .*.%s", t->name, name->s);
        return opd_wrong(s, at, "'%s' has no fields", t->name);
    }
}

Operand index_runtime(Sema *s, Operand base, Type *elem, int reg, int off) {
    int scaled = reg;
    if (elem->size != 1) {
        scaled = ir_reg(s->fx->ir, s->types.u16);
        if (elem->size & (elem->size - 1))
            ir_emit(s, PE_muli_u16, scaled, reg, (int)elem->size);
        else
            ir_emit(s, PE_shli_u16, scaled, reg, __builtin_ctz(elem->size ? elem->size : 1));
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
        if (x.base && x.base->is_const && x.base->decl && x.base->decl->value.type && x.off == 0 &&
            x.base->type == t) {
            Operand v = opd_value(x.base->decl->value);
            v.home = x.base->decl;
            return v;
        }
    } else {
        x.idx = to_reg(s, p);
    }
    return x;
}

// p[i] of a [*]T.
static Operand pointer_element(Sema *s, Node *n, Operand x) {
    Span at = span_of(n);
    if (!x.type->many && x.type->elem->kind == TY_ARRAY)
        return opd_wrong(s, at, "'%s' points to an array; write .*[...] to reach its elements",
                         x.type->name);
    if (!x.type->many) return opd_wrong(s, at, "'%s' cannot be indexed", x.type->name);
    if (at_comptime(s) && x.kind != X_VALUE && x.kind != X_SLOT)
        return opd_wrong(s, at, "the pointer is only known at run time");
    if (n->call.args.len != 1)
        return opd_wrong(s, at, "a pointer takes one index, found %u", n->call.args.len);
    Operand p = rvalue(s, x);
    x = pointee(s, p, p.type->elem);
    Operand i = expr_value(s, n->call.args.data[0], NULL);
    if (opd_bad(&i)) return i;
    if (!type_is_int(i.type))
        return opd_wrong(s, at, "an index must be an integer, found '%s'", i.type->name);
    if (i.kind != X_VALUE) return index_runtime(s, x, x.type, to_reg(s, i), 0);
    int64_t by = i.v.i < -65536 || i.v.i > 65535 ? INT32_MAX : (int64_t)i.v.i * x.type->size;
    if (by < -(1 << 24) || by > 1 << 24)
        return opd_wrong(s, at, "index %s lies outside the memory of a PE", value_text(s, &i.v));
    if (x.kind == X_MEM && x.base && x.idx < 0 &&
        (x.off + by < 0 || x.off + by + x.type->size > x.base->type->size))
        return opd_wrong(s, span_of(n->call.args.data[0]), "index %s is out of bounds of '%s'",
                         value_text(s, &i.v), x.base->name);
    return mem_at(&x, x.type, (int)by);
}

static Operand tuple_element(Sema *s, Node *n, Operand x) {
    Span at = span_of(n);
    const Type *t = x.type;
    int64_t i;
    Value v;
    if (n->call.args.len != 1)
        return opd_wrong(s, at, "a tuple takes one index, found %u", n->call.args.len);
    Operand in = expr_value(s, n->call.args.data[0], NULL);
    if (opd_bad(&in)) return in;
    if (!opd_known(&in))
        return opd_wrong(s, span_of(n->call.args.data[0]),
                         "the index of a tuple must be comptime-known");
    v = in.v;
    if (!value_to_i64(&v, &i))
        return opd_wrong(s, at, "an index must be an integer, found '%s'", v.type->name);
    if (t->nfields && t->fields[0].name)
        return opd_wrong(s, at, "a struct with named fields cannot be indexed");
    if (i < 0 || i >= t->nfields)
        return opd_wrong(s, at, "index %lld is out of bounds of a tuple of %u", (long long)i,
                         t->nfields);
    return part_of(s, x, t->fields[i].type, (uint32_t)i, (int)t->fields[i].value);
}

// The linear index of an element of type t: a known part, and a register for the rest, -1 when
// there is none.
static bool linear_index(Sema *s, Node *n, const Type *t, int64_t *fixed, int *reg) {
    *fixed = 0, *reg = -1;
    for (uint32_t k = 0; k < n->call.args.len; k++) {
        Node *in = n->call.args.data[k];
        Operand i = expr_value(s, in, NULL);
        if (opd_bad(&i)) return false;
        if (!type_is_int(i.type))
            return sema_error(s, span_of(in), "an index must be an integer, found '%s'",
                              i.type->name);
        if (i.kind == X_VALUE && (i.v.i < 0 || i.v.i >= t->dims[k]))
            return sema_error(s, span_of(in), "index %s is out of bounds of '%s'",
                              value_text(s, &i.v), t->name);
        *fixed *= t->dims[k];
        if (*reg >= 0)
            *reg = to_reg(s, binary(s, CSL_OP_MUL, opd_reg(s->types.u16, *reg),
                                    opd_value(value_of(s->types.u16, (uint16_t)t->dims[k])),
                                    span_of(in)));
        if (i.kind == X_VALUE) {
            *fixed += (int64_t)i.v.i;
        } else if (*reg < 0) {
            *reg = to_reg(s, i);
        } else {
            int sum = ir_reg(s->fx->ir, s->types.u16);
            ir_emit(s, PE_add_u16, sum, *reg, to_reg(s, i));
            *reg = sum;
        }
    }
    return true;
}

static Operand array_element(Sema *s, Node *n, Operand x) {
    Span at = span_of(n);
    Type *t = x.type;
    int64_t fixed;
    int reg;
    if (n->call.args.len != t->ndims)
        return opd_wrong(s, at, "'%s' takes %u ind%s, found %u", t->name, t->ndims,
                         t->ndims == 1 ? "ex" : "ices", n->call.args.len);
    if (!linear_index(s, n, t, &fixed, &reg)) return opd_error();
    if (reg < 0) return part_of(s, x, t->elem, (uint32_t)fixed, (int)(fixed * t->elem->size));
    if (x.kind == X_SLOT)
        return opd_wrong(s, at, "a comptime variable needs comptime-known indices");
    if (t->comptime_only)
        return opd_wrong(s, at, "an array of '%s' needs comptime-known indices", t->elem->name);
    return index_runtime(s, in_memory(s, x, at), t->elem, reg, (int)(fixed * t->elem->size));
}

static Operand element(Sema *s, Node *n) {
    Operand x = expr(s, n->call.of, NULL);
    if (opd_bad(&x)) return x;
    if (x.kind == X_SLOT) x.type = x.slot->type ? x.slot->type : x.type;
    switch (x.type->kind) {
    case TY_POINTER: return pointer_element(s, n, x);
    case TY_STRUCT: return tuple_element(s, n, x);
    case TY_ARRAY: return array_element(s, n, x);
    default: return opd_wrong(s, span_of(n), "'%s' cannot be indexed", x.type->name);
    }
}

// -------------------------------------------------------------------------------------------------

APART static Operand call(Sema *s, Node *n) {
    Operand f = expr(s, n->call.of, NULL);
    if (opd_bad(&f)) return f;
    if (f.kind == X_SLOT) f = rvalue(s, f);
    Span at = span_of(n);
    Type *ft = f.type;
    if (ft->kind == TY_POINTER && ft->elem->kind == TY_FN) ft = ft->elem;
    if (ft->kind != TY_FN) return opd_wrong(s, at, "'%s' cannot be called", f.type->name);
    if (ft->is_task) return opd_wrong(s, at, "a task cannot be called; activate it with @activate");
    Func *fn = f.kind == X_VALUE ? f.v.fn : NULL;
    uint32_t nargs = n->call.args.len, nparams = ft->nfields;
    if (f.kind == X_VALUE && !fn) return opd_wrong(s, at, "the function has no body");
    if (nargs != nparams) {
        Operand x = opd_wrong(s, at, "%s%s%s takes %u argument%s, found %u",
                              fn ? "'" : "the function", fn ? fn->node->fn.name->s : "",
                              fn ? "'" : "", nparams, nparams == 1 ? "" : "s", nargs);
        if (fn) diag_note(s->c, span_of_name(fn->node), "declared here");
        return x;
    }
    Operand *args = arena_array(s->arena, Operand, nargs ? nargs : 1);
    for (uint32_t i = 0; i < nargs; i++) {
        args[i] = expr_value(s, n->call.args.data[i], ft->fields[i].type);
        if (opd_bad(&args[i])) return args[i];
    }
    if (fn) return call_function(s, fn, args, nargs, n);
    if (at_comptime(s)) return opd_wrong(s, at, "the function is only known at run time");
    return call_through(s, to_reg(s, f), ft, args, n);
}

// A value that no name stands for, or a part of one.
static bool is_temporary(const Node *n) {
    while (n->kind == ND_FIELD || n->kind == ND_INDEX)
        n = n->kind == ND_FIELD ? n->field.of : n->call.of;
    return n->kind != ND_IDENT && n->kind != ND_DEREF && n->kind != ND_BUILTIN;
}

static bool is_statement(const Node *n) {
    return n->kind == ND_BLOCK || n->kind == ND_IF || n->kind == ND_SWITCH;
}

static Operand literal_int(Sema *s, const Node *n) {
    if (n->integer.hi >> 62) return opd_wrong(s, span_of(n), "the number is too large");
    return opd_value(value_int(s, (Int)((unsigned __int128)n->integer.hi << 64 | n->integer.lo)));
}

static Operand expr_inner(Sema *s, Node *n, Type *want) {
    switch ((NodeKind)n->kind) {
    case ND_INT: return literal_int(s, n);
    case ND_FLOAT: return opd_value(value_float(s->types.comptime_float, n->number));
    case ND_STRING:
        return opd_value((Value){ .type = s->types.string, .str = { n->string.p, n->string.len } });
    case ND_BOOL: return opd_value(value_bool(s, n->boolean));
    case ND_IDENT: return identifier(s, n);
    case ND_UNARY: return unary(s, n, want);
    case ND_BINARY: {
        if (n->op == CSL_OP_LAND || n->op == CSL_OP_LOR) return logical(s, n);
        Operand a, b;
        binary_operands(s, n, want, &a, &b);
        return binary(s, n->op, a, b, span_of(n));
    }
    case ND_ADDRESS: {
        Operand x = expr(s, n->unary.operand, NULL);
        if (x.kind == X_VALUE && !x.home && is_temporary(n->unary.operand))
            return opd_wrong(s, span_of(n), "'&' needs a variable, or an element or field of one");
        return address_of(s, x, span_of(n));
    }
    case ND_DEREF: {
        Operand p = expr_value(s, n->unary.operand, NULL);
        if (opd_bad(&p)) return p;
        if (p.type->kind != TY_POINTER)
            return opd_wrong(s, span_of(n), "'.*' needs a pointer, found '%s'", p.type->name);
        if (p.type->elem->kind == TY_FN) return p;
        if (p.type->many)
            return opd_wrong(s, span_of(n), "'%s' points to any number of elements; write p[0]",
                             p.type->name);
        if (p.type->elem->kind == TY_ANYOPAQUE)
            return opd_wrong(s, span_of(n), "'*anyopaque' has no value; convert it with @ptrcast");
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
        Operand x = is_statement(n->unary.operand) ? comptime_expr(s, n->unary.operand, want)
                                                   : expr_value(s, n->unary.operand, want);
        s->force--;
        if (!opd_bad(&x) && !opd_known(&x))
            return opd_wrong(s, span_of(n), "the expression is not comptime-known");
        return x;
    }
    case ND_ARRAY_LITERAL: return array_literal(s, n);
    case ND_TUPLE: return tuple_literal(s, n, want);
    case ND_STRUCT_LITERAL: return struct_literal(s, n, want);
    case ND_TENSOR: return tensor(s, n);
    case ND_ARRAY_TYPE: return array_type(s, n);
    case ND_POINTER_TYPE: return pointer_type(s, n);
    case ND_FN_TYPE: return fn_type(s, n);
    case ND_STRUCT_TYPE:
    case ND_UNION_TYPE: return struct_type(s, n);
    case ND_ENUM_TYPE: return enum_type(s, n);
    default: return opd_error(); // statements come here through stmt.c
    }
}

Operand expr(Sema *s, Node *n, Type *want) {
    if (s->stopped || out_of_steps(s, span_of(n))) return opd_error();
    if (s->expr_depth > EXPR_DEPTH)
        return opd_wrong(s, span_of(n), "the expression is nested too deeply");
    s->expr_depth++;
    Operand x;
    switch ((NodeKind)n->kind) {
    case ND_BLOCK:
    case ND_IF:
    case ND_FOR:
    case ND_WHILE:
    case ND_SWITCH:
    case ND_BREAK:
    case ND_CONTINUE:
    case ND_RETURN:
    case ND_ASSIGN:
    case ND_ASM: x = stmt_expr(s, n, want); break;
    default: x = expr_inner(s, n, want); break;
    }
    s->expr_depth--;
    return x;
}
