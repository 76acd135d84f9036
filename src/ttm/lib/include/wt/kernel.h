// What stands in front of every kernel: the API that kernels need not include.
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

#ifdef NAMESPACE
namespace NAMESPACE {
void legacy_main() __asm__("wt_legacy_main");
}
#define MAIN legacy_main()
#endif
