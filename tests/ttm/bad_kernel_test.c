// Kernels that do not compile, are not there, or cannot be where they are put; no compiler; a cache
// that cannot be written; a process that dies while it compiles.
#include "rig.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void errors_show_the_kernels_own_line(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    assert_fails(run_kernel(d, "void kernel_main() {\n    int x = no_such_thing;\n}\n", NULL, 0),
                 WT_COMPILE, "no_such_thing");
    assert_non_null(strstr(wt_last_error(), "kernel.cpp:2:"));
    assert_usable(d);

    char dir[] = "/tmp/wt-kernel-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/reader.cpp", dir);
    FILE *f = fopen(path, "w");
    fputs("#include <cstdint>\n\nvoid kernel_main() {\n    return 1 +;\n}\n", f);
    fclose(f);
    ttm_program_t *p = new_program(d);
    assert_ok(ttm_kernel_create_dataflow(p, path, &core00, 1, NULL, NULL));
    assert_fails(ttm_program_launch(p, NULL), WT_COMPILE, "reader.cpp:4:");
    ttm_program_destroy(p);
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

// Blackhole writes whole words. A byte enable that says otherwise is no wish to be dropped: known
// to the compiler, it is told at the kernel's line; else the kernel stops there.
static void inline_writes_of_less_than_a_word_are_refused(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    const char *line = "noc_inline_dw_write(get_noc_addr(0x100000), 5, 0x3);\n}";
    char source[256];
    snprintf(source, sizeof source, "void kernel_main() {\n    %s", line);
    assert_fails(run_kernel(d, source, NULL, 0), WT_COMPILE, "`be` must be 0xF");
    assert_non_null(strstr(wt_last_error(), "kernel.cpp:2:"));
    line = "noc_inline_dw_write_set_state(get_noc_addr(0xFFB40000), 5, 0x1);\n}";
    snprintf(source, sizeof source, "void kernel_main() {\n    %s", line);
    assert_fails(run_kernel(d, source, NULL, 0), WT_COMPILE, "`be` must be 0xF");

    line = "noc_inline_dw_write(get_noc_addr(0x100000), 5, get_arg_val<uint32_t>(0));\n}";
    snprintf(source, sizeof source, "void kernel_main() {\n    %s", line);
    uint32_t be = 0xF;
    assert_ok(run_kernel(d, source, &be, 1));
    assert_int_equal(l1_word(d, 0x100000), 5);
    be = 0x3;
    assert_fails(run_kernel(d, source, &be, 1), WT_FAULT, "noc_inline_dw_write");
    assert_non_null(strstr(wt_last_error(), "ebreak"));
    assert_non_null(strstr(wt_last_error(), "kernel.cpp:2"));
    assert_ok(ttm_device_reset(d));
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

static void missing_files_say_where_they_were_looked_for(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    assert_fails(ttm_kernel_create_dataflow(p, "no/such/kernel.cpp", &core00, 1, NULL, NULL),
                 WT_NOTFOUND, "no/such/kernel.cpp");
    assert_fails(ttm_kernel_create_compute(p, "/no/such/kernel.cpp", &core00, 1, NULL, NULL),
                 WT_NOTFOUND, "/no/such/kernel.cpp");
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

static void a_processor_runs_one_kernel(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    const char *source = "void kernel_main() {}";
    ttm_core_range_t many = { { 0, 0 }, { 3, 3 } };
    ttm_dataflow_options_t second = { .struct_size = sizeof second, .processor = TTM_RISCV_1 };
    new_kernel(p, source);
    assert_fails(ttm_kernel_create_dataflow_from_string(p, source, &many, 1, NULL, NULL),
                 WT_INVALID, "RISCV_0 of core (0,0) already has kernel");
    second.noc = TTM_NOC_0;
    assert_fails(ttm_kernel_create_dataflow_from_string(p, source, &many, 1, &second, NULL),
                 WT_INVALID, "NoC 0 of core (0,0) is already used");
    second.noc = TTM_NOC_DEFAULT;
    second.dynamic_noc = 1;
    assert_fails(ttm_kernel_create_dataflow_from_string(p, source, &many, 1, &second, NULL),
                 WT_INVALID, "other NoC mode");
    second.dynamic_noc = 0;
    assert_ok(ttm_kernel_create_dataflow_from_string(p, source, &many, 1, &second, NULL));
    assert_ok(ttm_kernel_create_compute_from_string(p, source, &many, 1, NULL, NULL));
    assert_fails(ttm_kernel_create_compute_from_string(p, source, &core00, 1, NULL, NULL),
                 WT_INVALID, "the compute processors");
    assert_ok(ttm_program_launch(p, NULL));
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

static void kernels_too_large_for_the_ring_are_refused(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    assert_fails(
        run_kernel(d,
                   "const uint8_t table[80000] = {1};\n"
                   "void kernel_main() {\n"
                   "    for (int i = 0; i < 80000; i++)\n"
                   "        *(volatile uint8_t *)0x100000 = ((volatile const uint8_t *)table)[i];\n"
                   "}\n",
                   NULL, 0),
        WT_INVALID, "the kernel-config buffer has 70656");
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

static void without_a_compiler_the_message_says_what_to_install(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    char *path = strdup(getenv("PATH"));
    setenv("PATH", "/nowhere", 1);
    wt_status_t s = run_kernel(d, "void kernel_main() { /* not seen before */ }", NULL, 0);
    setenv("PATH", path, 1);
    free(path);
    assert_int_equal(s, WT_TOOL);
    assert_non_null(strstr(wt_last_error(), "riscv64-unknown-elf"));
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

// The cache is a help, not a need. Root writes into folders that forbid it, so the folder is a
// file.
static void a_cache_that_cannot_be_written_is_done_without(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    char dir[] = "/tmp/wt-cache-XXXXXX", file[64];
    char *before = getenv("XDG_CACHE_HOME") ? strdup(getenv("XDG_CACHE_HOME")) : NULL;
    assert_non_null(mkdtemp(dir));
    snprintf(file, sizeof file, "%s/blocked", dir);
    assert_true(close(open(file, O_CREAT | O_WRONLY, 0600)) == 0);
    setenv("XDG_CACHE_HOME", file, 1);
    wt_status_t s =
        run_kernel(d, "void kernel_main() { *(volatile uint32_t *)0x100000 = 4711; }", NULL, 0);
    if (before)
        setenv("XDG_CACHE_HOME", before, 1);
    else
        unsetenv("XDG_CACHE_HOME");
    free(before);
    if (s == WT_OK)
        assert_int_equal(l1_word(d, 0x100000), 4711);
    else
        fail_msg("%s", wt_last_error());
    assert_ok(ttm_device_close(d));
}

// In a child with a file system of its own, read-only or too small for anything.
static void run_with_cache_on(unsigned long flags, const char *options) {
    char dir[] = "/tmp/wt-cache-XXXXXX";
    enum { FINE = 0, FAILED = 1, NOT_ALLOWED = 2 };
    assert_non_null(mkdtemp(dir));
    ttm_device_t *d = open_device(); // the firmware is compiled before
    assert_ok(ttm_device_close(d));
    pid_t child = fork();
    if (child == 0) {
        if ((unshare(CLONE_NEWNS) && unshare(CLONE_NEWUSER | CLONE_NEWNS)) ||
            mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
            mount("none", dir, "tmpfs", flags, options))
            _exit(NOT_ALLOWED);
        setenv("XDG_CACHE_HOME", dir, 1);
        const char *source = "void kernel_main() { *(volatile uint32_t *)0x100000 = 2718; }";
        uint32_t word = 0;
        wt_status_t s = ttm_device_create(0, NULL, &d);
        if (s == WT_OK) s = run_kernel(d, source, NULL, 0);
        if (s == WT_OK)
            s = ttm_l1_read(d, (ttm_core_t){ 0, 0 }, TTM_CORE_WORKER, 0x100000, &word, 4);
        if (s != WT_OK) fprintf(stderr, "%s\n", wt_last_error());
        _exit(s == WT_OK && word == 2718 ? FINE : FAILED);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == NOT_ALLOWED) skip();
    assert_int_equal(WEXITSTATUS(status), FINE);
}

static void a_read_only_cache_is_done_without(void **state) {
    (void)state;
    run_with_cache_on(MS_RDONLY, "size=1m");
}

static void a_full_cache_is_done_without(void **state) {
    (void)state;
    run_with_cache_on(0, "size=8k");
}

// Killed at many moments of a compilation: whoever comes next finds a cache that works.
static void killed_compilations_leave_a_good_cache(void **state) {
    (void)state;
    const char *source = "void kernel_main() { *(volatile uint32_t *)0x100000 = 31337; }";
    for (int ms = 5; ms < 400; ms += 60) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            ttm_device_t *d = NULL;
            if (ttm_device_create(0, NULL, &d) == WT_OK) (void)run_kernel(d, source, NULL, 0);
            _exit(0);
        }
        usleep((useconds_t)ms * 1000);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
    }
    ttm_device_t *d = open_device();
    assert_ok(run_kernel(d, source, NULL, 0));
    assert_int_equal(l1_word(d, 0x100000), 31337);
    assert_ok(ttm_device_close(d));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_compilations_leave_a_good_cache), // first: the cache is empty
        cmocka_unit_test(errors_show_the_kernels_own_line),
        cmocka_unit_test(inline_writes_of_less_than_a_word_are_refused),
        cmocka_unit_test(missing_files_say_where_they_were_looked_for),
        cmocka_unit_test(a_processor_runs_one_kernel),
        cmocka_unit_test(kernels_too_large_for_the_ring_are_refused),
        cmocka_unit_test(without_a_compiler_the_message_says_what_to_install),
        cmocka_unit_test(a_cache_that_cannot_be_written_is_done_without),
        cmocka_unit_test(a_read_only_cache_is_done_without),
        cmocka_unit_test(a_full_cache_is_done_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
