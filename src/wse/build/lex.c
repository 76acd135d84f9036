// The lexer: a whole file to an array of tokens. Comments run from `//` to the end of the line;
// there are no others. Names of types are ordinary identifiers; only the words of CSL_KEYWORDS are
// reserved.
#include "wse/build/csl.h"

#include <string.h>

static const struct {
    const char *text;
    uint8_t len;
    TokenKind kind;
} keywords[] = {
#define _(name, text) { text, sizeof text - 1, TK_##name },
    CSL_KEYWORDS(_)
#undef _
};

static const struct {
    const char *text;
    uint8_t len;
    TokenKind kind;
} punctuation[] = {
#define _(name, text) { text, sizeof text - 1, TK_##name },
    CSL_PUNCTUATION(_)
#undef _
};

const char *token_name(TokenKind kind) {
    static const char *const names[TK_COUNT] = { [TK_EOF] = "end of file",
                                                 [TK_ERROR] = "invalid token",
                                                 [TK_IDENT] = "identifier",
                                                 [TK_BUILTIN] = "builtin name",
                                                 [TK_INT] = "integer",
                                                 [TK_FLOAT] = "floating-point number",
                                                 [TK_CHAR] = "character",
                                                 [TK_STRING] = "string",
#define _(name, text) [TK_##name] = "'" text "'",
                                                 CSL_PUNCTUATION(_) CSL_KEYWORDS(_)
#undef _
    };
    return names[kind];
}

Name *name_of(Csl *c, const char *s, size_t len) {
    uint64_t *slot = map_put(&c->names, s, len);
    if (!*slot) {
        Name *n = arena_new(&c->arena, Name);
        *n = (Name){ .s = arena_str(&c->arena, s, len),
                     .len = (uint32_t)len,
                     .id = (uint32_t)c->names.len };
        *slot = (uintptr_t)n;
    }
    return (Name *)(uintptr_t)*slot;
}

typedef struct Lexer {
    Csl *c;
    const SrcFile *f;
    const char *p, *end; // next character; end of the text, where a NUL stands
    Tokens *out;
} Lexer;

static SrcPos pos_of(const Lexer *l, const char *p) {
    return l->f->base + (SrcPos)(p - l->f->text);
}

static Span span_from(const Lexer *l, const char *from, const char *to) {
    return (Span){ pos_of(l, from), pos_of(l, from), pos_of(l, to) };
}

static bool is_digit(char ch) { return ch >= '0' && ch <= '9'; }
static bool is_letter(char ch) {
    return ch == '_' || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}
static bool is_word(char ch) { return is_letter(ch) || is_digit(ch); }
static bool is_hex(char ch) {
    return is_digit(ch) || (ch >= 'a' && ch <= 'f') || (ch >= 'A' && ch <= 'F');
}

static void add(Lexer *l, TokenKind kind, const char *from) {
    vec_push(l->out, (Token){ kind, pos_of(l, from), pos_of(l, l->p) });
}

static void skip_word(Lexer *l) {
    while (is_word(*l->p)) l->p++;
}

static void lex_word(Lexer *l) {
    const char *from = l->p;
    skip_word(l);
    size_t n = (size_t)(l->p - from);
    for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
        if (keywords[i].len == n && !memcmp(keywords[i].text, from, n)) {
            add(l, keywords[i].kind, from);
            return;
        }
    add(l, TK_IDENT, from);
}

// Digits of a base and `_` between them. False, with everything word-like skipped, when something
// else follows.
static bool lex_digits(Lexer *l, const char *from, const char *base, bool (*is)(char)) {
    const char *digits = l->p;
    while (is(*l->p) || (*l->p == '_' && l->p > digits && is(l->p[-1]) && is(l->p[1]))) l->p++;
    if (l->p > digits && !is_word(*l->p)) return true;
    const char *bad = l->p;
    skip_word(l);
    if (bad == l->p)
        diag_error(l->c, span_from(l, from, l->p), "%s number without digits", base);
    else
        diag_error(l->c, (Span){ pos_of(l, bad), pos_of(l, from), pos_of(l, l->p) },
                   "invalid character '%c' in %s number", *bad, base);
    return false;
}

static bool is_binary(char ch) { return ch == '0' || ch == '1'; }
static bool is_octal(char ch) { return ch >= '0' && ch <= '7'; }

static void lex_number(Lexer *l) {
    const char *from = l->p;
    if (*l->p == '0' && strchr("xbo", l->p[1]) && l->p[1]) {
        char base = l->p[1];
        l->p += 2;
        bool ok = base == 'x'   ? lex_digits(l, from, "hexadecimal", is_hex)
                  : base == 'b' ? lex_digits(l, from, "binary", is_binary)
                                : lex_digits(l, from, "octal", is_octal);
        add(l, ok ? TK_INT : TK_ERROR, from);
        return;
    }
    while (is_digit(*l->p) || (*l->p == '_' && is_digit(l->p[-1]) && is_digit(l->p[1]))) l->p++;
    TokenKind kind = TK_INT;
    if (*l->p == '.' && is_digit(l->p[1])) {
        kind = TK_FLOAT;
        l->p++;
        while (is_digit(*l->p) || (*l->p == '_' && is_digit(l->p[-1]) && is_digit(l->p[1]))) l->p++;
    } else if (*l->p == '.' && l->p[1] != '*' && l->p[1] != '.' && !is_letter(l->p[1])) {
        kind = TK_FLOAT; // `1.`
        l->p++;
    }
    if (*l->p == 'e' || *l->p == 'E') {
        const char *digits = l->p + 1 + (l->p[1] == '+' || l->p[1] == '-');
        if (is_digit(*digits)) {
            kind = TK_FLOAT;
            for (l->p = digits; is_digit(*l->p);) l->p++;
        }
    }
    if (is_word(*l->p)) {
        const char *bad = l->p;
        skip_word(l);
        diag_error(l->c, (Span){ pos_of(l, bad), pos_of(l, from), pos_of(l, l->p) },
                   "invalid character '%c' in a number%s", *bad,
                   *bad == '_' ? "" : "; names cannot start with a digit");
        kind = TK_ERROR;
    }
    add(l, kind, from);
}

// A string or character; escapes are decoded, and checked, by the parser.
static void lex_quoted(Lexer *l) {
    const char *from = l->p++;
    while (l->p < l->end && *l->p != '\n' && *l->p != *from)
        l->p += *l->p == '\\' && l->p + 1 < l->end && l->p[1] != '\n' ? 2 : 1;
    bool string = *from == '"';
    if (l->p >= l->end || *l->p != *from) {
        diag_error(l->c, span_from(l, from, l->p), "%s is not closed on its line",
                   string ? "string" : "character");
        add(l, TK_ERROR, from);
        return;
    }
    l->p++;
    add(l, string ? TK_STRING : TK_CHAR, from);
}

static void lex_builtin(Lexer *l) {
    const char *from = l->p++;
    skip_word(l);
    if (l->p > from + 1 && !is_digit(from[1])) {
        add(l, TK_BUILTIN, from);
        return;
    }
    diag_error(l->c, span_from(l, from, l->p), "'@' must be followed by the name of a builtin");
    add(l, TK_ERROR, from);
}

// Longest match. False: the character starts nothing.
static bool lex_punctuation(Lexer *l) {
    size_t best = 0;
    TokenKind kind = TK_ERROR;
    for (size_t i = 0; i < sizeof punctuation / sizeof *punctuation; i++)
        if (punctuation[i].len > best && !strncmp(punctuation[i].text, l->p, punctuation[i].len)) {
            best = punctuation[i].len;
            kind = punctuation[i].kind;
        }
    if (!best) return false;
    const char *from = l->p;
    l->p += best;
    add(l, kind, from);
    return true;
}

// A run of bytes that start no token: one message for all of them.
static void lex_junk(Lexer *l) {
    const char *from = l->p;
    unsigned char ch = (unsigned char)*from;
    while (l->p < l->end && (unsigned char)*l->p >= 0x80) l->p++;
    if (l->p == from)
        while (l->p < l->end && *l->p == (char)ch) l->p++;
    Span at = span_from(l, from, l->p);
    if (ch >= 0x80)
        diag_error(l->c, at, "only strings and comments may contain characters outside ASCII");
    else if (ch < 0x20 || ch == 0x7f)
        diag_error(l->c, at, "invalid character 0x%02x", ch);
    else
        diag_error(l->c, at, "invalid character '%c'%s", ch,
                   ch == '?'   ? "; a choice is written 'if (c) a else b'"
                   : ch == '#' ? "; CSL has no preprocessor, files are joined by @import_module"
                               : "");
    add(l, TK_ERROR, from);
}

void lex(Csl *c, const SrcFile *f, Tokens *out) {
    Lexer l = { c, f, f->text, f->text + f->size, out };
    if (f->size >= 3 && !memcmp(l.p, "\xef\xbb\xbf", 3)) // byte order mark
        l.p += 3;
    while (l.p < l.end && !diag_stop(c)) {
        char ch = *l.p;
        if (ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r')
            l.p++;
        else if (ch == '/' && l.p[1] == '/') {
            const char *eol = memchr(l.p, '\n', (size_t)(l.end - l.p));
            l.p = eol ? eol : l.end;
        } else if (ch == '/' && l.p[1] == '*') {
            const char *from = l.p, *close = strstr(l.p + 2, "*/");
            l.p = close ? close + 2 : l.end;
            diag_error(c, span_from(&l, from, from + 2), "CSL has no block comments; use '//'");
        } else if (is_letter(ch))
            lex_word(&l);
        else if (is_digit(ch))
            lex_number(&l);
        else if (ch == '"' || ch == '\'')
            lex_quoted(&l);
        else if (ch == '@')
            lex_builtin(&l);
        else if (!lex_punctuation(&l))
            lex_junk(&l);
    }
    l.p = l.end;
    add(&l, TK_EOF, l.p);
}
