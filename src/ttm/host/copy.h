// Copies between a host's array and the pages of an interleaved buffer, at the speed of one memcpy.
//
// memcpy of one page knows neither that it is one of thousands nor where the next lies, so it
// fetches what it is about to overwrite and starts each page with cold lines. Both are told here.
#pragma once
#include <stddef.h>

// To memory that nobody reads soon: past the caches where the machine can.
void copy_out(void *to, const void *from, size_t n);
// From memory whose next piece starts at `next` (NULL: there is none).
void copy_in(void *to, const void *from, size_t n, const void *next);
void copy_end(void); // after the last copy_out: what was written is visible to other threads
