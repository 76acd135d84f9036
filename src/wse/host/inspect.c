// Looking at PE memory: symbols by name, and core files.
#include "wse/host/runtime.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>

// The nearest name among an instance's symbols, for "did you mean".
static const char *nearest_symbol(const Object *o, const ObjInst *in, const char *name) {
    size_t least = strlen(name) / 2 + 1;
    const char *near = NULL;
    for (uint32_t i = 0; i < in->symbols.n; i++) {
        const char *n = object_string(o, o->symbols[in->symbols.at + i].name);
        size_t d = str_edit_distance(str_of(name), str_of(n));
        if (d < least) least = d, near = n;
    }
    return near;
}

wt_status_t wse_read_symbol(wse_runtime_t *rt, int32_t x, int32_t y, const char *name, void *data,
                            size_t capacity, size_t *size) {
    if (!rt || !name || !size || (capacity && !data))
        return fail(WT_INVALID, "wse_read_symbol: runtime, name, size and data must not be NULL");
    if (!rt->chip) return fail(WT_INVALID, "read_symbol before load()");
    const ObjHead *h = rt->object.head;
    if (x < 0 || y < 0 || x >= h->rect_w || y >= h->rect_h)
        return fail(WT_INVALID, "PE (%d,%d) is outside the program's rectangle of %u x %u", x, y,
                    h->rect_w, h->rect_h);
    const ObjInst *in = wafer_inst(rt->chip, (unsigned)x, (unsigned)y);
    int row = in ? object_symbol(&rt->object, in, name) : -1;
    if (row < 0) {
        const char *near = in ? nearest_symbol(&rt->object, in, name) : NULL;
        return fail(WT_NOTFOUND, "the program of PE (%d,%d) has no symbol '%s'%s%s%s", x, y, name,
                    near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
    }
    if (rt->stage == STAGE_RUNNING && !rt->quiet && !wafer_faulted(rt->chip)) {
        bool quiet;
        TRY(command_settle(rt, 1000, &quiet));
    }
    const ObjSymbol *s = &rt->object.symbols[row];
    *size = s->bytes;
    uint32_t n = s->bytes < capacity ? s->bytes : (uint32_t)capacity;
    return n ? wafer_read(rt->chip, (unsigned)x, (unsigned)y, s->at, data, n) : WT_OK;
}

// ---------------------------------------------------------------------------------------------
// Core files: every PE's memory, row by row

static wt_status_t core_begin(const wse_runtime_t *rt, const char *path, FILE **f) {
    if (!rt || !path) return fail(WT_INVALID, "dump_core: runtime and path must not be NULL");
    if (!rt->chip) return fail(WT_INVALID, "dump_core before load()");
    *f = fopen(path, "wb");
    return *f ? WT_OK : fail(WT_IO, "cannot write '%s': %s", path, strerror(errno));
}

static wt_status_t core_memories(wse_runtime_t *rt, FILE *f) {
    const ObjHead *h = rt->object.head;
    uint8_t *ram = malloc(WSE_RAM);
    if (!ram) return fail(WT_NOMEM, "no memory to write a core file");
    wt_status_t s = WT_OK;
    for (unsigned y = 0; y < h->rect_h && !s; y++)
        for (unsigned x = 0; x < h->rect_w && !s; x++) {
            s = wafer_read(rt->chip, x, y, 0, ram, WSE_RAM);
            if (!s) fwrite(ram, 1, WSE_RAM, f);
        }
    free(ram);
    return s;
}

static wt_status_t core_end(FILE *f, const char *path, wt_status_t s) {
    bool bad = ferror(f);
    if (fclose(f) || bad)
        return s ? s : fail(WT_IO, "cannot write '%s': %s", path, strerror(errno));
    return s;
}

wt_status_t wse_dump_core(wse_runtime_t *rt, const char *path) {
    FILE *f;
    TRY(core_begin(rt, path, &f));
    fprintf(f, "wavetile-core 1 %u %u\n", rt->object.head->rect_w, rt->object.head->rect_h);
    return core_end(f, path, core_memories(rt, f));
}

wt_status_t wse_dump_elf_core(wse_runtime_t *rt, const char *path) {
    FILE *f;
    TRY(core_begin(rt, path, &f));
    const ObjHead *h = rt->object.head;
    uint32_t pes = (uint32_t)h->rect_w * h->rect_h;
    // Beyond 65,534 segments the count moves to the first section header (PN_XNUM).
    bool many = pes >= PN_XNUM;
    uint64_t tables =
        sizeof(Elf64_Ehdr) + (uint64_t)pes * sizeof(Elf64_Phdr) + (many ? sizeof(Elf64_Shdr) : 0);
    Elf64_Ehdr e = {
        .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT,
                     ELFOSABI_STANDALONE },
        .e_type = ET_CORE,
        .e_machine = EM_NONE,
        .e_version = EV_CURRENT,
        .e_phoff = sizeof e,
        .e_ehsize = sizeof e,
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = (Elf64_Half)(many ? PN_XNUM : pes),
        .e_shoff = many ? sizeof e + (uint64_t)pes * sizeof(Elf64_Phdr) : 0,
        .e_shentsize = sizeof(Elf64_Shdr),
        .e_shnum = many ? 1 : 0,
    };
    fwrite(&e, sizeof e, 1, f);
    for (uint32_t i = 0; i < pes; i++) {
        uint64_t x = h->offset_x + i % h->rect_w, y = h->offset_y + i / h->rect_w;
        Elf64_Phdr p = {
            .p_type = PT_LOAD,
            .p_flags = PF_R | PF_W,
            .p_offset = tables + (uint64_t)i * WSE_RAM,
            .p_vaddr = (y * h->fabric_w + x) << 16,
            .p_filesz = WSE_RAM,
            .p_memsz = WSE_RAM,
            .p_align = 1,
        };
        fwrite(&p, sizeof p, 1, f);
    }
    if (many) fwrite(&(Elf64_Shdr){ .sh_info = pes }, sizeof(Elf64_Shdr), 1, f);
    return core_end(f, path, core_memories(rt, f));
}
