// The circular-buffer calls of compute kernels: the unpack processor consumes, the pack processor
// produces, the math processor does neither. Counters are 16 bits wide on this side.
#pragma once
#include "compute_kernel_api/common_globals.h"
#include "wt/args.h"
#ifndef COMPILE_FOR_TRISC
#error                                                                                             \
    "compute_kernel_api is for compute kernels; data-movement kernels include api/dataflow/dataflow_api.h"
#endif
#if WT_HAS_CBS
#include "wt/cb.h"
#endif

namespace ckernel {

ALWI void cb_wait_front([[maybe_unused]] uint32_t cbid, [[maybe_unused]] uint32_t ntiles){ UNPACK({
    while (wt_cb_filled(cbid) < ntiles) {
    }
}) } ALWI
    void cb_pop_front([[maybe_unused]] uint32_t cbid, [[maybe_unused]] uint32_t ntiles){ UNPACK({
        LocalCBInterface &cb = get_local_cb_interface(cbid);
        *get_cb_tiles_acked_ptr(cbid) = (uint16_t)(*get_cb_tiles_acked_ptr(cbid) + ntiles);
        wt_cb_advance(cb.fifo_rd_ptr, cb, ntiles);
    }) } ALWI
    void cb_reserve_back([[maybe_unused]] uint32_t cbid, [[maybe_unused]] uint32_t ntiles){ PACK({
        while (wt_cb_free(cbid) < ntiles) {
        }
    }) } ALWI void cb_push_back([[maybe_unused]] uint32_t cbid, [[maybe_unused]] uint32_t ntiles) {
    PACK({
        LocalCBInterface &cb = get_local_cb_interface(cbid);
        *get_cb_tiles_received_ptr(cbid) = (uint16_t)(*get_cb_tiles_received_ptr(cbid) + ntiles);
        wt_cb_advance(cb.fifo_wr_ptr, cb, ntiles);
    })
}

} // namespace ckernel
