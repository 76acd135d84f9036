#include "riscv/elf.h"
#include "base/err.h"
#include "base/file.h"

#include <elfutils/libdw.h>
#include <gelf.h>
#include <libelf.h>
#include <stdlib.h>
#include <string.h>

// libelf decodes the tables; that what they say lies inside the file is checked here.

static bool inside(const ElfFile *e, uint64_t offset, uint64_t size) {
    return offset <= e->num_bytes && size <= e->num_bytes - offset;
}

static wt_status_t no_memory(void) { return fail(WT_NOMEM, "no memory to read an ELF file"); }

static wt_status_t read_header(ElfFile *e) {
    const Elf32_Ehdr *h = elf32_getehdr(e->handle);
    if (elf_kind(e->handle) != ELF_K_ELF || !h || h->e_ident[EI_CLASS] != ELFCLASS32 ||
        h->e_ident[EI_DATA] != ELFDATA2LSB)
        return fail(WT_INVALID, "not a 32-bit little-endian ELF file");
    if (h->e_machine != EM_RISCV)
        return fail(WT_INVALID, "ELF file for machine %u, not RISC-V", h->e_machine);
    if (h->e_type != ET_EXEC && h->e_type != ET_REL && h->e_type != ET_DYN)
        return fail(WT_INVALID, "ELF file of type %u, not an executable or object", h->e_type);
    if (h->e_phoff & 3 || h->e_shoff & 3)
        return fail(WT_INVALID, "ELF file with unaligned headers");
    e->type = h->e_type;
    e->entry = h->e_entry;
    return WT_OK;
}

static wt_status_t read_segments(ElfFile *e) {
    size_t n;
    if (elf_getphdrnum(e->handle, &n)) return fail(WT_INVALID, "damaged program headers");
    const Elf32_Phdr *headers = n ? elf32_getphdr(e->handle) : NULL;
    if (n && !headers) return fail(WT_INVALID, "damaged program headers");
    e->segments = calloc(n + 1, sizeof *e->segments);
    if (!e->segments) return no_memory();
    for (size_t i = 0; i < n; i++) {
        const Elf32_Phdr *p = &headers[i];
        if (p->p_type != PT_LOAD || !p->p_memsz) continue;
        if (p->p_filesz > p->p_memsz || !inside(e, p->p_offset, p->p_filesz))
            return fail(WT_INVALID, "segment %zu ends beyond the file", i);
        if (p->p_memsz - 1 > UINT32_MAX - p->p_vaddr || p->p_memsz - 1 > UINT32_MAX - p->p_paddr)
            return fail(WT_INVALID, "segment %zu ends beyond the address space", i);
        e->segments[e->num_segments++] = (ElfSegment){
            .vaddr = p->p_vaddr,
            .paddr = p->p_paddr,
            .mem_size = p->p_memsz,
            .file_size = p->p_filesz,
            .flags = p->p_flags,
            .data = e->bytes + p->p_offset,
        };
    }
    return WT_OK;
}

// A name in a string table, or NULL when it runs out of it.
static const char *name_in(const ElfFile *e, const Elf32_Shdr *strings, uint32_t at) {
    if (strings->sh_type != SHT_STRTAB || !inside(e, strings->sh_offset, strings->sh_size) ||
        at >= strings->sh_size)
        return NULL;
    const char *name = (const char *)e->bytes + strings->sh_offset + at;
    return memchr(name, 0, strings->sh_size - at) ? name : NULL;
}

static const Elf32_Shdr *section_header(const ElfFile *e, size_t i) {
    Elf_Scn *scn = elf_getscn(e->handle, i);
    return scn ? elf32_getshdr(scn) : NULL;
}

static wt_status_t read_sections(ElfFile *e) {
    size_t n, names;
    if (elf_getshdrnum(e->handle, &n) || elf_getshdrstrndx(e->handle, &names))
        return fail(WT_INVALID, "damaged section headers");
    e->sections = calloc(n + 1, sizeof *e->sections);
    if (!e->sections) return no_memory();
    e->num_sections = n;
    if (n) e->sections[0].name = "";
    const Elf32_Shdr *strings = n ? section_header(e, names) : NULL;
    for (size_t i = 1; i < n; i++) {
        const Elf32_Shdr *s = section_header(e, i);
        const char *name = s && strings ? name_in(e, strings, s->sh_name) : NULL;
        if (!name) return fail(WT_INVALID, "section %zu has no name", i);
        bool file = s->sh_type != SHT_NOBITS && s->sh_type != SHT_NULL;
        if (file && !inside(e, s->sh_offset, s->sh_size))
            return fail(WT_INVALID, "section %s ends beyond the file", name);
        if (s->sh_size && s->sh_size - 1 > UINT32_MAX - s->sh_addr)
            return fail(WT_INVALID, "section %s ends beyond the address space", name);
        e->sections[i] = (ElfSection){
            .name = name,
            .type = s->sh_type,
            .flags = s->sh_flags,
            .addr = s->sh_addr,
            .size = s->sh_size,
            .data = file ? e->bytes + s->sh_offset : NULL,
        };
    }
    return WT_OK;
}

static wt_status_t read_symbols(ElfFile *e, size_t section) {
    const Elf32_Shdr *s = section_header(e, section);
    const Elf32_Shdr *strings = s->sh_link < e->num_sections ? section_header(e, s->sh_link) : NULL;
    if (!strings) return fail(WT_INVALID, "the symbols have no names");
    size_t n = s->sh_size / sizeof(Elf32_Sym);
    e->symbols = calloc(n + 1, sizeof *e->symbols);
    if (!e->symbols) return no_memory();
    for (size_t i = 0; i < n; i++) {
        Elf32_Sym sym;
        memcpy(&sym, e->bytes + s->sh_offset + i * sizeof sym, sizeof sym);
        const char *name = sym.st_name ? name_in(e, strings, sym.st_name) : "";
        if (!name) return fail(WT_INVALID, "symbol %zu has no name", i);
        if (sym.st_shndx < SHN_LORESERVE && sym.st_shndx >= e->num_sections)
            return fail(WT_INVALID, "symbol %s is in section %u of %zu", name, sym.st_shndx,
                        e->num_sections);
        if (ELF32_ST_TYPE(sym.st_info) == STT_SECTION && !*name && sym.st_shndx < e->num_sections)
            name = e->sections[sym.st_shndx].name;
        e->symbols[i] = (ElfSymbol){
            .name = name,
            .value = sym.st_value,
            .size = sym.st_size,
            .type = ELF32_ST_TYPE(sym.st_info),
            .bind = ELF32_ST_BIND(sym.st_info),
            .section = sym.st_shndx,
        };
    }
    e->num_symbols = n;
    return WT_OK;
}

// The relocations in a section of theirs, if the section that they are for is loaded.
static wt_status_t read_relocs(ElfFile *e, size_t section) {
    const Elf32_Shdr *s = section_header(e, section);
    const char *name = e->sections[section].name;
    if (s->sh_info >= e->num_sections) return fail(WT_INVALID, "%s is for no section", name);
    const ElfSection *target = &e->sections[s->sh_info];
    if (!(target->flags & SHF_ALLOC)) return WT_OK;
    uint32_t first = e->type == ET_REL ? 0 : target->addr;
    size_t n = s->sh_size / sizeof(Elf32_Rela);
    ElfReloc *more = realloc(e->relocs, (e->num_relocs + n + 1) * sizeof *more);
    if (!more) return no_memory();
    e->relocs = more;
    for (size_t i = 0; i < n; i++) {
        Elf32_Rela r;
        memcpy(&r, e->bytes + s->sh_offset + i * sizeof r, sizeof r);
        if (r.r_offset - first >= target->size)
            return fail(WT_INVALID, "%s: relocation %zu is outside of %s", name, i, target->name);
        if (ELF32_R_SYM(r.r_info) >= e->num_symbols)
            return fail(WT_INVALID, "%s: relocation %zu is of no symbol", name, i);
        e->relocs[e->num_relocs++] = (ElfReloc){
            .addr = r.r_offset,
            .section = s->sh_info,
            .type = ELF32_R_TYPE(r.r_info),
            .symbol = ELF32_R_SYM(r.r_info),
            .addend = r.r_addend,
        };
    }
    return WT_OK;
}

static wt_status_t read_tables(ElfFile *e) {
    TRY(read_header(e));
    TRY(read_segments(e));
    TRY(read_sections(e));
    for (size_t i = 1; i < e->num_sections; i++)
        if (e->sections[i].type == SHT_SYMTAB && !e->symbols) TRY(read_symbols(e, i));
    for (size_t i = 1; i < e->num_sections; i++)
        if (e->sections[i].type == SHT_RELA) TRY(read_relocs(e, i));
    return WT_OK;
}

static wt_status_t open_bytes(ElfFile *e) {
    elf_version(EV_CURRENT);
    e->handle = elf_memory((char *)e->bytes, e->num_bytes);
    if (!e->handle) return fail(WT_INVALID, "not an ELF file");
    return read_tables(e);
}

wt_status_t elf_open_memory(ElfFile *e, const void *bytes, size_t n, const char *name) {
    *e = (ElfFile){ .num_bytes = n, .bytes = malloc(n + 1) };
    if (!e->bytes) return no_memory();
    if (n) memcpy(e->bytes, bytes, n);
    wt_status_t s = open_bytes(e);
    if (s == WT_OK) return WT_OK;
    elf_close(e);
    return err_prefix(s, "%s", name);
}

wt_status_t elf_open(ElfFile *e, const char *path) {
    *e = (ElfFile){ 0 };
    TRY(file_read(path, (char **)&e->bytes, &e->num_bytes));
    wt_status_t s = open_bytes(e);
    if (s == WT_OK) return WT_OK;
    elf_close(e);
    return err_prefix(s, "%s", path);
}

void elf_close(ElfFile *e) {
    if (e->lines) dwarf_end(e->lines);
    if (e->handle) elf_end(e->handle);
    free(e->segments);
    free(e->sections);
    free(e->symbols);
    free(e->relocs);
    free(e->bytes);
    *e = (ElfFile){ 0 };
}

// Looking things up

const ElfSection *elf_section(const ElfFile *e, const char *name) {
    for (size_t i = 1; i < e->num_sections; i++)
        if (!strcmp(e->sections[i].name, name)) return &e->sections[i];
    return NULL;
}

const ElfSymbol *elf_symbol(const ElfFile *e, const char *name) {
    for (size_t i = 1; i < e->num_symbols; i++) {
        const ElfSymbol *s = &e->symbols[i];
        if (s->section != SHN_UNDEF && !strcmp(s->name, name)) return s;
    }
    return NULL;
}

// The compiler's and the assembler's own labels are no names to report.
static bool is_label(const char *name) { return !*name || *name == '$' || !strncmp(name, ".L", 2); }

// Symbols of assembler code have no size: the nearest before the address will do.
const ElfSymbol *elf_symbol_at(const ElfFile *e, uint32_t addr) {
    const ElfSymbol *best = NULL;
    for (size_t i = 1; i < e->num_symbols; i++) {
        const ElfSymbol *s = &e->symbols[i];
        if (s->type > STT_FUNC || is_label(s->name) || s->section == SHN_UNDEF ||
            s->section >= e->num_sections)
            continue;
        const ElfSection *in = &e->sections[s->section];
        if (addr < s->value || addr - in->addr >= in->size ||
            (s->size && addr - s->value >= s->size))
            continue;
        if (!best || s->value > best->value || (s->value == best->value && s->size > best->size))
            best = s;
    }
    return best;
}

uint32_t elf_memory_end(const ElfFile *e, uint32_t base, uint32_t size) {
    uint32_t end = base;
    for (size_t i = 0; i < e->num_segments; i++) {
        const ElfSegment *s = &e->segments[i];
        if (s->vaddr - base < size && s->vaddr + s->mem_size > end) end = s->vaddr + s->mem_size;
    }
    return end;
}

bool elf_line(ElfFile *e, uint32_t addr, const char **file, int *line) {
    if (!e->lines) e->lines = dwarf_begin_elf(e->handle, DWARF_C_READ, NULL);
    if (!e->lines) return false;
    size_t header;
    for (Dwarf_Off at = 0, next; !dwarf_nextcu(e->lines, at, &next, &header, NULL, NULL, NULL);
         at = next) {
        Dwarf_Die unit;
        if (!dwarf_offdie(e->lines, at + header, &unit)) continue;
        Dwarf_Line *l = dwarf_getsrc_die(&unit, addr);
        if (!l || dwarf_lineno(l, line)) continue;
        *file = dwarf_linesrc(l, NULL, NULL);
        if (*file) return true;
    }
    return false;
}
