// The allocator and the placement of banks.
#include "ttm/host/alloc.h"

#include "test.h"

static uint64_t take(Alloc *a, uint64_t size, bool bottom_up) {
    uint64_t at = 0;
    assert_int_equal(alloc_take(a, size, bottom_up, &at), WT_OK);
    return at;
}

static void dram_grows_up(void **state) {
    (void)state;
    Alloc a;
    alloc_init(&a, 64, 0xff000000, 64);
    assert_int_equal(take(&a, 2048 * 7, true), 64);
    assert_int_equal(take(&a, 4, true), 64 + 2048 * 7);
    assert_int_equal(take(&a, 4, true), 64 + 2048 * 7 + 64);
    alloc_free(&a);
}

static void l1_grows_down(void **state) {
    (void)state;
    Alloc a;
    alloc_init(&a, 0x1b200, 0x180000, 64);
    assert_int_equal(alloc_lowest(&a), 0x180000);
    assert_int_equal(take(&a, 2048, false), 0x17f800);
    assert_int_equal(take(&a, 4, false), 0x17f7c0);
    assert_int_equal(alloc_lowest(&a), 0x17f7c0);
    alloc_free(&a);
}

static void freed_ranges_join_and_are_used_first(void **state) {
    (void)state;
    Alloc a;
    alloc_init(&a, 0, 1024, 64);
    uint64_t p = take(&a, 128, true), q = take(&a, 128, true), r = take(&a, 128, true);
    alloc_give(&a, q);
    assert_int_equal(take(&a, 192, true), 384); // the hole is too small
    alloc_give(&a, p);
    assert_int_equal(take(&a, 192, true), 0); // p and q joined
    alloc_give(&a, r);
    assert_int_equal(take(&a, 64, false), 960); // from the top
    assert_int_equal(take(&a, 200, true), 576 + 0);
    alloc_free(&a);
}

static void everything_comes_back(void **state) {
    (void)state;
    Alloc a;
    alloc_init(&a, 64, 64 + (1 << 20), 64);
    uint64_t at[200];
    uint32_t x = 1;
    for (int i = 0; i < 200; i++) {
        x = x * 1664525 + 1013904223;
        at[i] = take(&a, x % 4000, x >> 31);
        assert_int_equal(at[i] % 64, 0);
    }
    for (int i = 0; i < 200; i++) alloc_give(&a, at[i * 77 % 200]);
    assert_int_equal(a.free.len, 1);
    assert_int_equal(a.free.data[0].begin, 64);
    assert_int_equal(a.free.data[0].end, 64 + (1 << 20));
    assert_int_equal(a.used.len, 0);
    alloc_free(&a);
}

static void too_much_is_told_apart_from_full(void **state) {
    (void)state;
    Alloc a;
    uint64_t at;
    alloc_init(&a, 0, 1024, 64);
    assert_int_equal(alloc_take(&a, 1025, true, &at), WT_INVALID);
    assert_int_equal(alloc_take(&a, UINT64_MAX, true, &at), WT_INVALID);
    take(&a, 512, true);
    assert_int_equal(alloc_take(&a, 513, true, &at), WT_NOMEM);
    assert_non_null(strstr(wt_last_error(), "largest free range has 512"));
    alloc_free(&a);
}

static void pages_go_round_the_banks(void **state) {
    (void)state;
    assert_int_equal(alloc_size_per_bank(2048 * 50, 2048, 8, 64), 7 * 2048);
    assert_int_equal(alloc_size_per_bank(4, 4, 130, 16), 16);
    assert_int_equal(alloc_size_per_bank(4 * 131, 4, 130, 16), 32);
}

// Printed by libstdc++ 12: std::shuffle(0 .. 129, std::default_random_engine(0)); the ends.
static void banks_are_shuffled_as_in_tt_metal(void **state) {
    (void)state;
    static const uint32_t first[] = { 81, 63, 38, 66, 95, 33, 123, 118, 20, 35, 14, 22, 67 };
    static const uint32_t last[] = { 64, 91, 11, 90, 40, 2, 18, 128, 65, 54 };
    uint32_t banks[130];
    bool seen[130] = { false };
    alloc_shuffle_banks(banks, 130);
    assert_memory_equal(banks, first, sizeof first);
    assert_memory_equal(banks + 120, last, sizeof last);
    for (int i = 0; i < 130; i++) {
        assert_false(seen[banks[i]]);
        seen[banks[i]] = true;
    }
    static const uint32_t eight[] = { 2, 7, 1, 6, 5, 0, 4, 3 };
    alloc_shuffle_banks(banks, 8);
    assert_memory_equal(banks, eight, sizeof eight);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dram_grows_up),
        cmocka_unit_test(l1_grows_down),
        cmocka_unit_test(freed_ranges_join_and_are_used_first),
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(too_much_is_told_apart_from_full),
        cmocka_unit_test(pages_go_round_the_banks),
        cmocka_unit_test(banks_are_shuffled_as_in_tt_metal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
