// Host side of the streaming pipeline in C: a burst of words in, running sums out.
//
//     pipeline OUT      OUT: the directory that cslc wrote, with the colors of commands.sh
#include <stdio.h>
#include <stdlib.h>

#include "wse.h"

enum { TO_DEVICE = 0, TO_HOST = 1, SIZE = 100 };

static void check(wt_status_t status, const char *what) {
    if (status == WT_OK) return;
    fprintf(stderr, "%s: %s\n", what, wt_last_error());
    exit(1);
}

int main(int argc, char **argv) {
    wse_runtime_t *rt;
    check(wse_runtime_open(argc > 1 ? argv[1] : "out", NULL, &rt), "open");
    check(wse_runtime_load(rt), "load");
    check(wse_runtime_run(rt), "run");

    static float words[SIZE], sums[SIZE];
    for (int i = 0; i < SIZE; i++) words[i] = (float)i;
    const wse_region_t first = { 0, 0, 1, 1 }, last = { 2, 0, 1, 1 };
    const wse_copy_options_t begin = { .struct_size = sizeof begin, .streaming = 1, .nonblock = 1 };
    const wse_copy_options_t finish = { .struct_size = sizeof finish, .streaming = 1 };
    check(wse_memcpy_h2d(rt, TO_DEVICE, words, SIZE, &first, SIZE, &begin, NULL), "send");
    check(wse_memcpy_d2h(rt, sums, SIZE, TO_HOST, &last, SIZE, &finish, NULL), "receive");
    check(wse_runtime_stop(rt), "stop");
    wse_runtime_close(rt);

    float expected = 0;
    for (int i = 0; i < SIZE; i++) {
        expected -= 2 * words[i] + 1; // small integers: exact
        if (sums[i] == expected) continue;
        fprintf(stderr, "word %d: %g, not %g\n", i, (double)sums[i], (double)expected);
        return 1;
    }
    printf("%d words through 3 PEs\nSUCCESS!\n", SIZE);
    return 0;
}
