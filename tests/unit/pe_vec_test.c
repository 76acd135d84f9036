// Vector operations on memory, FIFOs and DSRs: element order, lengths, strides, what a DSD may
// reach.
#include "wse_build.h"

#include "wse/chip/numeric.h"

#include "../test.h"

typedef struct Machine {
    Build b;
    WseChip *c;
} Machine;

static void machine_init(Machine *m, WseArch arch) {
    build_init(&m->b, arch, 1, 1);
    build_inst(&m->b, "test");
    build_rect(&m->b, 0, 0, 1, 1, 0, build_router(&m->b));
    m->c = NULL;
}
// Task 8 runs `code` at start.
static void machine_open(Machine *m, const uint64_t *code, size_t n) {
    build_task(&m->b, 8, TASK_LOCAL, build_func(&m->b, "main", 8, 0, 0, code, n), -1, -1);
    m->b.in->active |= 1 << 8;
    const Object *o = build_object(&m->b);
    assert_ok(object_verify(o));
    assert_ok(wafer_open(o, NULL, &m->c));
}
#define OPEN(m, ...)                                                                               \
    machine_open(m, (const uint64_t[]){ __VA_ARGS__ },                                             \
                 sizeof((const uint64_t[]){ __VA_ARGS__ }) / 8)
static void machine_close(Machine *m) {
    wafer_close(m->c);
    build_free(&m->b);
}
static void put(Machine *m, uint32_t at, const void *p, uint32_t n) {
    assert_ok(wafer_write(m->c, 0, 0, at, p, n));
}
static void get(Machine *m, uint32_t at, void *p, uint32_t n) {
    assert_ok(wafer_read(m->c, 0, 0, at, p, n));
}
static void run(Machine *m) {
    ChipStop why;
    assert_ok(wafer_run(m->c, &(ChipGoal){ .budget = 1000000 }, &why));
    assert_int_equal(why, CHIP_QUIET);
}
static const ObjOperand none = { OPD_NONE, 0 };

// Element i may read what element i - 1 wrote: a running sum over one array.
static void element_order_is_the_meaning(void **state) {
    (void)state;
    Machine m;
    machine_init(&m, WSE2);
    ObjVec v =
        vec_of(VEC_add16, build_opd(&m.b, dsd_mem1d(0x12, 7, 1)),
               build_opd(&m.b, dsd_mem1d(0x10, 7, 1)), build_opd(&m.b, dsd_mem1d(0x12, 7, 1)));
    build_vec(&m.b, v);
    OPEN(&m, I32(vec, 0, 0), RET);
    uint16_t a[8] = { 1, 1, 1, 1, 1, 1, 1, 1 };
    put(&m, 0x10, a, sizeof a);
    run(&m);
    get(&m, 0x10, a, sizeof a);
    for (int i = 0; i < 8; i++) assert_int_equal(a[i], i + 1);
    machine_close(&m);
}

// The first source's length counts, then the second's, then the destination's, else one.
static void lengths_follow_the_sources(void **state) {
    (void)state;
    static const struct {
        int dest, src0, src1, want; // extents; -1 scalar
    } cases[] = {
        { 8, 3, 5, 3 }, { 8, -1, 5, 5 }, { 3, -1, 6, 6 }, { 4, -1, -1, 4 }, { 8, 0, 5, 0 }
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Machine m;
        machine_init(&m, WSE2);
        ObjOperand s0 = cases[i].src0 < 0
                            ? opd(OPD_SCALAR, 1)
                            : build_opd(&m.b, dsd_mem1d(0x40, (unsigned)cases[i].src0, 1));
        ObjOperand s1 = cases[i].src1 < 0
                            ? opd(OPD_SCALAR, 1)
                            : build_opd(&m.b, dsd_mem1d(0x60, (unsigned)cases[i].src1, 1));
        build_vec(
            &m.b,
            vec_of(VEC_or16, build_opd(&m.b, dsd_mem1d(0x10, (unsigned)cases[i].dest, 1)), s0, s1));
        OPEN(&m, I32(ldi, 1, 1), I32(vec, 0, 0), RET);
        uint16_t ones[8] = { 1, 1, 1, 1, 1, 1, 1, 1 }, got[8];
        put(&m, 0x40, ones, 16);
        put(&m, 0x60, ones, 16);
        run(&m);
        get(&m, 0x10, got, 16);
        for (int k = 0; k < 8; k++) assert_int_equal(got[k], k < cases[i].want);
        machine_close(&m);
    }
}

// Strides count elements of the operation, also backwards; a pointer is a vector of stride 0.
static void strides_count_elements(void **state) {
    (void)state;
    Machine m;
    machine_init(&m, WSE2);
    build_vec(&m.b, vec_of(VEC_mov32, build_opd(&m.b, dsd_mem1d(0x10, 4, 1)), none,
                           build_opd(&m.b, dsd_mem1d(0x4c, 4, -1))));
    build_vec(&m.b,
              vec_of(VEC_mov32, opd(OPD_POINTER, 1), none, build_opd(&m.b, dsd_mem1d(0x40, 4, 1))));
    OPEN(&m, I32(ldi, 1, 0x30), I32(vec, 0, 0), I32(vec, 0, 1), RET);
    uint32_t a[4] = { 1, 2, 3, 4 }, b[4], last;
    put(&m, 0x40, a, sizeof a);
    run(&m);
    get(&m, 0x10, b, sizeof b);
    for (int i = 0; i < 4; i++) assert_int_equal(b[i], 4 - i);
    get(&m, 0x30, &last, 4);
    assert_int_equal(last, 4);
    machine_close(&m);
}

// (*p, c, s) with c the variable p points to accumulates; with another c it keeps the last element.
static void reductions_accumulate(void **state) {
    (void)state;
    Machine m;
    machine_init(&m, WSE2);
    ObjVec v = vec_of(VEC_fmaxs, opd(OPD_POINTER, 1), opd(OPD_SCALAR, 2),
                      build_opd(&m.b, dsd_mem1d(0x40, 4, 1)));
    build_vec(&m.b, v);
    v.flags = VEC_ACCUMULATE;
    build_vec(&m.b, v);
    OPEN(&m, I32(ldi, 1, 0x10), I32(ldi, 2, 0), I32(vec, 0, 0), I32(ldi, 1, 0x14), I32(vec, 0, 1),
         RET);
    float a[4] = { 1, 9, 3, 2 }, got[2];
    put(&m, 0x40, a, sizeof a);
    run(&m);
    get(&m, 0x10, got, sizeof got);
    assert_true(got[0] == 2 && got[1] == 9);
    machine_close(&m);
}

// The manual's example: |i, j|{5, 5} -> A[2 * i + j] is extents {5, 5}, strides {1, -2}.
static void mem4d_walks_as_written(void **state) {
    (void)state;
    Machine m;
    machine_init(&m, WSE2);
    build_add(&m.b, shapes, ((ObjShape){ .dims = 2, .extent = { 5, 5 }, .stride = { 1, -2 } }));
    build_vec(&m.b, vec_of(VEC_mov16, build_opd(&m.b, dsd_mem1d(0x80, 25, 1)), none,
                           build_opd(&m.b, dsd_mem4d(0x10, 0))));
    OPEN(&m, I32(vec, 0, 0), RET);
    uint16_t a[20], got[25];
    for (int i = 0; i < 20; i++) a[i] = (uint16_t)(100 + i);
    put(&m, 0x10, a, sizeof a);
    run(&m);
    get(&m, 0x80, got, sizeof got);
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 5; j++) assert_int_equal(got[5 * i + j], 100 + 2 * i + j);
    machine_close(&m);
}

// Only the extent 0x7fff of one dimension has no end, not a product that happens to be that number.
static void mem4d_of_32767_elements_ends(void **state) {
    (void)state;
    Machine m;
    machine_init(&m, WSE2);
    build_add(&m.b, shapes, ((ObjShape){ .dims = 2, .extent = { 7, 4681 } }));
    build_vec(&m.b,
              vec_of(VEC_mov16, opd(OPD_POINTER, 1), none, build_opd(&m.b, dsd_mem4d(0x10, 0))));
    OPEN(&m, I32(ldi, 1, 0x80), I32(vec, 0, 0), RET);
    uint16_t word = 42, got = 0;
    put(&m, 0x10, &word, 2);
    run(&m);
    get(&m, 0x80, &got, 2);
    assert_int_equal(got, 42);
    machine_close(&m);
}

// .index counts 16-bit words and touches only DSDs that ask for it.
static void index_counts_words(void **state) {
    (void)state;
    Machine m;
    machine_init(&m, WSE2);
    ObjDsd with = dsd_mem1d(0x40, 2, 1);
    with.w[0] |= DSD_INDEX_OFFSET;
    ObjVec v =
        vec_of(VEC_mov32, build_opd(&m.b, dsd_mem1d(0x10, 2, 1)), none, build_opd(&m.b, with));
    v.index = 1;
    build_vec(&m.b, v);
    OPEN(&m, I32(ldi, 1, 4), I32(vec, 0, 0), RET);
    uint32_t a[4] = { 1, 2, 3, 4 }, b[2];
    put(&m, 0x40, a, sizeof a);
    run(&m);
    get(&m, 0x10, b, sizeof b);
    assert_int_equal(b[0], 3);
    assert_int_equal(b[1], 4);
    machine_close(&m);
}

// A DSR restarts at its base unless it was loaded with save_address.
static void save_address_goes_on(void **state) {
    (void)state;
    Machine m;
    machine_init(&m, WSE2);
    ObjOperand to = build_opd(&m.b, dsd_mem1d(0x10, 2, 1)),
               from = build_opd(&m.b, dsd_mem1d(0x40, 2, 1));
    build_add(&m.b, dsrs,
              ((ObjDsrLoad){ .file = DSR_DEST,
                             .number = 1,
                             .flags = VEC_SAVE_ADDRESS,
                             .ut = OBJ_NONE8,
                             .from = to,
                             .done = { .reg = OBJ_NONE16 },
                             .on_control = { .reg = OBJ_NONE16 } }));
    build_add(&m.b, dsrs,
              ((ObjDsrLoad){ .file = DSR_SRC1,
                             .number = 3,
                             .ut = OBJ_NONE8,
                             .from = from,
                             .done = { .reg = OBJ_NONE16 },
                             .on_control = { .reg = OBJ_NONE16 } }));
    m.b.in->nstart = 1;
    build_vec(&m.b, vec_of(VEC_mov16, opd(OPD_DSR, DSR_DEST << 8 | 1), none,
                           opd(OPD_DSR, DSR_SRC1 << 8 | 3)));
    OPEN(&m, I32(ldsr, 0, 1), I32(vec, 0, 0), I32(vec, 0, 0), RET);
    uint16_t a[2] = { 7, 8 }, got[4];
    put(&m, 0x40, a, sizeof a);
    run(&m);
    get(&m, 0x10, got, sizeof got);
    assert_true(got[0] == 7 && got[1] == 8 && got[2] == 7 && got[3] == 8);
    machine_close(&m);
}

// A synchronous operation on a full or empty FIFO ends early and says false.
static void fifos_end_synchronous_operations(void **state) {
    (void)state;
    Machine m;
    machine_init(&m, WSE3);
    build_add(&m.b, fifos,
              ((ObjFifo){ .base = 0x80,
                          .capacity = 4,
                          .size = 2,
                          .push_task = OBJ_NONE8,
                          .pop_task = OBJ_NONE8 }));
    build_vec(&m.b,
              vec_of(VEC_mov16, opd(OPD_FIFO, 0), none, build_opd(&m.b, dsd_mem1d(0x40, 3, 1))));
    build_vec(&m.b,
              vec_of(VEC_mov16, build_opd(&m.b, dsd_mem1d(0x10, 8, 1)), none, opd(OPD_FIFO, 0)));
    OPEN(&m, I32(vec, 0, 0), I3(sta_16, 0, 0x30, 0), I32(vec, 0, 0), I3(sta_16, 0, 0x32, 0),
         I32(vec, 0, 1), I3(sta_16, 0, 0x34, 0), RET);
    uint16_t a[3] = { 1, 2, 3 }, got[8], result[3];
    put(&m, 0x40, a, sizeof a);
    run(&m);
    get(&m, 0x30, result, sizeof result);
    assert_true(result[0] == 1 && result[1] == 0 && result[2] == 0);
    get(&m, 0x10, got, sizeof got);
    assert_true(got[0] == 1 && got[1] == 2 && got[2] == 3 && got[3] == 1 && got[4] == 0);
    machine_close(&m);
}

// Length set with @set_fifo_read_length counts; what remains after an early end is the new length.
static void fifo_lengths_count(void **state) {
    (void)state;
    Machine m;
    machine_init(&m, WSE2);
    build_add(&m.b, fifos,
              ((ObjFifo){ .base = 0x80,
                          .capacity = 8,
                          .size = 4,
                          .push_task = OBJ_NONE8,
                          .pop_task = OBJ_NONE8 }));
    build_vec(&m.b,
              vec_of(VEC_mov32, opd(OPD_FIFO, 0), none, build_opd(&m.b, dsd_mem1d(0x40, 4, 1))));
    build_vec(&m.b,
              vec_of(VEC_mov32, build_opd(&m.b, dsd_mem1d(0x10, 8, 1)), none, opd(OPD_FIFO, 0)));
    OPEN(&m, I32(vec, 0, 0), I32(ldi, 1, 3), I3(fifo_rlen, 1, 0, 0), I32(vec, 0, 1),
         I3(sta_16, 0, 0x30, 0), RET);
    uint32_t a[4] = { 1, 2, 3, 4 }, got[4];
    uint16_t ok;
    put(&m, 0x40, a, sizeof a);
    run(&m);
    get(&m, 0x10, got, sizeof got);
    get(&m, 0x30, &ok, 2);
    assert_true(ok == 1 && got[0] == 1 && got[2] == 3 && got[3] == 0);
    machine_close(&m);
}

// @map over two arrays, element by element.
static void iterators_read_and_write(void **state) {
    (void)state;
    Machine m;
    machine_init(&m, WSE2);
    unsigned from = build_dsd(&m.b, dsd_mem1d(0x40, 4, 2)),
             to = build_dsd(&m.b, dsd_mem4d(0x10, 0));
    build_add(&m.b, shapes, ((ObjShape){ .dims = 2, .extent = { 2, 2 }, .stride = { 1, 3 } }));
    // Eight registers: value, DSD scratch, two iterators would need ten; build the function with
    // more.
    const uint64_t code[] = { I32(dsd_const, 0, from),
                              I3(it_init, 2, 0, 0),
                              I32(dsd_const, 0, to),
                              I3(it_init, 6, 0, 0),
                              I3(it_end, 2, 10, 0),
                              I3(it_end, 6, 10, 0),
                              I3(it_read, 0, 2, ELEM_I16),
                              I3(addi_i16, 0, 0, 1),
                              I3(it_write, 0, 6, ELEM_I16),
                              I32(jmp, 0, 4),
                              RET };
    build_task(&m.b, 8, TASK_LOCAL, build_func(&m.b, "main", 10, 0, 0, code, sizeof code / 8), -1,
               -1);
    m.b.in->active = 1 << 8;
    const Object *o = build_object(&m.b);
    assert_ok(object_verify(o));
    assert_ok(wafer_open(o, NULL, &m.c));
    int16_t a[8] = { -5, 0, 10, 0, 20, 0, 30, 0 }, got[6];
    put(&m, 0x40, a, sizeof a);
    run(&m);
    get(&m, 0x10, got, sizeof got);
    assert_true(got[0] == -4 && got[1] == 11 && got[4] == 21 && got[5] == 31 && got[2] == 0);
    machine_close(&m);
}

// Cycles of @fmacs over 1,024 f32: half, one and two a cycle by banks and alignment (WSE-2).
static void banks_cost_cycles(void **state) {
    (void)state;
    static const struct {
        unsigned src1, low, high;
    } cases[] = { { 0x2024, 512, 540 }, { 0x2022, 1024, 1060 }, { 0x2020, 2048, 2090 } };
    for (int i = 0; i < 3; i++) {
        Machine m;
        machine_init(&m, WSE2);
        m.b.in->ram = 0x4000;
        ObjVec v = vec_of(VEC_fmacs, build_opd(&m.b, dsd_mem1d(0x1000, 1024, 1)),
                          build_opd(&m.b, dsd_mem1d(0x1000, 1024, 1)),
                          build_opd(&m.b, dsd_mem1d(cases[i].src1, 1024, 1)));
        v.scalar = opd(OPD_SCALAR, 1);
        build_vec(&m.b, v);
        OPEN(&m, I3(tsc_on, 0, 0, 0), I32(vec, 0, 0), I3(tsc, 2, 0, 0), I3(sta_32, 2, 0x10, 0),
             RET);
        run(&m);
        uint32_t cycles;
        get(&m, 0x10, &cycles, 4);
        assert_in_range(cycles, cases[i].low, cases[i].high);
        machine_close(&m);
    }
}

// Every operation's elements, fast path against the general one: a stride-0 pointer tail forces the
// latter.
static void fast_and_general_paths_agree(void **state) {
    (void)state;
    uint64_t seed = 1234567;
    for (unsigned op = 0; op < VEC_COUNT; op++) {
        if (op == VEC_addc16) continue;
        static const uint8_t width[VEC_COUNT][3] = {
#define _(name, d, s0, s1, w2, w3) { d, s0, s1 },
            VEC_OPS(_)
#undef _
        };
        uint8_t image[256];
        for (int i = 0; i < 256; i++)
            seed = seed * 6364136223846793005ull + 1442695040888963407ull,
            image[i] = (uint8_t)(seed >> 56);
        uint8_t got[2][64];
        for (int general = 0; general < 2; general++) {
            Machine m;
            machine_init(&m, WSE3);
            m.b.in->ram = 0x400;
            // In the general case the same elements come through a one-dimensional mem4d.
            build_add(&m.b, shapes, ((ObjShape){ .dims = 1, .extent = { 8 }, .stride = { 1 } }));
            ObjOperand s0 =
                width[op][1] ? build_opd(&m.b, general ? dsd_mem4d(0x40, 0) : dsd_mem1d(0x40, 8, 1))
                             : none;
            ObjOperand s1 = build_opd(&m.b, general ? dsd_mem4d(0x80, 0) : dsd_mem1d(0x80, 8, 1));
            ObjVec v = vec_of((VecOp)op, build_opd(&m.b, dsd_mem1d(0x10, 8, 1)), s0, s1);
            if (op == VEC_fmach || op == VEC_fmacs || op == VEC_fmachs)
                v.scalar = opd(OPD_SCALAR, 1);
            build_vec(&m.b, v);
            OPEN(&m, I32(ldu, 1, op == VEC_fmacs ? 0x40490fdb : 0x4248), I32(vec, 0, 0), RET);
            put(&m, 0x40, image, 32);
            put(&m, 0x80, image + 64, 32);
            run(&m);
            get(&m, 0x10, got[general], 32);
            machine_close(&m);
        }
        assert_memory_equal(got[0], got[1], 8 * width[op][0] / 8);
    }
}

// ---- what a DSD may reach ----

static void refuse(WseArch arch, ObjDsd dest, ObjDsd src, const char *part) {
    Machine m;
    ChipStop why;
    machine_init(&m, arch);
    build_add(&m.b, fifos,
              ((ObjFifo){ .base = 0x80,
                          .capacity = 4,
                          .size = 2,
                          .push_task = OBJ_NONE8,
                          .pop_task = OBJ_NONE8 }));
    build_add(
        &m.b, shapes,
        ((ObjShape){ .dims = 4, .extent = { 9, 9, 9, 9 }, .stride = { 4000, 4000, 4000, 4000 } }));
    // Values built in registers: nothing verified them.
    build_vec(&m.b, vec_of(VEC_mov32, opd(OPD_DSD, 2), none, opd(OPD_DSD, 4)));
    OPEN(&m, I32(ldu, 2, dest.w[0]), I32(ldhi, 2, dest.w[1]), I32(ldu, 3, dest.w[2]),
         I32(ldhi, 3, dest.w[3]), I32(ldu, 4, src.w[0]), I32(ldhi, 4, src.w[1]),
         I32(ldu, 5, src.w[2]), I32(ldhi, 5, src.w[3]), I32(vec, 0, 0), RET);
    assert_fails(wafer_run(m.c, &(ChipGoal){ .budget = 1000000 }, &why), WT_FAULT, part);
    machine_close(&m);
}

// As a DSD value the verifier cannot know that it is a FIFO.
static void a_fifo_is_never_the_first_of_two_sources(void **state) {
    (void)state;
    Machine m;
    ChipStop why;
    machine_init(&m, WSE3);
    build_add(&m.b, fifos,
              ((ObjFifo){ .base = 0x80,
                          .capacity = 4,
                          .size = 2,
                          .push_task = OBJ_NONE8,
                          .pop_task = OBJ_NONE8 }));
    ObjOperand memory = build_opd(&m.b, dsd_mem1d(0x10, 4, 1));
    build_vec(&m.b, vec_of(VEC_add16, memory, build_opd(&m.b, dsd_fifo(0)), memory));
    OPEN(&m, I32(vec, 0, 0), RET);
    assert_fails(wafer_run(m.c, &(ChipGoal){ .budget = 1000 }, &why), WT_FAULT,
                 "@add16 has a FIFO as the first of two sources");
    machine_close(&m);
}

static void no_dsd_reaches_the_host(void **state) {
    (void)state;
    ObjDsd good = dsd_mem1d(0x10, 4, 1);
    refuse(WSE2, dsd_mem1d(0x3f8, 4, 1), good, "outside the 1024 bytes");
    refuse(WSE2, dsd_mem1d(0, 1000, -1), dsd_mem1d(0x10, 1000, 0), "configuration register");
    refuse(WSE2, dsd_mem1d(0x10, 4, 0x1000), good, "outside the 1024 bytes");
    refuse(WSE2, dsd_mem1d(0x11, 4, 1), good, "odd address");
    refuse(WSE2, dsd_mem1d(0xfffe, 4, 1), good, "configuration register");
    refuse(WSE2, good, dsd_mem1d(0xbffe, 4, 1), "across the end of RAM");
    refuse(WSE2, good, dsd_mem1d(0xc000, 4, 1), "configuration register");
    refuse(WSE2, dsd_mem4d(0x10, 0), dsd_mem4d(0x10, 0), "outside the 1024 bytes");
    refuse(WSE2, dsd_mem4d(0x10, 77), good, "shape 77 of 1");
    refuse(WSE2, good, dsd_mem4d(0x10, 0xffffffff), "not a DSD value");
    refuse(WSE2, dsd_fifo(1), good, "FIFO 1 of 1");
    refuse(WSE2, dsd_fifo(0x80000000), good, "not a DSD value");
    refuse(WSE2, dsd_fifo(0), good, "16-bit elements");
    refuse(WSE2, dsd_fabric(DSD_FABOUT, 9, 3, 4), good, "WSE-2 has no output queue 9");
    refuse(WSE2, dsd_fabric(DSD_FABOUT, 6, 3, 4), good, "WSE-2 has no output queue 6");
    refuse(WSE2, dsd_fabric(DSD_FABOUT, 2, 77, 4), good, "without a color");
    refuse(WSE2, dsd_fabric(DSD_FABIN, 2, 3, 4), good, "as destination");
    refuse(WSE2, good, dsd_fabric(DSD_FABOUT, 2, 3, 4), "as source");
    refuse(WSE2, good, dsd_fabric(DSD_FABIN, 2, 3, 4), "not routed to the RAMP");
    refuse(WSE2, good, dsd_fabric(DSD_FABIN, 2, 200, 4), "neither a color");
    refuse(WSE3, good, dsd_fabric(DSD_FABIN, 15, 3, 4), "without an input queue");
    refuse(WSE3, good, dsd_fabric(DSD_FABIN, 2, 3, 4), "input queue 2 is not initialized");
    refuse(WSE3, dsd_fabric(DSD_FABOUT, 2, 3, 4), good, "output queue 2 is not initialized");
    refuse(WSE2, (ObjDsd){ { 15 } }, good, "holds no DSD");
    refuse(WSE2, good, (ObjDsd){ { 0 } }, "holds no DSD");
    refuse(WSE2, good, dsd_mem1d(0x10, OBJ_ENDLESS, 0), "never ends");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(element_order_is_the_meaning),
        cmocka_unit_test(lengths_follow_the_sources),
        cmocka_unit_test(strides_count_elements),
        cmocka_unit_test(reductions_accumulate),
        cmocka_unit_test(mem4d_walks_as_written),
        cmocka_unit_test(mem4d_of_32767_elements_ends),
        cmocka_unit_test(index_counts_words),
        cmocka_unit_test(save_address_goes_on),
        cmocka_unit_test(fifos_end_synchronous_operations),
        cmocka_unit_test(fifo_lengths_count),
        cmocka_unit_test(iterators_read_and_write),
        cmocka_unit_test(banks_cost_cycles),
        cmocka_unit_test(fast_and_general_paths_agree),
        cmocka_unit_test(a_fifo_is_never_the_first_of_two_sources),
        cmocka_unit_test(no_dsd_reaches_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
