// Host side of the routed GEMV in C: y = A x + b on a grid of PEs.
//
//     gemv OUT      OUT: the directory that cslc wrote, with the sizes of commands.sh
#include <stdio.h>
#include <stdlib.h>

#include "wse.h"

enum { W = 4, H = 3, M = 6, N = 8, ROWS = M / H, COLUMNS = N / W };

static void check(wt_status_t status, const char *what) {
    if (status == WT_OK) return;
    fprintf(stderr, "%s: %s\n", what, wt_last_error());
    exit(1);
}

int main(int argc, char **argv) {
    wse_runtime_t *rt;
    check(wse_runtime_open(argc > 1 ? argv[1] : "out", NULL, &rt), "open");
    int32_t A, x, b, y;
    check(wse_get_id(rt, "A", &A), "A");
    check(wse_get_id(rt, "x", &x), "x");
    check(wse_get_id(rt, "b", &b), "b");
    check(wse_get_id(rt, "y", &y), "y");
    check(wse_runtime_load(rt), "load");
    check(wse_runtime_run(rt), "run");

    static float matrix[M][N], vector[N], offset[M], result[M], blocks[H][W][COLUMNS][ROWS];
    for (int i = 0; i < M; i++) {
        offset[i] = (float)(2 - i);
        for (int j = 0; j < N; j++) {
            matrix[i][j] = (float)((3 * i + 5 * j) % 7 - 3);
            blocks[i / ROWS][j / COLUMNS][j % COLUMNS][i % ROWS] = matrix[i][j];
        }
    }
    for (int j = 0; j < N; j++) vector[j] = (float)(j - 3);

    const wse_region_t all = { 0, 0, W, H }, top = { 0, 0, W, 1 }, west = { 0, 0, 1, H },
                       east = { W - 1, 0, 1, H };
    check(wse_memcpy_h2d(rt, A, blocks, M * N, &all, ROWS * COLUMNS, NULL, NULL), "copy A");
    check(wse_memcpy_h2d(rt, x, vector, N, &top, COLUMNS, NULL, NULL), "copy x");
    check(wse_memcpy_h2d(rt, b, offset, M, &west, ROWS, NULL, NULL), "copy b");
    check(wse_launch(rt, "compute", NULL, 0, NULL, NULL), "compute");
    check(wse_memcpy_d2h(rt, result, M, y, &east, ROWS, NULL, NULL), "copy y");
    check(wse_runtime_stop(rt), "stop");
    wse_runtime_close(rt);

    for (int i = 0; i < M; i++) {
        float expected = offset[i]; // small integers: exact in any order
        for (int j = 0; j < N; j++) expected += matrix[i][j] * vector[j];
        if (result[i] == expected) continue;
        fprintf(stderr, "row %d: %g, not %g\n", i, (double)result[i], (double)expected);
        return 1;
    }
    printf("%d x %d PEs, %d x %d matrix\nSUCCESS!\n", W, H, M, N);
    return 0;
}
