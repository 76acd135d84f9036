// DPRINT's records are in the ABI header.
#pragma once
#include "wt/shared.h"
