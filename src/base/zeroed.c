#include "base/zeroed.h"

#include <stdlib.h>
#include <sys/mman.h>

enum { MAPPED_FROM = 16 << 10 };

void *zeroed_alloc(size_t n) {
    if (n < MAPPED_FROM) return calloc(1, n ? n : 1);
    void *p =
        mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void zeroed_free(void *p, size_t n) {
    if (n < MAPPED_FROM)
        free(p);
    else if (p)
        munmap(p, n);
}
