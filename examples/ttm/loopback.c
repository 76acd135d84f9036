// Fifty tiles of bfloat16 from the host to DRAM, by a C++ kernel through a core's L1 to other
// DRAM, and back to the host, compared bit by bit.
//
// Usage: loopback [libttsim.so]      without one, on the model in the library
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ttm.h>

enum { TILES = 50, TILE_BYTES = 32 * 32 * 2, BYTES = TILES * TILE_BYTES };

static void check(wt_status_t s) {
    if (s == WT_OK) return;
    fprintf(stderr, "loopback: %s: %s\n", wt_status_name(s), wt_last_error());
    exit(1);
}

static uint32_t address_of(ttm_buffer_t *b) {
    uint64_t address;
    check(ttm_buffer_address(b, &address));
    return (uint32_t)address;
}

int main(int argc, char **argv) {
    ttm_device_options_t options = { .struct_size = sizeof options,
                                     .transport = argc > 1 ? argv[1] : NULL };
    ttm_device_t *device;
    check(ttm_device_create(0, &options, &device));

    ttm_buffer_t *l1, *source, *target;
    check(ttm_buffer_create_interleaved(device, TILE_BYTES, TILE_BYTES, TTM_BUFFER_L1, NULL, &l1));
    check(ttm_buffer_create_interleaved(device, BYTES, TILE_BYTES, TTM_BUFFER_DRAM, NULL, &source));
    check(ttm_buffer_create_interleaved(device, BYTES, TILE_BYTES, TTM_BUFFER_DRAM, NULL, &target));

    uint32_t compile_args[2];
    size_t n;
    check(ttm_tensor_accessor_args(source, &compile_args[0], 1, &n));
    check(ttm_tensor_accessor_args(target, &compile_args[1], 1, &n));

    ttm_program_t *program;
    ttm_kernel_t *kernel;
    ttm_core_range_t core = { { 0, 0 }, { 0, 0 } };
    ttm_dataflow_options_t dataflow = { .struct_size = sizeof dataflow,
                                        .compile_args = compile_args,
                                        .num_compile_args = 2 };
    check(ttm_program_create(device, &program));
    check(ttm_kernel_create_dataflow(program, "examples/ttm/kernels/loopback.cpp", &core, 1,
                                     &dataflow, &kernel));
    uint32_t args[] = { address_of(l1), address_of(source), address_of(target), TILES };
    check(ttm_set_runtime_args(kernel, &core, 1, args, 4));

    static uint16_t sent[BYTES / 2], received[BYTES / 2];
    uint32_t random = 1;
    for (int i = 0; i < BYTES / 2; i++)
        sent[i] = (uint16_t)((random = random * 1664525 + 1013904223) >> 16);
    check(ttm_buffer_write(source, 0, sent, BYTES));
    check(ttm_program_launch(program, NULL));
    check(ttm_buffer_read(target, 0, received, BYTES));

    ttm_device_stats_t stats = { .struct_size = sizeof stats };
    check(ttm_device_stats(device, &stats));
    int equal = memcmp(sent, received, BYTES) == 0;
    printf("loopback: %d tiles of bfloat16, host -> DRAM -> L1 of core (0,0) -> DRAM -> host\n",
           TILES);
    printf("loopback: %d bytes %s; the kernel took %llu cycles\n", BYTES,
           equal ? "came back equal" : "came back DIFFERENT",
           (unsigned long long)stats.kernel_cycles);

    check(ttm_program_destroy(program));
    check(ttm_buffer_destroy(l1));
    check(ttm_buffer_destroy(source));
    check(ttm_buffer_destroy(target));
    check(ttm_device_close(device));
    return equal ? 0 : 1;
}
