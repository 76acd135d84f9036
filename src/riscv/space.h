// A space is a range of memory that harts load, store and may fetch from: a tile's L1 (shared by
// its harts) or one hart's local memory. It lies at a fixed guest address over host bytes that
// its owner allocated.
//
// Beside the bytes stands one mark per 64-byte granule. It counts the words of the granule on
// which parked harts wait, and says whether decoded code was made from it. A store looks at one
// mark and, nearly always, is done.
//
// Whoever changes the bytes other than by a hart's store calls space_written() afterwards.
#pragma once
#include "riscv/code.h"
#include "wavetile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPACE_R = 1, SPACE_W = 2, SPACE_X = 4 };

enum { GRANULE_BITS = 6 };
enum { MARK_WATCH = 0x7f, MARK_CODE = 0x80 }; // MARK_WATCH counts: 5 harts x 16 words fit

typedef struct Space {  // what an access looks at comes first
    uint8_t *host;      // the bytes; not owned
    uint8_t *mark;      // [size >> GRANULE_BITS]
    uint32_t base;      // guest address; 64-byte aligned
    uint32_t limit[3];  // size >> k for accesses of 1 << k bytes; 0 unless readable and writable
    uint32_t code_size; // size if code may run here, else 0
    uint32_t size;      // bytes; a multiple of 64
    uint32_t access;    // SPACE_R | ...
    CodeMap code;       // decoded lines; empty unless SPACE_X
} Space;

// Fails with WT_NOMEM. `cache` may be NULL unless access has SPACE_X; it must outlive the space.
wt_status_t space_init(Space *s, uint8_t *host, uint32_t base, uint32_t size, uint32_t access,
                       CodeCache *cache);
void space_deinit(Space *s);

// Is the whole of [addr, addr+len) inside?
static inline bool space_holds(const Space *s, uint32_t addr, uint32_t len) {
    uint32_t off = addr - s->base;
    return off < s->size && len <= s->size - off;
}

// The bytes [addr, addr+len), all inside the space, have been written: decoded code made from
// them is dropped (and found again by content if the bytes are the same as before). Returns the
// union of the marks from before: with MARK_WATCH bits, ask hart_watches() of each parked hart.
uint8_t space_written(Space *s, uint32_t addr, uint32_t len);
