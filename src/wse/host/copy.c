// Copies: what the caller's array means, and moving its elements to and from PE memory or streams.
#include "wse/host/runtime.h"

#include "base/log.h"

#include <stdlib.h>

typedef enum Shape { SHAPE_FULL, SHAPE_ROWS, SHAPE_COLUMNS, SHAPE_STRIDE } Shape;

// ---------------------------------------------------------------------------------------------
// The PEs of a copy, as a walk: for (Walk w = {0}; walk(c, &w);) use (w.x, w.y), w.at

typedef struct Walk {
    unsigned i, j; // which column and row of the grid comes next
    unsigned x, y; // the PE
    size_t at;     // word of its element 0 in the host's array
    size_t serial; // its number in row order
    bool started;
} Walk;

static bool walk(const Copy *c, Walk *w) {
    if (!w->started) {
        w->started = true;
    } else {
        w->serial++;
        if (++w->i == c->pes.nx) w->i = 0, w->j++;
    }
    if (w->j == c->pes.ny) return false;
    w->x = c->pes.x + w->i * c->pes.dx;
    w->y = c->pes.y + w->j * c->pes.dy;
    w->at = w->i * c->layout.pe_x + w->j * c->layout.pe_y;
    return true;
}

static size_t copy_words(const Copy *c) { return (size_t)c->pes.nx * c->pes.ny * c->elems; }

// ---------------------------------------------------------------------------------------------
// Copy mode

// Where the elements begin in a PE's memory: what an exported pointer points to at this moment, or
// the exported variable itself.
static wt_status_t copy_address(wse_runtime_t *rt, const Copy *c, unsigned x, unsigned y,
                                uint32_t *at) {
    const Object *o = &rt->object;
    const ObjInst *in = wafer_inst(rt->chip, x, y);
    int row = in ? object_export(o, in, c->rpc) : -1;
    if (row < 0) return fail(WT_INVALID, "the program of PE (%u,%u) does not export it", x, y);
    *at = o->exports[row].value;
    if (!rpc_is_pointer(rt, c->rpc)) return WT_OK;
    uint16_t pointer;
    TRY(wafer_read(rt->chip, x, y, *at, &pointer, sizeof pointer));
    *at = pointer;
    if (*at % 2) return fail(WT_INVALID, "PE (%u,%u): the pointer 0x%04x is odd", x, y, *at);
    return WT_OK;
}

// Elements between a PE's memory and host words that lie `step` apart.
static void elements_in(uint8_t *ram, const uint32_t *from, size_t step, size_t n, bool half) {
    if (half) {
        for (size_t k = 0; k < n; k++) {
            uint16_t v = (uint16_t)from[k * step];
            memcpy(ram + 2 * k, &v, sizeof v);
        }
    } else if (step == 1) {
        memcpy(ram, from, 4 * n);
    } else {
        for (size_t k = 0; k < n; k++) memcpy(ram + 4 * k, &from[k * step], 4);
    }
}

static void elements_out(uint32_t *to, const uint8_t *ram, size_t step, size_t n, bool half) {
    if (half) {
        for (size_t k = 0; k < n; k++) {
            uint16_t v;
            memcpy(&v, ram + 2 * k, sizeof v);
            to[k * step] = v;
        }
    } else if (step == 1) {
        memcpy(to, ram, 4 * n);
    } else {
        for (size_t k = 0; k < n; k++) memcpy(&to[k * step], ram + 4 * k, 4);
    }
}

static wt_status_t pe_in(wse_runtime_t *rt, Copy *c, const Walk *w, uint32_t at) {
    uint32_t size = 0, width = c->half ? 2 : 4;
    uint8_t *ram = wafer_ram(rt->chip, w->x, w->y, &size);
    if (at > size || (uint64_t)c->elems * width > size - at)
        return fail(
            WT_INVALID,
            "%u elements of %u bytes at 0x%04x are more than the memory of PE (%u,%u) holds",
            c->elems, width, at, w->x, w->y);
    const uint32_t *from = c->owned ? c->owned : c->from;
    elements_in(ram + at, from + w->at, c->layout.element, c->elems, c->half);
    return wafer_write(rt->chip, w->x, w->y, at, from,
                       0); // tells a task that polls memory to look again
}

// Elements beyond what the program defines read as zero.
static void pe_out(wse_runtime_t *rt, Copy *c, const Walk *w, uint32_t at) {
    uint32_t size = 0, width = c->half ? 2 : 4;
    const uint8_t *ram = wafer_ram(rt->chip, w->x, w->y, &size);
    uint32_t room = at < size ? (size - at) / width : 0;
    uint32_t n = room < c->elems ? room : c->elems;
    elements_out(c->to + w->at, ram + at, c->layout.element, n, c->half);
    for (uint32_t k = n; k < c->elems; k++) {
        uint32_t last = 0;
        if (k == n && at < size) memcpy(&last, ram + at + n * width, (size - at) - n * width);
        c->to[w->at + k * c->layout.element] = last;
    }
}

wt_status_t copy_memory(wse_runtime_t *rt, Command *cmd) {
    Copy *c = &cmd->copy;
    for (Walk w = { 0 }; walk(c, &w);) {
        uint32_t at = 0;
        TRY(copy_address(rt, c, w.x, w.y, &at));
        if (cmd->kind == CMD_H2D)
            TRY(pe_in(rt, c, &w, at));
        else
            pe_out(rt, c, &w, at);
    }
    return wafer_skip(rt->chip, wafer_copy_cycles(rt->chip, copy_words(c)));
}

// ---------------------------------------------------------------------------------------------
// Streams: the chip takes and gives words PE by PE in row order

wt_status_t copy_stream(wse_runtime_t *rt, Command *cmd) {
    Copy *c = &cmd->copy;
    uint32_t *words = malloc(copy_words(c) * sizeof *words);
    if (!words) return fail(WT_NOMEM, "no memory for a stream of %zu words", copy_words(c));
    if (cmd->kind == CMD_H2D) {
        const uint32_t *from = c->owned ? c->owned : c->from;
        for (Walk w = { 0 }; walk(c, &w);)
            elements_in((uint8_t *)(words + w.serial * c->elems), from + w.at, c->layout.element,
                        c->elems, false);
    }
    free(c->owned);
    c->owned = words;
    ChipStream s = {
        .color = c->color,
        .x = c->pes.x,
        .y = c->pes.y,
        .w = (c->pes.nx - 1) * c->pes.dx + 1,
        .h = (c->pes.ny - 1) * c->pes.dy + 1,
        .dx = c->pes.dx,
        .dy = c->pes.dy,
        .l = c->elems,
        .in = cmd->kind == CMD_H2D ? words : NULL,
        .out = cmd->kind == CMD_D2H ? words : NULL,
    };
    return wafer_stream(rt->chip, &s, &cmd->stream);
}

void copy_drained(Command *cmd) {
    Copy *c = &cmd->copy;
    for (Walk w = { 0 }; walk(c, &w);)
        elements_out(c->to + w.at, (const uint8_t *)(c->owned + w.serial * c->elems),
                     c->layout.element, c->elems, false);
}

// Words of the host's array that the layout reaches.
static size_t layout_reach(const Copy *c) {
    return (c->pes.nx - 1) * c->layout.pe_x + (c->pes.ny - 1) * c->layout.pe_y +
           (c->elems - 1) * c->layout.element + 1;
}

wt_status_t copy_keep_source(Command *cmd) {
    Copy *c = &cmd->copy;
    if (c->owned) return WT_OK;
    size_t n = layout_reach(c);
    c->owned = malloc(n * sizeof *c->owned);
    if (!c->owned) return fail(WT_NOMEM, "no memory to keep %zu words of a nonblocking copy", n);
    memcpy(c->owned, c->from, n * sizeof *c->owned);
    return WT_OK;
}

// ---------------------------------------------------------------------------------------------
// The public calls

static Layout layout_of(Shape shape, const Grid *g, size_t l, bool columns_first) {
    size_t nx = shape == SHAPE_ROWS ? 1 : g->nx, ny = shape == SHAPE_COLUMNS ? 1 : g->ny;
    Layout f;
    if (shape == SHAPE_STRIDE) // the vendor's A[xi][eta][l]
        f = columns_first ? (Layout){ 1, nx, nx * ny } : (Layout){ ny * l, l, 1 };
    else
        f = columns_first ? (Layout){ ny, 1, nx * ny } : (Layout){ l, nx * l, 1 };
    if (shape == SHAPE_ROWS) f.pe_x = 0;
    if (shape == SHAPE_COLUMNS) f.pe_y = 0;
    return f;
}

static wt_status_t roi_check(const wse_runtime_t *rt, const wse_region_t *r) {
    const ObjHead *h = rt->object.head;
    if (r->width <= 0 || r->height <= 0)
        return fail(WT_INVALID, "a region of %d x %d PEs is empty", r->width, r->height);
    if (r->x < 0 || r->y < 0 || (int64_t)r->x + r->width > h->rect_w ||
        (int64_t)r->y + r->height > h->rect_h)
        return fail(
            WT_INVALID,
            "the region of %d x %d PEs at (%d,%d) leaves the program's rectangle of %u x %u",
            r->width, r->height, r->x, r->y, h->rect_w, h->rect_h);
    return WT_OK;
}

static wt_status_t color_check(const wse_runtime_t *rt, CommandKind kind, int32_t color) {
    const ObjHead *h = rt->object.head;
    uint32_t mask = kind == CMD_H2D ? h->h2d : h->d2h, other = kind == CMD_H2D ? h->d2h : h->h2d;
    const char *names = kind == CMD_H2D ? "MEMCPYH2D_1 to _4" : "MEMCPYD2H_1 to _4";
    if (color >= 0 && color < WSE_COLORS && mask >> color & 1) return WT_OK;
    if (color >= 0 && color < WSE_COLORS && other >> color & 1)
        return fail(WT_INVALID, "color %d streams in the other direction", color);
    return fail(WT_INVALID,
                "color %d is no streaming color: the layout gives <memcpy/get_params> colors as %s",
                color, names);
}

static wt_status_t variable_check(const wse_runtime_t *rt, CommandKind kind, int32_t id) {
    const Object *o = &rt->object;
    if (id < 0 || (uint32_t)id >= o->nrpcs)
        return fail(WT_INVALID,
                    "no symbol has the id %d (wse_get_id gives ids; streaming names colors)", id);
    const char *name = object_string(o, o->rpcs[id].name);
    if (o->rpcs[id].kind != RPC_VAR) return fail(WT_INVALID, "'%s' is not a variable", name);
    if (kind == CMD_H2D && o->rpcs[id].immutable && !rpc_is_pointer(rt, id))
        return fail(WT_INVALID, "'%s' is exported as immutable", name);
    if (kind == CMD_H2D && strstr(object_string(o, o->rpcs[id].type), "const "))
        return fail(WT_INVALID, "'%s' points to constants (%s): it cannot be written", name,
                    object_string(o, o->rpcs[id].type));
    return WT_OK;
}

wt_status_t runtime_busy_check(const wse_runtime_t *rt, const char *what) {
    if (!rt) return fail(WT_INVALID, "%s: no runtime", what);
    if (rt->stage == STAGE_STOPPED) return fail(WT_CLOSED, "%s after stop()", what);
    if (rt->stage != STAGE_RUNNING) return fail(WT_INVALID, "%s before load() and run()", what);
    return WT_OK;
}

// What a caller asked for.
typedef struct Request {
    CommandKind kind;
    Shape shape;
    int32_t id; // of the variable, or the color
    void *array;
    size_t words;
    const wse_region_t *roi;
    uint32_t elems;
    int32_t row_stride, col_stride;
} Request;

static wt_status_t options_read(const wse_copy_options_t *from, wse_copy_options_t *to) {
    *to = (wse_copy_options_t){ 0 };
    if (!from) return WT_OK;
    uint32_t given = from->struct_size;
    if (given < sizeof given) return fail(WT_INVALID, "options.struct_size is not set");
    memcpy(to, from, given < sizeof *to ? given : sizeof *to);
    if (to->data_type != WSE_MEMCPY_32BIT && to->data_type != WSE_MEMCPY_16BIT)
        return fail(WT_INVALID, "data_type %d: MEMCPY_32BIT is 0, MEMCPY_16BIT is 1",
                    to->data_type);
    if (to->order != WSE_ROW_MAJOR && to->order != WSE_COL_MAJOR)
        return fail(WT_INVALID, "order %d: ROW_MAJOR is 0, COL_MAJOR is 1", to->order);
    return WT_OK;
}

static wt_status_t request_check(const wse_runtime_t *rt, const Request *r, bool streaming) {
    if (!r->array || !r->roi) return fail(WT_INVALID, "the array and the region must not be NULL");
    if (!rt->object.head->memcpy)
        return fail(WT_INVALID, "the program was compiled without --memcpy");
    TRY(streaming ? color_check(rt, r->kind, r->id) : variable_check(rt, r->kind, r->id));
    TRY(roi_check(rt, r->roi));
    if (!r->elems) return fail(WT_INVALID, "elem_per_pe must be positive");
    if (r->elems > WSE_RAM && !streaming)
        return fail(WT_INVALID, "%u elements are more than a PE can hold", r->elems);
    if (r->row_stride <= 0 || r->col_stride <= 0)
        return fail(WT_INVALID, "strides of %d and %d: both must be positive", r->row_stride,
                    r->col_stride);
    return WT_OK;
}

// The array must have exactly the words that the layout reaches.
static wt_status_t words_check(const Request *r, const Copy *c) {
    size_t need = layout_reach(c);
    if (r->words == need) return WT_OK;
    char pes[48];
    if (r->shape == SHAPE_ROWS)
        snprintf(pes, sizeof pes, "%u rows", c->pes.ny);
    else if (r->shape == SHAPE_COLUMNS)
        snprintf(pes, sizeof pes, "%u columns", c->pes.nx);
    else
        snprintf(pes, sizeof pes, "%u x %u PEs", c->pes.nx, c->pes.ny);
    return fail(WT_INVALID, "the array has %zu words; %s of %u elements take %zu", r->words, pes,
                r->elems, need);
}

static wt_status_t copy_make(const wse_runtime_t *rt, const Request *r,
                             const wse_copy_options_t *opt, Command *cmd) {
    TRY(request_check(rt, r, opt->streaming));
    *cmd = (Command){ .kind = r->kind };
    Copy *c = &cmd->copy;
    c->rpc = opt->streaming ? -1 : r->id;
    c->color = opt->streaming ? (unsigned)r->id : 0;
    c->half = !opt->streaming && opt->data_type == WSE_MEMCPY_16BIT;
    c->pes = (Grid){
        .x = (unsigned)r->roi->x,
        .y = (unsigned)r->roi->y,
        .nx = 1 + (unsigned)(r->roi->width - 1) / (unsigned)r->row_stride,
        .ny = 1 + (unsigned)(r->roi->height - 1) / (unsigned)r->col_stride,
        .dx = (unsigned)r->row_stride,
        .dy = (unsigned)r->col_stride,
    };
    c->elems = r->elems;
    c->layout = layout_of(r->shape, &c->pes, r->elems, opt->order == WSE_COL_MAJOR);
    if (r->kind == CMD_H2D)
        c->from = r->array;
    else
        c->to = r->array;
    return words_check(r, c);
}

// Bits of the elements that an exported variable has or points to; 0: not told by its type.
static int element_bits(const char *type) {
    static const char *const halves[] = { "i16", "u16", "f16", "bf16", "cb16" };
    static const char *const words[] = { "i32", "u32", "f32" };
    type += !strncmp(type, "[*]", 3) ? 3 : *type == '*';
    for (size_t i = 0; i < sizeof halves / sizeof *halves; i++)
        if (!strcmp(type, halves[i])) return 16;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(type, words[i])) return 32;
    return 0;
}

// A copy may have elements of another width than the variable, to carry two 16-bit ones in a word;
// more often data_type was forgotten. Told once per variable.
static void width_warn(wse_runtime_t *rt, const Request *r, bool half) {
    const Object *o = &rt->object;
    const char *type = object_string(o, o->rpcs[r->id].type);
    int bits = element_bits(type), copied = half ? 16 : 32;
    if (!bits || bits == copied) return;
    if (!rt->warned) rt->warned = calloc(o->nrpcs, sizeof *rt->warned);
    if (!rt->warned || rt->warned[r->id]) return;
    rt->warned[r->id] = true;
    log_at(WT_LOG_WARNING, "'%s' is %s and is copied in elements of %d bits (MEMCPY_%dBIT)",
           object_string(o, o->rpcs[r->id].name), type, copied, copied);
}

static wt_status_t copy_call(wse_runtime_t *rt, Request r, const wse_copy_options_t *options,
                             wse_task_t *task) {
    const char *verb = r.kind == CMD_H2D ? "memcpy_h2d" : "memcpy_d2h";
    TRY(runtime_busy_check(rt, verb));
    wse_copy_options_t opt;
    Command cmd;
    wt_status_t s = options_read(options, &opt);
    if (!s) s = copy_make(rt, &r, &opt, &cmd);
    if (!s && !opt.streaming) width_warn(rt, &r, cmd.copy.half);
    if (!s) return command_submit(rt, &cmd, opt.nonblock != 0, task);
    const Object *o = &rt->object;
    bool named = !opt.streaming && r.id >= 0 && (uint32_t)r.id < o->nrpcs;
    return err_prefix(s, "%s%s%s%s", verb, named ? " of '" : "",
                      named ? object_string(o, o->rpcs[r.id].name) : "", named ? "'" : "");
}

wt_status_t wse_memcpy_h2d(wse_runtime_t *rt, int32_t dest, const void *src, size_t words,
                           const wse_region_t *roi, uint32_t elems_per_pe,
                           const wse_copy_options_t *options, wse_task_t *task) {
    Request r = { CMD_H2D, SHAPE_FULL, dest, (void *)src, words, roi, elems_per_pe, 1, 1 };
    return copy_call(rt, r, options, task);
}

wt_status_t wse_memcpy_d2h(wse_runtime_t *rt, void *dst, size_t words, int32_t src,
                           const wse_region_t *roi, uint32_t elems_per_pe,
                           const wse_copy_options_t *options, wse_task_t *task) {
    Request r = { CMD_D2H, SHAPE_FULL, src, dst, words, roi, elems_per_pe, 1, 1 };
    return copy_call(rt, r, options, task);
}

wt_status_t wse_memcpy_h2d_rowbcast(wse_runtime_t *rt, int32_t dest, const void *src, size_t words,
                                    const wse_region_t *roi, uint32_t elems_per_pe,
                                    const wse_copy_options_t *options, wse_task_t *task) {
    Request r = { CMD_H2D, SHAPE_ROWS, dest, (void *)src, words, roi, elems_per_pe, 1, 1 };
    return copy_call(rt, r, options, task);
}

wt_status_t wse_memcpy_h2d_colbcast(wse_runtime_t *rt, int32_t dest, const void *src, size_t words,
                                    const wse_region_t *roi, uint32_t elems_per_pe,
                                    const wse_copy_options_t *options, wse_task_t *task) {
    Request r = { CMD_H2D, SHAPE_COLUMNS, dest, (void *)src, words, roi, elems_per_pe, 1, 1 };
    return copy_call(rt, r, options, task);
}

wt_status_t wse_memcpy_h2d_stride(wse_runtime_t *rt, int32_t dest, const void *src, size_t words,
                                  const wse_region_t *roi, uint32_t elems_per_pe,
                                  int32_t row_stride, int32_t col_stride,
                                  const wse_copy_options_t *options, wse_task_t *task) {
    Request r = { CMD_H2D, SHAPE_STRIDE, dest,       (void *)src, words,
                  roi,     elems_per_pe, row_stride, col_stride };
    return copy_call(rt, r, options, task);
}
