// Waiting and registers, by a longer path.
#pragma once
#include <risc_common.h>
