// The list of commands: when one starts, when it is done, and what to say when it never will be.
//
// A command starts when the one before is over. A streaming h2d is over when its last word has left
// its PE's queue for a task or operation or, once nothing else can move, when all its words stand
// in queues; a launch is over when every PE has unblocked the command stream. A streaming d2h
// drains beside what follows. Copy mode and launches also wait until the chip is quiet.
#include "wse/host/runtime.h"

#include "base/log.h"

#include <stdlib.h>

const char *command_name(const wse_runtime_t *rt, const Command *c, char out[96]) {
    const char *verb = c->kind == CMD_H2D   ? "h2d to"
                       : c->kind == CMD_D2H ? "d2h from"
                                            : "launch of";
    int rpc = c->kind == CMD_LAUNCH ? c->launch.rpc : c->copy.rpc;
    if (rpc < 0)
        snprintf(out, 96, "%s streaming color %u", verb, c->copy.color);
    else
        snprintf(out, 96, "%s '%.60s'", verb,
                 object_string(&rt->object, rt->object.rpcs[rpc].name));
    return out;
}

void command_free(Command *c) {
    if (c->kind != CMD_LAUNCH) {
        free(c->copy.owned);
        c->copy.owned = NULL;
    }
}

static void command_finish(wse_runtime_t *rt, Command *c) {
    if (c->stream) wafer_stream_end(rt->chip, c->stream);
    if (c->kind == CMD_D2H && c->copy.rpc < 0) copy_drained(c);
    c->stream = 0;
    c->state = CMD_DONE;
    command_free(c);
}

// A fault's text is kept for wse_report.
static wt_status_t run_step(wse_runtime_t *rt, const ChipGoal *goal, ChipStop *why) {
    wt_status_t s = wafer_run(rt->chip, goal, why);
    if (s) {
        rt->report.n = 0;
        sb_printf(&rt->report, "%s\n", wt_last_error());
    }
    return s;
}

static wt_status_t command_start(wse_runtime_t *rt, size_t index) {
    Command *c = &rt->commands.data[index];
    char name[96];
    log_at(WT_LOG_DEBUG, "command %zu: %s", index + 1, command_name(rt, c, name));
    c->state = CMD_STARTED;
    wt_status_t s;
    if (c->kind == CMD_LAUNCH) {
        s = wafer_launch(rt->chip, c->launch.rpc, c->launch.args, c->launch.count);
        rt->quiet = false;
        if (!s) rt->gate = (ptrdiff_t)index;
    } else if (c->copy.rpc >= 0) {
        s = copy_memory(rt, c);
        if (c->kind == CMD_H2D) rt->quiet = false; // a task may poll what was written
        if (!s) command_finish(rt, c);
    } else {
        s = copy_stream(rt, c);
        rt->quiet = false;
        if (!s && c->kind == CMD_H2D) rt->gate = (ptrdiff_t)index;
        if (!s && c->kind == CMD_D2H) vec_push(&rt->draining, index);
    }
    if (s) {
        c->state = CMD_DONE; // it will not be tried again: the caller hears of it once
        command_free(c);
        return err_prefix(s, "%s", command_name(rt, c, name));
    }
    return WT_OK;
}

// The stream that drains the color `c` would drain: one at a time. 0: none.
static int color_busy(const wse_runtime_t *rt, const Command *c) {
    if (c->kind != CMD_D2H || c->copy.rpc >= 0) return 0;
    for (size_t i = 0; i < rt->draining.len; i++) {
        const Command *d = &rt->commands.data[rt->draining.data[i]];
        if (d->copy.color == c->copy.color) return d->stream;
    }
    return 0;
}

static wt_status_t start_ready(wse_runtime_t *rt) {
    while (rt->gate < 0 && rt->next < rt->commands.len) {
        const Command *c = &rt->commands.data[rt->next];
        bool streaming = c->kind != CMD_LAUNCH && c->copy.rpc < 0;
        if (color_busy(rt, c) || (!streaming && !rt->quiet)) break;
        TRY(command_start(rt, rt->next++));
    }
    return WT_OK;
}

static void harvest(wse_runtime_t *rt) {
    size_t kept = 0;
    for (size_t i = 0; i < rt->draining.len; i++) {
        Command *c = &rt->commands.data[rt->draining.data[i]];
        if (wafer_stream_state(rt->chip, c->stream).done)
            command_finish(rt, c);
        else
            rt->draining.data[kept++] = rt->draining.data[i];
    }
    rt->draining.len = kept;
}

static bool gate_over(wse_runtime_t *rt) {
    const Command *c = &rt->commands.data[rt->gate];
    if (c->kind == CMD_LAUNCH) return wafer_launch_pending(rt->chip) == 0;
    ChipStreamState s = wafer_stream_state(rt->chip, c->stream);
    return s.done || (rt->quiet && s.moved == s.total);
}

static bool is_done(const wse_runtime_t *rt, size_t index) {
    if (index < rt->commands.len) return rt->commands.data[index].state == CMD_DONE;
    return rt->next == rt->commands.len && rt->gate < 0 && rt->draining.len == 0;
}

// Says what the host waits for and, from the chip, what everything else waits for.
static wt_status_t stalled(wse_runtime_t *rt) {
    char name[96];
    StrBuf *r = &rt->report;
    r->n = 0;
    if (rt->gate >= 0) {
        const Command *c = &rt->commands.data[rt->gate];
        command_name(rt, c, name);
        if (c->kind == CMD_LAUNCH) {
            unsigned n = wafer_launch_pending(rt->chip);
            sb_printf(r, "%s: %u PE%s never called unblock_cmd_stream()\n", name, n,
                      n == 1 ? "" : "s");
        } else {
            ChipStreamState s = wafer_stream_state(rt->chip, c->stream);
            sb_printf(r,
                      "%s: %llu of %llu words have entered the PEs' queues, the rest has no room\n",
                      name, (unsigned long long)s.moved, (unsigned long long)s.total);
        }
    }
    for (size_t i = 0; i < rt->draining.len; i++) {
        const Command *c = &rt->commands.data[rt->draining.data[i]];
        ChipStreamState s = wafer_stream_state(rt->chip, c->stream);
        sb_printf(r, "%s: %llu of %llu words came\n", command_name(rt, c, name),
                  (unsigned long long)s.moved, (unsigned long long)s.total);
    }
    size_t head = r->n;
    unsigned waits = wafer_report(rt->chip, r, 0);
    if (!waits && r->n == head) sb_printf(r, "no task or operation waits for anything\n");
    StrBuf brief = { 0 };
    sb_add(&brief, r->p, head);
    wafer_report(rt->chip, &brief, 12);
    wt_status_t s =
        fail(WT_STALL, "nothing can move any more, and the host still waits:\n%s", sb_str(&brief));
    sb_free(&brief);
    return s;
}

wt_status_t command_wait(wse_runtime_t *rt, size_t index, uint64_t budget, bool *done) {
    uint64_t left = budget;
    for (;;) {
        TRY(start_ready(rt));
        harvest(rt);
        *done = is_done(rt, index);
        if (*done) return WT_OK;
        if (budget && !left) return WT_OK;

        ChipGoal goal = { .budget = left };
        int busy = rt->gate < 0 && rt->next < rt->commands.len
                       ? color_busy(rt, &rt->commands.data[rt->next])
                       : 0;
        if (rt->gate >= 0) {
            const Command *c = &rt->commands.data[rt->gate];
            goal.launch = c->kind == CMD_LAUNCH;
            goal.stream = c->stream;
        } else if (busy) {
            goal.stream = busy;
        } else if (rt->next == rt->commands.len && index < rt->commands.len) {
            goal.stream = rt->commands.data[index].stream;
        }
        uint64_t before = wafer_now(rt->chip);
        ChipStop why;
        TRY(run_step(rt, &goal, &why));
        uint64_t passed = wafer_now(rt->chip) - before;
        left = left > passed ? left - passed : 0;

        if (why == CHIP_INTERRUPTED)
            return fail(WT_INTERRUPTED, "interrupted at cycle %llu",
                        (unsigned long long)(before + passed));
        if (why == CHIP_QUIET) rt->quiet = true;
        harvest(rt);
        if (rt->gate >= 0 && gate_over(rt)) {
            command_finish(rt, &rt->commands.data[rt->gate]);
            rt->gate = -1;
        } else if (why == CHIP_QUIET && !is_done(rt, index)) {
            // Only a command that waits for quiet can still start.
            bool starts = rt->gate < 0 && rt->next < rt->commands.len &&
                          !color_busy(rt, &rt->commands.data[rt->next]);
            if (!starts) return stalled(rt);
        }
    }
}

wt_status_t command_settle(wse_runtime_t *rt, uint64_t budget, bool *done) {
    ChipStop why;
    TRY(run_step(rt, &(ChipGoal){ .budget = budget }, &why));
    if (why == CHIP_INTERRUPTED) return fail(WT_INTERRUPTED, "interrupted");
    *done = why == CHIP_QUIET;
    rt->quiet |= *done;
    return WT_OK;
}

wt_status_t command_submit(wse_runtime_t *rt, Command *c, bool nonblock, wse_task_t *task) {
    size_t index = rt->commands.len;
    wt_status_t s = nonblock && c->kind == CMD_H2D ? copy_keep_source(c) : WT_OK;
    if (s) {
        command_free(c);
        return s;
    }
    vec_push(&rt->commands, *c);
    if (task) *task = index + 1;
    if (nonblock) return WT_OK;
    bool done = false;
    s = command_wait(rt, index, rt->max_cycles, &done);
    if (!s && !done)
        s = fail(WT_LIMIT, "still busy after %llu cycles", (unsigned long long)rt->max_cycles);
    // The command stays in the list, to be waited for again; the source may not outlive this call.
    c = &rt->commands.data[index];
    if (s && c->kind == CMD_H2D && c->state == CMD_WAITING) {
        Err e;
        err_save(&e);
        if (copy_keep_source(c)) return WT_NOMEM;
        err_raise(&e);
    }
    return s;
}

static wt_status_t task_check(wse_runtime_t *rt, wse_task_t task) {
    if (!rt) return fail(WT_INVALID, "no runtime");
    if (!task || task > rt->commands.len)
        return fail(WT_INVALID, "task %llu: the runtime has given out %zu",
                    (unsigned long long)task, rt->commands.len);
    return WT_OK;
}

wt_status_t wse_task_wait(wse_runtime_t *rt, wse_task_t task) {
    TRY(task_check(rt, task));
    bool done;
    TRY(command_wait(rt, task - 1, rt->max_cycles, &done));
    return done
               ? WT_OK
               : fail(WT_LIMIT, "still busy after %llu cycles", (unsigned long long)rt->max_cycles);
}

wt_status_t wse_task_done(wse_runtime_t *rt, wse_task_t task, int32_t *done) {
    TRY(task_check(rt, task));
    if (!done) return fail(WT_INVALID, "wse_task_done: done must not be NULL");
    bool d;
    TRY(command_wait(rt, task - 1, 1000, &d));
    *done = d;
    return WT_OK;
}
