// The instruction table: its own properties, and every word as objdump prints it.
#include "build.h"
#include "riscv/rv32.h"

static uint32_t random_state = 2463534242u;
static uint32_t random_word(void) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    return random_state ^= random_state << 5;
}

static void patterns_have_32_bits(void **state) {
    (void)state;
    for (Op op = 0; op < OP_COUNT; op++) {
        int bits = 0;
        for (const char *p = rv32_rows[op].pattern; *p; p++) {
            assert_non_null(strchr(" 01.", *p));
            bits += *p != ' ';
        }
        if (bits != 32) fail_msg("%s has %d bits", rv32_rows[op].name, bits);
    }
}

// Two rows overlap when no fixed bit tells them apart.
static void no_two_rows_overlap(void **state) {
    (void)state;
    for (Op a = 0; a < OP_COUNT; a++)
        for (Op b = 0; b < a; b++) {
            Rv32Bits x = rv32_bits(rv32_rows[a].pattern), y = rv32_bits(rv32_rows[b].pattern);
            if (!(x.mask & y.mask & (x.match ^ y.match)))
                fail_msg("%s and %s overlap", rv32_rows[a].name, rv32_rows[b].name);
        }
}

// Words of every row, every word one bit away from them, and any words.
static uint32_t *sample_words(size_t *n) {
    static const uint16_t csrs[] = { 0x7c0, 0x7c1, 0xbc0, 0x300, 0xf14, 0xb00, 0xc00, 0x001 };
    enum { EACH = 40, ANY = 20000 };
    uint32_t *words = malloc((OP_COUNT * EACH * 2 + OP_COUNT * 32 + ANY) * sizeof *words);
    *n = 0;
    for (Op op = 0; op < OP_COUNT; op++) {
        Rv32Bits b = rv32_bits(rv32_rows[op].pattern);
        for (int i = 0; i < EACH; i++) {
            uint32_t fill = i == 0 ? 0 : i == 1 ? ~0u : random_word();
            if (strchr("CZ", rv32_rows[op].format))
                fill = (fill & 0xfffff) | (uint32_t)csrs[random_word() % 8] << 20;
            words[(*n)++] = (fill & ~b.mask) | b.match;
        }
        for (int bit = 2; bit < 32; bit++) {
            uint32_t w = ((random_word() & ~b.mask) | b.match) ^ 1u << bit;
            if ((w & 0x7f) != 0x73 || !(w >> 12 & 7))
                words[(*n)++] = w; // CSRs have many more names
        }
    }
    for (int i = 0; i < ANY; i++) {
        uint32_t w = random_word() | 3;
        if ((w & 0x7f) != 0x73) words[(*n)++] = w;
    }
    return words;
}

static void the_index_decodes_as_the_scan(void **state) {
    (void)state;
    static const uint32_t sets[] = { ISA_BLACKHOLE, ISA_WORMHOLE, ISA_I };
    size_t n;
    uint32_t *words = sample_words(&n);
    for (int k = 0; k < 3; k++) {
        Rv32Index ix;
        rv32_index_init(&ix, sets[k]);
        for (size_t i = 0; i < n; i++)
            if (rv32_decode(&ix, words[i]) != rv32_scan(sets[k], words[i]))
                fail_msg("0x%08x: %d, %d", words[i], rv32_decode(&ix, words[i]),
                         rv32_scan(sets[k], words[i]));
        assert_int_equal(rv32_decode(&ix, 0x12345678), OP_ttinsn);
    }
    free(words);
}

static void a_chip_lacks_the_extensions_it_lacks(void **state) {
    (void)state;
    const uint32_t clz = 0x60051513, csrrw = 0x7c051573, mul = 0x02c58533;
    assert_int_equal(rv32_scan(ISA_BLACKHOLE, clz), OP_clz);
    assert_int_equal(rv32_scan(ISA_WORMHOLE, clz), OP_undefined);
    assert_int_equal(rv32_scan(ISA_WORMHOLE, csrrw), OP_undefined);
    assert_int_equal(rv32_scan(ISA_WORMHOLE, mul), OP_mul);
    assert_int_equal(rv32_scan(ISA_I, mul), OP_undefined);
}

// "c <.text+0xc>" after the last comma is an address; ours say 0xc. A guess at an address that
// registers make follows " # ".
static void as_we_print(char *text) {
    char *tab = strchr(text, '\t'), *guess = strstr(text, " # "), out[128];
    if (tab) *tab = ' ';
    if (guess) *guess = 0;
    char *note = strstr(text, " <");
    if (!note) return;
    *note = 0;
    char *to = strrchr(text, ',') + 1;
    snprintf(out, sizeof out, "%.*s0x%s", (int)(to - text), text, to);
    strcpy(text, out);
}

// What binutils knows beyond our extensions: A is more than Zaamo, and there are privileged modes.
static bool is_foreign(const char *text) {
    static const char *const names[] = { "lr.w", "sc.w", "mret",       "sret",   "uret",
                                         "dret", "wfi",  "sfence.vma", "hfence", "pause" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strncmp(text, names[i], strlen(names[i]))) return true;
    // undefined to binutils too, as it prints that up to 2.40 and since
    return !strncmp(text, ".4byte", 6) || !strncmp(text, ".insn", 5);
}

// Nor does it mind a shift by more than 31.
static bool is_long_shift(uint32_t w) {
    return (w & 0x7f) == 0x13 && (w >> 12 & 3) == 1 && w >> 25 & 1;
}

static void objdump_prints_the_same(void **state) {
    (void)state;
    char dir[PATH_CAP];
    assert_ok(dir_make_temp(dir, "rv32"));
    size_t n, i = 0, defined[OP_COUNT] = { 0 };
    uint32_t *words = sample_words(&n);
    StrBuf source = { 0 };
    for (size_t k = 0; k < n; k++) // what is longer than 32 bits cannot be assembled as a word
        if ((words[k] & 0x1f) != 0x1f) words[i++] = words[k];
    n = i;
    for (size_t k = 0; k < n; k++) sb_printf(&source, ".insn 4, 0x%08x\n", words[k]);
    char path[PATH_CAP + 16];
    snprintf(path, sizeof path, "%s/words.s", dir);
    assert_ok(file_write(path, source.p, source.n));
    free(shell(
        "riscv64-unknown-elf-as -march=rv32ima_zba_zbb_zicsr_zifencei -mabi=ilp32 %s -o %s.o 2>&1",
        path, path));
    char *dump = shell("riscv64-unknown-elf-objdump -d -M no-aliases %s.o", path);
    i = 0;
    for (char *line = strtok(dump, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned pc, word;
        int at;
        if (sscanf(line, " %x: %x %n", &pc, &word, &at) != 2 || !strchr(line, '\t')) continue;
        assert_int_equal(pc, i * 4);
        assert_int_equal(word, words[i]);
        as_we_print(line + at);
        StrBuf ours = { 0 };
        rv32_disasm(ISA_BLACKHOLE, word, pc, &ours);
        if (rv32_scan(ISA_BLACKHOLE, word) == OP_undefined) {
            if (!is_foreign(line + at) && !is_long_shift(word))
                fail_msg("0x%08x is undefined, objdump: %s", word, line + at);
        } else {
            if (strcmp(sb_str(&ours), line + at))
                fail_msg("0x%08x: \"%s\", objdump: \"%s\"", word, sb_str(&ours), line + at);
            defined[rv32_scan(ISA_BLACKHOLE, word)]++;
        }
        sb_free(&ours);
        i++;
    }
    assert_int_equal(i, n);
    for (Op op = 0; op < OP_COUNT; op++)
        if (defined[op] < 20) fail_msg("%s: %zu words only", rv32_rows[op].name, defined[op]);
    free(dump);
    free(words);
    sb_free(&source);
    dir_remove(dir);
}

static void what_is_not_rv32_prints_as_a_word(void **state) {
    (void)state;
    StrBuf b = { 0 };
    rv32_disasm(ISA_BLACKHOLE, 0x98000014, 0, &b);
    sb_putc(&b, ' ');
    rv32_disasm(ISA_BLACKHOLE, 0xffffffff, 0, &b);
    assert_string_equal(sb_str(&b), ".ttinsn 0x26000005 .word 0xffffffff");
    sb_free(&b);
}

static void the_document_is_fresh(void **state) {
    (void)state;
    StrBuf b = { 0 };
    rv32_document(&b);
    if (getenv("WT_BLESS")) assert_ok(file_write("docs/isa/rv32.md", b.p, b.n));
    char *text;
    assert_ok(file_read("docs/isa/rv32.md", &text, NULL));
    if (strcmp(text, sb_str(&b))) fail_msg("docs/isa/rv32.md is stale: make docs");
    free(text);
    sb_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(patterns_have_32_bits),
        cmocka_unit_test(no_two_rows_overlap),
        cmocka_unit_test(the_index_decodes_as_the_scan),
        cmocka_unit_test(a_chip_lacks_the_extensions_it_lacks),
        cmocka_unit_test(objdump_prints_the_same),
        cmocka_unit_test(what_is_not_rv32_prints_as_a_word),
        cmocka_unit_test(the_document_is_fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
