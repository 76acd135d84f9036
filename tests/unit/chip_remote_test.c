// The path to a foreign simulator, with doubles built here: one that answers, some that die.
#include "base/file.h"
#include "base/proc.h"
#include "ttm/chip/chip.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "test.h"

static char dir[PATH_CAP];

// Builds the double with these flags; returns its path.
static const char *build(const char *name, const char *flag) {
    static char path[PATH_CAP + 64];
    snprintf(path, sizeof path, "%s/%s.so", dir, name);
    ProcResult r;
    const char *argv[] = { "cc", "-shared", "-fPIC", "-O1", "-o", path, "tests/ttm/double/ttsim.c",
                           flag, NULL };
    assert_ok(proc_run(&(ProcSpec){ .argv = argv }, &r));
    if (r.code) fail_msg("%s", r.out);
    proc_free(&r);
    return path;
}

static Chip *open_double(void) {
    Chip *chip;
    assert_ok(chip_open(&(ChipOptions){ .transport = build("ttsim", NULL) }, &chip));
    return chip;
}

static uint32_t word(Chip *chip, ChipXY at, uint32_t addr) {
    uint32_t v;
    assert_ok(chip_read(chip, at, addr, &v, sizeof v));
    return v;
}

static void order(Chip *chip, ChipXY at, uint32_t v) {
    assert_ok(chip_write(chip, at, 0x100, &v, sizeof v));
    assert_ok(chip_set_soft_reset(chip, at, CHIP_ALL_HARTS & ~(1u << CHIP_BRISC)));
}

static void memory_is_copied_both_ways(void **state) {
    (void)state;
    Chip *chip = open_double();
    assert_int_equal(chip_facts(chip)->capabilities & (CHIP_QUIESCENT | CHIP_PC), 0);
    enum { N = 1 << 20 };
    uint8_t *out = malloc(N), *in = malloc(N);
    for (int i = 0; i < N; i++) out[i] = (uint8_t)(i * 7 + i / 256);
    ChipXY a, b, d;
    assert_ok(chip_worker(chip, 0, 0, &a));
    assert_ok(chip_worker(chip, 13, 9, &b));
    assert_ok(chip_dram(chip, 3, 0, &d));
    assert_ok(chip_write(chip, a, 5, out, N));
    assert_ok(chip_write(chip, b, 0x1000, out, 1000));
    assert_ok(chip_write(chip, d, 0, out + 1, N - 1));
    assert_ok(chip_read(chip, a, 5, in, N));
    assert_memory_equal(in, out, N);
    assert_ok(chip_read(chip, d, 0, in, N - 1));
    assert_memory_equal(in, out + 1, N - 1);
    assert_ok(chip_read(chip, b, 0x1001, in, 10));
    assert_memory_equal(in, out + 1, 10);
    free(in);
    free(out);
    chip_close(chip);
}

static void runs_end_at_conditions_and_limits(void **state) {
    (void)state;
    Chip *chip = open_double();
    ChipXY a, b;
    assert_ok(chip_worker(chip, 2, 3, &a));
    assert_ok(chip_worker(chip, 4, 5, &b));
    order(chip, a, 41);
    order(chip, b, 6);
    const ChipUntil until[] = { { a, 0x104, ~0u, 42 }, { b, 0x104, 0xff, 7 } };
    assert_ok(chip_run(chip, &(ChipRun){ .until = until, .num_until = 2 }));
    ChipStats stats;
    chip_stats(chip, &stats);
    assert_int_equal(stats.windows, 3);
    assert_int_equal(word(chip, b, 0x104), 7);
    assert_ok(chip_run(chip, &(ChipRun){ .windows = 100 }));
    chip_stats(chip, &stats);
    assert_int_equal(stats.windows, 103);
    const ChipUntil never[] = { { a, 0x108, 1, 1 } };
    assert_int_equal(
        chip_run(chip, &(ChipRun){ .until = never, .num_until = 1, .max_cycles = 6400 }), WT_LIMIT);
    chip_stats(chip, &stats);
    assert_int_equal(stats.cycles, 203 * 64);
    chip_close(chip);
}

static wt_status_t count_service(void *user, bool *again) {
    ++*(int *)user;
    *again = false;
    return WT_OK;
}

static void services_run_every_1024_windows(void **state) {
    (void)state;
    Chip *chip = open_double();
    int n = 0;
    assert_ok(chip_run(chip, &(ChipRun){ .windows = 5000, .service = count_service, .user = &n }));
    assert_int_equal(n, 4);
    chip_close(chip);
}

static void *interrupt(void *chip) {
    usleep(20000);
    chip_interrupt(chip);
    return NULL;
}

static void a_run_is_interrupted(void **state) {
    (void)state;
    Chip *chip = open_double();
    pthread_t thread;
    pthread_create(&thread, NULL, interrupt, chip);
    assert_int_equal(chip_run(chip, &(ChipRun){ 0 }), WT_INTERRUPTED);
    pthread_join(thread, NULL);
    chip_close(chip);
}

// Makes it die mid-run; it says so, refuses, and works again after a reset.
static void check_death(uint32_t how, wt_status_t status, ChipGap gap, const char *text) {
    Chip *chip = open_double();
    ChipXY a;
    assert_ok(chip_worker(chip, 0, 0, &a));
    order(chip, a, how);
    assert_fails(chip_run(chip, &(ChipRun){ .windows = 10 }), status, text);
    const ChipFault *fault;
    assert_int_equal(chip_faults(chip, &fault), 1);
    assert_int_equal(fault->gap, gap);
    uint32_t v = 1;
    assert_fails(chip_write(chip, a, 0, &v, 4), WT_FAULT, "must be reset");
    assert_fails(chip_read(chip, a, 0, &v, 4), WT_FAULT, "has ended; reset the device");
    assert_ok(chip_reset(chip));
    assert_int_equal(word(chip, a, 0x100), 0);
    order(chip, a, 1);
    assert_ok(chip_run(chip, &(ChipRun){ .windows = 10 }));
    assert_int_equal(word(chip, a, 0x104), 2);
    chip_close(chip);
}

static void its_error_line_is_the_fault(void **state) {
    (void)state;
    check_death(-1u, WT_FAULT, CHIP_UNDEFINED,
                "undefined: simulator: UndefinedBehavior: sw: unaligned addr=0x2");
}
static void a_crash_is_a_fault(void **state) {
    (void)state;
    check_death(-2u, WT_FAULT, CHIP_UNMODELLED, "it was ended by signal 6");
}
static void a_silent_end_is_a_fault(void **state) {
    (void)state;
    check_death(-3u, WT_FAULT, CHIP_UNMODELLED, "it ended with exit code 7");
}

static void two_simulators_are_two_processes(void **state) {
    (void)state;
    Chip *one = open_double(), *two = open_double();
    ChipXY a;
    assert_ok(chip_worker(one, 0, 0, &a));
    uint32_t v = 5;
    assert_ok(chip_write(one, a, 0x400, &v, 4));
    assert_int_equal(word(two, a, 0x400), 0);
    order(one, a, -1u);
    assert_int_equal(chip_run(one, &(ChipRun){ .windows = 1 }), WT_FAULT);
    assert_ok(chip_run(two, &(ChipRun){ .windows = 1 }));
    chip_close(one);
    assert_int_equal(word(two, a, 0x400), 0);
    chip_close(two);
}

// The process id of our only child.
static pid_t helper_pid(void) {
    pid_t found = 0;
    DIR *proc = opendir("/proc");
    for (struct dirent *e; (e = readdir(proc));) {
        char path[300], *stat;
        snprintf(path, sizeof path, "/proc/%s/stat", e->d_name);
        if (atoi(e->d_name) <= 0 || file_read(path, &stat, NULL) != WT_OK) continue;
        int parent;
        if (sscanf(strrchr(stat, ')'), ") %*c %d", &parent) == 1 && parent == getpid())
            found = atoi(e->d_name);
        free(stat);
    }
    closedir(proc);
    assert_int_not_equal(found, 0);
    return found;
}

static void *kill_helper(void *pid) {
    usleep(20000);
    kill(*(pid_t *)pid, SIGKILL);
    return NULL;
}

static void a_killed_helper_is_a_fault(void **state) {
    (void)state;
    Chip *chip = open_double();
    pid_t pid = helper_pid();
    assert_int_not_equal(getpgid(pid), getpgrp()); // Ctrl-C on the terminal does not end it
    pthread_t thread;
    pthread_create(&thread, NULL, kill_helper, &pid);
    assert_fails(chip_run(chip, &(ChipRun){ 0 }), WT_FAULT, "it was ended by signal 9");
    pthread_join(thread, NULL);
    assert_ok(chip_reset(chip));
    assert_ok(chip_run(chip, &(ChipRun){ .windows = 1 }));
    chip_close(chip);
}

static void *open_in_thread(void *chip) {
    *(Chip **)chip = open_double();
    return NULL;
}

static void it_outlives_the_thread_that_opened_it(void **state) {
    (void)state;
    Chip *chip;
    pthread_t thread;
    pthread_create(&thread, NULL, open_in_thread, &chip);
    pthread_join(thread, NULL);
    usleep(20000);
    assert_ok(chip_run(chip, &(ChipRun){ .windows = 1 }));
    chip_close(chip);
}

// A child of ours has no part in the conversation, and closing its copy ends nothing.
static void a_forked_child_is_refused(void **state) {
    (void)state;
    Chip *chip = open_double();
    pid_t child = fork();
    if (child == 0) {
        bool refused = chip_run(chip, &(ChipRun){ .windows = 1 }) == WT_UNSUPPORTED &&
                       strstr(wt_last_error(), "of which this is a fork");
        chip_close(chip);
        _exit(refused ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_ok(chip_run(chip, &(ChipRun){ .windows = 1 }));
    chip_close(chip);
}

static void what_cannot_be_opened_says_why(void **state) {
    (void)state;
    Chip *chip;
    assert_fails(chip_open(&(ChipOptions){ .transport = "/nonexistent/libttsim.so" }, &chip),
                 WT_NOTFOUND, "simulator '/nonexistent/libttsim.so'");
    assert_fails(chip_open(&(ChipOptions){ .transport = "Makefile" }, &chip), WT_INVALID,
                 "invalid ELF header");
    assert_fails(chip_open(&(ChipOptions){ .transport = dir }, &chip), WT_INVALID, dir);
    assert_fails(chip_open(&(ChipOptions){ .transport = build("noclock", "-DNO_CLOCK") }, &chip),
                 WT_INVALID, "it has no libttsim_clock");
    assert_fails(chip_open(&(ChipOptions){ .transport = build("dies", "-DDIES") }, &chip),
                 WT_INVALID, "ConfigurationError: init: this one never starts");
    assert_fails(
        chip_open(&(ChipOptions){ .transport = build("wormhole", "-DDEVICE=0x401e1e52u") }, &chip),
        WT_UNSUPPORTED, "is a Wormhole");
}

static int make_dir(void **state) {
    (void)state;
    assert_ok(dir_make_temp(dir, "double"));
    return 0;
}
static int remove_dir(void **state) {
    (void)state;
    return dir_remove(dir);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_copied_both_ways),
        cmocka_unit_test(runs_end_at_conditions_and_limits),
        cmocka_unit_test(services_run_every_1024_windows),
        cmocka_unit_test(a_run_is_interrupted),
        cmocka_unit_test(its_error_line_is_the_fault),
        cmocka_unit_test(a_crash_is_a_fault),
        cmocka_unit_test(a_silent_end_is_a_fault),
        cmocka_unit_test(two_simulators_are_two_processes),
        cmocka_unit_test(a_killed_helper_is_a_fault),
        cmocka_unit_test(it_outlives_the_thread_that_opened_it),
        cmocka_unit_test(a_forked_child_is_refused),
        cmocka_unit_test(what_cannot_be_opened_says_why),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
