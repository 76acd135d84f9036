// The header's earlier place.
#pragma once
#include "api/debug/ring_buffer.h"
