// The profiler's marks.
#pragma once
#include "tools/profiler/kernel_profiler.hpp"
