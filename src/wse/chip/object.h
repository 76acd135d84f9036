// A compiled CSL program: what the compiler emits and the machine runs.
//
// An Object is a set of flat tables of plain records that refer to each other by index, the same in
// memory and in the container file, so that opening a file is a read and a check. Everything of one
// PE program (an *instance*: code file, parameters, architecture) is a range in the global tables;
// bytecode and descriptors number things from the start of their instance's ranges. Strings are
// offsets into one section of NUL-terminated text; 0 is the empty string.
//
// A loaded object is verified: registers in range, jumps inside their function, calls with the
// right number of registers, every index inside its table. The machine checks only what depends on
// run time: addresses, indirect calls, ids in registers.
#pragma once
#include "base/err.h"
#include "base/str.h"

#include <stdint.h>

enum {
    OBJ_VERSION = 3,
    WSE_COLORS = 24,
    WSE_TASKS = 64,      // ids of tasks
    WSE_TASK_ROWS = 128, // the same and, from WSE_TASKS on, a table of control tasks alone
    WSE_QUEUES = 8,
    WSE_RAM = 0xc000
};
typedef enum WseArch { WSE2 = 2, WSE3 = 3 } WseArch;

#define OBJ_NONE16  0xffff // "no register", "no index"
#define OBJ_NONE8   0xff
#define OBJ_ENDLESS 0x7fff // an extent that never runs out

// ---------------------------------------------------------------------------------------------
// DSD values: four 32-bit words, in two registers (word 0 in the low half of the first, word 1 in
// its upper half, words 2 and 3 in the second), in 16 bytes of RAM at any even address, or in a
// table.
//
//    word 0   bits 3:0 kind, 4 wavelet_index_offset, 5 control, 6 advance_switch,
//             7 control_transform, 15:8 color (0xff: none), 19:16 queue (15: none), 23:20 simd
//             (ObjSimd), 25:24 zero (0 none, 1 first source, 2 second source), 27:26 priority (0
//             default, 1 low, 2 medium, 3 high)
//    word 1   bits 15:0 base byte address with all offsets folded in, 31:16 extent
//    word 2   bits 15:0 stride in elements of the operation, signed (mem1d); circbuf: elements
//    until
//             it starts again at the base, bits 31:16 those before the first one used
//    word 3   mem4d: index of the shape; FIFO: its number
typedef struct ObjDsd {
    uint32_t w[4];
} ObjDsd;

typedef enum DsdKind {
    DSD_NONE,
    DSD_MEM1D,
    DSD_MEM4D,
    DSD_FABIN,
    DSD_FABOUT,
    DSD_FIFO,
    DSD_CIRCBUF,
    DSD_KINDS
} DsdKind;
typedef enum ObjSimd { SIMD_DEFAULT, SIMD_OFF, SIMD_32, SIMD_64, SIMD_32_OR_64 } ObjSimd;
enum {
    DSD_INDEX_OFFSET = 1 << 4,
    DSD_CONTROL = 1 << 5,
    DSD_ADVANCE_SWITCH = 1 << 6,
    DSD_CONTROL_TRANSFORM = 1 << 7,
    DSD_COLOR_SHIFT = 8,
    DSD_QUEUE_SHIFT = 16,
    DSD_SIMD_SHIFT = 20,
    DSD_ZERO_SHIFT = 24,
    DSD_PRIORITY_SHIFT = 26,
};
static inline DsdKind dsd_kind(ObjDsd d) { return (DsdKind)(d.w[0] & 15); }
static inline unsigned dsd_color(ObjDsd d) { return d.w[0] >> DSD_COLOR_SHIFT & 0xff; }
static inline unsigned dsd_queue(ObjDsd d) { return d.w[0] >> DSD_QUEUE_SHIFT & 15; }
static inline unsigned dsd_base(ObjDsd d) { return d.w[1] & 0xffff; }
static inline unsigned dsd_extent(ObjDsd d) { return d.w[1] >> 16; }
static inline int dsd_stride(ObjDsd d) { return (int16_t)d.w[2]; }

static inline ObjDsd dsd_mem1d(unsigned base, unsigned extent, int stride) {
    return (ObjDsd){ { DSD_MEM1D | 0xffu << DSD_COLOR_SHIFT | 15u << DSD_QUEUE_SHIFT,
                       (base & 0xffff) | extent << 16, (uint16_t)stride, 0 } };
}
static inline ObjDsd dsd_mem4d(unsigned base, unsigned shape) {
    return (ObjDsd){ { DSD_MEM4D | 0xffu << DSD_COLOR_SHIFT | 15u << DSD_QUEUE_SHIFT, base & 0xffff,
                       0, shape } };
}
// kind DSD_FABIN or DSD_FABOUT; color 0xff and queue 15 mean none
static inline ObjDsd dsd_fabric(DsdKind kind, unsigned queue, unsigned color, unsigned extent) {
    return (ObjDsd){ { kind | color << DSD_COLOR_SHIFT | queue << DSD_QUEUE_SHIFT, extent << 16, 0,
                       0 } };
}
static inline ObjDsd dsd_fifo(unsigned number) {
    return (
        ObjDsd){ { DSD_FIFO | 0xffu << DSD_COLOR_SHIFT | 15u << DSD_QUEUE_SHIFT, 0, 0, number } };
}

static inline ObjDsd dsd_circbuf(unsigned base, unsigned extent, unsigned wraparound) {
    return (ObjDsd){ { DSD_CIRCBUF | 0xffu << DSD_COLOR_SHIFT | 15u << DSD_QUEUE_SHIFT,
                       (base & 0xffff) | extent << 16, wraparound & 0xffff, 0 } };
}

// A mem4d access: dimensions innermost first. stride[d] is the step in elements when loop d
// advances, the reset of the loops inside it included, as CSL writes it.
typedef struct ObjShape {
    uint16_t dims, extent[4];
    int16_t stride[4];
    uint16_t pad;
} ObjShape;

// ---------------------------------------------------------------------------------------------
// Vector operations.
//
// One row each: name, element width in bits of destination, first and second source (0: no such
// operand), elements per cycle at most on WSE-2 and WSE-3 (SDK appendix; unlisted ones are 1).
// One-source operations take the *second* source, as the hardware does.
// fmac: dest = src0 + src1 * scalar.
// clang-format off
#define VEC_OPS(_) \
    _(add16,    16, 16, 16, 4, 8) \
    _(addc16,   16, 16, 16, 1, 8) \
    _(sub16,    16, 16, 16, 4, 8) \
    _(and16,    16, 16, 16, 4, 8) \
    _(or16,     16, 16, 16, 4, 8) \
    _(xor16,    16, 16, 16, 4, 8) \
    _(sar16,    16, 16, 16, 1, 4) \
    _(sll16,    16, 16, 16, 1, 4) \
    _(slr16,    16, 16, 16, 1, 4) \
    _(clz,      16,  0, 16, 1, 1) \
    _(ctz,      16,  0, 16, 1, 1) \
    _(popcnt,   16,  0, 16, 1, 1) \
    _(mov16,    16,  0, 16, 4, 8) \
    _(mov32,    32,  0, 32, 2, 4) \
    _(fmovh,    16,  0, 16, 4, 8) \
    _(fmovs,    32,  0, 32, 2, 4) \
    _(faddh,    16, 16, 16, 4, 8) \
    _(fadds,    32, 32, 32, 2, 4) \
    _(faddhs,   32, 16, 32, 2, 4) \
    _(fsubh,    16, 16, 16, 4, 8) \
    _(fsubs,    32, 32, 32, 2, 4) \
    _(fmulh,    16, 16, 16, 4, 8) \
    _(fmuls,    32, 32, 32, 2, 4) \
    _(fmaxh,    16, 16, 16, 1, 8) \
    _(fmaxs,    32, 32, 32, 1, 4) \
    _(fabsh,    16,  0, 16, 4, 8) \
    _(fabss,    32,  0, 32, 2, 4) \
    _(fnegh,    16,  0, 16, 4, 8) \
    _(fnegs,    32,  0, 32, 2, 4) \
    _(fh2s,     32,  0, 16, 1, 4) \
    _(fs2h,     16,  0, 32, 1, 4) \
    _(fh2xp16,  16,  0, 16, 1, 8) \
    _(fs2xp16,  16,  0, 32, 1, 4) \
    _(xp162fh,  16,  0, 16, 1, 8) \
    _(xp162fs,  32,  0, 16, 1, 4) \
    _(fmach,    16, 16, 16, 4, 8) \
    _(fmacs,    32, 32, 32, 2, 4) \
    _(fmachs,   32, 32, 16, 2, 4) \
    _(fscaleh,  16, 16, 16, 4, 8) \
    _(fscales,  32, 32, 16, 2, 4)
// clang-format on

typedef enum VecOp {
#define _(name, d, s0, s1, w2, w3) VEC_##name,
    VEC_OPS(_)
#undef _
        VEC_COUNT
} VecOp;

// Where an operand comes from. `value` means, in this order: a register; the first of two registers
// that hold a DSD value; a DSD constant; a DSR's file << 8 | number; a FIFO's number; a register
// that holds a scalar; a register that holds the address of a scalar (destination only: a
// one-element memory vector of stride 0).
typedef enum OpdKind {
    OPD_NONE,
    OPD_DSD,
    OPD_CONST,
    OPD_DSR,
    OPD_FIFO,
    OPD_SCALAR,
    OPD_POINTER,
    OPD_KINDS
} OpdKind;
typedef struct ObjOperand {
    uint16_t kind, value;
} ObjOperand;
enum { DSR_DEST, DSR_SRC0, DSR_SRC1, DSR_FILES, DSR_NUMBERS = 16 };

// What completion, on_control, @block and @unblock act on. ids: task number; color (WSE-2: the same
// bits as the data task of that number); input queue (WSE-3: likewise); microthread.
typedef enum ObjTarget { TGT_NONE, TGT_TASK, TGT_COLOR, TGT_QUEUE, TGT_UT } ObjTarget;
typedef enum ObjAction { ACT_NONE, ACT_ACTIVATE, ACT_UNBLOCK, ACT_TERMINATE } ObjAction;
typedef struct ObjWhen { // an action and its target: id `id`, or what register `reg` holds
    uint8_t action, target;
    uint8_t id, pad;
    uint16_t reg;
    uint16_t pad2;
} ObjWhen;

enum {
    // Of an operation.
    VEC_ASYNC = 1 << 0,      // asynchronous (a DSR loaded with async makes it so too)
    VEC_PACKED = 1 << 1,     // 16-bit values on the fabric: two a wavelet (SDK 2.10's default)
    VEC_ACCUMULATE = 1 << 5, // (*p, c, s), c being what p points to: c is the last element's result
    // Of a DSR load.
    VEC_DSR_ASYNC = 1 << 2,
    VEC_SAVE_ADDRESS = 1 << 3,
    VEC_SINGLE_STEP = 1 << 4,
};

typedef struct ObjVec {
    uint8_t op, flags;
    uint8_t ut;                          // microthread asked for, 0xff none
    uint8_t priority;                    // 0 default, 1 low, 2 medium, 3 high
    ObjOperand dest, src0, src1, scalar; // scalar: multiplier of fmac (a register), else none
    uint16_t index;                      // register with .index, 0xffff none
    uint16_t pad;
    ObjWhen done, on_control;
} ObjVec;

// @load_to_dsr. `from` is OPD_DSD or OPD_CONST. An instance's first `nstart` loads run at start.
typedef struct ObjDsrLoad {
    uint8_t file, number, flags, ut;
    ObjOperand from;
    ObjWhen done, on_control;
} ObjDsrLoad;

// @allocate_fifo. Elements are 2 or 4 bytes.
typedef enum ObjFifoAction {
    FIFO_TEST_OR_SUSPEND,
    FIFO_TERMINATE,
    FIFO_SUSPEND,
    FIFO_FAULT
} ObjFifoAction;
typedef struct ObjFifo {
    uint16_t base, capacity;     // byte address; elements
    uint8_t size, empty, full;   // bytes per element; ObjFifoAction
    uint8_t push_task, pop_task; // activated; 0xff none
    uint8_t priority, simd;      // as in a DSD's word 0
    uint8_t pad;
    uint32_t name;
} ObjFifo;

// Element kinds of it_read and it_write: width and sign make the register canonical.
// f16 as U16, f32 as U32.
typedef enum ObjElement { ELEM_I16, ELEM_U16, ELEM_I32, ELEM_U32, ELEM_KINDS } ObjElement;
// what `print` appends to the PE's line; a newline sends it to the log
typedef enum ObjPrint {
    PRINT_CHAR,
    PRINT_U16,
    PRINT_U32,
    PRINT_HEX16,
    PRINT_HEX32,
    PRINT_BIN16,
    PRINT_BIN32,
    PRINT_F16,
    PRINT_F32,
    PRINT_I32,
    PRINT_STRING /* address of NUL-terminated bytes in RAM */,
    PRINT_PE /* "PE(x,y): " */,
    PRINT_KINDS
} ObjPrint;

// ---------------------------------------------------------------------------------------------
// Code and tasks.
typedef struct ObjFunc {
    uint32_t code, ncode;  // instructions, in the code section
    uint16_t regs;         // registers of its frame, arguments first
    uint8_t args, results; // registers taken and given
    uint16_t frame;        // bytes of its frame in RAM (address-taken locals), even
    uint16_t pad;
    uint32_t name;
    uint32_t line, nline; // its part of the line table
} ObjFunc;
typedef struct ObjLine { // instructions from `at` (in the function) on come from this line
    uint32_t at, file, line;
} ObjLine;

// What a task receives from its wavelet, for each register argument.
typedef enum ObjArg {
    ARG_WORD, // 32 bits, unsigned
    ARG_WORD_I32,
    ARG_LOW_U16,
    ARG_LOW_I16,
    ARG_HIGH_U16,
    ARG_HIGH_I16,
    ARG_KINDS
} ObjArg;
typedef enum ObjTaskKind { TASK_DATA, TASK_LOCAL, TASK_CONTROL, TASK_KINDS } ObjTaskKind;
typedef struct ObjTask {
    // WSE-2 data task: its color; WSE-3: its input queue; control task with
    // @set_control_task_table: WSE_TASKS + its id
    uint8_t number, kind;
    uint8_t high;   // task_priority HIGH
    uint8_t args;   // 0, 1 or 2
    uint8_t arg[2]; // ObjArg; control tasks: of the 16 data bits (ARG_LOW_*)
    uint16_t func;
    uint32_t name;
} ObjTask;

// @initialize_queue, or a binding the compiler derived from fabin DSDs
typedef struct ObjQueue {
    uint8_t output, number;
    uint8_t color; // 0xff none
    uint8_t priority;
    uint8_t control_at; // task number that entry point 0 of its control wavelets means
    uint8_t pad[3];
} ObjQueue;

// ---------------------------------------------------------------------------------------------
// Data and symbols.
typedef struct ObjReloc { // RAM at `at` := word `row` of the PE's constant row, before start
    uint16_t at, size;    // bytes: 2 or 4
    uint32_t row;
} ObjReloc;
enum { SYM_EXPORTED = 1, SYM_CONST = 2 };
typedef struct ObjSymbol { // every global that has an address
    // its source name ("$$csl_debug.KEY.buffer" of <debug>), its type in CSL
    uint32_t name, type;
    uint16_t at, flags;
    uint32_t bytes;
} ObjSymbol;
// what an rpc symbol is on this instance: an address, or a function index
typedef struct ObjExport {
    uint32_t rpc; // row in the rpc table
    uint32_t value;
} ObjExport;

typedef struct ObjRange {
    uint32_t at, n;
} ObjRange;
typedef struct ObjInst {
    uint32_t name; // of the code file
    ObjRange funcs, dsds, shapes, vecs, dsrs, fifos, tasks, queues, relocs, symbols, exports;
    uint32_t nstart; // the first `nstart` DSR loads run before start
    ObjRange data;   // initial RAM from address `data_at`, in the data section
    uint32_t data_at;
    uint32_t ram; // bytes of RAM that the program defines, from 0: data, zeroes and stack
    uint32_t stack, stack_bytes; // where frames go: [stack, stack + stack_bytes), inside `ram`
    uint32_t code_bytes;         // estimate of native code, counted against 48 KiB
    uint32_t uses;               // ObjUses
    // Task numbers, WSE-2 colors and WSE-3 input queues included, that comptime blocks named in
    // @block, @unblock and @activate. Input channels without a task of their number start blocked
    // unless unblocked here.
    uint64_t blocked, unblocked, active;
    uint32_t ut_blocked; // microthreads blocked at start
    uint32_t pad;
} ObjInst;
enum { USES_PRINT = 1 };

// ---------------------------------------------------------------------------------------------
// The fabric. Directions are bits 0 to 4; RAMP is the PE itself.
enum { DIR_W, DIR_E, DIR_S, DIR_N, DIR_RAMP, DIRS };
enum { COLOR_ROUTED = 1, COLOR_SWAP_X = 2, COLOR_SWAP_Y = 4 };
typedef struct ObjColor {
    uint8_t rx, tx; // masks of directions; position 0
    uint8_t flags;
    uint8_t npos; // switch positions beyond 0 (not supported yet: 0)
    uint8_t pos_rx[3], pos_tx[3];
    uint8_t pos_start, pop_mode, ring, pad[3];
} ObjColor;
typedef struct ObjRouter { // interned: one per distinct configuration
    ObjColor color[WSE_COLORS];
} ObjRouter;
// PEs [x, x+w) x [y, y+h) of the rectangle that share instance and router
typedef struct ObjRect {
    uint16_t x, y, w, h;
    uint32_t inst, router;
    uint32_t row, row_words; // PE (x+i, y+j) has words from row + (j*w + i) * row_words of `rows`
} ObjRect;

// What the host can name. Functions and variables carry ids from 0 in table order.
typedef enum ObjRpcKind { RPC_FUNC, RPC_VAR, RPC_STREAM } ObjRpcKind;
typedef struct ObjRpc {
    uint32_t name, sym_name, type; // type: of the variable, or the function's result
    uint8_t kind, immutable, color, pad;
    ObjRange args; // in the arguments section
} ObjRpc;
typedef struct ObjRpcArg {
    uint32_t name, type;
} ObjRpcArg;

// The program as a whole; one record.
typedef struct ObjHead {
    uint32_t arch; // WseArch
    uint32_t sdk;  // language level: 104 or 210
    uint16_t fabric_w, fabric_h, offset_x, offset_y, rect_w, rect_h;
    uint16_t channels, memcpy; // memcpy: 0 none, 1 yes
    uint32_t h2d, d2h;         // masks of the colors that stream from and to the host
} ObjHead;

// clang-format off
#define OBJ_SECTIONS(_) \
    _(head, ObjHead) \
    _(insts, ObjInst) \
    _(rects, ObjRect) \
    _(routers, ObjRouter) \
    _(rpcs, ObjRpc) \
    _(rpc_args, ObjRpcArg) \
    _(funcs, ObjFunc) \
    _(dsds, ObjDsd) \
    _(shapes, ObjShape) \
    _(vecs, ObjVec) \
    _(dsrs, ObjDsrLoad) \
    _(fifos, ObjFifo) \
    _(tasks, ObjTask) \
    _(queues, ObjQueue) \
    _(relocs, ObjReloc) \
    _(symbols, ObjSymbol) \
    _(exports, ObjExport) \
    _(lines, ObjLine) \
    _(rows, uint32_t) \
    _(code, uint64_t) \
    _(data, uint8_t) \
    _(strings, char)
// clang-format on

typedef struct Object {
#define _(name, type)                                                                              \
    const type *name;                                                                              \
    uint32_t n##name;
    OBJ_SECTIONS(_)
#undef _
    void *map; // memory this object owns; NULL when the tables are the caller's
    size_t map_bytes;
} Object;

// Checks every table against every other. Call it on an object built in memory before anything
// else.
wt_status_t object_verify(const Object *o);
// Writes a verified object to one container file (atomically).
wt_status_t object_write(const Object *o, const char *path);
// Reads and verifies a container; hostile files are refused with what is wrong. The object is the
// caller's to close.
wt_status_t object_open(Object *o, const char *path);
// The same from bytes, which are copied.
wt_status_t object_read(Object *o, const void *p, size_t n);
void object_close(Object *o);

// Look-ups. Names that are not there give -1.
const char *object_string(const Object *o, uint32_t at);
int object_rpc(const Object *o, const char *name); // row of the rpc table
// row of the symbol table
int object_symbol(const Object *o, const ObjInst *in, const char *name);
// row of the export table
int object_export(const Object *o, const ObjInst *in, int rpc);
// Which source line instruction `at` of a function came from. False when the table does not say.
bool object_line(const Object *o, const ObjFunc *f, uint32_t at, const char **file, uint32_t *line);

// ---------------------------------------------------------------------------------------------
// Instructions.
typedef enum PeOp {
#define INSN(name, ...) PE_##name,
#include "wse/chip/pe.def"
#undef INSN
    PE_OPS
} PeOp;

static inline uint64_t pe_insn(PeOp op, unsigned a, unsigned b, unsigned c) {
    return (uint64_t)op | (uint64_t)(a & 0xffff) << 16 | (uint64_t)(b & 0xffff) << 32 |
           (uint64_t)(c & 0xffff) << 48;
}
static inline uint64_t pe_insn32(PeOp op, unsigned a, uint32_t imm) {
    return (uint64_t)op | (uint64_t)(a & 0xffff) << 16 | (uint64_t)imm << 32;
}
// "add_i16   r3, r1, r2"; returns the length, as snprintf does.
int pe_disasm(uint64_t insn, char *out, size_t n);
// Cycles of the main thread, the operand letters of pe.def, the name.
unsigned pe_cost(PeOp op);
const char *pe_operands(PeOp op);
const char *pe_name(PeOp op);
// "fmacs", "fabin", "local": what programs and messages call them.
extern const char *const vec_names[VEC_COUNT];
extern const char *const dsd_kind_names[DSD_KINDS];
extern const char *const task_kind_names[TASK_KINDS];
void pe_document(StrBuf *to); // docs/isa/pe.md
