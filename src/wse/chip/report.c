// What stands still and why: the lines a user reads when nothing moves any more.
#include "wse/chip/machine.h"

#include <stdarg.h>
#include <stdio.h>

typedef struct Report {
    Chip *c;
    StrBuf *to;
    unsigned found, limit;
} Report;

__attribute__((format(printf, 3, 4))) static void line(Report *r, const Pe *p, const char *fmt,
                                                       ...) {
    if (r->limit && r->found++ >= r->limit) return;
    if (!r->limit) r->found++;
    char text[1024];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sb_printf(r->to, "PE (%u,%u): %s\n", p->x, p->y, text);
}

const char *op_place(Chip *c, const Pe *p, const Op *op, char *buf, size_t n) {
    const char *file;
    uint32_t at;
    const ObjFunc *f = &p->plan->funcs[op->func];
    bool known = object_line(c->o, f, op->at ? op->at - 1 : 0, &file, &at);
    if (known)
        snprintf(buf, n, "@%s (%s:%u)", vec_names[op->vec->op], file, at);
    else
        snprintf(buf, n, "@%s (function '%s')", vec_names[op->vec->op],
                 object_string(c->o, f->name));
    return buf;
}

static void report_op(Report *r, Pe *p, unsigned slot) {
    char name[512], why[256], done[64];
    Op *op = &p->ops[slot];
    vec_waits(r->c, p, op, slot, why, sizeof why);
    if (op->left == OP_ENDLESS)
        snprintf(done, sizeof done, "endless");
    else
        snprintf(done, sizeof done, "%u of %u elements done", op->total - op->left, op->total);
    op_place(r->c, p, op, name, sizeof name);
    char runs[256];
    if (slot == MAIN_OP)
        line(r, p, "%s waits in %s: %s; %s", pe_runs(r->c, p, runs, sizeof runs), name, why, done);
    else
        line(r, p, "microthread %u, %s: %s; %s", slot, name, why, done);
}

static void report_main(Report *r, Pe *p) {
    char where[512];
    if (p->state == MAIN_VECTOR) report_op(r, p, MAIN_OP);
    if (p->state == MAIN_UT)
        line(r, p, "%s: waits for microthread %u, which another operation holds",
             pe_where(r->c, p, where, sizeof where), p->wait);
    if (p->state == MAIN_ELEMENT)
        line(r, p, "%s: @map waits for the fabric", pe_where(r->c, p, where, sizeof where));
    bool over = p->state == MAIN_IDLE && !p->op_live && !(p->active & p->blocked);
    if (p->cmd_owed)
        line(r, p, "has not called unblock_cmd_stream() since the launch%s",
             over ? ", and nothing is left on it that could" : "");
}

// Why a word of a color cannot leave through `tx`.
static const char *router_reason(Chip *c, Pe *p, unsigned color, unsigned tx, char *buf, size_t n) {
    if (!tx) return "the color has no output here";
    for (unsigned dir = 0; dir < 4; dir++) {
        if (!(tx >> dir & 1)) continue;
        const Branch *b = &p->branches[p->plan->branch_of[dir][color]];
        if (!b->to) {
            snprintf(buf, n, "its route leads %s, off the rectangle", dir_name(dir));
            return buf;
        }
        if (!b->lanes && !b->dropped) {
            snprintf(buf, n, "PE (%u,%u) takes no color %u from %s", b->to->x, b->to->y, color,
                     dir_name(opposite(dir)));
            return buf;
        }
        for (unsigned i = 0; i < b->lanes; i++) {
            if (lane_room(b->lane[i], c->now)) continue;
            snprintf(buf, n, "the router of PE (%u,%u) is full", b->to->x, b->to->y);
            return buf;
        }
    }
    if (tx >> DIR_RAMP & 1) {
        uint8_t chan = p->plan->chan_color[color];
        if (chan == OBJ_NONE8) return "no input queue is bound to the color";
        if (p->chans[chan].count >= p->chans[chan].cap) return "the input queue is full";
    }
    return "another word holds its way";
}

// Why nobody takes the words of an input queue.
static const char *channel_reason(Chip *c, Pe *p, unsigned chan, char *buf, size_t n) {
    const Queue *q = &p->chans[chan];
    int reader = vec_reader(p, chan);
    uint8_t row = p->plan->task_of[q->number];
    bool task = row != OBJ_NONE8 && p->plan->tasks[row].kind == TASK_DATA;
    bool blocked = p->blocked >> q->number & 1;
    if (reader == MAIN_OP) return "the operation of the main thread that reads it waits";
    if (reader >= 0)
        snprintf(buf, n, "microthread %d, which reads it, waits", reader);
    else if (queue_head((Queue *)q)->control && blocked)
        return "the channel is blocked, for control wavelets too";
    else if (task)
        snprintf(buf, n, "task '%s' %s, and no operation reads it", task_name(c, p, q->number),
                 blocked ? "is blocked" : "cannot run");
    else
        snprintf(buf, n, "no task is bound to it and no operation reads it");
    return buf;
}

static void report_words(Report *r, Pe *p) {
    char why[256];
    for (unsigned i = 0; i < p->plan->nlanes; i++) {
        const Lane *l = &p->lanes[i];
        if (l->count)
            line(r, p, "%u word%s of color %u from %s in the router: %s", l->count,
                 l->count > 1 ? "s" : "", l->color, dir_name(l->dir),
                 router_reason(r->c, p, l->color, flit_tx(&l->slot[l->head], l->tx), why,
                               sizeof why));
    }
    for (unsigned i = 0; i < p->plan->noqs; i++) {
        Queue *q = &p->oqs[i];
        if (!q->count) continue;
        unsigned color = queue_head(q)->color;
        const ObjColor *k = &p->plan->router->color[color];
        line(r, p, "%u word%s in output queue %u, color %u: %s", q->count, q->count > 1 ? "s" : "",
             q->number, color,
             !(k->rx >> DIR_RAMP & 1)
                 ? "the color is not routed from the RAMP here"
                 : router_reason(r->c, p, color, flit_tx(queue_head(q), k->tx), why, sizeof why));
    }
    for (unsigned i = 0; i < p->plan->nchans; i++) {
        Queue *q = &p->chans[i];
        if (!q->count) continue;
        char queue[32] = "its input queue";
        if (r->c->head->arch == WSE3) snprintf(queue, sizeof queue, "input queue %u", q->number);
        line(r, p, "%u word%s of color %u in %s%s: %s", q->count, q->count > 1 ? "s" : "", q->color,
             queue, queue_head(q)->control ? ", a control wavelet first" : "",
             channel_reason(r->c, p, i, why, sizeof why));
    }
}

unsigned wafer_report(WseChip *c, StrBuf *to, unsigned limit) {
    Report r = { .c = c, .to = to, .limit = limit };
    for (uint32_t i = 0; i < c->npes; i++) {
        Pe *p = &c->pes[i];
        report_main(&r, p);
        for (unsigned slot = 0; slot < MICROTHREADS; slot++)
            if (p->op_live >> slot & 1) report_op(&r, p, slot);
        report_words(&r, p);
        for (uint64_t left = p->active & p->blocked; left; left &= left - 1) {
            unsigned number = (unsigned)__builtin_ctzll(left);
            line(&r, p, "task '%s' (%u) is active but blocked: nothing unblocks it",
                 task_name(c, p, number), number);
        }
    }
    if (limit && r.found > limit) sb_printf(to, "and %u more\n", r.found - limit);
    return r.found;
}
