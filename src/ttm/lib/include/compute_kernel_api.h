// The umbrella of the compute API.
#pragma once
#include "compute_kernel_api/common.h"
