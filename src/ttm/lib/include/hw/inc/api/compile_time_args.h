// A path by which kernels in a TT-Metal tree include it.
#pragma once
#include "api/compile_time_args.h"
