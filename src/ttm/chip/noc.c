// The NoCs: commands in flight, when they complete, and what completion does.
//
// A NoC is a one-way torus: a request and its response together go once round every ring they
// use, whatever the distance. The model knows this round trip only: data and acknowledgement of a
// command take effect together, at its completion, a window or more after its issue.
//
//   start      = max(issue, end of the initiator's previous send on this NoC)
//   end        = start + bytes / rate
//   completion = start + base + hop * columns (if x differs) + hop * rows (if y differs) + bytes /
//   rate
//
// Commands of one initiator to one target on one NoC thus complete in the order of issue: the
// second starts when the first has been sent, and the rest of both latencies is the same.
//
// At a boundary everything that has completed is applied in the one order (completion, initiator,
// sequence): first what happens at the targets, then at the initiators read data, results of
// atomics, and counters.
#include "ttm/chip/model.h"

#include "base/log.h"

#include <assert.h>
#include <string.h>

// ---- the heap of completions -------------------------------------------------------------------

static bool earlier(const Event *a, const Event *b) {
    return a->when != b->when ? a->when < b->when : a->key < b->key;
}

static void heap_push(Model *m, Event e) {
    assert(m->num_events < m->events_cap);
    uint32_t i = m->num_events++;
    for (uint32_t up = (i - 1) / 2; i && earlier(&e, &m->event[up]); i = up, up = (i - 1) / 2)
        m->event[i] = m->event[up];
    m->event[i] = e;
}

static Event heap_pop(Model *m) {
    Event top = m->event[0], e = m->event[--m->num_events];
    uint32_t i = 0, n = m->num_events;
    for (uint32_t down = 1; down < n; down = 2 * i + 1) {
        if (down + 1 < n && earlier(&m->event[down + 1], &m->event[down])) down++;
        if (!earlier(&m->event[down], &e)) break;
        m->event[i] = m->event[down];
        i = down;
    }
    m->event[i] = e;
    return top;
}

// ---- outboxes ----------------------------------------------------------------------------------

static bool carries_bytes(const Command *c) {
    return c->kind == COMMAND_READ || c->kind == COMMAND_WRITE;
}

// Room for n bytes in one piece: where it begins, or UINT32_MAX.
static uint32_t find_room(Outbox *o, uint32_t n) {
    if (!o->holders)
        o->first = o->last = 0;
    else if (o->last == o->first)
        return UINT32_MAX; // full
    if (o->last < o->first) return o->first - o->last >= n ? o->last : UINT32_MAX;
    if (o->bytes - o->last >= n) return o->last;
    return o->first >= n ? 0 : UINT32_MAX;
}

static Command *outbox_at(const Tile *tile, uint32_t i) {
    return &tile->outbox.slot[i % tile->outbox.slots];
}

// Gives back the room of the oldest commands that are done.
static void outbox_shrink(Tile *tile) {
    Outbox *o = &tile->outbox;
    for (; o->head != o->tail && outbox_at(tile, o->head)->done; o->head++) {
        const Command *c = outbox_at(tile, o->head);
        if (!carries_bytes(c)) continue;
        o->first = c->payload_end;
        o->holders--;
    }
    if (!tile->wants_outbox) return;
    tile->wants_outbox = false;
    tile_retry(tile, CHIP_ALL_HARTS, tile->model->now);
}

uint32_t noc_flits(const Model *m, uint32_t bytes) {
    return (uint32_t)((bytes + m->arch->noc_bytes_per_cycle - 1) / m->arch->noc_bytes_per_cycle);
}

// From start to completion.
static uint64_t latency(const Model *m, const CoordNode *from, const Command *c) {
    const CoordNode *to = &m->chip.coords.node[c->node];
    const ArchFacts *f = m->arch;
    uint64_t cycles = f->noc_base_cycles + noc_flits(m, c->size);
    if (c->multicast || from->physical.x != to->physical.x)
        cycles += f->noc_hop_cycles * f->noc_columns;
    if (c->multicast || from->physical.y != to->physical.y)
        cycles += f->noc_hop_cycles * f->noc_rows;
    return cycles;
}

bool noc_send(Tile *tile, const Command *command, uint64_t issue, uint8_t **payload) {
    Model *m = tile->model;
    Outbox *o = &tile->outbox;
    uint32_t at = 0;
    if (o->tail - o->head == o->slots) return false;
    if (carries_bytes(command) && (at = find_room(o, command->size)) == UINT32_MAX) return false;
    if (carries_bytes(command)) {
        o->last = at + command->size;
        o->holders++;
    }
    Niu *niu = &tile->niu[command->noc];
    uint64_t start = issue > niu->sending_until ? issue : niu->sending_until;
    niu->sending_until = start + noc_flits(m, command->size);

    uint32_t slot = o->tail++ % o->slots;
    Command *c = &o->slot[slot];
    *c = *command;
    c->payload = at;
    c->payload_end = o->last;
    c->sequence = tile->sequence++;
    c->completion = start + latency(m, tile->node, c);
    *payload = o->payload + at;
    return true;
}

void noc_collect(Tile *tile) {
    Outbox *o = &tile->outbox;
    for (; o->collected != o->tail; o->collected++) {
        const Command *c = outbox_at(tile, o->collected);
        heap_push(tile->model, (Event){ .when = c->completion,
                                        .key = (uint64_t)tile->number << 48 | c->sequence,
                                        .tile = tile->number,
                                        .slot = o->collected % o->slots });
    }
}

void noc_drop(Model *m) {
    m->num_events = m->num_deferred = 0;
    for (uint32_t t = 0; t < m->tiles; t++) {
        Outbox *o = &m->tile[t].outbox;
        o->head = o->tail = o->collected = o->first = o->last = o->holders = 0;
        m->tile[t].wants_outbox = false;
        for (int noc = 0; noc < NOCS; noc++) m->tile[t].niu[noc].sending_until = 0;
    }
}

// ---- values that must be seen ------------------------------------------------------------------

// A program may wait for a word to equal a value, so a parked hart must see each value of a word
// that it polls. A second change of the word at one boundary has to find the hart polling again;
// if the hart has moved on, the change waits for the next boundary, and with it whatever the same
// initiator sent later to that target on that NoC.

static bool overlaps(const Command *a, const Command *b) {
    return a->remote < b->remote + b->size && b->remote < a->remote + a->size;
}

static bool goes_to(const CoordMap *map, const Command *c, uint32_t node) {
    if (!c->multicast) return c->node == node;
    ChipXY at = map->node[node].virtual;
    return map->node[node].kind == CHIP_WORKER && at.x >= c->x0 && at.x <= c->x1 && at.y >= c->y0 &&
           at.y <= c->y1;
}

// Whether two commands have a target in common. Rectangles that overlap may do so where no worker
// is: one command too many then waits, which is no harm.
static bool have_common_target(const CoordMap *map, const Command *a, const Command *b) {
    if (!a->multicast) return goes_to(map, b, a->node);
    if (!b->multicast) return goes_to(map, a, b->node);
    return a->x0 <= b->x1 && b->x0 <= a->x1 && a->y0 <= b->y1 && b->y0 <= a->y1;
}

static bool is_behind_deferred(const Model *m, const Event *e, const Command *c) {
    for (uint32_t i = 0; i < m->num_deferred; i++) {
        const Event *d = &m->deferred[i];
        const Command *earlier_one = &m->tile[d->tile].outbox.slot[d->slot];
        if (!have_common_target(&m->chip.coords, earlier_one, c)) continue;
        if (d->tile == e->tile && earlier_one->noc == c->noc) return true;
        if (c->kind != COMMAND_READ && overlaps(earlier_one, c)) return true;
    }
    return false;
}

// Whether every hart that has been woken for a word in [addr, addr + size) polls it again.
static bool has_been_seen(Tile *tile, uint32_t addr, uint32_t size) {
    for (uint32_t h = 0; tile->woken >> h; h++)
        if (tile->woken >> h & 1 && hart_watches(&tile->hart[h], addr, size) &&
            !tile_polls_on(tile, h))
            return false;
    return true;
}

// ---- what happens at the target ----------------------------------------------------------------

static void write_node(Model *m, uint32_t node, uint64_t addr, const void *data, uint32_t size) {
    Tile *tile = m->tile_of[node];
    if (tile && addr < m->memory_of[node].size)
        tile_write(tile, (uint32_t)addr, data, size, m->now);
    else if (tile) {
        uint32_t word;
        memcpy(&word, data, 4);
        tile_store(tile, NULL, (uint32_t)addr, word, m->now);
    } else
        memcpy(m->memory_of[node].bytes + addr, data, size);
}

static void apply_multicast(Model *m, const Tile *from, const Command *c, uint32_t *acks) {
    const CoordMap *map = &m->chip.coords;
    *acks = 0;
    for (uint32_t y = c->y0; y <= c->y1; y++)
        for (uint32_t x = c->x0; x <= c->x1; x++) {
            const CoordNode *node = coord_at(map, x, y);
            if (!node || node->kind != CHIP_WORKER) continue; // the columns between are opted out
            if (node == from->node && !c->operation) continue;
            write_node(m, (uint32_t)(node - map->node), c->remote,
                       from->outbox.payload + c->payload, c->size);
            ++*acks;
        }
}

static void apply_atomic(Model *m, Command *c) {
    uint8_t *bytes = m->memory_of[c->node].bytes;
    uint32_t at = ((uint32_t)c->remote & ~15u) + (c->operation & 3) * 4, old, result;
    uint32_t mask = (2u << (c->operation >> 2 & 31)) - 1;
    memcpy(&result, bytes + c->remote, 4);
    memcpy(&old, bytes + at, 4);
    uint32_t sum = ((old + c->data) & mask) | (old & ~mask);
    write_node(m, c->node, at, &sum, 4);
    c->data = result;
}

// Samples what a read reads, into the outbox or, where nobody can tell the difference, at once into
// the initiator's L1.
static void sample(Model *m, Tile *from, Command *c, bool direct) {
    const Memory *memory = &m->memory_of[c->node];
    uint8_t *to = from->outbox.payload + c->payload;
    c->staged = true;
    if (c->remote < memory->size) {
        if (direct)
            tile_write(from, c->local, memory->bytes + c->remote, c->size, m->now);
        else
            memcpy(to, memory->bytes + c->remote, c->size);
        c->staged = !direct;
    } else if (m->tile_of[c->node]) {
        uint32_t word = 0;
        tile_load(m->tile_of[c->node], NULL, (uint32_t)c->remote, &word, m->now);
        memcpy(to, &word, 4);
    } else {
        memset(to, (int)m->arch->filler_byte, c->size);
        if (!from->warned)
            log_at(
                WT_LOG_WARNING,
                "core (%u,%u) reads %u bytes of node (%u,%u), which has no memory: it gets filler",
                from->node->logical.x, from->node->logical.y, c->size,
                m->chip.coords.node[c->node].physical.x, m->chip.coords.node[c->node].physical.y);
        from->warned = true;
    }
}

static bool must_wait(Model *m, const Event *e, const Tile *from, const Command *c) {
    if (m->num_deferred && is_behind_deferred(m, e, c)) return true;
    if (c->kind == COMMAND_READ) return false;
    uint32_t at = (uint32_t)c->remote, size = c->size;
    if (c->kind == COMMAND_ATOMIC) at = (at & ~15u) + (c->operation & 3) * 4;
    if (!c->multicast) return m->tile_of[c->node] && !has_been_seen(m->tile_of[c->node], at, size);
    for (uint32_t y = c->y0; y <= c->y1; y++)
        for (uint32_t x = c->x0; x <= c->x1; x++) {
            const CoordNode *node = coord_at(&m->chip.coords, x, y);
            if (!node || node->kind != CHIP_WORKER || (node == from->node && !c->operation))
                continue;
            if (!has_been_seen(m->tile_of[node - m->chip.coords.node], at, size)) return true;
        }
    return false;
}

static uint64_t mix(uint64_t hash, uint64_t word) {
    hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

static void hash_order(Model *m, const Event *e, const Command *c) {
    m->order_hash = mix(m->order_hash, c->completion);
    m->order_hash = mix(m->order_hash, e->key);
    m->order_hash =
        mix(m->order_hash, c->remote ^ (uint64_t)c->size << 40 ^ (uint64_t)c->node << 56);
    m->order_hash = mix(m->order_hash, c->local ^ (uint64_t)c->kind << 32 ^ (uint64_t)c->noc << 36);
}

static void apply_at_target(Model *m, const Event *e, bool direct) {
    Tile *from = &m->tile[e->tile];
    Command *c = &from->outbox.slot[e->slot];
    hash_order(m, e, c);
    switch (c->kind) {
    case COMMAND_READ: sample(m, from, c, direct); break;
    case COMMAND_WRITE:
        if (c->multicast)
            apply_multicast(m, from, c, &c->data);
        else
            write_node(m, c->node, c->remote, from->outbox.payload + c->payload, c->size);
        break;
    case COMMAND_INLINE: write_node(m, c->node, c->remote, &c->data, 4); break;
    case COMMAND_ATOMIC: apply_atomic(m, c); break;
    }
}

// ---- what happens at the initiator -------------------------------------------------------------

static void deliver_data(Model *m, Tile *from, const Command *c) {
    if (c->kind == COMMAND_READ && c->staged)
        tile_write(from, c->local, from->outbox.payload + c->payload, c->size, m->now);
}

static void deliver_result(Model *m, Tile *from, const Command *c) {
    if (c->kind == COMMAND_ATOMIC && c->nonposted) tile_write(from, c->local, &c->data, 4, m->now);
}

static void count_completion(Model *m, Tile *from, Command *c) {
    uint32_t noc = c->noc;
    int responses = c->multicast ? (int)c->data : 1;
    c->done = true;
    m->commands++;
    if (!c->nonposted) return;
    switch (c->kind) {
    case COMMAND_READ:
        niu_count(from, noc, NIU_RD_DATA_WORD_RECEIVED, (int)noc_flits(m, c->size), m->now);
        niu_count(from, noc, NIU_RD_RESP_RECEIVED, 1, m->now);
        break;
    case COMMAND_ATOMIC: niu_count(from, noc, NIU_ATOMIC_RESP_RECEIVED, 1, m->now); break;
    default: niu_count(from, noc, NIU_WR_ACK_RECEIVED, responses, m->now);
    }
    niu_count(from, noc, NIU_REQS_OUTSTANDING_ID + c->id, -responses, m->now);
}

// ---- a boundary --------------------------------------------------------------------------------

static Command *command_of(Model *m, const Event *e) {
    return &m->tile[e->tile].outbox.slot[e->slot];
}

// Notes which nodes the ripe commands touch. A tile that is none of them can be given the data of
// its reads at once; otherwise they are staged until everything else has been applied.
static bool mark_targets(Model *m, uint32_t n) {
    bool any_multicast = false;
    for (uint32_t i = 0; i < n; i++) {
        const Command *c = command_of(m, &m->ripe[i]);
        m->is_target[c->node] = true;
        any_multicast |= c->multicast;
    }
    return any_multicast;
}

void noc_apply(Model *m) {
    if (!m->num_events || m->event[0].when > m->now) return;
    uint32_t n = 0, kept = 0;
    while (m->num_events && m->event[0].when <= m->now) m->ripe[n++] = heap_pop(m);

    bool stage_all = mark_targets(m, n) || m->hard;
    for (uint32_t i = 0; i < n; i++) {
        Event e = m->ripe[i];
        Tile *from = &m->tile[e.tile];
        if (must_wait(m, &e, from, command_of(m, &e))) {
            m->deferred[m->num_deferred++] = e;
            continue;
        }
        apply_at_target(m, &e, !stage_all && !m->is_target[from->node - m->chip.coords.node]);
        m->ripe[kept++] = e;
    }
    if (n > 1)
        memset(m->is_target, 0, sizeof m->is_target);
    else
        m->is_target[command_of(m, &m->ripe[0])->node] = false;
    const Event *end = m->ripe + kept;
    for (const Event *e = m->ripe; e < end; e++)
        deliver_data(m, &m->tile[e->tile], command_of(m, e));
    for (const Event *e = m->ripe; e < end; e++)
        deliver_result(m, &m->tile[e->tile], command_of(m, e));
    for (const Event *e = m->ripe; e < end; e++)
        count_completion(m, &m->tile[e->tile], command_of(m, e));
    for (const Event *e = m->ripe; e < end; e++) outbox_shrink(&m->tile[e->tile]);
    while (m->num_deferred) heap_push(m, m->deferred[--m->num_deferred]);
}
