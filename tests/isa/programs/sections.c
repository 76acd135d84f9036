// An image with something in every kind of section, for the ELF reader's test.
#include "program.h"

uint32_t initialised[4] = { 11, 22, 33, 44 };
uint32_t zeroed[100];
const char message[] = "read only";

__attribute__((noinline)) static uint32_t twice(uint32_t v) { return 2 * v + initialised[0]; }

uint32_t run(void) {
    zeroed[3] = initialised[2];
    return twice(zeroed[3] + (uint32_t)message[0]);
}
