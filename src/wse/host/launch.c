// Launches: arguments checked against the exported signature and made register values.
#include "wse/host/runtime.h"

static const char *const arg_names[] = {
    [WSE_ARG_INT] = "int", [WSE_ARG_FLOAT] = "float", [WSE_ARG_BOOL] = "bool",
    [WSE_ARG_I16] = "i16", [WSE_ARG_U16] = "u16",     [WSE_ARG_I32] = "i32",
    [WSE_ARG_U32] = "u32", [WSE_ARG_F16] = "f16",     [WSE_ARG_F32] = "f32",
};

// Integer types a parameter can have, and their ranges.
static bool integer_range(const char *type, int64_t *low, int64_t *high) {
    static const struct {
        const char *name;
        int64_t low, high;
    } types[] = {
        { "i8", INT8_MIN, INT8_MAX },
        { "u8", 0, UINT8_MAX },
        { "i16", INT16_MIN, INT16_MAX },
        { "u16", 0, UINT16_MAX },
        { "i32", INT32_MIN, INT32_MAX },
        { "u32", 0, UINT32_MAX },
        { "i64", INT64_MIN, INT64_MAX },
        { "u64", 0, INT64_MAX },
        { "bool", 0, 1 },
        { "color", 0, 23 },
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].name, type)) continue;
        *low = types[i].low;
        *high = types[i].high;
        return true;
    }
    return false;
}

static uint64_t f32_bits(double f) {
    float v = (float)f;
    uint32_t bits;
    memcpy(&bits, &v, sizeof bits);
    return bits;
}

static bool is_half(const char *type) {
    return !strcmp(type, "f16") || !strcmp(type, "bf16") || !strcmp(type, "cb16");
}

// The value of one argument as the register of a parameter of `type`.
static wt_status_t arg_value(const wse_arg_t *a, const char *type, uint64_t *value) {
    int64_t low, high;
    if ((uint32_t)a->type >= sizeof arg_names / sizeof *arg_names)
        return fail(WT_INVALID, "argument type %d is none of WSE_ARG_*", a->type);
    if (a->type == WSE_ARG_FLOAT || a->type == WSE_ARG_F32) {
        if (strcmp(type, "f32"))
            return fail(WT_INVALID, "it takes %s and was given %s", type, arg_names[a->type]);
        *value = f32_bits(a->value.f);
        return WT_OK;
    }
    if (a->type == WSE_ARG_F16) {
        if (!is_half(type)) return fail(WT_INVALID, "it takes %s and was given f16", type);
        *value = (uint16_t)a->value.i;
        return WT_OK;
    }
    if (a->type != WSE_ARG_INT && strcmp(type, arg_names[a->type]))
        return fail(WT_INVALID, "it takes %s and was given %s", type, arg_names[a->type]);
    if (!integer_range(type, &low, &high))
        return fail(WT_INVALID, "it takes %s and was given %s", type, arg_names[a->type]);
    if (a->value.i < low || a->value.i > high)
        return fail(WT_INVALID, "%lld does not fit %s", (long long)a->value.i, type);
    *value = (uint64_t)a->value.i;
    return WT_OK;
}

// A raw word as the register of a parameter of `type`.
static uint64_t word_value(uint32_t word, const char *type) {
    int64_t low, high;
    if (is_half(type)) return (uint16_t)word;
    if (!integer_range(type, &low, &high)) return word;
    if (high == INT8_MAX) return (uint64_t)(int8_t)word;
    if (high == INT16_MAX) return (uint64_t)(int16_t)word;
    if (high == INT32_MAX) return (uint64_t)(int32_t)word;
    return high < UINT16_MAX ? (uint8_t)word : high == UINT16_MAX ? (uint16_t)word : word;
}

// Finds the function, checks the number of arguments and that every PE can be called.
static wt_status_t launch_begin(wse_runtime_t *rt, const char *verb, const char *function,
                                size_t count, Launch *l) {
    TRY(runtime_busy_check(rt, verb));
    if (!function) return fail(WT_INVALID, "%s: the function's name must not be NULL", verb);
    const Object *o = &rt->object;
    if (!o->head->memcpy)
        return fail(WT_INVALID,
                    "the program was compiled without --memcpy: the host cannot launch functions");
    TRY(symbol_find(rt, function, RPC_FUNC, &l->rpc));
    uint32_t takes = o->rpcs[l->rpc].args.n;
    if (count != takes || count > MAX_ARGS)
        return fail(WT_INVALID, "'%s' takes %u argument%s and was given %zu", function, takes,
                    takes == 1 ? "" : "s", count);
    for (uint32_t i = 0; i < o->nrects; i++)
        if (object_export(o, &o->insts[o->rects[i].inst], l->rpc) < 0)
            return fail(
                WT_INVALID,
                "'%s' cannot be launched: the program of PE (%u,%u), %s, does not export it",
                function, o->rects[i].x, o->rects[i].y,
                object_string(o, o->insts[o->rects[i].inst].name));
    l->count = (unsigned)count;
    return WT_OK;
}

static wt_status_t options_read(const wse_launch_options_t *options, bool *nonblock) {
    *nonblock = false;
    if (!options) return WT_OK;
    if (options->struct_size < sizeof options->struct_size)
        return fail(WT_INVALID, "launch: options.struct_size is not set");
    *nonblock = options->struct_size >= sizeof *options && options->nonblock;
    return WT_OK;
}

wt_status_t wse_launch(wse_runtime_t *rt, const char *function, const wse_arg_t *args, size_t count,
                       const wse_launch_options_t *options, wse_task_t *task) {
    if (count && !args) return fail(WT_INVALID, "launch: args must not be NULL");
    Command cmd = { .kind = CMD_LAUNCH };
    bool nonblock;
    TRY(options_read(options, &nonblock));
    TRY(launch_begin(rt, "launch", function, count, &cmd.launch));
    const Object *o = &rt->object;
    const ObjRpcArg *param = o->rpc_args + o->rpcs[cmd.launch.rpc].args.at;
    for (size_t i = 0; i < count; i++)
        WRAP(arg_value(&args[i], object_string(o, param[i].type), &cmd.launch.args[i]),
             "'%s', argument %zu ('%s')", function, i + 1, object_string(o, param[i].name));
    return command_submit(rt, &cmd, nonblock, task);
}

wt_status_t wse_call(wse_runtime_t *rt, const char *function, const uint32_t *words, size_t count,
                     const wse_launch_options_t *options, wse_task_t *task) {
    if (count && !words) return fail(WT_INVALID, "call: words must not be NULL");
    Command cmd = { .kind = CMD_LAUNCH };
    bool nonblock;
    TRY(options_read(options, &nonblock));
    TRY(launch_begin(rt, "call", function, count, &cmd.launch));
    const Object *o = &rt->object;
    const ObjRpcArg *param = o->rpc_args + o->rpcs[cmd.launch.rpc].args.at;
    for (size_t i = 0; i < count; i++)
        cmd.launch.args[i] = word_value(words[i], object_string(o, param[i].type));
    return command_submit(rt, &cmd, nonblock, task);
}
