// Zaamo, every instruction by name, with and without ordering.
#include "program.h"

#define TRY(name)                                                                                  \
    do {                                                                                           \
        uint32_t old_;                                                                             \
        __asm__ volatile(name " %0,%1,(%2)" : "=&r"(old_) : "r"(v), "r"(at) : "memory");           \
        sum = mix(mix(sum, old_), *at);                                                            \
    } while (0)

static uint32_t cells[16];

uint32_t run(void) {
    uint32_t sum = 1, seed = 3;
    for (int i = 0; i < 500; i++) {
        volatile uint32_t *at = &cells[next_random(&seed) & 15];
        uint32_t v = next_random(&seed) >> (i & 15);
        TRY("amoadd.w");
        TRY("amoswap.w.aq");
        TRY("amoxor.w.rl");
        TRY("amoand.w.aqrl");
        TRY("amoor.w");
        TRY("amomin.w");
        v = next_random(&seed);
        TRY("amomax.w");
        TRY("amominu.w");
        v = next_random(&seed);
        TRY("amomaxu.w");
        __asm__ volatile("fence rw,w\n\tfence.i" ::: "memory");
    }
    return sum;
}
