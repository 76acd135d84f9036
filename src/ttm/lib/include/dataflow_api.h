// The header's earlier place.
#pragma once
#include "api/dataflow/dataflow_api.h"
