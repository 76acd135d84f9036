// The chip: opening a program, letting time pass, looking at what is there.
#include "wse/chip/chip.h"

#include "wse/chip/machine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

// ---- opening ----

// One plan for each pair of instance and router that occurs; of_rect says which is whose.
static wt_status_t make_plans(Chip *c, uint32_t *of_rect) {
    const Object *o = c->o;
    c->plans = calloc(o->nrects, sizeof *c->plans);
    c->launch_func = calloc(o->nrects, sizeof *c->launch_func);
    if (!c->plans || !c->launch_func)
        return fail(WT_NOMEM, "no memory for %u PE groups", o->nrects);
    for (uint32_t i = 0; i < o->nrects; i++) {
        const ObjRect *r = &o->rects[i];
        uint32_t k = 0;
        while (k < c->nplans &&
               (c->plans[k].inst != r->inst || c->plans[k].router != &o->routers[r->router]))
            k++;
        if (k == c->nplans) TRY(plan_make(c, &c->plans[c->nplans++], r->inst, r->router));
        of_rect[i] = k;
    }
    return WT_OK;
}

static void place_parts(Pe *p, uint8_t *m) {
    const Plan *plan = p->plan;
    p->lanes = (Lane *)(m + plan->at_lanes);
    p->branches = (Branch *)(m + plan->at_branches);
    p->chans = (Queue *)(m + plan->at_chans);
    p->oqs = (Queue *)(m + plan->at_oqs);
    p->since = (uint64_t *)(m + plan->at_since);
    p->ops = (Op *)(m + plan->at_ops);
    p->dsrs = (Dsr *)(m + plan->at_dsrs);
    p->fifos = (FifoState *)(m + plan->at_fifos);
    p->regs = (uint64_t *)(m + plan->at_regs);
    p->frames = (Frame *)(m + plan->at_frames);
    p->line = plan->in->uses & USES_PRINT ? (char *)(m + plan->at_line) : NULL;
    p->ram = m + plan->at_ram;
    p->ram_bytes = plan->in->ram;
}

static void make_lanes(Pe *p) {
    unsigned n = 0;
    for (unsigned color = 0; color < WSE_COLORS; color++)
        for (unsigned dir = 0; dir < 4; dir++)
            if (p->plan->router->color[color].rx >> dir & 1)
                p->lanes[n] = (Lane){ .popped = NEVER,
                                      .number = (uint8_t)n,
                                      .color = (uint8_t)color,
                                      .dir = (uint8_t)dir,
                                      .tx = p->plan->router->color[color].tx },
                n++;
}

const uint8_t input_words[2][WSE_QUEUES] = { { 6, 6, 4, 4, 2, 2, 2, 2 },
                                             { 8, 8, 4, 4, 4, 4, 4, 4 } };

static void make_queues(const Chip *c, Pe *p) {
    static const uint8_t output2[] = { 2, 2, 6, 6, 2, 2 };
    bool wse2 = c->head->arch == WSE2;
    enum { UNBOUND_WORDS = 2 }; // WSE-2 colors without a queue: as the shortest
    for (unsigned color = 0; wse2 && color < WSE_COLORS; color++) {
        uint8_t chan = p->plan->chan_color[color];
        if (chan != OBJ_NONE8)
            p->chans[chan] = (Queue){ .cap = UNBOUND_WORDS + RAMP_WORDS,
                                      .number = (uint8_t)color,
                                      .color = (uint8_t)color,
                                      .from_host = c->head->h2d >> color & 1 };
    }
    for (unsigned q = 0; wse2 && q < sizeof output2; q++)
        p->oqs[p->plan->oq_of[q]] =
            (Queue){ .cap = output2[q] + EXECUTE_WORDS, .number = (uint8_t)q, .color = OBJ_NONE8 };
    for (uint32_t i = 0; i < p->plan->in->queues.n; i++) {
        const ObjQueue *q = &c->o->queues[p->plan->in->queues.at + i];
        if (q->output && wse2)
            p->oqs[p->plan->oq_of[q->number]].color = q->color;
        else if (q->output)
            p->oqs[p->plan->oq_of[q->number]] =
                (Queue){ .cap = 8 + EXECUTE_WORDS, .number = q->number, .color = q->color };
        else if (!wse2)
            p->chans[p->plan->chan_queue[q->number]] =
                (Queue){ .cap = input_words[1][q->number] + RAMP_WORDS,
                         .number = q->number,
                         .color = q->color,
                         .from_host = c->head->h2d >> q->color & 1,
                         .control_at = q->control_at };
        else if (p->plan->chan_queue[q->number] != OBJ_NONE8)
            p->chans[p->plan->chan_queue[q->number]].cap = input_words[0][q->number] + RAMP_WORDS;
    }
}

static void make_pe(Chip *c, Pe *p, const Plan *plan, uint8_t *memory, uint32_t x, uint32_t y,
                    const uint32_t *row) {
    const ObjHead *h = c->head;
    const ObjInst *in = plan->in;
    uint32_t i = y * h->rect_w + x;
    *p = (Pe){ .want = NEVER,
               .linked = NEVER,
               .index = i,
               .x = (uint16_t)x,
               .y = (uint16_t)y,
               .plan = plan,
               .row = row,
               .blocked = plan->blocked,
               .active = in->active,
               .ut_blocked = (uint8_t)in->ut_blocked,
               .random = 0xdeadbeef & 0x7fffff };
    p->neighbor[DIR_W] = x ? i - 1 : UINT32_MAX;
    p->neighbor[DIR_E] = x + 1 < h->rect_w ? i + 1 : UINT32_MAX;
    p->neighbor[DIR_N] = y ? i - h->rect_w : UINT32_MAX;
    p->neighbor[DIR_S] = y + 1u < h->rect_h ? i + h->rect_w : UINT32_MAX;
    place_parts(p, memory);
    make_lanes(p);
    make_queues(c, p);
    if (in->data.n) memcpy(p->ram + in->data_at, c->o->data + in->data.at, in->data.n);
    for (uint32_t k = 0; k < in->relocs.n; k++) {
        const ObjReloc *r = &c->o->relocs[in->relocs.at + k];
        memcpy(p->ram + r->at, &row[r->row], r->size);
    }
    for (uint32_t k = 0; k < in->nstart; k++) vec_load_dsr(c, p, &plan->dsrs[k], NULL);
}

static wt_status_t make_pes(Chip *c, const uint32_t *of_rect) {
    const Object *o = c->o;
    for (uint32_t i = 0; i < o->nrects; i++)
        c->memory_bytes += (uint64_t)c->plans[of_rect[i]].bytes * o->rects[i].w * o->rects[i].h;
    if (c->memory_bytes) {
        c->memory = mmap(NULL, c->memory_bytes, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (c->memory == MAP_FAILED) {
            c->memory = NULL;
            return fail(WT_NOMEM, "no memory for %u PEs (%llu MiB)", c->npes,
                        (unsigned long long)(c->memory_bytes >> 20));
        }
    }
    uint8_t *m = c->memory;
    for (uint32_t i = 0; i < o->nrects; i++) {
        const ObjRect *r = &o->rects[i];
        const Plan *plan = &c->plans[of_rect[i]];
        for (uint32_t k = 0; k < (uint32_t)r->w * r->h; k++, m += plan->bytes) {
            uint32_t x = r->x + k % r->w, y = r->y + k / r->w;
            make_pe(c, &c->pes[y * c->head->rect_w + x], plan, m, x, y,
                    o->rows + r->row + (size_t)k * r->row_words);
        }
    }
    fabric_connect(c);
    for (uint32_t i = 0; i < c->npes; i++)
        if (c->pes[i].active) wafer_wake(c, &c->pes[i], 1);
    return WT_OK;
}

static wt_status_t open_parts(Chip *c) {
    const Object *o = c->o;
    c->pes = calloc(c->npes, sizeof *c->pes);
    c->run = calloc(c->npes, sizeof *c->run);
    c->links = calloc(c->npes, sizeof *c->links);
    uint32_t *of_rect = calloc(o->nrects, sizeof *of_rect);
    wt_status_t s = c->pes && c->run && c->links && of_rect
                        ? WT_OK
                        : fail(WT_NOMEM, "no memory for %u PEs", c->npes);
    memset(c->wheel, 0xff, sizeof c->wheel);
    if (!s) s = host_init(c);
    if (!s) s = make_plans(c, of_rect);
    if (!s) s = make_pes(c, of_rect);
    free(of_rect);
    return s;
}

wt_status_t wafer_open(const Object *o, const ChipOptions *opt, WseChip **out) {
    *out = NULL;
    Chip *c = calloc(1, sizeof *c);
    if (!c) return fail(WT_NOMEM, "no memory for a chip");
    c->o = o;
    c->head = o->head;
    if (opt) c->opt = *opt;
    c->rng = c->opt.seed * 0x9e3779b97f4a7c15ull | 1;
    c->npes = (uint32_t)o->head->rect_w * o->head->rect_h;
    wt_status_t s = open_parts(c);
    if (s) {
        wafer_close(c);
        return s;
    }
    *out = c;
    return WT_OK;
}

void wafer_close(WseChip *c) {
    if (!c) return;
    host_free(c);
    if (c->memory) munmap(c->memory, c->memory_bytes);
    free(c->pes);
    free(c->run);
    free(c->links);
    free(c->plans);
    free(c->launch_func);
    free(c->fault);
    free(c);
}

// ---- running ----

static bool met(const Chip *c, const ChipGoal *g) {
    if (g->stream) return wafer_stream_state(c, g->stream).done;
    return g->launch && !c->pending;
}

wt_status_t wafer_run(WseChip *c, const ChipGoal *goal, ChipStop *why) {
    bool bounded = goal->budget && goal->budget < NEVER - c->now;
    uint64_t end = bounded ? c->now + goal->budget : NEVER, at;
    if (c->faulted) return fail(WT_FAULT, "%s", c->fault);
    for (;;) {
        if (met(c, goal)) {
            *why = CHIP_MET;
            return WT_OK;
        }
        if (!wafer_next(c, &at)) {
            *why = CHIP_QUIET;
            return WT_OK;
        }
        if (at > end) {
            c->now = end;
            *why = CHIP_BUDGET;
            return WT_OK;
        }
        c->now = at;
        wafer_cycle(c);
        if (c->faulted) return fail(WT_FAULT, "%s", c->fault);
        if (atomic_load_explicit(&c->interrupt, memory_order_relaxed)) {
            atomic_store(&c->interrupt, false);
            *why = CHIP_INTERRUPTED;
            return WT_OK;
        }
    }
}

void wafer_interrupt(WseChip *c) { atomic_store(&c->interrupt, true); }

wt_status_t wafer_skip(WseChip *c, uint64_t cycles) {
    uint64_t at;
    if (c->faulted) return fail(WT_FAULT, "%s", c->fault);
    if (wafer_next(c, &at) && at <= c->now + cycles) {
        ChipStop why;
        return wafer_run(c, &(ChipGoal){ .budget = cycles }, &why);
    }
    c->now += cycles;
    return WT_OK;
}

// ---- looking ----

static Pe *pe_at(const Chip *c, unsigned x, unsigned y) {
    return x < c->head->rect_w && y < c->head->rect_h ? &c->pes[(size_t)y * c->head->rect_w + x]
                                                      : NULL;
}

const ObjInst *wafer_inst(const WseChip *c, unsigned x, unsigned y) {
    const Pe *p = pe_at(c, x, y);
    return p ? p->plan->in : NULL;
}

static wt_status_t check_span(const Chip *c, const Pe *p, unsigned x, unsigned y, uint32_t at,
                              uint32_t bytes) {
    if (!p)
        return fail(WT_INVALID, "PE (%u,%u) lies outside the %ux%u rectangle", x, y,
                    c->head->rect_w, c->head->rect_h);
    if (at > WSE_RAM || bytes > WSE_RAM - at)
        return fail(WT_INVALID, "%u bytes at 0x%x lie outside the RAM of a PE", bytes, at);
    return WT_OK;
}

wt_status_t wafer_read(const WseChip *c, unsigned x, unsigned y, uint32_t at, void *to,
                       uint32_t bytes) {
    const Pe *p = pe_at(c, x, y);
    TRY(check_span(c, p, x, y, at, bytes));
    uint32_t ram = p->plan->in->ram, have = at >= ram ? 0 : bytes < ram - at ? bytes : ram - at;
    if (have) memcpy(to, p->ram + at, have);
    memset((uint8_t *)to + have, 0, bytes - have);
    return WT_OK;
}

wt_status_t wafer_write(WseChip *c, unsigned x, unsigned y, uint32_t at, const void *from,
                        uint32_t bytes) {
    Pe *p = pe_at(c, x, y);
    TRY(check_span(c, p, x, y, at, bytes));
    if (c->faulted) return fail(WT_FAULT, "%s", c->fault);
    if (at + bytes > p->plan->in->ram)
        return fail(
            WT_INVALID,
            "%u bytes at 0x%x lie outside the %u bytes that the program of PE (%u,%u) defines",
            bytes, at, p->plan->in->ram, x, y);
    if (bytes) memcpy(p->ram + at, from, bytes);
    if (p->parked) { // tasks that poll memory may look again
        task_event(p);
        wafer_wake(c, p, c->now + 1);
    }
    return WT_OK;
}

uint8_t *wafer_ram(WseChip *c, unsigned x, unsigned y, uint32_t *bytes) {
    Pe *p = pe_at(c, x, y);
    *bytes = p ? p->plan->in->ram : 0;
    return p ? p->ram : NULL;
}

uint64_t wafer_now(const WseChip *c) { return c->now; }

void wafer_stats(WseChip *c, ChipStats *out) {
    *out = (ChipStats){ .cycles = c->now,
                        .tile_cycles = c->tile_cycles,
                        .wavelets = c->wavelets,
                        .insns = c->insns,
                        .elements = c->elements,
                        .bytes = c->memory_bytes +
                                 c->npes * (sizeof(Pe) + sizeof *c->run + sizeof *c->links) };
    for (uint32_t i = 0; i < c->npes; i++)
        out->hash = (out->hash ^ c->pes[i].hash) * 0x9e3779b97f4a7c15ull + i;
}

bool wafer_faulted(const WseChip *c) { return c->faulted; }
