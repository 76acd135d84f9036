// Files and paths. Every failure names the path.
#pragma once
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PATH_CAP = 4096 };

// Reads a whole file; *data is NUL-terminated beyond *n and owned by the caller (free). NULL n:
// text.
wt_status_t file_read(const char *path, char **data, size_t *n);
wt_status_t file_write(const char *path, const void *p, size_t n);
// Writes beside the target and renames, so that readers see the old file or the new one, whole.
wt_status_t file_write_atomic(const char *path, const void *p, size_t n);
bool file_exists(const char *path);
bool dir_exists(const char *path);
wt_status_t dir_make(const char *path);   // with its parents; an existing one is fine
wt_status_t dir_remove(const char *path); // with all it holds; a missing one is fine
wt_status_t dir_make_temp(char out[PATH_CAP], const char *prefix); // in $TMPDIR or /tmp

// Joins into out[cap]; an absolute b stands alone. False when it does not fit.
bool path_join(char *out, size_t cap, const char *a, const char *b);
void path_dir(char *out, size_t cap, const char *path); // "a/b.c" -> "a", "b.c" -> "."
const char *path_base(const char *path);                // "a/b.c" -> "b.c"

// Where the library's own data lies ("ttm/lib", "wse/lib", "data"): $WT_SHARE, else
// ../share/wavetile beside the folder that holds the library.
wt_status_t share_path(char *out, size_t cap, const char *name);
