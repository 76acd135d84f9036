// Statements, and the expressions that contain them: blocks, if, switch, loops, jumps.
//
// In comptime mode they execute: a jump sets fx->flow and everything returns until its target is
// reached. In run-time mode they emit IR: a jump leaves dead code behind it, which is neither
// emitted nor looked at.
#include "wse/build/sema.h"

#include <stdio.h>

Local *local_add(Sema *s, Name *name, Type *type, LocalKind kind, bool is_const, Span at) {
    Local *l = arena_new(s->arena, Local);
    *l = (Local){ .up = s->fx->locals,
                  .name = name,
                  .type = type,
                  .kind = kind,
                  .is_const = is_const,
                  .at = at,
                  .depth = s->fx->depth };
    s->fx->locals = l;
    return l;
}

// -------------------------------------------------------------------------------------------------
// Values that leave: break, the branches of if and switch, an inlined function's return
// -------------------------------------------------------------------------------------------------

// A value leaves for t's end. What it must become is known only when all exits are: until then it
// jumps to a label of its own, where join() puts the code.
static void exit_add(Sema *s, Target *t, Operand x, Span at) {
    IrFunc *f = s->fx->ir;
    if (f->dead || x.kind == X_NORETURN) return;
    Exit e = { .label = ir_label(f), .x = x, .where = at };
    vec_push(&t->exits, e);
    ir_jump(s, e.label);
}

// The type that all values can become by themselves; NULL when there is none.
static Type *exits_peer(Sema *s, const Target *t) {
    Operand peer = t->exits.data[0].x;
    for (size_t i = 1; i < t->exits.len; i++) {
        Type *p = peer_type(s, &peer, &t->exits.data[i].x);
        if (!p) return NULL;
        if (p != peer.type) peer = opd_reg(p, 0);
    }
    return peer.type;
}

static bool exits_fit(Sema *s, const Target *t) {
    if (!t->want || t->want->kind == TY_ANYSTRUCT) return false;
    for (size_t i = 0; i < t->exits.len; i++)
        if (!can_coerce(s, &t->exits.data[i].x, t->want)) return false;
    return true;
}

// The type of the whole: what the context wants, if all values fit it, else their peer type; NULL
// when there is none, reported.
static Type *exits_type(Sema *s, Target *t, Span at) {
    Type *type = exits_peer(s, t);
    if (!t->want && type && (type->kind == TY_COMPTIME_INT || type->kind == TY_COMPTIME_FLOAT))
        t->want = s->number;
    if (exits_fit(s, t)) return t->want;
    if (!type) {
        sema_error(s, at, "the values have no common type");
        for (size_t k = 0; k < t->exits.len && k < 4; k++)
            diag_note(s->c, t->exits.data[k].where, "this is '%s'", t->exits.data[k].x.type->name);
        return NULL;
    }
    if (type->kind == TY_VOID || type_in_reg(type) ||
        (type_is_aggregate(type) && !type->comptime_only))
        return type;
    bool same = true;
    for (size_t i = 0; i < t->exits.len; i++)
        same &= t->exits.data[i].x.kind == X_VALUE &&
                value_equal(&t->exits.data[i].x.v, &t->exits.data[0].x.v);
    if (same) return type;
    if (t->want && type_is_number(t->want) && type_is_number(type)) { // one does not fit: say so
        for (size_t i = 0; i < t->exits.len; i++)
            coerce(s, t->exits.data[i].x, t->want, t->exits.data[i].where);
        return NULL;
    }
    sema_error(s, at, "a run-time choice cannot give '%s'%s", type->name,
               type_is_number(type) ? "; say which type it has" : "");
    return NULL;
}

// Places the labels of all exits; each stores its value in `to`, if there is one, and goes on at
// t's end.
static void place_exits(Sema *s, Target *t, const Operand *to) {
    IrFunc *f = s->fx->ir;
    for (size_t i = t->exits.len; i-- > 0;) {
        Exit e = t->exits.data[i];
        ir_place(f, e.label);
        if (!to) continue;
        store(s, *to, coerce(s, e.x, to->type, e.where), e.where);
        if (i) ir_jump(s, t->end);
    }
}

// Ends a construct whose values leave to t->end and gives the value of the whole.
Operand join(Sema *s, Target *t, bool falls_through, Span at) {
    IrFunc *f = s->fx->ir;
    if (!t->exits.len) {
        if (falls_through) return opd_void(s);
        return (Operand){ .kind = X_NORETURN, .type = s->types.void_, .idx = -1 };
    }
    Operand result = opd_void(s), to;
    bool failed = false, stores = false;
    for (size_t i = 0; i < t->exits.len; i++) failed |= t->exits.data[i].x.kind == X_ERROR;
    if (t->exits.len == 1 && !falls_through) {
        result = t->exits.data[0].x;
    } else if (!failed) {
        Type *type = exits_type(s, t, at);
        failed =
            !type ||
            (falls_through && type->kind != TY_VOID &&
             !sema_error(s, at,
                         "a value of type '%s' leaves here, but the end can be reached without one",
                         type->name));
        stores = !failed && (type_in_reg(type) || type_is_aggregate(type));
        if (stores && type_in_reg(type)) {
            to = (Operand){ .kind = X_LOCAL, .type = type, .reg = ir_reg(f, type), .idx = -1 };
            result = opd_reg(type, to.reg);
        } else if (stores) {
            to = mem_temp(s, type);
            result = to;
            result.is_const = true;
        } else if (!failed) {
            result = t->exits.data[0].x;
        }
        // The same comptime value on every way is still one.
        bool same = !failed && !falls_through;
        for (size_t i = 0; i < t->exits.len; i++)
            same = same && t->exits.data[i].x.kind == X_VALUE &&
                   value_equal(&t->exits.data[i].x.v, &t->exits.data[0].x.v);
        if (same) result = t->exits.data[0].x, stores = false;
    }
    if (falls_through) ir_jump(s, t->end);
    place_exits(s, t, stores ? &to : NULL);
    ir_place(f, t->end);
    vec_free(&t->exits);
    return failed ? opd_error() : result;
}

static Target *find_target(Sema *s, Node *n) {
    for (Target *t = s->fx->targets; t; t = t->up) {
        if (n->jump.label ? t->label == n->jump.label : t->loop) return t;
    }
    Span at = span_of(n);
    if (n->jump.label)
        sema_error(s, at, "there is no loop or block with the label '%s' here", n->jump.label->s);
    else
        sema_error(s, at, "'%s' outside of a loop", n->kind == ND_BREAK ? "break" : "continue");
    return NULL;
}

static Operand jump(Sema *s, Node *n) {
    Operand nothing = { .kind = X_NORETURN, .type = s->types.void_, .idx = -1 };
    Target *t = find_target(s, n);
    if (!t) return opd_error();
    if (n->kind == ND_CONTINUE && !t->loop) {
        sema_error(s, span_of(n), "'continue' needs the label of a loop");
        return opd_error();
    }
    Operand x = n->jump.value ? expr_value(s, n->jump.value, t->want) : opd_void(s);
    if (s->fx->comptime) {
        if (s->fx->flow != FLOW_NEXT) return nothing;
        s->fx->flow = n->kind == ND_BREAK ? FLOW_BREAK : FLOW_CONTINUE;
        s->fx->flow_to = t;
        s->fx->flow_value = x;
        return nothing;
    }
    if (n->kind == ND_CONTINUE)
        ir_jump(s, t->again);
    else
        exit_add(s, t, x, n->jump.value ? span_of(n->jump.value) : span_of(n));
    return nothing;
}

static Operand do_return(Sema *s, Node *n) {
    Operand nothing = { .kind = X_NORETURN, .type = s->types.void_, .idx = -1 };
    Fx *fx = s->fx;
    Span at = n->jump.value ? span_of(n->jump.value) : span_of(n);
    if (!fx->result) {
        sema_error(s, span_of(n), "'return' outside of a function");
        return opd_error();
    }
    Operand x = n->jump.value ? expr_value(s, n->jump.value, fx->result) : opd_void(s);
    if (x.kind == X_NORETURN) return x;
    if (!opd_bad(&x) && fx->result->kind == TY_VOID && x.type->kind != TY_VOID)
        x = opd_wrong(s, at, "the function returns nothing, found '%s'", x.type->name);
    else if (!n->jump.value && fx->result->kind != TY_VOID)
        x = opd_wrong(s, at, "the function returns '%s'; a value is missing", fx->result->name);
    if (!opd_bad(&x)) x = coerce(s, x, fx->result, at);
    if (fx->comptime) {
        if (fx->flow == FLOW_NEXT) fx->flow = FLOW_RETURN, fx->flow_value = x;
        return nothing;
    }
    if (fx->ret) {
        exit_add(s, fx->ret, x, at);
        return nothing;
    }
    if (opd_bad(&x)) {
        fx->ir->dead = true;
        return nothing;
    }
    int r = -1;
    if (fx->sret >= 0)
        store(s, (Operand){ .kind = X_MEM, .type = fx->result, .idx = fx->sret }, x, at);
    else if (fx->result->kind != TY_VOID)
        r = to_reg(s, x);
    ir_emit(s, IR_RET, r, 0, 0);
    fx->ir->dead = true;
    return nothing;
}

// -------------------------------------------------------------------------------------------------
// Declarations and assignments
// -------------------------------------------------------------------------------------------------

static bool is_addressed(Sema *s, Name *name) {
    NameSet *set = s->fx->addressed;
    if (set)
        for (size_t i = 0; i < set->names.len; i++)
            if (set->names.data[i] == name) return true;
    return false;
}

// A name whose declaration failed: uses of it are not reported again.
static void declare_failed(Sema *s, Node *n) {
    local_add(s, n->var.name, s->types.void_, LOCAL_OPERAND, n->flags & NF_CONST, span_of(n))->x =
        opd_error();
}

// The initial value, of the declared type when there is one. X_NORETURN: none, memory is left as it
// is.
static Operand initial_value(Sema *s, Node *n, Type *type, bool comptime) {
    bool forced = (n->flags & NF_COMPTIME) && !s->fx->comptime;
    if (n->var.init) {
        Span at = span_of(n->var.init);
        if (forced) s->force++;
        Operand x = expr(s, n->var.init, type);
        if (x.kind == X_MEM && s->fx->comptime)
            x = opd_wrong(s, at, "the value of '%s' is only known at run time",
                          x.base ? x.base->name : "this variable");
        x = rvalue(s, x);
        if (forced) s->force--;
        return type && x.kind != X_NORETURN ? coerce(s, x, type, at) : x;
    }
    if (n->flags & NF_CONST) return opd_wrong(s, span_of(n), "a constant needs a value");
    if (!type) return opd_wrong(s, span_of(n), "a variable without a value needs a type");
    if (!comptime && type_is_aggregate(type) && !type->comptime_only)
        return (Operand){ .kind = X_NORETURN, .type = type, .idx = -1 };
    return opd_value(value_zero(s, type));
}

static void declare_constant(Sema *s, Node *n, Type *type, Operand x) {
    Local *l = local_add(s, n->var.name, type, LOCAL_OPERAND, true, span_of(n));
    if (x.kind == X_AGG) pin(s, &x);
    // A global constant keeps its memory under its new name.
    if (x.kind == X_AGG || (x.home && type_is_aggregate(x.type)))
        l->x = x;
    else
        l->kind = LOCAL_VALUE, l->v = x.v;
}

static int pinned_reg(Sema *s, Type *t, Operand x) {
    int r = ir_reg(s->fx->ir, t);
    s->fx->ir->regs.data[r].pinned = true;
    store(s, (Operand){ .kind = X_LOCAL, .type = t, .reg = r, .idx = -1 }, x, NOWHERE);
    return r;
}

// A run-time range variable: a variable for each part.
static void declare_range(Sema *s, Node *n, Type *type, Operand x) {
    Operand *parts = arena_array(s->arena, Operand, 3);
    for (int i = 0; i < 3; i++) {
        int r = pinned_reg(s, type->elem, opd_item(&x, (uint32_t)i));
        parts[i] = (Operand){ .kind = X_LOCAL, .type = type->elem, .reg = r, .idx = -1 };
    }
    Local *l = local_add(s, n->var.name, type, LOCAL_OPERAND, n->flags & NF_CONST, span_of(n));
    l->x = (Operand){ .kind = X_AGG, .type = type, .items = parts, .idx = -1 };
}

static void declare_variable(Sema *s, Node *n, Type *type, Operand x) {
    Span at = span_of(n);
    Name *name = n->var.name;
    bool is_const = n->flags & NF_CONST;
    if (type->kind == TY_RANGE && type->elem->kind == TY_INT) {
        declare_range(s, n, type, x);
        return;
    }
    if (type->comptime_only || (!type_in_reg(type) && !type_is_aggregate(type))) {
        if (type->kind == TY_COMPTIME_INT || type->kind == TY_COMPTIME_FLOAT)
            sema_error(s, at, "a run-time variable needs a type of fixed width; write 'var %s: %s'",
                       name->s, type->kind == TY_COMPTIME_INT ? "i16" : "f32");
        else
            sema_error(s, at, "a run-time variable cannot have the type '%s'%s", type->name,
                       type->kind == TY_FLOAT ? "; only f16 and f32 are supported yet"
                                              : fn_hint(s, type));
        declare_failed(s, n);
    } else if (type_is_aggregate(type) || is_addressed(s, name)) {
        Operand m = mem_temp(s, type);
        if (x.kind != X_NORETURN) store(s, m, x, at);
        local_add(s, name, type, LOCAL_FRAME, is_const, at)->frame = (uint32_t)m.off;
    } else {
        int r = to_reg(s, detach(s, x));
        s->fx->ir->regs.data[r] =
            (IrReg){ .type = type, .width = s->fx->ir->regs.data[r].width, .pinned = true };
        local_add(s, name, type, LOCAL_REG, is_const, at)->reg = r;
    }
}

static void check_twice(Sema *s, Node *n) {
    for (Local *l = s->fx->locals; l != s->fx->scope; l = l->up)
        if (l->name == n->var.name) {
            sema_error(s, span_of_name(n), "'%s' is declared twice in this block", l->name->s);
            diag_note(s->c, l->at, "first here");
            return;
        }
}

static void declare(Sema *s, Node *n) {
    check_twice(s, n);
    bool is_const = n->flags & NF_CONST, comptime = s->fx->comptime || (n->flags & NF_COMPTIME);
    Type *type = NULL;
    if (n->var.type && !(type = expr_type(s, n->var.type))) {
        declare_failed(s, n);
        return;
    }
    if (type && type->kind == TY_VOID && !is_const)
        sema_error(s, span_of(n), "a variable of type void");
    Operand x = initial_value(s, n, type, comptime);
    if (x.kind == X_NORETURN && n->var.init) return;
    if (x.kind == X_ERROR) {
        declare_failed(s, n);
        return;
    }
    if (!type) type = x.type;
    if (comptime && x.kind != X_VALUE) {
        sema_error(s, span_of(n), "the value of a comptime variable must be comptime-known");
        declare_failed(s, n);
    } else if (comptime) {
        if (is_const) type_title(s, &x.v, n->var.name);
        Local *l = local_add(s, n->var.name, type, is_const ? LOCAL_VALUE : LOCAL_SLOT, is_const,
                             span_of(n));
        l->v = value_copy(s, x.v);
    } else if (is_const && (x.kind == X_VALUE || x.kind == X_AGG)) {
        if (x.kind == X_VALUE) type_title(s, &x.v, n->var.name);
        declare_constant(s, n, type, x);
    } else {
        declare_variable(s, n, type, x);
    }
}

// Names what is constant: a variable, or what a pointer points to.
static void constant_assigned(Sema *s, Node *lhs) {
    Node *n = lhs;
    bool through = false;
    while (n->kind == ND_FIELD || n->kind == ND_INDEX || n->kind == ND_DEREF) {
        through |= n->kind == ND_DEREF;
        n = n->kind == ND_FIELD ? n->field.of : n->kind == ND_INDEX ? n->call.of : n->unary.operand;
    }
    Operand base = n->kind == ND_IDENT ? expr(s, n, NULL) : opd_error();
    if (!opd_bad(&base) && base.type->kind == TY_MODULE) base = opd_error();
    if (!opd_bad(&base) && (through || base.type->kind == TY_POINTER) && n != lhs)
        sema_error(s, span_of(lhs), "what '%s' points to is constant and cannot be assigned",
                   n->name->s);
    else if (!opd_bad(&base))
        sema_error(s, span_of(lhs), "'%s' is constant and cannot be assigned", n->name->s);
    else
        sema_error(s, span_of(lhs), "this is constant and cannot be assigned");
}

static void assign(Sema *s, Node *n) {
    Node *lhs = n->assign.lhs;
    if (n->op == CSL_OP_NONE && lhs->kind == ND_IDENT && !strcmp(lhs->name->s, "_")) {
        expr_value(s, n->assign.rhs, NULL);
        return;
    }
    Operand to = expr(s, lhs, NULL);
    if (opd_bad(&to)) {
        expr_value(s, n->assign.rhs, NULL); // for its own errors
        return;
    }
    Span at = span_of(n);
    bool range = to.kind == X_AGG && to.local && to.type->kind == TY_RANGE;
    if (to.kind == X_VALUE || to.kind == X_REG || (to.kind == X_AGG && !range) || to.is_const) {
        constant_assigned(s, lhs);
        return;
    }
    if ((to.kind == X_MEM || to.kind == X_LOCAL) && s->fx->comptime) {
        sema_error(s, span_of(lhs), "a %s variable cannot be changed at compile time",
                   to.base ? "global" : "run-time");
        return;
    }
    const Operand *root = operand_root(&to);
    if (root->kind == X_SLOT && !s->fx->comptime && root->local &&
        s->fx->depth > root->local->depth) {
        sema_error(s, span_of(lhs),
                   "a comptime variable cannot be changed where run-time control flow decides");
        return;
    }
    Type *type = to.type;
    if (to.kind == X_SLOT && to.local && to.slot == &to.local->v) type = to.local->type;
    Operand x;
    if (n->op == CSL_OP_NONE) {
        x = expr_value(s, n->assign.rhs, type);
    } else {
        Operand old = to.kind == X_SLOT ? opd_value(value_copy(s, *to.slot)) : rvalue(s, to);
        Type *hint = n->op == CSL_OP_SHL || n->op == CSL_OP_SHR ? s->types.u16 : type;
        x = binary(s, n->op, old, number_operand(s, n->assign.rhs, hint), at);
    }
    if (opd_bad(&x)) return;
    x = coerce(s, x, type, span_of(n->assign.rhs));
    if (opd_bad(&x)) return;
    for (int i = 0; range && i < 3; i++)
        store(s, to.local->x.items[i], opd_item(&x, (uint32_t)i), at);
    if (!range) store(s, to, x, span_of(n->assign.rhs));
}

// -------------------------------------------------------------------------------------------------
// Blocks, if, switch
// -------------------------------------------------------------------------------------------------

void block_body(Sema *s, Node *n) {
    Local *saved = s->fx->locals, *outer = s->fx->scope;
    s->fx->scope = saved;
    for (uint32_t i = 0; i < n->block.stmts.len && going(s); i++) stmt(s, n->block.stmts.data[i]);
    s->fx->locals = saved;
    s->fx->scope = outer;
}

// Comptime mode: takes what a break left for `t`.
static bool caught(Sema *s, Target *t, Flow flow) {
    if (s->fx->flow != flow || s->fx->flow_to != t) return false;
    s->fx->flow = FLOW_NEXT;
    return true;
}

static Operand no_return(Sema *s) {
    return (Operand){ .kind = X_NORETURN, .type = s->types.void_, .idx = -1 };
}

static Operand block(Sema *s, Node *n, Type *want) {
    if (!n->block.label) {
        block_body(s, n);
        return going(s) ? opd_void(s) : no_return(s);
    }
    Target t = { .up = s->fx->targets, .label = n->block.label, .want = want };
    if (!s->fx->comptime) t.end = ir_label(s->fx->ir);
    s->fx->targets = &t;
    block_body(s, n);
    s->fx->targets = t.up;
    if (s->fx->comptime)
        return caught(s, &t, FLOW_BREAK) ? s->fx->flow_value
               : going(s)                ? opd_void(s)
                                         : no_return(s);
    return join(s, &t, !s->fx->ir->dead, span_of(n));
}

static Operand branch(Sema *s, Node *n, Type *want) {
    Local *saved = s->fx->locals;
    Operand x = expr(s, n, want);
    if (x.kind == X_MEM && s->fx->comptime) x = expr_value(s, n, want);
    s->fx->locals = saved;
    return rvalue(s, x);
}

// A value that nobody takes and that took no effect to compute is most likely a slip.
static void warn_unused(Sema *s, const Node *n, Operand x) {
    bool idle = n->kind == ND_BINARY || n->kind == ND_UNARY || n->kind == ND_IDENT ||
                n->kind == ND_INT || n->kind == ND_FLOAT || n->kind == ND_FIELD ||
                n->kind == ND_DEREF || n->kind == ND_INDEX;
    if (!idle || opd_bad(&x) || x.type->kind == TY_VOID) return;
    diag_warning(s->c, span_of(n), "the value is not used%s",
                 x.type->kind == TY_FN                        ? "; a call needs '()'"
                 : n->kind == ND_BINARY && n->op == CSL_OP_EQ ? "; '=' assigns"
                                                              : "");
}

static Operand if_expr(Sema *s, Node *n, Type *want) {
    if (s->fx->comptime) {
        Value c;
        if (!expr_known(s, n->if_.cond, s->types.bool_, &c)) return opd_error();
        if (c.i) return branch(s, n->if_.then, want);
        return n->if_.otherwise ? branch(s, n->if_.otherwise, want) : opd_void(s);
    }
    IrFunc *f = s->fx->ir;
    int yes = ir_label(f), no = ir_label(f);
    int errors = s->c->errors;
    cond_jump(s, n->if_.cond, yes, no, true);
    bool then = ir_used(f, yes), otherwise = ir_used(f, no);
    if (!then && !otherwise) {
        return s->c->errors > errors || !f->dead ? opd_error() : no_return(s);
    }
    Target t = { .want = want, .end = ir_label(f) };
    if (then && otherwise) s->fx->depth++;
    if (then) {
        ir_place(f, yes);
        Operand x = branch(s, n->if_.then, want);
        if (!n->if_.otherwise) warn_unused(s, n->if_.then, x);
        exit_add(s, &t, x, span_of(n->if_.then));
    }
    if (otherwise) {
        ir_place(f, no);
        Operand x = n->if_.otherwise ? branch(s, n->if_.otherwise, want) : opd_void(s);
        exit_add(s, &t, x, span_of(n->if_.otherwise ? n->if_.otherwise : n));
    }
    if (then && otherwise) s->fx->depth--;
    // Without a value on one side there is none on the other: `if (c) f();` drops what f gives.
    if (!n->if_.otherwise)
        for (size_t i = 0; i < t.exits.len; i++)
            if (t.exits.data[i].x.kind != X_ERROR) t.exits.data[i].x = opd_void(s);
    return join(s, &t, false, span_of(n));
}

static bool case_matches(Sema *s, Node *c, const Value *on, Type *t, bool *hit) {
    *hit = false;
    for (uint32_t k = 0; k < c->case_.values.len; k++) {
        Value v;
        if (!expr_known(s, c->case_.values.data[k], t, &v)) return false;
        *hit |= value_equal(&v, on);
    }
    return true;
}

// The members of an enum that have no case, by name.
static void note_missing(Sema *s, Node *n, const Type *t, const Value *seen, size_t nseen) {
    StrBuf names = { 0 };
    for (uint32_t i = 0; t->kind == TY_ENUM && i < t->nfields; i++) {
        bool found = false;
        for (size_t k = 0; k < nseen; k++) found |= seen[k].i == t->fields[i].value;
        if (!found) sb_printf(&names, "%s'%s'", names.n ? ", " : "", t->fields[i].name->s);
    }
    if (names.n) diag_note(s->c, span_of(n->switch_.on), "without a case: %s", sb_str(&names));
    sb_free(&names);
}

// Every case value comptime-known and unique; all values covered, or an else.
static bool check_cases(Sema *s, Node *n, Type *t) {
    Vec(Value) seen = { 0 };
    bool ok = true, has_else = false;
    for (uint32_t i = 0; i < n->switch_.cases.len; i++) {
        Node *c = n->switch_.cases.data[i];
        if (c->flags & NF_ELSE) {
            if (has_else) ok = sema_error(s, span_of(c), "a second 'else'");
            has_else = true;
        }
        for (uint32_t k = 0; k < c->case_.values.len; k++) {
            Value v;
            if (!expr_known(s, c->case_.values.data[k], t, &v)) {
                ok = false;
                continue;
            }
            for (size_t j = 0; j < seen.len; j++)
                if (value_equal(&seen.data[j], &v))
                    ok = sema_error(s, span_of(c->case_.values.data[k]),
                                    "this value has a case already");
            vec_push(&seen, v);
        }
    }
    if (ok && !has_else) {
        uint64_t all = t->kind == TY_ENUM                  ? t->nfields
                       : t->kind == TY_BOOL                ? 2
                       : t->kind == TY_INT && t->bits < 32 ? 1ull << t->bits
                                                           : UINT64_MAX;
        if (seen.len < all) {
            ok = sema_error(s, span_of(n),
                            "the switch does not cover every value of '%s'; add 'else'", t->name);
            note_missing(s, n, t, seen.data, seen.len);
        }
    }
    vec_free(&seen);
    return ok;
}

static Operand switch_expr(Sema *s, Node *n, Type *want) {
    Operand on = expr_value(s, n->switch_.on, NULL);
    if (opd_bad(&on)) return on;
    Type *t = on.type;
    if (t->kind != TY_INT && t->kind != TY_ENUM && t->kind != TY_COMPTIME_INT &&
        t->kind != TY_BOOL && t->kind != TY_DIRECTION) {
        sema_error(s, span_of(n->switch_.on), "'switch' needs an integer or an enum, found '%s'",
                   t->name);
        return opd_error();
    }
    if (!check_cases(s, n, t)) return opd_error();
    Node *otherwise = NULL;
    if (on.kind == X_VALUE) {
        for (uint32_t i = 0; i < n->switch_.cases.len; i++) {
            Node *c = n->switch_.cases.data[i];
            bool hit;
            if (c->flags & NF_ELSE) otherwise = c;
            if (!case_matches(s, c, &on.v, t, &hit)) return opd_error();
            if (hit) return branch(s, c->case_.body, want);
        }
        return otherwise ? branch(s, otherwise->case_.body, want) : opd_void(s);
    }
    IrFunc *f = s->fx->ir;
    Target target = { .want = want, .end = ir_label(f) };
    int *labels = arena_array(s->arena, int, n->switch_.cases.len + 1);
    for (uint32_t i = 0; i < n->switch_.cases.len; i++) {
        Node *c = n->switch_.cases.data[i];
        labels[i] = ir_label(f);
        if (c->flags & NF_ELSE) otherwise = c;
        for (uint32_t k = 0; k < c->case_.values.len; k++) {
            Value v;
            if (!expr_known(s, c->case_.values.data[k], t, &v)) return opd_error();
            if (v.i >= -32768 && v.i < 32768)
                ir_emit(s, PE_jeqi, on.reg, (int)v.i, labels[i]);
            else
                ir_emit(s, PE_jeq, on.reg, const_reg(s, t, &v), labels[i]);
        }
    }
    s->fx->depth++;
    if (otherwise) {
        Operand x = branch(s, otherwise->case_.body, want);
        exit_add(s, &target, x, span_of(otherwise));
    } else if (!f->dead) {
        ir_emit(s, IR_STR, -1, PE_trap, 0)->x.str = "a switch met a value that no case covers";
        f->dead = true;
    }
    for (uint32_t i = 0; i < n->switch_.cases.len; i++) {
        Node *c = n->switch_.cases.data[i];
        if (c == otherwise && !c->case_.values.len) continue;
        ir_place(f, labels[i]);
        Operand x = branch(s, c->case_.body, want);
        exit_add(s, &target, x, span_of(c->case_.body));
    }
    s->fx->depth--;
    return join(s, &target, false, span_of(n));
}

// -------------------------------------------------------------------------------------------------
// Loops
// -------------------------------------------------------------------------------------------------

// Comptime mode: one iteration is over. True when the loop ends.
static bool loop_ends(Sema *s, Target *t) {
    if (s->stopped) return true;
    if (caught(s, t, FLOW_CONTINUE) || s->fx->flow == FLOW_NEXT) return false;
    return true;
}

static Operand loop_value(Sema *s, Target *t) {
    return caught(s, t, FLOW_BREAK) ? s->fx->flow_value : going(s) ? opd_void(s) : no_return(s);
}

// Whether a loop of run-time code may unroll once more.
static bool may_unroll(Sema *s, Node *n, Int count) {
    int limit = s->c->options->max_inlined_iterations ? s->c->options->max_inlined_iterations
                : s->c->options->sdk == CSL_SDK_2_10  ? 100000
                                                      : 50;
    return count < limit ||
           sema_error(s, span_of(n),
                      "the loop unrolls more than %d times; raise it with --max-inlined-iterations",
                      limit);
}

static void while_unrolled(Sema *s, Node *n, Target *t) {
    IrFunc *f = s->fx->ir;
    for (Int count = 0;; count++) {
        if (out_of_steps(s, span_of(n))) return;
        Operand c = expr_as(s, n->while_.cond, s->types.bool_);
        if (!opd_bad(&c) && !opd_known(&c))
            sema_error(s, span_of(n->while_.cond),
                       "the condition of 'inline while' must be comptime-known");
        if (opd_bad(&c) || !opd_known(&c) || !c.v.i || !may_unroll(s, n, count)) return;
        t->again = ir_label(f);
        branch(s, n->while_.body, NULL);
        if (ir_used(f, t->again)) ir_place(f, t->again);
        if (f->dead || s->stopped) return;
        if (n->while_.step) stmt(s, n->while_.step);
    }
}

static Operand while_expr(Sema *s, Node *n, Type *want) {
    Target t = { .up = s->fx->targets, .label = n->while_.label, .loop = true, .want = want };
    if (s->fx->comptime) {
        s->fx->targets = &t;
        for (;;) {
            Value c;
            if (out_of_steps(s, span_of(n)) || !expr_known(s, n->while_.cond, s->types.bool_, &c) ||
                !c.i)
                break;
            branch(s, n->while_.body, NULL);
            if (loop_ends(s, &t)) break;
            if (n->while_.step) stmt(s, n->while_.step);
            if (!going(s)) break;
        }
        s->fx->targets = t.up;
        return loop_value(s, &t);
    }
    IrFunc *f = s->fx->ir;
    t.end = ir_label(f);
    if (n->flags & NF_INLINE) {
        s->fx->targets = &t;
        while_unrolled(s, n, &t);
        s->fx->targets = t.up;
        return join(s, &t, !f->dead, span_of(n));
    }
    int body = ir_label(f), done = ir_label(f);
    t.again = ir_label(f);
    cond_jump(s, n->while_.cond, body, done, true);
    if (ir_used(f, body)) {
        s->fx->depth++;
        s->fx->targets = &t;
        ir_place(f, body);
        branch(s, n->while_.body, NULL);
        s->fx->targets = t.up;
        if (!f->dead || ir_used(f, t.again)) {
            ir_place(f, t.again);
            if (n->while_.step) stmt(s, n->while_.step);
            cond_jump(s, n->while_.cond, body, done, false);
        }
        s->fx->depth--;
    }
    if (ir_used(f, done)) ir_place(f, done);
    return join(s, &t, !f->dead, span_of(n));
}

static bool uses(const Node *name) {
    return name && name->kind == ND_IDENT && strcmp(name->name->s, "_");
}

static void bind_elem(Sema *s, Node *name, Type *t, Operand x) {
    if (!uses(name)) return;
    pin(s, &x);
    if (x.kind == X_VALUE)
        local_add(s, name->name, t, LOCAL_VALUE, true, span_of(name))->v = x.v;
    else if (x.kind == X_REG)
        local_add(s, name->name, t, LOCAL_REG, true, span_of(name))->reg = x.reg;
    else
        local_add(s, name->name, t, LOCAL_OPERAND, true, span_of(name))->x = x;
}

// The iterations of an executed or unrolled loop.
static void for_each(Sema *s, Node *n, Operand over, Target *t) {
    bool range = over.type->kind == TY_RANGE;
    Int i = 0, stop, step = 1, count = 0;
    if (range) {
        i = over.v.agg->items[0].i, stop = over.v.agg->items[1].i, step = over.v.agg->items[2].i;
    } else {
        stop = (Int)over.type->count;
    }
    for (; step > 0 ? i < stop : i > stop; count++) {
        if (out_of_steps(s, span_of(n))) break;
        if (!s->fx->comptime && !may_unroll(s, n, count)) break;
        Local *saved = s->fx->locals;
        if (range) {
            bind_elem(s, n->for_.elem, over.type->elem, opd_value(value_of(over.type->elem, i)));
        } else {
            Operand e = over;
            if (over.kind == X_VALUE)
                e = opd_value(value_item(&over.v, (uint64_t)i));
            else if (over.kind == X_AGG)
                e = over.items[i];
            else
                e.type = over.type->elem, e.off += (int)i * (int)e.type->size, e = rvalue(s, e);
            bind_elem(s, n->for_.elem, over.type->elem, e);
        }
        bind_elem(s, n->for_.index, s->types.u16, opd_value(value_of(s->types.u16, count)));
        if (!s->fx->comptime) t->again = ir_label(s->fx->ir);
        branch(s, n->for_.body, NULL);
        s->fx->locals = saved;
        if (s->fx->comptime) {
            if (loop_ends(s, t)) break;
        } else {
            if (ir_used(s->fx->ir, t->again)) ir_place(s->fx->ir, t->again);
            if (s->fx->ir->dead || s->stopped) break;
        }
        if (__builtin_add_overflow(i, step, &i)) break;
    }
}

typedef struct Counter {
    Operand start, stop;
    int64_t step; // 0: the run-time value `by`
    Operand by;
    Type *type;
} Counter;

// How a run-time loop counts: over a range, or over the indices of an array.
static bool counter_of(Sema *s, Node *n, Operand over, Counter *c) {
    if (over.type->kind != TY_RANGE) {
        *c = (Counter){ .start = opd_value(value_of(s->types.u16, 0)),
                        .stop = opd_value(value_of(s->types.u16, over.type->count)),
                        .step = 1,
                        .type = s->types.u16 };
        return true;
    }
    Type *t = over.type->elem->kind == TY_COMPTIME_INT ? s->types.i16 : over.type->elem;
    Operand by = coerce(s, opd_item(&over, 2), t, span_of(n));
    c->type = t;
    c->start = coerce(s, opd_item(&over, 0), t, span_of(n));
    c->stop = coerce(s, opd_item(&over, 1), t, span_of(n));
    if (opd_bad(&c->start) || opd_bad(&c->stop) || opd_bad(&by)) return false;
    c->by = by;
    c->step = opd_known(&by) ? (int64_t)by.v.i : 0;
    return true;
}

static void bind_names(Sema *s, Node *n, Operand over, const Counter *c, int i, int count) {
    if (over.type->kind == TY_RANGE) {
        bind_elem(s, n->for_.elem, c->type, opd_reg(c->type, i));
        bind_elem(s, n->for_.index, s->types.u16, opd_reg(s->types.u16, count));
        return;
    }
    if (uses(n->for_.elem))
        bind_elem(s, n->for_.elem, over.type->elem,
                  rvalue(s, index_runtime(s, over, over.type->elem, i, 0)));
    bind_elem(s, n->for_.index, s->types.u16, opd_reg(s->types.u16, i));
}

// The end of a loop whose step is known at run time only: the step says in which direction it goes.
static void step_test(Sema *s, int test, int step, int i, int end, int body, int done) {
    IrFunc *f = s->fx->ir;
    int up = ir_label(f), down = ir_label(f);
    ir_place(f, test);
    ir_emit(s, PE_jgei, step, 1, up);
    ir_emit(s, PE_jlti, step, 0, down);
    ir_emit(s, IR_STR, -1, PE_trap, 0)->x.str = "a range with a step of 0";
    ir_place(f, up);
    ir_emit(s, PE_jlt, i, end, body);
    ir_jump(s, done);
    ir_place(f, down);
    ir_emit(s, PE_jgt, i, end, body);
}

// The counter runs in 64 bits, so that it passes the last value without wrapping; the test stands
// at the end.
static void for_runtime(Sema *s, Node *n, Operand over, Target *t) {
    IrFunc *f = s->fx->ir;
    Counter c = { 0 };
    if (!counter_of(s, n, over, &c)) return;
    bool up = c.step > 0;
    if (c.step && c.start.kind == X_VALUE && c.stop.kind == X_VALUE &&
        (up ? c.start.v.i >= c.stop.v.i : c.start.v.i <= c.stop.v.i))
        return;
    int body = ir_label(f), done = ir_label(f);
    int end = pinned_reg(s, c.type, c.stop), i = pinned_reg(s, s->types.i64, c.start);
    int count = over.type->kind == TY_RANGE && n->for_.index
                    ? pinned_reg(s, s->types.u16, opd_value(value_of(s->types.u16, 0)))
                    : -1;
    int step = -1, test = -1;
    if (!c.step)
        step = pinned_reg(s, s->types.i64, c.by);
    else if (c.step < -32768 || c.step > 32767)
        step = pinned_reg(s, s->types.i64, opd_value(value_of(s->types.i64, c.step)));
    if (!c.step)
        ir_jump(s, test = ir_label(f));
    else if (c.start.kind != X_VALUE || c.stop.kind != X_VALUE)
        ir_emit(s, up ? PE_jge : PE_jle, i, end, done);
    s->fx->depth++;
    ir_place(f, body);
    Local *saved = s->fx->locals;
    bind_names(s, n, over, &c, i, count);
    branch(s, n->for_.body, NULL);
    s->fx->locals = saved;
    if (!f->dead || ir_used(f, t->again)) {
        ir_place(f, t->again);
        if (count >= 0) ir_emit(s, PE_addi_u16, count, count, 1);
        if (step >= 0)
            ir_emit(s, PE_add_i64, i, i, step);
        else
            ir_emit(s, PE_addi_i64, i, i, (int)c.step);
        if (c.step) ir_emit(s, up ? PE_jlt : PE_jgt, i, end, body);
    }
    if (!c.step) step_test(s, test, step, i, end, body, done);
    s->fx->depth--;
    ir_place(f, done);
}

static Operand for_expr(Sema *s, Node *n, Type *want) {
    Target t = { .up = s->fx->targets, .label = n->for_.label, .loop = true, .want = want };
    Operand over = expr(s, n->for_.over, NULL);
    if (over.kind != X_MEM)
        over = rvalue(s, over);
    else if (s->fx->comptime)
        over = expr_value(s, n->for_.over, NULL);
    if (opd_bad(&over)) return over;
    if (over.type->kind != TY_RANGE && over.type->kind != TY_ARRAY) {
        sema_error(s, span_of(n->for_.over), "'for' needs an array or a range, found '%s'",
                   over.type->name);
        return opd_error();
    }
    if (over.type->kind == TY_ARRAY && over.type->ndims != 1 && uses(n->for_.elem)) {
        sema_error(s, span_of(n->for_.over),
                   "'for' over an array of %u dimensions is not supported yet", over.type->ndims);
        return opd_error();
    }
    if (s->fx->comptime) {
        s->fx->targets = &t;
        for_each(s, n, over, &t);
        s->fx->targets = t.up;
        return loop_value(s, &t);
    }
    IrFunc *f = s->fx->ir;
    t.end = ir_label(f);
    t.again = ir_label(f);
    s->fx->targets = &t;
    bool known_only = over.type->kind == TY_ARRAY && over.type->elem->comptime_only;
    if ((n->flags & NF_INLINE) || known_only) {
        if (over.type->kind == TY_RANGE && over.kind != X_VALUE)
            sema_error(s, span_of(n->for_.over), "an unrolled loop needs a comptime-known range");
        else
            for_each(s, n, over, &t);
    } else {
        if (over.type->kind == TY_ARRAY && uses(n->for_.elem))
            over = in_memory(s, over, span_of(n));
        for_runtime(s, n, over, &t);
    }
    s->fx->targets = t.up;
    return join(s, &t, !f->dead, span_of(n));
}

// -------------------------------------------------------------------------------------------------

// What stands behind `comptime` executes, also in run-time code.
Operand comptime_expr(Sema *s, Node *n, Type *want) {
    bool was = s->fx->comptime;
    s->fx->comptime = true;
    if (!was) s->fx->flow = FLOW_NEXT;
    Operand x = expr_value(s, n, want);
    if (!was && s->fx->flow != FLOW_NEXT)
        x = opd_wrong(s, span_of(n), "comptime code cannot be left by a jump");
    if (!was) s->fx->flow = FLOW_NEXT;
    s->fx->comptime = was;
    return x;
}

Operand stmt_expr(Sema *s, Node *n, Type *want) {
    switch ((NodeKind)n->kind) {
    case ND_BLOCK: return block(s, n, want);
    case ND_IF: return if_expr(s, n, want);
    case ND_SWITCH: return switch_expr(s, n, want);
    case ND_FOR: return for_expr(s, n, want);
    case ND_WHILE: return while_expr(s, n, want);
    case ND_BREAK:
    case ND_CONTINUE: return jump(s, n);
    case ND_RETURN: return do_return(s, n);
    case ND_ASSIGN: assign(s, n); return opd_void(s);
    default: sema_error(s, span_of(n), "inline assembly is not supported"); return opd_error();
    }
}

static void expr_stmt(Sema *s, Node *n) { warn_unused(s, n, expr(s, n, NULL)); }

void stmt(Sema *s, Node *n) {
    SrcPos was = s->pos;
    s->pos = n->pos;
    switch ((NodeKind)n->kind) {
    case ND_VAR: declare(s, n); break;
    case ND_COMPTIME_BLOCK: comptime_expr(s, n->block_decl.body, NULL); break;
    case ND_ASSIGN: assign(s, n); break;
    case ND_FN: sema_error(s, span_of(n), "functions can only be declared at the top level"); break;
    case ND_LAYOUT: sema_error(s, span_of(n), "'layout' can only stand at the top level"); break;
    case ND_ERROR: break;
    default: expr_stmt(s, n); break;
    }
    s->pos = was;
}
