// More arguments than a core takes, and options that make no sense.
#include "rig.h"

static void more_than_341_arguments_are_refused(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_kernel_t *k =
        new_kernel(p, "void kernel_main() {"
                      "    uint32_t sum = 0;"
                      "    for (int i = 0; i < 341; i++) sum += get_arg_val<uint32_t>(i);"
                      "    *(volatile uint32_t *)0x100000 = sum; }");
    uint32_t args[342], sum = 0;
    for (uint32_t i = 0; i < 342; i++) args[i] = i * i;
    for (uint32_t i = 0; i < 341; i++) sum += i * i;
    assert_fails(ttm_set_runtime_args(k, &core00, 1, args, 342), WT_INVALID,
                 "342 unique and 0 common runtime arguments; a core takes 341 in all");
    assert_ok(ttm_set_runtime_args(k, &core00, 1, args, 341));
    assert_fails(ttm_set_common_runtime_args(k, args, 1), WT_INVALID, "341 unique and 1 common");
    assert_ok(ttm_program_launch(p, NULL));
    assert_int_equal(l1_word(d, 0x100000), sum);
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

static void options_are_checked(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    const char *source = "void kernel_main() {}";
    ttm_dataflow_options_t o = { 0 };
    assert_fails(ttm_kernel_create_dataflow_from_string(p, source, &core00, 1, &o, NULL),
                 WT_INVALID, "struct_size is 0");
    o.struct_size = sizeof o;
    o.processor = 2;
    assert_fails(ttm_kernel_create_dataflow_from_string(p, source, &core00, 1, &o, NULL),
                 WT_INVALID, "2 is no data-movement processor");
    o.processor = 0;
    o.noc = 3;
    assert_fails(ttm_kernel_create_dataflow_from_string(p, source, &core00, 1, &o, NULL),
                 WT_INVALID, "3 is no NoC");
    o.noc = 0;
    o.num_compile_args = 1;
    assert_fails(ttm_kernel_create_dataflow_from_string(p, source, &core00, 1, &o, NULL),
                 WT_INVALID, "NULL");
    o.num_compile_args = 0;
    o.opt_level = 8;
    assert_fails(ttm_kernel_create_dataflow_from_string(p, source, &core00, 1, &o, NULL),
                 WT_INVALID, "8 is no optimisation level");
    assert_fails(ttm_kernel_create_dataflow_from_string(p, source, NULL, 0, NULL, NULL), WT_INVALID,
                 "no core ranges");
    assert_fails(ttm_kernel_create_dataflow_from_string(p, NULL, &core00, 1, NULL, NULL),
                 WT_INVALID, "source is NULL");
    assert_fails(ttm_kernel_create_dataflow(NULL, "x", &core00, 1, NULL, NULL), WT_INVALID,
                 "program is NULL");
    assert_fails(ttm_program_launch(p, NULL), WT_INVALID, "no kernels");

    // Longer structs of a newer header: fine as long as the unknown part is zero.
    struct {
        ttm_launch_options_t known;
        uint64_t unknown;
    } newer = { { .struct_size = sizeof newer }, 0 };
    new_kernel(p, source);
    assert_ok(ttm_program_launch(p, &newer.known));
    newer.unknown = 1;
    assert_fails(ttm_program_launch(p, &newer.known), WT_UNSUPPORTED, "does not know");
    assert_fails(ttm_kernel_create_dataflow_from_string(p, source, &core00, 1, NULL, NULL),
                 WT_INVALID, "nothing can be added");
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_341_arguments_are_refused),
        cmocka_unit_test(options_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
