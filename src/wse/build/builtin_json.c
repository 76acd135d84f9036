// @import_comptime_value(T, "file.json"): a comptime value from JSON. Numbers, booleans and strings
// become what T says; an array becomes an array of T's dimensions, element by element in row-major
// order; an object becomes a struct whose keys name their types, "name:type".
#include "wse/build/builtin.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

#include "base/file.h"

typedef struct Import {
    Sema *s;
    Span at;
    const char *path;
} Import;

static bool refuse(Import *in, const char *what, const Type *t) {
    return sema_error(in->s, in->at, "'%s': %s '%s'", in->path, what, t->name);
}

// A type as a key spells it: a name, or [n, m] before one.
static Type *type_of_text(Sema *s, const char *text) {
    while (*text == ' ') text++;
    uint32_t dims[16], n = 0;
    if (*text == '[') {
        do {
            char *end;
            unsigned long d = strtoul(text + 1, &end, 10);
            if (end == text + 1 || d > 1 << 24 || n == 16) return NULL;
            dims[n++] = (uint32_t)d;
            text = end;
            while (*text == ' ') text++;
        } while (*text == ',');
        if (*text++ != ']') return NULL;
    }
    size_t len = strcspn(text, " ");
    Type *t = type_named(s, name_of(s->c, text, len));
    uint64_t count = 1;
    for (uint32_t i = 0; i < n; i++) count *= dims[i];
    if (!t || count > 1 << 24) return NULL;
    return n ? type_array(s, t, dims, n) : t;
}

static bool value_from(Import *in, const cJSON *j, Type *t, Value *out);

static bool struct_from(Import *in, const cJSON *j, Value *out) {
    Sema *s = in->s;
    uint32_t n = (uint32_t)cJSON_GetArraySize(j), i = 0;
    Field *fields = arena_array(s->arena, Field, n + 1);
    Value *items = arena_array(s->arena, Value, n + 1);
    for (const cJSON *item = j->child; item; item = item->next, i++) {
        const char *colon = strchr(item->string, ':');
        size_t len = colon ? (size_t)(colon - item->string) : strlen(item->string);
        Type *t = colon                  ? type_of_text(s, colon + 1)
                  : cJSON_IsObject(item) ? s->types.anystruct
                                         : NULL;
        if (!t)
            return sema_error(s, in->at, "'%s': key '%s' should be \"name:type\"", in->path,
                              item->string);
        fields[i].name = name_of(s->c, item->string, len);
        for (uint32_t k = 0; k < i; k++)
            if (fields[k].name == fields[i].name)
                return sema_error(s, in->at, "'%s': key '%s' stands twice", in->path,
                                  fields[i].name->s);
        if (!value_from(in, item, t, &items[i])) return false;
        fields[i].type = items[i].type;
    }
    *out = value_agg(s, type_struct(s, fields, n), n);
    memcpy(out->agg->items, items, n * sizeof *items);
    return true;
}

static bool array_from(Import *in, const cJSON *j, Type *t, Value *out) {
    if (!cJSON_IsArray(j)) return refuse(in, "expected an array for", t);
    if ((uint64_t)cJSON_GetArraySize(j) != t->count)
        return refuse(in, "the array has another number of elements than", t);
    *out = value_agg(in->s, t, (uint32_t)t->count);
    uint32_t i = 0;
    for (const cJSON *item = j->child; item; item = item->next, i++)
        if (!value_from(in, item, t->elem, &out->agg->items[i])) return false;
    return true;
}

static bool value_from(Import *in, const cJSON *j, Type *t, Value *out) {
    Sema *s = in->s;
    if (cJSON_IsNull(j)) return sema_error(s, in->at, "'%s': null has no value in CSL", in->path);
    switch (t->kind) {
    case TY_ANYSTRUCT:
        return cJSON_IsObject(j) ? struct_from(in, j, out)
                                 : refuse(in, "expected an object for", t);
    case TY_ARRAY: return array_from(in, j, t, out);
    case TY_BOOL:
        *out = value_bool(s, cJSON_IsTrue(j));
        return cJSON_IsBool(j) ? true : refuse(in, "expected true or false for", t);
    case TY_STRING:
        if (!cJSON_IsString(j)) return refuse(in, "expected a string for", t);
        *out = value_str(s, j->valuestring, strlen(j->valuestring));
        return true;
    case TY_FLOAT:
    case TY_COMPTIME_FLOAT:
        if (!cJSON_IsNumber(j)) return refuse(in, "expected a number for", t);
        *out = value_float(t, j->valuedouble);
        return true;
    case TY_INT:
    case TY_COMPTIME_INT:
    case TY_COLOR: {
        double v = j->valuedouble;
        if (!cJSON_IsNumber(j) || v != floor(v) || fabs(v) > 0x1p53)
            return refuse(in, "expected an integer for", t);
        if (t->kind == TY_COLOR ? v < 0 || v >= WSE_COLORS : !int_fits(t, (Int)v))
            return refuse(in, "a number does not fit in", t);
        *out = value_of(t, (Int)v);
        return true;
    }
    default: return refuse(in, "there is no JSON for", t);
    }
}

// Beside the importing file, unless the path is absolute; files of the options come first.
static char *read_beside(Sema *s, const char *name, Span at) {
    char dir[PATH_CAP], path[PATH_CAP], *text;
    path_dir(dir, sizeof dir, s->fx->mod->unit->file->path);
    const char *full = strcmp(dir, ".") && path_join(path, sizeof path, dir, name) ? path : name;
    const CslOptions *o = s->c->options;
    for (size_t i = 0; i < o->nfiles; i++)
        if (!strcmp(o->files[i].path, full)) {
            text = malloc(o->files[i].size + 1);
            if (text) memcpy(text, o->files[i].text, o->files[i].size), text[o->files[i].size] = 0;
            return text;
        }
    if (!file_read(full, &text, NULL)) return text;
    sema_error(s, at, "cannot read '%s': %s", full, wt_last_error());
    return NULL;
}

Operand builtin_import_comptime_value(Sema *s, Node *call, Type *want) {
    (void)want;
    Type *t = expr_type(s, call->builtin.args.data[0]);
    Value path, v = { 0 };
    if (!t || !arg_known(s, call, 1, s->types.string, &path)) return opd_error();
    Import in = { .s = s,
                  .at = span_of(call),
                  .path = arena_str(s->arena, path.str.p, path.str.n) };
    char *text = read_beside(s, in.path, in.at);
    if (!text) return opd_error();
    cJSON *j = cJSON_Parse(text);
    free(text);
    bool ok = j ? value_from(&in, j, t, &v) : sema_error(s, in.at, "'%s' is no JSON", in.path);
    cJSON_Delete(j);
    return ok ? opd_value(v) : opd_error();
}
