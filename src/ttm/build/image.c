// An image: what an ELF file of ours loads, and the words that depend on where it lies.
//
// The linker leaves its relocations in the file (--emit-relocs). Absolute addresses of things in L1
// move with the image: LUI/ADDI pairs, words of tables. Addresses of variables in local memory
// stay, except that pc-relative pairs to them (libgcc and libc have those) depend on where the pc
// is. Everything else is relative within the image.
#include "ttm/build/image.h"
#include "riscv/elf.h"

#include <stdlib.h>
#include <string.h>

enum { IMAGE_MAX = 1 << 21 }; // larger than any L1

typedef struct Reader {
    const ElfFile *elf;
    KernelImage *image;
    uint32_t local_base; // where local memory begins
    uint32_t data_at;    // offset in the image of the start values of .data
    size_t patch_cap;
} Reader;

static wt_status_t bad(const char *what) {
    return fail(WT_INVALID, "not a usable kernel ELF: %s", what);
}

static wt_status_t thread_local_used(void) {
    return fail(WT_COMPILE, "it uses thread-local variables (perhaps errno, through a function of "
                            "the C library), which the processors do not have");
}

static bool is_loaded(const ElfSection *s) { return s->flags & SHF_ALLOC && s->size; }

// Sizes and places: of text and read-only data, of variables with start values, of all variables.
static wt_status_t measure(Reader *r) {
    KernelImage *m = r->image;
    uint32_t low = UINT32_MAX, high = 0;
    for (size_t i = 0; i < r->elf->num_sections; i++) {
        const ElfSection *s = &r->elf->sections[i];
        if (!is_loaded(s)) continue;
        if (s->flags & SHF_TLS) return thread_local_used();
        uint64_t end = (uint64_t)s->addr + s->size;
        if (s->addr >= r->local_base) { // variables
            if (end > UINT32_MAX) return bad("a section wraps around");
            if (end > m->stack_limit) m->stack_limit = (uint32_t)end;
            if (s->type == SHT_NOBITS)
                m->bss_size += strcmp(s->name, ".shared") ? s->size : 0;
            else if (m->data_size)
                return bad("two sections of initialised variables");
            else
                m->data_size = s->size;
            continue;
        }
        if (s->type == SHT_NOBITS)
            return fail(WT_INVALID, "section %s: variables must be in local memory", s->name);
        if (end > IMAGE_MAX) return fail(WT_INVALID, "section %s lies outside L1", s->name);
        if (s->addr < low) low = s->addr;
        if (end > high) high = (uint32_t)end;
    }
    if (high <= low) return bad("no text");
    m->base = low;
    m->text_size = high - low;
    r->data_at = (m->text_size + 15) & ~15u;
    m->size = (r->data_at + m->data_size + 15) & ~15u;
    return m->size > IMAGE_MAX ? bad("larger than L1") : WT_OK;
}

// Offset in the image of a section's bytes.
static uint32_t place_of(const Reader *r, const ElfSection *s) {
    return s->addr >= r->local_base ? r->data_at : s->addr - r->image->base;
}

static wt_status_t load(Reader *r) {
    KernelImage *m = r->image;
    m->bytes = calloc(1, m->size);
    if (!m->bytes) return fail(WT_NOMEM, "no memory for a kernel image of %u bytes", m->size);
    for (size_t i = 0; i < r->elf->num_sections; i++) {
        const ElfSection *s = &r->elf->sections[i];
        if (is_loaded(s) && s->type != SHT_NOBITS)
            memcpy(m->bytes + place_of(r, s), s->data, s->size);
    }
    m->entry = r->elf->entry - m->base;
    if (m->entry % 4 || m->entry >= m->text_size)
        return bad("the entry point lies outside the text");
    return WT_OK;
}

static wt_status_t patch_add(Reader *r, Patch p) {
    KernelImage *m = r->image;
    if ((uint64_t)p.offset + 4 > m->size || p.offset % 4)
        return bad("a relocation outside the image");
    if (m->patch_count == r->patch_cap) {
        size_t cap = r->patch_cap ? 2 * r->patch_cap : 64;
        Patch *grown = realloc(m->patches, cap * sizeof *grown);
        if (!grown) return fail(WT_NOMEM, "no memory for %zu relocations", cap);
        m->patches = grown;
        r->patch_cap = cap;
    }
    m->patches[m->patch_count++] = p;
    return WT_OK;
}

static const ElfSymbol *symbol_of(const Reader *r, const ElfReloc *a) {
    return &r->elf->symbols[a->symbol];
}

static uint32_t target_of(const Reader *r, const ElfReloc *a) {
    return symbol_of(r, a)->value + (uint32_t)a->addend;
}

// True for what lies in the image: its address is known only when it is placed.
static bool moves_with_image(const Reader *r, const ElfReloc *a) {
    uint32_t section = symbol_of(r, a)->section;
    if (section == SHN_UNDEF || section >= r->elf->num_sections) return false; // absolute
    const ElfSection *s = &r->elf->sections[section];
    return s->flags & SHF_ALLOC && s->addr < r->local_base;
}

// The second half of a pc-relative address names the first by its label.
static const ElfReloc *pcrel_first(const Reader *r, const ElfReloc *second) {
    uint32_t at = symbol_of(r, second)->value;
    for (const ElfReloc *a = second; a-- > r->elf->relocs;) // nearly always just before
        if (a->addr == at && a->section == second->section && a->type == R_RISCV_PCREL_HI20)
            return a;
    for (const ElfReloc *a = second + 1; a < r->elf->relocs + r->elf->num_relocs; a++)
        if (a->addr == at && a->section == second->section && a->type == R_RISCV_PCREL_HI20)
            return a;
    return NULL;
}

static wt_status_t relocation_read(Reader *r, const ElfReloc *a) {
    const ElfSection *in = &r->elf->sections[a->section];
    uint32_t at = place_of(r, in);
    if (a->addr - in->addr >= in->size) return bad("a relocation outside its section");
    bool moves = moves_with_image(r, a);
    Patch p = { .offset = a->addr - in->addr + at, .moves = moves };
    p.value = target_of(r, a) - (moves ? r->image->base : 0);
    switch (a->type) {
    case R_RISCV_NONE:
    case R_RISCV_RELAX:
    case R_RISCV_ALIGN:
    case R_RISCV_BRANCH:
    case R_RISCV_JAL:
    case R_RISCV_CALL:
    case R_RISCV_CALL_PLT:
    case R_RISCV_ADD8:
    case R_RISCV_SUB8:
    case R_RISCV_ADD16:
    case R_RISCV_SUB16:
    case R_RISCV_ADD32:
    case R_RISCV_SUB32:
    case R_RISCV_SET6:
    case R_RISCV_SUB6:
    case R_RISCV_SET8:
    case R_RISCV_SET16:
    case R_RISCV_32_PCREL:
        return WT_OK; // relative within the image (differences of labels come in pairs)
    case R_RISCV_32: p.kind = PATCH_WORD; break;
    case R_RISCV_HI20: p.kind = PATCH_HI20; break;
    case R_RISCV_LO12_I: p.kind = PATCH_LO12_I; break;
    case R_RISCV_LO12_S: p.kind = PATCH_LO12_S; break;
    case R_RISCV_PCREL_HI20:
        p.kind = PATCH_PCREL_HI20;
        p.anchor = p.offset;
        return moves ? WT_OK : patch_add(r, p);
    case R_RISCV_PCREL_LO12_I:
    case R_RISCV_PCREL_LO12_S: {
        const ElfReloc *first = pcrel_first(r, a);
        if (!first) return bad("a pc-relative address without its first half");
        if (moves_with_image(r, first)) return WT_OK;
        p.kind = a->type == R_RISCV_PCREL_LO12_I ? PATCH_PCREL_LO12_I : PATCH_PCREL_LO12_S;
        p.value = target_of(r, first);
        p.anchor = first->addr - in->addr + at;
        p.moves = false;
        return patch_add(r, p);
    }
    case R_RISCV_TPREL_HI20:
    case R_RISCV_TPREL_LO12_I:
    case R_RISCV_TPREL_LO12_S:
    case R_RISCV_TPREL_ADD:
    case R_RISCV_TLS_GOT_HI20:
    case R_RISCV_TLS_GD_HI20: return thread_local_used();
    default: return fail(WT_INVALID, "not a usable kernel ELF: relocation of type %u", a->type);
    }
    return moves ? patch_add(r, p) : WT_OK;
}

wt_status_t image_from_elf(KernelImage *image, uint8_t *elf, size_t size, bool movable,
                           const MemMap *map) {
    ElfFile file;
    TRY(elf_open_memory(&file, elf, size, "kernel"));
    Reader r = { .elf = &file, .image = image, .local_base = map->LOCAL_BASE };
    image->stack_limit = map->LOCAL_BASE;
    wt_status_t s = file.type == ET_EXEC ? measure(&r) : bad("not an executable");
    if (!s) s = load(&r);
    for (size_t i = 0; movable && !s && i < file.num_relocs; i++)
        s = relocation_read(&r, &file.relocs[i]);
    elf_close(&file);
    if (s) {
        kernel_image_free(image);
        return s;
    }
    image->elf = elf;
    image->elf_size = size;
    return WT_OK;
}

// The two halves of a 32-bit constant as LUI or AUIPC and a signed 12-bit immediate take them.
static uint32_t put_hi20(uint32_t insn, uint32_t v) {
    return (insn & 0xfff) | ((v + 0x800) & 0xfffff000);
}
static uint32_t put_lo12_i(uint32_t insn, uint32_t v) { return (insn & 0xfffff) | v << 20; }
static uint32_t put_lo12_s(uint32_t insn, uint32_t v) {
    return (insn & 0x01fff07f) | (v >> 5 & 0x7f) << 25 | (v & 0x1f) << 7;
}

void kernel_image_place(const KernelImage *image, uint32_t address, void *out) {
    memcpy(out, image->bytes, image->size);
    for (size_t i = 0; i < image->patch_count; i++) {
        const Patch *p = &image->patches[i];
        uint8_t *at = (uint8_t *)out + p->offset;
        uint32_t word, v = p->value + (p->moves ? address : 0);
        if (p->kind >= PATCH_PCREL_HI20) v -= address + p->anchor;
        memcpy(&word, at, 4);
        switch (p->kind) {
        case PATCH_WORD: word = v; break;
        case PATCH_HI20:
        case PATCH_PCREL_HI20: word = put_hi20(word, v); break;
        case PATCH_LO12_I:
        case PATCH_PCREL_LO12_I: word = put_lo12_i(word, v); break;
        case PATCH_LO12_S:
        case PATCH_PCREL_LO12_S: word = put_lo12_s(word, v); break;
        }
        memcpy(at, &word, 4);
    }
}

void kernel_image_free(KernelImage *image) {
    free(image->bytes);
    free(image->patches);
    free(image->elf_path);
    free(image->elf);
    *image = (KernelImage){ 0 };
}
