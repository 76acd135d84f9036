// The parser: recursive descent over the token array. Here are statements, recovery from errors,
// and declarations; parse.h says how the parser recovers and what bounds it.
#include "wse/build/parse.h"

static Node *parse_var(Parser *p, SrcPos start, unsigned flags);

static bool starts_block_like(const Parser *p) {
    switch (peek(p)) {
    case TK_LBRACE:
    case TK_IF:
    case TK_FOR:
    case TK_WHILE:
    case TK_SWITCH:
    case TK_INLINE: return true;
    default: return parse_starts_labelled(p);
    }
}

// As a statement these end with their block: `if (c) {} -x` is two of them.
static Node *parse_block_like(Parser *p) {
    switch (peek(p)) {
    case TK_LBRACE: return parse_block(p, NULL);
    case TK_IF: return parse_if(p, true);
    case TK_SWITCH: return parse_switch(p);
    default: return parse_labelled(p, true);
    }
}

Node *parse_branch(Parser *p, bool statement) {
    if (!parse_enter(p)) {
        parse_leave(p);
        return parse_error_node(p);
    }
    Node *n = statement && starts_block_like(p) ? parse_block_like(p) : parse_expr_or_assign(p);
    parse_leave(p);
    return n;
}

static bool ends_with_block(const Node *n) {
    switch (n->kind) {
    case ND_BLOCK:
    case ND_SWITCH:
    case ND_COMPTIME_BLOCK: return true;
    case ND_IF: return ends_with_block(n->if_.otherwise ? n->if_.otherwise : n->if_.then);
    case ND_FOR: return ends_with_block(n->for_.body);
    case ND_WHILE: return ends_with_block(n->while_.body);
    default: return false;
    }
}

static Node *parse_comptime_block(Parser *p) {
    const Token *t = take(p);
    Node *n =
        parse_node(p, t->kind == TK_LAYOUT ? ND_LAYOUT : ND_COMPTIME_BLOCK, t->start, t->start);
    n->block_decl.body = at(p, TK_LBRACE) ? parse_block(p, NULL) : parse_error_node(p);
    if (n->block_decl.body->kind == ND_ERROR) parse_unexpected(p, "'{'");
    return parse_done(p, n);
}

static Node *parse_statement(Parser *p) {
    SrcPos start = p->t->start;
    if (at(p, TK_COMPTIME) && peek2(p) == TK_LBRACE) return parse_comptime_block(p);
    if (at(p, TK_COMPTIME) && (peek2(p) == TK_VAR || peek2(p) == TK_CONST)) {
        take(p);
        return parse_var(p, start, NF_COMPTIME);
    }
    if (at(p, TK_CONST) || at(p, TK_VAR)) return parse_var(p, start, 0);
    Node *n = starts_block_like(p) ? parse_block_like(p) : parse_expr_or_assign(p);
    if (p->panic || (ends_with_block(n) && parse_starts_value(p))) return n;
    if (n->kind == ND_IDENT && at(p, TK_IDENT) && !parse_first_on_line(p, p->t)) {
        parse_error(p, token_span(p->t), "a variable is declared as 'var %s: type = value;'",
                    arena_str(&p->c->arena, source_text(p->c, p->t->start, p->t->end).p,
                              p->t->end - p->t->start));
        return n;
    }
    if (!accept(p, TK_SEMI) && !ends_with_block(n))
        parse_expect_semi(p, n->kind == ND_ASSIGN ? "assignment" : "statement");
    return n;
}

// Its column if it is the first of its line, else 0.
static int column_if_first(const Parser *p, const Token *t) {
    return parse_first_on_line(p, t) ? source_place(p->c, t->start).column : 0;
}

static bool starts_statement(TokenKind k) {
    switch (k) {
    case TK_CONST:
    case TK_VAR:
    case TK_PARAM:
    case TK_FN:
    case TK_TASK:
    case TK_COMPTIME:
    case TK_LAYOUT:
    case TK_EXPORT:
    case TK_EXTERN:
    case TK_INLINE:
    case TK_IF:
    case TK_FOR:
    case TK_WHILE:
    case TK_SWITCH:
    case TK_RETURN:
    case TK_BREAK:
    case TK_CONTINUE:
    case TK_BUILTIN:
    case TK_IDENT: return true;
    default: return false;
    }
}

// A `;` within brackets, as in C's `for`: does one that closes them stand on the same line?
static bool closes_on_line(const Parser *p) {
    int open = 1;
    for (const Token *t = p->t + 1; t->kind != TK_EOF && !parse_first_on_line(p, t) && open; t++)
        open += t->kind == TK_LPAREN || t->kind == TK_LBRACKET   ? 1
                : t->kind == TK_RPAREN || t->kind == TK_RBRACKET ? -1
                                                                 : 0;
    return !open;
}

// Leave a broken statement that began in `column` with `nesting` brackets open.
static void recover(Parser *p, int column, size_t nesting) {
    p->panic = false;
    const Token *from = p->t;
    while (!at(p, TK_EOF)) {
        int here = column_if_first(p, p->t);
        if (here && p->t != from && here <= column && starts_statement(peek(p))) break;
        if (at(p, TK_RBRACE) && (p->open.len <= nesting || (here && here < column))) break;
        bool ends = at(p, TK_SEMI) && (p->open.len <= nesting ||
                                       (vec_last(&p->open) != TK_LBRACE && !closes_on_line(p)));
        take(p);
        if (ends && !at(p, TK_ELSE)) break;
        if (p->open.len <= nesting && p->t[-1].kind == TK_RBRACE && p->t - 1 != from &&
            (at(p, TK_SEMI) || at(p, TK_RBRACE) || at(p, TK_EOF) || parse_first_on_line(p, p->t))) {
            accept(p, TK_SEMI);
            break;
        }
    }
    if (p->open.len > nesting) p->open.len = nesting;
}

static bool starts_top_level_only(const Parser *p) {
    switch (peek(p)) {
    case TK_FN:
    case TK_TASK: return peek2(p) == TK_IDENT;
    case TK_PARAM:
    case TK_LAYOUT:
    case TK_EXPORT: return true;
    default: return false;
    }
}

Node *parse_block(Parser *p, Name *label) {
    if (!parse_enter(p)) {
        parse_leave(p);
        return parse_error_node(p);
    }
    const Token *open = take(p);
    Node *n = parse_node(p, ND_BLOCK, open->start, open->start);
    n->block.label = label;
    NodeVec v = { 0 };
    while (!at(p, TK_RBRACE) && !at(p, TK_EOF) && !diag_stop(p->c)) {
        if (accept(p, TK_SEMI)) continue;
        if (starts_top_level_only(p)) break;
        const Token *first = p->t;
        size_t nesting = p->open.len, labels = p->labels.len;
        vec_push(&v, parse_statement(p));
        if (p->panic) {
            recover(p, source_place(p->c, first->start).column, nesting);
            p->labels.len = labels;
            if (p->t == first) take(p);
        }
    }
    n->block.stmts = parse_list_of(p, &v);
    parse_leave(p);
    if (accept(p, TK_RBRACE)) return parse_done(p, n);
    bool declaration = !at(p, TK_EOF);
    if (declaration && column_if_first(p, p->t) > 1)
        parse_error(p, token_span(p->t), "%s may only stand at top level", token_name(peek(p)));
    else if (!p->panic) { // the declaration itself may be fine
        p->u->broken = true;
        if (diag_error(p->c, token_span(p->t), "a block is not closed before %s",
                       declaration ? "this declaration" : "the end of the file"))
            diag_note(p->c, token_span(open), "the block begins here");
    }
    return parse_done(p, n);
}

// ---- declarations ----

// align(N), linksection("S"), linkname("S"), in any order.
static void parse_attrs(Parser *p, Attrs **attrs) {
    while (at(p, TK_ALIGN) || at(p, TK_LINKSECTION) || at(p, TK_LINKNAME)) {
        const Token *t = take(p);
        if (!*attrs) *attrs = arena_new(&p->c->arena, Attrs);
        Node **slot = t->kind == TK_ALIGN      ? &(*attrs)->align
                      : t->kind == TK_LINKNAME ? &(*attrs)->linkname
                                               : &(*attrs)->linksection;
        Node *value = parse_paren(p, arena_printf(&p->c->arena, "after %s", token_name(t->kind)));
        if (*slot && !p->panic) {
            p->u->broken = true;
            diag_error(p->c, token_span(t), "%s stands here twice", token_name(t->kind));
        }
        *slot = value;
        if (p->panic) return;
    }
}

static Node *parse_var(Parser *p, SrcPos start, unsigned flags) {
    const Token *t = take(p);
    flags |= t->kind == TK_CONST ? NF_CONST : t->kind == TK_PARAM ? NF_PARAM : 0;
    const char *word = t->kind == TK_CONST ? "const" : t->kind == TK_PARAM ? "param" : "var";
    const Token *named = p->t;
    Node *n = parse_node(p, ND_VAR, named->start, start);
    n->flags = (uint16_t)flags;
    n->var.name = parse_expect_name(p, t->kind == TK_CONST   ? "constant"
                                       : t->kind == TK_PARAM ? "parameter"
                                                             : "variable");
    if (!n->var.name) return parse_error_node(p);
    if (accept(p, TK_COLON)) n->var.type = parse_type(p);
    parse_attrs(p, &n->var.attrs);
    if (!p->panic && accept(p, TK_EQ))
        n->var.init = parse_expr(p);
    else if (at(p, TK_EQ_EQ))
        parse_error(p, token_span(p->t), "a value is given with '=', not '=='");
    n = parse_done(p, n);
    if (p->panic || n->kind == ND_ERROR) return n;
    parse_expect_semi(p, arena_printf(&p->c->arena, "the declaration of '%s'", n->var.name->s));
    if (flags & NF_EXTERN) {
        if (n->var.init)
            diag_error(p->c, span_of(n->var.init),
                       "extern '%s' is defined elsewhere and cannot have a value here",
                       n->var.name->s);
        else if (!n->var.type)
            diag_error(p->c, token_span(named), "extern '%s' needs a type", n->var.name->s);
    } else if (!n->var.init && (flags & NF_CONST) && !((flags & NF_EXPORT) && n->var.type))
        diag_error(p->c, token_span(named), "const '%s' needs a value", n->var.name->s);
    else if (!n->var.init && !n->var.type && t->kind == TK_VAR)
        diag_error(p->c, token_span(named), "%s '%s' needs a type or a value", word,
                   n->var.name->s);
    return n;
}

static Name *param_name(const Node *n) { return n->kind == ND_PARAM ? n->param.name : NULL; }

static Node *parse_fn(Parser *p, SrcPos start, unsigned flags) {
    const Token *t = take(p);
    if (t->kind == TK_TASK) flags |= NF_TASK;
    const char *what = flags & NF_TASK ? "task" : "function";
    const Token *named = p->t;
    Node *n = parse_node(p, ND_FN, named->start, start);
    n->flags = (uint16_t)flags;
    n->fn.name = parse_expect_name(p, what);
    if (!n->fn.name) return parse_error_node(p);
    const Token *open = p->t;
    if (parse_expect(p, TK_LPAREN,
                     arena_printf(&p->c->arena, "and the parameters of '%s'", n->fn.name->s))) {
        n->fn.params = parse_list(p, TK_RPAREN, parse_fn_param, open);
        parse_check_names(p, &n->fn.params, param_name, "parameter");
    }
    parse_attrs(p, &n->fn.attrs);
    if (!p->panic && (at(p, TK_LBRACE) || at(p, TK_SEMI))) {
        p->u->broken = true;
        diag_error(p->c, (Span){ p->prev_end, p->prev_end, p->prev_end },
                   "%s '%s' needs a result type; 'void' if it returns nothing", what,
                   n->fn.name->s);
        n->fn.result = parse_error_node(p);
    } else
        n->fn.result = p->panic ? parse_error_node(p) : parse_type(p);
    parse_attrs(p, &n->fn.attrs);
    if (p->panic) return parse_done(p, n);
    if ((flags & NF_INLINE) && n->fn.attrs && n->fn.attrs->linkname)
        diag_error(p->c, span_of(n->fn.attrs->linkname),
                   "inline function '%s' has no symbol and cannot have a linkname", n->fn.name->s);
    if (!(flags & NF_EXTERN))
        for (uint32_t i = 0; i < n->fn.params.len; i++)
            if (n->fn.params.data[i]->kind == ND_PARAM && !n->fn.params.data[i]->param.name)
                diag_error(p->c, span_of(n->fn.params.data[i]),
                           "parameters of '%s' are written 'name: type'", n->fn.name->s);
    if (flags & NF_EXTERN) {
        if (at(p, TK_LBRACE))
            parse_error(p, token_span(p->t),
                        "extern '%s' is defined elsewhere and cannot have a body here",
                        n->fn.name->s);
        else
            parse_expect_semi(p, "extern function");
        return parse_done(p, n);
    }
    if (!at(p, TK_LBRACE)) {
        parse_unexpected(p, arena_printf(&p->c->arena, "'{' and the body of '%s'", n->fn.name->s));
        return parse_done(p, n);
    }
    int loops = p->loops;
    p->loops = 0;
    n->fn.body = parse_block(p, NULL);
    p->loops = loops;
    accept(p, TK_SEMI);
    return parse_done(p, n);
}

// color NAME;
static Node *parse_color(Parser *p) {
    const Token *t = take(p);
    Node *n = parse_node(p, ND_VAR, p->t->start, t->start);
    n->flags = NF_PARAM | NF_COLOR;
    n->var.name = parse_expect_name(p, "color");
    n = parse_done(p, n);
    parse_expect_semi(p, "the declaration of a color");
    return n;
}

static Node *parse_declaration(Parser *p) {
    SrcPos start = p->t->start;
    unsigned flags = 0;
    const Token *t = p->t;
    for (;; take(p)) {
        unsigned f = at(p, TK_EXPORT)   ? NF_EXPORT
                     : at(p, TK_EXTERN) ? NF_EXTERN
                     : at(p, TK_INLINE) ? NF_INLINE
                                        : 0;
        if (!f) break;
        if (flags & f)
            parse_error(p, token_span(p->t), "%s stands here twice", token_name(peek(p)));
        flags |= f;
    }
    if ((flags & NF_INLINE) && (flags & (NF_EXPORT | NF_EXTERN)))
        parse_error(p, token_span(t),
                    "an inline function exists at compile time only and has no symbol");
    else if ((flags & NF_EXPORT) && (flags & NF_EXTERN))
        parse_error(p, token_span(t), "a symbol is either exported here or defined elsewhere");
    switch (peek(p)) {
    case TK_CONST:
    case TK_VAR:
        if (flags & NF_INLINE) break;
        return parse_var(p, start, flags);
    case TK_PARAM:
        if (flags) break;
        return parse_var(p, start, 0);
    case TK_FN: return parse_fn(p, start, flags);
    case TK_TASK:
        if (flags & NF_INLINE) break;
        return parse_fn(p, start, flags);
    case TK_COMPTIME:
    case TK_LAYOUT:
        if (flags) break;
        if (peek2(p) != TK_LBRACE) {
            take(p);
            parse_unexpected(p, "'{'");
            return parse_error_node(p);
        }
        return parse_comptime_block(p);
    case TK_IDENT:
        if (!flags && peek2(p) == TK_IDENT &&
            str_eqc(source_text(p->c, p->t->start, p->t->end), "color"))
            return parse_color(p);
        break;
    default: break;
    }
    if (flags) {
        parse_unexpected(p, flags & NF_INLINE ? "'fn' after 'inline'"
                                              : "a variable or function after its storage class");
        return parse_error_node(p);
    }
    if (at(p, TK_RBRACE))
        parse_error(p, token_span(p->t), "this '}' closes nothing");
    else if (at(p, TK_IDENT)) {
        static const char *const words[] = { "const",  "var",      "param",  "fn",
                                             "task",   "comptime", "layout", "export",
                                             "extern", "inline",   "color" };
        Spelling s = spelling(parse_token_name(p, p->t)->s);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) spelling_offer(&s, words[i]);
        parse_error(p, token_span(p->t), "expected a declaration, found '%s'%s",
                    parse_token_name(p, p->t)->s, spelling_hint(p->c, &s));
    } else if (at(p, TK_BUILTIN) || starts_block_like(p) || at(p, TK_RETURN))
        parse_error(p, token_span(p->t),
                    "statements stand in functions, tasks, 'comptime' and 'layout' blocks, not at "
                    "top level");
    else
        parse_unexpected(p, "a declaration");
    return parse_error_node(p);
}

Unit *parse(Csl *c, SrcFile *f) {
    Unit *u = arena_new(&c->arena, Unit);
    u->file = f;
    Parser p = { .c = c, .u = u };
    int errors = c->errors;
    size_t first_diag = c->diags.len;
    lex(c, f, &p.tokens);
    p.t = p.tokens.data;
    NodeVec v = { 0 };
    while (!at(&p, TK_EOF) && !diag_stop(c)) {
        if (accept(&p, TK_SEMI)) continue;
        const Token *first = p.t;
        Node *n = parse_declaration(&p);
        if (n->kind != ND_ERROR) vec_push(&v, n);
        if (p.panic) {
            recover(&p, source_place(c, first->start).column, 0);
            if (p.t == first) take(&p);
        }
        p.open.len = p.labels.len = 0;
        p.loops = 0;
    }
    u->decls = parse_list_of(&p, &v);
    u->broken |= c->errors > errors;
    diag_sort(c, first_diag);
    vec_free(&p.tokens);
    vec_free(&p.open);
    vec_free(&p.labels);
    return u;
}
