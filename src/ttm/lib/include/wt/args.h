// Runtime arguments and where a kernel runs: the same on data-movement and compute processors.
#pragma once
#include <cstdint>

#include "wt/attributes.h"
#include "wt/shared.h"

static constexpr auto &rta_l1_base = wt_shared.rta_l1_base;
static constexpr auto &crta_l1_base = wt_shared.crta_l1_base;
static constexpr auto &sem_l1_base = wt_shared.sem_l1_base;
static constexpr auto &my_logical_x_ = wt_shared.my_logical_x;
static constexpr auto &my_logical_y_ = wt_shared.my_logical_y;

// Address in L1 of an argument of this core, or of one that all cores of the kernel share.
FORCE_INLINE uintptr_t get_arg_addr(int arg_idx) {
    return (uintptr_t)&wt_shared.rta_l1_base[arg_idx];
}
FORCE_INLINE uintptr_t get_common_arg_addr(int arg_idx) {
    return (uintptr_t)&wt_shared.crta_l1_base[arg_idx];
}

// The argument itself: any type of four bytes.
template <typename T> FORCE_INLINE T get_arg_val(int arg_idx) {
    static_assert(sizeof(T) == 4, "runtime arguments are four bytes");
    return *(T *)get_arg_addr(arg_idx);
}
template <typename T> FORCE_INLINE T get_common_arg_val(int arg_idx) {
    static_assert(sizeof(T) == 4, "runtime arguments are four bytes");
    return *(T *)get_common_arg_addr(arg_idx);
}

// Logical coordinates of this core on the chip, and within its sub-device.
FORCE_INLINE uint8_t get_absolute_logical_x() { return wt_shared.my_logical_x; }
FORCE_INLINE uint8_t get_absolute_logical_y() { return wt_shared.my_logical_y; }
FORCE_INLINE uint8_t get_relative_logical_x() { return wt_shared.my_relative_x; }
FORCE_INLINE uint8_t get_relative_logical_y() { return wt_shared.my_relative_y; }

enum ProgrammableCoreType { TENSIX = 0, ACTIVE_ETH = 1, IDLE_ETH = 2, COUNT = 3 };
enum class TensixProcessorTypes : uint8_t {
    DM0 = 0,
    DM1 = 1,
    MATH0 = 2,
    MATH1 = 3,
    MATH2 = 4,
    COUNT = 5
};

// Address in this core's L1 of a semaphore that the host created.
template <ProgrammableCoreType type = ProgrammableCoreType::TENSIX>
FORCE_INLINE uint32_t get_semaphore(uint32_t semaphore_id) {
    return (uint32_t)wt_shared.sem_l1_base[(int)type] + semaphore_id * L1_ALIGNMENT;
}

// The clock of the chip, and waiting by it.
inline uint64_t get_timestamp() {
    uint32_t low = REG32(RISCV_DEBUG_REG_WALL_CLOCK_L); // latches the high half
    return (uint64_t)REG32(RISCV_DEBUG_REG_WALL_CLOCK_H) << 32 | low;
}
inline uint32_t get_timestamp_32b() { return REG32(RISCV_DEBUG_REG_WALL_CLOCK_L); }
inline void riscv_wait(uint32_t cycles) {
    uint64_t end = get_timestamp() + cycles;
    while (get_timestamp() < end) {
    }
}

// The processors' data caches are not modelled: every load sees L1.
template <bool enable = true> FORCE_INLINE void set_l1_data_cache() {}

inline void WRITE_REG(uint32_t address, uint32_t value) { REG32(address) = value; }
inline uint32_t READ_REG(uint32_t address) { return REG32(address); }
FORCE_INLINE uint32_t reg_read(uint32_t address) { return REG32(address); }

inline void zero_l1_buf(tt_l1_ptr uint32_t *buf, uint32_t size_bytes) {
    for (uint32_t i = 0; i < size_bytes / 4; i++) buf[i] = 0;
}
