// Instruction words for tests, written as calls: ADDI(A0, ZERO, 5).
#pragma once
#include <stdint.h>

enum { ZERO, RA, SP, GP, TP, T0, T1, T2, S0, S1, A0, A1, A2, A3, A4, A5, A6, A7 };

static inline uint32_t word_r(uint32_t f7, uint32_t rs2, uint32_t rs1, uint32_t f3, uint32_t rd,
                              uint32_t op) {
    return f7 << 25 | rs2 << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op;
}
static inline uint32_t word_i(int32_t imm, uint32_t rs1, uint32_t f3, uint32_t rd, uint32_t op) {
    return (uint32_t)imm << 20 | rs1 << 15 | f3 << 12 | rd << 7 | op;
}
static inline uint32_t word_s(int32_t imm, uint32_t rs2, uint32_t rs1, uint32_t f3) {
    uint32_t u = (uint32_t)imm;
    return word_r(u >> 5 & 127, rs2, rs1, f3, u & 31, 0x23);
}
static inline uint32_t word_b(int32_t to, uint32_t rs2, uint32_t rs1, uint32_t f3) {
    uint32_t u = (uint32_t)to;
    return word_r((u >> 12 & 1) << 6 | (u >> 5 & 63), rs2, rs1, f3, (u & 0x1e) | (u >> 11 & 1),
                  0x63);
}
static inline uint32_t word_j(int32_t to, uint32_t rd) {
    uint32_t u = (uint32_t)to;
    return (u >> 20 & 1) << 31 | (u >> 1 & 0x3ff) << 21 | (u >> 11 & 1) << 20 | (u & 0xff000) |
           rd << 7 | 0x6f;
}

#define LUI(rd, imm20)       ((uint32_t)(imm20) << 12 | (uint32_t)(rd) << 7 | 0x37)
#define ADDI(rd, rs1, imm)   word_i(imm, rs1, 0, rd, 0x13)
#define NOP                  ADDI(ZERO, ZERO, 0)
#define ADD(rd, rs1, rs2)    word_r(0, rs2, rs1, 0, rd, 0x33)
#define LB(rd, imm, rs1)     word_i(imm, rs1, 0, rd, 0x03)
#define LH(rd, imm, rs1)     word_i(imm, rs1, 1, rd, 0x03)
#define LW(rd, imm, rs1)     word_i(imm, rs1, 2, rd, 0x03)
#define SB(rs2, imm, rs1)    word_s(imm, rs2, rs1, 0)
#define SH(rs2, imm, rs1)    word_s(imm, rs2, rs1, 1)
#define SW(rs2, imm, rs1)    word_s(imm, rs2, rs1, 2)
#define BEQ(rs1, rs2, to)    word_b(to, rs2, rs1, 0)
#define BNE(rs1, rs2, to)    word_b(to, rs2, rs1, 1)
#define JAL(rd, to)          word_j(to, rd)
#define JALR(rd, imm, rs1)   word_i(imm, rs1, 0, rd, 0x67)
#define RET                  JALR(ZERO, 0, RA)
#define FENCE                0x0ff0000fu
#define ECALL                0x00000073u
#define EBREAK               0x00100073u
#define CSRRW(rd, csr, rs1)  word_i(csr, rs1, 1, rd, 0x73)
#define CSRRS(rd, csr, rs1)  word_i(csr, rs1, 2, rd, 0x73)
#define AMOADD(rd, rs2, rs1) word_r(0, rs2, rs1, 2, rd, 0x2f)
#define TTINSN(insn)         ((insn) << 2 | (insn) >> 30)
