// One device used from several threads, and several devices at once.
#include "rig.h"

#include <pthread.h>

enum { THREADS = 4, ROUNDS = 40 };

typedef struct Worker {
    ttm_device_t *device;
    uint32_t column;
    const char *wrong; // NULL: all was well
} Worker;

// Asserts are for the main thread: cmocka longjmps.
#define MUST(call)                                                                                 \
    do {                                                                                           \
        if ((call) != WT_OK) {                                                                     \
            w->wrong = #call;                                                                      \
            return NULL;                                                                           \
        }                                                                                          \
    } while (0)

// Each thread has its own buffer and its own column of cores, on one device.
static void *share_a_device(void *arg) {
    Worker *w = arg;
    ttm_buffer_t *b;
    uint32_t in[512], out[512];
    MUST(ttm_buffer_create_interleaved(w->device, sizeof in, 256, TTM_BUFFER_DRAM, NULL, &b));
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < 512; i++) in[i] = w->column << 20 | round << 10 | i;
        MUST(ttm_buffer_write(b, 0, in, sizeof in));
        MUST(ttm_buffer_read(b, 0, out, sizeof out));
        if (memcmp(in, out, sizeof in)) {
            w->wrong = "data";
            return NULL;
        }
        ttm_core_range_t cores = { { w->column, 0 }, { w->column, 9 } };
        ttm_program_t *p;
        ttm_kernel_t *k;
        uint32_t word = w->column + 100 * round, got;
        MUST(ttm_program_create(w->device, &p));
        MUST(ttm_kernel_create_dataflow_from_string(
            p, "void kernel_main() { *(volatile uint32_t *)0x100000 = get_arg_val<uint32_t>(0); }",
            &cores, 1, NULL, &k));
        MUST(ttm_set_runtime_args(k, &cores, 1, &word, 1));
        MUST(ttm_program_launch(p, NULL));
        MUST(ttm_l1_read(w->device, (ttm_core_t){ w->column, 9 }, TTM_CORE_WORKER, 0x100000, &got,
                         4));
        if (got != word) w->wrong = "word";
        MUST(ttm_program_destroy(p));
    }
    MUST(ttm_buffer_destroy(b));
    return NULL;
}

static void *own_a_device(void *arg) {
    Worker *w = arg;
    for (int i = 0; i < 3; i++) {
        MUST(ttm_device_create(w->column, NULL, &w->device));
        uint32_t word = w->column, got = 0;
        MUST(ttm_l1_write(w->device, (ttm_core_t){ 0, 0 }, TTM_CORE_WORKER, 0x100000, &word, 4));
        MUST(ttm_l1_read(w->device, (ttm_core_t){ 0, 0 }, TTM_CORE_WORKER, 0x100000, &got, 4));
        if (got != word) w->wrong = "word";
        if (ttm_buffer_write(NULL, 0, NULL, 0) != WT_INVALID)
            w->wrong = "status"; // errors are per thread
        MUST(ttm_device_close(w->device));
    }
    return NULL;
}

static void run_all(void *(*work)(void *), ttm_device_t *d) {
    pthread_t thread[THREADS];
    Worker worker[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        worker[i] = (Worker){ d, i, NULL };
        pthread_create(&thread[i], NULL, work, &worker[i]);
    }
    for (int i = 0; i < THREADS; i++) pthread_join(thread[i], NULL);
    for (int i = 0; i < THREADS; i++)
        if (worker[i].wrong) fail_msg("thread %d: %s", i, worker[i].wrong);
}

static void threads_share_a_device(void **state) {
    (void)state;
    ttm_device_t *d = open_device();
    run_all(share_a_device, d);
    assert_ok(ttm_device_close(d));
}

static void threads_have_devices_of_their_own(void **state) {
    (void)state;
    run_all(own_a_device, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_share_a_device),
        cmocka_unit_test(threads_have_devices_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
