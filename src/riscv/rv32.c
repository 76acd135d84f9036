#include "riscv/rv32.h"

#include <inttypes.h>
#include <string.h>

const Rv32Row rv32_rows[OP_COUNT] = {
#define INSN(name, extension, pattern, format, ...)                                                \
    [OP_##name] = { #name, #extension, pattern, #__VA_ARGS__, ISA_##extension, #format[0] },
#include "riscv/rv32.def"
#undef INSN
};

Rv32Bits rv32_bits(const char *pattern) {
    Rv32Bits b = { 0 };
    for (const char *p = pattern; *p; p++) {
        if (*p == ' ') continue;
        b.mask = b.mask << 1 | (*p != '.');
        b.match = b.match << 1 | (*p == '1');
    }
    return b;
}

Op rv32_scan(uint32_t isa, uint32_t word) {
    if ((word & 3) != 3) return OP_ttinsn;
    for (Op op = 0; op < OP_COUNT; op++) {
        Rv32Bits b = rv32_bits(rv32_rows[op].pattern);
        if ((rv32_rows[op].isa & isa) && (word & b.mask) == b.match) return op;
    }
    return OP_undefined;
}

static unsigned bucket_of(uint32_t word) { return (word >> 2 & 31) << 3 | (word >> 12 & 7); }

void rv32_index_init(Rv32Index *ix, uint32_t isa) {
    for (Op op = 0; op < OP_COUNT; op++) ix->bits[op] = rv32_bits(rv32_rows[op].pattern);
    unsigned n = 0;
    for (unsigned bucket = 0; bucket < 256; bucket++) {
        uint32_t word = (bucket >> 3) << 2 | (bucket & 7) << 12 | 3;
        const uint32_t key = 0x707f;
        ix->first[bucket] = (uint16_t)n;
        for (Op op = 0; op < OP_COUNT; op++)
            if ((rv32_rows[op].isa & isa) &&
                !((word ^ ix->bits[op].match) & ix->bits[op].mask & key))
                ix->row[n++] = (uint8_t)op;
    }
    ix->first[256] = (uint16_t)n;
}

Op rv32_decode(const Rv32Index *ix, uint32_t word) {
    if ((word & 3) != 3) return OP_ttinsn;
    unsigned bucket = bucket_of(word);
    for (unsigned i = ix->first[bucket]; i < ix->first[bucket + 1]; i++) {
        Rv32Bits b = ix->bits[ix->row[i]];
        if ((word & b.mask) == b.match) return ix->row[i];
    }
    return OP_undefined;
}

uint32_t rv32_imm(uint32_t w, char format) {
    int32_t s = (int32_t)w;
    switch (format) {
    case 'I':
    case 'K':
    case 'L': return (uint32_t)(s >> 20);
    case 'H': return w >> 20 & 31;
    case 'S': return (uint32_t)(s >> 25) << 5 | (w >> 7 & 31);
    case 'U': return w & 0xfffff000;
    case 'B':
        return (uint32_t)(s >> 31) << 12 | (w << 4 & 0x800) | (w >> 20 & 0x7e0) | (w >> 7 & 0x1e);
    case 'J':
        return (uint32_t)(s >> 31) << 20 | (w & 0xff000) | (w >> 9 & 0x800) | (w >> 20 & 0x7fe);
    case 'C':
    case 'Z': return w >> 20;
    }
    return 0;
}

const char *rv32_reg(unsigned r) {
    static const char *const names[32] = {
        "zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "s0", "s1", "a0",
        "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
        "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
    };
    return names[r & 31];
}

static void csr_name(uint32_t csr, StrBuf *out) {
    static const struct {
        uint16_t csr;
        const char *name;
    } names[] = {
        { 0x001, "fflags" }, { 0x002, "frm" },      { 0x003, "fcsr" },      { 0x300, "mstatus" },
        { 0x301, "misa" },   { 0x304, "mie" },      { 0x305, "mtvec" },     { 0x340, "mscratch" },
        { 0x341, "mepc" },   { 0x342, "mcause" },   { 0x343, "mtval" },     { 0x344, "mip" },
        { 0xb00, "mcycle" }, { 0xb02, "minstret" }, { 0xb80, "mcycleh" },   { 0xb82, "minstreth" },
        { 0xc00, "cycle" },  { 0xc01, "time" },     { 0xc02, "instret" },   { 0xc80, "cycleh" },
        { 0xc81, "timeh" },  { 0xc82, "instreth" }, { 0xf11, "mvendorid" }, { 0xf12, "marchid" },
        { 0xf13, "mimpid" }, { 0xf14, "mhartid" },
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].csr == csr) return sb_printf(out, "%s", names[i].name);
    sb_printf(out, "0x%" PRIx32, csr);
}

// What fence orders: any of input, output, reads, writes.
static void fence_set(uint32_t set, StrBuf *out) {
    if (!set) sb_printf(out, "unknown");
    for (int i = 3; i >= 0; i--)
        if (set >> i & 1) sb_putc(out, "wroi"[i]);
}

static void print_name(const char *name, StrBuf *out) {
    for (; *name; name++) sb_putc(out, *name == '_' ? '.' : *name);
}

// Operand syntax belongs to the format, not to the instruction.
static void print_operands(uint32_t w, uint32_t pc, char format, StrBuf *out) {
    const char *rd = rv32_reg(w >> 7), *rs1 = rv32_reg(w >> 15), *rs2 = rv32_reg(w >> 20);
    uint32_t imm = rv32_imm(w, format);
    switch (format) {
    case 'R': return sb_printf(out, "%s,%s,%s", rd, rs1, rs2);
    case 'I': return sb_printf(out, "%s,%s,%" PRId32, rd, rs1, (int32_t)imm);
    case 'H': return sb_printf(out, "%s,%s,0x%" PRIx32, rd, rs1, imm);
    case '1': return sb_printf(out, "%s,%s", rd, rs1);
    case 'K':
    case 'L': return sb_printf(out, "%s,%" PRId32 "(%s)", rd, (int32_t)imm, rs1);
    case 'S': return sb_printf(out, "%s,%" PRId32 "(%s)", rs2, (int32_t)imm, rs1);
    case 'B': return sb_printf(out, "%s,%s,0x%" PRIx32, rs1, rs2, pc + imm);
    case 'U': return sb_printf(out, "%s,0x%" PRIx32, rd, imm >> 12);
    case 'J': return sb_printf(out, "%s,0x%" PRIx32, rd, pc + imm);
    case 'A': return sb_printf(out, "%s,%s,(%s)", rd, rs2, rs1);
    case 'C':
    case 'Z':
        sb_printf(out, "%s,", rd);
        csr_name(imm, out);
        if (format == 'C') return sb_printf(out, ",%s", rs1);
        return sb_printf(out, ",%" PRIu32, w >> 15 & 31);
    case 'F':
        fence_set(w >> 24 & 15, out);
        sb_putc(out, ',');
        return fence_set(w >> 20 & 15, out);
    }
}

void rv32_disasm(uint32_t isa, uint32_t word, uint32_t pc, StrBuf *out) {
    Op op = rv32_scan(isa, word);
    if (op == OP_ttinsn) return sb_printf(out, ".ttinsn 0x%08" PRIx32, rv32_ttinsn(word));
    if (op == OP_undefined) return sb_printf(out, ".word 0x%08" PRIx32, word);
    const Rv32Row *row = &rv32_rows[op];
    print_name(row->name, out);
    if (row->format == 'A') // acquire and release are part of the name
        sb_printf(out, "%s", (const char *[]){ "", ".rl", ".aq", ".aqrl" }[word >> 25 & 3]);
    if (row->format == 'N') return;
    sb_putc(out, ' ');
    print_operands(word, pc, row->format, out);
}

void rv32_document(StrBuf *out) {
    sb_printf(out, "# RV32 instructions\n\n"
                   "Generated from `src/riscv/rv32.def` by `make docs`, which also explains the "
                   "formats and the words of the meanings.\n"
                   "A word whose low two bits are not 3 is a `.ttinsn`: rotated right by two, it "
                   "goes to the coprocessor.\n\n"
                   "| instruction | extension | encoding | format | meaning |\n"
                   "|---|---|---|---|---|\n");
    for (Op op = 0; op < OP_COUNT; op++) {
        const Rv32Row *row = &rv32_rows[op];
        sb_printf(out, "| `");
        print_name(row->name, out);
        sb_printf(out, "` | %s | `%s` | %c | `", row->extension, row->pattern, row->format);
        for (const char *p = row->meaning; *p; p++) sb_printf(out, *p == '|' ? "\\|" : "%c", *p);
        sb_printf(out, "` |\n");
    }
}
