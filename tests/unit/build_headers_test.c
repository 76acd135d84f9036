// Every header that kernels can include compiles alone, for every processor that it claims.
#include "base/arena.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/str.h"
#include "ttm/build/generate.h"
#include "ttm/build/toolchain.h"

#include <ftw.h>

#include "../test.h"

enum { FORWARDER = 200 }; // a smaller file only includes another: one processor of a kind is enough

static struct {
    char *name;
    bool forwards;
} headers[400];
static size_t num_headers, prefix;

static int collect(const char *path, const struct stat *st, int type, struct FTW *w) {
    (void)w;
    const char *dot = strrchr(path, '.');
    if (type != FTW_F || !dot || (strcmp(dot, ".h") && strcmp(dot, ".hpp")) || num_headers == 400)
        return 0;
    if (!strcmp(path + prefix, "wt/kernel.h") || !strcmp(path + prefix, "wt/start.h"))
        return 0; // defines the entry point: not a header to include
    headers[num_headers].name = strdup(path + prefix);
    headers[num_headers++].forwards = st->st_size < FORWARDER;
    return 0;
}

static bool starts(const char *name, const char *const *with) {
    for (; *with; with++)
        if (!strncmp(name, *with, strlen(*with))) return true;
    return false;
}

static bool claims(const char *name, int processor) {
    static const char *const compute[] = { "compute_kernel_api", "wt/tensix_unsupported.h", NULL };
    static const char *const movement[] = { "dataflow_api.h",
                                            "api/dataflow/",
                                            "accessor/",
                                            "tensor/",
                                            "api/tensor/",
                                            "noc_nonblocking",
                                            "experimental/noc",
                                            "experimental/e",
                                            "experimental/core",
                                            "experimental/tensor",
                                            "internal/dataflow/",
                                            "hw/inc/api/dataflow/",
                                            "wt/noc.h",
                                            "wt/banks.h",
                                            "wt/cb_data_movement.h",
                                            NULL };
    bool trisc = processor >= PROC_TRISC0;
    if (starts(name, compute)) return trisc;
    if (starts(name, movement)) return !trisc;
    return true;
}

static void headers_compile_alone(int processor) {
    static const DeviceFacts facts = { .num_dram_banks = 8, .num_l1_banks = 140, .dprint = true };
    const KernelSpec spec = { .facts = &facts, .processor = processor, .text = "" };
    Arena arena = { 0 };
    Cache cache;
    Toolchain tools;
    Argv argv = { 0 };
    StrBuf text = { 0 };
    char dir[PATH_CAP], path[PATH_CAP];
    cache_open(&cache);
    assert_ok(toolchain_find(&arena, &cache, &tools));
    toolchain_argv(&tools, &arena, toolchain_mem_map(ARCH_BLACKHOLE), processor, &argv);
    assert_ok(dir_make_temp(dir, "headers"));
    generate_defines(&spec, &text);
    path_join(path, sizeof path, dir, "defines_generated.h");
    assert_ok(file_write(path, text.p, text.n));
    sb_free(&text);
    assert_ok(generate_formats(&spec, &text));
    path_join(path, sizeof path, dir, "chlkc_generated.h");
    assert_ok(file_write(path, text.p, text.n));
    sb_free(&text);
    static const char *const options[] = { "-std=c++17", "-fno-rtti", "-fsyntax-only",
                                           "-Wall",      "-Wextra",   "-Werror",
                                           "-I.",        "-include",  "defines_generated.h" };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) vec_push(&argv, options[i]);
    size_t count = 0;
    for (size_t i = 0; i < num_headers; i++) {
        if (!claims(headers[i].name, processor)) continue;
        if (headers[i].forwards && processor != PROC_BRISC && processor != PROC_TRISC0) continue;
        const char *unit = arena_printf(&arena, "alone_%zu.cc", i);
        const char *line = arena_printf(&arena, "#include \"%s\"\n#include \"%s\"\n",
                                        headers[i].name, headers[i].name);
        path_join(path, sizeof path, dir, unit);
        assert_ok(file_write(path, line, strlen(line)));
        vec_push(&argv, unit);
        count++;
    }
    vec_push(&argv, NULL);
    assert_true(count > 12);
    ProcResult r;
    assert_ok(proc_run(&(ProcSpec){ .argv = argv.data, .dir = dir }, &r));
    if (r.code || r.out_len) fail_msg("%s", r.out);
    proc_free(&r);
    dir_remove(dir);
    vec_free(&argv);
    cache_close(&cache);
    arena_free(&arena);
}

static void for_brisc(void **s) { (void)s, headers_compile_alone(PROC_BRISC); }
static void for_ncrisc(void **s) { (void)s, headers_compile_alone(PROC_NCRISC); }
static void for_trisc0(void **s) { (void)s, headers_compile_alone(PROC_TRISC0); }
static void for_trisc1(void **s) { (void)s, headers_compile_alone(PROC_TRISC1); }
static void for_trisc2(void **s) { (void)s, headers_compile_alone(PROC_TRISC2); }

int main(void) {
    char include[PATH_CAP];
    if (share_path(include, sizeof include - 10, "ttm/lib")) return 1;
    strcat(include, "/include/");
    prefix = strlen(include);
    nftw(include, collect, 8, FTW_PHYS);
    const struct CMUnitTest tests[] = { cmocka_unit_test(for_brisc), cmocka_unit_test(for_ncrisc),
                                        cmocka_unit_test(for_trisc0), cmocka_unit_test(for_trisc1),
                                        cmocka_unit_test(for_trisc2) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
