// Comptime values: making them, looking into them, comparing, printing and turning them into bytes
// of PE memory.
#include "wse/build/sema.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

Value value_void(Sema *s) { return (Value){ .type = s->types.void_ }; }
Value value_bool(Sema *s, bool b) { return value_of(s->types.bool_, b); }
Value value_int(Sema *s, Int i) { return value_of(s->types.comptime_int, i); }
Value value_float(Type *t, double f) { return (Value){ .type = t, .f = float_round(t, f) }; }
Value value_type(Sema *s, Type *t) { return (Value){ .type = s->types.type, .t = t }; }
Value value_fn(Func *f) { return (Value){ .type = f->type, .fn = f }; }

Value value_str(Sema *s, const char *p, size_t n) {
    return (Value){ .type = s->types.string, .str = { arena_str(s->arena, p, n), (uint32_t)n } };
}

Value value_agg(Sema *s, Type *t, uint32_t n) {
    Agg *a = arena_new(s->arena, Agg);
    a->n = n;
    a->items = arena_array(s->arena, Value, n ? n : 1);
    return (Value){ .type = t, .agg = a };
}

Value value_splat(Sema *s, Type *t, Value elem) {
    Value v = value_agg(s, t, 1);
    v.agg->n = (uint32_t)t->count;
    v.agg->splat = true;
    v.agg->items[0] = elem;
    return v;
}

Value value_zero(Sema *s, Type *t) {
    switch (t->kind) {
    case TY_ARRAY: return value_splat(s, t, value_zero(s, t->elem));
    case TY_STRUCT: {
        Value v = value_agg(s, t, t->nfields);
        for (uint32_t i = 0; i < t->nfields; i++)
            v.agg->items[i] = value_zero(s, t->fields[i].type);
        return v;
    }
    case TY_UNION: {
        Value v = value_agg(s, t, 1);
        v.agg->items[0] = value_zero(s, t->fields[0].type);
        return v;
    }
    case TY_FLOAT:
    case TY_COMPTIME_FLOAT: return (Value){ .type = t, .f = 0 };
    case TY_STRING: return value_str(s, "", 0);
    case TY_TYPE: return value_type(s, s->types.void_);
    case TY_DSD: {
        DsdVal *d = arena_new(s->arena, DsdVal);
        return (Value){ .type = t, .dsd = d };
    }
    default: return value_of(t, 0);
    }
}

Value value_item(const Value *v, uint64_t i) { return v->agg->items[v->agg->splat ? 0 : i]; }

Value *value_slot(Sema *s, Value *v, uint64_t i) {
    Agg *a = v->agg;
    if (a->splat) {
        Value elem = a->items[0];
        a->items = arena_array(s->arena, Value, a->n ? a->n : 1);
        a->splat = false;
        for (uint32_t k = 0; k < a->n; k++) a->items[k] = value_copy(s, elem);
    }
    return &a->items[i];
}

Value value_copy(Sema *s, Value v) {
    if (!v.type || !(type_is_aggregate(v.type) || v.type->kind == TY_RANGE)) return v;
    Value to = value_agg(s, v.type, v.agg->splat ? 1 : v.agg->n);
    s->steps += to.agg->n; // so that a loop over copies comes to an end as well
    for (uint32_t i = 0; i < to.agg->n; i++) to.agg->items[i] = value_copy(s, v.agg->items[i]);
    to.agg->n = v.agg->n;
    to.agg->splat = v.agg->splat;
    to.agg->active = v.agg->active;
    return to;
}

bool value_field(const Value *v, const Name *name, Value *out) {
    int i = v->type->kind == TY_STRUCT ? type_field(v->type, name) : -1;
    if (i >= 0) *out = v->agg->items[i];
    return i >= 0;
}

bool value_is_int(const Value *v) { return v->type && type_is_int(v->type); }

bool value_to_i64(const Value *v, int64_t *out) {
    if (!value_is_int(v) || v->i > INT64_MAX || v->i < INT64_MIN) return false;
    *out = (int64_t)v->i;
    return true;
}

// -------------------------------------------------------------------------------------------------
// Numbers
// -------------------------------------------------------------------------------------------------

bool int_fits(const Type *t, Int i) {
    if (t->kind != TY_INT && t->kind != TY_ENUM) return true;
    if (t->is_signed) return i >= -((Int)1 << (t->bits - 1)) && i < (Int)1 << (t->bits - 1);
    return i >= 0 && i < (Int)1 << t->bits;
}

Int int_wrap(const Type *t, Int i) {
    if (t->kind != TY_INT && t->kind != TY_ENUM) return i;
    Int low = i & (((Int)1 << t->bits) - 1);
    return t->is_signed && low >> (t->bits - 1) ? low - ((Int)1 << t->bits) : low;
}

// The formats. The manual gives 6.0 as 0x5900 in cb16: six exponent bits, bias 42.
static const struct {
    int mant, bias, exps; // fraction bits; exponent field of infinity and NaN
} formats[] = {
    [FLOAT_F16] = { 10, 15, 31 },
    [FLOAT_F32] = { 23, 127, 255 },
    [FLOAT_BF16] = { 7, 127, 255 },
    [FLOAT_CB16] = { 9, 42, 63 },
};

// Rounds to the type, ties to even. A NaN is the positive quiet one, as on the wafer.
double float_round(const Type *t, double f) {
    if (t->kind != TY_FLOAT) return f;
    if (isnan(f)) return NAN;
    if (t->sub == FLOAT_F32) return (float)f;
    if (f == 0 || isinf(f)) return f;
    int mant = formats[t->sub].mant, bias = formats[t->sub].bias, top = formats[t->sub].exps;
    int e;
    frexp(f, &e); // |f| = m * 2^e, 0.5 <= m < 1
    int scale = mant - (e > 1 - bias ? e - 1 : 1 - bias);
    double r = ldexp(nearbyint(ldexp(f, scale)), -scale);
    return fabs(r) < ldexp(1, top - bias) ? r : copysign(INFINITY, f);
}

// A NaN keeps its bits, so that @bitcast gives back what it was given: the double's upper fraction
// bits are those of the format, the one that tells quiet from signaling among them.
static uint32_t nan_bits(const Type *t, double f) {
    uint64_t u;
    memcpy(&u, &f, sizeof u);
    int mant = formats[t->sub].mant;
    uint32_t m = (uint32_t)(u >> (52 - mant)) & ((1u << mant) - 1);
    uint32_t sign = u >> 63 ? 1u << (t->bits - 1) : 0;
    return sign | (uint32_t)formats[t->sub].exps << mant | (m ? m : 1u << (mant - 1));
}

static double nan_from_bits(const Type *t, uint32_t bits) {
    int mant = formats[t->sub].mant;
    uint64_t u = (uint64_t)(bits >> (t->bits - 1)) << 63 | (uint64_t)0x7ff << 52 |
                 (uint64_t)(bits & ((1u << mant) - 1)) << (52 - mant);
    double f;
    memcpy(&f, &u, sizeof f);
    return f;
}

uint32_t float_bits(const Type *t, double f) {
    if (isnan(f)) return nan_bits(t, f);
    if (t->sub == FLOAT_F32) {
        float g = (float)f;
        uint32_t u;
        memcpy(&u, &g, 4);
        return u;
    }
    int mant = formats[t->sub].mant, bias = formats[t->sub].bias, top = formats[t->sub].exps;
    uint32_t sign = signbit(f) ? 0x8000 : 0;
    if (isinf(f)) return sign | (uint32_t)top << mant;
    f = fabs(f);
    if (f == 0) return sign;
    int e;
    frexp(f, &e);
    e -= 1;
    if (e < 1 - bias) return sign | (uint32_t)nearbyint(ldexp(f, mant + bias - 1));
    uint32_t m = (uint32_t)nearbyint(ldexp(f, mant - e));
    return sign | (((uint32_t)(e + bias) << mant) + (m - (1u << mant)));
}

double float_from_bits(const Type *t, uint32_t bits) {
    if (t->sub == FLOAT_F32) {
        float g;
        memcpy(&g, &bits, 4);
        return isnan(g) ? nan_from_bits(t, bits) : g;
    }
    int mant = formats[t->sub].mant, bias = formats[t->sub].bias, top = formats[t->sub].exps;
    double sign = bits & 0x8000 ? -1 : 1;
    int e = (int)((bits & 0x7fff) >> mant);
    uint32_t m = bits & ((1u << mant) - 1);
    if (e == top) return m ? nan_from_bits(t, bits) : sign * INFINITY;
    return sign * (e ? ldexp((1u << mant) + m, e - bias - mant) : ldexp(m, 1 - bias - mant));
}

// -------------------------------------------------------------------------------------------------
// Comparing, keys, printing
// -------------------------------------------------------------------------------------------------

bool value_equal(const Value *a, const Value *b) {
    if (a->type != b->type) return false;
    if (!a->type) return true;
    switch (a->type->kind) {
    case TY_VOID: return true;
    case TY_FLOAT:
    case TY_COMPTIME_FLOAT: return !memcmp(&a->f, &b->f, sizeof a->f); // -0.0 is not 0.0
    case TY_STRING: return a->str.n == b->str.n && !memcmp(a->str.p, b->str.p, a->str.n);
    case TY_TYPE: return a->t == b->t;
    case TY_FN: return a->fn == b->fn;
    case TY_MODULE: return a->mod == b->mod;
    case TY_POINTER: return a->ptr.base == b->ptr.base && a->ptr.off == b->ptr.off;
    case TY_DSD: return a->dsd == b->dsd;
    case TY_ARRAY:
    case TY_STRUCT:
    case TY_UNION:
    case TY_RANGE:
        if (a->agg->n != b->agg->n || a->agg->active != b->agg->active) return false;
        for (uint32_t i = 0; i < a->agg->n; i++) {
            Value x = value_item(a, i), y = value_item(b, i);
            if (!value_equal(&x, &y)) return false;
        }
        return true;
    default: return a->i == b->i;
    }
}

void value_key(Sema *s, const Value *v, StrBuf *out) {
    sb_add(out, &v->type, sizeof v->type);
    if (!v->type) return;
    switch (v->type->kind) {
    case TY_VOID: break;
    case TY_FLOAT:
    case TY_COMPTIME_FLOAT: sb_add(out, &v->f, sizeof v->f); break;
    case TY_STRING:
        sb_add(out, &v->str.n, sizeof v->str.n);
        sb_add(out, v->str.p, v->str.n);
        break;
    case TY_TYPE:
    case TY_FN:
    case TY_MODULE:
    case TY_DSD: sb_add(out, &v->t, sizeof v->t); break;
    case TY_POINTER:
        sb_add(out, &v->ptr.base, sizeof v->ptr.base);
        sb_add(out, &v->ptr.off, sizeof v->ptr.off);
        break;
    case TY_ARRAY:
    case TY_STRUCT:
    case TY_UNION:
    case TY_RANGE: {
        bool same = v->agg->splat;
        if (!same && v->type->kind == TY_ARRAY && v->agg->n > 1 &&
            !type_is_aggregate(v->type->elem)) {
            same = true;
            for (uint32_t i = 1; same && i < v->agg->n; i++)
                same = value_equal(&v->agg->items[0], &v->agg->items[i]);
        }
        uint32_t n = same ? 1 : v->agg->n;
        sb_add(out, &n, sizeof n);
        sb_add(out, &v->agg->active, sizeof v->agg->active);
        for (uint32_t i = 0; i < n && v->agg->n; i++) value_key(s, &v->agg->items[i], out);
        break;
    }
    default: sb_add(out, &v->i, sizeof v->i); break;
    }
}

static void print_int(Int i, StrBuf *out) {
    char text[48];
    size_t at = sizeof text;
    bool negative = i < 0;
    unsigned __int128 u = negative ? -(unsigned __int128)i : (unsigned __int128)i;
    do text[--at] = (char)('0' + (int)(u % 10));
    while (u /= 10);
    if (negative) text[--at] = '-';
    sb_add(out, text + at, sizeof text - at);
}

// The fewest digits that read back as the same number.
static void print_float(const Type *t, double f, StrBuf *out) {
    char text[40];
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, f);
        if (float_round(t, strtod(text, NULL)) == f) break;
    }
    sb_printf(out, "%s", text);
}

void value_print(Sema *s, const Value *v, StrBuf *out) {
    static const char *const directions[] = { "WEST", "EAST", "SOUTH", "NORTH", "RAMP" };
    const Type *t = v->type;
    switch (t->kind) {
    case TY_VOID: sb_printf(out, "{}"); break;
    case TY_BOOL: sb_printf(out, v->i ? "true" : "false"); break;
    case TY_INT:
    case TY_COMPTIME_INT: print_int(v->i, out); break;
    case TY_FLOAT:
    case TY_COMPTIME_FLOAT: print_float(t, v->f, out); break;
    case TY_STRING: sb_add(out, v->str.p, v->str.n); break;
    case TY_TYPE: sb_printf(out, "%s", v->t->name); break;
    case TY_FN: sb_printf(out, "%s", v->fn->node->fn.name->s); break;
    case TY_MODULE: sb_printf(out, "module '%s'", v->mod->unit->file->path); break;
    case TY_DIRECTION: sb_printf(out, "%s", directions[(int)v->i % 5]); break;
    case TY_ENUM:
        for (uint32_t i = 0; i < t->nfields; i++)
            if (t->fields[i].value == (int64_t)v->i) {
                sb_printf(out, ".%s", t->fields[i].name->s);
                return;
            }
        print_int(v->i, out);
        break;
    case TY_POINTER:
        if (v->ptr.base)
            sb_printf(out, "&%s + %lld", v->ptr.base->name, (long long)v->ptr.off);
        else
            sb_printf(out, "0x%04llx", (long long)v->ptr.off);
        break;
    case TY_ARRAY:
    case TY_STRUCT:
    case TY_UNION:
        sb_printf(out, t->kind == TY_ARRAY ? "%s {" : "{", t->name);
        for (uint32_t i = 0; i < v->agg->n; i++) {
            Value item = value_item(v, i);
            sb_printf(out, i ? ", " : t->kind == TY_ARRAY ? " " : "");
            if (i >= 64) {
                sb_printf(out, "...");
                break;
            }
            const Name *name = t->kind == TY_ARRAY   ? NULL
                               : t->kind == TY_UNION ? t->fields[v->agg->active].name
                                                     : t->fields[i].name;
            if (name) sb_printf(out, "%s = ", name->s);
            value_print(s, &item, out);
        }
        sb_printf(out, v->agg->n && t->kind == TY_ARRAY ? " }" : "}");
        break;
    case TY_PACKED:
        sb_printf(out, "{");
        for (uint32_t i = 0; i < (t->sub ? 1 : t->nfields); i++) {
            Operand field = packed_field(s, opd_value(*v), i, NOWHERE);
            sb_printf(out, i ? ", %s = " : "%s = ", t->fields[i].name->s);
            value_print(s, &field.v, out);
        }
        sb_printf(out, "}");
        break;
    case TY_RANGE:
        sb_printf(out, "range(");
        for (uint32_t i = 0; i < 3; i++) {
            if (i) sb_printf(out, ", ");
            value_print(s, &v->agg->items[i], out);
        }
        sb_putc(out, ')');
        break;
    case TY_DSD: sb_printf(out, "%s", t->name); break;
    default:
        sb_printf(out, "%s(", t->name);
        print_int(v->i, out);
        sb_putc(out, ')');
        break;
    }
}

// -------------------------------------------------------------------------------------------------
// Images in PE memory
// -------------------------------------------------------------------------------------------------

static ObjDsd dsd_final(const DsdVal *d) {
    ObjDsd bits = d->bits;
    if (d->fifo)
        bits.w[3] = d->fifo->number;
    else if (d->base || d->off)
        bits.w[1] = (bits.w[1] & 0xffff0000u) |
                    (uint16_t)((d->base ? d->base->addr : 0) + (uint32_t)d->off);
    return bits;
}

static uint64_t fn_index(const Func *f) {
    if (f && f->real) f = f->real;
    return f && f->insts.len ? f->insts.data[0]->index : 0;
}

uint64_t value_word(Sema *s, const Value *v) {
    (void)s;
    switch (v->type->kind) {
    case TY_FLOAT: return float_bits(v->type, v->f);
    case TY_POINTER:
        if (v->type->elem->kind == TY_FN) return fn_index(v->fn);
        return (uint16_t)((v->ptr.base ? v->ptr.base->addr : 0) + v->ptr.off);
    case TY_VOID: return 0;
    default: return (uint64_t)v->i;
    }
}

void value_bytes(Sema *s, const Value *v, uint8_t *out) {
    switch (v->type->kind) {
    case TY_ARRAY:
        for (uint64_t i = 0; i < v->type->count; i++) {
            Value item = value_item(v, i);
            value_bytes(s, &item, out + i * v->type->elem->size);
        }
        break;
    case TY_STRUCT:
        for (uint32_t i = 0; i < v->type->nfields; i++)
            value_bytes(s, &v->agg->items[i], out + v->type->fields[i].value);
        break;
    case TY_UNION: value_bytes(s, &v->agg->items[0], out); break;
    case TY_DSD: {
        ObjDsd d = dsd_final(v->dsd);
        memcpy(out, &d, sizeof d);
        break;
    }
    default: {
        uint64_t w = value_word(s, v);
        memcpy(out, &w, v->type->size); // PE memory is little-endian, as every host we run on
        break;
    }
    }
}
