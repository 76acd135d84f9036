// The tile: 32 x 32 values in four faces of 16 x 16.
#pragma once
#include <cstdint>

namespace tt::constants {
constexpr std::uint32_t TILE_HEIGHT = 32, TILE_WIDTH = 32, TILE_HW = TILE_WIDTH * TILE_HEIGHT;
constexpr std::uint32_t FACE_HEIGHT = 16, FACE_WIDTH = 16, FACE_HW = FACE_WIDTH * FACE_HEIGHT;
} // namespace tt::constants
