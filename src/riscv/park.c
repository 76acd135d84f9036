// Parking: telling that a hart is polling, and on what.
//
// A hart keeps one earlier state, taken at a backward jump. When it comes to a backward jump in the
// same state, and has had no effect in between, it has gone round a loop that it can only leave
// when something it loads changes. To learn what it loads, the loop is run once more, dry: nothing
// else runs meanwhile, so it must come back to the same state by the same loads. Code that does
// not poll therefore pays for none of the book-keeping.
//
// The snapshot moves after 1, 2, 4, 8 ... backward jumps (Brent's cycle finding), so that it gets
// into the loop whatever came before, and a loop with inner loops and calls is found too. It is
// taken only after a few backward jumps without effect: loops that compute seldom have so many.
#include "riscv/engine.h"

#include <string.h>

enum { PROBE_STEPS = 256, TRACE_STEPS = 1 << 16, HOLD_MAX = 1 << 16, LIMIT_MAX = 1 << 30 };

static bool same_state(const Hart *h, uint32_t pc) {
    return pc == h->snap.pc && !memcmp(h->x + 1, h->snap.x + 1, 31 * sizeof *h->x);
}

static void snap_take(Hart *h, uint32_t pc) {
    memcpy(h->snap.x, h->x, sizeof h->snap.x);
    h->snap.pc = pc;
    h->snap.clock = h->clock;
    h->snap.limit = !h->snap.valid ? 1 : h->snap.limit < LIMIT_MAX ? 2 * h->snap.limit : LIMIT_MAX;
    h->snap.jumps = 0;
    h->snap.valid = true;
}

// Once round the loop from the snapshot, collecting words. False when that changes anything, waits,
// or meets too many words or instructions.
static bool trace_loop(Hart *h) {
    bool back;
    h->pc = h->snap.pc;
    h->watch.n = 0;
    for (int i = 0; i < TRACE_STEPS; i++) {
        if (step(h, &back) != BUS_OK) return false;
        if (same_state(h, h->pc)) return true;
    }
    return false;
}

static bool park(Hart *h) {
    int before = h->mode;
    h->mode = HART_TRACES;
    bool found = trace_loop(h);
    h->mode = before;
    if (found) {
        h->snap.hold = PARK_AFTER;
        hart_park(h);
        return true;
    }
    memcpy(h->x, h->snap.x, 32 * sizeof *h->x);
    h->pc = h->snap.pc;
    h->fault = (HartFault){ 0 };
    h->stopped = false;
    h->snap.valid = false;
    h->snap.idle = 0;
    if (h->snap.hold < HOLD_MAX) h->snap.hold *= 2;
    return false;
}

bool park_check(Hart *h, uint32_t to) {
    if (h->snap.valid && h->snap.pc == to) {
        unsigned r = 1;
        while (r < 32 && h->x[r] == h->snap.x[r]) r++;
        if (r == 32) return park(h);
        h->snap.differs = (uint8_t)r;
    }
    if (!h->snap.valid || h->snap.jumps >= h->snap.limit) snap_take(h, to);
    return false;
}

bool hart_polls(Hart *h) {
    bool parked = false, back;
    hart_unpark(h);
    park_enter(h);
    h->mode = HART_PROBES;
    for (int i = 0; i < PROBE_STEPS && !parked; i++) {
        BusReply r = step(h, &back);
        if (r >= BUS_WAIT) break;
        h->clock++;
        if (r != BUS_OK) { // something was popped
            h->effect = true;
            break;
        }
        if (back && park_due(h)) parked = park_check(h, h->pc);
    }
    h->mode = HART_RUNS;
    park_leave(h, false);
    return parked;
}
