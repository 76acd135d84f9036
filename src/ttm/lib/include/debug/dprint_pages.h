// The header's earlier place.
#pragma once
#include "api/debug/dprint_pages.h"
