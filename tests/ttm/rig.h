// What the tests of whole programs share: a device, a core, a kernel from a string.
#pragma once
#include "ttm.h"

#include "test.h"

#define UNUSED __attribute__((unused))

static const ttm_core_range_t core00 = { { 0, 0 }, { 0, 0 } };

// $WT_TRANSPORT runs a test of whole programs on that libttsim.so, by hand.
static UNUSED ttm_device_t *open_device(void) {
    ttm_device_t *d = NULL;
    ttm_device_options_t o = { .struct_size = sizeof o, .transport = getenv("WT_TRANSPORT") };
    assert_ok(ttm_device_create(0, &o, &d));
    return d;
}

static UNUSED ttm_program_t *new_program(ttm_device_t *d) {
    ttm_program_t *p = NULL;
    assert_ok(ttm_program_create(d, &p));
    return p;
}

// A data-movement kernel on RISCV_0 of core (0,0).
static UNUSED ttm_kernel_t *new_kernel(ttm_program_t *p, const char *source) {
    ttm_kernel_t *k = NULL;
    assert_ok(ttm_kernel_create_dataflow_from_string(p, source, &core00, 1, NULL, &k));
    return k;
}

// Runs one kernel on core (0,0) with up to four arguments and returns how it ended.
static UNUSED wt_status_t run_kernel(ttm_device_t *d, const char *source, const uint32_t *args,
                                     size_t n) {
    ttm_program_t *p = new_program(d);
    ttm_kernel_t *k = new_kernel(p, source);
    if (n) assert_ok(ttm_set_runtime_args(k, &core00, 1, args, n));
    wt_status_t s = ttm_program_launch(p, NULL);
    char message[2048];
    snprintf(message, sizeof message, "%s", wt_last_error());
    ttm_program_destroy(p);
    if (s != WT_OK) (void)fail(s, "%s", message);
    return s;
}

static UNUSED uint32_t l1_word(ttm_device_t *d, uint64_t address) {
    uint32_t word = 0;
    assert_ok(ttm_l1_read(d, (ttm_core_t){ 0, 0 }, TTM_CORE_WORKER, address, &word, 4));
    return word;
}

static UNUSED void set_l1_word(ttm_device_t *d, uint64_t address, uint32_t word) {
    assert_ok(ttm_l1_write(d, (ttm_core_t){ 0, 0 }, TTM_CORE_WORKER, address, &word, 4));
}

// The device still works: a kernel runs and leaves its word.
static UNUSED void assert_usable(ttm_device_t *d) {
    enum { AT = 0x100000 };
    set_l1_word(d, AT, 0);
    assert_ok(
        run_kernel(d, "void kernel_main() { *(volatile uint32_t *)0x100000 = 0x600d; }", NULL, 0));
    assert_int_equal(l1_word(d, AT), 0x600d);
}
