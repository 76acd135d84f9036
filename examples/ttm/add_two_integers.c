// A data-movement core adds two integers: a kernel from a string reads them from DRAM into its L1,
// prints and adds them, and writes the sum back to DRAM.
//
// Usage: add_two_integers [libttsim.so]
#include <stdio.h>
#include <stdlib.h>
#include <ttm.h>

static const char kernel_source[] =
    "void kernel_main() {\n"
    "    uint32_t a_dram = get_arg_val<uint32_t>(0), b_dram = get_arg_val<uint32_t>(1);\n"
    "    uint32_t sum_dram = get_arg_val<uint32_t>(2);\n"
    "    uint32_t a_l1 = get_arg_val<uint32_t>(3), b_l1 = get_arg_val<uint32_t>(4);\n"
    "    uint32_t sum_l1 = get_arg_val<uint32_t>(5);\n"
    "    InterleavedAddrGen<true> a = {.bank_base_address = a_dram, .page_size = 4};\n"
    "    InterleavedAddrGen<true> b = {.bank_base_address = b_dram, .page_size = 4};\n"
    "    InterleavedAddrGen<true> sum = {.bank_base_address = sum_dram, .page_size = 4};\n"
    "    noc_async_read(get_noc_addr(0, a), a_l1, 4);\n"
    "    noc_async_read(get_noc_addr(0, b), b_l1, 4);\n"
    "    noc_async_read_barrier();\n"
    "    volatile uint32_t *x = (uint32_t *)a_l1, *y = (uint32_t *)b_l1, *z = (uint32_t *)sum_l1;\n"
    "    *z = *x + *y;\n"
    "    DPRINT << *x << \" + \" << *y << \" = \" << *z << ENDL();\n"
    "    noc_async_write(sum_l1, get_noc_addr(0, sum), 4);\n"
    "    noc_async_write_barrier();\n"
    "}\n";

static void check(wt_status_t s) {
    if (s == WT_OK) return;
    fprintf(stderr, "add_two_integers: %s: %s\n", wt_status_name(s), wt_last_error());
    exit(1);
}

static void print_line(void *user, const char *line) {
    (void)user;
    puts(line);
}

int main(int argc, char **argv) {
    ttm_device_options_t options = { .struct_size = sizeof options,
                                     .transport = argc > 1 ? argv[1] : NULL,
                                     .print = print_line };
    ttm_device_t *device;
    check(ttm_device_create(0, &options, &device));

    // Two operands and a sum, each in DRAM and in L1.
    ttm_buffer_t *buffer[6];
    uint32_t args[6];
    for (int i = 0; i < 6; i++) {
        uint64_t address;
        check(ttm_buffer_create_interleaved(device, 4, 4, i < 3 ? TTM_BUFFER_DRAM : TTM_BUFFER_L1,
                                            NULL, &buffer[i]));
        check(ttm_buffer_address(buffer[i], &address));
        args[i] = (uint32_t)address;
    }
    uint32_t a = 14, b = 7, sum = 0;
    check(ttm_buffer_write(buffer[0], 0, &a, sizeof a));
    check(ttm_buffer_write(buffer[1], 0, &b, sizeof b));

    ttm_program_t *program;
    ttm_kernel_t *kernel;
    ttm_core_range_t core = { { 0, 0 }, { 0, 0 } };
    check(ttm_program_create(device, &program));
    check(ttm_kernel_create_dataflow_from_string(program, kernel_source, &core, 1, NULL, &kernel));
    check(ttm_set_runtime_args(kernel, &core, 1, args, 6));
    check(ttm_program_launch(program, NULL));

    check(ttm_buffer_read(buffer[2], 0, &sum, sizeof sum));
    printf("add_two_integers: the kernel says %u + %u = %u: %s\n", a, b, sum,
           sum == a + b ? "right" : "WRONG");

    check(ttm_program_destroy(program));
    for (int i = 0; i < 6; i++) check(ttm_buffer_destroy(buffer[i]));
    check(ttm_device_close(device));
    return sum == a + b ? 0 : 1;
}
