// What the files of the runtime share: devices and what they own.
//
// A device is the root: it holds the open chip, its allocators and a lock that serialises every
// call on it and on its children. Buffers and programs count as references on it, so that the
// struct outlives ttm_device_close() for as long as one of them exists; `chip` is NULL from then
// on.
#pragma once
#include "base/arena.h"
#include "base/file.h"
#include "ttm.h"
#include "ttm/build/build.h"
#include "ttm/chip/chip.h"
#include "ttm/host/alloc.h"
#include "ttm/host/core.h"
#include "ttm/host/layout.h"
#include "ttm/host/print.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef Vec(ttm_program_t *) Programs;

struct ttm_device {
    pthread_mutex_t lock;
    uint32_t depth;            // how often the thread that holds it has locked it
    pthread_mutex_t chip_lock; // held while `chip` is set, cleared, or interrupted
    uint32_t refs;             // the open device, and each child
    uint32_t index;            // for the prefix of printed lines

    Chip *chip; // NULL: closed
    const ChipFacts *facts;
    MemMap mem;
    DeviceFacts build_facts;
    KernelImage firmware[PROC_COUNT];
    char *root_dir; // NULL: none

    Grid workers;                  // the logical grid
    Grid grid;                     // the part of it that programs use
    ChipXY worker_xy[CORES_MAX];   // by index in `workers`
    ChipXY *dram_xy;               // by channel
    uint32_t bank_core[CORES_MAX]; // L1 bank -> core, an index in `grid`
    Alloc dram, l1;
    Programs programs;

    CoreSet busy; // cores that have been told to go and have not been seen done
    uint32_t launches;
    uint64_t kernel_cycles, max_cycles;
    uint32_t timeout_ms;

    bool dprint;
    ttm_print_fn print;
    void *print_user;
    Printer printers[CORES_MAX][PROC_COUNT]; // by index in `grid`
};

struct ttm_buffer {
    ttm_device_t *device;
    ttm_buffer_type_t type;
    uint64_t address, size, page_size, stride; // stride: from a page to the next one in its bank
    uint32_t banks;
};

// A kernel's source and options, its arguments, and once compiled its images.
struct ttm_kernel {
    ttm_program_t *program;
    Arena arena; // everything the options point to
    char *path, *text;
    const char *name; // for messages
    CoreSet cores;
    int class; // CLASS_*
    uint8_t noc, noc_mode;
    const char *opt_level;
    ComputeOptions compute;
    const uint32_t *compile_args;
    size_t num_compile_args;
    NamedArg *named_args;
    size_t num_named_args;
    Define *defines;
    size_t num_defines;

    Vec(uint32_t) rtas[CORES_MAX]; // by core
    Vec(uint32_t) crtas;
    KernelImage images[PROC_COUNT];
};

struct ttm_cb {
    ttm_program_t *program;
    CoreSet cores;
    uint32_t size;
    uint64_t mask; // bit i: index i
    uint32_t page_size[64];
    uint8_t format[64];
    uint32_t fixed;   // where an L1 buffer holds it; 0: it gets memory of its own
    uint32_t address; // 0: not allocated yet
};

typedef struct Semaphore {
    CoreSet cores;
    uint32_t id, initial;
} Semaphore;

struct ttm_program {
    ttm_device_t *device;
    Vec(ttm_kernel_t *) kernels;
    Vec(ttm_cb_t *) cbs;
    Vec(Semaphore) semaphores;
    bool compiled; // nothing can be added any more
    CoreSet cores; // of all kernels, once compiled
    CoreSet running;
    bool given_up; // the latest wait did not end in success
    uint64_t start, max_cycles;
};

// Every public function enters its device, which locks it, and leaves it with its result.
//   TRY(device_enter(d));
//   return device_leave(d, work(d));
wt_status_t device_enter(ttm_device_t *d); // WT_CLOSED when it is closed
wt_status_t device_leave(ttm_device_t *d, wt_status_t s);
void device_lock(ttm_device_t *d);    // also when it is closed
void device_release(ttm_device_t *d); // unlocks, and drops one reference

#define NEED(pointer)                                                                              \
    do {                                                                                           \
        if (!(pointer)) return fail(WT_INVALID, "%s: %s is NULL", __func__, #pointer);             \
    } while (0)

// Copies an options struct of the caller's age into one of ours; NULL gives zeros.
wt_status_t options_read(void *mine, size_t size, const void *theirs, const char *name);
#define OPTIONS(mine, theirs) options_read((mine), sizeof *(mine), (theirs), #theirs)
// The way back, for structs that the library fills.
wt_status_t options_write(void *theirs, const void *mine, size_t size, const char *name);

static inline ChipXY device_core_xy(const ttm_device_t *d, uint32_t core) {
    return d->worker_xy[core_index(d->workers, core_at(d->grid, core))];
}

// What poisoned the device, as an error, or WT_OK.
wt_status_t device_sound(ttm_device_t *d);

wt_status_t firmware_boot(ttm_device_t *d);

// Prints what the cores of `busy` have written; `again` when a core can go on because of it.
wt_status_t dprint_poll(ttm_device_t *d, const CoreSet *cores, bool *again);
void dprint_flush(ttm_device_t *d);

// Runs one window if anything is running, so that a host that polls makes progress.
wt_status_t device_poll(ttm_device_t *d);

void program_close(ttm_program_t *p);

wt_status_t program_launch(ttm_program_t *p, const ttm_launch_options_t *options);
wt_status_t program_wait(ttm_program_t *p);

// Text about harts: who waits for what, and where in the source a fault or a wait lies.
wt_status_t report_waiting(ttm_device_t *d, StrBuf *out, size_t max_lines);
wt_status_t report_fault(ttm_device_t *d, wt_status_t s);
// "fill at copy.cpp:12", or "" when the image has no line for it.
void image_where(const KernelImage *image, uint32_t pc, const char *own, StrBuf *out);
