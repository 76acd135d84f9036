// Registers of a Blackhole worker tile, as far as firmware and data movement use them, with the
// vendor's names. Plain macros: the firmware is C, kernels are C++, and both test them with #if.
#pragma once
#include <stdint.h>

#include "abi.h"

#define REG32(address) (*(volatile uint32_t *)(uintptr_t)(address))

// ---- Debug and reset
#define RISCV_DEBUG_REGS_START_ADDR            0xFFB12000u
#define RISCV_DEBUG_REG_SOFT_RESET_0           (RISCV_DEBUG_REGS_START_ADDR + 0x1B0)
#define RISCV_DEBUG_REG_WALL_CLOCK_L           (RISCV_DEBUG_REGS_START_ADDR + 0x1F0)
#define RISCV_DEBUG_REG_WALL_CLOCK_H           (RISCV_DEBUG_REGS_START_ADDR + 0x1F8)
#define RISCV_DEBUG_REG_TRISC0_RESET_PC        (RISCV_DEBUG_REGS_START_ADDR + 0x228)
#define RISCV_DEBUG_REG_TRISC1_RESET_PC        (RISCV_DEBUG_REGS_START_ADDR + 0x22C)
#define RISCV_DEBUG_REG_TRISC2_RESET_PC        (RISCV_DEBUG_REGS_START_ADDR + 0x230)
#define RISCV_DEBUG_REG_TRISC_RESET_PC_OVERRIDE  (RISCV_DEBUG_REGS_START_ADDR + 0x234)
#define RISCV_DEBUG_REG_NCRISC_RESET_PC        (RISCV_DEBUG_REGS_START_ADDR + 0x238)
#define RISCV_DEBUG_REG_NCRISC_RESET_PC_OVERRIDE (RISCV_DEBUG_REGS_START_ADDR + 0x23C)

#define RISCV_SOFT_RESET_0_NONE   0x00000
#define RISCV_SOFT_RESET_0_BRISC  0x00800
#define RISCV_SOFT_RESET_0_TRISCS 0x07000
#define RISCV_SOFT_RESET_0_NCRISC 0x40000

// ---- NoC: two interfaces, four command buffers each
#define NUM_NOCS                     2
#define NOC_REG_SPACE_START_ADDR     0xFF000000u
#define NOC_REGS_START_ADDR          0xFFB20000u
#define NOC_CMD_BUF_OFFSET           0x800
#define NOC_CMD_BUF_OFFSET_BIT       11
#define NOC_INSTANCE_OFFSET          0x10000
#define NOC_INSTANCE_OFFSET_BIT      16
#define NOC_MAX_TRANSACTION_ID       0xF
#define NOC_MAX_TRANSACTION_ID_COUNT 255
#define NOC_CLEAR_OUTSTANDING_REQ_MASK ((1ull << (NOC_MAX_TRANSACTION_ID + 1)) - 1)

#define NOC_TARG_ADDR_LO  (NOC_REGS_START_ADDR + 0x00)
#define NOC_TARG_ADDR_MID (NOC_REGS_START_ADDR + 0x04)
#define NOC_TARG_ADDR_HI  (NOC_REGS_START_ADDR + 0x08)
#define NOC_RET_ADDR_LO   (NOC_REGS_START_ADDR + 0x0C)
#define NOC_RET_ADDR_MID  (NOC_REGS_START_ADDR + 0x10)
#define NOC_RET_ADDR_HI   (NOC_REGS_START_ADDR + 0x14)
#define NOC_PACKET_TAG    (NOC_REGS_START_ADDR + 0x18)
#define NOC_CTRL          (NOC_REGS_START_ADDR + 0x1C)
#define NOC_AT_LEN_BE     (NOC_REGS_START_ADDR + 0x20)
#define NOC_AT_LEN_BE_1   (NOC_REGS_START_ADDR + 0x24)
#define NOC_AT_DATA       (NOC_REGS_START_ADDR + 0x28)
#define NOC_BRCST_EXCLUDE (NOC_REGS_START_ADDR + 0x2C)
#define NOC_CMD_CTRL      (NOC_REGS_START_ADDR + 0x40)
#define NOC_NODE_ID       (NOC_REGS_START_ADDR + 0x44)
#define NOC_ENDPOINT_ID   (NOC_REGS_START_ADDR + 0x48)
#define NOC_CLEAR_OUTSTANDING_REQ_CNT (NOC_REGS_START_ADDR + 0x60)
#define NOC_CFG(i)        (NOC_REGS_START_ADDR + 0x100 + 4 * (i))
#define NOC_STATUS(i)     (NOC_REGS_START_ADDR + 0x200 + 4 * (i))
// Where coordinates go in a command; Wormhole keeps them in the MID registers.
#define NOC_TARG_ADDR_COORDINATE NOC_TARG_ADDR_HI
#define NOC_RET_ADDR_COORDINATE  NOC_RET_ADDR_HI

#define NOC_ID_LOGICAL 0x12 // NOC_CFG: this tile's translated coordinates, x | y << 6

#define NIU_MST_ATOMIC_RESP_RECEIVED       0x0 // NOC_STATUS
#define NIU_MST_WR_ACK_RECEIVED            0x1
#define NIU_MST_RD_RESP_RECEIVED           0x2
#define NIU_MST_RD_REQ_SENT                0x5
#define NIU_MST_NONPOSTED_ATOMIC_SENT      0x6
#define NIU_MST_POSTED_ATOMIC_SENT         0x7
#define NIU_MST_NONPOSTED_WR_REQ_SENT      0xA
#define NIU_MST_POSTED_WR_REQ_SENT         0xB
#define NIU_MST_REQS_OUTSTANDING_ID(id)    (0x10 + (id))
#define NIU_MST_WRITE_REQS_OUTGOING_ID(id) (0x20 + (id))

#define NOC_CMD_AT                (1u << 0) // NOC_CTRL
#define NOC_CMD_CPY               0u
#define NOC_CMD_RD                0u
#define NOC_CMD_WR                (1u << 1)
#define NOC_CMD_WR_BE             (1u << 2)
#define NOC_CMD_WR_INLINE         (1u << 3)
#define NOC_CMD_RESP_MARKED       (1u << 4)
#define NOC_CMD_BRCST_PACKET      (1u << 5)
#define NOC_CMD_VC_LINKED         (1u << 6)
#define NOC_CMD_VC_STATIC         (1u << 7)
#define NOC_CMD_PATH_RESERVE      (1u << 8)
#define NOC_CMD_STATIC_VC(vc)     ((uint32_t)(vc) << 13)
#define NOC_CMD_BRCST_XY(y)       ((uint32_t)(y) << 16)
#define NOC_CMD_BRCST_SRC_INCLUDE (1u << 17)
#define NOC_CTRL_SEND_REQ         1u // NOC_CMD_CTRL
#define NOC_CTRL_STATUS_READY     0u

#define NOC_AT_INS(op)          ((uint32_t)(op) << 12) // NOC_AT_LEN_BE of an atomic
#define NOC_AT_INS_INCR_GET     1u
#define NOC_AT_INS_SWAP         3u
#define NOC_AT_INS_CAS          4u
#define NOC_AT_WRAP(bits)       ((uint32_t)(bits) << 2)
#define NOC_AT_IND_32(word)     ((uint32_t)(word) << 0)
#define NOC_AT_IND_32_SRC(word) ((uint32_t)(word) << 10)
#define NOC_PACKET_TAG_TRANSACTION_ID(id) ((uint32_t)(id) << 10)

#define NOC_WORD_BYTES      64
#define NOC_MAX_BURST_WORDS 256
#define NOC_MAX_BURST_SIZE  (NOC_MAX_BURST_WORDS * NOC_WORD_BYTES)
#define NOC_L1_READ_ALIGNMENT_BYTES    16
#define NOC_L1_WRITE_ALIGNMENT_BYTES   16
#define NOC_DRAM_READ_ALIGNMENT_BYTES  64
#define NOC_DRAM_WRITE_ALIGNMENT_BYTES 16
#define NOC_PCIE_READ_ALIGNMENT_BYTES  64
#define NOC_PCIE_WRITE_ALIGNMENT_BYTES 16
#define LOG_BASE_2_OF_DRAM_ALIGNMENT 6
#define LOG_BASE_2_OF_L1_ALIGNMENT   4

// Virtual channels: chosen by the kind of command.
#define NOC_UNICAST_WRITE_VC            1
#define NOC_MULTICAST_WRITE_VC          4
#define NOC_DISPATCH_MULTICAST_WRITE_VC 5

// A NoC address: 36 bits within the tile, then coordinates of 6 bits.
#define NOC_ADDR_LOCAL_BITS   36
#define NOC_ADDR_NODE_ID_BITS 6
#define NOC_ADDR_COORD_SHIFT  36
#define NOC_NODE_ID_MASK      0x3Fu
#define NOC_COORDINATE_MASK   0xFFFFFFu
#define NOC_PCIE_MASK         0x1000000Fu // of address bits 63:32: what is not a coordinate
#define NOC_LOCAL_ADDR_MASK   ((1ull << NOC_ADDR_LOCAL_BITS) - 1)
#define NOC_LOCAL_ADDR_OFFSET(a) ((a) & NOC_LOCAL_ADDR_MASK)
#define NOC_LOCAL_ADDR(a)        ((a) & 0x1000000FFFFFFFFFull)
#define NOC_XY_ENCODING(x, y) ((uint32_t)(y) << 6 | (uint32_t)(x))
#define NOC_XY_COORD(x, y)    NOC_XY_ENCODING(x, y)
#define NOC_XY_ADDR(x, y, a)  ((uint64_t)NOC_XY_ENCODING(x, y) << NOC_ADDR_COORD_SHIFT | (uint64_t)(a))
#define NOC_XY_PCIE_ENCODING(x, y) (NOC_XY_ADDR(x, y, 0) | 1ull << 60)
#define NOC_MULTICAST_ENCODING(x0, y0, x1, y1)                                                     \
    ((uint32_t)(y0) << 18 | (uint32_t)(x0) << 12 | (uint32_t)(y1) << 6 | (uint32_t)(x1))
#define NOC_MULTICAST_COORD(x0, y0, x1, y1) NOC_MULTICAST_ENCODING(x0, y0, x1, y1)
#define NOC_MULTICAST_ADDR(x0, y0, x1, y1, a)                                                      \
    ((uint64_t)NOC_MULTICAST_ENCODING(x0, y0, x1, y1) << NOC_ADDR_COORD_SHIFT | (uint64_t)(a))
#define NOC_UNICAST_ADDR_X(a)     ((uint32_t)((a) >> 36) & NOC_NODE_ID_MASK)
#define NOC_UNICAST_ADDR_Y(a)     ((uint32_t)((a) >> 42) & NOC_NODE_ID_MASK)
#define NOC_MCAST_ADDR_END_X(a)   NOC_UNICAST_ADDR_X(a)
#define NOC_MCAST_ADDR_END_Y(a)   NOC_UNICAST_ADDR_Y(a)
#define NOC_MCAST_ADDR_START_X(a) ((uint32_t)((a) >> 48) & NOC_NODE_ID_MASK)
#define NOC_MCAST_ADDR_START_Y(a) ((uint32_t)((a) >> 54) & NOC_NODE_ID_MASK)

// The command buffers of a dedicated NoC, by use; in dynamic mode each data-movement processor has
// one for writes and one for everything else, on both NoCs.
#define NOC_WR_CMD_BUF     0
#define NOC_RD_CMD_BUF     1
#define NOC_WR_REG_CMD_BUF 2
#define NOC_AT_CMD_BUF     3

// ---- Overlay streams: we use their registers as counters shared by the processors of a tile
#define NOC_OVERLAY_START_ADDR    ABI_STREAMS
#define NOC_STREAM_REG_SPACE_SIZE ABI_STREAM_SIZE
#define STREAM_REG_ADDR(stream, reg)                                                               \
    (NOC_OVERLAY_START_ADDR + (uint32_t)(stream) * NOC_STREAM_REG_SPACE_SIZE + ((uint32_t)(reg) << 2))
#define STREAM_REMOTE_SRC_REG_INDEX                      4  // a word of 24 bits without effect
#define STREAM_REMOTE_DEST_BUF_START_REG_INDEX           ABI_CB_FREED
#define STREAM_REMOTE_DEST_BUF_SIZE_REG_INDEX            ABI_CB_FILLED
#define STREAM_REMOTE_DEST_BUF_SPACE_AVAILABLE_REG_INDEX 297
#define STREAM_REMOTE_DEST_BUF_SPACE_AVAILABLE_UPDATE_REG_INDEX 270
#define REMOTE_DEST_BUF_WORDS_FREE_INC                   6  // where an update's increment begins
#define REMOTE_DEST_WORDS_FREE                           0
#define REMOTE_DEST_WORDS_FREE_WIDTH                     17
#define NOC_STREAM_WRITE_REG(stream, reg, value) (REG32(STREAM_REG_ADDR(stream, reg)) = (value))
#define NOC_STREAM_READ_REG(stream, reg)         REG32(STREAM_REG_ADDR(stream, reg))
#define NOC_STREAM_READ_REG_FIELD(stream, reg, field)                                              \
    (NOC_STREAM_READ_REG(stream, reg) >> (field) & ((1u << field##_WIDTH) - 1))

// ---- Mailboxes between BRISC and the compute processors; the word after says whether one is full
#define TENSIX_MAILBOX_ADDR(thread) (0xFFEC0000u + (uint32_t)(thread) * 0x1000)

#define NUM_CIRCULAR_BUFFERS MEM_NUM_CIRCULAR_BUFFERS
#define L1_ALIGNMENT         16u
#define DRAM_ALIGNMENT       64u
#define PCIE_ALIGNMENT       64u

#define VIRTUAL_TENSIX_START_X 1
#define VIRTUAL_TENSIX_START_Y 2
#define COORDINATE_VIRTUALIZATION_ENABLED 1
