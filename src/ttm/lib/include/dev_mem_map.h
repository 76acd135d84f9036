// MEM_* addresses are in the ABI header.
#pragma once
#include "abi.h"
