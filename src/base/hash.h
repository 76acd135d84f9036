// Hashes of bytes: XXH3 (libxxhash), for tables, content keys and order hashes.
//
// Results are the same on every host. Not for secrets.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct Hash128 {
    uint64_t hi, lo;
} Hash128;

uint64_t hash64(const void *p, size_t n, uint64_t seed);
Hash128 hash128(const void *p, size_t n);
void hash_hex(Hash128 h, char out[33]); // 32 lower-case digits and a NUL
