// What the firmware of a processor keeps in local memory for the kernels that run on it.
//
// Firmware and kernels are separate programs; this structure lies at the bottom of local memory in
// both, and both are compiled with the same facts about the chip. Kernel variables follow it.
#pragma once
#include <stdint.h>

#include "abi.h"
#include "wt/regs.h"

#if !defined(COMPILE_FOR_TRISC)
#define WT_DATA_MOVEMENT 1
#define WT_HAS_CBS       1
#elif COMPILE_FOR_TRISC != 1
#define WT_HAS_CBS 1
#endif

typedef struct LocalCBInterface { // bytes on data-movement processors, 16-byte words on compute
                                  // ones
    uint32_t fifo_size, fifo_limit, fifo_page_size, fifo_num_pages;
    uint32_t fifo_rd_ptr, fifo_wr_ptr;
    union {
        uint32_t tiles_acked_received_init;
        struct {
            uint16_t tiles_acked, tiles_received;
        };
    };
    uint32_t fifo_wr_tile_ptr;
} LocalCBInterface;

typedef struct RemoteSenderCBInterface {
    uint32_t config_ptr, fifo_start_addr, fifo_limit_page_aligned, fifo_page_size;
    uint32_t fifo_wr_ptr, receiver_noc_xy_ptr, aligned_pages_sent_ptr, num_receivers;
} RemoteSenderCBInterface;

typedef struct RemoteReceiverCBInterface {
    uint32_t config_ptr, fifo_start_addr, fifo_limit_page_aligned, fifo_page_size;
    uint32_t fifo_rd_ptr, sender_noc_x, sender_noc_y, aligned_pages_acked_ptr;
} RemoteReceiverCBInterface;

typedef struct CBInterface {
    union {
        LocalCBInterface local_cb_interface;
        RemoteSenderCBInterface remote_sender_cb_interface;
        RemoteReceiverCBInterface remote_receiver_cb_interface;
    };
} CBInterface;

typedef struct WtShared {
    uint32_t *rta_l1_base, *crta_l1_base;
    uint32_t *sem_l1_base[ABI_CORE_TYPES];
    uint8_t my_x[NUM_NOCS], my_y[NUM_NOCS];
    uint8_t my_logical_x, my_logical_y, my_relative_x, my_relative_y;
#if WT_DATA_MOVEMENT
    uint32_t reads_issued[NUM_NOCS], writes_issued[NUM_NOCS], writes_to_ack[NUM_NOCS];
    uint32_t atomics_to_ack[NUM_NOCS], posted_writes_issued[NUM_NOCS];
    uint16_t dram_bank_to_noc_xy[NUM_NOCS][NUM_DRAM_BANKS];
    uint16_t l1_bank_to_noc_xy[NUM_NOCS][NUM_L1_BANKS];
    int32_t bank_to_dram_offset[NUM_DRAM_BANKS];
    int32_t bank_to_l1_offset[NUM_L1_BANKS];
    uint8_t logical_col_to_virtual[20], logical_row_to_virtual[12];
#endif
#if WT_HAS_CBS
    CBInterface cb_interface[MEM_NUM_CIRCULAR_BUFFERS];
#endif
} WtShared;

// The only variable in its section: the linker script puts it at the bottom of local memory and
// leaves it out of what start-up code clears.
#ifdef __cplusplus
extern "C"
#else
extern
#endif
    WtShared wt_shared;

// This processor's place in `enables`, kernel_text_offset, dprint_buf.
#ifndef PROCESSOR_INDEX
#error "PROCESSOR_INDEX is not defined: this header is for programs compiled by Wavetile"
#endif

#define WT_MAILBOXES ((volatile mailboxes_t *)MEM_MAILBOX_BASE)
// The vendor's way to take the address of a field.
#define GET_MAILBOX_ADDRESS_DEV(field) (&WT_MAILBOXES->field)

// Nothing here caches L1, but Blackhole's processors may: a loop that polls L1 drops its lines.
static inline __attribute__((always_inline)) void invalidate_l1_cache(void) {
    __asm__ volatile("fence" ::: "memory");
}

static inline __attribute__((always_inline)) volatile uint32_t *get_cb_tiles_received_ptr(int cb) {
    return &REG32(STREAM_REG_ADDR(cb, STREAM_REMOTE_DEST_BUF_SIZE_REG_INDEX));
}
static inline __attribute__((always_inline)) volatile uint32_t *get_cb_tiles_acked_ptr(int cb) {
    return &REG32(STREAM_REG_ADDR(cb, STREAM_REMOTE_DEST_BUF_START_REG_INDEX));
}
