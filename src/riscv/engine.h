// What the files of this room share and nobody else sees: decoded lines, the accesses that the
// two interpreters have in common, parking.
#pragma once
#include "riscv/hart.h"

#define likely(x)   __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)

// One decoded word. An instruction whose meaning can be had cheaper for some operands has
// variants; the decoder picks one. It also pairs an instruction with the one that follows.
typedef struct CodeSlot {
    const void *run;      // the interpreter's label
    int32_t imm;          // NEAR_*: the distance to the target's slot in bytes
    uint8_t rd, rs1, rs2; // rd is 32 for x0
    uint8_t op;
} CodeSlot;

typedef enum CodeVariant {
    PLAIN,
    NEAR_FORWARD,  // a jump within the line
    NEAR_BACKWARD, // likewise, to itself or before
    THROUGH_SP,    // a store whose base is sp
    VARIANTS,
} CodeVariant;

enum { OP_line_end = OP_END, OP_LABELS }; // follows the last word of a line

// The interpreter's label for an instruction; for the pair of it and the next, or NULL when these
// two have none.
const void *run_label(unsigned op, CodeVariant variant);
const void *run_pair(unsigned op, CodeVariant variant, unsigned next, CodeVariant next_variant);

struct CodeLine {
    CodeSlot slot[LINE_WORDS + 1];
    uint32_t word[LINE_WORDS]; // what it was made from
    uint32_t floor;            // no jump within the line goes below this word
};

// The decoded instruction at pc, or NULL: not executable (see hart_may_run), or the cache is full.
CodeSlot *code_fetch(Hart *h, uint32_t pc);

// The space that pc may run from, or NULL.
Space *hart_code_space(const Hart *h, uint32_t pc);

// Faults unless code may run at `to`; h->pc is the jump.
BusReply hart_may_run(Hart *h, uint32_t to);

// All accesses, wherever they go. h->pc and h->clock are the instruction's.
BusReply hart_load(Hart *h, uint32_t addr, uint32_t size, uint32_t *value);
BusReply hart_store(Hart *h, uint32_t addr, uint32_t size, uint32_t value);
BusReply hart_store_sp(Hart *h, uint32_t addr, uint32_t size, uint32_t value);
BusReply hart_amo_load(Hart *h, uint32_t addr, uint32_t *value);
BusReply hart_csr(Hart *h, uint32_t csr, const uint32_t *write, uint32_t *value);
BusReply hart_push(Hart *h, uint32_t insn);
BusReply hart_system(Hart *h, uint32_t word);
BusReply hart_undefined(Hart *h, uint32_t word);

// Executes the instruction at h->pc, undecoded: moves pc, not the clock. Says in *jumped_back
// whether it was a jump to itself or before.
BusReply step(Hart *h, bool *jumped_back);

HartStop run_slow(Hart *h, uint64_t until);

// Counts the parked words on the marks.
void hart_park(Hart *h);

// Parking, at a backward jump to `to` with no effect since the last one: true when the hart is
// parked there. Called when park_due() says so; park_effect() instead when there was an effect.
enum { PARK_AFTER = 4 }; // backward jumps without effect before the first snapshot
bool park_check(Hart *h, uint32_t to);

static inline bool park_due(Hart *h) {
    if (++h->snap.idle < h->snap.hold) return false;
    if (!h->snap.valid || ++h->snap.jumps >= h->snap.limit) return true;
    return h->x[h->snap.differs] == h->snap.x[h->snap.differs];
}

static inline void park_effect(Hart *h) {
    h->snap.valid = false;
    h->snap.idle = 0;
}

// A run begins; and ends, having changed what others can load or not.
static inline void park_enter(Hart *h) {
    if (h->changes && h->snap.changes != *h->changes) h->snap.valid = false;
}

static inline void park_leave(Hart *h, bool shared) {
    if (!h->changes) return;
    if (shared) ++*h->changes;
    h->snap.changes = *h->changes;
}
