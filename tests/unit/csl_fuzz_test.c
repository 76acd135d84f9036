// The compiler on broken input: programs of the tests and of the library, mutated. Nothing may
// crash, run away, or fail without saying so; with SAN=1 nothing may touch what it does not own.
// The mutations depend on the seed only.
#include <ctype.h>
#include <glob.h>
#include <time.h>

#include "base/file.h"
#include "base/vec.h"
#include "wse/build/csl.h"

#include "test.h"

typedef struct Text {
    char *p;
    size_t n;
} Text;
typedef Vec(Text) Corpus;

static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static size_t below(uint64_t *state, size_t n) { return n ? next_random(state) % n : 0; }

static void corpus_add(Corpus *c, const char *pattern) {
    glob_t g;
    if (glob(pattern, 0, NULL, &g)) return;
    for (size_t i = 0; i < g.gl_pathc; i++) {
        Text t;
        assert_ok(file_read(g.gl_pathv[i], &t.p, &t.n));
        vec_push(c, t);
    }
    globfree(&g);
}

static Corpus corpus_load(void) {
    Corpus c = { 0 };
    corpus_add(&c, "tests/csl/*/*.csl");
    corpus_add(&c, "src/wse/lib/*.csl");
    corpus_add(&c, "src/wse/lib/*/*.csl");
    assert_true(c.len > 10);
    return c;
}

static void corpus_free(Corpus *c) {
    for (size_t i = 0; i < c->len; i++) free(c->data[i].p);
    vec_free(c);
}

// Pieces that open, close, begin and end things.
static const char *const pieces[] = {
    "{",
    "}",
    "(",
    ")",
    "[",
    "]",
    ";",
    ",",
    "|",
    "->",
    "=>",
    ".",
    ".*",
    ".{",
    "=",
    "==",
    "+",
    "-",
    "&",
    "*",
    "\"",
    "'",
    "//",
    "@",
    "@get_dsd(",
    "if (",
    "else ",
    "for (",
    "while (",
    "switch (",
    "fn ",
    "task ",
    "struct {",
    "comptime ",
    "inline ",
    "const x = ",
    "var ",
    "param p;",
    "layout {",
    "extern ",
    "asm (",
    "0x",
    "1e",
    "999999999999999999999",
    "\xff",
    "\n",
    "\0x",
    "u16",
    "|i|{3} -> ",
    "return",
    "break :",
    "a: ",
    "@range(i16, ",
    "_",
    "true",
    "[*]",
    "anytype",
    "align(",
};

static void mutate(StrBuf *out, const Corpus *c, uint64_t *r) {
    const Text *t = &c->data[below(r, c->len)];
    size_t from = below(r, 4) ? 0 : below(r, t->n);
    sb_add(out, t->p + from, t->n - from);
    for (size_t i = 1 + below(r, 6); i-- > 0;) {
        size_t at = below(r, out->n + 1), n = below(r, 40);
        const Text *other = &c->data[below(r, c->len)];
        StrBuf b = { 0 };
        sb_add(&b, out->p, at);
        switch (below(r, 6)) {
        case 0: at += n; break; // leave out
        case 1: {               // from elsewhere
            size_t o = below(r, other->n);
            sb_add(&b, other->p + o, n < other->n - o ? n : other->n - o);
            break;
        }
        case 2:
        case 3: { // a piece, perhaps many times
            const char *piece = pieces[below(r, sizeof pieces / sizeof *pieces)];
            for (size_t k = below(r, 8) ? 1 : below(r, 3000); k-- > 0;)
                sb_add(&b, piece, strlen(piece));
            break;
        }
        case 4:
            sb_putc(&b, (char)next_random(r));
            at++;
            break;                  // another byte
        case 5: at = out->n; break; // cut off
        }
        if (at < out->n) sb_add(&b, out->p + at, out->n - at);
        sb_free(out);
        *out = b;
    }
}

// A word (or a number, or a sign) at or after a random place.
static Text word_at(const char *p, size_t n, uint64_t *r) {
    size_t i = below(r, n), k = 0;
    while (i < n && (p[i] == ' ' || p[i] == '\n')) i++;
    while (i > 0 && (isalnum((unsigned char)p[i - 1]) || p[i - 1] == '_' || p[i - 1] == '@')) i--;
    while (i + k < n &&
           (isalnum((unsigned char)p[i + k]) || p[i + k] == '_' || (!k && p[i] == '@')))
        k++;
    return (Text){ (char *)p + i, k ? k : i < n };
}

// Puts another word, most often of the same text, in the place of one.
static void swap_words(StrBuf *b, const Corpus *c, uint64_t *r) {
    const Text *other = &c->data[below(r, c->len)];
    bool same = below(r, 4);
    if (!b->n || !other->n) return;
    Text out = word_at(b->p, b->n, r),
         in = same ? word_at(b->p, b->n, r) : word_at(other->p, other->n, r);
    static const char *const odd[] = { "0",   "-1",           "65536", "1.5", "true", "void",
                                       "u16", "comptime_int", "&",     ".{}", "f16",  "\"x\"" };
    StrBuf n = { 0 };
    sb_add(&n, b->p, (size_t)(out.p - b->p));
    const char *piece = odd[below(r, sizeof odd / sizeof *odd)];
    if (below(r, 4))
        sb_add(&n, in.p, in.n);
    else
        sb_add(&n, piece, strlen(piece));
    sb_add(&n, out.p + out.n, b->n - (size_t)(out.p - b->p) - out.n);
    sb_free(b);
    *b = n;
}

static void compile_text(const char *text, size_t n, CslEmit emit) {
    CslFile file = { "fuzz.csl", text, n };
    CslOptions o = { .input = "fuzz.csl", .files = &file, .nfiles = 1, .emit = emit };
    CslResult result;
    wt_status_t s = csl_compile(&o, &result);
    assert_true(s == WT_OK || s == WT_COMPILE);
    assert_int_equal(s == WT_COMPILE, result.errors > 0);
    for (size_t i = 0; i < result.ndiagnostics; i++)
        assert_true(result.diagnostics[i].text[0] != '\0');
    csl_result_free(&result);
}

// The whole compiler: the text as a layout file, and as the code of a PE.
static void compile_whole(const char *text, size_t n, bool as_layout, CslArch arch) {
    static const char layout[] =
        "layout { @set_rectangle(1, 1); @set_tile_code(0, 0, \"fuzz.csl\"); }";
    CslFile files[] = { { "fuzz.csl", text, n }, { "layout.csl", layout, sizeof layout - 1 } };
    CslOptions o = { .input = as_layout ? "fuzz.csl" : "layout.csl",
                     .files = files,
                     .nfiles = 2,
                     .emit = CSL_EMIT_BYTECODE,
                     .arch = arch,
                     .comptime_steps = 200 * 1000, // some of the corpus is endless
                     .memcpy = n & 1 };
    CslResult result;
    wt_status_t s = csl_compile(&o, &result);
    if (s != WT_OK && s != WT_COMPILE) fail_msg("%s", wt_last_error());
    assert_int_equal(s == WT_COMPILE, result.errors > 0);
    csl_result_free(&result);
}

static int rounds(void) { return getenv("WT_HARD") ? 60000 : 3000; }

static void mutated_programs(void **state) {
    (void)state;
    Corpus c = corpus_load();
    uint64_t r = 1;
    for (int i = 0; i < rounds(); i++) {
        StrBuf b = { 0 };
        mutate(&b, &c, &r);
        compile_text(sb_str(&b), b.n, i % 8 ? CSL_EMIT_AST : CSL_EMIT_TOKENS);
        sb_free(&b);
    }
    corpus_free(&c);
}

static void every_prefix(void **state) {
    (void)state;
    Corpus c = corpus_load();
    for (size_t i = 0; i < c.len && i < 12; i++)
        for (size_t n = 0; n <= c.data[i].n && n < 1500; n++)
            compile_text(c.data[i].p, n, CSL_EMIT_AST);
    corpus_free(&c);
}

// Programs that mostly make sense reach further: few changes, words for words.
static void mutated_analysis(void **state) {
    (void)state;
    Corpus c = corpus_load();
    uint64_t r = 2;
    for (int i = 0; i < rounds(); i++) {
        StrBuf b = { 0 };
        const Text *t = &c.data[below(&r, c.len)];
        sb_add(&b, t->p, t->n);
        for (size_t k = 1 + below(&r, 3); k-- > 0;) swap_words(&b, &c, &r);
        bool as_layout = strstr(sb_str(&b), "layout {") || strstr(sb_str(&b), "layout{");
        compile_whole(sb_str(&b), b.n, as_layout, below(&r, 2) ? CSL_WSE2 : CSL_WSE3);
        sb_free(&b);
    }
    corpus_free(&c);
}

// One construct inside itself, or after itself, a hundred thousand times: an error, in time and on
// the stack we have.
static void deep_and_long(void **state) {
    (void)state;
    static const struct {
        const char *head, *piece, *tail;
    } cases[] = {
        { "const a = ", "(", ";" },
        { "const a = ", "-", "1;" },
        { "const a = 1", " + 1", ";" },
        { "const a = x", ".y", ";" },
        { "const a = x", "(1)", ";" },
        { "const a = x", "[1]", ";" },
        { "const a = x", ".*", ";" },
        { "const a: ", "[1]", "u8;" },
        { "const a: ", "*", "u8;" },
        { "const a: ", "fn () ", "void;" },
        { "const a = ", ".{", ";" },
        { "const a = ", "if (x) ", "1;" },
        { "const a = ", "comptime ", "1;" },
        { "const a = ", "|i|{1} -> ", "b[i];" },
        { "fn f() void ", "{", "}" },
        { "fn f() void {", "if (a) {} else ", "{} }" },
        { "fn f() void {", "while (a) ", "{} }" },
        { "fn f() void {", "x: {", "}" },
        { "fn f() void {", "switch (a) { else => ", "}" },
        { "const a = ", "struct { x: ", "}" },
        { "", "{", "" },
        { "", "fn ", "" },
        { "const a = ", "\"", "" },
        { "const a = 1", " == (1", ";" },
        { "const a = ", "b or ", "c;" },
        { "const a = (b", " + (c)", ");" },
        { "", "const x = 1;\n", "" },
        { "const a = ", "@f(", "" },
        { "const a = [", "1, ", "1]u8{};" },
        { "//", "/", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        StrBuf b = { 0 };
        sb_add(&b, cases[i].head, strlen(cases[i].head));
        for (int k = 0; k < 100000; k++) sb_add(&b, cases[i].piece, strlen(cases[i].piece));
        sb_add(&b, cases[i].tail, strlen(cases[i].tail));
        clock_t start = clock();
        compile_text(b.p, b.n, CSL_EMIT_AST);
        if ((double)(clock() - start) / CLOCKS_PER_SEC > 5)
            fail_msg("'%s' 100,000 times took over 5 s", cases[i].piece);
        sb_free(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mutated_programs),
        cmocka_unit_test(mutated_analysis),
        cmocka_unit_test(every_prefix),
        cmocka_unit_test(deep_and_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
