// What all of the parser stands on: taking tokens, reporting, making nodes and lists of them.
#include "wse/build/parse.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_MAX = 400 };

// A new line between this token and the one before it?
bool parse_first_on_line(const Parser *p, const Token *t) {
    if (t == p->tokens.data) return true;
    Str gap = source_text(p->c, t[-1].end, t->start);
    return memchr(gap.p, '\n', gap.n) != NULL;
}

// A brace closes whatever was left open inside it; another bracket closes only its own kind.
void parse_close_bracket(Parser *p, TokenKind k) {
    TokenKind open = k == TK_RPAREN ? TK_LPAREN : k == TK_RBRACKET ? TK_LBRACKET : TK_LBRACE;
    size_t n = p->open.len;
    while (k == TK_RBRACE && n > 1 && p->open.data[n - 1] != open) n--;
    if (n && p->open.data[n - 1] == open) p->open.len = n - 1;
}

const char *parse_token_text(Parser *p, const Token *t) {
    if (t->kind == TK_EOF) return "end of file";
    Str s = source_text(p->c, t->start, t->end);
    if (s.n > 40) return token_name(t->kind);
    if (t->kind == TK_STRING || t->kind == TK_CHAR)
        return arena_printf(&p->c->arena, "%.*s", STR_ARG(s));
    return arena_printf(&p->c->arena, "'%.*s'", STR_ARG(s));
}

bool parse_error(Parser *p, Span where, const char *fmt, ...) {
    p->u->broken = true;
    if (p->panic) return false;
    p->panic = true;
    va_list ap;
    va_start(ap, fmt);
    char text[512];
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return diag_error(p->c, where, "%s", text);
}

// The lexer has reported an invalid token already.
bool parse_unexpected(Parser *p, const char *expected) {
    if (at(p, TK_ERROR)) {
        p->u->broken = p->panic = true;
        return false;
    }
    return parse_error(p, token_span(p->t), "expected %s, found %s", expected,
                       parse_token_text(p, p->t));
}

bool parse_expect(Parser *p, TokenKind k, const char *where) {
    if (accept(p, k)) return true;
    parse_unexpected(p, where ? arena_printf(&p->c->arena, "%s %s", token_name(k), where)
                              : token_name(k));
    return false;
}

// The bracket that closes `open`.
bool parse_expect_close(Parser *p, TokenKind k, const Token *open) {
    if (accept(p, k)) return true;
    if (at(p, TK_EQ) && k == TK_RPAREN) {
        if (parse_error(p, token_span(p->t), "an assignment is no expression"))
            diag_note(p->c, token_span(p->t), "'==' compares");
        return false;
    }
    if (parse_unexpected(p, token_name(k)) && open->start + 1 != p->t->start)
        diag_note(p->c, token_span(open), "to match this %s", token_name(open->kind));
    return false;
}

// A missing `;` is told where it should stand, and the statement counts as complete.
void parse_expect_semi(Parser *p, const char *what) {
    if (accept(p, TK_SEMI) || p->panic) return;
    if (at(p, TK_ERROR)) {
        p->u->broken = p->panic = true;
        return;
    }
    p->u->broken = true;
    if (!parse_first_on_line(p, p->t) && !at(p, TK_EOF) && !at(p, TK_RBRACE)) {
        parse_error(p, token_span(p->t), "expected ';' after %s, found %s", what,
                    parse_token_text(p, p->t));
        return;
    }
    diag_error(p->c, (Span){ p->prev_end, p->prev_end, p->prev_end }, "expected ';' after %s",
               what);
}

// Every child of a node, in source order, with what it is to its parent.
void node_each(const Node *n, void (*visit)(void *ctx, Node *child, const char *role), void *ctx) {
#define ONE(of, child)                                                                             \
    do {                                                                                           \
        if (n->of.child) visit(ctx, n->of.child, #child);                                          \
    } while (0)
#define ALL(of, list)                                                                              \
    do {                                                                                           \
        for (uint32_t i_ = 0; i_ < n->of.list.len; i_++) visit(ctx, n->of.list.data[i_], #list);   \
    } while (0)
#define ATTRS(of)                                                                                  \
    do {                                                                                           \
        if (n->of.attrs) {                                                                         \
            ONE(of, attrs->align);                                                                 \
            ONE(of, attrs->linksection);                                                           \
            ONE(of, attrs->linkname);                                                              \
        }                                                                                          \
    } while (0)
    switch ((NodeKind)n->kind) {
    case ND_VAR:
        ONE(var, type);
        ATTRS(var);
        ONE(var, init);
        break;
    case ND_FN:
        ALL(fn, params);
        ONE(fn, result);
        ATTRS(fn);
        ONE(fn, body);
        break;
    case ND_PARAM: ONE(param, type); break;
    case ND_COMPTIME_BLOCK:
    case ND_LAYOUT: ONE(block_decl, body); break;
    case ND_ASSIGN:
        ONE(assign, lhs);
        ONE(assign, rhs);
        break;
    case ND_BLOCK: ALL(block, stmts); break;
    case ND_IF:
        ONE(if_, cond);
        ONE(if_, then);
        ONE(if_, otherwise);
        break;
    case ND_FOR:
        ONE(for_, over);
        ONE(for_, elem);
        ONE(for_, index);
        ONE(for_, body);
        break;
    case ND_WHILE:
        ONE(while_, cond);
        ONE(while_, step);
        ONE(while_, body);
        break;
    case ND_SWITCH:
        ONE(switch_, on);
        ALL(switch_, cases);
        break;
    case ND_CASE:
        ALL(case_, values);
        ONE(case_, body);
        break;
    case ND_BREAK:
    case ND_CONTINUE:
    case ND_RETURN: ONE(jump, value); break;
    case ND_ASM:
        ONE(asm_, text);
        ALL(asm_, outputs);
        ALL(asm_, inputs);
        ALL(asm_, clobbers);
        break;
    case ND_ASM_OPERAND:
        ONE(asm_operand, constraint);
        ONE(asm_operand, value);
        break;
    case ND_UNARY:
    case ND_ADDRESS:
    case ND_DEREF:
    case ND_COMPTIME: ONE(unary, operand); break;
    case ND_BINARY:
        ONE(binary, lhs);
        ONE(binary, rhs);
        break;
    case ND_FIELD: ONE(field, of); break;
    case ND_INDEX:
    case ND_CALL:
        ONE(call, of);
        ALL(call, args);
        break;
    case ND_BUILTIN: ALL(builtin, args); break;
    case ND_ARRAY_LITERAL:
    case ND_TUPLE:
    case ND_STRUCT_LITERAL:
        ONE(literal, type);
        ALL(literal, items);
        break;
    case ND_FIELD_INIT: ONE(field_init, value); break;
    case ND_TENSOR:
        ALL(tensor, vars);
        ALL(tensor, extents);
        ONE(tensor, access);
        break;
    case ND_ARRAY_TYPE:
        ALL(array_type, dims);
        ONE(array_type, elem);
        break;
    case ND_POINTER_TYPE: ONE(pointer_type, to); break;
    case ND_FN_TYPE:
        ALL(fn_type, params);
        ONE(fn_type, result);
        break;
    case ND_STRUCT_TYPE:
    case ND_UNION_TYPE:
    case ND_ENUM_TYPE:
        ONE(aggregate, base);
        ALL(aggregate, members);
        break;
    case ND_MEMBER:
        ONE(member, type);
        ONE(member, value);
        break;
    case ND_INT:
    case ND_FLOAT:
    case ND_STRING:
    case ND_BOOL:
    case ND_IDENT:
    case ND_ERROR:
    case ND_COUNT: break;
    }
#undef ONE
#undef ALL
#undef ATTRS
}

Node *parse_node(Parser *p, NodeKind kind, SrcPos pos, SrcPos start) {
    Node *n = arena_new(&p->c->arena, Node);
    n->kind = (uint8_t)kind;
    n->id = p->u->nnodes++;
    n->pos = pos;
    n->start = start;
    return n;
}

static void measure(void *parent, Node *child, const char *role) {
    (void)role;
    Node *n = parent;
    if (child->height >= n->height) n->height = (uint16_t)(child->height + 1);
}

// The last thing done to a node: its end and its height.
Node *parse_done(Parser *p, Node *n) {
    n->end = p->prev_end > n->start ? p->prev_end : n->start;
    node_each(n, measure, n);
    if (n->height <= NODE_HEIGHT_MAX) return n;
    parse_error(p, span_of(n), "this is nested too deeply");
    Node *error = parse_node(p, ND_ERROR, n->pos, n->start);
    error->end = n->end;
    return error;
}

Node *parse_error_node(Parser *p) {
    Node *n = parse_node(p, ND_ERROR, p->t->start, p->t->start);
    n->end = p->t->start;
    p->u->broken = true;
    return n;
}

NodeList parse_list_of(Parser *p, NodeVec *v) {
    NodeList l = { arena_array(&p->c->arena, Node *, v->len), (uint32_t)v->len };
    if (v->len) memcpy(l.data, v->data, v->len * sizeof *v->data);
    vec_free(v);
    return l;
}

bool parse_enter(Parser *p) {
    if (++p->depth <= DEPTH_MAX) return true;
    parse_error(p, token_span(p->t), "this is nested too deeply");
    return false;
}

Name *parse_token_name(Parser *p, const Token *t) {
    Str s = source_text(p->c, t->start, t->end);
    return name_of(p->c, s.p, s.n);
}

static const char *article(const char *noun) { return strchr("aeiou", *noun) ? "an" : "a"; }

// A name being declared or used; a keyword in its place is named as such. NULL after an error.
Name *parse_expect_name(Parser *p, const char *what) {
    if (at(p, TK_IDENT)) return parse_token_name(p, take(p));
    if (is_keyword(peek(p)))
        parse_error(p, token_span(p->t), "%s is a keyword and cannot be the name of %s %s",
                    token_name(peek(p)), article(what), what);
    else
        parse_unexpected(p, arena_printf(&p->c->arena, "the name of %s %s", article(what), what));
    return NULL;
}

// Names of fields and members may be keywords.
Name *parse_expect_field_name(Parser *p, const char *what) {
    if (is_keyword(peek(p))) return parse_token_name(p, take(p));
    return parse_expect_name(p, what);
}

Node *parse_ident(Parser *p, const char *what) {
    const Token *t = p->t;
    Name *name = parse_expect_name(p, what);
    if (!name) return parse_error_node(p);
    Node *n = parse_node(p, ND_IDENT, t->start, t->start);
    n->name = name;
    return parse_done(p, n);
}

// Items up to a closing bracket, separated by commas; a last comma is fine.
NodeList parse_list(Parser *p, TokenKind close, Node *(*item)(Parser *), const Token *open) {
    NodeVec v = { 0 };
    while (!at(p, close) && !at(p, TK_EOF) && !p->panic) {
        vec_push(&v, item(p));
        if (!accept(p, TK_COMMA)) break;
    }
    if (!at(p, close) && !p->panic && !at(p, TK_EQ)) {
        if (parse_unexpected(p, arena_printf(&p->c->arena, "',' or %s", token_name(close))))
            diag_note(p->c, token_span(open), "to match this %s", token_name(open->kind));
    } else
        parse_expect_close(p, close, open);
    return parse_list_of(p, &v);
}

// No name twice. `where` and `what` make "field 'x' is given twice in this literal".
void parse_check_names(Parser *p, const NodeList *l, Name *(*name)(const Node *),
                       const char *what) {
    if (l->len < 2) return;
    Map seen = { 0 };
    for (uint32_t i = 0; i < l->len; i++) {
        Name *n = name(l->data[i]);
        if (!n) continue;
        uint64_t *slot = map_put(&seen, &n->id, sizeof n->id);
        if (*slot) {
            p->u->broken = true;
            if (diag_error(p->c, span_of(l->data[i]), "%s '%s' stands here twice", what, n->s))
                diag_note(p->c, span_of((Node *)(uintptr_t)*slot), "the first one");
        } else
            *slot = (uintptr_t)l->data[i];
    }
    map_free(&seen);
}
