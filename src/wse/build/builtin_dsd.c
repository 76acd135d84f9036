// Builtins that make and change data structure descriptors, and FIFOs. A DSD all of whose parts are
// comptime-known is a comptime value (DsdVal); otherwise its known parts become a constant in two
// registers and the others are set in place.
#include "wse/build/builtin.h"

#include <string.h>

// -------------------------------------------------------------------------------------------------
// Options
// -------------------------------------------------------------------------------------------------

Span option_span(const Option *o) {
    return o->node->kind == ND_FIELD_INIT ? span_of(o->node->field_init.value) : span_of(o->node);
}

Operand option_as(Sema *s, Options *o, const char *name, Type *t) {
    Option *one = option_get(o, name);
    if (!one) return opd_value((Value){ 0 });
    return coerce(s, one->x, t, option_span(one));
}

bool option_bool(Sema *s, Options *o, const char *name, bool *out) {
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

int option_choice(Sema *s, Options *o, const char *name, const char *const *names) {
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

int option_priority(Sema *s, Options *o) {
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
        out[i] = coerce(s, tuple ? opd_item(&x, (uint32_t)i) : x, t, at);
        if (opd_bad(&out[i])) return false;
    }
    return true;
}

// A part of a tensor access; a struct that stands for one may leave out what has a default.
static Operand part(Sema *s, const Operand *x, const char *name, bool optional, Span at) {
    Name *field = name_of(s->c, name, strlen(name));
    if (optional && x->type && x->type->kind == TY_STRUCT && type_field(x->type, field) < 0)
        return opd_value((Value){ 0 });
    Operand p = field_of(s, *x, field, at);
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
        at[i] = one ? option_span(one) : tensor ? option_span(tensor) : arg_span(call, 1);
        x[i] =
            tensor ? part(s, &tensor->x, parts[i], i >= 2 || one, at[i]) : opd_value((Value){ 0 });
        if (opd_bad(&x[i])) return false;
        if (one && given(&x[i]))
            return sema_error(s, option_span(one), "'.%s' is already given by '.tensor_access'",
                              parts[i]);
        if (one) x[i] = one->x;
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

// A memory DSD whose known parts are in `d`, at the base and offset of `a`: a value when both are
// known.
static Operand placed(Sema *s, DsdType kind, DsdVal *d, const Access *a) {
    bool base = opd_known(&a->base), offset = opd_known(&a->offset);
    if (base) {
        d->base = a->base.v.ptr.base;
        d->off = (int32_t)(a->base.v.ptr.off +
                           (offset ? (int64_t)a->offset.v.i * (int64_t)a->elem->size : 0));
    }
    if (base && offset) return dsd_operand(s, kind, d);
    int r = dsd_start(s, kind, d);
    if (!base) ir_emit(s, PE_dsd_base, r, to_reg(s, a->base), 0);
    if (!offset || (!base && a->offset.v.i))
        ir_emit(s, PE_dsd_inc, r, to_reg(s, a->offset), (int)a->elem->size);
    return opd_reg(s->types.dsd[kind], r);
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
        return opd_wrong(
            s,
            option_get(&o, "tensor_access") ? option_span(option_get(&o, "tensor_access"))
                                            : arg_span(call, 1),
            "a mem1d_dsd has one dimension, not %d; a mem4d_dsd has up to four", a.dims);
    DsdVal *d = new_dsd(
        s, dsd_mem1d(0, (unsigned)known_or(&a.extent[0], 0), (int)known_or(&a.stride[0], 1)));
    d->elem = a.elem;
    if (indexed) d->bits.w[0] |= DSD_INDEX_OFFSET;
    if (opd_known(&a.extent[0]) && opd_known(&a.stride[0])) return placed(s, DSDT_MEM1D, d, &a);
    Operand x = placed(s, DSDT_MEM1D, d, &a);
    int r = to_reg(s, x);
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
    ObjShape *shape = arena_new(s->arena, ObjShape);
    shape->dims = (uint16_t)a.dims;
    for (int i = 0; i < a.dims; i++) {
        if (!opd_known(&a.extent[i]) || !opd_known(&a.stride[i]))
            return opd_wrong(s, arg_span(call, 1),
                             "extents and strides of a mem4d_dsd must be comptime-known");
        shape->extent[i] = (uint16_t)a.extent[a.dims - 1 - i].v.i;
        shape->stride[i] = (int16_t)a.stride[i].v.i;
    }
    DsdVal *d = new_dsd(s, dsd_mem4d(0, 0));
    d->elem = a.elem;
    d->shape = shape;
    if (indexed) d->bits.w[0] |= DSD_INDEX_OFFSET;
    return placed(s, DSDT_MEM4D, d, &a);
}

// All of it is comptime-known. A buffer that is an array says how long it is.
static Operand get_circbuf(Sema *s, Node *call) {
    Options o = options_of(s, arg(call, 1), NAMES("base_address", "extent", "wraparound"));
    Option *where = option_get(&o, "base_address");
    Operand extent = option_as(s, &o, "extent", s->types.u16),
            wrap = option_as(s, &o, "wraparound", s->types.u16), base;
    Type *elem;
    if (!o.ok || opd_bad(&extent) || opd_bad(&wrap)) return opd_error();
    if (!where || !given(&extent))
        return opd_wrong(s, arg_span(call, 1), "a circbuf_dsd needs '.base_address' and '.extent'");
    if (!base_of(s, where->x, option_span(where), &base, &elem)) return opd_error();
    if (!opd_known(&base) || !opd_known(&extent) || (given(&wrap) && !opd_known(&wrap)))
        return opd_wrong(s, arg_span(call, 1), "all parts of a circbuf_dsd must be comptime-known");
    const Type *to = base.type->elem;
    bool array = to->kind == TY_ARRAY;
    if (!array && !given(&wrap))
        return opd_wrong(s, arg_span(call, 1),
                         "'%s' does not say how long the buffer is: give '.wraparound'",
                         base.type->name);
    uint64_t n = given(&wrap) ? (uint64_t)wrap.v.i : to->count;
    if (array && n > to->count)
        return opd_wrong(s, option_span(option_get(&o, "wraparound")),
                         "the buffer has %llu elements, fewer than %llu",
                         (unsigned long long)to->count, (unsigned long long)n);
    if (!n || n > UINT16_MAX)
        return opd_wrong(s, arg_span(call, 1), "a circular buffer of %llu elements",
                         (unsigned long long)n);
    DsdVal *d = new_dsd(s, dsd_circbuf(0, (unsigned)extent.v.i, (unsigned)n));
    d->base = base.v.ptr.base;
    d->off = (int32_t)base.v.ptr.off;
    d->elem = elem;
    return dsd_operand(s, DSDT_CIRCBUF, d);
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
    if (!given(&extent)) return opd_wrong(s, arg_span(call, 1), "a %s needs '.extent'", name);
    if (given(&queue) && !opd_known(&queue))
        return opd_wrong(s, option_span(option_get(o, queue_name)),
                         "the queue must be comptime-known");
    if (!given(&queue) && wse3(s))
        return opd_wrong(s, arg_span(call, 1), "a %s on WSE-3 needs '.%s'", name, queue_name);
    if (!given(&queue) && !given(&color))
        return opd_wrong(s, arg_span(call, 1), "a %s needs '.%s' or '.fabric_color'", name,
                         queue_name);
    if (!given(&color) && out && !wse3(s))
        return opd_wrong(s, arg_span(call, 1), "a fabout_dsd on WSE-2 needs '.fabric_color'");
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
    if (wse3(s) && s->inst && c != 0xff)
        vec_push(&s->inst->dsd_colors, (DsdColor){ out, (uint8_t)q, (uint8_t)c,
                                                   option_span(option_get(o, "fabric_color")) });
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
    if (!refuse(s, &o, "control_transform") || !refuse(s, &o, "advance_switch")) return opd_error();
    int zero = option_choice(s, &o, "zero", NAMES("first_source", "second_source"));
    if (zero < 0) return opd_error();
    bits |= (uint32_t)zero << DSD_ZERO_SHIFT;
    if (!wse3(s) && option_get(&o, "priority"))
        return opd_wrong(s, option_span(option_get(&o, "priority")),
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
        case DSDT_CIRCBUF: return get_circbuf(s, call);
        case DSDT_FIFO: break;
        }
    return opd_wrong(s, arg_span(call, 0),
                     "@get_dsd makes mem1d_dsd, mem4d_dsd, circbuf_dsd, fabin_dsd or fabout_dsd, "
                     "not '%s'",
                     t->name);
}

// -------------------------------------------------------------------------------------------------
// Changing DSDs: each builtin gives a new value
// -------------------------------------------------------------------------------------------------

static Operand dsd_arg(Sema *s, Node *call, bool mem1d, bool mem4d, bool fabric) {
    Operand x = arg_value(s, call, 0, NULL);
    if (opd_bad(&x)) return x;
    if (x.type->kind != TY_DSD)
        return opd_wrong(s, arg_span(call, 0), "expected a DSD, found '%s'", x.type->name);
    if ((is_dsd(x.type, DSDT_MEM1D) && mem1d) || (is_dsd(x.type, DSDT_MEM4D) && mem4d) ||
        ((is_fabric(x.type) || is_dsd(x.type, DSDT_CIRCBUF)) && fabric))
        return x;
    return opd_wrong(s, arg_span(call, 0), "'%s' does not apply to a '%s'", call->builtin.name->s,
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
        return opd_wrong(s, arg_span(call, 2),
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

// .dest, .src and .xdsr: all or none, numbers that no other FIFO has.
static bool fifo_dsrs(Sema *s, Options *o, Fifo *f) {
    static const char *const names[] = { "dest", "src", "xdsr" };
    static const int kinds[] = { DSRT_DEST, DSRT_SRC1, DSRT_XDSR };
    unsigned number[3];
    int n = 0;
    for (int i = 0; i < 3; i++) {
        Operand x = option_as(s, o, names[i], s->types.dsr[kinds[i]]);
        if (opd_bad(&x)) return false;
        if (!given(&x)) continue;
        if (!opd_known(&x))
            return sema_error(s, option_span(option_get(o, names[i])),
                              "'.%s' must be comptime-known", names[i]);
        number[i] = (unsigned)x.v.i & 0xff;
        n++;
    }
    if (!n) return true;
    if (n < 3)
        return sema_error(s, o->span,
                          "a FIFO in DSRs of one's own needs '.dest', '.src' and '.xdsr'");
    Span at = option_span(option_get(o, "src"));
    if (number[0] != number[1])
        return sema_error(s, at, "'.dest' and '.src' have one number, not %u and %u", number[0],
                          number[1]);
    f->dsr = (uint8_t)number[0];
    f->xdsr = (uint8_t)number[2];
    for (size_t i = 0; i < s->inst->fifos.len; i++) {
        const Fifo *other = s->inst->fifos.data[i];
        if (other->dsr != f->dsr && other->xdsr != f->xdsr) continue;
        sema_error(s, other->dsr == f->dsr ? at : option_span(option_get(o, "xdsr")),
                   "%s %u already holds a FIFO", other->dsr == f->dsr ? "DSR" : "XDSR",
                   other->dsr == f->dsr ? f->dsr : f->xdsr);
        diag_note(s->c, other->at, "this one");
        return false;
    }
    return true;
}

static bool fifo_options(Sema *s, Node *n, Fifo *f) {
    Options o = options_of(s, n,
                           NAMES("empty_action", "full_action", "activate_push", "activate_pop",
                                 "priority", "simd_mode", "dest", "src", "xdsr"));
    if (!o.ok || !fifo_dsrs(s, &o, f)) return false;
    const char *other = wse3(s) ? "simd_mode" : "priority";
    if (option_get(&o, other))
        return sema_error(s, option_span(option_get(&o, other)), "a FIFO on %s has no '.%s'",
                          wse3(s) ? "WSE-3" : "WSE-2", other);
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
    int priority = option_priority(s, &o);
    uint32_t simd = 0;
    if (empty < 0 || full < 0 || priority < 0 || !simd_of(s, &o, &simd)) return false;
    f->priority = (uint8_t)priority;
    f->simd = (uint8_t)(simd >> DSD_SIMD_SHIFT);
    if (full && !wse3(s))
        return sema_error(s, option_span(option_get(&o, "full_action")),
                          "only WSE-3 has a '.full_action'");
    f->empty = (uint8_t)(empty ? empty - 1 : FIFO_TEST_OR_SUSPEND);
    f->full = (uint8_t)(full ? full - 1 : FIFO_TEST_OR_SUSPEND);
    if (f->empty >= FIFO_SUSPEND && !wse3(s))
        return sema_error(s, option_span(option_get(&o, "empty_action")),
                          "only WSE-3 has this action");
    return true;
}

// The compiler aligns a buffer that it defines itself; hardware wants that of others, too.
static void warn_alignment(Sema *s, const Node *n) {
    if (n->kind == ND_ADDRESS) n = n->unary.operand;
    const Decl *d = n->kind == ND_IDENT ? module_find(s->fx->mod, n->name) : NULL;
    if (!d || d->node->kind != ND_VAR || !(d->node->flags & NF_EXTERN)) return;
    if (d->node->var.attrs && d->node->var.attrs->align) return;
    diag_warning(s->c, span_of(n),
                 "'%s' is extern: give it the 'align' that its definition has for a FIFO",
                 n->name->s);
}

Operand builtin_allocate_fifo(Sema *s, Node *call, Type *want) {
    (void)want;
    Span at = arg_span(call, 0);
    Operand base;
    Type *elem;
    if (!s->inst) return opd_wrong(s, span_of(call), "FIFOs exist only in the code of a PE");
    Operand x = expr(s, arg(call, 0), NULL);
    if (opd_bad(&x) || !base_of(s, x, at, &base, &elem)) return opd_error();
    Type *t = base.type->elem;
    if (!opd_known(&base) || !base.v.ptr.base || t->kind != TY_ARRAY || base.v.ptr.off ||
        base.v.ptr.base->type != t)
        return opd_wrong(s, at, "the buffer of a FIFO is a global array or a pointer to one");
    if (base.v.ptr.base->is_const) return opd_wrong(s, at, "the buffer of a FIFO is a 'var'");
    warn_alignment(s, arg(call, 0));
    if (t->count < 1 || t->count * elem->size > 0xc000)
        return opd_wrong(s, at, "a FIFO of %llu elements does not fit",
                         (unsigned long long)t->count);
    Fifo *f = arena_new(s->arena, Fifo);
    *f = (Fifo){ .buffer = base.v.ptr.base,
                 .capacity = (uint32_t)t->count,
                 .size = elem->size,
                 .number = (uint32_t)s->inst->fifos.len,
                 .dsr = OBJ_NONE8,
                 .xdsr = OBJ_NONE8,
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
        return opd_wrong(s, arg_span(call, 0), "expected a FIFO, found '%s'", x.type->name);
    if (!opd_known(&x)) return opd_wrong(s, arg_span(call, 0), "the FIFO must be comptime-known");
    ir_emit(s, (uint16_t)builtin_of(s, call)->arg, to_reg(s, n), (int)x.v.dsd->fifo->number, 0);
    return opd_void(s);
}
