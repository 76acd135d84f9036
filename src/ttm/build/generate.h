// The text that the build writes in front of a kernel: defines and data formats.
#pragma once
#include "base/str.h"
#include "ttm/build/build.h"

// defines_generated.h: facts of the chip, arguments, the user's defines.
void generate_defines(const KernelSpec *spec, StrBuf *out);
// chlkc_generated.h: formats and tile sizes of the program's circular buffers, compute options.
wt_status_t generate_formats(const KernelSpec *spec, StrBuf *out);
// Facts of the chip alone, for the firmware.
void generate_facts(const DeviceFacts *f, StrBuf *out);
