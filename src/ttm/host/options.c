// Option structs across versions: a caller that was compiled with an older header gives a shorter
// struct, whose missing members are defaults; a newer one may use a longer one as long as what we
// do not know is zero.
#include "ttm/host/host.h"

enum { OPTIONS_MAX = 4096 };

static wt_status_t size_of(const void *theirs, const char *name, uint32_t *n) {
    memcpy(n, theirs, sizeof *n);
    if (*n < sizeof *n || *n > OPTIONS_MAX)
        return fail(WT_INVALID, "%s->struct_size is %u: set it to the sizeof of the struct", name,
                    *n);
    return WT_OK;
}

wt_status_t options_read(void *mine, size_t size, const void *theirs, const char *name) {
    memset(mine, 0, size);
    if (!theirs) return WT_OK;
    uint32_t n;
    TRY(size_of(theirs, name, &n));
    for (size_t i = size; i < n; i++)
        if (((const char *)theirs)[i])
            return fail(WT_UNSUPPORTED, "%s uses members that this version (%s) does not know",
                        name, wt_version());
    memcpy(mine, theirs, n < size ? n : size);
    return WT_OK;
}

wt_status_t options_write(void *theirs, const void *mine, size_t size, const char *name) {
    uint32_t n;
    TRY(size_of(theirs, name, &n));
    memset((char *)theirs + sizeof n, 0, n - sizeof n);
    memcpy((char *)theirs + sizeof n, (const char *)mine + sizeof n,
           (n < size ? n : size) - sizeof n);
    return WT_OK;
}
