// An image: what an ELF file of ours loads, and the words that depend on where it lies.
//
// The linker leaves its relocations in the file (--emit-relocs). Absolute addresses of things in L1
// move with the image: LUI/ADDI pairs, words of tables. Addresses of variables in local memory stay,
// except that pc-relative pairs to them (libgcc and libc have those) depend on where the pc is.
// Everything else is relative within the image.
#include "ttm/build/image.h"

#include <elf.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGE_MAX = 1 << 21, PATCH_MAX = 1 << 18 }; // larger than any L1

typedef struct Reader {
    Elf *elf;
    KernelImage *image;
    uint32_t local_base;      // where local memory begins
    uint32_t data_at;         // offset in the image of the start values of .data
    uint32_t data_address;    // of .data itself
    size_t symbol_section;    // index of .symtab
    Elf_Data *symbols;
    size_t symbol_count, patch_cap;
} Reader;

static wt_status_t bad(const char *what) { return fail(WT_INVALID, "not a usable kernel ELF: %s", what); }

// True for what lies in the image: its address is known only when it is placed.
static bool moves_with_image(const Reader *r, const GElf_Sym *sym) {
    GElf_Shdr s;
    if (sym->st_shndx == SHN_UNDEF || sym->st_shndx >= SHN_LORESERVE) return false;
    Elf_Scn *c = elf_getscn(r->elf, sym->st_shndx);
    return c && gelf_getshdr(c, &s) && s.sh_flags & SHF_ALLOC && s.sh_addr < r->local_base;
}

static wt_status_t header_check(Elf *elf) {
    GElf_Ehdr h;
    if (elf_kind(elf) != ELF_K_ELF || !gelf_getehdr(elf, &h)) return bad("no ELF header");
    if (h.e_ident[EI_CLASS] != ELFCLASS32 || h.e_ident[EI_DATA] != ELFDATA2LSB) return bad("not 32-bit little-endian");
    if (h.e_machine != EM_RISCV) return bad("not for RISC-V");
    if (h.e_type != ET_EXEC) return bad("not an executable");
    if (h.e_flags & EF_RISCV_RVC) return bad("compressed instructions, which the processors do not have");
    return WT_OK;
}

// First the extent of text and read-only data, then the bytes, then those of .data behind them.
static wt_status_t sections_load(Reader *r) {
    KernelImage *m = r->image;
    GElf_Shdr s;
    size_t names;
    if (elf_getshdrstrndx(r->elf, &names)) return bad("no section names");
    uint32_t low = UINT32_MAX, high = 0;
    for (Elf_Scn *c = NULL; (c = elf_nextscn(r->elf, c)) && gelf_getshdr(c, &s);) {
        if (s.sh_type == SHT_SYMTAB) {
            r->symbol_section = elf_ndxscn(c);
            r->symbols = elf_getdata(c, NULL);
            r->symbol_count = s.sh_entsize ? s.sh_size / s.sh_entsize : 0;
        }
        if (!(s.sh_flags & SHF_ALLOC) || !s.sh_size) continue;
        const char *name = elf_strptr(r->elf, names, s.sh_name);
        if (!name) return bad("a section without a name");
        uint64_t end = s.sh_addr + s.sh_size;
        if (s.sh_addr >= r->local_base) { // variables
            if (end > UINT32_MAX) return bad("a section wraps around");
            if (end > m->stack_limit) m->stack_limit = (uint32_t)end;
            if (s.sh_type == SHT_NOBITS) {
                if (strcmp(name, ".shared")) m->bss_size += (uint32_t)s.sh_size;
            } else if (m->data_size) {
                return bad("two sections of initialised variables");
            } else {
                m->data_size = (uint32_t)s.sh_size;
                r->data_address = (uint32_t)s.sh_addr;
            }
            continue;
        }
        if (s.sh_type == SHT_NOBITS) return fail(WT_INVALID, "section %s: variables must be in local memory", name);
        if (end > IMAGE_MAX) return fail(WT_INVALID, "section %s lies outside L1", name);
        if (s.sh_addr < low) low = (uint32_t)s.sh_addr;
        if (end > high) high = (uint32_t)end;
    }
    if (high <= low) return bad("no text");
    m->base = low;
    m->text_size = high - low;
    r->data_at = (m->text_size + 15) & ~15u;
    m->size = (r->data_at + m->data_size + 15) & ~15u;
    if (m->size > IMAGE_MAX) return bad("larger than L1");
    m->bytes = calloc(1, m->size);
    if (!m->bytes) return fail(WT_NOMEM, "no memory for a kernel image of %u bytes", m->size);
    for (Elf_Scn *c = NULL; (c = elf_nextscn(r->elf, c)) && gelf_getshdr(c, &s);) {
        if (!(s.sh_flags & SHF_ALLOC) || !s.sh_size || s.sh_type == SHT_NOBITS) continue;
        Elf_Data *d = elf_getdata(c, NULL);
        if (!d || !d->d_buf || d->d_size != s.sh_size) return bad("a section is cut off");
        uint32_t at = s.sh_addr >= r->local_base ? r->data_at : (uint32_t)s.sh_addr - low;
        memcpy(m->bytes + at, d->d_buf, d->d_size);
    }
    return WT_OK;
}

static wt_status_t patch_add(Reader *r, Patch p) {
    KernelImage *m = r->image;
    if ((uint64_t)p.offset + 4 > m->size || p.offset % 4) return bad("a relocation outside the image");
    if (m->patch_count == r->patch_cap) {
        size_t cap = r->patch_cap ? 2 * r->patch_cap : 64;
        if (cap > PATCH_MAX) return bad("too many relocations");
        Patch *grown = realloc(m->patches, cap * sizeof *grown);
        if (!grown) return fail(WT_NOMEM, "no memory for %zu relocations", cap);
        m->patches = grown;
        r->patch_cap = cap;
    }
    m->patches[m->patch_count++] = p;
    return WT_OK;
}

static wt_status_t symbol_get(const Reader *r, uint64_t index, GElf_Sym *sym) {
    if (index >= r->symbol_count || !gelf_getsym(r->symbols, (int)index, sym)) return bad("a relocation without a symbol");
    return WT_OK;
}

// The auipc that a %pcrel_lo refers to is named by its label; what it computes, by its relocation.
static wt_status_t pcrel_find(const Elf_Data *rel, size_t n, uint32_t at, GElf_Rela *hi) {
    for (size_t i = 0; i < n; i++)
        if (gelf_getrela((Elf_Data *)(uintptr_t)rel, (int)i, hi) && hi->r_offset == at &&
            GELF_R_TYPE(hi->r_info) == R_RISCV_PCREL_HI20)
            return WT_OK;
    return bad("a pc-relative address without its first half");
}

static wt_status_t relocation_read(Reader *r, Elf_Data *rel, size_t n, const GElf_Rela *a, uint32_t section, uint32_t at) {
    GElf_Sym sym;
    TRY(symbol_get(r, GELF_R_SYM(a->r_info), &sym));
    uint32_t target = (uint32_t)(sym.st_value + (uint64_t)a->r_addend), type = GELF_R_TYPE(a->r_info);
    bool moves = moves_with_image(r, &sym);
    Patch p = { .offset = (uint32_t)a->r_offset - section + at, .moves = moves };
    p.value = moves ? target - r->image->base : target;
    switch (type) {
    case R_RISCV_NONE: case R_RISCV_RELAX: case R_RISCV_ALIGN:
    case R_RISCV_BRANCH: case R_RISCV_JAL: case R_RISCV_CALL: case R_RISCV_CALL_PLT:
    case R_RISCV_ADD8: case R_RISCV_SUB8: case R_RISCV_ADD16: case R_RISCV_SUB16:
    case R_RISCV_ADD32: case R_RISCV_SUB32: case R_RISCV_SET6: case R_RISCV_SUB6:
    case R_RISCV_SET8: case R_RISCV_SET16: case R_RISCV_32_PCREL:
        return WT_OK; // relative within the image (differences of labels come in pairs)
    case R_RISCV_32: p.kind = PATCH_WORD; return moves ? patch_add(r, p) : WT_OK;
    case R_RISCV_HI20: p.kind = PATCH_HI20; return moves ? patch_add(r, p) : WT_OK;
    case R_RISCV_LO12_I: p.kind = PATCH_LO12_I; return moves ? patch_add(r, p) : WT_OK;
    case R_RISCV_LO12_S: p.kind = PATCH_LO12_S; return moves ? patch_add(r, p) : WT_OK;
    case R_RISCV_PCREL_HI20:
        p.kind = PATCH_PCREL_HI20;
        p.anchor = p.offset;
        return moves ? WT_OK : patch_add(r, p);
    case R_RISCV_PCREL_LO12_I:
    case R_RISCV_PCREL_LO12_S: {
        GElf_Rela hi;
        GElf_Sym far;
        TRY(pcrel_find(rel, n, (uint32_t)sym.st_value, &hi));
        TRY(symbol_get(r, GELF_R_SYM(hi.r_info), &far));
        if (moves_with_image(r, &far)) return WT_OK;
        p.kind = type == R_RISCV_PCREL_LO12_I ? PATCH_PCREL_LO12_I : PATCH_PCREL_LO12_S;
        p.value = (uint32_t)(far.st_value + (uint64_t)hi.r_addend);
        p.anchor = (uint32_t)hi.r_offset - section + at;
        p.moves = false;
        return patch_add(r, p);
    }
    case R_RISCV_TPREL_HI20: case R_RISCV_TPREL_LO12_I: case R_RISCV_TPREL_LO12_S: case R_RISCV_TPREL_ADD:
    case R_RISCV_TLS_GOT_HI20: case R_RISCV_TLS_GD_HI20:
        return fail(WT_COMPILE, "the kernel uses thread-local variables (perhaps errno, through a function of libm or "
                                "libc), which the processors do not have");
    default: return fail(WT_INVALID, "not a usable kernel ELF: relocation of type %u", type);
    }
}

static wt_status_t relocations_read(Reader *r) {
    GElf_Shdr s, of;
    for (Elf_Scn *c = NULL; (c = elf_nextscn(r->elf, c)) && gelf_getshdr(c, &s);) {
        if (s.sh_type != SHT_RELA || !s.sh_entsize) continue;
        Elf_Scn *target = elf_getscn(r->elf, s.sh_info);
        if (!target || !gelf_getshdr(target, &of)) return bad("relocations of no section");
        if (!(of.sh_flags & SHF_ALLOC)) continue; // line tables
        if (s.sh_link != r->symbol_section || !r->symbols) return bad("relocations without symbols");
        Elf_Data *rel = elf_getdata(c, NULL);
        if (!rel || !rel->d_buf) return bad("relocations are cut off");
        uint32_t at = of.sh_addr >= r->local_base ? r->data_at : (uint32_t)of.sh_addr - r->image->base;
        size_t n = s.sh_size / s.sh_entsize;
        for (size_t i = 0; i < n; i++) {
            GElf_Rela a;
            if (!gelf_getrela(rel, (int)i, &a)) return bad("relocations are cut off");
            if (a.r_offset < of.sh_addr || a.r_offset >= of.sh_addr + of.sh_size) return bad("a relocation outside its section");
            TRY(relocation_read(r, rel, n, &a, (uint32_t)of.sh_addr, at));
        }
    }
    return WT_OK;
}

static wt_status_t read_all(Reader *r, uint8_t *elf, size_t size, bool movable) {
    if (elf_version(EV_CURRENT) == EV_NONE) return fail(WT_INTERNAL, "libelf: %s", elf_errmsg(-1));
    r->elf = elf_memory((char *)elf, size);
    if (!r->elf) return bad(elf_errmsg(-1));
    TRY(header_check(r->elf));
    TRY(sections_load(r));
    GElf_Ehdr h;
    gelf_getehdr(r->elf, &h);
    r->image->entry = (uint32_t)h.e_entry - r->image->base;
    if (r->image->entry % 4 || r->image->entry >= r->image->text_size)
        return bad("the entry point lies outside the text");
    return movable ? relocations_read(r) : WT_OK;
}

wt_status_t image_from_elf(KernelImage *image, uint8_t *elf, size_t size, bool movable, const MemMap *map) {
    Reader r = { .image = image, .local_base = map->LOCAL_BASE };
    image->stack_limit = map->LOCAL_BASE;
    wt_status_t s = read_all(&r, elf, size, movable);
    if (r.elf) elf_end(r.elf);
    if (s) {
        kernel_image_free(image);
        return s;
    }
    image->elf = elf;
    image->elf_size = size;
    return WT_OK;
}

// The two halves of a 32-bit constant as LUI or AUIPC and a signed 12-bit immediate take them.
static uint32_t put_hi20(uint32_t insn, uint32_t v) { return (insn & 0xfff) | ((v + 0x800) & 0xfffff000); }
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
        case PATCH_HI20: case PATCH_PCREL_HI20: word = put_hi20(word, v); break;
        case PATCH_LO12_I: case PATCH_PCREL_LO12_I: word = put_lo12_i(word, v); break;
        case PATCH_LO12_S: case PATCH_PCREL_LO12_S: word = put_lo12_s(word, v); break;
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
