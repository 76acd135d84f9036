// Registers of a tile: names of all, and those that every backend writes to start harts.
#pragma once
#include "ttm/chip/chip.h"

// tt-metal tensix.h
enum {
    DEBUG_SOFT_RESET_0 = 0xFFB121B0, // a hart runs while its bit is clear
    DEBUG_TRISC0_RESET_PC = 0xFFB12228,
    DEBUG_TRISC_RESET_PC_OVERRIDE = 0xFFB12234,
    DEBUG_NCRISC_RESET_PC = 0xFFB12238,
    DEBUG_NCRISC_RESET_PC_OVERRIDE = 0xFFB1223C,
};

// SOFT_RESET_0 with exactly the harts of `held` (bit i: hart i) in reset.
static inline uint32_t soft_reset_word(uint32_t held) {
    static const uint32_t bit[CHIP_HARTS] = { 1 << 11, 1 << 18, 1 << 12, 1 << 13, 1 << 14 };
    uint32_t word = 0;
    for (int h = 0; h < CHIP_HARTS; h++)
        if (held >> h & 1) word |= bit[h];
    return word;
}

// "SOFT_RESET_0", "noc0 NIU_MST_RD_RESP_RECEIVED", "stream 3 REMOTE_DEST_BUF_SIZE", "L1". Static or
// in buf.
const char *register_name(const ChipFacts *facts, uint32_t addr, char *buf, size_t cap);
