// The text of DPRINT: records of one processor become lines.
//
// A record is a type, the size of its payload, and the payload. What a kernel writes with `<<` is
// formatted as a C++ stream would: width holds for one item; base, precision and float style stay
// until changed, across buffers and kernels. Records come from the device and may hold anything:
// what is not well-formed is said in the text, never trusted.
#pragma once
#include "base/str.h"

#include <stdint.h>

typedef struct Printer {
    StrBuf line; // what has no newline yet
    uint8_t width, last_width, precision, base;
    bool fixed, started, after_slice;
} Printer;

typedef void (*PrintLineFn)(void *user, const char *line);

// Formats `n` bytes of records; every finished line goes to `emit` without its newline.
void print_records(Printer *p, const uint8_t *records, size_t n, PrintLineFn emit, void *user);
// Emits what is left of an unfinished line.
void print_flush(Printer *p, PrintLineFn emit, void *user);
void print_free(Printer *p);
