// Expressions: control flow, primaries and their suffixes, operators by precedence climbing with
// Zig's levels.
#include "wse/build/parse.h"

bool parse_starts_value(const Parser *p) {
    switch (peek(p)) {
    case TK_SEMI:
    case TK_RBRACE:
    case TK_RPAREN:
    case TK_RBRACKET:
    case TK_COMMA:
    case TK_ELSE:
    case TK_EOF: return false;
    default: return true;
    }
}

static Node *find_label(const Parser *p, const Name *label) {
    for (size_t i = p->labels.len; i-- > 0;)
        if (p->labels.data[i]->name == label) return p->labels.data[i];
    return NULL;
}

static void expect_label(Parser *p, Name **label) {
    const Token *t = p->t;
    *label = parse_expect_name(p, "label");
    if (!*label || find_label(p, *label)) return;
    Spelling s = spelling((*label)->s);
    for (size_t i = 0; i < p->labels.len; i++) spelling_offer(&s, p->labels.data[i]->name->s);
    p->u->broken = true;
    diag_error(p->c, token_span(t), "no enclosing loop or block has the label '%s'%s", (*label)->s,
               spelling_hint(p->c, &s));
}

static Node *parse_jump(Parser *p) {
    const Token *t = take(p);
    NodeKind kind = t->kind == TK_RETURN ? ND_RETURN : t->kind == TK_BREAK ? ND_BREAK : ND_CONTINUE;
    Node *n = parse_node(p, kind, t->start, t->start);
    if (kind != ND_RETURN && accept(p, TK_COLON))
        expect_label(p, &n->jump.label);
    else if (kind != ND_RETURN && !p->loops) {
        p->u->broken = true;
        if (diag_error(p->c, token_span(t), "'%s' outside of a loop",
                       kind == ND_BREAK ? "break" : "continue") &&
            p->labels.len)
            diag_note(p->c, span_of(vec_last(&p->labels)),
                      "a labelled block is left with 'break :%s'", vec_last(&p->labels)->name->s);
    }
    if (kind != ND_CONTINUE && parse_starts_value(p) && !p->panic) n->jump.value = parse_expr(p);
    return parse_done(p, n);
}

Node *parse_paren(Parser *p, const char *where) {
    const Token *open = p->t;
    if (!parse_expect(p, TK_LPAREN, where)) return parse_error_node(p);
    Node *n = parse_expr(p);
    parse_expect_close(p, TK_RPAREN, open);
    return n;
}

Node *parse_if(Parser *p, bool statement) {
    const Token *t = take(p);
    Node *n = parse_node(p, ND_IF, t->start, t->start);
    n->if_.cond = parse_paren(p, "after 'if'");
    n->if_.then = p->panic ? parse_error_node(p) : parse_branch(p, statement);
    if (statement && at(p, TK_SEMI) && peek2(p) == TK_ELSE) {
        p->u->broken = true;
        diag_error(p->c, token_span(p->t), "no ';' stands before 'else'");
        take(p);
    }
    if (!p->panic && accept(p, TK_ELSE)) n->if_.otherwise = parse_branch(p, statement);
    return parse_done(p, n);
}

static Node *parse_capture(Parser *p) {
    if (at(p, TK_STAR)) {
        parse_error(p, token_span(p->t), "elements are captured by value in CSL");
        return parse_error_node(p);
    }
    return parse_ident(p, "loop variable");
}

static Node *parse_loop_body(Parser *p, bool statement) {
    if (p->panic) return parse_error_node(p);
    p->loops++;
    Node *n = parse_branch(p, statement);
    p->loops--;
    return n;
}

static Node *parse_for(Parser *p, Name *label, SrcPos start, unsigned flags, bool statement) {
    const Token *t = take(p);
    Node *n = parse_node(p, ND_FOR, t->start, start);
    n->flags = (uint16_t)flags;
    n->for_.label = label;
    n->for_.over = parse_paren(p, "after 'for'");
    if (!p->panic && parse_expect(p, TK_BAR, "and the name of the element")) {
        n->for_.elem = parse_capture(p);
        if (accept(p, TK_COMMA)) n->for_.index = parse_capture(p);
        parse_expect(p, TK_BAR, "after the loop variables");
    }
    if (!n->for_.elem) n->for_.elem = parse_error_node(p);
    n->for_.body = parse_loop_body(p, statement);
    return parse_done(p, n);
}

static Node *parse_while(Parser *p, Name *label, SrcPos start, unsigned flags, bool statement) {
    const Token *t = take(p);
    Node *n = parse_node(p, ND_WHILE, t->start, start);
    n->flags = (uint16_t)flags;
    n->while_.label = label;
    n->while_.cond = parse_paren(p, "after 'while'");
    if (!p->panic && accept(p, TK_COLON)) {
        const Token *open = p->t;
        if (parse_expect(p, TK_LPAREN, "around the step of a 'while'")) {
            n->while_.step = parse_expr_or_assign(p);
            parse_expect_close(p, TK_RPAREN, open);
        }
    }
    n->while_.body = parse_loop_body(p, statement);
    return parse_done(p, n);
}

static Node *parse_case_value(Parser *p) {
    Node *n = parse_expr(p);
    if (at(p, TK_ELLIPSIS))
        parse_error(p, token_span(p->t), "cases are single values in CSL, not ranges");
    return n;
}

static Node *parse_case(Parser *p) {
    Node *n = parse_node(p, ND_CASE, p->t->start, p->t->start);
    if (accept(p, TK_ELSE))
        n->flags = NF_ELSE;
    else {
        NodeVec v = { 0 };
        do vec_push(&v, parse_case_value(p));
        while (!p->panic && accept(p, TK_COMMA) && !at(p, TK_FAT_ARROW));
        n->case_.values = parse_list_of(p, &v);
    }
    if (!p->panic) parse_expect(p, TK_FAT_ARROW, "after the values of a case");
    n->case_.body = p->panic ? parse_error_node(p) : parse_branch(p, true);
    return parse_done(p, n);
}

Node *parse_switch(Parser *p) {
    const Token *t = take(p);
    Node *n = parse_node(p, ND_SWITCH, t->start, t->start);
    n->switch_.on = parse_paren(p, "after 'switch'");
    const Token *open = p->t;
    NodeVec v = { 0 };
    Node *other = NULL;
    if (!p->panic && parse_expect(p, TK_LBRACE, "with the cases of a 'switch'")) {
        while (!at(p, TK_RBRACE) && !at(p, TK_EOF) && !p->panic) {
            Node *one = parse_case(p);
            vec_push(&v, one);
            if (one->flags & NF_ELSE) {
                if (other && diag_error(p->c, span_of(one), "'else' stands in this switch twice"))
                    diag_note(p->c, span_of(other), "the first one");
                p->u->broken |= other != NULL;
                other = one;
            }
            if (accept(p, TK_COMMA) || at(p, TK_RBRACE) || p->panic) continue;
            p->u->broken = true;
            if (one->case_.body->kind != ND_BLOCK)
                parse_unexpected(p, "',' or '}' after a case");
            else
                diag_error(p->c, (Span){ p->prev_end, p->prev_end, p->prev_end },
                           "expected ',' between cases");
        }
        parse_expect_close(p, TK_RBRACE, open);
    }
    n->switch_.cases = parse_list_of(p, &v);
    return parse_done(p, n);
}

static Node *parse_asm_operand(Parser *p) {
    const Token *open = p->t;
    Node *n = parse_node(p, ND_ASM_OPERAND, open->start, open->start);
    if (parse_expect(p, TK_LBRACKET, "and the name of an operand")) {
        n->asm_operand.name = parse_expect_name(p, "operand");
        if (n->asm_operand.name) parse_expect_close(p, TK_RBRACKET, open);
    }
    n->asm_operand.constraint = p->panic
                                    ? parse_error_node(p)
                                    : parse_expect_string(p, "the operand's constraint, a string");
    n->asm_operand.value =
        p->panic ? parse_error_node(p) : parse_paren(p, "around the operand's value");
    return parse_done(p, n);
}

static Node *parse_clobber(Parser *p) {
    return parse_expect_string(p, "the name of a clobbered register, a string");
}

static NodeList parse_asm_list(Parser *p, Node *(*item)(Parser *)) {
    NodeVec v = { 0 };
    while (!at(p, TK_COLON) && !at(p, TK_RPAREN) && !p->panic) {
        vec_push(&v, item(p));
        if (!accept(p, TK_COMMA)) break;
    }
    return parse_list_of(p, &v);
}

static Node *parse_asm(Parser *p) {
    const Token *t = take(p);
    Node *n = parse_node(p, ND_ASM, t->start, t->start);
    n->flags = accept(p, TK_VOLATILE) ? NF_VOLATILE : 0;
    const Token *open = p->t;
    if (!parse_expect(p, TK_LPAREN, "after 'asm'")) return parse_error_node(p);
    n->asm_.text = parse_expr(p);
    accept(p, TK_COMMA);
    if (accept(p, TK_COLON)) n->asm_.outputs = parse_asm_list(p, parse_asm_operand);
    if (accept(p, TK_COLON)) n->asm_.inputs = parse_asm_list(p, parse_asm_operand);
    if (accept(p, TK_COLON)) n->asm_.clobbers = parse_asm_list(p, parse_clobber);
    parse_expect_close(p, TK_RPAREN, open);
    return parse_done(p, n);
}

// A loop or block with what may stand before it: `label:`, `inline`.
bool parse_starts_labelled(const Parser *p) {
    if (!at(p, TK_IDENT) || peek2(p) != TK_COLON) return false;
    switch (peek3(p)) {
    case TK_LBRACE:
    case TK_FOR:
    case TK_WHILE:
    case TK_INLINE:
    case TK_SWITCH: return true;
    default: return false;
    }
}

Node *parse_labelled(Parser *p, bool statement) {
    SrcPos start = p->t->start;
    Name *label = NULL;
    if (at(p, TK_IDENT)) {
        Node *name = parse_ident(p, "label");
        take(p);
        label = name->name;
        Node *outer = find_label(p, label);
        if (outer) {
            p->u->broken = true;
            if (diag_error(p->c, span_of(name),
                           "label '%s' is already that of an enclosing loop or block", label->s))
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
            parse_unexpected(p, "'for' or 'while' after 'inline'");
        n = parse_error_node(p);
    }
    if (label) p->labels.len = labels - 1;
    n->start = start;
    return n;
}

static Node *parse_builtin(Parser *p) {
    const Token *t = take(p);
    Node *n = parse_node(p, ND_BUILTIN, t->start, t->start);
    n->builtin.name = parse_token_name(p, t);
    const Token *open = p->t;
    if (parse_expect(p, TK_LPAREN, "after the name of a builtin"))
        n->builtin.args = parse_list(p, TK_RPAREN, parse_expr, open);
    return parse_done(p, n);
}

static Node *parse_dot_literal(Parser *p) {
    const Token *dot = take(p);
    if (at(p, TK_LBRACE)) return parse_braced(p, NULL, dot->start, false);
    if (at(p, TK_IDENT)) {
        if (parse_error(p, token_span(p->t),
                        "a member of an enum is written with its type, as in 'Type.%s'",
                        parse_token_name(p, p->t)->s))
            diag_note(p->c, token_span(dot), "'.' starts '.{ ... }' only");
    } else
        parse_unexpected(p, "'{' after '.'");
    return parse_error_node(p);
}

// `with_braces`: a `{` after a type makes a literal (in an expression), or does not belong to it
// (in a declaration).
Node *parse_primary(Parser *p, bool with_braces) {
    const Token *t = p->t;
    if (parse_starts_labelled(p)) return parse_labelled(p, false);
    if (parse_starts_type(p)) {
        Node *type = parse_type_only(p);
        bool literal = with_braces && at(p, TK_LBRACE) && !p->panic &&
                       type->kind != ND_POINTER_TYPE && type->kind != ND_FN_TYPE;
        return literal ? parse_braced(p, type, type->start, type->kind == ND_ARRAY_TYPE) : type;
    }
    switch (t->kind) {
    case TK_INT: return parse_int(p);
    case TK_FLOAT: return parse_float(p);
    case TK_STRING: return parse_string(p);
    case TK_CHAR: return parse_char(p);
    case TK_BUILTIN: return parse_builtin(p);
    case TK_IDENT: return parse_ident(p, "variable");
    case TK_TRUE:
    case TK_FALSE: {
        take(p);
        Node *n = parse_node(p, ND_BOOL, t->start, t->start);
        n->boolean = t->kind == TK_TRUE;
        return parse_done(p, n);
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
    case TK_FOR:
    case TK_WHILE:
    case TK_INLINE: return parse_labelled(p, false);
    case TK_SWITCH: return parse_switch(p);
    case TK_ASM: return parse_asm(p);
    case TK_RETURN:
    case TK_BREAK:
    case TK_CONTINUE: return parse_jump(p);
    case TK_COMPTIME: {
        take(p);
        Node *n = parse_node(p, ND_COMPTIME, t->start, t->start);
        n->unary.operand = parse_expr(p);
        return parse_done(p, n);
    }
    default: parse_unexpected(p, "an expression"); return parse_error_node(p);
    }
}

static bool may_be_type(const Node *n) {
    return n->kind == ND_IDENT || n->kind == ND_FIELD || n->kind == ND_CALL ||
           n->kind == ND_BUILTIN;
}

Node *parse_suffixes(Parser *p, Node *n, bool with_braces) {
    while (!p->panic) {
        const Token *t = p->t;
        if (t->kind == TK_LPAREN || t->kind == TK_LBRACKET) {
            take(p);
            Node *call = parse_node(p, t->kind == TK_LPAREN ? ND_CALL : ND_INDEX, n->pos, n->start);
            call->call.of = n;
            call->call.args =
                parse_list(p, t->kind == TK_LPAREN ? TK_RPAREN : TK_RBRACKET, parse_expr, t);
            if (call->kind == ND_INDEX && !call->call.args.len)
                parse_error(p, token_span(t), "an index is missing between '[' and ']'");
            n = parse_done(p, call);
        } else if (t->kind == TK_DOT_STAR) {
            take(p);
            Node *deref = parse_node(p, ND_DEREF, t->start, n->start);
            deref->unary.operand = n;
            n = parse_done(p, deref);
        } else if (t->kind == TK_DOT) {
            take(p);
            if (at(p, TK_DOT)) {
                parse_error(p, token_span(p->t), "CSL has no slices and no '..' ranges");
                return n;
            }
            const Token *named = p->t;
            Name *name = parse_expect_field_name(p, "field");
            if (!name) return n;
            Node *field = parse_node(p, ND_FIELD, named->start, n->start);
            field->field.of = n;
            field->field.name = name;
            n = parse_done(p, field);
        } else if (t->kind == TK_LBRACE && with_braces && may_be_type(n) &&
                   !parse_first_on_line(p, t)) {
            n = parse_braced(p, n, n->start, false);
        } else
            break;
    }
    return n;
}

Node *parse_unary(Parser *p) {
    const Token *t = p->t;
    CslOp op = t->kind == TK_MINUS   ? CSL_OP_NEG
               : t->kind == TK_BANG  ? CSL_OP_NOT
               : t->kind == TK_TILDE ? CSL_OP_BITNOT
                                     : CSL_OP_NONE;
    if (op == CSL_OP_NONE && t->kind != TK_AMP)
        return parse_suffixes(p, parse_primary(p, true), true);
    if (!parse_enter(p)) {
        parse_leave(p);
        return parse_error_node(p);
    }
    take(p);
    Node *n = parse_node(p, op ? ND_UNARY : ND_ADDRESS, t->start, t->start);
    n->op = (uint8_t)op;
    n->unary.operand = parse_unary(p);
    parse_leave(p);
    return parse_done(p, n);
}

typedef struct Operator {
    CslOp op;
    int level;
} Operator;
enum { LEVEL_COMPARE = 3 };

static Operator operator_of(TokenKind k) {
    switch (k) {
#define _(name, text, token, level)                                                                \
    case TK_##token: return (Operator){ CSL_OP_##name, level };
        CSL_BINARY_OPS(_)
#undef _
    default: return (Operator){ CSL_OP_NONE, 0 };
    }
}

// What a C programmer writes: `&&`, `||`, `++`, `--`. True when told.
static bool told_c_operator(Parser *p) {
    const Token *t = p->t;
    if (peek2(p) != t->kind || t[1].start != t->end) return false;
    Span both = { t->start, t->start, t[1].end };
    switch (t->kind) {
    case TK_AMP: return parse_error(p, both, "CSL has no '&&'; use 'and'"), true;
    case TK_BAR: return parse_error(p, both, "CSL has no '||'; use 'or'"), true;
    case TK_PLUS: return parse_error(p, both, "CSL has no '++'; use '+= 1'"), true;
    case TK_MINUS:
        if (peek3(p) != TK_SEMI && peek3(p) != TK_RPAREN) return false; // a - -b, without the space
        return parse_error(p, both, "CSL has no '--'; use '-= 1'"), true;
    default: return false;
    }
}

static Node *parse_binary(Parser *p, int min_level) {
    Node *lhs = parse_unary(p);
    while (!p->panic) {
        const Token *t = p->t;
        Operator o = operator_of(t->kind);
        if (!o.op || o.level < min_level || told_c_operator(p)) break;
        take(p);
        Node *n = parse_node(p, ND_BINARY, t->start, lhs->start);
        n->op = (uint8_t)o.op;
        n->binary.lhs = lhs;
        n->binary.rhs = parse_binary(p, o.level + 1);
        lhs = parse_done(p, n);
        if (o.level == LEVEL_COMPARE && !p->panic && operator_of(peek(p)).level == LEVEL_COMPARE)
            if (parse_error(p, token_span(p->t), "comparisons cannot be chained"))
                diag_note(p->c, token_span(t),
                          "the first comparison; join two with 'and', or use parentheses");
    }
    return lhs;
}

Node *parse_expr(Parser *p) {
    Node *n = parse_enter(p) && !p->panic ? parse_binary(p, 1) : parse_error_node(p);
    parse_leave(p);
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

Node *parse_expr_or_assign(Parser *p) {
    Node *lhs = parse_expr(p);
    CslOp op;
    const Token *t = p->t;
    if (p->panic || !is_assignment(t->kind, &op)) return lhs;
    take(p);
    Node *n = parse_node(p, ND_ASSIGN, t->start, lhs->start);
    n->op = (uint8_t)op;
    n->assign.lhs = lhs;
    n->assign.rhs = parse_expr(p);
    if (at(p, TK_EQ)) parse_error(p, token_span(p->t), "assignments cannot be chained");
    return parse_done(p, n);
}
