// base/: errors, arenas, strings, maps, files, subprocesses.
#include "base/arena.h"
#include "base/err.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/map.h"
#include "base/proc.h"
#include "base/str.h"
#include "base/vec.h"
#include "test.h"

#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static wt_status_t open_core(int x) {
    return x > 3 ? fail(WT_INVALID, "core %d is harvested", x) : WT_OK;
}
static wt_status_t load_kernel(int x) {
    WRAP(open_core(x), "kernel '%s'", "reader");
    return WT_OK;
}

static void *worker(void *to) {
    load_kernel(9);
    err_save(to);
    return NULL;
}

static void errors_read_from_the_outside_in(void **state) {
    (void)state;
    assert_int_equal(load_kernel(2), WT_OK);
    assert_int_equal(load_kernel(7), WT_INVALID);
    assert_string_equal(wt_last_error(), "kernel 'reader': core 7 is harvested");
    fail(WT_IO, "again: %s", wt_last_error()); // an argument may be the old message
    assert_string_equal(wt_last_error(), "again: kernel 'reader': core 7 is harvested");
    assert_string_equal(wt_status_name(WT_STALL), "WT_STALL");
    assert_string_equal(wt_status_name(77), "WT_?");
}

static void errors_are_per_thread_and_travel(void **state) {
    (void)state;
    fail(WT_IO, "mine");
    Err e;
    pthread_t t;
    pthread_create(&t, NULL, worker, &e);
    pthread_join(t, NULL);
    assert_string_equal(wt_last_error(), "mine");
    assert_int_equal(err_raise(&e), WT_INVALID);
    assert_string_equal(wt_last_error(), "kernel 'reader': core 9 is harvested");
}

static void arena_falls_back_to_a_mark(void **state) {
    (void)state;
    Arena a = { 0 };
    char *kept = arena_printf(&a, "%d-%s", 4, "x");
    ArenaMark m = arena_mark(&a);
    for (int i = 0; i < 1000; i++) {
        unsigned char *p = arena_alloc(&a, 1000);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (int k = 0; k < 1000; k++) assert_int_equal(p[k], 0);
        memset(p, 0xff, 1000);
    }
    arena_reset(&a, m);
    assert_int_equal(a.total, 16);
    assert_string_equal(kept, "4-x");
    unsigned char *p = arena_alloc(&a, 100);
    assert_int_equal(p[99], 0);
    arena_free(&a);
    assert_null(a.block);
}

static void map_keeps_insertion_order(void **state) {
    (void)state;
    Map m = { 0 };
    char key[16];
    for (int i = 0; i < 5000; i++) {
        snprintf(key, sizeof key, "k%d", i);
        *map_puts(&m, key) = (uint64_t)i;
    }
    for (int i = 0; i < 5000; i += 2) {
        snprintf(key, sizeof key, "k%d", i);
        assert_true(map_del(&m, key, strlen(key)));
        assert_null(map_gets(&m, key));
    }
    *map_puts(&m, "k0") = 9999;
    int expect = 1;
    const MapEntry *e;
    for (size_t it = 0; (e = map_next(&m, &it)); expect += 2)
        assert_int_equal(e->value, expect < 5000 ? expect : 9999);
    assert_int_equal(expect, 5003);
    map_free(&m);
}

static void strings(void **state) {
    (void)state;
    assert_int_equal(str_edit_distance(S("comptue"), S("compute")), 2);
    assert_int_equal(str_edit_distance(S(""), S("abc")), 3);
    assert_true(str_eqc(S("abc"), "abc"));
    StrBuf b = { 0 };
    for (int i = 0; i < 100; i++) sb_printf(&b, "%d,", i);
    assert_int_equal(strlen(sb_str(&b)), 290);
    sb_free(&b);
    Vec(int) v = { 0 };
    vec_resize(&v, 3);
    vec_push(&v, 7);
    assert_int_equal(v.data[0] + v.data[3], 7);
    vec_free(&v);
    char hex[33];
    hash_hex(hash128("abc", 3), hex);
    assert_string_equal(hex, "06b05ab6733a618578af5f94892f3950"); // xxhsum -H2 of "abc"
}

static void files_are_replaced_whole(void **state) {
    (void)state;
    char dir[PATH_CAP], path[PATH_CAP], deep[PATH_CAP];
    assert_int_equal(dir_make_temp(dir, "base"), WT_OK);
    assert_true(path_join(deep, sizeof deep, dir, "a/b/c"));
    assert_int_equal(dir_make(deep), WT_OK);
    assert_int_equal(dir_make(deep), WT_OK);
    assert_true(path_join(path, sizeof path, deep, "f"));
    assert_int_equal(file_write_atomic(path, "one", 3), WT_OK);
    assert_int_equal(file_write_atomic(path, "three", 5), WT_OK);
    char *text;
    size_t n;
    assert_int_equal(file_read(path, &text, &n), WT_OK);
    assert_int_equal(n, 5);
    assert_string_equal(text, "three");
    free(text);
    assert_int_equal(file_read(deep, &text, NULL), WT_IO);
    assert_int_equal(file_read("/nowhere/at/all", &text, NULL), WT_NOTFOUND);
    assert_non_null(strstr(wt_last_error(), "/nowhere/at/all"));
    assert_int_equal(dir_make(path), WT_IO); // a file is in the way
    assert_int_equal(dir_remove(dir), WT_OK);
    assert_false(dir_exists(dir));
    assert_int_equal(dir_remove(dir), WT_OK);
    assert_string_equal(path_base("a/b.c"), "b.c");
    path_dir(dir, sizeof dir, "/x");
    assert_string_equal(dir, "/");
}

static void programs_run(void **state) {
    (void)state;
    ProcResult r;
    const char *cat[] = { "sh", "-c", "cat; echo $WT_X >&2; exit 3", NULL };
    const char *env[] = { "WT_X=green", NULL };
    ProcSpec spec = { .argv = cat, .env = env, .input = "in\n", .input_len = 3 };
    assert_int_equal(proc_run(&spec, &r), WT_OK);
    assert_int_equal(r.code, 3);
    assert_string_equal(r.out, "in\ngreen\n");
    proc_free(&r);

    const char *none[] = { "no-such-program-here", NULL };
    assert_int_equal(proc_run(&(ProcSpec){ .argv = none }, &r), WT_TOOL);
    assert_non_null(strstr(wt_last_error(), "no-such-program-here"));
    assert_false(proc_find("no-such-program-here"));
    assert_true(proc_find("sh"));

    const char *slow[] = { "sleep", "60", NULL };
    assert_int_equal(proc_run(&(ProcSpec){ .argv = slow, .timeout_ms = 50 }, &r), WT_OK);
    assert_true(r.timed_out);
    assert_int_equal(r.signal, 9);
    proc_free(&r);

    // The system then keeps no child's end for anybody.
    const char *quick[] = { "true", NULL };
    void (*before)(int) = signal(SIGCHLD, SIG_IGN);
    assert_int_equal(proc_run(&(ProcSpec){ .argv = quick }, &r), WT_TOOL);
    assert_non_null(strstr(wt_last_error(), "how 'true' ended"));
    signal(SIGCHLD, before);
}

static void count_line(void *user, wt_log_level_t level, const char *line) {
    assert_int_equal(level, WT_LOG_WARNING);
    assert_string_equal(line, "core 7");
    ++*(int *)user;
}

static void hear_once(void *user, wt_log_level_t level, const char *line) {
    (void)level, (void)line;
    ++*(int *)user;
    wt_set_log_callback(NULL, NULL, 0);
}

static void log_goes_to_the_callback_only(void **state) {
    (void)state;
    int lines = 0;
    log_at(WT_LOG_ERROR, "nobody hears this");
    wt_set_log_callback(count_line, &lines, WT_LOG_WARNING);
    log_at(WT_LOG_WARNING, "core %d", 7);
    log_at(WT_LOG_DEBUG, "too quiet");
    wt_set_log_callback(NULL, NULL, 0);
    assert_int_equal(lines, 1);
    wt_set_log_callback(hear_once, &lines, WT_LOG_WARNING);
    log_at(WT_LOG_WARNING, "heard");
    log_at(WT_LOG_WARNING, "not heard");
    assert_int_equal(lines, 2);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_read_from_the_outside_in),
        cmocka_unit_test(errors_are_per_thread_and_travel),
        cmocka_unit_test(arena_falls_back_to_a_mark),
        cmocka_unit_test(map_keeps_insertion_order),
        cmocka_unit_test(strings),
        cmocka_unit_test(files_are_replaced_whole),
        cmocka_unit_test(programs_run),
        cmocka_unit_test(log_goes_to_the_callback_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
