#include "base/str.h"
#include "base/vec.h"

#include <stdarg.h>
#include <stdio.h>

size_t str_edit_distance(Str a, Str b) {
    enum { LIMIT = 128 };
    size_t row[LIMIT + 1];
    if (a.n > LIMIT || b.n > LIMIT) return str_eq(a, b) ? 0 : LIMIT;
    for (size_t j = 0; j <= b.n; j++) row[j] = j;
    for (size_t i = 1; i <= a.n; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.n; j++) {
            size_t best = diagonal + (a.p[i - 1] != b.p[j - 1]);
            if (row[j] + 1 < best) best = row[j] + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            diagonal = row[j];
            row[j] = best;
        }
    }
    return row[b.n];
}

static void sb_reserve(StrBuf *b, size_t more) {
    if (b->cap - b->n <= more) b->p = vec_grow(b->p, &b->cap, b->n + more + 1, 1);
}

void sb_add(StrBuf *b, const void *p, size_t n) {
    sb_reserve(b, n);
    if (n) memcpy(b->p + b->n, p, n);
    b->n += n;
}

void sb_putc(StrBuf *b, char c) { sb_add(b, &c, 1); }

void sb_printf(StrBuf *b, const char *fmt, ...) {
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    if (n > 0) {
        sb_reserve(b, (size_t)n);
        vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
        b->n += (size_t)n;
    }
    va_end(again);
    va_end(ap);
}

const char *sb_str(StrBuf *b) {
    sb_reserve(b, 0);
    b->p[b->n] = 0;
    return b->p;
}

char *sb_take(StrBuf *b) {
    sb_str(b);
    char *p = b->p;
    *b = (StrBuf){ 0 };
    return p;
}

void sb_free(StrBuf *b) {
    free(b->p);
    *b = (StrBuf){ 0 };
}
