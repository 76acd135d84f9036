// The wafer's four named programs, hand-assembled: tile-cycles per second and the time per PE and cycle.
// Cycle counts stand beside the published ones (fmacs over 5,124 elements; chain reduce of 512 PEs and
// 4,096 words; a data task per wavelet), all WSE-2.
#include "../tests/unit/wse_build.h"

#include <time.h>

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); // one thread: other load does not show
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void must(wt_status_t s) {
    if (!s) return;
    fprintf(stderr, "wse bench: %s\n", wt_last_error());
    exit(1);
}

// Runs to quiescence and prints one line. Returns the cycles.
static uint64_t measure(Build *b, const char *name, const char *input) {
    const Object *o = build_object(b);
    WseChip *c;
    ChipStop why;
    ChipStats s;
    must(object_verify(o));
    must(wafer_open(o, NULL, &c));
    double t = seconds();
    must(wafer_run(c, &(ChipGoal){ 0 }, &why));
    t = seconds() - t;
    wafer_stats(c, &s);
    printf("%-28s %8.1f M tile-cycles/s  (%s; %llu cycles, %.1f ns per PE and cycle, %llu wavelets, %llu KiB)\n", name,
           (double)s.tile_cycles / t / 1e6, input, (unsigned long long)s.cycles, t / (double)s.tile_cycles * 1e9,
           (unsigned long long)s.wavelets, (unsigned long long)(s.bytes >> 10));
    wafer_close(c);
    build_free(b);
    return s.cycles;
}

static void start_task(Build *b, uint32_t func) {
    build_task(b, 8, TASK_LOCAL, func, -1, -1);
    b->in->active = 1 << 8;
}

static void scalar_loop(void) {
    Build b;
    enum { N = 20000000 };
    build_init(&b, WSE2, 1, 1);
    uint32_t in = build_inst(&b, "loop");
    start_task(&b, BUILD_FUNC(&b, "main", 4, 0, 0, I32(ldi, 0, 0), I32(ldu, 1, 0), I32(ldu, 2, N), I3(add_u32, 1, 1, 0),
                              I3(addi_u32, 0, 0, 1), I3(jlt, 0, 2, 3), I3(sta_32, 1, 0x10, 0), RET));
    build_rect(&b, 0, 0, 1, 1, in, build_router(&b));
    measure(&b, "wse scalar loop", "1 PE, 20 M iterations of 3 instructions");
}

// `times` @fmacs over n elements, in place; src1 is the address of the second source.
static uint64_t fmacs(const char *name, unsigned n, unsigned times, unsigned src1) {
    Build b;
    build_init(&b, WSE2, 1, 1);
    uint32_t in = build_inst(&b, "fmacs");
    b.in->ram = 0xc000;
    b.in->stack = 0xbf00;
    ObjVec v = vec_of(VEC_fmacs, build_opd(&b, dsd_mem1d(0x20, n, 1)), build_opd(&b, dsd_mem1d(0x20, n, 1)), build_opd(&b, dsd_mem1d(src1, n, 1)));
    v.scalar = opd(OPD_SCALAR, 2);
    unsigned row = build_vec(&b, v);
    start_task(&b, BUILD_FUNC(&b, "main", 4, 0, 0, I32(ldi, 0, 0), I32(ldu, 1, times), I32(ldu, 2, 0x3f800000), I32(vec, 3, row),
                              I3(addi_u32, 0, 0, 1), I3(jlt, 0, 1, 3), RET));
    build_rect(&b, 0, 0, 1, 1, in, build_router(&b));
    char input[96];
    snprintf(input, sizeof input, "1 PE, %u times %u f32 elements, %u bytes each", times, n, 4 * n);
    return measure(&b, name, input);
}

// PE 0 sends its vector east; every PE adds its own and sends on; the last one keeps the sum. Neighbours
// use colors 0 and 1 in turn.
static uint64_t chain_reduce(unsigned pes, unsigned n) {
    Build b;
    enum { FIRST, INNER, LAST };
    uint32_t inst[3];
    build_init(&b, WSE2, pes, 1);
    for (int k = FIRST; k <= LAST; k++) {
        inst[k] = build_inst(&b, k == FIRST ? "first" : k == INNER ? "inner" : "last");
        b.in->ram = 0x5000;
        b.in->stack = 0x4f00;
        ObjOperand mem = build_opd(&b, dsd_mem1d(0x100, n, 1));
        for (unsigned odd = 0; odd < 2; odd++) {
            ObjOperand in = build_opd(&b, dsd_fabric(DSD_FABIN, 2, odd, n)), out = build_opd(&b, dsd_fabric(DSD_FABOUT, 3, !odd, n));
            ObjVec v = k == FIRST ? vec_of(VEC_fmovs, out, opd(OPD_NONE, 0), mem) : vec_of(VEC_fadds, k == INNER ? out : mem, in, mem);
            v.flags = VEC_ASYNC;
            build_vec(&b, v);
        }
        start_task(&b, BUILD_FUNC(&b, "main", 3, 0, 0, I3(coord, 0, 0, 0), I3(andi, 0, 0, 1), I32(jnz, 0, 5), I32(vec, 1, 0), RET,
                                  I32(vec, 1, 1), RET));
    }
    for (unsigned x = 0; x < pes; x++) {
        int k = x == 0 ? FIRST : x + 1 == pes ? LAST : INNER;
        unsigned in = x & 1, router = x < 3 || k == LAST ? build_router(&b) : 2 - in;
        if (x < 3 || k == LAST) {
            if (k != FIRST) build_route(&b, in, ON(W), ON(RAMP));
            if (k != LAST) build_route(&b, !in, ON(RAMP), ON(E));
        }
        build_rect(&b, x, 0, 1, 1, inst[k], router);
    }
    char input[96];
    snprintf(input, sizeof input, "%u PEs, %u f32 words, %u bytes per PE", pes, n, 4 * n);
    return measure(&b, "wse chain reduce", input);
}

static void data_task(void) {
    Build b;
    enum { N = 30000 };
    build_init(&b, WSE2, 2, 1);
    uint32_t src = build_inst(&b, "source");
    ObjVec v = vec_of(VEC_mov32, build_opd(&b, dsd_fabric(DSD_FABOUT, 2, 3, N)), opd(OPD_NONE, 0), opd(OPD_SCALAR, 0));
    v.flags = VEC_ASYNC;
    unsigned row = build_vec(&b, v);
    start_task(&b, BUILD_FUNC(&b, "main", 2, 0, 0, I32(ldu, 0, 7), I32(vec, 1, row), RET));
    uint32_t dst = build_inst(&b, "sink");
    uint32_t f = BUILD_FUNC(&b, "recv", 4, 1, 0, I3(lda_u32, 1, 0x10, 0), I3(add_u32, 1, 1, 0), I3(sta_32, 1, 0x10, 0), I3(lda_u16, 2, 0x14, 0),
                            I3(addi_u16, 2, 2, 1), I3(sta_16, 2, 0x14, 0), RET);
    build_task(&b, 3, TASK_DATA, f, ARG_WORD, -1);
    uint32_t r0 = build_router(&b);
    build_route(&b, 3, ON(RAMP), ON(E));
    uint32_t r1 = build_router(&b);
    build_route(&b, 3, ON(W), ON(RAMP));
    build_rect(&b, 0, 0, 1, 1, src, r0);
    build_rect(&b, 1, 0, 1, 1, dst, r1);
    uint64_t cycles = measure(&b, "wse data task per wavelet", "2 PEs, 30,000 wavelets");
    printf("%-28s %8.1f cycles per wavelet  (published: about 31)\n", "wse data task", (double)cycles / N);
}

static void compare(const char *name, uint64_t cycles, double published) {
    printf("%-28s %8llu cycles  (published %.0f; ratio %.3f)\n", name, (unsigned long long)cycles, published, (double)cycles / published);
}

// With an argument: the chain reduce alone, so many times (for profiles).
int main(int argc, char **argv) {
    for (int i = 0; argc > 1 && i < atoi(argv[1]); i++) chain_reduce(512, 4096);
    if (argc > 1) return 0;
    scalar_loop();
    fmacs("wse fmacs 1000", 1000, 20000, 0x20 + 4004);
    compare("wse chain reduce cycles", chain_reduce(512, 4096), 7218);
    data_task();
    compare("wse fmacs, aligned", fmacs("wse fmacs 5124", 5124, 1, 0x5044), 2597);
    compare("wse fmacs, one a cycle", fmacs("wse fmacs 5124", 5124, 1, 0x5042), 5130);
    compare("wse fmacs, bank conflict", fmacs("wse fmacs 5124", 5124, 1, 0x5048), 10254);
    return 0;
}
