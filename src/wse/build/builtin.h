// What the builtin families share.
#pragma once
#include "wse/build/sema.h"

static inline Node *arg(const Node *call, uint32_t i) { return call->builtin.args.data[i]; }
static inline uint32_t nargs(const Node *call) { return call->builtin.args.len; }
static inline Span arg_span(const Node *call, uint32_t i) { return span_of(arg(call, i)); }

static inline bool wse3(const Sema *s) { return s->arch == CSL_WSE3; }
// Some of what user code names belongs to memcpy as well.
static inline bool shares_with_memcpy(const Sema *s) {
    return s->c->options->memcpy && !s->fx->mod->library;
}

static inline bool is_dsd(const Type *t, DsdType kind) {
    return t->kind == TY_DSD && t->sub == kind;
}
static inline bool is_fifo(const Type *t) { return is_dsd(t, DSDT_FIFO); }
static inline bool is_fabric(const Type *t) {
    return is_dsd(t, DSDT_FABIN) || is_dsd(t, DSDT_FABOUT);
}
// A DSR that is known to hold a FIFO.
static inline bool is_fifo_dsr(const Type *t) {
    return t->kind == TY_DSR && (t->sub == DSRT_FIFO_DEST || t->sub == DSRT_FIFO_SRC1);
}
// What stands for many elements in an operation.
static inline bool is_vector(const Type *t) {
    return t->kind == TY_DSD || (t->kind == TY_DSR && t->sub <= DSRT_FIFO_SRC1);
}

// What @wt_type_* ask.
enum { TYPE_CLASS, TYPE_BITS, TYPE_BYTES, TYPE_FIELDS };

// Options (builtin_dsd.c)
#define NAMES(...)                                                                                 \
    (const char *const[]) { __VA_ARGS__, NULL }
Span option_span(const Option *o);
// The option's value as a t; X_VALUE of no type when it is not given.
Operand option_as(Sema *s, Options *o, const char *name, Type *t);
static inline bool given(const Operand *x) { return x->type != NULL; }
// A comptime-known true or false.
bool option_bool(Sema *s, Options *o, const char *name, bool *out);
// .priority = .{ .high = true }: which of the names, counted from 1; 0 when not given, -1 after an
// error.
int option_choice(Sema *s, Options *o, const char *name, const char *const *names);
int option_priority(Sema *s, Options *o);

// Where field `name` of the struct that `n` gives was written; `n` itself if it was not written
// here.
Span field_span(const Node *n, const Name *name);

// After the layout block: a rectangle, and code for each of its PEs.
bool layout_finish(Sema *s);
// What the router of one PE starts with: the layout's configurations and those of its program.
bool layout_router(Sema *s, int x, int y, const Instance *in, const CslPlacement *place,
                   ObjRouter *out);
// After all comptime blocks of an instance.
void instance_check(Sema *s, Instance *in);
// After all its code.
void task_uses_check(Sema *s, Instance *in);
void instance_check_tables(Sema *s, Instance *in);

// The handlers. Their addresses are in the table of builtin.c.
#define BUILTIN(name, where, min, max, handler, arg) BuiltinFn handler;
#include "wse/build/builtin.def"
#undef BUILTIN
