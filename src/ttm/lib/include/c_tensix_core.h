// The chip's clock by the name that older kernels use.
#pragma once
#include "wt/args.h"

struct c_tensix_core {
    static uint64_t read_wall_clock() { return get_timestamp(); }
    static uint32_t read_wall_clock_l() { return get_timestamp_32b(); }
};
