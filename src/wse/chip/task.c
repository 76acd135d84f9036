// Which task runs next, and what makes a task ready.
//
// Activation is one bit, blocked is one bit, per task number; a task runs to its end. The picker
// takes the task that has been ready longest, HIGH before LOW, ties by number. Data and control
// tasks are ready while a wavelet of theirs heads an unblocked channel (SDK: Task Identifiers;
// inventory 4.15, 4.16).
//
// A task that only looked and activated tasks would do the same again for as long as nothing else
// happens on its PE. It is parked: not picked until something does. So polling costs nothing, and a
// fabric where everyone polls is quiescent.
#include "wse/chip/machine.h"

#include <string.h>

static const ObjTask *task_row(const Pe *p, unsigned number) {
    uint8_t row = number < WSE_TASK_ROWS ? p->plan->task_of[number] : OBJ_NONE8;
    return row == OBJ_NONE8 ? NULL : &p->plan->tasks[row];
}

const char *task_name(const Chip *c, const Pe *p, unsigned number) {
    const ObjTask *t = task_row(p, number);
    return t ? object_string(c->o, t->name) : "?";
}

static void ready_since(Pe *p, unsigned number, uint64_t at) {
    uint8_t place = p->plan->since_of[number];
    if (place != OBJ_NONE8) p->since[place] = at;
}

void task_event(Pe *p) { p->parked = 0; }

bool task_activate(Chip *c, Pe *p, unsigned number, uint64_t at) {
    if (number >= WSE_TASKS || !(p->plan->locals >> number & 1))
        return pe_fault(c, p, "activation of task id %u, which no local task is bound to", number);
    if (!(p->active >> number & 1)) ready_since(p, number, at);
    p->active |= 1ull << number;
    return true;
}

bool task_block(Chip *c, Pe *p, ObjTarget kind, unsigned id, bool block, uint64_t at) {
    if (kind == TGT_UT) {
        if (c->head->arch != WSE3 || id >= MICROTHREADS)
            return pe_fault(c, p, "@%sblock of microthread %u", block ? "" : "un", id);
        p->ut_blocked = (uint8_t)(block ? p->ut_blocked | 1u << id : p->ut_blocked & ~(1u << id));
        return true;
    }
    unsigned limit = kind == TGT_COLOR ? WSE_COLORS : kind == TGT_QUEUE ? WSE_QUEUES : WSE_TASKS;
    if (id >= limit)
        return pe_fault(c, p, "@%sblock of %s %u", block ? "" : "un",
                        kind == TGT_COLOR   ? "color"
                        : kind == TGT_QUEUE ? "input queue"
                                            : "task",
                        id);
    bool was = p->blocked >> id & 1;
    if (block)
        p->blocked |= 1ull << id;
    else
        p->blocked &= ~(1ull << id);
    if (was && !block) ready_since(p, id, at);
    return true;
}

bool task_when(Chip *c, Pe *p, const ObjWhen *w, uint64_t at) {
    task_event(p);
    if (w->action == ACT_ACTIVATE) return task_activate(c, p, w->id, at);
    if (w->action == ACT_UNBLOCK) return task_block(c, p, (ObjTarget)w->target, w->id, false, at);
    return true;
}

// ---- picking ----

typedef struct Pick {
    unsigned number; // task number; NONE: nothing
    uint64_t since;
    bool high;
    int chan; // channel whose head wavelet it takes, or -1
} Pick;

static void offer(const Pe *p, Pick *best, unsigned number, uint64_t since, int chan) {
    const ObjTask *t = task_row(p, number);
    bool high = t && t->high;
    bool better = best->number == OBJ_NONE16 || (high && !best->high) ||
                  (high == best->high &&
                   (since < best->since || (since == best->since && number < best->number)));
    if (better) *best = (Pick){ number, since, high, chan };
}

static uint64_t since_of(const Pe *p, unsigned number) {
    uint8_t place = p->plan->since_of[number];
    return place == OBJ_NONE8 ? 0 : p->since[place];
}

// The task that a control wavelet's entry point means on its channel.
static const ObjTask *control_task(const Pe *p, const Queue *q, uint32_t word) {
    const ObjTask *t = task_row(p, q->control_at + (word >> 16 & 63));
    return t && t->kind == TASK_CONTROL ? t : NULL;
}

static const ObjTask *data_task(const Pe *p, const Queue *q) {
    const ObjTask *t = task_row(p, q->number);
    return t && t->kind == TASK_DATA ? t : NULL;
}

static void offer_channel(Chip *c, Pe *p, Pick *best, unsigned chan) {
    Queue *q = &p->chans[chan];
    Flit *f = queue_head(q);
    if (f->at > c->now) {
        if (f->at < p->want) p->want = f->at;
        return;
    }
    const ObjTask *t = f->control ? control_task(p, q, f->data) : data_task(p, q);
    if (!t) return;
    uint64_t since = since_of(p, q->number);
    offer(p, best, t->number, f->at > since ? f->at : since, (int)chan);
}

// Control wavelets on unblocked channels whose entry point no task is bound to end here.
static void drop_control(Chip *c, Pe *p, unsigned chan) {
    Queue *q = &p->chans[chan];
    while (q->count) {
        Flit *f = queue_head(q);
        if (f->at > c->now || !f->control) return;
        if (control_task(p, q, f->data)) return;
        for (unsigned i = 0; i < OPS; i++) // an operation may wait for it
            if ((i == MAIN_OP ? p->state == MAIN_VECTOR : p->op_live >> i & 1) &&
                p->ops[i].on_control.action &&
                ((p->ops[i].src0.kind == WALK_IN && p->ops[i].src0.port == chan) ||
                 (p->ops[i].src1.kind == WALK_IN && p->ops[i].src1.port == chan)))
                return;
        channel_pop(c, p, chan);
        p->did = true;
    }
}

static uint64_t argument(ObjArg kind, uint32_t word) {
    switch (kind) {
    case ARG_WORD_I32: return (uint64_t)(int32_t)word;
    case ARG_LOW_U16: return word & 0xffff;
    case ARG_LOW_I16: return (uint64_t)(int16_t)word;
    case ARG_HIGH_U16: return word >> 16;
    case ARG_HIGH_I16: return (uint64_t)(int16_t)(word >> 16);
    default: return word;
    }
}

bool task_pick(Chip *c, Pe *p) {
    Pick best = { OBJ_NONE16, 0, false, -1 };
    uint64_t locals = p->active & ~p->blocked & ~p->parked & p->plan->locals;
    for (; locals; locals &= locals - 1) {
        unsigned number = (unsigned)__builtin_ctzll(locals);
        uint64_t since = since_of(p, number);
        if (since < c->now)
            offer(p, &best, number, since, -1); // activated in this cycle: from the next on
        else if (c->now + 1 < p->want)
            p->want = c->now + 1;
    }
    for (uint64_t open = p->chan_live & ~p->blocked; open; open &= open - 1) {
        unsigned id = (unsigned)__builtin_ctzll(open);
        unsigned chan = c->head->arch == WSE2 ? p->plan->chan_color[id] : p->plan->chan_queue[id];
        drop_control(c, p, chan);
        if (p->chans[chan].count) offer_channel(c, p, &best, chan);
    }
    if (p->launched) offer(p, &best, LAUNCH_TASK, since_of(p, LAUNCH_TASK), -1);
    if (best.number == OBJ_NONE16) return false;

    p->task = (uint8_t)best.number;
    p->effects = false;
    p->activated = 0;
    if (best.number == LAUNCH_TASK) {
        p->launched = false;
        p->effects = true;
        task_event(p);
        pe_begin(c, p, c->launch_func[p->plan - c->plans], c->args, c->nargs);
        return true;
    }
    const ObjTask *t = task_row(p, best.number);
    uint64_t args[2] = { 0, 0 };
    if (best.chan >= 0) {
        uint32_t word = queue_head(&p->chans[best.chan])->data;
        for (int i = 0; i < t->args; i++) args[i] = argument((ObjArg)t->arg[i], word);
        channel_pop(c, p, (unsigned)best.chan);
        p->effects = true; // it took a wavelet
        task_event(p);
    } else {
        p->active &= ~(1ull << best.number);
    }
    pe_begin(c, p, t->func, args, t->args);
    return true;
}

void task_end(Pe *p, uint64_t at) {
    p->state = MAIN_IDLE;
    p->main_at = at;
    if (p->effects)
        task_event(p);
    else if (p->activated && p->task < WSE_TASKS)
        p->parked |= 1ull << p->task;
}
