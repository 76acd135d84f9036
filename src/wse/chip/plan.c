// Plans: what PEs of one instance and one router configuration have in common, worked out when the
// chip opens: which lanes, queues and tasks exist, where a PE's parts lie in its block of memory,
// how deep its calls go.
#include "wse/chip/machine.h"

#include <stdlib.h>
#include <string.h>

static bool swaps(const ObjColor *k, unsigned dir) {
    if (dir == DIR_RAMP)
        return (k->flags & (COLOR_SWAP_X | COLOR_SWAP_Y)) == (COLOR_SWAP_X | COLOR_SWAP_Y);
    return k->flags & (dir == DIR_W || dir == DIR_E ? COLOR_SWAP_X : COLOR_SWAP_Y);
}

// The colors under which a word that arrives from `dir` enters the router (inventory 4.8): its own
// unless that one takes its partner's words instead; the partner if that one does. Returns how
// many.
static unsigned enters_as(const ObjRouter *r, unsigned dir, unsigned color, uint8_t as[2]) {
    unsigned n = 0, partner = color ^ 1;
    as[0] = as[1] = OBJ_NONE8;
    if (!swaps(&r->color[color], dir)) as[n++] = (uint8_t)color;
    if (swaps(&r->color[partner], dir)) as[n++] = (uint8_t)partner;
    return n;
}

static void plan_lanes(Plan *p) {
    uint8_t number[4][WSE_COLORS];
    memset(number, OBJ_NONE8, sizeof number);
    for (unsigned color = 0; color < WSE_COLORS; color++)
        for (unsigned dir = 0; dir < 4; dir++)
            if (p->router->color[color].rx >> dir & 1) number[dir][color] = p->nlanes++;
    memset(p->lane_of, OBJ_NONE8, sizeof p->lane_of);
    for (unsigned color = 0; color < WSE_COLORS; color++) {
        for (unsigned dir = 0; dir < 4; dir++) {
            uint8_t as[2];
            unsigned n = enters_as(p->router, dir, color, as), k = 0;
            p->arrives[dir][color] = n ? 1 : 2;
            for (unsigned i = 0; i < n; i++)
                if (number[dir][as[i]] != OBJ_NONE8)
                    p->lane_of[dir][color][k++] = number[dir][as[i]];
        }
        enters_as(p->router, DIR_RAMP, color, p->ramp_color[color]);
        for (unsigned dir = 0; dir < 4; dir++)
            if (p->router->color[color].tx >> dir & 1) p->branch_of[dir][color] = p->nbranches++;
    }
}

static wt_status_t plan_queues(const Chip *c, Plan *p) {
    enum { OUTPUTS_WSE2 = 6 };
    const ObjQueue *queues = c->o->queues + p->in->queues.at;
    bool wse2 = c->head->arch == WSE2;
    memset(p->chan_color, OBJ_NONE8, sizeof p->chan_color);
    memset(p->chan_queue, OBJ_NONE8, sizeof p->chan_queue);
    memset(p->oq_of, OBJ_NONE8, sizeof p->oq_of);
    if (wse2) {
        for (unsigned color = 0; color < WSE_COLORS; color++)
            if (p->router->color[color].tx >> DIR_RAMP & 1 || c->head->h2d >> color & 1)
                p->chan_color[color] = p->nchans++;
        for (unsigned q = 0; q < OUTPUTS_WSE2; q++) p->oq_of[q] = p->noqs++;
    }
    for (uint32_t i = 0; i < p->in->queues.n; i++) {
        const ObjQueue *q = &queues[i];
        if (q->output) {
            if (!wse2) p->oq_of[q->number] = p->noqs++;
            continue;
        }
        p->priority[q->number] = q->priority;
        if (wse2) {
            if (q->color != OBJ_NONE8) p->chan_queue[q->number] = p->chan_color[q->color];
            continue;
        }
        if (p->chan_color[q->color] != OBJ_NONE8)
            return fail(WT_UNSUPPORTED,
                        "instance '%s': color %u is bound to two input queues, which is undefined",
                        object_string(c->o, p->in->name), q->color);
        p->chan_color[q->color] = p->chan_queue[q->number] = p->nchans++;
    }
    return WT_OK;
}

static wt_status_t plan_tasks(const Chip *c, Plan *p) {
    memset(p->task_of, OBJ_NONE8, sizeof p->task_of);
    memset(p->since_of, OBJ_NONE8, sizeof p->since_of);
    uint64_t channels = 0, bound = 0;
    for (uint32_t i = 0; i < p->in->tasks.n; i++) {
        const ObjTask *t = &p->tasks[i];
        p->task_of[t->number] = (uint8_t)i;
        p->since_of[t->number] = p->nsince++;
        if (t->number < WSE_TASKS) bound |= 1ull << t->number;
        if (t->kind == TASK_LOCAL) p->locals |= 1ull << t->number;
    }
    for (unsigned i = 0; i < WSE_COLORS; i++) {
        unsigned chan = c->head->arch == WSE2 ? p->chan_color[i]
                        : i < WSE_QUEUES      ? p->chan_queue[i]
                                              : OBJ_NONE8;
        if (chan == OBJ_NONE8) continue;
        channels |= 1ull << i;
        if (p->since_of[i] == OBJ_NONE8) p->since_of[i] = p->nsince++;
    }
    p->since_of[LAUNCH_TASK] = p->nsince++;
    p->blocked = (channels & ~bound & ~p->in->unblocked) | p->in->blocked;
    if (p->in->active & ~p->locals)
        return fail(WT_INVALID,
                    "instance '%s' activates a task at start that is not bound as a local task",
                    object_string(c->o, p->in->name));
    return WT_OK;
}

// ---- how deep calls go ----

enum { DEEP_REGS = 2048, DEEP_CALLS = 128 }; // for programs that may recurse
typedef struct Depth {
    uint32_t regs, calls;
    uint8_t state; // 0 new, 1 being visited, 2 known
} Depth;

static bool measure(const Plan *p, Depth *d, uint32_t f, unsigned nesting);

// Adds a call of `to` with window `a` to function f's needs.
static bool measure_call(const Plan *p, Depth *d, uint32_t f, uint32_t to, unsigned a,
                         unsigned nesting) {
    if (!measure(p, d, to, nesting + 1)) return false;
    if (a + d[to].regs > d[f].regs) d[f].regs = a + d[to].regs;
    if (1 + d[to].calls > d[f].calls) d[f].calls = 1 + d[to].calls;
    return true;
}

// False: calls may nest without bound.
static bool measure(const Plan *p, Depth *d, uint32_t f, unsigned nesting) {
    if (d[f].state == 2) return true;
    if (d[f].state == 1 || nesting > DEEP_CALLS) return false;
    d[f] = (Depth){ .regs = p->funcs[f].regs, .calls = 1, .state = 1 };
    const uint64_t *code = p->code + p->funcs[f].code;
    for (uint32_t i = 0; i < p->funcs[f].ncode; i++) {
        unsigned op = code[i] & 0xffff, a = code[i] >> 16 & 0xffff, signature = code[i] >> 48;
        if (op == PE_call && !measure_call(p, d, f, (uint32_t)(code[i] >> 32), a, nesting))
            return false;
        if (op != PE_calli) continue;
        for (uint32_t to = 0; to < p->in->funcs.n; to++)
            if (p->funcs[to].args == (signature & 0xff) && p->funcs[to].results == signature >> 8 &&
                !measure_call(p, d, f, to, a, nesting))
                return false;
    }
    d[f].state = 2;
    return true;
}

static wt_status_t plan_depth(Plan *p) {
    Depth *d = calloc(p->in->funcs.n + 1, sizeof *d);
    if (!d) return fail(WT_NOMEM, "no memory to measure calls");
    p->nregs = p->depth = 1;
    bool bounded = true;
    for (uint32_t f = 0; f < p->in->funcs.n && bounded; f++) {
        bounded = measure(p, d, f, 0);
        if (d[f].regs > p->nregs) p->nregs = d[f].regs;
        if (d[f].calls > p->depth) p->depth = d[f].calls;
    }
    if (!bounded)
        for (uint32_t f = 0; f < p->in->funcs.n; f++)
            if (p->funcs[f].regs > p->nregs) p->nregs = p->funcs[f].regs;
    if (!bounded) p->nregs += DEEP_REGS, p->depth = DEEP_CALLS;
    free(d);
    return WT_OK;
}

// ---- memory ----

static uint32_t part(uint32_t *at, size_t size, size_t n) {
    uint32_t here = (*at + 63u) & ~63u; // whole cache lines
    *at = here + (uint32_t)(size * n);
    return here;
}

static void plan_memory(Plan *p) {
    uint32_t at = 0;
    p->at_lanes = part(&at, sizeof(Lane), p->nlanes);
    p->at_branches = part(&at, sizeof(Branch), p->nbranches);
    p->at_chans = part(&at, sizeof(Queue), p->nchans);
    p->at_oqs = part(&at, sizeof(Queue), p->noqs);
    p->at_since = part(&at, sizeof(uint64_t), p->nsince);
    p->at_ops = part(&at, sizeof(Op), p->in->vecs.n ? OPS : 0);
    p->at_dsrs = part(&at, sizeof(Dsr), p->ndsrs);
    p->at_fifos = part(&at, sizeof(FifoState), p->nfifos);
    p->at_regs = part(&at, sizeof(uint64_t), p->nregs);
    p->at_frames = part(&at, sizeof(Frame), p->depth);
    p->at_line = part(&at, 1, p->in->uses & USES_PRINT ? LINE_BYTES : 0);
    p->at_ram = part(&at, 1, p->in->ram);
    p->bytes = (at + 63u) & ~63u;
}

wt_status_t plan_make(const Chip *c, Plan *p, uint32_t inst, uint32_t router) {
    const Object *o = c->o;
    const ObjInst *in = &o->insts[inst];
    *p = (Plan){ .in = in,
                 .inst = inst,
                 .router = &o->routers[router],
                 .code = o->code,
                 .funcs = o->funcs + in->funcs.at,
                 .vecs = o->vecs + in->vecs.at,
                 .dsds = o->dsds + in->dsds.at,
                 .shapes = o->shapes + in->shapes.at,
                 .dsrs = o->dsrs + in->dsrs.at,
                 .fifos = o->fifos + in->fifos.at,
                 .tasks = o->tasks + in->tasks.at,
                 .nfifos = (uint8_t)in->fifos.n };
    for (unsigned color = 0; color < WSE_COLORS; color++) {
        const ObjColor *k = &p->router->color[color];
        if (k->npos)
            return fail(WT_UNSUPPORTED, "instance '%s': switches (color %u) are not supported yet",
                        object_string(o, in->name), color);
        if (k->flags & (COLOR_SWAP_X | COLOR_SWAP_Y) && c->head->arch != WSE2)
            return fail(WT_INVALID, "WSE-3 has no color swap (color %u)", color);
    }
    plan_lanes(p);
    TRY(plan_queues(c, p));
    TRY(plan_tasks(c, p));
    TRY(plan_depth(p));
    memset(p->dsr_of, OBJ_NONE8, sizeof p->dsr_of);
    for (uint32_t i = 0; i < in->dsrs.n; i++) {
        uint8_t *slot = &p->dsr_of[p->dsrs[i].file][p->dsrs[i].number];
        if (*slot == OBJ_NONE8) *slot = p->ndsrs++;
    }
    plan_memory(p);
    return WT_OK;
}
