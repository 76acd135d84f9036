// RV32 instructions per second: one hart, and all 700 of a Blackhole, on tests/isa/programs/mix.c
// (lists, matrices, a state machine, CRC), against QEMU's translator on the same file in this run.
// Host time is the processor time of the thread, so that a busy machine does not count.
#include "base/proc.h"
#include "riscv/elf.h"
#include "riscv/hart.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { TILES = 140, HARTS = 5, L1 = 0x180000, LOCAL = 0xffb00000, LOCAL_SIZE = 8192, SLICE = 64 };
enum { ITERATIONS = 20000 };

typedef struct Tile {
    uint8_t *l1, local[HARTS][LOCAL_SIZE];
    Space space, local_space[HARTS];
    Hart hart[HARTS];
    uint64_t changes;
    char out[16];
    bool done;
} Tile;

static void die(const char *what) {
    fprintf(stderr, "rv32: %s: %s\n", what, wt_last_error());
    exit(1);
}

static double thread_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double child_seconds(void) {
    struct rusage u;
    getrusage(RUSAGE_CHILDREN, &u);
    return (double)u.ru_utime.tv_sec + (double)u.ru_stime.tv_sec +
           (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) * 1e-6;
}

static char *shell(const char *line) {
    ProcResult r;
    if (proc_run(&(ProcSpec){ .argv = (const char *[]){ "sh", "-c", line, NULL } }, &r)) die(line);
    if (r.code) fprintf(stderr, "rv32: %s\n%s", line, r.out), exit(1);
    return r.out;
}

// The program, linked at an address of its own for each hart of a tile.
static void build(char *path, size_t cap, int hart, int iterations) {
    char line[1024];
    snprintf(path, cap, "/tmp/wavetile-rv32-%ld-%d-%d.elf", (long)getpid(), hart, iterations);
    snprintf(
        line, sizeof line,
        "riscv64-unknown-elf-gcc -march=rv32im -mabi=ilp32 -O2 -ffreestanding -nostdlib -static "
        "-Wl,--no-relax -Wl,-e,_start -Wl,-Ttext=0x%x -DITERATIONS=%d tests/isa/programs/mix.c -o "
        "%s "
        "$(riscv64-unknown-elf-gcc -march=rv32im -mabi=ilp32 -print-libgcc-file-name)",
        0x20000 * (hart + 1), iterations, path);
    free(shell(line));
}

static BusReply leave(Hart *h, uint32_t word) {
    Tile *t = h->owner;
    (void)word;
    if (h->x[17] == 64) memcpy(t->out, t->l1 + h->x[11], h->x[12] < 15 ? h->x[12] : 15);
    t->done = h->x[17] == 93;
    return BUS_YIELD;
}

static const HartBus bus = { .system = leave };

static Tile *tile_open(CodeCache *cache) {
    Tile *t = calloc(1, sizeof *t);
    t->l1 = calloc(1, L1);
    if (space_init(&t->space, t->l1, 0, L1, SPACE_R | SPACE_W | SPACE_X, cache)) die("L1");
    for (int i = 0; i < HARTS; i++) {
        if (space_init(&t->local_space[i], t->local[i], LOCAL, LOCAL_SIZE, SPACE_R | SPACE_W, NULL))
            die("local");
        hart_init(&t->hart[i]);
        t->hart[i].space[0] = &t->space;
        t->hart[i].space[1] = &t->local_space[i];
        t->hart[i].bus = &bus;
        t->hart[i].owner = t;
        t->hart[i].changes = &t->changes;
    }
    return t;
}

static void tile_close(Tile *t) {
    for (int i = 0; i < HARTS; i++) space_deinit(&t->local_space[i]);
    space_deinit(&t->space);
    free(t->l1);
    free(t);
}

static void load(Tile *t, int hart, const char *path) {
    ElfFile e;
    if (elf_open(&e, path)) die(path);
    for (size_t i = 0; i < e.num_segments; i++)
        memcpy(t->l1 + e.segments[i].vaddr, e.segments[i].data, e.segments[i].file_size);
    hart_reset(&t->hart[hart], e.entry);
    elf_close(&e);
}

static double one_core(CodeCache *cache) {
    char path[128], line[256];
    build(path, sizeof path, 0, ITERATIONS);
    snprintf(line, sizeof line, "qemu-riscv32 %s", path);
    double start = child_seconds();
    char *expected = shell(line);
    double qemu = child_seconds() - start;
    Tile *t = tile_open(cache);
    load(t, 0, path);
    Hart *h = &t->hart[0];
    start = thread_seconds();
    while (!t->done && hart_run(h, h->clock + SLICE) <= HART_YIELD) {
    }
    double ours = thread_seconds() - start;
    if (strcmp(t->out, expected)) fprintf(stderr, "rv32: wrong checksum %s\n", t->out), exit(1);
    double n = (double)h->clock / 1e6;
    printf(
        "rv32_one_core          %8.1f MIPS   (mix.c, %.0f M instructions in slices of %d; 20 KB)\n",
        n / ours, n, SLICE);
    printf("rv32_one_core_qemu     %8.1f MIPS   (the same file under qemu-riscv32)\n", n / qemu);
    printf("rv32_one_core_to_qemu  %8.3f ratio\n", qemu / ours);
    free(expected);
    tile_close(t);
    remove(path);
    return n / ours;
}

static void all_harts(CodeCache *cache, double one) {
    static Tile *tile[TILES];
    char path[HARTS][128];
    enum { WINDOWS = 6000 };
    for (int h = 0; h < HARTS; h++) build(path[h], sizeof path[h], h, 1000000);
    for (int i = 0; i < TILES; i++) {
        tile[i] = tile_open(cache);
        for (int h = 0; h < HARTS; h++) load(tile[i], h, path[h]);
    }
    double start = thread_seconds();
    for (uint64_t now = SLICE; now <= (uint64_t)SLICE * WINDOWS; now += SLICE) {
        for (int i = 0; i < TILES; i++) {
            for (int h = 0; h < HARTS; h++) hart_prefetch(&tile[(i + 1) % TILES]->hart[h]);
            for (int h = 0; h < HARTS; h++)
                if (hart_run(&tile[i]->hart[h], now) != HART_SLICE)
                    die(tile[i]->hart[h].fault.text);
        }
        code_cache_tidy(cache);
    }
    double s = thread_seconds() - start, n = (double)TILES * HARTS * WINDOWS * SLICE / 1e6;
    printf("rv32_700_harts         %8.1f MIPS   (mix.c on each, %.0f M instructions, windows of "
           "%d; %d KB)\n",
           n / s, n, SLICE, TILES * HARTS * 20);
    printf("rv32_700_harts_to_one  %8.3f ratio\n", n / s / one);
    for (int i = 0; i < TILES; i++) tile_close(tile[i]);
    for (int h = 0; h < HARTS; h++) remove(path[h]);
}

int main(void) {
    CodeCache *cache;
    if (code_cache_create(ISA_BLACKHOLE, 0, &cache)) die("cache");
    all_harts(cache, one_core(cache));
    code_cache_destroy(cache);
    return 0;
}
