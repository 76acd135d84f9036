// Data formats and what they mean for sizes, with the vendor's values.
#pragma once
#include <cstdint>

enum class DataFormat : uint8_t {
    Float32 = 0,
    Float16 = 1,
    Bfp8 = 2,
    Bfp4 = 3,
    Tf32 = 4,
    Float16_b = 5,
    Bfp8_b = 6,
    Bfp4_b = 7,
    Int32 = 8,
    UInt16 = 9,
    Lf8 = 10,
    Bfp2 = 11,
    Int8 = 14,
    Bfp2_b = 15,
    UInt32 = 24,
    Fp8_e4m3 = 0x1A,
    UInt8 = 30,
    RawUInt8 = 0xf0,
    RawUInt16 = 0xf1,
    RawUInt32 = 0xf2,
    Invalid = 0xff
};

// Bytes that `count` tiles of `datums` values take in L1. Block formats add an exponent per 16
// values, rounded up to 16 bytes per tile.
constexpr uint32_t wt_tiles_bytes(uint32_t format, uint32_t datums, uint32_t count) {
    uint32_t exponents = datums / 16 > 16 ? datums / 16 : 16;
    switch (static_cast<DataFormat>(format)) {
    case DataFormat::Float32:
    case DataFormat::Tf32:
    case DataFormat::Int32:
    case DataFormat::UInt32:
    case DataFormat::RawUInt32: return 4 * datums * count;
    case DataFormat::Float16:
    case DataFormat::Float16_b:
    case DataFormat::UInt16:
    case DataFormat::RawUInt16: return 2 * datums * count;
    case DataFormat::UInt8:
    case DataFormat::Int8:
    case DataFormat::Lf8:
    case DataFormat::Fp8_e4m3:
    case DataFormat::RawUInt8: return datums * count;
    case DataFormat::Bfp4:
    case DataFormat::Bfp4_b: return (datums / 2 + exponents) * count;
    case DataFormat::Bfp2:
    case DataFormat::Bfp2_b: return (datums / 4 + exponents) * count;
    default: return (datums + exponents) * count; // Bfp8, Bfp8_b
    }
}
