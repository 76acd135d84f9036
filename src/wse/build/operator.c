// Operators, and jumps on conditions.
#include "wse/build/sema.h"

#include <math.h>

static Operand fold_int(Sema *s, CslOp op, Value a, Value b, Type *t, Span at) {
    Int x = a.i, y = b.i, r = 0;
    bool over = false;
    switch (op) {
    case CSL_OP_ADD: over = __builtin_add_overflow(x, y, &r); break;
    case CSL_OP_SUB: over = __builtin_sub_overflow(x, y, &r); break;
    case CSL_OP_MUL: over = __builtin_mul_overflow(x, y, &r); break;
    case CSL_OP_DIV:
    case CSL_OP_REM:
        if (!y) return opd_wrong(s, at, "division by zero");
        if (y == -1)
            over = op == CSL_OP_DIV && __builtin_sub_overflow((Int)0, x, &r);
        else
            r = op == CSL_OP_DIV ? x / y : x % y;
        break;
    case CSL_OP_AND: r = x & y; break;
    case CSL_OP_OR: r = x | y; break;
    case CSL_OP_XOR: r = x ^ y; break;
    default: break;
    }
    // The builtins leave the low 128 bits, which is all that a type of fixed width looks at.
    if (over && t->kind == TY_COMPTIME_INT)
        return opd_wrong(s, at, "the result does not fit in 128 bits");
    return opd_value(value_of(t, int_wrap(t, r)));
}

static Operand fold_compare(Sema *s, CslOp op, int order, bool unordered) {
    bool r;
    switch (op) {
    case CSL_OP_EQ: r = !unordered && order == 0; break;
    case CSL_OP_NE: r = unordered || order != 0; break;
    case CSL_OP_LT: r = !unordered && order < 0; break;
    case CSL_OP_LE: r = !unordered && order <= 0; break;
    case CSL_OP_GT: r = !unordered && order > 0; break;
    default: r = !unordered && order >= 0; break;
    }
    return opd_value(value_bool(s, r));
}

bool is_compare(CslOp op) { return op >= CSL_OP_EQ && op <= CSL_OP_GE; }

static bool comparable(const Type *t, bool ordered) {
    if (type_is_number(t)) return true;
    if (ordered) return false;
    return t->kind == TY_BOOL || t->kind == TY_ENUM || t->kind == TY_DIRECTION ||
           t->kind == TY_STRING || t->kind == TY_TYPE || t->kind == TY_DSR || t->kind == TY_VOID ||
           type_is_id(t) || t->kind == TY_POINTER;
}

// Opcode for an arithmetic operation on a run-time type, 0 when there is none.
static int arith_op(CslOp op, const Type *t) {
    if (t->kind == TY_FLOAT) {
        bool h = t->sub == FLOAT_F16;
        switch (op) {
        case CSL_OP_ADD: return h ? PE_add_f16 : PE_add_f32;
        case CSL_OP_SUB: return h ? PE_sub_f16 : PE_sub_f32;
        case CSL_OP_MUL: return h ? PE_mul_f16 : PE_mul_f32;
        case CSL_OP_DIV: return h ? PE_div_f16 : PE_div_f32;
        default: return 0;
        }
    }
    int k = (t->bits <= 8    ? 0
             : t->bits <= 16 ? 2
             : t->bits <= 32 ? 4
                             : 6) +
            (t->bits <= 32 && !t->is_signed);
    bool u64 = t->bits > 32 && !t->is_signed;
    switch (op) {
    case CSL_OP_ADD: return PE_add_i8 + k;
    case CSL_OP_SUB: return PE_sub_i8 + k;
    case CSL_OP_MUL: return PE_mul_i8 + k;
    case CSL_OP_DIV: return u64 ? PE_div_u64 : PE_div_i8 + k;
    case CSL_OP_REM: return t->is_signed ? PE_rem_s : PE_rem_u;
    case CSL_OP_SHL: return PE_shl_i8 + k;
    case CSL_OP_SHR: return t->is_signed ? PE_sar : PE_shr;
    case CSL_OP_AND: return PE_and;
    case CSL_OP_OR: return PE_or;
    case CSL_OP_XOR: return PE_xor;
    default: return 0;
    }
}

static Operand shift(Sema *s, CslOp op, Operand a, Operand b, Span at) {
    if (!type_is_int(a.type) || !type_is_int(b.type))
        return opd_wrong(s, at, "'%s' needs integers, found '%s' and '%s'", op_text(op),
                         a.type->name, b.type->name);
    if (b.type->kind == TY_INT && b.type->is_signed && !(b.kind == X_VALUE && b.v.i >= 0))
        return opd_wrong(s, at, "the right operand of '%s' must be unsigned, found '%s'",
                         op_text(op), b.type->name);
    if (b.kind == X_VALUE && b.v.i < 0) return opd_wrong(s, at, "negative shift");
    if (a.kind == X_VALUE && b.kind == X_VALUE) {
        int64_t n = b.v.i > 200 ? 200 : (int64_t)b.v.i;
        Int r;
        if (op == CSL_OP_SHR) {
            r = n > 126 ? (a.v.i < 0 ? -1 : 0) : a.v.i >> n;
        } else if (a.type->kind == TY_COMPTIME_INT) {
            if (a.v.i && (n > 125 || (Int)((unsigned __int128)a.v.i << n) >> n != a.v.i))
                return opd_wrong(s, at, "the result does not fit in 128 bits");
            r = n > 125 ? 0 : (Int)((unsigned __int128)a.v.i << n);
        } else {
            r = n > 126 ? 0 : (Int)((unsigned __int128)a.v.i << n);
        }
        return opd_value(value_of(a.type, int_wrap(a.type, r)));
    }
    if (a.type->kind == TY_COMPTIME_INT) {
        if (!can_coerce(s, &a, b.type))
            return opd_wrong(s, at, "give the shifted number a type with @as");
        a = coerce(s, a, b.type, at);
    }
    int x = to_reg(s, a), to = ir_reg(s->fx->ir, a.type), code = arith_op(op, a.type);
    if (b.kind == X_VALUE) {
        int n = b.v.i > 64 ? 64 : (int)b.v.i;
        int imm =
            op == CSL_OP_SHR ? code == PE_sar ? PE_sari : PE_shri : code - PE_shl_i8 + PE_shli_i8;
        ir_emit(s, imm, to, x, n);
    } else {
        ir_emit(s, code, to, x, to_reg(s, b));
    }
    return opd_reg(a.type, op == CSL_OP_SHL ? fit_width(s, a.type, to) : to);
}

static bool small_imm(const Operand *x, int64_t *out) {
    return x->kind == X_VALUE && value_is_int(&x->v) && value_to_i64(&x->v, out) &&
           *out >= -32768 && *out <= 32767;
}

static Operand compare_reg(Sema *s, CslOp op, Operand a, Operand b) {
    Type *t = a.type;
    int x = to_reg(s, a), y = to_reg(s, b), to = ir_reg(s->fx->ir, s->types.bool_);
    if (op == CSL_OP_GT || op == CSL_OP_GE) {
        int swap = x;
        x = y, y = swap;
        op = op == CSL_OP_GT ? CSL_OP_LT : CSL_OP_LE;
    }
    int code;
    if (t->kind == TY_FLOAT) {
        bool h = t->sub == FLOAT_F16;
        code = op == CSL_OP_EQ   ? h ? PE_eq_f16 : PE_eq_f32
               : op == CSL_OP_NE ? h ? PE_ne_f16 : PE_ne_f32
               : op == CSL_OP_LT ? h ? PE_lt_f16 : PE_lt_f32
               : h               ? PE_le_f16
                                 : PE_le_f32;
    } else {
        bool u64 = t->kind == TY_INT && t->bits > 32 && !t->is_signed;
        code = op == CSL_OP_EQ   ? PE_eq
               : op == CSL_OP_NE ? PE_ne
               : op == CSL_OP_LT ? u64 ? PE_lt_u64 : PE_lt
               : u64             ? PE_le_u64
                                 : PE_le;
    }
    ir_emit(s, code, to, x, y);
    return opd_reg(s->types.bool_, to);
}

// Brings both operands of a comparison or an arithmetic operation to one type.
static bool to_peers(Sema *s, CslOp op, Operand *a, Operand *b, Span at) {
    Type *t = peer_type(s, a, b);
    if (!t && is_compare(op) && type_is_int(a->type) && type_is_int(b->type) && opd_known(a) &&
        opd_known(b))
        t = s->types.comptime_int;
    if (!t) {
        if ((a->type->kind == TY_COMPTIME_INT && type_is_float(b->type)) ||
            (b->type->kind == TY_COMPTIME_INT && type_is_float(a->type)))
            return sema_error(s, at,
                              "'%s' mixes an integer and a float ('%s' and '%s'); write the "
                              "integer with a decimal point",
                              op_text(op), a->type->name, b->type->name);
        bool first = opd_known(a) && (!opd_known(b) || a->type->comptime_only);
        bool second = opd_known(b) && (!opd_known(a) || b->type->comptime_only);
        bool one_kind = (type_is_int(a->type) && type_is_int(b->type)) ||
                        (type_is_float(a->type) && type_is_float(b->type));
        if (first != second && one_kind)
            return sema_error(s, at, "'%s': value %s does not fit in '%s'", op_text(op),
                              value_text(s, first ? &a->v : &b->v),
                              first ? b->type->name : a->type->name);
        return sema_error(s, at, "'%s' needs operands of one type, found '%s' and '%s'",
                          op_text(op), a->type->name, b->type->name);
    }
    *a = coerce(s, *a, t, at);
    *b = coerce(s, *b, t, at);
    return !opd_bad(a) && !opd_bad(b);
}

static Operand fold_float(Sema *s, CslOp op, Type *t, double x, double y, Span at) {
    if (op == CSL_OP_DIV && y == 0) return opd_wrong(s, at, "division by zero");
    double r = op == CSL_OP_ADD   ? x + y
               : op == CSL_OP_SUB ? x - y
               : op == CSL_OP_MUL ? x * y
                                  : x / y;
    if (isnan(r)) return opd_wrong(s, at, "the result is not a number");
    return opd_value(value_float(t, r));
}

// Both sides known, of type t. f16 and f32 are exact to their own rounding: a double holds every
// sum, difference, product and quotient of theirs precisely enough to be rounded once more.
static Operand fold(Sema *s, CslOp op, Type *t, Value a, Value b, Span at) {
    if (type_is_float(t) && is_compare(op))
        return fold_compare(s, op, a.f < b.f ? -1 : a.f > b.f, isnan(a.f) || isnan(b.f));
    if (type_is_float(t)) return fold_float(s, op, t, a.f, b.f, at);
    if (!is_compare(op)) return fold_int(s, op, a, b, t, at);
    if (type_is_int(t)) return fold_compare(s, op, a.i < b.i ? -1 : a.i > b.i, false);
    return fold_compare(s, op, !value_equal(&a, &b), false);
}

// x op constant, for the operations that have such a form; `code` is the one of two registers.
// False: this one has not.
static bool immediate_form(Sema *s, CslOp op, int code, int to, int x, int64_t imm) {
    if (imm <= -32768) return false; // its negative does not fit
    switch (op) {
    case CSL_OP_ADD: ir_emit(s, PE_addi_i8 + (code - PE_add_i8), to, x, (int)imm); return true;
    case CSL_OP_SUB: ir_emit(s, PE_addi_i8 + (code - PE_sub_i8), to, x, (int)-imm); return true;
    case CSL_OP_MUL:
        if (imm > 0 && !(imm & (imm - 1)))
            ir_emit(s, PE_shli_i8 + (code - PE_mul_i8), to, x, __builtin_ctzll((uint64_t)imm));
        else
            ir_emit(s, PE_muli_i8 + (code - PE_mul_i8), to, x, (int)imm);
        return true;
    case CSL_OP_AND:
        if (imm >= 0) ir_emit(s, PE_andi, to, x, (int)imm);
        return imm >= 0;
    default: return false;
    }
}

static Operand undefined_for(Sema *s, CslOp op, const Type *t, Span at) {
    if (t->kind == TY_BOOL && op >= CSL_OP_AND && op <= CSL_OP_OR)
        return opd_wrong(s, at, "'%s' needs integers, found 'bool'; use '%s'", op_text(op),
                         op == CSL_OP_OR    ? "or"
                         : op == CSL_OP_AND ? "and"
                                            : "!=");
    return opd_wrong(s, at, "'%s' is not defined for '%s'", op_text(op), t->name);
}

Operand binary(Sema *s, CslOp op, Operand a, Operand b, Span at) {
    a = rvalue(s, a), b = rvalue(s, b);
    if (opd_bad(&a)) return a;
    if (opd_bad(&b)) return b;
    if (op == CSL_OP_SHL || op == CSL_OP_SHR) return shift(s, op, a, b, at);
    bool cmp = is_compare(op);
    if (cmp && a.type != b.type &&
        (a.type->kind == TY_VOID || b.type->kind == TY_VOID || a.type->kind == TY_TYPE ||
         b.type->kind == TY_TYPE))
        return opd_wrong(s, at, "cannot compare '%s' and '%s'", a.type->name, b.type->name);
    bool integer_only = op == CSL_OP_REM || (op >= CSL_OP_AND && op <= CSL_OP_OR);
    if (integer_only && type_is_float(a.type)) return undefined_for(s, op, a.type, at);
    if (integer_only && type_is_float(b.type)) return undefined_for(s, op, b.type, at);
    if (!to_peers(s, op, &a, &b, at)) return opd_error();
    Type *t = a.type;
    if (cmp            ? !comparable(t, op != CSL_OP_EQ && op != CSL_OP_NE)
        : integer_only ? !type_is_int(t)
                       : !type_is_number(t))
        return undefined_for(s, op, t, at);
    if (a.kind == X_VALUE && b.kind == X_VALUE) return fold(s, op, t, a.v, b.v, at);
    if (at_comptime(s))
        return opd_wrong(s, at, "the operands of '%s' must be comptime-known here", op_text(op));
    if (!type_in_reg(t))
        return opd_wrong(s, at, "'%s' is not possible with '%s' at run time", op_text(op), t->name);
    if (cmp) return compare_reg(s, op, a, b);
    if (t->kind == TY_INT && a.kind == X_VALUE && (op == CSL_OP_ADD || op == CSL_OP_MUL)) {
        Operand swap = a; // the constant to the right
        a = b, b = swap;
    }
    int x = to_reg(s, a), to = ir_reg(s->fx->ir, t), code = arith_op(op, t);
    int64_t imm;
    if (t->kind != TY_INT || !small_imm(&b, &imm) || !immediate_form(s, op, code, to, x, imm))
        ir_emit(s, code, to, x, to_reg(s, b));
    return opd_reg(t, fit_width(s, t, to));
}

Operand number_operand(Sema *s, Node *n, Type *hint) {
    Type *was = s->number;
    if (hint && type_is_number(hint) && !hint->comptime_only) s->number = hint;
    Operand x = expr_value(s, n, NULL);
    s->number = was;
    return x;
}

static bool is_choice(const Node *n) {
    return n->kind == ND_IF || n->kind == ND_SWITCH || n->kind == ND_BLOCK;
}

// Both operands of a binary operation. Where one is a run-time choice between comptime numbers, the
// other one says of which type: it is looked at first.
void binary_operands(Sema *s, Node *n, Type *want, Operand *a, Operand *b) {
    bool shifts = n->op == CSL_OP_SHL || n->op == CSL_OP_SHR;
    bool swap = !shifts && is_choice(n->binary.lhs) && !is_choice(n->binary.rhs);
    Operand *first = swap ? b : a, *second = swap ? a : b;
    *first =
        number_operand(s, swap ? n->binary.rhs : n->binary.lhs, is_compare(n->op) ? NULL : want);
    *second = *first;
    if (opd_bad(first)) return;
    Type *hint = type_is_number(first->type) && !first->type->comptime_only ? first->type : want;
    *second = number_operand(s, swap ? n->binary.lhs : n->binary.rhs, shifts ? s->types.u16 : hint);
}

Operand unary(Sema *s, Node *n, Type *want) {
    Operand x = number_operand(s, n->unary.operand, want);
    if (opd_bad(&x)) return x;
    Type *t = x.type;
    Span at = span_of(n);
    switch (n->op) {
    case CSL_OP_NOT:
        if (t->kind != TY_BOOL) return opd_wrong(s, at, "'!' needs a bool, found '%s'", t->name);
        if (x.kind == X_VALUE) return opd_value(value_bool(s, !x.v.i));
        break;
    case CSL_OP_BITNOT:
        if (t->kind != TY_INT)
            return opd_wrong(s, at, "'~' needs an integer of fixed width, found '%s'", t->name);
        if (x.kind == X_VALUE) return opd_value(value_of(t, int_wrap(t, ~x.v.i)));
        break;
    default:
        if (!type_is_number(t)) return opd_wrong(s, at, "'-' needs a number, found '%s'", t->name);
        if (x.kind == X_VALUE && type_is_float(t))
            return opd_value((Value){ .type = t, .f = -x.v.f });
        if (x.kind == X_VALUE) return fold_int(s, CSL_OP_SUB, value_of(t, 0), x.v, t, at);
        break;
    }
    if (at_comptime(s)) return opd_wrong(s, at, "the operand must be comptime-known here");
    int r = to_reg(s, x), to = ir_reg(s->fx->ir, t);
    if (n->op == CSL_OP_NOT)
        ir_emit(s, PE_lnot, to, r, 0);
    else if (t->kind == TY_FLOAT)
        ir_emit(s, t->sub == FLOAT_F16 ? PE_neg_f16 : PE_neg_f32, to, r, 0);
    else {
        int k = (t->bits <= 8    ? 0
                 : t->bits <= 16 ? 2
                 : t->bits <= 32 ? 4
                                 : 6) +
                (t->bits <= 32 && !t->is_signed);
        ir_emit(s, (n->op == CSL_OP_BITNOT ? PE_not_i8 : PE_neg_i8) + k, to, r, 0);
    }
    return opd_reg(t, fit_width(s, t, to));
}

// and, or: short-circuit; what a comptime-known left side skips is not even looked at.
Operand logical(Sema *s, Node *n) {
    bool is_or = n->op == CSL_OP_LOR;
    Operand a = expr_value(s, n->binary.lhs, s->types.bool_);
    if (opd_bad(&a)) return a;
    if (a.type != s->types.bool_)
        return opd_wrong(s, span_of(n->binary.lhs), "'%s' needs bools, found '%s'", op_text(n->op),
                         a.type->name);
    if (a.kind == X_VALUE) {
        if ((a.v.i != 0) == is_or) return a;
        Operand b = expr_value(s, n->binary.rhs, s->types.bool_);
        if (!opd_bad(&b) && b.type != s->types.bool_)
            return opd_wrong(s, span_of(n->binary.rhs), "'%s' needs bools, found '%s'",
                             op_text(n->op), b.type->name);
        return b;
    }
    IrFunc *f = s->fx->ir;
    int to = ir_reg(f, s->types.bool_), end = ir_label(f);
    ir_emit(s, PE_mov, to, a.reg, 0);
    ir_emit(s, is_or ? PE_jnz : PE_jz, to, end, 0);
    s->fx->depth++;
    Operand b = expr_value(s, n->binary.rhs, s->types.bool_);
    s->fx->depth--;
    if (!opd_bad(&b)) {
        if (b.type != s->types.bool_)
            b = opd_wrong(s, span_of(n->binary.rhs), "'%s' needs bools, found '%s'", op_text(n->op),
                          b.type->name);
        else
            ir_emit(s, PE_mov, to, to_reg(s, b), 0);
    }
    ir_place(f, end);
    return opd_bad(&b) && b.kind == X_ERROR ? b : opd_reg(s->types.bool_, to);
}

// Whether comparing these compiles to one jump: registers that compare as signed 64-bit integers
// do.
static bool jumps_at_once(CslOp op, const Operand *a, const Operand *b) {
    const Type *t = a->type;
    if (opd_known(a) && opd_known(b)) return false;
    if (!comparable(t, op != CSL_OP_EQ && op != CSL_OP_NE) || !type_in_reg(t)) return false;
    return t->kind != TY_FLOAT && t->kind != TY_DSD &&
           !(t->kind == TY_INT && t->bits > 32 && !t->is_signed);
}

// Jumps to `target` when `a op b`, else to `other`, which is placed next.
static void compare_jump(Sema *s, CslOp op, Operand a, Operand b, int target, int other) {
    if (opd_known(&a)) { // the constant to the right
        Operand swap = a;
        a = b, b = swap;
        op = op == CSL_OP_LT   ? CSL_OP_GT
             : op == CSL_OP_LE ? CSL_OP_GE
             : op == CSL_OP_GT ? CSL_OP_LT
             : op == CSL_OP_GE ? CSL_OP_LE
                               : op;
    }
    int x = to_reg(s, a);
    int64_t imm;
    if (small_imm(&b, &imm) && op != CSL_OP_LE && op != CSL_OP_GT) {
        int code = op == CSL_OP_EQ   ? PE_jeqi
                   : op == CSL_OP_NE ? PE_jnei
                   : op == CSL_OP_LT ? PE_jlti
                                     : PE_jgei;
        ir_emit(s, code, x, (int)imm, target);
    } else {
        static const int jumps[] = {
            [CSL_OP_EQ] = PE_jeq, [CSL_OP_NE] = PE_jne, [CSL_OP_LT] = PE_jlt,
            [CSL_OP_LE] = PE_jle, [CSL_OP_GT] = PE_jgt, [CSL_OP_GE] = PE_jge
        };
        ir_emit(s, jumps[op], x, to_reg(s, b), target);
    }
    ir_jump(s, other);
}

static void bool_jump(Sema *s, Operand x, int yes, int no, bool yes_next) {
    if (x.kind == X_VALUE) {
        ir_jump(s, x.v.i ? yes : no);
        return;
    }
    ir_emit(s, yes_next ? PE_jz : PE_jnz, to_reg(s, x), yes_next ? no : yes, 0);
    ir_jump(s, yes_next ? yes : no);
}

static void cond_compare(Sema *s, Node *n, int yes, int no, bool yes_next) {
    static const CslOp inverse[] = {
        [CSL_OP_EQ] = CSL_OP_NE, [CSL_OP_NE] = CSL_OP_EQ, [CSL_OP_LT] = CSL_OP_GE,
        [CSL_OP_GE] = CSL_OP_LT, [CSL_OP_GT] = CSL_OP_LE, [CSL_OP_LE] = CSL_OP_GT
    };
    Operand a, b;
    binary_operands(s, n, NULL, &a, &b);
    if (opd_bad(&a) || opd_bad(&b)) return;
    Type *t = peer_type(s, &a, &b);
    if (t && can_coerce(s, &a, t) && can_coerce(s, &b, t)) {
        Operand x = coerce(s, a, t, span_of(n)), y = coerce(s, b, t, span_of(n));
        if (jumps_at_once(n->op, &x, &y)) {
            if (yes_next)
                compare_jump(s, inverse[n->op], x, y, no, yes);
            else
                compare_jump(s, n->op, x, y, yes, no);
            return;
        }
    }
    Operand r = binary(s, n->op, a, b, span_of(n));
    if (!opd_bad(&r)) bool_jump(s, r, yes, no, yes_next);
}

// Jumps to `yes` or `no`; `yes_next`: the yes label is placed next, else the no label.
void cond_jump(Sema *s, Node *n, int yes, int no, bool yes_next) {
    if (n->kind == ND_BINARY && (n->op == CSL_OP_LAND || n->op == CSL_OP_LOR)) {
        IrFunc *f = s->fx->ir;
        int middle = ir_label(f);
        if (n->op == CSL_OP_LAND)
            cond_jump(s, n->binary.lhs, middle, no, true);
        else
            cond_jump(s, n->binary.lhs, yes, middle, false);
        // the left side decides: the right one is not looked at
        if (!ir_used(f, middle)) return;
        ir_place(f, middle);
        s->fx->depth++;
        cond_jump(s, n->binary.rhs, yes, no, yes_next);
        s->fx->depth--;
        return;
    }
    if (n->kind == ND_UNARY && n->op == CSL_OP_NOT) {
        cond_jump(s, n->unary.operand, no, yes, !yes_next);
        return;
    }
    if (n->kind == ND_BINARY && is_compare(n->op)) {
        cond_compare(s, n, yes, no, yes_next);
        return;
    }
    Operand x = expr_value(s, n, s->types.bool_);
    if (opd_bad(&x)) return;
    if (x.type != s->types.bool_)
        sema_error(s, span_of(n), "the condition must be a bool, found '%s'", x.type->name);
    else
        bool_jump(s, x, yes, no, yes_next);
}
