// Decoded code, shared by content.
//
// Code is decoded a line (512 bytes, 128 words) at a time into a CodeLine that the interpreter
// runs. A line depends on nothing but its bytes, so the same kernel on 140 tiles, at whatever
// address, is decoded once. A CodeCache holds a fixed number of lines and is shared by all tiles
// of a device; finding and adding lines takes its lock, running them does not.
//
// A CodeMap is one space's table from line address to CodeLine. A write into a line that has been
// run empties its entry; the next fetch looks the new content up, so that writing the same bytes
// again decodes nothing.
//
// A full cache stops taking lines (harts then run undecoded, slowly) until its owner calls
// code_cache_tidy() while no hart runs, which empties it.
#pragma once
#include "riscv/rv32.h"
#include "wavetile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_BITS = 9, LINE_BYTES = 1 << LINE_BITS, LINE_WORDS = LINE_BYTES / 4 };

typedef struct CodeCache CodeCache;
typedef struct CodeLine CodeLine;

// `isa` is the chip's set of extensions; `lines` the capacity (0: 8192, about 21 MiB, allocated as
// it fills).
wt_status_t code_cache_create(uint32_t isa, size_t lines, CodeCache **cache);
void code_cache_destroy(CodeCache *cache); // after its spaces

// Empties the cache if it is full. Call it now and then (a window's boundary) while no hart of
// the device runs; costs nothing otherwise.
void code_cache_tidy(CodeCache *cache);

size_t code_cache_lines(const CodeCache *cache); // how many it holds

typedef struct CodeEntry {
    CodeLine *line;   // NULL: not decoded, or written since
    uint32_t entered; // the lowest word at which execution entered the line; what lies before
                      // is data for all we know, and may be written
} CodeEntry;

typedef struct CodeMap {
    CodeEntry *entry; // [n], one per line of the space
    uint64_t epoch;   // moves when an entry is emptied: what points into lines is stale
    uint32_t n;
    CodeCache *cache;
    struct Space *space;
    struct CodeMap *next; // of the cache's maps
} CodeMap;

// For spaces.
wt_status_t code_map_init(CodeMap *m, CodeCache *cache, struct Space *space);
void code_map_deinit(CodeMap *m);

// The bytes [off, end) of the space have been written: drops lines made from them.
void code_drop(struct Space *s, uint32_t off, uint32_t end);

// The chip's decoder.
const Rv32Index *code_index(const CodeCache *cache);
