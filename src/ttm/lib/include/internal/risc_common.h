// Waiting and registers.
#pragma once
#include "c_tensix_core.h"
#include "wt/args.h"
