#include "riscv/code.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/zeroed.h"
#include "riscv/engine.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct CodeCache {
    Rv32Index index;
    pthread_mutex_t lock; // over all below; decoded lines are read without it
    CodeMap *maps;
    CodeLine *line; // [capacity]
    size_t n, capacity;
    uint32_t *bucket; // [buckets]: 1 + line, 0 when empty; open addressing by content hash
    size_t buckets;   // a power of two, at least twice the capacity
    bool full;
};

wt_status_t code_cache_create(uint32_t isa, size_t lines, CodeCache **cache) {
    CodeCache *c = calloc(1, sizeof *c);
    if (!c) return fail(WT_NOMEM, "no memory for a code cache");
    c->capacity = lines ? lines : 8192;
    for (c->buckets = 2; c->buckets < 2 * c->capacity;) c->buckets *= 2;
    c->line = calloc(c->capacity, sizeof *c->line); // touched only as it fills
    c->bucket = calloc(c->buckets, sizeof *c->bucket);
    if (!c->line || !c->bucket) {
        free(c->line);
        free(c->bucket);
        free(c);
        return fail(WT_NOMEM, "no memory for a code cache of %zu lines", lines);
    }
    rv32_index_init(&c->index, isa);
    pthread_mutex_init(&c->lock, NULL);
    *cache = c;
    return WT_OK;
}

void code_cache_destroy(CodeCache *c) {
    if (!c) return;
    pthread_mutex_destroy(&c->lock);
    free(c->line);
    free(c->bucket);
    free(c);
}

size_t code_cache_lines(const CodeCache *c) { return c->n; }

const Rv32Index *code_index(const CodeCache *c) { return &c->index; }

// Decoding

// The word of a line that a jump from one of its words goes to.
static uint32_t to_word(unsigned word, uint32_t imm) { return (word * 4 + imm) / 4; }

static CodeVariant variant_of(char format, unsigned word, uint32_t imm, unsigned base) {
    if (format == 'S') return base == 2 ? THROUGH_SP : PLAIN;
    if (format != 'B' && format != 'J') return PLAIN;
    uint32_t to = word * 4 + imm; // wraps for jumps to before the line
    if (to & 3 || to >= LINE_BYTES) return PLAIN;
    return (int32_t)imm > 0 ? NEAR_FORWARD : NEAR_BACKWARD;
}

static CodeVariant decode_word(const CodeCache *c, CodeLine *line, unsigned i) {
    uint32_t w = line->word[i];
    Op op = rv32_decode(&c->index, w);
    unsigned rd = w >> 7 & 31;
    CodeSlot *s = &line->slot[i];
    *s = (CodeSlot){ .rd = (uint8_t)(rd ? rd : 32), .rs1 = w >> 15 & 31, .rs2 = w >> 20 & 31 };
    s->op = (uint8_t)op;
    CodeVariant v = PLAIN;
    if (op == OP_ttinsn) {
        s->imm = (int32_t)rv32_ttinsn(w);
    } else if (op == OP_undefined) {
        s->imm = (int32_t)w;
    } else {
        char format = rv32_rows[op].format;
        uint32_t imm = rv32_imm(w, format);
        v = variant_of(format, i, imm, s->rs1);
        s->imm = (int32_t)imm;
        if (v == NEAR_FORWARD || v == NEAR_BACKWARD) s->imm = s->imm / 4 * (int32_t)sizeof *s;
        if (v == NEAR_BACKWARD && to_word(i, imm) < line->floor) line->floor = to_word(i, imm);
    }
    return v;
}

static void decode_line(const CodeCache *c, CodeLine *line) {
    CodeVariant next = PLAIN;
    line->floor = LINE_WORDS;
    line->slot[LINE_WORDS] = (CodeSlot){ .run = run_label(OP_line_end, PLAIN), .op = OP_line_end };
    for (unsigned i = LINE_WORDS; i--;) {
        CodeVariant v = decode_word(c, line, i);
        CodeSlot *s = &line->slot[i];
        const void *pair = run_pair(s->op, v, s[1].op, next);
        s->run = pair ? pair : run_label(s->op, v);
        next = v;
    }
}

// The line with this content; NULL when it is new and there is no room.
static CodeLine *cache_line(CodeCache *c, const uint32_t word[LINE_WORDS]) {
    size_t b = hash64(word, LINE_BYTES, 0) & (c->buckets - 1);
    for (; c->bucket[b]; b = (b + 1) & (c->buckets - 1)) {
        CodeLine *line = &c->line[c->bucket[b] - 1];
        if (!memcmp(line->word, word, LINE_BYTES)) return line;
    }
    if (c->n == c->capacity) {
        c->full = true;
        return NULL;
    }
    CodeLine *line = &c->line[c->n++];
    memcpy(line->word, word, LINE_BYTES);
    decode_line(c, line);
    c->bucket[b] = (uint32_t)c->n;
    return line;
}

// Maps

wt_status_t code_map_init(CodeMap *m, CodeCache *cache, Space *space) {
    *m = (CodeMap){ .cache = cache, .space = space, .epoch = 1 };
    m->n = (space->size + LINE_BYTES - 1) >> LINE_BITS;
    m->entry = zeroed_alloc(m->n * sizeof *m->entry);
    if (!m->entry) return fail(WT_NOMEM, "no memory for the code map of %u bytes", space->size);
    pthread_mutex_lock(&cache->lock);
    m->next = cache->maps;
    cache->maps = m;
    pthread_mutex_unlock(&cache->lock);
    return WT_OK;
}

void code_map_deinit(CodeMap *m) {
    if (!m->cache) return;
    pthread_mutex_lock(&m->cache->lock);
    CodeMap **at = &m->cache->maps;
    while (*at != m) at = &(*at)->next;
    *at = m->next;
    pthread_mutex_unlock(&m->cache->lock);
    zeroed_free(m->entry, m->n * sizeof *m->entry);
}

// How much of a line lies in the space: all but, perhaps, at its end.
static uint32_t line_bytes(const Space *s, uint32_t line) {
    uint32_t rest = s->size - (line << LINE_BITS);
    return rest < LINE_BYTES ? rest : LINE_BYTES;
}

// The first byte of the line that counts as code.
static uint32_t code_begin(const CodeEntry *e) {
    return 4 * (e->entered < e->line->floor ? e->entered : e->line->floor);
}

static void set_marks(Space *s, uint32_t line, bool on) {
    CodeEntry *e = &s->code.entry[line];
    uint32_t at = line << LINE_BITS, n = line_bytes(s, line);
    for (uint32_t b = code_begin(e) & ~((1u << GRANULE_BITS) - 1); b < n; b += 1 << GRANULE_BITS) {
        uint8_t *m = &s->mark[(at + b) >> GRANULE_BITS];
        *m = on ? *m | MARK_CODE : *m & MARK_WATCH;
    }
}

static void drop_line(Space *s, uint32_t line) {
    set_marks(s, line, false);
    s->code.entry[line] = (CodeEntry){ 0 };
    s->code.epoch++;
}

void code_drop(Space *s, uint32_t off, uint32_t end) {
    for (uint32_t i = off >> LINE_BITS; i <= (end - 1) >> LINE_BITS; i++) {
        CodeEntry *e = &s->code.entry[i];
        if (e->line && end > (i << LINE_BITS) + code_begin(e)) drop_line(s, i);
    }
}

void code_cache_tidy(CodeCache *c) {
    if (!c->full) return;
    pthread_mutex_lock(&c->lock);
    for (CodeMap *m = c->maps; m; m = m->next)
        for (uint32_t i = 0; i < m->n; i++)
            if (m->entry[i].line) drop_line(m->space, i);
    memset(c->bucket, 0, c->buckets * sizeof *c->bucket);
    c->n = 0;
    c->full = false;
    pthread_mutex_unlock(&c->lock);
}

// Fetching

static CodeLine *find_line(Space *s, uint32_t line) {
    uint32_t word[LINE_WORDS] = { 0 };
    memcpy(word, s->host + (line << LINE_BITS), line_bytes(s, line));
    CodeCache *c = s->code.cache;
    pthread_mutex_lock(&c->lock);
    CodeLine *l = cache_line(c, word);
    pthread_mutex_unlock(&c->lock);
    return l;
}

CodeSlot *code_fetch(Hart *h, uint32_t pc) {
    Space *s = hart_code_space(h, pc);
    if (!s) return NULL;
    uint32_t off = pc - s->base, i = off >> LINE_BITS, w = off / 4 % LINE_WORDS;
    CodeEntry *e = &s->code.entry[i];
    // Entered before the known code: what lies there may have been written since.
    if (e->line && w < e->entered &&
        memcmp(e->line->word, s->host + (i << LINE_BITS), line_bytes(s, i)))
        drop_line(s, i);
    if (!e->line) {
        CodeLine *line = find_line(s, i);
        if (!line) return NULL;
        *e = (CodeEntry){ line, w };
        set_marks(s, i, true);
    } else if (w < e->entered) {
        e->entered = w;
        set_marks(s, i, true);
    }
    return &e->line->slot[w];
}
