// The model of a chip: its memories and tiles, and the loop over windows. See model.h.
#include "ttm/chip/model.h"

#include "base/err.h"
#include "base/zeroed.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { OUTBOX_SLOTS = 256, OUTBOX_BYTES = 256 << 10 };

// ---- memory ------------------------------------------------------------------------------------

// Maps zeroed memory that costs nothing until it is touched.
static wt_status_t map(Memory *memory, uint64_t size, bool huge) {
    void *p = zeroed_alloc(size);
    if (!p)
        return fail(WT_NOMEM, "cannot reserve %llu bytes of address space",
                    (unsigned long long)size);
    if (huge) madvise(p, size, MADV_HUGEPAGE);
    *memory = (Memory){ p, size };
    return WT_OK;
}

static void unmap(Memory *memory) {
    zeroed_free(memory->bytes, memory->size);
    *memory = (Memory){ 0 };
}

static bool env_set(const char *name) {
    const char *value = getenv(name);
    return value && *value && strcmp(value, "0");
}

// ---- open and close ----------------------------------------------------------------------------

static void model_close(Chip *chip) {
    Model *m = (Model *)chip;
    for (uint32_t t = 0; t < m->tiles; t++) tile_deinit(&m->tile[t]);
    if (m->code) code_cache_destroy(m->code);
    unmap(&m->tiles_memory), unmap(&m->l1), unmap(&m->local), unmap(&m->eth_l1);
    unmap(&m->payloads), unmap(&m->slots), unmap(&m->events);
    for (int c = 0; c < DRAM_CHANNELS; c++) unmap(&m->dram[c]);
    free(m);
}

static wt_status_t open_memories(Model *m) {
    const CoordMap *map_ = &m->chip.coords;
    const ChipFacts *f = &m->chip.facts;
    TRY(map(&m->eth_l1, (uint64_t)f->eth_cores * f->eth_l1_size, false));
    for (uint32_t c = 0; c < f->dram_channels; c++)
        TRY(map(&m->dram[c], f->dram_channel_size, true));
    for (uint32_t i = 0; i < map_->nodes; i++) {
        const CoordNode *node = &map_->node[i];
        if (node->kind == CHIP_DRAM) m->memory_of[i] = m->dram[node->index];
        if (node->kind == CHIP_ETH)
            m->memory_of[i] = (Memory){ m->eth_l1.bytes + (uint64_t)node->index * f->eth_l1_size,
                                        f->eth_l1_size };
    }
    return WT_OK;
}

static wt_status_t open_tiles(Model *m) {
    const CoordMap *coords = &m->chip.coords;
    const ChipFacts *f = &m->chip.facts;
    uint32_t n = f->worker_columns * f->worker_rows, local_size = 0, i = 0;
    bool tiny = env_set("WT_TINY");
    uint32_t slots = tiny ? 2 : OUTBOX_SLOTS,
             bytes = tiny ? (uint32_t)m->arch->noc_max_burst : OUTBOX_BYTES;
    for (int h = 0; h < CHIP_HARTS; h++) local_size += f->local_size[h];
    assert(n <= TILES_MAX);
    TRY(map(&m->tiles_memory, n * sizeof(Tile), false));
    TRY(map(&m->l1, (uint64_t)n * f->l1_size, false));
    TRY(map(&m->local, (uint64_t)n * local_size, false));
    TRY(map(&m->payloads, (uint64_t)n * bytes, false));
    TRY(map(&m->slots, (uint64_t)n * slots * sizeof(Command), false));
    m->events_cap = n * slots;
    TRY(map(&m->events, 3ull * m->events_cap * sizeof(Event), false));
    m->event = (Event *)(void *)m->events.bytes;
    m->ripe = m->event + m->events_cap;
    m->deferred = m->ripe + m->events_cap;
    m->tile = (Tile *)(void *)m->tiles_memory.bytes;
    for (uint32_t k = 0; k < coords->nodes; k++) {
        if (coords->node[k].kind != CHIP_WORKER) continue;
        Tile *tile = &m->tile[i];
        uint8_t *l1 = m->l1.bytes + (uint64_t)i * f->l1_size;
        tile->outbox = (Outbox){
            .slot = (Command *)(void *)m->slots.bytes + (uint64_t)i * slots,
            .slots = slots,
            .payload = m->payloads.bytes + (uint64_t)i * bytes,
            .bytes = bytes,
        };
        m->tiles = i + 1; // so that closing finds it
        TRY(tile_init(tile, m, &coords->node[k], i, l1, m->local.bytes + (uint64_t)i * local_size));
        m->tile_of[k] = tile;
        m->memory_of[k] = (Memory){ l1, f->l1_size };
        i++;
    }
    return WT_OK;
}

static wt_status_t open_parts(Model *m, const ChipOptions *options) {
    TRY(chip_init(&m->chip, &chip_model, options));
    m->chip.facts.capabilities =
        CHIP_QUIESCENT | CHIP_PC | CHIP_LOCAL_MEMORY | CHIP_DETERMINISTIC | CHIP_STACK_CHECK;
    m->arch = &m->chip.coords.arch->facts;
    assert(m->arch->noc_base_cycles >= WINDOW); // what makes tiles independent within a window
    m->hard = env_set("WT_HARD");
    m->shuffle = 0x2545F4914F6CDD1Du ^ (m->hard ? strtoull(getenv("WT_HARD"), NULL, 0) : 0);
    size_t lines = env_set("WT_TINY") ? 16 : 0; // 8 KiB of code: harts often run undecoded
    TRY(code_cache_create(ISA_BLACKHOLE, lines, &m->code));
    TRY(open_memories(m));
    return open_tiles(m);
}

static wt_status_t model_open(const ChipOptions *options, Chip **chip) {
    Model *m = calloc(1, sizeof *m);
    if (!m) return fail(WT_NOMEM, "no memory for a chip");
    wt_status_t s = open_parts(m, options);
    if (s)
        model_close(&m->chip);
    else
        *chip = &m->chip;
    return s;
}

static wt_status_t model_reset(Chip *chip) {
    Model *m = (Model *)chip;
    noc_drop(m);
    for (uint32_t t = 0; t < m->tiles; t++) tile_reset(&m->tile[t]);
    m->any_fault = false;
    return WT_OK;
}

// ---- access from the host ----------------------------------------------------------------------

static uint32_t node_number(const Model *m, ChipXY at) {
    return (uint32_t)(coord_at(&m->chip.coords, at.x, at.y) - m->chip.coords.node);
}

static wt_status_t refuse_register(const Model *m, uint64_t addr, const char *what) {
    char buf[80];
    return fail(WT_UNSUPPORTED, "the host cannot %s 0x%08llx (%s): not modelled", what,
                (unsigned long long)addr,
                register_name(&m->chip.facts, (uint32_t)addr, buf, sizeof buf));
}

static wt_status_t model_write(Chip *chip, ChipXY at, uint64_t addr, const void *data,
                               size_t size) {
    Model *m = (Model *)chip;
    uint32_t node = node_number(m, at), word;
    Tile *tile = m->tile_of[node];
    if (addr >= m->memory_of[node].size) {
        memcpy(&word, data, sizeof word);
        if (!tile_reaches(tile, (uint32_t)addr, &word)) return refuse_register(m, addr, "write");
        tile_store(tile, NULL, (uint32_t)addr, word, m->now);
    } else if (tile)
        tile_write(tile, (uint32_t)addr, data, (uint32_t)size, m->now);
    else
        memcpy(m->memory_of[node].bytes + addr, data, size);
    return WT_OK;
}

static wt_status_t model_read(Chip *chip, ChipXY at, uint64_t addr, void *data, size_t size) {
    Model *m = (Model *)chip;
    uint32_t node = node_number(m, at), word;
    if (addr < m->memory_of[node].size)
        return memcpy(data, m->memory_of[node].bytes + addr, size), WT_OK;
    if (!tile_reaches(m->tile_of[node], (uint32_t)addr, NULL))
        return refuse_register(m, addr, "read");
    tile_load(m->tile_of[node], NULL, (uint32_t)addr, &word, m->now);
    memcpy(data, &word, sizeof word);
    return WT_OK;
}

static void *model_dram_bytes(Chip *chip, ChipXY at) {
    Model *m = (Model *)chip;
    return m->memory_of[node_number(m, at)].bytes;
}

static wt_status_t model_set_stack_limit(Chip *chip, ChipXY at, ChipHart hart, uint32_t limit) {
    Model *m = (Model *)chip;
    m->tile_of[node_number(m, at)]->hart[hart].stack_limit = limit;
    return WT_OK;
}

static wt_status_t model_hart_state(Chip *chip, ChipXY at, ChipHart hart, ChipHartState *state) {
    Model *m = (Model *)chip;
    const Tile *tile = m->tile_of[node_number(m, at)];
    const Hart *h = &tile->hart[hart];
    uint32_t bit = 1u << hart;
    state->mode = tile->held & bit      ? CHIP_HELD
                  : tile->faulted & bit ? CHIP_FAULTED
                  : tile->parked & bit  ? CHIP_PARKED
                  : tile->blocked & bit ? CHIP_BLOCKED
                                        : CHIP_RUNNING;
    state->pc = h->pc;
    state->clock = h->clock;
    memcpy(state->x, h->x, sizeof state->x);
    if (state->mode == CHIP_BLOCKED) state->watches = 1, state->watch[0] = h->wait_addr;
    if (state->mode != CHIP_PARKED) return WT_OK;
    state->watches = h->watch.n;
    for (uint32_t i = 0; i < h->watch.n && i < 8; i++) state->watch[i] = h->watch.addr[i];
    return WT_OK;
}

static void model_stats(Chip *chip, ChipStats *stats) {
    const Model *m = (Model *)chip;
    *stats = (ChipStats){ .cycles = m->now,
                          .order_hash = m->order_hash,
                          .commands = m->commands,
                          .windows = m->windows };
    for (uint32_t t = 0; t < m->tiles; t++) stats->instructions += m->tile[t].instructions;
}

// ---- faults ------------------------------------------------------------------------------------

static ChipFault fault_of(const Tile *tile, uint32_t hart) {
    const Hart *h = &tile->hart[hart];
    static const ChipGap gap[] = {
        [FAULT_UNDEFINED] = CHIP_UNDEFINED,
        [FAULT_UNMODELLED] = CHIP_UNMODELLED,
        [FAULT_UNSUPPORTED] = CHIP_UNSUPPORTED,
        [FAULT_UNTESTED] = CHIP_UNTESTED,
    };
    ChipFault f = {
        .gap = gap[h->fault.kind],
        .cycle = h->clock,
        .at = tile->node->virtual,
        .worker = tile->node->logical,
        .hart = (ChipHart)hart,
        .has_pc = true,
        .pc = h->fault.pc,
        .word = h->fault.word,
        .addr = h->fault.addr,
        .value = h->fault.value,
    };
    _Static_assert(sizeof f.text >= sizeof h->fault.text, "texts fit");
    memcpy(f.text, h->fault.text, sizeof h->fault.text);
    return f;
}

static int compare_faults(const void *a, const void *b) {
    const ChipFault *x = a, *y = b;
    if (x->cycle != y->cycle) return x->cycle < y->cycle ? -1 : 1;
    if (x->at.y != y->at.y) return x->at.y < y->at.y ? -1 : 1;
    if (x->at.x != y->at.x) return x->at.x < y->at.x ? -1 : 1;
    return (int)x->hart - (int)y->hart;
}

// The least (cycle, tile, hart) is the error, the rest follow in the report.
static wt_status_t collect_faults(Model *m) {
    ChipFault fault[TILES_MAX * CHIP_HARTS];
    size_t n = 0;
    for (uint32_t t = 0; t < m->tiles; t++)
        for (uint32_t h = 0; h < CHIP_HARTS; h++)
            if (m->tile[t].faulted >> h & 1) fault[n++] = fault_of(&m->tile[t], h);
    qsort(fault, n, sizeof *fault, compare_faults);
    wt_status_t s = WT_OK;
    for (size_t i = 0; i < n; i++) s = chip_add_fault(&m->chip, &fault[i]);
    return s;
}

// ---- windows -----------------------------------------------------------------------------------

static bool anything_runs(const Model *m) {
    for (size_t i = 0; i < sizeof m->runnable / sizeof *m->runnable; i++)
        if (m->runnable[i]) return true;
    return false;
}

static uint32_t list_runnable(const Model *m, uint32_t *list) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < sizeof m->runnable / sizeof *m->runnable; i++)
        for (uint64_t bits = m->runnable[i]; bits; bits &= bits - 1)
            list[n++] = 64 * i + (uint32_t)__builtin_ctzll(bits);
    return n;
}

// The order of tiles within a window makes no difference; WT_HARD shows it.
static void shuffle(Model *m, uint32_t *list, uint32_t n) {
    for (uint32_t i = n; i > 1; i--) {
        m->shuffle ^= m->shuffle << 13, m->shuffle ^= m->shuffle >> 7,
            m->shuffle ^= m->shuffle << 17;
        uint32_t j = (uint32_t)(m->shuffle % i), keep = list[j];
        list[j] = list[i - 1];
        list[i - 1] = keep;
    }
}

// Tiles touch nothing but themselves within a window; what they have done comes together after it.
static void run_window(Model *m) {
    uint32_t list[TILES_MAX], n = list_runnable(m, list);
    if (m->hard) shuffle(m, list, n);
    for (uint32_t i = 0; i < n; i++) {
        if (i + 1 < n) tile_prefetch(&m->tile[list[i + 1]]);
        tile_run(&m->tile[list[i]], m->now + WINDOW);
    }
    for (uint32_t i = 0; i < n; i++) {
        Tile *tile = &m->tile[list[i]];
        noc_collect(tile);
        m->any_fault |= tile->faulted != 0;
        if (!tile->running) m->runnable[tile->number / 64] &= ~(1ull << tile->number % 64);
    }
    m->now += WINDOW;
    m->windows++;
    code_cache_tidy(m->code);
}

// ---- a run -------------------------------------------------------------------------------------

// How far a run has come with its conditions: those before `held` have held.
static bool conditions_hold(Model *m, const ChipRun *run, size_t *held) {
    for (; *held < run->num_until; ++*held) {
        const ChipUntil *u = &run->until[*held];
        uint32_t word;
        memcpy(&word, m->memory_of[node_number(m, u->at)].bytes + u->addr, sizeof word);
        if ((word & u->mask) != u->value) return false;
    }
    return run->num_until > 0;
}

static wt_status_t serve(Model *m, const ChipRun *run, bool *again) {
    *again = false;
    if (!run->service) return WT_OK;
    TRY(run->service(run->user, again));
    if (m->chip.num_faults) return WT_FAULT;
    return WT_OK;
}

// Nothing runs: moves to the next completion, or finds that there is none.
static bool skip_ahead(Model *m) {
    if (!m->num_events) return false;
    if (m->event[0].when > m->now) m->now = m->event[0].when;
    return true;
}

static wt_status_t model_run(Chip *chip, const ChipRun *run) {
    Model *m = (Model *)chip;
    uint64_t limit = run->max_cycles ? m->now + run->max_cycles : UINT64_MAX;
    uint64_t windows = m->windows;
    size_t held = 0;
    bool again;
    for (;;) {
        noc_apply(m);
        if (conditions_hold(m, run, &held)) return WT_OK;
        if (run->windows && m->windows - windows >= run->windows) return WT_OK;
        if (atomic_load_explicit(&chip->interrupt, memory_order_relaxed) &&
            atomic_exchange(&chip->interrupt, false))
            return fail(WT_INTERRUPTED, "interrupted at cycle %llu", (unsigned long long)m->now);
        if (m->now >= limit)
            return fail(WT_LIMIT, "the budget of %llu cycles is used up",
                        (unsigned long long)run->max_cycles);
        if (!anything_runs(m)) {
            if (skip_ahead(m)) continue;
            TRY(serve(m, run, &again));
            if (again) continue;
            if (!run->num_until) return WT_OK;
            return fail(WT_STALL, "nothing on the device can move any more (cycle %llu)",
                        (unsigned long long)m->now);
        }
        run_window(m);
        if (m->any_fault) return collect_faults(m);
        if (m->windows % SERVICE_WINDOWS == 0) TRY(serve(m, run, &again));
    }
}

static wt_status_t model_settle(Chip *chip) {
    Model *m = (Model *)chip;
    uint64_t last = 0;
    for (uint32_t i = 0; i < m->num_events; i++)
        if (m->event[i].when > last) last = m->event[i].when;
    for (;;) {
        noc_apply(m);
        if (!m->num_events || m->event[0].when > last) return WT_OK;
        if (anything_runs(m))
            run_window(m);
        else
            skip_ahead(m);
        if (m->any_fault) return collect_faults(m);
    }
}

const ChipBackend chip_model = {
    .name = "model",
    .open = model_open,
    .close = model_close,
    .write = model_write,
    .read = model_read,
    .run = model_run,
    .reset = model_reset,
    .settle = model_settle,
    .set_stack_limit = model_set_stack_limit,
    .hart_state = model_hart_state,
    .stats = model_stats,
    .dram_bytes = model_dram_bytes,
};
