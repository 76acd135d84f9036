// Every arithmetic, shift and comparison instruction on corner cases and random operands, by name,
// so that no compiler folds them.
#include "program.h"

static const uint32_t corners[] = { 0,          1,          2,          31,         32,
                                    33,         0x7f,       0x80,       0xff,       0x7fff,
                                    0x8000,     0xffff,     0x7fffffff, 0x80000000, 0x80000001,
                                    0xfffffffe, 0xffffffff, 0x12345678 };
enum { CORNERS = sizeof corners / sizeof *corners };

#define TRY2(name)                                                                                 \
    do {                                                                                           \
        uint32_t r_;                                                                               \
        __asm__ volatile(name " %0,%1,%2" : "=r"(r_) : "r"(a), "r"(b));                            \
        sum = mix(sum, r_);                                                                        \
    } while (0)
#define TRYI(name, imm)                                                                            \
    do {                                                                                           \
        uint32_t r_;                                                                               \
        __asm__ volatile(name " %0,%1," #imm : "=r"(r_) : "r"(a));                                 \
        sum = mix(sum, r_);                                                                        \
    } while (0)

static uint32_t all(uint32_t sum, uint32_t a, uint32_t b) {
    TRY2("add");
    TRY2("sub");
    TRY2("sll");
    TRY2("slt");
    TRY2("sltu");
    TRY2("xor");
    TRY2("srl");
    TRY2("sra");
    TRY2("or");
    TRY2("and");
    TRY2("mul");
    TRY2("mulh");
    TRY2("mulhsu");
    TRY2("mulhu");
    TRY2("div");
    TRY2("divu");
    TRY2("rem");
    TRY2("remu");
    TRYI("addi", -2048);
    TRYI("slti", -1);
    TRYI("sltiu", -1);
    TRYI("xori", 0x7ff);
    TRYI("ori", -256);
    TRYI("andi", -16);
    TRYI("slli", 31);
    TRYI("srli", 1);
    TRYI("srai", 31);
    return sum;
}

uint32_t run(void) {
    uint32_t sum = 1, seed = 99;
    for (int i = 0; i < CORNERS; i++)
        for (int j = 0; j < CORNERS; j++) sum = all(sum, corners[i], corners[j]);
    for (int i = 0; i < 1000; i++) {
        uint32_t a = next_random(&seed), b = next_random(&seed) >> (i & 31);
        sum = all(sum, a, b);
    }
    return sum;
}
