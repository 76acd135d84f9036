// Common to the firmware of all five processors: the start, and what a launch sets up.
//
// A reset sets the pc and keeps the registers, so the first instructions give every register a
// value. The firmware has no variables of its own (the linker script checks): its state is in
// wt_shared and in the mailboxes. All waits are plain polling loops without side effects.
#pragma once
#include "wt/shared.h"

WtShared wt_shared __attribute__((section(".bss.wt_shared")));

#define INLINE static inline __attribute__((always_inline))

INLINE volatile kernel_config_msg_t *config(void) {
    return &WT_MAILBOXES->launch[WT_MAILBOXES->launch_msg_rd_ptr].kernel_config;
}

INLINE void copy_words(void *to, const volatile uint32_t *from, uint32_t bytes) {
    uint32_t *p = to;
#pragma GCC unroll 8
    for (uint32_t i = 0; i < bytes / 4; i++) p[i] = from[i];
}

// Tables and circular buffers are written before anybody reads them.
INLINE void clear_shared(void) {
#if WT_DATA_MOVEMENT
    const uint32_t n = offsetof(WtShared, dram_bank_to_noc_xy) / 4;
#else
    const uint32_t n = offsetof(WtShared, my_x) / 4;
#endif
    for (uint32_t i = 0; i < n; i++) ((uint32_t *)&wt_shared)[i] = 0;
}

// Coordinates of this tile, as the rest of the chip and as the program count them.
INLINE void init_position(void) {
    for (uint32_t noc = 0; noc < NUM_NOCS; noc++) {
        uint32_t id = REG32(NOC_CFG(NOC_ID_LOGICAL) + (noc << NOC_INSTANCE_OFFSET_BIT));
        wt_shared.my_x[noc] = id & NOC_NODE_ID_MASK;
        wt_shared.my_y[noc] = id >> NOC_ADDR_NODE_ID_BITS & NOC_NODE_ID_MASK;
    }
    wt_shared.my_logical_x = WT_MAILBOXES->core_info.absolute_logical_x;
    wt_shared.my_logical_y = WT_MAILBOXES->core_info.absolute_logical_y;
}

#if WT_DATA_MOVEMENT
// The host leaves the tables where the config ring will be; they are taken over before any launch.
INLINE void init_bank_tables(void) {
    const volatile uint32_t *from = (const volatile uint32_t *)MEM_BANK_TO_NOC_SCRATCH;
    copy_words(wt_shared.dram_bank_to_noc_xy, from, sizeof wt_shared.dram_bank_to_noc_xy);
    from += sizeof wt_shared.dram_bank_to_noc_xy / 4;
    copy_words(wt_shared.l1_bank_to_noc_xy, from, sizeof wt_shared.l1_bank_to_noc_xy);
    from += sizeof wt_shared.l1_bank_to_noc_xy / 4;
    copy_words(wt_shared.bank_to_dram_offset, from, sizeof wt_shared.bank_to_dram_offset);
    from += sizeof wt_shared.bank_to_dram_offset / 4;
    copy_words(wt_shared.bank_to_l1_offset, from, sizeof wt_shared.bank_to_l1_offset);
    from = (const volatile uint32_t *)MEM_LOGICAL_TO_VIRTUAL_SCRATCH;
    copy_words(wt_shared.logical_col_to_virtual, from, 20);
    copy_words(wt_shared.logical_row_to_virtual, from + 5, 12);
}
#endif

// Arguments and semaphores of the launch that `c` describes.
INLINE uint32_t setup_arguments(volatile kernel_config_msg_t *c) {
    for (uint32_t i = 0; i < ABI_CORE_TYPES; i++)
        wt_shared.sem_l1_base[i] = (uint32_t *)(c->kernel_config_base[i] + c->sem_offset[i]);
    uint32_t base = c->kernel_config_base[0];
    wt_shared.rta_l1_base = (uint32_t *)(base + c->rta_offset[PROCESSOR_INDEX].rta_offset);
    wt_shared.crta_l1_base = (uint32_t *)(base + c->rta_offset[PROCESSOR_INDEX].crta_offset);
    wt_shared.my_relative_x = wt_shared.my_logical_x - c->sub_device_origin_x;
    wt_shared.my_relative_y = wt_shared.my_logical_y - c->sub_device_origin_y;
    return base;
}

#if WT_HAS_CBS
// Circular buffers: both ends empty. Compute processors count in 16-byte words.
INLINE void setup_local_cbs(volatile kernel_config_msg_t *c, uint32_t base) {
    const uint32_t shift = WT_CB_ADDR_SHIFT;
    const volatile uint32_t *words = (const volatile uint32_t *)(base + c->local_cb_offset);
    volatile uint32_t *mask = (volatile uint32_t *)&c->local_cb_mask;
    for (uint32_t half = 0; half < 2; half++) {
        CBInterface *cb = &wt_shared.cb_interface[32 * half];
        for (uint32_t left = mask[half], at = 128 * half; left; left >>= 1, at += 4, cb++) {
            if (!(left & 1)) continue;
            LocalCBInterface *l = &cb->local_cb_interface;
            uint32_t address = words[at] >> shift;
            l->fifo_size = words[at + 1] >> shift;
            l->fifo_num_pages = words[at + 2];
            l->fifo_page_size = words[at + 3] >> shift;
            l->fifo_limit = address + l->fifo_size;
            l->fifo_rd_ptr = l->fifo_wr_ptr = address;
            l->tiles_acked_received_init = 0;
            l->fifo_wr_tile_ptr = 0;
        }
    }
}
#endif

// A launch may be prepared ahead of its go message.
INLINE void wait_for_go(void) {
    while (WT_MAILBOXES->go_messages[WT_MAILBOXES->go_message_index].signal != RUN_MSG_GO)
        invalidate_l1_cache();
}

// Kernels are functions without arguments.
INLINE void run_kernel(volatile kernel_config_msg_t *c, uint32_t base) {
    uint32_t text = base + c->kernel_text_offset[PROCESSOR_INDEX];
    ((uint32_t(*)(void))text)();
}
