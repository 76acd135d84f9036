// Devices that are not there, and what is left of one that is closed.
#include "base/file.h"
#include "base/proc.h"

#include "rig.h"

#include <unistd.h>

static void devices_that_are_not_there(void **state) {
    (void)state;
    ttm_device_t *d;
    ttm_device_options_t o = { .struct_size = sizeof o, .transport = "/nowhere/libttsim.so" };
    assert_fails(ttm_device_create(32, NULL, &d), WT_NOTFOUND, "there is no device 32");
    assert_fails(ttm_device_create(1, &o, &d), WT_NOTFOUND, "there is no device 1 behind");
    assert_int_not_equal(ttm_device_create(0, &o, &d), WT_OK);
    assert_non_null(strstr(wt_last_error(), "/nowhere/libttsim.so"));
    o.transport = "/etc/passwd";
    assert_int_not_equal(ttm_device_create(0, &o, &d), WT_OK);
    assert_non_null(strstr(wt_last_error(), "/etc/passwd"));
    assert_fails(ttm_device_create(0, NULL, NULL), WT_INVALID, "device is NULL");
    assert_fails(ttm_set_root_dir("/nowhere/tt-metal"), WT_NOTFOUND, "/nowhere/tt-metal");
}

static void build_double(char path[PATH_CAP], const char *dir, const char *flag) {
    assert_true(path_join(path, PATH_CAP, dir, "double.so"));
    const char *argv[] = { "cc", "-shared", "-fPIC", "-O1", "-o", path, "tests/ttm/double/ttsim.c",
                           flag, NULL };
    ProcResult r;
    assert_ok(proc_run(&(ProcSpec){ .argv = argv }, &r));
    if (r.code) fail_msg("%s", r.out);
    proc_free(&r);
}

// A simulator that complains while it boots, one that dies, one of another chip.
static void simulators_that_do_not_boot(void **state) {
    (void)state;
    char dir[PATH_CAP], path[PATH_CAP];
    ttm_device_t *d;
    assert_ok(dir_make_temp(dir, "ttm-double"));
    ttm_device_options_t o = { .struct_size = sizeof o, .transport = path };
    build_double(path, dir, "-DPLAIN");
    assert_fails(ttm_device_create(0, &o, &d), WT_FAULT, "device 0: booting core (0,0)");
    assert_non_null(strstr(wt_last_error(), "no such address")); // its own words
    build_double(path, dir, "-DDIES");
    assert_int_not_equal(ttm_device_create(0, &o, &d), WT_OK);
    assert_non_null(strstr(wt_last_error(), "this one never starts"));
    build_double(path, dir, "-DDEVICE=0x401e1e52u");
    assert_int_not_equal(ttm_device_create(0, &o, &d), WT_OK);
    assert_non_null(strstr(wt_last_error(), path));
    assert_ok(dir_remove(dir));
}

static void children_of_a_closed_device_are_shells(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_buffer_t *b, *other;
    assert_ok(ttm_buffer_create_interleaved(d, 4096, 2048, TTM_BUFFER_DRAM, NULL, &b));
    ttm_program_t *p = new_program(d);
    ttm_kernel_t *k = new_kernel(p, "void kernel_main() {}");
    ttm_cb_index_t index = { 0, TTM_FORMAT_UINT32, 64 };
    ttm_cb_t *cb;
    assert_ok(ttm_cb_create(p, &core00, 1, 64, &index, 1, NULL, &cb));
    assert_ok(ttm_device_close(d));

    char data[16] = { 0 };
    uint64_t n;
    uint32_t word = 0, id;
    size_t count;
    ttm_page_t page;
    ttm_core_t core = { 0, 0 };
    ttm_device_info_t info = { .struct_size = sizeof info };
    ttm_device_stats_t stats = { .struct_size = sizeof stats };
    const char *closed = "device 0 is closed";
    assert_fails(ttm_device_close(d), WT_CLOSED, closed);
    assert_fails(ttm_device_close(d), WT_CLOSED, closed);
    assert_fails(ttm_device_reset(d), WT_CLOSED, closed);
    assert_fails(ttm_device_interrupt(d), WT_CLOSED, closed);
    assert_fails(ttm_device_info(d, &info), WT_CLOSED, closed);
    assert_fails(ttm_device_stats(d, &stats), WT_CLOSED, closed);
    assert_fails(ttm_device_report(d, data, sizeof data, NULL), WT_CLOSED, closed);
    assert_fails(ttm_worker_core_from_logical_core(d, core, &core), WT_CLOSED, closed);
    assert_fails(ttm_buffer_create_interleaved(d, 64, 64, 0, NULL, &other), WT_CLOSED, closed);
    assert_fails(ttm_buffer_write(b, 0, data, 16), WT_CLOSED, closed);
    assert_fails(ttm_buffer_read(b, 0, data, 16), WT_CLOSED, closed);
    assert_fails(ttm_buffer_address(b, &n), WT_CLOSED, closed);
    assert_fails(ttm_buffer_size(b, &n), WT_CLOSED, closed);
    assert_fails(ttm_buffer_page_size(b, &n), WT_CLOSED, closed);
    assert_fails(ttm_buffer_page(b, 0, &page), WT_CLOSED, closed);
    assert_fails(ttm_tensor_accessor_args(b, &word, 1, &count), WT_CLOSED, closed);
    assert_fails(ttm_l1_write(d, core, 0, 0x20000, data, 4), WT_CLOSED, closed);
    assert_fails(ttm_l1_read(d, core, 0, 0x20000, data, 4), WT_CLOSED, closed);
    assert_fails(ttm_dram_channel_write(d, 0, 64, data, 4), WT_CLOSED, closed);
    assert_fails(ttm_dram_channel_read(d, 0, 64, data, 4), WT_CLOSED, closed);
    assert_fails(ttm_program_create(d, &p), WT_CLOSED, closed);
    assert_fails(ttm_cb_create(p, &core00, 1, 64, &index, 1, NULL, NULL), WT_CLOSED, closed);
    assert_fails(ttm_cb_address(cb, &n), WT_CLOSED, closed);
    assert_fails(ttm_semaphore_create(p, &core00, 1, 0, &id), WT_CLOSED, closed);
    assert_fails(ttm_kernel_create_dataflow(p, "x", &core00, 1, NULL, NULL), WT_CLOSED, closed);
    assert_fails(ttm_kernel_create_compute(p, "x", &core00, 1, NULL, NULL), WT_CLOSED, closed);
    assert_fails(ttm_set_runtime_args(k, &core00, 1, &word, 1), WT_CLOSED, closed);
    assert_fails(ttm_set_common_runtime_args(k, &word, 1), WT_CLOSED, closed);
    assert_fails(ttm_program_launch(p, NULL), WT_CLOSED, closed);
    assert_fails(ttm_program_wait(p), WT_CLOSED, closed);
    assert_ok(ttm_program_destroy(p));
    assert_ok(ttm_buffer_destroy(b)); // the last: now the device is gone
    assert_ok(ttm_buffer_destroy(NULL));
    assert_ok(ttm_program_destroy(NULL));
    assert_ok(ttm_device_close(NULL));
}

// A device that closes while a program waits for its host takes the program with it.
static void closing_ends_what_runs(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    new_kernel(p, "void kernel_main() { while (*(volatile uint32_t *)0x100000 != 1) {} }");
    ttm_launch_options_t o = { .struct_size = sizeof o, .no_wait = 1 };
    assert_ok(ttm_program_launch(p, &o));
    assert_fails(ttm_program_wait(p), WT_STALL, "core (0,0) brisc");
    assert_ok(ttm_device_close(d));
    assert_ok(ttm_program_destroy(p));
}

static void two_devices_are_two(void **state) {
    (void)state;
    ttm_device_t *a = open_device(), *b = open_device();
    set_l1_word(a, 0x100000, 1);
    set_l1_word(b, 0x100000, 2);
    assert_usable(b);
    assert_int_equal(l1_word(a, 0x100000), 1);
    assert_ok(ttm_device_close(a));
    assert_usable(b);
    assert_ok(ttm_device_close(b));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_that_are_not_there),
        cmocka_unit_test(simulators_that_do_not_boot),
        cmocka_unit_test(children_of_a_closed_device_are_shells),
        cmocka_unit_test(closing_ends_what_runs),
        cmocka_unit_test(two_devices_are_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
