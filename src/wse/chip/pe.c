// The bytecode machine: runs a task's code until it ends or must wait.
//
// Instructions take the cycles pe.def gives them. Several run in one go while nobody can tell:
// before an instruction that meets the fabric, the tasks or a microthread, the machine lets the
// cycles spent so far pass and comes back at that cycle. All state is in the PE (frames,
// registers), so that coming back is looking at the topmost frame.
#include "wse/chip/machine.h"

#include "wse/chip/numeric.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// ---- faults ----

const char *pe_runs(Chip *c, const Pe *p, char *buf, size_t n) {
    if (p->task == LAUNCH_TASK)
        snprintf(buf, n, "launch of '%s'",
                 object_string(c->o, p->plan->funcs[p->frames[0].func].name));
    else
        snprintf(buf, n, "task '%s'", task_name(c, p, p->task));
    return buf;
}

const char *pe_where(Chip *c, Pe *p, char *buf, size_t n) {
    const char *file;
    uint32_t line;
    if (p->acting && p->acting <= MICROTHREADS) {
        char op[512];
        snprintf(buf, n, "microthread %u, %s", p->acting - 1,
                 op_place(c, p, &p->ops[p->acting - 1], op, sizeof op));
        return buf;
    }
    if (!p->depth) {
        snprintf(buf, n, "no task running");
        return buf;
    }
    const Frame *f = &p->frames[p->depth - 1];
    const ObjFunc *fn = &p->plan->funcs[f->func];
    bool known = object_line(c->o, fn, f->at ? f->at - 1 : 0, &file, &line);
    char task[256];
    int k = snprintf(buf, n, "%s", pe_runs(c, p, task, sizeof task));
    if (k > 0 && (size_t)k < n)
        snprintf(buf + k, n - (size_t)k, ", %s%s:%u", known ? file : object_string(c->o, fn->name),
                 known ? "" : " instruction", known ? line : f->at);
    return buf;
}

bool pe_fault(Chip *c, Pe *p, const char *fmt, ...) {
    if (c->faulted) return false;
    char where[512];
    StrBuf b = { 0 };
    sb_printf(&b, "PE (%u,%u), %s, cycle %llu: ", p->x, p->y, pe_where(c, p, where, sizeof where),
              (unsigned long long)c->now);
    va_list ap;
    va_start(ap, fmt);
    char text[1024];
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    sb_add(&b, text, strlen(text));
    c->fault = sb_take(&b);
    c->faulted = true;
    return false;
}

// ---- memory ----

static const char *bits_name(unsigned bits) {
    return bits == 8 ? "8-bit" : bits == 16 ? "16-bit" : bits == 32 ? "32-bit" : "64-bit";
}

bool pe_load_slow(Chip *c, Pe *p, uint32_t addr, unsigned bits, uint64_t *value) {
    *value = 0;
    if (bits > 8 && (addr & 1))
        return pe_fault(c, p, "%s read at odd address 0x%04x", bits_name(bits), addr);
    if (addr >= WSE_RAM)
        return pe_fault(c, p, "read of configuration register 0x%04x, which is not modelled", addr);
    if (addr + bits / 8 > WSE_RAM)
        return pe_fault(c, p, "%s read at 0x%04x, across the end of RAM", bits_name(bits), addr);
    for (unsigned i = 0; i < bits / 8 && addr + i < p->plan->in->ram; i++)
        *value |= (uint64_t)p->ram[addr + i] << 8 * i;
    return true; // beyond what the program defines there are zeroes
}

bool pe_store_slow(Chip *c, Pe *p, uint32_t addr, unsigned bits) {
    if (bits > 8 && (addr & 1))
        return pe_fault(c, p, "%s write at odd address 0x%04x", bits_name(bits), addr);
    if (addr >= WSE_RAM)
        return pe_fault(c, p, "write to configuration register 0x%04x, which is not modelled",
                        addr);
    return pe_fault(c, p,
                    "%s write at 0x%04x, outside the %u bytes of memory that the program defines",
                    bits_name(bits), addr, p->plan->in->ram);
}

// ---- small instructions ----

static uint64_t count_leading(uint64_t v, unsigned width) {
    if (width < 64) v &= (1ull << width) - 1;
    return v ? (uint64_t)__builtin_clzll(v) - (64 - width) : width;
}
static uint64_t count_trailing(uint64_t v, unsigned width) {
    if (width < 64) v &= (1ull << width) - 1;
    return v ? (uint64_t)__builtin_ctzll(v) : width;
}
static uint64_t count_ones(uint64_t v, unsigned width) {
    if (width < 64) v &= (1ull << width) - 1;
    return (uint64_t)__builtin_popcountll(v);
}
// An integer as a double that rounds to the right f16: beyond f16's range any large value does.
static double int_to_double_for_f16(int64_t v) {
    return v > 1 << 20 ? 1 << 20 : v < -(1 << 20) ? -(1 << 20) : (double)v;
}

// 128 steps of the shift register x^23 + x^18 + 1; the low 16 bits are the number.
static uint32_t random16(Pe *p) {
    uint32_t s = p->random;
    for (int i = 0; i < 128; i++) s = s >> 1 | ((s ^ s >> 5) & 1) << 22;
    p->random = s;
    return s & 0xffff;
}

static uint64_t time_stamp(const Pe *p, uint64_t now) {
    return (p->tsc_on ? now - p->tsc_base : p->tsc_base) & 0xffffffffffffull;
}

static void line_flush(Chip *c, Pe *p, uint64_t now) {
    if (c->opt.log) {
        char out[LINE_BYTES + 32];
        snprintf(out, sizeof out, "@%llu %.*s", (unsigned long long)now, (int)p->line_len, p->line);
        c->opt.log(c->opt.log_ctx, out);
    }
    p->line_len = 0;
}
static void line_add(Chip *c, Pe *p, uint64_t now, const char *text, size_t n) {
    if (!p->line) return;
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '\n' || p->line_len == LINE_BYTES - 1) line_flush(c, p, now);
        if (text[i] != '\n') p->line[p->line_len++] = text[i];
    }
}
// The shortest decimal that reads back as the same float, with a point or an exponent: 42.0, 0.1,
// 1e+20.
static int print_float(char *t, size_t size, double v, bool half) {
    int n = 0;
    for (int digits = 1; digits <= 9; digits++) {
        n = snprintf(t, size, "%.*g", digits, v);
        double back = strtod(t, NULL);
        if (half ? f16_bits(back) == f16_bits(v) : (float)back == (float)v) break;
    }
    return strpbrk(t, ".en") ? n : n + snprintf(t + n, size - (size_t)n, ".0");
}

static void print(Chip *c, Pe *p, uint64_t now, ObjPrint form, uint64_t v) {
    char t[64];
    int n = 0;
    switch (form) {
    case PRINT_CHAR: t[n++] = (char)v; break;
    case PRINT_U16: n = snprintf(t, sizeof t, "%u", (unsigned)(v & 0xffff)); break;
    case PRINT_U32: n = snprintf(t, sizeof t, "%u", (unsigned)v); break;
    case PRINT_I32: n = snprintf(t, sizeof t, "%d", (int)v); break;
    case PRINT_HEX16: n = snprintf(t, sizeof t, "%04X", (unsigned)(v & 0xffff)); break;
    case PRINT_HEX32: n = snprintf(t, sizeof t, "%08X", (unsigned)v); break;
    case PRINT_BIN16:
    case PRINT_BIN32:
        for (int i = form == PRINT_BIN16 ? 15 : 31; i >= 0; i--)
            t[n++] = (char)('0' + (v >> i & 1));
        break;
    case PRINT_F16: n = print_float(t, sizeof t, bits_f16((uint32_t)v & 0xffff), true); break;
    case PRINT_F32: n = print_float(t, sizeof t, (double)bits_f32((uint32_t)v), false); break;
    case PRINT_PE: n = snprintf(t, sizeof t, "PE(%u,%u): ", p->x, p->y); break;
    case PRINT_STRING:
        for (uint32_t a = (uint32_t)v & 0xffff; a < p->plan->in->ram && p->ram[a]; a++)
            line_add(c, p, now, (char *)&p->ram[a], 1);
        return;
    case PRINT_KINDS: return;
    }
    line_add(c, p, now, t, (size_t)n);
}

// ---- frames ----

void pe_begin(Chip *c, Pe *p, uint32_t func, const uint64_t *args, unsigned nargs) {
    p->depth = 1;
    p->frames[0] = (Frame){ .func = func, .stack = (uint16_t)p->plan->in->stack };
    if (nargs) memcpy(p->regs, args, nargs * sizeof *args);
    p->state = MAIN_RUN;
    p->main_at = c->now + TASK_START;
    if (p->plan->funcs[func].frame > p->plan->in->stack_bytes)
        pe_fault(c, p, "stack overflow: %u bytes are too few", p->plan->in->stack_bytes);
}

static bool push_frame(Chip *c, Pe *p, uint32_t func, unsigned window) {
    const Frame *f = &p->frames[p->depth - 1];
    const ObjFunc *caller = &p->plan->funcs[f->func], *callee = &p->plan->funcs[func];
    uint32_t base = f->base + window, stack = f->stack + caller->frame;
    if (p->depth == p->plan->depth || base + callee->regs > p->plan->nregs)
        return pe_fault(c, p, "calls nest deeper than %u", p->depth);
    if (stack + callee->frame > p->plan->in->stack + p->plan->in->stack_bytes)
        return pe_fault(c, p, "stack overflow: %u bytes are too few for '%s'",
                        p->plan->in->stack_bytes, object_string(c->o, callee->name));
    p->frames[p->depth++] = (Frame){ .func = func, .base = base, .stack = (uint16_t)stack };
    return true;
}

// Is `to` a function that takes and gives what the caller expects? signature: arguments | results
// << 8
static bool callable(Chip *c, Pe *p, uint64_t to, unsigned signature) {
    if (to >= p->plan->in->funcs.n)
        return pe_fault(c, p, "call of function %llu of %u: not a function", (unsigned long long)to,
                        p->plan->in->funcs.n);
    const ObjFunc *f = &p->plan->funcs[to];
    if (f->args == (signature & 0xff) && f->results == signature >> 8) return true;
    return pe_fault(c, p, "call of '%s' through a pointer of another type",
                    object_string(c->o, f->name));
}

// ---- DSD values and bytes ----

static void dsd_words(ObjDsd d, uint64_t *to) {
    to[0] = d.w[0] | (uint64_t)d.w[1] << 32;
    to[1] = d.w[2] | (uint64_t)d.w[3] << 32;
}

static bool load_dsd(Chip *c, Pe *p, uint32_t addr, uint64_t *to) {
    uint64_t lo, hi;
    if (!pe_load(c, p, addr & 0xffff, 64, &lo) || !pe_load(c, p, (addr + 8) & 0xffff, 64, &hi))
        return false;
    to[0] = lo;
    to[1] = hi;
    return true;
}
static bool store_dsd(Chip *c, Pe *p, uint32_t addr, const uint64_t *from) {
    return pe_store(c, p, addr & 0xffff, 64, from[0]) &&
           pe_store(c, p, (addr + 8) & 0xffff, 64, from[1]);
}

static bool dsr_get(Chip *c, Pe *p, unsigned which, uint64_t *to) {
    uint8_t slot = p->plan->dsr_of[which >> 8][which & 0xff];
    if (slot == OBJ_NONE8 || !p->dsrs[slot].loaded)
        return pe_fault(c, p, "a DSR is used before anything was loaded into it");
    dsd_words(p->dsrs[slot].dsd, to);
    return true;
}

// The place that @map reached stays in a one-dimensional DSR. (Not inlined: the interpreter's loop
// would keep its state in memory, a sixth of the speed of scalar code.)
static __attribute__((noinline)) bool dsr_put(Chip *c, Pe *p, unsigned which,
                                              const uint64_t *from) {
    uint8_t slot = p->plan->dsr_of[which >> 8][which & 0xff];
    if (slot == OBJ_NONE8 || !p->dsrs[slot].loaded)
        return pe_fault(c, p, "a DSR is used before anything was loaded into it");
    if (dsd_kind(p->dsrs[slot].dsd) != DSD_MEM4D)
        p->dsrs[slot].dsd.w[1] = (uint32_t)(from[0] >> 32);
    return true;
}

static bool copy_bytes(Chip *c, Pe *p, uint32_t to, uint32_t from, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        uint64_t byte;
        if (!pe_load(c, p, (from + i) & 0xffff, 8, &byte) ||
            !pe_store(c, p, (to + i) & 0xffff, 8, byte))
            return false;
    }
    return true;
}
static bool fill_bytes(Chip *c, Pe *p, uint32_t to, uint32_t byte, uint32_t n) {
    for (uint32_t i = 0; i < n; i++)
        if (!pe_store(c, p, (to + i) & 0xffff, 8, byte)) return false;
    return true;
}

// ---- the machine ----

typedef int8_t canon_i8;
typedef uint8_t canon_u8;
typedef int16_t canon_i16;
typedef uint16_t canon_u16;
typedef int32_t canon_i32;
typedef uint32_t canon_u32;
typedef int64_t canon_i64;

#define CANON(T, v) ((uint64_t)(canon_##T)(v))
#define RA          r[insn >> 16 & 0xffff]
#define RB          r[insn >> 32 & 0xffff]
#define RC          r[insn >> 48]
#define A           RA
#define B           RB
#define C           RC
#define SA          ((int64_t)RA)
#define SB          ((int64_t)RB)
#define SC          ((int64_t)RC)
#define IMM         (insn >> 48)
#define SIMM        ((int16_t)(insn >> 48))
#define IMMB        (insn >> 32 & 0xffff)
#define SIMMB       ((int16_t)(insn >> 32))
#define IMM32       ((uint32_t)(insn >> 32))
#define SIMM32      ((int32_t)(insn >> 32))
#define f32(v)      bits_f32((uint32_t)(v))
#define F32(v)      f32_bits(v)
#define f16(v)      bits_f16((uint32_t)(v))
#define F16(v)      f16_bits(v)
#define GOTO(to)    at = (to)
#define NONZERO(v)                                                                                 \
    if (!(v)) {                                                                                    \
        FAULT("division by zero: undefined");                                                      \
    }
#define FAULT(...)                                                                                 \
    do {                                                                                           \
        frame->at = at;                                                                            \
        pe_fault(c, p, __VA_ARGS__);                                                               \
        goto stop;                                                                                 \
    } while (0)
#define MUST(call)                                                                                 \
    do {                                                                                           \
        frame->at = at;                                                                            \
        if (!(call)) goto stop;                                                                    \
    } while (0)
// Meets the rest of the PE: happens at its own cycle.
#define NOW                                                                                        \
    do {                                                                                           \
        if (spent > own) {                                                                         \
            spent -= own;                                                                          \
            at--;                                                                                  \
            goto later;                                                                            \
        }                                                                                          \
        p->effects = true;                                                                         \
    } while (0)
// An expression that may leave: hence GNU C's statement expression.
#define LOAD(address, bits)                                                                        \
    __extension__({                                                                                \
        uint64_t value_;                                                                           \
        MUST(pe_load(c, p, (uint32_t)(address)&0xffff, bits, &value_));                            \
        value_;                                                                                    \
    })
#define STORE(address, bits, v)                                                                    \
    do {                                                                                           \
        MUST(pe_store(c, p, (uint32_t)(address)&0xffff, bits, v));                                 \
        p->effects = true;                                                                         \
    } while (0)
#define PAIR(x)           (&(x))
#define LOAD_DSD(address) MUST(load_dsd(c, p, (uint32_t)(address), PAIR(A)))
#define STORE_DSD(address)                                                                         \
    do {                                                                                           \
        MUST(store_dsd(c, p, (uint32_t)(address), PAIR(A)));                                       \
        p->effects = true;                                                                         \
    } while (0)
#define MOVE_PAIR memmove(PAIR(A), PAIR(B), 16)
#define COPY_BYTES                                                                                 \
    do {                                                                                           \
        MUST(copy_bytes(c, p, (uint32_t)A, (uint32_t)B, (uint32_t)IMM));                           \
        p->effects = true;                                                                         \
        spent += (unsigned)IMM / 4;                                                                \
    } while (0)
#define FILL_BYTES                                                                                 \
    do {                                                                                           \
        MUST(fill_bytes(c, p, (uint32_t)A, (uint32_t)B, (uint32_t)IMM));                           \
        p->effects = true;                                                                         \
        spent += (unsigned)IMM / 4;                                                                \
    } while (0)
#define FRAME       frame->stack
#define ROW_WORD(n) p->row[n]
#define COORD(k)                                                                                   \
    ((k) == 0   ? p->x                                                                             \
     : (k) == 1 ? p->y                                                                             \
     : (k) == 2 ? p->x + c->head->offset_x                                                         \
                : p->y + c->head->offset_y)
#define CALL(func)                                                                                 \
    do {                                                                                           \
        MUST(push_frame(c, p, func, insn >> 16 & 0xffff));                                         \
        goto enter;                                                                                \
    } while (0)
#define CALL_INDIRECT                                                                              \
    do {                                                                                           \
        uint64_t to_ = B;                                                                          \
        MUST(callable(c, p, to_, (unsigned)IMM));                                                  \
        CALL((uint32_t)to_);                                                                       \
    } while (0)
#define RETURN                                                                                     \
    do {                                                                                           \
        const ObjFunc *fn_ = &plan->funcs[frame->func];                                            \
        for (unsigned i_ = 0, from_ = insn >> 16 & 0xffff; i_ < fn_->results; i_++)                \
            r[i_] = r[from_ + i_];                                                                 \
        frame->at = at;                                                                            \
        if (p->depth == 1) goto done;                                                              \
        p->depth--;                                                                                \
        goto enter;                                                                                \
    } while (0)
#define DSD_CONST dsd_words(plan->dsds[IMM32], PAIR(A))
#define FIELD(word, shift, width, v)                                                               \
    (word) = ((word) & ~(((1ull << (width)) - 1) << (shift))) |                                    \
             ((uint64_t)(v) & ((1ull << (width)) - 1)) << (shift)
#define DSD_BASE   FIELD((&A)[0], 32, 16, B)
#define DSD_INC    FIELD((&A)[0], 32, 16, ((&A)[0] >> 32) + B * IMM)
#define DSD_LEN    FIELD((&A)[0], 48, 16, B)
#define DSD_STRIDE FIELD((&A)[1], 0, 16, B)
#define DSD_QUEUE  FIELD((&A)[0], DSD_QUEUE_SHIFT, 4, B)
#define DSD_COLOR  FIELD((&A)[0], DSD_COLOR_SHIFT, 8, B)
#define LOAD_DSR(n)                                                                                \
    do {                                                                                           \
        MUST(vec_load_dsr(c, p, &plan->dsrs[n], r));                                               \
        p->effects = true;                                                                         \
    } while (0)
#define DSR_GET MUST(dsr_get(c, p, (unsigned)IMMB, PAIR(A)))
#define DSR_PUT                                                                                    \
    do {                                                                                           \
        MUST(dsr_put(c, p, (unsigned)IMMB, PAIR(A)));                                              \
        p->effects = true;                                                                         \
    } while (0)
#define FIFO_READ_LENGTH                                                                           \
    p->fifos[IMMB].read_length = (uint16_t)A;                                                      \
    p->effects = true
#define FIFO_WRITE_LENGTH                                                                          \
    p->fifos[IMMB].write_length = (uint16_t)A;                                                     \
    p->effects = true
#define VECTOR(n)                                                                                  \
    do {                                                                                           \
        const ObjVec *v_ = &plan->vecs[n];                                                         \
        bool result_;                                                                              \
        unsigned cycles_ = spent - own;                                                            \
        frame->at = at;                                                                            \
        int how_ = cycles_ && (p->op_live || v_->flags & VEC_ASYNC)                                \
                       ? 3                                                                         \
                       : vec_start(c, p, v_, r, &cycles_, &result_);                               \
        if (how_ < 0) goto stop;                                                                   \
        if (how_ == 3) {                                                                           \
            spent -= own;                                                                          \
            at--;                                                                                  \
            goto later;                                                                            \
        }                                                                                          \
        p->effects = true;                                                                         \
        if (how_ == 1) {                                                                           \
            p->state = MAIN_VECTOR;                                                                \
            goto stop;                                                                             \
        }                                                                                          \
        if (how_ == 2) {                                                                           \
            frame->at = at - 1;                                                                    \
            p->state = MAIN_UT;                                                                    \
            goto stop;                                                                             \
        }                                                                                          \
        A = result_;                                                                               \
        spent += cycles_;                                                                          \
    } while (0)
#define IT_INIT                                                                                    \
    do {                                                                                           \
        uint64_t lo_ = (&B)[0], hi_ = (&B)[1], *it_ = &A;                                          \
        it_[0] = lo_, it_[1] = hi_, it_[2] = it_[3] = 0;                                           \
    } while (0)
#define IT_END                                                                                     \
    if (vec_element_end(p, &A)) GOTO(IMMB)
#define ELEMENT(call)                                                                              \
    do {                                                                                           \
        NOW;                                                                                       \
        frame->at = at;                                                                            \
        int how_ = (call);                                                                         \
        if (how_ < 0) goto stop;                                                                   \
        if (!how_) {                                                                               \
            frame->at = at - 1;                                                                    \
            p->state = MAIN_ELEMENT;                                                               \
            goto stop;                                                                             \
        }                                                                                          \
        c->elements++;                                                                             \
    } while (0)
#define IT_READ                                                                                    \
    do {                                                                                           \
        uint64_t got_ = 0;                                                                         \
        ELEMENT(vec_element_read(c, p, &B, (ObjElement)IMM, &got_));                               \
        A = got_;                                                                                  \
    } while (0)
#define IT_WRITE ELEMENT(vec_element_write(c, p, &B, (ObjElement)IMM, A))
#define ACTIVATE(n)                                                                                \
    do {                                                                                           \
        bool had_ = p->effects;                                                                    \
        NOW;                                                                                       \
        p->effects = had_;                                                                         \
        p->activated++;                                                                            \
        MUST(task_activate(c, p, (n) > 255 ? 255 : (unsigned)(n), c->now));                        \
    } while (0)
#define BLOCK(kind, n)                                                                             \
    do {                                                                                           \
        NOW;                                                                                       \
        MUST(task_block(c, p, (ObjTarget)(kind), (n) > 255 ? 255 : (unsigned)(n), true, c->now));  \
    } while (0)
#define UNBLOCK(kind, n)                                                                           \
    do {                                                                                           \
        NOW;                                                                                       \
        MUST(task_block(c, p, (ObjTarget)(kind), (n) > 255 ? 255 : (unsigned)(n), false, c->now)); \
    } while (0)
#define GET_CONFIG                                                                                 \
    FAULT("@get_config of word address 0x%llx, which is not modelled", (unsigned long long)B)
#define SET_CONFIG                                                                                 \
    FAULT("@set_config of word address 0x%llx, which is not modelled", (unsigned long long)A)
#define TSC (p->effects = true, time_stamp(p, c->now + spent))
#define TSC_ON                                                                                     \
    p->tsc_on = p->effects = true;                                                                 \
    p->tsc_base = c->now + spent
#define TSC_OFF                                                                                    \
    if (p->tsc_on) p->tsc_base = time_stamp(p, c->now + spent);                                    \
    p->tsc_on = false;                                                                             \
    p->effects = true
#define TSC_RESET                                                                                  \
    p->tsc_base = p->tsc_on ? c->now + spent : 0;                                                  \
    p->effects = true
#define RANDOM16 (p->effects = true, random16(p))
#define SEED(v)                                                                                    \
    p->random = (uint32_t)(v)&0x7fffff;                                                            \
    p->effects = true
#define SET_PRNG                                                                                   \
    if (A) FAULT("@set_active_prng(%llu): one generator is modelled", (unsigned long long)A)
#define ASSERT_FAILED(s) FAULT("%s", object_string(c->o, s))
#define TRAP(s)          FAULT("%s", object_string(c->o, s))
#define UNBLOCK_CMD                                                                                \
    do {                                                                                           \
        NOW;                                                                                       \
        if (p->cmd_owed) c->pending--;                                                             \
        p->cmd_owed = false;                                                                       \
    } while (0)
#define PRINT(form)                                                                                \
    p->effects = true;                                                                             \
    print(c, p, c->now + spent, (ObjPrint)(form), A)
#define PRINT_STRING(s)                                                                            \
    do {                                                                                           \
        const char *text_ = object_string(c->o, s);                                                \
        p->effects = true;                                                                         \
        line_add(c, p, c->now + spent, text_, strlen(text_));                                      \
    } while (0)

static const uint8_t costs[PE_OPS] = {
#define INSN(name, operands, cost, ...) [PE_##name] = cost,
#include "wse/chip/pe.def"
#undef INSN
};

void pe_run(Chip *c, Pe *p) {
    const Plan *plan = p->plan;
    unsigned spent = 0, limit = p->op_live ? 64 : 4096;
    uint64_t insns = 0;
    Frame *frame;
    const uint64_t *code;
    uint64_t *r;
    uint32_t at;
enter:
    frame = &p->frames[p->depth - 1];
    code = plan->code + plan->funcs[frame->func].code;
    r = p->regs + frame->base;
    at = frame->at;
    while (spent < limit) {
        uint64_t insn = code[at++];
        unsigned own = costs[insn & 0xffff];
        insns++;
        spent += own;
        switch ((PeOp)(insn & 0xffff)) {
#define INSN(name, operands, cost, ...)                                                            \
    case PE_##name: {                                                                              \
        __VA_ARGS__;                                                                               \
    } break;
#include "wse/chip/pe.def"
#undef INSN
        case PE_OPS: break;
        }
    }
later:
    frame->at = at;
    p->state = MAIN_RUN;
    p->main_at = c->now + spent;
    goto stop;
done:
    p->depth = 0;
    task_end(p, c->now + spent);
stop:
    c->insns += insns;
    c->tile_cycles += spent ? spent - 1 : 0; // the cycle at hand counts where it is stepped
}
