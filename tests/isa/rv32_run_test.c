// What programs compute: the same as under QEMU, and on both interpreters the same state to the
// register and cycle, for compiled programs and for random instructions.
#include "build.h"

static char *qemu(const char *path) {
    return shell("qemu-riscv32 -cpu rv32,zba=true,zbb=true %s", path);
}

static uint64_t run_program(const char *path, bool slow, uint64_t slice, char *line, size_t n) {
    Machine *m = machine_open(path);
    m->hart.slow = slow;
    HartStop stop = HART_SLICE;
    while (!m->done && stop <= HART_YIELD) stop = hart_run(&m->hart, m->hart.clock + slice);
    if (!m->done) fail_msg("%s: stop %d at 0x%x: %s", path, stop, m->hart.pc, m->hart.fault.text);
    snprintf(line, n, "%s", sb_str(&m->out));
    uint64_t clock = m->hart.clock;
    machine_close(m);
    return clock;
}

static void check_program(const char *name, const char *march) {
    const char *path = build_program(name, march, "");
    char *expected = qemu(path), line[64];
    uint64_t clock = run_program(path, false, 64, line, sizeof line);
    assert_string_equal(line, expected);
    assert_int_equal(run_program(path, false, 1 << 20, line, sizeof line), clock);
    assert_string_equal(line, expected);
    assert_int_equal(run_program(path, false, 3, line, sizeof line), clock);
    assert_string_equal(line, expected);
    assert_int_equal(run_program(path, true, 64, line, sizeof line), clock);
    assert_string_equal(line, expected);
    free(expected);
    remove(path);
}

static void lists_matrices_text_and_crc(void **state) {
    (void)state;
    check_program("mix", "rv32im");
}
static void mix_with_zba_and_zbb(void **state) {
    (void)state;
    check_program("mix", "rv32im_zba_zbb");
}
static void arithmetic(void **state) {
    (void)state;
    check_program("numbers", "rv32im");
}
static void bit_manipulation(void **state) {
    (void)state;
    check_program("bits", "rv32im_zba_zbb");
}
static void atomics(void **state) {
    (void)state;
    check_program("atomics", "rv32ima_zifencei");
}
static void memory(void **state) {
    (void)state;
    check_program("memory", "rv32im");
}

static uint32_t random_state = 88172645;
static uint32_t random_word(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    return random_state ^= random_state << 5;
}

// Two tiles with the same random code: any row, operands mostly within reach, jumps short.
enum { L1 = 0x4000, LOCAL = 0xffb00000, LOCAL_SIZE = 0x400 };
typedef struct Twin {
    CodeCache *cache;
    uint8_t l1[L1], local[LOCAL_SIZE];
    Space space[2];
    Hart hart;
    uint64_t changes;
    uint32_t bus_sum, tick;
} Twin;

static BusReply twin_load(Hart *h, uint32_t addr, uint32_t *value) {
    Twin *t = h->owner;
    if (t->tick++ % 5 == 0) return BUS_WAIT;
    *value = addr * 3 + t->bus_sum;
    return addr & 4 ? BUS_OK : BUS_EFFECT;
}
static BusReply twin_store(Hart *h, uint32_t addr, uint32_t value) {
    Twin *t = h->owner;
    if (t->tick++ % 7 == 0) return BUS_WAIT;
    uint32_t sum = (addr ^ value) + (uint32_t)h->clock;
    t->bus_sum = t->bus_sum << 1 ^ sum;
    return sum & 1 ? BUS_EFFECT : BUS_YIELD;
}
static BusReply twin_push(Hart *h, uint32_t insn) {
    ((Twin *)h->owner)->bus_sum += insn ^ h->pc;
    return BUS_EFFECT;
}
static BusReply twin_csr(Hart *h, uint32_t csr, const uint32_t *write, uint32_t *value) {
    Twin *t = h->owner;
    *value = t->bus_sum + csr;
    if (write) t->bus_sum ^= *write;
    return write ? BUS_EFFECT : BUS_OK;
}
static BusReply twin_system(Hart *h, uint32_t word) {
    ((Twin *)h->owner)->bus_sum += word;
    return word >> 20 ? BUS_OWN : BUS_YIELD;
}

static const HartBus twin_bus = { twin_load, twin_store, twin_push, twin_csr, twin_system, NULL };

static uint32_t random_insn(void) {
    uint32_t w = random_word();
    if (w % 61 == 0) return w; // anything: .ttinsn mostly
    const Rv32Row *row = &rv32_rows[w % OP_COUNT];
    Rv32Bits b = rv32_bits(row->pattern);
    uint32_t fill = random_word();
    switch (row->format) {
    case 'B':
        fill &= ~0xf8000000u;                           // forward, by little
        if (random_word() % 3 == 0) fill |= 0xfe000080; // or backward
        fill &= ~0x100u;                                // to a multiple of four
        break;
    case 'J': fill = (fill & 0x03c00fff) | (random_word() % 3 ? 0 : 0xfc0ff000); break;
    case 'L':
    case 'S': // within reach of registers that hold addresses, aligned for any width mostly
        fill = (fill & ~(31u << 15)) | (8 + random_word() % 8) << 15;
        if (random_word() % 16) fill &= row->format == 'L' ? ~0x80300000u : ~0x80000180u;
        break;
    case 'A': fill = (fill & ~(31u << 15)) | (8 + random_word() % 6) << 15; break;
    }
    w = (fill & ~b.mask) | b.match;
    if (row->format != 'B' && row->format != 'S' && (w >> 7 & 24) == 8 && random_word() % 8)
        w &= ~(8u << 7); // the address registers live a little longer
    return w;
}

static void twin_init(Twin *t, const uint32_t *code, bool slow) {
    memset(t, 0, sizeof *t);
    assert_ok(code_cache_create(ISA_BLACKHOLE, slow ? 1 : 0, &t->cache));
    assert_ok(space_init(&t->space[0], t->l1, 0, L1, SPACE_R | SPACE_W | SPACE_X, t->cache));
    assert_ok(space_init(&t->space[1], t->local, LOCAL, LOCAL_SIZE, SPACE_R | SPACE_W, NULL));
    memcpy(t->l1, code, L1);
    hart_init(&t->hart);
    t->hart.space[0] = &t->space[0];
    t->hart.space[1] = &t->space[1];
    t->hart.bus = &twin_bus;
    t->hart.owner = t;
    t->hart.changes = &t->changes;
    t->hart.slow = slow;
    t->hart.stack_limit = LOCAL + 64;
    for (uint32_t r = 8; r < 16; r++)
        t->hart.x[r] = r < 11 ? 0x1000 + r * 256 : r < 14 ? LOCAL + 128 + r : 0xffc00000 + r * 4;
    for (uint32_t r = 11; r < 14; r++) t->hart.x[r] &= ~3u;
    t->hart.x[2] = LOCAL + 256;
    hart_reset(&t->hart, 0x400);
}

static void twin_deinit(Twin *t) {
    for (int i = 0; i < 2; i++) space_deinit(&t->space[i]);
    code_cache_destroy(t->cache);
}

static void same(const Twin *a, const Twin *b, HartStop sa, HartStop sb, int round, int slice) {
    const Hart *x = &a->hart, *y = &b->hart;
    if (sa == sb && x->pc == y->pc && x->clock == y->clock && !memcmp(x->x, y->x, 32 * 4) &&
        !memcmp(a->l1, b->l1, L1) && !memcmp(a->local, b->local, LOCAL_SIZE) &&
        a->bus_sum == b->bus_sum && a->changes == b->changes && x->watch.on == y->watch.on &&
        !strcmp(x->fault.text, y->fault.text) && x->fault.pc == y->fault.pc &&
        x->fault.addr == y->fault.addr && x->fault.value == y->fault.value)
        return;
    fail_msg("round %d, slice %d: decoded: stop %d pc 0x%x clock %llu fault at 0x%x \"%s\"; step: "
             "stop %d pc 0x%x "
             "clock %llu fault at 0x%x \"%s\"",
             round, slice, sa, x->pc, (unsigned long long)x->clock, x->fault.pc, x->fault.text, sb,
             y->pc, (unsigned long long)y->clock, y->fault.pc, y->fault.text);
}

static void random_code_runs_the_same_decoded_or_not(void **state) {
    (void)state;
    static uint32_t code[L1 / 4];
    static Twin a, b;
    uint64_t executed = 0;
    unsigned seen[5] = { 0 };
    for (int round = 0; round < 3000; round++) {
        for (size_t i = 0; i < sizeof code / sizeof *code; i++) code[i] = random_insn();
        twin_init(&a, code, false);
        twin_init(&b, code, true);
        for (int slice = 0; slice < 40; slice++) {
            uint64_t until = a.hart.clock + 1 + random_word() % 70;
            HartStop sa = hart_run(&a.hart, until), sb = hart_run(&b.hart, until);
            same(&a, &b, sa, sb, round, slice);
            seen[sa]++;
            if (sa == HART_FAULT || sa == HART_PARKED) break;
        }
        executed += a.hart.clock;
        twin_deinit(&a);
        twin_deinit(&b);
    }
    for (int i = 0; i < 5; i++)
        if (!seen[i]) fail_msg("no run ended as %d", i);
    if (executed < 30000) fail_msg("only %llu instructions", (unsigned long long)executed);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_matrices_text_and_crc),
        cmocka_unit_test(mix_with_zba_and_zbb),
        cmocka_unit_test(arithmetic),
        cmocka_unit_test(bit_manipulation),
        cmocka_unit_test(atomics),
        cmocka_unit_test(memory),
        cmocka_unit_test(random_code_runs_the_same_decoded_or_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
