// Circular buffers and semaphores that do not fit.
#include "rig.h"

static const char *const nothing = "void kernel_main() {}";

static void two_that_exceed_l1_are_refused(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    new_kernel(p, nothing);
    ttm_cb_index_t first = { 0, TTM_FORMAT_FLOAT16_B, 2048 },
                   second = { 16, TTM_FORMAT_FLOAT16_B, 2048 };
    assert_ok(ttm_cb_create(p, &core00, 1, 400 * 2048, &first, 1, NULL, NULL));
    assert_ok(ttm_cb_create(p, &core00, 1, 400 * 2048, &second, 1, NULL, NULL));
    assert_fails(ttm_program_launch(p, NULL), WT_INVALID,
                 "circular buffer 16 of 819200 bytes on core (0,0) grows to 0x1ab200, beyond L1");
    ttm_program_destroy(p);
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

static void one_that_reaches_into_an_l1_buffer_is_refused(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_buffer_t *b;
    assert_ok(ttm_buffer_create_interleaved(d, 1 << 20, 1 << 20, TTM_BUFFER_L1, NULL, &b));
    ttm_program_t *p = new_program(d);
    new_kernel(p, nothing);
    ttm_cb_index_t index = { 3, TTM_FORMAT_UINT32, 4096 };
    ttm_cb_t *cb;
    uint64_t at;
    assert_ok(ttm_cb_create(p, &core00, 1, 1 << 20, &index, 1, NULL, &cb));
    assert_fails(ttm_cb_address(cb, &at), WT_INVALID, "before its program's launch");
    assert_fails(ttm_program_launch(p, NULL), WT_INVALID,
                 "inside the L1 buffers, which start at 0x80000");
    assert_ok(ttm_buffer_destroy(b));
    assert_ok(ttm_program_launch(p, NULL)); // now there is room
    assert_ok(ttm_cb_address(cb, &at));
    assert_int_equal(at, 0x1b200);
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

static void malformed_ones_are_refused(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_cb_index_t index = { 64, TTM_FORMAT_UINT32, 64 }, twice[] = { { 1, 5, 64 }, { 1, 5, 64 } };
    assert_fails(ttm_cb_create(p, &core00, 1, 64, &index, 1, NULL, NULL), WT_INVALID, "index 64");
    index.index = 2;
    assert_fails(ttm_cb_create(p, &core00, 1, 100, &index, 1, NULL, NULL), WT_INVALID,
                 "pages of 64 bytes do not divide circular buffer 2 of 100 bytes");
    index.page_size = 0;
    assert_fails(ttm_cb_create(p, &core00, 1, 64, &index, 1, NULL, NULL), WT_INVALID,
                 "pages of 0 bytes");
    assert_fails(ttm_cb_create(p, &core00, 1, 64, twice, 2, NULL, NULL), WT_INVALID,
                 "index 1 is given twice");
    assert_fails(ttm_cb_create(p, &core00, 1, 64, NULL, 0, NULL, NULL), WT_INVALID,
                 "without an index");
    index.page_size = 64;
    assert_ok(ttm_cb_create(p, &core00, 1, 64, &index, 1, NULL, NULL));
    assert_fails(ttm_cb_create(p, &core00, 1, 64, &index, 1, NULL, NULL), WT_INVALID,
                 "core (0,0) already has a circular buffer with index 2");
    ttm_buffer_t *dram;
    assert_ok(ttm_buffer_create_interleaved(d, 64, 64, TTM_BUFFER_DRAM, NULL, &dram));
    ttm_cb_options_t in_dram = { .struct_size = sizeof in_dram, .buffer = dram };
    index.index = 5;
    assert_fails(ttm_cb_create(p, &core00, 1, 64, &index, 1, &in_dram, NULL), WT_INVALID,
                 "not in L1");
    ttm_buffer_destroy(dram);
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

static void a_core_has_sixteen_semaphores(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_core_range_t pair = { { 0, 0 }, { 1, 0 } }, second = { { 1, 0 }, { 1, 0 } };
    uint32_t id;
    for (uint32_t i = 0; i < 15; i++) {
        assert_ok(ttm_semaphore_create(p, &core00, 1, 0, &id));
        assert_int_equal(id, i);
    }
    assert_ok(ttm_semaphore_create(p, &second, 1, 0, &id));
    assert_int_equal(id, 0);
    assert_ok(ttm_semaphore_create(p, &pair, 1, 0, &id)); // free on both
    assert_int_equal(id, 15);
    assert_fails(ttm_semaphore_create(p, &core00, 1, 0, &id), WT_INVALID,
                 "none of the 16 semaphores");
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

static void the_buffer_of_one_must_live(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_buffer_t *b;
    ttm_cb_index_t index = { 4, TTM_FORMAT_UINT32, 64 };
    assert_ok(ttm_buffer_create_interleaved(d, 4096, 4096, TTM_BUFFER_L1, NULL, &b));
    ttm_cb_options_t o = { .struct_size = sizeof o, .buffer = b };
    assert_ok(ttm_cb_create(p, &core00, 1, 4096, &index, 1, &o, NULL));
    new_kernel(p, "void kernel_main() {}");
    assert_ok(ttm_program_launch(p, NULL));
    assert_ok(ttm_buffer_destroy(b));
    assert_fails(ttm_program_launch(p, NULL), WT_INVALID,
                 "circular buffer 4 lies in has been destroyed");
    ttm_program_destroy(p);
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_that_exceed_l1_are_refused),
        cmocka_unit_test(one_that_reaches_into_an_l1_buffer_is_refused),
        cmocka_unit_test(malformed_ones_are_refused),
        cmocka_unit_test(the_buffer_of_one_must_live),
        cmocka_unit_test(a_core_has_sixteen_semaphores),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
