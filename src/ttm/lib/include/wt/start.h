// What stands behind every kernel: the entry point. The build compiles wt/kernel.h, the kernel's own
// source and this as one unit.
//
// A kernel may define kernel_main() in a namespace without a name, or `namespace NAMESPACE { void
// MAIN { ... } }`; so it is called where all of these can be seen.
#pragma once
#include "wt/kernel.h"

namespace wt_start {
// Without a kernel_main() of its own, which is preferred to a template, a kernel has the other form.
#ifndef NAMESPACE
void legacy_main() __asm__("wt_legacy_main"); // nowhere: the build says what is missing
#endif
template <typename... None> FORCE_INLINE void kernel_main(None...) {
#ifdef NAMESPACE
    NAMESPACE::legacy_main();
#else
    legacy_main();
#endif
}
} // namespace wt_start

extern "C" {
extern uint32_t wt_bss_start[], wt_bss_end[], wt_data_start[], wt_data_end[], wt_data_image[];
extern void (*wt_init_array_start[])(), (*wt_init_array_end[])();

// The firmware calls this: the first instruction of the image.
__attribute__((section(".start"), used)) uint32_t _start() {
    using namespace wt_start;
    for (uint32_t *p = wt_bss_start; p != wt_bss_end; p++) *p = 0;
    for (uint32_t *p = wt_data_start, *from = wt_data_image; p != wt_data_end;) *p++ = *from++;
#ifndef COMPILE_FOR_TRISC
    if constexpr (noc_mode == DM_DEDICATED_NOC) wt_noc_counters_init();
#endif
    for (auto init = wt_init_array_start; init != wt_init_array_end; init++) (*init)();
    kernel_main();
    return 0;
}
}
