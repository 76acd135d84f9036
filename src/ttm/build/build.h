// From a kernel's C++ to bytes that a processor of a worker tile can run.
//
// A kernel is compiled once per processor, linked at a nominal address, and kept in a cache under
// the hash of everything that went into it. Its image executes in place: text, read-only data and
// the initial values of local variables lie together in L1, wherever the launch puts them, and
// kernel_image_place() rewrites the words that depend on where that is. Variables live in the
// processor's local memory, above what the firmware keeps there; the stack grows down towards them.
//
// Firmware comes the same way, at its fixed addresses. Everything here may be called from several
// threads and several processes at once.
#pragma once
#include "base/err.h"
#include "ttm/lib/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum KernelArch { ARCH_BLACKHOLE } KernelArch;

// What a chip's kernels are told about it. The same facts must be given for its firmware.
typedef struct DeviceFacts {
    KernelArch arch;
    uint32_t num_dram_banks, num_l1_banks;
    uint32_t pcie_noc_x, pcie_noc_y;
    uint32_t dispatch_message_addr; // stream register that counts finished workers
    bool dprint;                    // DPRINT writes records; else it compiles to nothing
} DeviceFacts;

typedef struct NamedArg {
    const char *name;
    uint32_t value;
} NamedArg;

typedef struct Define {
    const char *name, *value;
} Define;

// One circular buffer of the program, as far as compiled code depends on it.
typedef struct CbFormat {
    bool used;
    uint8_t data_format;             // tt::DataFormat
    uint8_t tile_height, tile_width; // 0: 32
} CbFormat;

// Options that only compute kernels (TRISC0..2) look at; zero is ComputeConfig's default.
typedef struct ComputeOptions {
    uint8_t math_fidelity; // 0: HiFi4, else 1 + tt::MathFidelity
    bool fp32_dest_acc, dst_full_sync, math_approx, bfp8_pack_precise;
    uint64_t unpack_to_dest_fp32; // bit i: circular buffer i unpacks to Dst
} ComputeOptions;

typedef struct KernelSpec {
    const DeviceFacts *facts;
    int processor;                   // PROC_*
    const char *path;                // resolved file (kernel_path_resolve), or NULL
    const char *text;                // source when there is no file
    const char *name;                // for messages; NULL: the path, or "kernel"
    const char *root_dir;            // TT-Metal root for #include; NULL: none
    const char *const *include_dirs; // more of them, NULL-terminated; NULL: none
    const uint32_t *compile_args;
    size_t compile_arg_count;
    const NamedArg *named_args;
    size_t named_arg_count;
    const Define *defines;
    size_t define_count;
    CbFormat cb[64];
    uint8_t noc, noc_mode; // NOC_*, DM_*_NOC; data movement only
    const char *opt_level; // "O2", "Os"...; NULL: O2 for data movement, O3 for compute
    ComputeOptions compute;
} KernelSpec;

// A word of the image that depends on where the image lies. `value` is an address: the sum with the
// image's base when `moves`, else a fixed one (local memory).
typedef struct Patch {
    uint32_t offset; // of the word, in the image
    uint32_t value;
    uint32_t anchor; // PATCH_PCREL_*: offset of the auipc
    uint8_t kind;    // PATCH_*
    bool moves;
} Patch;
enum {
    PATCH_WORD,
    PATCH_HI20,
    PATCH_LO12_I,
    PATCH_LO12_S,
    PATCH_PCREL_HI20,
    PATCH_PCREL_LO12_I,
    PATCH_PCREL_LO12_S
};

typedef struct KernelImage {
    int processor;
    uint8_t *bytes; // as linked at `base`; size is a multiple of 16
    uint32_t size, base;
    uint32_t entry;     // offset of the first instruction: a function uint32_t (*)(void)
    uint32_t text_size; // instructions and read-only data; then the initial values of .data
    uint32_t data_size, bss_size;
    uint32_t stack_limit; // address in local memory that the stack must not pass
    Patch *patches;
    size_t patch_count;
    char *elf_path; // in the cache, for reading by hand; NULL when it is not kept
    uint8_t *elf;   // the whole ELF with line tables (addresses count from `base`)
    size_t elf_size;
    bool from_cache;
} KernelImage;

// Finds a kernel file as TT-Metal does: an absolute path as it is, else in the working directory,
// $TT_METAL_KERNEL_PATH, /usr/share/tenstorrent/kernels, root_dir. WT_NOTFOUND lists where it
// looked.
wt_status_t kernel_path_resolve(const char *path, const char *root_dir, char *out, size_t cap);

// Compiles one kernel, or takes it from the cache. WT_COMPILE: the message holds the compiler's
// diagnostics, with the kernel's own file and line. WT_TOOL: no compiler, and what to install.
// On failure *image is empty. The caller frees it with kernel_image_free (safe on an empty one).
wt_status_t kernel_build(const KernelSpec *spec, KernelImage *image);

// The same for several, two compilers at a time. The error reported is the lowest-numbered one's;
// then all images are empty.
wt_status_t kernel_build_all(const KernelSpec *specs, size_t n, KernelImage *images);

// Our firmware for one processor. image->base is where it must lie (MEM_*_FIRMWARE_BASE): no
// patches.
wt_status_t firmware_build(const DeviceFacts *facts, int processor, KernelImage *image);
wt_status_t firmware_build_all(const DeviceFacts *facts, KernelImage images[PROC_COUNT]);

// The word to write at BOOT_CODE_BASE, where BRISC starts: a jump to its firmware.
uint32_t firmware_boot_word(KernelArch arch);

// Writes the image as it must lie at `address` (16-byte aligned) to out[image->size].
void kernel_image_place(const KernelImage *image, uint32_t address, void *out);
void kernel_image_free(KernelImage *image);
