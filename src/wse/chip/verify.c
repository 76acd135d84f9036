// The verifier: an object that passes gives the machine nothing to check but run-time values.
//
// It looks at every table once, and at every instruction with the registers and ranges of the
// function and instance it stands in. Messages name the instance, the function and the instruction,
// because the reader is someone who writes a compiler, or whose files were damaged.
#include "wse/chip/object.h"

#include <stdlib.h>
#include <string.h>

typedef struct Verify {
    const Object *o;
    const ObjInst *in;
    uint32_t row_words; // constant-row words that it reads
} Verify;

#define REFUSE(...) return fail(WT_INVALID, __VA_ARGS__)
#define CHECK(ok, ...)                                                                             \
    do {                                                                                           \
        if (!(ok)) REFUSE(__VA_ARGS__);                                                            \
    } while (0)

static bool inside(ObjRange r, uint32_t n) { return r.at <= n && r.n <= n - r.at; }
static bool text(const Object *o, uint32_t at) { return at < o->nstrings; }

// ---- operands of vector operations ----

static wt_status_t verify_when(const ObjWhen *w, unsigned regs, bool control) {
    CHECK(w->action <= (control ? ACT_TERMINATE : ACT_UNBLOCK), "unknown action %u", w->action);
    if (w->action == ACT_NONE || w->action == ACT_TERMINATE) return WT_OK;
    CHECK(w->target > TGT_NONE && w->target <= TGT_QUEUE, "unknown target %u of an action",
          w->target);
    if (w->reg != OBJ_NONE16) {
        CHECK(w->reg < regs, "action target in register %u of %u", w->reg, regs);
        return WT_OK;
    }
    CHECK(w->id < WSE_TASKS, "action target %u", w->id);
    return WT_OK;
}

// width 0: the operation has no such operand
static wt_status_t verify_operand(const Verify *v, ObjOperand p, unsigned width, bool dest,
                                  unsigned regs) {
    if (!width) {
        CHECK(p.kind == OPD_NONE, "an operand too many");
        return WT_OK;
    }
    switch (p.kind) {
    case OPD_DSD:
        CHECK(p.value + 1u < regs, "DSD in register %u of %u", p.value, regs);
        return WT_OK;
    case OPD_CONST:
        CHECK(p.value < v->in->dsds.n, "DSD constant %u of %u", p.value, v->in->dsds.n);
        return WT_OK;
    case OPD_DSR: {
        unsigned file = p.value >> 8, number = p.value & 0xff;
        CHECK(file < DSR_FILES && number < DSR_NUMBERS, "DSR %u of file %u", number, file);
        CHECK(dest ? file != DSR_SRC1 : file != DSR_DEST, "DSR file %u on the wrong side", file);
        return WT_OK;
    }
    case OPD_FIFO:
        CHECK(p.value < v->in->fifos.n, "FIFO %u of %u", p.value, v->in->fifos.n);
        return WT_OK;
    case OPD_SCALAR:
        CHECK(!dest && p.value < regs, "scalar in register %u of %u", p.value, regs);
        return WT_OK;
    case OPD_POINTER:
        CHECK(dest && p.value < regs, "pointer in register %u of %u", p.value, regs);
        return WT_OK;
    }
    REFUSE("an operand of kind %u", p.kind);
}

static const struct {
    uint8_t dest, src0, src1;
} widths[VEC_COUNT] = {
#define _(name, d, s0, s1, w2, w3) { d, s0, s1 },
    VEC_OPS(_)
#undef _
};

static wt_status_t verify_vec(const Verify *v, const ObjVec *vec, unsigned regs) {
    CHECK(vec->op < VEC_COUNT, "unknown vector operation %u", vec->op);
    bool fmac = vec->op == VEC_fmach || vec->op == VEC_fmacs || vec->op == VEC_fmachs;
    WRAP(verify_operand(v, vec->dest, widths[vec->op].dest, true, regs), "destination");
    WRAP(verify_operand(v, vec->src0, widths[vec->op].src0, false, regs), "first source");
    WRAP(verify_operand(v, vec->src1, widths[vec->op].src1, false, regs), "second source");
    CHECK(vec->src0.kind != OPD_FIFO, "a FIFO as first of two sources");
    if (fmac)
        CHECK(vec->scalar.kind == OPD_SCALAR && vec->scalar.value < regs,
              "multiplier in register %u of %u", vec->scalar.value, regs);
    else
        CHECK(vec->scalar.kind == OPD_NONE, "a multiplier that the operation does not take");
    CHECK(vec->index == OBJ_NONE16 || vec->index < regs, "index in register %u of %u", vec->index,
          regs);
    CHECK(vec->ut == OBJ_NONE8 || vec->ut < WSE_QUEUES, "microthread %u", vec->ut);
    CHECK(vec->priority <= 3, "priority %u", vec->priority);
    WRAP(verify_when(&vec->done, regs, false), "completion");
    WRAP(verify_when(&vec->on_control, regs, true), "on_control");
    return WT_OK;
}

static wt_status_t verify_dsr_load(const Verify *v, const ObjDsrLoad *l, unsigned regs) {
    CHECK(l->file < DSR_FILES && l->number < DSR_NUMBERS, "DSR %u of file %u", l->number, l->file);
    CHECK(l->ut == OBJ_NONE8 || l->ut < WSE_QUEUES, "microthread %u", l->ut);
    CHECK(l->from.kind == OPD_DSD || l->from.kind == OPD_CONST, "a DSR loaded from operand kind %u",
          l->from.kind);
    TRY(verify_operand(v, l->from, 32, false, regs));
    WRAP(verify_when(&l->done, regs, false), "completion");
    WRAP(verify_when(&l->on_control, regs, true), "on_control");
    return WT_OK;
}

// ---- code ----

// Immediates whose range the instruction, not its letter, decides.
static wt_status_t verify_immediate(PeOp op, unsigned b, unsigned c) {
    switch (op) {
    case PE_clz:
    case PE_ctz:
    case PE_popcnt: CHECK(c >= 1 && c <= 64, "width of %u bits", c); break;
    case PE_it_read:
    case PE_it_write: CHECK(c < ELEM_KINDS, "element kind %u", c); break;
    case PE_block:
    case PE_unblock: CHECK(b > TGT_NONE && b <= TGT_UT, "target kind %u", b); break;
    case PE_coord: CHECK(b < 4, "coordinate %u", b); break;
    case PE_print: CHECK(b < PRINT_KINDS, "print form %u", b); break;
    case PE_dsr_get:
    case PE_dsr_put:
        CHECK(b >> 8 < DSR_FILES && (b & 0xff) < DSR_NUMBERS, "DSR %u of file %u", b & 0xff,
              b >> 8);
        break;
    default: break;
    }
    return WT_OK;
}

static wt_status_t verify_insn(Verify *v, const ObjFunc *f, uint64_t insn) {
    const Object *o = v->o;
    unsigned op = insn & 0xffff,
             field[3] = { insn >> 16 & 0xffff, insn >> 32 & 0xffff, insn >> 48 };
    uint32_t wide = (uint32_t)(insn >> 32);
    CHECK(op < PE_OPS, "unknown instruction %u", op);
    const char *operands = pe_operands((PeOp)op);
    bool imm32 = strpbrk(operands, "IJfvdkms") != NULL;
    for (int i = 0; i < 3; i++) {
        unsigned x = field[i];
        switch (operands[i]) {
        case 'w':
        case 'r': CHECK(x < f->regs, "register %u of %u", x, f->regs); break;
        case 'W':
        case 'R':
        case 'M': CHECK(x + 1 < f->regs, "register %u of %u", x + 1, f->regs); break;
        case 'T': CHECK(x + 3 < f->regs, "register %u of %u", x + 3, f->regs); break;
        case 'j': CHECK(x < f->ncode, "jump to %u of %u instructions", x, f->ncode); break;
        case 'J': CHECK(wide < f->ncode, "jump to %u of %u instructions", wide, f->ncode); break;
        case 'q': CHECK(x < v->in->fifos.n, "FIFO %u of %u", x, v->in->fifos.n); break;
        case 'k': CHECK(wide < v->in->dsds.n, "DSD constant %u of %u", wide, v->in->dsds.n); break;
        case 's': CHECK(text(o, wide), "string %u", wide); break;
        case 'h':
            CHECK(x + f->results <= f->regs, "results from register %u of %u", x, f->regs);
            break;
        case 'v':
            CHECK(wide < v->in->vecs.n, "vector operation %u of %u", wide, v->in->vecs.n);
            WRAP(verify_vec(v, &o->vecs[v->in->vecs.at + wide], f->regs), "vector operation %u",
                 wide);
            break;
        case 'd':
            CHECK(wide < v->in->dsrs.n, "DSR load %u of %u", wide, v->in->dsrs.n);
            WRAP(verify_dsr_load(v, &o->dsrs[v->in->dsrs.at + wide], f->regs), "DSR load %u", wide);
            break;
        case 'm':
            CHECK(wide < 1 << 20, "row constant %u", wide);
            if (wide >= v->row_words) v->row_words = wide + 1;
            break;
        case 'f': {
            CHECK(wide < v->in->funcs.n, "function %u of %u", wide, v->in->funcs.n);
            const ObjFunc *to = &o->funcs[v->in->funcs.at + wide];
            unsigned need = to->args > to->results ? to->args : to->results;
            CHECK(field[0] + need <= f->regs,
                  "call window r%u leaves no room for %u registers of %u", field[0], need, f->regs);
            break;
        }
        case '-': CHECK(x == 0 || (imm32 && i > 0), "stray operand bits"); break;
        default: break;
        }
    }
    if (op == PE_calli) {
        unsigned args = field[2] & 0xff, results = field[2] >> 8,
                 need = args > results ? args : results;
        CHECK(field[0] + need <= f->regs, "call window r%u leaves no room for %u registers of %u",
              field[0], need, f->regs);
    }
    return verify_immediate((PeOp)op, field[1], field[2]);
}

static bool ends_function(uint64_t insn) {
    unsigned op = insn & 0xffff;
    return op == PE_jmp || op == PE_ret || op == PE_trap;
}

static wt_status_t verify_func(Verify *v, const ObjFunc *f) {
    const Object *o = v->o;
    CHECK(text(o, f->name), "a name outside the strings");
    CHECK(f->ncode && inside((ObjRange){ f->code, f->ncode }, o->ncode),
          "code outside its section");
    CHECK(inside((ObjRange){ f->line, f->nline }, o->nlines), "lines outside their section");
    CHECK(f->args <= f->regs && f->results <= f->regs,
          "%u arguments and %u results in %u registers", f->args, f->results, f->regs);
    CHECK(f->frame % 2 == 0, "a frame of %u bytes", f->frame);
    for (uint32_t i = 0; i < f->nline; i++) {
        const ObjLine *l = &o->lines[f->line + i];
        CHECK(text(o, l->file) && (!i || l[-1].at <= l->at), "line table out of order");
    }
    for (uint32_t i = 0; i < f->ncode; i++) {
        wt_status_t s = verify_insn(v, f, o->code[f->code + i]);
        if (!s) continue;
        char line[96];
        pe_disasm(o->code[f->code + i], line, sizeof line);
        return err_prefix(s, "function '%s', instruction %u (%s)", object_string(o, f->name), i,
                          line);
    }
    CHECK(ends_function(o->code[f->code + f->ncode - 1]), "function '%s' runs off its end",
          object_string(o, f->name));
    return WT_OK;
}

// ---- the tables of an instance ----

static wt_status_t verify_dsd(const Verify *v, ObjDsd d) {
    CHECK(dsd_kind(d) != DSD_NONE && dsd_kind(d) < DSD_KINDS, "kind %u", dsd_kind(d));
    CHECK(dsd_color(d) < WSE_COLORS || dsd_color(d) == OBJ_NONE8, "color %u", dsd_color(d));
    CHECK(dsd_queue(d) < WSE_QUEUES || dsd_queue(d) == 15, "queue %u", dsd_queue(d));
    if (dsd_kind(d) == DSD_MEM4D)
        CHECK(d.w[3] < v->in->shapes.n, "shape %u of %u", d.w[3], v->in->shapes.n);
    if (dsd_kind(d) == DSD_FIFO)
        CHECK(d.w[3] < v->in->fifos.n, "FIFO %u of %u", d.w[3], v->in->fifos.n);
    return WT_OK;
}

static wt_status_t verify_task(const Verify *v, const ObjTask *t, uint64_t seen[2]) {
    const Object *o = v->o;
    CHECK(t->number < (t->kind == TASK_CONTROL ? WSE_TASK_ROWS : WSE_TASKS) &&
              t->kind < TASK_KINDS && t->args <= 2,
          "task %u of kind %u", t->number, t->kind);
    uint64_t *table = &seen[t->number / WSE_TASKS], bit = 1ull << t->number % WSE_TASKS;
    CHECK(!(*table & bit), "two tasks numbered %u", t->number);
    *table |= bit;
    unsigned channels = o->head->arch == WSE2 ? WSE_COLORS : WSE_QUEUES;
    if (t->kind == TASK_DATA)
        CHECK(t->number < channels && t->args, "data task %u with %u arguments", t->number,
              t->args);
    if (t->kind == TASK_LOCAL)
        CHECK(t->number < 32 && !t->args, "local task %u with %u arguments", t->number, t->args);
    if (t->kind == TASK_CONTROL)
        CHECK(t->args <= 1, "control task %u with %u arguments", t->number, t->args);
    for (int i = 0; i < t->args; i++)
        CHECK(t->arg[i] < ARG_KINDS, "task %u: argument kind %u", t->number, t->arg[i]);
    CHECK(t->func < v->in->funcs.n && text(o, t->name), "task %u: function %u of %u", t->number,
          t->func, v->in->funcs.n);
    const ObjFunc *f = &o->funcs[v->in->funcs.at + t->func];
    CHECK(f->args == t->args && !f->results, "task %u: its function takes %u registers, not %u",
          t->number, f->args, t->args);
    return WT_OK;
}

static wt_status_t verify_queue(const Verify *v, const ObjQueue *q, uint16_t *seen) {
    bool wse2 = v->o->head->arch == WSE2;
    CHECK(q->output <= 1 && q->number < (wse2 && q->output ? 6 : WSE_QUEUES), "%s queue %u",
          q->output ? "output" : "input", q->number);
    CHECK(q->color < WSE_COLORS || (q->color == OBJ_NONE8 && wse2), "queue %u with color %u",
          q->number, q->color);
    CHECK(q->control_at < WSE_TASK_ROWS && !(q->control_at && (wse2 || q->output)),
          "%s queue %u with control tasks from %u on", q->output ? "output" : "input", q->number,
          q->control_at);
    CHECK(q->priority <= 3, "queue %u with priority %u", q->number, q->priority);
    unsigned bit = q->number + 8u * q->output;
    CHECK(!(*seen >> bit & 1), "%s queue %u initialized twice", q->output ? "output" : "input",
          q->number);
    *seen |= (uint16_t)(1u << bit);
    return WT_OK;
}

static wt_status_t verify_fifo(const Verify *v, const ObjFifo *f) {
    CHECK((f->size == 2 || f->size == 4) && f->capacity && f->base % 2 == 0,
          "%u elements of %u bytes", f->capacity, f->size);
    CHECK(f->base + (uint32_t)f->capacity * f->size <= v->in->ram,
          "its buffer lies outside the RAM");
    CHECK(f->empty <= FIFO_FAULT && f->full <= FIFO_FAULT && text(v->o, f->name), "unknown action");
    CHECK(f->priority <= 3 && f->simd <= SIMD_32_OR_64, "priority %u, simd mode %u", f->priority,
          f->simd);
    CHECK((f->push_task < WSE_TASKS || f->push_task == OBJ_NONE8) &&
              (f->pop_task < WSE_TASKS || f->pop_task == OBJ_NONE8),
          "unknown task");
    return WT_OK;
}

static wt_status_t verify_exports(const Verify *v) {
    const Object *o = v->o;
    for (uint32_t i = 0; i < v->in->exports.n; i++) {
        const ObjExport *e = &o->exports[v->in->exports.at + i];
        CHECK(e->rpc < o->nrpcs, "export %u of a symbol that does not exist", i);
        const ObjRpc *r = &o->rpcs[e->rpc];
        if (r->kind != RPC_FUNC) {
            CHECK(e->value < WSE_RAM, "'%s' at 0x%x", object_string(o, r->name), e->value);
            continue;
        }
        CHECK(e->value < v->in->funcs.n, "'%s' is function %u of %u", object_string(o, r->name),
              e->value, v->in->funcs.n);
        const ObjFunc *f = &o->funcs[v->in->funcs.at + e->value];
        CHECK(f->args == r->args.n, "'%s' takes %u registers for %u arguments",
              object_string(o, r->name), f->args, r->args.n);
    }
    return WT_OK;
}

// Relocations and symbols.
static wt_status_t verify_data(Verify *v) {
    const Object *o = v->o;
    const ObjInst *in = v->in;
    for (uint32_t i = 0; i < in->relocs.n; i++) {
        const ObjReloc *r = &o->relocs[in->relocs.at + i];
        CHECK((r->size == 2 || r->size == 4) && r->at % 2 == 0 &&
                  (uint32_t)r->at + r->size <= in->ram,
              "relocation %u at 0x%x", i, r->at);
        CHECK(r->row < 1 << 20, "relocation %u from row constant %u", i, r->row);
        if (r->row >= v->row_words) v->row_words = r->row + 1;
    }
    for (uint32_t i = 0; i < in->symbols.n; i++) {
        const ObjSymbol *s = &o->symbols[in->symbols.at + i];
        CHECK(text(o, s->name) && text(o, s->type) && s->bytes <= WSE_RAM &&
                  s->at + s->bytes <= WSE_RAM,
              "symbol %u", i);
    }
    return WT_OK;
}

static wt_status_t verify_inst(Verify *v) {
    const Object *o = v->o;
    const ObjInst *in = v->in;
    CHECK(text(o, in->name), "its name lies outside the strings");
#define RANGE(what) CHECK(inside(in->what, o->n##what), "'" #what "' lies outside its section")
    RANGE(funcs);
    RANGE(dsds);
    RANGE(shapes);
    RANGE(vecs);
    RANGE(dsrs);
    RANGE(fifos);
    RANGE(tasks);
    RANGE(queues);
    RANGE(relocs);
    RANGE(symbols);
    RANGE(exports);
    RANGE(data);
#undef RANGE
    CHECK(in->funcs.n <= 0xffff && in->fifos.n <= 64, "%u functions, %u FIFOs", in->funcs.n,
          in->fifos.n);
    CHECK(in->ram <= WSE_RAM && in->data_at <= in->ram && in->data.n <= in->ram - in->data_at,
          "%u bytes of data at 0x%x in %u bytes of RAM", in->data.n, in->data_at, in->ram);
    CHECK(in->stack <= in->ram && in->stack_bytes <= in->ram - in->stack && in->stack % 2 == 0,
          "a stack of %u bytes at 0x%x in %u bytes of RAM", in->stack_bytes, in->stack, in->ram);
    CHECK(in->nstart <= in->dsrs.n, "%u DSR loads at start of %u", in->nstart, in->dsrs.n);
    for (uint32_t i = 0; i < in->shapes.n; i++) {
        const ObjShape *s = &o->shapes[in->shapes.at + i];
        CHECK(s->dims >= 1 && s->dims <= 4, "shape %u has %u dimensions", i, s->dims);
    }
    for (uint32_t i = 0; i < in->dsds.n; i++)
        WRAP(verify_dsd(v, o->dsds[in->dsds.at + i]), "DSD constant %u", i);
    for (uint32_t i = 0; i < in->fifos.n; i++)
        WRAP(verify_fifo(v, &o->fifos[in->fifos.at + i]), "FIFO %u", i);
    for (uint32_t i = 0; i < in->nstart; i++) {
        const ObjDsrLoad *l = &o->dsrs[in->dsrs.at + i];
        CHECK(l->from.kind == OPD_CONST, "DSR load %u at start is not of a constant", i);
        WRAP(verify_dsr_load(v, l, 0), "DSR load %u at start", i);
    }
    uint64_t tasks[2] = { 0 };
    uint16_t queues = 0;
    for (uint32_t i = 0; i < in->tasks.n; i++)
        TRY(verify_task(v, &o->tasks[in->tasks.at + i], tasks));
    for (uint32_t i = 0; i < in->queues.n; i++)
        TRY(verify_queue(v, &o->queues[in->queues.at + i], &queues));
    TRY(verify_data(v));
    TRY(verify_exports(v));
    for (uint32_t i = 0; i < in->funcs.n; i++) TRY(verify_func(v, &o->funcs[in->funcs.at + i]));
    return WT_OK;
}

// ---- the program ----

enum { MOST_PES = 1 << 22 }; // five times the largest wafer: what a file may make the host allocate

static wt_status_t verify_head(const Object *o) {
    CHECK(o->nhead == 1, "%u heads", o->nhead);
    CHECK(o->nstrings && !o->strings[o->nstrings - 1], "strings without an end");
    const ObjHead *h = o->head;
    CHECK(h->arch == WSE2 || h->arch == WSE3, "architecture %u", h->arch);
    CHECK(h->rect_w && h->rect_h && h->offset_x + h->rect_w <= h->fabric_w &&
              h->offset_y + h->rect_h <= h->fabric_h,
          "a rectangle of %ux%u at (%u,%u) on a fabric of %ux%u", h->rect_w, h->rect_h, h->offset_x,
          h->offset_y, h->fabric_w, h->fabric_h);
    CHECK((uint32_t)h->rect_w * h->rect_h <= MOST_PES, "a rectangle of %ux%u: more than %d PEs",
          h->rect_w, h->rect_h, MOST_PES);
    CHECK(h->channels <= 16, "%u channels", h->channels);
    CHECK(!((h->h2d | h->d2h) >> WSE_COLORS) && !(h->h2d & h->d2h),
          "streaming colors 0x%x and 0x%x", h->h2d, h->d2h);
    return WT_OK;
}

static wt_status_t verify_rpcs(const Object *o) {
    for (uint32_t i = 0; i < o->nrpcs; i++) {
        const ObjRpc *r = &o->rpcs[i];
        CHECK(text(o, r->name) && text(o, r->sym_name) && text(o, r->type),
              "rpc symbol %u has no name", i);
        CHECK(r->kind <= RPC_STREAM && inside(r->args, o->nrpc_args) && r->args.n <= 255,
              "rpc symbol '%s' is damaged", object_string(o, r->name));
    }
    for (uint32_t i = 0; i < o->nrpc_args; i++)
        CHECK(text(o, o->rpc_args[i].name) && text(o, o->rpc_args[i].type),
              "rpc argument %u has no name", i);
    return WT_OK;
}

static wt_status_t verify_routers(const Object *o) {
    for (uint32_t i = 0; i < o->nrouters; i++)
        for (int c = 0; c < WSE_COLORS; c++) {
            const ObjColor *k = &o->routers[i].color[c];
            CHECK(!(k->rx >> DIRS) && !(k->tx >> DIRS) && k->npos <= 3 && k->pos_start <= 3,
                  "router %u: color %d is damaged", i, c);
            CHECK(!((o->head->h2d | o->head->d2h) >> c & 1) || !(k->rx | k->tx),
                  "router %u routes color %d, which streams to or from the host", i, c);
        }
    return WT_OK;
}

// Every PE of the rectangle belongs to exactly one rectangle of the table.
static wt_status_t verify_cover(const Object *o, uint8_t *seen) {
    const ObjHead *h = o->head;
    uint64_t covered = 0;
    for (uint32_t i = 0; i < o->nrects; i++) {
        const ObjRect *r = &o->rects[i];
        CHECK(r->w && r->h && (uint32_t)r->x + r->w <= h->rect_w &&
                  (uint32_t)r->y + r->h <= h->rect_h,
              "PE group %u lies outside the rectangle", i);
        CHECK(r->inst < o->ninsts && r->router < o->nrouters, "PE group %u: instance %u, router %u",
              i, r->inst, r->router);
        uint64_t words = (uint64_t)r->row_words * r->w * r->h;
        CHECK(r->row <= o->nrows && words <= o->nrows - r->row,
              "PE group %u: constant rows outside their section", i);
        for (uint32_t y = r->y; y < r->y + (uint32_t)r->h; y++)
            for (uint32_t x = r->x; x < r->x + (uint32_t)r->w; x++) {
                uint8_t *s = &seen[(size_t)y * h->rect_w + x];
                CHECK(!*s, "PE (%u,%u) is described twice", x, y);
                *s = 1;
            }
        covered += (uint64_t)r->w * r->h;
    }
    CHECK(covered == (uint64_t)h->rect_w * h->rect_h, "%llu PEs described of %ux%u",
          (unsigned long long)covered, h->rect_w, h->rect_h);
    return WT_OK;
}

static wt_status_t verify_rects(const Object *o) {
    uint8_t *seen = calloc(o->head->rect_w, o->head->rect_h);
    if (!seen)
        return fail(WT_NOMEM, "no memory to check %ux%u PEs", o->head->rect_w, o->head->rect_h);
    wt_status_t s = verify_cover(o, seen);
    free(seen);
    return s;
}

// Instances, and that the rows of the PEs that run them are long enough. need: a word per instance.
static wt_status_t verify_insts(const Object *o, uint32_t *need) {
    for (uint32_t i = 0; i < o->ninsts; i++) {
        Verify v = { .o = o, .in = &o->insts[i] };
        WRAP(verify_inst(&v), "instance %u ('%s')", i, object_string(o, v.in->name));
        need[i] = v.row_words;
    }
    for (uint32_t i = 0; i < o->nrects; i++)
        CHECK(o->rects[i].row_words >= need[o->rects[i].inst],
              "PE group %u has %u row constants; its instance reads %u", i, o->rects[i].row_words,
              need[o->rects[i].inst]);
    return WT_OK;
}

wt_status_t object_verify(const Object *o) {
    WRAP(verify_head(o), "damaged program");
    WRAP(verify_rpcs(o), "damaged program");
    WRAP(verify_routers(o), "damaged program");
    WRAP(verify_rects(o), "damaged program");
    uint32_t *need = calloc(o->ninsts + 1, sizeof *need);
    if (!need) return fail(WT_NOMEM, "no memory to check %u instances", o->ninsts);
    wt_status_t s = verify_insts(o, need);
    free(need);
    return s ? err_prefix(s, "damaged program") : WT_OK;
}
