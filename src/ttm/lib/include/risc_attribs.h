// The header's earlier place.
#pragma once
#include "wt/attributes.h"
