// The processing element's instructions as data: names, operands and costs from pe.def, the
// disassembler, and the names of what they act on. What the instructions do is in pe.c.
#include "wse/chip/object.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *operands;
    unsigned cost;
} insns[PE_OPS] = {
#define INSN(name, operands, cost, ...) [PE_##name] = { #name, operands, cost },
#include "wse/chip/pe.def"
#undef INSN
};

const char *const vec_names[VEC_COUNT] = {
#define _(name, d, s0, s1, w2, w3) #name,
    VEC_OPS(_)
#undef _
};
const char *const dsd_kind_names[DSD_KINDS] = { "none",   "mem1d", "mem4d",  "fabin",
                                                "fabout", "fifo",  "circbuf" };
const char *const task_kind_names[TASK_KINDS] = { "data", "local", "control" };

unsigned pe_cost(PeOp op) { return insns[op].cost; }
const char *pe_operands(PeOp op) { return insns[op].operands; }
const char *pe_name(PeOp op) { return insns[op].name; }

// One operand in `out`, which holds n bytes; `wide` is the 32-bit immediate of b and c.
static void operand(char letter, unsigned value, uint32_t wide, char *out, size_t n) {
    switch (letter) {
    case 'w':
    case 'r':
    case 'x':
    case 'h': snprintf(out, n, "r%u", value); return;
    case 'W':
    case 'R':
    case 'M': snprintf(out, n, "r%u:%u", value, value + 1); return;
    case 'T': snprintf(out, n, "r%u:%u", value, value + 3); return;
    case 'i': snprintf(out, n, "%d", (int16_t)value); return;
    case 'u': snprintf(out, n, "%u", value); return;
    case 'j': snprintf(out, n, "@%u", value); return;
    case 'q': snprintf(out, n, "fifo%u", value); return;
    case 'I': snprintf(out, n, "%" PRId32, (int32_t)wide); return;
    case 'J': snprintf(out, n, "@%" PRIu32, wide); return;
    case 'f': snprintf(out, n, "func%" PRIu32, wide); return;
    case 'v': snprintf(out, n, "vec%" PRIu32, wide); return;
    case 'd': snprintf(out, n, "load%" PRIu32, wide); return;
    case 'k': snprintf(out, n, "dsd%" PRIu32, wide); return;
    case 'm': snprintf(out, n, "row%" PRIu32, wide); return;
    case 's': snprintf(out, n, "str%" PRIu32, wide); return;
    }
    out[0] = 0;
}

int pe_disasm(uint64_t insn, char *out, size_t n) {
    unsigned op = insn & 0xffff,
             field[3] = { insn >> 16 & 0xffff, insn >> 32 & 0xffff, insn >> 48 };
    if (op >= PE_OPS) return snprintf(out, n, ".word 0x%016" PRIx64, insn);
    char text[3][24] = { "", "", "" };
    for (int i = 0; i < 3; i++)
        operand(insns[op].operands[i], field[i], (uint32_t)(insn >> 32), text[i], sizeof text[i]);
    const char *comma1 = *text[0] && *text[1] ? ", " : "", *comma2 = *text[2] ? ", " : "";
    return snprintf(out, n, "%-10s %s%s%s%s%s", insns[op].name, text[0], comma1, text[1], comma2,
                    text[2]);
}

void pe_document(StrBuf *to) {
    sb_printf(to,
              "# The processing element's bytecode\n\n"
              "Generated from `src/wse/chip/pe.def`, whose head explains operands and notation; "
              "`src/wse/chip/object.h` describes the tables that instructions refer to.\n\n"
              "| instruction | operands | cycles | meaning |\n|---|---|---|---|\n");
    static const char *const meaning[PE_OPS] = {
#define INSN(name, operands, cost, ...) [PE_##name] = #__VA_ARGS__,
#include "wse/chip/pe.def"
#undef INSN
    };
    for (int i = 0; i < PE_OPS; i++) {
        sb_printf(to, "| `%s` | `%s` | %u | ", insns[i].name, insns[i].operands, insns[i].cost);
        if (*meaning[i]) sb_putc(to, '`');
        for (const char *p = meaning[i]; *p; p++) sb_printf(to, *p == '|' ? "\\|" : "%c", *p);
        sb_printf(to, "%s |\n", *meaning[i] ? "`" : "");
    }
}
