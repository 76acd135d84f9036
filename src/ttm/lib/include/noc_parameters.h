// Registers of the NoC.
#pragma once
#include "wt/regs.h"
