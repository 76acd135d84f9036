#include "base/arena.h"
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 64 << 10, ALIGN = 16 };

struct ArenaBlock {
    ArenaBlock *next;
    size_t size, used;
    _Alignas(ALIGN) char data[];
};

static ArenaBlock *block_new(size_t n, ArenaBlock *next) {
    size_t size = n > BLOCK_SIZE ? n : BLOCK_SIZE;
    ArenaBlock *b = malloc(sizeof *b + size);
    if (!b) oom(size);
    *b = (ArenaBlock){ .next = next, .size = size };
    return b;
}

void *arena_alloc(Arena *a, size_t n) {
    if (n > SIZE_MAX / 2) oom(n);
    n = (n + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (!a->block || a->block->size - a->block->used < n) a->block = block_new(n, a->block);
    char *p = a->block->data + a->block->used;
    a->block->used += n;
    a->total += n;
    return memset(p, 0, n);
}

char *arena_str(Arena *a, const char *p, size_t n) {
    char *s = arena_alloc(a, n + 1);
    if (n) memcpy(s, p, n);
    return s;
}

char *arena_printf(Arena *a, const char *fmt, ...) {
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *s = arena_alloc(a, n < 0 ? 1 : (size_t)n + 1);
    if (n > 0) vsnprintf(s, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    return s;
}

ArenaMark arena_mark(const Arena *a) {
    return (ArenaMark){ a->block, a->block ? a->block->used : 0, a->total };
}

void arena_reset(Arena *a, ArenaMark m) {
    while (a->block != m.block) {
        ArenaBlock *next = a->block->next;
        free(a->block);
        a->block = next;
    }
    if (a->block) a->block->used = m.used;
    a->total = m.total;
}

void arena_free(Arena *a) { arena_reset(a, (ArenaMark){ 0 }); }
