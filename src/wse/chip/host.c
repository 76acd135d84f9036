// The host's ports: words that stream to and from PEs at their own ramps, and launches.
//
// At most one word enters and one leaves a PE in a cycle, and at most as many in all as the program
// has channels, going round the PEs in row order. What a program sends to the host always drains,
// into a buffer per PE where no transfer asks for it yet (docs/status.md: more lenient than
// hardware).
#include "wse/chip/machine.h"

#include <stdlib.h>
#include <string.h>

// ---- bitmaps of PEs ----

static bool bit_set(uint64_t *bits, uint64_t *count, uint32_t i) {
    if (bits[i / 64] >> i % 64 & 1) return false;
    bits[i / 64] |= 1ull << i % 64;
    ++*count;
    return true;
}
static void bit_clear(uint64_t *bits, uint64_t *count, uint32_t i) {
    if (!(bits[i / 64] >> i % 64 & 1)) return;
    bits[i / 64] &= ~(1ull << i % 64);
    --*count;
}
// The first PE from `from` on, going round; `n` PEs; there is one.
static uint32_t bit_next(const uint64_t *bits, uint32_t n, uint32_t from) {
    uint32_t words = (n + 63) / 64, w = from / 64;
    uint64_t b = bits[w] & ~0ull << from % 64;
    while (!b) b = bits[w = w + 1 == words ? 0 : w + 1];
    return w * 64 + (uint32_t)__builtin_ctzll(b);
}

// One round of a cycle's words: from PE to PE in row order, each at most once.
typedef struct Round {
    const Chip *c;
    uint32_t *cursor, start, gone; // PEs passed
    unsigned left;                 // words that the channels still carry
} Round;

static Round round_begin(const Chip *c, uint32_t *cursor) {
    return (Round){ .c = c,
                    .cursor = cursor,
                    .start = *cursor,
                    .left = c->head->channels ? c->head->channels : 1 };
}
// The next PE of the round with its bit set; false when the round or its words are over.
static bool round_next(Round *r, const uint64_t *bits, uint64_t count, uint32_t *pe) {
    if (!r->left || !count) return false;
    uint32_t n = r->c->npes, i = bit_next(bits, n, *r->cursor), at = i - r->start;
    if (i < r->start) at += n;
    if (at < r->gone) return false;
    r->gone = at + 1;
    *r->cursor = i + 1 == n ? 0 : i + 1;
    *pe = i;
    return true;
}

static void host_soon(Chip *c, uint64_t at) {
    if (at < c->host_at) c->host_at = at;
}

// ---- transfers ----

// A PE's place in a transfer, or -1.
static int64_t place(const Chip *c, const Transfer *t, uint32_t pe) {
    uint32_t x = pe % c->head->rect_w, y = pe / c->head->rect_w, dx = t->s.dx ? t->s.dx : 1,
             dy = t->s.dy ? t->s.dy : 1;
    if (x < t->s.x || y < t->s.y || x - t->s.x >= t->s.w || y - t->s.y >= t->s.h) return -1;
    x -= t->s.x;
    y -= t->s.y;
    return x % dx || y % dy ? -1 : (int64_t)(y / dy) * t->nx + x / dx;
}

static void inject(Chip *c) {
    Transfer *t = c->input;
    Round r = round_begin(c, &c->in_cursor);
    for (uint32_t i; round_next(&r, c->in_ready, c->in_count, &i);) {
        Pe *p = &c->pes[i];
        uint8_t chan = p->plan->chan_color[t->s.color];
        int64_t at = place(c, t, i);
        uint32_t *count = &t->count[at];
        if (chan != OBJ_NONE8 && p->chans[chan].count < p->chans[chan].cap) {
            uint32_t word = t->s.in[(uint64_t)at * t->s.l + *count];
            channel_push(c, p, chan, c->now + RAMP_DELAY, word, false);
            ++*count;
            t->moved++;
            c->standing[t->s.color]++;
            r.left--;
        } else {
            bit_clear(c->in_ready, &c->in_count, i); // until it makes room
        }
        if (*count == t->s.l) bit_clear(c->in_ready, &c->in_count, i);
    }
    if (c->in_count) host_soon(c, c->now + 1);
}

// A word that no transfer asked for yet. A program that sends without end is stopped before it
// takes the host's memory.
static void keep(Chip *c, Pe *p, HostFifo *f, unsigned color, uint32_t word) {
    uint32_t limit = c->opt.max_unread ? c->opt.max_unread : 1u << 24;
    if (f->len - f->at == limit) {
        pe_fault(c, p, "%u words of color %u went to the host, which asked for none of them", limit,
                 color);
        return;
    }
    if (f->len == f->cap && f->at) { // make room at the end before asking for more
        memmove(f->data, f->data + f->at, (f->len - f->at) * sizeof *f->data);
        f->len -= f->at;
        f->at = 0;
    } else if (f->len == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 16;
        f->data = realloc(f->data, f->cap * sizeof *f->data);
        if (!f->data) oom(f->cap * sizeof *f->data);
    }
    f->data[f->len++] = word;
}

static HostFifo *host_fifo(Chip *c, unsigned color, uint32_t pe) {
    return &c->fifos[(size_t)c->fifo_of[color] * c->npes + pe];
}

static void arrive(Chip *c, Pe *p, unsigned color, uint32_t word) {
    Transfer *t = c->output[color];
    int64_t at = t ? place(c, t, p->index) : -1;
    if (at < 0 || t->count[at] == t->s.l) {
        keep(c, p, host_fifo(c, color, p->index), color, word);
        return;
    }
    t->s.out[(uint64_t)at * t->s.l + t->count[at]++] = word;
    t->moved++;
}

static bool drain_one(Chip *c, Pe *p) {
    for (unsigned left = p->oq_live; left; left &= left - 1) {
        unsigned number = (unsigned)__builtin_ctz(left);
        Queue *q = &p->oqs[number];
        Flit f = *queue_head(q);
        if (f.at > c->now || !(c->head->d2h >> f.color & 1)) continue;
        queue_pop(q);
        if (!q->count) p->oq_live &= (uint8_t) ~(1u << number);
        if (!f.control) arrive(c, p, f.color, f.data); // control wavelets end at the edge
        wafer_wake(c, p, c->now);
        return true;
    }
    return false;
}

static void drain(Chip *c) {
    Round r = round_begin(c, &c->out_cursor);
    for (uint32_t i; round_next(&r, c->out_ready, c->out_count, &i);) {
        if (drain_one(c, &c->pes[i]))
            r.left--;
        else
            bit_clear(c->out_ready, &c->out_count, i); // it offers again
    }
    if (c->out_count) host_soon(c, c->now + 1);
}

void host_cycle(Chip *c) {
    c->host_at = NEVER;
    if (c->input && c->in_count) inject(c);
    if (c->out_count) drain(c);
}

void host_offer(Chip *c, Pe *p) {
    bit_set(c->out_ready, &c->out_count, p->index);
    host_soon(c, c->now + 1);
}

void host_took(Chip *c, Pe *p, unsigned color) {
    c->standing[color]--;
    Transfer *t = c->input;
    if (!t || t->s.color != color) return;
    int64_t at = place(c, t, p->index);
    if (at < 0 || t->count[at] == t->s.l) return;
    bit_set(c->in_ready, &c->in_count, p->index);
    host_soon(c, c->now + 1);
}

static wt_status_t check_stream(const Chip *c, const ChipStream *s) {
    if (s->color >= WSE_COLORS || !((c->head->h2d | c->head->d2h) >> s->color & 1))
        return fail(WT_INVALID, "color %u is not a streaming color of this program", s->color);
    bool input = c->head->h2d >> s->color & 1;
    if (input != (s->in != NULL) || input != (s->out == NULL))
        return fail(WT_INVALID, "color %u streams %s", s->color,
                    input ? "from host to device" : "from device to host");
    if (!s->w || !s->h || !s->l || s->x + (uint64_t)s->w > c->head->rect_w ||
        s->y + (uint64_t)s->h > c->head->rect_h)
        return fail(WT_INVALID, "region (%u,%u) %ux%u of %u words lies outside the %ux%u rectangle",
                    s->x, s->y, s->w, s->h, s->l, c->head->rect_w, c->head->rect_h);
    if (input ? c->input != NULL : c->output[s->color] != NULL)
        return fail(WT_INVALID, "the last transfer of this kind has not ended");
    return WT_OK;
}

wt_status_t wafer_stream(WseChip *chip, const ChipStream *s, int *id) {
    Chip *c = chip;
    TRY(check_stream(c, s));
    int n = 0;
    while (n < c->ntransfers && c->transfers[n]) n++;
    if (n == c->ntransfers) {
        Transfer **grown = realloc(c->transfers, (size_t)(n + 1) * sizeof *grown);
        if (!grown) return fail(WT_NOMEM, "no memory for a transfer");
        c->transfers = grown;
        c->transfers[c->ntransfers++] = NULL;
    }
    uint32_t dx = s->dx ? s->dx : 1, dy = s->dy ? s->dy : 1, nx = (s->w + dx - 1) / dx,
             ny = (s->h + dy - 1) / dy;
    Transfer *t = calloc(1, sizeof *t);
    uint32_t *count = calloc((size_t)nx * ny, sizeof *count);
    if (!t || !count) {
        free(t);
        free(count);
        return fail(WT_NOMEM, "no memory for a transfer");
    }
    *t = (Transfer){ .s = *s,
                     .input = s->in != NULL,
                     .count = count,
                     .nx = nx,
                     .ny = ny,
                     .total = (uint64_t)nx * ny * s->l };
    c->transfers[n] = t;
    *id = n + 1;
    if (t->input)
        c->input = t;
    else
        c->output[s->color] = t;
    for (uint32_t j = 0; j < ny; j++)
        for (uint32_t i = 0; i < nx; i++) {
            uint32_t pe = (s->y + j * dy) * c->head->rect_w + s->x + i * dx;
            if (t->input) {
                bit_set(c->in_ready, &c->in_count, pe);
                continue;
            }
            HostFifo *f = host_fifo(c, s->color, pe);
            uint32_t take = f->len - f->at < s->l ? f->len - f->at : s->l;
            if (take)
                memcpy(&s->out[((uint64_t)j * nx + i) * s->l], f->data + f->at,
                       take * sizeof *f->data);
            f->at += take;
            if (f->at == f->len) f->at = f->len = 0;
            count[(size_t)j * nx + i] = take;
            t->moved += take;
        }
    if (t->input) {
        c->in_cursor = s->y * c->head->rect_w + s->x;
        host_soon(c, c->now + 1);
    }
    return WT_OK;
}

static Transfer *transfer(const Chip *c, int id) {
    return id > 0 && id <= c->ntransfers ? c->transfers[id - 1] : NULL;
}

ChipStreamState wafer_stream_state(const WseChip *chip, int id) {
    const Chip *c = chip;
    const Transfer *t = transfer(c, id);
    if (!t) return (ChipStreamState){ .done = true };
    ChipStreamState s = { .total = t->total,
                          .moved = t->moved,
                          .standing = t->input ? c->standing[t->s.color] : 0 };
    s.done = s.moved == s.total && !s.standing;
    return s;
}

wt_status_t wafer_stream_end(WseChip *chip, int id) {
    Chip *c = chip;
    Transfer *t = transfer(c, id);
    if (!t) return fail(WT_INVALID, "no transfer %d", id);
    if (t->input) {
        memset(c->in_ready, 0, (c->npes + 63) / 64 * sizeof *c->in_ready);
        c->in_count = 0;
        c->input = NULL;
    } else {
        c->output[t->s.color] = NULL;
    }
    c->transfers[id - 1] = NULL;
    free(t->count);
    free(t);
    return WT_OK;
}

uint64_t wafer_stream_unread(const WseChip *chip, unsigned color) {
    const Chip *c = chip;
    uint64_t n = 0;
    if (color >= WSE_COLORS || !(c->head->d2h >> color & 1)) return 0;
    for (uint32_t i = 0; i < c->npes; i++) {
        const HostFifo *f = &c->fifos[(size_t)c->fifo_of[color] * c->npes + i];
        n += f->len - f->at;
    }
    return n;
}

uint64_t wafer_copy_cycles(const WseChip *chip, uint64_t words) {
    unsigned channels = chip->head->channels ? chip->head->channels : 1;
    return words / channels + chip->head->rect_w + chip->head->rect_h;
}

// ---- launch ----

wt_status_t wafer_launch(WseChip *chip, int rpc, const uint64_t *args, unsigned nargs) {
    Chip *c = chip;
    if (c->faulted) return fail(WT_FAULT, "%s", c->fault);
    if (rpc < 0 || (uint32_t)rpc >= c->o->nrpcs || c->o->rpcs[rpc].kind != RPC_FUNC)
        return fail(WT_INVALID, "rpc symbol %d is not a function", rpc);
    const ObjRpc *r = &c->o->rpcs[rpc];
    if (nargs != r->args.n)
        return fail(WT_INVALID, "'%s' takes %u arguments, not %u", object_string(c->o, r->name),
                    r->args.n, nargs);
    for (uint32_t i = 0; i < c->nplans; i++) {
        int e = object_export(c->o, c->plans[i].in, rpc);
        c->launch_func[i] = e < 0 ? UINT32_MAX : c->o->exports[e].value;
    }
    for (uint32_t i = 0; i < c->npes; i++) {
        const Pe *p = &c->pes[i];
        if (c->launch_func[p->plan - c->plans] == UINT32_MAX)
            return fail(WT_INVALID, "'%s' is not exported by the program of PE (%u,%u)",
                        object_string(c->o, r->name), p->x, p->y);
        if (p->launched)
            return fail(WT_INVALID, "PE (%u,%u) has not begun the last launch", p->x, p->y);
    }
    if (nargs) memcpy(c->args, args, nargs * sizeof *args);
    c->nargs = nargs;
    c->pending = c->npes;
    for (uint32_t i = 0; i < c->npes; i++) {
        Pe *p = &c->pes[i];
        p->launched = p->cmd_owed = true;
        p->since[p->plan->since_of[LAUNCH_TASK]] = c->now;
        wafer_wake(c, p, c->now + 1);
    }
    return WT_OK;
}

uint32_t wafer_launch_pending(const WseChip *chip) { return chip->pending; }

// ---- life ----

wt_status_t host_init(Chip *c) {
    size_t words = (c->npes + 63) / 64;
    unsigned n = 0;
    for (int i = 0; i < WSE_COLORS; i++) c->fifo_of[i] = (uint8_t)(c->head->d2h >> i & 1 ? n++ : 0);
    c->in_ready = calloc(words, sizeof *c->in_ready);
    c->out_ready = calloc(words, sizeof *c->out_ready);
    c->fifos = calloc((size_t)n * c->npes + 1, sizeof *c->fifos);
    c->host_at = NEVER;
    return c->in_ready && c->out_ready && c->fifos
               ? WT_OK
               : fail(WT_NOMEM, "no memory for the host's ports");
}

void host_free(Chip *c) {
    unsigned n = (unsigned)__builtin_popcount(c->head->d2h);
    for (size_t i = 0; c->fifos && i < (size_t)n * c->npes; i++) free(c->fifos[i].data);
    for (int i = 0; i < c->ntransfers; i++)
        if (c->transfers[i]) {
            free(c->transfers[i]->count);
            free(c->transfers[i]);
        }
    free(c->transfers);
    free(c->fifos);
    free(c->in_ready);
    free(c->out_ready);
}
