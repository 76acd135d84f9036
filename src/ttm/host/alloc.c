#include "ttm/host/alloc.h"

#include <string.h>

void alloc_init(Alloc *a, uint64_t base, uint64_t limit, uint64_t align) {
    *a = (Alloc){ .base = base, .limit = limit, .align = align };
    vec_push(&a->free, (AllocRange){ base, limit });
}

void alloc_free(Alloc *a) {
    vec_free(&a->free);
    vec_free(&a->used);
}

static uint64_t align_up(uint64_t n, uint64_t align) { return (n + align - 1) / align * align; }

static void range_insert(AllocRanges *v, size_t i, AllocRange r) {
    vec_push(v, r);
    memmove(v->data + i + 1, v->data + i, (v->len - 1 - i) * sizeof *v->data);
    v->data[i] = r;
}

static void range_remove(AllocRanges *v, size_t i) {
    v->len--;
    memmove(v->data + i, v->data + i + 1, (v->len - i) * sizeof *v->data);
}

static void used_add(Alloc *a, AllocRange r) {
    size_t i = a->used.len;
    while (i > 0 && a->used.data[i - 1].begin > r.begin) i--;
    range_insert(&a->used, i, r);
}

// A free range that `size` bytes fit into: the lowest or the highest.
static bool free_find(const Alloc *a, uint64_t size, bool bottom_up, size_t *found) {
    for (size_t k = 0; k < a->free.len; k++) {
        size_t i = bottom_up ? k : a->free.len - 1 - k;
        if (a->free.data[i].end - a->free.data[i].begin < size) continue;
        *found = i;
        return true;
    }
    return false;
}

static uint64_t free_largest(const Alloc *a) {
    uint64_t largest = 0;
    for (size_t i = 0; i < a->free.len; i++) {
        uint64_t n = a->free.data[i].end - a->free.data[i].begin;
        if (n > largest) largest = n;
    }
    return largest;
}

wt_status_t alloc_take(Alloc *a, uint64_t size, bool bottom_up, uint64_t *address) {
    uint64_t room = a->limit - a->base;
    if (size > room)
        return fail(WT_INVALID, "%llu bytes per bank do not fit a bank of %llu bytes",
                    (unsigned long long)size, (unsigned long long)room);
    size = align_up(size ? size : 1, a->align);
    size_t i;
    if (!free_find(a, size, bottom_up, &i))
        return fail(WT_NOMEM, "%llu bytes per bank are not free: the largest free range has %llu",
                    (unsigned long long)size, (unsigned long long)free_largest(a));
    AllocRange *r = &a->free.data[i];
    AllocRange got = bottom_up ? (AllocRange){ r->begin, r->begin + size }
                               : (AllocRange){ r->end - size, r->end };
    if (bottom_up)
        r->begin = got.end;
    else
        r->end = got.begin;
    if (r->begin == r->end) range_remove(&a->free, i);
    used_add(a, got);
    *address = got.begin;
    return WT_OK;
}

void alloc_give(Alloc *a, uint64_t address) {
    size_t u = 0;
    while (a->used.data[u].begin != address) u++;
    AllocRange r = a->used.data[u];
    range_remove(&a->used, u);

    size_t i = 0;
    while (i < a->free.len && a->free.data[i].begin < r.begin) i++;
    if (i < a->free.len && a->free.data[i].begin == r.end) {
        r.end = a->free.data[i].end;
        range_remove(&a->free, i);
    }
    if (i > 0 && a->free.data[i - 1].end == r.begin)
        a->free.data[i - 1].end = r.end;
    else
        range_insert(&a->free, i, r);
}

bool alloc_holds(const Alloc *a, uint64_t begin, uint64_t size) {
    for (size_t i = 0; i < a->used.len; i++)
        if (a->used.data[i].begin == begin) return a->used.data[i].end - begin >= size;
    return false;
}

uint64_t alloc_lowest(const Alloc *a) { return a->used.len ? a->used.data[0].begin : a->limit; }

uint64_t alloc_size_per_bank(uint64_t size, uint64_t page_size, uint32_t banks, uint64_t align) {
    uint64_t pages = page_size ? size / page_size : 0, bytes;
    uint64_t per_bank = pages / banks + (pages % banks != 0);
    if (page_size > UINT64_MAX - align ||
        __builtin_mul_overflow(per_bank, align_up(page_size, align), &bytes))
        return UINT64_MAX; // fits no bank
    return bytes;
}

// std::minstd_rand0, which libstdc++ and libc++ both call default_random_engine; seed 0 means 1.
static uint32_t minstd_next(uint32_t *state) {
    *state = (uint32_t)((uint64_t)*state * 16807 % 2147483647);
    return *state;
}

// libstdc++'s uniform_int_distribution over 0 .. n-1 when n is less than the engine's range.
static uint64_t uniform_below(uint32_t *state, uint64_t n) {
    uint64_t scaling = 2147483645 / n, past = n * scaling, r;
    do r = minstd_next(state) - 1;
    while (r >= past);
    return r / scaling;
}

static void swap(uint32_t *v, uint64_t i, uint64_t j) {
    uint32_t t = v[i];
    v[i] = v[j];
    v[j] = t;
}

// libstdc++'s std::shuffle draws the positions of two elements with one number.
void alloc_shuffle_banks(uint32_t *out, uint32_t n) {
    uint32_t state = 1, i = 1;
    for (uint32_t k = 0; k < n; k++) out[k] = k;
    if (n == 0) return;
    if (n % 2 == 0) {
        swap(out, 1, uniform_below(&state, 2));
        i = 2;
    }
    for (; i < n; i += 2) {
        uint64_t both = uniform_below(&state, (uint64_t)(i + 1) * (i + 2));
        swap(out, i, both / (i + 2));
        swap(out, i + 1, both % (i + 2));
    }
}
