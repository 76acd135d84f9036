// The runtime behind wse.h: an object on a chip, and the ordered list of the host's commands.
#pragma once
#include "base/str.h"
#include "base/vec.h"
#include "wse.h"
#include "wse/chip/chip.h"

#include <stdio.h>

typedef enum Stage { STAGE_OPEN, STAGE_LOADED, STAGE_RUNNING, STAGE_STOPPED } Stage;

typedef enum CommandKind { CMD_H2D, CMD_D2H, CMD_LAUNCH } CommandKind;
typedef enum CommandState { CMD_WAITING, CMD_STARTED, CMD_DONE } CommandState;

// How the elements of a copy lie in the host's array: element k of PE (x, y) of the region is word
// x * pe_x + y * pe_y + k * element.
typedef struct Layout {
    size_t pe_x, pe_y, element;
} Layout;

// The PEs a copy serves: columns x, x + dx, ... (nx of them) by rows y, y + dy, ... (ny).
typedef struct Grid {
    unsigned x, y, nx, ny, dx, dy;
} Grid;

typedef struct Copy {
    int rpc;        // row of the variable; -1: streaming
    unsigned color; // streaming
    bool half;      // 16-bit elements in memory
    Grid pes;
    uint32_t elems; // per PE
    Layout layout;
    const uint32_t *from; // h2d: the host's words, until `owned` replaces them
    uint32_t *to;         // d2h
    uint32_t *owned;      // a copy of `from`, or a stream's words in PE order; freed when done
} Copy;

enum { MAX_ARGS = 15 };
typedef struct Launch {
    int rpc;
    unsigned count;
    uint64_t args[MAX_ARGS]; // canonical register values
} Launch;

typedef struct Command {
    CommandKind kind;
    CommandState state;
    int stream; // the chip's transfer while started, 0: none
    union {
        Copy copy;
        Launch launch;
    };
} Command;

struct wse_runtime {
    Object object;
    WseChip *chip;
    Stage stage;
    char *path;          // of the artifact directory, for messages
    uint64_t max_cycles; // per blocking call; 0: no limit
    char *sim_log;
    FILE *log;
    StrBuf report; // text of the last stall or fault
    bool *warned;  // per exported name: a copy of other elements than it has was told

    // Commands start in order. At most one started command, the gate, keeps the next from starting;
    // streaming d2h commands never do, they drain beside the rest.
    Vec(Command) commands;
    size_t next;    // first command not started
    ptrdiff_t gate; // index of the command that must be over before `next` may start, -1: none
    Vec(size_t) draining; // started streaming d2h commands
    bool quiet;           // nothing on the chip can move: what copy mode and launches wait for
};

static inline bool rpc_is_pointer(const wse_runtime_t *rt, int rpc) {
    const char *type = object_string(&rt->object, rt->object.rpcs[rpc].type);
    return type[0] == '*' || !strncmp(type, "[*]", 3);
}

// The row of an exported name; an error suggests the nearest one of that kind (-1: any).
wt_status_t symbol_find(const wse_runtime_t *rt, const char *name, int kind, int *rpc);

// Refuses commands to a runtime that is not running; `what` begins the message.
wt_status_t runtime_busy_check(const wse_runtime_t *rt, const char *what);

// Appends a command, which the list takes over, and unless `nonblock` simulates until it is done.
wt_status_t command_submit(wse_runtime_t *rt, Command *c, bool nonblock, wse_task_t *task);
// Simulates until command `index` is done, `index` == commands.len for all of them. With a budget
// (cycles, 0: none) `*done` tells whether it came to that.
wt_status_t command_wait(wse_runtime_t *rt, size_t index, uint64_t budget, bool *done);
// Lets the chip run until nothing can move. For stop, when no command is left.
wt_status_t command_settle(wse_runtime_t *rt, uint64_t budget, bool *done);
void command_free(Command *c);
// "h2d to 'A'", "launch of 'compute'", for messages.
const char *command_name(const wse_runtime_t *rt, const Command *c, char out[96]);

// Copy mode: moves the elements between host and PE memory, and lets the time of it pass.
wt_status_t copy_memory(wse_runtime_t *rt, Command *c);
// Streaming: hands the chip the words in PE order; `copy_drained` gives the host what came back.
wt_status_t copy_stream(wse_runtime_t *rt, Command *c);
void copy_drained(Command *c);
// The command outlives the call that made it: keep the source.
wt_status_t copy_keep_source(Command *c);
