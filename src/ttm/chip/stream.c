// Overlay streams, as far as programs use them: as registers. Circular buffers keep their counts
// of received and acknowledged pages in them, dispatch its completion counts. Streams that move
// data are not modelled. tt-isa-documentation NoC/Overlay/AsGeneralUse.md.
#include "ttm/chip/model.h"

enum {
    REMOTE_SRC = 4,
    REMOTE_DEST_BUF_START = 8,
    REMOTE_DEST_BUF_SIZE = 10,
    PHASE_AUTO_CFG_PTR = 31,
    SPACE_AVAILABLE_UPDATE = 270,
    SPACE_AVAILABLE = 297,
    BITS_17 = 0x1FFFF,
    BITS_24 = 0xFFFFFF,
};

static uint32_t register_of(uint32_t addr) { return addr % 0x1000 / 4; }
static uint32_t stream_of(uint32_t addr) { return (addr - STREAM_BASE) / 0x1000; }

// Whether a store is to the count of a multicast stream's receiver, in the low bits.
static bool is_receivers_count(uint32_t value) { return value & 0x3F; }

bool stream_reaches(uint32_t addr, const uint32_t *value) {
    switch (register_of(addr)) {
    case REMOTE_SRC:
    case REMOTE_DEST_BUF_START:
    case REMOTE_DEST_BUF_SIZE:
    case PHASE_AUTO_CFG_PTR: return true;
    case SPACE_AVAILABLE_UPDATE: return value && !is_receivers_count(*value);
    case SPACE_AVAILABLE: return !value;
    default: return false;
    }
}

BusReply stream_load(Tile *tile, Hart *hart, uint32_t addr, uint32_t *value) {
    const Stream *s = &tile->stream[stream_of(addr)];
    switch (register_of(addr)) {
    case REMOTE_SRC: *value = s->remote_src; return BUS_OK;
    case REMOTE_DEST_BUF_START: *value = s->buf_start; return BUS_OK;
    case REMOTE_DEST_BUF_SIZE: *value = s->buf_size; return BUS_OK;
    case PHASE_AUTO_CFG_PTR: *value = s->scratch; return BUS_OK;
    case SPACE_AVAILABLE: *value = s->space; return BUS_OK;
    default: return tile_unmodelled(hart, addr, 0, "load from");
    }
}

// Sets a register; says whether a hart that polls it woke up.
static BusReply set(Tile *tile, uint32_t *reg, uint32_t value, uint32_t addr, uint64_t now) {
    if (*reg == value) return BUS_OK;
    *reg = value;
    return tile_changed(tile, addr, now) ? BUS_YIELD : BUS_EFFECT;
}

BusReply stream_store(Tile *tile, Hart *hart, uint32_t addr, uint32_t value, uint64_t now) {
    Stream *s = &tile->stream[stream_of(addr)];
    uint32_t space = (addr & ~0xFFFu) + 4 * SPACE_AVAILABLE;
    switch (register_of(addr)) {
    case REMOTE_SRC: return set(tile, &s->remote_src, value & BITS_24, addr, now);
    case REMOTE_DEST_BUF_START: return set(tile, &s->buf_start, value & BITS_17, addr, now);
    case REMOTE_DEST_BUF_SIZE: {
        BusReply a = set(tile, &s->buf_size, value & BITS_17, addr, now);
        BusReply b = set(tile, &s->space, value & BITS_17, space, now);
        return a > b ? a : b;
    }
    case PHASE_AUTO_CFG_PTR: return set(tile, &s->scratch, value & BITS_17, addr, now);
    case SPACE_AVAILABLE_UPDATE:
        if (is_receivers_count(value))
            return tile_unmodelled(hart, addr, value, "store of a multicast receiver's count to");
        return set(tile, &s->space, (s->space + (value >> 6)) & BITS_17, space, now);
    default: return tile_unmodelled(hart, addr, value, "store to");
    }
}
