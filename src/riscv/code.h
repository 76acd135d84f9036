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
#include "wavetile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_BITS = 9, LINE_BYTES = 1 << LINE_BITS, LINE_WORDS = LINE_BYTES / 4 };

typedef struct CodeCache CodeCache;
typedef struct CodeLine CodeLine;

// The extensions that a chip's harts have on top of RV32I; a word of another extension is
// undefined there.
enum {
    ISA_I = 1 << 0,
    ISA_M = 1 << 1,
    ISA_Zicsr = 1 << 2,
    ISA_Zifencei = 1 << 3,
    ISA_Zaamo = 1 << 4,
    ISA_Zba = 1 << 5,
    ISA_Zbb = 1 << 6,
    ISA_WORMHOLE = ISA_I | ISA_M,
    ISA_BLACKHOLE = ISA_I | ISA_M | ISA_Zicsr | ISA_Zifencei | ISA_Zaamo | ISA_Zba | ISA_Zbb,
};

// `lines` is the capacity (0: 8192, about 21 MiB, allocated as it fills).
wt_status_t code_cache_create(uint32_t isa, size_t lines, CodeCache **cache);
void code_cache_destroy(CodeCache *cache); // after its spaces

// Empties the cache if it is full. Call it now and then (a window's boundary) while no hart of
// the device runs; costs nothing otherwise.
void code_cache_tidy(CodeCache *cache);

typedef struct CodeEntry {
    CodeLine *line; // NULL: not decoded, or written since
    uint32_t entered; // the lowest word at which execution entered the line
} CodeEntry;

typedef struct CodeMap {
    CodeCache *cache;
    CodeEntry *entry; // [size >> LINE_BITS], rounded up
    size_t n;
    struct CodeMap *next; // of the cache's maps
} CodeMap;
