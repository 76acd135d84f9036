// Printing slices of tiles.
#pragma once
#include "api/debug/dprint.h"
