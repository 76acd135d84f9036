// Builtins of vector operations: what happens at their end, DSRs, and the operations themselves.
#include "wse/build/builtin.h"

#include <string.h>

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
    TaskUse use = { .action = action, .at = at };
    if (t->kind == TY_FN && t->is_task && opd_known(&x)) {
        w->task = use.task = x.v.fn;
        vec_push(&s->inst->task_uses, use);
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
    if (!opd_known(&x)) {
        w->reg = to_reg(s, x);
        return true;
    }
    w->id = (int)x.v.i;
    use.id = x.v;
    if (t == s->types.local_task_id) vec_push(&s->inst->task_uses, use);
    return true;
}

typedef struct OpOptions {
    bool async, save_address, single_step;
    int ut, priority, index;
    IrWhen done, on_control;
    Option *done_at, *control_at, *async_at, *how_at; // how: the microthread or its priority
    Options all;
} OpOptions;

static bool control_of(Sema *s, Options *o, IrWhen *w) {
    Option *one = option_get(o, "on_control");
    if (!one) return true;
    const Type *t = one->x.type;
    if (!opd_bad(&one->x) && t->kind == TY_STRUCT && t->nfields == 1 && t->fields[0].name &&
        (one->x.kind == X_VALUE || one->x.kind == X_AGG)) {
        const char *name = t->fields[0].name->s;
        Operand x = opd_item(&one->x, 0);
        if (!strcmp(name, "activate")) return when_of(s, x, option_span(one), ACT_ACTIVATE, w);
        if (!strcmp(name, "unblock")) return when_of(s, x, option_span(one), ACT_UNBLOCK, w);
        if (!strcmp(name, "terminate") && opd_known(&x) && x.type == s->types.bool_) {
            if (x.v.i) *w = (IrWhen){ .action = ACT_TERMINATE, .reg = -1 };
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
    out->how_at = ut ? ut : option_get(&o, "priority");
    out->done_at = activate ? activate : unblock;
    if (activate && unblock)
        return sema_error(s, option_span(unblock),
                          "an operation either activates or unblocks when it ends");
    if (activate && !when_of(s, activate->x, option_span(activate), ACT_ACTIVATE, &out->done))
        return false;
    if (unblock && !when_of(s, unblock->x, option_span(unblock), ACT_UNBLOCK, &out->done))
        return false;
    if (!control_of(s, &o, &out->on_control)) return false;
    if (out->on_control.action) out->control_at = option_get(&o, "on_control");
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

// A DSR that holds a FIFO: by number, or from the plain DSR.
static Operand get_fifo_dsr(Sema *s, Node *call, Type *t) {
    Value v;
    int64_t n;
    int plain = t->sub == DSRT_FIFO_DEST ? DSRT_DEST : DSRT_SRC1;
    if (!arg_known(s, call, 1, NULL, &v)) return opd_error();
    if (v.type->kind != TY_DSR) {
        if (!arg_int(s, call, 1, 0, DSR_NUMBERS - 1, &n)) return opd_error();
    } else if (v.type != s->types.dsr[plain]) {
        return opd_wrong(s, arg_span(call, 1), "a %s is made of a %s, not of a %s", t->name,
                         s->types.dsr[plain]->name, v.type->name);
    } else {
        n = (int64_t)v.i & 0xff;
    }
    return opd_value(value_of(t, (Int)plain << 8 | n));
}

// The FIFO that was allocated in it.
static bool fifo_in_dsr(Sema *s, const Operand *x, Span at, IrOpd *out) {
    unsigned n = (unsigned)x->v.i & 0xff;
    for (size_t i = 0; i < s->inst->fifos.len; i++) {
        Fifo *f = s->inst->fifos.data[i];
        if (f->dsr != n) continue;
        DsdVal *d = arena_new(s->arena, DsdVal);
        *d = (DsdVal){ .bits = dsd_fifo(0), .fifo = f };
        *out = (IrOpd){ .kind = OPD_FIFO,
                        .reg = -1,
                        .v = { .type = s->types.dsd[DSDT_FIFO], .dsd = d } };
        return true;
    }
    return sema_error(s, at, "no FIFO is allocated in %s %u: undefined", x->type->name, n);
}

Operand builtin_get_dsr(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = expr_type(s, arg(call, 0));
    int64_t n;
    if (!t) return opd_error();
    if (t->kind != TY_DSR)
        return opd_wrong(s, arg_span(call, 0),
                         "expected dsr_dest, dsr_src0 or dsr_src1, found '%s'", t->name);
    if (t->sub == DSRT_XDSR || t->sub == DSRT_SR)
        return opd_wrong(s, arg_span(call, 0), "a value of type '%s' comes from @get_%s", t->name,
                         t->name);
    if (is_fifo_dsr(t)) return get_fifo_dsr(s, call, t);
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

// @get_xdsr, @get_sr: the row's number says which.
Operand builtin_get_xdsr(Sema *s, Node *call, Type *want) {
    (void)want;
    int64_t n;
    if (!arg_int(s, call, 0, 0, DSR_NUMBERS - 1, &n)) return opd_error();
    return opd_value(value_of(s->types.dsr[builtin_of(s, call)->arg], n));
}

// The DSR of argument 0.
static bool dsr_arg(Sema *s, Node *call, Value *dsr) {
    if (!arg_known(s, call, 0, NULL, dsr)) return false;
    return (dsr->type->kind == TY_DSR && dsr->type->sub <= DSRT_SRC1) ||
           sema_error(s, arg_span(call, 0), "expected a DSR, found '%s'", dsr->type->name);
}

// The DSD x of argument `at`, the last before the options, into a DSR.
static Operand load_dsr(Sema *s, Node *call, Value dsr, Operand x, uint32_t at) {
    unsigned file = dsr.type->sub;
    OpOptions o;
    if (!op_options(s, nargs(call) > at + 1 ? arg(call, at + 1) : NULL,
                    at == 1 ? NAMES("async", "activate", "unblock", "on_control", "ut_id",
                                    "save_address", "single_step")
                            : NAMES("save_address", "single_step"),
                    &o))
        return opd_error();
    if (o.async && !is_fabric(x.type))
        return opd_wrong(s, option_span(o.async_at),
                         "only the load of a fabric DSD makes operations asynchronous");
    if (!o.async && (o.done_at || o.control_at))
        return opd_wrong(s, option_span(o.done_at ? o.done_at : o.control_at),
                         "only an asynchronous operation ('.async = true' of a fabric DSD) does "
                         "something at its end");
    if (o.save_address && is_fabric(x.type))
        return opd_wrong(s, option_span(option_get(&o.all, "save_address")),
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
        return opd_wrong(s, arg_span(call, at), "must be comptime-known in a comptime block");
    l->from = dsd_opd(s, x);
    if (at_comptime(s))
        vec_push(&s->inst->start_loads, *l);
    else
        ir_emit(s, IR_LDSR, 0, 0, 0)->x.ldsr = l;
    return opd_void(s);
}

Operand builtin_load_to_dsr(Sema *s, Node *call, Type *want) {
    (void)want;
    Value dsr;
    Span at = arg_span(call, 1);
    if (!dsr_arg(s, call, &dsr)) return opd_error();
    Operand x = arg_value(s, call, 1, NULL);
    if (opd_bad(&x)) return x;
    if (x.type->kind != TY_DSD || is_fifo(x.type))
        return opd_wrong(s, at, "expected a DSD, found '%s'", x.type->name);
    if (is_dsd(x.type, DSDT_FABIN) && dsr.type->sub == DSRT_DEST)
        return opd_wrong(s, at, "a fabin_dsd is a source, not for a dsr_dest");
    if (is_dsd(x.type, DSDT_FABOUT) && dsr.type->sub != DSRT_DEST)
        return opd_wrong(s, at, "a fabout_dsd is a destination, not for a %s", dsr.type->name);
    if (is_dsd(x.type, DSDT_CIRCBUF))
        return opd_wrong(s, at, "a circbuf_dsd is loaded with @load_to_dsr_xdsr");
    if (is_dsd(x.type, DSDT_MEM4D) && s->c->options->sdk == CSL_SDK_2_10)
        return opd_wrong(s, at, "since SDK 2.10 a mem4d_dsd is loaded with @load_to_dsr_xdsr_sr");
    return load_dsr(s, call, dsr, x, 1);
}

// (dsr, xdsr, circbuf [, options])
Operand builtin_load_to_dsr_xdsr(Sema *s, Node *call, Type *want) {
    (void)want;
    Value dsr, xdsr;
    if (!dsr_arg(s, call, &dsr) || !arg_known(s, call, 1, s->types.dsr[DSRT_XDSR], &xdsr))
        return opd_error();
    Operand x = arg_value(s, call, 2, s->types.dsd[DSDT_CIRCBUF]);
    return opd_bad(&x) ? x : load_dsr(s, call, dsr, x, 2);
}

// The first loop needs no stride register, nor does the second when the first one's stride is 1.
static uint32_t stride_registers(const ObjShape *shape) {
    int n = shape->dims - 1 - (shape->dims > 1 && shape->stride[0] == 1);
    return (uint32_t)n;
}

// (dsr, xdsr, .{ sr ... }, mem4d [, options]): all three stride registers when the access is a
// run-time value.
Operand builtin_load_to_dsr_xdsr_sr(Sema *s, Node *call, Type *want) {
    (void)want;
    Value dsr, xdsr, srs;
    if (!dsr_arg(s, call, &dsr) || !arg_known(s, call, 1, s->types.dsr[DSRT_XDSR], &xdsr) ||
        !arg_known(s, call, 2, NULL, &srs))
        return opd_error();
    bool tuple = srs.type->kind == TY_STRUCT;
    for (uint32_t i = 0; tuple && i < srs.type->nfields; i++)
        tuple = srs.agg->items[i].type == s->types.dsr[DSRT_SR];
    if (!tuple)
        return opd_wrong(s, arg_span(call, 2),
                         "expected a tuple of stride registers (sr), found '%s'", srs.type->name);
    Operand x = arg_value(s, call, 3, s->types.dsd[DSDT_MEM4D]);
    if (opd_bad(&x)) return x;
    uint32_t need = opd_known(&x) && x.v.dsd->shape ? stride_registers(x.v.dsd->shape) : 3;
    if (srs.type->nfields != need)
        return opd_wrong(s, arg_span(call, 2), "this access needs %u stride register%s, not %u",
                         need, need == 1 ? "" : "s", srs.type->nfields);
    return load_dsr(s, call, dsr, x, 3);
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
    if (dest && t->kind == TY_DSR && (t->sub == DSRT_SRC1 || t->sub == DSRT_FIFO_SRC1))
        return sema_error(s, at, "a %s cannot be the destination of %s", t->name, v->name);
    if (!dest && is_dsd(t, DSDT_FABOUT))
        return sema_error(s, at, "a fabout_dsd cannot be a source of %s", v->name);
    if (!dest && t->kind == TY_DSR && (t->sub == DSRT_DEST || t->sub == DSRT_FIFO_DEST))
        return sema_error(s, at, "a %s cannot be a source of %s", t->name, v->name);
    return true;
}

// Among the operands together: fabric inputs, FIFOs, and what an asynchronous operation needs.
static bool check_together(const Vector *v, const OpOptions *o) {
    Sema *s = v->s;
    int inputs = 0, fifos = 0, fabric = 0, dsrs = 0;
    for (uint32_t i = 0; i < v->n; i++) {
        const Type *t = v->x[i].type;
        bool fifo = is_fifo(t) || is_fifo_dsr(t);
        fabric += is_fabric(t);
        dsrs += t->kind == TY_DSR && !fifo;
        if (is_fifo(t) && !opd_known(&v->x[i]))
            return sema_error(s, arg_span(v->call, i), "the FIFO must be comptime-known");
        if (fifo && i > 0 && ++fifos > 1)
            return sema_error(s, arg_span(v->call, i), "an operation reads at most one FIFO");
        if (fifo && i == 1 && v->n > 2)
            return sema_error(s, arg_span(v->call, i), "a FIFO cannot be the first of two sources");
        if (is_dsd(t, DSDT_FABIN) && ++inputs > 1 && wse3(s))
            return sema_error(s, arg_span(v->call, i),
                              "WSE-3 operations have at most one fabric input");
    }
    bool fifo = fifos || is_fifo(v->x[0].type) || is_fifo_dsr(v->x[0].type);
    if (o->async && !fabric && !dsrs && !fifo)
        return sema_error(s, option_span(o->async_at),
                          "an asynchronous operation needs a fabric or FIFO operand");
    const Option *end = o->done_at ? o->done_at : o->control_at;
    if (end && !o->async && !dsrs)
        return sema_error(
            s, option_span(end),
            "only an asynchronous operation ('.async = true') does something at its end");
    if (o->how_at && !o->async && !dsrs)
        return sema_error(s, option_span(o->how_at),
                          "only an asynchronous operation ('.async = true') has a %s",
                          wse3(s) ? "microthread" : "priority");
    if (v->op == VEC_faddhs && v->shape[0] == 'p' && fifos)
        return sema_error(s, arg_span(v->call, 2),
                          "@faddhs with a pointer and a FIFO is not supported yet");
    return true;
}

static bool vector_opd(Vector *v, uint32_t i, IrOpd *out) {
    Sema *s = v->s;
    Operand x = v->x[i];
    if (is_fifo_dsr(x.type))
        return check_vector(v, i, i == 0) && fifo_in_dsr(s, &x, arg_span(v->call, i), out);
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
            return opd_wrong(s, arg_span(call, i), "this operand has no value");
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
