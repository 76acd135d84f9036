// The header's earlier place.
#pragma once
#include "api/debug/assert.h"
