// Opening, loading, running and stopping a program, and what one can ask about it.
#include "wse/host/runtime.h"

#include "base/file.h"
#include "base/log.h"

#include <stdlib.h>

// Options are read as far as the caller's structure reaches; the rest is zero.
static bool options_read(void *to, size_t size, const void *from) {
    uint32_t given = 0;
    memset(to, 0, size);
    if (!from) return true;
    memcpy(&given, from, sizeof given);
    if (given < sizeof given) return false;
    memcpy(to, from, given < size ? given : size);
    return true;
}

// <simprint> lines: a file made by the first line, so that a program that prints nothing leaves
// none.
static void runtime_print(void *ctx, const char *line) {
    wse_runtime_t *rt = ctx;
    if (!rt->log && rt->sim_log) {
        rt->log = fopen(rt->sim_log, "w");
        if (!rt->log) {
            log_at(WT_LOG_WARNING, "cannot write %s; what the program prints is lost", rt->sim_log);
            free(rt->sim_log);
            rt->sim_log = NULL;
        }
    }
    if (rt->log) fprintf(rt->log, "%s\n", line);
    log_at(WT_LOG_INFO, "%s", line);
}

wt_status_t wse_runtime_open(const char *artifacts, const wse_runtime_options_t *options,
                             wse_runtime_t **out) {
    if (!artifacts || !out)
        return fail(WT_INVALID, "wse_runtime_open: artifacts and out must not be NULL");
    *out = NULL;
    wse_runtime_options_t opt;
    if (!options_read(&opt, sizeof opt, options))
        return fail(WT_INVALID, "wse_runtime_open: options.struct_size is not set");
    char path[PATH_CAP];
    if (!path_join(path, sizeof path, artifacts, "bin/program.wse"))
        return fail(WT_INVALID, "'%.64s...': the path is too long", artifacts);
    if (!dir_exists(artifacts))
        return fail(WT_NOTFOUND, "'%s' is not a directory: cslc -o names the one it writes",
                    artifacts);
    if (!file_exists(path))
        return fail(WT_NOTFOUND, "'%s' holds no compiled program (no bin/program.wse)", artifacts);

    wse_runtime_t *rt = calloc(1, sizeof *rt);
    if (!rt) return fail(WT_NOMEM, "no memory for a runtime");
    rt->gate = -1;
    rt->max_cycles = opt.max_cycles;
    rt->path = strdup(artifacts);
    rt->sim_log = opt.sim_log ? strdup(opt.sim_log) : NULL;
    wt_status_t s = object_open(&rt->object, path);
    if (s) {
        s = err_prefix(s, "program '%s'", path);
        rt->object = (Object){ 0 };
        wse_runtime_close(rt);
        return s;
    }
    *out = rt;
    return WT_OK;
}

void wse_runtime_close(wse_runtime_t *rt) {
    if (!rt) return;
    for (size_t i = 0; i < rt->commands.len; i++) command_free(&rt->commands.data[i]);
    vec_free(&rt->commands);
    vec_free(&rt->draining);
    wafer_close(rt->chip);
    if (rt->object.nhead) object_close(&rt->object);
    if (rt->log) fclose(rt->log);
    sb_free(&rt->report);
    free(rt->sim_log);
    free(rt->warned);
    free(rt->path);
    free(rt);
}

wt_status_t wse_runtime_load(wse_runtime_t *rt) {
    if (!rt) return fail(WT_INVALID, "wse_runtime_load: no runtime");
    if (rt->stage != STAGE_OPEN)
        return fail(WT_INVALID, "load() was called before: a runtime loads once");
    const char *hard = getenv("WT_HARD"); // a seed: PEs step in another order in every cycle
    ChipOptions o = {
        .log = runtime_print,
        .log_ctx = rt,
        .seed = hard ? strtoull(hard, NULL, 0) : 0,
    };
    WRAP(wafer_open(&rt->object, &o, &rt->chip), "program '%s'", rt->path);
    rt->stage = STAGE_LOADED;
    return WT_OK;
}

wt_status_t wse_runtime_run(wse_runtime_t *rt) {
    if (!rt) return fail(WT_INVALID, "wse_runtime_run: no runtime");
    if (rt->stage == STAGE_OPEN) return fail(WT_INVALID, "run() before load()");
    if (rt->stage != STAGE_LOADED)
        return fail(WT_INVALID, "run() was called before: a runtime runs once");
    rt->stage = STAGE_RUNNING;
    return WT_OK;
}

wt_status_t wse_runtime_stop(wse_runtime_t *rt) {
    if (!rt) return fail(WT_INVALID, "wse_runtime_stop: no runtime");
    if (rt->stage == STAGE_STOPPED) return fail(WT_INVALID, "stop() was called before");
    if (rt->stage != STAGE_RUNNING) return fail(WT_INVALID, "stop() before load() and run()");
    bool done;
    TRY(command_wait(rt, rt->commands.len, rt->max_cycles, &done));
    if (done) TRY(command_settle(rt, rt->max_cycles, &done));
    if (!done)
        return fail(WT_LIMIT, "stop(): still busy after %llu cycles",
                    (unsigned long long)rt->max_cycles);
    // What stands still now will for ever; nobody waits for it.
    rt->report.n = 0;
    wafer_report(rt->chip, &rt->report, 0);
    rt->stage = STAGE_STOPPED;
    if (rt->log) fflush(rt->log);
    return WT_OK;
}

wt_status_t wse_runtime_interrupt(wse_runtime_t *rt) {
    if (!rt || !rt->chip) return fail(WT_INVALID, "interrupt: the runtime is not loaded");
    wafer_interrupt(rt->chip);
    return WT_OK;
}

const char *wse_report(const wse_runtime_t *rt) { return rt ? sb_str((StrBuf *)&rt->report) : ""; }

// ---------------------------------------------------------------------------------------------

// Writes a structure of which the caller may know an older, shorter form.
static wt_status_t struct_give(void *to, const void *from, uint32_t size) {
    uint32_t asked = 0;
    memcpy(&asked, to, sizeof asked);
    if (asked < sizeof asked) return fail(WT_INVALID, "struct_size is not set");
    memcpy((char *)to + sizeof asked, (const char *)from + sizeof asked,
           (asked < size ? asked : size) - sizeof asked);
    return WT_OK;
}

wt_status_t wse_runtime_info(const wse_runtime_t *rt, wse_info_t *info) {
    if (!rt || !info)
        return fail(WT_INVALID, "wse_runtime_info: runtime and info must not be NULL");
    const ObjHead *h = rt->object.head;
    wse_info_t i = {
        .arch = (wse_arch_t)h->arch,
        .width = h->rect_w,
        .height = h->rect_h,
        .offset_x = h->offset_x,
        .offset_y = h->offset_y,
        .fabric_width = h->fabric_w,
        .fabric_height = h->fabric_h,
        .channels = h->memcpy ? h->channels : 0,
        .symbols = rt->object.nrpcs,
    };
    return struct_give(info, &i, sizeof i);
}

wt_status_t wse_symbol_at(const wse_runtime_t *rt, uint32_t index, wse_symbol_t *symbol) {
    if (!rt || !symbol)
        return fail(WT_INVALID, "wse_symbol_at: runtime and symbol must not be NULL");
    if (index >= rt->object.nrpcs)
        return fail(WT_NOTFOUND, "symbol %u: the program exports %u", index, rt->object.nrpcs);
    const ObjRpc *r = &rt->object.rpcs[index];
    wse_symbol_t s = {
        .id = (int32_t)index,
        .kind = r->kind == RPC_FUNC  ? WSE_SYMBOL_FUNC
                : r->kind == RPC_VAR ? WSE_SYMBOL_VAR
                                     : WSE_SYMBOL_STREAM,
        .immutable = r->immutable,
        .name = object_string(&rt->object, r->name),
        .type = object_string(&rt->object, r->type),
        .input_count = r->args.n,
    };
    return struct_give(symbol, &s, sizeof s);
}

wt_status_t wse_symbol_input(const wse_runtime_t *rt, int32_t id, uint32_t index, const char **name,
                             const char **type) {
    if (!rt) return fail(WT_INVALID, "wse_symbol_input: no runtime");
    if (id < 0 || (uint32_t)id >= rt->object.nrpcs)
        return fail(WT_NOTFOUND, "no symbol has the id %d", id);
    const ObjRpc *r = &rt->object.rpcs[id];
    if (index >= r->args.n)
        return fail(WT_NOTFOUND, "'%s' takes %u arguments", object_string(&rt->object, r->name),
                    r->args.n);
    const ObjRpcArg *a = &rt->object.rpc_args[r->args.at + index];
    if (name) *name = object_string(&rt->object, a->name);
    if (type) *type = object_string(&rt->object, a->type);
    return WT_OK;
}

wt_status_t symbol_find(const wse_runtime_t *rt, const char *name, int kind, int *rpc) {
    static const char *const kinds[] = {
        [RPC_FUNC] = "function", [RPC_VAR] = "variable", [RPC_STREAM] = "stream"
    };
    const Object *o = &rt->object;
    int row = object_rpc(o, name);
    if (row >= 0 && (kind < 0 || o->rpcs[row].kind == kind)) {
        *rpc = row;
        return WT_OK;
    }
    if (row >= 0 && o->rpcs[row].kind <= RPC_STREAM)
        return fail(WT_INVALID, "'%s' is a %s, not a %s", name, kinds[o->rpcs[row].kind],
                    kinds[kind]);
    size_t least = SIZE_MAX;
    const char *near = NULL;
    for (uint32_t i = 0; i < o->nrpcs; i++) {
        if (kind >= 0 && o->rpcs[i].kind != kind) continue;
        const char *n = object_string(o, o->rpcs[i].name);
        size_t d = str_edit_distance(str_of(name), str_of(n));
        if (d < least) least = d, near = n;
    }
    const char *what = kind >= 0 ? kinds[kind] : "symbol";
    if (near && least <= strlen(name) / 2 + 1)
        return fail(WT_NOTFOUND, "the program exports no %s '%s'; did you mean '%s'?", what, name,
                    near);
    if (near)
        return fail(WT_NOTFOUND, "the program exports no %s '%s' (it has %s '%s')", what, name,
                    what, near);
    return fail(WT_NOTFOUND, "the program exports no %s '%s' (it exports none: see @export_name)",
                what, name);
}

wt_status_t wse_get_id(const wse_runtime_t *rt, const char *name, int32_t *id) {
    if (!rt || !name || !id)
        return fail(WT_INVALID, "wse_get_id: runtime, name and id must not be NULL");
    int rpc;
    TRY(symbol_find(rt, name, -1, &rpc));
    *id = rpc;
    return WT_OK;
}

wt_status_t wse_runtime_stats(const wse_runtime_t *rt, wse_stats_t *stats) {
    if (!rt || !stats)
        return fail(WT_INVALID, "wse_runtime_stats: runtime and stats must not be NULL");
    wse_stats_t s = { .instances = rt->object.ninsts };
    if (rt->chip) {
        ChipStats c;
        wafer_stats(rt->chip, &c);
        s.cycles = c.cycles, s.tile_cycles = c.tile_cycles, s.instructions = c.insns;
        s.elements = c.elements, s.wavelets = c.wavelets, s.trace_hash = c.hash, s.memory = c.bytes;
    }
    return struct_give(stats, &s, sizeof s);
}
