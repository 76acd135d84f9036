// Annotations that kernels put on pointers and functions. On the vendor's compiler the pointer
// attributes are scheduling hints; they change no result, so here they are empty.
#pragma once
#include <stdint.h>

#define tt_l1_ptr
#define tt_reg_ptr

#ifndef FORCE_INLINE
#define FORCE_INLINE inline __attribute__((always_inline))
#endif

#ifdef __cplusplus
typedef unsigned int uint;

enum class InlineWriteDst : uint8_t { DEFAULT = 0, L1 = 1, REG = 2 };
#endif
