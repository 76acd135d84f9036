#include "base/vec.h"
#include "base/err.h"

#include <string.h>

void *vec_grow(void *data, size_t *cap, size_t need, size_t size) {
    size_t n = *cap < 8 ? 8 : *cap * 2;
    if (n < need) n = need;
    if (n > SIZE_MAX / 2 / size) oom(SIZE_MAX);
    data = realloc(data, n * size);
    if (!data) oom(n * size);
    *cap = n;
    return data;
}

void vec_zero(void *p, size_t n) { memset(p, 0, n); }
