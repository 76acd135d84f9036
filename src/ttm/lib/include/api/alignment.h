// Rounding up.
#pragma once
#include <cstdint>

constexpr uint32_t align_power_of_2(uint32_t n, uint32_t alignment) {
    return (n + alignment - 1) & ~(alignment - 1);
}
constexpr uint32_t align(uint32_t n, uint32_t alignment) {
    return (n + alignment - 1) / alignment * alignment;
}
constexpr bool is_power_of_2(uint32_t n) { return n && !(n & (n - 1)); }
