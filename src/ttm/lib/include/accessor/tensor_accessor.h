// The header's earlier place.
#pragma once
#include "api/tensor/tensor_accessor.h"
