// A hash map from bytes to a 64-bit value (a pointer or an index), iterated in insertion order.
//
//   Map m = {0};
//   *map_puts(&m, "size") = 4;                 // created zero when absent
//   uint64_t *v = map_gets(&m, "size");        // NULL when absent
//
// Keys are copied. Slots stay valid until the next put.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct MapEntry {
    char *key; // owned; NULL: deleted
    size_t len;
    uint64_t hash, value;
} MapEntry;

typedef struct Map {
    MapEntry *entries; // in insertion order
    uint32_t *index;   // open addressing: entry number + 1, 0: free
    size_t len, cap, slots, live;
} Map;

uint64_t *map_put(Map *m, const void *key, size_t len);
uint64_t *map_get(const Map *m, const void *key, size_t len);
uint64_t *map_puts(Map *m, const char *key);
uint64_t *map_gets(const Map *m, const char *key);
bool map_del(Map *m, const void *key, size_t len);
void map_free(Map *m);

// for (size_t it = 0; (e = map_next(&m, &it));) use(e->key, e->value);
const MapEntry *map_next(const Map *m, size_t *it);
