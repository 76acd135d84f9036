// WAYPOINT marks where a processor is for TT-Metal's watcher. Wavetile reads program counters
// instead, so a mark costs nothing.
#pragma once
#define WAYPOINT(text) ((void)0)
