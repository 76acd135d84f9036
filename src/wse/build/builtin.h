// What the builtin families share.
#pragma once
#include "wse/build/sema.h"

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

// The handlers. Their addresses are in the table of builtin.c.
#define BUILTIN(name, where, min, max, handler, arg) BuiltinFn handler;
#include "wse/build/builtin.def"
#undef BUILTIN
