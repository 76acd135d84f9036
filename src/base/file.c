#include "base/file.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static wt_status_t io_error(const char *what, const char *path) {
    int e = errno;
    return fail(e == ENOENT ? WT_NOTFOUND : WT_IO, "cannot %s '%s': %s", what, path, strerror(e));
}

enum { READ_STEP = 64 << 10 };
enum { STREAM_MAX = 256 << 20 }; // of what does not tell its size: /dev/zero never ends

// The rest of an open file, in a buffer of the caller's.
static wt_status_t read_all(int fd, const char *path, size_t expect, char **data, size_t *n) {
    size_t cap = expect + READ_STEP, len = 0;
    char *p = malloc(cap);
    while (p) {
        if (cap - len < READ_STEP) {
            char *more = cap < STREAM_MAX ? realloc(p, cap *= 2) : NULL;
            if (!more) break;
            p = more;
        }
        ssize_t got = read(fd, p + len, cap - len - 1);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            free(p);
            return io_error("read", path);
        }
        if (got == 0) {
            p[len] = 0;
            *data = p;
            if (n) *n = len;
            return WT_OK;
        }
        len += (size_t)got;
    }
    free(p);
    return fail(WT_NOMEM, "cannot read '%s': no memory beyond its first %zu bytes", path, len);
}

wt_status_t file_read(const char *path, char **data, size_t *n) {
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return io_error("open", path);
    struct stat st = { 0 };
    (void)fstat(fd, &st);
    wt_status_t s = S_ISDIR(st.st_mode)
                        ? fail(WT_IO, "cannot read '%s': it is a directory", path)
                        : read_all(fd, path, st.st_size > 0 ? (size_t)st.st_size : 0, data, n);
    close(fd);
    return s;
}

static bool write_all(int fd, const char *p, size_t n) {
    while (n) {
        ssize_t put = write(fd, p, n);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        p += put;
        n -= (size_t)put;
    }
    return true;
}

wt_status_t file_write(const char *path, const void *p, size_t n) {
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0) return io_error("create", path);
    bool good = write_all(fd, p, n);
    wt_status_t s = good ? WT_OK : io_error("write", path);
    if (close(fd) && good) s = io_error("write", path);
    return s;
}

wt_status_t file_write_atomic(const char *path, const void *p, size_t n) {
    char temp[PATH_CAP];
    if (snprintf(temp, sizeof temp, "%s.XXXXXX", path) >= (int)sizeof temp)
        return fail(WT_IO, "path too long: '%s'", path);
    int fd = mkostemp(temp, O_CLOEXEC);
    if (fd < 0) return io_error("create", temp);
    wt_status_t s = WT_OK;
    if (fchmod(fd, 0644) || !write_all(fd, p, n)) s = io_error("write", temp);
    if (close(fd) && s == WT_OK) s = io_error("write", temp);
    if (s == WT_OK && rename(temp, path)) s = io_error("rename to", path);
    if (s != WT_OK) unlink(temp);
    return s;
}

bool file_exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode);
}

bool dir_exists(const char *path) {
    struct stat st;
    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

wt_status_t dir_make(const char *path) {
    char part[PATH_CAP];
    if (snprintf(part, sizeof part, "%s", path) >= (int)sizeof part)
        return fail(WT_IO, "path too long: '%s'", path);
    for (char *p = part + 1;; p++) {
        if (*p && *p != '/') continue;
        char c = *p;
        *p = 0;
        if (mkdir(part, 0777) && errno != EEXIST && !dir_exists(part))
            return io_error("create folder", part);
        if (!c) break;
        *p = c;
    }
    return dir_exists(path) ? WT_OK : fail(WT_IO, "'%s' is not a folder", path);
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw) {
    (void)st, (void)flag, (void)ftw;
    return remove(path);
}

wt_status_t dir_remove(const char *path) {
    if (nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS) && errno != ENOENT)
        return io_error("remove", path);
    return WT_OK;
}

wt_status_t dir_make_temp(char out[PATH_CAP], const char *prefix) {
    const char *base = getenv("TMPDIR");
    if (!base || !*base) base = "/tmp";
    if (snprintf(out, PATH_CAP, "%s/%s.XXXXXX", base, prefix) >= PATH_CAP)
        return fail(WT_IO, "path too long: '%s'", base);
    return mkdtemp(out) ? WT_OK : io_error("create folder", out);
}

bool path_join(char *out, size_t cap, const char *a, const char *b) {
    bool alone = b[0] == '/' || !*a;
    const char *slash = alone || a[strlen(a) - 1] == '/' ? "" : "/";
    int n = snprintf(out, cap, "%s%s%s", alone ? "" : a, slash, b);
    return n >= 0 && (size_t)n < cap;
}

void path_dir(char *out, size_t cap, const char *path) {
    const char *slash = strrchr(path, '/');
    if (!slash)
        snprintf(out, cap, ".");
    else if (slash == path)
        snprintf(out, cap, "/");
    else
        snprintf(out, cap, "%.*s", (int)(slash - path), path);
}

const char *path_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

wt_status_t share_path(char *out, size_t cap, const char *name) {
    const char *share = getenv("WT_SHARE");
    char root[PATH_CAP];
    if (share && *share) {
        snprintf(root, sizeof root, "%s", share);
    } else {
        // A static link finds its executable here, which lies in a sibling of share/ too. Its name
        // is the one it was started by, which says nothing when the shell searched PATH; the kernel
        // knows.
        Dl_info info;
        char real[PATH_MAX], dir[PATH_CAP];
        if (!dladdr((void *)(uintptr_t)share_path, &info) ||
            (!(strchr(info.dli_fname, '/') && realpath(info.dli_fname, real)) &&
             !realpath("/proc/self/exe", real)))
            return fail(WT_IO, "cannot tell where the library lies; set WT_SHARE");
        path_dir(dir, sizeof dir, real);
        for (int up = 0;; up++) {
            snprintf(root, sizeof root, "%.4000s/share/wavetile", dir);
            if (dir_exists(root)) break;
            if (up == 4 || !strcmp(dir, "/"))
                return fail(WT_NOTFOUND, "no share/wavetile beside '%s'; set WT_SHARE", real);
            char parent[PATH_CAP];
            path_dir(parent, sizeof parent, dir);
            memcpy(dir, parent, sizeof dir);
        }
    }
    if (!path_join(out, cap, root, name)) return fail(WT_IO, "path too long: '%s'", root);
    if (!file_exists(out) && !dir_exists(out))
        return fail(WT_NOTFOUND, "'%s' is missing: the installation is not complete", out);
    return WT_OK;
}
