// Numbers, characters, strings; array, struct and tuple literals; tensor accesses.
#include "wse/build/parse.h"

#include <locale.h>
#include <stdlib.h>
#include <string.h>

Node *parse_int(Parser *p) {
    const Token *t = take(p);
    Node *n = parse_node(p, ND_INT, t->start, t->start);
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
        if (s.p[i] == '_') continue;
        unsigned d = (unsigned char)s.p[i];
        d = d <= '9' ? d - '0' : (d | 32) - 'a' + 10;
        if (v > (~(unsigned __int128)0 - d) / base) over = true;
        v = v * base + d;
    }
    if (over) {
        p->u->broken = true;
        diag_error(p->c, token_span(t), "integer needs more than 128 bits");
        v = 0;
    }
    n->integer.lo = (uint64_t)v;
    n->integer.hi = (uint64_t)(v >> 64);
    return parse_done(p, n);
}

Node *parse_float(Parser *p) {
    const Token *t = take(p);
    Node *n = parse_node(p, ND_FLOAT, t->start, t->start);
    Str s = source_text(p->c, t->start, t->end);
    char *digits = arena_alloc(&p->c->arena, s.n + 1);
    size_t k = 0;
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '_') digits[k++] = s.p[i];
    locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); // the user's may write 1,5
    n->number = strtod_l(digits, NULL, c_locale);
    freelocale(c_locale);
    if (n->number > 1.7976931348623157e308) {
        p->u->broken = true;
        diag_error(p->c, token_span(t), "number is too large for a comptime_float");
    }
    return parse_done(p, n);
}

static int hex_value(char ch) {
    if (ch >= '0' && ch <= '9') return ch - '0';
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
    case '\\':
    case '\'':
    case '"': return ch;
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

Node *parse_string(Parser *p) {
    const Token *t = take(p);
    Node *n = parse_node(p, ND_STRING, t->start, t->start);
    Str s = source_text(p->c, t->start, t->end);
    char *out = arena_alloc(&p->c->arena, s.n + 1);
    uint32_t len = 0;
    for (size_t i = 1; i + 1 < s.n; i++)
        out[len++] = s.p[i] == '\\' ? (char)decode_escape(p, t, s, &i) : s.p[i];
    n->string.p = out;
    n->string.len = len;
    return parse_done(p, n);
}

Node *parse_expect_string(Parser *p, const char *what) {
    if (at(p, TK_STRING)) return parse_string(p);
    parse_unexpected(p, what);
    return parse_error_node(p);
}

// One character in UTF-8; 0 for none or several.
static uint32_t decode_utf8(const char *s, size_t n) {
    const unsigned char *u = (const unsigned char *)s;
    size_t len = u[0] < 0x80                   ? 1
                 : u[0] >= 0xc2 && u[0] < 0xe0 ? 2
                 : (u[0] & 0xf0) == 0xe0       ? 3
                 : (u[0] & 0xf8) == 0xf0       ? 4
                                               : 0;
    if (!len || len != n) return 0;
    uint32_t v = len == 1 ? u[0] : u[0] & (0xffu >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        if ((u[i] & 0xc0) != 0x80) return 0;
        v = v << 6 | (u[i] & 0x3f);
    }
    return v;
}

Node *parse_char(Parser *p) {
    const Token *t = take(p);
    Node *n = parse_node(p, ND_INT, t->start, t->start);
    n->flags = NF_CHAR;
    Str s = source_text(p->c, t->start, t->end);
    size_t i = 1;
    if (s.n > 2 && s.p[1] == '\\') {
        n->integer.lo = (uint64_t)decode_escape(p, t, s, &i);
        if (i + 2 == s.n) return parse_done(p, n);
    } else if (s.n > 2) {
        n->integer.lo = decode_utf8(s.p + 1, s.n - 2);
        if (n->integer.lo) return parse_done(p, n);
    }
    p->u->broken = true;
    diag_error(p->c, token_span(t),
               s.n == 2 ? "empty character literal" : "a character literal holds one character");
    return parse_done(p, n);
}

static Name *field_init_name(const Node *n) {
    return n->kind == ND_FIELD_INIT ? n->field_init.name : NULL;
}

static Node *parse_field_init(Parser *p) {
    const Token *dot = p->t;
    if (!at(p, TK_DOT) || peek3(p) != TK_EQ) {
        parse_error(p, token_span(p->t), "expected '.name = value' as in the rest of this literal");
        return parse_error_node(p);
    }
    take(p);
    const Token *t = p->t;
    Name *name = parse_expect_field_name(p, "field");
    if (!name) return parse_error_node(p);
    Node *n = parse_node(p, ND_FIELD_INIT, t->start, dot->start);
    n->field_init.name = name;
    take(p);
    n->field_init.value = parse_expr(p);
    return parse_done(p, n);
}

static Node *parse_item(Parser *p) {
    if (at(p, TK_DOT) && peek3(p) == TK_EQ) {
        parse_error(p, token_span(p->t), "a field name in a literal whose items have none");
        return parse_error_node(p);
    }
    return parse_expr(p);
}

static bool at_field_init(const Parser *p) {
    return at(p, TK_DOT) && (peek2(p) == TK_IDENT || is_keyword(peek2(p))) && peek3(p) == TK_EQ;
}

// `{ ... }` after `.` or after a type.
Node *parse_braced(Parser *p, Node *type, SrcPos start, bool array) {
    const Token *open = take(p);
    bool fields = at_field_init(p) || (at(p, TK_RBRACE) && !array);
    Node *n = parse_node(p,
                         fields ? ND_STRUCT_LITERAL
                         : type ? ND_ARRAY_LITERAL
                                : ND_TUPLE,
                         type ? type->pos : start, start);
    n->literal.type = type;
    n->literal.items = parse_list(p, TK_RBRACE, fields ? parse_field_init : parse_item, open);
    if (fields) parse_check_names(p, &n->literal.items, field_init_name, "field");
    return parse_done(p, n);
}

// |i, j|{n, m} -> base[e1, e2]
static Node *parse_induction_var(Parser *p) { return parse_ident(p, "induction variable"); }

static Name *ident_name(const Node *n) { return n->kind == ND_IDENT ? n->name : NULL; }

Node *parse_tensor(Parser *p) {
    const Token *bar = take(p);
    Node *n = parse_node(p, ND_TENSOR, bar->start, bar->start);
    n->tensor.vars = parse_list(p, TK_BAR, parse_induction_var, bar);
    parse_check_names(p, &n->tensor.vars, ident_name, "induction variable");
    const Token *open = p->t;
    if (!p->panic && parse_expect(p, TK_LBRACE, "with the lengths of a tensor access"))
        n->tensor.extents = parse_list(p, TK_RBRACE, parse_expr, open);
    if (!p->panic) parse_expect(p, TK_ARROW, "after the lengths of a tensor access");
    n->tensor.access = parse_enter(p) && !p->panic ? parse_unary(p) : parse_error_node(p);
    parse_leave(p);
    if (!p->panic && n->tensor.vars.len != n->tensor.extents.len) {
        p->u->broken = true;
        diag_error(p->c, (Span){ n->start, n->start, n->tensor.access->start },
                   "%u induction variable%s but %u length%s", n->tensor.vars.len,
                   n->tensor.vars.len == 1 ? "" : "s", n->tensor.extents.len,
                   n->tensor.extents.len == 1 ? "" : "s");
    }
    return parse_done(p, n);
}
