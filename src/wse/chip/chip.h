// The wafer as its host sees it: open a program, move words, launch, run, look.
//
// This is the seam between host and model. Time advances only inside wafer_run. Coordinates are
// those of the program's rectangle. Everything is single-threaded but wafer_interrupt.
#pragma once
#include "base/err.h"
#include "base/str.h"
#include "wse/chip/object.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct WseChip WseChip;

typedef struct ChipOptions {
    // Takes sim.log lines, "@968 PE(0,0): text" without the newline. May be NULL.
    void (*log)(void *ctx, const char *line);
    void *log_ctx;
    uint32_t max_unread; // words that may wait at the host unasked, per PE and color; 0: 2^24
    uint64_t seed;       // HARD mode: shuffles the order of PEs within a cycle; 0: index order
} ChipOptions;

// The object must stay open as long as the chip. Allocates everything the run needs; no cycle
// passes.
wt_status_t wafer_open(const Object *o, const ChipOptions *opt, WseChip **out);
void wafer_close(WseChip *c); // NULL is fine

// ---- running ----
typedef enum ChipStop {
    CHIP_MET,    // the goal was met
    CHIP_QUIET,  // nothing can move any more (and the goal, if any, is not met)
    CHIP_BUDGET, // the cycles allowed have passed
    CHIP_INTERRUPTED,
} ChipStop;
typedef struct ChipGoal {
    uint64_t budget; // cycles at most; 0: no limit
    int stream;      // stop when this transfer (its id, > 0) is done; 0: none
    bool launch;     // stop when every PE has unblocked the command stream
} ChipGoal;          // no goal: run to quiescence
// WT_FAULT when the program did something illegal: the message names PE, task, function, line and
// values, and the chip refuses to run from then on (reads still work).
wt_status_t wafer_run(WseChip *c, const ChipGoal *goal, ChipStop *why);
// Makes a wafer_run of another thread return CHIP_INTERRUPTED within a few thousand cycles.
void wafer_interrupt(WseChip *c);
// Lets `cycles` pass for work that does not go through the model (copy mode). Call at quiescence.
wt_status_t wafer_skip(WseChip *c, uint64_t cycles);

// ---- launch ----
// Calls the exported function on every PE of the rectangle that has it; args are one register value
// each, canonical for the parameter's type (sign- or zero-extended; f32, f16 as bits). A PE that
// does not export it is an error.
wt_status_t wafer_launch(WseChip *c, int rpc, const uint64_t *args, unsigned nargs);
uint32_t wafer_launch_pending(
    const WseChip *c); // PEs that have not unblocked the command stream since the last launch

// ---- memory (copy mode and inspection; no time passes) ----
const ObjInst *wafer_inst(const WseChip *c, unsigned x, unsigned y);
// RAM bytes. Reads beyond what the program defines give zeroes; writes there are refused.
wt_status_t wafer_read(const WseChip *c, unsigned x, unsigned y, uint32_t at, void *to,
                       uint32_t bytes);
wt_status_t wafer_write(WseChip *c, unsigned x, unsigned y, uint32_t at, const void *from,
                        uint32_t bytes);
// The PE's RAM itself, `*bytes` long, valid until close: for bulk copies.
uint8_t *wafer_ram(WseChip *c, unsigned x, unsigned y, uint32_t *bytes);
// Cycles that a copy-mode transfer of `words` 32-bit words in all takes through the program's
// channels.
uint64_t wafer_copy_cycles(const WseChip *c, uint64_t words);

// ---- streams ----
// A transfer of `l` words to or from each PE of the ROI on a streaming color. `words` is [y][x][k]:
// PE by PE in row order, the words of one PE in the order they stream. Input words are not copied:
// they stay until the transfer is done. Transfers of one direction and color are served in the
// order they are begun, and no two input transfers at once: begin the next when the last is done.
// Output drains into host buffers all the time, whether or not a transfer asks for it.
typedef struct ChipStream {
    unsigned color, x, y, w, h;
    unsigned dx, dy; // every dx-th column and dy-th row of the ROI (0: 1); `words` then holds only
                     // the PEs served
    uint32_t l;
    const uint32_t *in; // host to device
    uint32_t *out;      // device to host
} ChipStream;
wt_status_t wafer_stream(WseChip *c, const ChipStream *s, int *id);
typedef struct ChipStreamState {
    uint64_t total, moved; // words; moved: in PE queues or beyond (input), in `out` (output)
    uint64_t standing;     // input: words in PE queues that no task or operation has taken
    bool done;             // input: moved == total and standing == 0; output: moved == total
} ChipStreamState;
ChipStreamState wafer_stream_state(const WseChip *c, int id);
// Ends an input transfer whose words all stand in queues: what the host does at quiescence. Frees
// the id either way.
wt_status_t wafer_stream_end(WseChip *c, int id);
// Words of a color that arrived at the host and no transfer asked for.
uint64_t wafer_stream_unread(const WseChip *c, unsigned color);

// ---- what it is doing ----
typedef struct ChipStats {
    uint64_t cycles;          // simulated time
    uint64_t tile_cycles;     // PEs that did something, summed over cycles
    uint64_t wavelets;        // words that left routers, once per word
    uint64_t insns, elements; // bytecode instructions; elements of vector operations
    uint64_t hash;  // over (cycle, color, directions, word) of every word leaving each router, PEs
                    // in index order
    uint64_t bytes; // memory of the model
} ChipStats;
void wafer_stats(WseChip *c, ChipStats *out); // looks at every PE
uint64_t wafer_now(const WseChip *c);         // simulated time, at no cost
// What stands still and why, one line per waiting task, operation, word or PE that owes an unblock;
// `limit` lines at most (0: all), then a count of the rest. Returns the number of waits found.
unsigned wafer_report(WseChip *c, StrBuf *to, unsigned limit);
bool wafer_faulted(const WseChip *c);
