// --emit=tokens and --emit=ast: one line per token or node, for people who work on the compiler and
// for tests. A node shows its role in its parent, its kind, what it holds itself and its place; its
// children stand indented below.
#include "wse/build/csl.h"

#include <stdio.h>

const char *node_kind_name(NodeKind kind) {
    static const char *const names[] = {
#define _(name) #name,
        CSL_NODES(_)
#undef _
    };
    return names[kind];
}

const char *op_text(CslOp op) {
    static const char *const texts[] = {
        [CSL_OP_NONE] = "",
#define _(name, text, token, level) [CSL_OP_##name] = text,
        CSL_BINARY_OPS(_)
#undef _
            [CSL_OP_NEG] = "-",
        [CSL_OP_NOT] = "!",
        [CSL_OP_BITNOT] = "~",
    };
    return texts[op];
}

static void dump_bytes(StrBuf *b, const char *p, size_t n) {
    sb_putc(b, '"');
    for (size_t i = 0; i < n; i++) {
        unsigned char ch = (unsigned char)p[i];
        if (ch < 0x20 || ch >= 0x7f || ch == '"' || ch == '\\')
            sb_printf(b, "\\x%02x", ch);
        else
            sb_putc(b, (char)ch);
    }
    sb_putc(b, '"');
}

void dump_tokens(Csl *c, const SrcFile *f, StrBuf *out) {
    Tokens tokens = { 0 };
    lex(c, f, &tokens);
    for (size_t i = 0; i < tokens.len; i++) {
        const Token *t = &tokens.data[i];
        SrcPlace at = source_place(c, t->start);
        Str text = source_text(c, t->start, t->end);
        sb_printf(out, "%d:%d %s", at.line, at.column, token_name(t->kind));
        if (t->kind <= TK_STRING && t->kind != TK_EOF) {
            sb_putc(out, ' ');
            dump_bytes(out, text.p, text.n);
        }
        sb_putc(out, '\n');
    }
    vec_free(&tokens);
}

static const char *const flag_names[] = { "const",  "param",    "color",  "comptime", "export",
                                          "extern", "packed",   "inline", "task",     "anytype",
                                          "many",   "volatile", "char",   "else" };

static void dump_integer(StrBuf *b, uint64_t hi, uint64_t lo) {
    if (hi)
        sb_printf(b, " 0x%llx%016llx", (unsigned long long)hi, (unsigned long long)lo);
    else
        sb_printf(b, " %llu", (unsigned long long)lo);
}

static void dump_own(StrBuf *b, const Node *n) {
    const Name *name = NULL;
    switch ((NodeKind)n->kind) {
    case ND_VAR: name = n->var.name; break;
    case ND_FN: name = n->fn.name; break;
    case ND_PARAM: name = n->param.name; break;
    case ND_BLOCK: name = n->block.label; break;
    case ND_FOR: name = n->for_.label; break;
    case ND_WHILE: name = n->while_.label; break;
    case ND_BREAK:
    case ND_CONTINUE: name = n->jump.label; break;
    case ND_ASM_OPERAND: name = n->asm_operand.name; break;
    case ND_IDENT: name = n->name; break;
    case ND_FIELD: name = n->field.name; break;
    case ND_BUILTIN: name = n->builtin.name; break;
    case ND_FIELD_INIT: name = n->field_init.name; break;
    case ND_MEMBER: name = n->member.name; break;
    case ND_INT: dump_integer(b, n->integer.hi, n->integer.lo); break;
    case ND_FLOAT: sb_printf(b, " %a", n->number); break;
    case ND_STRING:
        sb_putc(b, ' ');
        dump_bytes(b, n->string.p, n->string.len);
        break;
    case ND_BOOL: sb_printf(b, " %s", n->boolean ? "true" : "false"); break;
    case ND_UNARY:
    case ND_BINARY: sb_printf(b, " %s", op_text((CslOp)n->op)); break;
    case ND_ASSIGN: sb_printf(b, " %s=", op_text((CslOp)n->op)); break;
    default: break;
    }
    if (name) sb_printf(b, " %s", name->s);
    for (unsigned i = 0; i < sizeof flag_names / sizeof *flag_names; i++)
        if (n->flags & 1u << i) sb_printf(b, " %s", flag_names[i]);
}

typedef struct Dump {
    Csl *c;
    StrBuf *out;
    int depth;
} Dump;

static void dump_node(void *ctx, Node *n, const char *role) {
    Dump *d = ctx;
    SrcPlace from = source_place(d->c, n->start), to = source_place(d->c, n->end);
    sb_printf(d->out, "%*s%s%s%s", d->depth * 2, "", role, *role ? ": " : "",
              node_kind_name((NodeKind)n->kind));
    dump_own(d->out, n);
    sb_printf(d->out, "  <%d:%d-%d:%d>\n", from.line, from.column, to.line, to.column);
    d->depth++;
    node_each(n, dump_node, d);
    d->depth--;
}

void dump_unit(Csl *c, const Unit *u, StrBuf *out) {
    Dump d = { c, out, 0 };
    for (uint32_t i = 0; i < u->decls.len; i++) dump_node(&d, u->decls.data[i], "");
}
