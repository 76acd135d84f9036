// Kernels from source to placed bytes: what compiles, what is said about what does not, where an
// image may lie, and what the cache does under every condition.
#include "base/file.h"
#include "base/str.h"
#include "ttm/build/build.h"
#include "ttm/build/compile.h"
#include "ttm/build/image.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../test.h"

static const DeviceFacts facts = {
    .num_dram_banks = 8,
    .num_l1_banks = 130,
    .pcie_noc_x = 19,
    .pcie_noc_y = 24,
    .dispatch_message_addr = 0xffb40438,
    .dprint = true,
};
static const MemMap map = TTM_MEM_MAP_BLACKHOLE;

static const char plain[] = "void kernel_main() { DPRINT << 1; }\n";

static KernelSpec spec_text(int processor, const char *text) {
    return (KernelSpec){ .facts = &facts, .processor = processor, .text = text, .name = "sample" };
}

// Every test has its own cache.
static int new_cache(void **state) {
    char dir[PATH_CAP];
    if (dir_make_temp(dir, "build-test")) return -1;
    *state = strdup(dir);
    return setenv("WT_CACHE", dir, 1);
}
// Where another user may look: the runner's own folder is private.
static int new_public_cache(void **state) {
    setenv("TMPDIR", "/tmp", 1);
    return new_cache(state);
}
static int drop_cache(void **state) {
    static char *tmp; // as the runner set it
    if (!tmp) tmp = strdup(getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    // A compiler whose parent was killed may still be writing.
    for (int i = 0; i < 100 && dir_exists(*state); i++) {
        dir_remove(*state);
        nanosleep(&(struct timespec){ .tv_nsec = 50000000 }, NULL);
    }
    free(*state);
    return setenv("TMPDIR", tmp, 1);
}

// ---- Good kernels

static void builds_for_every_processor(void **state) {
    (void)state;
    for (int p = 0; p < PROC_COUNT; p++) {
        KernelSpec s =
            spec_text(p, "void kernel_main() { DPRINT << get_arg_val<uint32_t>(0) << ENDL(); }\n");
        KernelImage m;
        assert_ok(kernel_build(&s, &m));
        assert_int_equal(m.processor, p);
        assert_int_equal(m.entry, 0);
        assert_int_equal(m.size % 16, 0);
        assert_true(m.text_size > 0 && m.text_size <= m.size);
        assert_true(m.stack_limit > map.LOCAL_BASE);
        assert_true(m.elf_path && file_exists(m.elf_path));
        kernel_image_free(&m);
    }
}

static void arguments_reach_the_kernel(void **state) {
    (void)state;
    const uint32_t args[] = { 7, 0xffffffff };
    const NamedArg named[] = { { "rows", 3 }, { "odd \"name\\", 4 } };
    const Define defines[] = { { "WIDTH", "12" }, { "FLAG", NULL }, { "TEXT", "\"a b\"" } };
    KernelSpec s = spec_text(
        PROC_NCRISC,
        "#ifndef FLAG\n#error FLAG\n#endif\n"
        "static_assert(get_compile_time_arg_val(0) == 7 && get_compile_time_arg_val(1) == "
        "0xffffffffu);\n"
        "static_assert(kernel_compile_time_args.size() == 2);\n"
        "static_assert(get_named_compile_time_arg_val(\"rows\") == 3);\n"
        "static_assert(get_named_compile_time_arg_val(\"odd \\\"name\\\\\") == 4);\n"
        "static_assert(WIDTH == 12 && sizeof TEXT == 4);\n"
        "static_assert(noc_index == 1 && NUM_DRAM_BANKS == 8 && LOG_BASE_2_OF_NUM_DRAM_BANKS == "
        "3);\n"
        "#ifndef IS_NOT_POW2_NUM_L1_BANKS\n#error banks\n#endif\n"
        "static_assert(get_tile_size(0) == 2048 && get_tile_size(1) == 1088 && get_tile_size(2) == "
        "512);\n"
        "static_assert(get_dataformat(1) == DataFormat::Bfp8_b && get_tile_hw(2) == 512);\n"
        "void kernel_main() {}\n");
    s.compile_args = args, s.compile_arg_count = 2;
    s.named_args = named, s.named_arg_count = 2;
    s.defines = defines, s.define_count = 3;
    s.noc = 1;
    s.cb[0] = (CbFormat){ .used = true, .data_format = 5 };
    s.cb[1] = (CbFormat){ .used = true, .data_format = 6 };
    s.cb[2] = (CbFormat){ .used = true, .data_format = 30, .tile_height = 16 };
    KernelImage m;
    assert_ok(kernel_build(&s, &m));
    kernel_image_free(&m);
}

static void compute_kernels_in_both_forms(void **state) {
    (void)state;
    static const char *const texts[] = {
        "#include \"compute_kernel_api/common.h\"\nvoid kernel_main() { cb_wait_front(0, 1); "
        "cb_pop_front(0, 1); }\n",
        "#include \"compute_kernel_api.h\"\nnamespace NAMESPACE {\nvoid MAIN { "
        "PACK((cb_push_back(16, 1))); }\n}\n",
        "#include \"compute_kernel_api/common.h\"\n"
        "uint32_t at(uint32_t cb) { return get_local_cb_interface(cb).fifo_wr_ptr << "
        "cb_addr_shift; }\n"
        "void kernel_main() { PACK(*(volatile uint32_t *)at(0) = 1;) }\n",
    };
    for (int i = 0; i < 3; i++) {
        for (int p = PROC_TRISC0; p <= PROC_TRISC2; p++) {
            KernelSpec s = spec_text(p, texts[i]);
            KernelImage m;
            assert_ok(kernel_build(&s, &m));
            kernel_image_free(&m);
        }
    }
}

static void several_at_once(void **state) {
    (void)state;
    static const char text[] = "void kernel_main() {}\n";
    KernelSpec s[5];
    KernelImage m[5];
    for (int p = 0; p < 5; p++) s[p] = spec_text(p, text);
    assert_ok(kernel_build_all(s, 5, m));
    for (int p = 0; p < 5; p++) {
        assert_int_equal(m[p].processor, p);
        kernel_image_free(&m[p]);
    }
    s[1].text = "void kernel_main() { first }\n";
    s[3].text = "void kernel_main() { second }\n";
    assert_fails(kernel_build_all(s, 5, m), WT_COMPILE, "first");
    for (int p = 0; p < 5; p++) assert_null(m[p].bytes);
    assert_ok(kernel_build_all(s, 0, m));
}

static void firmware_fits_its_place(void **state) {
    (void)state;
    const uint32_t base[] = { map.BRISC_FIRMWARE_BASE, map.NCRISC_FIRMWARE_BASE,
                              map.TRISC0_FIRMWARE_BASE, map.TRISC1_FIRMWARE_BASE,
                              map.TRISC2_FIRMWARE_BASE };
    const uint32_t size[] = { map.BRISC_FIRMWARE_SIZE, map.NCRISC_FIRMWARE_SIZE,
                              map.TRISC0_FIRMWARE_SIZE, map.TRISC1_FIRMWARE_SIZE,
                              map.TRISC2_FIRMWARE_SIZE };
    KernelImage fw[PROC_COUNT];
    assert_ok(firmware_build_all(&facts, fw));
    for (int p = 0; p < PROC_COUNT; p++) {
        assert_int_equal(fw[p].base, base[p]);
        assert_true(fw[p].size <= size[p]);
        assert_int_equal(fw[p].entry, 0);
        assert_int_equal(fw[p].patch_count, 0);
        assert_int_equal(fw[p].data_size, 0);
        kernel_image_free(&fw[p]);
    }
    assert_int_equal(firmware_boot_word(ARCH_BLACKHOLE),
                     0x0c10306f); // jal x0, 0x38c0: as binutils has it
}

// ---- Bad kernels

static void errors_name_the_kernels_own_line(void **state) {
    (void)state;
    KernelSpec s = spec_text(
        PROC_BRISC, "void helper(int);\n\nvoid kernel_main() {\n    helper(unknown_name);\n}\n");
    KernelImage m;
    assert_fails(kernel_build(&s, &m), WT_COMPILE,
                 "sample.cpp:4:12: error: 'unknown_name' was not declared");
    assert_null(strstr(wt_last_error(), "unit.cc"));
    assert_non_null(strstr(wt_last_error(), "kernel 'sample' for BRISC"));
    assert_non_null(strstr(wt_last_error(), "helper(unknown_name);")); // the line itself

    char path[PATH_CAP], header[PATH_CAP], want[PATH_CAP + 64];
    path_join(path, sizeof path, *state, "reader.cpp");
    path_join(header, sizeof header, *state, "helper.h");
    assert_ok(file_write(path, "#include \"helper.h\"\nvoid kernel_main() { f(); }\n", 48));
    assert_ok(file_write(header, "\nvoid f() { oops; }\n", 20));
    s = (KernelSpec){ .facts = &facts, .processor = PROC_NCRISC, .path = path };
    snprintf(want, sizeof want, "%s:2:12: error", header);
    assert_fails(kernel_build(&s, &m), WT_COMPILE, want);
    snprintf(want, sizeof want, "In file included from %s:1:\n", path);
    assert_non_null(strstr(wt_last_error(), want));
}

static void what_cannot_be_built_says_why(void **state) {
    (void)state;
    static const struct {
        int processor;
        const char *text, *says;
    } cases[] = {
        { PROC_BRISC, "void main_kernel() {}\n", "defines no void kernel_main()" },
        { PROC_BRISC, "void other();\nvoid kernel_main() { other(); }\n",
          "undefined reference to `other()'" },
        { PROC_BRISC,
          "int big[2000];\nvoid kernel_main() { big[get_arg_val<uint32_t>(0)] = 1; DPRINT << "
          "big[1]; }\n",
          "leave less than 256 bytes" },
        { PROC_BRISC, "void kernel_main() { get_compile_time_arg_val(3); }\n",
          "the host passed fewer arguments" },
        { PROC_BRISC,
          "void kernel_main() { constexpr uint32_t n = get_named_compile_time_arg_val(\"n\"); }\n",
          "no_such_named_argument" },
        { PROC_BRISC, "#include \"api/socket_api.h\"\nvoid kernel_main() {}\n",
          "this header of TT-Metal is not supported yet" },
        { PROC_BRISC, "void kernel_main() { eth_send_bytes(0, 0, 16); }\n",
          "belongs to Ethernet cores" },
        { PROC_BRISC, "struct S {};\nvoid kernel_main() { DPRINT << S(); }\n",
          "DPRINT cannot print" },
        { PROC_TRISC0,
          "#include \"compute_kernel_api/eltwise_binary.h\"\nvoid kernel_main() {\n    "
          "add_tiles(0, 1, 0, 0, 0);\n}\n",
          "sample.cpp:3:14: error: call to" },
        { PROC_TRISC0,
          "#include \"compute_kernel_api/eltwise_binary.h\"\nvoid kernel_main() {\n    "
          "add_tiles(0, 1, 0, 0, 0);\n}\n",
          "add_tiles is not supported yet: it needs the Tensix engine" },
        { PROC_TRISC1, "void kernel_main() { vFloat x = dst_reg[0]; }\n",
          "belongs to the Tensix engine" },
        { PROC_TRISC1, "#include \"compute_kernel_api/welford.h\"\nvoid kernel_main() {}\n",
          "not supported yet" },
        { PROC_TRISC2, "#include \"api/dataflow/dataflow_api.h\"\nvoid kernel_main() {}\n",
          "is for data-movement kernels" },
        { PROC_NCRISC, "#include \"compute_kernel_api/common.h\"\nvoid kernel_main() {}\n",
          "is for compute kernels" },
        { PROC_NCRISC, "thread_local int t;\nvoid kernel_main() { t++; }\n", "thread-local" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        KernelSpec s = spec_text(cases[i].processor, cases[i].text);
        KernelImage m;
        wt_status_t got = kernel_build(&s, &m);
        if (got != WT_COMPILE) fail_msg("case %zu gave %d: %s", i, got, got ? wt_last_error() : "");
        assert_fails(got, WT_COMPILE, cases[i].says);
        assert_null(m.bytes);
    }
}

static void wrong_calls_are_refused(void **state) {
    (void)state;
    KernelImage m;
    KernelSpec s = spec_text(5, "");
    assert_fails(kernel_build(&s, &m), WT_INVALID, "processor 5");
    s = spec_text(PROC_BRISC, NULL);
    assert_fails(kernel_build(&s, &m), WT_INVALID, "file or a source text");
    s = spec_text(PROC_BRISC, "void kernel_main() {}");
    s.noc = 2;
    assert_fails(kernel_build(&s, &m), WT_INVALID, "NoC 2");
    s.noc = 0;
    s.opt_level = "O2 -fplugin=x";
    assert_fails(kernel_build(&s, &m), WT_INVALID, "optimisation level");
    s.opt_level = NULL;
    s.cb[3] = (CbFormat){ .used = true, .data_format = 99 };
    assert_fails(kernel_build(&s, &m), WT_INVALID, "circular buffer 3 has data format 99");
    s.cb[3].used = false;
    s.path = "a\"b.cpp", s.text = NULL;
    assert_fails(kernel_build(&s, &m), WT_INVALID, "quote");
    s.path = NULL, s.text = plain;
    const Define broken = { "A", "1\n#error" };
    s.defines = &broken, s.define_count = 1;
    assert_fails(kernel_build(&s, &m), WT_INVALID, "line break");
    s = (KernelSpec){ .facts = &facts, .processor = PROC_BRISC, .path = "/nowhere/kernel.cpp" };
    assert_int_not_equal(kernel_build(&s, &m), WT_OK);
    assert_non_null(strstr(wt_last_error(), "/nowhere/kernel.cpp"));
}

static void a_missing_compiler_is_named(void **state) {
    (void)state;
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    KernelSpec s = spec_text(PROC_BRISC, "void kernel_main() {}\n");
    KernelImage m;
    assert_fails(kernel_build(&s, &m), WT_TOOL, "apt-get install gcc-riscv64-unknown-elf");
    setenv("PATH", path, 1);
    free(path);
}

static void kernel_files_are_found(void **state) {
    char path[PATH_CAP], out[PATH_CAP], sub[PATH_CAP];
    path_join(sub, sizeof sub, *state, "root/kernels");
    assert_ok(dir_make(sub));
    path_join(path, sizeof path, sub, "k.cpp");
    assert_ok(file_write(path, "void kernel_main() {}\n", 22));
    assert_ok(kernel_path_resolve(path, NULL, out, sizeof out));
    assert_string_equal(out, path);
    path_join(sub, sizeof sub, *state, "root");
    assert_ok(kernel_path_resolve("kernels/k.cpp", sub, out, sizeof out));
    assert_string_equal(out, path);
    setenv("TT_METAL_KERNEL_PATH", sub, 1);
    assert_ok(kernel_path_resolve("kernels/k.cpp", NULL, out, sizeof out));
    unsetenv("TT_METAL_KERNEL_PATH");
    assert_fails(kernel_path_resolve("kernels/other.cpp", sub, out, sizeof out), WT_NOTFOUND, sub);
    assert_fails(kernel_path_resolve("", sub, out, sizeof out), WT_INVALID, "empty");
}

// Kernels of both generations name the same headers by other paths.
static void both_generations_of_include_paths(void **state) {
    (void)state;
    static const char *const texts[] = {
        "#include <stdint.h>\n#include \"dataflow_api.h\"\n#include \"debug/dprint.h\"\n"
        "#include \"debug/assert.h\"\n#include \"compile_time_args.h\"\n"
        "#include \"tensor/tensor_accessor.h\"\n#include \"accessor/tensor_accessor.h\"\n"
        "#include \"risc_attribs.h\"\n#include \"noc_nonblocking_api.h\"\n"
        "#include \"hostdevcommon/common_values.hpp\"\n",
        "#include <cstdint>\n#include \"api/dataflow/dataflow_api.h\"\n"
        "#include \"api/debug/dprint.h\"\n#include \"api/debug/assert.h\"\n"
        "#include \"api/compile_time_args.h\"\n#include \"api/tensor/tensor_accessor.h\"\n"
        "#include \"internal/risc_attribs.h\"\n#include \"api/debug/dprint_pages.h\"\n"
        "#include \"api/numeric/bfloat16.h\"\n#include \"noc_overlay_parameters.h\"\n",
        "", // neither: what it needs is there
    };
    for (int i = 0; i < 3; i++) {
        char text[2000];
        snprintf(
            text, sizeof text,
            "%svoid kernel_main() {\n"
            "    auto s = TensorAccessor(TensorAccessorArgs<0>(), get_arg_val<uint32_t>(0), 64);\n"
            "    noc_async_read_page(0, s, get_write_ptr(0));\n"
            "    noc_async_read_barrier();\n"
            "    DPRINT << get_common_arg_val<uint32_t>(0) << ENDL();\n"
            "}\n",
            texts[i]);
        const uint32_t args[] = { 2 };
        KernelSpec s = spec_text(PROC_NCRISC, text);
        s.compile_args = args, s.compile_arg_count = 1;
        KernelImage m;
        assert_ok(kernel_build(&s, &m));
        kernel_image_free(&m);
    }
}

// A root folder is searched as TT-Metal's is.
static void headers_of_the_root_are_found(void **state) {
    static const char *const at[] = { "", "ttnn", "ttnn/cpp", "tt_metal", "tt_metal/api" };
    char dir[PATH_CAP], file[PATH_CAP], name[32];
    StrBuf text = { 0 };
    for (int i = 0; i < 5; i++) {
        path_join(dir, sizeof dir, *state, at[i]);
        assert_ok(dir_make(dir));
        snprintf(name, sizeof name, "part_%d.h", i);
        path_join(file, sizeof file, dir, name);
        assert_ok(file_write(file, "#pragma once\n", 13));
        sb_printf(&text, "#include \"%s\"\n", name);
    }
    sb_printf(&text, "void kernel_main() {}\n");
    KernelSpec s = spec_text(PROC_BRISC, sb_str(&text));
    KernelImage m;
    assert_fails(kernel_build(&s, &m), WT_COMPILE, "part_0.h: No such file");
    s.root_dir = *state;
    assert_ok(kernel_build(&s, &m));
    kernel_image_free(&m);
    sb_free(&text);
}

// The arguments of tensors that follow each other: where the next ones begin is a constant, also
// among the common runtime arguments.
static void accessor_arguments_are_chained(void **state) {
    (void)state;
    // Sharded in L1, shapes and banks at run time: flags, rank 2, 3 banks. Then an interleaved one.
    const uint32_t args[] = { 1 | 1 << 4 | 1 << 5 | 1 << 6, 2, 3, 2 };
    KernelSpec s = spec_text(
        PROC_BRISC, "constexpr auto a = TensorAccessorArgs<0, 5>();\n"
                    "static_assert(a.next_compile_time_args_offset() == 3);\n"
                    "static_assert(a.next_common_runtime_args_offset() == 5 + 2 + 2 + 2);\n"
                    "constexpr auto b = TensorAccessorArgs<a.next_compile_time_args_offset(), "
                    "a.next_common_runtime_args_offset()>();\n"
                    "static_assert(b.crta_offset() == 11 && b.is_dram && !b.is_sharded);\n"
                    "static_assert(b.next_common_runtime_args_offset() == 11);\n"
                    "void kernel_main() {}\n");
    s.compile_args = args, s.compile_arg_count = 4;
    KernelImage m;
    assert_ok(kernel_build(&s, &m));
    kernel_image_free(&m);
}

// ---- Images

// Everything that makes an address: tables of strings and functions, jump tables, virtual calls,
// variables with addresses in them, libgcc and libc.
static const char addresses[] =
    "#include <cstring>\n"
    "struct Shape { virtual int area(int) const = 0; };\n"
    "struct Square : Shape { int area(int x) const override { return x * x; } };\n"
    "struct Cube : Shape { int area(int x) const override { return x * x * x; } };\n"
    "static const Square square;\nstatic const Cube cube;\n"
    "static const Shape *shapes[] = { &square, &cube };\n"
    "static const char *names[] = { \"one\", \"two\", \"three\" };\n"
    "static int add(int a) { return a + 1; }\nstatic int sub(int a) { return a - 1; }\n"
    "static int (*const table[])(int) = { add, sub };\n"
    "static int counts[8] = { 1, 2, 3 };\nstatic int *cursor = &counts[1];\nstatic char text[40];\n"
    "__attribute__((noinline)) int pick(int x) { switch (x) { case 0: return 11; case 1: return 5; "
    "case 2: return 93;\n"
    "    case 3: return 7; case 4: return 23; case 5: return add(x) * 9; case 6: return 2; case 7: "
    "return 31; } return 0; }\n"
    "void kernel_main() {\n"
    "    volatile uint32_t *out = (volatile uint32_t *)get_arg_val<uint32_t>(0);\n"
    "    int n = get_arg_val<int>(1);\n"
    "    out[0] = shapes[n & 1]->area(n);\n"
    "    out[1] = names[n % 3][0];\n"
    "    out[2] = table[n & 1](n);\n"
    "    out[3] = pick(n & 7);\n"
    "    out[4] = *cursor++ + counts[2];\n"
    "    volatile float f = n; out[5] = (uint32_t)(f * 2.5f + 1.0f / f);\n"
    "    volatile double d = n; out[6] = (uint32_t)(d * 1000.0 / 7.0);\n"
    "    memcpy(text, names[n % 3], 4); out[7] = strlen(text);\n"
    "    volatile uint64_t w = 1234567890123ull; out[8] = (uint32_t)(w / (uint64_t)n);\n"
    "    out[9] = 0x600d;\n"
    "}\n";

static void placing_equals_linking_there(void **state) {
    (void)state;
    static const uint32_t where[] = { 0x9de0,  0x10000, 0x107f0,           0x10800,
                                      0x12ff0, 0x7f7f0, 0x17fff0 - 0x8000, 0x1fff0 };
    KernelSpec s = spec_text(PROC_BRISC, addresses);
    KernelImage m;
    assert_ok(kernel_build(&s, &m));
    assert_true(m.patch_count > 20);
    assert_true(m.data_size > 0 && m.bss_size > 0);
    uint8_t *placed = malloc(m.size);
    for (size_t i = 0; i < sizeof where / sizeof *where; i++) {
        KernelImage there;
        assert_ok(kernel_build_at(&s, where[i], &there));
        assert_int_equal(there.base, where[i]);
        assert_int_equal(there.size, m.size);
        kernel_image_place(&m, where[i], placed);
        assert_memory_equal(placed, there.bytes, m.size);
        kernel_image_free(&there);
    }
    free(placed);
    kernel_image_free(&m);
}

// Truncated and damaged files: an error or an image, never a crash.
static void hostile_elf_files_are_survived(void **state) {
    (void)state;
    KernelSpec s = spec_text(PROC_BRISC, addresses);
    KernelImage m;
    assert_ok(kernel_build(&s, &m));
    uint64_t seed = 88172645463325252ull;
    for (int round = 0; round < 600; round++) {
        size_t n = m.elf_size;
        uint8_t *copy = malloc(n);
        memcpy(copy, m.elf, n);
        if (round % 3 == 0) n = n * (size_t)(round + 1) / 601;
        for (int k = 0; round % 3 && k < 8; k++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            // headers, then anywhere
            size_t at = round % 3 == 1 ? seed % 52 : seed % n;
            if (round % 3 == 2 && k < 4)
                at = n - 1 - seed % 1000; // the section table is at the end
            copy[at] = (uint8_t)(seed >> 32);
        }
        KernelImage broken = { 0 };
        if (image_from_elf(&broken, copy, n, true, &map)) {
            free(copy);
        } else {
            uint8_t *out = malloc(broken.size);
            kernel_image_place(&broken, 0x20000, out);
            free(out);
            kernel_image_free(&broken);
        }
    }
    kernel_image_free(&m);
}

// ---- The cache

static bool build_cached(const KernelSpec *s) {
    KernelImage m;
    assert_ok(kernel_build(s, &m));
    bool hit = m.from_cache;
    kernel_image_free(&m);
    return hit;
}

static void the_cache_knows_what_went_in(void **state) {
    char dir[PATH_CAP], path[PATH_CAP], header[PATH_CAP];
    path_join(dir, sizeof dir, *state, "odd #1 $name");
    assert_ok(dir_make(dir));
    path_join(path, sizeof path, dir, "k.cpp");
    path_join(header, sizeof header, dir, "k.h");
    assert_ok(file_write(header, "enum { N = 1 };\n", 16));
    assert_ok(file_write(path, "#include \"k.h\"\nvoid kernel_main() { DPRINT << N; }\n", 51));
    KernelSpec s = { .facts = &facts, .processor = PROC_BRISC, .path = path };
    assert_false(build_cached(&s));
    assert_true(build_cached(&s));
    assert_ok(
        file_write(header, "enum { N = 2 };\n", 16)); // a header that only the compiler knows of
    assert_false(build_cached(&s));
    assert_true(build_cached(&s));
    assert_ok(file_write(path, "#include \"k.h\"\nvoid kernel_main() { DPRINT << -N; }\n", 52));
    assert_false(build_cached(&s));
    uint32_t arg = 4;
    s.compile_args = &arg, s.compile_arg_count = 1;
    assert_false(build_cached(&s));
    arg = 5;
    assert_false(build_cached(&s));
    arg = 4;
    assert_true(build_cached(&s));
    s.processor = PROC_NCRISC;
    assert_false(build_cached(&s));
    DeviceFacts other = facts;
    other.num_l1_banks = 120;
    s.facts = &other;
    assert_false(build_cached(&s));
    s.cb[4] = (CbFormat){ .used = true, .data_format = 5 };
    assert_false(build_cached(&s));
    s.opt_level = "Os";
    assert_false(build_cached(&s));
    assert_true(build_cached(&s));
}

static size_t count_files(const char *dir, const char *end, char *last, size_t cap) {
    char kept[PATH_CAP];
    path_join(kept, sizeof kept, dir, "kernels-1");
    DIR *d = opendir(kept);
    size_t n = 0;
    for (struct dirent *e; d && (e = readdir(d));) {
        size_t len = strlen(e->d_name), m = strlen(end);
        if (len < m || strcmp(e->d_name + len - m, end)) continue;
        if (last) path_join(last, cap, kept, e->d_name);
        n++;
    }
    if (d) closedir(d);
    return n;
}

static void damaged_entries_are_misses(void **state) {
    KernelSpec s = spec_text(PROC_BRISC, plain);
    assert_false(build_cached(&s));
    char path[PATH_CAP];
    assert_int_equal(count_files(*state, ".elf", path, sizeof path), 1);
    assert_int_equal(truncate(path, 100), 0);
    assert_false(build_cached(&s));
    assert_true(build_cached(&s));
    assert_int_equal(unlink(path), 0);
    assert_false(build_cached(&s));
    assert_int_equal(count_files(*state, ".d", path, sizeof path), 1);
    assert_ok(file_write(path, "nonsense", 8));
    assert_false(build_cached(&s));
    assert_true(build_cached(&s));
}

static void old_entries_make_room(void **state) {
    setenv("WT_CACHE_LIMIT", "1", 1); // MiB
    char text[100], path[PATH_CAP];
    KernelSpec s = spec_text(PROC_BRISC, text);
    snprintf(text, sizeof text, "void kernel_main() { DPRINT << %d; }\n", 0);
    assert_false(build_cached(&s));
    char filler[PATH_CAP], aged[PATH_CAP];
    char *big = calloc(1, 300000);
    for (int i = 0; i < 5; i++) { // older than what is built next, younger than nothing
        snprintf(filler, sizeof filler, "%s/kernels-1/%032d.elf", (char *)*state, i);
        assert_ok(file_write(filler, big, 300000));
        struct timespec old[2] = { { .tv_sec = 1000 + i }, { .tv_sec = 1000 + i } };
        assert_int_equal(utimensat(AT_FDCWD, filler, old, 0), 0);
    }
    snprintf(aged, sizeof aged, "%s/kernels-1/left-behind.XYZ", (char *)*state);
    assert_ok(file_write(aged, "x", 1));
    struct timespec old[2] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
    utimensat(AT_FDCWD, aged, old, 0);
    free(big);
    snprintf(text, sizeof text, "void kernel_main() { DPRINT << %d; }\n", 1);
    assert_false(build_cached(&s));
    assert_true(build_cached(&s));                                    // the new one stayed
    assert_true(count_files(*state, ".elf", path, sizeof path) <= 4); // the oldest went
    snprintf(filler, sizeof filler, "%s/kernels-1/%032d.elf", (char *)*state, 0);
    assert_false(file_exists(filler));
    assert_false(file_exists(aged));
    unsetenv("WT_CACHE_LIMIT");
}

static char heard[2000];
static void hear(void *user, wt_log_level_t level, const char *line) {
    (void)user, (void)level;
    snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s\n", line);
}

static void without_a_cache_folder(void **state) {
    (void)state;
    char file[PATH_CAP], under[PATH_CAP];
    path_join(file, sizeof file, *state, "file");
    assert_ok(file_write(file, "", 0));
    path_join(under, sizeof under, file, "cache"); // a folder below a file: nobody can make it
    setenv("WT_CACHE", under, 1);
    heard[0] = 0;
    wt_set_log_callback(hear, NULL, WT_LOG_WARNING);
    KernelSpec s = spec_text(PROC_BRISC, plain);
    assert_false(build_cached(&s));
    assert_false(build_cached(&s)); // works, every time anew
    wt_set_log_callback(NULL, NULL, WT_LOG_ERROR);
    assert_non_null(strstr(heard, under));
}

// From here on root, too, may write only where the modes say so. (Another user might not even read
// the checkout.)
static bool heed_modes(void) {
    struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };
    return syscall(SYS_capset, &head, none) == 0;
}

// A folder that can be read but not written: hits are hits, misses are compiled and not kept.
static void with_a_read_only_cache_folder(void **state) {
    KernelSpec s = spec_text(PROC_BRISC, plain);
    assert_false(build_cached(&s));
    char kept[PATH_CAP];
    path_join(kept, sizeof kept, *state, "kernels-1");
    int status;
    pid_t pid = fork();
    if (!pid) {
        bool ok = chmod(kept, 0555) == 0 && heed_modes();
        KernelImage m;
        ok = ok && kernel_build(&s, &m) == WT_OK && m.from_cache;
        s.text = "void kernel_main() { DPRINT << 2; }\n";
        ok = ok && kernel_build(&s, &m) == WT_OK && !m.from_cache && !m.elf_path;
        if (!ok) print_error("%s\n", wt_last_error());
        _exit(!ok);
    }
    waitpid(pid, &status, 0);
    chmod(kept, 0755);
    assert_int_equal(status, 0);
    assert_int_equal(count_files(*state, ".elf", NULL, 0), 1);
}

// A file system with room for nothing: the kernel is built, not kept, and the log says so.
static void with_a_full_cache_folder(void **state) {
    int status;
    pid_t pid = fork();
    if (!pid) {
        if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
            mount("tmpfs", *state, "tmpfs", 0, "size=16k"))
            _exit(77); // not allowed here
        setenv("WT_CACHE", *state, 1);
        wt_set_log_callback(hear, NULL, WT_LOG_WARNING);
        heard[0] = 0;
        KernelSpec s = spec_text(PROC_BRISC, plain);
        KernelImage m;
        bool ok = kernel_build(&s, &m) == WT_OK && !m.from_cache && !m.elf_path &&
                  strstr(heard, "No space left on device");
        ok = ok && kernel_build(&s, &m) == WT_OK && !m.from_cache;
        if (!ok) print_error("%s%s\n", heard, wt_last_error());
        _exit(!ok);
    }
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77) skip();
    assert_int_equal(status, 0);
}

static void processes_share_the_cache(void **state) {
    enum { N = 4 };
    pid_t pid[N];
    for (int i = 0; i < N; i++) {
        if ((pid[i] = fork())) continue;
        for (int k = 0; k < 2; k++) { // the same two kernels, in opposite orders
            KernelSpec s = spec_text(PROC_BRISC, (i + k) % 2 ? plain : "void kernel_main() {}\n");
            KernelImage m;
            if (kernel_build(&s, &m)) _exit(1);
        }
        _exit(0);
    }
    for (int i = 0; i < N; i++) {
        int status;
        waitpid(pid[i], &status, 0);
        assert_int_equal(status, 0);
    }
    KernelSpec s = spec_text(PROC_BRISC, plain);
    assert_true(build_cached(&s));
    assert_int_equal(count_files(*state, ".d", NULL, 0), 2);
}

static void a_killed_compile_leaves_nothing_broken(void **state) {
    setenv("TMPDIR", *state, 1);
    KernelSpec s = spec_text(PROC_BRISC, plain);
    for (int ms = 20; ms <= 260; ms += 60) {
        pid_t pid = fork();
        if (!pid) {
            KernelImage m;
            kernel_build(&s, &m);
            _exit(0);
        }
        nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000L }, NULL);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    build_cached(&s);
    assert_true(build_cached(&s));
    assert_int_equal(count_files(*state, ".d", NULL, 0), 1);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, new_cache, drop_cache)
int main(void) {
    const struct CMUnitTest tests[] = {
        CASE(builds_for_every_processor),
        CASE(arguments_reach_the_kernel),
        CASE(compute_kernels_in_both_forms),
        CASE(several_at_once),
        CASE(firmware_fits_its_place),
        CASE(errors_name_the_kernels_own_line),
        CASE(what_cannot_be_built_says_why),
        CASE(wrong_calls_are_refused),
        CASE(a_missing_compiler_is_named),
        CASE(kernel_files_are_found),
        CASE(both_generations_of_include_paths),
        CASE(headers_of_the_root_are_found),
        CASE(accessor_arguments_are_chained),
        CASE(placing_equals_linking_there),
        CASE(hostile_elf_files_are_survived),
        CASE(the_cache_knows_what_went_in),
        CASE(damaged_entries_are_misses),
        CASE(old_entries_make_room),
        CASE(without_a_cache_folder),
        cmocka_unit_test_setup_teardown(with_a_read_only_cache_folder, new_public_cache,
                                        drop_cache),
        CASE(with_a_full_cache_folder),
        CASE(processes_share_the_cache),
        CASE(a_killed_compile_leaves_nothing_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
