// Semantic analysis: types, values, operands, the typed IR, and the walker that turns syntax into
// them.
//
// One walker serves two modes. Every expression gives an Operand: a type and either a comptime
// value or a place in the IR. In comptime mode (layout, comptime blocks, initializers and what they
// call) statements execute; in run-time mode the same functions emit IR. Analysis is lazy: globals,
// functions and branches are looked at when they are reached.
#pragma once
#include "wse/build/csl.h"
#include "wse/chip/object.h"

typedef struct Sema Sema;
typedef struct Type Type;
typedef struct Module Module;
typedef struct Decl Decl;
typedef struct Global Global;
typedef struct Func Func;
typedef struct FuncInst FuncInst;
typedef struct Instance Instance;
typedef struct DsdVal DsdVal;
typedef struct Fifo Fifo;

// -------------------------------------------------------------------------------------------------
// types.c: types are interned, equal types are equal pointers
// -------------------------------------------------------------------------------------------------

typedef enum TypeKind {
    TY_VOID,
    TY_BOOL,
    TY_INT,
    TY_COMPTIME_INT,
    TY_FLOAT,
    TY_COMPTIME_FLOAT,
    TY_TYPE,
    TY_STRING,
    TY_MODULE,
    TY_FN,
    TY_POINTER,
    TY_ARRAY,
    TY_STRUCT,
    TY_UNION,
    TY_PACKED, // packed struct or union: an integer whose bits have names
    TY_ENUM,
    TY_ANYSTRUCT,
    TY_ANYOPAQUE,
    TY_COLOR,
    TY_DATA_TASK_ID,
    TY_LOCAL_TASK_ID,
    TY_CONTROL_TASK_ID,
    TY_INPUT_QUEUE,
    TY_OUTPUT_QUEUE,
    TY_UT_ID,
    TY_DIRECTION,
    TY_RANGE,
    TY_DSD,
    TY_DSR,
} TypeKind;

// Type.sub of TY_FLOAT
typedef enum FloatFormat { FLOAT_F16, FLOAT_F32, FLOAT_BF16, FLOAT_CB16 } FloatFormat;
typedef enum DsdType {
    DSDT_MEM1D,
    DSDT_MEM4D,
    DSDT_FABIN,
    DSDT_FABOUT,
    DSDT_CIRCBUF,
    DSDT_FIFO
} DsdType;
typedef enum DsrType {
    DSRT_DEST,
    DSRT_SRC0,
    DSRT_SRC1,
    DSRT_FIFO_DEST,
    DSRT_FIFO_SRC1,
    DSRT_XDSR,
    DSRT_SR
} DsrType;

typedef struct Field {
    Name *name;    // NULL in tuples and function types
    Type *type;    // NULL in enums
    int64_t value; // enum member; struct: byte offset, bit offset if packed
    bool comptime; // FN: comptime parameter
} Field;

struct Type {
    uint8_t kind, sub;
    bool is_signed;        // INT
    bool is_const, many;   // POINTER: *const, [*]
    bool is_task, generic; // FN; generic: has parameters whose type is only known per call
    bool comptime_only;
    bool named;     // written with `struct`, `union` or `enum`
    bool titled;    // and has the name of the constant that holds it
    uint8_t layout; // NF_EXTERN or NF_PACKED >> 5
    uint16_t align;
    uint32_t bits, size; // INT, FLOAT: bits; size: bytes in PE memory, 0 when it has none
    Type *elem;          // ARRAY element, POINTER target, RANGE element, ENUM, PACKED: the integer
    uint32_t ndims;
    uint32_t *dims;
    uint64_t count; // ARRAY: elements in all
    Field *fields;  // STRUCT, UNION, ENUM, FN parameters
    uint32_t nfields;
    Type *result;     // FN
    const char *name; // as CSL writes it
    uint32_t id;
};

typedef struct Types {
    Map interned;
    Map words; // Name * -> Type *
    uint32_t count;
    Type *void_, *bool_, *comptime_int, *comptime_float, *type, *string, *module, *anystruct,
        *anyopaque;
    Type *i8, *i16, *i32, *i64, *u8, *u16, *u32, *u64, *f16, *f32, *bf16, *cb16, *fp16;
    Type *color, *data_task_id, *local_task_id, *control_task_id, *input_queue, *output_queue,
        *ut_id, *direction;
    Type *dsd[6], *dsr[7];
} Types;

void types_init(Sema *s);
Type *type_named(Sema *s, const Name *name); // "u16", "color", ..., else NULL
Type *type_int(Sema *s, bool is_signed, uint32_t bits);
Type *type_array(Sema *s, Type *elem, const uint32_t *dims, uint32_t ndims);
Type *type_pointer(Sema *s, Type *to, bool is_const, bool many);
Type *type_fn(Sema *s, const Field *params, uint32_t n, Type *result, bool is_task);
Type *type_range(Sema *s, Type *elem);
// anonymous; a tuple when the names are NULL
Type *type_struct(Sema *s, const Field *fields, uint32_t n);
// A type made by a struct, union or enum expression: equal when the expression and what it contains
// are.
Type *type_declared(Sema *s, TypeKind kind, const Node *site, const Field *fields, uint32_t n,
                    Type *base, unsigned flags);
// What a variable may hold instead of a function; "" for other types.
const char *fn_hint(Sema *s, const Type *t);
// False for anyopaque, which is only pointed to: reported.
bool type_sized(Sema *s, const Type *t, Span at);
bool type_is_int(const Type *t); // fixed width or comptime
bool type_is_float(const Type *t);
bool type_is_number(const Type *t);
bool type_is_id(const Type *t);        // color, task ids, queues, ut_id
bool type_is_aggregate(const Type *t); // array, struct, union: lives in memory at run time
bool type_in_reg(const Type *t);       // has a run-time value that registers hold
int type_field(const Type *t, const Name *name); // index or -1
// bits of its pattern (@bitcast, packed fields); 0: none
uint32_t type_width(const Type *t);
bool type_is_fabric16(const Type *t);
unsigned type_regs(const Type *t); // registers it takes: 0, 1, 2

// -------------------------------------------------------------------------------------------------
// value.c: comptime values
// -------------------------------------------------------------------------------------------------

typedef __int128 Int;

typedef struct Agg {
    uint32_t n;      // elements or fields
    bool splat;      // every element is items[0]
    uint32_t active; // of a union: the field that items[0] is
    struct Value *items;
} Agg;

typedef struct Value {
    Type *type; // NULL: no value
    union {
        // integers, bool, enum, packed, color, ids, queues, direction
        // DSR: file or kind << 8 | number
        Int i;
        double f;
        Type *t;
        struct {
            const char *p;
            uint32_t n;
        } str;
        // array, struct, union (one item), range (start, stop, step)
        Agg *agg;
        struct {
            Global *base;
            int64_t off;
        } ptr; // base NULL: an absolute address
        Func *fn;
        Module *mod;
        DsdVal *dsd;
    };
} Value;

// What @get_dsd and its relatives make. Offsets are folded into `off` (bytes from `base`, or from 0
// without one).
struct DsdVal {
    ObjDsd bits; // all but the base address; FIFO: all but the number
    Global *base;
    int32_t off;
    Type *elem;      // element type of what it points to, NULL on the fabric
    ObjShape *shape; // mem4d
    Fifo *fifo;
};

struct Fifo {
    Global *buffer;
    Decl *decl;
    uint32_t capacity, size;
    uint8_t empty, full, priority, simd; // ObjFifoAction; as in a DSD
    uint8_t dsr, xdsr;                   // the program's own, 0xff none
    Value push, pop;                     // ids or tasks to activate, or no type
    uint32_t number;
    Span at;
};

static inline Value value_of(Type *t, Int i) { return (Value){ .type = t, .i = i }; }
Value value_void(Sema *s);
Value value_bool(Sema *s, bool b);
Value value_int(Sema *s, Int i);      // comptime_int
Value value_float(Type *t, double f); // rounded to t
Value value_type(Sema *s, Type *t);
Value value_str(Sema *s, const char *p, size_t n);
Value value_fn(Func *f);
Value value_agg(Sema *s, Type *t, uint32_t n); // zeroed items to fill in
Value value_splat(Sema *s, Type *t, Value elem);
Value value_zero(Sema *s, Type *t); // what unwritten memory holds
Value value_item(const Value *v, uint64_t i);
Value *value_slot(Sema *s, Value *v, uint64_t i); // for writing; expands a splat
Value value_copy(Sema *s, Value v);               // an aggregate that shares nothing writable
bool value_field(const Value *v, const Name *name, Value *out);
bool value_equal(const Value *a, const Value *b);
bool value_is_int(const Value *v);
bool value_to_i64(const Value *v, int64_t *out);
void value_print(Sema *s, const Value *v, StrBuf *out);
void value_key(Sema *s, const Value *v, StrBuf *out); // bytes, equal for equal values
// its image in PE memory; addresses must be final
void value_bytes(Sema *s, const Value *v, uint8_t *out);
// its canonical register; addresses must be final
uint64_t value_word(Sema *s, const Value *v);
bool int_fits(const Type *t, Int i);
Int int_wrap(const Type *t, Int i);
double float_round(const Type *t, double f);
uint32_t float_bits(const Type *t, double f);
double float_from_bits(const Type *t, uint32_t bits);

// -------------------------------------------------------------------------------------------------
// ir.c: typed IR. Instructions are those of the machine (pe.def) over virtual registers, plus the
// few below; a function is one list with labels. The letters of pe.def say what a, b and c are.
// -------------------------------------------------------------------------------------------------

enum {
    IR_LABEL = PE_OPS, // a: label
    IR_CONST,          // a := imm
    IR_ADDR,           // a := address of x.global + imm
    IR_FUNC,           // a := index of x.func
    IR_TASK,           // a := number of the task x.task
    IR_DSD,            // a, a+1 := x.dsd
    IR_CALL,           // x.call
    IR_RET,            // a: register or -1
    IR_VEC,            // a: bool result; x.vec
    IR_LDSR,           // x.ldsr
    IR_STR,            // op b with string x.str (assert, trap, prints); a: register or -1
    IR_OPS
};

// reg -1: id, or task
typedef struct IrWhen {
    uint8_t action, target;
    int reg;
    int id;
    Func *task;
} IrWhen;
// object.h's OPD_*; v: the DSD of OPD_CONST, OPD_FIFO
typedef struct IrOpd {
    uint8_t kind;
    int reg;
    Value v;
} IrOpd;
typedef struct IrVec {
    uint8_t op, flags, priority;
    int ut; // -1 none
    IrOpd dest, src0, src1;
    int scalar, index; // registers, -1 none
    IrWhen done, on_control;
} IrVec;
typedef struct IrLdsr {
    uint8_t file, number, flags;
    int ut;
    IrOpd from;
    IrWhen done, on_control;
} IrLdsr;
// through: register, or -1
typedef struct IrCall {
    FuncInst *to;
    int through;
    int *args;
    int nargs;
    int result;
} IrCall;

typedef struct IrIns {
    uint16_t op;
    int32_t a, b, c;
    int64_t imm; // IR_CONST, IR_ADDR; lda, sta, ld, st: added to the address
    union {
        Global *global;
        FuncInst *func;
        Func *task;
        DsdVal *dsd;
        IrCall *call;
        IrVec *vec;
        IrLdsr *ldsr;
        const char *str;
    } x;
    SrcPos pos;
} IrIns;

// width in machine registers; pinned: is a variable's
typedef struct IrReg {
    Type *type;
    uint8_t width;
    bool pinned;
} IrReg;

typedef struct IrFunc {
    Vec(IrIns) ins;
    Vec(IrReg) regs;
    Vec(uint32_t) labels; // how many jumps go there
    uint32_t frame;       // bytes of RAM for locals that have an address
    bool dead;            // nothing reaches the next instruction
} IrFunc;

int ir_reg(IrFunc *f, Type *t); // a fresh virtual register
int ir_reg_wide(IrFunc *f, Type *t, int width);
int ir_label(IrFunc *f);
void ir_place(IrFunc *f, int label);
bool ir_used(const IrFunc *f, int label); // some jump goes there
// to the current function; NULL in dead code
IrIns *ir_emit(Sema *s, uint16_t op, int a, int b, int c);
void ir_jump(Sema *s, int label);
int ir_result(const IrIns *in); // the register it only writes, -1
void ir_set_result(IrIns *in, int reg);
uint32_t ir_frame(IrFunc *f, uint32_t size, uint32_t align);
void ir_dump(const FuncInst *f, StrBuf *out);

// -------------------------------------------------------------------------------------------------
// Operands: what an expression gives
// -------------------------------------------------------------------------------------------------

typedef enum OperandKind {
    X_ERROR,    // has been reported
    X_NORETURN, // control does not come back
    X_VALUE,    // comptime-known: v
    X_REG,      // in virtual register `reg`
    X_LOCAL,    // a local that lives in register `reg`
    X_MEM,      // memory: base or frame or nothing, + off + idx
    X_SLOT,     // a comptime variable, or part of one
    X_AGG,      // an aggregate literal with run-time parts: items
    X_BITS,     // a field of a packed variable: bits of items[0] from bit `off` on
} OperandKind;

typedef struct Operand {
    uint8_t kind;
    bool is_const; // not assignable
    Type *type;
    Value v;               // X_VALUE
    struct Local *local;   // X_LOCAL, X_SLOT: the variable
    Value *slot;           // X_SLOT
    Decl *home;            // X_VALUE: the global constant it is part of, at byte `off`
    Global *base;          // X_MEM
    bool frame;            // X_MEM: off counts from this function's frame
    int off, idx, reg;     // idx: register added to the address, -1 none
    struct Operand *items; // X_AGG, X_BITS
} Operand;

static inline Operand opd_value(Value v) {
    return (Operand){ .kind = X_VALUE, .is_const = true, .type = v.type, .v = v, .idx = -1 };
}
static inline Operand opd_reg(Type *t, int r) {
    return (Operand){ .kind = X_REG, .is_const = true, .type = t, .reg = r, .idx = -1 };
}
static inline Operand opd_error(void) { return (Operand){ .kind = X_ERROR, .idx = -1 }; }
static inline bool opd_bad(const Operand *x) { return x->kind <= X_NORETURN; }
static inline bool opd_known(const Operand *x) { return x->kind == X_VALUE; }
Operand opd_void(Sema *s);

void type_title(Sema *s, const Value *v, const Name *name); // `const P = struct ..`: v, P

// -------------------------------------------------------------------------------------------------
// Modules, declarations, functions, instances
// -------------------------------------------------------------------------------------------------

typedef enum DeclState { DECL_FRESH, DECL_BUSY, DECL_DONE, DECL_FAILED } DeclState;

struct Decl {
    Node *node;
    Module *mod;
    DeclState state;
    Type *type;
    Value value;    // constants and parameters; functions
    Global *global; // its memory, once it needs some
    bool bound;     // a parameter that was given a value
    Value given;
    Span given_at; // the import that gave it
};

#define MODULE_FRAME "in the module that is imported here"

struct Module {
    Unit *unit;
    struct UnitInfo *info;
    Instance *inst; // NULL in the layout
    Decl *decls;
    const char *prefix; // "" for a root, else "m." as symbols are named
    bool library;       // comes from share/wavetile/wse
    Span at;            // where it is imported; none for a root
};

struct Global { // an object in PE memory
    Decl *decl; // NULL: an anonymous constant
    const char *name;
    Type *type;
    Value init; // no type: zeros
    bool is_const, exported, placed;
    const char *section; // linksection, or NULL
    uint32_t align, addr;
    Span at;
};

struct Func { // a function or task of one module
    Module *mod;
    Node *node;
    Type *type; // NULL until asked for
    bool failed, typed;
    Func *real; // extern: the exported function of the same symbol
    Vec(FuncInst *) insts;
    struct TaskBind *bind; // the first @bind_* of this task
};

struct FuncInst { // a body to emit
    Func *fn;
    const char *key; // its comptime arguments and types
    size_t keylen;
    const char *name;
    Type **params; // types of its run-time parameters
    uint32_t nparams;
    Value *known; // one per parameter of the node; known.type NULL: at run time
    Type **types; // one per parameter of the node
    Type *result;
    IrFunc ir;
    uint32_t index;        // in the instance's functions
    struct FuncInst *from; // whose body asked for it first; NULL: no body did
    DiagFrame frame;       // of that call
    bool analysed;
};

typedef struct TaskBind {
    Func *task;
    ObjTaskKind kind;
    Value id;
    Span at, id_at;
    struct TaskBind *next;
} TaskBind;

// one @set_tile_code
typedef struct CodeKey {
    Unit *unit;
    Value params;
    Span at;
    Instance *inst;
} CodeKey;

// 0 activate, 1 block, 2 unblock
typedef struct StartTarget {
    uint8_t what;
    Value target;
    Span at;
} StartTarget;

// A task or local task id that run-time code activates or unblocks: it must be bound to something
// that can be.
typedef struct TaskUse {
    ObjAction action;
    Func *task; // or NULL: the task of `id`
    Value id;
    Span at;
} TaskUse;

typedef struct ExportedName {
    Name *name;
    Type *type;
    bool mut;
    Span at;
    uint32_t rpc;
} ExportedName;
typedef struct ExportedSymbol {
    Name *name;
    Value fn;
    Global *global;
    Type *type;
    bool mut;
    Span at;
    Value v;
} ExportedSymbol;
typedef struct QueueInit {
    bool output;
    uint8_t number;
    uint8_t color, priority;
    uint8_t table; // ctrl_table_id
    Span at, table_at;
} QueueInit;
typedef struct DsdColor { // what a WSE-3 fabric DSD says its queue's color is
    bool output;
    uint8_t number, color;
    Span at;
} DsdColor;
typedef struct ControlTable { // @set_control_task_table
    bool set;
    uint8_t stride; // entry points between the tables of two ctrl_table_ids
    Span at;
} ControlTable;
typedef struct ColorInit {
    uint8_t color;
    ObjColor cfg;
    Span at;
} ColorInit;

struct Instance { // one PE program: a file with its parameters
    uint32_t id;
    CodeKey *code;
    Module *root;
    Vec(Module *) modules;
    size_t next_module; // comptime blocks of modules before it have run
    Vec(Global *) globals;
    Vec(FuncInst *) funcs;
    size_t next_func;
    Vec(Func *) all_funcs;
    TaskBind *binds;
    ControlTable control;
    Vec(StartTarget) start;
    Vec(TaskUse) task_uses;
    bool unbound; // a @bind_* failed: that ids have no task is not reported
    Vec(QueueInit) queues;
    Vec(DsdColor) dsd_colors;
    Vec(ColorInit) colors;
    Vec(Fifo *) fifos;
    Vec(IrLdsr) start_loads;
    Vec(ExportedSymbol) exports;
    Map anonymous;                  // value key -> Global *
    Map symbols;                    // of `export` declarations -> Decl *
    size_t symbols_of, exported_of; // modules before these have been entered, reached
    bool memcpy, prints;
    uint32_t h2d, d2h;
    bool failed;
    uint32_t obj; // row in the object's instances
};

typedef struct Layout {
    bool set;
    Span set_at;
    int w, h;
    uint32_t *code; // per PE: row of codes + 1
    Span *code_at;
    uint16_t (*colors)[WSE_COLORS]; // per PE: row of configs + 1
    Vec(CodeKey) codes;
    Map code_index;
    Vec(ColorInit) configs;
    Map config_index;
    Vec(ExportedName) names;
    CslPlacement place;
} Layout;

// -------------------------------------------------------------------------------------------------
// The walker's state
// -------------------------------------------------------------------------------------------------

typedef enum LocalKind { LOCAL_VALUE, LOCAL_SLOT, LOCAL_REG, LOCAL_FRAME, LOCAL_OPERAND } LocalKind;
typedef struct Local {
    struct Local *up;
    Name *name;
    Type *type;
    LocalKind kind;
    bool is_const;
    Value v; // VALUE, SLOT
    int reg;
    uint32_t frame;
    Operand x; // OPERAND: an aggregate with run-time parts
    int depth; // run-time control flow around its declaration
    Span at;
} Local;

// a value that leaves, and where its code will stand
typedef struct Exit {
    int label;
    Operand x;
    Span where;
} Exit;
typedef struct Target { // what break, continue and return can go to
    struct Target *up;
    Name *label;
    bool loop, inlined;
    int depth;
    int end, again; // labels
    Type *want;
    Vec(Exit) exits;
} Target;

typedef struct NameSet {
    Vec(Name *) names;
} NameSet;

typedef enum Flow { FLOW_NEXT, FLOW_BREAK, FLOW_CONTINUE, FLOW_RETURN, FLOW_STOP } Flow;
typedef enum Place {
    IN_LAYOUT = 1,
    IN_COMPTIME = 2,
    IN_RUN = 4,
    IN_GLOBAL = 8,
    ANYWHERE = 15
} Place;

typedef struct Fx { // the function or block being walked
    struct Fx *up;
    Module *mod;
    Place place;   // where builtins stand; calls inherit it
    bool comptime; // statements execute
    FuncInst *inst;
    IrFunc *ir; // run-time mode
    Local *locals;
    Local *scope; // locals from here on belong to blocks around the innermost one
    Target *targets;
    Target *ret; // an inlined call's result
    Type *result;
    Flow flow; // comptime mode: on the way out
    Target *flow_to;
    Operand flow_value;
    int depth;          // run-time control flow
    int sret;           // register with the address of an aggregate result, -1
    NameSet *addressed; // names whose address the body takes
} Fx;

typedef struct UnitInfo { // what all modules of a file share
    Unit *unit;
    Map names;     // Name * -> declaration
    Map addressed; // function node -> NameSet *
    bool library;
} UnitInfo;

// The modules whose imports are being followed, innermost first. On the C stack.
typedef struct ImportFrame {
    struct ImportFrame *up;
    Unit *unit;
    Value params; // void: none
} ImportFrame;

struct Sema {
    Csl *c;
    Arena *arena;
    Types types;
    CslArch arch;
    Map units;    // Unit * -> UnitInfo *
    Map builtins; // Name * -> row
    Fx *fx;
    Instance *inst;
    Layout layout;
    Module *root;          // the layout's module
    Vec(Module *) modules; // the layout's and those it imports
    size_t next_module;
    Vec(Instance *) instances;
    int call_depth;
    int force;      // inside `comptime e`
    Type *number;   // of a run-time choice between comptime numbers, where nothing else says it
    uint64_t steps; // work since something came of it
    int expr_depth, resolve_depth, import_depth;
    ImportFrame *importing;
    const char *import_name; // the constant whose initializer is being evaluated
    SrcPos pos;              // of the statement being walked, for line tables
    bool stopped;
    uint32_t names_made;
};

// -------------------------------------------------------------------------------------------------
// operand.c: what an operand stands for
// -------------------------------------------------------------------------------------------------

// Reports an error; returns false.
bool sema_error(Sema *s, Span at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
// The same; returns X_ERROR.
Operand opd_wrong(Sema *s, Span at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
const char *value_text(Sema *s, const Value *v);
Operand opd_mem(Type *t, Global *base, int off, bool is_const);
Operand mem_at(const Operand *m, Type *t, int off); // a part of an X_MEM
Operand opd_item(const Operand *x, uint32_t i);     // part i of an X_VALUE or X_AGG
Operand mem_temp(Sema *s, Type *t);                 // fresh memory of the frame
Operand mem_copy(Sema *s, Operand x, Span at);      // x in fresh memory of the frame
Operand in_memory(Sema *s, Operand x, Span at);     // an X_MEM with the value of x
// X_VALUE, X_REG, X_AGG, or X_MEM for aggregates
Operand rvalue(Sema *s, Operand x);
const Operand *operand_root(const Operand *x); // the variable that an X_BITS belongs to
int to_reg(Sema *s, Operand x);                // any value in a register
int const_reg(Sema *s, Type *t, const Value *v);
int address_reg(Sema *s, const Operand *mem);        // address of an X_MEM
Operand address_of(Sema *s, Operand x, Span at);     // &x
void store(Sema *s, Operand to, Operand x, Span at); // x already has to's type
// a value that later assignments to variables do not change
Operand detach(Sema *s, Operand x);
void pin(Sema *s, const Operand *x); // its registers are a name's now

// -------------------------------------------------------------------------------------------------
// coerce.c: conversions
// -------------------------------------------------------------------------------------------------

Operand coerce(Sema *s, Operand x, Type *t, Span at);
bool coerce_value(Sema *s, Value v, Type *t, Value *out); // silent
bool can_coerce(Sema *s, const Operand *x, Type *t);
Type *peer_type(Sema *s, const Operand *a, const Operand *b); // NULL when there is none
Operand convert_number(Sema *s, Operand x, Type *t, Span at); // @as
int cast_int(Sema *s, Type *t, int reg);                      // the low bits of an integer register
int fit_width(Sema *s, const Type *t, int reg); // iN, uN: after an operation in the next wider type

// -------------------------------------------------------------------------------------------------
// expr.c, operator.c, literal.c: expressions
// -------------------------------------------------------------------------------------------------

// `want` is a hint for literals; the result may be an lvalue
Operand expr(Sema *s, Node *n, Type *want);
Operand expr_value(Sema *s, Node *n, Type *want); // rvalue(expr())
Operand expr_as(Sema *s, Node *n, Type *t);       // coerced to t
// must be comptime-known; t NULL: as it comes
bool expr_known(Sema *s, Node *n, Type *t, Value *out);
Type *expr_type(Sema *s, Node *n); // a type; NULL when not, reported
bool at_comptime(const Sema *s);   // statements execute here
// compile-time evaluation has gone on for too long
bool out_of_steps(Sema *s, Span at);
Operand field_of(Sema *s, Operand x, Name *name, Span at);
// element `reg` of what starts at base + off
Operand index_runtime(Sema *s, Operand base, Type *elem, int reg, int off);
Operand binary(Sema *s, CslOp op, Operand a, Operand b, Span at);
Operand unary(Sema *s, Node *n, Type *want);
Operand logical(Sema *s, Node *n); // and, or
void binary_operands(Sema *s, Node *n, Type *want, Operand *a, Operand *b);
// an operand of arithmetic: `hint` types nothing but run-time choices between comptime numbers
Operand number_operand(Sema *s, Node *n, Type *hint);
bool is_compare(CslOp op);
void cond_jump(Sema *s, Node *n, int yes, int no, bool yes_next); // run time: jump on a condition
Operand array_literal(Sema *s, Node *n);
Operand tuple_literal(Sema *s, Node *n, Type *want);
Operand struct_literal(Sema *s, Node *n, Type *want);
Operand tensor(Sema *s, Node *n); // |i|{n} -> a[i]
Operand array_type(Sema *s, Node *n);
Operand pointer_type(Sema *s, Node *n);
Operand fn_type(Sema *s, Node *n);
Operand struct_type(Sema *s, Node *n);
Operand enum_type(Sema *s, Node *n);

// -------------------------------------------------------------------------------------------------
// packed.c: packed structs and unions
// -------------------------------------------------------------------------------------------------

Operand packed_type(Sema *s, Node *n, Field *fields, uint32_t count);
Operand packed_make(Sema *s, Type *t, const Operand *items, Span at);
Operand packed_field(Sema *s, Operand x, uint32_t i, Span at);
Operand packed_get(Sema *s, Operand whole, Type *t, int off);
void packed_store(Sema *s, const Operand *to, Operand part, Span at);

// -------------------------------------------------------------------------------------------------
// stmt.c, call.c: statements, what contains them, and calls
// -------------------------------------------------------------------------------------------------

Operand comptime_expr(Sema *s, Node *n, Type *want); // executes n, also in run-time code
Operand stmt_expr(Sema *s, Node *n, Type *want);     // blocks, if, switch, loops and jumps
void stmt(Sema *s, Node *n);
void block_body(Sema *s, Node *n);
bool going(const Sema *s); // neither unwinding nor in dead code
Operand join(Sema *s, Target *t, bool falls_through, Span at);
Local *local_add(Sema *s, Name *name, Type *type, LocalKind kind, bool is_const, Span at);
Operand call_function(Sema *s, Func *f, Operand *args, uint32_t n, Node *call);
// A call of the function whose index is in a register; n is the call.
Operand call_through(Sema *s, int reg, Type *ft, const Operand *args, Node *n);
// the instance of a function that is not generic
FuncInst *func_inst(Sema *s, Func *f, Span at);
void func_analyse(Sema *s, FuncInst *fi); // its body to IR

// -------------------------------------------------------------------------------------------------
// sema.c: modules, declarations, instances
// -------------------------------------------------------------------------------------------------

Module *module_new(Sema *s, Unit *u, Instance *inst, const Value *params, Span at,
                   const char *prefix);
// its own imports, after its parameters are bound
void module_start(Sema *s, Module *m, Span at);
Decl *module_find(Module *m, const Name *name);
const char *module_text(Sema *s, const Module *m); // as a message names it
bool run_modules(Sema *s, Instance *inst);         // comptime blocks that have not run yet
Operand decl_operand(Sema *s, Decl *d, Span at);
bool decl_resolve(Sema *s, Decl *d, Span at);
// memory of a variable, or of a constant that needs an address
Global *decl_global(Sema *s, Decl *d);
Global *global_anonymous(Sema *s, Value v);
Type *func_type(Sema *s, Func *f);
Type *fn_node_type(Sema *s, Node *params_of);
Operand eval_in(Sema *s, Module *m, Place place, Node *n, Type *want);

// -------------------------------------------------------------------------------------------------
// symbols.c: storage classes and attributes
// -------------------------------------------------------------------------------------------------

// The symbol of a variable or function: its linkname, or the name it has.
const char *decl_symbol(Sema *s, Decl *d);
const char *decl_section(Sema *s, Decl *d); // NULL: none
uint32_t decl_align(Sema *s, Decl *d, uint32_t least);
void reach_exports(Sema *s, Instance *inst);
void check_symbols(Sema *s, Instance *inst);
bool export_compatible(const Type *t);
// Finds what an extern declaration stands for; its type is known already.
bool resolve_extern(Sema *s, Decl *d, Span at);

// -------------------------------------------------------------------------------------------------
// builtin.c and builtin_*.c: one row per builtin in builtin.def
// -------------------------------------------------------------------------------------------------

typedef Operand BuiltinFn(Sema *s, Node *call, Type *want);
enum { MANY = 99 };
typedef struct Builtin {
    const char *name;
    int where, min, max;
    BuiltinFn *fn;
    int arg;
} Builtin;
Operand builtin_call(Sema *s, Node *call, Type *want);
extern const Builtin builtins[];
bool builtin_exists(Sema *s, const char *name);
// the row: handlers of a family look at its `arg`
const Builtin *builtin_of(Sema *s, const Node *call);

// Helpers for builtins.
// argument i as t (NULL: as it comes)
Operand arg_value(Sema *s, Node *call, uint32_t i, Type *t);
bool arg_known(Sema *s, Node *call, uint32_t i, Type *t, Value *out);
// comptime integer in [lo, hi]
bool arg_int(Sema *s, Node *call, uint32_t i, int64_t lo, int64_t hi, int64_t *out);
// Options: a comptime struct's fields, each named once; unknown ones are reported with a spelling
// hint.
typedef struct Option {
    Name *name;
    Node *node;
    Operand x;
} Option;
typedef struct Options {
    Option *at;
    uint32_t n;
    Span span;
    bool ok;
} Options;
// allowed: NULL-terminated names
Options options_of(Sema *s, Node *n, const char *const *allowed);
Option *option_get(Options *o, const char *name);

// -------------------------------------------------------------------------------------------------
// emit.c: IR to the object
// -------------------------------------------------------------------------------------------------

typedef struct Program { // what a compilation yields
    Object object;
    void *memory; // owner of the object's tables
} Program;

// Analyse the layout file and everything it reaches, and emit it. False when there were errors.
// Sets c->params and c->colors; with --emit=ir the dump goes to c->output. program_free releases
// the object's tables.
bool sema_compile(Csl *c, Unit *root, Program *out);
void program_free(Program *p);
bool emit_program(Sema *s, Program *out);
