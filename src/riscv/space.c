#include "riscv/space.h"
#include "base/err.h"
#include "base/zeroed.h"

wt_status_t space_init(Space *s, uint8_t *host, uint32_t base, uint32_t size, uint32_t access,
                       CodeCache *cache) {
    *s = (Space){
        .host = host, .base = base, .size = size, .access = access, .code = { .epoch = 1 }
    };
    if ((access & (SPACE_R | SPACE_W)) == (SPACE_R | SPACE_W))
        for (int k = 0; k < 3; k++) s->limit[k] = size >> k;
    s->mark = zeroed_alloc(size >> GRANULE_BITS);
    if (!s->mark) return fail(WT_NOMEM, "no memory for the marks of %u bytes", size);
    if (!(access & SPACE_X)) return WT_OK;
    s->code_size = size;
    wt_status_t st = code_map_init(&s->code, cache, s);
    if (st != WT_OK) zeroed_free(s->mark, size >> GRANULE_BITS);
    return st;
}

void space_deinit(Space *s) {
    code_map_deinit(&s->code);
    zeroed_free(s->mark, s->size >> GRANULE_BITS);
    *s = (Space){ 0 };
}

uint8_t space_written(Space *s, uint32_t addr, uint32_t len) {
    if (!len) return 0;
    uint32_t off = addr - s->base, end = off + len;
    uint8_t marks = 0;
    for (uint32_t g = off >> GRANULE_BITS; g <= (end - 1) >> GRANULE_BITS; g++) marks |= s->mark[g];
    if (marks & MARK_CODE) code_drop(s, off, end);
    return marks;
}
