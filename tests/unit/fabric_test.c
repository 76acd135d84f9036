// Routers, queues, microthreads and the host's ports: routes, multicast, back-pressure, color swap,
// control wavelets, launches, stuck reports, and that no order of PEs shows in a result.
#include "wse_build.h"

#include "../test.h"

static const ObjOperand none = { OPD_NONE, 0 };
typedef struct Fabric {
    Build b;
    WseChip *c;
} Fabric;

static void fabric_open_seed(Fabric *f, uint64_t seed) {
    const Object *o = build_object(&f->b);
    assert_ok(object_verify(o));
    assert_ok(wafer_open(o, &(ChipOptions){ .seed = seed }, &f->c));
}
static void fabric_open(Fabric *f) { fabric_open_seed(f, 0); }
static void fabric_close(Fabric *f) {
    wafer_close(f->c);
    build_free(&f->b);
}
static void run_quiet(Fabric *f) {
    ChipStop why;
    assert_ok(wafer_run(f->c, &(ChipGoal){ .budget = 1000000 }, &why));
    assert_int_equal(why, CHIP_QUIET);
}
static void read_words(Fabric *f, unsigned x, unsigned y, uint32_t at, uint32_t *to, uint32_t n) {
    assert_ok(wafer_read(f->c, x, y, at, to, 4 * n));
}
static const char *report(Fabric *f, StrBuf *b) {
    wafer_report(f->c, b, 0);
    return sb_str(b);
}

// Numbers 1, 2, ... at 0x100 of the instance at hand.
static void numbers(Build *b, unsigned n) {
    b->in->ram = 0x1000;
    b->in->stack = 0xf00;
    b->in->data_at = 0x100;
    for (uint32_t i = 1; i <= n; i++)
        for (int k = 0; k < 4; k++) build_add(b, data, (uint8_t)(i >> 8 * k));
}
static uint32_t sender(Build *b, const char *name, unsigned color, unsigned n, bool async) {
    uint32_t in = build_inst(b, name);
    numbers(b, n);
    ObjVec v = vec_of(VEC_mov32, build_opd(b, dsd_fabric(DSD_FABOUT, 2, color, n)), none,
                      build_opd(b, dsd_mem1d(0x100, n, 1)));
    v.flags = async ? VEC_ASYNC : 0;
    build_vec(b, v);
    build_task(b, 8, TASK_LOCAL,
               BUILD_FUNC(b, "main", 4, 0, 0, I32(vec, 0, 0), I3(sta_16, 0, 0x80, 0), RET), -1, -1);
    b->in->active = 1 << 8;
    return in;
}
static uint32_t receiver(Build *b, const char *name, unsigned color, unsigned n) {
    uint32_t in = build_inst(b, name);
    b->in->ram = 0x1000;
    b->in->stack = 0xf00;
    ObjVec v = vec_of(VEC_mov32, build_opd(b, dsd_mem1d(0x200, n, 1)), none,
                      build_opd(b, dsd_fabric(DSD_FABIN, 1, color, n)));
    v.flags = VEC_ASYNC;
    v.done = when(ACT_ACTIVATE, TGT_TASK, 9);
    build_vec(b, v);
    build_task(b, 8, TASK_LOCAL, BUILD_FUNC(b, "main", 4, 0, 0, I32(vec, 0, 0), RET), -1, -1);
    build_task(b, 9, TASK_LOCAL,
               BUILD_FUNC(b, "done", 4, 0, 0, I32(ldi, 0, 1), I3(sta_16, 0, 0x84, 0), RET), -1, -1);
    b->in->active = 1 << 8;
    return in;
}

// A word sent in cycle t is operated on EXECUTE + 2 ramps + a hop later.
static void words_arrive_in_order_and_on_time(void **state) {
    (void)state;
    Fabric f;
    build_init(&f.b, WSE2, 2, 1);
    uint32_t s = sender(&f.b, "send", 3, 100, false), r = receiver(&f.b, "recv", 3, 100);
    uint32_t rs = build_router(&f.b);
    build_route(&f.b, 3, ON(RAMP), ON(E));
    uint32_t rr = build_router(&f.b);
    build_route(&f.b, 3, ON(W), ON(RAMP));
    build_rect(&f.b, 0, 0, 1, 1, s, rs);
    build_rect(&f.b, 1, 0, 1, 1, r, rr);
    fabric_open(&f);
    run_quiet(&f);
    uint32_t got[100];
    read_words(&f, 1, 0, 0x200, got, 100);
    for (uint32_t i = 0; i < 100; i++) assert_int_equal(got[i], i + 1);
    uint16_t flag[3];
    assert_ok(wafer_read(f.c, 0, 0, 0x80, flag, 2));
    assert_int_equal(flag[0], 1);
    assert_ok(wafer_read(f.c, 1, 0, 0x84, flag, 2));
    assert_int_equal(flag[0], 1);
    ChipStats st;
    wafer_stats(f.c, &st);
    assert_in_range(st.cycles, 100, 150); // a word a cycle
    assert_int_equal(st.wavelets, 200);
    fabric_close(&f);
}

// One PE sends east through a PE that keeps a copy and passes on, which turns south.
static void multicast_reaches_everyone(void **state) {
    (void)state;
    Fabric f;
    build_init(&f.b, WSE3, 3, 2);
    uint32_t s = sender(&f.b, "send", 5, 20, true);
    build_queue(&f.b, true, 2, 5);
    uint32_t r = receiver(&f.b, "recv", 5, 20);
    build_queue(&f.b, false, 1, 5);
    uint32_t idle = build_inst(&f.b, "idle"), start = build_router(&f.b);
    build_route(&f.b, 5, ON(RAMP), ON(E));
    uint32_t pass = build_router(&f.b);
    build_route(&f.b, 5, ON(W), ON(RAMP) | ON(E) | ON(S));
    uint32_t from_west = build_router(&f.b);
    build_route(&f.b, 5, ON(W), ON(RAMP));
    uint32_t from_north = build_router(&f.b);
    build_route(&f.b, 5, ON(N), ON(RAMP));
    uint32_t empty = build_router(&f.b);
    build_rect(&f.b, 0, 0, 1, 1, s, start);
    build_rect(&f.b, 1, 0, 1, 1, r, pass);
    build_rect(&f.b, 2, 0, 1, 1, r, from_west);
    build_rect(&f.b, 1, 1, 1, 1, r, from_north);
    build_rect(&f.b, 0, 1, 1, 1, idle, empty);
    build_rect(&f.b, 2, 1, 1, 1, idle, empty);
    fabric_open(&f);
    run_quiet(&f);
    static const unsigned at[3][2] = { { 1, 0 }, { 2, 0 }, { 1, 1 } };
    for (int k = 0; k < 3; k++) {
        uint32_t got[20];
        read_words(&f, at[k][0], at[k][1], 0x200, got, 20);
        for (uint32_t i = 0; i < 20; i++) assert_int_equal(got[i], i + 1);
    }
    fabric_close(&f);
}

// Nobody takes the words: queues and routers fill to their capacity, the sender waits, the report
// says where.
static void back_pressure_holds_words(void **state) {
    (void)state;
    Fabric f;
    build_init(&f.b, WSE3, 2, 1);
    uint32_t s = sender(&f.b, "send", 3, 100, false);
    build_queue(&f.b, true, 2, 3);
    uint32_t r = build_inst(&f.b, "deaf");
    build_queue(&f.b, false, 2, 3);
    uint32_t rs = build_router(&f.b);
    build_route(&f.b, 3, ON(RAMP), ON(E));
    uint32_t rr = build_router(&f.b);
    build_route(&f.b, 3, ON(W), ON(RAMP));
    build_rect(&f.b, 0, 0, 1, 1, s, rs);
    build_rect(&f.b, 1, 0, 1, 1, r, rr);
    fabric_open(&f);
    run_quiet(&f);
    StrBuf b = { 0 };
    const char *text = report(&f, &b);
    // 4 words of queue 2 and 2 of the ramp, 2 in the router, 8 and 1 in the output queue.
    assert_non_null(strstr(text, "PE (1,0): 6 words of color 3 in input queue 2: no task"));
    assert_non_null(strstr(
        text, "PE (1,0): 2 words of color 3 from WEST in the router: the input queue is full"));
    assert_non_null(strstr(
        text, "PE (0,0): 9 words in output queue 2, color 3: the router of PE (1,0) is full"));
    assert_non_null(strstr(text, "PE (0,0): task 'main' waits in @mov32"));
    assert_non_null(strstr(text, "output queue 2 is full (color 3); 17 of 100 elements done"));
    sb_free(&b);
    fabric_close(&f);
}

// Routes that lead nowhere are fine until used; then the word waits and the report says why.
static void words_never_leave_the_rectangle(void **state) {
    (void)state;
    Fabric f;
    build_init(&f.b, WSE2, 1, 1);
    uint32_t s = sender(&f.b, "send", 3, 1, true), r = build_router(&f.b);
    build_route(&f.b, 3, ON(RAMP), ON(E));
    build_rect(&f.b, 0, 0, 1, 1, s, r);
    fabric_open(&f);
    run_quiet(&f);
    StrBuf b = { 0 };
    assert_non_null(
        strstr(report(&f, &b),
               "1 word in output queue 2, color 3: its route leads EAST, off the rectangle"));
    sb_free(&b);
    fabric_close(&f);
}

// fabin to fabout forwards element i as soon as i is there, through a PE that adds one.
static void forwarding_is_element_by_element(void **state) {
    (void)state;
    Fabric f;
    build_init(&f.b, WSE2, 3, 1);
    uint32_t s = sender(&f.b, "send", 1, 50, true);
    ObjVec v = vec_of(VEC_add16, none, none, opd(OPD_SCALAR, 1));
    uint32_t mid = build_inst(&f.b, "add");
    v.dest = build_opd(&f.b, dsd_fabric(DSD_FABOUT, 3, 2, OBJ_ENDLESS));
    v.src0 = build_opd(&f.b, dsd_fabric(DSD_FABIN, 1, 1, OBJ_ENDLESS));
    v.flags = VEC_ASYNC;
    build_vec(&f.b, v);
    build_task(&f.b, 8, TASK_LOCAL,
               BUILD_FUNC(&f.b, "main", 4, 0, 0, I32(ldi, 1, 77), I32(vec, 0, 0), RET), -1, -1);
    f.b.in->active = 1 << 8;
    uint32_t r = receiver(&f.b, "recv", 2, 50), r0 = build_router(&f.b);
    build_route(&f.b, 1, ON(RAMP), ON(E));
    uint32_t r1 = build_router(&f.b);
    build_route(&f.b, 1, ON(W), ON(RAMP));
    build_route(&f.b, 2, ON(RAMP), ON(E));
    uint32_t r2 = build_router(&f.b);
    build_route(&f.b, 2, ON(W), ON(RAMP));
    build_rect(&f.b, 0, 0, 1, 1, s, r0);
    build_rect(&f.b, 1, 0, 1, 1, mid, r1);
    build_rect(&f.b, 2, 0, 1, 1, r, r2);
    fabric_open(&f);
    run_quiet(&f);
    uint32_t got[50];
    read_words(&f, 2, 0, 0x200, got, 50);
    for (uint32_t i = 0; i < 50; i++) assert_int_equal(got[i], i + 78);
    ChipStats st;
    wafer_stats(f.c, &st);
    assert_in_range(st.cycles, 50, 110); // pipelined, not one vector after the other
    fabric_close(&f);
}

// Words of color 0 and 1 change places where both swap along x (WSE-2).
static char warned[256];
static void keep_warning(void *ctx, wt_log_level_t level, const char *line) {
    (void)ctx;
    if (level == WT_LOG_WARNING) snprintf(warned, sizeof warned, "%s", line);
}

// Color 1 swaps and takes what comes on 0; what comes on 1 itself is nobody's.
static void half_a_swap_loses_words_and_says_so(void **state) {
    (void)state;
    for (unsigned color = 0; color < 2; color++) {
        Fabric f;
        build_init(&f.b, WSE2, 2, 1);
        uint32_t s = sender(&f.b, "send", color, 10, true), r = receiver(&f.b, "recv", 1, 10),
                 rs = build_router(&f.b);
        build_route(&f.b, color, ON(RAMP), ON(E));
        uint32_t rr = build_router(&f.b);
        build_route(&f.b, 1, ON(W), ON(RAMP));
        vec_last(&f.b.routers).color[1].flags |= COLOR_SWAP_X;
        build_rect(&f.b, 0, 0, 1, 1, s, rs);
        build_rect(&f.b, 1, 0, 1, 1, r, rr);
        fabric_open(&f);
        *warned = 0;
        wt_set_log_callback(keep_warning, NULL, WT_LOG_WARNING);
        run_quiet(&f);
        wt_set_log_callback(NULL, NULL, 0);
        assert_string_equal(warned, color ? "PE (1,0): words of color 1 are lost, because color 1 "
                                            "swaps and color 0 does not"
                                          : "");
        uint32_t got;
        read_words(&f, 1, 0, 0x200, &got, 1);
        assert_int_equal(got, color ? 0 : 1);
        fabric_close(&f);
    }
}

static void colors_swap_on_arrival(void **state) {
    (void)state;
    for (int both = 0; both < 2; both++) {
        Fabric f;
        build_init(&f.b, WSE2, 2, 1);
        uint32_t s = sender(&f.b, "send", 0, 10, true), r = receiver(&f.b, "recv", 1, 10),
                 rs = build_router(&f.b);
        build_route(&f.b, 0, ON(RAMP), ON(E));
        uint32_t rr = build_router(&f.b);
        build_route(&f.b, 1, ON(W), ON(RAMP));
        vec_last(&f.b.routers).color[1].flags |= COLOR_SWAP_X;
        if (both) vec_last(&f.b.routers).color[0].flags |= COLOR_SWAP_X;
        build_rect(&f.b, 0, 0, 1, 1, s, rs);
        build_rect(&f.b, 1, 0, 1, 1, r, rr);
        fabric_open(&f);
        run_quiet(&f);
        uint32_t got[10];
        read_words(&f, 1, 0, 0x200, got, 10);
        for (uint32_t i = 0; i < 10; i++) assert_int_equal(got[i], i + 1);
        fabric_close(&f);
    }
}

// Two 16-bit values a wavelet when the operation is packed, low half first; one with a zero upper
// half otherwise.
static void packing_is_a_property_of_the_operation(void **state) {
    (void)state;
    for (int packed = 0; packed < 2; packed++) {
        Fabric f;
        build_init(&f.b, WSE2, 2, 1);
        uint32_t s = build_inst(&f.b, "send");
        numbers(&f.b, 8); // as 16-bit values: 1 0 2 0 3 0 ...
        ObjVec v = vec_of(VEC_mov16, build_opd(&f.b, dsd_fabric(DSD_FABOUT, 2, 3, 7)), none,
                          build_opd(&f.b, dsd_mem1d(0x100, 7, 1)));
        v.flags = (uint8_t)(VEC_ASYNC | (packed ? VEC_PACKED : 0));
        build_vec(&f.b, v);
        build_task(&f.b, 8, TASK_LOCAL, BUILD_FUNC(&f.b, "main", 4, 0, 0, I32(vec, 0, 0), RET), -1,
                   -1);
        f.b.in->active = 1 << 8;
        uint32_t r = receiver(&f.b, "recv", 3, packed ? 4 : 7), rs = build_router(&f.b);
        build_route(&f.b, 3, ON(RAMP), ON(E));
        uint32_t rr = build_router(&f.b);
        build_route(&f.b, 3, ON(W), ON(RAMP));
        build_rect(&f.b, 0, 0, 1, 1, s, rs);
        build_rect(&f.b, 1, 0, 1, 1, r, rr);
        fabric_open(&f);
        run_quiet(&f);
        uint32_t got[8] = { 0 };
        read_words(&f, 1, 0, 0x200, got, 7);
        for (uint32_t i = 0; i < (packed ? 4u : 7u); i++)
            assert_int_equal(got[i], packed ? i + 1 : i % 2 ? 0 : i / 2 + 1);
        fabric_close(&f);
    }
}

// Data task arguments, control tasks behind data in the same queue, in order.
static void wavelets_run_tasks(void **state) {
    (void)state;
    Fabric f;
    build_init(&f.b, WSE3, 2, 1);
    uint32_t s = build_inst(&f.b, "send");
    f.b.in->ram = 0x400;
    uint32_t words[3] = { 0x00050001, 0x00060002,
                          40u << 16 | 0x1234 }; // two data words, a control wavelet for task 40
    f.b.in->data_at = 0x100;
    for (int i = 0; i < 12; i++) build_add(&f.b, data, ((uint8_t *)words)[i]);
    build_queue(&f.b, true, 1, 4);
    ObjDsd control = dsd_fabric(DSD_FABOUT, 1, 4, 1);
    control.w[0] |= DSD_CONTROL;
    ObjVec v = vec_of(VEC_mov32, build_opd(&f.b, dsd_fabric(DSD_FABOUT, 1, 4, 2)), none,
                      build_opd(&f.b, dsd_mem1d(0x100, 2, 1)));
    build_vec(&f.b, v);
    build_vec(&f.b, vec_of(VEC_mov32, build_opd(&f.b, control), none,
                           build_opd(&f.b, dsd_mem1d(0x108, 1, 1))));
    build_task(&f.b, 8, TASK_LOCAL,
               BUILD_FUNC(&f.b, "main", 1, 0, 0, I32(vec, 0, 0), I32(vec, 0, 1), RET), -1, -1);
    f.b.in->active = 1 << 8;
    uint32_t r = build_inst(&f.b, "recv");
    build_queue(&f.b, false, 3, 4);
    // Data: append low + high to the list; control: append its data.
    build_task(&f.b, 3, TASK_DATA,
               BUILD_FUNC(&f.b, "data", 4, 2, 0, I3(add_u16, 0, 0, 1), I3(lda_u16, 2, 0x10, 0),
                          I3(st_16, 0, 2, 0x20), I3(addi_u16, 2, 2, 2), I3(sta_16, 2, 0x10, 0),
                          RET),
               ARG_LOW_U16, ARG_HIGH_U16);
    build_task(&f.b, 40, TASK_CONTROL,
               BUILD_FUNC(&f.b, "control", 4, 1, 0, I3(lda_u16, 2, 0x10, 0), I3(st_16, 0, 2, 0x20),
                          I3(addi_u16, 2, 2, 2), I3(sta_16, 2, 0x10, 0), RET),
               ARG_LOW_U16, -1);
    uint32_t rs = build_router(&f.b);
    build_route(&f.b, 4, ON(RAMP), ON(E));
    uint32_t rr = build_router(&f.b);
    build_route(&f.b, 4, ON(W), ON(RAMP));
    build_rect(&f.b, 0, 0, 1, 1, s, rs);
    build_rect(&f.b, 1, 0, 1, 1, r, rr);
    fabric_open(&f);
    run_quiet(&f);
    uint16_t got[4];
    assert_ok(wafer_read(f.c, 1, 0, 0x20, got, 8));
    assert_int_equal(got[0], 6);
    assert_int_equal(got[1], 8);
    assert_int_equal(got[2], 0x1234);
    assert_int_equal(got[3], 0);
    fabric_close(&f);
}

// A blocked channel keeps its words until it is unblocked.
static void blocked_channels_wait(void **state) {
    (void)state;
    Fabric f;
    build_init(&f.b, WSE2, 1, 1);
    build_inst(&f.b, "loop");
    ObjVec v = vec_of(VEC_mov32, build_opd(&f.b, dsd_fabric(DSD_FABOUT, 2, 3, 1)), none,
                      opd(OPD_SCALAR, 0));
    build_vec(&f.b, v);
    build_task(&f.b, 3, TASK_DATA, BUILD_FUNC(&f.b, "data", 1, 1, 0, I3(sta_32, 0, 0x10, 0), RET),
               ARG_WORD, -1);
    uint32_t unblock = BUILD_FUNC(&f.b, "go", 1, 0, 0, I32(ldi, 0, 3), I3(unblock, 0, TGT_COLOR, 0),
                                  I3(unblock_cmd, 0, 0, 0), RET);
    build_task(&f.b, 8, TASK_LOCAL,
               BUILD_FUNC(&f.b, "main", 2, 0, 0, I32(ldi, 0, 99), I32(vec, 1, 0), RET), -1, -1);
    f.b.in->active = 1 << 8;
    f.b.in->blocked = 1 << 3;
    int go = build_rpc(&f.b, "go", unblock);
    uint32_t r = build_router(&f.b);
    build_route(&f.b, 3, ON(RAMP), ON(RAMP)); // back to oneself
    build_rect(&f.b, 0, 0, 1, 1, 0, r);
    fabric_open(&f);
    run_quiet(&f);
    uint32_t got;
    read_words(&f, 0, 0, 0x10, &got, 1);
    assert_int_equal(got, 0);
    assert_ok(wafer_launch(f.c, go, NULL, 0));
    run_quiet(&f);
    read_words(&f, 0, 0, 0x10, &got, 1);
    assert_int_equal(got, 99);
    fabric_close(&f);
}

// Two operations on one microthread: the second waits for the first.
static void microthreads_serve_one_operation(void **state) {
    (void)state;
    Fabric f;
    build_init(&f.b, WSE3, 1, 1);
    build_inst(&f.b, "two");
    numbers(&f.b, 8);
    build_queue(&f.b, true, 2, 3);
    build_queue(&f.b, false, 2, 3);
    for (int i = 0; i < 2; i++) {
        ObjVec v = vec_of(VEC_mov32, build_opd(&f.b, dsd_fabric(DSD_FABOUT, 2, 3, 4)), none,
                          build_opd(&f.b, dsd_mem1d(0x100 + 16u * (unsigned)i, 4, 1)));
        v.flags = VEC_ASYNC;
        build_vec(&f.b, v);
    }
    ObjVec v = vec_of(VEC_mov32, build_opd(&f.b, dsd_mem1d(0x200, 8, 1)), none,
                      build_opd(&f.b, dsd_fabric(DSD_FABIN, 2, 3, 8)));
    v.flags = VEC_ASYNC;
    v.ut = 5;
    build_vec(&f.b, v);
    build_task(
        &f.b, 8, TASK_LOCAL,
        BUILD_FUNC(&f.b, "main", 1, 0, 0, I32(vec, 0, 2), I32(vec, 0, 0), I32(vec, 0, 1), RET), -1,
        -1);
    f.b.in->active = 1 << 8;
    uint32_t r = build_router(&f.b);
    build_route(&f.b, 3, ON(RAMP), ON(RAMP));
    build_rect(&f.b, 0, 0, 1, 1, 0, r);
    fabric_open(&f);
    run_quiet(&f);
    uint32_t got[8];
    read_words(&f, 0, 0, 0x200, got, 8);
    for (uint32_t i = 0; i < 8; i++) assert_int_equal(got[i], i + 1);
    fabric_close(&f);
}

// A FIFO between two microthreads: words through it, longer than it is.
static void fifos_buffer_between_microthreads(void **state) {
    (void)state;
    Fabric f;
    build_init(&f.b, WSE2, 3, 1);
    uint32_t s = sender(&f.b, "send", 1, 60, true), mid = build_inst(&f.b, "fifo");
    build_add(&f.b, fifos,
              ((ObjFifo){ .base = 0x100,
                          .capacity = 8,
                          .size = 4,
                          .push_task = OBJ_NONE8,
                          .pop_task = OBJ_NONE8 }));
    ObjVec v = vec_of(VEC_mov32, opd(OPD_FIFO, 0), none,
                      build_opd(&f.b, dsd_fabric(DSD_FABIN, 1, 1, OBJ_ENDLESS)));
    v.flags = VEC_ASYNC;
    build_vec(&f.b, v);
    v = vec_of(VEC_mov32, build_opd(&f.b, dsd_fabric(DSD_FABOUT, 3, 2, OBJ_ENDLESS)), none,
               opd(OPD_FIFO, 0));
    v.flags = VEC_ASYNC;
    build_vec(&f.b, v);
    build_task(&f.b, 8, TASK_LOCAL,
               BUILD_FUNC(&f.b, "main", 1, 0, 0, I32(vec, 0, 0), I32(vec, 0, 1), RET), -1, -1);
    f.b.in->active = 1 << 8;
    uint32_t r = receiver(&f.b, "recv", 2, 60), r0 = build_router(&f.b);
    build_route(&f.b, 1, ON(RAMP), ON(E));
    uint32_t r1 = build_router(&f.b);
    build_route(&f.b, 1, ON(W), ON(RAMP));
    build_route(&f.b, 2, ON(RAMP), ON(E));
    uint32_t r2 = build_router(&f.b);
    build_route(&f.b, 2, ON(W), ON(RAMP));
    build_rect(&f.b, 0, 0, 1, 1, s, r0);
    build_rect(&f.b, 1, 0, 1, 1, mid, r1);
    build_rect(&f.b, 2, 0, 1, 1, r, r2);
    fabric_open(&f);
    run_quiet(&f);
    uint32_t got[60];
    read_words(&f, 2, 0, 0x200, got, 60);
    for (uint32_t i = 0; i < 60; i++) assert_int_equal(got[i], i + 1);
    fabric_close(&f);
}

// A control wavelet ends an operation that asks for it.
static void control_ends_operations(void **state) {
    (void)state;
    Fabric f;
    build_init(&f.b, WSE2, 1, 1);
    build_inst(&f.b, "self");
    ObjDsd control = dsd_fabric(DSD_FABOUT, 2, 3, 1);
    control.w[0] |= DSD_CONTROL;
    ObjVec v = vec_of(VEC_mov32, build_opd(&f.b, dsd_mem1d(0x100, 8, 1)), none,
                      build_opd(&f.b, dsd_fabric(DSD_FABIN, 1, 3, 8)));
    v.flags = VEC_ASYNC;
    v.on_control = when(ACT_ACTIVATE, TGT_TASK, 9);
    build_vec(&f.b, v);
    build_vec(&f.b, vec_of(VEC_mov32, build_opd(&f.b, dsd_fabric(DSD_FABOUT, 2, 3, 1)), none,
                           opd(OPD_SCALAR, 0)));
    build_vec(&f.b, vec_of(VEC_mov32, build_opd(&f.b, control), none, opd(OPD_SCALAR, 0)));
    build_task(&f.b, 8, TASK_LOCAL,
               BUILD_FUNC(&f.b, "main", 2, 0, 0, I32(ldi, 0, 5), I32(vec, 1, 0), I32(vec, 1, 1),
                          I32(vec, 1, 2), RET),
               -1, -1);
    build_task(&f.b, 9, TASK_LOCAL,
               BUILD_FUNC(&f.b, "ended", 1, 0, 0, I32(ldi, 0, 1), I3(sta_16, 0, 0x10, 0), RET), -1,
               -1);
    f.b.in->active = 1 << 8;
    uint32_t r = build_router(&f.b);
    build_route(&f.b, 3, ON(RAMP), ON(RAMP));
    build_rect(&f.b, 0, 0, 1, 1, 0, r);
    fabric_open(&f);
    run_quiet(&f);
    uint32_t got[2];
    read_words(&f, 0, 0, 0x100, got, 2);
    assert_true(got[0] == 5 && got[1] == 0);
    read_words(&f, 0, 0, 0x10, got, 1);
    assert_int_equal(got[0], 1);
    StrBuf b = { 0 };
    assert_int_equal(wafer_report(f.c, &b, 0), 0);
    sb_free(&b);
    fabric_close(&f);
}

// What an operation waits for: a word (with its queue, where queues have colors), a control
// wavelet's task, a FIFO, its microthread.
static void reports_say_what_is_awaited(void **state) {
    (void)state;
    static const struct {
        WseArch arch;
        bool blocked, fifo;
        const char *text;
    } cases[] = {
        { WSE3, false, false,
          "microthread 2, @mov32 (function 'main'): no word on color 3, input queue 2; 0 of 4" },
        { WSE2, false, false,
          "microthread 2, @mov32 (function 'main'): no word on color 3; 0 of 4 elements done" },
        { WSE3, true, false,
          "microthread 2, @mov32 (function 'main'): its microthread is blocked; 0 of 4" },
        { WSE3, false, true,
          "microthread 2, @mov32 (function 'main'): FIFO 'queue' is empty; 0 of 4" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        Fabric f;
        build_init(&f.b, cases[i].arch, 1, 1);
        build_inst(&f.b, "wait");
        build_queue(&f.b, false, 2, 3);
        if (cases[i].arch == WSE3) build_queue(&f.b, true, 2, 3);
        build_add(&f.b, fifos,
                  ((ObjFifo){ .base = 0x80,
                              .capacity = 4,
                              .size = 4,
                              .push_task = OBJ_NONE8,
                              .pop_task = OBJ_NONE8,
                              .name = build_str(&f.b, "queue") }));
        ObjVec v = vec_of(VEC_mov32, build_opd(&f.b, dsd_mem1d(0x100, 4, 1)), none,
                          build_opd(&f.b, dsd_fabric(DSD_FABIN, 2, 3, 4)));
        if (cases[i].fifo)
            v = vec_of(VEC_mov32, build_opd(&f.b, dsd_fabric(DSD_FABOUT, 2, 3, 4)), none,
                       opd(OPD_FIFO, 0));
        v.flags = VEC_ASYNC;
        build_vec(&f.b, v);
        build_task(&f.b, 8, TASK_LOCAL, BUILD_FUNC(&f.b, "main", 1, 0, 0, I32(vec, 0, 0), RET), -1,
                   -1);
        f.b.in->active = 1 << 8;
        if (cases[i].blocked) f.b.in->ut_blocked = 1 << 2;
        uint32_t r = build_router(&f.b);
        build_route(&f.b, 3, ON(W), ON(RAMP));
        build_rect(&f.b, 0, 0, 1, 1, 0, r);
        fabric_open(&f);
        run_quiet(&f);
        StrBuf b = { 0 };
        if (!strstr(report(&f, &b), cases[i].text)) fail_msg("case %zu: %s", i, sb_str(&b));
        sb_free(&b);
        fabric_close(&f);
    }
}

// A fault of a microthread names its operation, not what the main thread does.
static void faults_name_the_microthread(void **state) {
    (void)state;
    Fabric f;
    ChipStop why;
    build_init(&f.b, WSE2, 1, 1);
    build_inst(&f.b, "self");
    ObjVec v = vec_of(VEC_mov32, build_opd(&f.b, dsd_mem1d(0x3fc, 4, 1)), none,
                      build_opd(&f.b, dsd_fabric(DSD_FABIN, 5, 3, 4)));
    v.flags = VEC_ASYNC;
    build_vec(&f.b, v);
    v = vec_of(VEC_mov32, build_opd(&f.b, dsd_fabric(DSD_FABOUT, 2, 3, 4)), none,
               opd(OPD_SCALAR, 0));
    v.flags = VEC_ASYNC;
    build_vec(&f.b, v);
    build_task(&f.b, 8, TASK_LOCAL,
               BUILD_FUNC(&f.b, "main", 2, 0, 0, I32(ldi, 0, 5), I32(vec, 1, 0), I32(vec, 1, 1),
                          I32(jmp, 0, 3), RET),
               -1, -1);
    f.b.in->active = 1 << 8;
    uint32_t r = build_router(&f.b);
    build_route(&f.b, 3, ON(RAMP), ON(RAMP));
    build_rect(&f.b, 0, 0, 1, 1, 0, r);
    fabric_open(&f);
    assert_fails(wafer_run(f.c, &(ChipGoal){ .budget = 10000 }, &why), WT_FAULT,
                 "PE (0,0), microthread 5, @mov32 (function 'main')");
    assert_non_null(strstr(wt_last_error(), "write at 0x0400, outside the 1024 bytes"));
    fabric_close(&f);
}

// A launch is done when every PE has unblocked; those that have not are named.
static void launches_wait_for_every_pe(void **state) {
    (void)state;
    Fabric f;
    build_init(&f.b, WSE2, 3, 1);
    build_inst(&f.b, "pe");
    uint32_t fn =
        BUILD_FUNC(&f.b, "compute", 3, 2, 0, I3(sta_32, 0, 0x10, 0), I3(sta_16, 1, 0x14, 0),
                   I3(coord, 2, 0, 0), I3(jeqi, 2, 1, 6), I3(unblock_cmd, 0, 0, 0), RET, RET);
    int rpc = build_rpc(&f.b, "compute", fn);
    build_rect(&f.b, 0, 0, 3, 1, 0, build_router(&f.b));
    fabric_open(&f);
    ChipStop why;
    uint64_t args[2] = { 0x12345678, (uint64_t)-3 };
    assert_int_equal(wafer_launch(f.c, rpc, args, 1), WT_INVALID);
    assert_int_equal(wafer_launch(f.c, 7, args, 2), WT_INVALID);
    assert_ok(wafer_launch(f.c, rpc, args, 2));
    assert_ok(wafer_run(f.c, &(ChipGoal){ .launch = true }, &why));
    assert_int_equal(why, CHIP_QUIET);
    assert_int_equal(wafer_launch_pending(f.c), 1);
    StrBuf b = { 0 };
    assert_int_equal(wafer_report(f.c, &b, 0), 1);
    assert_string_equal(sb_str(&b),
                        "PE (1,0): has not called unblock_cmd_stream() since the launch, "
                        "and nothing is left on it that could\n");
    sb_free(&b);
    uint32_t got[2];
    read_words(&f, 2, 0, 0x10, got, 2);
    assert_int_equal(got[0], 0x12345678);
    assert_int_equal(got[1], 0xfffd);
    fabric_close(&f);
}

// Words stream in and out through the host's ports: an echo of each word plus one, over a region, a
// word per PE and cycle.
static void streams_go_in_and_out(void **state) {
    (void)state;
    for (unsigned channels = 1; channels <= 4; channels += 3) {
        Fabric f;
        build_init(&f.b, WSE3, 4, 3);
        f.b.head.data->h2d = 1 << 2;
        f.b.head.data->d2h = 1 << 6;
        f.b.head.data->channels = (uint16_t)channels;
        build_inst(&f.b, "echo");
        build_queue(&f.b, false, 2, 2);
        build_queue(&f.b, true, 3, 6);
        ObjVec v = vec_of(VEC_add16, build_opd(&f.b, dsd_fabric(DSD_FABOUT, 3, 6, 1)),
                          opd(OPD_SCALAR, 0), opd(OPD_SCALAR, 1));
        build_vec(&f.b, v);
        build_task(&f.b, 2, TASK_DATA,
                   BUILD_FUNC(&f.b, "data", 3, 1, 0, I32(ldi, 1, 1), I32(vec, 2, 0), RET), ARG_WORD,
                   -1);
        build_rect(&f.b, 0, 0, 4, 3, 0, build_router(&f.b));
        fabric_open(&f);
        uint32_t in[2 * 2 * 5], out[2 * 2 * 5] = { 0 };
        for (uint32_t i = 0; i < 20; i++) in[i] = 100 + i;
        int h2d, d2h;
        ChipStop why;
        assert_ok(wafer_stream(
            f.c,
            &(ChipStream){ .color = 2, .x = 1, .y = 1, .w = 3, .h = 2, .dx = 2, .l = 5, .in = in },
            &h2d));
        assert_int_equal(
            wafer_stream(f.c, &(ChipStream){ .color = 2, .w = 1, .h = 1, .l = 5, .in = in }, &d2h),
            WT_INVALID);
        assert_ok(wafer_run(f.c, &(ChipGoal){ .stream = h2d }, &why));
        assert_int_equal(why, CHIP_MET);
        assert_int_equal(wafer_stream_state(f.c, h2d).moved, 20);
        assert_ok(wafer_stream_end(f.c, h2d));
        assert_ok(wafer_stream(
            f.c,
            &(ChipStream){
                .color = 6, .x = 1, .y = 1, .w = 3, .h = 2, .dx = 2, .l = 5, .out = out },
            &d2h));
        assert_ok(wafer_run(f.c, &(ChipGoal){ .stream = d2h }, &why));
        assert_int_equal(why, CHIP_MET);
        for (uint32_t i = 0; i < 20; i++) assert_int_equal(out[i], 101 + i);
        assert_ok(wafer_stream_end(f.c, d2h));
        assert_int_equal(wafer_stream_unread(f.c, 6), 0);
        ChipStats st;
        wafer_stats(f.c, &st);
        assert_in_range(st.cycles, 20 / channels, 400);
        fabric_close(&f);
    }
}

// A host transfer that cannot end: its state tells what moved and what stands.
// A row of 16 PEs, each of which takes or gives 40 words as fast as they come.
static uint64_t streaming_cycles(bool input, unsigned channels) {
    enum { PES = 16, WORDS = 40 };
    Fabric f;
    build_init(&f.b, WSE3, PES, 1);
    *(input ? &f.b.head.data->h2d : &f.b.head.data->d2h) = 1 << 2;
    f.b.head.data->channels = (uint16_t)channels;
    if (input)
        receiver(&f.b, "pe", 2, WORDS);
    else
        sender(&f.b, "pe", 2, WORDS, true);
    build_queue(&f.b, !input, input ? 1 : 2, 2);
    build_rect(&f.b, 0, 0, PES, 1, 0, build_router(&f.b));
    fabric_open(&f);
    uint32_t words[PES * WORDS] = { 0 };
    for (uint32_t i = 0; input && i < PES * WORDS; i++) words[i] = i % WORDS + 1;
    ChipStream s = { .color = 2, .w = PES, .h = 1, .l = WORDS };
    if (input)
        s.in = words;
    else
        s.out = words;
    int id;
    ChipStop why;
    assert_ok(wafer_stream(f.c, &s, &id));
    assert_ok(wafer_run(f.c, &(ChipGoal){ .stream = id }, &why));
    assert_int_equal(why, CHIP_MET);
    for (uint32_t i = 0; i < PES * WORDS; i++) {
        uint32_t got = words[i];
        if (input) read_words(&f, i / WORDS, 0, 0x200 + 4 * (i % WORDS), &got, 1);
        if (i % WORDS + 1 < WORDS) assert_int_equal(got, i % WORDS + 1);
    }
    ChipStats st;
    wafer_stats(f.c, &st);
    fabric_close(&f);
    return st.cycles;
}

static void channels_carry_a_word_a_cycle_each(void **state) {
    (void)state;
    for (int input = 0; input < 2; input++)
        for (unsigned channels = 1; channels <= 16; channels *= 2) {
            uint64_t cycles = streaming_cycles(input, channels);
            assert_in_range(cycles, 640 / channels, 640 / channels + 60);
        }
}

// Words that nobody asks for: some are kept, all of an endless program's are not.
static void unasked_words_have_a_limit(void **state) {
    (void)state;
    enum { LIMIT = 1000 };
    for (int endless = 0; endless < 2; endless++) {
        Fabric f;
        build_init(&f.b, WSE3, 1, 1);
        f.b.head.data->d2h = 1 << 2;
        build_inst(&f.b, "pe");
        build_queue(&f.b, true, 2, 2);
        build_vec(&f.b, vec_of(VEC_mov32,
                               build_opd(&f.b, dsd_fabric(DSD_FABOUT, 2, 2,
                                                          endless ? OBJ_ENDLESS : LIMIT)),
                               none, opd(OPD_SCALAR, 0)));
        build_task(&f.b, 8, TASK_LOCAL,
                   BUILD_FUNC(&f.b, "main", 2, 0, 0, I32(ldi, 0, 7), I32(vec, 1, 0), RET), -1, -1);
        f.b.in->active = 1 << 8;
        build_rect(&f.b, 0, 0, 1, 1, 0, build_router(&f.b));
        assert_ok(object_verify(build_object(&f.b)));
        assert_ok(wafer_open(&f.b.o, &(ChipOptions){ .max_unread = LIMIT }, &f.c));
        ChipStop why;
        wt_status_t s = wafer_run(f.c, &(ChipGoal){ 0 }, &why);
        assert_int_equal(s, endless ? WT_FAULT : WT_OK);
        if (endless) assert_non_null(strstr(wt_last_error(), "PE (0,0)"));
        assert_int_equal(wafer_stream_unread(f.c, 2), LIMIT);
        fabric_close(&f);
    }
}

static void streams_stall_where_nobody_reads(void **state) {
    (void)state;
    Fabric f;
    build_init(&f.b, WSE3, 1, 1);
    f.b.head.data->h2d = 1 << 2;
    build_inst(&f.b, "deaf");
    build_queue(&f.b, false, 2, 2);
    build_rect(&f.b, 0, 0, 1, 1, 0, build_router(&f.b));
    fabric_open(&f);
    uint32_t in[100] = { 0 };
    int id;
    ChipStop why;
    assert_ok(
        wafer_stream(f.c, &(ChipStream){ .color = 2, .w = 1, .h = 1, .l = 100, .in = in }, &id));
    assert_ok(wafer_run(f.c, &(ChipGoal){ .stream = id }, &why));
    assert_int_equal(why, CHIP_QUIET);
    ChipStreamState s = wafer_stream_state(f.c, id);
    assert_true(s.total == 100 && s.moved == 6 && s.standing == 6 && !s.done);
    assert_ok(wafer_stream_end(f.c, id));
    fabric_close(&f);
}

// The order in which PEs take their turns within a cycle shows nowhere: same cycles, same hash.
static void the_order_of_pes_cannot_matter(void **state) {
    (void)state;
    uint64_t hash = 0, cycles = 0;
    for (uint64_t seed = 0; seed < 6; seed++) {
        Fabric f;
        build_init(&f.b, WSE2, 6, 4);
        // Rows: two colors share every link eastwards, merge south in the last column, into the
        // corner.
        build_inst(&f.b, "node");
        numbers(&f.b, 30);
        for (unsigned color = 4; color < 6; color++) {
            ObjVec v =
                vec_of(VEC_mov32, build_opd(&f.b, dsd_fabric(DSD_FABOUT, color - 2, color, 30)),
                       none, build_opd(&f.b, dsd_mem1d(0x100, 30, 1)));
            v.flags = VEC_ASYNC;
            build_vec(&f.b, v);
        }
        build_task(&f.b, 8, TASK_LOCAL,
                   BUILD_FUNC(&f.b, "main", 1, 0, 0, I32(vec, 0, 0), I32(vec, 0, 1), RET), -1, -1);
        f.b.in->active = 1 << 8;
        uint32_t sink = build_inst(&f.b, "sink");
        f.b.in->ram = 0x400;
        for (unsigned color = 4; color < 6; color++)
            build_task(&f.b, color, TASK_DATA,
                       BUILD_FUNC(&f.b, "data", 3, 1, 0, I3(lda_u32, 1, 0x10, 0),
                                  I3(muli_u32, 1, 1, 31), I3(add_u32, 1, 1, 0),
                                  I3(sta_32, 1, 0x10, 0), RET),
                       ARG_WORD, -1);
        uint32_t row = build_router(&f.b);
        for (unsigned color = 4; color < 6; color++)
            build_route(&f.b, color, ON(RAMP) | ON(W), ON(E));
        uint32_t last = build_router(&f.b);
        for (unsigned color = 4; color < 6; color++)
            build_route(&f.b, color, ON(RAMP) | ON(W) | ON(N), ON(S));
        uint32_t corner = build_router(&f.b);
        for (unsigned color = 4; color < 6; color++)
            build_route(&f.b, color, ON(W) | ON(N), ON(RAMP));
        build_rect(&f.b, 0, 0, 5, 4, 0, row);
        build_rect(&f.b, 5, 0, 1, 3, 0, last);
        build_rect(&f.b, 5, 3, 1, 1, sink, corner);
        fabric_open_seed(&f, seed);
        run_quiet(&f);
        ChipStats st;
        wafer_stats(f.c, &st);
        if (!seed) {
            hash = st.hash;
            cycles = st.cycles;
            assert_true(st.wavelets > 23 * 60);
        }
        assert_int_equal(st.hash, hash);
        assert_int_equal(st.cycles, cycles);
        fabric_close(&f);
    }
}

// Random fabrics, mostly nonsense: routes that cross, merge, swap, end nowhere; senders,
// forwarders, FIFOs and data tasks on any color. Whatever happens, it happens in the same cycles
// for every order of PEs.
static uint64_t dice_state;
static uint32_t dice(uint32_t n) {
    dice_state ^= dice_state << 13, dice_state ^= dice_state >> 7, dice_state ^= dice_state << 17;
    return (uint32_t)(dice_state >> 11) % n;
}

static void random_instance(Build *b, WseArch arch) {
    build_inst(b, "random");
    numbers(b, 40);
    for (unsigned q = 0; arch == WSE3 && q < 4; q++) {
        build_queue(b, false, q, q); // queue and color agree, so that either names the channel
        build_queue(b, true, q, dice(4));
    }
    build_add(b, fifos,
              ((ObjFifo){ .base = 0x800,
                          .capacity = (uint16_t)(1 + dice(9)),
                          .size = 4,
                          .push_task = OBJ_NONE8,
                          .pop_task = OBJ_NONE8 }));
    uint64_t code[12];
    unsigned n = 0;
    for (unsigned k = 1 + dice(4); k; k--) {
        unsigned color = dice(4), from = dice(2), queue = dice(4),
                 len = dice(6) ? 1 + dice(30) : OBJ_ENDLESS;
        ObjOperand out = build_opd(b, dsd_fabric(DSD_FABOUT, queue, color, len)),
                   in = build_opd(b, dsd_fabric(DSD_FABIN, from, from, len));
        ObjOperand mem = build_opd(b, dsd_mem1d(0x100, len == OBJ_ENDLESS ? 40 : len, 1)),
                   into = build_opd(
                       b, dsd_mem1d(0x200 + 0x80 * color, len == OBJ_ENDLESS ? 30 : len, 1));
        ObjVec v;
        switch (dice(5)) {
        case 0: v = vec_of(VEC_mov32, out, none, mem); break;
        case 1: v = vec_of(VEC_add16, out, in, opd(OPD_SCALAR, 1)); break;
        case 2: v = vec_of(VEC_mov32, into, none, in); break;
        case 3: v = vec_of(VEC_mov32, opd(OPD_FIFO, 0), none, in); break;
        default: v = vec_of(VEC_mov32, out, none, opd(OPD_FIFO, 0)); break;
        }
        v.flags = dice(8) ? VEC_ASYNC : 0;
        v.ut = arch == WSE3 ? (uint8_t)dice(8) : OBJ_NONE8;
        code[n++] = I32(vec, 2, build_vec(b, v));
    }
    code[n++] = RET;
    build_task(b, 30, TASK_LOCAL, build_func(b, "main", 4, 0, 0, code, n), -1, -1);
    for (unsigned color = 0; color < 4; color++)
        if (dice(3))
            build_task(b, color, TASK_DATA,
                       BUILD_FUNC(b, "data", 4, 1, 0, I3(lda_u32, 1, 0x10, 0),
                                  I3(muli_u32, 1, 1, 31), I3(add_u32, 1, 1, 0),
                                  I3(sta_32, 1, 0x10, 0), RET),
                       ARG_WORD, -1);
    b->in->active = 1u << 30;
}

static uint64_t fingerprint(Fabric *f, unsigned w, unsigned h, uint64_t *cycles) {
    ChipStats st;
    wafer_stats(f->c, &st);
    uint64_t sum = st.hash;
    for (unsigned y = 0; y < h; y++)
        for (unsigned x = 0; x < w; x++) {
            uint32_t n;
            const uint8_t *ram = wafer_ram(f->c, x, y, &n);
            for (uint32_t i = 0; i < n; i++) sum = (sum ^ ram[i]) * 0x100000001b3ull;
        }
    *cycles = st.cycles + (st.wavelets << 32);
    return sum;
}

static void random_fabrics_repeat_in_any_order(void **state) {
    (void)state;
    uint64_t moved = 0;
    for (uint64_t round = 1; round <= 300; round++) {
        uint64_t want = 0, cycles = 0;
        WseArch arch = round & 1 ? WSE2 : WSE3;
        for (uint64_t seed = 0; seed < 3; seed++) {
            Fabric f;
            unsigned w = 5, h = 4;
            dice_state = round * 0x9e3779b97f4a7c15ull;
            build_init(&f.b, arch, w, h);
            for (int i = 0; i < 4; i++) random_instance(&f.b, arch);
            for (unsigned y = 0; y < h; y++)
                for (unsigned x = 0; x < w; x++) {
                    uint32_t r = build_router(&f.b);
                    for (unsigned color = 0; color < 4; color++) {
                        unsigned inside = (x ? ON(W) : 0) | (x + 1 < w ? ON(E) : 0) |
                                          (y ? ON(N) : 0) | (y + 1 < h ? ON(S) : 0) | ON(RAMP);
                        unsigned tx = 1u << dice(DIRS) | (dice(3) ? 0 : 1u << dice(DIRS)),
                                 rx = dice(5) ? 31 : 1u << dice(DIRS);
                        if (dice(10)) tx &= inside;
                        build_route(
                            &f.b, color, rx,
                            tx | (color < 2 || !tx ? ON(RAMP) : 0)); // those that operations read
                        if (arch == WSE2 && !dice(6))
                            vec_last(&f.b.routers).color[color].flags |=
                                (uint8_t)(dice(2) ? COLOR_SWAP_X : COLOR_SWAP_Y);
                    }
                    build_rect(&f.b, x, y, 1, 1, dice(4), r);
                }
            fabric_open_seed(&f, seed);
            ChipStop why;
            wt_status_t s = wafer_run(f.c, &(ChipGoal){ .budget = 3000 }, &why);
            uint64_t c, sum = fingerprint(&f, w, h, &c);
            if (s) sum = 1, c = 1; // a fault ends a cycle half-way: only that it faults must agree
            if (!seed) want = sum, cycles = c;
            if (sum != want || c != cycles)
                fail_msg("round %llu, seed %llu: another order, another result",
                         (unsigned long long)round, (unsigned long long)seed);
            ChipStats st;
            wafer_stats(f.c, &st);
            moved += st.wavelets;
            fabric_close(&f);
        }
    }
    assert_in_range(moved, 100000, UINT64_MAX);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_arrive_in_order_and_on_time),
        cmocka_unit_test(multicast_reaches_everyone),
        cmocka_unit_test(back_pressure_holds_words),
        cmocka_unit_test(words_never_leave_the_rectangle),
        cmocka_unit_test(forwarding_is_element_by_element),
        cmocka_unit_test(colors_swap_on_arrival),
        cmocka_unit_test(half_a_swap_loses_words_and_says_so),
        cmocka_unit_test(packing_is_a_property_of_the_operation),
        cmocka_unit_test(wavelets_run_tasks),
        cmocka_unit_test(blocked_channels_wait),
        cmocka_unit_test(microthreads_serve_one_operation),
        cmocka_unit_test(fifos_buffer_between_microthreads),
        cmocka_unit_test(control_ends_operations),
        cmocka_unit_test(reports_say_what_is_awaited),
        cmocka_unit_test(faults_name_the_microthread),
        cmocka_unit_test(launches_wait_for_every_pe),
        cmocka_unit_test(streams_go_in_and_out),
        cmocka_unit_test(channels_carry_a_word_a_cycle_each),
        cmocka_unit_test(unasked_words_have_a_limit),
        cmocka_unit_test(streams_stall_where_nobody_reads),
        cmocka_unit_test(the_order_of_pes_cannot_matter),
        cmocka_unit_test(random_fabrics_repeat_in_any_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
