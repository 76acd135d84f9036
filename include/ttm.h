// Wavetile: Tenstorrent devices. What TT-Metal's host API does, as a plain C ABI.
//
//     ttm_device_t *device;  ttm_program_t *program;  ttm_kernel_t *kernel;
//     ttm_core_range_t core = {{0, 0}, {0, 0}};
//     ttm_device_create(0, NULL, &device);
//     ttm_program_create(device, &program);
//     ttm_kernel_create_dataflow(program, "copy.cpp", &core, 1, NULL, &kernel);
//     ttm_set_runtime_args(kernel, &core, 1, args, 3);
//     ttm_program_launch(program, NULL);          // waits until the kernels are done
//     ttm_program_destroy(program);
//     ttm_device_close(device);
//
// Results. Every function returns WT_OK or a status of wavetile.h; wt_last_error() then says what
// was wrong. On failure no out-parameter is written, nothing was changed, and the device stays
// usable, except after WT_FAULT (see ttm_device_reset).
//
// Ownership. A device owns its buffers and programs, a program its kernels, circular buffers and
// semaphores. ttm_device_close frees what the children stand for; the handles of buffers and
// programs stay valid as shells (every call on one returns WT_CLOSED) until they are destroyed.
// Kernel and circular-buffer handles live as long as their program and are not destroyed singly.
// The library copies every string, array and struct it is given; it keeps none of those pointers.
//
// Threads. Any thread may call any function. Calls on one device and its children are serialised by
// a lock of the device; different devices are independent. ttm_device_interrupt does not take the
// lock. Destroying a handle while another thread uses it is the caller's mistake.
//
// Time. The model's clock moves only inside ttm_program_launch, ttm_program_wait and, while a
// program runs, by one window in each read, so that a polling host makes progress.
//
// Options are structs whose first member is `struct_size`: set it to sizeof the struct. Every other
// member's zero is the default; NULL means all defaults. Sizes and addresses are in bytes.
#ifndef TTM_H
#define TTM_H

#include <stddef.h>
#include <stdint.h>

#include "wavetile.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ttm_device ttm_device_t;
typedef struct ttm_buffer ttm_buffer_t;
typedef struct ttm_program ttm_program_t;
typedef struct ttm_kernel ttm_kernel_t;
typedef struct ttm_cb ttm_cb_t;

// A core in logical coordinates: (0,0) is the first worker of the compute grid, harvested columns
// are not counted. Ethernet cores are (0,0) .. (n-1,0).
typedef struct ttm_core {
    uint32_t x, y;
} ttm_core_t;

// All cores from `start` to `end`, both included. Functions take an array of ranges, which may not
// overlap; one core is a range whose ends are equal.
typedef struct ttm_core_range {
    ttm_core_t start, end;
} ttm_core_range_t;

// ---- devices -----------------------------------------------------------------------------------

// Receives what kernels print with DPRINT: whole lines without the newline, each with TT-Metal's
// prefix ("0:(x=0,y=0):BR: "), in the order of the device. `line` is NUL-terminated and valid
// during the call. Called on the thread that is inside the library, with the device locked: calls
// on that device are refused in it, except ttm_device_interrupt and the destroying of handles.
typedef void (*ttm_print_fn)(void *user, const char *line);

typedef struct ttm_device_options {
    uint32_t struct_size;
    uint32_t no_dprint;    // 1: the device discards what kernels print
    const char *transport; // NULL: the model in this library. Else the path of a libttsim.so
    uint64_t max_cycles;   // budget of one launch or wait, then WT_LIMIT; 0: none
    ttm_print_fn print;    // NULL: DPRINT lines go to the log at WT_LOG_INFO
    void *print_user;
    uint32_t harvested_columns; // the model: bit i removes the i-th Tensix column (0 .. 13) from
                                // the chip, as a chip with defects has them removed
    uint32_t timeout_ms; // transports that cannot tell a hang: WT_STALL after this long without
                         // an end; 0: 60,000
} ttm_device_options_t;

// Opens device `index` and boots its firmware. Of the model there are 32 (0 .. 31), each a
// Blackhole of its own; opening one index twice gives two chips. A transport has one device, 0.
// WT_NOTFOUND if there is no such device.
wt_status_t ttm_device_create(uint32_t index, const ttm_device_options_t *options,
                              ttm_device_t **device);

// Ends what runs on the device and closes it, after a call that another thread has on it
// (ttm_device_interrupt ends that). Buffers and programs become shells; the handle itself
// stays valid as long as one of them does, and closing again then returns WT_CLOSED. NULL is fine.
wt_status_t ttm_device_close(ttm_device_t *device);

// Stops every core, boots the firmware again and forgets a fault. L1 outside the reserved part,
// DRAM and allocations stay. Programs can be launched again. The way back after WT_FAULT, since
// when whatever would change the device or run it fails with the same error; also the way to end a
// program that stalled, ran out of its budget or was interrupted. A transport whose simulator has
// ended gets a new one, whose memory is empty.
wt_status_t ttm_device_reset(ttm_device_t *device);

// Makes the launch, wait or read that runs on this device in another thread return WT_INTERRUPTED,
// or else the next launch or wait. Nothing is lost: ttm_program_wait continues.
wt_status_t ttm_device_interrupt(ttm_device_t *device);

typedef struct ttm_device_info {
    uint32_t struct_size;    // in: sizeof(ttm_device_info_t)
    uint32_t num_cbs;        // circular buffers per core
    char arch[16];           // "blackhole"
    ttm_core_t compute_grid; // workers for programs: x columns, y rows
    ttm_core_t logical_grid; // all workers, with those TT-Metal keeps for dispatch
    uint32_t eth_cores;
    uint32_t dram_channels; // = banks of a DRAM buffer
    uint64_t dram_channel_size;
    uint32_t dram_alignment; // of pages of buffers in DRAM
    uint32_t l1_banks;       // = workers of the compute grid
    uint64_t l1_size;
    uint64_t l1_unreserved_base; // first byte that circular buffers and L1 buffers may use
    uint32_t l1_alignment;
    uint32_t max_runtime_args; // per kernel and core, unique plus common: 341
} ttm_device_info_t;

wt_status_t ttm_device_info(ttm_device_t *device, ttm_device_info_t *info);

typedef struct ttm_device_stats {
    uint32_t struct_size;   // in: sizeof(ttm_device_stats_t)
    uint32_t deterministic; // 1: the next three are equal in every run of the same program
    uint64_t cycles;        // of the device clock since create
    uint64_t order_hash;    // over the order of all NoC events since create
    uint64_t instructions;  // RISC-V instructions of all harts since create
    uint64_t kernel_cycles; // from the go message to the last core's end, of the latest program
} ttm_device_stats_t;

// Reads counters; does not move the clock. A transport that has no counters gives zeros.
wt_status_t ttm_device_stats(ttm_device_t *device, ttm_device_stats_t *stats);

// What every hart that is not done waits for, one line each: core, processor, pc, function, source
// line. Writes at most `capacity` bytes with the NUL; `length` (may be NULL) receives the length of
// the whole text without it.
wt_status_t ttm_device_report(ttm_device_t *device, char *text, size_t capacity, size_t *length);

// The NoC coordinates by which kernels address a worker (get_noc_addr(x, y, address)).
wt_status_t ttm_worker_core_from_logical_core(ttm_device_t *device, ttm_core_t logical,
                                              ttm_core_t *noc);

// The folder that relative kernel paths and includes are resolved against, after the working
// directory, $TT_METAL_KERNEL_PATH and /usr/share/tenstorrent/kernels. Process-wide; read when a
// device is created. NULL: as $TT_METAL_HOME says.
wt_status_t ttm_set_root_dir(const char *path);

// ---- memory ------------------------------------------------------------------------------------

typedef uint32_t ttm_buffer_type_t;
enum { TTM_BUFFER_DRAM = 0, TTM_BUFFER_L1 = 1 };

typedef uint32_t ttm_allocation_t;
enum {
    TTM_ALLOCATE_DEFAULT = 0, // DRAM bottom-up, L1 top-down
    TTM_ALLOCATE_BOTTOM_UP = 1,
    TTM_ALLOCATE_TOP_DOWN = 2
};

typedef struct ttm_buffer_options {
    uint32_t struct_size;
    ttm_allocation_t allocation;
} ttm_buffer_options_t;

// Allocates `size` bytes in pages of `page_size`, which must divide `size`; page i lies in bank
// i % banks. All banks use the same address. Contents are undefined until written.
wt_status_t ttm_buffer_create_interleaved(ttm_device_t *device, uint64_t size, uint64_t page_size,
                                          ttm_buffer_type_t type,
                                          const ttm_buffer_options_t *options,
                                          ttm_buffer_t **buffer);

// Frees the memory and the handle. NULL is fine.
wt_status_t ttm_buffer_destroy(ttm_buffer_t *buffer);

// Copies between the host and bytes [offset, offset + size) of the buffer, in page order. The copy
// is done when the call returns.
wt_status_t ttm_buffer_write(ttm_buffer_t *buffer, uint64_t offset, const void *data,
                             uint64_t size);
wt_status_t ttm_buffer_read(ttm_buffer_t *buffer, uint64_t offset, void *data, uint64_t size);

// The address of page 0 within its bank, the same in every bank: what a kernel's TensorAccessor
// gets.
wt_status_t ttm_buffer_address(const ttm_buffer_t *buffer, uint64_t *address);
wt_status_t ttm_buffer_size(const ttm_buffer_t *buffer, uint64_t *size);
wt_status_t ttm_buffer_page_size(const ttm_buffer_t *buffer, uint64_t *page_size);

typedef struct ttm_page {
    uint32_t bank;
    ttm_core_t core;  // L1: the logical core that holds the page; DRAM: (channel, 0)
    uint64_t address; // in that core's L1 or that channel
} ttm_page_t;

// Where page `index` of the buffer lies.
wt_status_t ttm_buffer_page(const ttm_buffer_t *buffer, uint64_t index, ttm_page_t *page);

// The compile-time arguments from which kernels build TensorAccessorArgs<N> for this buffer:
// `count` receives how many there are, `words` holds them afterwards. WT_INVALID when `capacity` is
// too small; with NULL and 0 the call only counts.
wt_status_t ttm_tensor_accessor_args(const ttm_buffer_t *buffer, uint32_t *words, size_t capacity,
                                     size_t *count);

typedef uint32_t ttm_core_type_t;
enum { TTM_CORE_WORKER = 0, TTM_CORE_ETH = 1 };

// Raw copies to and from one core's L1 or one DRAM channel, past the allocator.
wt_status_t ttm_l1_write(ttm_device_t *device, ttm_core_t core, ttm_core_type_t type,
                         uint64_t address, const void *data, uint64_t size);
wt_status_t ttm_l1_read(ttm_device_t *device, ttm_core_t core, ttm_core_type_t type,
                        uint64_t address, void *data, uint64_t size);
wt_status_t ttm_dram_channel_write(ttm_device_t *device, uint32_t channel, uint64_t address,
                                   const void *data, uint64_t size);
wt_status_t ttm_dram_channel_read(ttm_device_t *device, uint32_t channel, uint64_t address,
                                  void *data, uint64_t size);

// ---- programs ----------------------------------------------------------------------------------

wt_status_t ttm_program_create(ttm_device_t *device, ttm_program_t **program);

// Frees the program with its kernels and circular buffers. A program that is running is waited for
// first, without its result, unless its latest wait ended otherwise than in success: then its cores
// stay busy until ttm_device_reset. NULL is fine.
wt_status_t ttm_program_destroy(ttm_program_t *program);

// How a tile or page is encoded: TT-Metal's DataFormat, value for value.
typedef uint32_t ttm_format_t;
enum {
    TTM_FORMAT_FLOAT32 = 0,
    TTM_FORMAT_FLOAT16 = 1,
    TTM_FORMAT_BFP8 = 2,
    TTM_FORMAT_BFP4 = 3,
    TTM_FORMAT_TF32 = 4,
    TTM_FORMAT_FLOAT16_B = 5,
    TTM_FORMAT_BFP8_B = 6,
    TTM_FORMAT_BFP4_B = 7,
    TTM_FORMAT_INT32 = 8,
    TTM_FORMAT_UINT16 = 9,
    TTM_FORMAT_LF8 = 10,
    TTM_FORMAT_BFP2 = 11,
    TTM_FORMAT_INT8 = 14,
    TTM_FORMAT_BFP2_B = 15,
    TTM_FORMAT_UINT32 = 24,
    TTM_FORMAT_FP8_E4M3 = 26,
    TTM_FORMAT_UINT8 = 30,
    TTM_FORMAT_RAW_UINT8 = 0xf0,
    TTM_FORMAT_RAW_UINT16 = 0xf1,
    TTM_FORMAT_RAW_UINT32 = 0xf2
};

// One index of a circular buffer: cb_wait_front(index, pages) and the like.
typedef struct ttm_cb_index {
    uint32_t index; // 0 .. num_cbs - 1
    ttm_format_t format;
    uint32_t page_size; // divides the circular buffer's size
} ttm_cb_index_t;

typedef struct ttm_cb_options {
    uint32_t struct_size;
    ttm_buffer_t *buffer; // lie in this L1 buffer instead; it must outlive the last launch
} ttm_cb_options_t;

// Adds a circular buffer of `size` bytes on every core of the ranges; several indices share its
// memory. Addresses are given out at launch, from l1_unreserved_base up. `cb` may be NULL.
wt_status_t ttm_cb_create(ttm_program_t *program, const ttm_core_range_t *ranges, size_t num_ranges,
                          uint32_t size, const ttm_cb_index_t *indices, size_t num_indices,
                          const ttm_cb_options_t *options, ttm_cb_t **cb);

// The address in L1, once the program has been launched; WT_INVALID before.
wt_status_t ttm_cb_address(const ttm_cb_t *cb, uint64_t *address);

// Adds a semaphore on every core of the ranges, set to `initial` at each launch. `id` receives what
// kernels pass to get_semaphore. A core has 16.
wt_status_t ttm_semaphore_create(ttm_program_t *program, const ttm_core_range_t *ranges,
                                 size_t num_ranges, uint32_t initial, uint32_t *id);

// #define name value, for the kernel and everything it includes. A NULL value is empty.
typedef struct ttm_define {
    const char *name;
    const char *value;
} ttm_define_t;

// get_named_compile_time_arg_val("name").
typedef struct ttm_named_arg {
    const char *name;
    uint32_t value;
} ttm_named_arg_t;

typedef uint32_t ttm_processor_t;
enum {
    TTM_RISCV_0 = 0, // BRISC
    TTM_RISCV_1 = 1  // NCRISC
};

typedef uint32_t ttm_noc_t;
enum {
    TTM_NOC_DEFAULT = 0, // NoC 0 for RISCV_0, NoC 1 for RISCV_1
    TTM_NOC_0 = 1,
    TTM_NOC_1 = 2
};

typedef uint32_t ttm_opt_t;
enum {
    TTM_OPT_DEFAULT = 0, // O2 for data movement, O3 for compute
    TTM_OPT_O0 = 1,
    TTM_OPT_O1 = 2,
    TTM_OPT_O2 = 3,
    TTM_OPT_O3 = 4,
    TTM_OPT_OS = 5,
    TTM_OPT_OFAST = 6,
    TTM_OPT_OZ = 7
};

typedef struct ttm_dataflow_options {
    uint32_t struct_size;
    ttm_processor_t processor;
    ttm_noc_t noc;
    uint32_t dynamic_noc;         // 1: both NoCs from both processors (DM_DYNAMIC_NOC)
    const uint32_t *compile_args; // get_compile_time_arg_val(i)
    size_t num_compile_args;
    const ttm_named_arg_t *named_args;
    size_t num_named_args;
    const ttm_define_t *defines;
    size_t num_defines;
    ttm_opt_t opt_level;
    uint32_t reserved; // 0
} ttm_dataflow_options_t;

typedef uint32_t ttm_fidelity_t;
enum {
    TTM_FIDELITY_DEFAULT = 0, // HiFi4
    TTM_FIDELITY_LOFI = 1,
    TTM_FIDELITY_HIFI2 = 2,
    TTM_FIDELITY_HIFI3 = 3,
    TTM_FIDELITY_HIFI4 = 4
};

typedef struct ttm_compute_options {
    uint32_t struct_size;
    ttm_fidelity_t math_fidelity;
    uint32_t fp32_dest_acc; // 1: Dst holds 32-bit values
    uint32_t dst_full_sync; // 1: one Dst buffer instead of two halves
    uint32_t bfp8_pack_precise;
    uint32_t math_approx;         // 1: fast, less exact SFPU functions
    uint64_t unpack_to_dest_fp32; // bit i: circular buffer i is unpacked to Dst as fp32
    const uint32_t *compile_args;
    size_t num_compile_args;
    const ttm_named_arg_t *named_args;
    size_t num_named_args;
    const ttm_define_t *defines;
    size_t num_defines;
    ttm_opt_t opt_level;
    uint32_t reserved; // 0
} ttm_compute_options_t;

// Adds a C++ kernel (`void kernel_main()`) on every core of the ranges: a data-movement kernel runs
// on one of the two data-movement processors, a compute kernel on the three Tensix processors. From
// a file, or from a string, which diagnostics call "kernel.cpp". The path is resolved
// now, the source is read and compiled at the first launch (WT_COMPILE there: the compiler's
// messages are in wt_last_error()). A processor of a core can have one kernel.
wt_status_t ttm_kernel_create_dataflow(ttm_program_t *program, const char *path,
                                       const ttm_core_range_t *ranges, size_t num_ranges,
                                       const ttm_dataflow_options_t *options,
                                       ttm_kernel_t **kernel);
wt_status_t ttm_kernel_create_dataflow_from_string(ttm_program_t *program, const char *source,
                                                   const ttm_core_range_t *ranges,
                                                   size_t num_ranges,
                                                   const ttm_dataflow_options_t *options,
                                                   ttm_kernel_t **kernel);
wt_status_t ttm_kernel_create_compute(ttm_program_t *program, const char *path,
                                      const ttm_core_range_t *ranges, size_t num_ranges,
                                      const ttm_compute_options_t *options, ttm_kernel_t **kernel);
wt_status_t ttm_kernel_create_compute_from_string(ttm_program_t *program, const char *source,
                                                  const ttm_core_range_t *ranges, size_t num_ranges,
                                                  const ttm_compute_options_t *options,
                                                  ttm_kernel_t **kernel);

// Sets get_arg_val<T>(i) on every core of the ranges, which must be cores of the kernel. Setting
// again replaces them, for the next launch.
wt_status_t ttm_set_runtime_args(ttm_kernel_t *kernel, const ttm_core_range_t *ranges,
                                 size_t num_ranges, const uint32_t *args, size_t num_args);

// Sets get_common_arg_val<T>(i), the same on all cores of the kernel. As above.
wt_status_t ttm_set_common_runtime_args(ttm_kernel_t *kernel, const uint32_t *args,
                                        size_t num_args);

typedef struct ttm_launch_options {
    uint32_t struct_size;
    uint32_t no_wait;    // 1: return as soon as the cores have been told to go
    uint64_t max_cycles; // budget of this launch's waiting instead of the device's; 0: the device's
} ttm_launch_options_t;

// Compiles what is not compiled yet, writes arguments, semaphores, circular-buffer configuration
// and kernels to every core of the program, tells them to go (slow dispatch), and waits as
// ttm_program_wait does. A program can be launched any number of times; nothing can be added to it
// after the first launch.
wt_status_t ttm_program_launch(ttm_program_t *program, const ttm_launch_options_t *options);

// Waits until every core of the program is done; at once if none runs. WT_STALL: nothing on the
// device can move any more; every waiting hart is named. The host may write what a kernel
// waits for and wait again. WT_LIMIT, WT_INTERRUPTED: wait again to continue. WT_FAULT: a core did
// something illegal.
wt_status_t ttm_program_wait(ttm_program_t *program);

#ifdef __cplusplus
}
#endif

#endif
