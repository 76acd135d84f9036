// The build writes all of these into one file.
#pragma once
#include "chlkc_generated.h"
