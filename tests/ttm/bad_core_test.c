// Cores that are not there: outside the grid, harvested, of the wrong kind.
#include "rig.h"

static void cores_outside_the_grid_are_named(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_core_range_t column = { { 13, 0 }, { 13, 0 } }, row = { { 0, 10 }, { 0, 10 } };
    ttm_core_range_t wide = { { 0, 0 }, { 13, 9 } };
    ttm_core_t noc;
    uint32_t id, word;
    ttm_cb_index_t cb = { 0, TTM_FORMAT_UINT32, 64 };
    const char *source = "void kernel_main() {}";
    assert_fails(ttm_kernel_create_dataflow_from_string(p, source, &column, 1, NULL, NULL),
                 WT_INVALID, "core (13,0)");
    assert_fails(ttm_kernel_create_compute_from_string(p, source, &row, 1, NULL, NULL), WT_INVALID,
                 "core (0,10)");
    assert_fails(ttm_cb_create(p, &wide, 1, 64, &cb, 1, NULL, NULL), WT_INVALID, "core (13,9)");
    assert_fails(ttm_semaphore_create(p, &wide, 1, 0, &id), WT_INVALID, "core (13,9)");
    assert_fails(ttm_worker_core_from_logical_core(d, (ttm_core_t){ 14, 0 }, &noc), WT_INVALID,
                 "14");
    assert_fails(ttm_l1_read(d, (ttm_core_t){ 0, 10 }, TTM_CORE_WORKER, 0x20000, &word, 4),
                 WT_INVALID, "10");
    assert_fails(ttm_l1_read(d, (ttm_core_t){ 99, 0 }, TTM_CORE_ETH, 0, &word, 4), WT_INVALID,
                 "99");
    assert_fails(ttm_l1_read(d, (ttm_core_t){ 0, 0 }, 7, 0, &word, 4), WT_INVALID,
                 "7 is no core type");
    ttm_program_destroy(p);
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

static void a_kernel_takes_arguments_only_where_it_runs(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_kernel_t *k = new_kernel(p, "void kernel_main() {}");
    ttm_core_range_t other = { { 1, 0 }, { 1, 0 } };
    uint32_t one = 1;
    assert_fails(ttm_set_runtime_args(k, &other, 1, &one, 1), WT_INVALID, "core (1,0)");
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

// Two columns less: the grid closes ranks, and what is beyond it is refused.
static void harvested_columns_shrink_the_grid(void **state) {
    (void)state;
    ttm_device_options_t o = { .struct_size = sizeof o, .harvested_columns = 1u << 0 | 1u << 5 };
    ttm_device_t *d;
    assert_ok(ttm_device_create(0, &o, &d));
    ttm_device_info_t info = { .struct_size = sizeof info };
    assert_ok(ttm_device_info(d, &info));
    assert_int_equal(info.logical_grid.x, 12);
    assert_int_equal(info.compute_grid.x, 11);
    assert_int_equal(info.l1_banks, 110);
    ttm_program_t *p = new_program(d);
    ttm_core_range_t gone = { { 11, 0 }, { 11, 0 } };
    assert_fails(
        ttm_kernel_create_dataflow_from_string(p, "void kernel_main() {}", &gone, 1, NULL, NULL),
        WT_INVALID, "core (11,0) is outside the compute grid of 11 x 10");
    ttm_program_destroy(p);
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

static void columns_that_do_not_exist_cannot_be_harvested(void **state) {
    (void)state;
    ttm_device_options_t o = { .struct_size = sizeof o, .harvested_columns = 1u << 14 };
    ttm_device_t *d;
    assert_int_equal(ttm_device_create(0, &o, &d), WT_INVALID);
    o.harvested_columns = (1u << 14) - 1;
    assert_int_equal(ttm_device_create(0, &o, &d), WT_INVALID);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cores_outside_the_grid_are_named),
        cmocka_unit_test(a_kernel_takes_arguments_only_where_it_runs),
        cmocka_unit_test(harvested_columns_shrink_the_grid),
        cmocka_unit_test(columns_that_do_not_exist_cannot_be_harvested),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
