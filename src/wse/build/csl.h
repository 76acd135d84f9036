// The CSL compiler, from text to object, in pipeline order: options and result, sources,
// diagnostics, tokens, syntax tree, then (from "Types" on) what semantic analysis makes of it. One
// context `Csl` per compilation; it owns an arena from which everything below is allocated, and
// nothing in it is shared between two compilations.
#pragma once
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

typedef struct Csl Csl;

// -------------------------------------------------------------------------------------------------
// Options and result: the entry that `cslc`, the tests and the layout library call. Nothing here
// prints or exits.
// -------------------------------------------------------------------------------------------------

typedef enum CslArch { CSL_WSE2 = 2, CSL_WSE3 = 3 } CslArch;
typedef enum CslSdk { CSL_SDK_1_4 = 104, CSL_SDK_2_10 = 210 } CslSdk; // language level
typedef enum CslFp16 { CSL_F16, CSL_BF16, CSL_CB16 } CslFp16;         // what @fp16() is
typedef enum CslEmit {
    CSL_EMIT_NONE,
    CSL_EMIT_TOKENS,
    CSL_EMIT_AST,
    CSL_EMIT_IR,
    CSL_EMIT_BYTECODE
} CslEmit;

// --params, --colors: text as given
typedef struct CslBinding {
    const char *name, *value;
} CslBinding;
// --link-section-start-address-bytes
typedef struct CslSection {
    const char *name;
    uint32_t address; // of its first variable, in bytes
} CslSection;
// a file that need not be on disk
typedef struct CslFile {
    const char *path, *text;
    size_t size;
} CslFile;

typedef struct CslOptions {
    const char *input;  // the file with the layout block
    const char *output; // directory; NULL: "out"
    CslArch arch;       // 0: CSL_WSE2
    CslSdk sdk;         // 0: CSL_SDK_1_4
    CslFp16 fp16;
    // other than NONE: stop after that stage and return its text, write no files
    CslEmit emit;
    int fabric_width, fabric_height; // not given: as large as the program needs
    // of the rectangle's north-west PE; not given: the least that memcpy allows
    int fabric_x, fabric_y;
    bool fabric_dims_given, fabric_offsets_given;
    const CslBinding *params;
    size_t nparams;
    const CslBinding *colors;
    size_t ncolors;
    const CslSection *sections;
    size_t nsections;
    bool memcpy;
    int channels;
    bool channels_given; // else 1
    int west_buf, east_buf;
    const char *const *import_paths;
    size_t nimport_paths;
    const char *output_json; // --output-json: file for the resolved parameters, or NULL
    // --out-routes: per-PE colors and routes, into CslResult.output
    bool out_routes;
    int max_inlined_iterations; // 0: the language level's default
    int comptime_depth;         // 0: default
    uint64_t comptime_steps;    // work that may come to nothing; 0: 20 million
    bool warnings_as_errors;
    int error_limit; // 0: 20
    // looked up before the disk, by exact path (tests, fuzzers, generated code)
    const CslFile *files;
    size_t nfiles;
} CslOptions;

typedef enum CslSeverity { CSL_NOTE, CSL_WARNING, CSL_ERROR } CslSeverity;

typedef struct CslDiagnostic { // one message; notes follow the message they belong to
    CslSeverity severity;
    const char *file; // "" when it has no place
    int line, column; // from 1, column in bytes; 0 when it has no place
    const char *text;
} CslDiagnostic;

typedef struct CslResult {
    CslDiagnostic *diagnostics;
    size_t ndiagnostics;
    int errors, warnings;
    // the same as text, ready for a terminal; "" when there are none
    char *rendered;
    // the resolved parameters, as --output-json writes them; "" before that stage
    char *params_json;
    // a line per distinct PE program: how many PEs have it and what it takes of their memory
    char *memory_use;
    // what --emit, --out-routes and @comptime_print say; "" when nothing
    char *output;
    void *memory; // owner of all of the above
} CslResult;

// Compile as the options say. WT_OK; WT_COMPILE when the program has errors; otherwise a failure of
// ours or of the system, told by wt_last_error(). `result` is filled in every case and released
// with csl_result_free.
wt_status_t csl_compile(const CslOptions *options, CslResult *result);
void csl_result_free(CslResult *result);

// -------------------------------------------------------------------------------------------------
// source.c: files and positions
// -------------------------------------------------------------------------------------------------

// A place in any file of the compilation: files lie one after the other in one number space. 0 is
// no place.
typedef uint32_t SrcPos;

// caret at `at`, [start, end) underlined; `end` may equal start
typedef struct Span {
    SrcPos at, start, end;
} Span;

typedef struct SrcFile {
    const char *path; // as diagnostics show it
    const char *real; // resolved, the identity of the file
    const char *text; // NUL-terminated copy
    uint32_t size;
    SrcPos base;     // position of text[0]; text[size] has a position as well
    uint32_t *lines; // offset of each line's first byte
    uint32_t nlines;
    // "<memcpy/memcpy>" of our own library, which may use builtins of its own; else NULL
    const char *library;
} SrcFile;

// As programs and messages at run time name it: the same wherever the library is installed.
static inline const char *source_name(const SrcFile *f) {
    return f->library ? f->library : f->path;
}

// `text`: the whole line
typedef struct SrcPlace {
    const SrcFile *file;
    int line, column;
    Str text;
} SrcPlace;

// NULL: too large
SrcFile *source_add(Csl *c, const char *path, const char *real, const char *text, size_t size);
const SrcFile *source_of(const Csl *c, SrcPos pos); // NULL for 0
SrcPlace source_place(const Csl *c, SrcPos pos);
Str source_text(const Csl *c, SrcPos start, SrcPos end);

// -------------------------------------------------------------------------------------------------
// diag.c: diagnostics
// -------------------------------------------------------------------------------------------------

// What the compiler is in the middle of (an import, a comptime call, a generic instance, a PE's
// code). Every error raised below it carries one note per frame, innermost first. Lives on the C
// stack: link, work, unlink.
typedef struct DiagFrame {
    struct DiagFrame *up;
    Span at;
    const char *text;
} DiagFrame;

typedef struct Diag {
    CslSeverity severity;
    Span at;
    const char *text;
} Diag;

// Report. The same message at the same place is reported once per compilation, however many PEs
// reach it. False when it was dropped (a repetition, or past the error limit); its notes are
// dropped as well.
bool diag_error(Csl *c, Span at, const char *fmt, ...) __attribute__((format(printf, 3, 4), cold));
bool diag_warning(Csl *c, Span at, const char *fmt, ...)
    __attribute__((format(printf, 3, 4), cold));
// to the last one
void diag_note(Csl *c, Span at, const char *fmt, ...) __attribute__((format(printf, 3, 4), cold));
bool diag_stop(const Csl *c); // past the error limit: return as soon as you can
// messages from `first` on, each with its notes, into the order of their places
void diag_sort(Csl *c, size_t first);
void diag_finish(Csl *c, CslResult *r); // render everything into the result
#define NOWHERE ((Span){ 0, 0, 0 })

// Spelling: offer every name that would have been right; the hint is "" or "; did you mean 'x'?".
typedef struct Spelling {
    Str wanted, best;
    size_t distance;
} Spelling;
Spelling spelling(const char *wanted);
void spelling_offer(Spelling *s, const char *candidate);
const char *spelling_hint(Csl *c, const Spelling *s);

// -------------------------------------------------------------------------------------------------
// lex.c: tokens
// -------------------------------------------------------------------------------------------------

// clang-format off
#define CSL_KEYWORDS(_) \
    _(ALIGN, "align") _(AND, "and") _(ANYTYPE, "anytype") _(ASM, "asm") _(BREAK, "break") \
    _(COMPTIME, "comptime") _(CONST, "const") _(CONTINUE, "continue") _(ELSE, "else") \
    _(ENUM, "enum") _(EXPORT, "export") _(EXTERN, "extern") _(FALSE, "false") _(FN, "fn") \
    _(FOR, "for") _(IF, "if") _(INLINE, "inline") _(LAYOUT, "layout") _(LINKNAME, "linkname") \
    _(LINKSECTION, "linksection") _(OR, "or") _(PACKED, "packed") _(PARAM, "param") \
    _(RETURN, "return") _(STRUCT, "struct") _(SWITCH, "switch") _(TASK, "task") _(TRUE, "true") \
    _(UNION, "union") _(VAR, "var") _(VOLATILE, "volatile") _(WHILE, "while")
// clang-format on

// clang-format off
#define CSL_PUNCTUATION(_) \
    _(LPAREN, "(") _(RPAREN, ")") _(LBRACKET, "[") _(RBRACKET, "]") _(LBRACE, "{") \
    _(RBRACE, "}") _(COMMA, ",") _(SEMI, ";") _(COLON, ":") _(DOT, ".") _(DOT_STAR, ".*") \
    _(ELLIPSIS, "...") _(ARROW, "->") _(FAT_ARROW, "=>") _(BANG, "!") _(TILDE, "~") _(PLUS, "+") \
    _(MINUS, "-") _(STAR, "*") _(SLASH, "/") _(PERCENT, "%") _(AMP, "&") _(BAR, "|") \
    _(CARET, "^") _(SHL, "<<") _(SHR, ">>") _(EQ_EQ, "==") _(NOT_EQ, "!=") _(LESS, "<") \
    _(LESS_EQ, "<=") _(GREATER, ">") _(GREATER_EQ, ">=") _(EQ, "=") _(PLUS_EQ, "+=") \
    _(MINUS_EQ, "-=") _(STAR_EQ, "*=") _(SLASH_EQ, "/=") _(PERCENT_EQ, "%=") _(SHL_EQ, "<<=") \
    _(SHR_EQ, ">>=") _(AMP_EQ, "&=") _(BAR_EQ, "|=") _(CARET_EQ, "^=")
// clang-format on

typedef enum TokenKind {
    TK_EOF,
    TK_ERROR,
    TK_IDENT,
    TK_BUILTIN,
    TK_INT,
    TK_FLOAT,
    TK_CHAR,
    TK_STRING,
#define _(name, text) TK_##name,
    CSL_PUNCTUATION(_) CSL_KEYWORDS(_)
#undef _
        TK_COUNT
} TokenKind;

typedef struct Token {
    TokenKind kind;
    SrcPos start, end;
} Token;
typedef Vec(Token) Tokens;

// Every token of a file, TK_EOF last. What is no token is reported and becomes TK_ERROR.
void lex(Csl *c, const SrcFile *f, Tokens *out);
const char *token_name(TokenKind kind); // "'('", "identifier"

// An identifier, field name or builtin (with its '@'). Interned: equal names are equal pointers
// within one compilation.
typedef struct Name {
    const char *s;
    uint32_t len, id;
    uint32_t builtin; // row of the builtin table + 1, filled in by semantic analysis
} Name;
Name *name_of(Csl *c, const char *s, size_t len);

// -------------------------------------------------------------------------------------------------
// parse.c: the syntax tree
// -------------------------------------------------------------------------------------------------

typedef struct Node Node;
typedef struct NodeList {
    Node **data;
    uint32_t len;
} NodeList;

// clang-format off
#define CSL_NODES(_) \
    /* declarations */ \
    _(VAR) _(FN) _(PARAM) _(COMPTIME_BLOCK) _(LAYOUT) \
    /* statements; all but ASSIGN may also stand where an expression is expected */ \
    _(ASSIGN) _(BLOCK) _(IF) _(FOR) _(WHILE) _(SWITCH) _(CASE) _(BREAK) _(CONTINUE) _(RETURN) \
    _(ASM) _(ASM_OPERAND) \
    /* expressions */ \
    _(INT) _(FLOAT) _(STRING) _(BOOL) _(IDENT) _(UNARY) _(BINARY) _(ADDRESS) _(DEREF) _(FIELD) \
    _(INDEX) _(CALL) _(BUILTIN) _(COMPTIME) _(ARRAY_LITERAL) _(TUPLE) _(STRUCT_LITERAL) \
    _(FIELD_INIT) _(TENSOR) \
    /* expressions that are always types (names of types are IDENT) */ \
    _(ARRAY_TYPE) _(POINTER_TYPE) _(FN_TYPE) _(STRUCT_TYPE) _(UNION_TYPE) _(ENUM_TYPE) _(MEMBER) \
    /* what could not be parsed; its diagnostic has been reported */ \
    _(ERROR)
// clang-format on

typedef enum NodeKind {
#define _(name) ND_##name,
    CSL_NODES(_)
#undef _
        ND_COUNT
} NodeKind;

// Operators of UNARY, BINARY and ASSIGN (an ASSIGN of plain `=` has OP_NONE). Levels as in Zig,
// tighter is higher.
// clang-format off
#define CSL_BINARY_OPS(_) \
    _(LOR, "or", OR, 1) _(LAND, "and", AND, 2) _(EQ, "==", EQ_EQ, 3) _(NE, "!=", NOT_EQ, 3) \
    _(LT, "<", LESS, 3) _(LE, "<=", LESS_EQ, 3) _(GT, ">", GREATER, 3) \
    _(GE, ">=", GREATER_EQ, 3) _(AND, "&", AMP, 4) _(XOR, "^", CARET, 4) _(OR, "|", BAR, 4) \
    _(SHL, "<<", SHL, 5) _(SHR, ">>", SHR, 5) _(ADD, "+", PLUS, 6) _(SUB, "-", MINUS, 6) \
    _(MUL, "*", STAR, 7) _(DIV, "/", SLASH, 7) _(REM, "%", PERCENT, 7)
// clang-format on

typedef enum CslOp {
    CSL_OP_NONE,
#define _(name, text, token, level) CSL_OP_##name,
    CSL_BINARY_OPS(_)
#undef _
        CSL_OP_NEG,
    CSL_OP_NOT,
    CSL_OP_BITNOT // unary  - ! ~
} CslOp;

enum {                     // Node.flags
    NF_CONST = 1 << 0,     // VAR: const; POINTER_TYPE: *const, [*]const
    NF_PARAM = 1 << 1,     // VAR: param, or `color NAME;`
    NF_COLOR = 1 << 2,     // VAR: `color NAME;`: a param of type color, `type` is NULL
    NF_COMPTIME = 1 << 3,  // VAR: comptime var; PARAM: comptime parameter
    NF_EXPORT = 1 << 4,    // VAR, FN
    NF_EXTERN = 1 << 5,    // VAR, FN; STRUCT_TYPE, UNION_TYPE: extern
    NF_PACKED = 1 << 6,    // STRUCT_TYPE, UNION_TYPE
    NF_INLINE = 1 << 7,    // FN, FOR, WHILE
    NF_TASK = 1 << 8,      // FN, FN_TYPE
    NF_ANYTYPE = 1 << 9,   // PARAM: `type` is NULL
    NF_MANY = 1 << 10,     // POINTER_TYPE: [*]T
    NF_VOLATILE = 1 << 11, // ASM
    NF_CHAR = 1 << 12,     // INT: written as a character
    NF_ELSE = 1 << 13,     // CASE: else
};

// each may be NULL
typedef struct Attrs {
    Node *align, *linksection, *linkname;
} Attrs;

// A node is immutable after parsing: one file's tree serves every instance of the module. `id`
// counts from 0 within the file, for side tables of Unit.nnodes entries.
// `.{}` is a STRUCT_LITERAL without fields, though it may mean an empty tuple; `{}` is an empty
// BLOCK, the void value.
struct Node {
    uint8_t kind, op;
    uint16_t flags;
    // 0 for a leaf; at most NODE_HEIGHT_MAX, so that walking a tree may recurse
    uint16_t height;
    uint32_t id;
    SrcPos pos, start, end; // where a caret belongs (the operator, the name), and the extent
    union {
        // type, init, attrs may be NULL
        struct {
            Name *name;
            Node *type, *init;
            Attrs *attrs;
        } var;
        struct {
            Name *name;
            NodeList params;     // PARAM
            Node *result, *body; // body: BLOCK, NULL for extern
            Attrs *attrs;        // or NULL
        } fn;
        // name NULL where omitted (extern fn, function types)
        struct {
            Name *name;
            Node *type;
        } param;
        // COMPTIME_BLOCK (also as a statement), LAYOUT: BLOCK
        struct {
            Node *body;
        } block_decl;

        struct {
            Node *lhs, *rhs;
        } assign; // op, or CSL_OP_NONE for =
        // declarations are statements; label may be NULL
        struct {
            Name *label;
            NodeList stmts;
        } block;
        // otherwise may be NULL; branches may be ASSIGN
        struct {
            Node *cond, *then, *otherwise;
        } if_;
        // elem, index: IDENT; index may be NULL
        struct {
            Name *label;
            Node *over, *elem, *index, *body;
        } for_;
        // step: an expression or ASSIGN, or NULL
        struct {
            Name *label;
            Node *cond, *step, *body;
        } while_;
        struct {
            Node *on;
            NodeList cases;
        } switch_;
        struct {
            NodeList values;
            Node *body;
        } case_; // NF_ELSE: no values
        struct {
            Name *label;
            Node *value;
        } jump; // BREAK, CONTINUE, RETURN; both may be NULL
        // ASM_OPERAND; clobbers: STRING
        struct {
            Node *text;
            NodeList outputs, inputs, clobbers;
        } asm_;
        struct {
            Name *name;
            Node *constraint, *value;
        } asm_operand; // constraint: STRING

        struct {
            uint64_t lo, hi;
        } integer;     // 128 bits, unsigned
        double number; // FLOAT, correctly rounded
        struct {
            const char *p;
            uint32_t len;
        } string; // decoded bytes, may contain NUL
        bool boolean;
        Name *name; // IDENT
        struct {
            Node *operand;
        } unary; // UNARY, ADDRESS, DEREF, COMPTIME
        struct {
            Node *lhs, *rhs;
        } binary;
        struct {
            Node *of;
            Name *name;
        } field;
        struct {
            Node *of;
            NodeList args;
        } call; // CALL; INDEX: args are the indices
        struct {
            Name *name;
            NodeList args;
        } builtin; // name with its '@'
        // ARRAY_LITERAL; TUPLE (type NULL); STRUCT_LITERAL: FIELD_INIT,
        struct {
            Node *type;
            NodeList items;
        } literal;
        // type NULL for .{ .x = 1 }
        struct {
            Name *name;
            Node *value;
        } field_init;
        // IDENTs, expressions, usually INDEX
        struct {
            NodeList vars, extents;
            Node *access;
        } tensor;

        struct {
            NodeList dims;
            Node *elem;
        } array_type;
        struct {
            Node *to;
        } pointer_type;
        struct {
            NodeList params;
            Node *result;
        } fn_type; // PARAM
        // STRUCT_TYPE, UNION_TYPE, ENUM_TYPE; base: enum(T) or NULL
        struct {
            Node *base;
            NodeList members;
        } aggregate;
        // fields have a type, enum members perhaps a value
        struct {
            Name *name;
            Node *type, *value;
        } member;
    };
};

enum { NODE_HEIGHT_MAX = 1200 };

// Visits every child in source order; `role` is the name of the field that holds it.
void node_each(const Node *n, void (*visit)(void *ctx, Node *child, const char *role), void *ctx);

static inline Span span_of(const Node *n) { return (Span){ n->pos, n->start, n->end }; }
// The name alone of what a VAR or FN declares.
static inline Span span_of_name(const Node *n) {
    const Name *name = n->kind == ND_VAR ? n->var.name : n->fn.name;
    return (Span){ n->pos, n->pos, n->pos + (name ? name->len : 0) };
}

// A parsed file. Loaded once per compilation, whoever imports it.
typedef struct Unit {
    SrcFile *file;
    NodeList decls; // in source order
    uint32_t nnodes;
    bool broken; // had syntax errors: what could be parsed is there
} Unit;

Unit *parse(Csl *c, SrcFile *f);

// Find, read and parse what `from` calls `path`: absolute, relative to `from`, or `<library>` in
// the import paths and our library. NULL when there is none, reported at `at`. `from` is NULL for
// the file on the command line.
Unit *unit_load(Csl *c, const Unit *from, const char *path, Span at);

// -------------------------------------------------------------------------------------------------
// dump.c: --emit
// -------------------------------------------------------------------------------------------------

void dump_tokens(Csl *c, const SrcFile *f, StrBuf *out);
void dump_unit(Csl *c, const Unit *u, StrBuf *out);
const char *node_kind_name(NodeKind kind); // "VAR"
const char *op_text(CslOp op);             // "<<"

// -------------------------------------------------------------------------------------------------
// compile.c
// -------------------------------------------------------------------------------------------------

// Where the rectangle stands on the fabric, and memcpy's channels (0 without --memcpy).
typedef struct CslPlacement {
    int x, y, width, height, channels;
} CslPlacement;

// artifact.c
struct Object;
// the files under CslOptions.output
wt_status_t artifact_write(Csl *c, const struct Object *o);
// into CslResult.params_json
void artifact_params(Csl *c);
void artifact_routes(const struct Object *o, StrBuf *out); // --out-routes
void artifact_dump(const struct Object *o, StrBuf *out);   // --emit=bytecode
// into CslResult.memory_use
void artifact_memory(const struct Object *o, StrBuf *out);

// For @set_rectangle(width, height): checks it against the options, in diagnostics.
void place_on_fabric(Csl *c, int width, int height, CslPlacement *out);

// -------------------------------------------------------------------------------------------------
// The context
// -------------------------------------------------------------------------------------------------

struct Csl {
    const CslOptions *options;
    Arena arena;
    Map names; // text -> Name *
    Map units; // real path -> Unit *
    Vec(SrcFile *) files;
    SrcPos next_pos;
    Vec(Diag) diags;
    // frames of the last message: notes still to be added, and all that were told
    Vec(Diag) trail, shown;
    Map reported;      // (place, text) of every error and warning so far
    DiagFrame *frames; // innermost
    int errors, warnings;
    bool dropped;  // the last message was dropped, and so are its notes
    StrBuf output; // becomes CslResult.output
    StrBuf params_json;
    StrBuf memory_use;
    // of the layout as resolved, defaults included; set by semantic analysis
    Vec(CslBinding) params, colors;
    struct Sema *sema; // what semantic analysis keeps
};
