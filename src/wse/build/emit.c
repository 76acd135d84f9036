// From IR to the object: the program, its instances, the layout of PE memory, tables.
//
// Virtual registers get slots by one scan over their live ranges (slots.c); call windows lie above
// all of them, so nothing needs to be saved around a call (code.c). Data starts at byte 2 (no
// object has address 0), the stack follows it.
#include "wse/build/emit.h"

#include <stdio.h>
#include <stdlib.h>

// native code: about two words an instruction
enum { DATA_START = 2, BYTES_PER_INSN = 4 };

uint32_t emit_string(Emit *e, const char *text) {
    uint64_t *slot = map_puts(&e->strings_index, text);
    if (!*slot) {
        *slot = e->strings.len + 1;
        for (const char *p = text;; p++) {
            vec_push(&e->strings, *p);
            if (!*p) break;
        }
    }
    return (uint32_t)*slot - 1;
}

// -------------------------------------------------------------------------------------------------
// The stack: the deepest chain of frames
// -------------------------------------------------------------------------------------------------

// 1: on the way, 2: known, 3: recursive
typedef struct Depth {
    uint32_t bytes;
    uint8_t state;
} Depth;

static uint32_t depth_of(Instance *in, Depth *d, uint32_t i, bool *endless) {
    if (d[i].state == 2) return d[i].bytes;
    if (d[i].state == 1) {
        *endless = true;
        return 0;
    }
    d[i].state = 1;
    IrFunc *f = &in->funcs.data[i]->ir;
    uint32_t below = 0;
    for (size_t k = 0; k < f->ins.len; k++) {
        if (f->ins.data[k].op != IR_CALL) continue;
        const IrCall *call = f->ins.data[k].x.call;
        if (call->through >= 0) { // through a pointer: anything but this chain
            for (uint32_t j = 0; j < in->funcs.len; j++)
                if (d[j].state != 1) {
                    uint32_t b = depth_of(in, d, j, endless);
                    if (b > below) below = b;
                }
            continue;
        }
        uint32_t b = depth_of(in, d, call->to->index, endless);
        if (b > below) below = b;
    }
    d[i].bytes = below + f->frame;
    d[i].state = 2;
    return d[i].bytes;
}

// -------------------------------------------------------------------------------------------------
// Memory
// -------------------------------------------------------------------------------------------------

static int by_size(const void *a, const void *b) {
    const Global *x = *(Global *const *)a, *y = *(Global *const *)b;
    return x->type->size > y->type->size ? -1 : x->type->size < y->type->size;
}

static void too_large(Emit *e, uint32_t data, uint32_t stack, uint32_t code) {
    Instance *in = e->in;
    sema_error(e->s, in->code->at,
               "'%s' does not fit into the 48 KiB of a PE: %u bytes of data, %u of stack, about %u "
               "of code",
               in->root->unit->file->path, data, stack, code);
    Global **g = calloc(in->globals.len + 1, sizeof *g);
    memcpy(g, in->globals.data, in->globals.len * sizeof *g);
    qsort(g, in->globals.len, sizeof *g, by_size);
    for (size_t i = 0; i < in->globals.len && i < 5; i++)
        diag_note(e->s->c, g[i]->at, "'%s' takes %u bytes", g[i]->name, g[i]->type->size);
    free(g);
}

static uint32_t bytes_of(const Global *g) { return (g->type->size + 1) / 2 * 2; }

// The variables of a section that has an address, one after the other.
static void place_section(Emit *e, const CslSection *section) {
    Instance *in = e->in;
    uint32_t at = section->address;
    for (size_t i = 0; i < in->globals.len; i++) {
        Global *g = in->globals.data[i];
        if (!g->section || strcmp(g->section, section->name) || g->placed) continue;
        at = (at + g->align - 1) / g->align * g->align;
        g->addr = at;
        g->placed = true;
        at += bytes_of(g);
        if (g->addr < DATA_START || at > WSE_RAM)
            sema_error(e->s, g->at, "'%s' at address %u, with %u bytes, lies outside %u to %u",
                       g->name, g->addr, g->type->size, DATA_START, WSE_RAM - 1);
        for (size_t k = 0; k < in->globals.len; k++) {
            const Global *o = in->globals.data[k];
            if (o == g || !o->placed || o->addr >= at || g->addr >= o->addr + bytes_of(o)) continue;
            sema_error(e->s, g->at, "'%s' at address %u overlaps '%s' at %u", g->name, g->addr,
                       o->name, o->addr);
            break;
        }
    }
}

// The first address from `at` on where g is clear of what has been placed.
static uint32_t free_address(const Instance *in, const Global *g, uint32_t at) {
    for (bool moved = true; moved;) {
        moved = false;
        at = (at + g->align - 1) / g->align * g->align;
        for (size_t k = 0; k < in->globals.len; k++) {
            const Global *o = in->globals.data[k];
            if (!o->placed || o->addr >= at + bytes_of(g) || at >= o->addr + bytes_of(o)) continue;
            at = o->addr + bytes_of(o);
            moved = true;
        }
    }
    return at;
}

static uint32_t place_globals(Emit *e) {
    Instance *in = e->in;
    const CslOptions *o = e->s->c->options;
    for (size_t i = 0; i < o->nsections; i++) place_section(e, &o->sections[i]);
    uint32_t at = DATA_START, end = DATA_START;
    // Aligned things first would save padding; declaration order is what a reader of a memory dump
    // expects.
    for (size_t i = 0; i < in->globals.len; i++) {
        Global *g = in->globals.data[i];
        if (g->placed) {
            uint32_t last = g->addr + bytes_of(g);
            if (last > end && last <= WSE_RAM) end = last; // else it has been reported
            continue;
        }
        at = o->nsections ? free_address(in, g, at) : (at + g->align - 1) / g->align * g->align;
        g->addr = at;
        at += bytes_of(g);
        if (at > 1u << 30) break;
    }
    return at > end ? at : end;
}

static void emit_symbols(Emit *e) {
    Instance *in = e->in;
    e->inst->symbols.at = (uint32_t)e->symbols.len;
    for (size_t i = 0; i < in->globals.len; i++) {
        Global *g = in->globals.data[i];
        if (!g->decl) continue;
        vec_push(&e->symbols, (ObjSymbol){ .name = emit_string(e, g->name),
                                           .type = emit_string(e, g->type->name),
                                           .at = (uint16_t)g->addr,
                                           .flags = (uint16_t)((g->exported ? SYM_EXPORTED : 0) |
                                                               (g->is_const ? SYM_CONST : 0)),
                                           .bytes = g->type->size });
    }
    e->inst->symbols.n = (uint32_t)e->symbols.len - e->inst->symbols.at;
}

// The shapes of the DSDs in a value.
static void place_shapes(Emit *e, const Value *v) {
    const Type *t = v->type;
    if (t->kind == TY_DSD) emit_shape(e, v->dsd);
    if (t->kind != TY_ARRAY && t->kind != TY_STRUCT && t->kind != TY_UNION) return;
    if (t->kind == TY_ARRAY && t->elem->kind != TY_DSD && !type_is_aggregate(t->elem)) return;
    for (uint32_t i = 0; i < (v->agg->splat ? 1 : v->agg->n); i++)
        place_shapes(e, &v->agg->items[i]);
}

static void emit_data(Emit *e, uint32_t end) {
    Instance *in = e->in;
    e->inst->data.at = (uint32_t)e->data.len;
    e->inst->data_at = 0;
    size_t base = e->data.len;
    vec_resize(&e->data, base + end);
    for (size_t i = 0; i < in->globals.len; i++) {
        Global *g = in->globals.data[i];
        if (!g->init.type) continue;
        place_shapes(e, &g->init);
        value_bytes(e->s, &g->init, e->data.data + base + g->addr);
    }
    // what is left is zero anyway
    while (e->data.len > base && !vec_last(&e->data)) e->data.len--;
    e->inst->data.n = (uint32_t)(e->data.len - base);
}

// -------------------------------------------------------------------------------------------------
// Tasks, queues, start state, exports
// -------------------------------------------------------------------------------------------------

static uint8_t task_arg(const Type *t, uint32_t i, uint32_t n, bool control) {
    bool is_signed = t->kind == TY_INT && t->is_signed;
    if (control || n == 2 || t->size <= 2) {
        bool high = i == 1;
        return high        ? is_signed ? ARG_HIGH_I16 : ARG_HIGH_U16
               : is_signed ? ARG_LOW_I16
                           : ARG_LOW_U16;
    }
    return is_signed ? ARG_WORD_I32 : ARG_WORD;
}

static void emit_tasks(Emit *e) {
    Instance *in = e->in;
    e->inst->tasks.at = (uint32_t)e->tasks.len;
    for (TaskBind *b = in->binds; b; b = b->next) {
        if (!b->task->insts.len) continue;
        FuncInst *fi = b->task->insts.data[0];
        bool apart = in->control.set && b->kind == TASK_CONTROL;
        ObjTask t = { .number = (uint8_t)(b->id.i + (apart ? WSE_TASKS : 0)),
                      .kind = (uint8_t)b->kind,
                      .args = (uint8_t)fi->nparams,
                      .func = (uint16_t)fi->index,
                      .name = emit_string(e, fi->name) };
        for (uint32_t i = 0; i < fi->nparams && i < 2; i++)
            t.arg[i] = task_arg(fi->params[i], i, fi->nparams, b->kind == TASK_CONTROL);
        vec_push(&e->tasks, t);
    }
    e->inst->tasks.n = (uint32_t)e->tasks.len - e->inst->tasks.at;
}

// A queue's entry points start `stride` after those of the ctrl_table_id before its own.
static uint8_t control_at(const Instance *in, const QueueInit *q) {
    if (!in->control.set || q->output) return 0;
    return (uint8_t)(WSE_TASKS + in->control.stride * q->table);
}

static void emit_start(Emit *e) {
    Instance *in = e->in;
    for (size_t i = 0; i < in->start.len; i++) {
        StartTarget *t = &in->start.data[i];
        Value *v = &t->target;
        unsigned id = v->type->kind == TY_FN ? emit_task_id(e, v->fn, t->at) : (unsigned)v->i;
        if (v->type->kind == TY_UT_ID) {
            if (t->what == 1)
                e->inst->ut_blocked |= 1u << id;
            else
                e->inst->ut_blocked &= ~(1u << id);
        } else if (t->what == 0) {
            e->inst->active |= 1ull << id;
        } else if (t->what == 1) {
            e->inst->blocked |= 1ull << id;
            e->inst->unblocked &= ~(1ull << id);
        } else {
            e->inst->blocked &= ~(1ull << id);
            e->inst->unblocked |= 1ull << id;
        }
    }
    e->inst->queues.at = (uint32_t)e->queues.len;
    for (size_t i = 0; i < in->queues.len; i++) {
        QueueInit *q = &in->queues.data[i];
        vec_push(&e->queues, (ObjQueue){ .output = q->output,
                                         .number = q->number,
                                         .color = q->color,
                                         .priority = q->priority,
                                         .control_at = control_at(in, q) });
    }
    e->inst->queues.n = (uint32_t)e->queues.len - e->inst->queues.at;
}

static uint8_t fifo_task(Emit *e, const Value *v, Span at) {
    if (!v->type) return OBJ_NONE8;
    return v->type->kind == TY_FN ? emit_task_id(e, v->fn, at) : (uint8_t)v->i;
}

static void emit_fifos(Emit *e) {
    Instance *in = e->in;
    e->inst->fifos.at = (uint32_t)e->fifos.len;
    for (size_t i = 0; i < in->fifos.len; i++) {
        Fifo *f = in->fifos.data[i];
        const char *name = f->decl ? arena_printf(e->s->arena, "%s%s", f->decl->mod->prefix,
                                                  f->decl->node->var.name->s)
                                   : "fifo";
        vec_push(&e->fifos, (ObjFifo){ .base = (uint16_t)f->buffer->addr,
                                       .capacity = (uint16_t)f->capacity,
                                       .size = (uint8_t)f->size,
                                       .empty = f->empty,
                                       .full = f->full,
                                       .priority = f->priority,
                                       .simd = f->simd,
                                       .push_task = fifo_task(e, &f->push, f->at),
                                       .pop_task = fifo_task(e, &f->pop, f->at),
                                       .name = emit_string(e, name) });
    }
    e->inst->fifos.n = (uint32_t)e->fifos.len - e->inst->fifos.at;
}

// What the host names: a function's index, a variable's address, and for a pointer the address it
// starts with.
static void emit_exports(Emit *e) {
    Instance *in = e->in;
    e->inst->exports.at = (uint32_t)e->exports.len;
    for (size_t i = 0; i < in->exports.len; i++) {
        ExportedSymbol *x = &in->exports.data[i];
        for (size_t k = 0; k < e->s->layout.names.len; k++) {
            ExportedName *n = &e->s->layout.names.data[k];
            if (n->name != x->name) continue;
            uint32_t value = 0;
            if (x->fn.type)
                value = x->fn.fn->insts.len ? x->fn.fn->insts.data[0]->index : 0;
            else if (x->v.type && x->v.type->kind == TY_POINTER)
                value = (uint32_t)value_word(e->s, &x->v);
            else if (x->global)
                value = x->global->addr;
            vec_push(&e->exports, (ObjExport){ .rpc = n->rpc, .value = value });
        }
    }
    e->inst->exports.n = (uint32_t)e->exports.len - e->inst->exports.at;
}

static void emit_instance(Emit *e, Instance *in) {
    Sema *s = e->s;
    s->inst = in;
    in->obj = (uint32_t)e->insts.len;
    ObjInst row = { .name = emit_string(e, in->root->unit->file->path) };
    e->in = in;
    e->inst = &row;
    uint32_t data_end = place_globals(e);
    Depth *depth = calloc(in->funcs.len + 1, sizeof *depth);
    bool endless = false;
    uint32_t stack = 0, most = 0;
    for (uint32_t i = 0; i < in->funcs.len; i++) {
        uint32_t b = depth_of(in, depth, i, &endless);
        if (b > stack) stack = b;
        if (in->funcs.data[i]->ir.frame > most) most = in->funcs.data[i]->ir.frame;
    }
    free(depth);
    stack = (stack + 1) / 2 * 2;
    // The address of every register-sized constant is final from here on.
    uint32_t code_at = (uint32_t)e->code.len;
    row.code_bytes = 0;
    e->dsds_at = (uint32_t)e->dsds.len, e->shapes_at = (uint32_t)e->shapes.len;
    e->vecs_at = (uint32_t)e->vecs.len, e->dsrs_at = (uint32_t)e->dsrs.len;
    emit_fifos(e);
    for (size_t i = 0; i < in->start_loads.len; i++) {
        int none = 0;
        emit_dsr_load(e, &in->start_loads.data[i], &none, 0);
    }
    row.nstart = (uint32_t)in->start_loads.len;
    row.funcs.at = (uint32_t)e->funcs.len;
    for (size_t i = 0; i < in->funcs.len; i++) emit_func(e, in->funcs.data[i]);
    row.funcs.n = (uint32_t)e->funcs.len - row.funcs.at;
    row.code_bytes = ((uint32_t)e->code.len - code_at) * BYTES_PER_INSN;
    uint32_t limit = row.code_bytes < WSE_RAM ? WSE_RAM - row.code_bytes : 0;
    // recursion takes what is left, within reason
    if (endless && data_end + stack < limit && most) {
        uint32_t left = limit - data_end;
        stack = left < 4096 ? left & ~1u : 4096;
    }
    if (data_end + stack > limit) too_large(e, data_end - DATA_START, stack, row.code_bytes);
    if (!s->c->errors) {
        emit_data(e, data_end);
        emit_symbols(e);
        emit_tasks(e);
        emit_start(e);
        emit_exports(e);
    }
    row.stack = (data_end + 1) / 2 * 2;
    row.stack_bytes = stack;
    row.ram = row.stack + stack;
    row.dsds = (ObjRange){ e->dsds_at, (uint32_t)e->dsds.len - e->dsds_at };
    row.shapes = (ObjRange){ e->shapes_at, (uint32_t)e->shapes.len - e->shapes_at };
    row.vecs = (ObjRange){ e->vecs_at, (uint32_t)e->vecs.len - e->vecs_at };
    row.dsrs = (ObjRange){ e->dsrs_at, (uint32_t)e->dsrs.len - e->dsrs_at };
    row.uses = in->prints ? USES_PRINT : 0;
    vec_push(&e->insts, row);
    s->inst = NULL;
}

// -------------------------------------------------------------------------------------------------
// The program
// -------------------------------------------------------------------------------------------------

// A parameter's name as the first PE program that exports the function has it.
static const char *param_name(const Sema *s, const Name *function, uint32_t k) {
    for (size_t i = 0; i < s->instances.len; i++) {
        const Instance *in = s->instances.data[i];
        for (size_t j = 0; j < in->exports.len; j++) {
            const ExportedSymbol *x = &in->exports.data[j];
            if (x->name == function && x->fn.type)
                return x->fn.fn->node->fn.params.data[k]->param.name->s;
        }
    }
    return arena_printf(s->arena, "arg%u", k);
}

static void emit_rpcs(Emit *e) {
    Layout *l = &e->s->layout;
    for (size_t i = 0; i < l->names.len; i++) {
        ExportedName *n = &l->names.data[i];
        n->rpc = (uint32_t)e->rpcs.len;
        ObjRpc r = { .name = emit_string(e, n->name->s),
                     .sym_name = emit_string(e, n->name->s),
                     .kind = n->type->kind == TY_FN ? RPC_FUNC : RPC_VAR,
                     .type = emit_string(e, n->type->kind == TY_FN ? n->type->result->name
                                                                   : n->type->name),
                     .immutable = !n->mut,
                     .color = OBJ_NONE8 };
        if (n->type->kind == TY_FN) {
            r.immutable = 0;
            r.args.at = (uint32_t)e->rpc_args.len;
            for (uint32_t k = 0; k < n->type->nfields; k++)
                vec_push(&e->rpc_args,
                         (ObjRpcArg){ .name = emit_string(e, param_name(e->s, n->name, k)),
                                      .type = emit_string(e, n->type->fields[k].type->name) });
            r.args.n = n->type->nfields;
        }
        vec_push(&e->rpcs, r);
    }
}

static uint32_t router_row(Emit *e, const ObjRouter *r) {
    uint64_t *slot = map_put(&e->routers_index, r, sizeof *r);
    if (!*slot) {
        vec_push(&e->routers, *r);
        *slot = e->routers.len;
    }
    return (uint32_t)*slot - 1;
}

// PEs that share instance and router, as rectangles: runs in a row, then equal runs below each
// other.
static void emit_rects(Emit *e) {
    Sema *s = e->s;
    Layout *l = &s->layout;
    Map pairs = { 0 }; // (layout's colors of the PE, instance) -> router row + 1
    Vec(uint32_t) above = { 0 }, here = { 0 };
    for (int y = 0; y < l->h; y++) {
        here.len = 0;
        for (int x = 0; x < l->w;) {
            size_t pe = (size_t)y * (size_t)l->w + (size_t)x;
            Instance *in = l->codes.data[l->code[pe] - 1].inst;
            struct {
                uint16_t colors[WSE_COLORS];
                uint32_t inst;
            } key;
            memset(&key, 0, sizeof key);
            if (l->colors) memcpy(key.colors, l->colors[pe], sizeof key.colors);
            key.inst = in->obj;
            uint64_t *slot = map_put(&pairs, &key, sizeof key);
            if (!*slot) {
                ObjRouter r;
                memset(&r, 0, sizeof r);
                layout_router(s, x, y, in, &l->place, &r);
                *slot = router_row(e, &r) + 1;
            }
            int w = 1;
            while (x + w < l->w && l->code[pe + (size_t)w] == l->code[pe] &&
                   (!l->colors ||
                    !memcmp(l->colors[pe + (size_t)w], l->colors[pe], sizeof key.colors)))
                w++;
            ObjRect r = { .x = (uint16_t)x,
                          .y = (uint16_t)y,
                          .w = (uint16_t)w,
                          .h = 1,
                          .inst = in->obj,
                          .router = (uint32_t)*slot - 1 };
            bool merged = false;
            for (size_t k = 0; k < above.len && !merged; k++) {
                ObjRect *up = &e->rects.data[above.data[k]];
                if (up->x == r.x && up->w == r.w && up->inst == r.inst && up->router == r.router &&
                    up->y + up->h == y) {
                    up->h++;
                    vec_push(&here, above.data[k]);
                    merged = true;
                }
            }
            if (!merged) {
                vec_push(&e->rects, r);
                vec_push(&here, (uint32_t)e->rects.len - 1);
            }
            x += w;
        }
        vec_free(&above);
        above.data = here.data, above.len = here.len, above.cap = here.cap;
        here.data = NULL, here.len = here.cap = 0;
    }
    vec_free(&above);
    vec_free(&here);
    map_free(&pairs);
}

// A section without variables is most likely a slip.
static void check_sections(Sema *s) {
    const CslOptions *o = s->c->options;
    for (size_t i = 0; i < o->nsections; i++) {
        bool used = false;
        for (size_t k = 0; k < s->instances.len; k++) {
            const Instance *in = s->instances.data[k];
            for (size_t j = 0; j < in->globals.len; j++) {
                const char *section = in->globals.data[j]->section;
                used |= section && !strcmp(section, o->sections[i].name);
            }
        }
        if (!used)
            diag_warning(s->c, NOWHERE,
                         "--link-section-start-address-bytes: no variable is in section '%s'",
                         o->sections[i].name);
    }
}

bool emit_program(Sema *s, Program *out) {
    Layout *l = &s->layout;
    const CslOptions *o = s->c->options;
    Emit *e = arena_new(s->arena, Emit);
    e->s = s;
    emit_string(e, "");
    emit_rpcs(e);
    for (size_t i = 0; i < s->instances.len; i++) emit_instance(e, s->instances.data[i]);
    if (!s->c->errors) emit_rects(e);
    check_sections(s);
    ObjHead head = { .arch = s->arch,
                     .sdk = o->sdk ? o->sdk : CSL_SDK_1_4,
                     .fabric_w = (uint16_t)l->place.width,
                     .fabric_h = (uint16_t)l->place.height,
                     .offset_x = (uint16_t)l->place.x,
                     .offset_y = (uint16_t)l->place.y,
                     .rect_w = (uint16_t)l->w,
                     .rect_h = (uint16_t)l->h,
                     .channels = (uint16_t)l->place.channels,
                     .memcpy = o->memcpy };
    for (size_t i = 0; i < s->instances.len; i++) {
        head.h2d |= s->instances.data[i]->h2d;
        head.d2h |= s->instances.data[i]->d2h;
    }
    vec_push(&e->head, head);
    map_free(&e->strings_index);
    map_free(&e->routers_index);
    out->memory = calloc(1, sizeof(void *) * 32);
    void **owned = out->memory;
    int k = 0;
#define _(name, type)                                                                              \
    out->object.name = e->name.data;                                                               \
    out->object.n##name = (uint32_t)e->name.len;                                                   \
    owned[k++] = e->name.data;
    OBJ_SECTIONS(_)
#undef _
    return !s->c->errors;
}

void program_free(Program *p) {
    void **owned = p->memory;
    for (int k = 0; owned && k < 32; k++) free(owned[k]);
    free(owned);
    *p = (Program){ 0 };
}
