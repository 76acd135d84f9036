// Buffers that cannot be, and copies beyond their ends.
#include "rig.h"

static ttm_buffer_t *new_buffer(ttm_device_t *d, uint64_t size, uint64_t page,
                                ttm_buffer_type_t type) {
    ttm_buffer_t *b = NULL;
    assert_ok(ttm_buffer_create_interleaved(d, size, page, type, NULL, &b));
    return b;
}

static void impossible_sizes_are_refused(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_buffer_t *b;
    assert_fails(
        ttm_buffer_create_interleaved(d, 1ull << 33, 1ull << 33, TTM_BUFFER_DRAM, NULL, &b),
        WT_INVALID, "a page of 8589934592 bytes does not fit: a bank of DRAM has 4278190016");
    assert_fails(ttm_buffer_create_interleaved(d, 1ull << 36, 1 << 20, TTM_BUFFER_DRAM, NULL, &b),
                 WT_INVALID, "a buffer of 68719476736 bytes in 8 DRAM banks");
    assert_fails(ttm_buffer_create_interleaved(d, 2 << 20, 2 << 20, TTM_BUFFER_L1, NULL, &b),
                 WT_INVALID, "does not fit: a bank of L1 has");
    assert_fails(ttm_buffer_create_interleaved(d, 4096, 3000, TTM_BUFFER_DRAM, NULL, &b),
                 WT_INVALID, "pages of 3000 bytes do not divide a buffer of 4096 bytes");
    assert_fails(ttm_buffer_create_interleaved(d, 4096, 0, TTM_BUFFER_DRAM, NULL, &b), WT_INVALID,
                 "pages of 0");
    assert_fails(ttm_buffer_create_interleaved(d, 0, 2048, TTM_BUFFER_DRAM, NULL, &b), WT_INVALID,
                 "0 bytes");
    assert_fails(ttm_buffer_create_interleaved(d, 6, 2, TTM_BUFFER_DRAM, NULL, &b), WT_INVALID,
                 "multiple of 4");
    assert_fails(ttm_buffer_create_interleaved(d, UINT64_MAX & ~3ull, 4, TTM_BUFFER_DRAM, NULL, &b),
                 WT_INVALID, "18446744073709551612");
    assert_fails(ttm_buffer_create_interleaved(d, 4, 4, 2, NULL, &b), WT_INVALID,
                 "2 is no buffer type");
    b = new_buffer(d, 2048, 2048, TTM_BUFFER_DRAM);
    uint64_t at;
    assert_ok(ttm_buffer_address(b, &at));
    assert_int_equal(at, 64); // none of the above took anything
    assert_ok(ttm_buffer_destroy(b));
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

static void a_full_memory_says_what_is_left(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_buffer_t *big = new_buffer(d, 1 << 20, 1 << 20, TTM_BUFFER_L1), *more;
    assert_fails(ttm_buffer_create_interleaved(d, 1 << 20, 1 << 20, TTM_BUFFER_L1, NULL, &more),
                 WT_NOMEM, "largest free range");
    assert_ok(ttm_buffer_destroy(big));
    more = new_buffer(d, 1 << 20, 1 << 20, TTM_BUFFER_L1);
    assert_ok(ttm_buffer_destroy(more));
    assert_ok(ttm_device_close(d));
}

static void copies_beyond_the_end_are_refused(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_buffer_t *b = new_buffer(d, 4096, 2048, TTM_BUFFER_DRAM);
    char data[8192] = { 0 };
    assert_fails(ttm_buffer_write(b, 0, data, 4097), WT_INVALID,
                 "cannot write 4097 bytes at 0 of a buffer of 4096 bytes");
    assert_fails(ttm_buffer_read(b, 4096, data, 1), WT_INVALID, "cannot read 1 bytes at 4096");
    assert_fails(ttm_buffer_read(b, UINT64_MAX, data, 2), WT_INVALID, "18446744073709551615");
    assert_ok(ttm_buffer_write(b, 4096, NULL, 0));
    assert_fails(ttm_buffer_write(b, 0, NULL, 1), WT_INVALID, "data is NULL");
    ttm_page_t page;
    assert_fails(ttm_buffer_page(b, 2, &page), WT_INVALID, "page 2");
    assert_fails(ttm_dram_channel_read(d, 8, 0, data, 4), WT_INVALID, "8");
    assert_fails(ttm_dram_channel_read(d, 0, 4278190080ull - 2, data, 4), WT_INVALID,
                 "DRAM channel");
    assert_fails(ttm_l1_write(d, (ttm_core_t){ 0, 0 }, TTM_CORE_WORKER, 0x180000 - 2, data, 4),
                 WT_INVALID, "beyond the L1");
    assert_ok(ttm_buffer_destroy(b));
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_sizes_are_refused),
        cmocka_unit_test(a_full_memory_says_what_is_left),
        cmocka_unit_test(copies_beyond_the_end_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
