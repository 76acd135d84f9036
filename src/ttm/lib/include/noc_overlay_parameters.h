// Registers of the overlay streams.
#pragma once
#include "wt/regs.h"
