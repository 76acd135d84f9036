// Programs that wait: a hang is told at once and explains itself, poisons nothing, and the host can
// give what is missing. Also budgets, interrupts and hosts that poll.
#include "rig.h"

#include <pthread.h>
#include <unistd.h>

static const char *const waits_for_a_word =
    "void kernel_main() {\n"
    "    volatile uint32_t *word = (uint32_t *)get_arg_val<uint32_t>(0);\n"
    "    while (*word != 42) {\n"
    "    }\n"
    "    word[1] = 43;\n"
    "}\n";

static void a_hang_names_core_processor_pc_and_line(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_core_range_t two[] = { { { 0, 0 }, { 0, 0 } }, { { 4, 7 }, { 4, 7 } } };
    ttm_dataflow_options_t o = { .struct_size = sizeof o, .processor = TTM_RISCV_1 };
    ttm_kernel_t *k;
    uint32_t at = 0x100000;
    assert_ok(ttm_kernel_create_dataflow_from_string(p, waits_for_a_word, two, 2, &o, &k));
    assert_ok(ttm_set_runtime_args(k, two, 2, &at, 1));
    assert_fails(ttm_program_launch(p, NULL), WT_STALL, "core (0,0) ncrisc: pc 0x");
    const char *message = wt_last_error();
    assert_non_null(strstr(message, "core (4,7) ncrisc: pc 0x"));
    assert_non_null(strstr(message, "kernel.cpp:3"));
    assert_non_null(strstr(message, "0x00100000 (= 0)"));

    char report[4096], start[20];
    size_t n;
    assert_ok(ttm_device_report(d, report, sizeof report, &n));
    assert_int_equal(n, strlen(report));
    assert_non_null(strstr(report, "core (4,7) ncrisc"));
    assert_ok(ttm_device_report(d, start, sizeof start, &n)); // truncated, whole length told
    assert_int_equal(strlen(start), sizeof start - 1);
    assert_int_equal(n, strlen(report));

    // One of the two gets its word: the other is still told, then ends too.
    set_l1_word(d, at, 42);
    assert_fails(ttm_program_wait(p), WT_STALL, "core (4,7)");
    assert_null(strstr(wt_last_error(), "core (0,0)"));
    uint32_t answer = 42;
    assert_ok(ttm_l1_write(d, (ttm_core_t){ 4, 7 }, TTM_CORE_WORKER, at, &answer, 4));
    assert_ok(ttm_program_wait(p));
    assert_ok(ttm_program_wait(p)); // nothing runs: at once
    assert_int_equal(l1_word(d, at + 4), 43);
    ttm_program_destroy(p);
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

static void waiting_for_a_semaphore_names_the_line_of_the_kernel(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    uint32_t id;
    assert_ok(ttm_semaphore_create(p, &core00, 1, 3, &id));
    new_kernel(p, "void kernel_main() {\n"
                  "    volatile tt_l1_ptr uint32_t *s =\n"
                  "        (volatile tt_l1_ptr uint32_t *)get_semaphore(0);\n"
                  "    noc_semaphore_wait(s, 4);\n"
                  "}\n");
    assert_fails(ttm_program_launch(p, NULL), WT_STALL, "kernel.cpp:4");
    assert_non_null(strstr(wt_last_error(), "noc_semaphore_wait"));
    assert_non_null(strstr(wt_last_error(), "(= 3)"));
    assert_ok(ttm_device_reset(d)); // the other way out
    ttm_program_destroy(p);
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

// Who waits for a circular buffer is told so, and whether the program has given the core that one.
static void waiting_for_a_circular_buffer_names_it(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_cb_index_t index = { 5, TTM_FORMAT_UINT32, 64 };
    ttm_dataflow_options_t second = { .struct_size = sizeof second, .processor = TTM_RISCV_1 };
    assert_ok(ttm_cb_create(p, &core00, 1, 64, &index, 1, NULL, NULL));
    new_kernel(p, "void kernel_main() { cb_wait_front(5, 1); }\n");
    assert_ok(ttm_kernel_create_dataflow_from_string(
        p, "void kernel_main() { cb_reserve_back(3, 1); }\n", &core00, 1, &second, NULL));
    assert_fails(ttm_program_launch(p, NULL), WT_STALL, "circular buffer 5's pages filled");
    assert_null(strstr(wt_last_error(), "no circular buffer 5"));
    assert_non_null(strstr(wt_last_error(), "circular buffer 3's pages freed"));
    assert_non_null(strstr(wt_last_error(), "this core has no circular buffer 3"));
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

static void a_host_that_polls_makes_progress(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_launch_options_t o = { .struct_size = sizeof o, .no_wait = 1 };
    set_l1_word(d, 0x100000, 0);
    set_l1_word(d, 0x100010, 0);
    new_kernel(p, "void kernel_main() {\n"
                  "    for (volatile int i = 0; i < 1000; i++) {}\n"
                  "    *(volatile uint32_t *)0x100000 = 1;\n"
                  "    while (*(volatile uint32_t *)0x100010 != 2) {}\n"
                  "    *(volatile uint32_t *)0x100000 = 3;\n"
                  "}\n");
    assert_ok(ttm_program_launch(p, &o));
    assert_fails(ttm_program_launch(p, &o), WT_INVALID, "core (0,0) still runs");
    int polls = 0;
    while (l1_word(d, 0x100000) != 1) assert_true(polls++ < 100000);
    assert_true(polls > 10); // it was not run to its end behind our back
    set_l1_word(d, 0x100010, 2);
    assert_ok(ttm_program_wait(p));
    assert_int_equal(l1_word(d, 0x100000), 3);
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

static const char *const never_quiet = "void kernel_main() {\n"
                                       "    volatile uint32_t *word = (uint32_t *)0x100000;\n"
                                       "    while (word[1] == 0) word[0]++;\n"
                                       "}\n";

static void budgets_end_what_is_never_quiet(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_launch_options_t o = { .struct_size = sizeof o, .max_cycles = 50000 };
    ttm_device_stats_t before = { .struct_size = sizeof before }, after = before;
    set_l1_word(d, 0x100004, 0);
    new_kernel(p, never_quiet);
    assert_ok(ttm_device_stats(d, &before));
    assert_fails(ttm_program_launch(p, &o), WT_LIMIT, "core (0,0) brisc");
    assert_ok(ttm_device_stats(d, &after));
    assert_in_range(after.cycles - before.cycles, 50000, 60000);
    assert_fails(ttm_program_wait(p), WT_LIMIT, "budget");
    set_l1_word(d, 0x100004, 1);
    assert_ok(ttm_program_wait(p));
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

static void *interrupt_soon(void *d) {
    usleep(50000);
    (void)ttm_device_interrupt(d);
    return NULL;
}

static void another_thread_can_interrupt(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    pthread_t thread;
    set_l1_word(d, 0x100004, 0);
    new_kernel(p, never_quiet);
    pthread_create(&thread, NULL, interrupt_soon, d);
    assert_int_equal(ttm_program_launch(p, NULL), WT_INTERRUPTED);
    pthread_join(thread, NULL);
    set_l1_word(d, 0x100004, 1);
    assert_ok(ttm_program_wait(p));
    ttm_program_destroy(p);
    assert_ok(ttm_device_close(d));
}

// A host that only polls learns of a fault too, once; then it can look around.
static void polling_finds_a_fault(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_launch_options_t o = { .struct_size = sizeof o, .no_wait = 1 };
    new_kernel(p, "void kernel_main() {\n"
                  "    for (volatile int i = 0; i < 100; i++) {}\n"
                  "    *(volatile uint32_t *)0x40000000 = 1;\n"
                  "}\n");
    assert_ok(ttm_program_launch(p, &o));
    uint32_t word;
    wt_status_t s = WT_OK;
    for (int polls = 0; s == WT_OK && polls < 100000; polls++)
        s = ttm_l1_read(d, (ttm_core_t){ 0, 0 }, TTM_CORE_WORKER, 0x100000, &word, 4);
    assert_int_equal(s, WT_FAULT);
    assert_non_null(strstr(wt_last_error(), "kernel.cpp:3"));
    l1_word(d, 0x100000);
    assert_fails(ttm_program_wait(p), WT_FAULT, "0x40000000");
    assert_ok(ttm_device_reset(d));
    ttm_program_destroy(p);
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

// Destroying a program that runs lets it end first; one that cannot end keeps its cores until a
// reset.
static void destroying_what_runs(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d), *stuck = new_program(d);
    ttm_launch_options_t o = { .struct_size = sizeof o, .no_wait = 1 };
    set_l1_word(d, 0x100000, 0);
    new_kernel(p, "void kernel_main() {\n"
                  "    for (volatile int i = 0; i < 1000; i++) {}\n"
                  "    *(volatile uint32_t *)0x100000 = 9;\n"
                  "}\n");
    assert_ok(ttm_program_launch(p, &o));
    assert_ok(ttm_program_destroy(p));
    assert_int_equal(l1_word(d, 0x100000), 9);

    new_kernel(stuck, "void kernel_main() { while (*(volatile uint32_t *)0x100000 == 9) {} }");
    assert_int_equal(ttm_program_launch(stuck, NULL), WT_STALL);
    assert_ok(ttm_program_destroy(stuck));
    assert_fails(run_kernel(d, "void kernel_main() {}", NULL, 0), WT_INVALID,
                 "or reset the device");
    assert_ok(ttm_device_reset(d));
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

// A program that never becomes quiet, and whose wait was given up, is not waited for again.
static void destroying_what_was_given_up(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    ttm_program_t *p = new_program(d);
    ttm_launch_options_t o = { .struct_size = sizeof o, .max_cycles = 10000 };
    new_kernel(p, "void kernel_main() { for (volatile uint32_t i = 0;;) i = i + 1; }");
    assert_int_equal(ttm_program_launch(p, &o), WT_LIMIT);
    assert_ok(ttm_program_destroy(p));
    assert_ok(ttm_device_reset(d));
    p = new_program(d);
    new_kernel(p, "void kernel_main() { for (volatile uint32_t i = 0;;) i = i + 1; }");
    assert_ok(ttm_device_interrupt(d));
    assert_int_equal(ttm_program_launch(p, NULL), WT_INTERRUPTED);
    assert_ok(ttm_program_destroy(p)); // there is no budget: waiting would take for ever
    assert_ok(ttm_device_reset(d));
    assert_usable(d);
    assert_ok(ttm_device_close(d));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hang_names_core_processor_pc_and_line),
        cmocka_unit_test(waiting_for_a_semaphore_names_the_line_of_the_kernel),
        cmocka_unit_test(waiting_for_a_circular_buffer_names_it),
        cmocka_unit_test(a_host_that_polls_makes_progress),
        cmocka_unit_test(budgets_end_what_is_never_quiet),
        cmocka_unit_test(another_thread_can_interrupt),
        cmocka_unit_test(polling_finds_a_fault),
        cmocka_unit_test(destroying_what_runs),
        cmocka_unit_test(destroying_what_was_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
