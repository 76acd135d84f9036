// Names of what lies at a tile's addresses.
#pragma once
#include "ttm/chip/chip.h"

// "SOFT_RESET_0", "noc0 NIU_MST_RD_RESP_RECEIVED", "stream 3 REMOTE_DEST_BUF_SIZE", "L1". Static or
// in buf.
const char *register_name(const ChipFacts *facts, uint32_t addr, char *buf, size_t cap);
