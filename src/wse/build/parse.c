// The parser: recursive descent over the token array, binary operators by precedence climbing with Zig's levels.
//
// Recovery: the first error in a statement sets `panic`; until the statement is left nothing more is reported and every
// loop ends. The statement is then skipped to its `;`, to the brace that closes its block, or to a line that begins like
// a statement and is indented no deeper. A missing `;` or `,` alone does not panic.
//
// Bounds: recursion is limited by `depth`, and the height of every tree by NODE_HEIGHT_MAX, so that whoever walks a tree may
// recurse.
#include "wse/build/csl.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 400 };

typedef Vec(Node *) NodeVec;

typedef struct Parser {
    Csl *c;
    Unit *u;
    Tokens tokens;
    const Token *t;             // next token
    SrcPos prev_end;            // end of the last token taken
    Vec(TokenKind) open;        // brackets taken and not closed
    Vec(Node *) labels;         // IDENT of every label in scope of the function
    int loops;                  // around the current place, within the function
    int depth;
    bool panic;
} Parser;

static Node *parse_expr(Parser *p);
static Node *parse_expr_or_assign(Parser *p);
static Node *parse_type(Parser *p);
static Node *parse_unary(Parser *p);
static Node *parse_block(Parser *p, Name *label);
static Node *parse_branch(Parser *p, bool statement);
static Node *parse_var(Parser *p, SrcPos start, unsigned flags);

// ---- tokens ----

static TokenKind peek(const Parser *p) { return p->t->kind; }
static TokenKind peek2(const Parser *p) { return p->t->kind == TK_EOF ? TK_EOF : p->t[1].kind; }
static TokenKind peek3(const Parser *p) { return peek2(p) == TK_EOF ? TK_EOF : p->t[2].kind; }
static bool at(const Parser *p, TokenKind k) { return p->t->kind == k; }
static Span token_span(const Token *t) { return (Span){ t->start, t->start, t->end }; }

// A new line between this token and the one before it?
static bool first_on_line(const Parser *p, const Token *t) {
    if (t == p->tokens.data)
        return true;
    Str gap = source_text(p->c, t[-1].end, t->start);
    return memchr(gap.p, '\n', gap.n) != NULL;
}

// A brace closes whatever was left open inside it; another bracket closes only its own kind.
static void close_bracket(Parser *p, TokenKind k) {
    TokenKind open = k == TK_RPAREN ? TK_LPAREN : k == TK_RBRACKET ? TK_LBRACKET : TK_LBRACE;
    size_t n = p->open.len;
    while (k == TK_RBRACE && n > 1 && p->open.data[n - 1] != open)
        n--;
    if (n && p->open.data[n - 1] == open)
        p->open.len = n - 1;
}

static const Token *take(Parser *p) {
    const Token *t = p->t;
    if (t->kind == TK_EOF)
        return t;
    if (t->kind == TK_LPAREN || t->kind == TK_LBRACKET || t->kind == TK_LBRACE)
        vec_push(&p->open, t->kind);
    else if (t->kind == TK_RPAREN || t->kind == TK_RBRACKET || t->kind == TK_RBRACE)
        close_bracket(p, t->kind);
    p->prev_end = t->end;
    p->t++;
    return t;
}

static bool accept(Parser *p, TokenKind k) {
    if (!at(p, k))
        return false;
    take(p);
    return true;
}

static const char *token_text(Parser *p, const Token *t) {
    if (t->kind == TK_EOF)
        return "end of file";
    Str s = source_text(p->c, t->start, t->end);
    if (s.n > 40)
        return token_name(t->kind);
    if (t->kind == TK_STRING || t->kind == TK_CHAR)
        return arena_printf(&p->c->arena, "%.*s", STR_ARG(s));
    return arena_printf(&p->c->arena, "'%.*s'", STR_ARG(s));
}

// Errors: `panic` is set by the first of a statement. False when it was swallowed.
static bool parse_error(Parser *p, Span where, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static bool parse_error(Parser *p, Span where, const char *fmt, ...) {
    p->u->broken = true;
    if (p->panic)
        return false;
    p->panic = true;
    va_list ap;
    va_start(ap, fmt);
    char text[512];
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    return diag_error(p->c, where, "%s", text);
}

// The lexer has reported an invalid token already.
static bool unexpected(Parser *p, const char *expected) {
    if (at(p, TK_ERROR)) {
        p->u->broken = p->panic = true;
        return false;
    }
    return parse_error(p, token_span(p->t), "expected %s, found %s", expected, token_text(p, p->t));
}

static bool expect(Parser *p, TokenKind k, const char *where) {
    if (accept(p, k))
        return true;
    unexpected(p, where ? arena_printf(&p->c->arena, "%s %s", token_name(k), where) : token_name(k));
    return false;
}

// The bracket that closes `open`.
static bool expect_close(Parser *p, TokenKind k, const Token *open) {
    if (accept(p, k))
        return true;
    if (at(p, TK_EQ) && k == TK_RPAREN) {
        if (parse_error(p, token_span(p->t), "an assignment is no expression"))
            diag_note(p->c, token_span(p->t), "'==' compares");
        return false;
    }
    if (unexpected(p, token_name(k)) && open->start + 1 != p->t->start)
        diag_note(p->c, token_span(open), "to match this %s", token_name(open->kind));
    return false;
}

// A missing `;` is told where it should stand, and the statement counts as complete.
static void expect_semi(Parser *p, const char *what) {
    if (accept(p, TK_SEMI) || p->panic)
        return;
    if (at(p, TK_ERROR)) {
        p->u->broken = p->panic = true;
        return;
    }
    p->u->broken = true;
    if (!first_on_line(p, p->t) && !at(p, TK_EOF) && !at(p, TK_RBRACE)) {
        parse_error(p, token_span(p->t), "expected ';' after %s, found %s", what, token_text(p, p->t));
        return;
    }
    diag_error(p->c, (Span){ p->prev_end, p->prev_end, p->prev_end }, "expected ';' after %s", what);
}

// ---- nodes ----

// Every child of a node, in source order, with what it is to its parent.
void node_each(const Node *n, void (*visit)(void *ctx, Node *child, const char *role), void *ctx) {
#define ONE(of, child) do { if (n->of.child) visit(ctx, n->of.child, #child); } while (0)
#define ALL(of, list)  do { for (uint32_t i_ = 0; i_ < n->of.list.len; i_++) visit(ctx, n->of.list.data[i_], #list); } while (0)
#define ATTRS(of)      do { if (n->of.attrs) { ONE(of, attrs->align); ONE(of, attrs->linksection); ONE(of, attrs->linkname); } } while (0)
    switch ((NodeKind)n->kind) {
    case ND_VAR: ONE(var, type); ATTRS(var); ONE(var, init); break;
    case ND_FN: ALL(fn, params); ONE(fn, result); ATTRS(fn); ONE(fn, body); break;
    case ND_PARAM: ONE(param, type); break;
    case ND_COMPTIME_BLOCK: case ND_LAYOUT: ONE(block_decl, body); break;
    case ND_ASSIGN: ONE(assign, lhs); ONE(assign, rhs); break;
    case ND_BLOCK: ALL(block, stmts); break;
    case ND_IF: ONE(if_, cond); ONE(if_, then); ONE(if_, otherwise); break;
    case ND_FOR: ONE(for_, over); ONE(for_, elem); ONE(for_, index); ONE(for_, body); break;
    case ND_WHILE: ONE(while_, cond); ONE(while_, step); ONE(while_, body); break;
    case ND_SWITCH: ONE(switch_, on); ALL(switch_, cases); break;
    case ND_CASE: ALL(case_, values); ONE(case_, body); break;
    case ND_BREAK: case ND_CONTINUE: case ND_RETURN: ONE(jump, value); break;
    case ND_ASM: ONE(asm_, text); ALL(asm_, outputs); ALL(asm_, inputs); ALL(asm_, clobbers); break;
    case ND_ASM_OPERAND: ONE(asm_operand, constraint); ONE(asm_operand, value); break;
    case ND_UNARY: case ND_ADDRESS: case ND_DEREF: case ND_COMPTIME: ONE(unary, operand); break;
    case ND_BINARY: ONE(binary, lhs); ONE(binary, rhs); break;
    case ND_FIELD: ONE(field, of); break;
    case ND_INDEX: case ND_CALL: ONE(call, of); ALL(call, args); break;
    case ND_BUILTIN: ALL(builtin, args); break;
    case ND_ARRAY_LITERAL: case ND_TUPLE: case ND_STRUCT_LITERAL: ONE(literal, type); ALL(literal, items); break;
    case ND_FIELD_INIT: ONE(field_init, value); break;
    case ND_TENSOR: ALL(tensor, vars); ALL(tensor, extents); ONE(tensor, access); break;
    case ND_ARRAY_TYPE: ALL(array_type, dims); ONE(array_type, elem); break;
    case ND_POINTER_TYPE: ONE(pointer_type, to); break;
    case ND_FN_TYPE: ALL(fn_type, params); ONE(fn_type, result); break;
    case ND_STRUCT_TYPE: case ND_UNION_TYPE: case ND_ENUM_TYPE: ONE(aggregate, base); ALL(aggregate, members); break;
    case ND_MEMBER: ONE(member, type); ONE(member, value); break;
    case ND_INT: case ND_FLOAT: case ND_STRING: case ND_BOOL: case ND_IDENT: case ND_ERROR: case ND_COUNT: break;
    }
#undef ONE
#undef ALL
#undef ATTRS
}

static Node *new_node(Parser *p, NodeKind kind, SrcPos pos, SrcPos start) {
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
    if (child->height >= n->height)
        n->height = (uint16_t)(child->height + 1);
}

// The last thing done to a node: its end and its height.
static Node *done(Parser *p, Node *n) {
    n->end = p->prev_end > n->start ? p->prev_end : n->start;
    node_each(n, measure, n);
    if (n->height <= NODE_HEIGHT_MAX)
        return n;
    parse_error(p, span_of(n), "this is nested too deeply");
    Node *error = new_node(p, ND_ERROR, n->pos, n->start);
    error->end = n->end;
    return error;
}

static Node *error_node(Parser *p) {
    Node *n = new_node(p, ND_ERROR, p->t->start, p->t->start);
    n->end = p->t->start;
    p->u->broken = true;
    return n;
}

static NodeList list_of(Parser *p, NodeVec *v) {
    NodeList l = { arena_array(&p->c->arena, Node *, v->len), (uint32_t)v->len };
    if (v->len)
        memcpy(l.data, v->data, v->len * sizeof *v->data);
    vec_free(v);
    return l;
}

static bool enter(Parser *p) {
    if (++p->depth <= DEPTH_MAX)
        return true;
    parse_error(p, token_span(p->t), "this is nested too deeply");
    return false;
}

static void leave(Parser *p) { p->depth--; }

static Name *token_to_name(Parser *p, const Token *t) {
    Str s = source_text(p->c, t->start, t->end);
    return name_of(p->c, s.p, s.n);
}

static bool is_keyword(TokenKind k) { return k >= TK_ALIGN && k < TK_COUNT; }

static const char *article(const char *noun) { return strchr("aeiou", *noun) ? "an" : "a"; }

// A name being declared or used; a keyword in its place is named as such. NULL after an error.
static Name *expect_name(Parser *p, const char *what) {
    if (at(p, TK_IDENT))
        return token_to_name(p, take(p));
    if (is_keyword(peek(p)))
        parse_error(p, token_span(p->t), "%s is a keyword and cannot be the name of %s %s", token_name(peek(p)),
                    article(what), what);
    else
        unexpected(p, arena_printf(&p->c->arena, "the name of %s %s", article(what), what));
    return NULL;
}

// Names of fields and members may be keywords.
static Name *expect_field_name(Parser *p, const char *what) {
    if (is_keyword(peek(p)))
        return token_to_name(p, take(p));
    return expect_name(p, what);
}

static Node *ident_node(Parser *p, const char *what) {
    const Token *t = p->t;
    Name *name = expect_name(p, what);
    if (!name)
        return error_node(p);
    Node *n = new_node(p, ND_IDENT, t->start, t->start);
    n->name = name;
    return done(p, n);
}

// Items up to a closing bracket, separated by commas; a last comma is fine.
static NodeList parse_list(Parser *p, TokenKind close, Node *(*item)(Parser *), const Token *open) {
    NodeVec v = { 0 };
    while (!at(p, close) && !at(p, TK_EOF) && !p->panic) {
        vec_push(&v, item(p));
        if (!accept(p, TK_COMMA))
            break;
    }
    if (!at(p, close) && !p->panic && !at(p, TK_EQ)) {
        if (unexpected(p, arena_printf(&p->c->arena, "',' or %s", token_name(close))))
            diag_note(p->c, token_span(open), "to match this %s", token_name(open->kind));
    } else
        expect_close(p, close, open);
    return list_of(p, &v);
}

// No name twice. `where` and `what` make "field 'x' is given twice in this literal".
static void check_names(Parser *p, const NodeList *l, Name *(*name)(const Node *), const char *what) {
    if (l->len < 2)
        return;
    Map seen = { 0 };
    for (uint32_t i = 0; i < l->len; i++) {
        Name *n = name(l->data[i]);
        if (!n)
            continue;
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

// ---- literals ----

static Node *parse_int(Parser *p) {
    const Token *t = take(p);
    Node *n = new_node(p, ND_INT, t->start, t->start);
    Str s = source_text(p->c, t->start, t->end);
    unsigned base = 10;
    size_t i = 0;
    if (s.n > 2 && s.p[0] == '0' && strchr("xbo", s.p[1])) {
        base = s.p[1] == 'x' ? 16 : s.p[1] == 'b' ? 2 : 8;
        i = 2;
    }
    unsigned __int128 v = 0;
    bool over = false;
    for (; i < s.n; i++) {
        if (s.p[i] == '_')
            continue;
        unsigned d = (unsigned char)s.p[i];
        d = d <= '9' ? d - '0' : (d | 32) - 'a' + 10;
        if (v > (~(unsigned __int128)0 - d) / base)
            over = true;
        v = v * base + d;
    }
    if (over) {
        p->u->broken = true;
        diag_error(p->c, token_span(t), "integer needs more than 128 bits");
        v = 0;
    }
    n->integer.lo = (uint64_t)v;
    n->integer.hi = (uint64_t)(v >> 64);
    return done(p, n);
}

static Node *parse_float(Parser *p) {
    const Token *t = take(p);
    Node *n = new_node(p, ND_FLOAT, t->start, t->start);
    Str s = source_text(p->c, t->start, t->end);
    char *digits = arena_alloc(&p->c->arena, s.n + 1);
    size_t k = 0;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '_')
            digits[k++] = s.p[i];
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);   // the user's may write 1,5
    n->number = strtod_l(digits, NULL, c_locale);
    freelocale(c_locale);
    if (n->number > 1.7976931348623157e308) {
        p->u->broken = true;
        diag_error(p->c, token_span(t), "number is too large for a comptime_float");
    }
    return done(p, n);
}

static int hex_value(char ch) {
    if (ch >= '0' && ch <= '9')
        return ch - '0';
    ch |= 32;
    return ch >= 'a' && ch <= 'f' ? ch - 'a' + 10 : -1;
}

// What an escape stands for; *i is its backslash and ends on its last character.
static int decode_escape(Parser *p, const Token *t, Str s, size_t *i) {
    size_t from = *i;
    char ch = s.p[++*i];
    switch (ch) {
    case 'n': return '\n';
    case 't': return '\t';
    case 'r': return '\r';
    case '\\': case '\'': case '"': return ch;
    case 'x':
        if (*i + 3 < s.n + 0 && hex_value(s.p[*i + 1]) >= 0 && hex_value(s.p[*i + 2]) >= 0) {
            *i += 2;
            return hex_value(s.p[*i - 1]) * 16 + hex_value(s.p[*i]);
        }
        break;
    }
    SrcPos start = t->start + (SrcPos)from;
    p->u->broken = true;
    if (diag_error(p->c, (Span){ start, start, start + 2 },
                   ch == 'x' ? "'\\x' needs two hexadecimal digits" : "unknown escape '\\%c'", ch))
        diag_note(p->c, NOWHERE, "escapes are \\n \\t \\r \\\\ \\' \\\" and \\xNN");
    return '?';
}

static Node *parse_string(Parser *p) {
    const Token *t = take(p);
    Node *n = new_node(p, ND_STRING, t->start, t->start);
    Str s = source_text(p->c, t->start, t->end);
    char *out = arena_alloc(&p->c->arena, s.n + 1);
    uint32_t len = 0;
    for (size_t i = 1; i + 1 < s.n; i++)
        out[len++] = s.p[i] == '\\' ? (char)decode_escape(p, t, s, &i) : s.p[i];
    n->string.p = out;
    n->string.len = len;
    return done(p, n);
}

static Node *expect_string(Parser *p, const char *what) {
    if (at(p, TK_STRING))
        return parse_string(p);
    unexpected(p, what);
    return error_node(p);
}

// One character in UTF-8; 0 for none or several.
static uint32_t decode_utf8(const char *s, size_t n) {
    const unsigned char *u = (const unsigned char *)s;
    size_t len = u[0] < 0x80 ? 1 : u[0] >= 0xc2 && u[0] < 0xe0 ? 2 : (u[0] & 0xf0) == 0xe0 ? 3 : (u[0] & 0xf8) == 0xf0 ? 4 : 0;
    if (!len || len != n)
        return 0;
    uint32_t v = len == 1 ? u[0] : u[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((u[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (u[i] & 0x3f);
    }
    return v;
}

static Node *parse_char(Parser *p) {
    const Token *t = take(p);
    Node *n = new_node(p, ND_INT, t->start, t->start);
    n->flags = NF_CHAR;
    Str s = source_text(p->c, t->start, t->end);
    size_t i = 1;
    if (s.n > 2 && s.p[1] == '\\') {
        n->integer.lo = (uint64_t)decode_escape(p, t, s, &i);
        if (i + 2 == s.n)
            return done(p, n);
    } else if (s.n > 2) {
        n->integer.lo = decode_utf8(s.p + 1, s.n - 2);
        if (n->integer.lo)
            return done(p, n);
    }
    p->u->broken = true;
    diag_error(p->c, token_span(t), s.n == 2 ? "empty character literal" : "a character literal holds one character");
    return done(p, n);
}

static Name *field_init_name(const Node *n) { return n->kind == ND_FIELD_INIT ? n->field_init.name : NULL; }

static Node *parse_field_init(Parser *p) {
    const Token *dot = p->t;
    if (!at(p, TK_DOT) || peek3(p) != TK_EQ) {
        parse_error(p, token_span(p->t), "expected '.name = value' as in the rest of this literal");
        return error_node(p);
    }
    take(p);
    const Token *t = p->t;
    Name *name = expect_field_name(p, "field");
    if (!name)
        return error_node(p);
    Node *n = new_node(p, ND_FIELD_INIT, t->start, dot->start);
    n->field_init.name = name;
    take(p);
    n->field_init.value = parse_expr(p);
    return done(p, n);
}

static Node *parse_item(Parser *p) {
    if (at(p, TK_DOT) && peek3(p) == TK_EQ) {
        parse_error(p, token_span(p->t), "a field name in a literal whose items have none");
        return error_node(p);
    }
    return parse_expr(p);
}

static bool at_field_init(const Parser *p) {
    return at(p, TK_DOT) && (peek2(p) == TK_IDENT || is_keyword(peek2(p))) && peek3(p) == TK_EQ;
}

// `{ ... }` after `.` or after a type.
static Node *parse_braced(Parser *p, Node *type, SrcPos start, bool array) {
    const Token *open = take(p);
    bool fields = at_field_init(p) || (at(p, TK_RBRACE) && !array);
    Node *n = new_node(p, fields ? ND_STRUCT_LITERAL : type ? ND_ARRAY_LITERAL : ND_TUPLE, type ? type->pos : start, start);
    n->literal.type = type;
    n->literal.items = parse_list(p, TK_RBRACE, fields ? parse_field_init : parse_item, open);
    if (fields)
        check_names(p, &n->literal.items, field_init_name, "field");
    return done(p, n);
}

// |i, j|{n, m} -> base[e1, e2]
static Node *parse_induction_var(Parser *p) { return ident_node(p, "induction variable"); }

static Name *ident_name(const Node *n) { return n->kind == ND_IDENT ? n->name : NULL; }

static Node *parse_tensor(Parser *p) {
    const Token *bar = take(p);
    Node *n = new_node(p, ND_TENSOR, bar->start, bar->start);
    n->tensor.vars = parse_list(p, TK_BAR, parse_induction_var, bar);
    check_names(p, &n->tensor.vars, ident_name, "induction variable");
    const Token *open = p->t;
    if (!p->panic && expect(p, TK_LBRACE, "with the lengths of a tensor access"))
        n->tensor.extents = parse_list(p, TK_RBRACE, parse_expr, open);
    if (!p->panic)
        expect(p, TK_ARROW, "after the lengths of a tensor access");
    n->tensor.access = enter(p) && !p->panic ? parse_unary(p) : error_node(p);
    leave(p);
    if (!p->panic && n->tensor.vars.len != n->tensor.extents.len) {
        p->u->broken = true;
        diag_error(p->c, (Span){ n->start, n->start, n->tensor.access->start },
                   "%u induction variable%s but %u length%s", n->tensor.vars.len, n->tensor.vars.len == 1 ? "" : "s",
                   n->tensor.extents.len, n->tensor.extents.len == 1 ? "" : "s");
    }
    return done(p, n);
}

// ---- types ----

static Node *parse_fn_param(Parser *p) {
    const Token *t = p->t;
    unsigned flags = accept(p, TK_COMPTIME) ? NF_COMPTIME : 0;
    const Token *named = p->t;
    Node *n = new_node(p, ND_PARAM, named->start, t->start);
    n->flags = (uint16_t)flags;
    if ((at(p, TK_IDENT) || is_keyword(peek(p))) && peek2(p) == TK_COLON) {
        n->param.name = expect_name(p, "parameter");
        if (!n->param.name)
            return error_node(p);
        take(p);
    }
    if (accept(p, TK_ANYTYPE))
        n->flags |= NF_ANYTYPE;
    else
        n->param.type = parse_type(p);
    return done(p, n);
}

static Name *param_name(const Node *n) { return n->kind == ND_PARAM ? n->param.name : NULL; }

static Node *parse_fn_type(Parser *p) {
    const Token *t = take(p);
    Node *n = new_node(p, ND_FN_TYPE, t->start, t->start);
    n->flags = t->kind == TK_TASK ? NF_TASK : 0;
    const Token *open = p->t;
    if (expect(p, TK_LPAREN, "in a function type"))
        n->fn_type.params = parse_list(p, TK_RPAREN, parse_fn_param, open);
    n->fn_type.result = p->panic ? error_node(p) : parse_type(p);
    return done(p, n);
}

static Name *member_name(const Node *n) { return n->kind == ND_MEMBER ? n->member.name : NULL; }

static Node *parse_struct_member(Parser *p) {
    const Token *t = p->t;
    Name *name = expect_field_name(p, "field");
    if (!name)
        return error_node(p);
    Node *n = new_node(p, ND_MEMBER, t->start, t->start);
    n->member.name = name;
    if (expect(p, TK_COLON, "and the type of the field"))
        n->member.type = parse_type(p);
    if (at(p, TK_EQ))
        parse_error(p, token_span(p->t), "fields have no default values in CSL");
    return done(p, n);
}

static Node *parse_enum_member(Parser *p) {
    const Token *t = p->t;
    Name *name = expect_field_name(p, "enum member");
    if (!name)
        return error_node(p);
    Node *n = new_node(p, ND_MEMBER, t->start, t->start);
    n->member.name = name;
    if (accept(p, TK_EQ))
        n->member.value = parse_expr(p);
    return done(p, n);
}

// [extern|packed] struct|union|enum [(T)] { ... }
static Node *parse_aggregate(Parser *p) {
    SrcPos start = p->t->start;
    unsigned flags = accept(p, TK_EXTERN) ? NF_EXTERN : accept(p, TK_PACKED) ? NF_PACKED : 0;
    const Token *t = p->t;
    if (!at(p, TK_STRUCT) && !at(p, TK_UNION) && (flags || !at(p, TK_ENUM))) {
        unexpected(p, "'struct' or 'union'");
        return error_node(p);
    }
    take(p);
    bool is_enum = t->kind == TK_ENUM;
    Node *n = new_node(p, is_enum ? ND_ENUM_TYPE : t->kind == TK_STRUCT ? ND_STRUCT_TYPE : ND_UNION_TYPE, t->start, start);
    n->flags = (uint16_t)flags;
    const Token *open = p->t;
    if (at(p, TK_LPAREN)) {
        take(p);
        n->aggregate.base = parse_type(p);
        expect_close(p, TK_RPAREN, open);
        if (!is_enum && !p->panic)
            parse_error(p, span_of(n->aggregate.base), "only an enum has a base type");
    }
    open = p->t;
    if (!p->panic && expect(p, TK_LBRACE, "with the members"))
        n->aggregate.members = parse_list(p, TK_RBRACE, is_enum ? parse_enum_member : parse_struct_member, open);
    check_names(p, &n->aggregate.members, member_name, is_enum ? "enum member" : "field");
    return done(p, n);
}

// [N]T [N, M]T [*]T [*]const T
static Node *parse_bracket_type(Parser *p) {
    const Token *open = take(p);
    if (at(p, TK_STAR) && peek2(p) == TK_RBRACKET) {
        take(p), take(p);
        Node *n = new_node(p, ND_POINTER_TYPE, open->start, open->start);
        n->flags = accept(p, TK_CONST) ? NF_MANY | NF_CONST : NF_MANY;
        n->pointer_type.to = parse_type(p);
        return done(p, n);
    }
    Node *n = new_node(p, ND_ARRAY_TYPE, open->start, open->start);
    if (at(p, TK_RBRACKET)) {
        if (parse_error(p, token_span(p->t), "an array type needs its size"))
            diag_note(p->c, NOWHERE, "'[*]T' is a pointer to elements of an array of any size");
        return error_node(p);
    }
    n->array_type.dims = parse_list(p, TK_RBRACKET, parse_expr, open);
    n->array_type.elem = p->panic ? error_node(p) : parse_type(p);
    return done(p, n);
}

static Node *parse_pointer_type(Parser *p) {
    const Token *star = take(p);
    Node *n = new_node(p, ND_POINTER_TYPE, star->start, star->start);
    n->flags = accept(p, TK_CONST) ? NF_CONST : 0;
    n->pointer_type.to = parse_type(p);
    return done(p, n);
}

// ---- expressions ----

static bool starts_type_only(const Parser *p) {
    switch (peek(p)) {
    case TK_STAR: case TK_LBRACKET: case TK_FN: case TK_TASK: case TK_STRUCT: case TK_UNION: case TK_ENUM:
    case TK_EXTERN: case TK_PACKED: return true;
    default: return false;
    }
}

static Node *parse_type_only(Parser *p) {
    switch (peek(p)) {
    case TK_STAR: return parse_pointer_type(p);
    case TK_LBRACKET: return parse_bracket_type(p);
    case TK_FN: case TK_TASK: return parse_fn_type(p);
    default: return parse_aggregate(p);
    }
}

static bool starts_value(const Parser *p) {
    switch (peek(p)) {
    case TK_SEMI: case TK_RBRACE: case TK_RPAREN: case TK_RBRACKET: case TK_COMMA: case TK_ELSE: case TK_EOF: return false;
    default: return true;
    }
}

static Node *find_label(const Parser *p, const Name *label) {
    for (size_t i = p->labels.len; i-- > 0;)
        if (p->labels.data[i]->name == label)
            return p->labels.data[i];
    return NULL;
}

static void expect_label(Parser *p, Name **label) {
    const Token *t = p->t;
    *label = expect_name(p, "label");
    if (!*label || find_label(p, *label))
        return;
    Spelling s = spelling((*label)->s);
    for (size_t i = 0; i < p->labels.len; i++)
        spelling_offer(&s, p->labels.data[i]->name->s);
    p->u->broken = true;
    diag_error(p->c, token_span(t), "no enclosing loop or block has the label '%s'%s", (*label)->s, spelling_hint(p->c, &s));
}

static Node *parse_jump(Parser *p) {
    const Token *t = take(p);
    NodeKind kind = t->kind == TK_RETURN ? ND_RETURN : t->kind == TK_BREAK ? ND_BREAK : ND_CONTINUE;
    Node *n = new_node(p, kind, t->start, t->start);
    if (kind != ND_RETURN && accept(p, TK_COLON))
        expect_label(p, &n->jump.label);
    else if (kind != ND_RETURN && !p->loops) {
        p->u->broken = true;
        if (diag_error(p->c, token_span(t), "'%s' outside of a loop", kind == ND_BREAK ? "break" : "continue") &&
            p->labels.len)
            diag_note(p->c, NOWHERE, "a labelled block is left with 'break :%s'", vec_last(&p->labels)->name->s);
    }
    if (kind != ND_CONTINUE && starts_value(p) && !p->panic)
        n->jump.value = parse_expr(p);
    return done(p, n);
}

static Node *parse_paren(Parser *p, const char *where) {
    const Token *open = p->t;
    if (!expect(p, TK_LPAREN, where))
        return error_node(p);
    Node *n = parse_expr(p);
    expect_close(p, TK_RPAREN, open);
    return n;
}

static Node *parse_if(Parser *p, bool statement) {
    const Token *t = take(p);
    Node *n = new_node(p, ND_IF, t->start, t->start);
    n->if_.cond = parse_paren(p, "after 'if'");
    n->if_.then = p->panic ? error_node(p) : parse_branch(p, statement);
    if (statement && at(p, TK_SEMI) && peek2(p) == TK_ELSE) {
        p->u->broken = true;
        diag_error(p->c, token_span(p->t), "no ';' stands before 'else'");
        take(p);
    }
    if (!p->panic && accept(p, TK_ELSE))
        n->if_.otherwise = parse_branch(p, statement);
    return done(p, n);
}

static Node *parse_if_type(Parser *p) {
    const Token *t = take(p);
    Node *n = new_node(p, ND_IF, t->start, t->start);
    n->if_.cond = parse_paren(p, "after 'if'");
    n->if_.then = p->panic ? error_node(p) : parse_type(p);
    if (!p->panic && expect(p, TK_ELSE, "and another type"))
        n->if_.otherwise = parse_type(p);
    return done(p, n);
}

static Node *parse_capture(Parser *p) {
    if (at(p, TK_STAR)) {
        parse_error(p, token_span(p->t), "elements are captured by value in CSL");
        return error_node(p);
    }
    return ident_node(p, "loop variable");
}

static Node *parse_loop_body(Parser *p, bool statement) {
    if (p->panic)
        return error_node(p);
    p->loops++;
    Node *n = parse_branch(p, statement);
    p->loops--;
    return n;
}

static Node *parse_for(Parser *p, Name *label, SrcPos start, unsigned flags, bool statement) {
    const Token *t = take(p);
    Node *n = new_node(p, ND_FOR, t->start, start);
    n->flags = (uint16_t)flags;
    n->for_.label = label;
    n->for_.over = parse_paren(p, "after 'for'");
    if (!p->panic && expect(p, TK_BAR, "and the name of the element")) {
        n->for_.elem = parse_capture(p);
        if (accept(p, TK_COMMA))
            n->for_.index = parse_capture(p);
        expect(p, TK_BAR, "after the loop variables");
    }
    if (!n->for_.elem)
        n->for_.elem = error_node(p);
    n->for_.body = parse_loop_body(p, statement);
    return done(p, n);
}

static Node *parse_while(Parser *p, Name *label, SrcPos start, unsigned flags, bool statement) {
    const Token *t = take(p);
    Node *n = new_node(p, ND_WHILE, t->start, start);
    n->flags = (uint16_t)flags;
    n->while_.label = label;
    n->while_.cond = parse_paren(p, "after 'while'");
    if (!p->panic && accept(p, TK_COLON)) {
        const Token *open = p->t;
        if (expect(p, TK_LPAREN, "around the step of a 'while'")) {
            n->while_.step = parse_expr_or_assign(p);
            expect_close(p, TK_RPAREN, open);
        }
    }
    n->while_.body = parse_loop_body(p, statement);
    return done(p, n);
}

static Node *parse_case_value(Parser *p) {
    Node *n = parse_expr(p);
    if (at(p, TK_ELLIPSIS))
        parse_error(p, token_span(p->t), "cases are single values in CSL, not ranges");
    return n;
}

static Node *parse_case(Parser *p) {
    Node *n = new_node(p, ND_CASE, p->t->start, p->t->start);
    if (accept(p, TK_ELSE))
        n->flags = NF_ELSE;
    else {
        NodeVec v = { 0 };
        do
            vec_push(&v, parse_case_value(p));
        while (!p->panic && accept(p, TK_COMMA) && !at(p, TK_FAT_ARROW));
        n->case_.values = list_of(p, &v);
    }
    if (!p->panic)
        expect(p, TK_FAT_ARROW, "after the values of a case");
    n->case_.body = p->panic ? error_node(p) : parse_branch(p, true);
    return done(p, n);
}

static Node *parse_switch(Parser *p) {
    const Token *t = take(p);
    Node *n = new_node(p, ND_SWITCH, t->start, t->start);
    n->switch_.on = parse_paren(p, "after 'switch'");
    const Token *open = p->t;
    NodeVec v = { 0 };
    Node *other = NULL;
    if (!p->panic && expect(p, TK_LBRACE, "with the cases of a 'switch'")) {
        while (!at(p, TK_RBRACE) && !at(p, TK_EOF) && !p->panic) {
            Node *one = parse_case(p);
            vec_push(&v, one);
            if (one->flags & NF_ELSE) {
                if (other && diag_error(p->c, span_of(one), "'else' stands in this switch twice"))
                    diag_note(p->c, span_of(other), "the first one");
                p->u->broken |= other != NULL;
                other = one;
            }
            if (accept(p, TK_COMMA) || at(p, TK_RBRACE) || p->panic)
                continue;
            p->u->broken = true;
            if (one->case_.body->kind != ND_BLOCK)
                unexpected(p, "',' or '}' after a case");
            else
                diag_error(p->c, (Span){ p->prev_end, p->prev_end, p->prev_end }, "expected ',' between cases");
        }
        expect_close(p, TK_RBRACE, open);
    }
    n->switch_.cases = list_of(p, &v);
    return done(p, n);
}

static Node *parse_asm_operand(Parser *p) {
    const Token *open = p->t;
    Node *n = new_node(p, ND_ASM_OPERAND, open->start, open->start);
    if (expect(p, TK_LBRACKET, "and the name of an operand")) {
        n->asm_operand.name = expect_name(p, "operand");
        if (n->asm_operand.name)
            expect_close(p, TK_RBRACKET, open);
    }
    n->asm_operand.constraint = p->panic ? error_node(p) : expect_string(p, "the operand's constraint, a string");
    n->asm_operand.value = p->panic ? error_node(p) : parse_paren(p, "around the operand's value");
    return done(p, n);
}

static Node *parse_clobber(Parser *p) { return expect_string(p, "the name of a clobbered register, a string"); }

static NodeList parse_asm_list(Parser *p, Node *(*item)(Parser *)) {
    NodeVec v = { 0 };
    while (!at(p, TK_COLON) && !at(p, TK_RPAREN) && !p->panic) {
        vec_push(&v, item(p));
        if (!accept(p, TK_COMMA))
            break;
    }
    return list_of(p, &v);
}

static Node *parse_asm(Parser *p) {
    const Token *t = take(p);
    Node *n = new_node(p, ND_ASM, t->start, t->start);
    n->flags = accept(p, TK_VOLATILE) ? NF_VOLATILE : 0;
    const Token *open = p->t;
    if (!expect(p, TK_LPAREN, "after 'asm'"))
        return error_node(p);
    n->asm_.text = parse_expr(p);
    accept(p, TK_COMMA);
    if (accept(p, TK_COLON))
        n->asm_.outputs = parse_asm_list(p, parse_asm_operand);
    if (accept(p, TK_COLON))
        n->asm_.inputs = parse_asm_list(p, parse_asm_operand);
    if (accept(p, TK_COLON))
        n->asm_.clobbers = parse_asm_list(p, parse_clobber);
    expect_close(p, TK_RPAREN, open);
    return done(p, n);
}

// A loop or block with what may stand before it: `label:`, `inline`.
static bool starts_labelled(const Parser *p) {
    if (!at(p, TK_IDENT) || peek2(p) != TK_COLON)
        return false;
    switch (peek3(p)) {
    case TK_LBRACE: case TK_FOR: case TK_WHILE: case TK_INLINE: case TK_SWITCH: return true;
    default: return false;
    }
}

static Node *parse_labelled(Parser *p, bool statement) {
    SrcPos start = p->t->start;
    Name *label = NULL;
    if (at(p, TK_IDENT)) {
        Node *name = ident_node(p, "label");
        take(p);
        label = name->name;
        Node *outer = find_label(p, label);
        if (outer) {
            p->u->broken = true;
            if (diag_error(p->c, span_of(name), "label '%s' is already that of an enclosing loop or block", label->s))
                diag_note(p->c, span_of(outer), "it is here");
        }
        vec_push(&p->labels, name);
    }
    size_t labels = p->labels.len;
    unsigned flags = accept(p, TK_INLINE) ? NF_INLINE : 0;
    Node *n;
    if (at(p, TK_FOR))
        n = parse_for(p, label, start, flags, statement);
    else if (at(p, TK_WHILE))
        n = parse_while(p, label, start, flags, statement);
    else if (at(p, TK_LBRACE) && !flags)
        n = parse_block(p, label);
    else {
        if (at(p, TK_SWITCH) && !flags)
            parse_error(p, token_span(p->t), "a switch has no label");
        else
            unexpected(p, "'for' or 'while' after 'inline'");
        n = error_node(p);
    }
    if (label)
        p->labels.len = labels - 1;
    n->start = start;
    return n;
}

static Node *parse_builtin(Parser *p) {
    const Token *t = take(p);
    Node *n = new_node(p, ND_BUILTIN, t->start, t->start);
    n->builtin.name = token_to_name(p, t);
    const Token *open = p->t;
    if (expect(p, TK_LPAREN, "after the name of a builtin"))
        n->builtin.args = parse_list(p, TK_RPAREN, parse_expr, open);
    return done(p, n);
}

static Node *parse_dot_literal(Parser *p) {
    const Token *dot = take(p);
    if (at(p, TK_LBRACE))
        return parse_braced(p, NULL, dot->start, false);
    if (at(p, TK_IDENT)) {
        if (parse_error(p, token_span(p->t), "a member of an enum is written with its type, as in 'Type.%s'",
                        token_to_name(p, p->t)->s))
            diag_note(p->c, token_span(dot), "'.' starts '.{ ... }' only");
    } else
        unexpected(p, "'{' after '.'");
    return error_node(p);
}

// `with_braces`: a `{` after a type makes a literal (in an expression), or does not belong to it (in a declaration).
static Node *parse_primary(Parser *p, bool with_braces) {
    const Token *t = p->t;
    if (starts_labelled(p))
        return parse_labelled(p, false);
    if (starts_type_only(p)) {
        Node *type = parse_type_only(p);
        bool literal = with_braces && at(p, TK_LBRACE) && !p->panic && type->kind != ND_POINTER_TYPE && type->kind != ND_FN_TYPE;
        return literal ? parse_braced(p, type, type->start, type->kind == ND_ARRAY_TYPE) : type;
    }
    switch (t->kind) {
    case TK_INT: return parse_int(p);
    case TK_FLOAT: return parse_float(p);
    case TK_STRING: return parse_string(p);
    case TK_CHAR: return parse_char(p);
    case TK_BUILTIN: return parse_builtin(p);
    case TK_IDENT: return ident_node(p, "variable");
    case TK_TRUE: case TK_FALSE: {
        take(p);
        Node *n = new_node(p, ND_BOOL, t->start, t->start);
        n->boolean = t->kind == TK_TRUE;
        return done(p, n);
    }
    case TK_LPAREN: {
        Node *n = parse_paren(p, NULL);
        n->start = t->start;
        n->end = p->prev_end;
        return n;
    }
    case TK_DOT: return parse_dot_literal(p);
    case TK_BAR: return parse_tensor(p);
    case TK_LBRACE: return parse_block(p, NULL);
    case TK_IF: return parse_if(p, false);
    case TK_FOR: case TK_WHILE: case TK_INLINE: return parse_labelled(p, false);
    case TK_SWITCH: return parse_switch(p);
    case TK_ASM: return parse_asm(p);
    case TK_RETURN: case TK_BREAK: case TK_CONTINUE: return parse_jump(p);
    case TK_COMPTIME: {
        take(p);
        Node *n = new_node(p, ND_COMPTIME, t->start, t->start);
        n->unary.operand = parse_expr(p);
        return done(p, n);
    }
    default:
        unexpected(p, "an expression");
        return error_node(p);
    }
}

static bool may_be_type(const Node *n) {
    return n->kind == ND_IDENT || n->kind == ND_FIELD || n->kind == ND_CALL || n->kind == ND_BUILTIN;
}

static Node *parse_suffixes(Parser *p, Node *n, bool with_braces) {
    while (!p->panic) {
        const Token *t = p->t;
        if (t->kind == TK_LPAREN || t->kind == TK_LBRACKET) {
            take(p);
            Node *call = new_node(p, t->kind == TK_LPAREN ? ND_CALL : ND_INDEX, n->pos, n->start);
            call->call.of = n;
            call->call.args = parse_list(p, t->kind == TK_LPAREN ? TK_RPAREN : TK_RBRACKET, parse_expr, t);
            if (call->kind == ND_INDEX && !call->call.args.len)
                parse_error(p, token_span(t), "an index is missing between '[' and ']'");
            n = done(p, call);
        } else if (t->kind == TK_DOT_STAR) {
            take(p);
            Node *deref = new_node(p, ND_DEREF, t->start, n->start);
            deref->unary.operand = n;
            n = done(p, deref);
        } else if (t->kind == TK_DOT) {
            take(p);
            if (at(p, TK_DOT)) {
                parse_error(p, token_span(p->t), "CSL has no slices and no '..' ranges");
                return n;
            }
            const Token *named = p->t;
            Name *name = expect_field_name(p, "field");
            if (!name)
                return n;
            Node *field = new_node(p, ND_FIELD, named->start, n->start);
            field->field.of = n;
            field->field.name = name;
            n = done(p, field);
        } else if (t->kind == TK_LBRACE && with_braces && may_be_type(n) && !first_on_line(p, t)) {
            n = parse_braced(p, n, n->start, false);
        } else
            break;
    }
    return n;
}

static Node *parse_type(Parser *p) {
    if (!enter(p)) {
        leave(p);
        return error_node(p);
    }
    Node *n;
    if (starts_type_only(p))
        n = parse_type_only(p);
    else if (at(p, TK_IF))
        n = parse_if_type(p);
    else if (at(p, TK_IDENT) || at(p, TK_BUILTIN) || at(p, TK_LPAREN) || at(p, TK_COMPTIME))
        n = parse_suffixes(p, parse_primary(p, false), false);
    else {
        unexpected(p, "a type");
        n = error_node(p);
    }
    leave(p);
    return n;
}

static Node *parse_unary(Parser *p) {
    const Token *t = p->t;
    CslOp op = t->kind == TK_MINUS ? CSL_OP_NEG : t->kind == TK_BANG ? CSL_OP_NOT : t->kind == TK_TILDE ? CSL_OP_BITNOT
             : CSL_OP_NONE;
    if (op == CSL_OP_NONE && t->kind != TK_AMP)
        return parse_suffixes(p, parse_primary(p, true), true);
    if (!enter(p)) {
        leave(p);
        return error_node(p);
    }
    take(p);
    Node *n = new_node(p, op ? ND_UNARY : ND_ADDRESS, t->start, t->start);
    n->op = (uint8_t)op;
    n->unary.operand = parse_unary(p);
    leave(p);
    return done(p, n);
}

typedef struct Operator { CslOp op; int level; } Operator;
enum { LEVEL_COMPARE = 3 };

static Operator operator_of(TokenKind k) {
    switch (k) {
#define _(name, text, token, level) case TK_##token: return (Operator){ CSL_OP_##name, level };
    CSL_BINARY_OPS(_)
#undef _
    default: return (Operator){ CSL_OP_NONE, 0 };
    }
}

// What a C programmer writes: `&&`, `||`, `++`, `--`. True when told.
static bool told_c_operator(Parser *p) {
    const Token *t = p->t;
    if (peek2(p) != t->kind || t[1].start != t->end)
        return false;
    Span both = { t->start, t->start, t[1].end };
    switch (t->kind) {
    case TK_AMP: return parse_error(p, both, "CSL has no '&&'; use 'and'"), true;
    case TK_BAR: return parse_error(p, both, "CSL has no '||'; use 'or'"), true;
    case TK_PLUS: return parse_error(p, both, "CSL has no '++'; use '+= 1'"), true;
    case TK_MINUS:
        if (peek3(p) != TK_SEMI && peek3(p) != TK_RPAREN)
            return false;               // a - -b, without the space
        return parse_error(p, both, "CSL has no '--'; use '-= 1'"), true;
    default: return false;
    }
}

static Node *parse_binary(Parser *p, int min_level) {
    Node *lhs = parse_unary(p);
    while (!p->panic) {
        const Token *t = p->t;
        Operator o = operator_of(t->kind);
        if (!o.op || o.level < min_level || told_c_operator(p))
            break;
        take(p);
        Node *n = new_node(p, ND_BINARY, t->start, lhs->start);
        n->op = (uint8_t)o.op;
        n->binary.lhs = lhs;
        n->binary.rhs = parse_binary(p, o.level + 1);
        lhs = done(p, n);
        if (o.level == LEVEL_COMPARE && !p->panic && operator_of(peek(p)).level == LEVEL_COMPARE)
            if (parse_error(p, token_span(p->t), "comparisons cannot be chained"))
                diag_note(p->c, token_span(t), "the first comparison; join two with 'and', or use parentheses");
    }
    return lhs;
}

static Node *parse_expr(Parser *p) {
    Node *n = enter(p) && !p->panic ? parse_binary(p, 1) : error_node(p);
    leave(p);
    return n;
}

static bool is_assignment(TokenKind k, CslOp *op) {
    switch (k) {
    case TK_EQ: *op = CSL_OP_NONE; return true;
    case TK_PLUS_EQ: *op = CSL_OP_ADD; return true;
    case TK_MINUS_EQ: *op = CSL_OP_SUB; return true;
    case TK_STAR_EQ: *op = CSL_OP_MUL; return true;
    case TK_SLASH_EQ: *op = CSL_OP_DIV; return true;
    case TK_PERCENT_EQ: *op = CSL_OP_REM; return true;
    case TK_SHL_EQ: *op = CSL_OP_SHL; return true;
    case TK_SHR_EQ: *op = CSL_OP_SHR; return true;
    case TK_AMP_EQ: *op = CSL_OP_AND; return true;
    case TK_BAR_EQ: *op = CSL_OP_OR; return true;
    case TK_CARET_EQ: *op = CSL_OP_XOR; return true;
    default: return false;
    }
}

static Node *parse_expr_or_assign(Parser *p) {
    Node *lhs = parse_expr(p);
    CslOp op;
    const Token *t = p->t;
    if (p->panic || !is_assignment(t->kind, &op))
        return lhs;
    take(p);
    Node *n = new_node(p, ND_ASSIGN, t->start, lhs->start);
    n->op = (uint8_t)op;
    n->assign.lhs = lhs;
    n->assign.rhs = parse_expr(p);
    if (at(p, TK_EQ))
        parse_error(p, token_span(p->t), "assignments cannot be chained");
    return done(p, n);
}

// ---- statements ----

static bool starts_block_like(const Parser *p) {
    switch (peek(p)) {
    case TK_LBRACE: case TK_IF: case TK_FOR: case TK_WHILE: case TK_SWITCH: case TK_INLINE: return true;
    default: return starts_labelled(p);
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

static Node *parse_branch(Parser *p, bool statement) {
    if (!enter(p)) {
        leave(p);
        return error_node(p);
    }
    Node *n = statement && starts_block_like(p) ? parse_block_like(p) : parse_expr_or_assign(p);
    leave(p);
    return n;
}

static bool ends_with_block(const Node *n) {
    switch (n->kind) {
    case ND_BLOCK: case ND_SWITCH: case ND_COMPTIME_BLOCK: return true;
    case ND_IF: return ends_with_block(n->if_.otherwise ? n->if_.otherwise : n->if_.then);
    case ND_FOR: return ends_with_block(n->for_.body);
    case ND_WHILE: return ends_with_block(n->while_.body);
    default: return false;
    }
}

static Node *parse_comptime_block(Parser *p) {
    const Token *t = take(p);
    Node *n = new_node(p, t->kind == TK_LAYOUT ? ND_LAYOUT : ND_COMPTIME_BLOCK, t->start, t->start);
    n->block_decl.body = at(p, TK_LBRACE) ? parse_block(p, NULL) : error_node(p);
    if (n->block_decl.body->kind == ND_ERROR)
        unexpected(p, "'{'");
    return done(p, n);
}

static Node *parse_statement(Parser *p) {
    SrcPos start = p->t->start;
    if (at(p, TK_COMPTIME) && peek2(p) == TK_LBRACE)
        return parse_comptime_block(p);
    if (at(p, TK_COMPTIME) && (peek2(p) == TK_VAR || peek2(p) == TK_CONST)) {
        take(p);
        return parse_var(p, start, NF_COMPTIME);
    }
    if (at(p, TK_CONST) || at(p, TK_VAR))
        return parse_var(p, start, 0);
    Node *n = starts_block_like(p) ? parse_block_like(p) : parse_expr_or_assign(p);
    if (p->panic || (ends_with_block(n) && starts_value(p)))
        return n;
    if (!accept(p, TK_SEMI) && !ends_with_block(n))
        expect_semi(p, n->kind == ND_ASSIGN ? "assignment" : "statement");
    return n;
}

// Its column if it is the first of its line, else 0.
static int column_if_first(const Parser *p, const Token *t) {
    return first_on_line(p, t) ? source_place(p->c, t->start).column : 0;
}

static bool starts_statement(TokenKind k) {
    switch (k) {
    case TK_CONST: case TK_VAR: case TK_PARAM: case TK_FN: case TK_TASK: case TK_COMPTIME: case TK_LAYOUT: case TK_EXPORT:
    case TK_EXTERN: case TK_INLINE: case TK_IF: case TK_FOR: case TK_WHILE: case TK_SWITCH: case TK_RETURN: case TK_BREAK:
    case TK_CONTINUE: case TK_BUILTIN: case TK_IDENT: return true;
    default: return false;
    }
}

// A `;` within brackets, as in C's `for`: does one that closes them stand on the same line?
static bool closes_on_line(const Parser *p) {
    int open = 1;
    for (const Token *t = p->t + 1; t->kind != TK_EOF && !first_on_line(p, t) && open; t++)
        open += t->kind == TK_LPAREN || t->kind == TK_LBRACKET ? 1 : t->kind == TK_RPAREN || t->kind == TK_RBRACKET ? -1 : 0;
    return !open;
}

// Leave a broken statement that began in `column` with `nesting` brackets open.
static void recover(Parser *p, int column, size_t nesting) {
    p->panic = false;
    const Token *from = p->t;
    while (!at(p, TK_EOF)) {
        int here = column_if_first(p, p->t);
        if (here && p->t != from && here <= column && starts_statement(peek(p)))
            break;
        if (at(p, TK_RBRACE) && (p->open.len <= nesting || (here && here < column)))
            break;
        bool ends = at(p, TK_SEMI) && (p->open.len <= nesting || (vec_last(&p->open) != TK_LBRACE && !closes_on_line(p)));
        take(p);
        if (ends && !at(p, TK_ELSE))
            break;
        if (p->open.len <= nesting && p->t[-1].kind == TK_RBRACE && p->t - 1 != from &&
            (at(p, TK_SEMI) || at(p, TK_RBRACE) || at(p, TK_EOF) || first_on_line(p, p->t))) {
            accept(p, TK_SEMI);
            break;
        }
    }
    if (p->open.len > nesting)
        p->open.len = nesting;
}

static bool starts_top_level_only(const Parser *p) {
    switch (peek(p)) {
    case TK_FN: case TK_TASK: return peek2(p) == TK_IDENT;
    case TK_PARAM: case TK_LAYOUT: case TK_EXPORT: return true;
    default: return false;
    }
}

static Node *parse_block(Parser *p, Name *label) {
    if (!enter(p)) {
        leave(p);
        return error_node(p);
    }
    const Token *open = take(p);
    Node *n = new_node(p, ND_BLOCK, open->start, open->start);
    n->block.label = label;
    NodeVec v = { 0 };
    while (!at(p, TK_RBRACE) && !at(p, TK_EOF) && !diag_stop(p->c)) {
        if (accept(p, TK_SEMI))
            continue;
        if (starts_top_level_only(p))
            break;
        const Token *first = p->t;
        size_t nesting = p->open.len, labels = p->labels.len;
        vec_push(&v, parse_statement(p));
        if (p->panic) {
            recover(p, source_place(p->c, first->start).column, nesting);
            p->labels.len = labels;
            if (p->t == first)
                take(p);
        }
    }
    n->block.stmts = list_of(p, &v);
    leave(p);
    if (accept(p, TK_RBRACE))
        return done(p, n);
    bool declaration = !at(p, TK_EOF);
    if (declaration && column_if_first(p, p->t) > 1)
        parse_error(p, token_span(p->t), "%s may only stand at top level", token_name(peek(p)));
    else if (!p->panic) {       // the declaration itself may be fine
        p->u->broken = true;
        if (diag_error(p->c, token_span(p->t), "a block is not closed before %s",
                       declaration ? "this declaration" : "the end of the file"))
            diag_note(p->c, token_span(open), "the block begins here");
    }
    return done(p, n);
}

// ---- declarations ----

// align(N), linksection("S"), linkname("S"), in any order.
static void parse_attrs(Parser *p, Attrs **attrs) {
    while (at(p, TK_ALIGN) || at(p, TK_LINKSECTION) || at(p, TK_LINKNAME)) {
        const Token *t = take(p);
        if (!*attrs)
            *attrs = arena_new(&p->c->arena, Attrs);
        Node **slot = t->kind == TK_ALIGN ? &(*attrs)->align : t->kind == TK_LINKNAME ? &(*attrs)->linkname
                    : &(*attrs)->linksection;
        Node *value = parse_paren(p, arena_printf(&p->c->arena, "after %s", token_name(t->kind)));
        if (*slot && !p->panic) {
            p->u->broken = true;
            diag_error(p->c, token_span(t), "%s stands here twice", token_name(t->kind));
        }
        *slot = value;
        if (p->panic)
            return;
    }
}

static Node *parse_var(Parser *p, SrcPos start, unsigned flags) {
    const Token *t = take(p);
    flags |= t->kind == TK_CONST ? NF_CONST : t->kind == TK_PARAM ? NF_PARAM : 0;
    const char *word = t->kind == TK_CONST ? "const" : t->kind == TK_PARAM ? "param" : "var";
    const Token *named = p->t;
    Node *n = new_node(p, ND_VAR, named->start, start);
    n->flags = (uint16_t)flags;
    n->var.name = expect_name(p, t->kind == TK_CONST ? "constant" : t->kind == TK_PARAM ? "parameter" : "variable");
    if (!n->var.name)
        return error_node(p);
    if (accept(p, TK_COLON))
        n->var.type = parse_type(p);
    parse_attrs(p, &n->var.attrs);
    if (!p->panic && accept(p, TK_EQ))
        n->var.init = parse_expr(p);
    else if (at(p, TK_EQ_EQ))
        parse_error(p, token_span(p->t), "a value is given with '=', not '=='");
    n = done(p, n);
    if (p->panic || n->kind == ND_ERROR)
        return n;
    expect_semi(p, arena_printf(&p->c->arena, "the declaration of '%s'", n->var.name->s));
    if (flags & NF_EXTERN) {
        if (n->var.init)
            diag_error(p->c, span_of(n->var.init), "extern '%s' is defined elsewhere and cannot have a value here",
                       n->var.name->s);
    } else if (!n->var.init && (flags & NF_CONST))
        diag_error(p->c, token_span(named), "const '%s' needs a value", n->var.name->s);
    else if (!n->var.init && !n->var.type && t->kind == TK_VAR)
        diag_error(p->c, token_span(named), "%s '%s' needs a type or a value", word, n->var.name->s);
    return n;
}

static Node *parse_fn(Parser *p, SrcPos start, unsigned flags) {
    const Token *t = take(p);
    if (t->kind == TK_TASK)
        flags |= NF_TASK;
    const char *what = flags & NF_TASK ? "task" : "function";
    const Token *named = p->t;
    Node *n = new_node(p, ND_FN, named->start, start);
    n->flags = (uint16_t)flags;
    n->fn.name = expect_name(p, what);
    if (!n->fn.name)
        return error_node(p);
    const Token *open = p->t;
    if (expect(p, TK_LPAREN, arena_printf(&p->c->arena, "and the parameters of '%s'", n->fn.name->s))) {
        n->fn.params = parse_list(p, TK_RPAREN, parse_fn_param, open);
        check_names(p, &n->fn.params, param_name, "parameter");
    }
    parse_attrs(p, &n->fn.attrs);
    if (!p->panic && (at(p, TK_LBRACE) || at(p, TK_SEMI))) {
        p->u->broken = true;
        diag_error(p->c, (Span){ p->prev_end, p->prev_end, p->prev_end },
                   "%s '%s' needs a result type; 'void' if it returns nothing", what, n->fn.name->s);
        n->fn.result = error_node(p);
    } else
        n->fn.result = p->panic ? error_node(p) : parse_type(p);
    parse_attrs(p, &n->fn.attrs);
    if (p->panic)
        return done(p, n);
    if (!(flags & NF_EXTERN))
        for (uint32_t i = 0; i < n->fn.params.len; i++)
            if (n->fn.params.data[i]->kind == ND_PARAM && !n->fn.params.data[i]->param.name)
                diag_error(p->c, span_of(n->fn.params.data[i]), "a parameter of '%s' has no name", n->fn.name->s);
    if (flags & NF_EXTERN) {
        if (at(p, TK_LBRACE))
            parse_error(p, token_span(p->t), "extern '%s' is defined elsewhere and cannot have a body here", n->fn.name->s);
        else
            expect_semi(p, "extern function");
        return done(p, n);
    }
    if (!at(p, TK_LBRACE)) {
        unexpected(p, arena_printf(&p->c->arena, "'{' and the body of '%s'", n->fn.name->s));
        return done(p, n);
    }
    int loops = p->loops;
    p->loops = 0;
    n->fn.body = parse_block(p, NULL);
    p->loops = loops;
    accept(p, TK_SEMI);
    return done(p, n);
}

// color NAME;
static Node *parse_color(Parser *p) {
    const Token *t = take(p);
    Node *n = new_node(p, ND_VAR, p->t->start, t->start);
    n->flags = NF_PARAM | NF_COLOR;
    n->var.name = expect_name(p, "color");
    n = done(p, n);
    expect_semi(p, "the declaration of a color");
    return n;
}

static Node *parse_declaration(Parser *p) {
    SrcPos start = p->t->start;
    unsigned flags = 0;
    const Token *t = p->t;
    for (;; take(p)) {
        unsigned f = at(p, TK_EXPORT) ? NF_EXPORT : at(p, TK_EXTERN) ? NF_EXTERN : at(p, TK_INLINE) ? NF_INLINE : 0;
        if (!f)
            break;
        if (flags & f)
            parse_error(p, token_span(p->t), "%s stands here twice", token_name(peek(p)));
        flags |= f;
    }
    if ((flags & NF_INLINE) && (flags & (NF_EXPORT | NF_EXTERN)))
        parse_error(p, token_span(t), "an inline function exists at compile time only and has no symbol");
    else if ((flags & NF_EXPORT) && (flags & NF_EXTERN))
        parse_error(p, token_span(t), "a symbol is either exported here or defined elsewhere");
    switch (peek(p)) {
    case TK_CONST: case TK_VAR:
        if (flags & NF_INLINE)
            break;
        return parse_var(p, start, flags);
    case TK_PARAM:
        if (flags)
            break;
        return parse_var(p, start, 0);
    case TK_FN: return parse_fn(p, start, flags);
    case TK_TASK:
        if (flags & NF_INLINE)
            break;
        return parse_fn(p, start, flags);
    case TK_COMPTIME: case TK_LAYOUT:
        if (flags)
            break;
        if (peek2(p) != TK_LBRACE) {
            take(p);
            unexpected(p, "'{'");
            return error_node(p);
        }
        return parse_comptime_block(p);
    case TK_IDENT:
        if (!flags && peek2(p) == TK_IDENT && str_eqc(source_text(p->c, p->t->start, p->t->end), "color"))
            return parse_color(p);
        break;
    default: break;
    }
    if (flags) {
        unexpected(p, flags & NF_INLINE ? "'fn' after 'inline'" : "a variable or function after its storage class");
        return error_node(p);
    }
    if (at(p, TK_RBRACE))
        parse_error(p, token_span(p->t), "this '}' closes nothing");
    else if (at(p, TK_IDENT)) {
        static const char *const words[] = { "const", "var", "param", "fn", "task", "comptime", "layout", "export",
                                             "extern", "inline", "color" };
        Spelling s = spelling(token_to_name(p, p->t)->s);
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            spelling_offer(&s, words[i]);
        parse_error(p, token_span(p->t), "expected a declaration, found '%s'%s", token_to_name(p, p->t)->s,
                    spelling_hint(p->c, &s));
    } else if (at(p, TK_BUILTIN) || starts_block_like(p) || at(p, TK_RETURN))
        parse_error(p, token_span(p->t), "statements stand in functions, tasks, 'comptime' and 'layout' blocks, not at top level");
    else
        unexpected(p, "a declaration");
    return error_node(p);
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
        if (accept(&p, TK_SEMI))
            continue;
        const Token *first = p.t;
        Node *n = parse_declaration(&p);
        if (n->kind != ND_ERROR)
            vec_push(&v, n);
        if (p.panic) {
            recover(&p, source_place(c, first->start).column, 0);
            if (p.t == first)
                take(&p);
        }
        p.open.len = p.labels.len = 0;
        p.loops = 0;
    }
    u->decls = list_of(&p, &v);
    u->broken |= c->errors > errors;
    diag_sort(c, first_diag);
    vec_free(&p.tokens);
    vec_free(&p.open);
    vec_free(&p.labels);
    return u;
}
