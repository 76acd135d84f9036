// Division by numbers known at compile time, which the compiler turns into multiplications.
#pragma once
#include <cstdint>

#include "wt/attributes.h"

FORCE_INLINE unsigned int mulsi3(unsigned int a, unsigned int b) { return a * b; }

// Dividing by 0 gives 0 and leaves the number.
template <uint32_t d> FORCE_INLINE uint32_t udivsi3_const_divisor(uint32_t n) {
    if constexpr (d == 0)
        return 0;
    else
        return n / d;
}
template <uint32_t d> FORCE_INLINE uint32_t umodsi3_const_divisor(uint32_t n) {
    return n - udivsi3_const_divisor<d>(n) * d;
}

#define WT_FAST_UDIV(d)                                                                            \
    FORCE_INLINE uint32_t fast_udiv_##d(uint32_t n) { return n / d; }
WT_FAST_UDIV(7)
WT_FAST_UDIV(12)
WT_FAST_UDIV(20)
WT_FAST_UDIV(48)
WT_FAST_UDIV(56)
WT_FAST_UDIV(63)
WT_FAST_UDIV(70)
WT_FAST_UDIV(72)
WT_FAST_UDIV(80)
WT_FAST_UDIV(94)
WT_FAST_UDIV(108)
WT_FAST_UDIV(110)
WT_FAST_UDIV(117)
WT_FAST_UDIV(120)
WT_FAST_UDIV(124)
WT_FAST_UDIV(126)
WT_FAST_UDIV(130)
WT_FAST_UDIV(140)
#undef WT_FAST_UDIV
