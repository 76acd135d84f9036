// The header's earlier place.
#pragma once
#include "tt-metalium/circular_buffer_constants.h"
