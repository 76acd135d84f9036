// Copy mode between host and wafer, against memcpy of the same bytes. Warm: best of several passes.
#include "base/file.h"
#include "base/proc.h"
#include "wse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { W = 42, H = 40, WORDS = 10000, PASSES = 5 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void check(wt_status_t s) {
    if (!s) return;
    fprintf(stderr, "wse_copy: %s\n", wt_last_error());
    exit(1);
}

static wse_runtime_t *program(const char *dir) {
    const char *build = getenv("WT_BUILD");
    char cslc[PATH_CAP];
    snprintf(cslc, sizeof cslc, "%s/bin/cslc", build ? build : "build");
    const char *argv[] = { cslc,
                           "bench/wse_copy/layout.csl",
                           "--fabric-dims=49,42",
                           "--fabric-offsets=4,1",
                           "--memcpy",
                           "--channels=16",
                           "-o",
                           dir,
                           NULL };
    ProcResult r;
    check(proc_run(&(ProcSpec){ .argv = argv }, &r));
    if (r.code) {
        fprintf(stderr, "%s\n", r.out);
        exit(1);
    }
    proc_free(&r);
    wse_runtime_t *rt;
    check(wse_runtime_open(dir, NULL, &rt));
    check(wse_runtime_load(rt));
    check(wse_runtime_run(rt));
    return rt;
}

int main(void) {
    char dir[PATH_CAP];
    check(dir_make_temp(dir, "wse_copy"));
    wse_runtime_t *rt = program(dir);
    size_t words = (size_t)W * H * WORDS, bytes = words * 4;
    float *a = malloc(bytes), *b = malloc(bytes);
    if (!a || !b) return 1;
    for (size_t i = 0; i < words; i++) a[i] = (float)i;
    memset(b, 1, bytes);

    int32_t id;
    check(wse_get_id(rt, "data", &id));
    const wse_region_t all = { 0, 0, W, H };
    double copy = 1e9, in = 1e9, out = 1e9;
    for (int pass = 0; pass < PASSES; pass++) {
        double t = now();
        memcpy(b, a, bytes);
        if (now() - t < copy) copy = now() - t;
        t = now();
        check(wse_memcpy_h2d(rt, id, a, words, &all, WORDS, NULL, NULL));
        if (now() - t < in) in = now() - t;
        memset(b, 0, bytes);
        t = now();
        check(wse_memcpy_d2h(rt, b, words, id, &all, WORDS, NULL, NULL));
        if (now() - t < out) out = now() - t;
        if (memcmp(a, b, bytes)) {
            fprintf(stderr, "wse_copy: what came back is not what was sent\n");
            return 1;
        }
    }
    check(wse_runtime_stop(rt));
    wse_runtime_close(rt);
    dir_remove(dir);
    double gb = (double)bytes * 1e-9;
    printf("memcpy           %8.2f  GB/s  (%zu bytes)\n", gb / copy, bytes);
    printf("wafer copy h2d   %8.2f  GB/s  (%d x %d PEs of %d bytes; %zu bytes)\n", gb / in, W, H,
           WORDS * 4, bytes);
    printf("wafer copy d2h   %8.2f  GB/s  (%d x %d PEs of %d bytes; %zu bytes)\n", gb / out, W, H,
           WORDS * 4, bytes);
    printf("wafer copy h2d   %8.2f  of memcpy  (bar 0.5)\n", copy / in);
    printf("wafer copy d2h   %8.2f  of memcpy  (bar 0.5)\n", copy / out);
    free(a);
    free(b);
    return 0;
}
