// Numbers as the processing element computes them, the same on every host: f16 (IEEE binary16)
// through double, fused multiply-add in software where the compiler has no instruction for it,
// conversions with every corner defined. No libm but sqrt, which IEEE 754 makes exact.
#pragma once
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline float bits_f32(uint32_t u) {
    float f;
    memcpy(&f, &u, 4);
    return f;
}
// A result's bits. Hosts differ in the sign and payload of a NaN: here it is always the positive
// quiet one, also in f16_bits.
static inline uint32_t f32_bits(float f) {
    uint32_t u;
    memcpy(&u, &f, 4);
    return f == f ? u : 0x7fc00000;
}
static inline uint64_t f64_bits(double d) {
    uint64_t u;
    memcpy(&u, &d, 8);
    return u;
}
static inline double bits_f64(uint64_t u) {
    double d;
    memcpy(&d, &u, 8);
    return d;
}

// 2^n as a double, for n in the normal range.
static inline double exp2_of(int n) { return bits_f64((uint64_t)(n + 1023) << 52); }

static inline double bits_f16(uint32_t h) {
    uint32_t exponent = h >> 10 & 31, fraction = h & 0x3ff;
    uint64_t sign = (uint64_t)(h >> 15 & 1) << 63;
    if (exponent == 31) return bits_f64(sign | 0x7ffull << 52 | (uint64_t)fraction << 42);
    if (exponent)
        return bits_f64(sign | (uint64_t)(exponent + 1008) << 52 | (uint64_t)fraction << 42);
    double d = fraction * 0x1p-24; // subnormal: exact
    return sign ? -d : d;
}

// Rounds to nearest, ties to even.
static inline uint32_t f16_bits(double d) {
    uint64_t u = f64_bits(d);
    uint32_t sign = (uint32_t)(u >> 48) & 0x8000;
    int exponent = (int)(u >> 52 & 0x7ff) - 1023;
    uint64_t fraction = u & 0xfffffffffffffull;
    if (exponent == 1024) return fraction ? 0x7e00 : sign | 0x7c00;
    if (exponent < -25)
        return sign; // below half the least subnormal (2^-25 itself ties to zero, below)
    int drop = exponent < -14 ? 42 - 14 - exponent : 42; // bits that do not fit
    uint64_t full = fraction | 1ull << 52;
    uint64_t kept = full >> drop, rest = full & ((1ull << drop) - 1), half = 1ull << (drop - 1);
    if (rest > half || (rest == half && (kept & 1))) kept++;
    // A normal's hidden bit adds one to the exponent field; a carry out of the fraction does the
    // rest.
    uint32_t result = exponent < -14 ? (uint32_t)kept
                                     : (uint32_t)((uint64_t)(exponent + 14) << 10) + (uint32_t)kept;
    return sign | (result >= 0x7c00 ? 0x7c00 : result);
}

// x + y where the sum may not fit a double: rounded to odd, so that a second rounding to a format
// of at most 51 bits gives what one rounding of the exact sum would give (Boldo and Melquiond,
// 2008).
static inline double add_to_odd(double x, double y) {
    double s = x + y;
    uint64_t u = f64_bits(s);
    if ((u & 1) || (u >> 52 & 0x7ff) == 0x7ff) return s;
    double yy = s - x, error = (x - (s - yy)) + (y - yy); // Knuth's two-sum: exact
    if (error == 0) return s;
    return bits_f64((error > 0) == (s > 0) ? u + 1 : u - 1);
}
static inline float fma_f32(float a, float b, float c) {
#ifdef __FP_FAST_FMAF
    return __builtin_fmaf(a, b, c);
#else
    return (float)add_to_odd((double)a * b, c); // the product of two floats fits a double
#endif
}
static inline uint32_t fma_f16(uint32_t a, uint32_t b, uint32_t c) {
    return f16_bits(add_to_odd(bits_f16(a) * bits_f16(b), bits_f16(c)));
}

// Greatest whole number not above f, without libm.
static inline float float_floor(float f) {
    if (!(f > -0x1p23f && f < 0x1p23f)) return f; // whole already, infinite or NaN
    float t = (float)(int32_t)f;
    if (t > f) t -= 1;
    return t == 0 ? bits_f32(f32_bits(f) & 0x80000000u) : t; // keeps -0
}

// Float to integer: truncation; out of range saturates; NaN gives 0.
#define FLOAT_TO(T, type, low, high)                                                               \
    static inline type float_to_##T(float f) {                                                     \
        if (f != f) return 0;                                                                      \
        if (f <= (low)) return (type)(low);                                                        \
        return f >= (high) ? (type)((type)(high)-1) : (type)f;                                     \
    }
FLOAT_TO(i8, int64_t, -0x1p7f, 0x1p7f)
FLOAT_TO(u8, int64_t, 0.0f, 0x1p8f)
FLOAT_TO(i16, int64_t, -0x1p15f, 0x1p15f)
FLOAT_TO(u16, int64_t, 0.0f, 0x1p16f)
FLOAT_TO(i32, int64_t, -0x1p31f, 0x1p31f)
FLOAT_TO(u32, int64_t, 0.0f, 0x1p32f)
#undef FLOAT_TO
static inline int64_t float_to_i64(float f) {
    if (f != f) return 0;
    if (f >= 0x1p63f) return INT64_MAX;
    return f <= -0x1p63f ? INT64_MIN : (int64_t)f;
}
static inline uint64_t float_to_u64(float f) {
    if (f != f || f <= 0) return 0;
    return f >= 0x1p64f ? UINT64_MAX : (uint64_t)f;
}
// Float to i16, rounded to nearest, ties to even (@fh2xp16, @fs2xp16; the manual is silent).
static inline int32_t float_to_nearest_i16(double d) {
    if (d != d) return 0;
    if (d <= -32768) return -32768;
    if (d >= 32767) return 32767;
    double r = (d + 0x1.8p52) - 0x1.8p52;
    return (int32_t)r;
}
// d * 2^n, one rounding when narrowed: n is clamped where every result is already zero or infinite.
static inline double scale_by(double d, int n) {
    if (n > 400) n = 400;
    if (n < -400) n = -400;
    return d * exp2_of(n);
}
