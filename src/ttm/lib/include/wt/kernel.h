// What stands in front of every kernel: the API that kernels need not include, and the entry point.
//
// The build compiles `#include "wt/kernel.h"` and then the kernel's own source as one unit. The
// firmware calls _start, which is the first instruction of the image.
#pragma once
#include "wt/shared.h"

#ifdef COMPILE_FOR_TRISC
#include "compute_kernel_api/common.h"
#include "debug/dprint.h"
#else
#include "api/dataflow/dataflow_api.h"
#include "api/debug/dprint.h"
#endif

WtShared wt_shared __attribute__((section(".bss.wt_shared"), used));

// The linker script falls back from one to the other.
void kernel_main() __asm__("wt_kernel_main");
#ifdef NAMESPACE
namespace NAMESPACE {
void legacy_main() __asm__("wt_legacy_main");
}
#define MAIN legacy_main()
#endif

extern "C" {
extern uint32_t wt_bss_start[], wt_bss_end[], wt_data_start[], wt_data_end[], wt_data_image[];
extern void (*wt_init_array_start[])(), (*wt_init_array_end[])();

__attribute__((section(".start"), used)) uint32_t _start() {
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
