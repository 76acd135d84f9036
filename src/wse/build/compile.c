// The compiler as one call: options in, artifacts and diagnostics out.
#include "wse/build/sema.h"

#include <stdlib.h>
#include <string.h>

enum {
    FABRIC_MAX = 4096, // no wafer is larger in either direction
    // columns that memcpy needs west of the program, and the rows north of it
    WEST_MARGIN = 4,
    EAST_MARGIN = 3,
    NORTH_MARGIN = 1,
    SOUTH_MARGIN = 1,
    CHANNELS_MAX = 16,
};

static void check_binding(Csl *c, const char *option, const CslBinding *all, size_t i) {
    const char *name = all[i].name;
    if (!*name || !*all[i].value)
        diag_error(c, NOWHERE, "%s: '%s:%s' should be name:value", option, name, all[i].value);
    for (size_t j = 0; j < i; j++)
        if (!strcmp(all[j].name, name) && strcmp(all[j].value, all[i].value))
            diag_error(c, NOWHERE, "%s: '%s' is given as %s and as %s", option, name, all[j].value,
                       all[i].value);
}

// What can be refused before the program is read.
static void check_options(Csl *c) {
    const CslOptions *o = c->options;
    if (o->arch != 0 && o->arch != CSL_WSE2 && o->arch != CSL_WSE3)
        diag_error(c, NOWHERE, "--arch: wse2 or wse3");
    if (o->fabric_dims_given && (o->fabric_width < 1 || o->fabric_height < 1 ||
                                 o->fabric_width > FABRIC_MAX || o->fabric_height > FABRIC_MAX))
        diag_error(c, NOWHERE,
                   "--fabric-dims: %d,%d is no fabric; each is at least 1 and at most %d",
                   o->fabric_width, o->fabric_height, FABRIC_MAX);
    if (o->fabric_offsets_given && (o->fabric_x < 0 || o->fabric_y < 0 ||
                                    o->fabric_x > FABRIC_MAX || o->fabric_y > FABRIC_MAX))
        diag_error(c, NOWHERE, "--fabric-offsets: %d,%d lies off every fabric", o->fabric_x,
                   o->fabric_y);
    if (o->west_buf < 0 || o->west_buf > FABRIC_MAX || o->east_buf < 0 || o->east_buf > FABRIC_MAX)
        diag_error(c, NOWHERE,
                   "--width-west-buf, --width-east-buf: a number of columns from 0 to %d",
                   FABRIC_MAX);
    if (o->channels_given && (o->channels < 1 || o->channels > CHANNELS_MAX))
        diag_error(c, NOWHERE, "--channels: %d is not between 1 and %d", o->channels, CHANNELS_MAX);
    if (o->channels_given && !o->memcpy)
        diag_warning(c, NOWHERE, "--channels has no meaning without --memcpy");
    int x = WEST_MARGIN + o->west_buf, y = NORTH_MARGIN;
    if (o->memcpy && o->fabric_offsets_given && (o->fabric_x < x || o->fabric_y < y))
        diag_error(c, NOWHERE,
                   "--fabric-offsets: %d,%d leaves no room for memcpy; at least %d,%d (%d "
                   "columns%s west of the "
                   "program, one row north of it)",
                   o->fabric_x, o->fabric_y, x, y, WEST_MARGIN,
                   o->west_buf ? " and the west buffer" : "");
    for (size_t i = 0; i < o->nparams; i++) check_binding(c, "--params", o->params, i);
    for (size_t i = 0; i < o->ncolors; i++) check_binding(c, "--colors", o->colors, i);
}

// Where the program stands on which fabric. The rectangle is known only after the layout has run.
void place_on_fabric(Csl *c, int width, int height, CslPlacement *out) {
    const CslOptions *o = c->options;
    int margin = o->memcpy ? 1 : 0;
    int x = o->fabric_offsets_given ? o->fabric_x : margin * (WEST_MARGIN + o->west_buf);
    int y = o->fabric_offsets_given ? o->fabric_y : margin * NORTH_MARGIN;
    int w = x + width + margin * (EAST_MARGIN + o->east_buf),
        h = y + height + margin * SOUTH_MARGIN;
    *out = (CslPlacement){ .x = x,
                           .y = y,
                           .width = w,
                           .height = h,
                           .channels = o->memcpy ? o->channels_given ? o->channels : 1 : 0 };
    if (o->fabric_dims_given) {
        out->width = o->fabric_width;
        out->height = o->fabric_height;
        if (out->width < w || out->height < h) {
            if (diag_error(c, NOWHERE, "--fabric-dims: %d,%d is too small; at least %d,%d",
                           out->width, out->height, w, h))
                diag_note(c, NOWHERE, "offsets %d,%d, a rectangle of %d by %d%s", x, y, width,
                          height,
                          o->memcpy ? ", and memcpy's own PEs: 3 columns with the east buffer east "
                                      "of it, one row south"
                                    : "");
        }
    }
    if (out->channels > width)
        diag_error(c, NOWHERE, "--channels: %d channels for a rectangle that is only %d wide",
                   out->channels, width);
}

static wt_status_t compile(Csl *c) {
    const CslOptions *o = c->options;
    check_options(c);
    if (c->errors) return WT_COMPILE;
    if (o->fp16 != CSL_F16)
        diag_warning(c, NOWHERE,
                     "--fp16-format: at compile time only; the machine still computes in f16");
    Unit *u = unit_load(c, NULL, o->input, NOWHERE);
    if (u && o->emit == CSL_EMIT_TOKENS) dump_tokens(c, u->file, &c->output);
    if (u && o->emit == CSL_EMIT_AST) dump_unit(c, u, &c->output);
    if (o->emit == CSL_EMIT_TOKENS || o->emit == CSL_EMIT_AST || !u || u->broken)
        return c->errors ? WT_COMPILE : WT_OK;
    Program p;
    bool ok = sema_compile(c, u, &p);
    if (ok) artifact_params(c);
    if (ok && o->out_routes) artifact_routes(&p.object, &c->output);
    if (ok) artifact_memory(&p.object, &c->memory_use);
    wt_status_t status = WT_OK;
    if (ok && o->emit == CSL_EMIT_BYTECODE) artifact_dump(&p.object, &c->output);
    if (ok && o->emit == CSL_EMIT_NONE) {
        status = object_verify(&p.object);
        if (status == WT_OK)
            status = artifact_write(c, &p.object);
        else
            status = fail(WT_INTERNAL, "the compiler made a bad program: %s", wt_last_error());
    }
    program_free(&p);
    return status ? status : c->errors ? WT_COMPILE : WT_OK;
}

wt_status_t csl_compile(const CslOptions *options, CslResult *result) {
    *result = (CslResult){ .memory = calloc(1, sizeof(Arena)) };
    if (!result->memory) return fail(WT_NOMEM, "compiler context");
    Csl c = { .options = options };
    wt_status_t status = compile(&c);
    if (status == WT_OK && c.errors) status = WT_COMPILE;
    diag_finish(&c, result);
    if (status == WT_COMPILE)
        fail(WT_COMPILE, "%s: %d error%s", options->input, c.errors, c.errors == 1 ? "" : "s");
    vec_free(&c.files);
    vec_free(&c.diags);
    vec_free(&c.trail);
    vec_free(&c.shown);
    map_free(&c.names);
    map_free(&c.units);
    map_free(&c.reported);
    sb_free(&c.output);
    sb_free(&c.params_json);
    sb_free(&c.memory_use);
    vec_free(&c.params);
    vec_free(&c.colors);
    arena_free(&c.arena);
    return status;
}

void csl_result_free(CslResult *r) {
    if (r->memory) arena_free(r->memory);
    free(r->memory);
    *r = (CslResult){ 0 };
}
