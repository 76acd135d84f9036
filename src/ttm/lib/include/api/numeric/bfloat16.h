// Bit patterns of bfloat16, and their order.
#pragma once
#include <cstdint>

inline constexpr uint16_t NEG_INF_BFLOAT16 = 0xff80;
inline constexpr uint16_t POS_INF_BFLOAT16 = 0x7f80;
inline constexpr uint16_t NAN_BFLOAT16 = 0x7fff;
inline constexpr uint16_t BFLOAT16_SIGN_MASK = 0x8000;

// Sign and magnitude: larger patterns are larger numbers, but for negative ones smaller. The zeros
// differ: +0 is greater than -0.
constexpr bool bfloat16_greater(uint16_t a, uint16_t b) {
    if ((a ^ b) & BFLOAT16_SIGN_MASK) return !(a & BFLOAT16_SIGN_MASK);
    return a & BFLOAT16_SIGN_MASK ? a < b : a > b;
}
