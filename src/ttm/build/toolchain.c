// The compiler for the chip's processors, and the options that every program gets.
//
// Debian's riscv64-unknown-elf-g++ has no C++ headers of its own and no libgcc for rv32im with
// extensions in -march, so both are named: the host's headers of the same GCC version (they need
// one file of ours, std/bits/os_defines.h) and the libgcc of plain rv32im.
#include "ttm/build/toolchain.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/proc.h"
#include "base/str.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define DISTRIBUTION_CXX "riscv64-unknown-elf-g++"
#define INSTALL                                                                                    \
    "install it with: apt-get install gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf g++"

const MemMap *toolchain_mem_map(KernelArch arch) {
    static const MemMap blackhole = TTM_MEM_MAP_BLACKHOLE;
    return arch == ARCH_BLACKHOLE ? &blackhole : NULL;
}

static const char *vendor_cxx(Arena *a) {
    const char *home = getenv("TT_METAL_HOME");
    if (home && *home) {
        const char *p = arena_printf(a, "%s/runtime/sfpi/compiler/bin/riscv-tt-elf-g++", home);
        if (!access(p, X_OK)) return p;
    }
    const char *p = "/opt/tenstorrent/sfpi/compiler/bin/riscv-tt-elf-g++";
    return access(p, X_OK) ? NULL : p;
}

static const char *path_find(Arena *a, const char *name) {
    const char *path = getenv("PATH");
    for (const char *p = path ? path : "", *end; *p; p = *end ? end + 1 : end) {
        end = p + strcspn(p, ":");
        const char *full = arena_printf(a, "%.*s/%s", (int)(end - p), p, name);
        if (!access(full, X_OK)) return full;
    }
    return NULL;
}

// What changes when a file does.
static const char *stamp(Arena *a, const char *path) {
    struct stat st = { 0 };
    if (stat(path, &st)) st.st_size = -1;
    return arena_printf(a, "%s %lld %lld.%09ld\n", path, (long long)st.st_size,
                        (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

// First match of a pattern, or NULL.
static const char *glob_first(Arena *a, const char *pattern) {
    glob_t g;
    const char *r = NULL;
    if (!glob(pattern, 0, NULL, &g)) {
        r = arena_str(a, g.gl_pathv[0], strlen(g.gl_pathv[0]));
        globfree(&g);
    }
    return r;
}

// What the compiler answers to -print-libgcc-file-name; remembered, because asking costs a process.
static wt_status_t libgcc_find(Arena *a, const Cache *cache, Toolchain *t) {
    char name[40] = "libgcc-", hex[33];
    hash_hex(hash128(t->identity, strlen(t->identity)), hex);
    strcat(name, hex);
    char *note = cache_note_get(cache, name);
    if (!note) {
        const char *argv[] = { t->cxx, "-march=rv32im", "-mabi=ilp32", "-print-libgcc-file-name",
                               NULL };
        ProcResult r;
        TRY(proc_run(&(ProcSpec){ .argv = argv, .timeout_ms = 20000 }, &r));
        if (r.code || r.out_len < 2) {
            proc_free(&r);
            return fail(WT_TOOL, "'%s' does not work; " INSTALL, t->cxx);
        }
        note = strndup(r.out, strcspn(r.out, "\n"));
        proc_free(&r);
        if (note && *note == '/') cache_note_put(cache, name, note);
    }
    t->libgcc = arena_str(a, note, strlen(note));
    free(note);
    if (!file_exists(t->libgcc))
        return fail(WT_TOOL, "'%s' has no libgcc for rv32im; " INSTALL, t->cxx);
    return WT_OK;
}

// The headers and libraries that a distribution keeps apart from the compiler.
static wt_status_t distribution_parts(Arena *a, const Cache *cache, Toolchain *t) {
    TRY(libgcc_find(a, cache, t));
    const char *version =
        strstr(t->libgcc, "riscv64-unknown-elf/"); // .../riscv64-unknown-elf/12.2.0/rv32im/...
    int major = version ? atoi(version + strlen("riscv64-unknown-elf/")) : 12;
    const char *cxx = arena_printf(a, "/usr/include/c++/%d", major);
    const char *host =
        glob_first(a, arena_printf(a, "/usr/include/*/c++/%d/bits/c++config.h", major));
    if (!dir_exists(cxx) || !host)
        return fail(WT_TOOL,
                    "the C++ headers in '%s' are missing; install them with: apt-get install "
                    "libstdc++-%d-dev",
                    cxx, major);
    t->cxx_headers[0] = cxx;
    t->cxx_headers[1] = arena_str(a, host, strlen(host) - strlen("/bits/c++config.h"));
    const char *c = "/usr/lib/picolibc/riscv64-unknown-elf";
    t->c_headers = arena_printf(a, "%s/include", c);
    t->libc = arena_printf(a, "%s/lib/rv32im/ilp32/libc.a", c);
    t->libm = arena_printf(a, "%s/lib/rv32im/ilp32/libm.a", c);
    if (!dir_exists(t->c_headers) || !file_exists(t->libc))
        return fail(WT_TOOL,
                    "the C library in '%s' is missing; install it with: apt-get install "
                    "picolibc-riscv64-unknown-elf",
                    c);
    // The cache does not look at what lies in these packages: at their age instead.
    t->identity = arena_printf(a, "%s%s%s%s", t->identity, stamp(a, t->libgcc), stamp(a, t->libc),
                               stamp(a, host));
    return WT_OK;
}

wt_status_t toolchain_find(Arena *a, const Cache *cache, Toolchain *t) {
    *t = (Toolchain){ 0 };
    char lib[PATH_CAP];
    TRY(share_path(lib, sizeof lib, "ttm/lib"));
    t->lib = arena_str(a, lib, strlen(lib));
    t->cxx = vendor_cxx(a);
    t->vendor = t->cxx != NULL;
    if (!t->vendor) t->cxx = path_find(a, DISTRIBUTION_CXX);
    if (!t->cxx)
        return fail(WT_TOOL, "no compiler for the chip's processors: '" DISTRIBUTION_CXX
                             "' is not in PATH; " INSTALL);
    t->identity = stamp(a, t->cxx);
    return t->vendor ? WT_OK : distribution_parts(a, cache, t);
}

static const char *const processor_flags[PROC_COUNT][3] = {
    [PROC_BRISC] = { "-DCOMPILE_FOR_BRISC=1", "-DPROCESSOR_INDEX=0", "-DWT_CB_ADDR_SHIFT=0" },
    [PROC_NCRISC] = { "-DCOMPILE_FOR_NCRISC=1", "-DPROCESSOR_INDEX=1", "-DWT_CB_ADDR_SHIFT=0" },
    [PROC_TRISC0] = { "-DCOMPILE_FOR_TRISC=0", "-DPROCESSOR_INDEX=2", "-DWT_CB_ADDR_SHIFT=4" },
    [PROC_TRISC1] = { "-DCOMPILE_FOR_TRISC=1", "-DPROCESSOR_INDEX=3", "-DWT_CB_ADDR_SHIFT=4" },
    [PROC_TRISC2] = { "-DCOMPILE_FOR_TRISC=2", "-DPROCESSOR_INDEX=4", "-DWT_CB_ADDR_SHIFT=4" },
};

void toolchain_argv(const Toolchain *t, Arena *a, const MemMap *map, int processor, Argv *argv) {
    // Addresses are absolute and nothing is relaxed, so that --emit-relocs tells all there is to
    // patch. The processors trap on unaligned accesses. Loops must not turn into calls of memset.
    static const char *const common[] = {
        "-march=rv32im_zba_zbb",
        "-mabi=ilp32",
        "-mcmodel=medlow",
        "-mno-relax",
        "-msmall-data-limit=0",
        "-mstrict-align",
        "-fno-pic",
        "-fno-exceptions",
        "-fno-asynchronous-unwind-tables",
        "-fno-unwind-tables",
        "-fno-tree-loop-distribute-patterns",
        "-fno-common",
        "-ffunction-sections",
        "-fdata-sections",
        "-fdiagnostics-color=never",
        "-fmax-errors=20",
        "-pipe",
        "-nostartfiles",
        "-nostdlib",
        "-Wl,--gc-sections",
        "-Wl,--no-relax",
        "-Wl,-z,max-page-size=16",
        "-Wl,--build-id=none",
        "-DARCH_BLACKHOLE=1",
        "-DTENSIX_FIRMWARE",
        "-DLOCAL_MEM_EN=0",
    };
    vec_push(argv, t->cxx);
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) vec_push(argv, common[i]);
    for (int i = 0; i < 3; i++) vec_push(argv, processor_flags[processor][i]);
    if (t->cxx_headers[0]) {
        vec_push(argv, "-nostdinc++");
        vec_push(argv, arena_printf(a, "-I%s/std", t->lib));
        for (int i = 0; t->cxx_headers[i]; i++) {
            vec_push(argv, "-isystem");
            vec_push(argv, t->cxx_headers[i]);
        }
        vec_push(argv, "-isystem");
        vec_push(argv, t->c_headers);
    }
    vec_push(argv, arena_printf(a, "-I%s/include", t->lib));
    vec_push(argv, arena_printf(a, "-I%s", t->lib));
    uint32_t local = processor == PROC_BRISC    ? map->BRISC_LOCAL_SIZE
                     : processor == PROC_NCRISC ? map->NCRISC_LOCAL_SIZE
                                                : map->TRISC_LOCAL_SIZE;
    vec_push(argv, arena_printf(a, "-Wl,--defsym=WT_LOCAL_BASE=0x%x,--defsym=WT_LOCAL_SIZE=0x%x",
                                map->LOCAL_BASE, local));
}
