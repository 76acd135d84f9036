// Builtins of the layout: the rectangle, the code of each PE, routes, and the names that the host
// may use.
#include "wse/build/builtin.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE_MAX = 4096, PES_MAX = 4 << 20 };

// ---- configurations: structs whose fields are known ----

Span field_span(const Node *n, const Name *name) {
    if (n->kind == ND_STRUCT_LITERAL)
        for (uint32_t i = 0; i < n->literal.items.len; i++) {
            const Node *f = n->literal.items.data[i];
            if (f->kind == ND_FIELD_INIT && f->field_init.name == name)
                return span_of(f->field_init.value);
        }
    return span_of(n);
}

typedef struct Config { // a struct, or one of its fields
    Sema *s;
    Value v;
    // what gives it, if it was written in place, else the nearest enclosing expression
    const Node *node;
} Config;

static Span config_span(const Config *c) { return span_of(c->node); }

static bool config_get(const Config *c, const char *field, Config *out) {
    Name *name = name_of(c->s->c, field, strlen(field));
    if (!value_field(&c->v, name, &out->v)) return false;
    out->s = c->s;
    out->node = c->node;
    if (c->node->kind == ND_STRUCT_LITERAL)
        for (uint32_t i = 0; i < c->node->literal.items.len; i++) {
            const Node *f = c->node->literal.items.data[i];
            if (f->kind == ND_FIELD_INIT && f->field_init.name == name)
                out->node = f->field_init.value;
        }
    return true;
}

// A struct with no fields but these. `what` names it in messages.
static bool config_check(const Config *c, const char *what, const char *const *allowed) {
    const Type *t = c->v.type;
    if (t->kind != TY_STRUCT || (t->nfields && !t->fields[0].name))
        return sema_error(c->s, config_span(c),
                          "%s are a struct with named fields, not a value of type '%s'", what,
                          t->name);
    bool ok = true;
    for (uint32_t i = 0; i < t->nfields; i++) {
        bool known = false;
        Spelling sp = spelling(t->fields[i].name->s);
        for (const char *const *a = allowed; *a; a++) {
            known |= !strcmp(*a, t->fields[i].name->s);
            spelling_offer(&sp, *a);
        }
        if (!known)
            ok = sema_error(c->s, field_span(c->node, t->fields[i].name), "%s have no field '%s'%s",
                            what, t->fields[i].name->s, spelling_hint(c->s->c, &sp));
    }
    return ok;
}
#define FIELDS(...)                                                                                \
    (const char *const[]) { __VA_ARGS__, NULL }

static bool config_bool(const Config *c, const char *field, bool *out) {
    Config f;
    *out = false;
    if (!config_get(c, field, &f)) return true;
    if (f.v.type != c->s->types.bool_)
        return sema_error(c->s, config_span(&f), "'.%s' is true or false, not a value of type '%s'",
                          field, f.v.type->name);
    *out = f.v.i != 0;
    return true;
}

// ---- the rectangle ----

static Node *layout_block(const Sema *s) {
    const Unit *u = s->root->unit;
    for (uint32_t i = 0; i < u->decls.len; i++)
        if (u->decls.data[i]->kind == ND_LAYOUT) return u->decls.data[i];
    return NULL;
}

Operand builtin_set_rectangle(Sema *s, Node *call, Type *want) {
    (void)want;
    Layout *l = &s->layout;
    int64_t w, h;
    if (l->set) {
        sema_error(s, span_of(call), "@set_rectangle is called twice");
        diag_note(s->c, l->set_at, "the first time");
        return opd_error();
    }
    l->set = true;
    l->set_at = span_of(call);
    if (!arg_int(s, call, 0, 1, SIDE_MAX, &w) || !arg_int(s, call, 1, 1, SIDE_MAX, &h))
        return opd_error();
    if (w * h <= PES_MAX) {
        l->code = calloc((size_t)(w * h), sizeof *l->code);
        l->code_at = calloc((size_t)(w * h), sizeof *l->code_at);
        l->colors = calloc((size_t)(w * h), sizeof *l->colors);
    }
    if (!l->code || !l->code_at || !l->colors) {
        sema_error(s, span_of(call), "a rectangle of %d by %d PEs is too large", (int)w, (int)h);
        return opd_error();
    }
    l->w = (int)w;
    l->h = (int)h;
    CslPlacement place;
    place_on_fabric(s->c, l->w, l->h, &place);
    return opd_void(s);
}

// A PE of the rectangle from arguments 0 and 1; its row in the layout's tables, or -1.
static int64_t pe_arg(Sema *s, Node *call) {
    const Layout *l = &s->layout;
    Value x, y;
    int64_t at[2];
    if (!arg_known(s, call, 0, NULL, &x) || !arg_known(s, call, 1, NULL, &y)) return -1;
    if (!value_to_i64(&x, &at[0]) || !value_to_i64(&y, &at[1])) {
        sema_error(s, arg_span(call, value_to_i64(&x, &at[0]) ? 1 : 0),
                   "a coordinate is an integer");
        return -1;
    }
    if (!l->code) {
        if (!l->set)
            sema_error(s, span_of(call), "@set_rectangle must come before %s",
                       call->builtin.name->s);
        return -1;
    }
    if (at[0] < 0 || at[1] < 0 || at[0] >= l->w || at[1] >= l->h) {
        sema_error(s, span_of(call), "PE (%lld, %lld) lies outside the rectangle of %d by %d",
                   (long long)at[0], (long long)at[1], l->w, l->h);
        diag_note(s->c, l->set_at, "the rectangle is set here");
        return -1;
    }
    return at[1] * l->w + at[0];
}

Operand builtin_get_rectangle(Sema *s, Node *call, Type *want) {
    (void)want;
    const Layout *l = &s->layout;
    if (!l->code) {
        if (!l->set) sema_error(s, span_of(call), "@set_rectangle must come before @get_rectangle");
        return opd_error();
    }
    CslPlacement place;
    place_on_fabric(s->c, l->w, l->h, &place);
    Name *width = name_of(s->c, "width", 5), *height = name_of(s->c, "height", 6);
    Type *u16 = s->types.u16;
    Type *pair = type_struct(
        s, (Field[]){ { .name = width, .type = u16 }, { .name = height, .type = u16 } }, 2);
    Type *all = type_struct(s,
                            (Field[]){ { .name = width, .type = u16 },
                                       { .name = height, .type = u16 },
                                       { .name = name_of(s->c, "fabric", 6), .type = pair },
                                       { .name = name_of(s->c, "offsets", 7), .type = pair } },
                            4);
    Value fabric = value_agg(s, pair, 2), offsets = value_agg(s, pair, 2), v = value_agg(s, all, 4);
    fabric.agg->items[0] = value_of(u16, place.width);
    fabric.agg->items[1] = value_of(u16, place.height);
    offsets.agg->items[0] = value_of(u16, place.x);
    offsets.agg->items[1] = value_of(u16, place.y);
    v.agg->items[0] = value_of(u16, l->w);
    v.agg->items[1] = value_of(u16, l->h);
    v.agg->items[2] = fabric;
    v.agg->items[3] = offsets;
    return opd_value(v);
}

// ---- the code of each PE ----

static uint32_t code_row(Sema *s, Unit *u, const Value *params, Span at) {
    Layout *l = &s->layout;
    StrBuf key = { 0 };
    sb_add(&key, &u, sizeof u);
    if (params->type) value_key(s, params, &key);
    uint64_t *row = map_put(&l->code_index, key.p, key.n);
    sb_free(&key);
    if (!*row) {
        CodeKey k = { .unit = u, .at = at };
        if (params->type) k.params = value_copy(s, *params);
        vec_push(&l->codes, k);
        *row = l->codes.len;
    }
    return (uint32_t)*row;
}

Operand builtin_set_tile_code(Sema *s, Node *call, Type *want) {
    (void)want;
    Layout *l = &s->layout;
    int64_t pe = pe_arg(s, call);
    if (pe < 0) return opd_error();
    Value file, params = { 0 };
    Unit *u = s->fx->mod->unit;
    if (call->builtin.args.len > 2) {
        if (!arg_known(s, call, 2, s->types.string, &file)) return opd_error();
        u = unit_load(s->c, u, arena_str(s->arena, file.str.p, file.str.n), arg_span(call, 2));
        if (!u || u->broken) {
            s->steps += 10000; // looking for a file takes its time; a loop may do it for ever
            return opd_error();
        }
    }
    if (call->builtin.args.len > 3) {
        if (!arg_known(s, call, 3, NULL, &params)) return opd_error();
        if (params.type->kind != TY_STRUCT ||
            (params.type->nfields && !params.type->fields[0].name)) {
            sema_error(s, arg_span(call, 3),
                       "parameters are a struct with named fields, not a value of type '%s'",
                       params.type->name);
            return opd_error();
        }
    }
    if (l->code[pe]) {
        sema_error(s, span_of(call), "PE (%d, %d) already has its code", (int)(pe % l->w),
                   (int)(pe / l->w));
        diag_note(s->c, l->code_at[pe], "it was set here");
        return opd_error();
    }
    l->code[pe] = code_row(s, u, &params, span_of(call));
    l->code_at[pe] = span_of(call);
    s->steps = 0; // something came of the work
    return opd_void(s);
}

// ---- routes ----

static bool color_has_switches(const Sema *s, int color) {
    const uint32_t on_wse3 = 0x3ff | 1 << 12 | 1 << 13 | 1 << 16 | 1 << 17 | 1 << 20 | 1 << 21;
    return s->arch == CSL_WSE2 || (on_wse3 >> color & 1);
}

// One direction or several distinct ones, in a tuple or an array.
static bool directions(const Config *c, const char *field, uint8_t *mask) {
    Sema *s = c->s;
    Config f;
    *mask = 0;
    if (!config_get(c, field, &f)) return true;
    uint64_t n = 1;
    bool many = f.v.type->kind == TY_STRUCT || f.v.type->kind == TY_ARRAY;
    if (many) n = f.v.type->kind == TY_STRUCT ? f.v.type->nfields : f.v.type->count;
    for (uint64_t i = 0; i < n; i++) {
        Value d = many ? value_item(&f.v, i) : f.v;
        Span at = config_span(&f);
        if (many && f.node->kind == ND_TUPLE && i < f.node->literal.items.len)
            at = span_of(f.node->literal.items.data[i]);
        if (d.type != s->types.direction)
            return sema_error(s, at, "'.%s' takes directions, not a value of type '%s'", field,
                              d.type->name);
        if (*mask & 1u << d.i) return sema_error(s, at, "a direction stands twice in '.%s'", field);
        *mask |= (uint8_t)(1u << d.i);
    }
    return true;
}

static bool routes(const Config *c, ObjColor *out) {
    Sema *s = c->s;
    bool swap_x, swap_y;
    if (!config_check(c, "routes", FIELDS("rx", "tx", "color_swap_x", "color_swap_y", "pop_mode")))
        return false;
    if (!directions(c, "rx", &out->rx) || !directions(c, "tx", &out->tx)) return false;
    if (!config_bool(c, "color_swap_x", &swap_x) || !config_bool(c, "color_swap_y", &swap_y))
        return false;
    Config f;
    if (s->arch == CSL_WSE3 && out->rx & (out->rx - 1)) {
        config_get(c, "rx", &f);
        return sema_error(s, config_span(&f),
                          "on WSE-3 the words of a color come from one direction only");
    }
    if ((swap_x || swap_y) && s->arch == CSL_WSE3) {
        config_get(c, swap_x ? "color_swap_x" : "color_swap_y", &f);
        return sema_error(s, config_span(&f), "WSE-3 cannot swap colors");
    }
    if (config_get(c, "pop_mode", &f))
        return sema_error(s, config_span(&f), "switches and their pop modes are not supported yet");
    out->flags =
        (uint8_t)(COLOR_ROUTED | (swap_x ? COLOR_SWAP_X : 0) | (swap_y ? COLOR_SWAP_Y : 0));
    return true;
}

// Well-formed switches are told from mistakes, though they are not supported yet.
static bool switches(const Config *c, int color) {
    Sema *s = c->s;
    static const char *const positions[] = { "pos1", "pos2", "pos3" };
    if (!config_check(
            c, "switches",
            FIELDS("pos1", "pos2", "pos3", "ring_mode", "current_switch_pos", "pop_mode")))
        return false;
    for (int i = 0; i < 3; i++) {
        Config p;
        uint8_t rx, tx;
        bool invalid;
        if (!config_get(c, positions[i], &p)) continue;
        if (!config_check(&p, "switch positions", FIELDS("rx", "tx", "invalid"))) return false;
        if (!directions(&p, "rx", &rx) || !directions(&p, "tx", &tx) ||
            !config_bool(&p, "invalid", &invalid))
            return false;
        if (!rx + !tx + !invalid != 2)
            return sema_error(s, config_span(&p),
                              "a switch position gives one of '.rx', '.tx' and '.invalid = true'");
    }
    if (!color_has_switches(s, color))
        return sema_error(
            s, config_span(c),
            "color %d has no switches on WSE-3; colors 0 to 9, 12, 13, 16, 17, 20 and 21 have",
            color);
    return sema_error(s, config_span(c), "switches are not supported yet");
}

static bool color_config(Sema *s, Node *call, uint32_t arg, int color, ObjColor *out) {
    Config c = { .s = s, .node = call->builtin.args.data[arg] }, f;
    memset(out, 0, sizeof *out);
    if (!arg_known(s, call, arg, NULL, &c.v)) return false;
    if (!config_check(&c, "color configurations",
                      FIELDS("routes", "switches", "filter", "teardown")))
        return false;
    if (!config_get(&c, "routes", &f))
        return sema_error(s, config_span(&c),
                          "the configuration of a color needs '.routes' (which may be .{})");
    if (!routes(&f, out)) return false;
    bool teardown;
    if (!config_bool(&c, "teardown", &teardown)) return false;
    if (config_get(&c, "switches", &f)) return switches(&f, color);
    if (config_get(&c, "filter", &f))
        return sema_error(s, config_span(&f), "filters are not supported yet");
    if (teardown && config_get(&c, "teardown", &f))
        return sema_error(s, config_span(&f), "teardown is not supported yet");
    return true;
}

static bool color_arg(Sema *s, Node *call, uint32_t arg, int *color) {
    Value v;
    if (!arg_known(s, call, arg, s->types.color, &v)) return false;
    *color = (int)v.i;
    if (*color >= 21 && *color <= 23 && s->c->options->memcpy && !s->fx->mod->library)
        return sema_error(s, arg_span(call, arg), "color %d is reserved by memcpy", *color);
    return true;
}

Operand builtin_set_color_config(Sema *s, Node *call, Type *want) {
    (void)want;
    Layout *l = &s->layout;
    ObjColor cfg;
    int color;
    int64_t pe = pe_arg(s, call);
    if (pe < 0 || !color_arg(s, call, 2, &color) || !color_config(s, call, 3, color, &cfg))
        return opd_error();
    uint16_t *slot = &l->colors[pe][color];
    if (*slot) {
        sema_error(s, span_of(call), "color %d of PE (%d, %d) is configured twice", color,
                   (int)(pe % l->w), (int)(pe / l->w));
        diag_note(s->c, l->configs.data[*slot - 1].at, "the first time");
        return opd_error();
    }
    struct {
        ObjColor cfg;
        SrcPos at;
    } key;
    memset(&key, 0, sizeof key);
    key.cfg = cfg;
    key.at = call->pos;
    uint64_t *row = map_put(&l->config_index, &key, sizeof key);
    if (!*row) {
        if (l->configs.len == UINT16_MAX) {
            sema_error(s, span_of(call), "more than %d distinct color configurations", UINT16_MAX);
            return opd_error();
        }
        vec_push(&l->configs, (ColorInit){ (uint8_t)color, cfg, span_of(call) });
        *row = l->configs.len;
    }
    *slot = (uint16_t)*row;
    return opd_void(s);
}

Operand builtin_set_local_color_config(Sema *s, Node *call, Type *want) {
    (void)want;
    ObjColor cfg;
    int color;
    if (!color_arg(s, call, 0, &color) || !color_config(s, call, 1, color, &cfg))
        return opd_error();
    for (size_t i = 0; i < s->inst->colors.len; i++)
        if (s->inst->colors.data[i].color == color) {
            sema_error(s, span_of(call), "color %d is configured twice", color);
            diag_note(s->c, s->inst->colors.data[i].at, "the first time");
            return opd_error();
        }
    vec_push(&s->inst->colors, (ColorInit){ (uint8_t)color, cfg, span_of(call) });
    return opd_void(s);
}

// ---- when the layout and the PE programs have been analysed ----

// A rectangle, and code for each of its PEs.
bool layout_finish(Sema *s) {
    Layout *l = &s->layout;
    Node *block = layout_block(s);
    if (!block)
        return sema_error(s, NOWHERE, "'%s' has no layout block", s->root->unit->file->path);
    if (!l->set)
        return sema_error(s, (Span){ block->pos, block->pos, block->pos + 6 },
                          "the layout never calls @set_rectangle");
    if (!l->code) return false;
    int64_t missing = 0, first = -1, n = (int64_t)l->w * l->h;
    for (int64_t i = 0; i < n; i++)
        if (!l->code[i] && !missing++) first = i;
    // the call that was to set it has been told off already
    if (!missing || s->c->errors) return !missing;
    if (missing == 1)
        return sema_error(s, l->set_at, "PE (%d, %d) of the rectangle has no code",
                          (int)(first % l->w), (int)(first / l->w));
    return sema_error(s, l->set_at,
                      "%lld of %lld PEs of the rectangle have no code; the first is (%d, %d)",
                      (long long)missing, (long long)n, (int)(first % l->w), (int)(first / l->w));
}

static bool check_edges(Sema *s, int x, int y, const CslPlacement *p, const ColorInit *c) {
    static const char *const names[] = { "west", "east", "south", "north" };
    const Layout *l = &s->layout;
    const bool edge[] = { [DIR_W] = p->x + x == 0,
                          [DIR_E] = p->x + x == p->width - 1,
                          [DIR_S] = p->y + y == p->height - 1,
                          [DIR_N] = p->y + y == 0 };
    for (int d = DIR_W; d <= DIR_N; d++)
        if (edge[d] && ((c->cfg.rx | c->cfg.tx) & 1u << d))
            return sema_error(
                s, c->at,
                "color %d of PE (%d, %d) is routed off the %s edge of the fabric of %d by %d",
                c->color, x, y, names[d], p->width, p->height);
    (void)l;
    return true;
}

// A color that streams is the host's: words cross no router.
static bool check_stream(Sema *s, int x, int y, const Instance *in, int color, Span at) {
    if (!((in->h2d | in->d2h) >> color & 1)) return true;
    return sema_error(s, at, "color %d streams %s the host on PE (%d, %d) and has no other route",
                      color, in->h2d >> color & 1 ? "from" : "to", x, y);
}

// What the router of one PE starts with: the layout's configurations and those of its program.
bool layout_router(Sema *s, int x, int y, const Instance *in, const CslPlacement *place,
                   ObjRouter *out) {
    const Layout *l = &s->layout;
    const uint16_t *rows = l->colors[(size_t)y * (size_t)l->w + (size_t)x];
    bool ok = true;
    memset(out, 0, sizeof *out);
    for (int c = 0; c < WSE_COLORS; c++)
        if (rows[c]) {
            out->color[c] = l->configs.data[rows[c] - 1].cfg;
            ok &= check_edges(s, x, y, place, &l->configs.data[rows[c] - 1]);
        }
    for (size_t i = 0; i < in->colors.len; i++) {
        const ColorInit *local = &in->colors.data[i];
        if (rows[local->color]) {
            ok = sema_error(s, local->at,
                            "color %d is configured here and by the layout for PE (%d, %d)",
                            local->color, x, y);
            diag_note(s->c, l->configs.data[rows[local->color] - 1].at,
                      "the layout's configuration");
        }
        out->color[local->color] = local->cfg;
        ok &= check_edges(s, x, y, place, local) &&
              check_stream(s, x, y, in, local->color, local->at);
    }
    for (int c = 0; c < WSE_COLORS; c++)
        if (rows[c]) ok &= check_stream(s, x, y, in, c, l->configs.data[rows[c] - 1].at);
    return ok;
}

// ---- names for the host ----

enum { RPC_ARGS_MAX = 15 };

// Why a type cannot cross to the host, or NULL.
static const char *not_exportable(const Type *t) {
    switch (t->kind) {
    case TY_ARRAY: return "an array; export a pointer to it";
    case TY_STRUCT:
    case TY_UNION:
    case TY_PACKED:
    case TY_ANYSTRUCT: return "a struct";
    case TY_ENUM: return "an enum";
    default: return t->comptime_only ? "known at compile time only" : NULL;
    }
}

static bool check_exported_type(Sema *s, const Type *t, Span at) {
    const char *why;
    if (t->kind != TY_FN) {
        why = not_exportable(t);
        return why || t->kind == TY_VOID
                   ? sema_error(s, at, "type '%s' cannot be exported: it is %s", t->name,
                                why ? why : "nothing")
                   : true;
    }
    if (t->is_task)
        return sema_error(s, at, "a task cannot be exported, only functions and variables");
    if (t->nfields > RPC_ARGS_MAX)
        return sema_error(s, at, "a function the host can call has at most %d parameters, not %u",
                          RPC_ARGS_MAX, t->nfields);
    for (uint32_t i = 0; i < t->nfields; i++)
        if (!t->fields[i].type || t->fields[i].comptime ||
            (why = not_exportable(t->fields[i].type)))
            return sema_error(s, at, "the host cannot pass parameter %u of type '%s'", i + 1,
                              t->fields[i].type ? t->fields[i].type->name : "anytype");
    if ((why = not_exportable(t->result)))
        return sema_error(s, at, "the result '%s' cannot be exported: it is %s", t->result->name,
                          why);
    return true;
}

static ExportedName *exported(Sema *s, const Name *name) {
    for (size_t i = 0; i < s->layout.names.len; i++)
        if (s->layout.names.data[i].name == name) return &s->layout.names.data[i];
    return NULL;
}

Operand builtin_export_name(Sema *s, Node *call, Type *want) {
    (void)want;
    Value text, type, mut = { 0 };
    if (!arg_known(s, call, 0, s->types.string, &text) ||
        !arg_known(s, call, 1, s->types.type, &type))
        return opd_error();
    if (call->builtin.args.len > 2 && !arg_known(s, call, 2, s->types.bool_, &mut))
        return opd_error();
    Name *name = name_of(s->c, text.str.p, text.str.n);
    ExportedName *other = exported(s, name);
    if (!name->len || memchr(name->s, '\0', name->len)) {
        sema_error(s, arg_span(call, 0), "an exported name is a word");
        return opd_error();
    }
    if (other) {
        sema_error(s, arg_span(call, 0), "'%s' is exported twice", name->s);
        diag_note(s->c, other->at, "the first time");
        return opd_error();
    }
    if (!check_exported_type(s, type.t, arg_span(call, 1))) return opd_error();
    if (type.t->kind != TY_FN && call->builtin.args.len < 3) {
        sema_error(s, span_of(call),
                   "@export_name of a variable says whether the host may write it: true or false");
        return opd_error();
    }
    uint32_t row = (uint32_t)s->layout.names.len;
    vec_push(&s->layout.names, (ExportedName){ .name = name,
                                               .type = type.t,
                                               .mut = type.t->kind != TY_FN && mut.i,
                                               .at = span_of(call),
                                               .rpc = row });
    return opd_void(s);
}

// The global that argument 0 names: a function, or a variable or constant, which gets an address.
static bool symbol_arg(Sema *s, Node *call, ExportedSymbol *out) {
    Operand x = expr(s, call->builtin.args.data[0], NULL);
    Span at = arg_span(call, 0);
    if (opd_bad(&x)) return false;
    if (x.kind == X_VALUE && x.type->kind == TY_FN) {
        if (x.type->is_task)
            return sema_error(s, at, "a task cannot be exported, only functions and variables");
        out->fn = x.v;
        out->type = func_type(s, x.v.fn);
        return out->type != NULL;
    }
    if (x.kind == X_MEM && x.base && x.base->decl && !x.off && x.idx < 0) {
        out->global = x.base;
        out->type = x.base->type;
        out->mut = !x.base->is_const;
        return true;
    }
    if (x.kind == X_VALUE && x.home && !x.off) {
        const char *why = not_exportable(x.type);
        if (why)
            return sema_error(s, at, "type '%s' cannot be exported: it is %s", x.type->name, why);
        out->global = decl_global(s, x.home);
        out->type = out->global ? out->global->type : NULL;
        return out->global != NULL;
    }
    return sema_error(s, at, "only a global variable, constant or function can be exported");
}

static Name *symbol_name(Node *call, Sema *s) {
    Value v;
    const Node *n = call->builtin.args.data[0];
    if (call->builtin.args.len > 1)
        return arg_known(s, call, 1, s->types.string, &v) ? name_of(s->c, v.str.p, v.str.n) : NULL;
    if (n->kind == ND_IDENT) return n->name;
    if (n->kind == ND_FIELD) return n->field.name;
    sema_error(s, span_of(n),
               "what is exported has no name of its own; give one as the second argument");
    return NULL;
}

Operand builtin_export_symbol(Sema *s, Node *call, Type *want) {
    (void)want;
    ExportedSymbol e = { .at = span_of(call) };
    e.name = symbol_name(call, s);
    if (!e.name || !symbol_arg(s, call, &e)) return opd_error();
    ExportedName *n = exported(s, e.name);
    if (!n) {
        Spelling sp = spelling(e.name->s);
        for (size_t i = 0; i < s->layout.names.len; i++)
            spelling_offer(&sp, s->layout.names.data[i].name->s);
        sema_error(s, span_of(call), "the layout has no @export_name(\"%s\", ...)%s", e.name->s,
                   spelling_hint(s->c, &sp));
        return opd_error();
    }
    if (n->type != e.type)
        sema_error(s, arg_span(call, 0), "'%s' has the type '%s' but is exported as '%s'",
                   e.name->s, e.type->name, n->type->name);
    else if (n->mut != e.mut)
        sema_error(s, arg_span(call, 0), "'%s' is a %s but is exported as %s", e.name->s,
                   e.mut ? "variable" : "constant", n->mut ? "mutable" : "immutable");
    if (n->type != e.type || n->mut != e.mut) {
        diag_note(s->c, n->at, "the layout exports it here");
        return opd_error();
    }
    for (size_t i = 0; i < s->inst->exports.len; i++)
        if (s->inst->exports.data[i].name == e.name) {
            sema_error(s, span_of(call), "'%s' is exported twice", e.name->s);
            diag_note(s->c, s->inst->exports.data[i].at, "the first time");
            return opd_error();
        }
    if (e.fn.type && !func_inst(s, e.fn.fn, e.at)) return opd_error();
    vec_push(&s->inst->exports, e);
    return opd_void(s);
}

// The host's number for an exported symbol: the row of its name in the layout's list. Under several
// names it is the first one's.
Operand builtin_get_symbol_id(Sema *s, Node *call, Type *want) {
    (void)want;
    ExportedSymbol x = { .at = span_of(call) };
    if (!symbol_arg(s, call, &x)) return opd_error();
    for (size_t i = 0; i < s->inst->exports.len; i++) {
        const ExportedSymbol *e = &s->inst->exports.data[i];
        if (x.fn.type ? e->fn.type && e->fn.fn == x.fn.fn : e->global && e->global == x.global)
            return opd_value(value_of(s->types.u16, exported(s, e->name)->rpc));
    }
    Str text = source_text(s->c, arg(call, 0)->start, arg(call, 0)->end);
    return opd_wrong(s, arg_span(call, 0), "'%.*s' is not exported with @export_symbol",
                     STR_ARG(text));
}

// The value of the exported variable that a run-time id means: of type t, or any pointer as a
// `result`. An id of something else is undefined.
static Operand exported_value(Sema *s, Node *call, Operand id, const Type *t, Type *result) {
    IrFunc *f = s->fx->ir;
    int to = ir_reg(f, result), is = ir_reg(f, s->types.bool_), end = ir_label(f), found = 0,
        which = to_reg(s, id);
    for (size_t i = 0; i < s->inst->exports.len; i++) {
        const ExportedSymbol *e = &s->inst->exports.data[i];
        if (!e->global || (t ? e->type != t : e->type->kind != TY_POINTER)) continue;
        Value rpc = value_of(s->types.u16, exported(s, e->name)->rpc);
        int next = ir_label(f);
        ir_emit(s, PE_eq, is, which, const_reg(s, s->types.u16, &rpc));
        ir_emit(s, PE_jz, is, next, 0);
        ir_emit(s, PE_mov, to, to_reg(s, opd_mem(e->global->type, e->global, 0, true)), 0);
        ir_jump(s, end);
        ir_place(f, next);
        found++;
    }
    if (!found && t)
        return opd_wrong(s, arg_span(call, 0), "no symbol of type '%s' is exported", t->name);
    ir_emit(s, IR_STR, -1, PE_trap, 0)->x.str =
        arena_printf(s->arena, "%s of an id that no such symbol is exported with: undefined",
                     call->builtin.name->s);
    f->dead = true;
    ir_place(f, end);
    return opd_reg(result, to);
}

Operand builtin_get_symbol_value(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = expr_type(s, arg(call, 0));
    if (!t) return opd_error();
    Operand id = arg_value(s, call, 1, s->types.u16);
    return opd_bad(&id) ? id : exported_value(s, call, id, t, t);
}

Operand builtin_get_tensor_ptr(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand id = arg_value(s, call, 0, s->types.u16);
    if (opd_bad(&id)) return id;
    return exported_value(s, call, id, NULL, type_pointer(s, s->types.u16, false, true));
}

Operand builtin_has_exported_tensors(Sema *s, Node *call, Type *want) {
    (void)want, (void)call;
    bool any = false;
    for (size_t i = 0; i < s->layout.names.len; i++)
        any |= s->layout.names.data[i].type->kind == TY_POINTER;
    return opd_value(value_bool(s, any));
}

// Launches go through memcpy's own channel since SDK 1.1; before, a program gave them a color of
// its own.
Operand builtin_rpc(Sema *s, Node *call, Type *want) {
    (void)want;
    Value v;
    if (s->arch == CSL_WSE3) {
        sema_error(s, span_of(call),
                   "@rpc receives launches on a color, and WSE-3 has no data task of a color");
        diag_note(s->c, NOWHERE,
                  "since SDK 1.1 <memcpy/memcpy> receives launches itself: leave @rpc out");
        return opd_error();
    }
    if (!arg_known(s, call, 0, s->types.data_task_id, &v)) return opd_error();
    diag_warning(s->c, span_of(call),
                 "@rpc is not needed since SDK 1.1: <memcpy/memcpy> receives launches itself");
    return opd_void(s);
}
