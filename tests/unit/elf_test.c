// The ELF reader: an image as the linker makes it, and thousands of damaged ones.
#include "../isa/build.h"
#include "riscv/elf.h"

static ElfFile elf;

static int open_elf(void **state) {
    (void)state;
    assert_ok(elf_open(&elf, build_program("sections", "rv32im", "-Wl,--emit-relocs")));
    return 0;
}
static int close_elf(void **state) {
    (void)state;
    elf_close(&elf);
    return 0;
}

static void segments_hold_the_image(void **state) {
    (void)state;
    const ElfSymbol *data = elf_symbol(&elf, "initialised");
    assert_non_null(data);
    assert_int_equal(data->size, 16);
    assert_int_equal(data->type, STT_OBJECT);
    uint32_t third = 0;
    for (size_t i = 0; i < elf.num_segments; i++) {
        const ElfSegment *s = &elf.segments[i];
        if (data->value - s->vaddr < s->file_size)
            memcpy(&third, s->data + (data->value + 8 - s->vaddr), 4);
    }
    assert_int_equal(third, 33);
    const ElfSymbol *start = elf_symbol(&elf, "_start");
    assert_non_null(start);
    assert_int_equal(elf.entry, start->value);
    assert_null(elf_symbol(&elf, "nothing"));
}

static void sections_are_found_by_name(void **state) {
    (void)state;
    const ElfSection *text = elf_section(&elf, ".text"), *bss = elf_section(&elf, ".bss");
    assert_non_null(text);
    assert_int_equal(text->addr, 0x20000);
    assert_int_equal(text->flags, SHF_ALLOC | SHF_EXECINSTR);
    assert_non_null(text->data);
    assert_non_null(bss);
    assert_null(bss->data);
    assert_int_equal(elf_memory_end(&elf, 0, 1 << 20), bss->addr + bss->size);
    assert_int_equal(elf_memory_end(&elf, 0xffb00000, 4096), 0xffb00000);
    assert_null(elf_section(&elf, ".nothing"));
}

static void relocations_name_place_and_symbol(void **state) {
    (void)state;
    const ElfSection *text = elf_section(&elf, ".text");
    unsigned high = 0;
    for (size_t i = 0; i < elf.num_relocs; i++) {
        const ElfReloc *r = &elf.relocs[i];
        assert_true(elf.sections[r->section].flags & SHF_ALLOC);
        if (r->type != R_RISCV_HI20) continue;
        const ElfSymbol *s = &elf.symbols[r->symbol];
        uint32_t word, to = s->value + (uint32_t)r->addend;
        memcpy(&word, text->data + (r->addr - text->addr), 4);
        assert_int_equal(word & 0x7f, 0x37);
        assert_int_equal(word & 0xfffff000, (to + 0x800) & 0xfffff000);
        high++;
    }
    assert_true(high >= 3);
}

static void addresses_have_functions_and_lines(void **state) {
    (void)state;
    const ElfSymbol *twice = elf_symbol(&elf, "twice");
    assert_non_null(twice);
    assert_ptr_equal(elf_symbol_at(&elf, twice->value + twice->size - 4), twice);
    assert_null(elf_symbol_at(&elf, 0x10));
    const char *file;
    int line;
    assert_true(elf_line(&elf, twice->value, &file, &line));
    assert_non_null(strstr(file, "tests/isa/programs/sections.c"));
    assert_int_equal(line, 8); // of sections.c
    assert_false(elf_line(&elf, 0x10, &file, &line));
}

static void what_is_no_rv32_elf_is_refused(void **state) {
    (void)state;
    ElfFile e;
    assert_fails(elf_open(&e, "/nonexistent/x.elf"), WT_NOTFOUND, "/nonexistent/x.elf");
    assert_fails(elf_open(&e, "/bin/sh"), WT_INVALID,
                 "/bin/sh: not a 32-bit little-endian ELF file");
    assert_fails(elf_open_memory(&e, "", 0, "empty"), WT_INVALID, "empty: not");
    assert_fails(elf_open_memory(&e, "\177ELF", 4, "short"), WT_INVALID, "short: not");
    uint8_t *copy = malloc(elf.num_bytes);
    memcpy(copy, elf.bytes, elf.num_bytes);
    copy[18] = 40; // e_machine
    assert_fails(elf_open_memory(&e, copy, elf.num_bytes, "arm"), WT_INVALID,
                 "arm: ELF file for machine 40");
    free(copy);
    assert_fails(elf_open_memory(&e, elf.bytes, 300, "cut"), WT_INVALID, "cut: ");
}

// Touches all that an open file offers; the sanitizers watch.
static uint64_t use_all(ElfFile *e) {
    uint64_t sum = e->entry;
    for (size_t i = 0; i < e->num_segments; i++)
        for (uint32_t b = 0; b < e->segments[i].file_size; b++) sum += e->segments[i].data[b];
    for (size_t i = 0; i < e->num_sections; i++) {
        sum += strlen(e->sections[i].name);
        for (uint32_t b = 0; e->sections[i].data && b < e->sections[i].size; b++)
            sum += e->sections[i].data[b];
    }
    for (size_t i = 1; i < e->num_symbols; i++) sum += strlen(e->symbols[i].name);
    for (size_t i = 0; i < e->num_relocs; i++)
        sum += strlen(e->symbols[e->relocs[i].symbol].name) +
               strlen(e->sections[e->relocs[i].section].name);
    elf_symbol(e, "run");
    elf_section(e, ".text");
    for (uint32_t a = 0x20000; a < 0x20100; a += 32) {
        const char *file = "";
        int line;
        elf_symbol_at(e, a);
        if (elf_line(e, a, &file, &line)) sum += strlen(file);
    }
    return sum + elf_memory_end(e, 0, ~0u);
}

static uint32_t random_state = 12345;
static uint32_t random_below(uint32_t n) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 17;
    random_state ^= random_state << 5;
    return random_state % n;
}

// One to four damages: in the headers half of the time, values that hurt most of the time.
static size_t damage(uint8_t *bytes, size_t n) {
    static const uint32_t evil[] = { 0,          1,          0x7fffffff, 0x80000000,
                                     0xffffffff, 0xfffffffc, 0x10000,    3 };
    uint32_t section_headers;
    memcpy(&section_headers, bytes + 32, 4);
    for (uint32_t k = 1 + random_below(4); k; k--) {
        uint32_t at = random_below((uint32_t)n);
        switch (random_below(4)) {
        case 0: at = random_below(52 + 32 * 4); break;
        case 1:
            if (section_headers < n)
                at = section_headers + random_below((uint32_t)n - section_headers);
            break;
        }
        uint32_t v =
            random_below(3) ? evil[random_below(sizeof evil / sizeof *evil)] : random_below(~0u);
        at &= ~3u;
        if (random_below(2))
            memcpy(bytes + at, &v, at + 4 <= n ? 4 : 1);
        else
            bytes[at] ^= (uint8_t)(1u << random_below(8));
    }
    return random_below(8) ? n : random_below((uint32_t)n);
}

static void damaged_files_are_refused_or_read(void **state) {
    (void)state;
    uint8_t *copy = malloc(elf.num_bytes);
    int opened = 0, refused = 0;
    for (int i = 0; i < 4000; i++) {
        memcpy(copy, elf.bytes, elf.num_bytes);
        size_t n = damage(copy, elf.num_bytes);
        ElfFile e;
        wt_status_t s = elf_open_memory(&e, copy, n, "damaged");
        if (s == WT_OK) {
            use_all(&e);
            elf_close(&e);
            opened++;
        } else {
            assert_int_equal(s, WT_INVALID);
            assert_non_null(strstr(wt_last_error(), "damaged: "));
            refused++;
        }
    }
    free(copy);
    assert_true(opened > 400 && refused > 400);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_hold_the_image),
        cmocka_unit_test(sections_are_found_by_name),
        cmocka_unit_test(relocations_name_place_and_symbol),
        cmocka_unit_test(addresses_have_functions_and_lines),
        cmocka_unit_test(what_is_no_rv32_elf_is_refused),
        cmocka_unit_test(damaged_files_are_refused_or_read),
    };
    return cmocka_run_group_tests(tests, open_elf, close_elf);
}
