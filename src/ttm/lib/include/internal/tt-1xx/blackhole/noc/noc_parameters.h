// Addresses of the NoC registers.
#pragma once
#include "noc/noc_parameters.h"
