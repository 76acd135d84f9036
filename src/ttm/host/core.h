// Sets of cores: what the core ranges of the ABI become inside.
//
// A set is a bit map over a grid of logical cores, row by row, so that union, overlap and iteration
// in the order of the device are plain loops.
#pragma once
#include "base/err.h"
#include "ttm.h"

enum { CORES_MAX = 256 }; // of any grid

typedef struct Grid {
    uint32_t x, y; // columns, rows
} Grid;

typedef struct CoreSet {
    uint64_t bits[CORES_MAX / 64];
} CoreSet;

static inline uint32_t core_index(Grid g, ttm_core_t c) { return c.y * g.x + c.x; }
static inline ttm_core_t core_at(Grid g, uint32_t i) { return (ttm_core_t){ i % g.x, i / g.x }; }
static inline bool core_set_has(const CoreSet *s, uint32_t i) {
    return s->bits[i / 64] >> i % 64 & 1;
}
static inline void core_set_add(CoreSet *s, uint32_t i) { s->bits[i / 64] |= 1ull << i % 64; }

// The next core at or after *i, or false:  for (uint32_t i = 0; core_set_next(&s, &i); i++) ...
bool core_set_next(const CoreSet *s, uint32_t *i);
uint32_t core_set_count(const CoreSet *s);
bool core_set_equal(const CoreSet *a, const CoreSet *b);
// The first core that is in both, or false.
bool core_set_overlap(const CoreSet *a, const CoreSet *b, uint32_t *i);
// The first core of `a` that is not in `b`, or false.
bool core_set_beyond(const CoreSet *a, const CoreSet *b, uint32_t *i);

// Checks ranges of the ABI and collects their cores. The error names the offending core.
wt_status_t core_set_of(CoreSet *s, Grid g, const ttm_core_range_t *ranges, size_t n);
