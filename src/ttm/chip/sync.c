// What the harts of a tile tell each other without memory, and the Tensix registers that they
// share. tt-isa-documentation TensixTile/BabyRISCV/{Mailboxes,PCBufs,ManualTTSync}.md and
// TensixCoprocessor/SyncUnit.md. NCRISC reaches none of it, nor do the NoC and the host.
//
// The Tensix engine is not modelled yet: it is always idle, so that checks for its being done
// answer at once, and its semaphores and GPRs change by loads and stores alone.
#include "ttm/chip/model.h"

enum { B = 0, NO_THREAD = -1, COPROCESSOR_DONE = 4, MOP_EXPANDER_DONE = 8, SEMAPHORES = 0x20 };

// A hart's place among B, T0, T1, T2; -1 for NCRISC.
static int party(const Hart *h) {
    return h->id == CHIP_BRISC    ? B
           : h->id >= CHIP_TRISC0 ? (int)h->id - CHIP_TRISC0 + 1
                                  : NO_THREAD;
}

static uint32_t pop(uint32_t *word, uint8_t *len) {
    uint32_t value = word[0];
    for (uint8_t i = 1; i < *len; i++) word[i - 1] = word[i];
    --*len;
    return value;
}

// ---- mailboxes ---------------------------------------------------------------------------------

static BusReply mailbox_load(Tile *tile, Hart *h, uint32_t addr, uint32_t *value) {
    int from = (int)((addr - MAILBOX_BASE) / 0x1000), me = party(h);
    uint8_t *len = &tile->sync.mailbox[from][me].len;
    if (addr & 4) {
        *value = *len > 0;
        return BUS_OK;
    }
    if (!*len) return BUS_WAIT;
    *value = pop(tile->sync.mailbox[from][me].word, len);
    tile->changes++;
    tile_retry(tile, CHIP_ALL_HARTS, h->clock);
    tile_changed(tile, MAILBOX_BASE + (uint32_t)from * 0x1000 + 4, h->clock);
    return BUS_EFFECT;
}

static BusReply mailbox_store(Tile *tile, Hart *h, uint32_t addr, uint32_t value) {
    int to = (int)((addr - MAILBOX_BASE) / 0x1000), me = party(h), sent = 0;
    for (int i = 0; i < 4; i++) sent += tile->sync.mailbox[me][i].len;
    if (sent >= MAILBOX_DEPTH) return BUS_WAIT; // four words in all of this hart's mailboxes
    tile->sync.mailbox[me][to].word[tile->sync.mailbox[me][to].len++] = value;
    tile_retry(tile, CHIP_ALL_HARTS, h->clock);
    tile_changed(tile, MAILBOX_BASE + (uint32_t)me * 0x1000 + 4, h->clock);
    return BUS_YIELD;
}

// ---- PC buffers --------------------------------------------------------------------------------

static bool waits_at_pc_buffer(const Tile *tile, int thread) {
    uint32_t h = CHIP_TRISC0 + (uint32_t)thread;
    return tile->blocked >> h & 1 && tile->hart[h].wait_addr == PC_BUFFER_BASE;
}

static BusReply pc_buffer_load(Tile *tile, Hart *h, int thread, uint32_t *value) {
    uint8_t *len = &tile->sync.pc_buffer[thread].len;
    if (h->id == CHIP_BRISC) { // a barrier: the thread has taken everything and waits for more
        *value = 0;
        return !*len && waits_at_pc_buffer(tile, thread) ? BUS_OK : BUS_WAIT;
    }
    if (!*len) return BUS_WAIT;
    *value = pop(tile->sync.pc_buffer[thread].word, len);
    tile_retry(tile, CHIP_ALL_HARTS, h->clock);
    return BUS_EFFECT;
}

static BusReply pc_buffer_store(Tile *tile, Hart *h, int thread, uint32_t value) {
    if (h->id != CHIP_BRISC) return BUS_OK; // discarded
    uint8_t *len = &tile->sync.pc_buffer[thread].len;
    if (*len == PC_BUFFER_DEPTH) return BUS_WAIT;
    tile->sync.pc_buffer[thread].word[(*len)++] = value;
    tile_retry(tile, CHIP_ALL_HARTS, h->clock);
    return BUS_YIELD;
}

// A thread that waits at its PC buffer is what a barrier of BRISC waits for.
void sync_waits(Tile *tile, Hart *h) {
    uint32_t brisc = 1u << CHIP_BRISC;
    if (h->id < CHIP_TRISC0 || h->wait_addr != PC_BUFFER_BASE || !(tile->blocked & brisc)) return;
    uint32_t at = tile->hart[CHIP_BRISC].wait_addr;
    if (at >= PC_BUFFER_BASE && at < PC_BUFFER_END) tile_retry(tile, (uint8_t)brisc, h->clock);
}

void sync_reset_hart(Tile *tile, uint32_t hart, bool leaving) {
    if (hart == CHIP_NCRISC) return;
    uint32_t me = hart == CHIP_BRISC ? B : hart - CHIP_TRISC0 + 1;
    if (!leaving)
        for (int to = 0; to < 4; to++) tile->sync.mailbox[me][to].len = 0;
    else if (me != B)
        tile->sync.pc_buffer[me - 1].len = 0;
}

// ---- semaphores and GPRs -----------------------------------------------------------------------

static BusReply semaphore_store(Tile *tile, Hart *h, uint32_t addr, uint32_t value) {
    uint8_t *s = &tile->sync.semaphore[addr / 4 % 8];
    if (value & 1 ? *s == 0 : *s == 15) return BUS_OK; // saturates
    *s = (uint8_t)(value & 1 ? *s - 1 : *s + 1);
    return tile_changed(tile, addr, h->clock) ? BUS_YIELD : BUS_EFFECT;
}

enum { THREADS = 3, GPRS = 64 };

// BRISC sees the GPRs of all threads one after the other, a thread sees its own.
static uint32_t *gpr(Tile *tile, const Hart *h, uint32_t addr) {
    uint32_t n = (addr - GPR_BASE) / 4;
    if (h->id == CHIP_BRISC) return n < THREADS * GPRS ? &tile->sync.gpr[n / GPRS][n % GPRS] : NULL;
    return n < GPRS ? &tile->sync.gpr[h->id - CHIP_TRISC0][n] : NULL;
}

static BusReply gpr_store(Tile *tile, Hart *h, uint32_t addr, uint32_t value) {
    uint32_t *reg = gpr(tile, h, addr);
    if (!reg) return tile_unmapped(h, addr, value, "store to");
    if (*reg == value) return BUS_OK;
    *reg = value;
    uint32_t n = (uint32_t)(reg - tile->sync.gpr[0]);
    bool brisc = tile_changed(tile, GPR_BASE + 4 * n, h->clock);
    bool thread = tile_changed(tile, GPR_BASE + 4 * (n % GPRS), h->clock);
    return brisc || thread ? BUS_YIELD : BUS_EFFECT;
}

// ---- the address ranges ------------------------------------------------------------------------

// Which PC buffer's range `addr` is in, as this hart sees it; -1: none.
static int pc_buffer_of(const Hart *h, uint32_t addr) {
    if (addr < PC_BUFFER_BASE || addr >= PC_BUFFER_END) return NO_THREAD;
    int range = (int)((addr - PC_BUFFER_BASE) / 0x10000);
    if (h->id == CHIP_BRISC) return range;
    return range == 0 ? (int)h->id - CHIP_TRISC0 : NO_THREAD;
}

BusReply sync_load(Tile *tile, Hart *h, uint32_t addr, uint32_t *value) {
    if (party(h) == NO_THREAD) return tile_unmapped(h, addr, 0, "load from");
    if (addr >= MAILBOX_BASE) return mailbox_load(tile, h, addr, value);
    if (addr < GPR_END) {
        const uint32_t *reg = gpr(tile, h, addr);
        if (!reg) return tile_unmapped(h, addr, 0, "load from");
        *value = *reg;
        return BUS_OK;
    }
    int thread = pc_buffer_of(h, addr);
    if (thread == NO_THREAD) return tile_unmapped(h, addr, 0, "load from");
    uint32_t offset = addr % 0x10000;
    if (h->id == CHIP_BRISC || offset == 0) return pc_buffer_load(tile, h, thread, value);
    if (offset == COPROCESSOR_DONE || offset == MOP_EXPANDER_DONE) {
        *value = 0;
        return BUS_OK;
    }
    if (offset < SEMAPHORES || offset >= SEMAPHORES + 8 * 4)
        return tile_unmodelled(h, addr, 0, "load from");
    *value = tile->sync.semaphore[offset / 4 % 8];
    return BUS_OK;
}

BusReply sync_store(Tile *tile, Hart *h, uint32_t addr, uint32_t value) {
    if (party(h) == NO_THREAD) return tile_unmapped(h, addr, value, "store to");
    if (addr >= MAILBOX_BASE) return mailbox_store(tile, h, addr, value);
    if (addr < GPR_END) return gpr_store(tile, h, addr, value);
    int thread = pc_buffer_of(h, addr);
    if (thread == NO_THREAD) return tile_unmapped(h, addr, value, "store to");
    uint32_t offset = addr % 0x10000;
    if (h->id == CHIP_BRISC || offset == 0) return pc_buffer_store(tile, h, thread, value);
    if (offset == COPROCESSOR_DONE || offset == MOP_EXPANDER_DONE) return BUS_OK; // discarded
    if (offset < SEMAPHORES || offset >= SEMAPHORES + 8 * 4)
        return tile_unmodelled(h, addr, value, "store to");
    return semaphore_store(tile, h, addr, value);
}
