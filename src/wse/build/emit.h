// From IR to the object. emit.c lays out the program, its instances and their memory; code.c makes
// a function's code, slots.c gives its registers their places.
#ifndef WSE_BUILD_EMIT_H
#define WSE_BUILD_EMIT_H

#include "wse/build/builtin.h"

// The object that grows, and the instance at hand.
typedef struct Emit {
    Sema *s;
#define _(name, type) Vec(type) name;
    OBJ_SECTIONS(_)
#undef _
    Map strings_index, routers_index;
    Instance *in;
    ObjInst *inst;
    uint32_t dsds_at, shapes_at, vecs_at, dsrs_at; // where the instance's rows start
} Emit;

// The place of a string in the object; equal strings have one.
uint32_t emit_string(Emit *e, const char *text);

// code.c
void emit_func(Emit *e, FuncInst *fi);
uint32_t emit_dsr_load(Emit *e, const IrLdsr *l, const int *slot, SrcPos pos);
uint8_t emit_task_id(Emit *e, Func *f, Span at); // the id that a task is bound to, or an error
void emit_shape(Emit *e, DsdVal *d);             // puts a mem4d's shape into the instance's table

// Slot of every virtual register, parameters first; returns how many slots there are.
int slots_allocate(const IrFunc *f, int nparams, int *slot);

#endif
