// Calls: one binding of arguments to parameters, then one of three ways on. A call executes at
// compile time where the walker does, or where its result exists only there; an inline function is
// expanded; any other becomes a call in the IR of the function's instance for these comptime
// arguments.
#include "wse/build/sema.h"

#include <stdio.h>

enum { CALL_DEPTH = 400, INSTANCES_MAX = 1000 };

// -------------------------------------------------------------------------------------------------
// Which names a body takes the address of: these variables must live in memory.
// -------------------------------------------------------------------------------------------------

static void collect(NameSet *set, const Node *n);
static void collect_list(NameSet *set, NodeList l) {
    for (uint32_t i = 0; i < l.len; i++) collect(set, l.data[i]);
}

static void collect_base(NameSet *set, const Node *n) {
    while (n && (n->kind == ND_FIELD || n->kind == ND_INDEX))
        n = n->kind == ND_FIELD ? n->field.of : n->call.of;
    if (n && n->kind == ND_IDENT) vec_push(&set->names, n->name);
}

static void collect(NameSet *set, const Node *n) {
    if (!n) return;
    switch ((NodeKind)n->kind) {
    case ND_ADDRESS:
        collect_base(set, n->unary.operand);
        collect(set, n->unary.operand);
        break;
    case ND_VAR: collect(set, n->var.init); break;
    case ND_COMPTIME_BLOCK: collect(set, n->block_decl.body); break;
    case ND_ASSIGN: collect(set, n->assign.lhs), collect(set, n->assign.rhs); break;
    case ND_BLOCK: collect_list(set, n->block.stmts); break;
    case ND_IF:
        collect(set, n->if_.cond), collect(set, n->if_.then), collect(set, n->if_.otherwise);
        break;
    case ND_FOR: collect(set, n->for_.over), collect(set, n->for_.body); break;
    case ND_WHILE:
        collect(set, n->while_.cond), collect(set, n->while_.step), collect(set, n->while_.body);
        break;
    case ND_SWITCH: collect(set, n->switch_.on), collect_list(set, n->switch_.cases); break;
    case ND_CASE: collect_list(set, n->case_.values), collect(set, n->case_.body); break;
    case ND_BREAK:
    case ND_CONTINUE:
    case ND_RETURN: collect(set, n->jump.value); break;
    case ND_UNARY:
    case ND_DEREF:
    case ND_COMPTIME: collect(set, n->unary.operand); break;
    case ND_BINARY: collect(set, n->binary.lhs), collect(set, n->binary.rhs); break;
    case ND_FIELD: collect(set, n->field.of); break;
    case ND_INDEX:
    case ND_CALL: collect(set, n->call.of), collect_list(set, n->call.args); break;
    case ND_BUILTIN: collect_list(set, n->builtin.args); break;
    case ND_ARRAY_LITERAL:
    case ND_TUPLE:
    case ND_STRUCT_LITERAL: collect_list(set, n->literal.items); break;
    case ND_FIELD_INIT: collect(set, n->field_init.value); break;
    case ND_TENSOR: collect(set, n->tensor.access); break;
    default: break;
    }
}

static NameSet *addressed_of(Sema *s, Func *f) {
    uint64_t *slot = map_put(&f->mod->info->addressed, &f->node, sizeof f->node);
    if (!*slot) {
        NameSet *set = arena_new(s->arena, NameSet), found = { 0 };
        collect(&found, f->node->fn.body);
        set->names.data = (void *)arena_array(s->arena, Name *, found.names.len + 1);
        for (size_t i = 0; i < found.names.len; i++) set->names.data[i] = found.names.data[i];
        set->names.len = found.names.len;
        vec_free(&found.names);
        *slot = (uint64_t)(uintptr_t)set;
    }
    return (NameSet *)(uintptr_t)*slot;
}

static bool in_set(const NameSet *set, const Name *name) {
    for (size_t i = 0; i < set->names.len; i++)
        if (set->names.data[i] == name) return true;
    return false;
}

// -------------------------------------------------------------------------------------------------

static void add_param(Sema *s, const NameSet *addressed, Node *p, Type *t, Operand x) {
    Name *name = p->param.name;
    if (!name || !strcmp(name->s, "_")) return;
    Span at = span_of(p);
    if (s->fx->ir) pin(s, &x);
    if (x.kind == X_VALUE) {
        local_add(s, name, t, LOCAL_VALUE, true, at)->v = x.v;
    } else if (x.kind == X_REG && addressed && in_set(addressed, name)) {
        Operand m = mem_copy(s, x, at);
        local_add(s, name, t, LOCAL_FRAME, true, at)->frame = (uint32_t)m.off;
    } else if (x.kind == X_REG) {
        local_add(s, name, t, LOCAL_REG, true, at)->reg = x.reg;
    } else {
        local_add(s, name, t, LOCAL_OPERAND, true, at)->x = x;
    }
}

// Told where the value is missing: at the brace that closes the body.
static Operand result_missing(Sema *s, const Func *f) {
    SrcPos end = f->node->end ? f->node->end - 1 : f->node->pos;
    sema_error(s, (Span){ end, end, end + 1 }, "'%s' ends without returning a value of type '%s'",
               f->node->fn.name->s, s->fx->result->name);
    return opd_error();
}

static Operand execute(Sema *s, Func *f) {
    s->fx->comptime = true;
    block_body(s, f->node->fn.body);
    if (s->stopped) return opd_error();
    if (s->fx->flow == FLOW_RETURN) return s->fx->flow_value;
    if (s->fx->result->kind != TY_VOID) return result_missing(s, f);
    return opd_void(s);
}

static Operand expand(Sema *s, Func *f) {
    Target ret = { .inlined = true, .end = ir_label(s->fx->ir), .want = s->fx->result };
    s->fx->ret = &ret;
    block_body(s, f->node->fn.body);
    bool falls = !s->fx->ir->dead;
    if (falls && s->fx->result->kind != TY_VOID) {
        vec_free(&ret.exits);
        return result_missing(s, f);
    }
    Operand x = join(s, &ret, falls, span_of(f->node));
    return x;
}

// The instance of f for these arguments (known.type NULL: at run time) and types.
static FuncInst *instance(Sema *s, Func *f, const Value *known, Type *const *types, Type *result,
                          Span at) {
    if (!s->inst) {
        sema_error(s, at, "'%s' can only run on a PE", f->node->fn.name->s);
        return NULL;
    }
    uint32_t n = f->node->fn.params.len;
    StrBuf key = { 0 };
    for (uint32_t i = 0; i < n; i++) {
        if (known[i].type)
            value_key(s, &known[i], &key);
        else
            sb_printf(&key, "%u;", types[i]->id);
    }
    const char *k = key.p ? key.p : "";
    for (size_t i = 0; i < f->insts.len; i++) {
        FuncInst *old = f->insts.data[i];
        if (old->keylen == key.n && !memcmp(old->key, k, key.n)) {
            sb_free(&key);
            return old;
        }
    }
    if (f->insts.len == INSTANCES_MAX) {
        sema_error(s, at, "'%s' is called with more than %d different comptime arguments",
                   f->node->fn.name->s, INSTANCES_MAX);
        s->stopped = true;
        sb_free(&key);
        return NULL;
    }
    FuncInst *fi = arena_new(s->arena, FuncInst);
    *fi = (FuncInst){
        .fn = f, .key = arena_str(s->arena, k, key.n), .keylen = key.n, .result = result
    };
    sb_free(&key);
    fi->from = s->fx ? s->fx->inst : NULL;
    fi->frame.at = at;
    fi->frame.text = arena_printf(s->arena, "in '%s' as it is called here", f->node->fn.name->s);
    fi->name = arena_printf(s->arena, "%s%s", f->mod->prefix, f->node->fn.name->s);
    fi->known = arena_array(s->arena, Value, n + 1);
    fi->types = arena_array(s->arena, Type *, n + 1);
    fi->params = arena_array(s->arena, Type *, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        fi->known[i] = known[i];
        fi->types[i] = types[i];
        if (!known[i].type) fi->params[fi->nparams++] = types[i];
    }
    fi->index = (uint32_t)s->inst->funcs.len;
    vec_push(&s->inst->funcs, fi);
    vec_push(&f->insts, fi);
    return fi;
}

FuncInst *func_inst(Sema *s, Func *f, Span at) {
    if (f->real) f = f->real;
    Type *t = func_type(s, f);
    if (!t) return NULL;
    if (t->generic) {
        sema_error(s, at, "'%s' has comptime parameters and is no run-time function",
                   f->node->fn.name->s);
        return NULL;
    }
    uint32_t n = t->nfields;
    Value *known = arena_array(s->arena, Value, n + 1);
    Type **types = arena_array(s->arena, Type *, n + 1);
    for (uint32_t i = 0; i < n; i++) types[i] = t->fields[i].type;
    return instance(s, f, known, types, t->result, at);
}

// Where a run-time call leaves its result: in memory of the frame, whose address goes in front of
// the arguments, or in a register.
static Operand call_result(Sema *s, IrCall *ic, Type *result) {
    if (type_is_aggregate(result) && result->size) {
        Operand out = mem_temp(s, result);
        out.is_const = true;
        ic->args[ic->nargs++] = address_reg(s, &out);
        return out;
    }
    if (result->kind == TY_VOID) return opd_void(s);
    ic->result = ir_reg(s->fx->ir, result);
    return opd_reg(result, ic->result);
}

// Arrays and structs are passed by reference.
static void call_arg(Sema *s, IrCall *ic, Operand x, const Type *t, Span at) {
    if (type_is_aggregate(t)) x = in_memory(s, x, at);
    ic->args[ic->nargs++] = to_reg(s, x);
}

static Operand emit_call(Sema *s, Func *f, const Operand *args, Type *const *types,
                         const Value *known, Type *result, Span at) {
    uint32_t n = f->node->fn.params.len;
    FuncInst *fi = instance(s, f, known, types, result, at);
    if (!fi) return opd_error();
    IrCall *ic = arena_new(s->arena, IrCall);
    *ic = (IrCall){
        .to = fi, .through = -1, .args = arena_array(s->arena, int, n + 2), .result = -1
    };
    Operand out = call_result(s, ic, result);
    for (uint32_t i = 0; i < n; i++)
        if (!known[i].type) call_arg(s, ic, args[i], types[i], at);
    ir_emit(s, IR_CALL, 0, 0, 0)->x.call = ic;
    return out;
}

Operand call_through(Sema *s, int reg, Type *ft, const Operand *args, Node *n) {
    uint32_t nargs = ft->nfields;
    IrCall *ic = arena_new(s->arena, IrCall);
    *ic = (IrCall){ .through = reg, .args = arena_array(s->arena, int, nargs + 1), .result = -1 };
    Operand out = call_result(s, ic, ft->result ? ft->result : s->types.void_);
    for (uint32_t i = 0; i < nargs; i++) {
        Span at = span_of(n->call.args.data[i]);
        Operand x = coerce(s, args[i], ft->fields[i].type, at);
        if (opd_bad(&x)) return x;
        call_arg(s, ic, x, x.type, at);
    }
    ir_emit(s, IR_CALL, 0, 0, 0)->x.call = ic;
    return out;
}

// What a call passes: coerced arguments, their types, those that are known at compile time, the
// result's type.
typedef struct Bound {
    Operand *args;
    Type **types;
    Value *known;
    uint32_t n;
    Type *result;
    bool all_known;
} Bound;

static Span argument_span(const Node *call, uint32_t i) {
    return call->kind == ND_CALL && i < call->call.args.len ? span_of(call->call.args.data[i])
                                                            : span_of(call);
}

// Parameter i takes its argument. `in` holds the parameters before it, which its type may use.
static bool bind_argument(Sema *s, Func *f, Fx *in, Bound *b, uint32_t i, Span at) {
    Node *p = f->node->fn.params.data[i];
    Fx *caller = s->fx;
    Type *t = f->type->fields[i].type;
    if (!t && (p->flags & NF_ANYTYPE)) t = b->args[i].type;
    s->fx = in;
    if (!t) t = expr_type(s, p->param.type);
    s->fx = caller;
    if (!t) return false;
    b->args[i] = coerce(s, b->args[i], t, at);
    if (b->args[i].kind == X_ERROR) diag_note(s->c, span_of(p), "the parameter is declared here");
    if (opd_bad(&b->args[i])) return false;
    b->types[i] = t->kind == TY_ANYSTRUCT ? b->args[i].type : t;
    bool known = b->args[i].kind == X_VALUE, declared = p->flags & NF_COMPTIME;
    b->all_known &= known;
    if (known && (declared || t->comptime_only)) b->known[i] = b->args[i].v;
    if (!known && (declared || (t->comptime_only && !(f->node->flags & NF_INLINE))))
        return sema_error(s, at, "the argument for '%s' must be comptime-known",
                          p->param.name ? p->param.name->s : "this parameter");
    s->fx = in;
    add_param(s, NULL, p, t, b->args[i]);
    s->fx = caller;
    return true;
}

static bool bind_arguments(Sema *s, Func *f, Fx *in, Bound *b, const Node *call) {
    for (uint32_t i = 0; i < b->n; i++)
        if (!bind_argument(s, f, in, b, i, argument_span(call, i))) return false;
    Fx *caller = s->fx;
    s->fx = in;
    b->result = f->type->result ? f->type->result : expr_type(s, f->node->fn.result);
    s->fx = caller;
    return b->result != NULL;
}

// Runs the body in `in`, at compile time or expanded into the caller.
static Operand run_body(Sema *s, Func *f, Fx *in, const Bound *b, bool inlined, Span at) {
    Fx *caller = s->fx;
    DiagFrame frame = { .up = s->c->frames,
                        .at = at,
                        .text =
                            arena_printf(s->arena, "in this call of '%s'", f->node->fn.name->s) };
    int force = s->force;
    s->c->frames = &frame;
    s->call_depth++;
    s->fx = in;
    in->result = b->result;
    Operand x;
    if (inlined) {
        in->comptime = false;
        in->locals = NULL;
        in->addressed = addressed_of(s, f);
        for (uint32_t i = 0; i < b->n; i++)
            add_param(s, in->addressed, f->node->fn.params.data[i], b->types[i], b->args[i]);
        x = expand(s, f);
    } else {
        s->force = 0;
        x = execute(s, f);
    }
    s->fx = caller;
    s->force = force;
    s->call_depth--;
    s->c->frames = frame.up;
    return x;
}

Operand call_function(Sema *s, Func *f, Operand *args, uint32_t n, Node *call) {
    Span at = span_of(call);
    Node *fn = f->node;
    if (!func_type(s, f)) return opd_error();
    if (f->real && (s->fx->comptime || s->force))
        return opd_wrong(s, at, "'%s' is extern and cannot be called at compile time",
                         fn->fn.name->s);
    if (f->real) {
        f = f->real;
        fn = f->node;
        if (!func_type(s, f)) return opd_error();
    }
    if (s->call_depth >=
        (s->c->options->comptime_depth ? s->c->options->comptime_depth : CALL_DEPTH)) {
        sema_error(s, at, "calls are nested too deeply (%d)", s->call_depth);
        s->stopped = true;
        return opd_error();
    }
    Fx in = { .up = s->fx,
              .mod = f->mod,
              .place = s->fx->place,
              .comptime = true,
              .inst = s->fx->inst,
              .ir = s->fx->ir,
              .sret = -1 };
    Bound b = { .args = args,
                .types = arena_array(s->arena, Type *, n + 1),
                .known = arena_array(s->arena, Value, n + 1),
                .n = n,
                .all_known = true };
    if (!bind_arguments(s, f, &in, &b, call)) return opd_error();
    bool inlined = fn->flags & NF_INLINE;
    if (s->fx->comptime || s->force || (b.result->comptime_only && !inlined)) {
        if (!b.all_known)
            return opd_wrong(s, at,
                             "'%s' is evaluated at compile time here, but not all of its arguments "
                             "are comptime-known",
                             fn->fn.name->s);
        return run_body(s, f, &in, &b, false, at);
    }
    if (inlined) return run_body(s, f, &in, &b, true, at);
    return emit_call(s, f, args, b.types, b.known, b.result, at);
}

// Emits the body of an instance.
void func_analyse(Sema *s, FuncInst *fi) {
    Func *f = fi->fn;
    Node *fn = f->node;
    fi->analysed = true;
    Fx in = {
        .mod = f->mod, .place = IN_RUN, .inst = fi, .ir = &fi->ir, .result = fi->result, .sret = -1
    };
    in.addressed = addressed_of(s, f);
    Fx *was = s->fx;
    s->fx = &in;
    s->pos = fn->pos;
    // A generic body is as good as its arguments, which came through all generic callers above it.
    DiagFrame *outer = s->c->frames;
    fi->frame.up = fi->from && fi->from->fn->type->generic ? &fi->from->frame : outer;
    if (f->type->generic) s->c->frames = &fi->frame;
    // Parameters arrive in the first registers, in order.
    if (type_is_aggregate(fi->result) && fi->result->size) in.sret = ir_reg(in.ir, s->types.u16);
    uint32_t n = fn->fn.params.len;
    int *regs = arena_array(s->arena, int, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        if (fi->known[i].type) continue;
        regs[i] = ir_reg(in.ir, type_is_aggregate(fi->types[i]) ? s->types.u16 : fi->types[i]);
        in.ir->regs.data[regs[i]].pinned = true;
    }
    for (uint32_t i = 0; i < n; i++) {
        Type *t = fi->types[i];
        Operand x = fi->known[i].type ? opd_value(fi->known[i])
                    : type_is_aggregate(t)
                        ? (Operand){ .kind = X_MEM, .type = t, .idx = regs[i], .is_const = true }
                        : opd_reg(t, regs[i]);
        add_param(s, in.addressed, fn->fn.params.data[i], t, x);
    }
    block_body(s, fn->fn.body);
    if (!in.ir->dead) {
        if (fi->result->kind != TY_VOID) result_missing(s, f);
        s->pos = fn->end ? fn->end - 1 : fn->pos;
        ir_emit(s, IR_RET, -1, 0, 0);
    }
    s->fx = was;
    s->c->frames = outer;
}
