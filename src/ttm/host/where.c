// From an address in compiled code to the place in the source, by the line table of its ELF.
//
// A wait loop is usually deep inside a header's inlined functions. What helps its reader is the
// line of the kernel and the name of what the kernel called there, so the chain of inlined calls is
// followed outwards to the first place in the kernel's own file.
#include "ttm/host/host.h"

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <libelf.h>

typedef struct Place {
    const char *file;
    int line;
} Place;

static bool place_known(Place p) { return p.file && p.line > 0; }

static Place call_place(Dwarf_Die *unit, Dwarf_Die *inlined) {
    Place p = { 0 };
    Dwarf_Attribute a;
    Dwarf_Files *files;
    Dwarf_Word file = 0, line = 0;
    size_t n;
    if (dwarf_formudata(dwarf_attr(inlined, DW_AT_call_file, &a), &file) == 0 &&
        dwarf_formudata(dwarf_attr(inlined, DW_AT_call_line, &a), &line) == 0 &&
        dwarf_getsrcfiles(unit, &files, &n) == 0 && file < n)
        p = (Place){ dwarf_filesrc(files, file, NULL, NULL), (int)line };
    return p;
}

// Not dwarf_addrdie(): it gives up on the empty ranges that --gc-sections leaves in .debug_aranges.
static bool find_unit(Dwarf *dwarf, Dwarf_Addr addr, Dwarf_Die *unit) {
    for (Dwarf_CU *cu = NULL; dwarf_get_units(dwarf, cu, &cu, NULL, NULL, unit, NULL) == 0;)
        if (dwarf_haspc(unit, addr) == 1) return true;
    return false;
}

// `own` is the kernel's file, or NULL when any place will do.
static void describe(Dwarf *dwarf, Dwarf_Addr addr, const char *own, StrBuf *out) {
    Dwarf_Die unit;
    if (!find_unit(dwarf, addr, &unit)) return;
    Place place = { 0 }, inner;
    Dwarf_Line *line = dwarf_getsrc_die(&unit, addr);
    if (line) {
        place.file = dwarf_linesrc(line, NULL, NULL);
        dwarf_lineno(line, &place.line);
    }
    inner = place;
    const char *function = NULL;
    // The scopes at an address leave out who inlined them; the parents of the innermost do not.
    Dwarf_Die *at = NULL, *scopes = NULL;
    int n = dwarf_getscopes(&unit, addr, &at);
    if (n > 0) n = dwarf_getscopes_die(&at[0], &scopes);
    bool found = place.file && own && !strcmp(path_base(place.file), own);
    for (int i = 0; i < n; i++) {
        int tag = dwarf_tag(&scopes[i]);
        if (tag != DW_TAG_inlined_subroutine && tag != DW_TAG_subprogram) continue;
        if (!function) function = dwarf_diename(&scopes[i]);
        if (tag != DW_TAG_inlined_subroutine || found) continue;
        place = call_place(&unit, &scopes[i]);
        found = place.file && own && !strcmp(path_base(place.file), own);
        if (found) function = dwarf_diename(&scopes[i]); // what the kernel itself called
    }
    if (!found) place = inner;
    if (function) sb_printf(out, "%s", function);
    if (place_known(place))
        sb_printf(out, "%sat %s:%d", function ? " " : "", path_base(place.file), place.line);
    free(scopes);
    free(at);
}

void image_where(const KernelImage *image, uint32_t pc, const char *own, StrBuf *out) {
    if (!image->elf || elf_version(EV_CURRENT) == EV_NONE) return;
    Elf *elf = elf_memory((char *)image->elf, image->elf_size);
    Dwarf *dwarf = elf ? dwarf_begin_elf(elf, DWARF_C_READ, NULL) : NULL;
    if (dwarf) describe(dwarf, pc, own, out);
    if (dwarf) dwarf_end(dwarf);
    if (elf) elf_end(elf);
}
