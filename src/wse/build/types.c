// Types, interned: two types are the same exactly when their pointers are.
//
// Sizes are those of PE memory: 16-bit words, natural alignment up to 4 bytes. Bools, enums'
// default base, ids and pointers take one word, a DSD value 16 bytes (object.h).
#include "wse/build/sema.h"

#include <stdio.h>

static void key_add(StrBuf *b, const void *p, size_t n) { sb_add(b, p, n); }
static void key_ptr(StrBuf *b, const void *p) { key_add(b, &p, sizeof p); }
static void key_int(StrBuf *b, int64_t i) { key_add(b, &i, sizeof i); }

// The type that `proto` and the key describe: an existing one or a copy of proto.
static Type *intern(Sema *s, StrBuf *key, const Type *proto) {
    uint64_t *slot = map_put(&s->types.interned, key->p, key->n);
    if (!*slot) {
        Type *t = arena_new(s->arena, Type);
        *t = *proto;
        t->id = ++s->types.count;
        *slot = (uint64_t)(uintptr_t)t;
    }
    sb_free(key);
    return (Type *)(uintptr_t)*slot;
}

static Type *simple(Sema *s, TypeKind kind, int sub, const char *name, uint32_t size,
                    uint16_t align) {
    StrBuf key = { 0 };
    key_int(&key, kind);
    key_int(&key, sub);
    Type t = { .kind = kind,
               .sub = sub,
               .name = name,
               .size = size,
               .align = align ? align : 1,
               .bits = size * 8,
               .comptime_only = size == 0 && kind != TY_VOID && kind != TY_DSR };
    return intern(s, &key, &t);
}

Type *type_int(Sema *s, bool is_signed, uint32_t bits) {
    StrBuf key = { 0 };
    key_int(&key, TY_INT);
    key_int(&key, is_signed);
    key_int(&key, bits);
    uint32_t size = bits <= 8 ? 1 : bits <= 16 ? 2 : bits <= 32 ? 4 : 8;
    Type t = { .kind = TY_INT,
               .is_signed = is_signed,
               .bits = bits,
               .size = size,
               .align = size > 4 ? 4 : size,
               .name = arena_printf(s->arena, "%c%u", is_signed ? 'i' : 'u', bits) };
    return intern(s, &key, &t);
}

Type *type_array(Sema *s, Type *elem, const uint32_t *dims, uint32_t ndims) {
    StrBuf key = { 0 };
    key_int(&key, TY_ARRAY);
    key_ptr(&key, elem);
    key_add(&key, dims, ndims * sizeof *dims);
    uint64_t *slot = map_get(&s->types.interned, key.p, key.n);
    if (slot) {
        sb_free(&key);
        return (Type *)(uintptr_t)*slot;
    }
    uint64_t count = 1;
    StrBuf name = { 0 };
    sb_putc(&name, '[');
    for (uint32_t i = 0; i < ndims; i++) {
        count *= dims[i];
        sb_printf(&name, i ? ", %u" : "%u", dims[i]);
    }
    sb_printf(&name, "]%s", elem->name);
    Type t = { .kind = TY_ARRAY,
               .elem = elem,
               .ndims = ndims,
               .count = count,
               .align = elem->align,
               .size = (uint32_t)(elem->size * count),
               .comptime_only = elem->comptime_only,
               .name = arena_str(s->arena, name.p, name.n) };
    t.dims = arena_array(s->arena, uint32_t, ndims);
    memcpy(t.dims, dims, ndims * sizeof *dims);
    sb_free(&name);
    return intern(s, &key, &t);
}

Type *type_pointer(Sema *s, Type *to, bool is_const, bool many) {
    StrBuf key = { 0 };
    key_int(&key, TY_POINTER);
    key_ptr(&key, to);
    key_int(&key, is_const * 2 + many);
    uint64_t *slot = map_get(&s->types.interned, key.p, key.n);
    if (slot) {
        sb_free(&key);
        return (Type *)(uintptr_t)*slot;
    }
    Type t = { .kind = TY_POINTER,
               .elem = to,
               .is_const = is_const,
               .many = many,
               .size = 2,
               .align = 2,
               .bits = 16,
               .name = arena_printf(s->arena, "%s%s%s", many ? "[*]" : "*",
                                    is_const ? "const " : "", to->name) };
    return intern(s, &key, &t);
}

Type *type_fn(Sema *s, const Field *params, uint32_t n, Type *result, bool is_task) {
    StrBuf key = { 0 }, name = { 0 };
    key_int(&key, TY_FN);
    key_int(&key, is_task);
    key_ptr(&key, result);
    sb_printf(&name, is_task ? "task (" : "fn(");
    bool generic = !result;
    for (uint32_t i = 0; i < n; i++) {
        key_ptr(&key, params[i].type);
        key_int(&key, params[i].comptime);
        generic |= !params[i].type || params[i].comptime || params[i].type->comptime_only;
        sb_printf(&name, "%s%s%s", i ? ", " : "", params[i].comptime ? "comptime " : "",
                  params[i].type ? params[i].type->name : "anytype");
    }
    sb_printf(&name, ") %s", result ? result->name : "anytype");
    Type t = { .kind = TY_FN,
               .is_task = is_task,
               .nfields = n,
               .result = result,
               .comptime_only = true,
               .generic = generic,
               .align = 1,
               .name = arena_str(s->arena, name.p, name.n) };
    t.fields = arena_array(s->arena, Field, n);
    for (uint32_t i = 0; i < n; i++)
        t.fields[i] = (Field){ .type = params[i].type, .comptime = params[i].comptime };
    sb_free(&name);
    return intern(s, &key, &t);
}

Type *type_range(Sema *s, Type *elem) {
    StrBuf key = { 0 };
    key_int(&key, TY_RANGE);
    key_ptr(&key, elem);
    Type t = { .kind = TY_RANGE,
               .elem = elem,
               .align = 1,
               .comptime_only = true,
               .name = arena_printf(s->arena, "range(%s)", elem->name) };
    return intern(s, &key, &t);
}

// Offsets of a struct's fields as memory holds them; a union's are all 0.
static void place_fields(Type *t) {
    uint32_t size = 0;
    t->align = 1;
    for (uint32_t i = 0; i < t->nfields; i++) {
        Type *f = t->fields[i].type;
        t->comptime_only |= f->comptime_only;
        if (f->align > t->align) t->align = f->align;
        uint32_t at = t->kind == TY_UNION ? 0 : (size + f->align - 1) / f->align * f->align;
        t->fields[i].value = at;
        if (at + f->size > size) size = at + f->size;
    }
    t->size = (size + t->align - 1) / t->align * t->align;
}

Type *type_struct(Sema *s, const Field *fields, uint32_t n) {
    StrBuf key = { 0 }, name = { 0 };
    key_int(&key, TY_STRUCT);
    for (uint32_t i = 0; i < n; i++) {
        key_ptr(&key, fields[i].name);
        key_ptr(&key, fields[i].type);
    }
    uint64_t *slot = map_get(&s->types.interned, key.p, key.n);
    if (slot) {
        sb_free(&key);
        return (Type *)(uintptr_t)*slot;
    }
    sb_printf(&name, ".{");
    for (uint32_t i = 0; i < n; i++) {
        sb_printf(&name, i ? ", " : " ");
        if (fields[i].name) sb_printf(&name, ".%s: ", fields[i].name->s);
        sb_printf(&name, "%s", fields[i].type->name);
        if (name.n > 200 && i + 1 < n) {
            sb_printf(&name, ", ...");
            break;
        }
    }
    sb_printf(&name, n ? " }" : "}");
    Type t = { .kind = TY_STRUCT, .nfields = n, .name = arena_str(s->arena, name.p, name.n) };
    t.fields = arena_array(s->arena, Field, n);
    memcpy(t.fields, fields, n * sizeof *fields);
    sb_free(&name);
    place_fields(&t);
    return intern(s, &key, &t);
}

Type *type_declared(Sema *s, TypeKind kind, const Node *site, const Field *fields, uint32_t n,
                    Type *base, unsigned flags) {
    StrBuf key = { 0 };
    key_int(&key, kind);
    key_int(&key, 1);
    key_ptr(&key, site);
    key_ptr(&key, base);
    for (uint32_t i = 0; i < n; i++) {
        key_ptr(&key, fields[i].name);
        key_ptr(&key, fields[i].type);
        if (kind == TY_ENUM) key_int(&key, fields[i].value);
    }
    SrcPlace p = source_place(s->c, site->pos);
    const char *word = kind == TY_ENUM ? "enum" : site->kind == ND_UNION_TYPE ? "union" : "struct";
    Type t = { .kind = kind,
               .sub = site->kind == ND_UNION_TYPE,
               .nfields = n,
               .elem = base,
               .named = true,
               .layout = flags >> 5,
               .name = arena_printf(s->arena, "%s at line %d", word, p.line) };
    t.fields = arena_array(s->arena, Field, n);
    memcpy(t.fields, fields, n * sizeof *fields);
    if (base) {
        t.size = base->size;
        t.align = base->align;
        t.bits = base->bits;
        t.is_signed = base->is_signed;
    } else {
        place_fields(&t);
    }
    return intern(s, &key, &t);
}

// `const P = struct ..` names the type.
void type_title(Sema *s, const Value *v, const Name *name) {
    if (v->type != s->types.type || !v->t->named || v->t->titled) return;
    v->t->titled = true;
    v->t->name = name->s;
}

// A type that programs call by its name.
static Type *type_word(Sema *s, Type *t) {
    const Name *n = name_of(s->c, t->name, strlen(t->name));
    *map_put(&s->types.words, &n, sizeof n) = (uint64_t)(uintptr_t)t;
    return t;
}
static Type *named(Sema *s, TypeKind kind, int sub, const char *name, uint32_t size,
                   uint32_t align) {
    return type_word(s, simple(s, kind, sub, name, size, align));
}

void types_init(Sema *s) {
    Types *t = &s->types;
    t->void_ = named(s, TY_VOID, 0, "void", 0, 1);
    t->bool_ = named(s, TY_BOOL, 0, "bool", 2, 2);
    t->comptime_int = named(s, TY_COMPTIME_INT, 0, "comptime_int", 0, 1);
    t->comptime_float = named(s, TY_COMPTIME_FLOAT, 0, "comptime_float", 0, 1);
    t->type = named(s, TY_TYPE, 0, "type", 0, 1);
    t->string = named(s, TY_STRING, 0, "comptime_string", 0, 1);
    t->module = named(s, TY_MODULE, 0, "imported_module", 0, 1);
    t->anystruct = named(s, TY_ANYSTRUCT, 0, "comptime_struct", 0, 1);
    t->anyopaque = named(s, TY_ANYOPAQUE, 0, "anyopaque", 0, 1);
    t->f16 = named(s, TY_FLOAT, FLOAT_F16, "f16", 2, 2);
    t->f32 = named(s, TY_FLOAT, FLOAT_F32, "f32", 4, 4);
    t->bf16 = named(s, TY_FLOAT, FLOAT_BF16, "bf16", 2, 2);
    t->cb16 = named(s, TY_FLOAT, FLOAT_CB16, "cb16", 2, 2);
    t->fp16 = s->c->options->fp16 == CSL_BF16   ? t->bf16
              : s->c->options->fp16 == CSL_CB16 ? t->cb16
                                                : t->f16;
    t->color = named(s, TY_COLOR, 0, "color", 2, 2);
    t->data_task_id = named(s, TY_DATA_TASK_ID, 0, "data_task_id", 2, 2);
    t->local_task_id = named(s, TY_LOCAL_TASK_ID, 0, "local_task_id", 2, 2);
    t->control_task_id = named(s, TY_CONTROL_TASK_ID, 0, "control_task_id", 2, 2);
    t->input_queue = named(s, TY_INPUT_QUEUE, 0, "input_queue", 2, 2);
    t->output_queue = named(s, TY_OUTPUT_QUEUE, 0, "output_queue", 2, 2);
    t->ut_id = named(s, TY_UT_ID, 0, "ut_id", 2, 2);
    t->direction = named(s, TY_DIRECTION, 0, "direction", 2, 2);
    static const char *const dsds[] = { "mem1d_dsd", "mem4d_dsd", "fabin_dsd", "fabout_dsd",
                                        "circbuf_dsd" };
    for (int i = 0; i < 5; i++) t->dsd[i] = named(s, TY_DSD, i, dsds[i], 16, 2);
    t->dsd[DSDT_FIFO] = simple(s, TY_DSD, DSDT_FIFO, "fifo", 16, 2); // no program can name it
    static const char *const dsrs[] = { "dsr_dest",      "dsr_src0", "dsr_src1", "dsr_fifo_dest",
                                        "dsr_fifo_src1", "xdsr",     "sr" };
    for (int i = 0; i < 7; i++) t->dsr[i] = named(s, TY_DSR, i, dsrs[i], 0, 1);
    named(s, TY_RANGE, 1, "range", 0, 1);
    t->i8 = type_word(s, type_int(s, true, 8)), t->u8 = type_word(s, type_int(s, false, 8));
    t->i16 = type_word(s, type_int(s, true, 16)), t->u16 = type_word(s, type_int(s, false, 16));
    t->i32 = type_word(s, type_int(s, true, 32)), t->u32 = type_word(s, type_int(s, false, 32));
    t->i64 = type_word(s, type_int(s, true, 64)), t->u64 = type_word(s, type_int(s, false, 64));
}

Type *type_named(Sema *s, const Name *name) {
    uint64_t *w = map_get(&s->types.words, &name, sizeof name);
    if (w) return (Type *)(uintptr_t)*w;
    if ((name->s[0] != 'i' && name->s[0] != 'u') || name->len < 2 || name->len > 9) return NULL;
    uint32_t bits = 0;
    for (uint32_t i = 1; i < name->len; i++) {
        if (name->s[i] < '0' || name->s[i] > '9' || (i == 1 && name->s[i] == '0' && name->len > 2))
            return NULL;
        bits = bits * 10 + (uint32_t)(name->s[i] - '0');
    }
    return bits > 0 && bits <= 64 ? type_int(s, name->s[0] == 'i', bits) : NULL;
}

const char *fn_hint(Sema *s, const Type *t) {
    if (t->kind != TY_FN || t->is_task || t->generic) return "";
    return arena_printf(s->arena, "; a pointer is '*const %s'", t->name);
}

bool type_sized(Sema *s, const Type *t, Span at) {
    return t->kind != TY_ANYOPAQUE ||
           sema_error(s, at, "the size of 'anyopaque' is not known; '*anyopaque' points to it");
}

bool type_is_int(const Type *t) { return t->kind == TY_INT || t->kind == TY_COMPTIME_INT; }
bool type_is_float(const Type *t) { return t->kind == TY_FLOAT || t->kind == TY_COMPTIME_FLOAT; }
bool type_is_number(const Type *t) { return type_is_int(t) || type_is_float(t); }
bool type_is_id(const Type *t) { return t->kind >= TY_COLOR && t->kind <= TY_UT_ID; }
bool type_is_aggregate(const Type *t) {
    return t->kind == TY_ARRAY || t->kind == TY_STRUCT || t->kind == TY_UNION;
}

bool type_in_reg(const Type *t) {
    switch (t->kind) {
    case TY_PACKED:
    case TY_BOOL:
    case TY_INT:
    case TY_POINTER:
    case TY_ENUM:
    case TY_DIRECTION: return true;
    case TY_FLOAT: return t->sub == FLOAT_F16 || t->sub == FLOAT_F32;
    case TY_DSD: return true;
    default: return type_is_id(t);
    }
}

uint32_t type_width(const Type *t) {
    switch (t->kind) {
    case TY_INT:
    case TY_FLOAT:
    case TY_PACKED:
    case TY_ENUM: return t->bits;
    case TY_POINTER: return 16;
    case TY_BOOL: return 1;
    default: return type_is_id(t) ? 16 : 0;
    }
}

unsigned type_regs(const Type *t) { return t->kind == TY_VOID ? 0 : t->kind == TY_DSD ? 2 : 1; }

int type_field(const Type *t, const Name *name) {
    for (uint32_t i = 0; i < t->nfields; i++)
        if (t->fields[i].name == name) return (int)i;
    return -1;
}
