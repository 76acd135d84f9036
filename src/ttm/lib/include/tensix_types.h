// Data formats; what else it says of the Tensix engine is not supported yet.
#pragma once
#include "wt/formats.h"
