// A compute kernel is compiled three times; these keep a statement for one of the processors.
#pragma once
#include <cstdint>

#include "hostdevcommon/kernel_structs.h"
#include "wt/attributes.h"

#define ALWI inline __attribute__((always_inline))

#ifdef TRISC_MATH
#define MATH(x) x
#else
#define MATH(x)
#endif
#ifdef TRISC_PACK
#define PACK(x) x
#else
#define PACK(x)
#endif
#ifdef TRISC_UNPACK
#define UNPACK(x) x
#else
#define UNPACK(x)
#endif
