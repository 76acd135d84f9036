// Headers that are for Ethernet cores too include this; workers have nothing of it.
#pragma once
#include "wt/args.h"

namespace internal_ {
[[gnu::error("eth_write_remote_reg_no_txq_check belongs to Ethernet cores")]] void
eth_write_remote_reg_no_txq_check(uint32_t txq, uint32_t address, uint32_t value);
}
