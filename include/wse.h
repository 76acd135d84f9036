// Wavetile, Cerebras half: run a compiled CSL program on a simulated wafer.
//
// A program is an artifact directory, the `out/` that `cslc` writes. A runtime opens it, and the
// host then talks to the rectangle of processing elements (PEs) as the vendor's SdkRuntime does:
//
//     wse_runtime_t *rt;
//     wse_runtime_open("out", NULL, &rt);
//     wse_runtime_load(rt);
//     wse_runtime_run(rt);
//     wse_get_id(rt, "A", &A);
//     wse_memcpy_h2d(rt, A, data, count, &(wse_region_t){0, 0, width, height}, n, NULL, NULL);
//     wse_launch(rt, "compute", NULL, 0, NULL, NULL);
//     wse_memcpy_d2h(rt, result, count, y, &roi, m, NULL, NULL);
//     wse_runtime_stop(rt);
//     wse_runtime_close(rt);
//
// Commands form one ordered list. Simulated time advances only inside blocking calls: a blocking
// copy, launch or call, wse_task_wait, wse_task_done and wse_runtime_stop. So a result never
// depends on how fast the host is. docs/wse.md says when a command starts and when it is done.
//
// Coordinates are those of the program's rectangle: (0, 0) is its north-west PE, x counts columns.
//
// Threads: one runtime is used by one thread at a time; several runtimes work side by side.
// wse_runtime_interrupt alone may be called from any thread.
//
// Every function returns WT_OK or an error of wavetile.h, and wt_last_error() then says what, where
// and what to do. Options structures begin with `struct_size`, their own sizeof; zero in any other
// field means the default. A NULL options pointer means all defaults.
#ifndef WAVETILE_WSE_H
#define WAVETILE_WSE_H

#include <stddef.h>
#include <stdint.h>

#include "wavetile.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct wse_runtime wse_runtime_t;

// ---------------------------------------------------------------------------------------------
// Opening, loading, running, stopping

typedef struct wse_runtime_options {
    uint32_t struct_size;
    uint32_t threads;    // host threads at most; no result depends on it. One is used today
    uint64_t max_cycles; // a blocking call that simulates more ends with WT_LIMIT. 0: no limit
    const char *sim_log; // file for what <simprint> prints ("@cycle text"), created by the first
                         // line. NULL: none
} wse_runtime_options_t;

// Reads and checks an artifact directory. The directory may change or vanish afterwards.
// WT_NOTFOUND: there is no program in it; WT_INVALID: it is truncated, edited or of another
// version.
wt_status_t wse_runtime_open(const char *artifacts, const wse_runtime_options_t *options,
                             wse_runtime_t **out);

// Frees the runtime, stopped or not. NULL is fine.
void wse_runtime_close(wse_runtime_t *rt);

// Puts the program's memory images and routes on the wafer. Once, before run.
wt_status_t wse_runtime_load(wse_runtime_t *rt);

// Starts the wafer: tasks that are active from the start become ready. Advances no time. Once.
wt_status_t wse_runtime_run(wse_runtime_t *rt);

// Runs until all commands are done and the wafer is quiescent, then freezes the PEs' memory. Later
// commands are refused; reading symbols stays possible. Once. WT_STALL: work is left that can never
// be done; wse_report says what waits for what.
wt_status_t wse_runtime_stop(wse_runtime_t *rt);

// Makes the blocking call that is in progress on another thread, or the next one, return
// WT_INTERRUPTED. What it waited for stays in the list and can be waited for again.
wt_status_t wse_runtime_interrupt(wse_runtime_t *rt);

// ---------------------------------------------------------------------------------------------
// What was opened

typedef int32_t wse_arch_t;
enum { WSE_ARCH_WSE2 = 2, WSE_ARCH_WSE3 = 3 };

typedef struct wse_info {
    uint32_t struct_size;
    wse_arch_t arch;
    uint32_t width, height;      // the program's rectangle
    uint32_t offset_x, offset_y; // where its (0, 0) stands on the fabric
    uint32_t fabric_width, fabric_height;
    uint32_t channels; // of memcpy; 0: compiled without --memcpy
    uint32_t symbols;  // exported names, for wse_symbol_at
} wse_info_t;

// Fills `info`, whose struct_size the caller has set.
wt_status_t wse_runtime_info(const wse_runtime_t *rt, wse_info_t *info);

typedef int32_t wse_symbol_kind_t;
enum { WSE_SYMBOL_FUNC = 0, WSE_SYMBOL_VAR = 1, WSE_SYMBOL_STREAM = 2 };

typedef struct wse_symbol {
    uint32_t struct_size;
    int32_t id;
    wse_symbol_kind_t kind;
    int32_t immutable;    // 1: a `const` of the program
    const char *name;     // as exported; owned by the runtime
    const char *type;     // as CSL spells it: "[*]f32"; a function's result: "void"
    uint32_t input_count; // a function's parameters, for wse_symbol_input
} wse_symbol_t;

// The `index`-th exported name, in the order of their ids.
wt_status_t wse_symbol_at(const wse_runtime_t *rt, uint32_t index, wse_symbol_t *symbol);

// Name and type of a function's `index`-th parameter; the strings belong to the runtime. Either
// pointer may be NULL.
wt_status_t wse_symbol_input(const wse_runtime_t *rt, int32_t id, uint32_t index, const char **name,
                             const char **type);

// The id of an exported variable or function. WT_NOTFOUND names the nearest exported name.
wt_status_t wse_get_id(const wse_runtime_t *rt, const char *name, int32_t *id);

// ---------------------------------------------------------------------------------------------
// Commands

// A command's place in the list, from 1. It stays valid until the runtime is closed.
typedef uint64_t wse_task_t;

// Whether a command is done. While it is not, the call first simulates 1,000 cycles, so that a host
// that polls makes progress.
wt_status_t wse_task_done(wse_runtime_t *rt, wse_task_t task, int32_t *done);

// Simulates until the command is done. WT_STALL: nothing can move any more and it is not.
wt_status_t wse_task_wait(wse_runtime_t *rt, wse_task_t task);

// A box of PEs: `width` columns and `height` rows from (x, y). Signed, so that a negative value is
// an error and not a huge region.
typedef struct wse_region {
    int32_t x, y, width, height;
} wse_region_t;

typedef int32_t wse_data_type_t;
enum { WSE_MEMCPY_32BIT = 0, WSE_MEMCPY_16BIT = 1 };

// Element k of the PE in column x and row y of a w by h region, l elements each, is word
//     (y * w + x) * l + k      row major
//     (k * w + x) * h + y      column major
typedef int32_t wse_order_t;
enum { WSE_ROW_MAJOR = 0, WSE_COL_MAJOR = 1 };

typedef struct wse_copy_options {
    uint32_t struct_size;
    int32_t streaming;         // 0: copy mode, to and from a variable; 1: words on a color
    wse_data_type_t data_type; // element width of copy mode. Streaming carries all 32 bits in both
    wse_order_t order;
    int32_t nonblock; // 1: append the command and return
} wse_copy_options_t;

// The host side of every copy is an array of 32-bit words, `words` long, at least one word per
// element. A 16-bit element is the low half of its word: to the device the high half is ignored, to
// the host it is zero.
//
// `src` is copied at the call. `dst` must stay valid until the command is done: beyond the call
// when it is nonblocking, or when it ends with WT_STALL, WT_LIMIT or WT_INTERRUPTED, which leave
// the command in the list. `task`, which may be NULL, receives the command's place.

// Host to device. `dest`: the id of an exported pointer variable (copy mode), or a color or
// streaming id of the program (streaming).
wt_status_t wse_memcpy_h2d(wse_runtime_t *rt, int32_t dest, const void *src, size_t words,
                           const wse_region_t *roi, uint32_t elems_per_pe,
                           const wse_copy_options_t *options, wse_task_t *task);

// Device to host.
wt_status_t wse_memcpy_d2h(wse_runtime_t *rt, void *dst, size_t words, int32_t src,
                           const wse_region_t *roi, uint32_t elems_per_pe,
                           const wse_copy_options_t *options, wse_task_t *task);

// As h2d from an array of height x 1 x elems: each row's elements go to every PE of that row.
wt_status_t wse_memcpy_h2d_rowbcast(wse_runtime_t *rt, int32_t dest, const void *src, size_t words,
                                    const wse_region_t *roi, uint32_t elems_per_pe,
                                    const wse_copy_options_t *options, wse_task_t *task);

// As h2d from an array of 1 x width x elems: each column's elements go to every PE of that column.
wt_status_t wse_memcpy_h2d_colbcast(wse_runtime_t *rt, int32_t dest, const void *src, size_t words,
                                    const wse_region_t *roi, uint32_t elems_per_pe,
                                    const wse_copy_options_t *options, wse_task_t *task);

// As h2d to every row_stride-th column and every col_stride-th row of the region, beginning at its
// corner: xi = 1 + (width-1) / row_stride columns by eta = 1 + (height-1) / col_stride rows. The
// vendor's array is A[xi][eta][elems], so the roles of x and y are swapped in both orders:
//     (x * eta + y) * l + k    row major
//     (k * eta + y) * xi + x   column major
wt_status_t wse_memcpy_h2d_stride(wse_runtime_t *rt, int32_t dest, const void *src, size_t words,
                                  const wse_region_t *roi, uint32_t elems_per_pe,
                                  int32_t row_stride, int32_t col_stride,
                                  const wse_copy_options_t *options, wse_task_t *task);

// An argument of a launch. A typed argument must have exactly the parameter's type. WSE_ARG_INT is
// an integer without a width of its own: it fits any integer parameter that can hold its value.
// WSE_ARG_FLOAT is a double, rounded to nearest for an f32 parameter.
typedef int32_t wse_arg_type_t;
enum {
    WSE_ARG_INT = 0,   // value.i
    WSE_ARG_FLOAT = 1, // value.f
    WSE_ARG_BOOL = 2,  // value.i, 0 or 1
    WSE_ARG_I16 = 3,   // value.i
    WSE_ARG_U16 = 4,   // value.i
    WSE_ARG_I32 = 5,   // value.i
    WSE_ARG_U32 = 6,   // value.i
    WSE_ARG_F16 = 7,   // value.i: the 16 bits of the program's half format
    WSE_ARG_F32 = 8    // value.f
};

typedef struct wse_arg {
    wse_arg_type_t type;
    union {
        int64_t i;
        double f;
    } value;
} wse_arg_t;

typedef struct wse_launch_options {
    uint32_t struct_size;
    int32_t nonblock; // 1: append the command and return
} wse_launch_options_t;

// Calls an exported function on every PE of the rectangle. The command is done when every PE has
// unblocked its command stream. Number and types of the arguments are checked against the exported
// signature.
wt_status_t wse_launch(wse_runtime_t *rt, const char *function, const wse_arg_t *args, size_t count,
                       const wse_launch_options_t *options, wse_task_t *task);

// The older form: arguments as raw words, one per parameter, unchecked but for their number.
wt_status_t wse_call(wse_runtime_t *rt, const char *function, const uint32_t *words, size_t count,
                     const wse_launch_options_t *options, wse_task_t *task);

// ---------------------------------------------------------------------------------------------
// Looking at the machine

// Bytes of a global symbol of the program on the PE at (x, y), exported or not; a library's globals
// are found too ("module.name"). `size` receives its size; at most `capacity` bytes are written to
// `data`, which may be NULL when capacity is 0. Before stop, this first simulates 1,000 cycles.
wt_status_t wse_read_symbol(wse_runtime_t *rt, int32_t x, int32_t y, const char *name, void *data,
                            size_t capacity, size_t *size);

typedef struct wse_stats {
    uint32_t struct_size;
    uint32_t instances;    // distinct PE programs
    uint64_t cycles;       // simulated time
    uint64_t tile_cycles;  // cycles times PEs that did something in them
    uint64_t instructions; // of scalar code
    uint64_t elements;     // of vector operations
    uint64_t wavelets;     // words that left a router, once per word
    uint64_t trace_hash;   // over (cycle, color, direction, word) of every word; same on every host
    uint64_t memory;       // bytes the wafer holds on the host
} wse_stats_t;

// Fills `stats`, whose struct_size the caller has set.
wt_status_t wse_runtime_stats(const wse_runtime_t *rt, wse_stats_t *stats);

// The full text behind the last WT_STALL or WT_FAULT of this runtime (wt_last_error holds only its
// beginning): every waiting PE, its task, operation, queue and color, and what it waits for. After
// a stop that succeeded: a note on operations still pending and words still standing, or "". Owned
// by the runtime, valid until its next call.
const char *wse_report(const wse_runtime_t *rt);

// Writes the memory of all PEs to a file: a text line "wavetile-core 1 WIDTH HEIGHT", then per PE,
// row by row, its memory of 49,152 bytes.
wt_status_t wse_dump_core(wse_runtime_t *rt, const char *path);

// Writes an ELF core file (ET_CORE): one PT_LOAD segment per PE at virtual address
// (y * fabric width + x) << 16, in fabric coordinates.
wt_status_t wse_dump_elf_core(wse_runtime_t *rt, const char *path);

#ifdef __cplusplus
}
#endif

#endif
