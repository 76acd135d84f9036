#include "base/map.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/vec.h"

#include <string.h>

// The slot that holds the key, or the free one where it belongs. Deleted entries keep their slot,
// so that probes pass over them.
static uint32_t *map_slot(const Map *m, const void *key, size_t len, uint64_t hash) {
    for (size_t i = hash & (m->slots - 1);; i = (i + 1) & (m->slots - 1)) {
        uint32_t at = m->index[i];
        if (!at) return &m->index[i];
        const MapEntry *e = &m->entries[at - 1];
        if (e->key && e->hash == hash && e->len == len && !memcmp(e->key, key, len))
            return &m->index[i];
    }
}

static void map_rehash(Map *m) {
    size_t slots = 16;
    while (slots < (m->live + 1) * 4) slots *= 2;
    uint32_t *index = calloc(slots, sizeof *index);
    if (!index) oom(slots * sizeof *index);
    free(m->index);
    m->index = index;
    m->slots = slots;
    size_t n = 0;
    for (size_t i = 0; i < m->len; i++) {
        if (!m->entries[i].key) continue;
        m->entries[n] = m->entries[i];
        size_t at = m->entries[n].hash & (slots - 1);
        while (index[at]) at = (at + 1) & (slots - 1);
        index[at] = (uint32_t)++n;
    }
    m->len = n;
}

uint64_t *map_put(Map *m, const void *key, size_t len) {
    if (m->len * 2 >= m->slots) map_rehash(m);
    uint64_t hash = hash64(key, len, 0);
    uint32_t *slot = map_slot(m, key, len, hash);
    if (*slot) return &m->entries[*slot - 1].value;
    if (m->len == m->cap)
        m->entries = vec_grow(m->entries, &m->cap, m->len + 1, sizeof *m->entries);
    char *copy = malloc(len + 1);
    if (!copy) oom(len);
    if (len) memcpy(copy, key, len);
    copy[len] = 0;
    m->entries[m->len++] = (MapEntry){ copy, len, hash, 0 };
    m->live++;
    *slot = (uint32_t)m->len;
    return &m->entries[m->len - 1].value;
}

uint64_t *map_get(const Map *m, const void *key, size_t len) {
    if (!m->slots) return NULL;
    uint32_t *slot = map_slot(m, key, len, hash64(key, len, 0));
    return *slot ? &m->entries[*slot - 1].value : NULL;
}

uint64_t *map_puts(Map *m, const char *key) { return map_put(m, key, strlen(key)); }
uint64_t *map_gets(const Map *m, const char *key) { return map_get(m, key, strlen(key)); }

bool map_del(Map *m, const void *key, size_t len) {
    if (!m->slots) return false;
    uint32_t *slot = map_slot(m, key, len, hash64(key, len, 0));
    if (!*slot) return false;
    MapEntry *e = &m->entries[*slot - 1];
    free(e->key);
    e->key = NULL;
    m->live--;
    return true;
}

const MapEntry *map_next(const Map *m, size_t *it) {
    while (*it < m->len)
        if (m->entries[(*it)++].key) return &m->entries[*it - 1];
    return NULL;
}

void map_free(Map *m) {
    for (size_t i = 0; i < m->len; i++) free(m->entries[i].key);
    free(m->entries);
    free(m->index);
    *m = (Map){ 0 };
}
