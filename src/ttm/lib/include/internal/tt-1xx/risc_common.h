// Waiting and registers.
#pragma once
#include "wt/args.h"
