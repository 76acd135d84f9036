// One way to reach a chip: what stands behind chip.h. A backend checks nothing that chip.c has
// checked: arguments are in range, and after a fault only what chip.h allows is called.
//
// Each backend allocates a struct whose first member is a Chip.
#pragma once
#include "ttm/chip/chip.h"
#include "ttm/chip/coord.h"

#include <stdatomic.h>

typedef struct ChipBackend {
    const char *name; // "model"
    wt_status_t (*open)(const ChipOptions *options, Chip **chip);
    void (*close)(Chip *chip);
    wt_status_t (*write)(Chip *chip, ChipXY at, uint64_t addr, const void *data, size_t size);
    wt_status_t (*read)(Chip *chip, ChipXY at, uint64_t addr, void *data, size_t size);
    wt_status_t (*run)(Chip *chip, const ChipRun *run);
    wt_status_t (*reset)(Chip *chip);

    // May be NULL: the registers are written, zeroes are returned, nothing happens.
    wt_status_t (*settle)(Chip *chip);
    wt_status_t (*set_stack_limit)(Chip *chip, ChipXY at, ChipHart hart, uint32_t limit);
    wt_status_t (*hart_state)(Chip *chip, ChipXY at, ChipHart hart, ChipHartState *state);
    void (*stats)(Chip *chip, ChipStats *stats);
    void *(*dram_bytes)(Chip *chip, ChipXY at); // NULL is returned
} ChipBackend;

struct Chip {
    const ChipBackend *backend;
    ChipFacts facts;
    CoordMap coords;       // of facts.arch with facts.harvested: see coord.h
    atomic_bool interrupt; // a run looks at it between windows and clears it
    ChipFault *faults;     // [num_faults]: non-empty means poisoned
    size_t num_faults;
};

// Fills facts and coords of a chip for an architecture and the harvested columns of `options`;
// capabilities stay 0.
wt_status_t chip_init(Chip *chip, const ChipBackend *backend, const ChipOptions *options);

// Adds a fault; the first added is the error. Returns its status with the last error set.
wt_status_t chip_add_fault(Chip *chip, const ChipFault *fault);

extern const ChipBackend chip_model;  // this library's own
extern const ChipBackend chip_remote; // a libttsim.so in a helper process
