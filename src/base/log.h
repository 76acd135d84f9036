// The log: lines for the user's callback. Without one, nothing is said anywhere.
#pragma once
#include "wavetile.h"

void log_at(wt_log_level_t level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
