// Declares what is not supported yet; see wt/tensix_unsupported.h.
#pragma once
#include "compute_kernel_api/common.h"
