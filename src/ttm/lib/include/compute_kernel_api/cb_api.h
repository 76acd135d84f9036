// The circular-buffer calls of compute kernels: the unpack processor consumes, the pack processor
// produces, the math processor does neither. Counters are 16 bits wide on this side.
#pragma once
#include "ckernel.h"
#include "compute_kernel_api/common_globals.h"
#include "wt/args.h"
#ifndef COMPILE_FOR_TRISC
#error                                                                                             \
    "compute_kernel_api is for compute kernels; data-movement kernels include api/dataflow/dataflow_api.h"
#endif
#include "wt/cb.h"

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

// What only the unpack processor knows and all three are to use.
ALWI uint32_t wt_from_unpack(uint32_t value) {
#ifdef TRISC_UNPACK
    mailbox_write(ThreadId::MathThreadId, value);
    mailbox_write(ThreadId::PackThreadId, value);
#else
    value = mailbox_read(ThreadId::UnpackThreadId);
#endif
    return value;
}
#ifdef TRISC_UNPACK
ALWI uint32_t wt_page_address(uint32_t cb_id, uint32_t tile_index) {
    LocalCBInterface &cb = get_local_cb_interface(cb_id);
    return (cb.fifo_rd_ptr + cb.fifo_page_size * tile_index) << WT_CB_ADDR_SHIFT;
}
#endif
// The address of a page at the front, and a word of it, the same on all three processors.
ALWI uint32_t get_tile_address([[maybe_unused]] uint32_t cb_id,
                               [[maybe_unused]] uint32_t tile_index) {
    uint32_t address = 0;
    UNPACK(address = wt_page_address(cb_id, tile_index);)
    return wt_from_unpack(address);
}
ALWI uint32_t read_tile_value([[maybe_unused]] uint32_t cb_id, [[maybe_unused]] uint32_t tile_index,
                              [[maybe_unused]] uint32_t element_offset) {
    uint32_t value = 0;
    UNPACK(value = ((volatile uint32_t *)wt_page_address(cb_id, tile_index))[element_offset];)
    return wt_from_unpack(value);
}

} // namespace ckernel
