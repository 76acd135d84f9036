// Coordinates: the three systems agree with each other and with the published tables, with and
// without harvested columns.
#include "ttm/chip/coord.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void every_virtual_place_is_unique(void **state) {
    (void)state;
    CoordMap map;
    assert_int_equal(coord_init(&map, arch_find("blackhole"), 0x11), 0);
    int workers = 0, dram = 0, eth = 0;
    for (uint32_t i = 0; i < map.nodes; i++) {
        const CoordNode *n = &map.node[i];
        if (n->kind == CHIP_NONE) continue;
        if (n->kind != CHIP_ROUTER) assert_ptr_equal(coord_at(&map, n->virtual.x, n->virtual.y), n);
        workers += n->kind == CHIP_WORKER;
        dram += n->kind == CHIP_DRAM;
        eth += n->kind == CHIP_ETH;
    }
    assert_int_equal(workers, 12 * 10);
    assert_int_equal(dram, 8 * 3);
    assert_int_equal(eth, 12);
}

static void unharvested_workers_are_where_they_look(void **state) {
    (void)state;
    CoordMap map;
    coord_init(&map, arch_find("blackhole"), 0);
    const CoordNode *n = coord_worker(&map, 0, 0);
    assert_int_equal(n->virtual.x, 1);
    assert_int_equal(n->virtual.y, 2);
    n = coord_worker(&map, 13, 9);
    assert_int_equal(n->physical.x, 16);
    assert_int_equal(n->physical.y, 11);
    assert_null(coord_worker(&map, 14, 0));
    assert_null(coord_worker(&map, 0, 10));
    assert_int_equal(coord_at(&map, 8, 5)->kind, CHIP_ROUTER);
    assert_int_equal(coord_at(&map, 1, 0)->kind, CHIP_ROUTER);
    assert_int_equal(coord_at(&map, 8, 0)->kind, CHIP_ARC);
    assert_null(coord_at(&map, 17, 0));
    assert_null(coord_at(&map, 63, 63));
}

// One harvested column: virtual (15,2) is physical (16,2), and virtual column 16 is nowhere.
static void harvesting_closes_ranks(void **state) {
    (void)state;
    CoordMap map;
    coord_init(&map, arch_find("blackhole"), 1 << 3);
    assert_int_equal(coord_at(&map, 15, 2)->physical.x, 16);
    assert_int_equal(coord_at(&map, 3, 2)->physical.x, 3);
    assert_int_equal(coord_at(&map, 4, 2)->physical.x, 5);
    assert_null(coord_at(&map, 16, 2));
    assert_int_equal(map.worker_columns, 13);
    assert_null(coord_worker(&map, 13, 0));
}

static void dram_is_reached_both_ways(void **state) {
    (void)state;
    CoordMap map;
    coord_init(&map, arch_find("blackhole"), 0);
    // Channel 0: ports (0,0), (0,1), (0,11), workers use port 2 on NoC 0 and 1 on NoC 1.
    assert_int_equal(coord_at(&map, 18, 12)->index, 0);
    assert_ptr_equal(coord_at(&map, 18, 12), coord_at(&map, 0, 0));
    assert_int_equal(map.node[map.dram[0][0]].virtual.y, 14);
    assert_int_equal(map.node[map.dram[0][1]].virtual.y, 13);
    assert_int_equal(coord_at(&map, 17, 18)->index, 7);
    assert_int_equal(coord_at(&map, 9, 6)->index, 7);
    assert_int_equal(coord_at(&map, 19, 24)->kind, CHIP_PCIE);
    assert_int_equal(coord_at(&map, 31, 25)->kind, CHIP_ETH);
}

static void harvesting_is_checked(void **state) {
    (void)state;
    CoordMap map;
    assert_int_equal(coord_init(&map, arch_find("blackhole"), 1 << 14), WT_INVALID);
    assert_int_equal(coord_init(&map, arch_find("blackhole"), (1 << 14) - 1), WT_INVALID);
    assert_null(arch_find("grayskull"));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_virtual_place_is_unique),
        cmocka_unit_test(unharvested_workers_are_where_they_look),
        cmocka_unit_test(harvesting_closes_ranks),
        cmocka_unit_test(dram_is_reached_both_ways),
        cmocka_unit_test(harvesting_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
