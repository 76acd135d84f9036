// The parser's own header: its state, the tokens it stands on, and what its files share.
//
// Recovery: the first error in a statement sets `panic`; until the statement is left nothing more
// is reported and every loop ends. The statement is then skipped to its `;`, to the brace that
// closes its block, or to a line that begins like a statement and is indented no deeper. A missing
// `;` or `,` alone does not panic.
//
// Bounds: recursion is limited by `depth`, and the height of every tree by NODE_HEIGHT_MAX, so that
// whoever walks a tree may recurse.
#pragma once
#include "wse/build/csl.h"

typedef Vec(Node *) NodeVec;

typedef struct Parser {
    Csl *c;
    Unit *u;
    Tokens tokens;
    const Token *t;      // next token
    SrcPos prev_end;     // end of the last token taken
    Vec(TokenKind) open; // brackets taken and not closed
    Vec(Node *) labels;  // IDENT of every label in scope of the function
    int loops;           // around the current place, within the function
    int depth;
    bool panic;
} Parser;

// ---- parser.c: tokens, errors, nodes, lists ----

static inline TokenKind peek(const Parser *p) { return p->t->kind; }
static inline TokenKind peek2(const Parser *p) {
    return p->t->kind == TK_EOF ? TK_EOF : p->t[1].kind;
}
static inline TokenKind peek3(const Parser *p) {
    return peek2(p) == TK_EOF ? TK_EOF : p->t[2].kind;
}
static inline bool at(const Parser *p, TokenKind k) { return p->t->kind == k; }
static inline Span token_span(const Token *t) { return (Span){ t->start, t->start, t->end }; }
static inline bool is_keyword(TokenKind k) { return k >= TK_ALIGN && k < TK_COUNT; }
static inline void parse_leave(Parser *p) { p->depth--; }

void parse_close_bracket(Parser *p, TokenKind k);

static inline const Token *take(Parser *p) {
    const Token *t = p->t;
    if (t->kind == TK_EOF) return t;
    if (t->kind == TK_LPAREN || t->kind == TK_LBRACKET || t->kind == TK_LBRACE)
        vec_push(&p->open, t->kind);
    else if (t->kind == TK_RPAREN || t->kind == TK_RBRACKET || t->kind == TK_RBRACE)
        parse_close_bracket(p, t->kind);
    p->prev_end = t->end;
    p->t++;
    return t;
}

static inline bool accept(Parser *p, TokenKind k) {
    if (!at(p, k)) return false;
    take(p);
    return true;
}

bool parse_first_on_line(const Parser *p, const Token *t);
const char *parse_token_text(Parser *p, const Token *t);
bool parse_error(Parser *p, Span where, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool parse_unexpected(Parser *p, const char *expected);
bool parse_expect(Parser *p, TokenKind k, const char *where);
bool parse_expect_close(Parser *p, TokenKind k, const Token *open);
void parse_expect_semi(Parser *p, const char *what);
Node *parse_node(Parser *p, NodeKind kind, SrcPos pos, SrcPos start);
Node *parse_done(Parser *p, Node *n);
Node *parse_error_node(Parser *p);
NodeList parse_list_of(Parser *p, NodeVec *v);
bool parse_enter(Parser *p);
Name *parse_token_name(Parser *p, const Token *t);
Name *parse_expect_name(Parser *p, const char *what);
Name *parse_expect_field_name(Parser *p, const char *what);
Node *parse_ident(Parser *p, const char *what);
NodeList parse_list(Parser *p, TokenKind close, Node *(*item)(Parser *), const Token *open);
void parse_check_names(Parser *p, const NodeList *l, Name *(*name)(const Node *), const char *what);

// ---- parse_literal.c ----

Node *parse_int(Parser *p);
Node *parse_float(Parser *p);
Node *parse_string(Parser *p);
Node *parse_expect_string(Parser *p, const char *what);
Node *parse_char(Parser *p);
Node *parse_braced(Parser *p, Node *type, SrcPos start, bool array);
Node *parse_tensor(Parser *p);

// ---- parse_type.c ----

Node *parse_type(Parser *p);
bool parse_starts_type(const Parser *p);
Node *parse_type_only(Parser *p);
Node *parse_fn_param(Parser *p);

// ---- parse_expr.c ----

bool parse_starts_value(const Parser *p);
Node *parse_paren(Parser *p, const char *where);
Node *parse_if(Parser *p, bool statement);
Node *parse_switch(Parser *p);
bool parse_starts_labelled(const Parser *p);
Node *parse_labelled(Parser *p, bool statement);
Node *parse_suffixes(Parser *p, Node *n, bool with_braces);
Node *parse_primary(Parser *p, bool with_braces);
Node *parse_unary(Parser *p);
Node *parse_expr(Parser *p);
Node *parse_expr_or_assign(Parser *p);

// ---- parse.c: statements and declarations ----

Node *parse_block(Parser *p, Name *label);
Node *parse_branch(Parser *p, bool statement);
