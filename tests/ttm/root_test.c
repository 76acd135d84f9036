// Where kernels and their includes are found: the root folder, its environment variable, the folder
// of the kernel.
#include "rig.h"

#include <sys/stat.h>
#include <unistd.h>

static char root[64];

static void put_file(const char *name, const char *text) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static int setup(void **state) {
    (void)state;
    char dir[80];
    strcpy(root, "/tmp/wt-root-XXXXXX");
    if (!mkdtemp(root)) return -1;
    snprintf(dir, sizeof dir, "%s/kernels", root);
    mkdir(dir, 0755);
    snprintf(dir, sizeof dir, "%s/shared", root);
    mkdir(dir, 0755);
    put_file("shared/value.h", "#define VALUE 17\n");
    put_file("kernels/beside.h", "#define BESIDE 4\n");
    put_file("kernels/find.cpp",
             "#include \"shared/value.h\"\n"
             "#include \"beside.h\"\n"
             "void kernel_main() { *(volatile uint32_t *)0x100000 = VALUE + BESIDE; }\n");
    return 0;
}

static wt_status_t run_found(ttm_device_t *d) {
    ttm_program_t *p = new_program(d);
    wt_status_t s = ttm_kernel_create_dataflow(p, "kernels/find.cpp", &core00, 1, NULL, NULL);
    if (s == WT_OK) s = ttm_program_launch(p, NULL);
    ttm_program_destroy(p);
    return s;
}

static void expect_found(ttm_device_t *d) {
    set_l1_word(d, 0x100000, 0);
    assert_ok(run_found(d));
    assert_int_equal(l1_word(d, 0x100000), 21);
    assert_ok(ttm_device_close(d));
}

static void the_root_folder_is_read_when_a_device_is_created(void **state) {
    (void)state;
    unsetenv("TT_METAL_HOME");
    ttm_device_t *before = open_device();
    assert_ok(ttm_set_root_dir(root));
    ttm_device_t *after = open_device();
    assert_ok(ttm_set_root_dir(NULL));
    assert_int_equal(run_found(before), WT_NOTFOUND);
    assert_ok(ttm_device_close(before));
    expect_found(after);
}

static void a_relative_root_holds_wherever_the_process_goes(void **state) {
    (void)state;
    char here[1024];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir("/tmp"), 0);
    assert_ok(ttm_set_root_dir(root + strlen("/tmp/")));
    ttm_device_t *by_call = open_device();
    assert_ok(ttm_set_root_dir(NULL));
    setenv("TT_METAL_HOME", root + strlen("/tmp/"), 1);
    ttm_device_t *by_variable = open_device();
    unsetenv("TT_METAL_HOME");
    assert_int_equal(chdir(here), 0);
    expect_found(by_call);
    expect_found(by_variable);
}

static void tt_metal_home_is_the_default(void **state) {
    (void)state;
    setenv("TT_METAL_HOME", root, 1);
    ttm_device_t *d = open_device();
    unsetenv("TT_METAL_HOME");
    expect_found(d);
}

static void kernel_path_comes_before_the_root(void **state) {
    (void)state;
    setenv("TT_METAL_KERNEL_PATH", root, 1);
    setenv("TT_METAL_HOME", root, 1); // for the include
    ttm_device_t *d = open_device();
    unsetenv("TT_METAL_HOME");
    expect_found(d);
    unsetenv("TT_METAL_KERNEL_PATH");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_root_folder_is_read_when_a_device_is_created),
        cmocka_unit_test(a_relative_root_holds_wherever_the_process_goes),
        cmocka_unit_test(tt_metal_home_is_the_default),
        cmocka_unit_test(kernel_path_comes_before_the_root),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
