// What the host and the programs on the chip agree on: addresses in L1, mailboxes, launch messages.
//
// Both sides compile this file: the library (C17), the firmware (C17 for RISC-V) and every kernel
// (C++17). Names and layouts are TT-Metal's, so that kernels which look at the mailboxes find what
// they expect; offsets are checked below. A facts table that differs from chip to chip is a list of
// rows here; a second chip adds a list.
#ifndef WAVETILE_TTM_ABI_H
#define WAVETILE_TTM_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define ABI_ASSERT static_assert
#else
#define ABI_ASSERT _Static_assert
#endif
#define ABI_AT(type, member, offset)                                                               \
    ABI_ASSERT(offsetof(type, member) == (offset), #type "." #member " has moved")

// ---- Addresses: name, value, what lies there. Everything from MAP_END on belongs to the config
// ring and to buffers once the firmware has booted; the boot scratch areas overlap it.
#define TTM_MEM_BLACKHOLE(_)                                                                       \
    _(L1_SIZE, 0x180000u, "bytes of L1 in a worker tile")                                          \
    _(BOOT_CODE_BASE, 0u, "a jump to the BRISC firmware")                                          \
    _(NOC_ATOMIC_RET_VAL_ADDR, 4u, "where results of atomics are dropped")                         \
    _(L1_BARRIER, 12u, "word the host writes and reads to order its writes")                       \
    _(L1_INLINE_BASE, 0x20u, "4 x 16 bytes: inline writes in transit, by processor and NoC")       \
    _(L1_INLINE_SIZE_PER_NOC, 16u, "one of them")                                                  \
    _(MAILBOX_BASE, 0x60u, "mailboxes_t")                                                          \
    _(MAILBOX_SIZE, 12896u, "")                                                                    \
    _(MAILBOX_END, 0x32c0u, "")                                                                    \
    _(ZEROS_BASE, 0x32c0u, "zeros to copy from")                                                   \
    _(ZEROS_SIZE, 512u, "")                                                                        \
    _(LLK_DEBUG_BASE, 0x34c0u, "")                                                                 \
    _(LLK_DEBUG_SIZE, 1024u, "")                                                                   \
    _(BRISC_FIRMWARE_BASE, 0x38c0u, "firmware images")                                             \
    _(BRISC_FIRMWARE_SIZE, 8704u, "")                                                              \
    _(NCRISC_FIRMWARE_BASE, 0x5ac0u, "")                                                           \
    _(NCRISC_FIRMWARE_SIZE, 2560u, "")                                                             \
    _(TRISC0_FIRMWARE_BASE, 0x64c0u, "")                                                           \
    _(TRISC0_FIRMWARE_SIZE, 2560u, "")                                                             \
    _(TRISC1_FIRMWARE_BASE, 0x6ec0u, "")                                                           \
    _(TRISC1_FIRMWARE_SIZE, 2560u, "")                                                             \
    _(TRISC2_FIRMWARE_BASE, 0x78c0u, "")                                                           \
    _(TRISC2_FIRMWARE_SIZE, 2560u, "")                                                             \
    _(NOC_COUNTER_BASE, 0x82c0u, "transfers issued, shared by BRISC and NCRISC in dynamic NoC mode") \
    _(NOC_COUNTER_L1_SIZE, 80u, "u32[noc 2][processor 2][kind 5]")                                 \
    _(FABRIC_COUNTER_BASE, 0x8310u, "")                                                            \
    _(FABRIC_CONNECTION_LOCK_BASE, 0x8330u, "")                                                    \
    _(TENSIX_ROUTING_TABLE_BASE, 0x83c0u, "")                                                      \
    _(TENSIX_FABRIC_CONNECTIONS_BASE, 0x8dd0u, "")                                                 \
    _(PACKET_HEADER_POOL_BASE, 0x9060u, "")                                                        \
    _(PACKET_HEADER_POOL_SIZE, 3456u, "")                                                          \
    _(MAP_END, 0x9de0u, "base of the kernel-config ring")                                          \
    _(KERNEL_CONFIG_SIZE, 70656u, "69 KiB")                                                        \
    _(BANK_TO_NOC_SCRATCH, 0x12de0u, "boot: u16 dram_xy[2][d], l1_xy[2][n], i32 dram_off[d], l1_off[n]") \
    _(BANK_TO_NOC_SIZE, 2048u, "")                                                                 \
    _(LOGICAL_TO_VIRTUAL_SCRATCH, 0x135e0u, "boot: u8 column[20], row[12]")                        \
    _(LOGICAL_TO_VIRTUAL_SIZE, 32u, "")                                                            \
    _(DEFAULT_UNRESERVED, 0x1b200u, "circular buffers from here up; L1 buffers from the top down") \
    _(LOCAL_BASE, 0xffb00000u, "each processor's own memory")                                      \
    _(BRISC_LOCAL_SIZE, 8192u, "")                                                                 \
    _(NCRISC_LOCAL_SIZE, 8192u, "")                                                                \
    _(TRISC_LOCAL_SIZE, 4096u, "")                                                                 \
    _(BRISC_STACK_MIN_SIZE, 256u, "kernels that leave less are refused")                           \
    _(NCRISC_STACK_MIN_SIZE, 256u, "")                                                             \
    _(TRISC0_STACK_MIN_SIZE, 192u, "")                                                             \
    _(TRISC1_STACK_MIN_SIZE, 192u, "")                                                             \
    _(TRISC2_STACK_MIN_SIZE, 256u, "")                                                             \
    _(L1_ALIGNMENT, 16u, "")                                                                       \
    _(DRAM_ALIGNMENT, 64u, "")                                                                     \
    _(PCIE_ALIGNMENT, 64u, "")                                                                     \
    _(NUM_CIRCULAR_BUFFERS, 64u, "")

#ifdef __riscv // a program on one chip: plain names
enum {
#define ABI_MEM_(name, value, text) MEM_##name = (value),
    TTM_MEM_BLACKHOLE(ABI_MEM_)
#undef ABI_MEM_
};
#else // the host, which may drive several chips: a table for each
typedef struct MemMap {
#define ABI_MEM_(name, value, text) uint32_t name;
    TTM_MEM_BLACKHOLE(ABI_MEM_)
#undef ABI_MEM_
} MemMap;
#define ABI_MEM_(name, value, text) .name = (value),
#define TTM_MEM_MAP_BLACKHOLE { TTM_MEM_BLACKHOLE(ABI_MEM_) }
#endif

// ---- Processors of a worker tile, in the order of `enables`, kernel_text_offset and rta_offset.
enum { PROC_BRISC, PROC_NCRISC, PROC_TRISC0, PROC_TRISC1, PROC_TRISC2, PROC_COUNT };

enum {
    RUN_MSG_INIT = 0x40,
    RUN_MSG_GO = 0x80,
    RUN_MSG_RESET_READ_PTR = 0xc0,
    RUN_MSG_RESET_READ_PTR_FROM_HOST = 0xe0,
    RUN_MSG_REPLAY_TRACE = 0xf0,
    RUN_MSG_DONE = 0,
};
enum { // one byte per subordinate, in the order of subordinate_sync_msg_t
    RUN_SYNC_MSG_INIT = 0x40,
    RUN_SYNC_MSG_GO = 0x80,
    RUN_SYNC_MSG_LOAD = 1,
    RUN_SYNC_MSG_WAITING_FOR_RESET = 2,
    RUN_SYNC_MSG_INIT_SYNC_REGISTERS = 3,
    RUN_SYNC_MSG_DONE = 0,
};
#define RUN_SYNC_MSG_ALL_INIT              0x40404040u
#define RUN_SYNC_MSG_ALL_SUBORDINATES_DONE 0u

enum { DISPATCH_MODE_DEV = 0, DISPATCH_MODE_HOST = 1 };
enum { DISPATCH_ENABLE_FLAG_PRELOAD = 1 << 7 };
#ifdef __cplusplus
enum noc_index_t : uint8_t { NOC_0 = 0, NOC_1 = 1 };
enum noc_mode_t : uint8_t { DM_DEDICATED_NOC = 0, DM_DYNAMIC_NOC = 1, DM_INVALID_NOC = 2 };
#else
enum { NOC_0 = 0, NOC_1 = 1 };
enum { DM_DEDICATED_NOC = 0, DM_DYNAMIC_NOC = 1, DM_INVALID_NOC = 2 };
#endif

enum {
    ABI_CORE_TYPES = 3, // worker, active Ethernet, idle Ethernet
    ABI_LAUNCH_MSGS = 8,
    ABI_GO_MSGS = 9,
    ABI_NUM_SEMAPHORES = 16,
    ABI_MAX_RUNTIME_ARGS = 341,
    ABI_CB_CONFIG_WORDS = 4,        // address, size, pages, page size; bytes
    ABI_REMOTE_CB_CONFIG_WORDS = 2, // address of its description (0: none), page size
    ABI_NO_ARGS = 0xffff,           // rta_offset of a processor without arguments
};

// ---- Data formats: name, TT-Metal's value, bits of a datum, and whether an exponent is shared by
// each 16 of them.
#define TTM_DATA_FORMATS(_)                                                                        \
    _(Float32, 0, 32, 0)                                                                           \
    _(Float16, 1, 16, 0)                                                                           \
    _(Bfp8, 2, 8, 1)                                                                               \
    _(Bfp4, 3, 4, 1)                                                                               \
    _(Tf32, 4, 32, 0)                                                                              \
    _(Float16_b, 5, 16, 0)                                                                         \
    _(Bfp8_b, 6, 8, 1)                                                                             \
    _(Bfp4_b, 7, 4, 1)                                                                             \
    _(Int32, 8, 32, 0)                                                                             \
    _(UInt16, 9, 16, 0)                                                                            \
    _(Lf8, 10, 8, 0)                                                                               \
    _(Bfp2, 11, 2, 1)                                                                              \
    _(Int8, 14, 8, 0)                                                                              \
    _(Bfp2_b, 15, 2, 1)                                                                            \
    _(UInt32, 24, 32, 0)                                                                           \
    _(Fp8_e4m3, 0x1A, 8, 0)                                                                        \
    _(UInt8, 30, 8, 0)                                                                             \
    _(RawUInt8, 0xf0, 8, 0)                                                                        \
    _(RawUInt16, 0xf1, 16, 0)                                                                      \
    _(RawUInt32, 0xf2, 32, 0)

// Bytes of a tile of so many datums; exponents take 16 bytes at least.
#define ABI_TILE_BYTES(datums, bits, exponents)                                                    \
    ((datums) * (bits) / 8 + (!(exponents) ? 0 : (datums) / 16 > 16 ? (datums) / 16 : 16))

// ---- Circular buffers count their pages in registers of the overlay stream of their number

#define ABI_STREAMS     0xFFB40000u
#define ABI_STREAM_SIZE 0x1000
#define ABI_CB_FREED    8 // register: its address is ABI_STREAMS + stream * ABI_STREAM_SIZE + 4 * 8
#define ABI_CB_FILLED   10

// ---- Messages

typedef struct rta_offset_t {
    uint16_t rta_offset, crta_offset;
} rta_offset_t;

// Where one program's block lies in the config ring. All offsets count from kernel_config_base.
typedef struct kernel_config_msg_t {
    uint32_t kernel_config_base[ABI_CORE_TYPES];
    uint16_t sem_offset[ABI_CORE_TYPES];
    uint16_t local_cb_offset, remote_cb_offset;
    rta_offset_t rta_offset[PROC_COUNT];
    uint8_t mode; // DISPATCH_MODE_*
    uint8_t pad2;
    uint32_t kernel_text_offset[PROC_COUNT];
    uint64_t local_cb_mask;
    uint8_t brisc_noc_id, brisc_noc_mode;
    uint8_t min_remote_cb_start_index;
    uint8_t exit_erisc_kernel;
    uint32_t host_assigned_id;
    uint32_t enables; // bit i: processor i runs a kernel
    uint16_t watcher_kernel_ids[PROC_COUNT];
    uint16_t ncrisc_kernel_size16; // Wormhole: units of 16 bytes to copy to its instruction memory
    uint8_t sub_device_origin_x, sub_device_origin_y;
    uint8_t pad3[13];
    uint8_t preload; // last, so that it is written last
} kernel_config_msg_t;

typedef struct launch_msg_t {
    kernel_config_msg_t kernel_config;
} launch_msg_t;

typedef struct go_msg_t {
    uint8_t dispatch_message_offset, master_x, master_y;
    uint8_t signal; // RUN_MSG_*
} go_msg_t;

typedef struct subordinate_sync_msg_t {
    uint8_t dm1, trisc0, trisc1, trisc2;
} subordinate_sync_msg_t;

typedef struct ncrisc_halt_msg_t {
    uint32_t resume_addr, stack_save;
} ncrisc_halt_msg_t;

// ---- Watcher. We reserve its place; kernels compiled here do not write it.

typedef struct debug_sanitize_addr_msg_t {
    uint64_t noc_addr;
    uint32_t l1_addr, len;
    uint16_t which_risc, return_code;
    uint8_t is_multicast, is_write, is_target, pad;
} debug_sanitize_addr_msg_t;

typedef struct watcher_msg_t {
    uint32_t enable;
    uint8_t debug_waypoint[PROC_COUNT][4];
    debug_sanitize_addr_msg_t sanitize[2];
    uint8_t noc_linked_status[2];
    uint8_t eth_link_down, pad0;
    struct {
        uint16_t line_num;
        uint8_t tripped, which;
    } assert_status;
    uint8_t pause_flags[PROC_COUNT], pause_pad[3];
    struct {
        uint16_t min_free, watcher_kernel_id;
    } stack_usage[PROC_COUNT];
    uint8_t stack_pad[12];
    uint32_t insert_delays[4];
    struct {
        int16_t current_ptr;
        uint16_t wrapped;
        uint32_t data[32];
    } debug_ring_buf;
} watcher_msg_t;

// ---- Debug printing: one buffer per processor. The writer appends records {type, size, payload}
// and moves wpos; the host prints up to wpos and moves rpos to it; a writer that finds no room waits
// until rpos has caught up, then starts again at 0.

enum { DPRINT_BUFFER_SIZE = 204, DPRINT_DATA_SIZE = DPRINT_BUFFER_SIZE - 12 };
#define DEBUG_PRINT_SERVER_STARTING_MAGIC 0x98989898u // in wpos: printing is on, nothing written yet
#define DEBUG_PRINT_SERVER_DISABLED_MAGIC 0xf8f8f8f8u // in wpos: nobody reads, discard

#define DPRINT_TYPES(_)                                                                            \
    _(CSTR) _(ENDL) _(SETW) _(UINT8) _(UINT16) _(UINT32) _(UINT64) _(INT8) _(INT16) _(INT32)       \
    _(INT64) _(FLOAT32) _(CHAR) _(BFLOAT16) _(SETPRECISION) _(FIXED) _(DEFAULTFLOAT) _(HEX) _(OCT) \
    _(DEC) _(TILESLICE) _(U32_ARRAY) _(TYPED_U32_ARRAY)

typedef enum DPrintTypeID {
#define ABI_DPRINT_(name) DPrint##name,
    DPRINT_TYPES(ABI_DPRINT_)
#undef ABI_DPRINT_
    DPrintTypeID_Count
} DPrintTypeID;

typedef struct DebugPrintMemLayout {
    struct {
        uint32_t wpos, rpos;
        uint16_t core_x, core_y;
    } aux;
    uint8_t data[DPRINT_DATA_SIZE];
} DebugPrintMemLayout;

// Payload of DPrintTILESLICE: this header, then data_count values of the format.
typedef struct SliceRange {
    uint8_t h0, h1, hs, w0, w1, ws;
#ifdef __cplusplus
    static constexpr SliceRange hw0_32_16() { return { 0, 32, 16, 0, 32, 16 }; }
    static constexpr SliceRange hw0_32_8() { return { 0, 32, 8, 0, 32, 8 }; }
    static constexpr SliceRange hw0_32_4() { return { 0, 32, 4, 0, 32, 4 }; }
    static constexpr SliceRange h0_w0_32() { return { 0, 1, 1, 0, 32, 1 }; }
    static constexpr SliceRange h0_32_w0() { return { 0, 32, 1, 0, 1, 1 }; }
    static constexpr SliceRange h0_32_w1() { return { 0, 32, 1, 1, 2, 1 }; }
    static constexpr SliceRange hw041() { return { 0, 4, 1, 0, 4, 1 }; }
#endif
} SliceRange;

typedef struct DPrintTileSlice {
    uint32_t cb_ptr;
    SliceRange slice_range;
    uint8_t cb_id, data_format, data_count, endl_rows, return_code, pad;
} DPrintTileSlice;

enum {
    DPrintOK = 2,
    DPrintErrorBadTileIdx = 3,
    DPrintErrorBadPointer = 4,
    DPrintErrorUnsupportedFormat = 5,
    DPrintErrorMath = 6,
    DPrintErrorEthernet = 7,
};

// ---- What a core is told about itself and its chip

#define ABI_CORE_MAGIC_WORKER 0x50ec09a3u

typedef struct addressable_core_t {
    uint8_t x, y;
    uint8_t type; // 0 Tensix, 1 Ethernet, 2 PCIe, 3 DRAM, 4 harvested
} addressable_core_t;

typedef struct core_info_msg_t {
    uint64_t noc_pcie_addr_base, noc_pcie_addr_end;
    uint64_t noc_dram_addr_base, noc_dram_addr_end;
    addressable_core_t non_worker_cores[35];
    addressable_core_t virtual_non_worker_cores[29];
    uint8_t harvested_coords[2], virtual_harvested_coords[2];
    uint8_t noc_size_x, noc_size_y;
    uint8_t worker_grid_size_x, worker_grid_size_y;
    uint8_t absolute_logical_x, absolute_logical_y;
    uint32_t l1_unreserved_start;
    uint32_t core_magic_number;
    uint32_t pad;
} core_info_msg_t;

typedef struct mailboxes_t {
    ncrisc_halt_msg_t ncrisc_halt;
    subordinate_sync_msg_t subordinate_sync;
    uint32_t launch_msg_rd_ptr;
    launch_msg_t launch[ABI_LAUNCH_MSGS];
    go_msg_t go_messages[ABI_GO_MSGS];
    uint64_t link_status_check_timestamp;
    uint32_t go_message_index;
    watcher_msg_t watcher;
    DebugPrintMemLayout dprint_buf[PROC_COUNT];
    core_info_msg_t core_info;
    uint32_t aerisc_run_flag;
    uint32_t pad[3];
    uint32_t profiler_control[32];
    uint32_t profiler_buffer[PROC_COUNT][512];
} mailboxes_t;

ABI_AT(kernel_config_msg_t, sem_offset, 12);
ABI_AT(kernel_config_msg_t, local_cb_offset, 18);
ABI_AT(kernel_config_msg_t, rta_offset, 22);
ABI_AT(kernel_config_msg_t, mode, 42);
ABI_AT(kernel_config_msg_t, kernel_text_offset, 44);
ABI_AT(kernel_config_msg_t, local_cb_mask, 64);
ABI_AT(kernel_config_msg_t, brisc_noc_id, 72);
ABI_AT(kernel_config_msg_t, host_assigned_id, 76);
ABI_AT(kernel_config_msg_t, enables, 80);
ABI_AT(kernel_config_msg_t, watcher_kernel_ids, 84);
ABI_AT(kernel_config_msg_t, ncrisc_kernel_size16, 94);
ABI_AT(kernel_config_msg_t, sub_device_origin_x, 96);
ABI_AT(kernel_config_msg_t, preload, 111);
ABI_ASSERT(sizeof(launch_msg_t) == 112, "launch_msg_t");
ABI_ASSERT(sizeof(go_msg_t) == 4, "go_msg_t");
ABI_ASSERT(sizeof(watcher_msg_t) == 272, "watcher_msg_t");
ABI_AT(watcher_msg_t, sanitize, 24);
ABI_AT(watcher_msg_t, assert_status, 76);
ABI_AT(watcher_msg_t, stack_usage, 88);
ABI_AT(watcher_msg_t, debug_ring_buf, 136);
ABI_ASSERT(sizeof(DebugPrintMemLayout) == DPRINT_BUFFER_SIZE, "DebugPrintMemLayout");
ABI_ASSERT(sizeof(DPrintTileSlice) == 16, "DPrintTileSlice");
ABI_ASSERT(sizeof(core_info_msg_t) == 248, "core_info_msg_t");
ABI_AT(core_info_msg_t, virtual_non_worker_cores, 137);
ABI_AT(core_info_msg_t, harvested_coords, 224);
ABI_AT(core_info_msg_t, absolute_logical_x, 232);
ABI_AT(core_info_msg_t, core_magic_number, 240);
ABI_AT(mailboxes_t, subordinate_sync, 8);
ABI_AT(mailboxes_t, launch, 16);
ABI_AT(mailboxes_t, go_messages, 912);
ABI_AT(mailboxes_t, go_message_index, 960);
ABI_AT(mailboxes_t, watcher, 968);
ABI_AT(mailboxes_t, dprint_buf, 1240);
ABI_AT(mailboxes_t, core_info, 2264);
ABI_AT(mailboxes_t, profiler_control, 2528);
ABI_ASSERT(sizeof(mailboxes_t) == 12896, "mailboxes_t");

#endif
