// Zeroed memory that costs nothing until it is touched: for tables and memories of which a run
// uses a small part. Large pieces are mapped, so that no allocator clears them.
#pragma once
#include <stddef.h>

void *zeroed_alloc(size_t n);        // NULL: out of memory or address space
void zeroed_free(void *p, size_t n); // the n of its allocation; NULL is fine
