// DPRINT << "x = " << x << ENDL();   prints on the host, from any processor.
//
// Each value becomes a record {type, size, payload} in this processor's buffer (see abi.h). Without
// printing enabled by the host, the whole statement compiles to nothing.
#pragma once
#include <cstdint>
#include <type_traits>

#include "wt/attributes.h"
#include "wt/dprint_tile.h"
#include "wt/shared.h"

#ifdef DEBUG_PRINT_ENABLED
#define DPRINT DebugPrinter()
#else
#define DPRINT                                                                                     \
    if (0) DebugPrinter()
#endif

// Statements for one compute processor, or for the kernel on one NoC, only.
#ifdef UCK_CHLKC_UNPACK
#define DPRINT_UNPACK(x) x
#else
#define DPRINT_UNPACK(x)
#endif
#ifdef UCK_CHLKC_MATH
#define DPRINT_MATH(x) x
#else
#define DPRINT_MATH(x)
#endif
#ifdef UCK_CHLKC_PACK
#define DPRINT_PACK(x) x
#else
#define DPRINT_PACK(x)
#endif
#ifdef COMPILE_FOR_TRISC
#define DPRINT_DATA0(x)
#define DPRINT_DATA1(x)
#else
#define DPRINT_DATA0(x)                                                                            \
    if (NOC_INDEX == 0) {                                                                          \
        x;                                                                                         \
    }
#define DPRINT_DATA1(x)                                                                            \
    if (NOC_INDEX == 1) {                                                                          \
        x;                                                                                         \
    }
#endif

// ---- Values with a type of their own, and manipulators

struct BF16 { // a bfloat16, by its bits
    uint16_t val;
    BF16(uint16_t v) : val(v) {}
};
struct F32 {
    float val;
    F32(float v) : val(v) {}
};
struct U32 {
    uint32_t val;
    U32(uint32_t v) : val(v) {}
};
struct ENDL {
    char tmp = 0;
};
struct FIXED {
    char tmp = 0;
};
struct DEFAULTFLOAT {
    char tmp = 0;
};
struct HEX {
    char tmp = 0;
};
struct OCT {
    char tmp = 0;
};
struct DEC {
    char tmp = 0;
};
struct SETPRECISION {
    char p;
    SETPRECISION(char n) : p(n) {}
};
struct SETW {
    char w;
    SETW(char n) : w(n) {}
};
struct U32_ARRAY {
    uint32_t *ptr, len;
    U32_ARRAY(uint32_t *p, uint32_t n) : ptr(p), len(n) {}
};
struct TYPED_U32_ARRAY
    : U32_ARRAY { // the array has room for one more word, which says what it holds
    TYPED_U32_ARRAY(uint16_t type, uint16_t subtype, uint32_t *p, uint32_t n)
        : U32_ARRAY(p, n + 1) {
        p[n] = (uint32_t)type << 16 | subtype;
    }
};

struct DebugPrinter {};

namespace wt {

constexpr uint32_t DPRINT_PAYLOAD_MAX =
    DPRINT_DATA_SIZE - 2 - 1; // a buffer is never filled to its last byte

inline volatile DebugPrintMemLayout *dprint_buffer() {
    return &WT_MAILBOXES->dprint_buf[PROCESSOR_INDEX];
}

// Waits until the host has read everything, then starts at 0. False: printing was switched off.
__attribute__((noinline)) inline bool dprint_drain() {
    volatile DebugPrintMemLayout *b = dprint_buffer();
    while (b->aux.rpos < b->aux.wpos) {
        if (b->aux.wpos == DEBUG_PRINT_SERVER_DISABLED_MAGIC) return false;
        invalidate_l1_cache();
    }
    b->aux.wpos = 0;
    b->aux.rpos = 0;
    return true;
}

// One record. It exists once wpos has moved past it.
__attribute__((noinline)) inline void dprint_put(uint32_t type, const void *payload,
                                                 uint32_t size) {
    volatile DebugPrintMemLayout *b = dprint_buffer();
    uint32_t at = b->aux.wpos;
    if (at == DEBUG_PRINT_SERVER_DISABLED_MAGIC) return;
    if (at == DEBUG_PRINT_SERVER_STARTING_MAGIC) {
        b->aux.wpos = at = 0;
        b->aux.rpos = 0;
    }
    if (at + size + 2 >= DPRINT_DATA_SIZE) {
        if (!dprint_drain()) return;
        at = 0;
    }
    b->data[at] = (uint8_t)type;
    b->data[at + 1] = (uint8_t)size;
    for (uint32_t i = 0; i < size; i++) b->data[at + 2 + i] = ((const uint8_t *)payload)[i];
    b->aux.wpos = at + 2 + size;
}

// Text with its terminating zero; long text in several records.
__attribute__((noinline)) inline void dprint_text(const char *s) {
    for (;;) {
        char part[64];
        uint32_t n = 0;
        while (n < sizeof part - 1 && s[n]) {
            part[n] = s[n];
            n++;
        }
        part[n] = 0;
        dprint_put(DPrintCSTR, part, n + 1);
        if (!s[n]) return;
        s += n;
    }
}

template <typename T> constexpr int dprint_type() { // -1: not one of the plain types
    if (std::is_same_v<T, ENDL>) return DPrintENDL;
    if (std::is_same_v<T, SETW>) return DPrintSETW;
    if (std::is_same_v<T, SETPRECISION>) return DPrintSETPRECISION;
    if (std::is_same_v<T, FIXED>) return DPrintFIXED;
    if (std::is_same_v<T, DEFAULTFLOAT>) return DPrintDEFAULTFLOAT;
    if (std::is_same_v<T, HEX>) return DPrintHEX;
    if (std::is_same_v<T, OCT>) return DPrintOCT;
    if (std::is_same_v<T, DEC>) return DPrintDEC;
    if (std::is_same_v<T, BF16>) return DPrintBFLOAT16;
    if (std::is_same_v<T, F32> || std::is_same_v<T, float>) return DPrintFLOAT32;
    if (std::is_same_v<T, U32>) return DPrintUINT32;
    if (std::is_same_v<T, char>) return DPrintCHAR;
    if (!std::is_integral_v<T>) return -1;
    constexpr int log = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
    return (std::is_signed_v<T> ? DPrintINT8 : DPrintUINT8) + log;
}
static_assert(DPrintUINT64 == DPrintUINT8 + 3 && DPrintINT64 == DPrintINT8 + 3, "integers by size");

} // namespace wt

template <typename T> inline DebugPrinter operator<<(DebugPrinter dp, T val) {
    using Value = std::remove_cv_t<T>;
    if constexpr (std::is_same_v<Value, const char *> || std::is_same_v<Value, char *>) {
        wt::dprint_text(val);
    } else if constexpr (std::is_pointer_v<Value>) {
        uint32_t address = (uint32_t)(uintptr_t)val;
        wt::dprint_put(DPrintUINT32, &address, 4);
    } else if constexpr (std::is_base_of_v<U32_ARRAY, Value>) {
        uint32_t bytes =
            val.len * 4 < wt::DPRINT_PAYLOAD_MAX ? val.len * 4 : wt::DPRINT_PAYLOAD_MAX & ~3u;
        wt::dprint_put(std::is_same_v<Value, U32_ARRAY> ? DPrintU32_ARRAY : DPrintTYPED_U32_ARRAY,
                       val.ptr, bytes);
    } else if constexpr (wt::is_tile_slice<Value>) {
        wt::dprint_put(DPrintTILESLICE, &val, sizeof val);
    } else if constexpr (std::is_enum_v<Value>) {
        return dp << (std::underlying_type_t<Value>)val;
    } else if constexpr (std::is_same_v<Value, double>) {
        return dp << (float)val;
    } else {
        static_assert(wt::dprint_type<Value>() >= 0, "DPRINT cannot print a value of this type");
        wt::dprint_put(wt::dprint_type<Value>(), &val, sizeof val);
    }
    return dp;
}
