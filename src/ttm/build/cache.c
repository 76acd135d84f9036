// Compiled programs on disk, under the hash of what they were compiled from.
#include "ttm/build/cache.h"
#include "base/file.h"
#include "base/log.h"
#include "base/str.h"
#include "base/vec.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TEMP_AGE_S = 3600 }; // a temporary file older than this belongs to nobody

static char *format(const char *fmt, const char *a, const char *b) {
    StrBuf s = { 0 };
    sb_printf(&s, fmt, a, b);
    return sb_take(&s);
}

static char *default_dir(void) {
    const char *e = getenv("WT_CACHE");
    if (e && *e) return strdup(e);
    e = getenv("XDG_CACHE_HOME");
    if (e && *e == '/') return format("%s/%s", e, "wavetile");
    e = getenv("HOME");
    return e && *e ? format("%s/.cache/%s", e, "wavetile") : NULL;
}

void cache_open(Cache *c) {
    const char *limit = getenv("WT_CACHE_LIMIT");
    *c = (Cache){ .limit = (limit && *limit ? strtoull(limit, NULL, 10) : 512) << 20 };
    char *root = default_dir();
    if (!root) {
        log_at(WT_LOG_WARNING, "no cache for compiled kernels: neither WT_CACHE nor HOME is set");
        return;
    }
    c->dir = format("%s/%s", root, "kernels-1");
    if (dir_make(c->dir) || access(c->dir, W_OK | X_OK)) {
        log_at(WT_LOG_WARNING,
               "cannot write to the cache folder '%s': compiled kernels are not kept", c->dir);
        if (access(c->dir, R_OK | X_OK)) { // nothing to read either
            free(c->dir);
            c->dir = NULL;
        }
    }
    free(root);
}

void cache_close(Cache *c) {
    free(c->dir);
    *c = (Cache){ 0 };
}

// The hash of a file's content, as it stands in a list of dependencies.
static bool file_hash(const char *path, char hex[33]) {
    char *data;
    size_t n;
    if (file_read(path, &data, &n)) return false;
    hash_hex(hash128(data, n), hex);
    free(data);
    return true;
}

static bool deps_unchanged(char *line) {
    for (char *next; line && *line; line = next) { // "hash path\n"
        next = strchr(line, '\n');
        if (next) *next++ = 0;
        char hex[33];
        if (strlen(line) < 34 || line[32] != ' ' || !file_hash(line + 33, hex) ||
            memcmp(hex, line, 32))
            return false;
    }
    return true;
}

static void touch(const char *path) { utimensat(AT_FDCWD, path, NULL, 0); }

bool cache_get(const Cache *c, Hash128 key, uint8_t **elf, size_t *size, char **path) {
    if (!c->dir) return false;
    char hex[33], *list, *data;
    hash_hex(key, hex);
    char *list_path = format("%s/%s.d", c->dir, hex);
    bool hit = false;
    if (!access(list_path, R_OK) && !file_read(list_path, &list, NULL)) {
        if (strlen(list) > 33 && list[32] == '\n') {
            list[32] = 0;
            *path = format("%s/%s.elf", c->dir, list);
            if (deps_unchanged(list + 33) && !access(*path, R_OK) &&
                !file_read(*path, &data, size)) {
                hash_hex(hash128(data, *size), hex);
                hit = !strcmp(hex, list);
                if (hit)
                    *elf = (uint8_t *)data;
                else
                    free(data);
            }
            if (hit) {
                touch(list_path);
                touch(*path);
            } else {
                free(*path);
                *path = NULL;
            }
        }
        free(list);
    }
    free(list_path);
    return hit;
}

typedef struct Kept {
    char *path;
    uint64_t bytes;
    struct timespec used;
} Kept;

static int by_age(const void *a, const void *b) {
    const Kept *x = a, *y = b;
    if (x->used.tv_sec != y->used.tv_sec) return x->used.tv_sec < y->used.tv_sec ? -1 : 1;
    return (x->used.tv_nsec > y->used.tv_nsec) - (x->used.tv_nsec < y->used.tv_nsec);
}

typedef Vec(Kept) KeptFiles;

static bool ends_with(const char *s, const char *end) {
    size_t n = strlen(s), m = strlen(end);
    return n > m && !strcmp(s + n - m, end);
}

// The entries' files and their size on disk. What interrupted writers left behind goes.
static uint64_t scan(const Cache *c, KeptFiles *files) {
    uint64_t total = 0;
    DIR *dir = opendir(c->dir);
    for (struct dirent *e; dir && (e = readdir(dir));) {
        struct stat st;
        char *path = format("%s/%s", c->dir, e->d_name);
        bool entry = ends_with(e->d_name, ".elf") || ends_with(e->d_name, ".d");
        bool note = !strncmp(e->d_name, "note-", 5) && !strchr(e->d_name, '.');
        if (stat(path, &st) || !S_ISREG(st.st_mode) || note) {
            free(path);
        } else if (entry) {
            vec_push(files, (Kept){ path, (uint64_t)st.st_blocks * 512, st.st_mtim });
            total += (uint64_t)st.st_blocks * 512;
        } else {
            if (time(NULL) - st.st_mtime > TEMP_AGE_S) unlink(path);
            free(path);
        }
    }
    if (dir) closedir(dir);
    return total;
}

// Down to 3/4 of the limit, the least recently used first.
static void evict(const Cache *c) {
    KeptFiles files = { 0 };
    uint64_t total = scan(c, &files);
    if (total > c->limit) {
        qsort(files.data, files.len, sizeof *files.data, by_age);
        for (size_t i = 0; i < files.len && total > c->limit / 4 * 3; i++)
            if (!unlink(files.data[i].path)) total -= files.data[i].bytes;
    }
    for (size_t i = 0; i < files.len; i++) free(files.data[i].path);
    vec_free(&files);
}

char *cache_put(const Cache *c, Hash128 key, const char *const *deps, size_t n, const void *elf,
                size_t size) {
    if (!c->dir) return NULL;
    char hex[33];
    hash_hex(hash128(elf, size), hex);
    char *elf_path = format("%s/%s.elf", c->dir, hex);
    StrBuf list = { 0 };
    sb_printf(&list, "%s\n", hex);
    wt_status_t s = WT_OK;
    for (size_t i = 0; i < n && !s; i++) {
        char dep[33];
        if (file_hash(deps[i], dep))
            sb_printf(&list, "%s %s\n", dep, deps[i]);
        else
            s = WT_IO; // it is gone already: do not keep what cannot be checked
    }
    hash_hex(key, hex);
    char *list_path = format("%s/%s.d", c->dir, hex);
    if (!s) s = file_write_atomic(elf_path, elf, size);
    if (!s) s = file_write_atomic(list_path, list.p, list.n);
    if (s == WT_OK) {
        evict(c);
    } else {
        log_at(WT_LOG_WARNING, "a compiled kernel is not kept: %s", wt_last_error());
        free(elf_path);
        elf_path = NULL;
    }
    free(list_path);
    sb_free(&list);
    return elf_path;
}

char *cache_note_get(const Cache *c, const char *name) {
    if (!c->dir) return NULL;
    char *path = format("%s/note-%s", c->dir, name), *text = NULL;
    if (access(path, R_OK) || file_read(path, &text, NULL)) text = NULL;
    free(path);
    return text;
}

void cache_note_put(const Cache *c, const char *name, const char *text) {
    if (!c->dir) return;
    char *path = format("%s/note-%s", c->dir, name);
    if (file_write_atomic(path, text, strlen(text))) log_at(WT_LOG_DEBUG, "%s", wt_last_error());
    free(path);
}
