// Kernels that leave their memory: each ends with a fault that names core, processor, pc and source
// line; the device refuses work until it is reset, can still be read, and then works again.
#include "rig.h"

static ttm_device_t *device;

static int setup(void **state) {
    (void)state;
    return ttm_device_create(0, NULL, &device);
}

static int teardown(void **state) {
    (void)state;
    return ttm_device_close(device);
}

static void expect_fault(const char *source, const char *part) {
    set_l1_word(device, 0x100000, 77);
    wt_status_t s = run_kernel(device, source, NULL, 0);
    if (s != WT_FAULT && s != WT_UNSUPPORTED) fail_msg("status %d: %s", s, wt_last_error());
    const char *message = wt_last_error();
    if (!strstr(message, part)) fail_msg("\"%s\" does not say \"%s\"", message, part);
    if (!strstr(message, "core (0,0) brisc") || !strstr(message, "pc 0x"))
        fail_msg("\"%s\" does not name core, processor and pc", message);

    uint32_t word = 5;
    assert_int_equal(
        ttm_l1_write(device, (ttm_core_t){ 0, 0 }, TTM_CORE_WORKER, 0x100000, &word, 4), s);
    assert_fails(run_kernel(device, "void kernel_main() {}", NULL, 0), WT_FAULT, "must be reset");
    assert_int_equal(l1_word(device, 0x100000), 77);
    assert_ok(ttm_device_reset(device));
    assert_usable(device);
}

static void a_read_outside(void **state) {
    (void)state;
    expect_fault("void kernel_main() {\n"
                 "    volatile uint32_t *p = (uint32_t *)0x40000000;\n"
                 "    *(volatile uint32_t *)0x100000 = *p;\n"
                 "}\n",
                 "kernel.cpp:3");
}

static void a_write_outside(void **state) {
    (void)state;
    expect_fault("void kernel_main() {\n"
                 "    *(volatile uint32_t *)0x180000 = 1;\n"
                 "}\n",
                 "0x00180000");
}

static void a_jump_outside(void **state) {
    (void)state;
    expect_fault("void kernel_main() {\n"
                 "    ((void (*)())0x70000000)();\n"
                 "}\n",
                 "0x70000000");
}

static void a_jump_into_data(void **state) {
    (void)state;
    expect_fault("void kernel_main() {\n"
                 "    *(volatile uint32_t *)0x110000 = 0xffffffff;\n"
                 "    ((void (*)())0x110000)();\n"
                 "}\n",
                 "0x00110000");
}

static void a_misaligned_load(void **state) {
    (void)state;
    expect_fault("void kernel_main() {\n"
                 "    uint32_t *volatile p = (uint32_t *)0x100002;\n"
                 "    *(volatile uint32_t *)0x100000 = *p;\n"
                 "}\n",
                 "unaligned");
}

static void a_null_pointer_of_a_function(void **state) {
    (void)state;
    expect_fault("void kernel_main() { ((void (*)())0xfffffffe)(); }\n", "0xfffffff");
}

static void a_stack_that_runs_over(void **state) {
    (void)state;
    expect_fault("__attribute__((noinline)) uint32_t deep(uint32_t n) {\n"
                 "    volatile uint32_t frame[32];\n"
                 "    for (int i = 0; i < 32; i++) frame[i] = n;\n"
                 "    return n ? deep(n - 1) + frame[n & 31] : 0;\n"
                 "}\n"
                 "void kernel_main() { *(volatile uint32_t *)0x100000 = deep(1000); }\n",
                 "stack");
}

static void a_noc_write_to_nowhere(void **state) {
    (void)state;
    wt_status_t s = run_kernel(device,
                               "void kernel_main() {\n"
                               "    noc_async_write(0x100000, get_noc_addr(8, 0, 0x1000), 64);\n"
                               "    noc_async_write_barrier();\n"
                               "}\n",
                               NULL, 0);
    if (s != WT_FAULT && s != WT_UNSUPPORTED) fail_msg("status %d: %s", s, wt_last_error());
    assert_ok(ttm_device_reset(device));
    assert_usable(device);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_read_outside),         cmocka_unit_test(a_write_outside),
        cmocka_unit_test(a_jump_outside),         cmocka_unit_test(a_jump_into_data),
        cmocka_unit_test(a_misaligned_load),      cmocka_unit_test(a_null_pointer_of_a_function),
        cmocka_unit_test(a_stack_that_runs_over), cmocka_unit_test(a_noc_write_to_nowhere),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
