// ASSERT: off, as in TT-Metal without its watcher. The condition is still compiled.
#pragma once
#define ASSERT(condition, ...)     ((void)sizeof(!(condition)))
#define FWASSERT(...)
#define LIGHTWEIGHT_KERNEL_ASSERTS 0
