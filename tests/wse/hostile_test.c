// A program that tries to leave its PE's memory, through every kind of access, ends with a fault
// that names the place. Worth most under SAN=1: the host's memory is what it must not reach.
#include "compile.h"
#include "wse.h"

#include <string.h>

#include "test.h"

static char dir[PATH_CAP], out[2][PATH_CAP]; // WSE-2, WSE-3

static int compile(void **state) {
    (void)state;
    if (dir_make_temp(dir, "hostile")) return -1;
    for (int i = 0; i < 2; i++) {
        path_join(out[i], sizeof out[i], dir, i ? "wse3" : "wse2");
        if (compile_program("hostile", i ? "wse3" : "wse2", NULL, out[i])) return -1;
    }
    return 0;
}

static int clean(void **state) {
    (void)state;
    return dir_remove(dir);
}

static wse_runtime_t *start(int arch) {
    wse_runtime_t *rt;
    assert_ok(wse_runtime_open(out[arch], NULL, &rt));
    assert_ok(wse_runtime_load(rt));
    assert_ok(wse_runtime_run(rt));
    return rt;
}

static wt_status_t attack(wse_runtime_t *rt, int kind, unsigned at) {
    const wse_arg_t args[] = { { .type = WSE_ARG_INT, .value.i = kind },
                               { .type = WSE_ARG_INT, .value.i = at } };
    wt_status_t s = wse_launch(rt, "attack", args, 2, NULL, NULL);
    return s ? s : wse_runtime_stop(rt);
}

static const unsigned outside[] = { 0x4000, 0xbff0, 0xbffe, 0xc000, 0xfff0, 0xfffe, 0x9001 };
enum {
    LOAD = 1,
    VECTOR_READ = 3,
    FABRIC_READ = 7,
    OFFSET = 10,
    HARMLESS = 11,
    UPWARDS = 12,
    DOWNWARDS = 13,
    POINTER = 14,
    STACK = 15,
    MEM4D_OFFSET = 16,
    DSR_GOES_ON = 17,
    DSR_MOVED = 18,
    MAP_DOWNWARDS = 19,
    STRIDE = 20,
    FIFO_LENGTHS = 21,
};

static void test_writes_outside_memory_fault(void **state) {
    (void)state;
    static const int writes[] = { 0, 2, 4, 5, 6, 8, 9 };
    for (int arch = 0; arch < 2; arch++)
        for (size_t k = 0; k < sizeof writes / sizeof *writes; k++)
            for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
                wse_runtime_t *rt = start(arch);
                assert_int_equal(attack(rt, writes[k], outside[i]), WT_FAULT);
                if (!strstr(wt_last_error(), "PE (0,0)") || !strstr(wt_last_error(), ".csl:"))
                    fail_msg("the fault does not name its place: %s", wt_last_error());
                wse_runtime_close(rt);
            }
}

// Between the program's memory and the registers reads give zero; beyond they fault.
static void test_reads(void **state) {
    (void)state;
    static const int reads[] = { LOAD, VECTOR_READ, FABRIC_READ };
    for (int arch = 0; arch < 2; arch++)
        for (int k = 0; k < 3; k++) {
            wse_runtime_t *rt = start(arch);
            assert_ok(attack(rt, reads[k], 0x4000));
            uint32_t data[8] = { 1 };
            size_t size;
            assert_ok(wse_read_symbol(rt, 0, 0, "data", data, sizeof data, &size));
            assert_int_equal(size, sizeof data);
            assert_int_equal(data[0], 0);
            wse_runtime_close(rt);
            for (unsigned at = 0xc000; at < 0x10000; at += 0x1f2) {
                rt = start(arch);
                wt_status_t s = attack(rt, reads[k], at);
                assert_true(s == WT_FAULT || s == WT_OK); // some registers can be read
                wse_runtime_close(rt);
            }
        }
}

static void test_running_off_the_end(void **state) {
    (void)state;
    for (int arch = 0; arch < 2; arch++) {
        wse_runtime_t *rt;
        static const int kinds[] = { OFFSET,      UPWARDS,   DOWNWARDS,     STACK, MEM4D_OFFSET,
                                     DSR_GOES_ON, DSR_MOVED, MAP_DOWNWARDS, STRIDE };
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
            rt = start(arch);
            assert_int_equal(attack(rt, kinds[k], 0x7ff0), WT_FAULT);
            wse_runtime_close(rt);
        }
        rt = start(arch);
        assert_ok(attack(rt, HARMLESS, 0x4000));
        wse_runtime_close(rt);
        rt = start(arch);
        assert_ok(attack(rt, FIFO_LENGTHS, 0x7ffe)); // a FIFO never holds more than its buffer
        wse_runtime_close(rt);
    }
}

// The program moves the pointer that the host copies through.
static void test_the_host_is_not_led_astray(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof outside / sizeof *outside; i++) {
        wse_runtime_t *rt = start(1);
        const wse_arg_t args[] = { { .type = WSE_ARG_INT, .value.i = POINTER },
                                   { .type = WSE_ARG_INT, .value.i = outside[i] } };
        assert_ok(wse_launch(rt, "attack", args, 2, NULL, NULL));
        int32_t data;
        assert_ok(wse_get_id(rt, "data", &data));
        uint32_t words[8] = { 1, 2, 3, 4, 5, 6, 7, 8 };
        const wse_region_t roi = { 0, 0, 1, 1 };
        assert_int_equal(wse_memcpy_h2d(rt, data, words, 8, &roi, 8, NULL, NULL), WT_INVALID);
        assert_non_null(strstr(wt_last_error(), "PE (0,0)"));
        if (outside[i] % 2 == 0) {
            assert_ok(wse_memcpy_d2h(rt, words, 8, data, &roi, 8, NULL, NULL));
            for (int k = 0; k < 8; k++) assert_int_equal(words[k], 0);
        }
        wse_runtime_close(rt);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writes_outside_memory_fault),
        cmocka_unit_test(test_reads),
        cmocka_unit_test(test_running_off_the_end),
        cmocka_unit_test(test_the_host_is_not_led_astray),
    };
    return cmocka_run_group_tests(tests, compile, clean);
}
