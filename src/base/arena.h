// An arena: allocations that live and die together. Nothing in it is freed singly.
//
// Memory is zeroed and 16-byte aligned. A mark remembers a point to fall back to, for scratch
// work inside a loop. An arena belongs to one thread at a time.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct ArenaBlock ArenaBlock;

typedef struct Arena {
    ArenaBlock *block; // newest first
    size_t total;      // bytes handed out
} Arena;

typedef struct ArenaMark {
    ArenaBlock *block;
    size_t used, total;
} ArenaMark;

void *arena_alloc(Arena *a, size_t n);
char *arena_str(Arena *a, const char *p, size_t n); // a NUL-terminated copy
char *arena_printf(Arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
ArenaMark arena_mark(const Arena *a);
void arena_reset(Arena *a, ArenaMark m);
void arena_free(Arena *a);

#define arena_new(a, T)      ((T *)arena_alloc((a), sizeof(T)))
#define arena_array(a, T, n) ((T *)arena_alloc((a), sizeof(T) * (size_t)(n)))
