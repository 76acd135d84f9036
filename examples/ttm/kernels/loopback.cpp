// Copies tiles from one DRAM buffer to another, one at a time, through this core's L1.
// Arguments: address in L1, source, target, number of tiles. Compile-time: the accessors of both.
#include <cstdint>

#include "api/dataflow/dataflow_api.h"

void kernel_main() {
    uint32_t l1 = get_arg_val<uint32_t>(0);
    uint32_t source = get_arg_val<uint32_t>(1);
    uint32_t target = get_arg_val<uint32_t>(2);
    uint32_t tiles = get_arg_val<uint32_t>(3);

    constexpr uint32_t tile_bytes = 32 * 32 * 2; // bfloat16
    constexpr auto source_args = TensorAccessorArgs<0>();
    constexpr auto target_args = TensorAccessorArgs<source_args.next_compile_time_args_offset()>();
    const auto from = TensorAccessor(source_args, source, tile_bytes);
    const auto to = TensorAccessor(target_args, target, tile_bytes);

    for (uint32_t i = 0; i < tiles; i++) {
        noc_async_read_tile(i, from, l1);
        noc_async_read_barrier();
        noc_async_write_tile(i, to, l1);
        noc_async_write_barrier();
    }
}
