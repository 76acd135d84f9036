// Sets of cores and the kernel-config block.
#include "ttm/host/core.h"
#include "ttm/host/layout.h"

#include "test.h"

static const Grid grid = { 13, 10 };

static void ranges_become_sets(void **state) {
    (void)state;
    CoreSet s;
    ttm_core_range_t r[] = { { { 0, 0 }, { 2, 1 } }, { { 12, 9 }, { 12, 9 } } };
    assert_int_equal(core_set_of(&s, grid, r, 2), WT_OK);
    assert_int_equal(core_set_count(&s), 7);
    uint32_t want[] = { 0, 1, 2, 13, 14, 15, 129 }, n = 0;
    for (uint32_t i = 0; core_set_next(&s, &i); i++) assert_int_equal(i, want[n++]);
    assert_int_equal(n, 7);
    assert_int_equal(core_at(grid, 14).x, 1);
    assert_int_equal(core_at(grid, 14).y, 1);
}

static void bad_ranges_name_the_core(void **state) {
    (void)state;
    CoreSet s;
    ttm_core_range_t outside = { { 3, 3 }, { 13, 3 } }, backwards = { { 3, 3 }, { 2, 3 } };
    ttm_core_range_t twice[] = { { { 0, 0 }, { 3, 3 } }, { { 3, 3 }, { 4, 4 } } };
    assert_int_equal(core_set_of(&s, grid, &outside, 1), WT_INVALID);
    assert_non_null(strstr(wt_last_error(), "(13,3)"));
    assert_int_equal(core_set_of(&s, grid, &backwards, 1), WT_INVALID);
    assert_non_null(strstr(wt_last_error(), "(3,3)-(2,3)"));
    assert_int_equal(core_set_of(&s, grid, twice, 2), WT_INVALID);
    assert_non_null(strstr(wt_last_error(), "(3,3) is in two"));
    assert_int_equal(core_set_of(&s, grid, NULL, 0), WT_INVALID);
}

static void sets_compare(void **state) {
    (void)state;
    CoreSet a, b;
    uint32_t i;
    core_set_of(&a, grid, &(ttm_core_range_t){ { 0, 0 }, { 12, 0 } }, 1);
    core_set_of(&b, grid, &(ttm_core_range_t){ { 5, 0 }, { 5, 9 } }, 1);
    assert_true(core_set_overlap(&a, &b, &i));
    assert_int_equal(i, 5);
    assert_true(core_set_beyond(&b, &a, &i));
    assert_int_equal(i, 18);
    assert_false(core_set_beyond(&a, &a, &i));
    assert_true(core_set_equal(&a, &a));
    assert_false(core_set_equal(&a, &b));
}

// The add1 program of a published trace: one reader, one writer and a compute kernel, two words of
// arguments each, circular buffers 0 and 16.
static void published_trace_agrees(void **state) {
    (void)state;
    LayoutGroup g = { .rtas = { 2, 2, 2 },
                      .cb_mask = 1 | 1ull << 16,
                      .min_remote_cb = 64,
                      .code_size = { 100, 200, 16, 17, 300 } };
    Layout l = { .num_cbs = 64, .capacity = 69 * 1024 };
    assert_int_equal(layout_compute(&l, &g, 1), WT_OK);
    assert_int_equal(g.rta_offset[CLASS_DM0], 0);
    assert_int_equal(g.rta_offset[CLASS_DM1], 8);
    assert_int_equal(g.rta_offset[CLASS_COMPUTE], 16);
    assert_int_equal(l.crta_offset[CLASS_DM0], LAYOUT_NO_ARGS);
    assert_int_equal(l.sem_offset, 0x20);
    assert_int_equal(l.local_cb_offset, 0x20);
    assert_int_equal(l.remote_cb_offset, 0x130);
    assert_int_equal(l.code_offset, 0x130);
    assert_int_equal(g.code_offset[0], 0x130);
    assert_int_equal(g.code_offset[1], 0x130 + 112);
    assert_int_equal(g.code_offset[2], 0x130 + 112 + 208);
    assert_int_equal(g.code_offset[3], 0x130 + 112 + 208 + 16);
    assert_int_equal(g.code_offset[4], 0x130 + 112 + 208 + 16 + 32);
    assert_int_equal(l.size, 0x130 + 112 + 208 + 16 + 32 + 304);
}

static void groups_share_one_block(void **state) {
    (void)state;
    LayoutGroup g[2] = {
        { .rtas = { 3 }, .min_remote_cb = 64, .code_size = { 64 } },
        { .rtas = { 0, 9 }, .min_remote_cb = 62, .cb_mask = 4, .code_size = { 0, 32 } }
    };
    Layout l = { .num_cbs = 64, .capacity = 4096, .crtas = { 1, 0, 5 }, .semaphores = 2 };
    assert_int_equal(layout_compute(&l, g, 2), WT_OK);
    assert_int_equal(g[1].rta_offset[CLASS_DM0], LAYOUT_NO_ARGS);
    assert_int_equal(g[1].rta_offset[CLASS_DM1], 0);
    assert_int_equal(l.crta_offset[CLASS_DM0], 48); // 9 words, aligned
    assert_int_equal(l.crta_offset[CLASS_DM1], LAYOUT_NO_ARGS);
    assert_int_equal(l.crta_offset[CLASS_COMPUTE], 64);
    assert_int_equal(l.sem_offset, 96);
    assert_int_equal(l.local_cb_offset, 128);
    assert_int_equal(l.local_cb_size, 3 * 16);
    assert_int_equal(l.remote_cb_offset, 176);
    assert_int_equal(l.remote_cb_size, 16);
    assert_int_equal(g[0].code_offset[0], 192);
    assert_int_equal(g[0].code_offset[1], 0);
    assert_int_equal(g[1].code_offset[1], 192);
    assert_int_equal(l.size, 192 + 64);
}

static void empty_parts_take_no_room(void **state) {
    (void)state;
    LayoutGroup g = { .min_remote_cb = 64, .code_size = { 16 } };
    Layout l = { .num_cbs = 64, .capacity = 16 };
    assert_int_equal(layout_compute(&l, &g, 1), WT_OK);
    assert_int_equal(l.local_cb_offset, 0);
    assert_int_equal(l.remote_cb_offset, 0);
    assert_int_equal(l.code_offset, 0);
    assert_int_equal(l.size, 16);
}

static void too_much_code_is_refused(void **state) {
    (void)state;
    LayoutGroup g = { .min_remote_cb = 64, .code_size = { 70 * 1024 } };
    Layout l = { .num_cbs = 64, .capacity = 69 * 1024 };
    assert_int_equal(layout_compute(&l, &g, 1), WT_INVALID);
    assert_non_null(strstr(wt_last_error(), "71680"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_become_sets),
        cmocka_unit_test(bad_ranges_name_the_core),
        cmocka_unit_test(sets_compare),
        cmocka_unit_test(published_trace_agrees),
        cmocka_unit_test(groups_share_one_block),
        cmocka_unit_test(empty_parts_take_no_room),
        cmocka_unit_test(too_much_code_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
