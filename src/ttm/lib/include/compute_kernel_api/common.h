// What every compute kernel can use: arguments, circular buffers, compile-time arguments. The calls
// that need the Tensix engine are declared, but not supported yet: using one does not compile.
#pragma once
#include "api/compile_time_args.h"
#include "api/debug/assert.h"
#include "api/debug/waypoint.h"
#include "compute_kernel_api/cb_api.h"
#include "compute_kernel_api/common_globals.h"
#include "hostdevcommon/common_values.hpp"
#include "tools/profiler/kernel_profiler.hpp"
#include "wt/args.h"
#include "wt/tensix_unsupported.h"
#include "wt/tiles.h"

using namespace ckernel;
