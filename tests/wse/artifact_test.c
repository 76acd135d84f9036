// Artifacts from outside: missing, truncated and edited ones are refused or run, and never crash.
#include "compile.h"
#include "wse.h"

#include <string.h>

#include "test.h"

static char dir[PATH_CAP], program[PATH_CAP];
static char *good;
static size_t good_len;

// Compiles the echo program, and keeps its container's bytes.
static int compile(void **state) {
    (void)state;
    char out[PATH_CAP];
    if (dir_make_temp(dir, "artifact")) return -1;
    path_join(out, sizeof out, dir, "out");
    path_join(program, sizeof program, out, "bin/program.wse");
    if (compile_program("echo", "wse3", "--params=width:3,height:2", out)) return -1;
    return file_read(program, &good, &good_len);
}

static int clean(void **state) {
    (void)state;
    free(good);
    return dir_remove(dir);
}

static wt_status_t open_it(wse_runtime_t **rt) {
    char out[PATH_CAP];
    path_join(out, sizeof out, dir, "out");
    return wse_runtime_open(out, NULL, rt);
}

// Opens what is there and, if that is accepted, works with it a little.
static void try_it(void) {
    wse_runtime_t *rt = NULL;
    if (open_it(&rt)) {
        assert_null(rt);
        assert_true(strlen(wt_last_error()) > 0);
        return;
    }
    if (!wse_runtime_load(rt) && !wse_runtime_run(rt)) {
        uint32_t words[3] = { 1, 2, 3 };
        size_t size;
        wse_region_t roi = { 0, 0, 1, 1 };
        wse_copy_options_t o = { .struct_size = sizeof o, .streaming = 1, .nonblock = 1 };
        int32_t done;
        wse_task_t task;
        if (!wse_memcpy_h2d(rt, 2, words, 3, &roi, 3, &o, &task))
            for (int i = 0; i < 5 && !wse_task_done(rt, task, &done) && !done; i++) {
            }
        wse_read_symbol(rt, 0, 0, "count", words, sizeof words, &size);
    }
    wse_runtime_close(rt);
}

static void test_good(void **state) {
    (void)state;
    wse_runtime_t *rt;
    assert_ok(file_write(program, good, good_len));
    assert_ok(open_it(&rt));
    wse_info_t info = { .struct_size = sizeof info };
    assert_ok(wse_runtime_info(rt, &info));
    assert_int_equal(info.arch, WSE_ARCH_WSE3);
    assert_int_equal(info.width, 3);
    assert_int_equal(info.height, 2);
    assert_int_equal(info.fabric_width, 10);
    wse_runtime_close(rt);
}

static void test_truncated(void **state) {
    (void)state;
    for (size_t n = 0; n < good_len; n += 1 + n / 64) {
        wse_runtime_t *rt = NULL;
        assert_ok(file_write(program, good, n));
        wt_status_t s = open_it(&rt);
        assert_int_not_equal(s, WT_OK);
        assert_null(rt);
        assert_non_null(strstr(wt_last_error(), "program.wse"));
    }
}

static void test_edited(void **state) {
    (void)state;
    char *bad = malloc(good_len);
    assert_non_null(bad);
    uint64_t seed = 1;
    for (int round = 0; round < 1500; round++) {
        memcpy(bad, good, good_len);
        for (int edits = 1 + round % 3; edits--;) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bad[(seed >> 33) % good_len] = (char)(round % 2 ? seed >> 20 : 0xff);
        }
        assert_ok(file_write(program, bad, good_len));
        try_it();
    }
    free(bad);
}

static void test_arguments(void **state) {
    (void)state;
    wse_runtime_t *rt;
    assert_fails(wse_runtime_open(NULL, NULL, &rt), WT_INVALID, "must not be NULL");
    assert_fails(wse_runtime_open("x", NULL, NULL), WT_INVALID, "must not be NULL");
    assert_fails(wse_runtime_open("x", &(wse_runtime_options_t){ 0 }, &rt), WT_INVALID,
                 "struct_size");
    assert_fails(wse_runtime_open("/nonexistent", NULL, &rt), WT_NOTFOUND, "not a directory");
    assert_fails(wse_runtime_load(NULL), WT_INVALID, "no runtime");
    assert_fails(wse_runtime_stop(NULL), WT_INVALID, "no runtime");
    assert_fails(wse_task_wait(NULL, 1), WT_INVALID, "no runtime");
    wse_runtime_close(NULL);
    assert_ok(file_write(program, good, good_len));
    assert_ok(open_it(&rt));
    assert_fails(wse_task_wait(rt, 1), WT_INVALID, "given out 0");
    assert_fails(wse_runtime_info(rt, &(wse_info_t){ 0 }), WT_INVALID, "struct_size");
    assert_fails(wse_get_id(rt, NULL, NULL), WT_INVALID, "must not be NULL");
    // A caller that knows an older, shorter structure gets no more than that.
    struct {
        uint32_t struct_size;
        int32_t arch;
        uint32_t canary;
    } old = { .struct_size = 8, .canary = 77 };
    assert_ok(wse_runtime_info(rt, (wse_info_t *)&old));
    assert_int_equal(old.arch, WSE_ARCH_WSE3);
    assert_int_equal(old.canary, 77);
    wse_runtime_close(rt);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_truncated),
        cmocka_unit_test(test_edited),
    };
    return cmocka_run_group_tests(tests, compile, clean);
}
