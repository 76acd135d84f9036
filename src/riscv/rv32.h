// The instruction set: decode, disassemble and document, all from rv32.def.
//
// A word whose low two bits are not 3 is no RV32 instruction (these harts have no compressed
// ones) but a `.ttinsn`: the coprocessor's word, rotated left by two.
#pragma once
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

typedef enum Op {
#define INSN(name, ...) OP_##name,
#include "riscv/rv32.def"
#undef INSN
    OP_COUNT,
    OP_ttinsn = OP_COUNT,
    OP_undefined, // no instruction, or of an extension that the hart has not
    OP_END,
} Op;

// Extensions, as bits of a chip's set.
enum {
    ISA_I = 1 << 0,
    ISA_M = 1 << 1,
    ISA_Zicsr = 1 << 2,
    ISA_Zifencei = 1 << 3,
    ISA_Zaamo = 1 << 4,
    ISA_Zba = 1 << 5,
    ISA_Zbb = 1 << 6,
    ISA_ALL = (1 << 7) - 1,
    ISA_WORMHOLE = ISA_I | ISA_M,
    ISA_BLACKHOLE = ISA_ALL,
};

typedef struct Rv32Row {
    const char *name; // "sext.b"
    const char *extension;
    const char *pattern;
    const char *meaning;
    uint32_t isa; // its ISA_ bit
    char format;
} Rv32Row;

extern const Rv32Row rv32_rows[OP_COUNT];

// The bits that a pattern fixes, and their values.
typedef struct Rv32Bits {
    uint32_t mask, match;
} Rv32Bits;
Rv32Bits rv32_bits(const char *pattern);

// The specification of decoding: the first row that fits.
Op rv32_scan(uint32_t isa, uint32_t word);

// The same, fast: rows by opcode and funct3. A few are left to try.
typedef struct Rv32Index {
    Rv32Bits bits[OP_COUNT];
    uint16_t first[257]; // of bucket opcode[6:2] << 3 | funct3, in row[]
    uint8_t row[OP_COUNT * 8];
} Rv32Index;
void rv32_index_init(Rv32Index *ix, uint32_t isa);
Op rv32_decode(const Rv32Index *ix, uint32_t word);

// The immediate operand of a word in this format; for C and Z the CSR's number.
uint32_t rv32_imm(uint32_t word, char format);

static inline uint32_t rv32_ttinsn(uint32_t word) { return word >> 2 | word << 30; }

// As `objdump -d -M no-aliases` prints it, a space for the tab and addresses as 0x...
void rv32_disasm(uint32_t isa, uint32_t word, uint32_t pc, StrBuf *out);

const char *rv32_reg(unsigned r); // "sp"

// docs/isa/rv32.md
void rv32_document(StrBuf *out);

static inline uint32_t rv32_mulh(uint32_t a, uint32_t b) {
    return (uint32_t)((int64_t)(int32_t)a * (int32_t)b >> 32);
}
static inline uint32_t rv32_mulhsu(uint32_t a, uint32_t b) {
    return (uint32_t)((int64_t)(int32_t)a * (int64_t)b >> 32);
}
static inline uint32_t rv32_div(uint32_t a, uint32_t b) {
    if (b == 0) return ~0u;
    if (a == 0x80000000u && b == ~0u) return a;
    return (uint32_t)((int32_t)a / (int32_t)b);
}
static inline uint32_t rv32_rem(uint32_t a, uint32_t b) {
    if (b == 0) return a;
    if (a == 0x80000000u && b == ~0u) return 0;
    return (uint32_t)((int32_t)a % (int32_t)b);
}
static inline uint32_t rv32_rol(uint32_t a, uint32_t n) { return a << (n & 31) | a >> (-n & 31); }
static inline uint32_t rv32_orc_b(uint32_t a) {
    uint32_t ones =
        (((a & 0x7f7f7f7fu) + 0x7f7f7f7fu) | a) & 0x80808080u; // 0x80 where a byte is not 0
    return (ones >> 7) * 255;
}
