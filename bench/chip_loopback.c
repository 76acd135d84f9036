// The NoC loopback at the level of the chip: one BRISC moves data from one DRAM buffer to another
// in 2 KiB pages interleaved over the channels, a read and a write at a time, with every other
// hart of the chip booted and waiting. The reference is memcpy of the same bytes.
//
// And copies between the host and one DRAM channel; opening a chip.
#include "../tests/unit/chip_program.h"

#include <string.h>
#include <time.h>

enum { PAGE = 2048, TO = 0x10000000, WAITING = 0x9000, GO = 0x3000 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define MUST(call)                                                                                 \
    do {                                                                                           \
        if ((call) != WT_OK) {                                                                     \
            printf("%s: %s\n", #call, wt_last_error());                                            \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

// Channels' coordinates at 0x2000, the number of pages at 0x2100; the end is told at GO.
static const char loopback[] =
    "void main(void) {\n"
    "    u32 pages = REG(0x2100), reads = STATUS(0, RD_RESP), writes = STATUS(0, WR_ACK), me = "
    "ME(0);\n"
    "    NIU(0, 1, 0x04) = 0; NIU(0, 1, 0x10) = 0; NIU(0, 1, 0x14) = me; NIU(0, 1, 0x0C) = "
    "0x40000; NIU(0, 1, 0x20) = 2048;\n"
    "    NIU(0, 0, 0x04) = 0; NIU(0, 0, 0x10) = 0; NIU(0, 0, 0x08) = me; NIU(0, 0, 0x00) = "
    "0x40000; NIU(0, 0, 0x20) = 2048;\n"
    "    NIU(0, 1, 0x1C) = 0x2090; NIU(0, 0, 0x1C) = WRITE;\n"
    "    for (u32 i = 0; i < pages; i++) {\n"
    "        u32 xy = REG(0x2000 + 4 * (i & 7)), at = (i >> 3) * 2048;\n"
    "        while (NIU(0, 1, 0x40)) ;\n"
    "        NIU(0, 1, 0x00) = at; NIU(0, 1, 0x08) = xy; NIU(0, 1, 0x40) = 1; reads++;\n"
    "        while (STATUS(0, RD_RESP) != reads) ;\n"
    "        while (NIU(0, 0, 0x40)) ;\n"
    "        NIU(0, 0, 0x0C) = 0x10000000 + at; NIU(0, 0, 0x14) = xy; NIU(0, 0, 0x40) = 1; "
    "writes++;\n"
    "        while (STATUS(0, WR_ACK) != writes) ;\n"
    "    }\n"
    "    REG(0x3000) = 1;\n"
    "}\n";

static const char waiting[] = "void main(void) { while (REG(0x3004) != 1) ; }";

static void boot_waiting_everywhere(Chip *chip) {
    const ChipFacts *f = chip_facts(chip);
    char *bytes;
    size_t size;
    MUST(program_make(waiting, WAITING, &bytes, &size));
    for (uint32_t row = 0; row < f->worker_rows; row++)
        for (uint32_t column = 0; column < f->worker_columns; column++) {
            ChipXY at;
            uint32_t jump = 0x0000006F | WAITING; // jal x0 to WAITING, for BRISC at 0
            MUST(chip_worker(chip, column, row, &at));
            MUST(chip_write(chip, at, WAITING, bytes, size));
            MUST(chip_write(chip, at, 0, &jump, 4));
            for (ChipHart h = CHIP_NCRISC; h < CHIP_HARTS; h++)
                MUST(chip_set_reset_pc(chip, at, h, WAITING));
            MUST(chip_set_soft_reset(chip, at, row == 0 && column == 0 ? 1u << CHIP_BRISC : 0));
        }
    free(bytes);
}

static double run_loopback(Chip *chip, ChipXY core, uint32_t pages) {
    ChipStats before, after;
    MUST(put_word(chip, core, 0x2100, pages));
    MUST(put_word(chip, core, GO, 0));
    MUST(chip_set_soft_reset(chip, core, 1u << CHIP_BRISC));
    MUST(chip_set_soft_reset(chip, core, 0));
    ChipUntil until = { .at = core, .addr = GO, .mask = ~0u, .value = 1 };
    chip_stats(chip, &before);
    double t = now();
    MUST(chip_run(chip, &(ChipRun){ .until = &until, .num_until = 1 }));
    t = now() - t;
    chip_stats(chip, &after);
    printf("loopback_cycles_per_page  %.1f  cycles  (%.2f windows a page, order %016llx)\n",
           (double)(after.cycles - before.cycles) / pages,
           (double)(after.windows - before.windows) / pages, (unsigned long long)after.order_hash);
    return t;
}

typedef struct Rig {
    Chip *chip;
    ChipXY core, channel[8];
} Rig;

// A chip with everything booted and the input in place.
static Rig set_up(const char *transport, const uint8_t *from, size_t bytes) {
    Rig r;
    double t = now();
    MUST(chip_open(&(ChipOptions){ .transport = transport }, &r.chip));
    printf("chip_open  %.2f  ms  (%u harts)\n", 1e3 * (now() - t),
           chip_facts(r.chip)->worker_columns * 10 * CHIP_HARTS);
    MUST(chip_worker(r.chip, 0, 0, &r.core));
    t = now();
    boot_waiting_everywhere(r.chip);
    MUST(chip_run(r.chip, &(ChipRun){ .windows = 16 }));
    printf("boot_699_waiting_harts  %.2f  ms  (with compiling their program)\n", 1e3 * (now() - t));
    for (uint32_t c = 0; c < 8; c++) {
        MUST(chip_dram(r.chip, c, 0, &r.channel[c]));
        MUST(put_word(r.chip, r.core, 0x2000 + 4 * c,
                      (uint32_t)(r.channel[c].y << 6 | r.channel[c].x)));
        MUST(chip_write(r.chip, r.channel[c], 0, from + c * (bytes / 8), bytes / 8));
    }
    MUST(program_load(r.chip, r.core, loopback, 0));
    run_loopback(r.chip, r.core, 50);
    return r;
}

static void check(const Rig *r, const uint8_t *from, uint8_t *to, size_t bytes) {
    for (uint32_t c = 0; c < 8; c++) {
        MUST(chip_read(r->chip, r->channel[c], TO, to, bytes / 8));
        if (memcmp(to, from + c * (bytes / 8), bytes / 8))
            printf("channel %u differs\n", c), exit(1);
    }
}

static double least(double a, double b) { return a < b ? a : b; }

int main(void) {
    size_t bytes = 64 << 20;
    uint8_t *from = malloc(bytes), *to = malloc(bytes);
    for (size_t i = 0; i < bytes; i++) from[i] = (uint8_t)(i * 2654435761u >> 13);
    memset(to, 1, bytes);

    Rig r = set_up(NULL, from, bytes);
    double loop = 1e9, plain = 1e9, write = 1e9, read = 1e9;
    for (int i = 0; i < 4; i++) { // the first touches the target
        double t = run_loopback(r.chip, r.core, (uint32_t)(bytes / PAGE));
        if (i) loop = least(loop, t);
    }
    check(&r, from, to, bytes);
    for (int i = 0; i < 4; i++) { // side by side, warm, the best of three
        double a = now();
        memcpy(to, from, bytes);
        double b = now();
        MUST(chip_write(r.chip, r.channel[0], 0, from, bytes));
        double c = now();
        MUST(chip_read(r.chip, r.channel[0], 0, to, bytes));
        double d = now();
        if (i) plain = least(plain, b - a), write = least(write, c - b), read = least(read, d - c);
    }
    printf("loopback_64MiB_2KiB  %.4f  s  (one BRISC, 699 harts waiting; %zu bytes)\n", loop,
           bytes);
    printf("loopback_64MiB_2KiB_to_memcpy  %.2f  x  (memcpy %.4f s)\n", loop / plain, plain);
    printf("host_write_to_memcpy  %.2f  x  (%zu bytes; %.1f GB/s)\n", plain / write, bytes,
           (double)bytes / write / 1e9);
    printf("host_read_to_memcpy  %.2f  x  (%zu bytes; %.1f GB/s)\n", plain / read, bytes,
           (double)bytes / read / 1e9);
    chip_close(r.chip);

    const char *other = getenv("WT_TTSIM"); // path of a libttsim.so to compare with
    if (other) {
        Rig o = set_up(other, from, bytes);
        double t = run_loopback(o.chip, o.core, (uint32_t)(bytes / PAGE));
        check(&o, from, to, bytes);
        printf("loopback_64MiB_2KiB_of_libttsim  %.4f  s  (the same program, data and harts)\n", t);
        printf("loopback_64MiB_2KiB_speedup  %.1f  x  (over libttsim)\n", t / loop);
        chip_close(o.chip);
    }
    free(from);
    free(to);
    return 0;
}
