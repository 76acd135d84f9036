// The Tenstorrent half through its C ABI: a DRAM loopback, host copies, opening, compiling.
//
// The loopback is one data-movement kernel on core (0,0) that moves 64 MiB in pages of 2 KiB, read,
// barrier, write, barrier, while the other 699 harts of the chip are booted and wait. Its reference
// is memcpy of the same bytes, and with $WT_TTSIM the path of a libttsim.so, the same program on
// that simulator.
#include "ttm.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

enum { MIB = 64, PAGE = 2048, BYTES = MIB << 20, PAGES = BYTES / PAGE };
enum { TTSIM_PART = 32 }; // of the pages, for a simulator that takes a minute for all

static double clock_seconds(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Processor time of this thread, on which the model and the copies run: a busy machine does not
// count.
static double now(void) { return clock_seconds(CLOCK_THREAD_CPUTIME_ID); }
// Time as it passes, where other threads and processes work too.
static double wall(void) { return clock_seconds(CLOCK_MONOTONIC); }

// Processor time of the processes that have ended: the simulator's, once its device is closed.
static double children(void) {
    struct rusage u;
    getrusage(RUSAGE_CHILDREN, &u);
    return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static void check(wt_status_t s) {
    if (s == WT_OK) return;
    fprintf(stderr, "ttm: %s: %s\n", wt_status_name(s), wt_last_error());
    exit(1);
}

static const char loopback[] =
    "void kernel_main() {\n"
    "    uint32_t l1 = get_arg_val<uint32_t>(0), pages = get_arg_val<uint32_t>(3);\n"
    "    constexpr auto in_args = TensorAccessorArgs<0>();\n"
    "    constexpr auto out_args = TensorAccessorArgs<in_args.next_compile_time_args_offset()>();\n"
    "    const auto in = TensorAccessor(in_args, get_arg_val<uint32_t>(1), 2048);\n"
    "    const auto out = TensorAccessor(out_args, get_arg_val<uint32_t>(2), 2048);\n"
    "    for (uint32_t i = 0; i < pages; i++) {\n"
    "        noc_async_read_tile(i, in, l1);\n"
    "        noc_async_read_barrier();\n"
    "        noc_async_write_tile(i, out, l1);\n"
    "        noc_async_write_barrier();\n"
    "    }\n"
    "}\n";

static const ttm_core_range_t core = { { 0, 0 }, { 0, 0 } };
static uint8_t *sent, *received;

typedef struct Loop {
    ttm_device_t *device;
    ttm_buffer_t *l1, *in, *out;
    ttm_program_t *program;
} Loop;

static uint32_t address_of(ttm_buffer_t *b) {
    uint64_t a;
    check(ttm_buffer_address(b, &a));
    return (uint32_t)a;
}

static Loop loop_open(const char *transport, uint32_t pages) {
    Loop l;
    ttm_device_options_t o = { .struct_size = sizeof o,
                               .transport = transport,
                               .timeout_ms = 600000 };
    check(ttm_device_create(0, &o, &l.device));
    check(ttm_buffer_create_interleaved(l.device, PAGE, PAGE, TTM_BUFFER_L1, NULL, &l.l1));
    check(ttm_buffer_create_interleaved(l.device, BYTES, PAGE, TTM_BUFFER_DRAM, NULL, &l.in));
    check(ttm_buffer_create_interleaved(l.device, BYTES, PAGE, TTM_BUFFER_DRAM, NULL, &l.out));
    uint32_t words[2];
    size_t n;
    check(ttm_tensor_accessor_args(l.in, &words[0], 1, &n));
    check(ttm_tensor_accessor_args(l.out, &words[1], 1, &n));
    ttm_dataflow_options_t k = { .struct_size = sizeof k,
                                 .compile_args = words,
                                 .num_compile_args = 2 };
    ttm_kernel_t *kernel;
    check(ttm_program_create(l.device, &l.program));
    check(ttm_kernel_create_dataflow_from_string(l.program, loopback, &core, 1, &k, &kernel));
    uint32_t args[] = { address_of(l.l1), address_of(l.in), address_of(l.out), pages };
    check(ttm_set_runtime_args(kernel, &core, 1, args, 4));
    return l;
}

static void loop_close(Loop *l) {
    check(ttm_program_destroy(l->program));
    check(ttm_buffer_destroy(l->l1));
    check(ttm_buffer_destroy(l->in));
    check(ttm_buffer_destroy(l->out));
    check(ttm_device_close(l->device));
}

// The kernel's time: launch to end, warm (the second launch; data and code are in place).
static double loop_time(Loop *l, int rounds, uint32_t pages) {
    double best = 1e9;
    check(ttm_buffer_write(l->in, 0, sent, pages * PAGE));
    for (int i = 0; i < rounds; i++) {
        double start = now();
        check(ttm_program_launch(l->program, NULL));
        double t = now() - start;
        if (i > 0 || rounds == 1) best = t < best ? t : best;
    }
    memset(received, 0, pages * PAGE);
    check(ttm_buffer_read(l->out, 0, received, pages * PAGE));
    if (memcmp(sent, received, pages * PAGE)) {
        fprintf(stderr, "ttm: the loopback changed its data\n");
        exit(1);
    }
    return best;
}

// Copies to and from the device and a memcpy of the same bytes, in turn, so that a busy machine is
// busy for all three; the best of each counts. The first round touches the pages.
typedef wt_status_t (*CopyOut)(void *user, const void *data);
typedef wt_status_t (*CopyIn)(void *user, void *data);

static void bench_copy(const char *name, const char *what, CopyOut copy_out, CopyIn copy_in,
                       void *user) {
    double best[3] = { 1e9, 1e9, 1e9 };
    for (int i = 0; i < 12; i++) {
        double t0 = now();
        memcpy(received, sent, BYTES);
        double t1 = now();
        check(copy_out(user, sent));
        double t2 = now();
        check(copy_in(user, received));
        double t3 = now(), took[3] = { t1 - t0, t2 - t1, t3 - t2 };
        for (int k = 0; i > 0 && k < 3; k++) best[k] = took[k] < best[k] ? took[k] : best[k];
    }
    printf("%swrite  %.2f of memcpy  (64 MiB to %s; %.1f GB/s)\n", name, best[0] / best[1], what,
           BYTES / best[1] * 1e-9);
    printf("%sread  %.2f of memcpy  (the same back; %.1f GB/s)\n", name, best[0] / best[2],
           BYTES / best[2] * 1e-9);
}

static wt_status_t buffer_out(void *user, const void *data) {
    return ttm_buffer_write(user, 0, data, BYTES);
}
static wt_status_t buffer_in(void *user, void *data) {
    return ttm_buffer_read(user, 0, data, BYTES);
}
static wt_status_t channel_out(void *user, const void *data) {
    return ttm_dram_channel_write(user, 0, 0, data, BYTES);
}
static wt_status_t channel_in(void *user, void *data) {
    return ttm_dram_channel_read(user, 0, 0, data, BYTES);
}

static void bench_loopback(void) {
    Loop l = loop_open(NULL, PAGES);
    double ours = loop_time(&l, 6, PAGES), start = now();
    memcpy(received, sent, BYTES);
    double copy = now() - start;
    ttm_device_stats_t s = { .struct_size = sizeof s };
    check(ttm_device_stats(l.device, &s));
    printf("loopback  %.4f s  (64 MiB in 2 KiB pages on one core, 699 harts waiting; 128 MiB "
           "moved; %.1f x "
           "memcpy, %llu cycles)\n",
           ours, ours / copy, (unsigned long long)s.kernel_cycles);

    bench_copy("", "an interleaved DRAM buffer, 2 KiB pages", buffer_out, buffer_in, l.in);
    loop_close(&l);

    const char *ttsim = getenv("WT_TTSIM");
    if (!ttsim || !*ttsim) return;
    double cost[2]; // of opening alone, of opening and running
    for (int run = 0; run < 2; run++) {
        double before = children();
        l = loop_open(ttsim, PAGES / TTSIM_PART);
        if (run) loop_time(&l, 1, PAGES / TTSIM_PART);
        loop_close(&l);
        cost[run] = children() - before;
    }
    double theirs = (cost[1] - cost[0]) * TTSIM_PART;
    printf(
        "loopback on ttsim  %.3f s  (%d times the time of the first %d pages; %.1f times ours)\n",
        theirs, TTSIM_PART, PAGES / TTSIM_PART, theirs / ours);
}

// Raw: one channel, one piece.
static void bench_raw(void) {
    ttm_device_t *d;
    check(ttm_device_create(0, NULL, &d));
    bench_copy("raw ", "one DRAM channel", channel_out, channel_in, d);
    check(ttm_device_close(d));
}

static void bench_open(void) {
    double open = 1e9, launch = 1e9, close = 1e9;
    for (int i = 0; i < 6; i++) {
        ttm_device_t *d;
        ttm_program_t *p;
        ttm_kernel_t *k;
        double start = wall();
        check(ttm_device_create(0, NULL, &d));
        double opened = wall();
        check(ttm_program_create(d, &p));
        check(
            ttm_kernel_create_dataflow_from_string(p, "void kernel_main() {}", &core, 1, NULL, &k));
        check(ttm_program_launch(p, NULL));
        double launched = wall();
        check(ttm_program_destroy(p));
        check(ttm_device_close(d));
        double closed = wall();
        if (i == 0) continue;
        if (launched - start < open + launch) open = opened - start, launch = launched - opened;
        if (closed - launched < close) close = closed - launched;
    }
    printf("open and first launch  %.1f ms  (140 tiles booted in %.1f ms, one kernel launched in "
           "%.1f ms, warm "
           "cache; closing takes %.1f ms)\n",
           (open + launch) * 1e3, open * 1e3, launch * 1e3, close * 1e3);
}

// Three kernels that nobody has compiled before: two for data movement, one for the three compute
// processors.
static void bench_compile(void) {
    ttm_device_t *d;
    ttm_program_t *p;
    char unique[64], dir[PATH_CAP];
    check(dir_make_temp(dir, "wavetile-bench"));
    setenv("XDG_CACHE_HOME", dir, 1);
    check(ttm_device_create(0, NULL, &d)); // compiles the firmware, which does not count
    snprintf(unique, sizeof unique, "%lld", (long long)(wall() * 1e9));
    ttm_define_t define = { "UNIQUE", unique };
    ttm_dataflow_options_t reader = { .struct_size = sizeof reader,
                                      .defines = &define,
                                      .num_defines = 1 };
    ttm_dataflow_options_t writer = reader;
    ttm_compute_options_t compute = { .struct_size = sizeof compute,
                                      .defines = &define,
                                      .num_defines = 1 };
    writer.processor = TTM_RISCV_1;
    uint32_t words[] = { 2, 2 };
    reader.compile_args = writer.compile_args = words;
    reader.num_compile_args = writer.num_compile_args = 2;
    check(ttm_program_create(d, &p));
    ttm_kernel_t *k;
    uint32_t none[4] = { 0 };
    check(ttm_kernel_create_dataflow_from_string(p, loopback, &core, 1, &reader, &k));
    check(ttm_set_runtime_args(k, &core, 1, none, 4));
    check(ttm_kernel_create_dataflow_from_string(p, loopback, &core, 1, &writer, &k));
    check(ttm_set_runtime_args(k, &core, 1, none, 4));
    check(
        ttm_kernel_create_compute_from_string(p, "void kernel_main() {}", &core, 1, &compute, &k));
    double start = wall(), before = children() + now();
    check(ttm_program_launch(p, NULL));
    printf("cold compile  %.2f s  (three kernels, five images, two compilers at a time; launch "
           "included; %.2f s of "
           "processor time)\n",
           wall() - start, children() + now() - before);
    check(ttm_program_destroy(p));
    check(ttm_device_close(d));
    check(dir_remove(dir));
}

int main(void) {
    sent = malloc(BYTES);
    received = malloc(BYTES);
    uint32_t random = 1;
    for (int i = 0; i < BYTES; i++)
        sent[i] = (uint8_t)((random = random * 1664525 + 1013904223) >> 24);
    memset(received, 0, BYTES);
    bench_loopback();
    bench_raw();
    bench_open();
    bench_compile();
    free(sent);
    free(received);
    return 0;
}
