// A hart: one RV32 processor. It knows the instructions of rv32.def, memory that it reaches
// directly (spaces), and a bus for everything else.
//
// The owner (a tile) sets up a Hart, then calls hart_run() a slice at a time. Every instruction
// takes one cycle. A run ends when the slice does, or earlier because the hart has to wait,
// waits in a loop of its own (parked), or has faulted.
//
// Waiting. A bus access that answers BUS_WAIT leaves pc at the instruction; the owner runs the
// hart again when the access may succeed, and it is issued again.
//
// Parking. A program mostly waits by polling. When a hart is at a backward jump in the same state
// as at an earlier one, and has changed nothing in between, it will stay in that loop until
// something that it loads there changes. hart_run() then returns HART_PARKED with the list of
// words that the loop loads (or stores without changing them). The owner runs the hart again when
// one of them changes, at any later clock; until then the hart costs nothing. For words in spaces
// the marks are kept by hart_run() and hart_unpark(): the owner only reacts to space_written()
// and bus->watched(). For words on the bus the owner compares with hart_watches().
// The state to compare with is carried from slice to slice only while *changes stands still.
//
// Everything here is plain data; pointers are bindings that a restored snapshot sets again.
// A hart, its spaces and its bus belong to one thread at a time.
#pragma once
#include "riscv/space.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Hart Hart;

typedef enum HartStop {
    HART_SLICE,  // clock has reached `until`
    HART_YIELD,  // the slice ended early, as BUS_YIELD or watched() asked
    HART_WAIT,   // an access has to wait; h->wait_addr
    HART_PARKED, // polling; h->watch
    HART_FAULT,  // h->fault
} HartStop;

// Whose gap a fault is.
typedef enum FaultKind {
    FAULT_NONE,
    FAULT_UNDEFINED,   // the program relies on what hardware leaves open
    FAULT_UNMODELLED,  // not modelled yet
    FAULT_UNSUPPORTED, // never will be; docs/status.md says why
    FAULT_UNTESTED,    // built, but nothing shows that it is right
} FaultKind;

typedef struct HartFault {
    FaultKind kind;
    uint32_t pc, word; // the instruction
    uint32_t addr;     // what it accessed, or the jump's target
    uint32_t value;    // what it stored
    char text[120];    // "unaligned 4-byte load at 0x00000002"
} HartFault;

typedef enum BusReply {
    BUS_OK,     // done; doing it again would give the same and change nothing
    BUS_OWN,    // done; it changed what only this hart can load
    BUS_EFFECT, // done; it changed something, or its answer changes by itself (a clock)
    BUS_YIELD,  // as BUS_EFFECT, and the slice ends after this instruction
    BUS_WAIT,   // not done; issue it again later
    BUS_FAULT,  // the callback has called hart_fault()
} BusReply;

// What lies outside the spaces. In every callback h->pc is the instruction and h->clock the cycle
// of the access. A callback that is NULL makes the instruction fault. Loads and stores are of
// aligned words: what is narrower or unaligned faults before it gets here, and so do atomics.
// Only `store` and `watched` may change code that this hart is about to run.
typedef struct HartBus {
    BusReply (*load)(Hart *h, uint32_t addr, uint32_t *value);
    BusReply (*store)(Hart *h, uint32_t addr, uint32_t value);

    // A `.ttinsn` word, already rotated back: push it to the coprocessor, or wait.
    BusReply (*push)(Hart *h, uint32_t insn);

    // Read a CSR; write it when `write` is not NULL. *value is what it held.
    BusReply (*csr)(Hart *h, uint32_t csr, const uint32_t *write, uint32_t *value);

    // ecall and ebreak: the instruction word.
    BusReply (*system)(Hart *h, uint32_t word);

    // This hart's store has just changed memory in a granule with watched words: wake whom it
    // concerns. True ends the slice, so that the woken hart sees this value.
    bool (*watched)(Hart *h, uint32_t addr, uint32_t len);
} HartBus;

enum { HART_SPACES = 4, HART_WATCH_MAX = 64 };

// What every slice touches comes first and lies close together: 700 harts take turns in the cache.
struct Hart {
    uint32_t x[33]; // x[32] takes the writes to x0
    uint32_t pc;
    uint64_t clock; // cycles

    // Bindings. The first space (L1) is shared with the other harts of the tile, the rest are this
    // hart's own. Loads and stores are fast in the first and the second (local memory); code may
    // run from every space with SPACE_X, fastest from the first.
    Space *space[HART_SPACES]; // the first NULL ends the list
    uint64_t *changes;         // moved by every change to what harts of this tile can load
    uint32_t stack_limit;      // a store through sp below it faults; 0: no limit
    bool slow;                 // run instruction by instruction, undecoded: same results (HARD=1)
    bool stopped;              // parked or faulted; kept by the engine

    // Private. Where the last slice ended, so that the next need not look it up: a slot of the
    // first space's code of that epoch. May be zeroed.
    const void *slot;
    uint32_t slot_pc;
    uint64_t slot_epoch;

    // Private: see park.c.
    bool effect; // something changed since the last backward jump
    struct {
        bool valid;
        uint8_t differs;       // the register that differed last time
        uint32_t idle;         // backward jumps in a row without an effect
        uint32_t hold;         // how many of them until it is worth a snapshot
        uint32_t jumps, limit; // backward jumps since the snapshot, and when it moves
        uint64_t changes;      // *changes when the slice ended
        uint64_t clock;        // when the snapshot was taken: a parked hart has polled since then
        uint32_t pc, x[32];    // the state at a backward jump; nothing has changed since
    } snap;
    enum { HART_RUNS, HART_TRACES, HART_PROBES } mode; // traces: the dry run that fills `watch`

    const HartBus *bus;
    void *owner; // for the callbacks
    uint32_t id; // likewise

    // Why it stopped.
    uint32_t wait_addr; // HART_WAIT: the address; for `.ttinsn` and CSRs the pc
    struct {
        bool on; // parked: the marks of these words are counted
        uint32_t n;
        uint32_t addr[HART_WATCH_MAX]; // word-aligned, each once
    } watch;
    HartFault fault;
};

// Clears a hart: registers 0, pc 0, clock 0, no bindings.
void hart_init(Hart *h);

// Starts it anew at pc; registers and clock stay, a fault, a wait and parking are forgotten.
void hart_reset(Hart *h, uint32_t pc);

// Runs until clock >= `until` or it stops earlier. A parked hart is unparked first.
HartStop hart_run(Hart *h, uint64_t until);

// For who runs many harts in turn: fetches into the host's cache what hart_run(h) begins with. To
// be called some hundred instructions ahead.
static inline void hart_prefetch(const Hart *h) {
    for (size_t i = 0; i < offsetof(Hart, snap); i += 64)
        __builtin_prefetch((const char *)h + i, 1);
}

// One of a parked hart's words has changed: does it go on polling? Runs it from where it is parked,
// its clock going on, until it parks again (true), or is about to change anything, or has to wait,
// or has run 256 instructions (false). A load that pops is done before false is returned.
bool hart_polls(Hart *h);

// Takes a parked hart's words off the marks (hart_run and hart_reset do it themselves).
void hart_unpark(Hart *h);

// Does a parked hart wait on a word in [addr, addr+len)?
bool hart_watches(const Hart *h, uint32_t addr, uint32_t len);

// Records a fault of the instruction at h->pc; the text as printf does. Returns BUS_FAULT.
BusReply hart_fault(Hart *h, FaultKind kind, uint32_t addr, uint32_t value, const char *fmt, ...)
    __attribute__((format(printf, 5, 6), cold));

const char *fault_kind_name(FaultKind kind); // "undefined"
