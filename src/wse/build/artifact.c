// What a compilation leaves on disk: DIR/out.json for scripts, DIR/bin/out_rpc.json for host
// clients, and DIR/bin/program.wse, the container that the machine opens (chip/object.h).
#include "wse/build/csl.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "wse/chip/object.h"

static void add_bindings(cJSON *to, const char *key, const CslBinding *all, size_t n) {
    cJSON *o = cJSON_AddObjectToObject(to, key);
    for (size_t i = 0; i < n; i++) cJSON_AddStringToObject(o, all[i].name, all[i].value);
}

static void add_number(cJSON *to, const char *key, unsigned value) {
    char text[16];
    snprintf(text, sizeof text, "%u", value);
    cJSON_AddStringToObject(to, key, text);
}

static cJSON *params_json(const Csl *c) {
    cJSON *root = cJSON_CreateObject();
    add_bindings(root, "params", c->params.data, c->params.len);
    add_bindings(root, "colors", c->colors.data, c->colors.len);
    return root;
}

// Every value a string: scripts pass them through int().
static cJSON *out_json(const Csl *c, const ObjHead *h) {
    cJSON *root = params_json(c);
    cJSON_AddStringToObject(root, "arch", h->arch == WSE3 ? "wse3" : "wse2");
    cJSON_AddStringToObject(root, "sdk", h->sdk == CSL_SDK_2_10 ? "2.10" : "1.4");
    add_number(root, "fabric_width", h->fabric_w);
    add_number(root, "fabric_height", h->fabric_h);
    add_number(root, "offset_x", h->offset_x);
    add_number(root, "offset_y", h->offset_y);
    add_number(root, "width", h->rect_w);
    add_number(root, "height", h->rect_h);
    add_number(root, "channels", h->channels);
    return root;
}

// The fields the vendor's client looks for, and no `inputs` for a function without parameters.
static cJSON *rpc_json(const Object *o) {
    static const char *const kinds[] = {
        [RPC_FUNC] = "Func", [RPC_VAR] = "Var", [RPC_STREAM] = "Stream"
    };
    cJSON *root = cJSON_CreateObject(), *all = cJSON_AddArrayToObject(root, "rpc_symbols");
    for (uint32_t i = 0; i < o->nrpcs; i++) {
        const ObjRpc *r = &o->rpcs[i];
        cJSON *s = cJSON_CreateObject();
        cJSON_AddNumberToObject(s, "id", i);
        cJSON_AddStringToObject(s, "kind", kinds[r->kind]);
        cJSON_AddStringToObject(s, "name", object_string(o, r->name));
        cJSON_AddStringToObject(s, "sym_name", object_string(o, r->sym_name));
        cJSON_AddStringToObject(s, "type", object_string(o, r->type));
        if (r->kind == RPC_VAR) cJSON_AddNumberToObject(s, "immutable", r->immutable);
        if (r->kind == RPC_STREAM) cJSON_AddNumberToObject(s, "color", r->color);
        cJSON *inputs =
            r->kind == RPC_FUNC && r->args.n ? cJSON_AddArrayToObject(s, "inputs") : NULL;
        for (uint32_t k = 0; inputs && k < r->args.n; k++) {
            const ObjRpcArg *arg = &o->rpc_args[r->args.at + k];
            cJSON *input = cJSON_CreateObject();
            cJSON_AddStringToObject(input, "name", object_string(o, arg->name));
            cJSON_AddStringToObject(input, "type", object_string(o, arg->type));
            cJSON_AddItemToArray(inputs, input);
        }
        cJSON_AddItemToArray(all, s);
    }
    return root;
}

static char *print_and_delete(cJSON *j) {
    char *text = cJSON_Print(j);
    cJSON_Delete(j);
    return text;
}

static wt_status_t write_json(const char *dir, const char *name, cJSON *j) {
    char path[PATH_CAP], *text = print_and_delete(j);
    if (!text) return fail(WT_NOMEM, "text of %s", name);
    StrBuf b = { 0 };
    sb_printf(&b, "%s\n", text);
    free(text);
    wt_status_t s = path_join(path, sizeof path, dir, name)
                        ? file_write_atomic(path, b.p, b.n)
                        : fail(WT_INVALID, "path '%s/%s' is too long", dir, name);
    sb_free(&b);
    return s;
}

void artifact_params(Csl *c) {
    char *text = print_and_delete(params_json(c));
    if (text) sb_printf(&c->params_json, "%s\n", text);
    free(text);
}

// The container last: a directory that has one is complete.
wt_status_t artifact_write(Csl *c, const Object *o) {
    const char *dir = c->options->output ? c->options->output : "out";
    char bin[PATH_CAP], program[PATH_CAP];
    if (!path_join(bin, sizeof bin, dir, "bin") ||
        !path_join(program, sizeof program, bin, "program.wse"))
        return fail(WT_INVALID, "path '%s/bin/program.wse' is too long", dir);
    TRY(dir_make(bin));
    TRY(write_json(dir, "out.json", out_json(c, o->head)));
    TRY(write_json(bin, "out_rpc.json", rpc_json(o)));
    if (c->options->output_json) {
        char folder[PATH_CAP];
        path_dir(folder, sizeof folder, c->options->output_json);
        TRY(write_json(folder, path_base(c->options->output_json), params_json(c)));
    }
    return object_write(o, program);
}

// ---- --out-routes and --emit=bytecode ----

static void routes_of(StrBuf *b, unsigned mask) {
    static const char *const names[DIRS] = { "WEST", "EAST", "SOUTH", "NORTH", "RAMP" };
    const char *sep = "";
    for (int d = 0; d < DIRS; d++)
        if (mask & 1u << d) {
            sb_printf(b, "%s%s", sep, names[d]);
            sep = ",";
        }
    if (!mask) sb_printf(b, "-");
}

// One line per rectangle of PEs that share their configuration, and color.
void artifact_routes(const Object *o, StrBuf *out) {
    for (uint32_t i = 0; i < o->nrects; i++) {
        const ObjRect *r = &o->rects[i];
        sb_printf(out, "PE %u,%u", r->x, r->y);
        if (r->w > 1 || r->h > 1) sb_printf(out, " to %u,%u", r->x + r->w - 1, r->y + r->h - 1);
        sb_printf(out, ": %s\n", object_string(o, o->insts[r->inst].name));
        for (int k = 0; k < WSE_COLORS; k++) {
            const ObjColor *color = &o->routers[r->router].color[k];
            if (!(color->flags & COLOR_ROUTED)) continue;
            sb_printf(out, "  color %2d: ", k);
            routes_of(out, color->rx);
            sb_printf(out, " -> ");
            routes_of(out, color->tx);
            sb_printf(out, "%s%s\n", color->flags & COLOR_SWAP_X ? " swap_x" : "",
                      color->flags & COLOR_SWAP_Y ? " swap_y" : "");
        }
    }
}

void artifact_memory(const Object *o, StrBuf *out) {
    uint64_t *pes = calloc(o->ninsts + 1, sizeof *pes);
    const ObjRect **first = calloc(o->ninsts + 1, sizeof *first);
    for (uint32_t i = o->nrects; pes && first && i-- > 0;) {
        const ObjRect *r = &o->rects[i];
        pes[r->inst] += (uint64_t)r->w * r->h;
        first[r->inst] = r;
    }
    for (uint32_t i = 0; pes && first && i < o->ninsts; i++) {
        const ObjInst *in = &o->insts[i];
        if (!first[i]) continue;
        sb_printf(out, "%s on %llu PE%s from (%u,%u): ", object_string(o, in->name),
                  (unsigned long long)pes[i], pes[i] == 1 ? "" : "s", first[i]->x, first[i]->y);
        sb_printf(out, "%u bytes of data, %u of stack, about %u of code; %d in all\n", in->stack,
                  in->stack_bytes, in->code_bytes, WSE_RAM);
    }
    free(pes);
    free(first);
}

static void dump_dsd(ObjDsd d, StrBuf *b) {
    DsdKind k = dsd_kind(d);
    sb_printf(b, "%s", dsd_kind_names[k]);
    if (k == DSD_MEM1D || k == DSD_MEM4D) sb_printf(b, " at 0x%04x", dsd_base(d));
    if (k == DSD_CIRCBUF)
        sb_printf(b, " at 0x%04x extent %u wraparound %u", dsd_base(d), dsd_extent(d),
                  d.w[2] & 0xffff);
    if (k == DSD_MEM1D) sb_printf(b, " extent %u stride %d", dsd_extent(d), dsd_stride(d));
    if (k == DSD_MEM4D) sb_printf(b, " shape %u", d.w[3]);
    if (k == DSD_FABIN || k == DSD_FABOUT) sb_printf(b, " extent %u", dsd_extent(d));
    if (dsd_color(d) != OBJ_NONE8 && (k == DSD_FABIN || k == DSD_FABOUT))
        sb_printf(b, " color %u", dsd_color(d));
    if (dsd_queue(d) != 15 && (k == DSD_FABIN || k == DSD_FABOUT))
        sb_printf(b, " queue %u", dsd_queue(d));
    static const struct {
        uint32_t bit;
        const char *name;
    } flags[] = {
        { DSD_INDEX_OFFSET, " wavelet_index_offset" },
        { DSD_CONTROL, " control" },
    };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (d.w[0] & flags[i].bit) sb_printf(b, "%s", flags[i].name);
}

static void dump_operand(const char *role, ObjOperand x, StrBuf *b) {
    static const char *const files[] = { "dest", "src0", "src1" };
    switch ((OpdKind)x.kind) {
    case OPD_DSD: sb_printf(b, " %s=r%u:%u", role, x.value, x.value + 1u); break;
    case OPD_CONST: sb_printf(b, " %s=dsd%u", role, x.value); break;
    case OPD_DSR: sb_printf(b, " %s=dsr_%s[%u]", role, files[x.value >> 8], x.value & 0xffu); break;
    case OPD_FIFO: sb_printf(b, " %s=fifo%u", role, x.value); break;
    case OPD_SCALAR: sb_printf(b, " %s=r%u", role, x.value); break;
    case OPD_POINTER: sb_printf(b, " %s=*r%u", role, x.value); break;
    case OPD_NONE:
    case OPD_KINDS: break;
    }
}

static void dump_when(const char *role, const ObjWhen *w, StrBuf *b) {
    static const char *const actions[] = { "", "activate", "unblock", "terminate" },
                             *const targets[] = { "", "task ", "color ", "queue ", "ut " };
    if (!w->action) return;
    sb_printf(b, " %s%s", role, actions[w->action]);
    if (w->action == ACT_TERMINATE) return;
    if (w->reg != OBJ_NONE16)
        sb_printf(b, "=%sr%u", targets[w->target], w->reg);
    else
        sb_printf(b, "=%s%u", targets[w->target], w->id);
}

static void dump_vec(const ObjVec *v, StrBuf *b) {
    static const char *const flags[] = { "async",        "packed",      "",
                                         "save_address", "single_step", "accumulate" };
    sb_printf(b, "%s", vec_names[v->op]);
    dump_operand("dest", v->dest, b);
    dump_operand("src0", v->src0, b);
    dump_operand("src1", v->src1, b);
    dump_operand("scalar", v->scalar, b);
    for (unsigned i = 0; i < sizeof flags / sizeof *flags; i++)
        if (v->flags & 1u << i && *flags[i]) sb_printf(b, " %s", flags[i]);
    if (v->index != OBJ_NONE16) sb_printf(b, " index=r%u", v->index);
    if (v->ut != OBJ_NONE8) sb_printf(b, " ut=%u", v->ut);
    dump_when("", &v->done, b);
    dump_when("on_control ", &v->on_control, b);
}

static void dump_inst(const Object *o, const ObjInst *in, StrBuf *out) {
    sb_printf(out, "instance %s  ram %u stack %u+%u\n", object_string(o, in->name), in->ram,
              in->stack, in->stack_bytes);
    for (uint32_t i = 0; i < in->symbols.n; i++) {
        const ObjSymbol *s = &o->symbols[in->symbols.at + i];
        sb_printf(out, "  symbol 0x%04x %u %s: %s%s%s\n", s->at, s->bytes,
                  object_string(o, s->name), object_string(o, s->type),
                  s->flags & SYM_EXPORTED ? " exported" : "", s->flags & SYM_CONST ? " const" : "");
    }
    for (uint32_t i = 0; i < in->tasks.n; i++) {
        const ObjTask *t = &o->tasks[in->tasks.at + i];
        sb_printf(out, "  task %s %u: %s, function %u\n", task_kind_names[t->kind], t->number,
                  object_string(o, t->name), t->func);
    }
    for (uint32_t i = 0; i < in->queues.n; i++) {
        const ObjQueue *q = &o->queues[in->queues.at + i];
        sb_printf(out, "  %s queue %u: color %d\n", q->output ? "output" : "input", q->number,
                  q->color == 0xff ? -1 : q->color);
    }
    for (uint32_t i = 0; i < in->dsds.n; i++) {
        sb_printf(out, "  dsd %u: ", i);
        dump_dsd(o->dsds[in->dsds.at + i], out);
        sb_putc(out, '\n');
    }
    for (uint32_t i = 0; i < in->vecs.n; i++) {
        sb_printf(out, "  vec %u: ", i);
        dump_vec(&o->vecs[in->vecs.at + i], out);
        sb_putc(out, '\n');
    }
    for (uint32_t i = 0; i < in->fifos.n; i++) {
        const ObjFifo *f = &o->fifos[in->fifos.at + i];
        sb_printf(out, "  fifo %u: %u elements of %u bytes at 0x%04x\n", i, f->capacity, f->size,
                  f->base);
    }
    for (uint32_t i = 0; i < in->funcs.n; i++) {
        const ObjFunc *f = &o->funcs[in->funcs.at + i];
        sb_printf(out, "  function %u %s: %u args, %u registers, frame %u\n", i,
                  object_string(o, f->name), f->args, f->regs, f->frame);
        uint32_t line = 0;
        for (uint32_t k = 0; k < f->ncode; k++) {
            const char *file;
            uint32_t at = 0;
            if (object_line(o, f, k, &file, &at) && at != line)
                sb_printf(out, "      %s:%u\n", path_base(file), line = at);
            char text[128];
            pe_disasm(o->code[f->code + k], text, sizeof text);
            sb_printf(out, "    %4u  %s\n", k, text);
        }
    }
}

void artifact_dump(const Object *o, StrBuf *out) {
    for (uint32_t i = 0; i < o->ninsts; i++) dump_inst(o, &o->insts[i], out);
}
