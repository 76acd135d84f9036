// Builtins of data structure descriptors: making and changing DSDs, DSRs and FIFOs, the vector
// operations over them, and
// @map. A DSD all of whose parts are comptime-known is a comptime value (DsdVal); otherwise its
// known parts become a constant in two registers and the others are set in place.
#include "wse/build/builtin.h"

#include <stdio.h>
#include <string.h>

static Node *arg(const Node *call, uint32_t i) { return call->builtin.args.data[i]; }
static uint32_t nargs(const Node *call) { return call->builtin.args.len; }
static Span arg_span(const Node *call, uint32_t i) { return span_of(arg(call, i)); }
static bool wse3(const Sema *s) { return s->arch == CSL_WSE3; }
static bool shares_with_memcpy(const Sema *s) {
    return s->c->options->memcpy && !s->fx->mod->library;
}
#define NAMES(...)                                                                                 \
    (const char *const[]) { __VA_ARGS__, NULL }

static Operand error_at(Sema *s, Span at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static Operand error_at(Sema *s, Span at, const char *fmt, ...) {
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sema_error(s, at, "%s", text);
    return opd_error();
}

static bool is_dsd(const Type *t, DsdType kind) { return t->kind == TY_DSD && t->sub == kind; }
static bool is_fifo(const Type *t) { return is_dsd(t, DSDT_FIFO); }
static bool is_fabric(const Type *t) { return is_dsd(t, DSDT_FABIN) || is_dsd(t, DSDT_FABOUT); }

// -------------------------------------------------------------------------------------------------
// Options
// -------------------------------------------------------------------------------------------------

static Span option_span(const Option *o) {
    return o->node->kind == ND_FIELD_INIT ? span_of(o->node->field_init.value) : span_of(o->node);
}

// The option's value as a t; X_VALUE of no type when it is not given.
static Operand option_as(Sema *s, Options *o, const char *name, Type *t) {
    Option *one = option_get(o, name);
    if (!one) return opd_value((Value){ 0 });
    return coerce(s, one->x, t, option_span(one));
}

static bool given(const Operand *x) { return x->type != NULL; }

// A comptime-known true or false.
static bool option_bool(Sema *s, Options *o, const char *name, bool *out) {
    Operand x = option_as(s, o, name, s->types.bool_);
    *out = false;
    if (opd_bad(&x)) return false;
    if (!given(&x)) return true;
    if (!opd_known(&x))
        return sema_error(s, option_span(option_get(o, name)), "'.%s' must be comptime-known",
                          name);
    *out = x.v.i != 0;
    return true;
}

// .priority = .{ .high = true }: which of the names, counted from 1; 0 when not given, -1 after an
// error.
static int option_choice(Sema *s, Options *o, const char *name, const char *const *names) {
    Option *one = option_get(o, name);
    if (!one) return 0;
    const Type *t = one->x.type;
    if (opd_bad(&one->x)) return -1;
    if (opd_known(&one->x) && t->kind == TY_STRUCT && t->nfields == 1 && t->fields[0].name &&
        one->x.v.agg->items[0].type == s->types.bool_ && one->x.v.agg->items[0].i)
        for (int i = 0; names[i]; i++)
            if (!strcmp(names[i], t->fields[0].name->s)) return i + 1;
    StrBuf b = { 0 };
    for (int i = 0; names[i]; i++)
        sb_printf(&b, "%s.{ .%s = true }", !i ? "" : names[i + 1] ? ", " : " or ", names[i]);
    sema_error(s, option_span(one), "'.%s' is %s", name, sb_str(&b));
    sb_free(&b);
    return -1;
}

static int option_priority(Sema *s, Options *o) {
    return option_choice(s, o, "priority", NAMES("low", "medium", "high"));
}

// -------------------------------------------------------------------------------------------------
// Memory DSDs
// -------------------------------------------------------------------------------------------------

typedef struct Access { // what a memory DSD runs over
    Operand base, offset;
    Type *elem;
    int dims, nstrides;
    Operand extent[4], stride[4]; // extents outermost first, strides innermost first
} Access;

// An array variable or a pointer to one, or to a scalar.
static bool base_of(Sema *s, Operand x, Span at, Operand *base, Type **elem) {
    if (opd_bad(&x)) return false;
    if (x.type->kind == TY_ARRAY) {
        x = address_of(s, x, at);
        if (opd_bad(&x)) return false;
    }
    if (x.type->kind != TY_POINTER || x.type->elem->kind == TY_FN)
        return sema_error(s, at, "expected an array or a pointer, found '%s'", x.type->name);
    *elem = x.type->elem->kind == TY_ARRAY ? x.type->elem->elem : x.type->elem;
    if ((*elem)->kind != TY_INT && (*elem)->kind != TY_FLOAT && (*elem)->kind != TY_BOOL &&
        !type_is_id(*elem) && (*elem)->kind != TY_ENUM)
        return sema_error(s, at, "a DSD cannot run over elements of type '%s'", (*elem)->name);
    if ((*elem)->size != 2 && (*elem)->size != 4)
        return sema_error(s, at, "the elements of a DSD have 16 or 32 bits; '%s' has not",
                          (*elem)->name);
    *base = rvalue(s, x);
    return !opd_bad(base);
}

// A scalar or a tuple of up to four, each as a t.
static bool list_of(Sema *s, Operand x, Type *t, Span at, Operand out[4], int *n) {
    if (opd_bad(&x)) return false;
    bool tuple = x.type->kind == TY_STRUCT && (x.kind == X_VALUE || x.kind == X_AGG);
    if (tuple && (x.type->nfields < 1 || x.type->nfields > 4))
        return sema_error(s, at, "between one and four values are expected");
    *n = tuple ? (int)x.type->nfields : 1;
    for (int i = 0; i < *n; i++) {
        Operand item = !tuple ? x : x.kind == X_VALUE ? opd_value(x.v.agg->items[i]) : x.items[i];
        out[i] = coerce(s, item, t, at);
        if (opd_bad(&out[i])) return false;
    }
    return true;
}

static Operand part(Sema *s, const Operand *x, const char *name, Span at) {
    Operand p = field_of(s, *x, name_of(s->c, name, strlen(name)), at);
    return opd_bad(&p) ? p : rvalue(s, p);
}

// From .tensor_access, or from .base_address, .extent, .stride and .offset.
static bool access_of(Sema *s, Node *call, Options *o, Type *stride, Access *a) {
    static const char *const parts[] = { "base_address", "extent", "stride", "offset" };
    Option *tensor = option_get(o, "tensor_access");
    Span at[4];
    Operand x[4];
    for (int i = 0; i < 4; i++) {
        Option *one = option_get(o, parts[i]);
        if (one && tensor)
            return sema_error(s, option_span(one), "'.%s' is already given by '.tensor_access'",
                              parts[i]);
        at[i] = one ? option_span(one) : tensor ? option_span(tensor) : arg_span(call, 1);
        x[i] = one      ? one->x
               : tensor ? part(s, &tensor->x, parts[i], at[i])
                        : opd_value((Value){ 0 });
        if (opd_bad(&x[i])) return false;
    }
    if (!given(&x[0]))
        return sema_error(s, arg_span(call, 1),
                          "a memory DSD needs '.tensor_access' or '.base_address'");
    if (!given(&x[1]))
        return sema_error(s, arg_span(call, 1),
                          "a memory DSD needs '.extent' beside '.base_address'");
    if (!base_of(s, x[0], at[0], &a->base, &a->elem)) return false;
    if (!list_of(s, x[1], s->types.u16, at[1], a->extent, &a->dims)) return false;
    if (given(&x[2]) && !list_of(s, x[2], stride, at[2], a->stride, &a->nstrides)) return false;
    for (int i = 0; !a->nstrides && i < a->dims; i++) a->stride[i] = opd_value(value_of(stride, 1));
    if (a->nstrides && a->nstrides != a->dims)
        return sema_error(s, at[2], "%d stride%s for %d dimension%s", a->nstrides,
                          a->nstrides == 1 ? "" : "s", a->dims, a->dims == 1 ? "" : "s");
    a->offset =
        given(&x[3]) ? coerce(s, x[3], s->types.i16, at[3]) : opd_value(value_of(s->types.i16, 0));
    return !opd_bad(&a->offset);
}

static DsdVal *new_dsd(Sema *s, ObjDsd bits) {
    DsdVal *d = arena_new(s->arena, DsdVal);
    d->bits = bits;
    return d;
}

static Operand dsd_operand(Sema *s, DsdType kind, DsdVal *d) {
    return opd_value((Value){ .type = s->types.dsd[kind], .dsd = d });
}

// A register pair with the known part of a DSD, to be completed.
static int dsd_start(Sema *s, DsdType kind, DsdVal *d) {
    Value v = { .type = s->types.dsd[kind], .dsd = d };
    return const_reg(s, v.type, &v);
}

static int64_t known_or(const Operand *x, int64_t other) {
    return opd_known(x) ? (int64_t)x->v.i : other;
}

static Operand get_mem1d(Sema *s, Node *call) {
    Options o = options_of(s, arg(call, 1),
                           NAMES("tensor_access", "base_address", "extent", "stride", "offset",
                                 "wavelet_index_offset"));
    Access a = { .dims = 0 };
    bool indexed;
    if (!o.ok || !option_bool(s, &o, "wavelet_index_offset", &indexed) ||
        !access_of(s, call, &o, s->types.i8, &a))
        return opd_error();
    if (a.dims > 1)
        return error_at(
            s,
            option_get(&o, "tensor_access") ? option_span(option_get(&o, "tensor_access"))
                                            : arg_span(call, 1),
            "a mem1d_dsd has one dimension, not %d; a mem4d_dsd has up to four", a.dims);
    DsdVal *d = new_dsd(
        s, dsd_mem1d(0, (unsigned)known_or(&a.extent[0], 0), (int)known_or(&a.stride[0], 1)));
    d->elem = a.elem;
    if (indexed) d->bits.w[0] |= DSD_INDEX_OFFSET;
    bool base = opd_known(&a.base), offset = opd_known(&a.offset);
    if (base) {
        d->base = a.base.v.ptr.base;
        d->off = (int32_t)(a.base.v.ptr.off +
                           (offset ? (int64_t)a.offset.v.i * (int64_t)a.elem->size : 0));
    }
    if (base && offset && opd_known(&a.extent[0]) && opd_known(&a.stride[0]))
        return dsd_operand(s, DSDT_MEM1D, d);
    int r = dsd_start(s, DSDT_MEM1D, d);
    if (!base) ir_emit(s, PE_dsd_base, r, to_reg(s, a.base), 0);
    if (!offset || (!base && a.offset.v.i))
        ir_emit(s, PE_dsd_inc, r, to_reg(s, a.offset), (int)a.elem->size);
    if (!opd_known(&a.extent[0])) ir_emit(s, PE_dsd_len, r, to_reg(s, a.extent[0]), 0);
    if (!opd_known(&a.stride[0])) ir_emit(s, PE_dsd_stride, r, to_reg(s, a.stride[0]), 0);
    return opd_reg(s->types.dsd[DSDT_MEM1D], r);
}

static Operand get_mem4d(Sema *s, Node *call) {
    Options o = options_of(s, arg(call, 1),
                           NAMES("tensor_access", "base_address", "extent", "stride", "offset",
                                 "wavelet_index_offset"));
    Access a = { .dims = 0 };
    bool indexed;
    if (!o.ok || !option_bool(s, &o, "wavelet_index_offset", &indexed) ||
        !access_of(s, call, &o, s->types.i16, &a))
        return opd_error();
    bool known = opd_known(&a.base) && opd_known(&a.offset);
    ObjShape *shape = arena_new(s->arena, ObjShape);
    shape->dims = (uint16_t)a.dims;
    for (int i = 0; i < a.dims; i++) {
        known &= opd_known(&a.extent[i]) && opd_known(&a.stride[i]);
        shape->extent[i] = (uint16_t)known_or(&a.extent[a.dims - 1 - i], 0);
        shape->stride[i] = (int16_t)known_or(&a.stride[i], 0);
    }
    if (!known)
        return error_at(s, arg_span(call, 1), "all parts of a mem4d_dsd must be comptime-known");
    DsdVal *d = new_dsd(s, dsd_mem4d(0, 0));
    d->base = a.base.v.ptr.base;
    d->off = (int32_t)(a.base.v.ptr.off + (int64_t)a.offset.v.i * (int64_t)a.elem->size);
    d->elem = a.elem;
    d->shape = shape;
    if (indexed) d->bits.w[0] |= DSD_INDEX_OFFSET;
    return dsd_operand(s, DSDT_MEM4D, d);
}

// -------------------------------------------------------------------------------------------------
// Fabric DSDs
// -------------------------------------------------------------------------------------------------

static bool simd_of(Sema *s, Options *o, uint32_t *bits) {
    static const uint8_t modes[] = { SIMD_DEFAULT, SIMD_OFF,      SIMD_32,
                                     SIMD_64,      SIMD_32_OR_64, SIMD_64 };
    int mode = option_choice(s, o, "simd_mode",
                             NAMES("simd_off", "simd_32", "simd_64", "simd_32_or_64", "simd_max"));
    if (mode < 0) return false;
    *bits |= (uint32_t)modes[mode] << DSD_SIMD_SHIFT;
    return true;
}

static bool flag_of(Sema *s, Options *o, const char *name, uint32_t flag, uint32_t *bits) {
    bool on;
    if (!option_bool(s, o, name, &on)) return false;
    if (on) *bits |= flag;
    return true;
}

static bool refuse(Sema *s, Options *o, const char *name) {
    Option *one = option_get(o, name);
    if (!one || (opd_known(&one->x) && one->x.type == s->types.bool_ && !one->x.v.i)) return true;
    return sema_error(s, option_span(one), "'.%s' is not supported yet", name);
}

// What fabin and fabout share: the queue, the color, the length.
static Operand fabric_dsd(Sema *s, Node *call, DsdType kind, Options *o, Type *queue_type,
                          const char *queue_name, uint32_t bits) {
    Operand extent = option_as(s, o, "extent", s->types.u16),
            color = option_as(s, o, "fabric_color", s->types.color);
    Operand queue = option_as(s, o, queue_name, queue_type);
    if (opd_bad(&extent) || opd_bad(&color) || opd_bad(&queue)) return opd_error();
    const char *name = s->types.dsd[kind]->name;
    bool out = kind == DSDT_FABOUT;
    if (!given(&extent)) return error_at(s, arg_span(call, 1), "a %s needs '.extent'", name);
    if (given(&queue) && !opd_known(&queue))
        return error_at(s, option_span(option_get(o, queue_name)),
                        "the queue must be comptime-known");
    if (!given(&queue) && wse3(s))
        return error_at(s, arg_span(call, 1), "a %s on WSE-3 needs '.%s'", name, queue_name);
    if (!given(&queue) && !given(&color))
        return error_at(s, arg_span(call, 1), "a %s needs '.%s' or '.fabric_color'", name,
                        queue_name);
    if (!given(&color) && out && !wse3(s))
        return error_at(s, arg_span(call, 1), "a fabout_dsd on WSE-2 needs '.fabric_color'");
    if (given(&color) && s->c->options->sdk == CSL_SDK_2_10 && !s->fx->mod->library &&
        (wse3(s) || (!out && given(&queue))))
        diag_warning(s->c, option_span(option_get(o, "fabric_color")),
                     "'.fabric_color' is deprecated here since SDK 2.10: the color is the queue's");
    if (!given(&queue) && shares_with_memcpy(s))
        diag_warning(s->c, arg_span(call, 1), "a %s names its queue since SDK 1.1: '.%s'", name,
                     queue_name);
    int priority = wse3(s) ? option_priority(s, o) : 0;
    if (priority < 0) return opd_error();
    bits |= (uint32_t)priority << DSD_PRIORITY_SHIFT;

    unsigned c = given(&color) && opd_known(&color) ? (unsigned)color.v.i : 0xff,
             q = given(&queue) ? (unsigned)queue.v.i : 15;
    DsdVal *d =
        new_dsd(s, dsd_fabric(out ? DSD_FABOUT : DSD_FABIN, q, c, (unsigned)known_or(&extent, 0)));
    d->bits.w[0] |= bits;
    bool known_color = !given(&color) || opd_known(&color);
    if (opd_known(&extent) && known_color) return dsd_operand(s, kind, d);
    int r = dsd_start(s, kind, d);
    if (!opd_known(&extent)) ir_emit(s, PE_dsd_len, r, to_reg(s, extent), 0);
    if (!known_color) ir_emit(s, PE_dsd_color, r, to_reg(s, color), 0);
    return opd_reg(s->types.dsd[kind], r);
}

static Operand get_fabin(Sema *s, Node *call) {
    Options o = options_of(
        s, arg(call, 1),
        wse3(s) ? NAMES("extent", "fabric_color", "input_queue", "simd_mode", "control_transform",
                        "priority")
                : NAMES("extent", "fabric_color", "input_queue", "simd_mode", "control_transform"));
    uint32_t bits = 0;
    if (!o.ok || !simd_of(s, &o, &bits) || !refuse(s, &o, "control_transform")) return opd_error();
    return fabric_dsd(s, call, DSDT_FABIN, &o, s->types.input_queue, "input_queue", bits);
}

static Operand get_fabout(Sema *s, Node *call) {
    static const char *const both[] = {
        "extent",  "fabric_color",         "output_queue",   "simd_mode", "control_transform",
        "control", "wavelet_index_offset", "advance_switch", "zero",      "priority",
        NULL
    };
    Options o = options_of(s, arg(call, 1), both);
    uint32_t bits = 0;
    if (!o.ok || !simd_of(s, &o, &bits) || !flag_of(s, &o, "control", DSD_CONTROL, &bits) ||
        !flag_of(s, &o, "wavelet_index_offset", DSD_INDEX_OFFSET, &bits))
        return opd_error();
    if (!refuse(s, &o, "control_transform") || !refuse(s, &o, "advance_switch") ||
        !refuse(s, &o, "zero"))
        return opd_error();
    if (!wse3(s) && option_get(&o, "priority"))
        return error_at(s, option_span(option_get(&o, "priority")),
                        "on WSE-2 an operation has a priority, not its fabric DSD");
    return fabric_dsd(s, call, DSDT_FABOUT, &o, s->types.output_queue, "output_queue", bits);
}

Operand builtin_get_dsd(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = expr_type(s, arg(call, 0));
    if (!t) return opd_error();
    if (t->kind == TY_DSD) switch ((DsdType)t->sub) {
        case DSDT_MEM1D: return get_mem1d(s, call);
        case DSDT_MEM4D: return get_mem4d(s, call);
        case DSDT_FABIN: return get_fabin(s, call);
        case DSDT_FABOUT: return get_fabout(s, call);
        case DSDT_CIRCBUF:
            return error_at(s, arg_span(call, 0), "circbuf_dsd is not supported yet");
        case DSDT_FIFO: break;
        }
    return error_at(s, arg_span(call, 0),
                    "@get_dsd makes mem1d_dsd, mem4d_dsd, fabin_dsd or fabout_dsd, not '%s'",
                    t->name);
}

// -------------------------------------------------------------------------------------------------
// Changing DSDs: each builtin gives a new value
// -------------------------------------------------------------------------------------------------

static Operand dsd_arg(Sema *s, Node *call, bool mem1d, bool mem4d, bool fabric) {
    Operand x = arg_value(s, call, 0, NULL);
    if (opd_bad(&x)) return x;
    if (x.type->kind != TY_DSD)
        return error_at(s, arg_span(call, 0), "expected a DSD, found '%s'", x.type->name);
    if ((is_dsd(x.type, DSDT_MEM1D) && mem1d) || (is_dsd(x.type, DSDT_MEM4D) && mem4d) ||
        (is_fabric(x.type) && fabric))
        return x;
    return error_at(s, arg_span(call, 0), "'%s' does not apply to a '%s'", call->builtin.name->s,
                    x.type->name);
}

static DsdVal *copy_of(Sema *s, const DsdVal *d) {
    DsdVal *n = arena_new(s->arena, DsdVal);
    *n = *d;
    return n;
}

static int copy_reg(Sema *s, Operand x) {
    int r = ir_reg(s->fx->ir, x.type);
    ir_emit(s, PE_mov2, r, to_reg(s, x), 0);
    return r;
}

Operand builtin_set_dsd_base_addr(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand x = dsd_arg(s, call, true, true, false), base;
    Type *elem;
    if (opd_bad(&x) || !base_of(s, expr(s, arg(call, 1), NULL), arg_span(call, 1), &base, &elem))
        return opd_error();
    if (opd_known(&x) && opd_known(&base)) {
        DsdVal *d = copy_of(s, x.v.dsd);
        d->base = base.v.ptr.base;
        d->off = (int32_t)base.v.ptr.off;
        d->elem = elem;
        return dsd_operand(s, (DsdType)x.type->sub, d);
    }
    int r = copy_reg(s, x);
    ir_emit(s, PE_dsd_base, r, to_reg(s, base), 0);
    return opd_reg(x.type, r);
}

Operand builtin_set_dsd_length(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand x = dsd_arg(s, call, true, false, true),
            n = opd_bad(&x) ? x : arg_value(s, call, 1, s->types.u16);
    if (opd_bad(&n)) return n;
    if (opd_known(&x) && opd_known(&n)) {
        DsdVal *d = copy_of(s, x.v.dsd);
        d->bits.w[1] = (d->bits.w[1] & 0xffff) | (uint32_t)n.v.i << 16;
        return dsd_operand(s, (DsdType)x.type->sub, d);
    }
    int r = copy_reg(s, x);
    ir_emit(s, PE_dsd_len, r, to_reg(s, n), 0);
    return opd_reg(x.type, r);
}

Operand builtin_set_dsd_stride(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand x = dsd_arg(s, call, true, false, false),
            n = opd_bad(&x) ? x : arg_value(s, call, 1, s->types.i8);
    if (opd_bad(&n)) return n;
    if (opd_known(&x) && opd_known(&n)) {
        DsdVal *d = copy_of(s, x.v.dsd);
        d->bits.w[2] = (uint16_t)n.v.i;
        return dsd_operand(s, DSDT_MEM1D, d);
    }
    int r = copy_reg(s, x);
    ir_emit(s, PE_dsd_stride, r, to_reg(s, n), 0);
    return opd_reg(x.type, r);
}

Operand builtin_increment_dsd_offset(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand x = dsd_arg(s, call, true, true, false),
            n = opd_bad(&x) ? x : arg_value(s, call, 1, s->types.i16);
    if (opd_bad(&n)) return n;
    Type *t = expr_type(s, arg(call, 2));
    if (!t) return opd_error();
    if ((t->kind != TY_INT && t->kind != TY_FLOAT) || (t->size != 2 && t->size != 4))
        return error_at(s, arg_span(call, 2),
                        "the unit of an offset is a 16-bit or 32-bit number, not '%s'", t->name);
    if (opd_known(&x) && opd_known(&n)) {
        DsdVal *d = copy_of(s, x.v.dsd);
        d->off += (int32_t)n.v.i * (int32_t)t->size;
        return dsd_operand(s, (DsdType)x.type->sub, d);
    }
    int r = copy_reg(s, x);
    ir_emit(s, PE_dsd_inc, r, to_reg(s, n), (int)t->size);
    return opd_reg(x.type, r);
}

// -------------------------------------------------------------------------------------------------
// FIFOs
// -------------------------------------------------------------------------------------------------

static bool fifo_options(Sema *s, Node *n, Fifo *f) {
    Options o = options_of(s, n,
                           NAMES("empty_action", "full_action", "activate_push", "activate_pop",
                                 "priority", "simd_mode"));
    if (!o.ok) return false;
    static const char *const ids[] = { "activate_push", "activate_pop" };
    for (int i = 0; i < 2; i++) {
        Option *one = option_get(&o, ids[i]);
        if (!one) continue;
        Operand x = one->x;
        bool task = !opd_bad(&x) && x.type->kind == TY_FN && x.type->is_task;
        if (!task) x = coerce(s, x, s->types.local_task_id, option_span(one));
        if (opd_bad(&x)) return false;
        if (!opd_known(&x))
            return sema_error(s, option_span(one), "'.%s' must be comptime-known", ids[i]);
        *(i ? &f->pop : &f->push) = x.v;
    }
    int empty = option_choice(s, &o, "empty_action",
                              NAMES("test_or_suspend", "terminate", "suspend", "fault"));
    int full = option_choice(s, &o, "full_action",
                             NAMES("test_or_suspend", "terminate", "suspend", "fault"));
    if (empty < 0 || full < 0 || option_priority(s, &o) < 0) return false;
    f->empty = (uint8_t)(empty ? empty - 1 : FIFO_TEST_OR_SUSPEND);
    f->full = (uint8_t)(full ? full - 1 : FIFO_TEST_OR_SUSPEND);
    const char *only_wse3 = f->empty >= FIFO_SUSPEND  ? "empty_action"
                            : f->full >= FIFO_SUSPEND ? "full_action"
                                                      : NULL;
    if (only_wse3 && !wse3(s))
        return sema_error(s, option_span(option_get(&o, only_wse3)), "only WSE-3 has this action");
    return true;
}

Operand builtin_allocate_fifo(Sema *s, Node *call, Type *want) {
    (void)want;
    Span at = arg_span(call, 0);
    Operand base;
    Type *elem;
    if (!s->inst) return error_at(s, span_of(call), "FIFOs exist only in the code of a PE");
    Operand x = expr(s, arg(call, 0), NULL);
    if (opd_bad(&x) || !base_of(s, x, at, &base, &elem)) return opd_error();
    Type *t = base.type->elem;
    if (!opd_known(&base) || !base.v.ptr.base || t->kind != TY_ARRAY || base.v.ptr.off ||
        base.v.ptr.base->type != t)
        return error_at(s, at, "the buffer of a FIFO is a global array or a pointer to one");
    if (base.v.ptr.base->is_const) return error_at(s, at, "the buffer of a FIFO is a 'var'");
    if (t->count < 1 || t->count * elem->size > 0xc000)
        return error_at(s, at, "a FIFO of %llu elements does not fit",
                        (unsigned long long)t->count);
    Fifo *f = arena_new(s->arena, Fifo);
    *f = (Fifo){ .buffer = base.v.ptr.base,
                 .capacity = (uint32_t)t->count,
                 .size = elem->size,
                 .number = (uint32_t)s->inst->fifos.len,
                 .at = span_of(call) };
    if (nargs(call) > 1 && !fifo_options(s, arg(call, 1), f)) return opd_error();
    for (size_t i = 0; i < s->inst->fifos.len; i++)
        if (s->inst->fifos.data[i]->buffer == f->buffer) {
            sema_error(s, at, "this array is already the buffer of a FIFO");
            diag_note(s->c, s->inst->fifos.data[i]->at, "of this one");
            return opd_error();
        }
    vec_push(&s->inst->fifos, f);
    DsdVal *d = new_dsd(s, dsd_fifo(0));
    d->fifo = f;
    d->elem = elem;
    return dsd_operand(s, DSDT_FIFO, d);
}

// @set_fifo_read_length, @set_fifo_write_length: the row's number is the instruction.
Operand builtin_set_fifo_length(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand x = arg_value(s, call, 0, NULL),
            n = opd_bad(&x) ? x : arg_value(s, call, 1, s->types.u16);
    if (opd_bad(&n)) return n;
    if (!is_fifo(x.type))
        return error_at(s, arg_span(call, 0), "expected a FIFO, found '%s'", x.type->name);
    ir_emit(s, (uint16_t)builtin_of(s, call)->arg, to_reg(s, n), (int)x.v.dsd->fifo->number, 0);
    return opd_void(s);
}

// -------------------------------------------------------------------------------------------------
// What completion does, and the options of operations
// -------------------------------------------------------------------------------------------------

static IrWhen no_action(void) {
    return (IrWhen){ .action = ACT_NONE, .target = TGT_NONE, .reg = -1 };
}

static bool when_of(Sema *s, Operand x, Span at, ObjAction action, IrWhen *w) {
    const char *name = action == ACT_ACTIVATE ? "activate" : "unblock";
    if (opd_bad(&x)) return false;
    *w = (IrWhen){ .action = (uint8_t)action, .target = TGT_TASK, .reg = -1 };
    const Type *t = x.type;
    if (t->kind == TY_FN && t->is_task && opd_known(&x)) {
        w->task = x.v.fn;
        return true;
    }
    if (t == s->types.color && action == ACT_ACTIVATE && !wse3(s))
        diag_warning(s->c, at, "'.activate' takes a local_task_id since SDK 1.1, not a color");
    else if (t == s->types.color && action == ACT_UNBLOCK && !wse3(s))
        w->target = TGT_COLOR;
    else if (t == s->types.input_queue && action == ACT_UNBLOCK && wse3(s))
        w->target = TGT_QUEUE;
    else if (t->kind == TY_FN)
        return sema_error(s, at, "'.%s' takes a task, not the function '%s'", name,
                          opd_known(&x) ? x.v.fn->node->fn.name->s : "");
    else if (t != s->types.local_task_id && !(t == s->types.data_task_id && action == ACT_UNBLOCK))
        return sema_error(s, at, "'.%s' takes %s, not a value of type '%s'", name,
                          action == ACT_ACTIVATE ? "a local_task_id or a task"
                          : wse3(s) ? "an input_queue, a data_task_id, a local_task_id or a task"
                                    : "a color, a data_task_id, a local_task_id or a task",
                          t->name);
    if (opd_known(&x))
        w->id = (int)x.v.i;
    else
        w->reg = to_reg(s, x);
    return true;
}

typedef struct OpOptions {
    bool async, save_address, single_step;
    int ut, priority, index;
    IrWhen done, on_control;
    Option *done_at, *async_at;
    Options all;
} OpOptions;

static bool control_of(Sema *s, Options *o, IrWhen *w) {
    Option *one = option_get(o, "on_control");
    if (!one) return true;
    const Type *t = one->x.type;
    if (!opd_bad(&one->x) && t->kind == TY_STRUCT && t->nfields == 1 && t->fields[0].name &&
        (one->x.kind == X_VALUE || one->x.kind == X_AGG)) {
        const char *name = t->fields[0].name->s;
        Operand x = one->x.kind == X_VALUE ? opd_value(one->x.v.agg->items[0]) : one->x.items[0];
        if (!strcmp(name, "activate")) return when_of(s, x, option_span(one), ACT_ACTIVATE, w);
        if (!strcmp(name, "unblock")) return when_of(s, x, option_span(one), ACT_UNBLOCK, w);
        if (!strcmp(name, "terminate") && opd_known(&x) && x.type == s->types.bool_ && x.v.i) {
            *w = (IrWhen){ .action = ACT_TERMINATE, .reg = -1 };
            return true;
        }
    }
    return sema_error(
        s, option_span(one),
        "'.on_control' is .{ .terminate = true }, .{ .activate = id } or .{ .unblock = id }");
}

static bool op_options(Sema *s, Node *n, const char *const *allowed, OpOptions *out) {
    *out = (OpOptions){ .ut = -1, .index = -1, .done = no_action(), .on_control = no_action() };
    if (!n) return true;
    Options o = options_of(s, n, allowed);
    out->all = o;
    if (!o.ok) return false;
    if (!option_bool(s, &o, "async", &out->async) ||
        !option_bool(s, &o, "save_address", &out->save_address) ||
        !option_bool(s, &o, "single_step", &out->single_step))
        return false;
    Option *activate = option_get(&o, "activate"), *unblock = option_get(&o, "unblock"),
           *ut = option_get(&o, "ut_id");
    out->async_at = option_get(&o, "async");
    out->done_at = activate ? activate : unblock;
    if (activate && unblock)
        return sema_error(s, option_span(unblock),
                          "an operation either activates or unblocks when it ends");
    if (activate && !when_of(s, activate->x, option_span(activate), ACT_ACTIVATE, &out->done))
        return false;
    if (unblock && !when_of(s, unblock->x, option_span(unblock), ACT_UNBLOCK, &out->done))
        return false;
    if (!control_of(s, &o, &out->on_control)) return false;
    if (ut && !wse3(s))
        return sema_error(
            s, option_span(ut),
            "WSE-2 has no microthread ids: an operation runs on the microthread of its queue");
    if (ut) {
        Operand x = coerce(s, ut->x, s->types.ut_id, option_span(ut));
        if (opd_bad(&x)) return false;
        if (!opd_known(&x))
            return sema_error(s, option_span(ut),
                              "the microthread of an operation must be comptime-known");
        out->ut = (int)x.v.i;
        if (!out->ut && shares_with_memcpy(s))
            return sema_error(s, option_span(ut), "microthread 0 is reserved by memcpy on WSE-3");
    }
    out->priority = option_priority(s, &o);
    if (out->priority < 0) return false;
    if (out->priority && wse3(s))
        return sema_error(s, option_span(option_get(&o, "priority")),
                          "on WSE-3 a fabric DSD has a priority, not the operation");
    Option *index = option_get(&o, "index");
    if (index) {
        Operand x = coerce(s, index->x, s->types.u16, option_span(index));
        if (opd_bad(&x)) return false;
        out->index = to_reg(s, x);
    }
    return true;
}

// -------------------------------------------------------------------------------------------------
// DSRs
// -------------------------------------------------------------------------------------------------

Operand builtin_get_dsr(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = expr_type(s, arg(call, 0));
    int64_t n;
    if (!t) return opd_error();
    if (t->kind != TY_DSR)
        return error_at(s, arg_span(call, 0), "expected dsr_dest, dsr_src0 or dsr_src1, found '%s'",
                        t->name);
    if (t->sub > DSRT_SRC1)
        return error_at(s, arg_span(call, 0), "'%s' is not supported yet", t->name);
    if (!arg_int(s, call, 1, 0, DSR_NUMBERS - 1, &n)) return opd_error();
    if (!n && t->sub != DSRT_SRC0 && shares_with_memcpy(s))
        diag_warning(s->c, span_of(call), "memcpy uses number 0 of '%s'", t->name);
    return opd_value(value_of(t, (Int)t->sub << 8 | n));
}

static IrOpd dsd_opd(Sema *s, Operand x) {
    if (opd_known(&x))
        return (IrOpd){ .kind = is_fifo(x.type) ? OPD_FIFO : OPD_CONST, .reg = -1, .v = x.v };
    return (IrOpd){ .kind = OPD_DSD, .reg = to_reg(s, x) };
}

Operand builtin_load_to_dsr(Sema *s, Node *call, Type *want) {
    (void)want;
    Value dsr;
    if (!arg_known(s, call, 0, NULL, &dsr)) return opd_error();
    if (dsr.type->kind != TY_DSR || dsr.type->sub > DSRT_SRC1)
        return error_at(s, arg_span(call, 0), "expected a DSR, found '%s'", dsr.type->name);
    Operand x = arg_value(s, call, 1, NULL);
    if (opd_bad(&x)) return x;
    if (x.type->kind != TY_DSD || is_fifo(x.type))
        return error_at(s, arg_span(call, 1), "expected a DSD, found '%s'", x.type->name);
    unsigned file = dsr.type->sub;
    if (is_dsd(x.type, DSDT_FABIN) && file == DSR_DEST)
        return error_at(s, arg_span(call, 1), "a fabin_dsd is a source, not for a dsr_dest");
    if (is_dsd(x.type, DSDT_FABOUT) && file != DSR_DEST)
        return error_at(s, arg_span(call, 1), "a fabout_dsd is a destination, not for a %s",
                        dsr.type->name);
    if (is_dsd(x.type, DSDT_MEM4D) && s->c->options->sdk == CSL_SDK_2_10)
        return error_at(s, arg_span(call, 1),
                        "since SDK 2.10 a mem4d_dsd is loaded with @load_to_dsr_xdsr_sr");
    OpOptions o;
    if (!op_options(s, nargs(call) > 2 ? arg(call, 2) : NULL,
                    NAMES("async", "activate", "unblock", "on_control", "ut_id", "save_address",
                          "single_step"),
                    &o))
        return opd_error();
    if (o.async && !is_fabric(x.type))
        return error_at(s, option_span(o.async_at),
                        "only the load of a fabric DSD makes operations asynchronous");
    if (o.save_address && is_fabric(x.type))
        return error_at(s, option_span(option_get(&o.all, "save_address")),
                        "a fabric DSD has no address to save");
    IrLdsr *l = arena_new(s->arena, IrLdsr);
    *l = (IrLdsr){ .file = (uint8_t)file,
                   .number = (uint8_t)(dsr.i & 0xff),
                   .ut = o.ut,
                   .done = o.done,
                   .on_control = o.on_control,
                   .flags = (uint8_t)((o.async ? VEC_DSR_ASYNC : 0) |
                                      (o.save_address ? VEC_SAVE_ADDRESS : 0) |
                                      (o.single_step ? VEC_SINGLE_STEP : 0)) };
    if (at_comptime(s) && !opd_known(&x))
        return error_at(s, arg_span(call, 1), "must be comptime-known in a comptime block");
    l->from = dsd_opd(s, x);
    if (at_comptime(s))
        vec_push(&s->inst->start_loads, *l);
    else
        ir_emit(s, IR_LDSR, 0, 0, 0)->x.ldsr = l;
    return opd_void(s);
}

// -------------------------------------------------------------------------------------------------
// Vector operations
// -------------------------------------------------------------------------------------------------

// The forms a builtin takes: d destination, s source, v scalar, p pointer to a scalar.
enum {
    DSS = 1,
    DVS = 2,
    DSV = 4,
    PVS = 8,
    DS = 16,
    DV = 32,
    PS = 64,
    PV = 128,
    DSSV = 256,
    PVI = 512
};
enum { ARITH = DSS | DVS | DSV, FLOAT2 = ARITH | PVS, MOVE = DS | DV | PS, ONE = DS | DV };

// Scalars: i 16-bit integer, w 32-bit integer, h 16-bit float, s f32, x 16-bit integer that only a
// pointer can be.
static const struct {
    uint16_t forms;
    char value, pointer;
} vector[VEC_COUNT] = {
    [VEC_add16] = { ARITH, 'i', 0 },
    [VEC_addc16] = { ARITH, 'i', 0 },
    [VEC_sub16] = { DSS | DSV, 'i', 0 },
    [VEC_and16] = { ARITH, 'i', 0 },
    [VEC_or16] = { ARITH, 'i', 0 },
    [VEC_xor16] = { ARITH, 'i', 0 },
    [VEC_sar16] = { ARITH, 'i', 0 },
    [VEC_sll16] = { ARITH, 'i', 0 },
    [VEC_slr16] = { ARITH, 'i', 0 },
    [VEC_clz] = { ONE, 'i', 0 },
    [VEC_ctz] = { ONE, 'i', 0 },
    [VEC_popcnt] = { ONE, 'i', 0 },
    [VEC_mov16] = { MOVE, 'i', 'i' },
    [VEC_mov32] = { MOVE, 'w', 'w' },
    [VEC_fmovh] = { MOVE, 'h', 'h' },
    [VEC_fmovs] = { MOVE, 's', 's' },
    [VEC_faddh] = { FLOAT2, 'h', 'h' },
    [VEC_fadds] = { FLOAT2, 's', 's' },
    [VEC_faddhs] = { FLOAT2, 'h', 's' },
    [VEC_fsubh] = { FLOAT2, 'h', 'h' },
    [VEC_fsubs] = { FLOAT2, 's', 's' },
    [VEC_fmulh] = { FLOAT2, 'h', 'h' },
    [VEC_fmuls] = { FLOAT2, 's', 's' },
    [VEC_fmaxh] = { FLOAT2, 'h', 'h' },
    [VEC_fmaxs] = { FLOAT2, 's', 's' },
    [VEC_fabsh] = { ONE, 'h', 0 },
    [VEC_fabss] = { ONE, 's', 0 },
    [VEC_fnegh] = { ONE, 'h', 0 },
    [VEC_fnegs] = { ONE, 's', 0 },
    [VEC_fh2s] = { ONE, 'h', 0 },
    [VEC_fs2h] = { ONE, 's', 0 },
    [VEC_fh2xp16] = { ONE | PV, 'h', 'x' },
    [VEC_fs2xp16] = { ONE | PV, 's', 'x' },
    [VEC_xp162fh] = { ONE, 'i', 0 },
    [VEC_xp162fs] = { ONE, 'i', 0 },
    [VEC_fmach] = { DSSV, 'h', 0 },
    [VEC_fmacs] = { DSSV, 's', 0 },
    [VEC_fmachs] = { DSSV, 'h', 0 },
    [VEC_fscaleh] = { PVI, 'h', 'h' },
    [VEC_fscales] = { PVI, 's', 's' },
};

static const struct {
    int form;
    const char *text;
} form_texts[] = {
    { DSS, "(dest, src, src)" },
    { DVS, "(dest, value, src)" },
    { DSV, "(dest, src, value)" },
    { PVS, "(pointer, value, src)" },
    { DS, "(dest, src)" },
    { DV, "(dest, value)" },
    { PS, "(pointer, src)" },
    { PV, "(pointer, value)" },
    { DSSV, "(dest, src, src, value)" },
    { PVI, "(pointer, value, i16)" },
};

static Type *scalar_type(Sema *s, char c, const Type *of) {
    switch (c) {
    case 'i':
        return of == s->types.u16 || of == s->types.i16 ? (Type *)of
               : of->kind == TY_COMPTIME_INT            ? NULL
                                                        : s->types.i16;
    case 'w':
        return of == s->types.u32 || of == s->types.i32 ? (Type *)of
               : of->kind == TY_COMPTIME_INT            ? NULL
                                                        : s->types.i32;
    case 'x': return s->types.i16;
    case 'h': return s->types.fp16;
    default: return s->types.f32;
    }
}

// A scalar operand in a register. A comptime integer may be meant signed or unsigned.
static bool scalar_opd(Sema *s, Operand x, char c, Span at, int *reg) {
    Type *t = scalar_type(s, c, x.type);
    if (!t) {
        bool wide = c == 'w';
        Type *u = wide ? s->types.u32 : s->types.u16, *i = wide ? s->types.i32 : s->types.i16;
        t = opd_known(&x) && x.v.i >= 0 ? u : i;
    }
    x = coerce(s, x, t, at);
    if (opd_bad(&x)) return false;
    *reg = to_reg(s, x);
    return true;
}

typedef struct Vector { // the operation being put together
    Sema *s;
    Node *call;
    VecOp op;
    const char *name;
    Operand x[4];
    uint32_t n;    // operands, without the options
    char shape[5]; // what each is: d (DSD or DSR), v, p
} Vector;

static bool is_vector(const Type *t) {
    return t->kind == TY_DSD || (t->kind == TY_DSR && t->sub <= DSRT_SRC1);
}

static bool wrong_form(const Vector *v) {
    StrBuf b = { 0 };
    for (size_t i = 0, k = 0; i < sizeof form_texts / sizeof *form_texts; i++)
        if (vector[v->op].forms & form_texts[i].form)
            sb_printf(&b, "%s%s", k++ ? ", " : "", form_texts[i].text);
    sema_error(v->s, span_of(v->call), "%s takes %s", v->name, sb_str(&b));
    sb_free(&b);
    return false;
}

static int form_of(const Vector *v) {
    static const struct {
        int form;
        const char *shape;
    } shapes[] = {
        { DSS, "ddd" }, { DVS, "dvd" }, { DSV, "ddv" }, { PVS, "pvd" },   { DS, "dd" },
        { DV, "dv" },   { PS, "pd" },   { PV, "pv" },   { DSSV, "dddv" }, { PVI, "pvv" },
    };
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (!strcmp(shapes[i].shape, v->shape)) return shapes[i].form & vector[v->op].forms;
    return 0;
}

static bool check_vector(const Vector *v, uint32_t i, bool dest) {
    Sema *s = v->s;
    const Type *t = v->x[i].type;
    Span at = arg_span(v->call, i);
    if (is_dsd(t, DSDT_CIRCBUF))
        return sema_error(s, at, "a circbuf_dsd cannot be an operand; load it into a DSR");
    if (dest && is_dsd(t, DSDT_FABIN))
        return sema_error(s, at, "a fabin_dsd cannot be the destination of %s", v->name);
    if (dest && t->kind == TY_DSR && t->sub == DSRT_SRC1)
        return sema_error(s, at, "a dsr_src1 cannot be the destination of %s", v->name);
    if (!dest && is_dsd(t, DSDT_FABOUT))
        return sema_error(s, at, "a fabout_dsd cannot be a source of %s", v->name);
    if (!dest && t->kind == TY_DSR && t->sub == DSRT_DEST)
        return sema_error(s, at, "a dsr_dest cannot be a source of %s", v->name);
    return true;
}

// Among the operands together: fabric inputs, FIFOs, and what an asynchronous operation needs.
static bool check_together(const Vector *v, const OpOptions *o) {
    Sema *s = v->s;
    int inputs = 0, fifos = 0, fabric = 0, dsrs = 0;
    for (uint32_t i = 0; i < v->n; i++) {
        const Type *t = v->x[i].type;
        fabric += is_fabric(t);
        dsrs += t->kind == TY_DSR;
        if (is_fifo(t) && i > 0 && ++fifos > 1)
            return sema_error(s, arg_span(v->call, i), "an operation reads at most one FIFO");
        if (is_fifo(t) && i == 1 && v->n > 2 && v->shape[2] == 'd')
            return sema_error(s, arg_span(v->call, i), "a FIFO cannot be the first of two sources");
        if (is_dsd(t, DSDT_FABIN) && ++inputs > 1 && wse3(s))
            return sema_error(s, arg_span(v->call, i),
                              "WSE-3 operations have at most one fabric input");
    }
    bool fifo = fifos || is_fifo(v->x[0].type);
    if (o->async && !fabric && !dsrs && !fifo)
        return sema_error(s, option_span(o->async_at),
                          "an asynchronous operation needs a fabric or FIFO operand");
    if (o->done_at && !o->async && !dsrs)
        return sema_error(
            s, option_span(o->done_at),
            "only an asynchronous operation ('.async = true') does something at its end");
    return true;
}

static bool vector_opd(Vector *v, uint32_t i, IrOpd *out) {
    Sema *s = v->s;
    Operand x = v->x[i];
    if (x.type->kind == TY_DSR)
        *out = (IrOpd){ .kind = OPD_DSR, .reg = (int)x.v.i, .v = x.v };
    else
        *out = dsd_opd(s, x);
    return check_vector(v, i, i == 0);
}

static bool pointer_opd(Vector *v, IrOpd *out) {
    Sema *s = v->s;
    const Type *t = v->x[0].type, *to = t->elem;
    char c = vector[v->op].pointer;
    bool fits = c == 'i'   ? to == s->types.i16 || to == s->types.u16
                : c == 'w' ? to == s->types.i32 || to == s->types.u32
                           : to == scalar_type(s, c, to);
    if (!fits || t->many)
        return sema_error(s, arg_span(v->call, 0), "expected a pointer to %s, found '%s'",
                          c == 'i'   ? "i16 or u16"
                          : c == 'w' ? "i32 or u32"
                                     : scalar_type(s, c, to)->name,
                          t->name);
    if (t->is_const)
        return sema_error(s, arg_span(v->call, 0), "'%s' cannot be written through", t->name);
    *out = (IrOpd){ .kind = OPD_POINTER, .reg = to_reg(s, v->x[0]) };
    return true;
}

// Two expressions that name the same variable.
static bool same_place(const Node *a, const Node *b) {
    if (a->kind != b->kind) return false;
    switch (a->kind) {
    case ND_IDENT: return a->name == b->name;
    case ND_FIELD: return a->field.name == b->field.name && same_place(a->field.of, b->field.of);
    case ND_DEREF: return same_place(a->unary.operand, b->unary.operand);
    case ND_INT: return a->integer.lo == b->integer.lo && a->integer.hi == b->integer.hi;
    case ND_INDEX:
        if (a->call.args.len != b->call.args.len || !same_place(a->call.of, b->call.of))
            return false;
        for (uint32_t i = 0; i < a->call.args.len; i++)
            if (!same_place(a->call.args.data[i], b->call.args.data[i])) return false;
        return true;
    default: return false;
    }
}

// (p, v, s) where v is what p points to accumulates.
static bool accumulates(const Node *call) {
    const Node *p = arg(call, 0), *v = arg(call, 1);
    return (p->kind == ND_ADDRESS && same_place(p->unary.operand, v)) ||
           (v->kind == ND_DEREF && same_place(v->unary.operand, p));
}

static IrOpd scalar_operand(int reg) { return (IrOpd){ .kind = OPD_SCALAR, .reg = reg }; }

static bool fill(Vector *v, int form, IrVec *out) {
    Sema *s = v->s;
    char c = vector[v->op].value;
    int reg;
    if (v->shape[0] == 'p' ? !pointer_opd(v, &out->dest) : !vector_opd(v, 0, &out->dest))
        return false;
    // faddhs adds 16 and 32 bits: the machine takes the 16-bit source first, whichever stands
    // where.
    bool mixed = v->op == VEC_faddhs;
    switch (form) {
    case DSS:
    case DSSV:
        return vector_opd(v, 1, &out->src0) && vector_opd(v, 2, &out->src1) &&
               (form == DSS || scalar_opd(s, v->x[3], c, arg_span(v->call, 3), &out->scalar));
    case DVS:
        if (!scalar_opd(s, v->x[1], c, arg_span(v->call, 1), &reg)) return false;
        out->src0 = scalar_operand(reg);
        return vector_opd(v, 2, &out->src1);
    case PVS:
        if (!scalar_opd(s, v->x[1], mixed ? 's' : c, arg_span(v->call, 1), &reg)) return false;
        *(mixed ? &out->src1 : &out->src0) = scalar_operand(reg);
        return vector_opd(v, 2, mixed ? &out->src0 : &out->src1);
    case DSV:
        if (!scalar_opd(s, v->x[2], c, arg_span(v->call, 2), &reg)) return false;
        *(mixed ? &out->src0 : &out->src1) = scalar_operand(reg);
        return vector_opd(v, 1, mixed ? &out->src1 : &out->src0);
    case DS:
    case PS: return vector_opd(v, 1, &out->src1);
    case DV:
    case PV:
        if (!scalar_opd(s, v->x[1], c, arg_span(v->call, 1), &reg)) return false;
        out->src1 = scalar_operand(reg);
        return true;
    case PVI:
        if (!scalar_opd(s, v->x[1], c, arg_span(v->call, 1), &reg)) return false;
        out->src0 = scalar_operand(reg);
        if (!scalar_opd(s, v->x[2], 'x', arg_span(v->call, 2), &reg)) return false;
        out->src1 = scalar_operand(reg);
        return true;
    default: return false;
    }
}

static uint32_t operands_of(VecOp op) {
    int forms = vector[op].forms;
    return forms & DSSV ? 4 : forms & (DS | DV) ? 2 : 3;
}

Operand builtin_vector(Sema *s, Node *call, Type *want) {
    (void)want;
    Vector v = {
        .s = s, .call = call, .op = (VecOp)builtin_of(s, call)->arg, .name = call->builtin.name->s
    };
    v.n = operands_of(v.op);
    if (nargs(call) < v.n || nargs(call) > v.n + 1) {
        wrong_form(&v);
        return opd_error();
    }
    for (uint32_t i = 0; i < v.n; i++) {
        v.x[i] = expr_value(s, arg(call, i), NULL);
        if (opd_bad(&v.x[i])) return v.x[i];
        if (v.x[i].type->kind == TY_VOID)
            return error_at(s, arg_span(call, i), "this operand has no value");
        v.shape[i] = is_vector(v.x[i].type)                      ? 'd'
                     : i == 0 && v.x[i].type->kind == TY_POINTER ? 'p'
                                                                 : 'v';
    }
    int form = form_of(&v);
    OpOptions o;
    IrVec *vec = arena_new(s->arena, IrVec);
    *vec = (IrVec){ .op = (uint8_t)v.op, .scalar = -1 };
    if (!form) {
        wrong_form(&v);
        return opd_error();
    }
    if (!fill(&v, form, vec)) return opd_error();
    if (!op_options(
            s, nargs(call) > v.n ? arg(call, v.n) : NULL,
            NAMES("async", "activate", "unblock", "on_control", "index", "ut_id", "priority"), &o))
        return opd_error();
    if (!check_together(&v, &o)) return opd_error();
    vec->ut = o.ut;
    vec->priority = (uint8_t)o.priority;
    vec->index = o.index;
    vec->done = o.done;
    vec->on_control = o.on_control;
    vec->flags = (uint8_t)((o.async ? VEC_ASYNC : 0) |
                           (s->c->options->sdk == CSL_SDK_2_10 ? VEC_PACKED : 0) |
                           (form == PVS && accumulates(call) ? VEC_ACCUMULATE : 0));
    int r = ir_reg(s->fx->ir, s->types.bool_);
    ir_emit(s, IR_VEC, r, 0, 0)->x.vec = vec;
    return opd_reg(s->types.bool_, r);
}

// -------------------------------------------------------------------------------------------------
// @map: a loop over iterators, one call per element
// -------------------------------------------------------------------------------------------------

typedef struct MapArg {
    Operand x;
    int it;       // iterator, -1 for a scalar
    Type *elem;   // of the iterator, or of what a pointer points to
    bool through; // a pointer whose target is passed
} MapArg;

static int element_kind(const Sema *s, const Type *t) {
    if (t == s->types.i16) return ELEM_I16;
    if (t == s->types.u16 || t == s->types.fp16) return ELEM_U16;
    if (t == s->types.i32) return ELEM_I32;
    return t == s->types.u32 || t == s->types.f32 ? ELEM_U32 : -1;
}

// A DSD or DSR becomes an iterator: four registers.
static int iterator(Sema *s, Operand x) {
    int dsd = ir_reg(s->fx->ir, s->types.dsd[DSDT_MEM1D]),
        it = ir_reg_wide(s->fx->ir, s->types.u64, 4);
    if (x.type->kind == TY_DSR)
        ir_emit(s, PE_dsr_get, dsd, (int)x.v.i, 0);
    else
        dsd = to_reg(s, x);
    ir_emit(s, PE_it_init, it, dsd, 0);
    return it;
}

static Type *element_of(const Operand *x) {
    return x->kind == X_VALUE && x->type->kind == TY_DSD ? x->v.dsd->elem : NULL;
}

static bool map_input(Sema *s, Node *call, uint32_t i, Type *param, MapArg *m) {
    Span at = arg_span(call, i);
    m->it = -1;
    m->x = expr_value(s, arg(call, i), param);
    if (opd_bad(&m->x)) return false;
    const Type *t = m->x.type;
    if (is_dsd(t, DSDT_FABOUT) || (t->kind == TY_DSR && t->sub != DSRT_SRC1))
        return sema_error(s, at, "'%s' cannot be an input of @map", t->name);
    if (is_fifo(t) || is_dsd(t, DSDT_CIRCBUF))
        return sema_error(s, at, "a '%s' cannot be an operand of @map", t->name);
    if (is_vector(t)) {
        m->elem = param ? param : element_of(&m->x);
        if (!m->elem)
            return sema_error(s, at,
                              "the type of these elements is not known; give the parameter of the "
                              "function a type");
        if (element_kind(s, m->elem) < 0)
            return sema_error(s, at, "@map passes elements of 16 and 32 bits, not '%s'",
                              m->elem->name);
        m->it = iterator(s, m->x);
        return true;
    }
    if (t->kind == TY_POINTER && param && param->kind != TY_POINTER && t->elem == param) {
        m->through = true;
        m->elem = param;
        m->x = opd_reg((Type *)t, to_reg(s, m->x));
        return true;
    }
    if (param) m->x = coerce(s, m->x, param, at);
    if (opd_bad(&m->x)) return false;
    m->x = detach(s, m->x);
    return true;
}

static bool map_output(Sema *s, Node *call, uint32_t i, Type *result, MapArg *m) {
    Span at = arg_span(call, i);
    m->it = -1;
    m->x = expr_value(s, arg(call, i), NULL);
    if (opd_bad(&m->x)) return false;
    const Type *t = m->x.type;
    if (is_dsd(t, DSDT_FABIN) || is_fifo(t) || is_dsd(t, DSDT_CIRCBUF) ||
        (t->kind == TY_DSR && t->sub != DSRT_DEST))
        return sema_error(s, at, "'%s' cannot be the output of @map", t->name);
    if (is_vector(t)) {
        if (element_kind(s, result) < 0)
            return sema_error(s, at, "@map writes elements of 16 and 32 bits, not '%s'",
                              result->name);
        m->it = iterator(s, m->x);
        return true;
    }
    if (t->kind != TY_POINTER || t->is_const || t->many || t->elem != result)
        return sema_error(s, at, "the output of @map is a DSD, a dsr_dest or a '*%s', not '%s'",
                          result->name, t->name);
    m->x = opd_reg((Type *)t, to_reg(s, m->x));
    return true;
}

static Operand target_of(const Operand *p) {
    return (Operand){ .kind = X_MEM, .type = p->type->elem, .idx = p->reg };
}

Operand builtin_map(Sema *s, Node *call, Type *want) {
    (void)want;
    Value f;
    if (!arg_known(s, call, 0, NULL, &f)) return opd_error();
    if (f.type->kind == TY_POINTER && f.type->elem->kind == TY_FN) f.type = f.type->elem;
    if (f.type->kind != TY_FN || f.type->is_task || !f.fn)
        return error_at(s, arg_span(call, 0), "expected a function, found '%s'", f.type->name);
    Type *ft = func_type(s, f.fn);
    if (!ft) return opd_error();
    uint32_t nin = ft->nfields;
    bool gives = !ft->result || ft->result->kind != TY_VOID;
    if (nargs(call) != 1 + nin + gives)
        return error_at(
            s, span_of(call),
            "'%s' takes %u argument%s and gives %s: @map needs %u operands after it, found %u",
            f.fn->node->fn.name->s, nin, nin == 1 ? "" : "s", gives ? "a value" : "nothing",
            nin + gives, nargs(call) - 1);
    if (gives && !ft->result)
        return error_at(s, arg_span(call, 0),
                        "the result of a function for @map must not depend on its arguments");
    MapArg *in = arena_array(s->arena, MapArg, nin + 1), out = { .it = -1 };
    int iterators = 0;
    for (uint32_t i = 0; i < nin; i++) {
        if (!map_input(s, call, 1 + i, ft->fields[i].type, &in[i])) return opd_error();
        iterators += in[i].it >= 0;
    }
    if (gives && !map_output(s, call, 1 + nin, ft->result, &out)) return opd_error();
    if (!iterators && out.it < 0)
        return error_at(s, span_of(call), "@map needs at least one DSD or DSR");

    IrFunc *ir = s->fx->ir;
    int top = ir_label(ir), end = ir_label(ir);
    ir_place(ir, top);
    s->fx->depth++;
    for (uint32_t i = 0; i < nin; i++)
        if (in[i].it >= 0) ir_emit(s, PE_it_end, in[i].it, end, 0);
    Operand *args = arena_array(s->arena, Operand, nin + 1);
    for (uint32_t i = 0; i < nin; i++) {
        args[i] = in[i].x;
        if (in[i].through) args[i] = rvalue(s, target_of(&in[i].x));
        if (in[i].it < 0) continue;
        int r = ir_reg(ir, in[i].elem);
        ir_emit(s, PE_it_read, r, in[i].it, element_kind(s, in[i].elem));
        args[i] = opd_reg(in[i].elem, r);
    }
    Operand y = call_function(s, f.fn, args, nin, call);
    bool ok = y.kind != X_ERROR;
    if (ok && gives) {
        y = coerce(s, rvalue(s, y), ft->result, span_of(call));
        if (out.it >= 0) {
            int r = to_reg(s, y);
            ir_emit(s, PE_it_end, out.it, end, 0);
            ir_emit(s, PE_it_write, r, out.it, element_kind(s, ft->result));
        } else
            store(s, target_of(&out.x), y, span_of(call));
    }
    s->fx->depth--;
    ir_jump(s, top);
    ir_place(ir, end);
    return ok ? opd_void(s) : opd_error();
}
