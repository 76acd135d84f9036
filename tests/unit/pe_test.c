// The bytecode machine: instructions, calls, memory, faults, polling, and numbers to the last bit.
#include "wse_build.h"

#include "wse/chip/numeric.h"

#include "../test.h"

typedef struct Machine {
    Build b;
    WseChip *c;
} Machine;

// One PE whose task 8 runs `code` at start; `extra` adds what the instance needs more.
static void machine_build(Machine *m, WseArch arch, unsigned regs, const uint64_t *code, size_t n) {
    build_init(&m->b, arch, 1, 1);
    build_inst(&m->b, "test");
    build_task(&m->b, 8, TASK_LOCAL, build_func(&m->b, "main", regs, 0, 0, code, n), -1, -1);
    m->b.in->active = 1 << 8;
    build_rect(&m->b, 0, 0, 1, 1, 0, build_router(&m->b));
    m->c = NULL;
}
static void machine_open(Machine *m) {
    const Object *o = build_object(&m->b);
    assert_ok(object_verify(o));
    assert_ok(wafer_open(o, NULL, &m->c));
}
static void machine_close(Machine *m) {
    wafer_close(m->c);
    build_free(&m->b);
}
static void run_quiet(WseChip *c) {
    ChipStop why;
    assert_ok(wafer_run(c, &(ChipGoal){ .budget = 10000000 }, &why));
    assert_int_equal(why, CHIP_QUIET);
}
static uint64_t word(WseChip *c, unsigned x, uint32_t at, unsigned bytes) {
    uint64_t v = 0;
    assert_ok(wafer_read(c, x, 0, at, &v, bytes));
    return v;
}
#define RUN(m, regs, ...)                                                                          \
    do {                                                                                           \
        const uint64_t code_[] = { __VA_ARGS__ };                                                  \
        machine_build(m, WSE2, regs, code_, sizeof code_ / 8);                                     \
        machine_open(m);                                                                           \
    } while (0)

// One instruction of two operands: the value it leaves.
static uint64_t value_of(PeOp op, uint64_t a, uint64_t b) {
    Machine m;
    RUN(&m, 4, I32(ldu, 1, a), I32(ldhi, 1, a >> 32), I32(ldu, 2, b), I32(ldhi, 2, b >> 32),
        pe_insn(op, 0, 1, pe_operands(op)[2] == 'r' ? 2 : b & 0xffff), I3(sta_64, 0, 0x10, 0), RET);
    run_quiet(m.c);
    uint64_t v = word(m.c, 0, 0x10, 8);
    machine_close(&m);
    return v;
}
#define VALUE(op, a, b)              value_of(PE_##op, (uint64_t)(a), (uint64_t)(b))
#define assert_value(op, a, b, want) assert_int_equal(VALUE(op, a, b), (uint64_t)(want))

static void integers_are_canonical(void **state) {
    (void)state;
    assert_value(add_i8, 127, 1, -128);
    assert_value(add_u8, 255, 1, 0);
    assert_value(sub_u16, 0, 1, 0xffff);
    assert_value(add_i16, 32767, 1, -32768);
    assert_value(mul_i32, 0x10000, 0x10000, 0);
    assert_value(mul_u32, 0xffffffff, 2, 0xfffffffe);
    assert_value(add_i64, INT64_MAX, 1, INT64_MIN);
    assert_value(addi_u16, 0, -1, 0xffff);
    assert_value(shl_i16, 1, 15, -32768);
    assert_value(shl_u32, 1, 32, 0);
    assert_value(shl_i64, 1, 64, 0);
    assert_value(shr, 0x8000, 3, 0x1000);
    assert_value(sar, -8, 1, -4);
    assert_value(sar, -8, 200, -1);
    assert_value(neg_u16, 1, 0, 0xffff);
    assert_value(not_u8, 0x0f, 0, 0xf0);
    assert_value(cast_i8, 0x80, 0, -128);
    assert_value(div_i16, -32768, -1, -32768);
    assert_value(div_i32, -7, 2, -3);
    assert_value(rem_s, -7, 2, -1);
    assert_value(div_u64, UINT64_MAX, 2, INT64_MAX);
    assert_value(lt, -1, 0, 1);
    assert_value(lt_u64, -1, 0, 0);
    assert_value(clz, 1, 16, 15);
    assert_value(ctz, 0, 16, 16);
}

static void floats_round_once(void **state) {
    (void)state;
    assert_value(add_f32, f32_bits(0x1p24f), f32_bits(1.0f), f32_bits(0x1p24f));
    assert_value(mul_f16, 0x3c01, 0x3c01, 0x3c02); // (1 + 2^-10)^2 rounds down
    assert_value(div_f16, 0x3c00, 0x4200, 0x3555); // 1/3
    assert_value(sqrt_f32, f32_bits(2.0f), 0, 0x3fb504f3);
    assert_value(floor_f32, f32_bits(-0.5f), 0, f32_bits(-1.0f));
    assert_value(ceil_f32, f32_bits(-0.5f), 0, f32_bits(-0.0f));
    assert_value(f32_to_i16, f32_bits(-1e9f), 0, -32768);
    assert_value(f32_to_u16, f32_bits(70000.0f), 0, 65535);
    assert_value(f32_to_i32, f32_bits(-1.9f), 0, -1);
    assert_value(f32_to_u32, 0x7fc00000, 0, 0);
    assert_value(int_to_f16, 65520, 0, 0x7c00); // beyond the greatest f16: infinity
    assert_value(int_to_f16, 65519, 0, 0x7bff);
    assert_value(f32_to_f16, f32_bits(0x1p-25f), 0, 0); // ties to even
    assert_value(f32_to_f16, f32_bits(0x1.8p-25f), 0, 1);
    assert_value(lt_f32, 0x7fc00000, 0, 0);
    // Every NaN that is computed is the same one, on every host.
    assert_value(sub_f32, 0x7f800000, 0x7f800000, 0x7fc00000);
    assert_value(add_f32, 0xff812345, f32_bits(1.0f), 0x7fc00000);
    assert_value(mul_f16, 0xfc00, 0, 0x7e00);
    assert_value(f16_to_f32, 0xfe01, 0, 0x7fc00000);
    assert_value(f32_to_f16, 0xffc00001, 0, 0x7e00);
}

// Every f16 widens and narrows to itself; every midpoint of neighbours goes to the even one.
static void f16_conversions_are_exact(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 0x10000; h++) {
        if ((h & 0x7fff) > 0x7c00) continue;
        assert_int_equal(f16_bits(bits_f16(h)), h);
        if ((h & 0x7fff) >= 0x7bff) continue;
        double middle = (bits_f16(h) + bits_f16(h + 1)) / 2;
        assert_int_equal(f16_bits(middle), h & 1 ? h + 1 : h);
        assert_int_equal(f16_bits(middle + (bits_f16(h + 1) - middle) * 1e-9), h + 1);
    }
}

// The soft fused multiply-add against exact integer arithmetic on cases that a double rounding gets
// wrong.
static void fma_rounds_once(void **state) {
    (void)state;
    // a * b = 1 + 2^-23 + 2^-24 exactly at a midpoint, broken by a tiny addend either way.
    float a = 1 + 0x1p-12f, b = 1 + 0x1p-12f; // product 1 + 2^-11 + 2^-24
    assert_int_equal(f32_bits(fma_f32(a, b, 0)), f32_bits(1 + 0x1p-11f));
    assert_int_equal(f32_bits(fma_f32(a, b, 0x1p-100f)), f32_bits(1 + 0x1p-11f + 0x1p-23f));
    assert_int_equal(f32_bits(fma_f32(a, b, -0x1p-100f)), f32_bits(1 + 0x1p-11f));
    assert_int_equal(f32_bits(fma_f32(0x1p-126f, 0x1p-1f, 0x1p-149f)),
                     f32_bits(0x1p-127f + 0x1p-149f));
    assert_true(fma_f32(INFINITY, 0, 1) != fma_f32(INFINITY, 0, 1));
    assert_int_equal(fma_f16(0x3c01, 0x3c01, 0x0001), 0x3c02);
    uint64_t seed = 88172645463325252ull;
    for (int i = 0; i < 200000; i++) { // against hardware or the C library's exact one
        uint32_t w[3];
        for (int k = 0; k < 3; k++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            w[k] = (uint32_t)seed;
            if (i & 1) w[k] = (w[k] & 0x807fffff) | (120 + (w[k] >> 23 & 15)) << 23;
        }
        float x = bits_f32(w[0]), y = bits_f32(w[1]), z = bits_f32(w[2]), r = fmaf(x, y, z),
              s = fma_f32(x, y, z);
        if (r == r)
            assert_int_equal(f32_bits(s), f32_bits(r));
        else
            assert_true(s != s);
    }
}

static void calls_pass_windows(void **state) {
    (void)state;
    Machine m;
    build_init(&m.b, WSE2, 1, 1);
    build_inst(&m.b, "test");
    BUILD_FUNC(&m.b, "add", 3, 2, 1, I3(add_i32, 2, 0, 1), I3(ret, 2, 0, 0));
    uint32_t fact = 1; // n! by recursion
    BUILD_FUNC(&m.b, "fact", 4, 1, 1, I3(jgei, 0, 2, 3), I32(ldi, 1, 1), I3(ret, 1, 0, 0),
               I3(addi_i32, 2, 0, -1), I32(call, 2, fact), I3(mul_i32, 1, 0, 2), I3(ret, 1, 0, 0));
    const uint64_t more[] = { I32(ldi, 1, 20),
                              I32(ldi, 2, 22),
                              I32(call, 1, 0),
                              I3(sta_32, 1, 0x10, 0),
                              I32(ldi, 1, 10),
                              I32(ldi, 2, 1),
                              I3(calli, 1, 2, 1 | 1 << 8),
                              I3(sta_32, 1, 0x14, 0),
                              RET };
    build_task(&m.b, 8, TASK_LOCAL, build_func(&m.b, "main", 4, 0, 0, more, sizeof more / 8), -1,
               -1);
    m.b.in->active = 1 << 8;
    build_rect(&m.b, 0, 0, 1, 1, 0, build_router(&m.b));
    machine_open(&m);
    run_quiet(m.c);
    assert_int_equal(word(m.c, 0, 0x10, 4), 42);
    assert_int_equal(word(m.c, 0, 0x14, 4), 3628800);
    machine_close(&m);
}

// Runs code that must fault, and checks what the message says.
static void faults(const uint64_t *code, size_t n, const char *part) {
    Machine m;
    ChipStop why;
    machine_build(&m, WSE2, 4, code, n);
    machine_open(&m);
    assert_fails(wafer_run(m.c, &(ChipGoal){ .budget = 1000000 }, &why), WT_FAULT, part);
    assert_non_null(strstr(wt_last_error(), "PE (0,0), task 'main'"));
    assert_fails(wafer_run(m.c, &(ChipGoal){ 0 }, &why), WT_FAULT, part); // poisoned
    uint32_t zero = 0;
    assert_int_equal(wafer_write(m.c, 0, 0, 0, &zero, 4), WT_FAULT);
    assert_ok(wafer_read(m.c, 0, 0, 0, &zero, 4));
    machine_close(&m);
}
#define FAULTS(part, ...)                                                                          \
    faults((const uint64_t[]){ __VA_ARGS__ }, sizeof((const uint64_t[]){ __VA_ARGS__ }) / 8, part)

static void illegal_things_fault(void **state) {
    (void)state;
    FAULTS("division by zero", I32(ldi, 0, 1), I32(ldi, 1, 0), I3(div_i32, 2, 0, 1), RET);
    FAULTS("odd address", I3(lda_u16, 0, 0x11, 0), RET);
    FAULTS("configuration register", I3(lda_u16, 0, 0xc000, 0), RET);
    FAULTS("configuration register", I3(sta_16, 0, 0xfffe, 0), RET);
    FAULTS("outside the 1024 bytes", I3(sta_16, 0, 0x400, 0), RET);
    FAULTS("outside the 1024 bytes", I3(sta_32, 0, 0x3fe, 0), RET);
    FAULTS("across the end of RAM", I3(lda_u32, 0, 0xbffe, 0), RET);
    FAULTS("not a function", I32(ldi, 1, 77), I3(calli, 0, 1, 0), RET);
    FAULTS("another type", I32(ldi, 1, 0), I3(calli, 0, 1, 1), RET);
    FAULTS("nest deeper", I32(call, 1, 0), RET);
    FAULTS("task id 9", I32(ldi, 0, 9), I3(activate, 0, 0, 0), RET);
    FAULTS("@get_config of word address 0x7e00", I32(ldu, 0, 0x7e00), I3(getcfg, 1, 0, 0), RET);
    FAULTS("block of microthread", I3(block, 0, TGT_UT, 0), RET);
}

static void reads_beyond_the_program_give_zero(void **state) {
    (void)state;
    Machine m;
    RUN(&m, 2, I32(ldi, 0, -1), I3(lda_u32, 0, 0x3fe, 0), I3(sta_32, 0, 0x10, 0),
        I3(lda_u32, 0, 0xbffc, 0), I3(sta_32, 0, 0x14, 0), RET);
    uint16_t tail = 0xabcd;
    assert_ok(wafer_write(m.c, 0, 0, 0x3fe, &tail, 2));
    run_quiet(m.c);
    assert_int_equal(word(m.c, 0, 0x10, 4), 0xabcd);
    assert_int_equal(word(m.c, 0, 0x14, 4), 0);
    machine_close(&m);
}

static void endless_tasks_stop_by_budget(void **state) {
    (void)state;
    Machine m;
    ChipStop why;
    RUN(&m, 1, I32(jmp, 0, 0), RET);
    assert_ok(wafer_run(m.c, &(ChipGoal){ .budget = 100000 }, &why));
    assert_int_equal(why, CHIP_BUDGET);
    wafer_interrupt(m.c);
    assert_ok(wafer_run(m.c, &(ChipGoal){ 0 }, &why));
    assert_int_equal(why, CHIP_INTERRUPTED);
    machine_close(&m);
}

// A task that polls a word and activates itself is parked; a host write lets it look again.
static void polling_is_quiet(void **state) {
    (void)state;
    Machine m;
    ChipStop why;
    RUN(&m, 2, I3(lda_u16, 0, 0x10, 0), I32(jnz, 0, 5), I32(ldi, 1, 8), I3(activate, 1, 0, 0), RET,
        I3(sta_16, 0, 0x12, 0), RET);
    run_quiet(m.c);
    assert_int_equal(word(m.c, 0, 0x12, 2), 0);
    uint16_t go = 5;
    assert_ok(wafer_write(m.c, 0, 0, 0x10, &go, 2));
    assert_ok(wafer_run(m.c, &(ChipGoal){ 0 }, &why));
    assert_int_equal(word(m.c, 0, 0x12, 2), 5);
    machine_close(&m);
}

// Tasks run in the order in which they became ready, HIGH first.
static void tasks_run_oldest_first(void **state) {
    (void)state;
    Machine m;
    build_init(&m.b, WSE2, 1, 1);
    build_inst(&m.b, "test");
    // Each task appends its number to the list at 0x20 (index at 0x10).
    for (unsigned t = 10; t < 14; t++) {
        uint32_t f = BUILD_FUNC(&m.b, "t", 4, 0, 0, I3(lda_u16, 0, 0x10, 0), I32(ldi, 1, t),
                                I3(shli_u16, 2, 0, 1), I3(st_16, 1, 2, 0x20), I3(addi_u16, 0, 0, 1),
                                I3(sta_16, 0, 0x10, 0), RET);
        build_task(&m.b, t, TASK_LOCAL, f, -1, -1);
    }
    vec_last(&m.b.tasks).high = 1; // 13
    uint32_t f = BUILD_FUNC(
        &m.b, "main", 2, 0, 0, I32(ldi, 0, 12), I3(block, 0, TGT_TASK, 0), I3(activate, 0, 0, 0),
        I32(ldi, 0, 11), I3(activate, 0, 0, 0), I32(ldi, 0, 10), I3(activate, 0, 0, 0),
        I32(ldi, 0, 13), I3(activate, 0, 0, 0), I32(ldi, 0, 12), I3(unblock, 0, TGT_TASK, 0), RET);
    build_task(&m.b, 8, TASK_LOCAL, f, -1, -1);
    m.b.in->active = 1 << 8;
    build_rect(&m.b, 0, 0, 1, 1, 0, build_router(&m.b));
    machine_open(&m);
    run_quiet(m.c);
    uint16_t order[4];
    assert_ok(wafer_read(m.c, 0, 0, 0x20, order, 8));
    assert_int_equal(order[0], 13);
    assert_int_equal(order[1], 11);
    assert_int_equal(order[2], 10);
    assert_int_equal(order[3], 12);
    machine_close(&m);
}

static void the_clock_counts_cycles(void **state) {
    (void)state;
    Machine m;
    RUN(&m, 4, I3(tsc_on, 0, 0, 0), I3(tsc, 0, 0, 0), I3(nop, 0, 0, 0), I3(nop, 0, 0, 0),
        I3(tsc, 1, 0, 0), I3(sub_u32, 2, 1, 0), I3(sta_32, 2, 0x10, 0), I3(tsc_off, 0, 0, 0),
        I3(tsc, 0, 0, 0), I3(nop, 0, 0, 0), I3(tsc, 1, 0, 0), I3(sub_u32, 2, 1, 0),
        I3(sta_32, 2, 0x14, 0), RET);
    run_quiet(m.c);
    assert_int_equal(word(m.c, 0, 0x10, 4), 3);
    assert_int_equal(word(m.c, 0, 0x14, 4), 0);
    machine_close(&m);
}

static void collect(void *ctx, const char *text) { sb_printf(ctx, "%s\n", text); }

static void prints_go_to_the_log(void **state) {
    (void)state;
    Machine m;
    StrBuf log = { 0 };
    const uint64_t code[] = { I3(print, 0, PRINT_PE, 0),
                              I32(ldi, 0, 42),
                              I3(print, 0, PRINT_U16, 0),
                              I32(ldi, 0, '\n'),
                              I3(print, 0, PRINT_CHAR, 0),
                              I32(ldu, 0, 0x3fc00000),
                              I3(print, 0, PRINT_F32, 0),
                              I32(prints, 0, 0),
                              I32(ldi, 0, '\n'),
                              I3(print, 0, PRINT_CHAR, 0),
                              RET };
    machine_build(&m, WSE2, 2, code, sizeof code / 8);
    m.b.in->uses = USES_PRINT;
    m.b.code.data[7] = I32(prints, 0, build_str(&m.b, " words"));
    const Object *o = build_object(&m.b);
    assert_ok(object_verify(o));
    assert_ok(wafer_open(o, &(ChipOptions){ .log = collect, .log_ctx = &log }, &m.c));
    run_quiet(m.c);
    assert_non_null(strstr(sb_str(&log), " PE(0,0): 42\n"));
    assert_non_null(strstr(sb_str(&log), " 1.5 words\n"));
    assert_true(sb_str(&log)[0] == '@');
    sb_free(&log);
    machine_close(&m);
}

// The vendor's generator: 23 bits, 128 steps a number.
static void random_numbers_repeat(void **state) {
    (void)state;
    Machine m;
    RUN(&m, 2, I3(random16, 0, 0, 0), I3(sta_16, 0, 0x10, 0), I3(random16, 0, 0, 0),
        I3(sta_16, 0, 0x12, 0), RET);
    run_quiet(m.c);
    uint32_t s = 0x2dbeef, want[2];
    for (int k = 0; k < 2; k++) {
        for (int i = 0; i < 128; i++) s = s >> 1 | ((s ^ s >> 5) & 1) << 22;
        want[k] = s & 0xffff;
    }
    assert_int_equal(word(m.c, 0, 0x10, 2), want[0]);
    assert_int_equal(word(m.c, 0, 0x12, 2), want[1]);
    machine_close(&m);
}

static void every_word_disassembles(void **state) {
    (void)state;
    char text[96];
    for (unsigned op = 0; op < PE_OPS; op++) {
        assert_int_equal(strlen(pe_operands((PeOp)op)), 3);
        pe_disasm(pe_insn((PeOp)op, 1, 2, 3), text, sizeof text);
        assert_non_null(strstr(text, pe_name((PeOp)op)));
    }
    pe_disasm(I3(add_i16, 1, 2, 3), text, sizeof text);
    assert_string_equal(text, "add_i16    r1, r2, r3");
    pe_disasm(I32(jnz, 4, 17), text, sizeof text);
    assert_string_equal(text, "jnz        r4, @17");
    pe_disasm(0xffff, text, sizeof text);
    assert_string_equal(text, ".word 0x000000000000ffff");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_canonical),
        cmocka_unit_test(floats_round_once),
        cmocka_unit_test(f16_conversions_are_exact),
        cmocka_unit_test(fma_rounds_once),
        cmocka_unit_test(calls_pass_windows),
        cmocka_unit_test(illegal_things_fault),
        cmocka_unit_test(reads_beyond_the_program_give_zero),
        cmocka_unit_test(endless_tasks_stop_by_budget),
        cmocka_unit_test(polling_is_quiet),
        cmocka_unit_test(tasks_run_oldest_first),
        cmocka_unit_test(the_clock_counts_cycles),
        cmocka_unit_test(prints_go_to_the_log),
        cmocka_unit_test(random_numbers_repeat),
        cmocka_unit_test(every_word_disassembles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
