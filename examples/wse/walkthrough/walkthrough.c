// Host side of the memcpy walk-through in C: y = A x + b on a row of PEs.
//
//     walkthrough OUT      OUT: the directory that cslc wrote
#include <stdio.h>
#include <stdlib.h>

#include "wse.h"

enum { ROWS = 8, COLUMNS = 6, MAX_WIDTH = 750 }; // as commands.sh compiles it

static void check(wt_status_t status, const char *what) {
    if (status == WT_OK) return;
    fprintf(stderr, "%s: %s\n", what, wt_last_error());
    exit(1);
}

int main(int argc, char **argv) {
    wse_runtime_t *rt;
    check(wse_runtime_open(argc > 1 ? argv[1] : "out", NULL, &rt), "open");
    wse_info_t info = { .struct_size = sizeof info };
    check(wse_runtime_info(rt, &info), "info");
    int width = (int)info.width;
    if (width > MAX_WIDTH) width = MAX_WIDTH;

    int32_t A, x, b, y;
    check(wse_get_id(rt, "A", &A), "A");
    check(wse_get_id(rt, "x", &x), "x");
    check(wse_get_id(rt, "b", &b), "b");
    check(wse_get_id(rt, "y", &y), "y");
    check(wse_runtime_load(rt), "load");
    check(wse_runtime_run(rt), "run");

    // Per PE: its rows of A, column by column; the whole of x; its rows of b.
    static float matrix[MAX_WIDTH][COLUMNS][ROWS], vector[COLUMNS], offset[MAX_WIDTH][ROWS],
        result[MAX_WIDTH][ROWS];
    for (int p = 0; p < width; p++)
        for (int i = 0; i < ROWS; i++) {
            offset[p][i] = (float)(p - i);
            for (int j = 0; j < COLUMNS; j++)
                matrix[p][j][i] = (float)((p + 3 * i + 5 * j) % 7 - 3);
        }
    for (int j = 0; j < COLUMNS; j++) vector[j] = (float)(j - 2);

    const wse_region_t row = { 0, 0, width, 1 };
    size_t pes = (size_t)width;
    check(wse_memcpy_h2d(rt, A, matrix, pes * COLUMNS * ROWS, &row, COLUMNS * ROWS, NULL, NULL),
          "copy A");
    check(wse_memcpy_h2d_rowbcast(rt, x, vector, COLUMNS, &row, COLUMNS, NULL, NULL), "copy x");
    check(wse_memcpy_h2d(rt, b, offset, pes * ROWS, &row, ROWS, NULL, NULL), "copy b");
    check(wse_launch(rt, "compute", NULL, 0, NULL, NULL), "compute");
    check(wse_memcpy_d2h(rt, result, pes * ROWS, y, &row, ROWS, NULL, NULL), "copy y");
    check(wse_runtime_stop(rt), "stop");

    wse_stats_t stats = { .struct_size = sizeof stats };
    check(wse_runtime_stats(rt, &stats), "stats");
    wse_runtime_close(rt);

    for (int p = 0; p < width; p++)
        for (int i = 0; i < ROWS; i++) {
            float expected = offset[p][i]; // small integers: exact in any order
            for (int j = 0; j < COLUMNS; j++) expected += matrix[p][j][i] * vector[j];
            if (result[p][i] == expected) continue;
            fprintf(stderr, "PE %d, row %d: %g, not %g\n", p, i, (double)result[p][i],
                    (double)expected);
            return 1;
        }
    printf("%d PEs, %d x %d matrix, %llu cycles\nSUCCESS!\n", width, width * ROWS, COLUMNS,
           (unsigned long long)stats.cycles);
    return 0;
}
