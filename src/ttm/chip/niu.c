// The interface of a tile to its two NoCs: request initiators, configuration, status counters.
// tt-isa-documentation BlackholeA0/NoC/{MemoryMap,Counters}.md.
//
// Writing CMD_CTRL issues a command. Everything that can be wrong with it is found here, where the
// hart's pc is at hand; what is in flight cannot fail any more.
#include "ttm/chip/model.h"

#include <string.h>

// Registers of an initiator, as indices of Niu.initiator.
enum {
    TARG_LO = 0,
    TARG_MID = 1,
    TARG_HI = 2,
    RET_LO = 3,
    RET_MID = 4,
    RET_HI = 5,
    PACKET_TAG = 6,
    CTRL = 7,
    AT_LEN_BE = 8,
    AT_LEN_BE_1 = 9,
    AT_DATA = 10,
    BRCST_EXCLUDE = 11,
    L1_ACC_AT_INSTRN = 12,
    SEC_CTRL = 13,
};
enum {
    INITIATOR_STRIDE = 0x800,
    CMD_CTRL = 0x40,
    NODE_ID = 0x44,
    ENDPOINT_ID = 0x48,
    CLEAR_OUTSTANDING = 0x60,
    CMD_BUF_AVAIL = 0x64,
    CMD_BUF_OVFL = 0x68,
    CONFIG = 0x100,
    COUNTER = 0x200,
};
// Indices of Niu.config.
enum { NIU_CFG_0 = 0x0, ROUTER_CFG_1 = 0x2, ROUTER_CFG_3 = 0x4, X_TABLE = 0x6, ID_LOGICAL = 0x12 };
enum { TRANSLATE_EN = 1 << 14, FIFO_EN = 1 << 16 };

enum {
    CTRL_TYPE = 3,
    CTRL_WR_BE = 1 << 2,
    CTRL_INLINE = 1 << 3,
    CTRL_RESP_MARKED = 1 << 4,
    CTRL_BRCST = 1 << 5,
    CTRL_RESERVED = 7 << 10 | 0x1FF << 18,
    CTRL_SRC_INCLUDE = 1 << 17,
    TYPE_READ = 0,
    TYPE_ATOMIC = 1,
    TYPE_WRITE = 2,
    TAG_ID_SHIFT = 10,
    TAG_ID = 0xF,
    TAG_FLAGS = 0x3C0, // overlay delivery, header store
    ATOMIC_INCREMENT = 1,
};
#define CTRL_L1_ACC 0x80000000u

// Columns and rows that hear no multicast, as this NoC counts them: those without a worker.
static uint32_t opted_out(const CoordMap *map, uint32_t noc, bool rows) {
    uint32_t columns = (uint32_t)map->arch->facts.noc_columns,
             n = rows ? (uint32_t)map->arch->facts.noc_rows : columns;
    uint32_t mask = (1u << n) - 1;
    for (uint32_t i = 0; i < map->nodes; i++) {
        uint32_t at = rows ? i / columns : i % columns;
        if (map->node[i].kind == CHIP_WORKER) mask &= ~(1u << (noc ? n - 1 - at : at));
    }
    return mask;
}

void niu_reset(Tile *tile, uint32_t noc) {
    const CoordMap *map = &tile->model->chip.coords;
    Niu *niu = &tile->niu[noc];
    uint64_t until = niu->sending_until;
    *niu = (Niu){ .sending_until = until };
    niu->config[NIU_CFG_0] = TRANSLATE_EN;
    niu->config[ROUTER_CFG_1] = opted_out(map, noc, false);
    niu->config[ROUTER_CFG_3] = opted_out(map, noc, true);
    niu->config[ID_LOGICAL] = tile->node->virtual.y << 6 | tile->node->virtual.x;
}

// ---- registers ---------------------------------------------------------------------------------

static uint32_t node_id(const Tile *tile, uint32_t noc) {
    const ArchFacts *f = tile->model->arch;
    uint32_t x = tile->node->physical.x, y = tile->node->physical.y;
    if (noc == 1) x = (uint32_t)f->noc_columns - 1 - x, y = (uint32_t)f->noc_rows - 1 - y;
    return y << 6 | x | (uint32_t)f->noc_columns << 12 | (uint32_t)f->noc_rows << 19 |
           (noc == 0) << 28;
}

void niu_count(Tile *tile, uint32_t noc, uint32_t counter, int by, uint64_t now) {
    uint32_t *c = &tile->niu[noc].counter[counter];
    *c += (uint32_t)by;
    if (counter >= NIU_REQS_OUTSTANDING_ID) *c &= 0xFF; // eight bits wide
    tile_changed(tile, NIU_BASE + noc * NIU_STRIDE + COUNTER + 4 * counter, now);
}

static bool is_config(uint32_t offset) {
    uint32_t i = (offset - CONFIG) / 4;
    return offset >= CONFIG && offset < COUNTER && (i < X_TABLE || i == ID_LOGICAL);
}

bool niu_reaches(uint32_t offset, bool write) {
    if (offset >= COUNTER && offset < COUNTER + 4 * NIU_COUNTERS) return !write;
    return (is_config(offset) || offset == NODE_ID) && !write;
}

BusReply niu_load(Tile *tile, Hart *hart, uint32_t noc, uint32_t offset, uint32_t *value) {
    const Niu *niu = &tile->niu[noc];
    uint32_t in = offset % INITIATOR_STRIDE, addr = NIU_BASE + noc * NIU_STRIDE + offset;
    if (offset >= COUNTER && offset < COUNTER + 4 * NIU_COUNTERS)
        return *value = niu->counter[(offset - COUNTER) / 4], BUS_OK;
    if (offset >= INITIATORS * INITIATOR_STRIDE) return tile_unmapped(hart, addr, 0, "load from");
    if (in < 4 * (SEC_CTRL + 1))
        return *value = niu->initiator[offset / INITIATOR_STRIDE][in / 4], BUS_OK;
    if (in == CMD_CTRL) return *value = 0, BUS_OK; // ready at once
    if (in == NODE_ID) return *value = node_id(tile, noc), BUS_OK;
    if (in == ENDPOINT_ID) return *value = noc << 24 | 0x0100 << 8 | tile->node->index, BUS_OK;
    if (in == CMD_BUF_AVAIL) return *value = 0x08080808, BUS_OK;
    if (in == CMD_BUF_OVFL) return *value = 0, BUS_OK;
    if (is_config(offset)) return *value = niu->config[(offset - CONFIG) / 4], BUS_OK;
    return tile_unmodelled(hart, addr, 0, "load from");
}

static BusReply issue(Tile *tile, Hart *hart, uint32_t noc, uint32_t initiator);

static BusReply store_config(Tile *tile, Hart *hart, uint32_t noc, uint32_t offset,
                             uint32_t value) {
    uint32_t *config = &tile->niu[noc].config[(offset - CONFIG) / 4],
             addr = NIU_BASE + noc * NIU_STRIDE + offset;
    if (offset == CONFIG && (!(value & TRANSLATE_EN) || value & FIFO_EN))
        return tile_unmodelled(hart, addr, value, "translation off or the request FIFO on:");
    if (*config == value) return BUS_OK;
    uint32_t in = (offset - CONFIG) / 4;
    uint32_t masked = in == ROUTER_CFG_1 ? 0x1FFFF : in == ROUTER_CFG_3 ? 0xFFF : 0;
    if ((*config ^ value) & masked)
        return tile_unmodelled(hart, addr, value, "another choice of who hears multicasts, in");
    *config = value;
    return tile_changed(tile, addr, hart->clock) ? BUS_YIELD : BUS_EFFECT;
}

BusReply niu_store(Tile *tile, Hart *hart, uint32_t noc, uint32_t offset, uint32_t value) {
    Niu *niu = &tile->niu[noc];
    uint32_t in = offset % INITIATOR_STRIDE, addr = NIU_BASE + noc * NIU_STRIDE + offset;
    if (offset >= INITIATORS * INITIATOR_STRIDE)
        return tile_unmapped(hart, addr, value, "store to");
    if (in < 4 * (SEC_CTRL + 1)) {
        uint32_t *reg = &niu->initiator[offset / INITIATOR_STRIDE][in / 4];
        if (*reg == value) return BUS_OK;
        *reg = value;
        return tile_changed(tile, addr, hart->clock) ? BUS_YIELD : BUS_EFFECT;
    }
    if (in == CMD_CTRL)
        return value & 1 ? issue(tile, hart, noc, offset / INITIATOR_STRIDE) : BUS_OK;
    if (is_config(offset)) return store_config(tile, hart, noc, offset, value);
    if (offset == CLEAR_OUTSTANDING) {
        for (uint32_t id = 0; id < 16; id++)
            if (value >> id & 1) {
                uint32_t *counter = &niu->counter[NIU_REQS_OUTSTANDING_ID + id];
                niu_count(tile, noc, NIU_REQS_OUTSTANDING_ID + id, -(int)*counter, hart->clock);
            }
        return BUS_EFFECT;
    }
    return tile_unmodelled(hart, addr, value, "store to");
}

// ---- commands ----------------------------------------------------------------------------------

#define REFUSE(kind, ...) return hart_fault(hart, (kind), 0, reg[CTRL], __VA_ARGS__)

static const char *const kind_name[] = { "read", "write", "inline write", "atomic" };

// The node behind a coordinate register, in *node. A coordinate that is nowhere faults.
static BusReply find_target(Tile *tile, Hart *hart, const uint32_t *reg, uint32_t xy,
                            const Command *c, const CoordNode **node) {
    *node = coord_at(&tile->model->chip.coords, xy & 63, xy >> 6 & 63);
    if (!*node || (*node)->kind == CHIP_NONE)
        REFUSE(FAULT_UNDEFINED, "NoC %s at (%u,%u): no such node", kind_name[c->kind], xy & 63,
               xy >> 6 & 63);
    return BUS_OK;
}

static bool is_self(const Tile *tile, uint32_t xy) {
    const CoordNode *node = coord_at(&tile->model->chip.coords, xy & 63, xy >> 6 & 63);
    return node == tile->node;
}

static BusReply check_own_range(Tile *tile, Hart *hart, const uint32_t *reg, uint64_t addr,
                                const Command *c) {
    uint64_t limit = tile->model->chip.facts.l1_size;
    if (addr > limit || c->size > limit - addr)
        REFUSE(FAULT_UNDEFINED, "NoC %s of %u bytes: 0x%llx of the own tile is outside L1",
               kind_name[c->kind], c->size, (unsigned long long)addr);
    return BUS_OK;
}

// Whether a command's one word may go to a register of that tile, or come from it.
static bool reaches_register(Tile *from, Tile *to, const Command *c) {
    uint32_t word = c->data;
    if (c->kind == COMMAND_WRITE) memcpy(&word, from->l1.host + c->local, sizeof word);
    return tile_reaches(to, (uint32_t)c->remote, c->kind == COMMAND_READ ? NULL : &word);
}

// A target's range: memory of the node, or one of its registers.
static BusReply check_target_range(Tile *tile, Hart *hart, const uint32_t *reg,
                                   const CoordNode *node, const Command *c) {
    Model *m = tile->model;
    const Memory *memory = &m->memory_of[c->node];
    unsigned long long at = c->remote;
    if (at < memory->size && c->size <= memory->size - at) return BUS_OK;
    if (node->kind == CHIP_WORKER && at >= CHIP_REGISTERS && at <= UINT32_MAX) {
        if (c->size != 4 || at % 4)
            REFUSE(FAULT_UNDEFINED,
                   "NoC %s of %u bytes at 0x%08llx: registers take four aligned bytes",
                   kind_name[c->kind], c->size, at);
        if (!reaches_register(tile, m->tile_of[c->node], c)) {
            char buf[80];
            REFUSE(FAULT_UNMODELLED, "NoC %s at (%u,%u) 0x%08llx (%s)", kind_name[c->kind],
                   node->virtual.x, node->virtual.y, at,
                   register_name(&tile->model->chip.facts, (uint32_t)at, buf, sizeof buf));
        }
        return BUS_OK;
    }
    if (node->kind == CHIP_PCIE)
        REFUSE(FAULT_UNMODELLED, "NoC %s to the host's memory (PCIe tile)", kind_name[c->kind]);
    if (!memory->size && c->kind == COMMAND_READ) return BUS_OK; // filler
    if (!memory->size)
        REFUSE(FAULT_UNDEFINED, "NoC %s at (%u,%u): that node has no memory", kind_name[c->kind],
               node->virtual.x, node->virtual.y);
    REFUSE(FAULT_UNDEFINED, "NoC %s of %u bytes at (%u,%u) 0x%llx: outside the node's 0x%llx bytes",
           kind_name[c->kind], c->size, node->virtual.x, node->virtual.y, at,
           (unsigned long long)memory->size);
}

static BusReply check_size(Tile *tile, Hart *hart, const uint32_t *reg, const Command *c) {
    if (c->size == 0) REFUSE(FAULT_UNDEFINED, "NoC %s of no bytes", kind_name[c->kind]);
    if (c->size > tile->model->arch->noc_max_burst || reg[AT_LEN_BE_1])
        REFUSE(FAULT_UNMODELLED, "NoC %s of %u bytes: splitting of more than %u",
               kind_name[c->kind], c->size, (unsigned)tile->model->arch->noc_max_burst);
    return BUS_OK;
}

// Source and target must agree in the low bits of their addresses.
static BusReply check_alignment(Hart *hart, const uint32_t *reg, const Command *c, uint64_t align) {
    if ((c->remote ^ c->local) & (align - 1))
        REFUSE(FAULT_UNDEFINED, "NoC %s between 0x%x and 0x%llx: the addresses differ modulo %u",
               kind_name[c->kind], c->local, (unsigned long long)c->remote, (unsigned)align);
    return BUS_OK;
}

#define CHECK(call)                                                                                \
    do {                                                                                           \
        if ((call) != BUS_OK) return BUS_FAULT;                                                    \
    } while (0)

static BusReply make_read(Tile *tile, Hart *hart, const uint32_t *reg, Command *c) {
    const CoordNode *node;
    c->size = reg[AT_LEN_BE];
    c->remote = (uint64_t)reg[TARG_MID] << 32 | reg[TARG_LO];
    c->local = reg[RET_LO];
    c->nonposted = true;
    CHECK(check_size(tile, hart, reg, c));
    CHECK(find_target(tile, hart, reg, reg[TARG_HI], c, &node));
    c->node = (uint8_t)(node - tile->model->chip.coords.node);
    if (!is_self(tile, reg[RET_HI]))
        REFUSE(FAULT_UNMODELLED, "NoC read that answers another tile than its own");
    CHECK(check_own_range(tile, hart, reg, (uint64_t)reg[RET_MID] << 32 | c->local, c));
    CHECK(check_target_range(tile, hart, reg, node, c));
    const ChipFacts *f = &tile->model->chip.facts;
    uint32_t align = node->kind == CHIP_DRAM       ? f->dram_alignment
                     : c->remote >= CHIP_REGISTERS ? 4
                                                   : f->l1_alignment;
    return check_alignment(hart, reg, c, align);
}

static const CoordNode *first_worker(const CoordMap *map, uint32_t x0, uint32_t y0, uint32_t x1,
                                     uint32_t y1) {
    for (uint32_t y = y0; y <= y1; y++)
        for (uint32_t x = x0; x <= x1; x++) {
            const CoordNode *node = coord_at(map, x, y);
            if (node && node->kind == CHIP_WORKER) return node;
        }
    return NULL;
}

// A rectangle of workers (whatever else lies in it hears nothing), its corners in the NoC's own
// direction of travel.
static BusReply make_multicast(Tile *tile, Hart *hart, const uint32_t *reg, uint32_t noc,
                               Command *c) {
    uint32_t hi = reg[RET_HI];
    uint32_t x1 = hi & 63, y1 = hi >> 6 & 63, x0 = hi >> 12 & 63, y0 = hi >> 18 & 63;
    if (noc == 1) {
        uint32_t x = x0, y = y0;
        x0 = x1, y0 = y1, x1 = x, y1 = y;
    }
    if (x0 > x1 || y0 > y1)
        REFUSE(
            FAULT_UNMODELLED,
            "multicast on NoC %u from (%u,%u) to (%u,%u) wraps around: NoC 0 wants the low corner "
            "first, NoC 1 the high one",
            noc, hi >> 12 & 63, hi >> 18 & 63, hi & 63, hi >> 6 & 63);
    const CoordNode *node = first_worker(&tile->model->chip.coords, x0, y0, x1, y1);
    if (!node)
        REFUSE(FAULT_UNDEFINED, "multicast to (%u,%u)-(%u,%u): no worker is there", x0, y0, x1, y1);
    c->multicast = true;
    c->x0 = (uint8_t)x0, c->y0 = (uint8_t)y0, c->x1 = (uint8_t)x1, c->y1 = (uint8_t)y1;
    c->node = (uint8_t)(node - tile->model->chip.coords.node);
    c->operation = reg[CTRL] & CTRL_SRC_INCLUDE; // whether the own tile hears it too
    return check_target_range(tile, hart, reg, node, c);
}

static BusReply make_write(Tile *tile, Hart *hart, const uint32_t *reg, uint32_t noc, Command *c) {
    const CoordNode *node;
    c->size = reg[AT_LEN_BE];
    c->remote = (uint64_t)reg[RET_MID] << 32 | reg[RET_LO];
    c->local = reg[TARG_LO];
    if (reg[CTRL] & CTRL_WR_BE) REFUSE(FAULT_UNMODELLED, "NoC write with byte enables");
    CHECK(check_size(tile, hart, reg, c));
    if (!is_self(tile, reg[TARG_HI]))
        REFUSE(FAULT_UNMODELLED, "NoC write that is acknowledged to another tile than its own");
    CHECK(check_own_range(tile, hart, reg, (uint64_t)reg[TARG_MID] << 32 | c->local, c));
    CHECK(check_alignment(hart, reg, c,
                          c->remote >= CHIP_REGISTERS && c->remote <= UINT32_MAX
                              ? 4
                              : tile->model->chip.facts.l1_alignment));
    if (reg[CTRL] & CTRL_BRCST) return make_multicast(tile, hart, reg, noc, c);
    CHECK(find_target(tile, hart, reg, reg[RET_HI], c, &node));
    c->node = (uint8_t)(node - tile->model->chip.coords.node);
    return check_target_range(tile, hart, reg, node, c);
}

static BusReply make_inline(Tile *tile, Hart *hart, const uint32_t *reg, Command *c) {
    const CoordNode *node;
    c->size = 4;
    c->remote = (uint64_t)reg[TARG_MID] << 32 | reg[TARG_LO];
    c->data = reg[AT_DATA];
    if (reg[CTRL] & CTRL_BRCST) REFUSE(FAULT_UNMODELLED, "multicast of an inline write");
    CHECK(find_target(tile, hart, reg, reg[TARG_HI], c, &node));
    c->node = (uint8_t)(node - tile->model->chip.coords.node);
    if (node->kind == CHIP_ETH)
        REFUSE(FAULT_UNMODELLED, "NoC inline write to the Ethernet core (%u,%u)", node->virtual.x,
               node->virtual.y);
    if (node->kind != CHIP_WORKER)
        REFUSE(FAULT_UNDEFINED, "NoC inline write at (%u,%u): no worker or Ethernet core is there",
               node->virtual.x, node->virtual.y);
    if (c->remote < tile->model->chip.facts.l1_size && !tile->model->arch->inline_to_l1)
        REFUSE(FAULT_UNDEFINED,
               "NoC inline write to L1 (0x%llx): not safe on this chip; write a word of L1 instead",
               (unsigned long long)c->remote);
    return check_target_range(tile, hart, reg, node, c);
}

static BusReply make_atomic(Tile *tile, Hart *hart, const uint32_t *reg, Command *c) {
    const CoordNode *node;
    c->size = 4;
    c->remote = (uint64_t)reg[TARG_MID] << 32 | reg[TARG_LO];
    c->local = reg[RET_LO];
    c->data = reg[AT_DATA];
    c->operation = reg[AT_LEN_BE];
    uint32_t code = c->operation >> 12 & 15;
    if (reg[CTRL] & CTRL_BRCST) REFUSE(FAULT_UNMODELLED, "multicast of an atomic");
    if (code != ATOMIC_INCREMENT)
        REFUSE(FAULT_UNMODELLED, "NoC atomic operation %u (increment is 1)", code);
    CHECK(find_target(tile, hart, reg, reg[TARG_HI], c, &node));
    c->node = (uint8_t)(node - tile->model->chip.coords.node);
    if ((node->kind != CHIP_WORKER && node->kind != CHIP_ETH) ||
        c->remote >= tile->model->memory_of[c->node].size)
        REFUSE(FAULT_UNDEFINED, "NoC atomic at (%u,%u) 0x%llx: it must be in an L1",
               node->virtual.x, node->virtual.y, (unsigned long long)c->remote);
    if (c->remote % 4 || c->local % 4)
        REFUSE(FAULT_UNDEFINED, "NoC atomic at 0x%llx, result to 0x%x: not aligned",
               (unsigned long long)c->remote, c->local);
    if (!c->nonposted) return BUS_OK;
    if (!is_self(tile, reg[RET_HI]))
        REFUSE(FAULT_UNMODELLED, "NoC atomic that answers another tile than its own");
    return check_own_range(tile, hart, reg, (uint64_t)reg[RET_MID] << 32 | c->local, c);
}

static BusReply make_command(Tile *tile, Hart *hart, const uint32_t *reg, uint32_t noc,
                             Command *c) {
    uint32_t ctrl = reg[CTRL], type = ctrl & CTRL_TYPE;
    if (type == CTRL_TYPE || ctrl & CTRL_RESERVED)
        REFUSE(FAULT_UNDEFINED, "NOC_CTRL 0x%x: reserved bits", ctrl);
    if (ctrl & CTRL_L1_ACC)
        REFUSE(FAULT_UNDEFINED, "NOC_CTRL 0x%x: accumulation in L1 is not safe on this chip", ctrl);
    if (reg[PACKET_TAG] & TAG_FLAGS)
        REFUSE(FAULT_UNMODELLED, "NOC_PACKET_TAG 0x%x: overlay delivery or header store",
               reg[PACKET_TAG]);
    if (reg[BRCST_EXCLUDE]) REFUSE(FAULT_UNMODELLED, "NOC_BRCST_EXCLUDE 0x%x", reg[BRCST_EXCLUDE]);
    c->noc = (uint8_t)noc;
    c->id = reg[PACKET_TAG] >> TAG_ID_SHIFT & TAG_ID;
    c->nonposted = ctrl & CTRL_RESP_MARKED;
    c->kind = type == TYPE_READ     ? COMMAND_READ
              : type == TYPE_ATOMIC ? COMMAND_ATOMIC
              : ctrl & CTRL_INLINE  ? COMMAND_INLINE
                                    : COMMAND_WRITE;
    switch (c->kind) {
    case COMMAND_READ:
        if (ctrl & CTRL_BRCST) REFUSE(FAULT_UNDEFINED, "multicast of a read");
        return make_read(tile, hart, reg, c);
    case COMMAND_WRITE: return make_write(tile, hart, reg, noc, c);
    case COMMAND_INLINE: return make_inline(tile, hart, reg, c);
    default: return make_atomic(tile, hart, reg, c);
    }
}

// The counters that rise as a request leaves.
static void count_issue(Tile *tile, const Command *c, uint64_t now) {
    uint32_t noc = c->noc, flits = noc_flits(tile->model, c->size);
    niu_count(tile, noc, NIU_CMD_ACCEPTED, 1, now);
    if (c->nonposted) niu_count(tile, noc, NIU_REQS_OUTSTANDING_ID + c->id, 1, now);
    switch (c->kind) {
    case COMMAND_READ:
        niu_count(tile, noc, NIU_RD_REQ_STARTED, 1, now);
        niu_count(tile, noc, NIU_RD_REQ_SENT, 1, now);
        break;
    case COMMAND_ATOMIC:
        if (c->nonposted) niu_count(tile, noc, NIU_NONPOSTED_ATOMIC_STARTED, 1, now);
        niu_count(tile, noc, c->nonposted ? NIU_NONPOSTED_ATOMIC_SENT : NIU_POSTED_ATOMIC_SENT, 1,
                  now);
        break;
    default:
        niu_count(tile, noc,
                  c->nonposted ? NIU_NONPOSTED_WR_REQ_STARTED : NIU_POSTED_WR_REQ_STARTED, 1, now);
        niu_count(tile, noc, c->nonposted ? NIU_NONPOSTED_WR_REQ_SENT : NIU_POSTED_WR_REQ_SENT, 1,
                  now);
        if (c->kind == COMMAND_WRITE)
            niu_count(tile, noc,
                      c->nonposted ? NIU_NONPOSTED_WR_DATA_WORD_SENT : NIU_POSTED_WR_DATA_WORD_SENT,
                      (int)flits, now);
    }
}

static BusReply issue(Tile *tile, Hart *hart, uint32_t noc, uint32_t initiator) {
    Command c = { 0 };
    const uint32_t *reg = tile->niu[noc].initiator[initiator];
    CHECK(make_command(tile, hart, reg, noc, &c));
    uint8_t *payload;
    if (!noc_send(tile, &c, hart->clock, &payload)) {
        tile->wants_outbox = true;
        return BUS_WAIT;
    }
    if (c.kind == COMMAND_WRITE) memcpy(payload, tile->l1.host + c.local, c.size);
    count_issue(tile, &c, hart->clock);
    return BUS_EFFECT;
}
