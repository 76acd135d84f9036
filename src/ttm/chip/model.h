// The model of a chip: what its files share. Nothing outside src/ttm/chip includes this.
//
// Time goes in windows [T, T+64). At a boundary the NoCs apply what has completed (noc.c), then
// every tile with something to run does its window (tile.c), touching nothing but itself: that is
// what makes windows a unit of parallel work. Nothing is allocated after open, and everything is
// data with indices, so that a snapshot is a write.
#pragma once
#include "riscv/hart.h"
#include "ttm/chip/backend.h"
#include "ttm/chip/register.h"

typedef struct Model Model;
typedef struct Tile Tile;

enum {
    WINDOW = 64,
    NOCS = 2,
    INITIATORS = 4,
    STREAMS = 64,
    TILES_MAX = 160,
    SERVICE_WINDOWS = 1024
};

// ---- commands on a NoC -------------------------------------------------------------------------

typedef enum CommandKind {
    COMMAND_READ,
    COMMAND_WRITE,
    COMMAND_INLINE,
    COMMAND_ATOMIC
} CommandKind;

// A command from its issue to its completion.
typedef struct Command {
    uint64_t completion;
    uint64_t sequence;           // of the initiator, over both NoCs
    uint64_t remote;             // address at the target
    uint32_t local;              // where read data and the result of an atomic go, in the own L1
    uint32_t size;               // bytes
    uint32_t payload;            // where its bytes are in the outbox
    uint32_t payload_end;        // of the outbox, up to this command
    uint32_t data;               // an inline write's word, an atomic's operand and then its result
    uint32_t operation;          // an atomic's NOC_AT_LEN_BE
    uint8_t kind, noc, id, node; // CommandKind; transaction id; number of the target's node
    bool nonposted, multicast, done, staged;
    uint8_t x0, y0, x1, y1; // a multicast's rectangle, virtual
} Command;

// The commands of a tile that have not completed, in the order of issue, and their bytes. Both are
// rings; a command that finds no room waits for a boundary.
typedef struct Outbox {
    Command *slot;
    uint32_t slots, head, tail, collected; // these count on; up to `collected` is scheduled
    uint8_t *payload;
    uint32_t bytes, first, last; // [first, last) is in use, around the end
    uint32_t holders;            // commands with bytes in it; 0: all of it is free
} Outbox;

// The interface of a tile to one NoC.
typedef struct Niu {
    uint32_t initiator[INITIATORS][16]; // by offset / 4
    uint32_t config[32];
    uint32_t counter[64];
    uint64_t sending_until; // the end of the last command's sending
} Niu;

// A completion to come. Events are ordered by (when, key); keys are (initiator, sequence).
typedef struct Event {
    uint64_t when, key;
    uint32_t tile, slot;
} Event;

// ---- the inside of a tile ----------------------------------------------------------------------

typedef struct Stream {
    uint32_t remote_src, buf_start, buf_size, space, scratch;
} Stream;

// What harts of a tile tell each other without memory: 4 x 4 mailboxes, three PC buffers, eight
// semaphores. See sync.c.
enum { MAILBOX_DEPTH = 4, PC_BUFFER_DEPTH = 16 };
typedef struct Sync {
    struct {
        uint8_t len;
        uint32_t word[MAILBOX_DEPTH];
    } mailbox[4][4]; // [from][to]: B, T0, T1, T2
    struct {
        uint8_t len;
        uint32_t word[PC_BUFFER_DEPTH];
    } pc_buffer[3];
    uint8_t semaphore[8];
    uint32_t gpr[3][64];
} Sync;

// Harts are in ChipHart order; masks have bit h for hart h.
struct Tile {
    Model *model;
    const CoordNode *node;
    uint32_t number;                           // index in Model.tile: the order of tiles
    uint64_t close_until;                      // until then its harts go side by side
    uint64_t changes;                          // moved by every change to what loads here can see
    uint8_t running, parked, blocked, faulted; // what a hart that is not held does
    uint8_t held;                              // in reset
    uint8_t polls_registers;                   // of the parked ones: not memory alone
    uint8_t woken;     // harts that a change of L1 has woken and that have not run since
    bool wants_outbox; // a hart is blocked for room in the outbox
    Hart hart[CHIP_HARTS];
    Space l1, local[CHIP_HARTS];
    Niu niu[NOCS];
    Outbox outbox;
    uint64_t sequence; // of the next command
    uint64_t instructions;
    Stream stream[STREAMS];
    Sync sync;
    uint32_t soft_reset, reset_pc[CHIP_HARTS], trisc_override, ncrisc_override;
    uint32_t wall_clock_high; // as it was when the low half was last accessed
    bool warned;              // said that it reads a node without memory
};

typedef struct Memory {
    uint8_t *bytes;
    uint64_t size;
} Memory;

struct Model {
    Chip chip;
    const ArchFacts *arch;
    uint64_t now; // T: the boundary we are at, or the start of this window
    uint64_t windows, commands;
    uint64_t order_hash;
    bool hard;                                // WT_HARD: shortcuts off, tiles shuffled
    uint64_t shuffle;                         // state of the shuffle
    uint64_t runnable[(TILES_MAX + 63) / 64]; // tiles with a running hart
    bool any_fault;
    uint32_t tiles;
    Tile *tile;                 // [tiles], row-major physical order; harvested columns are left out
    Tile *tile_of[COORD_NODES]; // by node number
    Memory memory_of[COORD_NODES]; // L1, DRAM or Ethernet L1 behind a node; size 0: none
    Memory tiles_memory, l1, local, dram[DRAM_CHANNELS], eth_l1, payloads, slots,
        events; // mappings
    CodeCache *code;
    Event *event; // a heap of `num_events`
    uint32_t num_events, events_cap;
    Event *ripe, *deferred; // what completes at this boundary; what has to wait for the next
    uint32_t num_deferred;
    bool is_target[COORD_NODES]; // a ripe command touches this node
};

// ---- tile.c ------------------------------------------------------------------------------------

wt_status_t tile_init(Tile *tile, Model *model, const CoordNode *node, uint32_t number, uint8_t *l1,
                      uint8_t *local);
void tile_deinit(Tile *tile);
void tile_reset(Tile *tile); // all harts held, registers as at power-on
void tile_run(Tile *tile, uint64_t until);
void tile_prefetch(const Tile *tile); // it is the next to run

// Registers as a hart reaches them, or (hart NULL) the host and the NoC, at cycle `now`. Those have
// asked tile_reaches() beforehand whether the access, a store of *value or a load (value NULL), is
// one that the model knows: without a hart nobody can be blamed.
BusReply tile_load(Tile *tile, Hart *hart, uint32_t addr, uint32_t *value, uint64_t now);
BusReply tile_store(Tile *tile, Hart *hart, uint32_t addr, uint32_t value, uint64_t now);
bool tile_reaches(Tile *tile, uint32_t addr, const uint32_t *value);

// Writes L1 from outside the harts and wakes who polls what has changed.
void tile_write(Tile *tile, uint32_t addr, const void *data, uint32_t size, uint64_t now);

// Some register at `addr` has another value now: parked harts that load it wake up. True if any
// did.
bool tile_changed(Tile *tile, uint32_t addr, uint64_t now);

// Lets a woken hart go round its loop once. True: it polls on and is parked again.
bool tile_polls_on(Tile *tile, uint32_t hart);

// Those of `harts` that are blocked issue their access again.
void tile_retry(Tile *tile, uint8_t harts, uint64_t now);

// Faults of an access by a hart; the text is followed by the register's name.
BusReply tile_unmodelled(Hart *hart, uint32_t addr, uint32_t value, const char *what);
BusReply tile_unmapped(Hart *hart, uint32_t addr, uint32_t value, const char *what);

// ---- niu.c, noc.c ------------------------------------------------------------------------------

void niu_reset(Tile *tile, uint32_t noc);
BusReply niu_load(Tile *tile, Hart *hart, uint32_t noc, uint32_t offset, uint32_t *value);
BusReply niu_store(Tile *tile, Hart *hart, uint32_t noc, uint32_t offset, uint32_t value);
bool niu_reaches(uint32_t offset, bool write);

// Counts a status counter up or down and wakes who polls it.
void niu_count(Tile *tile, uint32_t noc, uint32_t counter, int by, uint64_t now);

enum {
    NIU_ATOMIC_RESP_RECEIVED = 0x0,
    NIU_WR_ACK_RECEIVED = 0x1,
    NIU_RD_RESP_RECEIVED = 0x2,
    NIU_RD_DATA_WORD_RECEIVED = 0x3,
    NIU_CMD_ACCEPTED = 0x4,
    NIU_RD_REQ_SENT = 0x5,
    NIU_NONPOSTED_ATOMIC_SENT = 0x6,
    NIU_POSTED_ATOMIC_SENT = 0x7,
    NIU_NONPOSTED_WR_DATA_WORD_SENT = 0x8,
    NIU_POSTED_WR_DATA_WORD_SENT = 0x9,
    NIU_NONPOSTED_WR_REQ_SENT = 0xA,
    NIU_POSTED_WR_REQ_SENT = 0xB,
    NIU_NONPOSTED_WR_REQ_STARTED = 0xC,
    NIU_POSTED_WR_REQ_STARTED = 0xD,
    NIU_RD_REQ_STARTED = 0xE,
    NIU_NONPOSTED_ATOMIC_STARTED = 0xF,
    NIU_REQS_OUTSTANDING_ID = 0x10,
    NIU_WRITE_REQS_OUTGOING_ID = 0x20,
    NIU_COUNTERS = 0x30,
};

// Data flits that carry so many bytes: one leaves a tile in a cycle.
uint32_t noc_flits(const Model *model, uint32_t bytes);

// Takes a command into the tile's outbox, to be sent at `issue` or as soon as earlier ones are out.
// *payload is where a write's bytes go. False: no room.
bool noc_send(Tile *tile, const Command *command, uint64_t issue, uint8_t **payload);
void noc_collect(Tile *tile); // schedules what the tile has sent in the window that is over
void noc_apply(Model *model); // everything that has completed at model->now
void noc_drop(Model *model);  // forgets all commands

// ---- stream.c, sync.c, register.c --------------------------------------------------------------

BusReply stream_load(Tile *tile, Hart *hart, uint32_t addr, uint32_t *value);
BusReply stream_store(Tile *tile, Hart *hart, uint32_t addr, uint32_t value, uint64_t now);
bool stream_reaches(uint32_t addr, const uint32_t *value);

BusReply sync_load(Tile *tile, Hart *hart, uint32_t addr, uint32_t *value);
BusReply sync_store(Tile *tile, Hart *hart, uint32_t addr, uint32_t value);
void sync_reset_hart(Tile *tile, uint32_t hart,
                     bool leaving);      // mailboxes and PC buffers of a hart that is reset
void sync_waits(Tile *tile, Hart *hart); // a hart has just blocked

enum {
    DEBUG_WALL_CLOCK_L = 0xFFB121F0,
    DEBUG_WALL_CLOCK_1 = 0xFFB121F4,
    DEBUG_WALL_CLOCK_H = 0xFFB121F8,
    DEBUG_DEST_CG_CTRL = 0xFFB12240,
    DEBUG_CG_CTRL_EN = 0xFFB12244,
    TDMA_CLK_GATE_EN = 0xFFB11024,
    STREAM_BASE = 0xFFB40000,
    STREAM_END = 0xFFB80000,
    NIU_BASE = 0xFFB20000,
    NIU_STRIDE = 0x10000,
    GPR_BASE = 0xFFE00000,
    GPR_END = 0xFFE40000,
    PC_BUFFER_BASE = 0xFFE80000,
    PC_BUFFER_END = 0xFFEB0000,
    MAILBOX_BASE = 0xFFEC0000,
    MAILBOX_END = 0xFFEC4000,
};
