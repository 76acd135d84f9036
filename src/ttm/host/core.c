#include "ttm/host/core.h"

#include <string.h>

bool core_set_next(const CoreSet *s, uint32_t *i) {
    while (*i < CORES_MAX) {
        uint64_t left = s->bits[*i / 64] >> *i % 64;
        if (left) {
            *i += (uint32_t)__builtin_ctzll(left);
            return true;
        }
        *i = (*i / 64 + 1) * 64;
    }
    return false;
}

uint32_t core_set_count(const CoreSet *s) {
    uint32_t n = 0;
    for (int k = 0; k < CORES_MAX / 64; k++) n += (uint32_t)__builtin_popcountll(s->bits[k]);
    return n;
}

bool core_set_equal(const CoreSet *a, const CoreSet *b) { return !memcmp(a, b, sizeof *a); }

bool core_set_overlap(const CoreSet *a, const CoreSet *b, uint32_t *i) {
    CoreSet both;
    for (int k = 0; k < CORES_MAX / 64; k++) both.bits[k] = a->bits[k] & b->bits[k];
    *i = 0;
    return core_set_next(&both, i);
}

bool core_set_beyond(const CoreSet *a, const CoreSet *b, uint32_t *i) {
    CoreSet only;
    for (int k = 0; k < CORES_MAX / 64; k++) only.bits[k] = a->bits[k] & ~b->bits[k];
    *i = 0;
    return core_set_next(&only, i);
}

static wt_status_t core_check(Grid g, ttm_core_t c) {
    if (c.x < g.x && c.y < g.y) return WT_OK;
    return fail(WT_INVALID, "core (%u,%u) is outside the compute grid of %u x %u cores", c.x, c.y,
                g.x, g.y);
}

wt_status_t core_set_of(CoreSet *s, Grid g, const ttm_core_range_t *ranges, size_t n) {
    memset(s, 0, sizeof *s);
    if (!ranges || n == 0) return fail(WT_INVALID, "no core ranges: give at least one");
    for (size_t r = 0; r < n; r++) {
        ttm_core_t a = ranges[r].start, b = ranges[r].end;
        TRY(core_check(g, a));
        TRY(core_check(g, b));
        if (a.x > b.x || a.y > b.y)
            return fail(WT_INVALID, "core range (%u,%u)-(%u,%u) ends before it starts", a.x, a.y,
                        b.x, b.y);
        for (uint32_t y = a.y; y <= b.y; y++)
            for (uint32_t x = a.x; x <= b.x; x++) {
                uint32_t i = core_index(g, (ttm_core_t){ x, y });
                if (core_set_has(s, i))
                    return fail(WT_INVALID, "core (%u,%u) is in two of the core ranges", x, y);
                core_set_add(s, i);
            }
    }
    return WT_OK;
}
