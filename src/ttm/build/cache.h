// Compiled programs on disk, under the hash of what they were compiled from.
//
// An entry is two files. KEY.d lists the files that the compiler read besides what the key covers,
// each with its hash, and names the ELF by its own hash; HASH.elf is the ELF. Both appear by
// rename, so a reader sees a whole entry or none, whoever else writes or dies meanwhile. What does
// not verify is a miss. The least recently used entries go when the folder outgrows its limit.
#pragma once
#include "base/err.h"
#include "base/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Cache {
    char *dir; // owned; NULL: no cache, nothing is found and nothing kept
    uint64_t limit;
} Cache;

// $WT_CACHE, else $XDG_CACHE_HOME/wavetile, else ~/.cache/wavetile. $WT_CACHE_LIMIT is in MiB
// (default 512). A folder that cannot be made or written is reported in the log, and does without.
void cache_open(Cache *c);
void cache_close(Cache *c);

// On a hit, the ELF (malloc) and its path (malloc).
bool cache_get(const Cache *c, Hash128 key, uint8_t **elf, size_t *size, char **path);
// Keeps an entry; `deps` are n paths. Returns the ELF's path (malloc), or NULL when it could not.
char *cache_put(const Cache *c, Hash128 key, const char *const *deps, size_t n, const void *elf,
                size_t size);

// Small texts that cost a process to find out, such as what a compiler says about itself.
char *cache_note_get(const Cache *c, const char *name);
void cache_note_put(const Cache *c, const char *name, const char *text);
