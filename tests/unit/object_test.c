// The container and the verifier: what is written comes back; damaged and hostile programs are
// refused or run without ever touching the host (under the sanitizers: no report).
#include "wse_build.h"

#include "base/file.h"
#include "base/hash.h"

#include "../test.h"

// A program that uses every table.
static void sample(Build *b) {
    build_init(b, WSE2, 2, 1);
    b->head.data->h2d = 1 << 9;
    b->head.data->d2h = 1 << 10;
    build_inst(b, "pe.csl");
    b->in->uses = USES_PRINT;
    for (int i = 0; i < 64; i++) build_add(b, data, (uint8_t)i);
    build_add(b, relocs, ((ObjReloc){ .at = 0x40, .size = 4, .row = 1 }));
    build_add(
        b, symbols,
        ((ObjSymbol){
            .name = build_str(b, "x"), .type = build_str(b, "[4]f32"), .at = 0x10, .bytes = 16 }));
    build_add(b, fifos,
              ((ObjFifo){ .base = 0x80,
                          .capacity = 4,
                          .size = 2,
                          .push_task = OBJ_NONE8,
                          .pop_task = OBJ_NONE8 }));
    build_add(b, shapes, ((ObjShape){ .dims = 2, .extent = { 2, 2 }, .stride = { 1, 3 } }));
    build_queue(b, false, 1, 3);
    unsigned dsd = build_dsd(b, dsd_mem1d(0x10, 4, 1));
    ObjVec v = vec_of(VEC_fmacs, opd(OPD_CONST, dsd), opd(OPD_CONST, dsd),
                      build_opd(b, dsd_mem4d(0x20, 0)));
    v.scalar = opd(OPD_SCALAR, 3);
    build_vec(b, v);
    build_vec(b, vec_of(VEC_mov16, opd(OPD_FIFO, 0), opd(OPD_NONE, 0), opd(OPD_DSD, 4)));
    v = vec_of(VEC_mov32, build_opd(b, dsd_fabric(DSD_FABOUT, 2, 4, 3)), opd(OPD_NONE, 0),
               build_opd(b, dsd_fabric(DSD_FABIN, 1, 3, 3)));
    v.flags = VEC_ASYNC;
    v.done = when(ACT_UNBLOCK, TGT_COLOR, 3);
    build_vec(b, v);
    build_vec(b, vec_of(VEC_fmaxs, opd(OPD_POINTER, 0), opd(OPD_SCALAR, 1),
                        opd(OPD_DSR, DSR_SRC1 << 8 | 2)));
    build_add(b, dsrs,
              ((ObjDsrLoad){ .file = DSR_SRC1,
                             .number = 2,
                             .ut = OBJ_NONE8,
                             .from = opd(OPD_CONST, dsd),
                             .done = { .reg = OBJ_NONE16 },
                             .on_control = { .reg = OBJ_NONE16 } }));
    b->in->nstart = 1;
    uint32_t f = BUILD_FUNC(b, "helper", 4, 2, 1, I3(add_i32, 2, 0, 1), I3(jeqi, 2, 5, 3),
                            I3(shli_u16, 2, 2, 1), I3(ret, 2, 0, 0));
    uint32_t main = BUILD_FUNC(
        b, "main", 12, 0, 0, I32(ldi, 0, 0x30), I32(ldi, 1, 2), I32(ldrow, 2, 0),
        I32(dsd_const, 4, dsd), I32(call, 2, f), I32(vec, 8, 0), I32(vec, 8, 1), I32(vec, 8, 2),
        I32(vec, 8, 3), I32(ldsr, 0, 0), I3(it_init, 8, 4, 0), I3(it_read, 0, 8, ELEM_U16),
        I3(print, 0, PRINT_U16, 0), I3(copy, 0, 1, 8), I3(calli, 6, 1, 0), RET);
    build_task(b, 8, TASK_LOCAL, main, -1, -1);
    build_task(b, 3, TASK_DATA, BUILD_FUNC(b, "data", 2, 1, 0, RET), ARG_WORD, -1);
    b->in->active = 1 << 8;
    build_rpc(b, "helper", f);
    vec_push(&b->lines, ((ObjLine){ 0, build_str(b, "pe.csl"), 12 }));
    vec_push(&b->lines, ((ObjLine){ 3, b->lines.data[0].file, 14 }));
    b->funcs.data[main].nline = 2;
    for (uint32_t i = 0; i < 4; i++) vec_push(&b->rows, 100 + i);
    uint32_t r = build_router(b);
    build_route(b, 3, ON(W), ON(RAMP) | ON(E));
    build_rect(b, 0, 0, 2, 1, 0, r);
    b->rects.data[0].row_words = 2;
}

static void containers_round_trip(void **state) {
    (void)state;
    Build b;
    Object back;
    char path[512], *bytes;
    size_t n;
    const char *dir = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/object_test.wse", dir ? dir : "/tmp");
    sample(&b);
    const Object *o = build_object(&b);
    assert_ok(object_verify(o));
    assert_ok(object_write(o, path));
    assert_ok(object_open(&back, path));
    assert_int_equal(back.ncode, o->ncode);
    assert_memory_equal(back.code, o->code, o->ncode * 8);
    assert_memory_equal(back.vecs, o->vecs, o->nvecs * sizeof *o->vecs);
    assert_string_equal(object_string(&back, back.insts[0].name), "pe.csl");
    assert_int_equal(object_rpc(&back, "helper"), 0);
    assert_int_equal(object_rpc(&back, "helpe"), -1);
    assert_int_equal(object_symbol(&back, back.insts, "x"), 0);
    const char *file;
    uint32_t line;
    const ObjFunc *f = &back.funcs[1];
    assert_true(object_line(&back, f, 5, &file, &line) && line == 14 && !strcmp(file, "pe.csl"));
    assert_false(object_line(&back, &back.funcs[0], 0, &file, &line));
    object_close(&back);
    object_close(&back); // twice is fine
    assert_ok(file_read(path, &bytes, &n));
    assert_fails(object_read(&back, bytes, n - 1), WT_INVALID, "cut or grown");
    assert_fails(object_read(&back, bytes, 10), WT_INVALID, "too few");
    assert_fails(object_read(&back, "not an object at all, but long enough to hold a head....", 56),
                 WT_INVALID, "not a compiled program");
    bytes[n - 70] ^= 1;
    assert_fails(object_read(&back, bytes, n), WT_INVALID, "hash does not match");
    bytes[n - 70] ^= 1;
    bytes[8] = 99;
    assert_fails(object_read(&back, bytes, n), WT_INVALID, "compile again");
    assert_int_equal(object_open(&back, "/nonexistent/program.wse"), WT_IO);
    assert_int_equal(object_open(&back, "/"), WT_INVALID);
    free(bytes);
    build_free(&b);
}

// One change to the sample, and what the verifier says.
#define REFUSED(part, ...)                                                                         \
    do {                                                                                           \
        Build b;                                                                                   \
        sample(&b);                                                                                \
        __VA_ARGS__;                                                                               \
        assert_fails(object_verify(build_object(&b)), WT_INVALID, part);                           \
        build_free(&b);                                                                            \
    } while (0)

static void the_verifier_refuses(void **state) {
    (void)state;
    REFUSED("unknown instruction", b.code.data[0] = 0xffff);
    REFUSED("register 4 of 4", b.code.data[0] = I3(add_i32, 2, 0, 4));
    REFUSED("register 12 of 12", b.code.data[4] = I32(ldi, 12, 0));
    REFUSED("jump to 4 of 4", b.code.data[1] = I3(jeqi, 2, 5, 4));
    REFUSED("runs off its end", b.code.data[3] = I3(nop, 0, 0, 0));
    REFUSED("stray operand bits", b.code.data[0] = I3(nop, 1, 0, 0));
    REFUSED("function 9 of 3", b.code.data[8] = I32(call, 2, 9));
    REFUSED("call window r11 leaves no room", b.code.data[8] = I32(call, 11, 0));
    REFUSED("vector operation 4 of 4", b.code.data[9] = I32(vec, 8, 4));
    REFUSED("DSD constant 9 of", b.code.data[7] = I32(dsd_const, 4, 9));
    REFUSED("register 12 of 12", b.code.data[14] = I3(it_init, 9, 4, 0));
    REFUSED("element kind 9", b.code.data[15] = I3(it_read, 0, 8, 9));
    REFUSED("print form", b.code.data[16] = I3(print, 0, 99, 0));
    REFUSED("row constants; its instance reads 3", b.code.data[6] = I32(ldrow, 2, 2));
    REFUSED("results from register", b.code.data[3] = I3(ret, 4, 0, 0));
    REFUSED("unknown vector operation", b.vecs.data[0].op = 200);
    REFUSED("multiplier", b.vecs.data[0].scalar.kind = OPD_NONE);
    REFUSED("multiplier in register 12", b.vecs.data[0].scalar.value = 12);
    REFUSED("FIFO as first of two", b.vecs.data[0].src0 = opd(OPD_FIFO, 0));
    REFUSED("FIFO 3 of 1", b.vecs.data[1].dest = opd(OPD_FIFO, 3));
    REFUSED("operand too many", b.vecs.data[1].src0 = opd(OPD_SCALAR, 0));
    REFUSED("DSD in register 11", b.vecs.data[1].src1.value = 11);
    REFUSED("file 0 on the wrong side", b.vecs.data[3].src1 = opd(OPD_DSR, DSR_DEST << 8));
    REFUSED("action target 200", b.vecs.data[2].done.id = 200);
    REFUSED("two tasks numbered", b.tasks.data[1].number = 8);
    REFUSED("takes 1 registers, not 0", b.tasks.data[1].args = 0,
            b.tasks.data[1].kind = TASK_LOCAL);
    REFUSED("initialized twice", vec_push(&b.queues, b.queues.data[0]); b.in->queues.n = 2);
    REFUSED("output queue 6", b.queues.data[0].output = 1, b.queues.data[0].number = 6);
    REFUSED("buffer lies outside the RAM", b.fifos.data[0].capacity = 0x4000);
    REFUSED("dimensions", b.shapes.data[0].dims = 5);
    REFUSED("a stack of", b.in->stack_bytes = 0x1000);
    REFUSED("bytes of data", b.in->data_at = 0x3f0);
    REFUSED("bytes of data", b.in->ram = 0xc002);
    REFUSED("relocation 0", b.relocs.data[0].at = 0x3fe);
    REFUSED("PEs described of", b.rects.data[0].w = 1);
    REFUSED("lies outside the rectangle", b.rects.data[0].w = 3);
    REFUSED("instance 9", b.rects.data[0].inst = 9);
    REFUSED("constant rows outside", b.rects.data[0].row = 1);
    REFUSED("'vecs' lies outside", b.in->vecs.n = 5);
    REFUSED("streaming colors", b.head.data->h2d = b.head.data->d2h);
    REFUSED("more than 4194304 PEs", b.head.data->rect_w = b.head.data->rect_h = 4000,
            b.head.data->fabric_w = b.head.data->fabric_h = 5000);
    REFUSED("routes color 1, which streams", b.routers.data[0].color[1].tx = 1,
            b.head.data->h2d = 1 << 1, b.head.data->d2h = 0);
    REFUSED("architecture", b.head.data->arch = 4);
    REFUSED("strings without an end", b.strings.data[b.strings.len - 1] = 'x');
}

// ---- fuzzing ----

static uint64_t seed;
static uint32_t dice(uint32_t n) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (uint32_t)(seed >> 11) % n;
}

// Opens and runs whatever passes the verifier; the machine must survive it.
static void survive(const Object *o) {
    WseChip *c;
    ChipStop why;
    if (wafer_open(o, NULL, &c)) return;
    if (o->nrpcs && o->rpcs[0].kind == RPC_FUNC) {
        uint64_t args[255] = { 0 };
        (void)wafer_launch(c, 0, args, o->rpcs[0].args.n);
    }
    uint32_t words[2] = { 0x280003, 7 }, out[4];
    int id;
    for (unsigned color = 0; color < WSE_COLORS; color++) {
        if (o->head->h2d >> color & 1)
            (void)wafer_stream(
                c, &(ChipStream){ .color = color, .w = 1, .h = 1, .l = 2, .in = words }, &id);
        if (o->head->d2h >> color & 1)
            (void)wafer_stream(
                c, &(ChipStream){ .color = color, .w = 1, .h = 1, .l = 2, .out = out }, &id);
    }
    (void)wafer_run(c, &(ChipGoal){ .budget = 3000 }, &why);
    StrBuf b = { 0 };
    wafer_report(c, &b, 20);
    sb_free(&b);
    wafer_close(c);
}

static void damaged_containers_are_survived(void **state) {
    (void)state;
    Build b;
    char path[512], *bytes;
    size_t n;
    const char *dir = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/object_fuzz.wse", dir ? dir : "/tmp");
    sample(&b);
    assert_ok(object_write(build_object(&b), path));
    assert_ok(file_read(path, &bytes, &n));
    seed = 0x1234567;
    unsigned opened = 0;
    for (int round = 0; round < 4000; round++) {
        uint8_t *copy = malloc(n);
        memcpy(copy, bytes, n);
        // The head is 40 bytes; its hash is made right again so that the damage gets past it.
        for (uint32_t k = 1 + dice(4); k; k--)
            copy[40 + dice((uint32_t)n - 40)] = (uint8_t)(dice(3) ? dice(256) : dice(2) ? 0xff : 0);
        uint64_t hash = hash64(copy + 40, n - 40, OBJ_VERSION);
        memcpy(copy + 32, &hash, 8);
        Object o;
        if (!object_read(&o, copy, n)) {
            opened++;
            survive(&o);
            object_close(&o);
        }
        free(copy);
    }
    assert_true(opened > 100); // else the fuzzer tests only the head
    free(bytes);
    build_free(&b);
}

// Random instructions with operands that are mostly in range: what the verifier lets through runs.
static void random_programs_are_survived(void **state) {
    (void)state;
    seed = 0x777;
    unsigned ran = 0;
    for (int round = 0; round < 6000; round++) {
        Build b;
        sample(&b);
        ObjFunc *f = &b.funcs.data[1];
        for (uint32_t i = 0; i + 1 < f->ncode; i++) {
            if (dice(3)) continue;
            PeOp op = (PeOp)dice(PE_OPS);
            uint64_t insn = pe_insn(op, dice(9), dice(9), dice(12));
            const char *letters = pe_operands(op);
            if (strpbrk(letters, "IJfvdkms"))
                insn = pe_insn32(op, letters[0] == '-' ? 0 : dice(9),
                                 dice(4) ? dice(4) : dice(0x10000));
            if (letters[0] == '-') insn &= ~0xffff0000ull;
            if (letters[1] == '-' && !strpbrk(letters, "IJfvdkms")) insn &= ~0xffff00000000ull;
            if (letters[2] == '-' && !strpbrk(letters, "IJfvdkms")) insn &= 0xffffffffffffull;
            b.code.data[f->code + i] = insn;
        }
        for (size_t k = 0; k < b.dsds.len; k++)
            if (!dice(3))
                b.dsds.data[k].w[dice(4)] = dice(2) ? dice(0x10000) << 16 | dice(0x10000) : dice(8);
        const Object *o = build_object(&b);
        if (!object_verify(o)) {
            ran++;
            survive(o);
        }
        build_free(&b);
    }
    assert_true(ran > 500);
}

static void the_document_is_current(void **state) {
    (void)state;
    StrBuf b = { 0 };
    char *text;
    pe_document(&b);
    if (getenv("WT_BLESS")) assert_ok(file_write("docs/isa/pe.md", b.p, b.n));
    assert_ok(file_read("docs/isa/pe.md", &text, NULL));
    if (strcmp(text, sb_str(&b))) fail_msg("docs/isa/pe.md is stale: make docs");
    free(text);
    sb_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(containers_round_trip),
        cmocka_unit_test(the_verifier_refuses),
        cmocka_unit_test(damaged_containers_are_survived),
        cmocka_unit_test(random_programs_are_survived),
        cmocka_unit_test(the_document_is_current),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
