// The compiler for the chip's processors, and the options that every program gets.
#pragma once
#include "base/arena.h"
#include "base/err.h"
#include "base/vec.h"
#include "ttm/build/build.h"
#include "ttm/build/cache.h"

#include <stdbool.h>

typedef Vec(const char *) Argv;

typedef struct Toolchain {
    const char *cxx;      // absolute path of the C++ compiler
    const char *identity; // changes when the compiler does
    const char *libgcc;   // rv32im/ilp32's, which -march=rv32im_... would not find; NULL: implied
    const char *libc, *libm;
    const char *cxx_headers[4]; // of the C++ library, then NULL; none: the compiler knows its own
    const char *c_headers;      // of the C library, or NULL
    const char *lib;            // our folder of headers, firmware and linker scripts
    bool vendor;
} Toolchain;

// The vendor's compiler where it is installed ($TT_METAL_HOME/runtime/sfpi, /opt/tenstorrent/sfpi),
// else the distribution's. WT_TOOL says what to install. Strings live in the arena.
wt_status_t toolchain_find(Arena *a, const Cache *cache, Toolchain *t);

// Options common to firmware and kernels of one processor, up to and without sources and -o.
void toolchain_argv(const Toolchain *t, Arena *a, const MemMap *map, int processor, Argv *argv);
const MemMap *toolchain_mem_map(KernelArch arch);
