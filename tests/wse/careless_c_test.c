// A host that passes NULL, nothing, too much or the wrong thing gets an error, never a crash.
#include "compile.h"
#include "wse.h"

#include <string.h>

#include "test.h"

static char dir[PATH_CAP], out[PATH_CAP];
static wse_runtime_t *rt;

static int compile(void **state) {
    (void)state;
    if (dir_make_temp(dir, "careless") || !path_join(out, sizeof out, dir, "out")) return -1;
    return compile_program("memory", "wse3", "--params=width:1,height:1,n:4", out);
}
static int clean(void **state) {
    (void)state;
    return dir_remove(dir);
}

static int begin(void **state) {
    (void)state;
    return wse_runtime_open(out, NULL, &rt) || wse_runtime_load(rt) || wse_runtime_run(rt);
}
static int end(void **state) {
    (void)state;
    wse_runtime_close(rt);
    return 0;
}

#define INVALID(call) assert_int_equal((call), WT_INVALID)

static void test_no_runtime(void **state) {
    (void)state;
    int32_t i;
    uint32_t word = 0;
    size_t size;
    wse_region_t roi = { 0, 0, 1, 1 };
    wse_info_t info = { .struct_size = sizeof info };
    wse_symbol_t symbol = { .struct_size = sizeof symbol };
    wse_stats_t stats = { .struct_size = sizeof stats };
    wse_runtime_close(NULL);
    INVALID(wse_runtime_open(NULL, NULL, &rt));
    INVALID(wse_runtime_open(out, NULL, NULL));
    INVALID(wse_runtime_load(NULL));
    INVALID(wse_runtime_run(NULL));
    INVALID(wse_runtime_stop(NULL));
    INVALID(wse_runtime_interrupt(NULL));
    INVALID(wse_runtime_info(NULL, &info));
    INVALID(wse_symbol_at(NULL, 0, &symbol));
    INVALID(wse_symbol_input(NULL, 0, 0, NULL, NULL));
    INVALID(wse_get_id(NULL, "x", &i));
    INVALID(wse_task_done(NULL, 1, &i));
    INVALID(wse_task_wait(NULL, 1));
    INVALID(wse_memcpy_h2d(NULL, 0, &word, 1, &roi, 1, NULL, NULL));
    INVALID(wse_memcpy_d2h(NULL, &word, 1, 0, &roi, 1, NULL, NULL));
    INVALID(wse_memcpy_h2d_rowbcast(NULL, 0, &word, 1, &roi, 1, NULL, NULL));
    INVALID(wse_memcpy_h2d_colbcast(NULL, 0, &word, 1, &roi, 1, NULL, NULL));
    INVALID(wse_memcpy_h2d_stride(NULL, 0, &word, 1, &roi, 1, 1, 1, NULL, NULL));
    INVALID(wse_launch(NULL, "x", NULL, 0, NULL, NULL));
    INVALID(wse_call(NULL, "x", NULL, 0, NULL, NULL));
    INVALID(wse_read_symbol(NULL, 0, 0, "x", NULL, 0, &size));
    INVALID(wse_runtime_stats(NULL, &stats));
    INVALID(wse_dump_core(NULL, "x"));
    INVALID(wse_dump_elf_core(NULL, "x"));
    assert_string_equal(wse_report(NULL), "");
}

static void test_missing_arguments(void **state) {
    (void)state;
    int32_t id;
    uint32_t words[4] = { 0 };
    size_t size;
    wse_region_t roi = { 0, 0, 1, 1 };
    assert_ok(wse_get_id(rt, "words", &id));
    INVALID(wse_runtime_info(rt, NULL));
    INVALID(wse_runtime_info(rt, &(wse_info_t){ 0 }));
    INVALID(wse_symbol_at(rt, 0, NULL));
    INVALID(wse_symbol_at(rt, 0, &(wse_symbol_t){ 0 }));
    INVALID(wse_get_id(rt, NULL, &id));
    INVALID(wse_get_id(rt, "words", NULL));
    INVALID(wse_runtime_stats(rt, NULL));
    INVALID(wse_runtime_stats(rt, &(wse_stats_t){ 0 }));
    INVALID(wse_memcpy_h2d(rt, id, NULL, 4, &roi, 4, NULL, NULL));
    INVALID(wse_memcpy_h2d(rt, id, words, 4, NULL, 4, NULL, NULL));
    INVALID(wse_memcpy_d2h(rt, NULL, 4, id, &roi, 4, NULL, NULL));
    INVALID(wse_memcpy_d2h(rt, words, 4, id, &roi, 4, &(wse_copy_options_t){ 0 }, NULL));
    INVALID(wse_launch(rt, NULL, NULL, 0, NULL, NULL));
    INVALID(wse_launch(rt, "turn", NULL, 1, NULL, NULL));
    INVALID(wse_launch(rt, "turn", NULL, 0, &(wse_launch_options_t){ .nonblock = 1 }, NULL));
    INVALID(wse_call(rt, NULL, NULL, 0, NULL, NULL));
    INVALID(wse_call(rt, "turn", NULL, SIZE_MAX, NULL, NULL));
    INVALID(wse_read_symbol(rt, 0, 0, NULL, NULL, 0, &size));
    INVALID(wse_read_symbol(rt, 0, 0, "scalar", NULL, 4, &size));
    INVALID(wse_read_symbol(rt, 0, 0, "scalar", words, 4, NULL));
    INVALID(wse_dump_core(rt, NULL));
    INVALID(wse_dump_elf_core(rt, NULL));
    INVALID(wse_task_done(rt, 1, &id));
    INVALID(wse_task_wait(rt, 0));
    INVALID(wse_task_wait(rt, UINT64_MAX));
}

static void test_wrong_numbers(void **state) {
    (void)state;
    int32_t id;
    uint32_t words[4] = { 0 };
    size_t size;
    wse_region_t roi = { 0, 0, 1, 1 };
    assert_ok(wse_get_id(rt, "words", &id));
    static const size_t counts[] = { 0, 3, 5, SIZE_MAX, (size_t)1 << 32 };
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        INVALID(wse_memcpy_h2d(rt, id, words, counts[i], &roi, 4, NULL, NULL));
        INVALID(wse_memcpy_d2h(rt, words, counts[i], id, &roi, 4, NULL, NULL));
    }
    static const uint32_t elems[] = { 0, 5, 0xc001, UINT32_MAX, UINT32_MAX / 4 + 2 };
    for (size_t i = 0; i < sizeof elems / sizeof *elems; i++)
        INVALID(wse_memcpy_h2d(rt, id, words, 4, &roi, elems[i], NULL, NULL));
    static const wse_region_t regions[] = {
        { 0, 0, 0, 0 },  { -1, 0, 1, 1 },        { 0, 0, INT32_MAX, INT32_MAX },
        { 1, 0, 1, 1 },  { INT32_MAX, 0, 1, 1 }, { INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN },
        { 0, 0, 1, -1 },
    };
    for (size_t i = 0; i < sizeof regions / sizeof *regions; i++)
        INVALID(wse_memcpy_h2d(rt, id, words, 4, &regions[i], 4, NULL, NULL));
    for (int32_t stride = -1; stride < 1; stride++)
        INVALID(wse_memcpy_h2d_stride(rt, id, words, 4, &roi, 4, stride, 1, NULL, NULL));
    static const int32_t ids[] = { -1, 1000, INT32_MIN, INT32_MAX };
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) {
        INVALID(wse_memcpy_h2d(rt, ids[i], words, 4, &roi, 4, NULL, NULL));
        const wse_copy_options_t streaming = { .struct_size = sizeof streaming, .streaming = 1 };
        INVALID(wse_memcpy_h2d(rt, ids[i], words, 4, &roi, 4, &streaming, NULL));
        assert_int_equal(wse_symbol_input(rt, ids[i], 0, NULL, NULL), WT_NOTFOUND);
        INVALID(wse_read_symbol(rt, ids[i], 0, "scalar", words, sizeof words, &size));
    }
    for (int32_t bad = -1; bad < 3; bad += 3) {
        const wse_copy_options_t type = { .struct_size = sizeof type, .data_type = bad },
                                 order = { .struct_size = sizeof order, .order = bad };
        INVALID(wse_memcpy_h2d(rt, id, words, 4, &roi, 4, &type, NULL));
        INVALID(wse_memcpy_h2d(rt, id, words, 4, &roi, 4, &order, NULL));
    }
    assert_int_equal(
        wse_symbol_at(rt, UINT32_MAX, &(wse_symbol_t){ .struct_size = sizeof(wse_symbol_t) }),
        WT_NOTFOUND);
    assert_int_equal(wse_launch(rt, "", NULL, 0, NULL, NULL), WT_NOTFOUND);
    assert_int_equal(wse_dump_core(rt, "/nonexistent/core"), WT_IO);
}

static void test_order_of_calls(void **state) {
    (void)state;
    wse_runtime_t *r;
    uint32_t word = 0;
    size_t size;
    wse_region_t roi = { 0, 0, 1, 1 };
    assert_ok(wse_runtime_open(out, NULL, &r));
    INVALID(wse_runtime_run(r));
    INVALID(wse_runtime_stop(r));
    INVALID(wse_runtime_interrupt(r));
    INVALID(wse_launch(r, "turn", NULL, 0, NULL, NULL));
    INVALID(wse_read_symbol(r, 0, 0, "scalar", &word, 4, &size));
    INVALID(wse_dump_core(r, "x"));
    assert_ok(wse_runtime_load(r));
    INVALID(wse_runtime_load(r));
    INVALID(wse_runtime_stop(r));
    assert_ok(wse_runtime_run(r));
    INVALID(wse_runtime_load(r));
    INVALID(wse_runtime_run(r));
    assert_ok(wse_runtime_stop(r));
    INVALID(wse_runtime_stop(r));
    assert_int_equal(wse_memcpy_h2d(r, 0, &word, 1, &roi, 1, NULL, NULL), WT_CLOSED);
    assert_int_equal(wse_launch(r, "turn", NULL, 0, NULL, NULL), WT_CLOSED);
    wse_runtime_close(r);
}

// The longest budget is no budget.
static void test_the_largest_budget(void **state) {
    (void)state;
    wse_runtime_t *r;
    const wse_runtime_options_t options = { .struct_size = sizeof options,
                                            .max_cycles = UINT64_MAX };
    wse_stats_t s = { .struct_size = sizeof s };
    assert_ok(wse_runtime_open(out, &options, &r));
    assert_ok(wse_runtime_load(r));
    assert_ok(wse_runtime_run(r));
    uint64_t before = 0;
    for (int i = 0; i < 3; i++) {
        assert_ok(wse_launch(r, "turn", NULL, 0, NULL, NULL));
        assert_ok(wse_runtime_stats(r, &s));
        assert_true(s.cycles > before);
        before = s.cycles;
    }
    assert_ok(wse_runtime_stop(r));
    wse_runtime_close(r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_runtime),
        cmocka_unit_test_setup_teardown(test_missing_arguments, begin, end),
        cmocka_unit_test_setup_teardown(test_wrong_numbers, begin, end),
        cmocka_unit_test(test_order_of_calls),
        cmocka_unit_test(test_the_largest_budget),
    };
    return cmocka_run_group_tests(tests, compile, clean);
}
