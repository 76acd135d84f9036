// A path by which kernels in a TT-Metal tree include it.
#pragma once
#include "internal/tt-1xx/risc_common.h"
