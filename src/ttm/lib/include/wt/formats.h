// Data formats and what they mean for sizes, with the vendor's names and values.
#pragma once
#include <cstdint>

#include "abi.h"

enum class DataFormat : uint8_t {
#define WT_FORMAT(name, value, bits, exponents) name = value,
    TTM_DATA_FORMATS(WT_FORMAT)
#undef WT_FORMAT
    Invalid = 0xff
};

// Bytes that `count` tiles of `datums` values take in L1.
constexpr uint32_t wt_tiles_bytes(uint32_t format, uint32_t datums, uint32_t count) {
    switch (static_cast<DataFormat>(format)) {
#define WT_FORMAT(name, value, bits, exponents)                                                    \
    case DataFormat::name: return ABI_TILE_BYTES(datums, bits, exponents) * count;
        TTM_DATA_FORMATS(WT_FORMAT)
#undef WT_FORMAT
    default: return ABI_TILE_BYTES(datums, 8, 1) * count; // as TT-Metal has it
    }
}
