// What tests of the build need beside build.h.
#pragma once
#include "ttm/build/build.h"

// kernel_build, linked for another nominal address: what placing an image must come to.
wt_status_t kernel_build_at(const KernelSpec *spec, uint32_t base, KernelImage *image);
