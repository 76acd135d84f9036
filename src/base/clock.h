// Time as it passes, for time-outs. No model reads it: results do not depend on how fast a host is.
#pragma once
#include <stdint.h>

uint64_t clock_ms(void); // milliseconds since some moment; never goes back
