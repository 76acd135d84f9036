// Bit patterns of float, and their order.
#pragma once
#include <cstdint>

inline constexpr uint32_t NEG_INF_FLOAT32 = 0xff800000;
inline constexpr uint32_t POS_INF_FLOAT32 = 0x7f800000;
inline constexpr uint32_t NAN_FLOAT32 = 0x7fffffff;
inline constexpr uint32_t FLOAT32_SIGN_MASK = 0x80000000;
inline constexpr uint32_t FLOAT32_EXPONENT_MASK = 0x7f800000;
inline constexpr uint32_t FLOAT32_MANTISSA_MASK = 0x007fffff;
inline constexpr uint32_t FLOAT32_MAGNITUDE_MASK = 0x7fffffff;

// As IEEE 754 compares: a NaN is greater than nothing, the zeros are equal.
constexpr bool float32_greater(uint32_t a, uint32_t b) {
    uint32_t am = a & FLOAT32_MAGNITUDE_MASK, bm = b & FLOAT32_MAGNITUDE_MASK;
    if (am > FLOAT32_EXPONENT_MASK || bm > FLOAT32_EXPONENT_MASK || (am | bm) == 0) return false;
    if ((a ^ b) & FLOAT32_SIGN_MASK) return !(a & FLOAT32_SIGN_MASK);
    return a & FLOAT32_SIGN_MASK ? a < b : a > b;
}
