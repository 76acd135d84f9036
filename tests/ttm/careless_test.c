// The API as a careless program uses it: every call below is wrong or odd in some way, and ends
// with a status that names what was wrong, on a device that goes on working.
#include "base/file.h"

#include "rig.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char empty_kernel[] = "void kernel_main() {}";

static ttm_buffer_t *new_buffer(ttm_device_t *d, uint64_t size, ttm_buffer_type_t type) {
    ttm_buffer_t *b = NULL;
    assert_ok(ttm_buffer_create_interleaved(d, size, size, type, NULL, &b));
    return b;
}

#define REFUSED(call, word) assert_fails(call, WT_INVALID, word)

static void null_pointers_are_named(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_buffer_t *b = new_buffer(d, 64, TTM_BUFFER_DRAM);
    ttm_program_t *p = new_program(d);
    ttm_kernel_t *k = new_kernel(p, empty_kernel);
    ttm_cb_index_t index = { 0, TTM_FORMAT_UINT32, 64 };
    ttm_cb_t *cb;
    assert_ok(ttm_cb_create(p, &core00, 1, 64, &index, 1, NULL, &cb));
    ttm_core_t core = { 0, 0 }, noc;
    ttm_device_info_t info = { .struct_size = sizeof info };
    ttm_device_stats_t stats = { .struct_size = sizeof stats };
    ttm_page_t page;
    uint64_t n;
    uint32_t word, id;
    size_t count;
    char text[8];

    REFUSED(ttm_device_create(0, NULL, NULL), "device is NULL");
    REFUSED(ttm_device_reset(NULL), "device is NULL");
    REFUSED(ttm_device_interrupt(NULL), "device is NULL");
    REFUSED(ttm_device_info(NULL, &info), "device is NULL");
    REFUSED(ttm_device_info(d, NULL), "info is NULL");
    REFUSED(ttm_device_stats(NULL, &stats), "device is NULL");
    REFUSED(ttm_device_stats(d, NULL), "stats is NULL");
    REFUSED(ttm_device_report(NULL, text, sizeof text, &count), "device is NULL");
    REFUSED(ttm_device_report(d, NULL, 8, &count), "text is NULL");
    assert_ok(ttm_device_report(d, NULL, 0, NULL));
    REFUSED(ttm_worker_core_from_logical_core(NULL, core, &noc), "device is NULL");
    REFUSED(ttm_worker_core_from_logical_core(d, core, NULL), "noc is NULL");
    assert_ok(ttm_set_root_dir(NULL));

    REFUSED(ttm_buffer_create_interleaved(NULL, 64, 64, 0, NULL, &b), "device is NULL");
    REFUSED(ttm_buffer_create_interleaved(d, 64, 64, 0, NULL, NULL), "buffer is NULL");
    REFUSED(ttm_buffer_write(NULL, 0, text, 1), "buffer is NULL");
    REFUSED(ttm_buffer_write(b, 0, NULL, 1), "data is NULL");
    assert_ok(ttm_buffer_write(b, 0, NULL, 0));
    REFUSED(ttm_buffer_read(NULL, 0, text, 1), "buffer is NULL");
    REFUSED(ttm_buffer_read(b, 0, NULL, 1), "data is NULL");
    assert_ok(ttm_buffer_read(b, 64, NULL, 0));
    REFUSED(ttm_buffer_address(NULL, &n), "buffer is NULL");
    REFUSED(ttm_buffer_address(b, NULL), "address is NULL");
    REFUSED(ttm_buffer_size(NULL, &n), "buffer is NULL");
    REFUSED(ttm_buffer_size(b, NULL), "size is NULL");
    REFUSED(ttm_buffer_page_size(NULL, &n), "buffer is NULL");
    REFUSED(ttm_buffer_page_size(b, NULL), "page_size is NULL");
    REFUSED(ttm_buffer_page(NULL, 0, &page), "buffer is NULL");
    REFUSED(ttm_buffer_page(b, 0, NULL), "page is NULL");
    REFUSED(ttm_tensor_accessor_args(NULL, &word, 1, &count), "buffer is NULL");
    REFUSED(ttm_tensor_accessor_args(b, &word, 1, NULL), "count is NULL");
    REFUSED(ttm_tensor_accessor_args(b, NULL, 1, &count), "words is NULL");
    assert_ok(ttm_tensor_accessor_args(b, NULL, 0, &count)); // asks how many
    assert_int_equal(count, 1);
    REFUSED(ttm_l1_write(NULL, core, 0, 0x100000, text, 1), "device is NULL");
    REFUSED(ttm_l1_write(d, core, 0, 0x100000, NULL, 1), "data is NULL");
    REFUSED(ttm_l1_read(NULL, core, 0, 0x100000, text, 1), "device is NULL");
    REFUSED(ttm_l1_read(d, core, 0, 0x100000, NULL, 1), "data is NULL");
    REFUSED(ttm_dram_channel_write(NULL, 0, 64, text, 1), "device is NULL");
    REFUSED(ttm_dram_channel_write(d, 0, 64, NULL, 1), "data is NULL");
    REFUSED(ttm_dram_channel_read(NULL, 0, 64, text, 1), "device is NULL");
    REFUSED(ttm_dram_channel_read(d, 0, 64, NULL, 1), "data is NULL");

    REFUSED(ttm_program_create(NULL, &p), "device is NULL");
    REFUSED(ttm_program_create(d, NULL), "program is NULL");
    REFUSED(ttm_cb_create(NULL, &core00, 1, 64, &index, 1, NULL, &cb), "program is NULL");
    REFUSED(ttm_cb_create(p, NULL, 1, 64, &index, 1, NULL, &cb), "no core ranges");
    REFUSED(ttm_cb_create(p, &core00, 1, 64, NULL, 1, NULL, &cb), "without an index");
    REFUSED(ttm_cb_address(NULL, &n), "cb is NULL");
    REFUSED(ttm_cb_address(cb, NULL), "address is NULL");
    REFUSED(ttm_semaphore_create(NULL, &core00, 1, 0, &id), "program is NULL");
    REFUSED(ttm_semaphore_create(p, NULL, 1, 0, &id), "no core ranges");
    REFUSED(ttm_semaphore_create(p, &core00, 1, 0, NULL), "id is NULL");
    REFUSED(ttm_kernel_create_dataflow(NULL, "x", &core00, 1, NULL, &k), "program is NULL");
    REFUSED(ttm_kernel_create_dataflow(p, NULL, &core00, 1, NULL, &k), "path is NULL");
    REFUSED(ttm_kernel_create_compute(NULL, "x", &core00, 1, NULL, &k), "program is NULL");
    REFUSED(ttm_kernel_create_compute(p, NULL, &core00, 1, NULL, &k), "path is NULL");
    REFUSED(ttm_kernel_create_compute_from_string(p, NULL, &core00, 1, NULL, &k), "source is NULL");
    REFUSED(ttm_kernel_create_compute_from_string(p, empty_kernel, NULL, 1, NULL, &k),
            "no core ranges");
    REFUSED(ttm_set_runtime_args(NULL, &core00, 1, &word, 1), "kernel is NULL");
    REFUSED(ttm_set_runtime_args(k, NULL, 1, &word, 1), "no core ranges");
    REFUSED(ttm_set_runtime_args(k, &core00, 1, NULL, 1), "args is NULL");
    assert_ok(ttm_set_runtime_args(k, &core00, 1, NULL, 0));
    REFUSED(ttm_set_common_runtime_args(NULL, &word, 1), "kernel is NULL");
    REFUSED(ttm_set_common_runtime_args(k, NULL, 1), "args is NULL");
    REFUSED(ttm_program_launch(NULL, NULL), "program is NULL");
    REFUSED(ttm_program_wait(NULL), "program is NULL");
    assert_ok(ttm_program_launch(p, NULL));
    assert_ok(ttm_program_destroy(p));
    assert_ok(ttm_buffer_destroy(b));
    assert_ok(ttm_device_close(d));
}

static void sizes_that_overflow_are_refused(void **state) {
    (void)state;
    const uint64_t huge[] = { UINT64_MAX, UINT64_MAX - 63, 1ull << 63, UINT32_MAX, 1ull << 32 };
    ttm_device_t *d = open_device();
    ttm_buffer_t *b = new_buffer(d, 4096, TTM_BUFFER_DRAM), *none;
    ttm_program_t *p = new_program(d);
    ttm_kernel_t *k = new_kernel(p, empty_kernel);
    ttm_core_t core = { 0, 0 };
    ttm_page_t page;
    uint32_t word = 0, id;
    char data[64] = { 0 };
    for (size_t i = 0; i < sizeof huge / sizeof *huge; i++) {
        uint64_t n = huge[i];
        for (ttm_buffer_type_t type = 0; type < 2; type++) {
            assert_int_not_equal(ttm_buffer_create_interleaved(d, n, n, type, NULL, &none), WT_OK);
            REFUSED(ttm_buffer_create_interleaved(d, 4096, n, type, NULL, &none), "pages of");
        }
        REFUSED(ttm_buffer_create_interleaved(d, n / 64 * 64, 64, TTM_BUFFER_L1, NULL, &none),
                "do not fit a bank");
        REFUSED(ttm_buffer_write(b, n, data, 64), "cannot write");
        REFUSED(ttm_buffer_write(b, 64, data, n), "cannot write");
        REFUSED(ttm_buffer_read(b, n, data, n), "cannot read");
        REFUSED(ttm_buffer_page(b, n, &page), "beyond");
        REFUSED(ttm_l1_write(d, core, TTM_CORE_WORKER, n, data, 64), "beyond the L1");
        REFUSED(ttm_l1_read(d, core, TTM_CORE_WORKER, 64, data, n), "beyond the L1");
        REFUSED(ttm_l1_read(d, core, TTM_CORE_ETH, n, data, n),
                "beyond the L1 of an Ethernet core");
        REFUSED(ttm_dram_channel_write(d, 0, 64, data, n), "beyond the DRAM channel");
        REFUSED(ttm_dram_channel_read(d, 0, n, data, 64), "beyond the DRAM channel");
        REFUSED(ttm_set_common_runtime_args(k, &word, n), "runtime arguments");
        REFUSED(ttm_set_runtime_args(k, &core00, 1, &word, n), "runtime arguments");
    }
    assert_ok(ttm_set_common_runtime_args(k, &word, 1)); // 1 more than SIZE_MAX is 0
    REFUSED(ttm_set_runtime_args(k, &core00, 1, &word, SIZE_MAX), "runtime arguments");
    REFUSED(ttm_dram_channel_read(d, UINT32_MAX, 0, data, 1), "4294967295");
    REFUSED(ttm_l1_read(d, (ttm_core_t){ UINT32_MAX, 0 }, TTM_CORE_WORKER, 0, data, 1),
            "429496729");
    REFUSED(ttm_l1_read(d, (ttm_core_t){ UINT32_MAX, 0 }, TTM_CORE_ETH, 0, data, 1), "429496729");
    REFUSED(ttm_l1_read(d, core, UINT32_MAX, 0, data, 1), "no core type");
    ttm_core_range_t everything = { { 0, 0 }, { UINT32_MAX, UINT32_MAX } };
    REFUSED(ttm_semaphore_create(p, &everything, 1, 0, &id), "outside the compute grid");
    ttm_cb_index_t index = { UINT32_MAX, TTM_FORMAT_UINT32, 64 };
    REFUSED(ttm_cb_create(p, &core00, 1, 64, &index, 1, NULL, NULL), "a core has 0 to 63");
    index = (ttm_cb_index_t){ 0, UINT32_MAX, 64 };
    REFUSED(ttm_cb_create(p, &core00, 1, 64, &index, 1, NULL, NULL), "no data format");
    index = (ttm_cb_index_t){ 0, TTM_FORMAT_UINT32, UINT32_MAX };
    REFUSED(ttm_cb_create(p, &core00, 1, 64, &index, 1, NULL, NULL), "do not divide");
    ttm_dataflow_options_t o = { .struct_size = sizeof o, .compile_args = &word };
    for (int field = 0; field < 3; field++) {
        o.num_compile_args = field == 0 ? SIZE_MAX / 4 + 2 : 0;
        o.defines = field == 1 ? (const ttm_define_t[]){ { "A", "1" } } : NULL;
        o.num_defines = field == 1 ? SIZE_MAX / sizeof *o.defines + 2 : 0;
        o.named_args = field == 2 ? (const ttm_named_arg_t[]){ { "a", 1 } } : NULL;
        o.num_named_args = field == 2 ? SIZE_MAX / sizeof *o.named_args + 2 : 0;
        REFUSED(ttm_kernel_create_dataflow_from_string(p, empty_kernel, &core00, 1, &o, NULL),
                "at most");
    }
    assert_ok(ttm_program_launch(p, NULL));
    ttm_program_destroy(p);
    ttm_buffer_destroy(b);
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

static void struct_sizes_are_checked_everywhere(void **state) {
    (void)state;
    const uint32_t wrong[] = { 0, 1, 3, 4097, UINT32_MAX };
    ttm_device_t *d = open_device(), *none;
    ttm_buffer_t *b;
    ttm_program_t *p = new_program(d);
    ttm_cb_index_t index = { 0, TTM_FORMAT_UINT32, 64 };
    union {
        uint32_t struct_size;
        ttm_device_options_t device;
        ttm_device_info_t info;
        ttm_device_stats_t stats;
        ttm_buffer_options_t buffer;
        ttm_cb_options_t cb;
        ttm_dataflow_options_t dataflow;
        ttm_compute_options_t compute;
        ttm_launch_options_t launch;
        char newer[4096];
    } o = { 0 };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        o.struct_size = wrong[i];
        REFUSED(ttm_device_create(0, &o.device, &none), "options->struct_size is");
        REFUSED(ttm_device_info(d, &o.info), "info->struct_size is");
        REFUSED(ttm_device_stats(d, &o.stats), "stats->struct_size is");
        REFUSED(ttm_buffer_create_interleaved(d, 64, 64, 0, &o.buffer, &b), "options->struct_size");
        REFUSED(ttm_cb_create(p, &core00, 1, 64, &index, 1, &o.cb, NULL), "options->struct_size");
        REFUSED(ttm_kernel_create_dataflow_from_string(p, "", &core00, 1, &o.dataflow, NULL),
                "options->struct_size");
        REFUSED(ttm_kernel_create_compute_from_string(p, "", &core00, 1, &o.compute, NULL),
                "options->struct_size");
        REFUSED(ttm_program_launch(p, &o.launch), "options->struct_size");
    }
    // An older program asks for less, a newer one for more: both get what there is.
    memset(o.newer, 0xee, sizeof o.newer);
    o.struct_size = offsetof(ttm_device_info_t, arch);
    assert_ok(ttm_device_info(d, &o.info));
    assert_int_equal(o.info.num_cbs, 64);
    assert_int_equal(o.info.arch[0], (char)0xee);
    memset(o.newer, 0xee, sizeof o.newer);
    o.struct_size = sizeof o.newer;
    assert_ok(ttm_device_stats(d, &o.stats));
    assert_int_equal(o.struct_size, sizeof o.newer);
    assert_int_equal(o.newer[sizeof(ttm_device_stats_t)], 0);
    assert_int_equal(o.newer[sizeof o.newer - 1], 0);
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

// Device, buffer and program, ended in each of their six orders.
static void any_order_of_destroying_will_do(void **state) {
    (void)state;
    const char *const orders[] = { "dbp", "dpb", "bdp", "bpd", "pdb", "pbd" };
    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        ttm_device_t *d = open_device();
        ttm_buffer_t *b = new_buffer(d, 4096, TTM_BUFFER_L1);
        ttm_program_t *p = new_program(d);
        ttm_cb_index_t index = { 0, TTM_FORMAT_UINT32, 64 };
        ttm_cb_options_t o = { .struct_size = sizeof o, .buffer = b };
        assert_ok(ttm_cb_create(p, &core00, 1, 4096, &index, 1, &o, NULL));
        new_kernel(p, empty_kernel);
        assert_ok(ttm_program_launch(p, NULL));
        for (const char *what = orders[i]; *what; what++)
            assert_ok(*what == 'd'   ? ttm_device_close(d)
                      : *what == 'b' ? ttm_buffer_destroy(b)
                                     : ttm_program_destroy(p));
    }
}

static void another_devices_things_are_refused(void **state) {
    (void)state;
    ttm_device_t *mine = open_device(), *other = open_device();
    ttm_buffer_t *theirs = new_buffer(other, 4096, TTM_BUFFER_L1);
    ttm_program_t *p = new_program(mine);
    ttm_cb_index_t index = { 0, TTM_FORMAT_UINT32, 64 };
    ttm_cb_options_t o = { .struct_size = sizeof o, .buffer = theirs };
    REFUSED(ttm_cb_create(p, &core00, 1, 4096, &index, 1, &o, NULL), "another device");
    ttm_buffer_destroy(theirs);
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(mine));
    assert_ok(ttm_device_close(other));
}

static void a_running_program_is_not_launched_again(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_buffer_t *b = new_buffer(d, 64, TTM_BUFFER_L1), *c;
    ttm_launch_options_t no_wait = { .struct_size = sizeof no_wait, .no_wait = 1 };
    set_l1_word(d, 0x100000, 0);
    new_kernel(p, "void kernel_main() { while (*(volatile uint32_t *)0x100000 != 1) {} }");
    assert_ok(ttm_program_launch(p, &no_wait));
    REFUSED(ttm_program_launch(p, NULL), "core (0,0) still runs");
    REFUSED(ttm_program_launch(p, &no_wait), "core (0,0) still runs");
    assert_ok(ttm_buffer_destroy(b)); // memory may come and go meanwhile
    c = new_buffer(d, 64, TTM_BUFFER_L1);
    set_l1_word(d, 0x100000, 1);
    assert_ok(ttm_program_wait(p));
    assert_ok(ttm_program_wait(p)); // nothing to wait for
    assert_ok(ttm_program_launch(p, NULL));
    ttm_buffer_destroy(c);
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

static wt_status_t run_define(ttm_device_t *d, const char *name, const char *value,
                              const char *source) {
    ttm_program_t *p = new_program(d);
    ttm_define_t define = { name, value };
    ttm_dataflow_options_t o = { .struct_size = sizeof o, .defines = &define, .num_defines = 1 };
    wt_status_t s = ttm_kernel_create_dataflow_from_string(p, source, &core00, 1, &o, NULL);
    if (s == WT_OK) s = ttm_program_launch(p, NULL);
    ttm_program_destroy(p);
    return s;
}

static void odd_defines_arrive_or_are_refused(void **state) {
    (void)state;
    static char name[4096];
    ttm_device_t *d = open_device();
    const char *text = "void kernel_main() { const char *s = TEXT; volatile uint8_t *to = "
                       "(volatile uint8_t *)0x100000; do *to++ = *s; while (*s++); }";
    assert_ok(run_define(d, "TEXT", "\"it's $HOME `x` \\\\ \\\" %d; #\"", text));
    char got[64];
    assert_ok(ttm_l1_read(d, (ttm_core_t){ 0, 0 }, TTM_CORE_WORKER, 0x100000, got, sizeof got));
    assert_string_equal(got, "it's $HOME `x` \\ \" %d; #");
    assert_ok(
        run_define(d, "F(x)", "((x) + 1)", "void kernel_main() { static_assert(F(1) == 2); }"));
    assert_ok(run_define(d, "EMPTY", NULL, "void kernel_main() { EMPTY }"));
    memset(name, 'N', sizeof name - 1);
    assert_ok(run_define(d, name, "1", empty_kernel));
    const char *const bad[] = { "", "1X", "A B", "A\nB", "A=1", "-DX", "A\"", "#X" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_not_equal(run_define(d, bad[i], "1", empty_kernel), WT_OK);
    assert_int_not_equal(run_define(d, "X", "1\nnonsense", "int x = X; void kernel_main() {}"),
                         WT_OK);
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

static void put_kernel(const char *path, uint32_t value) {
    char text[256];
    int n = snprintf(text, sizeof text,
                     "void kernel_main() { *(volatile uint32_t *)0x100000 = %u; }\n", value);
    assert_ok(file_write(path, text, (size_t)n));
}

static wt_status_t run_file(ttm_device_t *d, const char *path) {
    ttm_program_t *p = new_program(d);
    wt_status_t s = ttm_kernel_create_dataflow(p, path, &core00, 1, NULL, NULL);
    if (s == WT_OK) s = ttm_program_launch(p, NULL);
    ttm_program_destroy(p);
    return s;
}

static void odd_paths(void **state) {
    (void)state;
    static char longest[3 * PATH_CAP];
    char dir[PATH_CAP], path[PATH_CAP];
    ttm_device_t *d = open_device();
    assert_ok(dir_make_temp(dir, "odd kernels"));
    const char *const names[] = { "with spaces.cpp", "it's.cpp", "$HOME;x&y.cpp",
                                  "100%d.cpp",       "-DX.cpp",  "k\xc3\xa4se.cpp",
                                  "back\\slash.cpp" };
    for (uint32_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_true(path_join(path, sizeof path, dir, names[i]));
        put_kernel(path, 100 + i);
        assert_ok(run_file(d, path));
        assert_int_equal(l1_word(d, 0x100000), 100 + i);
    }
    assert_true(path_join(path, sizeof path, dir, "a\"quote.cpp"));
    put_kernel(path, 1);
    REFUSED(run_file(d, path), "quote or a line break");
    assert_true(path_join(path, sizeof path, dir, "a\nline.cpp"));
    put_kernel(path, 1);
    REFUSED(run_file(d, path), "quote or a line break");
    assert_fails(run_file(d, dir), WT_NOTFOUND, dir);
    assert_fails(run_file(d, ""), WT_INVALID, "empty");
    memset(longest, 'x', sizeof longest - 1);
    assert_fails(run_file(d, longest), WT_NOTFOUND, "xxx");
    assert_true(path_join(path, sizeof path, dir, "gone.cpp"));
    assert_fails(run_file(d, path), WT_NOTFOUND, path);
    assert_int_not_equal(run_file(d, "/dev/zero"), WT_OK);
    assert_usable(d);
    assert_ok(ttm_device_close(d));

    ttm_device_options_t o = { .struct_size = sizeof o };
    const char *const transports[] = { "", dir, "/dev/null", longest, "/dev/zero", "/bin/sh" };
    for (size_t i = 0; i < sizeof transports / sizeof *transports; i++) {
        o.transport = transports[i];
        assert_int_not_equal(ttm_device_create(0, &o, &d), WT_OK);
    }
    assert_int_not_equal(ttm_set_root_dir(""), WT_OK);
    assert_int_not_equal(ttm_set_root_dir(longest), WT_OK);
    assert_int_not_equal(ttm_set_root_dir("/etc/passwd"), WT_OK);
    assert_ok(dir_remove(dir));
}

static void many_devices_are_open_at_once(void **state) {
    (void)state;
    enum { DEVICES = 20 };
    ttm_device_t *d[DEVICES];
    for (uint32_t i = 0; i < DEVICES; i++) assert_ok(ttm_device_create(i, NULL, &d[i]));
    for (uint32_t i = 0; i < DEVICES; i++) set_l1_word(d[i], 0x100004, i);
    for (uint32_t i = 0; i < DEVICES; i++) assert_usable(d[i]);
    for (uint32_t i = 0; i < DEVICES; i++) {
        assert_int_equal(l1_word(d[i], 0x100004), i);
        assert_ok(ttm_device_close(d[i]));
    }
}

// A child has a chip of its own from then on: the state at the fork, and what it does itself.
static void a_forked_child_has_its_own_chip(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    set_l1_word(d, 0x100000, 1);
    pid_t child = fork();
    if (child == 0) {
        bool good = l1_word(d, 0x100000) == 1;
        assert_usable(d);
        good = good && ttm_device_close(d) == WT_OK;
        _exit(good ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_int_equal(l1_word(d, 0x100000), 1);
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

typedef struct Printing {
    ttm_device_t *device;
    ttm_buffer_t *buffer;
    ttm_program_t *running, *idle;
    int lines;
} Printing;

// What a callback does to the device it is called from.
static void call_back(void *user, const char *line) {
    Printing *c = user;
    uint32_t word;
    assert_string_equal(line, "0:(x=0,y=0):BR: hello");
    if (c->lines++) return;
    ttm_core_t core = { 0, 0 };
    const char *refused = "a callback of device 0 must not call back into it";
    REFUSED(ttm_l1_read(c->device, core, TTM_CORE_WORKER, 0x100000, &word, 4), refused);
    REFUSED(ttm_program_launch(c->running, NULL), refused);
    REFUSED(ttm_device_reset(c->device), refused);
    REFUSED(ttm_device_close(c->device), refused);
    REFUSED(ttm_program_destroy(c->running), "must not destroy a running program");
    assert_ok(ttm_program_destroy(c->idle));
    assert_ok(ttm_buffer_destroy(c->buffer));
}

static void callbacks_may_only_destroy(void **state) {
    (void)state;
    Printing c = { 0 };
    ttm_device_options_t o = { .struct_size = sizeof o, .print = call_back, .print_user = &c };
    assert_ok(ttm_device_create(0, &o, &c.device));
    c.buffer = new_buffer(c.device, 64, TTM_BUFFER_DRAM);
    c.idle = new_program(c.device);
    c.running = new_program(c.device);
    new_kernel(c.running, "void kernel_main() { DPRINT << \"hello\" << ENDL(); }");
    assert_ok(ttm_program_launch(c.running, NULL));
    assert_int_equal(c.lines, 1);
    assert_ok(ttm_program_launch(c.running, NULL)); // the lock is as it was
    assert_int_equal(c.lines, 2);
    ttm_program_destroy(c.running);
    assert_ok(ttm_device_close(c.device));
}

typedef struct Setting {
    const char *name, *value; // value NULL: unset
    bool works;               // or fails with a status
} Setting;

// In a process of its own, since the setting is the process's.
static wt_status_t run_with(const Setting *e) {
    pid_t child = fork();
    if (child == 0) {
        if (e->value)
            setenv(e->name, e->value, 1);
        else
            unsetenv(e->name);
        ttm_device_t *d;
        char source[64]; // a new one, so that it is compiled
        snprintf(source, sizeof source, "void kernel_main() { /* %d */ }", getpid());
        wt_status_t s = ttm_device_create(0, NULL, &d);
        if (s == WT_OK) s = run_kernel(d, source, NULL, 0);
        if (s != WT_OK && strlen(wt_last_error()) < 10) s = WT_INTERNAL; // says nothing
        _exit(-s);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status)) fail_msg("%s=%s: signal %d", e->name, e->value, WTERMSIG(status));
    return -WEXITSTATUS(status);
}

static void nonsense_in_the_environment(void **state) {
    (void)state;
    static char longest[3 * PATH_CAP];
    memset(longest, 'x', sizeof longest - 1);
    const Setting settings[] = {
        { "WT_CACHE", "/dev/null/x", true },
        { "WT_CACHE", "", true },
        { "WT_CACHE", longest, true },
        { "WT_CACHE_LIMIT", "plenty", true },
        { "WT_CACHE_LIMIT", "-1", true },
        { "WT_CACHE_LIMIT", "99999999999999999999", true },
        { "WT_CACHE_LIMIT", "0", true },
        { "XDG_CACHE_HOME", NULL, true },
        { "XDG_CACHE_HOME", "/proc", true },
        { "XDG_CACHE_HOME", "build/relative", true },
        { "XDG_CACHE_HOME", longest, true },
        { "HOME", NULL, true },
        { "WT_HARD", "banana", true },
        { "WT_TINY", "-1", true },
        { "TT_METAL_HOME", "/nowhere", true },
        { "TT_METAL_HOME", longest, false },
        { "TT_METAL_KERNEL_PATH", "/dev/null", true },
        { "LC_ALL", "tlh_XX.UTF-9", true },
        { "TMPDIR", "/nowhere", false },
        { "TMPDIR", longest, false },
        { "TMPDIR", "", true },
        { "WT_SHARE", "/nowhere", false },
        { "WT_SHARE", longest, false },
        { "PATH", "", false },
        { "PATH", NULL, false },
    };
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        const Setting *e = &settings[i];
        wt_status_t s = run_with(e);
        if ((s == WT_OK) != e->works || s == WT_INTERNAL)
            fail_msg("%s=%.40s: %s", e->name, e->value ? e->value : "(unset)", wt_status_name(s));
    }
    (void)dir_remove("build/relative");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(null_pointers_are_named),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(struct_sizes_are_checked_everywhere),
        cmocka_unit_test(any_order_of_destroying_will_do),
        cmocka_unit_test(another_devices_things_are_refused),
        cmocka_unit_test(a_running_program_is_not_launched_again),
        cmocka_unit_test(odd_defines_arrive_or_are_refused),
        cmocka_unit_test(odd_paths),
        cmocka_unit_test(callbacks_may_only_destroy),
        cmocka_unit_test(nonsense_in_the_environment),
        cmocka_unit_test(many_devices_are_open_at_once),
        cmocka_unit_test(a_forked_child_has_its_own_chip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
