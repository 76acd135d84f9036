// One cycle of everything: links, routers, queues, the CE's turns; and the wheel that says which
// PEs have anything to do in it.
//
// A PE's part of a cycle, in this order: (1) the router moves head words, longest-unserved first,
// each when all its outputs have a slot and the links are free; (2) the main thread picks or runs a
// task whose time has come; (3) one operation (a microthread's or the main thread's) that can move
// moves what a cycle moves, by priority, then longest-unserved first. What a PE finds stamped with
// a later cycle it notes in `want`; a cycle in which it did something is followed by another look.
#include "wse/chip/machine.h"

#include "base/log.h"

#include <string.h>

const char *dir_name(unsigned dir) {
    static const char *const names[] = { "WEST", "EAST", "SOUTH", "NORTH", "RAMP" };
    return names[dir];
}

// ---- the wheel ----

static void unlink_pe(Chip *c, Pe *p) {
    uint32_t slot = p->linked % WHEEL;
    Link l = c->links[p->index];
    if (l.prev != UINT32_MAX)
        c->links[l.prev].next = l.next;
    else
        c->wheel[slot] = l.next;
    if (l.next != UINT32_MAX) c->links[l.next].prev = l.prev;
    if (c->wheel[slot] == UINT32_MAX) c->wheel_bits[slot / 64] &= ~(1ull << slot % 64);
    p->linked = NEVER;
}

static void link_pe(Chip *c, Pe *p) {
    uint64_t at =
        p->want - c->now < WHEEL ? p->want : c->now + WHEEL - 1; // farther: looked at again then
    uint32_t slot = at % WHEEL, first = c->wheel[slot];
    p->linked = at;
    c->links[p->index] = (Link){ first, UINT32_MAX };
    if (first != UINT32_MAX) c->links[first].prev = p->index;
    c->wheel[slot] = p->index;
    c->wheel_bits[slot / 64] |= 1ull << slot % 64;
}

// Before its cycle's list is taken a PE may be woken for the cycle at hand; afterwards for later
// ones.
void wafer_wake(Chip *c, Pe *p, uint64_t at) {
    if (at >= p->want) return;
    p->want = at;
    if (p->linked == c->now && p->linked != NEVER && at > c->now)
        return; // waits its turn in this cycle: linked after it
    if (p->linked != NEVER) {
        if (p->linked <= at) return;
        unlink_pe(c, p);
    }
    link_pe(c, p);
}

bool wafer_next(Chip *c, uint64_t *at) {
    *at = c->host_at;
    uint64_t from = c->now + 1;
    for (unsigned k = 0; k <= WHEEL / 64; k++) {
        uint64_t base = from / 64 + k;
        uint64_t bits = c->wheel_bits[base % (WHEEL / 64)];
        if (k == 0) bits &= ~0ull << from % 64;
        if (k == WHEEL / 64) bits &= ~(~0ull << from % 64);
        if (!bits) continue;
        uint64_t found = base * 64 + (uint64_t)__builtin_ctzll(bits);
        if (found < *at) *at = found;
        break;
    }
    return *at != NEVER;
}

// ---- queues ----

void channel_push(Chip *c, Pe *p, unsigned chan, uint64_t at, uint32_t word, bool control) {
    Queue *q = &p->chans[chan];
    queue_push(q, at, word, q->color, control);
    p->chan_live |= 1ull << q->number;
    wafer_wake(c, p, at);
}

void channel_pop(Chip *c, Pe *p, unsigned chan) {
    Queue *q = &p->chans[chan];
    queue_pop(q);
    if (!q->count) p->chan_live &= ~(1ull << q->number);
    if (q->from_host) host_took(c, p, q->color);
}

// ---- the router ----

static inline uint64_t mix(uint64_t h, uint64_t cycle, unsigned color, unsigned dirs,
                           uint32_t word) {
    h ^= cycle * 0x9e3779b97f4a7c15ull ^ ((uint64_t)word << 16 | color << 8 | dirs);
    h *= 0xd6e8feb86659fd93ull;
    return h ^ h >> 32;
}

// Who takes what a PE sends: looked up once, when all PEs stand.
void fabric_connect(Chip *c) {
    for (uint32_t i = 0; i < c->npes; i++) {
        Pe *p = &c->pes[i];
        for (unsigned color = 0; color < WSE_COLORS; color++)
            for (unsigned dir = 0; dir < 4; dir++) {
                if (!(p->plan->router->color[color].tx >> dir & 1)) continue;
                Branch *b = &p->branches[p->plan->branch_of[dir][color]];
                *b = (Branch){ 0 };
                if (p->neighbor[dir] == UINT32_MAX) continue;
                b->to = &c->pes[p->neighbor[dir]];
                const uint8_t *of = b->to->plan->lane_of[opposite(dir)][color];
                b->dropped = b->to->plan->arrives[opposite(dir)][color] == 2;
                for (; b->lanes < 2 && of[b->lanes] != OBJ_NONE8; b->lanes++)
                    b->lane[b->lanes] = &b->to->lanes[of[b->lanes]];
            }
    }
}

// Could a word of a color leave through every direction of `tx` now?
static inline __attribute__((always_inline)) bool outputs_free(const Chip *c, const Pe *p,
                                                               unsigned color, unsigned tx) {
    for (unsigned left = tx & 15; left; left &= left - 1) {
        const Branch *b = &p->branches[p->plan->branch_of[__builtin_ctz(left)][color]];
        if (!b->lanes && !b->dropped) return false;
        for (unsigned i = 0; i < b->lanes; i++)
            if (!lane_room(b->lane[i], c->now)) return false;
    }
    if (!(tx >> DIR_RAMP & 1)) return true;
    uint8_t chan = p->plan->chan_color[color];
    return chan != OBJ_NONE8 && p->chans[chan].count < p->chans[chan].cap;
}

// A color takes its partner's words instead of its own, and nobody takes its own: said once.
static void lose(Chip *c, const Pe *at, unsigned color) {
    if (!c->lost++)
        log_at(
            WT_LOG_WARNING,
            "PE (%u,%u): words of color %u are lost, because color %u swaps and color %u does not",
            at->x, at->y, color, color, color ^ 1);
}

static inline __attribute__((always_inline)) void send(Chip *c, Pe *p, unsigned color, unsigned tx,
                                                       const Flit *f) {
    uint64_t at = c->now + HOP;
    for (unsigned left = tx & 15; left; left &= left - 1) {
        const Branch *b = &p->branches[p->plan->branch_of[__builtin_ctz(left)][color]];
        if (b->dropped) lose(c, b->to, color);
        for (unsigned i = 0; i < b->lanes; i++) {
            Lane *l = b->lane[i];
            flit_put(&l->slot[((unsigned)l->head + l->count) % LANE_WORDS], at, f->data, color,
                     f->control);
            l->count++;
            b->to->live[l->number / 64] |= 1ull << l->number % 64;
            wafer_wake(c, b->to, at);
        }
    }
    if (tx >> DIR_RAMP & 1) {
        channel_push(c, p, p->plan->chan_color[color], c->now + RAMP_DELAY, f->data, f->control);
    }
    p->hash = mix(p->hash, c->now, color | (unsigned)f->control << 7, tx, f->data);
    c->wavelets++;
    p->did = true;
}

// A head word that could move, as one number that sorts: the cycle in which its lane or queue was
// served last, then its number (a lane's; from 128 on an output queue's).
static inline uint64_t head_key(uint64_t served, unsigned number) { return served << 8 | number; }

static void lane_pop(Chip *c, Pe *p, unsigned number) {
    Lane *l = &p->lanes[number];
    // The sender may have waited for the slot; it sees it in the next cycle.
    if (l->count == LANE_WORDS) wafer_wake(c, &c->pes[p->neighbor[l->dir]], c->now + 1);
    l->head = (l->head + 1u) % LANE_WORDS;
    l->count--;
    l->popped = l->served = c->now;
    if (!l->count) p->live[number / 64] &= ~(1ull << number % 64);
}

static void want(Pe *p, uint64_t at) {
    if (at < p->want) p->want = at;
}

// Heads whose time has come, longest-unserved first.
static unsigned heads(Chip *c, Pe *p, uint64_t *h) {
    unsigned n = 0;
    for (unsigned k = 0; k < 2; k++)
        for (uint64_t left = p->live[k]; left; left &= left - 1) {
            unsigned number = k * 64 + (unsigned)__builtin_ctzll(left);
            const Lane *l = &p->lanes[number];
            if (l->slot[l->head].at > c->now)
                want(p, l->slot[l->head].at);
            else
                h[n++] = head_key(l->served, number);
        }
    for (unsigned left = p->oq_live; left; left &= left - 1) {
        unsigned number = (unsigned)__builtin_ctz(left);
        Queue *q = &p->oqs[number];
        const Flit *f = queue_head(q);
        if (f->at > c->now)
            want(p, f->at);
        else if (c->head->d2h >> f->color & 1)
            host_offer(c, p);
        else
            h[n++] = head_key(q->served, 128 + number);
    }
    for (unsigned i = 1; i < n; i++)
        for (unsigned k = i; k > 0 && h[k] < h[k - 1]; k--) {
            uint64_t swap = h[k];
            h[k] = h[k - 1];
            h[k - 1] = swap;
        }
    return n;
}

// A word from an output queue, under the colors it enters the router on (two under a color swap).
static bool send_from_ramp(Chip *c, Pe *p, Queue *q, unsigned *used) {
    const Flit *f = queue_head(q);
    const uint8_t *as = p->plan->ramp_color[f->color];
    unsigned tx[2] = { 0, 0 }, n = 0;
    for (; n < 2 && as[n] != OBJ_NONE8; n++) {
        const ObjColor *k = &p->plan->router->color[as[n]];
        tx[n] = flit_tx(f, k->tx);
        if (!(k->rx >> DIR_RAMP & 1) || tx[n] & *used || !outputs_free(c, p, as[n], tx[n]))
            return false;
    }
    if (tx[0] & tx[1]) return false;
    if (!n) lose(c, p, f->color);
    for (unsigned i = 0; i < n; i++) send(c, p, as[i], tx[i], f);
    *used |= tx[0] | tx[1] | 1u << DIRS; // one word a cycle comes up the ramp
    return true;
}

static void router_cycle(Chip *c, Pe *p) {
    uint64_t h[128 + WSE_QUEUES];
    unsigned n = heads(c, p, h), used = 0;
    for (unsigned i = 0; i < n; i++) {
        unsigned number = h[i] & 0xff;
        if (number >= 128) {
            Queue *q = &p->oqs[number - 128];
            if (used >> DIRS & 1 || !send_from_ramp(c, p, q, &used)) continue;
            queue_pop(q);
            q->served = c->now;
            if (!q->count) p->oq_live &= (uint8_t) ~(1u << (number - 128));
            continue;
        }
        Lane *l = &p->lanes[number];
        if (!l->tx) continue;
        const Flit *f = &l->slot[l->head];
        unsigned tx = flit_tx(f, l->tx);
        if (tx & used || !outputs_free(c, p, l->color, tx)) continue;
        send(c, p, l->color, tx, f);
        used |= tx;
        lane_pop(c, p, number);
    }
}

// ---- the CE ----

static void main_cycle(Chip *c, Pe *p) {
    if (p->state == MAIN_IDLE) {
        if (p->main_at > c->now) {
            want(p, p->main_at);
            return;
        }
        if (!(((p->active & ~p->parked) | p->chan_live) & ~p->blocked) && !p->launched) return;
        if (!task_pick(c, p)) return;
        p->did = true;
    }
    if (p->state == MAIN_RUN || p->state == MAIN_ELEMENT) {
        if (p->main_at > c->now) {
            want(p, p->main_at);
            return;
        }
        bool waited = p->state == MAIN_ELEMENT;
        pe_run(c, p);
        if (!(waited && p->state == MAIN_ELEMENT)) p->did = true;
        if ((p->state == MAIN_RUN || p->state == MAIN_IDLE) && p->main_at > c->now)
            want(p, p->main_at);
    }
}

// One operation that can move moves: the highest class of priority first, in a class the one that
// moved longest ago. It takes the cycle from the main thread's own work. That work comes before the
// low class, but what the manual calls "in general, favor" must not keep a microthread still for as
// long as a loop runs: of two cycles in a row it leaves one to the low class.
static void op_cycle(Chip *c, Pe *p) {
    unsigned live = p->op_live | (p->state == MAIN_VECTOR ? 1u << MAIN_OP : 0);
    bool busy = p->state == MAIN_RUN && p->main_at > c->now;
    while (live) {
        unsigned best = OPS;
        for (unsigned left = live; left; left &= left - 1) {
            unsigned slot = (unsigned)__builtin_ctz(left);
            if (best == OPS || p->ops[slot].turn < p->ops[best].turn) best = slot;
        }
        Op *op = &p->ops[best];
        bool low = op->turn >> TURN_SHIFT == TURN_LOW;
        if (low && busy && p->yielded + 1 == c->now) {
            want(p, c->now + 1);
            return; // the others are of the same class
        }
        p->acting = (uint8_t)(best + 1);
        bool ready = vec_ready(c, p, op, best);
        if (ready) vec_step(c, p, op, best);
        p->acting = 0;
        if (ready) {
            task_event(p);
            p->did = true;
            if (busy) p->main_at++;
            if (busy && low) p->yielded = c->now;
            return;
        }
        live &= ~(1u << best);
    }
}

static void pe_cycle(Chip *c, Pe *p) {
    p->did = false;
    if (p->live[0] | p->live[1] | p->oq_live) router_cycle(c, p);
    bool busy = p->state == MAIN_RUN && p->main_at > c->now;
    main_cycle(c, p);
    if (p->op_live || p->state == MAIN_VECTOR) op_cycle(c, p);
    if (!p->did) return;
    want(p, c->now + 1);
    if (!busy) c->tile_cycles++;
}

static uint64_t next_random(uint64_t *s) {
    *s ^= *s << 13;
    *s ^= *s >> 7;
    return *s ^= *s << 17;
}

void wafer_cycle(Chip *c) {
    if (c->host_at <= c->now) host_cycle(c);
    uint32_t slot = c->now % WHEEL, n = 0;
    for (uint32_t i = c->wheel[slot]; i != UINT32_MAX; i = c->links[i].next) c->run[n++] = i;
    c->wheel[slot] = UINT32_MAX;
    c->wheel_bits[slot / 64] &= ~(1ull << slot % 64);
    if (c->opt.seed)
        for (uint32_t i = n; i > 1; i--) {
            uint32_t k = (uint32_t)(next_random(&c->rng) % i), swap = c->run[i - 1];
            c->run[i - 1] = c->run[k];
            c->run[k] = swap;
        }
    for (uint32_t i = 0; i < n; i++) {
        Pe *p = &c->pes[c->run[i]];
        if (p->want <= c->now) p->want = NEVER; // a farther one keeps what it waits for
    }
    for (uint32_t i = 0; i < n; i++) {
        Pe *p = &c->pes[c->run[i]];
        pe_cycle(c, p);
        p->linked = NEVER;
        if (p->want != NEVER) link_pe(c, p);
        if (c->faulted) return;
    }
}
