// Modules, declarations, PE programs: what exists, when it is looked at, and in which order
// comptime code runs.
//
// The layout file is a module like any other, without a PE. When its layout block has run, every
// distinct (file, parameters) pair that @set_tile_code named becomes an instance: its modules'
// comptime blocks run, then the bodies that tasks and exports reach are analysed, until nothing new
// turns up.
#include "wse/build/builtin.h"

#include <stdio.h>
#include <stdlib.h>

static UnitInfo *unit_info(Sema *s, Unit *u) {
    uint64_t *slot = map_put(&s->units, &u, sizeof u);
    if (*slot) return (UnitInfo *)(uintptr_t)*slot;
    UnitInfo *info = arena_new(s->arena, UnitInfo);
    *slot = (uint64_t)(uintptr_t)info;
    info->unit = u;
    info->library = u->file->library != NULL;
    for (uint32_t i = 0; i < u->decls.len; i++) {
        Node *n = u->decls.data[i];
        Name *name = n->kind == ND_VAR ? n->var.name : n->kind == ND_FN ? n->fn.name : NULL;
        if (!name) continue;
        const Type *t = type_named(s, name);
        if (t && (type_is_number(t) || t->kind == TY_BOOL || t->kind == TY_VOID)) {
            sema_error(s, span_of_name(n), "'%s' is the name of a type", name->s);
            continue;
        }
        uint64_t *d = map_put(&info->names, &name, sizeof name);
        if (*d && !(n->flags & NF_EXTERN)) {
            sema_error(s, span_of_name(n), "'%s' is declared twice", name->s);
            diag_note(s->c, span_of_name(u->decls.data[*d - 1]), "first here");
        } else if (!*d) {
            *d = i + 1;
        }
    }
    return info;
}

// -------------------------------------------------------------------------------------------------
// Evaluation outside of any function
// -------------------------------------------------------------------------------------------------

Operand eval_in(Sema *s, Module *m, Place place, Node *n, Type *want) {
    Fx in = { .up = s->fx, .mod = m, .place = place, .comptime = true, .sret = -1 };
    Fx *was = s->fx;
    int force = s->force;
    SrcPos pos = s->pos;
    s->force = 0;
    s->fx = &in;
    Operand x = expr(s, n, want);
    if (x.kind == X_MEM) {
        x = expr_value(s, n, want);
    } else {
        x = rvalue(s, x);
    }
    s->fx = was;
    s->force = force;
    s->pos = pos;
    return x;
}

static Type *type_in(Sema *s, Module *m, Node *n) {
    Operand x = eval_in(s, m, IN_GLOBAL, n, NULL);
    if (opd_bad(&x)) return NULL;
    if (x.type != s->types.type) {
        sema_error(s, span_of(n), "expected a type, found a value of type '%s'", x.type->name);
        return NULL;
    }
    return x.v.t;
}

static void run_block(Sema *s, Module *m, Place place, Node *body) {
    Fx in = { .mod = m, .place = place, .comptime = true, .sret = -1 };
    Fx *was = s->fx;
    s->fx = &in;
    block_body(s, body);
    s->fx = was;
}

// -------------------------------------------------------------------------------------------------
// Modules
// -------------------------------------------------------------------------------------------------

Decl *module_find(Module *m, const Name *name) {
    uint64_t *i = map_get(&m->info->names, &name, sizeof name);
    return i ? &m->decls[*i - 1] : NULL;
}

// How a message names a module: <time>, 'helper.csl'.
const char *module_text(Sema *s, const Module *m) {
    const SrcFile *f = m->unit->file;
    return f->library ? f->library : arena_printf(s->arena, "'%s'", f->path);
}

static void bind_params(Sema *s, Module *m, const Value *params, Span at) {
    for (uint32_t i = 0; params && i < params->type->nfields; i++) {
        Name *name = params->type->fields[i].name;
        if (!name) continue;
        Decl *d = module_find(m, name);
        if (d && d->node->kind == ND_VAR && (d->node->flags & NF_PARAM)) {
            d->bound = true;
            d->given = params->agg->items[i];
            d->given_at = at;
            continue;
        }
        Spelling sp = spelling(name->s);
        for (uint32_t k = 0; k < m->unit->decls.len; k++) {
            Node *n = m->unit->decls.data[k];
            if (n->kind == ND_VAR && (n->flags & NF_PARAM)) spelling_offer(&sp, n->var.name->s);
        }
        diag_warning(s->c, at, "%s has no parameter '%s'%s", module_text(s, m), name->s,
                     spelling_hint(s->c, &sp));
    }
}

Module *module_new(Sema *s, Unit *u, Instance *inst, const Value *params, Span at,
                   const char *prefix) {
    Module *m = arena_new(s->arena, Module);
    *m = (Module){ .unit = u, .info = unit_info(s, u), .inst = inst, .prefix = prefix };
    m->library = m->info->library;
    m->decls = arena_array(s->arena, Decl, u->decls.len + 1);
    for (uint32_t i = 0; i < u->decls.len; i++)
        m->decls[i] = (Decl){ .node = u->decls.data[i], .mod = m };
    bind_params(s, m, params, at);
    if (inst)
        vec_push(&inst->modules, m);
    else
        vec_push(&s->modules, m);
    return m;
}

// An import counts where it stands, read or not: every PE needs its memcpy module.
void module_start(Sema *s, Module *m, Span at) {
    (void)at;
    for (uint32_t i = 0; i < m->unit->decls.len && !s->stopped; i++) {
        Node *n = m->unit->decls.data[i];
        if (n->kind != ND_VAR || !(n->flags & NF_CONST) || !n->var.init ||
            n->var.init->kind != ND_BUILTIN)
            continue;
        if (strcmp(n->var.init->builtin.name->s, "@import_module")) continue;
        decl_resolve(s, &m->decls[i], span_of(n));
    }
}

// A FIFO in DSRs of the program's own is there for whoever names the DSRs, so nothing else need
// name it.
static bool has_own_dsrs(const Node *n) {
    if (n->kind != ND_VAR || !n->var.init || n->var.init->kind != ND_BUILTIN) return false;
    const Node *call = n->var.init;
    if (strcmp(call->builtin.name->s, "@allocate_fifo") || call->builtin.args.len < 2) return false;
    const Node *options = call->builtin.args.data[1];
    if (options->kind != ND_STRUCT_LITERAL) return false;
    for (uint32_t i = 0; i < options->literal.items.len; i++) {
        const Node *f = options->literal.items.data[i];
        if (f->kind == ND_FIELD_INIT && !strcmp(f->field_init.name->s, "dest")) return true;
    }
    return false;
}

bool run_modules(Sema *s, Instance *inst) {
    bool any = false;
    for (;;) {
        Module *m;
        if (inst && inst->next_module < inst->modules.len)
            m = inst->modules.data[inst->next_module++];
        else if (!inst && s->next_module < s->modules.len)
            m = s->modules.data[s->next_module++];
        else
            return any;
        any = true;
        DiagFrame frame = { .up = s->c->frames, .at = m->at, .text = MODULE_FRAME };
        if (m->at.at) s->c->frames = &frame;
        for (uint32_t i = 0; i < m->unit->decls.len && !s->stopped; i++) {
            Node *n = m->unit->decls.data[i];
            if (n->kind == ND_COMPTIME_BLOCK) run_block(s, m, IN_COMPTIME, n->block_decl.body);
            if (inst && has_own_dsrs(n)) decl_operand(s, &m->decls[i], span_of(n));
        }
        s->c->frames = frame.up;
    }
}

// -------------------------------------------------------------------------------------------------
// Declarations
// -------------------------------------------------------------------------------------------------

Type *fn_node_type(Sema *s, Node *n) {
    bool is_fn = n->kind == ND_FN;
    NodeList params = is_fn ? n->fn.params : n->fn_type.params;
    Node *result = is_fn ? n->fn.result : n->fn_type.result;
    Field *fields = arena_array(s->arena, Field, params.len + 1);
    bool generic = false;
    for (uint32_t i = 0; i < params.len; i++) {
        Node *p = params.data[i];
        fields[i].comptime = p->flags & NF_COMPTIME;
        generic |= (p->flags & (NF_COMPTIME | NF_ANYTYPE)) != 0;
    }
    // The types of a generic function's parameters may use the parameters before them: they wait
    // for a call.
    for (uint32_t i = 0; i < params.len && !generic; i++) {
        fields[i].type = expr_type(s, params.data[i]->param.type);
        if (!fields[i].type) return NULL;
        if (!type_sized(s, fields[i].type, span_of(params.data[i]))) return NULL;
        if (fields[i].type->kind == TY_VOID) {
            sema_error(s, span_of(params.data[i]),
                       "a parameter cannot have the type 'void'; one of 'anytype' takes {}");
            return NULL;
        }
    }
    Type *r = NULL;
    if (!generic) {
        r = result ? expr_type(s, result) : s->types.void_;
        if (!r || (result && !type_sized(s, r, span_of(result)))) return NULL;
    }
    return type_fn(s, fields, params.len, r, n->flags & NF_TASK);
}

Type *func_type(Sema *s, Func *f) {
    if (f->typed || f->failed) return f->failed ? NULL : f->type;
    f->typed = true;
    Fx in = { .up = s->fx, .mod = f->mod, .place = IN_GLOBAL, .comptime = true, .sret = -1 };
    Fx *was = s->fx;
    s->fx = &in;
    f->type = fn_node_type(s, f->node);
    s->fx = was;
    f->failed = !f->type;
    if (f->type && (f->node->flags & NF_TASK) && f->type->result &&
        f->type->result->kind != TY_VOID) {
        sema_error(s, span_of(f->node), "a task returns void");
        f->failed = true;
    }
    return f->failed ? NULL : f->type;
}

// A parameter: the value that the import gave, or its default.
static bool resolve_param(Sema *s, Decl *d, Type *type) {
    Node *n = d->node;
    if (d->bound) {
        // A parameter with a default but no type takes the type of what it is given.
        d->value = d->given;
        if (type && !coerce_value(s, d->given, type, &d->value)) {
            Operand x = opd_value(d->given);
            coerce(s, x, type, d->given_at.at ? d->given_at : span_of(n));
            diag_note(s->c, span_of(n), "as the value of parameter '%s'", n->var.name->s);
            return false;
        }
    } else if (n->var.init) {
        Operand x = eval_in(s, d->mod, IN_GLOBAL, n->var.init, type);
        if (type) x = coerce(s, x, type, span_of(n->var.init));
        if (opd_bad(&x)) return false;
        d->value = x.v;
    } else {
        return false; // reported where it is read
    }
    d->type = d->value.type;
    return true;
}

// Can a global variable have the type of d?
static bool check_variable_type(Sema *s, const Decl *d) {
    const Node *n = d->node;
    const Type *t = d->type;
    bool nothing = !t->size && t->kind != TY_ARRAY; // an array may be empty
    if (t->kind == TY_COMPTIME_INT || t->kind == TY_COMPTIME_FLOAT)
        return sema_error(s, span_of(n),
                          "a variable needs a type of fixed width; write 'var %s: %s'",
                          n->var.name->s, t->kind == TY_COMPTIME_INT ? "i16" : "f32");
    if (t->comptime_only || nothing)
        return sema_error(s, span_of(n), "a global variable cannot have the type '%s'%s", t->name,
                          fn_hint(s, t));
    const Type *part = t->kind == TY_ARRAY ? t->elem : t;
    if ((part == s->types.bf16 || part == s->types.cb16) && part != s->types.fp16)
        return sema_error(s, span_of(n),
                          "'%s' cannot be '%s': the 16-bit float of this program is '%s', others "
                          "are comptime-known",
                          n->var.name->s, t->name, s->types.fp16->name);
    return true;
}

static bool resolve_var(Sema *s, Decl *d, Span at) {
    Node *n = d->node;
    Type *type = NULL;
    if (n->var.type && !(type = type_in(s, d->mod, n->var.type))) return false;
    if (n->flags & NF_COLOR) type = s->types.color;
    if (n->flags & NF_EXTERN) {
        d->type = type;
        return resolve_extern(s, d, at);
    }
    if (n->flags & NF_PARAM) return resolve_param(s, d, type);
    Operand x = { .kind = X_NORETURN };
    if (n->var.init) {
        const char *outer = s->import_name;
        s->import_name = n->var.name->s;
        x = eval_in(s, d->mod, IN_GLOBAL, n->var.init, type);
        s->import_name = outer;
        if (type) x = coerce(s, x, type, span_of(n->var.init));
        if (opd_bad(&x)) return false;
    } else if (!type || (n->flags & (NF_CONST | NF_EXPORT)) == NF_CONST) {
        return sema_error(s, span_of(n),
                          n->flags & NF_CONST ? "a constant needs a value"
                                              : "a variable without a value needs a type");
    } else if (n->flags & NF_CONST) {
        x = opd_value(value_zero(s, type));
    }
    if (n->flags & NF_CONST) {
        d->value = x.v;
        d->type = x.v.type;
        type_title(s, &x.v, n->var.name);
        if (d->type->kind == TY_DSD && d->value.dsd->fifo && !d->value.dsd->fifo->decl)
            d->value.dsd->fifo->decl = d;
        return true;
    }
    d->type = type ? type : x.v.type;
    if (!check_variable_type(s, d)) return false;
    if (n->var.init) d->value = x.v;
    return true;
}

bool decl_resolve(Sema *s, Decl *d, Span at) {
    switch (d->state) {
    case DECL_DONE: return true;
    case DECL_FAILED: return false;
    case DECL_BUSY:
        return sema_error(s, at, "'%s' depends on itself",
                          d->node->kind == ND_VAR ? d->node->var.name->s : "this");
    case DECL_FRESH: break;
    }
    if (s->call_depth + s->resolve_depth > 300)
        return sema_error(s, at, "declarations depend on each other too deeply");
    d->state = DECL_BUSY;
    s->resolve_depth++;
    bool ok = true;
    if (d->node->kind == ND_FN) {
        Func *f = arena_new(s->arena, Func);
        *f = (Func){ .mod = d->mod, .node = d->node };
        d->value.fn = f;
        if (d->mod->inst) vec_push(&d->mod->inst->all_funcs, f);
        d->type = func_type(s, f);
        ok = d->type != NULL;
        if (ok) d->value = value_fn(f);
        if (ok) decl_section(s, d); // code is not in PE memory: checked, without effect
        if (ok && (d->node->flags & NF_EXTERN)) ok = resolve_extern(s, d, at);
    } else {
        ok = resolve_var(s, d, at);
    }
    s->resolve_depth--;
    d->state = ok ? DECL_DONE : DECL_FAILED;
    return ok;
}

Operand decl_operand(Sema *s, Decl *d, Span at) {
    Node *n = d->node;
    if (n->kind == ND_VAR && (n->flags & NF_PARAM) && !d->bound && !n->var.init) {
        sema_error(s, at, "parameter '%s' has no value", n->var.name->s);
        diag_note(s->c, span_of(n), "declared here");
        return opd_error();
    }
    if (!decl_resolve(s, d, at)) return opd_error();
    if (n->kind == ND_FN) return opd_value(d->value);
    if (n->flags & NF_EXTERN) return opd_mem(d->type, d->global, 0, n->flags & NF_CONST);
    if (n->flags & (NF_CONST | NF_PARAM)) {
        Operand x = opd_value(d->value);
        if (type_is_aggregate(d->type) || type_in_reg(d->type)) x.home = d;
        return x;
    }
    if (!d->mod->inst) {
        if (at_comptime(s))
            sema_error(s, at, "'%s' is a variable of PE memory; the layout cannot use it",
                       n->var.name->s);
        return opd_error();
    }
    return (Operand){ .kind = X_MEM, .type = d->type, .base = decl_global(s, d), .idx = -1 };
}

Global *decl_global(Sema *s, Decl *d) {
    if (d->global) return d->global;
    Node *n = d->node;
    Global *g = arena_new(s->arena, Global);
    *g = (Global){ .decl = d,
                   .type = d->type,
                   .init = d->value,
                   .is_const = n->flags & (NF_CONST | NF_PARAM),
                   .exported = n->flags & NF_EXPORT,
                   .align = decl_align(s, d, d->type->align < 2 ? 2 : d->type->align),
                   .at = span_of(n),
                   .name = decl_symbol(s, d),
                   .section = decl_section(s, d) };
    d->global = g;
    if (d->mod->inst) vec_push(&d->mod->inst->globals, g);
    return g;
}

Global *global_anonymous(Sema *s, Value v) {
    StrBuf key = { 0 };
    value_key(s, &v, &key);
    uint64_t *slot = map_put(&s->inst->anonymous, key.p, key.n);
    sb_free(&key);
    if (!*slot) {
        Global *g = arena_new(s->arena, Global);
        *g = (Global){ .type = v.type,
                       .init = v,
                       .is_const = true,
                       .align = v.type->align < 2 ? 2 : v.type->align,
                       .name = "(constant)" };
        vec_push(&s->inst->globals, g);
        *slot = (uint64_t)(uintptr_t)g;
    }
    return (Global *)(uintptr_t)*slot;
}

// -------------------------------------------------------------------------------------------------
// Instances
// -------------------------------------------------------------------------------------------------

// Functions that a value in memory points to.
static void reach_value(Sema *s, const Value *v, Span at) {
    if (v->type->kind == TY_POINTER && v->type->elem->kind == TY_FN && v->fn)
        func_inst(s, v->fn, at);
    if (!type_is_aggregate(v->type)) return;
    for (uint32_t i = 0; i < (v->agg->splat ? 1 : v->agg->n); i++)
        if (v->agg->items[i].type &&
            (type_is_aggregate(v->agg->items[i].type) || v->agg->items[i].type->kind == TY_POINTER))
            reach_value(s, &v->agg->items[i], at);
}

static void build_instance(Sema *s, CodeKey *code) {
    if (code->unit->broken) return; // its syntax errors have been reported
    Instance *inst = arena_new(s->arena, Instance);
    *inst = (Instance){ .id = (uint32_t)s->instances.len, .code = code };
    code->inst = inst;
    vec_push(&s->instances, inst);
    s->inst = inst;
    DiagFrame frame = { .up = s->c->frames,
                        .at = code->at,
                        .text = "in the code that is set here" };
    s->c->frames = &frame;
    int errors = s->c->errors;
    inst->root =
        module_new(s, code->unit, inst, code->params.type ? &code->params : NULL, code->at, "");
    // a file that is layout and code: the command line's parameters hold for both
    if (code->unit == s->root->unit)
        for (uint32_t i = 0; i < code->unit->decls.len; i++)
            if (!inst->root->decls[i].bound && s->root->decls[i].bound) {
                inst->root->decls[i].bound = true;
                inst->root->decls[i].given = s->root->decls[i].given;
            }
    module_start(s, inst->root, code->at);
    size_t seen = 0;
    bool checked = false;
    do {
        run_modules(s, inst);
        if (!checked) instance_check(s, inst);
        checked = true;
        reach_exports(s, inst);
        for (TaskBind *b = inst->binds; b; b = b->next) func_inst(s, b->task, b->at);
        for (size_t i = 0; i < inst->exports.len; i++)
            if (inst->exports.data[i].fn.type)
                func_inst(s, inst->exports.data[i].fn.fn, inst->exports.data[i].at);
        while (inst->next_func < inst->funcs.len && !s->stopped)
            func_analyse(s, inst->funcs.data[inst->next_func++]);
        for (; seen < inst->globals.len; seen++)
            if (inst->globals.data[seen]->init.type)
                reach_value(s, &inst->globals.data[seen]->init, inst->globals.data[seen]->at);
    } while (!s->stopped &&
             (inst->next_module < inst->modules.len || inst->next_func < inst->funcs.len));
    instance_check_tables(s, inst);
    check_symbols(s, inst);
    if (!s->stopped) task_uses_check(s, inst);
    inst->failed = s->c->errors > errors;
    s->c->frames = frame.up;
    s->inst = NULL;
}

// -------------------------------------------------------------------------------------------------
// The layout file's parameters, from the command line
// -------------------------------------------------------------------------------------------------

static bool parse_value(Sema *s, const char *text, Value *out) {
    char *end;
    if (!strcmp(text, "true") || !strcmp(text, "false")) {
        *out = value_bool(s, text[0] == 't');
        return true;
    }
    Int v = 0;
    const char *p = text + (*text == '-');
    int base = 10;
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'b')) base = p[1] == 'x' ? 16 : 2, p += 2;
    const char *digits = p;
    for (; *p; p++) {
        int d = *p >= '0' && *p <= '9'   ? *p - '0'
                : *p >= 'a' && *p <= 'f' ? *p - 'a' + 10
                : *p >= 'A' && *p <= 'F' ? *p - 'A' + 10
                                         : 99;
        if (d >= base || v > (Int)1 << 64) break;
        v = v * base + d;
    }
    if (!*p && p > digits) {
        *out = value_int(s, *text == '-' ? -v : v);
        return true;
    }
    double f = strtod(text, &end);
    if (*end || end == text || (f != f)) return false;
    *out = value_float(s->types.comptime_float, f);
    return true;
}

static void bind_option(Sema *s, const char *option, const CslBinding *b, bool color) {
    const char *path = s->root->unit->file->path;
    Name *name = name_of(s->c, b->name, strlen(b->name));
    Decl *d = module_find(s->root, name);
    if (!d || d->node->kind != ND_VAR || !(d->node->flags & NF_PARAM)) {
        Spelling sp = spelling(b->name);
        for (uint32_t i = 0; i < s->root->unit->decls.len; i++) {
            Node *n = s->root->unit->decls.data[i];
            if (n->kind == ND_VAR && (n->flags & NF_PARAM)) spelling_offer(&sp, n->var.name->s);
        }
        diag_warning(s->c, NOWHERE, "%s: '%s' has no parameter '%s'%s", option, path, b->name,
                     spelling_hint(s->c, &sp));
        return;
    }
    Value v;
    int64_t i;
    if (!parse_value(s, b->value, &v)) {
        diag_error(s->c, NOWHERE, "%s: '%s' is no number ('%s')", option, b->value, b->name);
        return;
    }
    bool is_color = color || (d->node->flags & NF_COLOR);
    if (!is_color && d->node->var.type && d->node->var.type->kind == ND_IDENT)
        is_color = !strcmp(d->node->var.type->name->s, "color");
    if (is_color) {
        if (!value_to_i64(&v, &i) || i < 0 || i >= WSE_COLORS) {
            diag_error(s->c, NOWHERE, "%s: '%s' is no color; colors are 0 to %d", option, b->value,
                       WSE_COLORS - 1);
            return;
        }
        v = value_of(s->types.color, i);
    }
    d->bound = true;
    d->given = v;
}

static void resolve_options(Sema *s) {
    const CslOptions *o = s->c->options;
    for (size_t i = 0; i < o->nparams; i++) bind_option(s, "--params", &o->params[i], false);
    for (size_t i = 0; i < o->ncolors; i++) bind_option(s, "--colors", &o->colors[i], true);
}

// out.json: what each parameter came out as.
static void report_params(Sema *s) {
    for (uint32_t i = 0; i < s->root->unit->decls.len; i++) {
        Decl *d = &s->root->decls[i];
        if (d->node->kind != ND_VAR || !(d->node->flags & NF_PARAM)) continue;
        if (!d->bound && !d->node->var.init) continue;
        if (!decl_resolve(s, d, span_of(d->node))) continue;
        Value v = d->value;
        StrBuf b = { 0 };
        bool color = v.type->kind == TY_COLOR;
        if (color) v = value_int(s, v.i);
        value_print(s, &v, &b);
        CslBinding r = { arena_str(s->arena, d->node->var.name->s, d->node->var.name->len),
                         arena_str(s->arena, b.p ? b.p : "", b.n) };
        sb_free(&b);
        if (color)
            vec_push(&s->c->colors, r);
        else
            vec_push(&s->c->params, r);
    }
}

static void run_layout(Sema *s) {
    Node *layout = NULL;
    for (uint32_t i = 0; i < s->root->unit->decls.len; i++) {
        Node *n = s->root->unit->decls.data[i];
        if (n->kind != ND_LAYOUT) continue;
        if (layout) {
            sema_error(s, span_of(n), "a second layout block");
            diag_note(s->c, span_of(layout), "the first one");
        } else {
            layout = n;
        }
    }
    if (!layout) {
        sema_error(s, NOWHERE, "'%s' has no layout block", s->root->unit->file->path);
        return;
    }
    module_start(s, s->root, NOWHERE);
    run_block(s, s->root, IN_LAYOUT, layout->block_decl.body);
    // The file's own comptime blocks belong to the layout unless the file is code as well.
    bool is_code = false;
    for (size_t i = 0; i < s->layout.codes.len; i++)
        is_code |= s->layout.codes.data[i].unit == s->root->unit;
    if (is_code) s->next_module = 1;
    run_modules(s, NULL);
    if (layout_finish(s)) place_on_fabric(s->c, s->layout.w, s->layout.h, &s->layout.place);
}

static void sema_free(Sema *s) {
    for (size_t i = 0; i < s->instances.len; i++) {
        Instance *in = s->instances.data[i];
        for (size_t k = 0; k < in->funcs.len; k++) {
            IrFunc *f = &in->funcs.data[k]->ir;
            vec_free(&f->ins);
            vec_free(&f->regs);
            vec_free(&f->labels);
        }
        for (size_t k = 0; k < in->all_funcs.len; k++) vec_free(&in->all_funcs.data[k]->insts);
        vec_free(&in->modules), vec_free(&in->globals), vec_free(&in->funcs),
            vec_free(&in->all_funcs);
        vec_free(&in->start), vec_free(&in->task_uses), vec_free(&in->queues),
            vec_free(&in->dsd_colors), vec_free(&in->colors), vec_free(&in->fifos);
        vec_free(&in->start_loads), vec_free(&in->exports);
        map_free(&in->anonymous), map_free(&in->symbols);
    }
    for (size_t it = 0;;) {
        const MapEntry *e = map_next(&s->units, &it);
        if (!e) break;
        UnitInfo *u = (UnitInfo *)(uintptr_t)e->value;
        map_free(&u->names);
        map_free(&u->addressed);
    }
    map_free(&s->types.interned), map_free(&s->types.words), map_free(&s->units),
        map_free(&s->builtins);
    vec_free(&s->instances), vec_free(&s->modules);
    Layout *l = &s->layout;
    free(l->code), free(l->code_at), free(l->colors);
    vec_free(&l->codes), vec_free(&l->configs), vec_free(&l->names);
    map_free(&l->code_index), map_free(&l->config_index);
}

static void dump_ir(Sema *s) {
    for (size_t i = 0; i < s->instances.len; i++) {
        Instance *in = s->instances.data[i];
        sb_printf(&s->c->output, "instance %s\n", in->root->unit->file->path);
        for (size_t k = 0; k < in->funcs.len; k++) ir_dump(in->funcs.data[k], &s->c->output);
    }
}

bool sema_compile(Csl *c, Unit *root, Program *out) {
    Sema *s = arena_new(&c->arena, Sema);
    *s = (Sema){ .c = c,
                 .arena = &c->arena,
                 .arch = c->options->arch ? c->options->arch : CSL_WSE2 };
    c->sema = s;
    *out = (Program){ 0 };
    types_init(s);
    s->root = module_new(s, root, NULL, NULL, NOWHERE, "");
    resolve_options(s);
    run_layout(s);
    report_params(s);
    for (size_t i = 0; i < s->layout.codes.len && !s->stopped; i++)
        build_instance(s, &s->layout.codes.data[i]);
    if (c->options->emit == CSL_EMIT_IR) dump_ir(s);
    bool ok = !c->errors;
    if (ok && c->options->emit != CSL_EMIT_IR) ok = emit_program(s, out);
    sema_free(s);
    return ok && !c->errors;
}
