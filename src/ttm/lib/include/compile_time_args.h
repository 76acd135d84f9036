// The header's earlier place.
#pragma once
#include "api/compile_time_args.h"
