#include "ttm/host/copy.h"

#include <stdint.h>
#include <string.h>

enum { LINE = 64 };

#ifdef __SSE2__
#include <emmintrin.h>

void copy_out(void *to, const void *from, size_t n) {
    size_t head = -(uintptr_t)to % 16;
    if (n < head + LINE) {
        memcpy(to, from, n);
        return;
    }
    memcpy(to, from, head);
    char *t = (char *)to + head;
    const char *f = (const char *)from + head, *end = (const char *)from + n;
    for (; end - f >= LINE; t += LINE, f += LINE)
        for (int i = 0; i < LINE; i += 16)
            _mm_stream_si128((__m128i *)(void *)(t + i), _mm_loadu_si128((const __m128i *)(f + i)));
    memcpy(t, f, (size_t)(end - f));
}

void copy_end(void) { _mm_sfence(); }
#else
void copy_out(void *to, const void *from, size_t n) { memcpy(to, from, n); }
void copy_end(void) {}
#endif

void copy_in(void *to, const void *from, size_t n, const void *next) {
    for (size_t done = 0; done < n; done += LINE) {
        if (next) __builtin_prefetch((const char *)next + done);
        memcpy((char *)to + done, (const char *)from + done, n - done < LINE ? n - done : LINE);
    }
}
