// Hand-made programs for the wafer: a small builder over the tables of object.h, used by tests and
// benches. Instances are built one after another; everything added belongs to the one at hand.
#pragma once
#include "base/vec.h"
#include "wse/chip/chip.h"
#include "wse/chip/object.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct Build {
#define _(name, type) Vec(type) name;
    OBJ_SECTIONS(_)
#undef _
    ObjInst *in;
    Object o;
} Build;

static inline uint32_t build_str(Build *b, const char *s) {
    uint32_t at = (uint32_t)b->strings.len;
    if (!*s && at) return 0;
    for (const char *p = s;; p++) {
        vec_push(&b->strings, *p);
        if (!*p) return at;
    }
}
static inline void build_init(Build *b, WseArch arch, unsigned w, unsigned h) {
    *b = (Build){ 0 };
    build_str(b, "");
    vec_push(&b->head, (ObjHead){ .arch = arch,
                                  .sdk = 104,
                                  .fabric_w = (uint16_t)(w + 7),
                                  .fabric_h = (uint16_t)(h + 2),
                                  .offset_x = 4,
                                  .offset_y = 1,
                                  .rect_w = (uint16_t)w,
                                  .rect_h = (uint16_t)h,
                                  .channels = 1,
                                  .memcpy = 1 });
}
static inline uint32_t build_inst(Build *b, const char *name) {
#define AT(s) .s = { (uint32_t)b->s.len, 0 }
    vec_push(&b->insts, (ObjInst){ .name = build_str(b, name),
                                   AT(funcs),
                                   AT(dsds),
                                   AT(shapes),
                                   AT(vecs),
                                   AT(dsrs),
                                   AT(fifos),
                                   AT(tasks),
                                   AT(queues),
                                   AT(relocs),
                                   AT(symbols),
                                   AT(exports),
                                   AT(data),
                                   .ram = 0x400,
                                   .stack = 0x300,
                                   .stack_bytes = 0x100 });
#undef AT
    b->in = &vec_last(&b->insts);
    return (uint32_t)b->insts.len - 1;
}
#define build_add(b, section, ...)                                                                 \
    ((void)0, __extension__({                                                                      \
         vec_push(&(b)->section, __VA_ARGS__);                                                     \
         (b)->in->section.n++;                                                                     \
     }))
static inline uint32_t build_func(Build *b, const char *name, unsigned regs, unsigned args,
                                  unsigned results, const uint64_t *code, size_t n) {
    uint32_t at = (uint32_t)b->code.len;
    for (size_t i = 0; i < n; i++) vec_push(&b->code, code[i]);
    build_add(b, funcs,
              ((ObjFunc){ .code = at,
                          .ncode = (uint32_t)n,
                          .regs = (uint16_t)regs,
                          .args = (uint8_t)args,
                          .results = (uint8_t)results,
                          .name = build_str(b, name) }));
    return b->in->funcs.n - 1;
}
#define BUILD_FUNC(b, name, regs, args, results, ...)                                              \
    build_func(b, name, regs, args, results, (const uint64_t[]){ __VA_ARGS__ },                    \
               sizeof((const uint64_t[]){ __VA_ARGS__ }) / 8)
static inline unsigned build_dsd(Build *b, ObjDsd d) {
    build_add(b, dsds, d);
    return b->in->dsds.n - 1;
}
static inline ObjOperand opd(OpdKind kind, unsigned value) {
    return (ObjOperand){ (uint16_t)kind, (uint16_t)value };
}
static inline ObjOperand build_opd(Build *b, ObjDsd d) { return opd(OPD_CONST, build_dsd(b, d)); }
static inline ObjVec vec_of(VecOp op, ObjOperand dest, ObjOperand src0, ObjOperand src1) {
    return (ObjVec){ .op = (uint8_t)op,
                     .ut = OBJ_NONE8,
                     .dest = dest,
                     .src0 = src0,
                     .src1 = src1,
                     .index = OBJ_NONE16,
                     .done = { .reg = OBJ_NONE16 },
                     .on_control = { .reg = OBJ_NONE16 } };
}
static inline ObjWhen when(ObjAction a, ObjTarget t, unsigned id) {
    return (ObjWhen){
        .action = (uint8_t)a, .target = (uint8_t)t, .id = (uint8_t)id, .reg = OBJ_NONE16
    };
}
static inline unsigned build_vec(Build *b, ObjVec v) {
    build_add(b, vecs, v);
    return b->in->vecs.n - 1;
}
static inline void build_task(Build *b, unsigned number, ObjTaskKind kind, uint32_t func, int arg0,
                              int arg1) {
    build_add(b, tasks,
              ((ObjTask){ .number = (uint8_t)number,
                          .kind = (uint8_t)kind,
                          .func = (uint16_t)func,
                          .args = (uint8_t)((arg0 >= 0) + (arg1 >= 0)),
                          .arg = { (uint8_t)(arg0 < 0 ? 0 : arg0), (uint8_t)(arg1 < 0 ? 0 : arg1) },
                          .name = b->funcs.data[b->in->funcs.at + func].name }));
}
static inline void build_queue(Build *b, bool output, unsigned number, unsigned color) {
    build_add(b, queues,
              ((ObjQueue){ .output = output, .number = (uint8_t)number, .color = (uint8_t)color }));
}
static inline uint32_t build_router(Build *b) {
    vec_push(&b->routers, (ObjRouter){ 0 });
    return (uint32_t)b->routers.len - 1;
}
#define ON(dir) (1u << DIR_##dir)
static inline void build_route(Build *b, unsigned color, unsigned rx, unsigned tx) {
    ObjColor *k = &vec_last(&b->routers).color[color];
    k->rx = (uint8_t)rx;
    k->tx = (uint8_t)tx;
    k->flags |= COLOR_ROUTED;
}
static inline void build_rect(Build *b, unsigned x, unsigned y, unsigned w, unsigned h,
                              uint32_t inst, uint32_t router) {
    vec_push(&b->rects, (ObjRect){ .x = (uint16_t)x,
                                   .y = (uint16_t)y,
                                   .w = (uint16_t)w,
                                   .h = (uint16_t)h,
                                   .inst = inst,
                                   .router = router });
}
// An exported function of the instance at hand: the same rpc row for every instance that has it.
static inline int build_rpc(Build *b, const char *name, uint32_t func) {
    int rpc = -1;
    for (size_t i = 0; i < b->rpcs.len; i++)
        if (!strcmp(b->strings.data + b->rpcs.data[i].name, name)) rpc = (int)i;
    if (rpc < 0) {
        uint32_t n = build_str(b, name), args = b->funcs.data[b->in->funcs.at + func].args;
        vec_push(
            &b->rpcs,
            (ObjRpc){ .name = n, .kind = RPC_FUNC, .args = { (uint32_t)b->rpc_args.len, args } });
        for (uint32_t i = 0; i < args; i++) vec_push(&b->rpc_args, (ObjRpcArg){ 0, 0 });
        rpc = (int)b->rpcs.len - 1;
    }
    build_add(b, exports, ((ObjExport){ (uint32_t)rpc, func }));
    return rpc;
}
static inline const Object *build_object(Build *b) {
#define _(name, type)                                                                              \
    b->o.name = b->name.data;                                                                      \
    b->o.n##name = (uint32_t)b->name.len;
    OBJ_SECTIONS(_)
#undef _
    return &b->o;
}
static inline void build_free(Build *b) {
#define _(name, type) vec_free(&b->name);
    OBJ_SECTIONS(_)
#undef _
}

// Shorthand for code.
#define I3(op, a, b_, c_) pe_insn(PE_##op, a, b_, c_)
#define I32(op, a, imm)   pe_insn32(PE_##op, a, (uint32_t)(imm))
#define RET               I3(ret, 0, 0, 0)
