// The circular-buffer calls of data-movement kernels.
#pragma once
#include "wt/cb.h"

// Producer: is there room for num_pages, wait for it, hand them over.
FORCE_INLINE bool cb_pages_reservable_at_back(int32_t operand, int32_t num_pages) {
    return num_pages <= wt_cb_free(operand);
}
FORCE_INLINE void cb_reserve_back(int32_t operand, int32_t num_pages) {
    while (wt_cb_free(operand) < num_pages) invalidate_l1_cache();
}
FORCE_INLINE void cb_push_back(int32_t operand, int32_t num_pages) {
    *get_cb_tiles_received_ptr(operand) += num_pages;
    LocalCBInterface &cb = get_local_cb_interface(operand);
    wt_cb_advance(cb.fifo_wr_ptr, cb, num_pages);
}

// Consumer: are there num_pages, wait for them, give them back.
FORCE_INLINE bool cb_pages_available_at_front(int32_t operand, int32_t num_pages) {
    return num_pages <= wt_cb_filled(operand);
}
FORCE_INLINE void cb_wait_front(int32_t operand, int32_t num_pages) {
    while (wt_cb_filled(operand) < num_pages) {
    }
}
FORCE_INLINE void cb_pop_front(int32_t operand, int32_t num_pages) {
    *get_cb_tiles_acked_ptr(operand) += num_pages;
    LocalCBInterface &cb = get_local_cb_interface(operand);
    wt_cb_advance(cb.fifo_rd_ptr, cb, num_pages);
}

// Byte addresses of the next page to fill and of the next page to use.
FORCE_INLINE uint32_t get_write_ptr(uint32_t operand) {
    return get_local_cb_interface(operand).fifo_wr_ptr;
}
FORCE_INLINE uint32_t get_read_ptr(uint32_t operand) {
    return get_local_cb_interface(operand).fifo_rd_ptr;
}
