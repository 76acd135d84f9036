// @map: a loop over iterators, one call per element.
#include "wse/build/builtin.h"

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

typedef struct Mapping { // one @map
    Func *fn;
    Type *type;
    Node *call;
    MapArg *in, out;
    uint32_t nin;
    bool gives; // a value, for the output
} Mapping;

// The operands, checked and ready.
static bool map_operands(Sema *s, Mapping *m) {
    int iterators = 0;
    for (uint32_t i = 0; i < m->nin; i++) {
        if (!map_input(s, m->call, 1 + i, m->type->fields[i].type, &m->in[i])) return false;
        iterators += m->in[i].it >= 0;
    }
    if (m->gives && !map_output(s, m->call, 1 + m->nin, m->type->result, &m->out)) return false;
    return iterators || m->out.it >= 0 ||
           sema_error(s, span_of(m->call), "@map needs at least one DSD or DSR");
}

static Operand *map_arguments(Sema *s, const Mapping *m) {
    Operand *args = arena_array(s->arena, Operand, m->nin + 1);
    for (uint32_t i = 0; i < m->nin; i++) {
        const MapArg *in = &m->in[i];
        args[i] = in->through ? rvalue(s, target_of(&in->x)) : in->x;
        if (in->it < 0) continue;
        int r = ir_reg(s->fx->ir, in->elem);
        ir_emit(s, PE_it_read, r, in->it, element_kind(s, in->elem));
        args[i] = opd_reg(in->elem, r);
    }
    return args;
}

static void map_store(Sema *s, const Mapping *m, Operand y, int end) {
    y = coerce(s, rvalue(s, y), m->type->result, span_of(m->call));
    if (m->out.it < 0) {
        store(s, target_of(&m->out.x), y, span_of(m->call));
        return;
    }
    int r = to_reg(s, y);
    ir_emit(s, PE_it_end, m->out.it, end, 0);
    ir_emit(s, PE_it_write, r, m->out.it, element_kind(s, m->type->result));
}

// What the loop took from a DSR is gone from it; a DSD is a value and starts anew each time.
static void keep_place(Sema *s, const MapArg *m) {
    if (m->it >= 0 && m->x.type->kind == TY_DSR) ir_emit(s, PE_dsr_put, m->it, (int)m->x.v.i, 0);
}

// Ends where a read or write finds nothing left; what was read or computed then is lost.
static Operand map_loop(Sema *s, const Mapping *m) {
    IrFunc *ir = s->fx->ir;
    int top = ir_label(ir), end = ir_label(ir);
    ir_place(ir, top);
    s->fx->depth++;
    for (uint32_t i = 0; i < m->nin; i++)
        if (m->in[i].it >= 0) ir_emit(s, PE_it_end, m->in[i].it, end, 0);
    Operand y = call_function(s, m->fn, map_arguments(s, m), m->nin, m->call);
    bool ok = y.kind != X_ERROR;
    if (ok && m->gives) map_store(s, m, y, end);
    s->fx->depth--;
    ir_jump(s, top);
    ir_place(ir, end);
    for (uint32_t i = 0; i < m->nin; i++) keep_place(s, &m->in[i]);
    keep_place(s, &m->out);
    return ok ? opd_void(s) : opd_error();
}

Operand builtin_map(Sema *s, Node *call, Type *want) {
    (void)want;
    Value f;
    if (!arg_known(s, call, 0, NULL, &f)) return opd_error();
    if (f.type->kind == TY_POINTER && f.type->elem->kind == TY_FN) f.type = f.type->elem;
    if (f.type->kind != TY_FN || f.type->is_task || !f.fn)
        return opd_wrong(s, arg_span(call, 0), "expected a function, found '%s'", f.type->name);
    Mapping m = { .fn = f.fn, .type = func_type(s, f.fn), .call = call, .out = { .it = -1 } };
    if (!m.type) return opd_error();
    m.nin = m.type->nfields;
    m.gives = !m.type->result || m.type->result->kind != TY_VOID;
    if (nargs(call) != 1 + m.nin + m.gives)
        return opd_wrong(
            s, span_of(call),
            "'%s' takes %u argument%s and gives %s: @map needs %u operands after it, found %u",
            f.fn->node->fn.name->s, m.nin, m.nin == 1 ? "" : "s", m.gives ? "a value" : "nothing",
            m.nin + m.gives, nargs(call) - 1);
    if (m.gives && !m.type->result)
        return opd_wrong(s, arg_span(call, 0),
                         "the result of a function for @map must not depend on its arguments");
    m.in = arena_array(s->arena, MapArg, m.nin + 1);
    return map_operands(s, &m) ? map_loop(s, &m) : opd_error();
}
