// A Tensix tile: five harts around one L1, and the registers that they, the NoC and the host see.
//
// A hart that is not held in reset is running, parked (it polls; what it polls is in Hart.watch),
// blocked (one access waits) or faulted. Only running harts cost time. Whoever changes something
// that a load can return calls tile_write() or tile_changed(), which wake the parked harts that
// poll it.
#include "ttm/chip/model.h"

#include "base/err.h"

#include <stdio.h>
#include <string.h>

// ---- states of harts ---------------------------------------------------------------------------

// Where a hart has waited for something lately, the harts of the tile go on side by side, no
// further apart than CLOSE_STEP: programs that meet at words in L1 count on none being far ahead
// when they have met. Elsewhere a hart takes its whole turn at once.
enum { CLOSE_CYCLES = 256, CLOSE_STEP = 4 };

// A hart that took its turn before the one that wakes it may have polled on beyond `now`. Had they
// gone side by side, it would have seen the change: it goes back to where it polled at `now`.
static void set_clock(Tile *tile, Hart *hart, bool parked, uint64_t now) {
    uint64_t since = parked && hart->snap.clock > now ? hart->snap.clock : now;
    if (hart->clock < now)
        hart->clock = now;
    else if (parked && hart->clock > since) {
        tile->instructions -= hart->clock - since;
        hart->clock = since;
    }
}

static void set_running(Tile *tile, uint32_t hart, uint64_t now) {
    uint8_t bit = (uint8_t)(1u << hart);
    set_clock(tile, &tile->hart[hart], tile->parked & bit, now);
    tile->close_until = tile->hart[hart].clock + CLOSE_CYCLES;
    tile->parked &= (uint8_t)~bit;
    tile->blocked &= (uint8_t)~bit;
    tile->running |= bit;
    uint64_t *word = &tile->model->runnable[tile->number / 64], mine = 1ull << tile->number % 64;
    if (!(*word & mine)) *word |= mine; // not within a window: there it is set already
}

void tile_retry(Tile *tile, uint8_t harts, uint64_t now) {
    harts &= tile->blocked;
    for (uint32_t h = 0; harts >> h; h++)
        if (harts >> h & 1) set_running(tile, h, now);
}

static void set_parked(Tile *tile, uint32_t hart) {
    uint8_t bit = (uint8_t)(1u << hart);
    const Hart *h = &tile->hart[hart];
    tile->running &= (uint8_t)~bit;
    tile->parked |= bit;
    tile->polls_registers &= (uint8_t)~bit;
    for (uint32_t i = 0; i < h->watch.n; i++)
        if (h->watch.addr[i] >= CHIP_REGISTERS) tile->polls_registers |= bit;
}

bool tile_changed(Tile *tile, uint32_t addr, uint64_t now) {
    bool woke = false;
    tile->changes++;
    uint8_t polling = tile->parked & tile->polls_registers;
    for (uint32_t h = 0; polling >> h; h++)
        if (polling >> h & 1 && hart_watches(&tile->hart[h], addr, 4)) {
            set_running(tile, h, now);
            woke = true;
        }
    return woke;
}

// A store of a hart has changed memory that others poll.
static bool watched(Hart *writer, uint32_t addr, uint32_t len) {
    Tile *tile = writer->owner;
    bool woke = false;
    for (uint32_t h = 0; tile->parked >> h; h++)
        if (tile->parked >> h & 1 && h != writer->id && hart_watches(&tile->hart[h], addr, len)) {
            set_running(tile, h, writer->clock);
            woke = true;
        }
    return woke;
}

// ---- memory from outside -----------------------------------------------------------------------

static bool anyone_watches(const Space *space, uint32_t addr, uint32_t size) {
    uint32_t first = (addr - space->base) >> GRANULE_BITS,
             last = (addr - space->base + size - 1) >> GRANULE_BITS;
    for (uint32_t g = first; g <= last; g++)
        if (space->mark[g] & MARK_WATCH) return true;
    return false;
}

// Wakes the parked harts for which one of their words in [addr, addr + size) is about to change.
static void wake_for(Tile *tile, const Space *space, uint32_t addr, const uint8_t *data,
                     uint32_t size, uint64_t now) {
    for (uint32_t h = 0; tile->parked >> h; h++) {
        Hart *hart = &tile->hart[h];
        if (!(tile->parked >> h & 1) || (space != &tile->l1 && space != &tile->local[h])) continue;
        for (uint32_t i = 0; i < hart->watch.n; i++) {
            uint32_t word = hart->watch.addr[i], from = word < addr ? addr : word;
            uint32_t to = word + 4 < addr + size ? word + 4 : addr + size;
            if (word >= addr + size || word + 4 <= addr) continue;
            if (!memcmp(space->host + (from - space->base), data + (from - addr), to - from))
                continue;
            set_running(tile, h, now);
            tile->woken |= (uint8_t)(1u << h);
            break;
        }
    }
}

static void space_write(Tile *tile, Space *space, uint32_t addr, const void *data, uint32_t size,
                        uint64_t now) {
    if (tile->parked && anyone_watches(space, addr, size))
        wake_for(tile, space, addr, data, size, now);
    memcpy(space->host + (addr - space->base), data, size);
    space_written(space, addr, size);
    tile->changes++;
}

void tile_write(Tile *tile, uint32_t addr, const void *data, uint32_t size, uint64_t now) {
    space_write(tile, &tile->l1, addr, data, size, now);
}

// ---- faults ------------------------------------------------------------------------------------

static BusReply fault_at(Hart *hart, FaultKind kind, uint32_t addr, uint32_t value,
                         const char *what) {
    char buf[80];
    const Tile *tile = hart->owner;
    const char *name = register_name(&tile->model->chip.facts, addr, buf, sizeof buf);
    return hart_fault(hart, kind, addr, value, "%s 0x%08x (%s)", what, addr, name);
}

BusReply tile_unmodelled(Hart *hart, uint32_t addr, uint32_t value, const char *what) {
    return fault_at(hart, FAULT_UNMODELLED, addr, value, what);
}

BusReply tile_unmapped(Hart *hart, uint32_t addr, uint32_t value, const char *what) {
    return fault_at(hart, FAULT_UNDEFINED, addr, value, what);
}

// ---- debug registers ---------------------------------------------------------------------------

static uint32_t start_of(const Tile *tile, uint32_t hart) {
    static const uint32_t fixed[CHIP_HARTS] = { 0, 0x12000, 0x6000, 0xA000, 0xE000 };
    bool override = hart == CHIP_NCRISC   ? tile->ncrisc_override & 1
                    : hart >= CHIP_TRISC0 ? tile->trisc_override >> (hart - CHIP_TRISC0) & 1
                                          : false;
    return override ? tile->reset_pc[hart] : fixed[hart];
}

static void hold(Tile *tile, uint32_t hart) {
    uint8_t bit = (uint8_t)(1u << hart);
    hart_unpark(&tile->hart[hart]);
    tile->running &= (uint8_t)~bit, tile->parked &= (uint8_t)~bit, tile->blocked &= (uint8_t)~bit;
    tile->held |= bit;
    sync_reset_hart(tile, hart, false);
}

static void release(Tile *tile, uint32_t hart, uint64_t now) {
    tile->held &= (uint8_t) ~(1u << hart);
    hart_reset(&tile->hart[hart], start_of(tile, hart));
    sync_reset_hart(tile, hart, true);
    set_running(tile, hart, now);
}

// Bits that hold parts of the Tensix engine are stored and have no effect while there is none.
static BusReply store_soft_reset(Tile *tile, uint32_t value, uint64_t now) {
    if (value == tile->soft_reset) return BUS_OK;
    for (uint32_t h = 0; h < CHIP_HARTS; h++) {
        bool held = value & soft_reset_word(1u << h), was = tile->held >> h & 1;
        if (held && !was) hold(tile, h);
        if (!held && was) release(tile, h, now);
    }
    tile->soft_reset = value;
    tile_changed(tile, DEBUG_SOFT_RESET_0, now);
    return BUS_YIELD;
}

static uint32_t *debug_word(Tile *tile, uint32_t addr) {
    switch (addr) {
    case DEBUG_TRISC0_RESET_PC: return &tile->reset_pc[CHIP_TRISC0];
    case DEBUG_TRISC0_RESET_PC + 4: return &tile->reset_pc[CHIP_TRISC1];
    case DEBUG_TRISC0_RESET_PC + 8: return &tile->reset_pc[CHIP_TRISC2];
    case DEBUG_TRISC_RESET_PC_OVERRIDE: return &tile->trisc_override;
    case DEBUG_NCRISC_RESET_PC: return &tile->reset_pc[CHIP_NCRISC];
    case DEBUG_NCRISC_RESET_PC_OVERRIDE: return &tile->ncrisc_override;
    default: return NULL;
    }
}

static BusReply debug_load(Tile *tile, Hart *hart, uint32_t addr, uint32_t *value, uint64_t now) {
    const uint32_t *word = debug_word(tile, addr);
    if (word) return *value = *word, BUS_OK;
    switch (addr) {
    case DEBUG_SOFT_RESET_0: *value = tile->soft_reset; return BUS_OK;
    case DEBUG_WALL_CLOCK_L:
        tile->wall_clock_high = (uint32_t)(now >> 32);
        *value = (uint32_t)now;
        return BUS_EFFECT;
    case DEBUG_WALL_CLOCK_1: *value = (uint32_t)(now >> 32); return BUS_EFFECT;
    case DEBUG_WALL_CLOCK_H: *value = tile->wall_clock_high; return BUS_EFFECT;
    case DEBUG_DEST_CG_CTRL:
    case DEBUG_CG_CTRL_EN: *value = 0; return BUS_OK;
    default: return tile_unmodelled(hart, addr, 0, "load from");
    }
}

static BusReply debug_store(Tile *tile, Hart *hart, uint32_t addr, uint32_t value, uint64_t now) {
    uint32_t *word = debug_word(tile, addr);
    if (word) {
        if (*word == value) return BUS_OK;
        *word = value;
        return tile_changed(tile, addr, now) ? BUS_YIELD : BUS_EFFECT;
    }
    switch (addr) {
    case DEBUG_SOFT_RESET_0: return store_soft_reset(tile, value, now);
    case DEBUG_DEST_CG_CTRL:
    case DEBUG_CG_CTRL_EN: return BUS_OK; // clock gating: no effect on programs
    default: return tile_unmodelled(hart, addr, value, "store to");
    }
}

static bool debug_reaches(uint32_t addr, bool write) {
    if (addr >= DEBUG_TRISC0_RESET_PC && addr <= DEBUG_CG_CTRL_EN) return true;
    return addr == DEBUG_SOFT_RESET_0 ||
           (!write && (addr == DEBUG_WALL_CLOCK_L || addr == DEBUG_WALL_CLOCK_1 ||
                       addr == DEBUG_WALL_CLOCK_H));
}

// ---- the address map ---------------------------------------------------------------------------

// The local memory behind a slow-path address, or NULL. They lie in the order of ChipHart.
static Space *local_at(Tile *tile, uint32_t addr) {
    uint32_t n = (addr - CHIP_LOCAL_BASE) / CHIP_LOCAL_STRIDE;
    if (addr < CHIP_LOCAL_BASE || n >= CHIP_HARTS) return NULL;
    Space *space = &tile->local[n];
    return (addr - CHIP_LOCAL_BASE) % CHIP_LOCAL_STRIDE < space->size ? space : NULL;
}

bool tile_reaches(Tile *tile, uint32_t addr, const uint32_t *value) {
    if (local_at(tile, addr)) return true;
    if (addr >= NIU_BASE && addr < NIU_BASE + NOCS * NIU_STRIDE)
        return niu_reaches(addr % NIU_STRIDE, value != NULL);
    if (addr >= STREAM_BASE && addr < STREAM_END) return stream_reaches(addr, value);
    return debug_reaches(addr, value != NULL);
}

static bool is_sync(uint32_t addr) {
    return (addr >= GPR_BASE && addr < GPR_END) ||
           (addr >= PC_BUFFER_BASE && addr < PC_BUFFER_END) ||
           (addr >= MAILBOX_BASE && addr < MAILBOX_END);
}

// Whether the map has anything at all there for a hart; what it has and the model has not is
// unmodelled.
static bool is_mapped(uint32_t addr) {
    static const struct {
        uint32_t base, end;
    } map[] = { { 0xFFB11000, 0xFFB14000 },
                { 0xFFB80000, 0xFFB80100 },
                { 0xFFBD8000, 0xFFBE0000 },
                { 0xFFE40000, 0xFFE70000 },
                { 0xFFEF0000, 0xFFF00000 } };
    for (size_t i = 0; i < sizeof map / sizeof *map; i++)
        if (addr >= map[i].base && addr < map[i].end) return true;
    return false;
}

BusReply tile_load(Tile *tile, Hart *hart, uint32_t addr, uint32_t *value, uint64_t now) {
    if (addr >= NIU_BASE && addr < NIU_BASE + NOCS * NIU_STRIDE)
        return niu_load(tile, hart, (addr - NIU_BASE) / NIU_STRIDE, addr % NIU_STRIDE, value);
    if (addr >= STREAM_BASE && addr < STREAM_END) return stream_load(tile, hart, addr, value);
    if (is_sync(addr)) return sync_load(tile, hart, addr, value);
    if (addr >= 0xFFB12000 && addr < 0xFFB13000) return debug_load(tile, hart, addr, value, now);
    const Space *local = local_at(tile, addr);
    if (local) { // its own hart's stores wake nobody here, so nobody parks on it
        memcpy(value, local->host + (addr - CHIP_LOCAL_BASE) % CHIP_LOCAL_STRIDE, 4);
        return BUS_EFFECT;
    }
    if (addr == TDMA_CLK_GATE_EN) return *value = 0, BUS_OK;
    return is_mapped(addr) ? tile_unmodelled(hart, addr, 0, "load from")
                           : tile_unmapped(hart, addr, 0, "load from");
}

BusReply tile_store(Tile *tile, Hart *hart, uint32_t addr, uint32_t value, uint64_t now) {
    if (addr >= NIU_BASE && addr < NIU_BASE + NOCS * NIU_STRIDE)
        return niu_store(tile, hart, (addr - NIU_BASE) / NIU_STRIDE, addr % NIU_STRIDE, value);
    if (addr >= STREAM_BASE && addr < STREAM_END) return stream_store(tile, hart, addr, value, now);
    if (is_sync(addr)) return sync_store(tile, hart, addr, value);
    if (addr >= 0xFFB12000 && addr < 0xFFB13000) return debug_store(tile, hart, addr, value, now);
    Space *local = local_at(tile, addr);
    if (local) {
        uint32_t at = local->base + (addr - CHIP_LOCAL_BASE) % CHIP_LOCAL_STRIDE;
        bool same = !memcmp(local->host + (at - local->base), &value, 4);
        if (!same) space_write(tile, local, at, &value, 4, now);
        return same ? BUS_OK : BUS_YIELD;
    }
    if (addr == TDMA_CLK_GATE_EN) return BUS_OK; // no effect on programs
    return is_mapped(addr) ? tile_unmodelled(hart, addr, value, "store to")
                           : tile_unmapped(hart, addr, value, "store to");
}

static BusReply bus_load(Hart *hart, uint32_t addr, uint32_t *value) {
    return tile_load(hart->owner, hart, addr, value, hart->clock);
}

static BusReply bus_store(Hart *hart, uint32_t addr, uint32_t value) {
    return tile_store(hart->owner, hart, addr, value, hart->clock);
}

static BusReply bus_push(Hart *hart, uint32_t insn) {
    return hart_fault(hart, FAULT_UNMODELLED, hart->pc, insn, "the Tensix instruction 0x%08x",
                      insn);
}

static const HartBus bus = {
    .load = bus_load, .store = bus_store, .push = bus_push, .watched = watched
};

// ---- running -----------------------------------------------------------------------------------

// The running hart that is furthest behind, or CHIP_HARTS if all have come to `until`.
static uint32_t next_hart(const Tile *tile, uint64_t until) {
    uint32_t best = CHIP_HARTS;
    for (uint32_t bits = tile->running; bits; bits &= bits - 1) {
        uint32_t h = (uint32_t)__builtin_ctz(bits);
        if (tile->hart[h].clock >= until) continue;
        if (best == CHIP_HARTS || tile->hart[h].clock < tile->hart[best].clock) best = h;
    }
    return best;
}

void tile_prefetch(const Tile *tile) {
    for (uint32_t bits = tile->running; bits; bits &= bits - 1)
        hart_prefetch(&tile->hart[__builtin_ctz(bits)]);
}

// How far hart h may go.
static uint64_t turn_end(const Tile *tile, uint32_t h, uint64_t until) {
    uint64_t from = tile->hart[h].clock;
    if (from >= tile->close_until) return until;
    uint64_t least = until;
    for (uint32_t bits = tile->running & ~(1u << h); bits; bits &= bits - 1) {
        uint64_t clock = tile->hart[__builtin_ctz(bits)].clock;
        if (clock < least) least = clock;
    }
    return least < until - CLOSE_STEP ? least + CLOSE_STEP : until;
}

void tile_run(Tile *tile, uint64_t until) {
    uint32_t h;
    tile->woken = 0;
    while ((h = next_hart(tile, until)) < CHIP_HARTS) {
        Hart *hart = &tile->hart[h];
        uint8_t bit = (uint8_t)(1u << h);
        uint64_t from = hart->clock;
        HartStop stop = hart_run(hart, turn_end(tile, h, until));
        tile->instructions += hart->clock - from;
        if (tile->held & bit) { // it has put itself in reset
            hart_unpark(hart);
            continue;
        }
        if (stop < HART_WAIT) continue;
        tile->running &= (uint8_t)~bit;
        if (stop == HART_PARKED) set_parked(tile, h);
        if (stop == HART_FAULT) tile->faulted |= bit;
        if (stop == HART_WAIT) {
            tile->blocked |= bit;
            sync_waits(tile, hart);
        }
    }
}

bool tile_polls_on(Tile *tile, uint32_t h) {
    Hart *hart = &tile->hart[h];
    uint64_t from = hart->clock;
    tile->woken &= (uint8_t) ~(1u << h);
    bool polls = hart_polls(hart);
    tile->instructions += hart->clock - from;
    if (polls) set_parked(tile, h);
    return polls;
}

// ---- life --------------------------------------------------------------------------------------

void tile_reset(Tile *tile) {
    for (uint32_t h = 0; h < CHIP_HARTS; h++) {
        hold(tile, h);
        hart_reset(&tile->hart[h], 0);
        tile->reset_pc[h] = 0;
    }
    tile->faulted = tile->woken = 0;
    tile->close_until = 0;
    tile->wants_outbox = tile->warned = false;
    tile->soft_reset = soft_reset_word(CHIP_ALL_HARTS);
    tile->trisc_override = tile->ncrisc_override = tile->wall_clock_high = 0;
    memset(tile->stream, 0, sizeof tile->stream);
    memset(&tile->sync, 0, sizeof tile->sync);
    for (uint32_t noc = 0; noc < NOCS; noc++) niu_reset(tile, noc);
    tile->changes++;
    tile->model->runnable[tile->number / 64] &= ~(1ull << tile->number % 64);
}

wt_status_t tile_init(Tile *tile, Model *model, const CoordNode *node, uint32_t number, uint8_t *l1,
                      uint8_t *local) {
    tile->model = model;
    tile->node = node;
    tile->number = number;
    const ChipFacts *facts = &model->chip.facts;
    TRY(space_init(&tile->l1, l1, 0, facts->l1_size, SPACE_R | SPACE_W | SPACE_X, model->code));
    for (uint32_t h = 0; h < CHIP_HARTS; h++) {
        TRY(space_init(&tile->local[h], local, CHIP_REGISTERS, facts->local_size[h],
                       SPACE_R | SPACE_W, NULL));
        local += facts->local_size[h];
        Hart *hart = &tile->hart[h];
        hart_init(hart);
        hart->space[0] = &tile->l1;
        hart->space[1] = &tile->local[h];
        hart->bus = &bus;
        hart->owner = tile;
        hart->id = h;
        hart->changes = &tile->changes;
        hart->slow = model->hard;
    }
    tile_reset(tile);
    return WT_OK;
}

void tile_deinit(Tile *tile) {
    if (!tile->model) return;
    space_deinit(&tile->l1);
    for (uint32_t h = 0; h < CHIP_HARTS; h++) space_deinit(&tile->local[h]);
}
