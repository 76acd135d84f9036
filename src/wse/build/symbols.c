// Symbols: what `export` offers to the rest of a program and to tools, what `extern` takes from
// there, and the attributes that name and place variables (Storage Classes).
//
// A program here is one PE's code with all its modules, never linked with anything else: an
// `extern` declaration stands for the `export` of the same symbol in one of them.
#include "wse/build/sema.h"

static Attrs *attrs_of(const Decl *d) {
    return d->node->kind == ND_FN ? d->node->fn.attrs : d->node->var.attrs;
}

// The string that an attribute gives; NULL when it is no string, reported.
static const char *attr_string(Sema *s, Decl *d, Node *n, const char *what) {
    Operand x = eval_in(s, d->mod, IN_GLOBAL, n, NULL);
    if (opd_bad(&x)) return NULL;
    if (x.type == s->types.string) return arena_str(s->arena, x.v.str.p, x.v.str.n);
    sema_error(s, span_of(n), "a %s is a string, found '%s'", what, x.type->name);
    return NULL;
}

const char *decl_symbol(Sema *s, Decl *d) {
    Attrs *a = attrs_of(d);
    const char *name = a && a->linkname ? attr_string(s, d, a->linkname, "linkname") : NULL;
    if (name) return name;
    const Node *n = d->node;
    const char *own = n->kind == ND_FN ? n->fn.name->s : n->var.name->s;
    bool shared = n->flags & (NF_EXPORT | NF_EXTERN);
    return shared ? own : arena_printf(s->arena, "%s%s", d->mod->prefix, own);
}

const char *decl_section(Sema *s, Decl *d) {
    Attrs *a = attrs_of(d);
    return a && a->linksection ? attr_string(s, d, a->linksection, "linksection") : NULL;
}

uint32_t decl_align(Sema *s, Decl *d, uint32_t least) {
    Attrs *a = attrs_of(d);
    if (!a || !a->align) return least;
    Operand x = eval_in(s, d->mod, IN_GLOBAL, a->align, NULL);
    int64_t n = 0;
    if (opd_bad(&x)) return least;
    if (!value_to_i64(&x.v, &n) || n < 1 || n > 16384 || (n & (n - 1)))
        sema_error(s, span_of(a->align), "an alignment is a power of two from 1 to 16384");
    return n > least ? (uint32_t)n : least;
}

// -------------------------------------------------------------------------------------------------
// Types that cross the border
// -------------------------------------------------------------------------------------------------

// Since SDK 2.10 only integers of 16 and 32 bits, and enums over them.
static bool abi_sized(const Type *t) {
    switch (t->kind) {
    case TY_INT:
    case TY_PACKED:
    case TY_ENUM: return t->bits == 16 || t->bits == 32;
    case TY_ARRAY: return abi_sized(t->elem);
    case TY_POINTER: return t->elem->kind == TY_FN || abi_sized(t->elem);
    default: return true;
    }
}

static bool fn_compatible(const Type *t) {
    for (uint32_t i = 0; i < t->nfields; i++)
        if (!t->fields[i].type || t->fields[i].comptime || !export_compatible(t->fields[i].type))
            return false;
    return t->result && (t->result->kind == TY_VOID || export_compatible(t->result));
}

bool export_compatible(const Type *t) {
    switch (t->kind) {
    case TY_INT:
    case TY_ENUM: return t->bits == 8 || t->bits == 16 || t->bits == 32 || t->bits == 64;
    case TY_BOOL:
    case TY_FLOAT:
    case TY_COLOR: return true;
    case TY_ARRAY: return export_compatible(t->elem);
    case TY_POINTER:
        return t->elem->kind == TY_FN ? fn_compatible(t->elem) : export_compatible(t->elem);
    case TY_STRUCT:
    case TY_UNION: return t->layout & 1; // extern
    case TY_PACKED: return abi_sized(t);
    default: return false;
    }
}

static bool check_type(Sema *s, const Type *t, const char *word, const char *name, Span at) {
    if (!export_compatible(t))
        return sema_error(s, at, "'%s' of type '%s' cannot be %s", name, t->name, word);
    if (s->c->options->sdk == CSL_SDK_2_10 && !abi_sized(t))
        diag_warning(s->c, at, "'%s' is '%s'; SDK 2.10 exports integers of 16 and 32 bits only",
                     name, t->name);
    return true;
}

static bool check_fn_type(Sema *s, const Decl *d, const char *word) {
    const Type *t = d->type;
    NodeList params = d->node->fn.params;
    const char *name = d->node->fn.name->s;
    Span at = span_of_name(d->node);
    if (t->generic)
        return sema_error(s, at, "'%s' has comptime parameters and cannot be %s", name, word);
    bool ok = true;
    for (uint32_t i = 0; i < t->nfields; i++) {
        const Name *param = params.data[i]->param.name;
        ok &= check_type(s, t->fields[i].type, word, param ? param->s : "parameter",
                         span_of(params.data[i]));
    }
    if (t->result->kind != TY_VOID && !export_compatible(t->result))
        ok = sema_error(s, at, "'%s' returns '%s' and cannot be %s", name, t->result->name, word);
    return ok;
}

// -------------------------------------------------------------------------------------------------
// Exports
// -------------------------------------------------------------------------------------------------

// Enters the symbols of modules that have come since.
static void enter_symbols(Sema *s, Instance *inst) {
    while (inst->symbols_of < inst->modules.len) {
        Module *m = inst->modules.data[inst->symbols_of++];
        for (uint32_t i = 0; i < m->unit->decls.len; i++) {
            Decl *d = &m->decls[i];
            if (!(d->node->flags & NF_EXPORT)) continue;
            const char *symbol = decl_symbol(s, d);
            uint64_t *slot = map_put(&inst->symbols, symbol, strlen(symbol));
            if (*slot) {
                sema_error(s, span_of(d->node), "the symbol '%s' is exported twice", symbol);
                diag_note(s->c, span_of(((Decl *)(uintptr_t)*slot)->node), "first here");
            } else {
                *slot = (uint64_t)(uintptr_t)d;
            }
        }
    }
}

// Everything with `export` exists whether or not it is used.
void reach_exports(Sema *s, Instance *inst) {
    enter_symbols(s, inst);
    for (; inst->exported_of < inst->modules.len; inst->exported_of++) {
        Module *m = inst->modules.data[inst->exported_of];
        for (uint32_t i = 0; i < m->unit->decls.len; i++) {
            Decl *d = &m->decls[i];
            Node *n = d->node;
            if (!(n->flags & NF_EXPORT) || !decl_resolve(s, d, span_of(n))) continue;
            if (n->kind == ND_FN) {
                check_fn_type(s, d, "exported");
                if (!d->type->generic) func_inst(s, d->value.fn, span_of(n));
            } else {
                check_type(s, d->type, "exported", n->var.name->s, span_of(n));
                if (d->type->size) decl_global(s, d);
            }
        }
    }
}

// A declaration without a storage class keeps clear of exported symbols.
void check_symbols(Sema *s, Instance *inst) {
    for (size_t i = 0; i < inst->globals.len; i++) {
        const Global *g = inst->globals.data[i];
        uint64_t *slot = map_get(&inst->symbols, g->name, strlen(g->name));
        if (!slot || g->exported || !g->decl) continue;
        sema_error(s, g->at, "the symbol '%s' belongs to an exported declaration", g->name);
        diag_note(s->c, span_of(((Decl *)(uintptr_t)*slot)->node), "it is exported here");
    }
}

// -------------------------------------------------------------------------------------------------
// Extern
// -------------------------------------------------------------------------------------------------

// The type of a function starts with `fn` anyway.
static const char *kind_word(const Node *n) {
    return n->kind == ND_FN ? "" : n->flags & NF_CONST ? "const " : "var ";
}

bool resolve_extern(Sema *s, Decl *d, Span at) {
    Instance *inst = d->mod->inst;
    Node *n = d->node;
    const char *name = n->kind == ND_FN ? n->fn.name->s : n->var.name->s;
    if (!inst) return sema_error(s, at, "'%s' is extern; the layout has no symbols", name);
    if (n->kind == ND_FN ? !check_fn_type(s, d, "extern")
                         : !check_type(s, d->type, "extern", name, span_of(n)))
        return false;
    enter_symbols(s, inst);
    const char *symbol = decl_symbol(s, d);
    uint64_t *slot = map_get(&inst->symbols, symbol, strlen(symbol));
    if (!slot) {
        sema_error(s, at, "no module of this program exports '%s'", symbol);
        diag_note(s->c, span_of(n), "'%s' is declared here", name);
        return false;
    }
    Decl *of = (Decl *)(uintptr_t)*slot;
    if (!decl_resolve(s, of, at)) return false;
    if (strcmp(kind_word(n), kind_word(of->node)) || d->type != of->type) {
        sema_error(s, span_of(n), "'%s' is declared as '%s%s', but exported as '%s%s'", name,
                   kind_word(n), d->type->name, kind_word(of->node), of->type->name);
        diag_note(s->c, span_of(of->node), "it is exported here");
        return false;
    }
    if (n->kind == ND_FN)
        d->value.fn->real = of->value.fn;
    else
        d->global = decl_global(s, of);
    return true;
}
