// Where a circular buffer is, as each processor keeps it.
#pragma once
#include "wt/shared.h"
