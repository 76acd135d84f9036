// The allocator of one kind of memory: address-ordered first fit over one bank.
//
// An interleaved buffer takes the same addresses in every bank, so one list of free ranges stands
// for all of them. TT-Metal's policy, address for address: allocations are rounded up to the
// alignment; bottom-up takes the lowest free range that fits, from its lower end; top-down the
// highest, from its upper end; a freed range joins its neighbours.
#pragma once
#include "base/err.h"
#include "base/vec.h"

typedef struct AllocRange {
    uint64_t begin, end;
} AllocRange;

typedef Vec(AllocRange) AllocRanges;

typedef struct Alloc {
    uint64_t base, limit, align;
    AllocRanges free; // ascending, never adjacent
    AllocRanges used; // ascending
} Alloc;

void alloc_init(Alloc *a, uint64_t base, uint64_t limit, uint64_t align);
void alloc_free(Alloc *a);
wt_status_t alloc_take(Alloc *a, uint64_t size, bool bottom_up, uint64_t *address);
void alloc_give(Alloc *a, uint64_t address);                     // of a range that was taken
bool alloc_holds(const Alloc *a, uint64_t begin, uint64_t size); // taken as one range
uint64_t alloc_lowest(const Alloc *a); // the lowest address in use, `limit` when none is

// How many bytes a buffer takes in each of `banks` banks when its pages go round them.
uint64_t alloc_size_per_bank(uint64_t size, uint64_t page_size, uint32_t banks, uint64_t align);

// out[i] = the bank that the i-th core, counted row by row, holds. TT-Metal spreads consecutive
// pages over the chip with std::shuffle and std::default_random_engine(0); this is that
// permutation.
void alloc_shuffle_banks(uint32_t *out, uint32_t n);
