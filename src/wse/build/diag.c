// Diagnostics: collected while compiling, rendered at the end. A message shows its place, the
// source line, a caret and an underline:
//
//     pe.csl:12:9: error: unknown identifier 'colour'; did you mean 'color'?
//        12 |     x = colour;
//           |         ^~~~~~
#include "wse/build/csl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ERROR_LIMIT = 20,
    FRAME_NOTES = 8,      // more frames than this are told by their number
    LINE_MAX_SHOWN = 160, // of a longer source line, a window around the caret is shown
};

static const char *const severity_name[] = { "note", "warning", "error" };

static void diag_add(Csl *c, CslSeverity severity, Span at, const char *text) {
    vec_push(&c->diags, (Diag){ severity, at, text });
}

static const char *format(Csl *c, const char *fmt, va_list ap) {
    va_list again;
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *text = arena_alloc(&c->arena, (size_t)n + 1);
    vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    return text;
}

// The frames around a message become notes after its own, which are still to come: they wait in
// `c->trail`. Messages with the same frames as the one before do without.
static bool same_frames(const Csl *c, const DiagFrame *f) {
    size_t n = 0;
    for (; f; f = f->up, n++)
        if (n >= c->shown.len || c->shown.data[n].at.at != f->at.at ||
            strcmp(c->shown.data[n].text, f->text))
            return false;
    return n == c->shown.len;
}

static void note_frames(Csl *c) {
    if (same_frames(c, c->frames)) return;
    c->shown.len = 0;
    int n = 0;
    for (DiagFrame *f = c->frames; f; f = f->up) {
        Diag note = { CSL_NOTE, f->at, f->text };
        vec_push(&c->shown, note);
        bool again = f != c->frames && c->trail.len &&
                     !memcmp(&vec_last(&c->trail).at, &f->at, sizeof f->at) &&
                     !strcmp(vec_last(&c->trail).text, f->text); // a recursion
        if (!again && n++ < FRAME_NOTES) vec_push(&c->trail, note);
    }
    if (n > FRAME_NOTES)
        vec_push(&c->trail,
                 (Diag){ CSL_NOTE, NOWHERE,
                         arena_printf(&c->arena, "and %d more levels up", n - FRAME_NOTES) });
}

static void flush_frames(Csl *c) {
    for (size_t i = 0; i < c->trail.len; i++) vec_push(&c->diags, c->trail.data[i]);
    c->trail.len = 0;
}

static int error_limit(const Csl *c) {
    return c->options->error_limit > 0 ? c->options->error_limit : ERROR_LIMIT;
}

bool diag_stop(const Csl *c) { return c->errors > error_limit(c); }

// Where the user's own code led to a place in our library; 0 when the place is the user's.
static SrcPos user_pos(const Csl *c, Span at) {
    const SrcFile *f = source_of(c, at.at);
    if (!f || !f->library) return 0;
    for (DiagFrame *up = c->frames; up; up = up->up) {
        f = source_of(c, up->at.at);
        if (f && !f->library) return up->at.at;
    }
    return 0;
}

static bool diag_report(Csl *c, CslSeverity severity, Span at, const char *fmt, va_list ap) {
    c->dropped = true;
    if (diag_stop(c)) return false;
    const char *text = format(c, fmt, ap);
    const char *key = arena_printf(&c->arena, "%u %u %s", at.at, user_pos(c, at), text);
    uint64_t *seen = map_puts(&c->reported, key);
    if (*seen) return false;
    *seen = 1;
    if (severity == CSL_WARNING && c->options->warnings_as_errors) {
        severity = CSL_ERROR;
        text = arena_printf(&c->arena, "%s (a warning, with --warnings-as-errors)", text);
    }
    if (severity == CSL_WARNING)
        c->warnings++;
    else if (++c->errors > error_limit(c)) {
        flush_frames(c);
        diag_add(c, CSL_ERROR, NOWHERE, "too many errors, stopping here");
        return false;
    }
    c->dropped = false;
    flush_frames(c);
    diag_add(c, severity, at, text);
    note_frames(c);
    return true;
}

bool diag_error(Csl *c, Span at, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    bool reported = diag_report(c, CSL_ERROR, at, fmt, ap);
    va_end(ap);
    return reported;
}

bool diag_warning(Csl *c, Span at, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    bool reported = diag_report(c, CSL_WARNING, at, fmt, ap);
    va_end(ap);
    return reported;
}

void diag_note(Csl *c, Span at, const char *fmt, ...) {
    if (c->dropped) return;
    va_list ap;
    va_start(ap, fmt);
    diag_add(c, CSL_NOTE, at, format(c, fmt, ap));
    va_end(ap);
}

static bool before(const Diag *a, const Diag *b) {
    return a->at.at && b->at.at && a->at.at < b->at.at;
}

void diag_sort(Csl *c, size_t first) {
    flush_frames(c);
    // Insertion of whole groups: there are few, and nearly all of them stand in order.
    for (size_t i = first, n; i < c->diags.len; i += n) {
        Diag *d = c->diags.data;
        for (n = 1; i + n < c->diags.len && d[i + n].severity == CSL_NOTE;) n++;
        size_t to = i;
        for (size_t j = i; j-- > first;) {
            if (d[j].severity == CSL_NOTE) continue;
            if (!before(&d[i], &d[j])) break;
            to = j;
        }
        if (to == i) continue;
        Diag *group = malloc(n * sizeof *group);
        if (!group) return;
        memcpy(group, d + i, n * sizeof *d);
        memmove(d + to + n, d + to, (i - to) * sizeof *d);
        memcpy(d + to, group, n * sizeof *d);
        free(group);
    }
}

// ---- spelling ----

// A name is near enough when no more than a third of it has to change.
Spelling spelling(const char *wanted) {
    return (Spelling){ str_of(wanted), { NULL, 0 }, (strlen(wanted) + 1) / 3 + 1 };
}

void spelling_offer(Spelling *s, const char *candidate) {
    Str name = str_of(candidate);
    size_t longer = name.n > s->wanted.n ? name.n - s->wanted.n : s->wanted.n - name.n;
    if (longer >= s->distance || s->wanted.n > 64) return;
    size_t d = str_edit_distance(s->wanted, name);
    if (d && d < s->distance) {
        s->distance = d;
        s->best = name;
    }
}

const char *spelling_hint(Csl *c, const Spelling *s) {
    return s->best.n ? arena_printf(&c->arena, "; did you mean '%.*s'?", STR_ARG(s->best)) : "";
}

// ---- rendering ----

static bool is_continuation(char ch) { return ((unsigned char)ch & 0xc0) == 0x80; }

static size_t min_size(size_t a, size_t b) { return a < b ? a : b; }

// The source line and the caret line. Control characters would spoil the terminal and are shown as
// '?'; a tab stays one in both lines, so that they align.
static void render_snippet(StrBuf *b, const Csl *c, Span at, SrcPlace p) {
    size_t caret = (size_t)p.column - 1, from = 0, to = p.text.n;
    if (to > LINE_MAX_SHOWN) {
        from = caret > LINE_MAX_SHOWN / 2 ? caret - LINE_MAX_SHOWN / 2 : 0;
        from = min_size(from, p.text.n);
        while (from < p.text.n && is_continuation(p.text.p[from])) from++;
        to = min_size(from + LINE_MAX_SHOWN, p.text.n);
        while (to < p.text.n && is_continuation(p.text.p[to])) to++;
    }
    // The underline, in bytes of this line.
    SrcPos first = at.at - (SrcPos)caret; // position of the line's first byte
    size_t lo = at.start > first ? min_size(at.start - first, p.text.n) : 0;
    size_t hi = at.end > first ? min_size(at.end - first, p.text.n) : 0;
    if (at.start > at.at || source_of(c, at.start) != p.file) lo = caret;

    const char *lead = from ? "..." : "";
    sb_printf(b, "%5d | %s", p.line, lead);
    for (size_t i = from; i < to; i++) {
        unsigned char ch = (unsigned char)p.text.p[i];
        sb_putc(b, (ch < 0x20 && ch != '\t') || ch == 0x7f ? '?' : (char)ch);
    }
    sb_printf(b, "%s\n      | %s", to < p.text.n ? "..." : "", from ? "   " : "");
    size_t stop = caret >= hi ? caret + 1 : hi;
    for (size_t i = from; i < stop && i <= to; i++) {
        if (i < p.text.n && is_continuation(p.text.p[i])) continue;
        if (i == caret)
            sb_putc(b, '^');
        else if (i >= lo && i < hi)
            sb_putc(b, '~');
        else
            sb_putc(b, i < p.text.n && p.text.p[i] == '\t' ? '\t' : ' ');
    }
    sb_putc(b, '\n');
}

static void render(StrBuf *b, const Csl *c, const Diag *d) {
    SrcPlace p = source_place(c, d->at.at);
    if (!p.file) {
        sb_printf(b, "cslc: %s: %s\n", severity_name[d->severity], d->text);
        return;
    }
    sb_printf(b, "%s:%d:%d: %s: %s\n", p.file->path, p.line, p.column, severity_name[d->severity],
              d->text);
    render_snippet(b, c, d->at, p);
}

// What outlives the context: an arena of its own, which the result owns.
void diag_finish(Csl *c, CslResult *r) {
    Arena *a = r->memory;
    StrBuf b = { 0 };
    flush_frames(c);
    r->ndiagnostics = c->diags.len;
    r->diagnostics = arena_array(a, CslDiagnostic, c->diags.len + 1);
    for (size_t i = 0; i < c->diags.len; i++) {
        const Diag *d = &c->diags.data[i];
        SrcPlace p = source_place(c, d->at.at);
        const char *file = p.file ? p.file->path : "";
        r->diagnostics[i] = (CslDiagnostic){
            .severity = d->severity,
            .file = arena_str(a, file, strlen(file)),
            .line = p.line,
            .column = p.column,
            .text = arena_str(a, d->text, strlen(d->text)),
        };
        render(&b, c, d);
    }
    r->errors = c->errors;
    r->warnings = c->warnings;
    r->rendered = arena_str(a, sb_str(&b), b.n);
    r->params_json = arena_str(a, sb_str(&c->params_json), c->params_json.n);
    r->memory_use = arena_str(a, sb_str(&c->memory_use), c->memory_use.n);
    r->output = arena_str(a, sb_str(&c->output), c->output.n);
    sb_free(&b);
}
