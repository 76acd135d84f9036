// Inside the wafer: the state of PEs and fabric, and what its files call of each other.
//
//    pe.c      the bytecode machine: one task runs until it ends or must wait
//    task.c    which task runs next; activation, blocking, completions
//    vec.c     vector operations: operands, lengths, elements, cost
//    fabric.c  routers, links, queues, microthreads' turns, the time wheel: one cycle of everything
//    host.c    streams between host and PEs, launch
//    chip.c    opening, running, looking
//
// Everything a PE has is allocated when the chip opens and found by pointer from its Pe; what PEs
// of one instance and router share is worked out once, in a Plan. A cycle is: the host's ports,
// then every PE that has something to do, in any order. A word that a PE sends in a cycle is
// stamped with a later one and not looked at before; room that a PE makes in a cycle is not used by
// its neighbour before the next (popped). So the order of PEs within a cycle cannot matter.
#pragma once
#include "wse/chip/chip.h"
#include "wse/chip/object.h"

#include <stdatomic.h>
#include <string.h>

#define NEVER UINT64_MAX
enum {
    HOP = 1,           // cycles a link takes
    RAMP_DELAY = 2,    // cycles between PE and router, either way
    LANE_WORDS = 2,    // a router's words per color and input direction
    RAMP_WORDS = 2,    // registers of the ramp in front of an input queue
    EXECUTE = 1,       // cycles from an operation's step to its output queue,
    EXECUTE_WORDS = 1, // and the register that holds the word meanwhile
    QUEUE_WORDS = 10,  // the longest queue: 8 words and the ramp's
    TASK_START = 1,    // cycles from picking a task to its first instruction (docs/status.md)
    VECTOR_START = 4,  // cycles to issue a vector operation beyond its elements (ours)
    MICROTHREADS = 8,
    MAIN_OP = 8,
    OPS = 9,                     // the ninth operation is the main thread's synchronous one
    LAUNCH_TASK = WSE_TASK_ROWS, // pseudo task number of a launched function
    WHEEL = 256,
    LINE_BYTES = 256, // <simprint>'s buffer
};

typedef struct WseChip Chip;
typedef struct Pe Pe;

typedef struct Flit { // a word on its way: not to be looked at before `at`
    uint64_t at;
    uint32_t data;
    uint8_t color, control;
    uint16_t pad;
} Flit;

// A router's input register for one color from one neighbour.
typedef struct Lane {
    _Alignas(64) Flit slot[LANE_WORDS];
    uint64_t popped; // cycle of the last pop: that slot is the sender's only from the next cycle on
    uint64_t served;
    uint8_t head, count, number, color, dir, tx;
} Lane;

// An input queue with the ramp before it, of one color on WSE-2 and one queue on WSE-3; or an
// output queue.
typedef struct Queue {
    uint64_t served; // output queues: when the router took the last word
    uint8_t head, count, cap;
    uint8_t number;     // input: task number of its words (WSE-2 color, WSE-3 queue); output: queue
    uint8_t color;      // its color (WSE-2 output queues: none, words carry it)
    uint8_t from_host;  // input: counts for the host's transfer
    uint8_t control_at; // input: task number that entry point 0 means
    Flit slot[QUEUE_WORDS];
} Queue;

typedef enum WalkKind {
    WALK_NONE,
    WALK_MEM,
    WALK_MEM4D,
    WALK_IN,
    WALK_OUT,
    WALK_FIFO,
    WALK_SCALAR,
    WALK_RING, // a circular buffer: done[0] its first address, done[1] the one behind its last
    WALK_HELD, // a scalar in memory, written when the operation completes
} WalkKind;
typedef struct Walk {    // an operand on its way through its elements
    uint8_t kind, width; // bytes per element
    uint8_t port;        // channel, output queue or FIFO
    uint8_t color;
    uint16_t flags; // DSD_*
    uint16_t addr;  // of the next element
    int32_t step;   // bytes to the one after
    uint32_t scalar;
    const ObjShape *shape;
    uint16_t done[4]; // iterations of each loop
    uint16_t dsr;     // where save_address writes back: file << 8 | number; OBJ_NONE16: nowhere
    uint16_t start;   // address of the first element
    uint32_t length;
    uint8_t sized; // has a length
    uint8_t zero;  // destination: 1 clears the first source at the end, 2 the second
} Walk;

// Classes of priority, in the top bits of Op.turn. The main thread's operation stands between the
// medium and the low microthreads (SDK: DSDs, Microthread Priority).
enum { TURN_HIGH, TURN_MEDIUM, TURN_MAIN, TURN_LOW, TURN_SHIFT = 60 };

#define OP_ENDLESS UINT32_MAX // elements of an operation whose extent is OBJ_ENDLESS

typedef struct Op { // a vector operation in progress
    const ObjVec *vec;
    Walk dest, src0, src1;
    uint32_t mul, left, total;
    uint64_t turn; // when it moved last, behind its class of priority: the least one moves next
    uint64_t seq, began;
    ObjWhen done, on_control; // ids resolved
    uint16_t index;
    uint8_t ut, packed, async;
    uint8_t loaded;    // what a DSR's load brought: 1 done, 2 on_control
    uint32_t func, at; // where it was issued, for reports
} Op;

typedef struct Dsr {
    ObjDsd dsd;
    ObjWhen done, on_control;
    uint8_t flags, ut, loaded;
} Dsr;

typedef struct FifoState {
    uint16_t read, count;               // elements: position of the oldest, how many
    uint16_t read_length, write_length; // 0: takes its length from the other operands
    uint8_t hit_empty, hit_full;        // elements that a stalled side waits for
} FifoState;

typedef struct Frame {
    uint32_t func, at;
    uint32_t base;  // first register
    uint16_t stack; // RAM address of its frame
} Frame;

typedef enum MainState {
    MAIN_IDLE,
    MAIN_RUN,     // runs on at main_at
    MAIN_VECTOR,  // a synchronous operation is in ops[MAIN_OP]
    MAIN_UT,      // waits for microthread `wait` to end
    MAIN_ELEMENT, // an it_read or it_write waits for the fabric; the instruction is repeated
} MainState;

typedef struct Branch { // a color's way out of a router in one direction: the neighbour's lanes
    Pe *to;
    Lane *lane[2]; // two where a color swap doubles the word
    uint8_t lanes;
    bool dropped; // nobody takes the word and nobody waits: a color swap ate it
} Branch;

// What a PE needs to stand in the wheel, apart from the PE so that lists are short walks.
typedef struct Link {
    uint32_t next, prev;
} Link;

typedef struct Plan { // what PEs of one instance and router share
    const ObjInst *in;
    const ObjRouter *router;
    const uint64_t *code;
    const ObjFunc *funcs;
    const ObjVec *vecs;
    const ObjDsd *dsds;
    const ObjShape *shapes;
    const ObjDsrLoad *dsrs;
    const ObjFifo *fifos;
    const ObjTask *tasks;
    uint32_t inst, nregs, depth; // register stack; call depth
    uint8_t nlanes, nchans, noqs, nsince, nbranches;
    uint8_t branch_of[4][WSE_COLORS];  // place in Pe.branches
    uint8_t lane_of[4][WSE_COLORS][2]; // words arriving from a direction on a color: up to two
                                       // lanes (color swap); 0xff none
    uint8_t arrives[4][WSE_COLORS];    // 1: some lane takes them; 2: dropped by a swap
    uint8_t ramp_color[WSE_COLORS][2]; // colors that a word from the ramp enters on
    uint8_t chan_color[WSE_COLORS];    // channel of a color, 0xff none
    uint8_t priority[WSE_QUEUES];      // of input queues, as in a DSD's word 0
    uint8_t chan_queue[WSE_QUEUES];    // channel of an input queue, 0xff none (WSE-2: of its
                                       // initialized color)
    uint8_t oq_of[WSE_QUEUES];         // output queue's place, 0xff none
    uint8_t task_of[WSE_TASK_ROWS];    // row in tasks, 0xff none
    uint8_t since_of[LAUNCH_TASK + 1]; // place in Pe.since
    uint8_t dsr_of[DSR_FILES][DSR_NUMBERS];
    uint8_t ndsrs, nfifos;
    uint64_t locals;  // local task numbers
    uint64_t blocked; // at start
    // Offsets of a PE's parts in its block of memory.
    uint32_t at_lanes, at_branches, at_chans, at_oqs, at_ops, at_dsrs, at_fifos, at_since, at_regs,
        at_frames, at_line, at_ram, bytes;
} Plan;

struct Pe {
    uint64_t want;   // next cycle it must be stepped in, NEVER
    uint64_t linked; // the wheel slot's cycle it is linked for, NEVER; the cycle at hand while it
                     // waits its turn
    uint32_t index, neighbor[4]; // UINT32_MAX: off the rectangle
    uint16_t x, y;
    const Plan *plan;
    uint64_t live[2]; // lanes with words
    uint8_t oq_live, op_live, ut_blocked, state;
    bool did, tsc_on, cmd_owed, launched, effects;
    uint64_t hash;
    Lane *lanes;
    Branch *branches;
    Queue *chans, *oqs;
    Op *ops;
    // Tasks, by number.
    uint64_t active, blocked, parked, chan_live;
    uint64_t *since;
    // Main thread.
    uint64_t main_at, tsc_base, op_seq;
    uint64_t yielded; // the cycle in which its own work last gave way to a low microthread
    uint64_t *regs;
    Frame *frames;
    uint32_t depth; // frames in use
    uint8_t task;   // number of the one that runs
    uint8_t wait;
    uint8_t acting; // 1 + slot of the operation that moves right now, 0: the main thread acts
    uint16_t line_len;
    uint32_t activated; // tasks that this run of a task activated (for parking)
    uint8_t *ram;
    uint32_t ram_bytes;
    Dsr *dsrs;
    FifoState *fifos;
    char *line;
    const uint32_t *row;
    uint32_t random;
};

typedef struct HostFifo { // words that left a PE for the host and no transfer asked for yet
    uint32_t *data;
    uint32_t at, len, cap;
} HostFifo;
typedef struct Transfer {
    ChipStream s;
    bool input;
    uint64_t total, moved;
    uint32_t *count; // per PE of the ROI
    uint32_t nx, ny;
} Transfer;

struct WseChip {
    const Object *o;
    const ObjHead *head;
    ChipOptions opt;
    Pe *pes;
    uint32_t npes;
    Plan *plans;
    uint32_t nplans;
    uint8_t *memory;
    uint64_t memory_bytes;
    // Time.
    uint64_t now;
    Link *links; // by PE: in its wheel slot
    uint32_t wheel[WHEEL];
    uint64_t wheel_bits[WHEEL / 64];
    uint32_t *run;
    uint64_t rng;
    // Host ports.
    uint64_t host_at;
    Transfer *input;                // the transfer that injects
    uint64_t *in_ready, *out_ready; // bitmaps of PEs that could take, or hold, a word
    uint64_t in_count, out_count;   // bits set
    uint32_t in_cursor, out_cursor;
    uint64_t standing[WSE_COLORS]; // host words in PE queues
    Transfer *output[WSE_COLORS];  // that receives
    HostFifo *fifos;               // [streaming output color][PE]
    uint8_t fifo_of[WSE_COLORS];
    Transfer **transfers; // by id - 1
    int ntransfers;
    // Launch.
    uint64_t args[255];
    unsigned nargs;
    uint32_t *launch_func; // per plan: function to call
    uint32_t pending;
    // Outcome.
    bool faulted;
    char *fault;
    atomic_bool interrupt;
    uint64_t tile_cycles, wavelets, insns, elements;
    uint64_t lost; // words that a color swap took and gave to nobody
};

// plan.c
wt_status_t plan_make(const Chip *c, Plan *p, uint32_t inst, uint32_t router);

// fabric.c
void wafer_wake(Chip *c, Pe *p, uint64_t at);
void fabric_connect(Chip *c);           // once all PEs stand
bool wafer_next(Chip *c, uint64_t *at); // the next cycle in which anything happens
void wafer_cycle(Chip *c);              // does cycle c->now
// Into a queue that has room.
void channel_push(Chip *c, Pe *p, unsigned chan, uint64_t at, uint32_t word, bool control);
void channel_pop(Chip *c, Pe *p, unsigned chan);
// The sender's view of a neighbour's lane: what it popped in this very cycle still counts.
static inline bool lane_room(const Lane *l, uint64_t now) {
    return l->count + (l->popped == now) < LANE_WORDS;
}
// The ways a word takes out of a router. The first command of a control wavelet may say that it is
// not for the CE (bit 24; <control>, ce_ignore).
static inline unsigned flit_tx(const Flit *f, unsigned tx) {
    return f->control && f->data >> 24 & 1 ? tx & ~(1u << DIR_RAMP) : tx;
}
static inline Flit *queue_head(Queue *q) { return &q->slot[q->head]; }
extern const uint8_t input_words[2][WSE_QUEUES]; // capacities of input queues on WSE-2 and WSE-3
// Field by field: a structure that is built and copied at once stalls on its own stores.
static inline void flit_put(Flit *f, uint64_t at, uint32_t word, unsigned color, bool control) {
    f->at = at;
    f->data = word;
    f->color = (uint8_t)color;
    f->control = control;
}
static inline void queue_push(Queue *q, uint64_t at, uint32_t word, unsigned color, bool control) {
    unsigned i = (unsigned)q->head + q->count;
    flit_put(&q->slot[i < QUEUE_WORDS ? i : i - QUEUE_WORDS], at, word, color, control);
    q->count++;
}
static inline void queue_pop(Queue *q) {
    q->head = q->head + 1 == QUEUE_WORDS ? 0 : q->head + 1;
    q->count--;
}
const char *dir_name(unsigned dir);
static inline unsigned opposite(unsigned dir) { return dir ^ 1; } // W and E, S and N

// pe.c
void pe_run(Chip *c, Pe *p); // the main thread, from its frame on
void pe_begin(Chip *c, Pe *p, uint32_t func, const uint64_t *args, unsigned nargs);
// Poisons the chip. Returns false.
__attribute__((format(printf, 3, 4), cold)) bool pe_fault(Chip *c, Pe *p, const char *fmt, ...);
// What the main thread runs: "task 'main'", "launch of 'compute'".
const char *pe_runs(Chip *c, const Pe *p, char *buf, size_t n);
// The same and where: "task 'main', pe.csl:12"; of a microthread, the operation.
const char *pe_where(Chip *c, Pe *p, char *buf, size_t n);
// Memory outside the program's, odd addresses, registers: what of it is legal, else a fault.
bool pe_load_slow(Chip *c, Pe *p, uint32_t addr, unsigned bits, uint64_t *value);
bool pe_store_slow(Chip *c, Pe *p, uint32_t addr, unsigned bits);
static inline bool pe_plain(const Pe *p, uint32_t addr, unsigned bits) {
    return addr + bits / 8 <= p->ram_bytes && !(bits > 8 && addr & 1);
}
static inline bool pe_load(Chip *c, Pe *p, uint32_t addr, unsigned bits, uint64_t *value) {
    if (!pe_plain(p, addr, bits)) return pe_load_slow(c, p, addr, bits, value);
    const uint8_t *from = p->ram + addr;
    *value = 0;
    switch (bits) { // lengths known to the compiler: single loads
    case 8: *value = *from; break;
    case 16: memcpy(value, from, 2); break;
    case 32: memcpy(value, from, 4); break;
    default: memcpy(value, from, 8);
    }
    return true;
}
static inline bool pe_store(Chip *c, Pe *p, uint32_t addr, unsigned bits, uint64_t value) {
    if (!pe_plain(p, addr, bits)) return pe_store_slow(c, p, addr, bits);
    uint8_t *to = p->ram + addr;
    switch (bits) {
    case 8: *to = (uint8_t)value; break;
    case 16: memcpy(to, &value, 2); break;
    case 32: memcpy(to, &value, 4); break;
    default: memcpy(to, &value, 8);
    }
    return true;
}

// task.c
// Starts the next ready task; false when there is none. Later stamps schedule a wake.
bool task_pick(Chip *c, Pe *p);
void task_end(Pe *p, uint64_t at);
bool task_activate(Chip *c, Pe *p, unsigned number, uint64_t at);
bool task_block(Chip *c, Pe *p, ObjTarget kind, unsigned id, bool block, uint64_t at);
void task_event(Pe *p); // something happened on the PE: parked tasks may look again
bool task_when(Chip *c, Pe *p, const ObjWhen *w, uint64_t at);
const char *task_name(const Chip *c, const Pe *p, unsigned number);

// vec.c
// Starts a vector operation of the main thread; *cycles of that thread have passed and not been
// simulated. Returns 0 when it is done or runs asynchronously (*cycles: its time, *result: its
// bool), 1 when the main thread waits for it, 2 when it waits for a microthread, 3 when these
// cycles must pass first, -1 after a fault.
int vec_start(Chip *c, Pe *p, const ObjVec *v, const uint64_t *regs, unsigned *cycles,
              bool *result);
// Could it move now? Later stamps schedule a wake. The operation may end here.
bool vec_ready(Chip *c, Pe *p, Op *op, unsigned slot);
void vec_step(Chip *c, Pe *p, Op *op, unsigned slot); // moves what one cycle moves
// What it waits for, in words.
const char *vec_waits(Chip *c, Pe *p, Op *op, unsigned slot, char *buf, size_t n);
int vec_reader(const Pe *p, unsigned chan); // slot of an operation that reads the channel, or -1
bool vec_load_dsr(Chip *c, Pe *p, const ObjDsrLoad *l, const uint64_t *regs);
// One element of an iterator: 1 done, 0 the main thread waits, -1 fault.
int vec_element_read(Chip *c, Pe *p, uint64_t *it, ObjElement kind, uint64_t *value);
int vec_element_write(Chip *c, Pe *p, uint64_t *it, ObjElement kind, uint64_t value);
bool vec_element_end(const Pe *p, const uint64_t *it); // has it none left?

// report.c
// "@fadds (pe.csl:12)"
const char *op_place(Chip *c, const Pe *p, const Op *op, char *buf, size_t n);

// host.c
void host_cycle(Chip *c);
void host_took(Chip *c, Pe *p, unsigned color); // a host word left a queue of this PE
void host_offer(Chip *c, Pe *p); // the head of one of its output queues is the host's
wt_status_t host_init(Chip *c);
void host_free(Chip *c);
