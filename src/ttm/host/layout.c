#include "ttm/host/layout.h"

static uint32_t align_up(uint32_t n) {
    return (n + LAYOUT_ALIGN - 1) / LAYOUT_ALIGN * LAYOUT_ALIGN;
}

static uint32_t max(uint32_t a, uint32_t b) { return a > b ? a : b; }

// The classes of one group follow each other closely; groups share the space.
static uint32_t place_rtas(LayoutGroup *groups, size_t n, uint32_t at) {
    uint32_t end = at;
    for (LayoutGroup *g = groups; g < groups + n; g++) {
        uint32_t offset = at;
        for (int c = 0; c < NUM_CLASSES; c++) {
            g->rta_offset[c] = g->rtas[c] ? offset : LAYOUT_NO_ARGS;
            offset += g->rtas[c] * 4;
        }
        end = max(end, align_up(offset));
    }
    return end;
}

static uint32_t place_crtas(Layout *l, uint32_t at) {
    for (int c = 0; c < NUM_CLASSES; c++) {
        l->crta_offset[c] = l->crtas[c] ? at : LAYOUT_NO_ARGS;
        at = align_up(at + l->crtas[c] * 4);
    }
    return at;
}

static uint32_t place_cbs(Layout *l, const LayoutGroup *groups, size_t n, uint32_t at) {
    uint32_t local = 0, remote = l->num_cbs;
    for (const LayoutGroup *g = groups; g < groups + n; g++) {
        if (g->cb_mask) local = max(local, 64 - (uint32_t)__builtin_clzll(g->cb_mask));
        if (g->min_remote_cb < remote) remote = g->min_remote_cb;
    }
    l->local_cb_offset = at;
    l->local_cb_size = local * LAYOUT_LOCAL_CB;
    l->remote_cb_offset = at + l->local_cb_size;
    l->remote_cb_size = (l->num_cbs - remote) * LAYOUT_REMOTE_CB;
    return align_up(l->remote_cb_offset + l->remote_cb_size);
}

static uint32_t place_code(LayoutGroup *groups, size_t n, uint32_t at) {
    uint32_t end = at;
    for (LayoutGroup *g = groups; g < groups + n; g++) {
        uint32_t offset = at;
        for (int p = 0; p < NUM_PROCESSORS; p++) {
            g->code_offset[p] = g->code_size[p] ? offset : 0;
            offset = align_up(offset + g->code_size[p]);
        }
        end = max(end, offset);
    }
    return end;
}

wt_status_t layout_compute(Layout *l, LayoutGroup *groups, size_t num_groups) {
    uint32_t at = place_rtas(groups, num_groups, 0);
    at = place_crtas(l, at);
    l->sem_offset = at;
    at = place_cbs(l, groups, num_groups, at + l->semaphores * LAYOUT_SEMAPHORE);
    l->code_offset = at;
    l->size = place_code(groups, num_groups, at);
    if (l->size > l->capacity)
        return fail(
            WT_INVALID,
            "the program needs %u bytes of kernel configuration and code per core, of which "
            "%u are code; the kernel-config buffer has %u",
            l->size, l->size - l->code_offset, l->capacity);
    return WT_OK;
}
