// Zba and Zbb, every instruction by name.
#include "program.h"

#define TRY1(name)                                                                                 \
    do {                                                                                           \
        uint32_t r_;                                                                               \
        __asm__ volatile(name " %0,%1" : "=r"(r_) : "r"(a));                                       \
        sum = mix(sum, r_);                                                                        \
    } while (0)
#define TRY2(name)                                                                                 \
    do {                                                                                           \
        uint32_t r_;                                                                               \
        __asm__ volatile(name " %0,%1,%2" : "=r"(r_) : "r"(a), "r"(b));                            \
        sum = mix(sum, r_);                                                                        \
    } while (0)

static uint32_t all(uint32_t sum, uint32_t a, uint32_t b) {
    TRY2("sh1add");
    TRY2("sh2add");
    TRY2("sh3add");
    TRY2("andn");
    TRY2("orn");
    TRY2("xnor");
    TRY1("clz");
    TRY1("ctz");
    TRY1("cpop");
    TRY1("sext.b");
    TRY1("sext.h");
    TRY1("zext.h");
    TRY2("min");
    TRY2("minu");
    TRY2("max");
    TRY2("maxu");
    TRY2("rol");
    TRY2("ror");
    TRY1("rev8");
    TRY1("orc.b");
    uint32_t r;
    __asm__ volatile("rori %0,%1,0" : "=r"(r) : "r"(a));
    sum = mix(sum, r);
    __asm__ volatile("rori %0,%1,13" : "=r"(r) : "r"(a));
    return mix(sum, r);
}

uint32_t run(void) {
    uint32_t sum = 1, seed = 7;
    for (uint32_t i = 0; i < 33; i++)
        for (uint32_t j = 0; j < 33; j++)
            sum = all(sum, i < 32 ? 1u << i : 0, j < 32 ? ~0u << j : 0x80808080u);
    for (int i = 0; i < 2000; i++) {
        uint32_t a = next_random(&seed), b = next_random(&seed) & ~(0xffu << (i & 24));
        sum = all(sum, a, b);
    }
    return sum;
}
