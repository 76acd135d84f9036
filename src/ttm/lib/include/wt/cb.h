// Circular buffers, as data-movement processors use them.
//
// Two counters per buffer live in stream registers that all processors of the tile see: pages
// filled (moved by the producer) and pages freed (moved by the consumer). Positions are private.
// Compute processors count modulo 2^16, so comparisons are made in 16 bits.
#pragma once
#include "wt/args.h"

constexpr uint32_t cb_addr_shift = WT_CB_ADDR_SHIFT;

#if WT_HAS_CBS
static constexpr auto &cb_interface = wt_shared.cb_interface;
FORCE_INLINE LocalCBInterface &get_local_cb_interface(uint32_t cb_id) {
    return wt_shared.cb_interface[cb_id].local_cb_interface;
}
FORCE_INLINE RemoteSenderCBInterface &get_remote_sender_cb_interface(uint32_t cb_id) {
    return wt_shared.cb_interface[cb_id].remote_sender_cb_interface;
}
FORCE_INLINE RemoteReceiverCBInterface &get_remote_receiver_cb_interface(uint32_t cb_id) {
    return wt_shared.cb_interface[cb_id].remote_receiver_cb_interface;
}
#else
// The math processor has none. Kernels name them in code that it compiles but does not run.
FORCE_INLINE LocalCBInterface &get_local_cb_interface(uint32_t) { __builtin_trap(); }
#endif

FORCE_INLINE uint16_t wt_cb_filled(int32_t cb) {
    return (uint16_t)(*get_cb_tiles_received_ptr(cb) - *get_cb_tiles_acked_ptr(cb));
}
FORCE_INLINE uint16_t wt_cb_free(int32_t cb) {
    return (uint16_t)(get_local_cb_interface(cb).fifo_num_pages - wt_cb_filled(cb));
}
// A position moves by whole pages and wraps exactly at the end.
FORCE_INLINE void wt_cb_advance(uint32_t &position, const LocalCBInterface &cb, int32_t pages) {
    position += pages * cb.fifo_page_size;
    if (position == cb.fifo_limit) position -= cb.fifo_size;
}
