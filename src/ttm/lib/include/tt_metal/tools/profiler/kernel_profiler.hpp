// A path by which kernels in a TT-Metal tree include it.
#pragma once
#include "tools/profiler/kernel_profiler.hpp"
