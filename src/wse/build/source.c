// Source files and positions: every byte of every file of a compilation has one number, so that a
// place costs four bytes in tokens and nodes. Positions start at 1; the end of a file has one too.
#include "wse/build/csl.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

enum { SOURCE_MAX = 16 << 20 }; // of one file; a larger one is not a program

SrcFile *source_add(Csl *c, const char *path, const char *real, const char *text, size_t size) {
    if (size > SOURCE_MAX || c->next_pos > UINT32_MAX - SOURCE_MAX - 2) return NULL;
    SrcFile *f = arena_new(&c->arena, SrcFile);
    f->path = arena_str(&c->arena, path, strlen(path));
    f->real = arena_str(&c->arena, real, strlen(real));
    f->text = arena_str(&c->arena, text, size);
    f->size = (uint32_t)size;
    f->base = c->next_pos ? c->next_pos : 1;
    c->next_pos = f->base + f->size + 1;

    uint32_t n = 1;
    for (const char *p = f->text; (p = memchr(p, '\n', f->text + size - p)); p++) n++;
    f->lines = arena_array(&c->arena, uint32_t, n);
    f->nlines = 1;
    for (const char *p = f->text; (p = memchr(p, '\n', f->text + size - p)); p++)
        f->lines[f->nlines++] = (uint32_t)(p + 1 - f->text);
    vec_push(&c->files, f);
    return f;
}

const SrcFile *source_of(const Csl *c, SrcPos pos) {
    size_t lo = 0, hi = c->files.len;
    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        const SrcFile *f = c->files.data[mid];
        if (pos < f->base)
            hi = mid;
        else if (pos > f->base + f->size)
            lo = mid + 1;
        else
            return f;
    }
    return NULL;
}

SrcPlace source_place(const Csl *c, SrcPos pos) {
    const SrcFile *f = source_of(c, pos);
    if (!f) return (SrcPlace){ 0 };
    uint32_t offset = pos - f->base, lo = 0, hi = f->nlines;
    while (hi - lo > 1) {
        uint32_t mid = (lo + hi) / 2;
        if (f->lines[mid] <= offset)
            lo = mid;
        else
            hi = mid;
    }
    const char *line = f->text + f->lines[lo];
    size_t n = (lo + 1 < f->nlines ? f->lines[lo + 1] - 1 : f->size) - f->lines[lo];
    if (n && line[n - 1] == '\r') n--;
    return (SrcPlace){ f, (int)lo + 1, (int)(offset - f->lines[lo]) + 1, { line, n } };
}

Str source_text(const Csl *c, SrcPos start, SrcPos end) {
    const SrcFile *f = source_of(c, start);
    if (!f || end < start || end > f->base + f->size) return (Str){ "", 0 };
    return (Str){ f->text + (start - f->base), end - start };
}

// ---- finding files ----

static const CslFile *given_file(const Csl *c, const char *path) {
    for (size_t i = 0; i < c->options->nfiles; i++)
        if (!strcmp(c->options->files[i].path, path)) return &c->options->files[i];
    return NULL;
}

// One candidate: load it when it is there. *found tells a file that exists but cannot be used.
static Unit *unit_try(Csl *c, const char *path, Span at, bool *found) {
    const CslFile *given = given_file(c, path);
    char real[PATH_MAX];
    if (given) {
        snprintf(real, sizeof real, "%s", path);
    } else {
        if (dir_exists(path) || !realpath(path, real)) return NULL;
    }
    *found = true;
    uint64_t *slot = map_puts(&c->units, real);
    if (*slot) return (Unit *)(uintptr_t)*slot;

    char *text = NULL;
    size_t size = 0;
    if (!given && file_read(path, &text, &size)) {
        diag_error(c, at, "cannot read '%s': %s", path, wt_last_error());
        return NULL;
    }
    SrcFile *f = given ? source_add(c, path, real, given->text, given->size)
                       : source_add(c, path, real, text, size);
    free(text);
    if (!f) {
        diag_error(c, at, "'%s' is too large for a source file (the limit is %d MiB)", path,
                   SOURCE_MAX >> 20);
        return NULL;
    }
    Unit *u;
    if (c->options->emit == CSL_EMIT_TOKENS) {
        u = arena_new(&c->arena, Unit);
        u->file = f;
    } else
        u = parse(c, f);
    *map_puts(&c->units, real) = (uintptr_t)u;
    return u;
}

// `<name>` and `<name>` + ".csl" in one directory.
static Unit *unit_try_in(Csl *c, const char *dir, const char *name, Span at, bool *found) {
    char path[PATH_CAP];
    if (!path_join(path, sizeof path, dir, name)) return NULL;
    Unit *u = unit_try(c, path, at, found);
    size_t n = strlen(path);
    if (*found || n + 5 > sizeof path || (n > 4 && !strcmp(path + n - 4, ".csl"))) return u;
    memcpy(path + n, ".csl", 5);
    return unit_try(c, path, at, found);
}

// Libraries of the SDK that we do not have; a name ending in '/' stands for all below it.
static bool is_vendor_library(const char *name) {
    static const char *const names[] = { "collectives_2d/", "kernels/", "memcpy/memcpy_switches",
                                         "message_passing", "tile_config" };
    size_t n = strcspn(name, ".");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t k = strlen(names[i]);
        if (names[i][k - 1] == '/' ? !strncmp(name, names[i], k)
                                   : n == k && !strncmp(name, names[i], k))
            return true;
    }
    return !strncmp(name, "tile_config/", strlen("tile_config/"));
}

// Offers the CSL files in a directory and in the directories there: as libraries `<a/b>`, or by
// path behind `prefix`.
static void offer_files(Csl *c, Spelling *s, const char *dir, const char *prefix, bool library,
                        int depth) {
    struct dirent **list = NULL;
    int entries = scandir(dir, &list, NULL, alphasort); // in order: of equals the first is taken
    for (int i = 0; i < entries; i++) {
        const struct dirent *e = list[i];
        size_t n = strlen(e->d_name);
        char sub[PATH_CAP];
        if (n > 4 && !strcmp(e->d_name + n - 4, ".csl"))
            spelling_offer(
                s, library ? arena_printf(&c->arena, "<%s%.*s>", prefix, (int)n - 4, e->d_name)
                           : arena_printf(&c->arena, "%s%s", prefix, e->d_name));
        else if (depth && e->d_name[0] != '.' && path_join(sub, sizeof sub, dir, e->d_name))
            offer_files(c, s, sub, arena_printf(&c->arena, "%s%s/", prefix, e->d_name), library,
                        depth - 1);
        free(list[i]);
    }
    free(list);
}

// What a program calls a file of our library, wherever that is installed.
static void name_library(Csl *c, Unit *u, const char *lib) {
    const char *path = u->file->path;
    size_t n = strlen(lib);
    if (!strncmp(path, lib, n)) path += n + (path[n] == '/');
    n = strlen(path);
    if (n > 4 && !strcmp(path + n - 4, ".csl")) n -= 4;
    u->file->library = arena_printf(&c->arena, "<%.*s>", (int)n, path);
}

static Unit *unit_load_library(Csl *c, const char *name, Span at) {
    const CslOptions *o = c->options;
    char lib[PATH_CAP] = "";
    bool found = false;
    for (size_t i = 0; i < o->nimport_paths && !found; i++) {
        Unit *u = unit_try_in(c, o->import_paths[i], name, at, &found);
        if (found) return u;
    }
    if (!share_path(lib, sizeof lib, "wse/lib")) {
        Unit *u = unit_try_in(c, lib, name, at, &found);
        if (u) name_library(c, u, lib);
        if (found) return u;
    }
    if (is_vendor_library(name)) {
        diag_error(c, at, "the library <%s> is not supported yet", name);
        return NULL;
    }
    Spelling near = spelling(arena_printf(&c->arena, "<%s>", name));
    for (size_t i = 0; i < o->nimport_paths; i++)
        offer_files(c, &near, o->import_paths[i], "", true, 1);
    if (lib[0]) offer_files(c, &near, lib, "", true, 1);
    if (diag_error(c, at, "there is no library '<%s>'%s", name, spelling_hint(c, &near))) {
        for (size_t i = 0; i < o->nimport_paths; i++)
            diag_note(c, NOWHERE, "looked in '%s'", o->import_paths[i]);
        diag_note(c, NOWHERE, "looked in '%s'",
                  lib[0] ? lib : "(the installed library was not found)");
    }
    return NULL;
}

// A path is relative to the importing file. Published programs of SDK 1.0 count on the layout's
// folder.
static Unit *unit_beside_layout(Csl *c, const char *path, Span at, bool *found) {
    char dir[PATH_CAP], full[PATH_CAP];
    path_dir(dir, sizeof dir, c->options->input);
    if (!path_join(full, sizeof full, dir, path)) return NULL;
    Unit *u = unit_try(c, !strcmp(dir, ".") ? path : full, at, found);
    if (*found)
        diag_warning(c, at,
                     "'%s' is relative to the layout; a path is relative to the file it stands in",
                     path);
    return u;
}

Unit *unit_load(Csl *c, const Unit *from, const char *path, Span at) {
    size_t n = strlen(path);
    if (n > PATH_CAP / 2) {
        diag_error(c, at, "path of %zu bytes is too long", n);
        return NULL;
    }
    if (n > 1 && path[0] == '<' && path[n - 1] == '>')
        return unit_load_library(c, arena_str(&c->arena, path + 1, n - 2), at);

    char dir[PATH_CAP] = "", full[PATH_CAP];
    if (from) path_dir(dir, sizeof dir, from->file->path);
    if (!from || path[0] == '/' || !strcmp(dir, "."))
        snprintf(full, sizeof full, "%s", path);
    else if (!path_join(full, sizeof full, dir, path)) {
        diag_error(c, at, "path '%s/%s' is too long", dir, path);
        return NULL;
    }
    bool found = false;
    Unit *u = unit_try(c, full, at, &found);
    if (!found && from && path[0] != '/') u = unit_beside_layout(c, path, at, &found);
    if (!found) {
        Spelling near = spelling(path_base(full));
        path_dir(dir, sizeof dir, full);
        offer_files(c, &near, dir, "", false, 0);
        diag_error(c, at, "there is no file '%s'%s", full, spelling_hint(c, &near));
    }
    char lib[PATH_CAP] = "";
    if (u && from && from->file->library && !share_path(lib, sizeof lib, "wse/lib"))
        name_library(c, u, lib);
    return u;
}
