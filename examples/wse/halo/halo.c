// Host side of the halo exchange in C: heat on a grid, against the same steps on the host.
//
//     halo OUT      OUT: the directory that cslc wrote, with the sizes of commands.sh
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wse.h"

enum {
    W = 4,
    H = 3,
    SIDE = 5,
    BORDERED = SIDE + 2,
    STEPS = 10,
    ROWS = H * SIDE + 2,
    COLUMNS = W * SIDE + 2
};

static void check(wt_status_t status, const char *what) {
    if (status == WT_OK) return;
    fprintf(stderr, "%s: %s\n", what, wt_last_error());
    exit(1);
}

int main(int argc, char **argv) {
    static float grid[ROWS][COLUMNS], next[ROWS][COLUMNS], blocks[H][W][BORDERED][BORDERED];
    for (int j = 0; j < COLUMNS; j++) grid[0][j] = 100;
    for (int py = 0; py < H; py++)
        for (int px = 0; px < W; px++)
            for (int i = 0; i < BORDERED; i++)
                memcpy(blocks[py][px][i], &grid[py * SIDE + i][px * SIDE],
                       sizeof blocks[py][px][i]);

    wse_runtime_t *rt;
    check(wse_runtime_open(argc > 1 ? argv[1] : "out", NULL, &rt), "open");
    int32_t cells;
    check(wse_get_id(rt, "cells", &cells), "cells");
    check(wse_runtime_load(rt), "load");
    check(wse_runtime_run(rt), "run");
    const wse_region_t all = { 0, 0, W, H };
    const wse_arg_t count = { .type = WSE_ARG_U16, .value.i = STEPS };
    size_t words = sizeof blocks / sizeof(float);
    check(wse_memcpy_h2d(rt, cells, blocks, words, &all, BORDERED * BORDERED, NULL, NULL),
          "copy in");
    check(wse_launch(rt, "steps", &count, 1, NULL, NULL), "steps");
    check(wse_memcpy_d2h(rt, blocks, words, cells, &all, BORDERED * BORDERED, NULL, NULL),
          "copy out");
    check(wse_runtime_stop(rt), "stop");
    wse_runtime_close(rt);

    memcpy(next, grid, sizeof grid);
    for (int step = 0; step < STEPS; step++) {
        for (int i = 1; i < ROWS - 1; i++)
            for (int j = 1; j < COLUMNS - 1; j++)
                next[i][j] =
                    (grid[i - 1][j] + grid[i + 1][j] + grid[i][j - 1] + grid[i][j + 1]) * 0.25f;
        memcpy(grid, next, sizeof grid);
    }
    for (int i = 1; i < ROWS - 1; i++)
        for (int j = 1; j < COLUMNS - 1; j++) {
            float got =
                blocks[(i - 1) / SIDE][(j - 1) / SIDE][(i - 1) % SIDE + 1][(j - 1) % SIDE + 1];
            if (got == grid[i][j]) continue;
            fprintf(stderr, "cell (%d,%d): %g, not %g\n", i, j, (double)got, (double)grid[i][j]);
            return 1;
        }
    printf("%d x %d PEs, %d steps\nSUCCESS!\n", W, H, STEPS);
    return 0;
}
