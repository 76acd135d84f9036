// Types. In a declaration a `{` after a type begins what follows it, in an expression a literal.
#include "wse/build/parse.h"

Node *parse_fn_param(Parser *p) {
    const Token *t = p->t;
    unsigned flags = accept(p, TK_COMPTIME) ? NF_COMPTIME : 0;
    const Token *named = p->t;
    Node *n = parse_node(p, ND_PARAM, named->start, t->start);
    n->flags = (uint16_t)flags;
    if ((at(p, TK_IDENT) || is_keyword(peek(p))) && peek2(p) == TK_COLON) {
        n->param.name = parse_expect_name(p, "parameter");
        if (!n->param.name) return parse_error_node(p);
        take(p);
    }
    if (accept(p, TK_ANYTYPE))
        n->flags |= NF_ANYTYPE;
    else
        n->param.type = parse_type(p);
    return parse_done(p, n);
}

static Node *parse_fn_type(Parser *p) {
    const Token *t = take(p);
    Node *n = parse_node(p, ND_FN_TYPE, t->start, t->start);
    n->flags = t->kind == TK_TASK ? NF_TASK : 0;
    const Token *open = p->t;
    if (parse_expect(p, TK_LPAREN, "in a function type"))
        n->fn_type.params = parse_list(p, TK_RPAREN, parse_fn_param, open);
    n->fn_type.result = p->panic ? parse_error_node(p) : parse_type(p);
    return parse_done(p, n);
}

static Name *member_name(const Node *n) { return n->kind == ND_MEMBER ? n->member.name : NULL; }

static Node *parse_struct_member(Parser *p) {
    const Token *t = p->t;
    Name *name = parse_expect_field_name(p, "field");
    if (!name) return parse_error_node(p);
    Node *n = parse_node(p, ND_MEMBER, t->start, t->start);
    n->member.name = name;
    if (parse_expect(p, TK_COLON, "and the type of the field")) n->member.type = parse_type(p);
    if (at(p, TK_EQ)) parse_error(p, token_span(p->t), "fields have no default values in CSL");
    return parse_done(p, n);
}

static Node *parse_enum_member(Parser *p) {
    const Token *t = p->t;
    Name *name = parse_expect_field_name(p, "enum member");
    if (!name) return parse_error_node(p);
    Node *n = parse_node(p, ND_MEMBER, t->start, t->start);
    n->member.name = name;
    if (accept(p, TK_EQ)) n->member.value = parse_expr(p);
    return parse_done(p, n);
}

// [extern|packed] struct|union|enum [(T)] { ... }
static Node *parse_aggregate(Parser *p) {
    SrcPos start = p->t->start;
    unsigned flags = accept(p, TK_EXTERN) ? NF_EXTERN : accept(p, TK_PACKED) ? NF_PACKED : 0;
    const Token *t = p->t;
    if (!at(p, TK_STRUCT) && !at(p, TK_UNION) && (flags || !at(p, TK_ENUM))) {
        parse_unexpected(p, "'struct' or 'union'");
        return parse_error_node(p);
    }
    take(p);
    bool is_enum = t->kind == TK_ENUM;
    Node *n = parse_node(p,
                         is_enum                ? ND_ENUM_TYPE
                         : t->kind == TK_STRUCT ? ND_STRUCT_TYPE
                                                : ND_UNION_TYPE,
                         t->start, start);
    n->flags = (uint16_t)flags;
    const Token *open = p->t;
    if (at(p, TK_LPAREN)) {
        take(p);
        n->aggregate.base = parse_type(p);
        parse_expect_close(p, TK_RPAREN, open);
        if (!is_enum && !p->panic)
            parse_error(p, span_of(n->aggregate.base), "only an enum has a base type");
    }
    open = p->t;
    if (!p->panic && parse_expect(p, TK_LBRACE, "with the members"))
        n->aggregate.members =
            parse_list(p, TK_RBRACE, is_enum ? parse_enum_member : parse_struct_member, open);
    parse_check_names(p, &n->aggregate.members, member_name, is_enum ? "enum member" : "field");
    return parse_done(p, n);
}

// [N]T [N, M]T [*]T [*]const T
static Node *parse_bracket_type(Parser *p) {
    const Token *open = take(p);
    if (at(p, TK_STAR) && peek2(p) == TK_RBRACKET) {
        take(p), take(p);
        Node *n = parse_node(p, ND_POINTER_TYPE, open->start, open->start);
        n->flags = accept(p, TK_CONST) ? NF_MANY | NF_CONST : NF_MANY;
        n->pointer_type.to = parse_type(p);
        return parse_done(p, n);
    }
    Node *n = parse_node(p, ND_ARRAY_TYPE, open->start, open->start);
    if (at(p, TK_RBRACKET)) {
        if (parse_error(p, token_span(p->t), "an array type needs its size"))
            diag_note(p->c, NOWHERE, "'[*]T' is a pointer to elements of an array of any size");
        return parse_error_node(p);
    }
    n->array_type.dims = parse_list(p, TK_RBRACKET, parse_expr, open);
    n->array_type.elem = p->panic ? parse_error_node(p) : parse_type(p);
    return parse_done(p, n);
}

static Node *parse_pointer_type(Parser *p) {
    const Token *star = take(p);
    Node *n = parse_node(p, ND_POINTER_TYPE, star->start, star->start);
    n->flags = accept(p, TK_CONST) ? NF_CONST : 0;
    n->pointer_type.to = parse_type(p);
    return parse_done(p, n);
}

bool parse_starts_type(const Parser *p) {
    switch (peek(p)) {
    case TK_STAR:
    case TK_LBRACKET:
    case TK_FN:
    case TK_TASK:
    case TK_STRUCT:
    case TK_UNION:
    case TK_ENUM:
    case TK_EXTERN:
    case TK_PACKED: return true;
    default: return false;
    }
}

Node *parse_type_only(Parser *p) {
    switch (peek(p)) {
    case TK_STAR: return parse_pointer_type(p);
    case TK_LBRACKET: return parse_bracket_type(p);
    case TK_FN:
    case TK_TASK: return parse_fn_type(p);
    default: return parse_aggregate(p);
    }
}

static Node *parse_if_type(Parser *p) {
    const Token *t = take(p);
    Node *n = parse_node(p, ND_IF, t->start, t->start);
    n->if_.cond = parse_paren(p, "after 'if'");
    n->if_.then = p->panic ? parse_error_node(p) : parse_type(p);
    if (!p->panic && parse_expect(p, TK_ELSE, "and another type")) n->if_.otherwise = parse_type(p);
    return parse_done(p, n);
}

Node *parse_type(Parser *p) {
    if (!parse_enter(p)) {
        parse_leave(p);
        return parse_error_node(p);
    }
    Node *n;
    if (parse_starts_type(p))
        n = parse_type_only(p);
    else if (at(p, TK_IF))
        n = parse_if_type(p);
    else if (at(p, TK_IDENT) || at(p, TK_BUILTIN) || at(p, TK_LPAREN) || at(p, TK_COMPTIME))
        n = parse_suffixes(p, parse_primary(p, false), false);
    else {
        parse_unexpected(p, "a type");
        n = parse_error_node(p);
    }
    parse_leave(p);
    return n;
}
