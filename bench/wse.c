// The wafer's four named programs (bench/wse/*.csl): tile-cycles per second, where the time goes,
// and the cycles beside those that the vendor's simulator printed (WSE-2). One thread; CPU time, so
// that other load does not show.
#include "base/file.h"
#include "wse/build/csl.h"
#include "wse/chip/chip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(wt_status_t s) {
    if (!s) return;
    fprintf(stderr, "bench/wse: %s\n", wt_last_error());
    exit(1);
}

// Compiles bench/wse/NAME.csl with params "a:1,b:2" as pairs.
static void compile(Object *o, const char *name, CslArch arch, const CslBinding *params,
                    size_t nparams) {
    char dir[PATH_CAP], input[PATH_CAP], program[PATH_CAP];
    must(dir_make_temp(dir, "bench-wse"));
    snprintf(input, sizeof input, "bench/wse/%s.csl", name);
    CslOptions opt = { .input = input,
                       .output = dir,
                       .arch = arch,
                       .memcpy = true,
                       .params = params,
                       .nparams = nparams };
    CslResult r;
    wt_status_t s = csl_compile(&opt, &r);
    if (s) fprintf(stderr, "%s", r.rendered);
    must(s);
    csl_result_free(&r);
    snprintf(program, sizeof program, "%.4000s/bin/program.wse", dir);
    must(object_open(o, program));
    must(dir_remove(dir));
}

typedef struct Run {
    ChipStats s;
    double time;
} Run;

// Launches `main` and waits until every PE has unblocked: best time of `times`.
static Run run(const Object *o, int times) {
    Run best = { .time = 1e30 };
    for (int i = 0; i < times; i++) {
        WseChip *c;
        ChipStop why;
        must(wafer_open(o, NULL, &c));
        must(wafer_launch(c, object_rpc(o, "main"), NULL, 0));
        double t = seconds();
        must(wafer_run(c, &(ChipGoal){ .launch = true }, &why));
        t = seconds() - t;
        if (why != CHIP_MET) {
            StrBuf b = { 0 };
            wafer_report(c, &b, 5);
            fprintf(stderr, "bench/wse: stuck\n%s", sb_str(&b));
            exit(1);
        }
        if (t < best.time) {
            best.time = t;
            wafer_stats(c, &best.s);
        }
        wafer_close(c);
    }
    return best;
}

static Run measure(const char *name, const char *program, CslArch arch, int times,
                   const char *input, const CslBinding *params, size_t nparams) {
    Object o;
    compile(&o, program, arch, params, nparams);
    Run r = run(&o, times);
    printf("%-30s %8.1f M tile-cycles/s  (%s; %llu cycles, %.1f ns per PE and cycle, %llu KiB)\n",
           name, (double)r.s.tile_cycles / r.time / 1e6, input, (unsigned long long)r.s.cycles,
           r.time / (double)r.s.tile_cycles * 1e9, (unsigned long long)(r.s.bytes >> 10));
    object_close(&o);
    return r;
}
#define MEASURE(name, program, arch, times, input, ...)                                            \
    measure(name, program, arch, times, input, (const CslBinding[]){ __VA_ARGS__ },                \
            sizeof((const CslBinding[]){ __VA_ARGS__ }) / sizeof(CslBinding))

static int missed;
static void compare(const char *name, uint64_t cycles, double published, double within) {
    double ratio = (double)cycles / published;
    bool ok = ratio > 1 - within && ratio < 1 + within;
    missed += !ok;
    printf("%-30s %8llu cycles           (published %.0f; ratio %.3f%s)\n", name,
           (unsigned long long)cycles, published, ratio, ok ? "" : "; MISSED");
}

static uint64_t fmacs_cycles(const char *name, const char *shift) {
    return MEASURE(name, "fmacs", CSL_WSE2, 1, "1 PE, 5,124 f32 elements, 20,496 bytes a vector",
                   { "n", "5124" }, { "times", "1" }, { "shift", shift })
        .s.cycles;
}

int main(int argc, char **argv) {
    int times = argc > 1 ? atoi(argv[1]) : 3; // more for profiles
    MEASURE("wse scalar loop", "loop", CSL_WSE2, 1, "1 PE, 10 M iterations", { "n", "10000000" });
    MEASURE("wse fmacs 1,000", "fmacs", CSL_WSE2, 1,
            "1 PE, 20,000 times 1,000 f32 elements, 4,000 bytes a vector", { "n", "1000" },
            { "times", "20000" }, { "shift", "2" });
    MEASURE("wse data task per wavelet", "data_task", CSL_WSE3, times,
            "WSE-3, 2 PEs, 30,000 wavelets", { "n", "30000" });
    MEASURE("wse data task per wavelet", "data_task", CSL_WSE2, times,
            "WSE-2, 2 PEs, 30,000 wavelets", { "n", "30000" });
    MEASURE("wse chain reduce", "reduce", CSL_WSE3, times,
            "WSE-3, 512 PEs, 4,096 f32 words, 16,384 bytes a PE", { "width", "512" },
            { "n", "4096" });
    Run reduce = MEASURE("wse chain reduce", "reduce", CSL_WSE2, times,
                         "WSE-2, 512 PEs, 4,096 f32 words, 16,384 bytes a PE", { "width", "512" },
                         { "n", "4096" });
    Run pass =
        MEASURE("wse routers only", "pass", CSL_WSE2, times,
                "WSE-2, 512 PEs, 4,096 words passed on", { "width", "512" }, { "n", "4096" });
    double turn = reduce.time / (double)reduce.s.tile_cycles * 1e9,
           router = pass.time / (double)pass.s.tile_cycles * 1e9;
    printf("%-30s %8.1f ns per PE and cycle: %.1f the wheel and one router move (routers only), "
           "%.1f a second move, queues, operation, element\n",
           "wse chain reduce, of which", turn, router, turn - router);
    compare("wse chain reduce, cycles", reduce.s.cycles, 7218, 0.05);
    compare("wse fmacs, sources apart", fmacs_cycles("wse fmacs 5,124", "2"), 2597, 0.05);
    compare("wse fmacs, one a cycle", fmacs_cycles("wse fmacs 5,124", "1"), 5130, 0.05);
    compare("wse fmacs, bank conflict", fmacs_cycles("wse fmacs 5,124", "0"), 10254, 0.05);
    Run more = MEASURE("wse data task, more to do", "data_task", CSL_WSE3, 1,
                       "WSE-3, 2 PEs, 30,000 wavelets", { "n", "30000" }, { "more", "true" });
    double wavelet = (double)more.s.cycles / 30000;
    printf("%-30s %8.1f cycles a wavelet  (published 31; ratio %.2f)\n", "wse data task, cycles",
           wavelet, wavelet / 31);
    if (missed) fprintf(stderr, "bench/wse: %d cycle figures are more than 5 %% off\n", missed);
    return missed > 0;
}
