// Diagnostics as text and as a list: places, carets, underlines, windows of long lines, order,
// limits.
#include "wse/build/csl.h"

#include "test.h"

static CslResult compile(const char *text, size_t n, CslOptions o) {
    CslFile file = { "t.csl", text, n };
    CslResult r;
    o.input = "t.csl";
    o.files = &file;
    o.nfiles = 1;
    if (!o.emit) o.emit = CSL_EMIT_AST;
    wt_status_t s = csl_compile(&o, &r);
    assert_int_equal(s, r.errors ? WT_COMPILE : WT_OK);
    return r;
}

static void renders(const char *text, const char *expected) {
    CslResult r = compile(text, strlen(text), (CslOptions){ 0 });
    assert_string_equal(r.rendered, expected);
    csl_result_free(&r);
}

static void caret_and_underline(void **state) {
    (void)state;
    renders("const a = 1;\nfn f() void { x = 0x12g; }\n",
            "t.csl:2:23: error: invalid character 'g' in hexadecimal number\n"
            "    2 | fn f() void { x = 0x12g; }\n"
            "      |                   ~~~~^\n");
}

static void tabs_stay_tabs(void **state) {
    (void)state;
    renders("fn f() void {\n\tx\t= ;\n}\n", "t.csl:2:6: error: expected an expression, found ';'\n"
                                            "    2 | \tx\t= ;\n"
                                            "      | \t \t  ^\n");
}

static void characters_are_counted_not_bytes(void **state) {
    (void)state;
    renders("const a = \"h\xc3\xa4\xc3\xb6\" +;\n",
            "t.csl:1:20: error: expected an expression, found ';'\n"
            "    1 | const a = \"h\xc3\xa4\xc3\xb6\" +;\n"
            "      |                  ^\n");
}

static void end_of_file_and_carriage_returns(void **state) {
    (void)state;
    renders("const a = 1;\r\nconst b = 2",
            "t.csl:2:12: error: expected ';' after the declaration of 'b'\n"
            "    2 | const b = 2\n"
            "      |            ^\n");
    renders("", "");
    renders("\xef\xbb\xbf"
            "const a = ;\r\n",
            "t.csl:1:14: error: expected an expression, found ';'\n"
            "    1 | \xef\xbb\xbf"
            "const a = ;\n"
            "      |            ^\n");
}

static void control_characters_are_not_printed(void **state) {
    (void)state;
    static const char text[] = "const a = \x1b;\n";
    renders(text, "t.csl:1:11: error: invalid character 0x1b\n"
                  "    1 | const a = ?;\n"
                  "      |           ^\n");
    CslResult r = compile("const a = \0;", 12, (CslOptions){ 0 });
    assert_non_null(strstr(r.rendered, "invalid character 0x00"));
    csl_result_free(&r);
}

static void long_lines_show_a_window(void **state) {
    (void)state;
    StrBuf b = { 0 };
    for (int i = 0; i < 400; i++) sb_printf(&b, "const a%03d = 1; ", i);
    sb_printf(&b, "const x = ;");
    for (int i = 0; i < 400; i++) sb_printf(&b, " const b%03d = 1;", i);
    CslResult r = compile(b.p, b.n, (CslOptions){ 0 });
    assert_int_equal(r.ndiagnostics, 1);
    assert_int_equal(r.diagnostics[0].column, 400 * 16 + 11);
    assert_true(strlen(r.rendered) < 500);
    const char *line = strstr(r.rendered, "1 | "), *below = strchr(line, '\n');
    const char *caret = strchr(below, '^');
    assert_int_equal(line[caret - (below + 1) - 4],
                     ';'); // both lines begin with "    1 | " and "      | "
    csl_result_free(&r);
    sb_free(&b);
}

static void notes_follow_their_message(void **state) {
    (void)state;
    static const char text[] = "fn f(a: i16,\n     a: i16) void { }";
    CslResult r = compile(text, sizeof text - 1, (CslOptions){ 0 });
    assert_int_equal(r.ndiagnostics, 2);
    assert_int_equal(r.diagnostics[0].severity, CSL_ERROR);
    assert_int_equal(r.diagnostics[0].line, 2);
    assert_int_equal(r.diagnostics[1].severity, CSL_NOTE);
    assert_int_equal(r.diagnostics[1].line, 1);
    assert_int_equal(r.diagnostics[1].column, 6);
    assert_string_equal(r.diagnostics[1].file, "t.csl");
    assert_int_equal(r.errors, 1);
    csl_result_free(&r);
}

static void the_limit_ends_it(void **state) {
    (void)state;
    StrBuf b = { 0 };
    for (int i = 0; i < 100; i++) sb_printf(&b, "const a = ;\n");
    CslResult r = compile(b.p, b.n, (CslOptions){ 0 });
    assert_int_equal(r.ndiagnostics, 21);
    assert_string_equal(r.diagnostics[20].text, "too many errors, stopping here");
    assert_string_equal(r.diagnostics[20].file, "");
    csl_result_free(&r);
    r = compile(b.p, b.n, (CslOptions){ .error_limit = 2 });
    assert_int_equal(r.ndiagnostics, 3);
    csl_result_free(&r);
    sb_free(&b);
}

static void missing_files_are_told_at_the_import(void **state) {
    (void)state;
    static const char text[] = "const m = @import_module(\"gone.csl\");\nlayout { "
                               "@comptime_print(m.x); @set_rectangle(1, 1); }\n";
    CslResult r = compile(text, sizeof text - 1, (CslOptions){ .emit = CSL_EMIT_IR });
    assert_true(r.errors > 0);
    assert_string_equal(r.diagnostics[0].text, "there is no file 'gone.csl'");
    assert_int_equal(r.diagnostics[0].line, 1);
    assert_int_equal(r.diagnostics[0].column, 26);
    csl_result_free(&r);
}

static void two_compilations_share_nothing(void **state) {
    (void)state;
    CslResult a = compile("const a = ;", 11, (CslOptions){ 0 }),
              b = compile("const b = 1;", 12, (CslOptions){ 0 });
    assert_int_equal(a.errors, 1);
    assert_int_equal(b.errors, 0);
    csl_result_free(&b);
    assert_non_null(strstr(a.rendered, "const a"));
    csl_result_free(&a);
    csl_result_free(&a); // again is fine
}

static void suggestions(void **state) {
    (void)state;
    static const struct {
        const char *wanted, *offered, *hint;
    } cases[] = {
        { "widht", "width", "; did you mean 'width'?" },
        { "colour", "color", "; did you mean 'color'?" },
        { "x", "y", "" },
        { "int", "fn", "" },
        { "abcdef", "uvwxyz", "" },
        { "outre", "outer", "; did you mean 'outer'?" },
        { "same", "same", "" },
        { "", "a", "" },
    };
    Csl c = { 0 };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Spelling s = spelling(cases[i].wanted);
        spelling_offer(&s, cases[i].offered);
        assert_string_equal(spelling_hint(&c, &s), cases[i].hint);
    }
    arena_free(&c.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(caret_and_underline),
        cmocka_unit_test(tabs_stay_tabs),
        cmocka_unit_test(characters_are_counted_not_bytes),
        cmocka_unit_test(end_of_file_and_carriage_returns),
        cmocka_unit_test(control_characters_are_not_printed),
        cmocka_unit_test(long_lines_show_a_window),
        cmocka_unit_test(notes_follow_their_message),
        cmocka_unit_test(the_limit_ends_it),
        cmocka_unit_test(missing_files_are_told_at_the_import),
        cmocka_unit_test(two_compilations_share_nothing),
        cmocka_unit_test(suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
