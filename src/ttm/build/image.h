// An image: what an ELF file of ours loads, and the words that depend on where it lies.
#pragma once
#include "ttm/build/build.h"

// Takes over `elf` (malloc) on success. `movable`: the ELF was linked with --emit-relocs and may be
// placed anywhere; else it stays at its base. Never trusts the file: what is out of bounds or
// unexpected is an error that says what.
wt_status_t image_from_elf(KernelImage *image, uint8_t *elf, size_t size, bool movable,
                           const MemMap *map);
