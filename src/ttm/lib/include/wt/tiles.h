// What the program's circular buffers hold: constants that the build generates.
#pragma once
#include "chlkc_generated.h"
#include "wt/formats.h"

constexpr int32_t get_tile_size(int32_t operand) { return unpack_tile_size[operand]; }
constexpr uint32_t get_tile_hw(int32_t operand) {
    return (uint32_t)unpack_tile_r_dim[operand] * unpack_tile_c_dim[operand];
}
constexpr uint32_t get_tile_num_faces(int32_t operand) { return unpack_tile_num_faces[operand]; }
constexpr DataFormat get_dataformat(int32_t operand) {
    return static_cast<DataFormat>(unpack_src_format[operand]);
}
