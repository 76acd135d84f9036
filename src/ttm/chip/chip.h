// A Tenstorrent chip as the host reaches it: memory and registers behind NoC coordinates, harts
// that run, faults. This is the one header of the chip that the host includes, and the seam where
// another way to reach a device sits: the model in this library, a foreign libttsim.so, later a
// card. Each is a ChipBackend (backend.h).
//
// Nodes are named by the coordinates that programs write into NoC commands: *virtual* ones
// (TT-Metal's TRANSLATED). They hide harvested columns and are the same on both NoCs.
//
// Time advances in chip_run() only; reads and writes take effect at once, between two windows.
// A device program's fault poisons the chip: from then on only reading, asking and chip_reset()
// are allowed. That rule is checked here and nowhere else.
//
// A chip belongs to one thread at a time; chip_interrupt() alone may come from any thread.
#pragma once
#include "wavetile.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Chip Chip;

typedef struct ChipXY {
    uint16_t x, y;
} ChipXY;

// The processors of a Tensix tile, in TT-Metal's order: DM0, DM1, MATH0 to MATH2.
typedef enum ChipHart {
    CHIP_BRISC,
    CHIP_NCRISC,
    CHIP_TRISC0,
    CHIP_TRISC1,
    CHIP_TRISC2,
    CHIP_HARTS
} ChipHart;
enum { CHIP_ALL_HARTS = (1 << CHIP_HARTS) - 1 };

const char *chip_hart_name(ChipHart hart); // "brisc"

typedef struct ChipOptions {
    const char *transport; // NULL: the model; a path: that libttsim.so
    const char *arch;      // NULL: "blackhole"
    uint32_t harvested;    // bit i: Tensix column i, counted by physical x, is not there
} ChipOptions;

// What a backend can do. Where a bit is missing, the host falls back to time-outs or leaves it out.
enum {
    CHIP_QUIESCENT = 1 << 0,     // chip_run() knows when nothing can move any more
    CHIP_PC = 1 << 1,            // chip_hart_state() knows the pc and what a hart waits for
    CHIP_LOCAL_MEMORY = 1 << 2,  // local memories can be read at CHIP_LOCAL_BASE
    CHIP_DETERMINISTIC = 1 << 3, // cycles and order hash are equal in every run
    CHIP_STACK_CHECK = 1 << 4,   // chip_set_stack_limit() has an effect
};

// What does not change while a chip is open. Sizes are in bytes.
typedef struct ChipFacts {
    const char *arch;                     // "blackhole"
    uint32_t capabilities;                // CHIP_QUIESCENT | ...
    uint32_t noc_columns, noc_rows;       // of the physical grid
    uint32_t worker_columns, worker_rows; // of the logical grid: what harvesting has left
    uint32_t harvested;                   // as in ChipOptions
    uint32_t eth_cores;
    uint32_t dram_channels;
    uint64_t dram_channel_size;
    uint32_t l1_size, eth_l1_size;
    uint32_t local_size[CHIP_HARTS];       // local memories
    uint32_t l1_alignment, dram_alignment; // that source and target of a NoC command share
    uint32_t num_cbs;                      // circular buffers of a tile: streams with counters
} ChipFacts;

// Opens a chip: every hart held in reset, memories zero. `options` may be NULL.
wt_status_t chip_open(const ChipOptions *options, Chip **chip);
void chip_close(Chip *chip); // NULL is fine

const ChipFacts *chip_facts(const Chip *chip);

// ---- coordinates -------------------------------------------------------------------------------

typedef enum ChipCoord {
    CHIP_LOGICAL,  // a worker: column and row of the logical grid
    CHIP_VIRTUAL,  // as programs write it
    CHIP_PHYSICAL, // the place on the die, as NoC 0 counts
} ChipCoord;

typedef enum ChipNode {
    CHIP_NONE,
    CHIP_WORKER,
    CHIP_DRAM,
    CHIP_ETH,
    CHIP_PCIE,
    CHIP_ARC,
    CHIP_ROUTER
} ChipNode;

// What lies at a virtual coordinate. CHIP_NONE: nothing, or a harvested tile.
ChipNode chip_node(const Chip *chip, ChipXY at);

// From one system to another. False when there is no such node (a harvested column, a node that
// is no worker in CHIP_LOGICAL).
bool chip_translate(const Chip *chip, ChipCoord from, ChipXY at, ChipCoord to, ChipXY *out);

// Virtual coordinates of the n-th of a kind; for DRAM of the port that workers use on that NoC.
// WT_INVALID, naming the culprit, when there is none.
wt_status_t chip_worker(const Chip *chip, uint32_t column, uint32_t row, ChipXY *at);
wt_status_t chip_dram(const Chip *chip, uint32_t channel, uint32_t noc, ChipXY *at);
wt_status_t chip_eth(const Chip *chip, uint32_t n, ChipXY *at);
wt_status_t chip_pcie(const Chip *chip, ChipXY *at);

// ---- memory and registers ----------------------------------------------------------------------

// Copies [addr, addr + size) of a node. L1 and DRAM: any range inside. Registers (0xFFB1_0000 and
// up): four aligned bytes at a time. The copy is done when the call returns.
wt_status_t chip_write(Chip *chip, ChipXY at, uint64_t addr, const void *data, size_t size);
wt_status_t chip_read(Chip *chip, ChipXY at, uint64_t addr, void *data, size_t size);

// The bytes of a DRAM channel in this process, from address 0 on, for hosts that copy much at once;
// NULL where a backend has none. A poisoned chip's may be read, not written.
void *chip_dram_bytes(Chip *chip, ChipXY at);

// The lowest address of a tile's local memories and registers.
#define CHIP_REGISTERS 0xFFB00000u

// Where the local memory of hart h is seen from outside the hart:
// CHIP_LOCAL_BASE + h * CHIP_LOCAL_STRIDE.
#define CHIP_LOCAL_BASE   0xFFB14000u
#define CHIP_LOCAL_STRIDE 0x2000u

// ---- harts -------------------------------------------------------------------------------------

// Sets where harts start: BRISC always starts at 0. Takes effect at their next release.
wt_status_t chip_set_reset_pc(Chip *chip, ChipXY at, ChipHart hart, uint32_t pc);

// Holds exactly the harts of `held` (bit i: hart i) in reset and lets the others run: the register
// SOFT_RESET_0, whole. A hart that leaves reset starts at its reset pc with the registers it had.
wt_status_t chip_set_soft_reset(Chip *chip, ChipXY at, uint32_t held);

// A store through sp below this address faults from now on: the end of the image's .bss in local
// memory. 0: no check. Kept over resets of the hart.
wt_status_t chip_set_stack_limit(Chip *chip, ChipXY at, ChipHart hart, uint32_t limit);

typedef enum ChipHartMode {
    CHIP_HELD, // in reset
    CHIP_RUNNING,
    CHIP_PARKED,  // polls words that do not change: `watch`
    CHIP_BLOCKED, // one access has to wait: watch[0]
    CHIP_FAULTED,
} ChipHartMode;

typedef struct ChipHartState {
    ChipHartMode mode;
    uint32_t pc;
    uint32_t x[32];
    uint64_t clock;   // cycles of the device
    uint32_t watches; // how many words it waits on; the first of them:
    uint32_t watch[8];
} ChipHartState;

wt_status_t chip_hart_state(Chip *chip, ChipXY at, ChipHart hart, ChipHartState *state);

// The name of what lies at an address of a tile: "L1", "noc0 NIU_MST_RD_RESP_RECEIVED",
// "stream 3 REMOTE_DEST_BUF_SIZE". For reports. Never NULL.
const char *chip_address_name(const Chip *chip, uint32_t addr, char *buf, size_t cap);

// ---- time --------------------------------------------------------------------------------------

// Holds when (word at [at, addr]) & mask == value. Words of memory, four-byte aligned.
typedef struct ChipUntil {
    ChipXY at;
    uint32_t addr, mask, value;
} ChipUntil;

// Called between windows every 1,024th time and when the chip would become quiescent, for print
// buffers and the like. May read and write the chip. Sets *again when it has changed something
// that a hart can see.
typedef wt_status_t (*ChipService)(void *user, bool *again);

typedef struct ChipRun {
    const ChipUntil *until; // run until each has held (looked at in turn, between windows)
    size_t num_until;
    uint64_t max_cycles; // 0: no budget
    uint32_t windows;    // stop after so many; 0: no limit
    ChipService service; // may be NULL
    void *user;
} ChipRun;

// Runs the device.
//   WT_OK           every `until` has held, or `windows` are over; with num_until 0 and no windows:
//                   the chip is quiescent
//   WT_STALL        quiescent: nothing can move before the host acts. Poisons nothing.
//   WT_LIMIT        max_cycles are over; run again to go on
//   WT_INTERRUPTED  by chip_interrupt(); likewise
//   WT_FAULT, WT_UNSUPPORTED   a hart did something illegal: chip_faults()
// A backend that cannot tell quiescence runs on instead of WT_STALL, until a limit.
wt_status_t chip_run(Chip *chip, const ChipRun *run);

// Lets every NoC command that has been issued by now complete: what a program sent without waiting
// for it is where it belongs, and will not fall upon what the host puts there next. Takes no longer
// than the slowest of them; what else runs moves on. Faults as chip_run() does.
wt_status_t chip_settle(Chip *chip);

// Ends the chip_run() that is in progress, or else the next one. From any thread.
void chip_interrupt(Chip *chip);

typedef struct ChipStats {
    uint64_t cycles;       // device clock
    uint64_t order_hash;   // over the order of all NoC events
    uint64_t instructions; // of all harts
    uint64_t commands;     // NoC commands that have completed
    uint64_t windows;      // that have been run
} ChipStats;

void chip_stats(Chip *chip, ChipStats *stats);

// ---- faults ------------------------------------------------------------------------------------

typedef enum ChipGap { CHIP_UNDEFINED, CHIP_UNMODELLED, CHIP_UNSUPPORTED, CHIP_UNTESTED } ChipGap;

typedef struct ChipFault {
    ChipGap gap; // whose gap it is
    uint64_t cycle;
    ChipXY at;            // virtual
    ChipXY worker;        // logical
    ChipHart hart;        // CHIP_HARTS: no place is known
    bool has_pc;          // pc and word are known
    uint32_t pc, word;    // the instruction
    uint32_t addr, value; // what it accessed and stored
    char text[160];       // what happened, without the place: "unaligned 4-byte load at 0x00000002"
} ChipFault;

// The faults that poisoned the chip; the first is the one that chip_run() reported. 0: none.
size_t chip_faults(const Chip *chip, const ChipFault **faults);

// "undefined: core (1,2) brisc, pc 0x00000130 (lw a0,2(zero)): unaligned 4-byte load at 0x00000002"
const char *chip_fault_text(const ChipFault *fault, char *buf, size_t cap);

// Puts every hart in reset, drops what is on the NoCs, zeroes registers and counters and forgets
// faults. Memories and the clock keep what they have.
wt_status_t chip_reset(Chip *chip);
