// Commands to the NoC.
#pragma once
#include "wt/noc.h"
