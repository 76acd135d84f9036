// A way to name the header that 2025's kernels use.
#pragma once
#include "api/tensor/tensor_accessor_args.h"
