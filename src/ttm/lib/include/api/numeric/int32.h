// The ends of int32_t, and its order, by the names of the other formats.
#pragma once
#include <cstdint>

inline constexpr int32_t NEG_INF_INT32 = INT32_MIN;
inline constexpr int32_t POS_INF_INT32 = INT32_MAX;
inline constexpr uint32_t INT32_SIGN_MASK = 0x80000000;

constexpr bool int32_greater(int32_t a, int32_t b) { return a > b; }
