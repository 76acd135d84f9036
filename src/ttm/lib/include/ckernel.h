// Waiting, and mailboxes: words from one processor of a tile to another, BRISC and the three of compute. Reading
// an empty one waits; so does writing when four words of this processor are on their way.
#pragma once
#include "ckernel_defs.h"
#include "wt/args.h"

namespace ckernel {
inline void mailbox_write(std::uint8_t thread, std::uint32_t data) {
    REG32(TENSIX_MAILBOX_ADDR(thread)) = data;
}
inline std::uint32_t mailbox_read(std::uint8_t thread) { return REG32(TENSIX_MAILBOX_ADDR(thread)); }
inline void wait(std::uint32_t cycles) { riscv_wait(cycles); }
inline bool mailbox_not_empty(std::uint8_t thread) {
    return REG32(TENSIX_MAILBOX_ADDR(thread) + 4) != 0;
}
}
