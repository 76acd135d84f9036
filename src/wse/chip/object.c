// Objects: look-ups and the container file.
//
// A container is a head, a table with one entry per section, and the sections as they stand in
// memory, each on a 64-byte boundary: opening one is a map, a hash and object_verify (verify.c).
// Little-endian hosts only, which the head says.
#include "wse/chip/object.h"

#include "base/file.h"
#include "base/hash.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
#define _(name, type) SEC_##name,
    OBJ_SECTIONS(_)
#undef _
        SECTIONS
};
enum { ALIGN = 64, ENDIAN = 0x01020304 };

typedef struct FileHead {
    char magic[8];
    uint32_t version, endian, sections, pad;
    uint64_t bytes, hash; // of the whole file; of everything behind the head
} FileHead;
typedef struct FileSection {
    uint64_t at, bytes;
} FileSection;

static const char magic[8] = "WTWAFER";
static const struct {
    const char *name;
    size_t size;
} sections[SECTIONS] = {
#define _(name, type) { #name, sizeof(type) },
    OBJ_SECTIONS(_)
#undef _
};

static uint64_t align_up(uint64_t n) { return (n + ALIGN - 1) / ALIGN * ALIGN; }

wt_status_t object_write(const Object *o, const char *path) {
    const void *data[SECTIONS] = {
#define _(name, type) o->name,
        OBJ_SECTIONS(_)
#undef _
    };
    const uint32_t count[SECTIONS] = {
#define _(name, type) o->n##name,
        OBJ_SECTIONS(_)
#undef _
    };
    FileSection table[SECTIONS] = { 0 };
    uint64_t at = align_up(sizeof(FileHead) + sizeof table);
    for (int i = 0; i < SECTIONS; i++) {
        table[i] = (FileSection){ at, (uint64_t)count[i] * sections[i].size };
        at = align_up(at + table[i].bytes);
    }
    uint8_t *file = calloc(1, at);
    if (!file)
        return fail(WT_NOMEM, "no memory for a container of %llu bytes", (unsigned long long)at);
    FileHead head = { .version = OBJ_VERSION, .endian = ENDIAN, .sections = SECTIONS, .bytes = at };
    memcpy(head.magic, magic, sizeof magic);
    memcpy(file + sizeof head, table, sizeof table);
    for (int i = 0; i < SECTIONS; i++)
        if (table[i].bytes) memcpy(file + table[i].at, data[i], table[i].bytes);
    head.hash = hash64(file + sizeof head, at - sizeof head, OBJ_VERSION);
    memcpy(file, &head, sizeof head);
    wt_status_t s = file_write_atomic(path, file, at);
    free(file);
    return s;
}

// Points the tables into `p`, which holds n bytes, once every section is known to lie inside.
static wt_status_t tables(Object *o, const uint8_t *p, size_t n) {
    FileHead head;
    if (n < sizeof head)
        return fail(WT_INVALID, "not a compiled program: %zu bytes are too few", n);
    memcpy(&head, p, sizeof head);
    if (memcmp(head.magic, magic, sizeof magic)) return fail(WT_INVALID, "not a compiled program");
    if (head.endian != ENDIAN)
        return fail(WT_INVALID, "compiled on a host of the other byte order");
    if (head.version != OBJ_VERSION || head.sections != SECTIONS)
        return fail(WT_INVALID,
                    "compiled for version %u of the container; this library reads version %d: "
                    "compile again",
                    head.version, OBJ_VERSION);
    if (head.bytes != n)
        return fail(WT_INVALID, "%zu bytes where %llu were written: the file is cut or grown", n,
                    (unsigned long long)head.bytes);
    FileSection table[SECTIONS];
    if (n < sizeof head + sizeof table) return fail(WT_INVALID, "cut inside its table of sections");
    if (head.hash != hash64(p + sizeof head, n - sizeof head, OBJ_VERSION))
        return fail(
            WT_INVALID,
            "its hash does not match: the file was changed after it was written; compile again");
    memcpy(table, p + sizeof head, sizeof table);
    for (int i = 0; i < SECTIONS; i++) {
        if (table[i].at % ALIGN || table[i].at > n || table[i].bytes > n - table[i].at)
            return fail(WT_INVALID, "section '%s' lies outside the file", sections[i].name);
        if (table[i].bytes % sections[i].size || table[i].bytes / sections[i].size > UINT32_MAX)
            return fail(WT_INVALID, "section '%s' has a broken size", sections[i].name);
    }
#define _(name, type)                                                                              \
    o->name = (const type *)(p + table[SEC_##name].at);                                            \
    o->n##name = (uint32_t)(table[SEC_##name].bytes / sizeof(type));
    OBJ_SECTIONS(_)
#undef _
    return object_verify(o);
}

static wt_status_t finish(Object *o, void *map, size_t n) {
    *o = (Object){ 0 };
    wt_status_t s = tables(o, map, n);
    if (s) {
        munmap(map, n);
        *o = (Object){ 0 };
        return s;
    }
    o->map = map;
    o->map_bytes = n;
    return WT_OK;
}

wt_status_t object_open(Object *o, const char *path) {
    *o = (Object){ 0 };
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (fd < 0) return fail(WT_IO, "%s: cannot open", path);
    if (fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0) {
        close(fd);
        return fail(WT_INVALID, "%s: not a compiled program", path);
    }
    // A private copy: the verified bytes must not change under the machine when the file does.
    size_t n = (size_t)st.st_size, got = 0;
    uint8_t *map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) {
        close(fd);
        return fail(WT_NOMEM, "%s: no memory for %zu bytes", path, n);
    }
    while (got < n) {
        ssize_t r = read(fd, map + got, n - got);
        if (r <= 0) break;
        got += (size_t)r;
    }
    close(fd);
    if (got < n) {
        munmap(map, n);
        return fail(WT_IO, "%s: cannot read", path);
    }
    mprotect(map, n, PROT_READ);
    WRAP(finish(o, map, n), "%s", path);
    return WT_OK;
}

wt_status_t object_read(Object *o, const void *p, size_t n) {
    *o = (Object){ 0 };
    if (!n) return fail(WT_INVALID, "not a compiled program: empty");
    void *map = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED) return fail(WT_NOMEM, "no memory for %zu bytes", n);
    memcpy(map, p, n);
    return finish(o, map, n);
}

void object_close(Object *o) {
    if (o->map) munmap(o->map, o->map_bytes);
    *o = (Object){ 0 };
}

const char *object_string(const Object *o, uint32_t at) {
    return at < o->nstrings ? o->strings + at : "";
}

int object_rpc(const Object *o, const char *name) {
    for (uint32_t i = 0; i < o->nrpcs; i++)
        if (!strcmp(object_string(o, o->rpcs[i].name), name)) return (int)i;
    return -1;
}

int object_symbol(const Object *o, const ObjInst *in, const char *name) {
    for (uint32_t i = 0; i < in->symbols.n; i++)
        if (!strcmp(object_string(o, o->symbols[in->symbols.at + i].name), name))
            return (int)(in->symbols.at + i);
    return -1;
}

int object_export(const Object *o, const ObjInst *in, int rpc) {
    for (uint32_t i = 0; i < in->exports.n; i++)
        if (o->exports[in->exports.at + i].rpc == (uint32_t)rpc) return (int)(in->exports.at + i);
    return -1;
}

bool object_line(const Object *o, const ObjFunc *f, uint32_t at, const char **file,
                 uint32_t *line) {
    const ObjLine *found = NULL;
    for (uint32_t i = 0; i < f->nline && o->lines[f->line + i].at <= at; i++)
        found = &o->lines[f->line + i];
    if (!found) return false;
    *file = object_string(o, found->file);
    *line = found->line;
    return true;
}
