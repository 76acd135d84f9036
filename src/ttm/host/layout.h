// The kernel-config block: where a program's arguments, semaphores, circular-buffer configuration
// and kernel code lie in the L1 of its cores.
//
// One block serves every core of the program, at the base of the kernel-config ring in slow
// dispatch. In order, each part aligned to 16 bytes: unique runtime arguments (per core, class
// after class, padded to the most any core has), common arguments (per class), semaphores (16 bytes
// each), local circular buffers (4 words each, 0 to the highest index), remote ones (2 words each,
// from the highest index down), code. All offsets are relative to the block. Pure arithmetic: no
// device here.
#pragma once
#include "base/err.h"

// Arguments are laid out per dispatch class: the two data-movement processors and the three compute
// processors together.
enum { CLASS_DM0, CLASS_DM1, CLASS_COMPUTE, NUM_CLASSES };
enum { NUM_PROCESSORS = 5 }; // DM0, DM1, MATH0..2, in the order of the launch message
enum {
    LAYOUT_ALIGN = 16,
    LAYOUT_NO_ARGS = 0xffff, // instead of an offset: this class has no such arguments
    LAYOUT_LOCAL_CB = 16,    // bytes of configuration
    LAYOUT_REMOTE_CB = 8,
    LAYOUT_SEMAPHORE = 16,
};

// Cores that run the same kernels.
typedef struct LayoutGroup {
    uint32_t rtas[NUM_CLASSES];           // in: words, the most that any of its cores has
    uint64_t cb_mask;                     // in: bit i: it has local circular buffer i
    uint32_t min_remote_cb;               // in: its lowest remote one; num_cbs: none
    uint32_t code_size[NUM_PROCESSORS];   // in: bytes; 0: no kernel
    uint32_t rta_offset[NUM_CLASSES];     // out
    uint32_t code_offset[NUM_PROCESSORS]; // out; 0: no kernel
} LayoutGroup;

typedef struct Layout {
    uint32_t num_cbs;                  // in: circular buffers that a core of this chip has
    uint32_t capacity;                 // in: bytes of the ring
    uint32_t crtas[NUM_CLASSES];       // in: words, the most that any kernel of the class has
    uint32_t semaphores;               // in: highest id + 1
    uint32_t crta_offset[NUM_CLASSES]; // out
    uint32_t sem_offset;
    uint32_t local_cb_offset, local_cb_size;
    uint32_t remote_cb_offset, remote_cb_size;
    uint32_t code_offset;
    uint32_t size; // out: of the whole block
} Layout;

wt_status_t layout_compute(Layout *l, LayoutGroup *groups, size_t num_groups);
