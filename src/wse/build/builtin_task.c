// Builtins of identifiers, tasks and queues: ids and their ranges, @bind_*, @activate, @block,
// @unblock,
// @initialize_queue. What memcpy reserves is refused where a program takes it.
#include "wse/build/builtin.h"

#include <string.h>

// ---- identifiers ----

typedef struct IdRange {
    int lo, hi;
    const char *of;
} IdRange;

static IdRange id_range(Sema *s, const Type *t) {
    switch (t->kind) {
    case TY_COLOR: return (IdRange){ 0, WSE_COLORS - 1, "colors" };
    case TY_LOCAL_TASK_ID:
        return wse3(s) ? (IdRange){ 8, 30, "local task ids" }
                       : (IdRange){ 0, 30, "local task ids" };
    case TY_CONTROL_TASK_ID: return (IdRange){ 0, 63, "control task ids" };
    case TY_INPUT_QUEUE: return (IdRange){ 0, 7, "input queues" };
    case TY_OUTPUT_QUEUE:
        return wse3(s) ? (IdRange){ 0, 7, "output queues" } : (IdRange){ 0, 5, "output queues" };
    default: return (IdRange){ 0, 7, "microthreads" };
    }
}

// A run-time u16 becomes an id unchecked: the register already holds it.
static Operand id_at_run_time(Sema *s, Node *call, Operand x, Type *t) {
    x = coerce(s, x, s->types.u16, arg_span(call, 0));
    return opd_bad(&x) ? x : opd_reg(t, to_reg(s, x));
}

static Operand id_from_number(Sema *s, Node *call, Type *t, bool known_only) {
    Operand x = arg_value(s, call, 0, NULL);
    if (opd_bad(&x)) return x;
    if (!type_is_int(x.type)) {
        sema_error(s, arg_span(call, 0), "'%s' takes a number, not a value of type '%s'",
                   call->builtin.name->s, x.type->name);
        return opd_error();
    }
    if (!opd_known(&x)) {
        if (!known_only) return id_at_run_time(s, call, x, t);
        sema_error(s, arg_span(call, 0), "the number of '%s' must be comptime-known",
                   call->builtin.name->s);
        return opd_error();
    }
    IdRange r = id_range(s, t);
    int64_t n;
    if (value_to_i64(&x.v, &n) && n >= r.lo && n <= r.hi) return opd_value(value_of(t, n));
    if (value_to_i64(&x.v, &n) && t->kind == TY_OUTPUT_QUEUE && (n == 6 || n == 7))
        sema_error(s, arg_span(call, 0), "WSE-2 has no output queue %d, only 0 to 5", (int)n);
    else
        sema_error(s, arg_span(call, 0), "%s on %s are %d to %d", r.of, wse3(s) ? "WSE-3" : "WSE-2",
                   r.lo, r.hi);
    if (t->kind == TY_COLOR && value_to_i64(&x.v, &n) && n >= WSE_COLORS && n <= 30)
        diag_note(s->c, NOWHERE, "ids of local tasks come from @get_local_task_id");
    return opd_error();
}

Operand builtin_get_color(Sema *s, Node *call, Type *want) {
    (void)want;
    return id_from_number(s, call, s->types.color, false);
}
Operand builtin_get_local_task_id(Sema *s, Node *call, Type *want) {
    (void)want;
    return id_from_number(s, call, s->types.local_task_id, false);
}
Operand builtin_get_control_task_id(Sema *s, Node *call, Type *want) {
    (void)want;
    return id_from_number(s, call, s->types.control_task_id, false);
}
Operand builtin_get_input_queue(Sema *s, Node *call, Type *want) {
    (void)want;
    return id_from_number(s, call, s->types.input_queue, true);
}
Operand builtin_get_output_queue(Sema *s, Node *call, Type *want) {
    (void)want;
    return id_from_number(s, call, s->types.output_queue, true);
}
Operand builtin_get_ut_id(Sema *s, Node *call, Type *want) {
    (void)want;
    if (wse3(s)) return id_from_number(s, call, s->types.ut_id, false);
    sema_error(s, span_of(call),
               "WSE-2 has no microthread ids: an operation runs on the microthread of its queue");
    return opd_error();
}

// WSE-2 makes data task ids from colors, WSE-3 from input queues.
Operand builtin_get_data_task_id(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand x = arg_value(s, call, 0, NULL);
    if (opd_bad(&x)) return x;
    Type *from = wse3(s) ? s->types.input_queue : s->types.color;
    if (x.type != from) {
        sema_error(s, arg_span(call, 0),
                   "on %s a data task id is made from %s, not from a value of type '%s'",
                   wse3(s) ? "WSE-3" : "WSE-2", wse3(s) ? "an input_queue" : "a color",
                   x.type->name);
        return opd_error();
    }
    Type *t = s->types.data_task_id;
    return opd_known(&x) ? opd_value(value_of(t, x.v.i)) : opd_reg(t, to_reg(s, x));
}

// The number behind an identifier, an enum value or an integer.
Operand builtin_get_int(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand x = arg_value(s, call, 0, NULL);
    if (opd_bad(&x) || type_is_int(x.type)) return x;
    if (x.type->kind == TY_DSR && opd_known(&x))
        return opd_value(value_of(s->types.u16, x.v.i & 0xff));
    if (!type_is_id(x.type) && x.type->kind != TY_ENUM) {
        sema_error(s, arg_span(call, 0),
                   "'%s' takes an identifier, an enum or an integer, not a value of type '%s'",
                   call->builtin.name->s, x.type->name);
        return opd_error();
    }
    Type *t = x.type->kind == TY_ENUM ? x.type->elem : s->types.u16;
    return opd_known(&x) ? opd_value(value_of(t, x.v.i)) : opd_reg(t, to_reg(s, x));
}

Operand builtin_get_color_id(Sema *s, Node *call, Type *want) {
    diag_warning(s->c, span_of(call), "@get_color_id is @get_int since SDK 1.2");
    return builtin_get_int(s, call, want);
}

// ---- binding ----

static bool check_reserved_task(Sema *s, ObjTaskKind kind, int id, Span at) {
    if (!shares_with_memcpy(s)) return true;
    bool taken = kind == TASK_LOCAL     ? id == 27 || id == 28 || id == 30
                 : kind == TASK_CONTROL ? id >= 33 && id <= 37
                 : !wse3(s)             ? id >= 21 && id <= 23
                                        : id <= 1;
    if (!taken) return true;
    sema_error(s, at, "%s task id %d is reserved by memcpy", task_kind_names[kind], id);
    return false;
}

static bool bind(Sema *s, Func *task, ObjTaskKind kind, Value id, Node *call) {
    if (!check_reserved_task(s, kind, (int)id.i, arg_span(call, 1))) return false;
    TaskBind **end = &s->inst->binds;
    while (*end) end = &(*end)->next;
    TaskBind *b = *end = arena_new(s->arena, TaskBind);
    *b = (TaskBind){
        .task = task, .kind = kind, .id = id, .at = span_of(call), .id_at = arg_span(call, 1)
    };
    if (!task->bind) task->bind = b;
    return true;
}

static Func *task_arg(Sema *s, Node *call) {
    Value v;
    if (!arg_known(s, call, 0, NULL, &v)) return NULL;
    if (v.type->kind == TY_FN && v.type->is_task) return v.fn;
    if (v.type->kind == TY_FN)
        sema_error(s, arg_span(call, 0), "'%s' is a function; declare it with 'task' to bind it",
                   v.fn->node->fn.name->s);
    else
        sema_error(s, arg_span(call, 0), "expected a task, found a value of type '%s'",
                   v.type->name);
    return NULL;
}

static unsigned payload_bits(const Type *t) {
    return (t->kind == TY_INT || t->kind == TY_FLOAT) ? t->bits : 0;
}

// What a wavelet can hand over: one 16- or 32-bit number or two of 16 bits (data), the 16 data bits
// (control).
static bool check_payload(Sema *s, const Func *task, ObjTaskKind kind) {
    const Type *t = task->type;
    const char *name = task->node->fn.name->s;
    NodeList params = task->node->fn.params;
    if (kind == TASK_DATA && !t->nfields)
        return sema_error(
            s, span_of(task->node),
            "data task '%s' takes nothing from its wavelet; give it one parameter or two", name);
    if (kind == TASK_LOCAL && t->nfields)
        return sema_error(s, span_of(params.data[0]),
                          "local task '%s' is started without data and cannot have parameters",
                          name);
    uint32_t most = kind == TASK_DATA ? 2 : 1;
    if (t->nfields > most)
        return sema_error(s, span_of(params.data[most]),
                          "a wavelet has no data for more than %s of '%s'",
                          most == 2 ? "two parameters" : "one parameter", name);
    for (uint32_t i = 0; i < t->nfields; i++) {
        unsigned bits = payload_bits(t->fields[i].type);
        bool whole = kind == TASK_DATA && t->nfields == 1;
        if (bits != 16 && !(whole && bits == 32))
            return sema_error(s, span_of(params.data[i]),
                              "parameter of type '%s' cannot be taken from a wavelet; %s",
                              t->fields[i].type->name,
                              whole ? "a 16-bit or 32-bit number can" : "a 16-bit number can");
    }
    return true;
}

static Operand bind_task(Sema *s, Node *call, ObjTaskKind kind, Type *id_type) {
    Value id;
    Func *task = task_arg(s, call);
    if (task && arg_known(s, call, 1, id_type, &id) && func_type(s, task) &&
        check_payload(s, task, kind) && bind(s, task, kind, id, call))
        return opd_void(s);
    s->inst->unbound = true;
    return opd_error();
}

Operand builtin_bind_data_task(Sema *s, Node *call, Type *want) {
    (void)want;
    return bind_task(s, call, TASK_DATA, s->types.data_task_id);
}
Operand builtin_bind_local_task(Sema *s, Node *call, Type *want) {
    (void)want;
    return bind_task(s, call, TASK_LOCAL, s->types.local_task_id);
}
Operand builtin_bind_control_task(Sema *s, Node *call, Type *want) {
    (void)want;
    return bind_task(s, call, TASK_CONTROL, s->types.control_task_id);
}

// ---- activate, block, unblock ----

static Operand start_or_emit(Sema *s, Operand x, uint8_t what, PeOp op, ObjTarget target, Span at) {
    if (at_comptime(s)) {
        if (!opd_known(&x)) {
            sema_error(s, at, "must be comptime-known in a comptime block");
            return opd_error();
        }
        vec_push(&s->inst->start, (StartTarget){ what, x.v, at });
        return opd_void(s);
    }
    if (op == PE_activate && opd_known(&x))
        vec_push(&s->inst->task_uses, (TaskUse){ .action = ACT_ACTIVATE, .id = x.v, .at = at });
    ir_emit(s, op, to_reg(s, x), op == PE_activate ? 0 : (int)target, 0);
    return opd_void(s);
}

Operand builtin_activate(Sema *s, Node *call, Type *want) {
    (void)want;
    Operand x = arg_value(s, call, 0, NULL);
    if (opd_bad(&x)) return x;
    Span at = arg_span(call, 0);
    if (x.type == s->types.color && !wse3(s)) {
        diag_warning(s->c, at, "@activate takes a local_task_id since SDK 1.1, not a color");
        x.type = s->types.local_task_id;
        x.v.type = opd_known(&x) ? x.type : x.v.type;
    }
    if (x.type->kind == TY_FN) {
        sema_error(s, at, "@activate takes the id that a task is bound to, not the task");
        return opd_error();
    }
    if (x.type == s->types.data_task_id || x.type == s->types.control_task_id) {
        sema_error(s, at, "a %s task is activated by its wavelet; @activate takes a local_task_id",
                   x.type == s->types.data_task_id ? "data" : "control");
        return opd_error();
    }
    x = coerce(s, x, s->types.local_task_id, at);
    return opd_bad(&x) ? x : start_or_emit(s, x, 0, PE_activate, TGT_TASK, at);
}

// What blocking acts on; TGT_NONE when it cannot be blocked on this architecture.
static ObjTarget block_target(Sema *s, const Type *t) {
    if (t == s->types.local_task_id || t == s->types.data_task_id) return TGT_TASK;
    if (t == s->types.color) return wse3(s) ? TGT_NONE : TGT_COLOR;
    if (t == s->types.input_queue) return wse3(s) ? TGT_QUEUE : TGT_NONE;
    return t == s->types.ut_id && wse3(s) ? TGT_UT : TGT_NONE;
}

static Operand block_or_unblock(Sema *s, Node *call, uint8_t what, PeOp op) {
    Operand x = arg_value(s, call, 0, NULL);
    if (opd_bad(&x)) return x;
    Span at = arg_span(call, 0);
    ObjTarget target = block_target(s, x.type);
    if (target) return start_or_emit(s, x, what, op, target, at);
    const char *name = call->builtin.name->s;
    if (x.type == s->types.color)
        sema_error(s, at, "on WSE-3 %s takes the input_queue of a color, not the color", name);
    else if (x.type == s->types.input_queue)
        sema_error(s, at, "on WSE-2 %s takes the color of an input queue, not the queue", name);
    else if (x.type->kind == TY_FN)
        sema_error(s, at, "%s takes the id that a task is bound to, not the task", name);
    else
        sema_error(s, at, "%s takes %s, not a value of type '%s'", name,
                   wse3(s) ? "an input_queue, a data_task_id, a local_task_id or a ut_id"
                           : "a color, a data_task_id or a local_task_id",
                   x.type->name);
    return opd_error();
}

Operand builtin_block(Sema *s, Node *call, Type *want) {
    (void)want;
    return block_or_unblock(s, call, 1, PE_block);
}
Operand builtin_unblock(Sema *s, Node *call, Type *want) {
    (void)want;
    return block_or_unblock(s, call, 2, PE_unblock);
}

// ---- queues ----

static bool check_reserved_queue(Sema *s, bool output, int number, Span at) {
    if (!shares_with_memcpy(s)) return true;
    const char *kind = output ? "output" : "input";
    if (wse3(s) && (number == 0 || (number == 1 && !output)))
        return sema_error(s, at, "%s queue %d is reserved by memcpy on WSE-3", kind, number);
    if (!wse3(s) && number == 0) diag_warning(s->c, at, "memcpy uses %s queue 0 on WSE-2", kind);
    return true;
}

// .priority = .{ .high = true }: 1 low, 2 medium, 3 high, as in object.h; -1 after an error.
static int queue_priority(Sema *s, const Value *v, Span at) {
    static const char *const names[] = { "low", "medium", "high" };
    if (v->type->kind == TY_STRUCT && v->type->nfields == 1 && v->type->fields[0].name &&
        v->agg->items[0].type == s->types.bool_)
        for (int i = 0; i < 3; i++)
            if (!strcmp(v->type->fields[0].name->s, names[i]) && v->agg->items[0].i) return i + 1;
    sema_error(s, at, "a priority is .{ .low = true }, .{ .medium = true } or .{ .high = true }");
    return -1;
}

static bool queue_config(Sema *s, Node *call, QueueInit *q) {
    Node *n = call->builtin.args.data[1];
    Value v, field;
    if (!arg_known(s, call, 1, NULL, &v)) return false;
    if (v.type == s->types.color && !q->output) {
        diag_warning(s->c, span_of(n),
                     "since SDK 0.8 the color of a queue is written .{ .color = c }");
        q->color = (uint8_t)v.i;
        return true;
    }
    if (v.type->kind != TY_STRUCT)
        return sema_error(s, span_of(n),
                          "expected a struct such as .{ .color = c }, found a value of type '%s'",
                          v.type->name);
    for (uint32_t i = 0; i < v.type->nfields; i++) {
        Name *name = v.type->fields[i].name;
        Span at = field_span(n, name);
        field = v.agg->items[i];
        if (name && !strcmp(name->s, "color")) {
            if (!wse3(s) && q->output)
                return sema_error(
                    s, at,
                    "on WSE-2 an output queue has no color of its own; the fabric DSD names it");
            Value c;
            if (!coerce_value(s, field, s->types.color, &c))
                return sema_error(s, at, "expected 'color', found '%s'", field.type->name);
            q->color = (uint8_t)c.i;
        } else if (name && !strcmp(name->s, "priority")) {
            if (wse3(s))
                return sema_error(s, at, "on WSE-3 a queue has no priority; the fabric DSD has");
            if (q->output) return sema_error(s, at, "an output queue has no priority");
            int p = queue_priority(s, &field, at);
            if (p < 0) return false;
            q->priority = (uint8_t)p;
        } else if (name && !strcmp(name->s, "ctrl_table_id") && wse3(s) && !q->output) {
            int64_t id;
            if (!value_to_i64(&field, &id) || id < 0 || id >= WSE_QUEUES)
                return sema_error(s, at, "ctrl_table_id is an integer from 0 to %d",
                                  WSE_QUEUES - 1);
            q->table = (uint8_t)id;
            q->table_at = at;
        } else {
            Spelling sp = spelling(name ? name->s : "");
            spelling_offer(&sp, "color");
            spelling_offer(&sp, "priority");
            spelling_offer(&sp, "ctrl_table_id");
            return sema_error(s, at, "a queue has no option '%s'%s", name ? name->s : "",
                              spelling_hint(s->c, &sp));
        }
    }
    return true;
}

Operand builtin_initialize_queue(Sema *s, Node *call, Type *want) {
    (void)want;
    Value v;
    if (!arg_known(s, call, 0, NULL, &v)) return opd_error();
    Span at = arg_span(call, 0);
    if (v.type != s->types.input_queue && v.type != s->types.output_queue) {
        sema_error(s, at, "expected an input_queue or an output_queue, found a value of type '%s'",
                   v.type->name);
        return opd_error();
    }
    QueueInit q = { .output = v.type == s->types.output_queue,
                    .number = (uint8_t)v.i,
                    .color = 0xff,
                    .at = span_of(call) };
    const char *kind = q.output ? "output" : "input";
    if (call->builtin.args.len > 1 && !queue_config(s, call, &q)) return opd_error();
    if (q.color == 0xff && (wse3(s) || !q.output)) {
        sema_error(s, span_of(call),
                   "%s queue %d needs a color: @initialize_queue(q, .{ .color = c })", kind,
                   q.number);
        return opd_error();
    }
    for (size_t i = 0; i < s->inst->queues.len; i++) {
        const QueueInit *other = &s->inst->queues.data[i];
        bool same = other->output == q.output && other->number == q.number;
        if (!same && !(wse3(s) && !q.output && !other->output && other->color == q.color)) continue;
        if (same)
            sema_error(s, at, "%s queue %d is initialized twice", kind, q.number);
        else
            sema_error(s, at, "color %d already feeds input queue %d", q.color, other->number);
        diag_note(s->c, other->at, "the first time");
        return opd_error();
    }
    if (!check_reserved_queue(s, q.output, q.number, at)) return opd_error();
    if (q.color != 0xff && q.color >= 21 && q.color <= 23 && shares_with_memcpy(s)) {
        sema_error(s, at, "color %d is reserved by memcpy", q.color);
        return opd_error();
    }
    vec_push(&s->inst->queues, q);
    return opd_void(s);
}

// An optional integer field of the table's configuration.
static bool table_option(Sema *s, const Value *field, Span at, const char *what, int64_t *n) {
    if (value_to_i64(field, n)) return true;
    return sema_error(s, at, "%s is a comptime-known integer, not a value of type '%s'", what,
                      field->type->name);
}

static bool control_table_config(Sema *s, Node *call, ControlTable *table) {
    Node *n = call->builtin.args.data[0];
    Value v;
    if (!arg_known(s, call, 0, NULL, &v)) return false;
    if (v.type->kind != TY_STRUCT)
        return sema_error(s, span_of(n),
                          "expected a struct such as .{ .instructions = 4, .stride = 1 }, found a "
                          "value of type '%s'",
                          v.type->name);
    for (uint32_t i = 0; i < v.type->nfields; i++) {
        const char *name = v.type->fields[i].name ? v.type->fields[i].name->s : "";
        Span at = field_span(n, v.type->fields[i].name);
        int64_t number;
        if (!strcmp(name, "instructions")) {
            if (!table_option(s, &v.agg->items[i], at, name, &number)) return false;
            if (number != 2 && number != 4 && number != 8)
                return sema_error(s, at, "an entry point has 2, 4 or 8 instructions, not %lld",
                                  (long long)number);
        } else if (!strcmp(name, "stride")) {
            if (!table_option(s, &v.agg->items[i], at, name, &number)) return false;
            if (number < 1 || number > 7)
                return sema_error(s, at, "the stride is 1 to 7 entry points, not %lld",
                                  (long long)number);
            table->stride = (uint8_t)number;
        } else {
            Spelling sp = spelling(name);
            spelling_offer(&sp, "instructions");
            spelling_offer(&sp, "stride");
            return sema_error(s, at, "a control task table has no option '%s'%s", name,
                              spelling_hint(s->c, &sp));
        }
    }
    return true;
}

// How many instructions an entry point has room for makes no difference to what its task does.
Operand builtin_set_control_task_table(Sema *s, Node *call, Type *want) {
    (void)want;
    ControlTable table = { .set = true, .stride = 1, .at = span_of(call) };
    if (!wse3(s)) {
        sema_error(s, table.at,
                   "WSE-2 has no control task table: @set_control_task_table is for "
                   "WSE-3");
        return opd_error();
    }
    if (s->inst->control.set) {
        sema_error(s, table.at, "@set_control_task_table is called twice");
        diag_note(s->c, s->inst->control.at, "the first time");
        return opd_error();
    }
    if (call->builtin.args.len && !control_table_config(s, call, &table)) return opd_error();
    s->inst->control = table;
    return opd_void(s);
}

Operand builtin_unsupported(Sema *s, Node *call, Type *want) {
    (void)want;
    sema_error(s, span_of(call), "'%s' is not supported yet", call->builtin.name->s);
    return opd_error();
}

// ---- when all comptime blocks of an instance have run ----

// One table of tasks by number serves all three kinds, unless control tasks have one of their own.
static bool same_table(const Instance *in, ObjTaskKind a, ObjTaskKind b) {
    return !in->control.set || (a == TASK_CONTROL) == (b == TASK_CONTROL);
}

static const TaskBind *bound_to(const Instance *in, const Value *id, ObjTaskKind kind) {
    for (const TaskBind *b = in->binds; b; b = b->next)
        if (b->id.i == id->i && same_table(in, b->kind, kind)) return b;
    return NULL;
}

// A task must be there to be activated at the start.
void instance_check(Sema *s, Instance *in) {
    for (size_t i = 0; i < in->start.len; i++) {
        const StartTarget *t = &in->start.data[i];
        if (t->what == 0 && !in->unbound && !bound_to(in, &t->target, TASK_LOCAL))
            sema_error(s, t->at, "no task is bound to id %d, which is activated here",
                       (int)t->target.i);
    }
}

// When all comptime blocks have run it is known which tables of tasks there are.
void instance_check_tables(Sema *s, Instance *in) {
    for (const TaskBind *b = in->binds; b; b = b->next) {
        const TaskBind *other = bound_to(in, &b->id, b->kind);
        if (other == b) continue;
        sema_error(s, b->id_at, "task id %d already has the %s task '%s'", (int)b->id.i,
                   task_kind_names[other->kind], other->task->node->fn.name->s);
        diag_note(s->c, other->at, "it is bound here");
    }
    for (size_t i = 0; i < in->queues.len && !in->control.set; i++)
        if (in->queues.data[i].table)
            sema_error(s, in->queues.data[i].table_at,
                       "ctrl_table_id %u needs control tasks to have a table of their own; call "
                       "@set_control_task_table()",
                       in->queues.data[i].table);
}

static bool queue_initialized(const Instance *in, Int number) {
    for (size_t i = 0; i < in->queues.len; i++)
        if (!in->queues.data[i].output && in->queues.data[i].number == number) return true;
    return false;
}

// On WSE-3 the words of a fabric DSD have the color of its queue, whatever it says itself.
static void dsd_color_check(Sema *s, const Instance *in, const DsdColor *d) {
    for (size_t i = 0; i < in->queues.len; i++) {
        const QueueInit *q = &in->queues.data[i];
        if (q->output == d->output && q->number == d->number && q->color != d->color)
            diag_warning(
                s->c, d->at,
                "not color %d: %s queue %d is initialized with color %d, which counts on WSE-3",
                d->color, d->output ? "output" : "input", d->number, q->color);
    }
}

// Local tasks are activated, local and data tasks unblocked. On WSE-3 a data task gets what arrives
// at its input queue, which is a color's only when it is initialized; published programs bind tasks
// to queues that some of their PEs do not use.
void task_uses_check(Sema *s, Instance *in) {
    for (size_t i = 0; i < in->dsd_colors.len; i++) dsd_color_check(s, in, &in->dsd_colors.data[i]);
    for (const TaskBind *b = in->binds; b && wse3(s); b = b->next)
        if (b->kind == TASK_DATA && !queue_initialized(in, b->id.i))
            diag_warning(s->c, b->at,
                         "input queue %d of data task '%s' has no color: call @initialize_queue",
                         (int)b->id.i, b->task->node->fn.name->s);
    for (size_t i = 0; i < in->task_uses.len; i++) {
        const TaskUse *u = &in->task_uses.data[i];
        const char *done = u->action == ACT_ACTIVATE ? "activated" : "unblocked";
        const TaskBind *b = u->task ? u->task->bind : bound_to(in, &u->id, TASK_LOCAL);
        if (!b && !u->task && !in->unbound)
            sema_error(s, u->at, "no task is bound to id %d, which is %s here", (int)u->id.i, done);
        if (!b || b->kind == TASK_LOCAL || (b->kind == TASK_DATA && u->action == ACT_UNBLOCK))
            continue; // a task without an id is reported where its id is needed
        sema_error(s, u->at, "'%s' is a %s task and cannot be %s", b->task->node->fn.name->s,
                   task_kind_names[b->kind], done);
        diag_note(s->c, b->at, "it is bound here");
    }
}
