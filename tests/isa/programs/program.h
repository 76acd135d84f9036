// Start-up for the test programs. They run on our interpreter and, as they are, under QEMU's user
// mode: ecall with the numbers of Linux writes a line and leaves. A program defines run(), which
// returns a checksum; it is printed in hex.
#pragma once
#include <stdint.h>

uint32_t run(void);

static inline long linux_call(long number, long a, long b, long c) {
    register long a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
    register long a7 __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
    return a0;
}

__attribute__((used, noreturn)) static void start(void) {
    uint32_t sum = run();
    char line[9];
    for (int i = 0; i < 8; i++) line[i] = "0123456789abcdef"[sum >> (28 - 4 * i) & 15];
    line[8] = '\n';
    linux_call(64, 1, (long)line, 9);
    for (;;) linux_call(93, 0, 0, 0);
}

static uint8_t stack[16384] __attribute__((used, aligned(16)));
__asm__(".pushsection .text.start, \"ax\"\n"
        ".globl _start\n"
        "_start:\n"
        "    la sp, stack + 16384\n"
        "    call start\n"
        ".popsection\n");

static inline uint32_t mix(uint32_t sum, uint32_t v) {
    return (sum << 5 | sum >> 27) ^ v * 0x9e3779b1u;
}

static inline uint32_t next_random(uint32_t *state) {
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

// The compiler calls these; it must not turn their loops into calls to themselves.
#define BY_HAND __attribute__((used, optimize("no-tree-loop-distribute-patterns")))
BY_HAND void *memcpy(void *to, const void *from, __SIZE_TYPE__ n) {
    for (__SIZE_TYPE__ i = 0; i < n; i++) ((char *)to)[i] = ((const char *)from)[i];
    return to;
}
BY_HAND void *memset(void *to, int c, __SIZE_TYPE__ n) {
    for (__SIZE_TYPE__ i = 0; i < n; i++) ((char *)to)[i] = (char)c;
    return to;
}
