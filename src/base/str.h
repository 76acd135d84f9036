// Strings: Str is a view (pointer and length, no terminator), StrBuf is one that grows.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

typedef struct Str {
    const char *p;
    size_t n;
} Str;

#define S(literal) ((Str){ "" literal, sizeof(literal) - 1 })
#define STR_ARG(s) (int)(s).n, (s).p // for "%.*s"

static inline Str str_of(const char *c) { return (Str){ c, strlen(c) }; }
static inline bool str_eq(Str a, Str b) { return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n)); }
static inline bool str_eqc(Str a, const char *c) { return str_eq(a, str_of(c)); }

// The least number of single-character edits from a to b, for "did you mean".
size_t str_edit_distance(Str a, Str b);

typedef struct StrBuf {
    char *p;
    size_t n, cap;
} StrBuf;

void sb_add(StrBuf *b, const void *p, size_t n);
void sb_putc(StrBuf *b, char c);
void sb_printf(StrBuf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *sb_str(StrBuf *b); // NUL-terminated; valid until the next change
char *sb_take(StrBuf *b); // the same, now owned by the caller (free); the buffer is empty again
void sb_free(StrBuf *b);
