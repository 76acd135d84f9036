// Programs for tests of the chip: compiled by the RISC-V compiler from a few lines of C or
// assembler, loaded into a tile's L1, run.
#pragma once
#include "base/err.h"
#include "base/file.h"
#include "base/proc.h"
#include "base/str.h"
#include "ttm/chip/chip.h"

#include <stdio.h>
#include <stdlib.h>

// Helpers that test programs may use; what they say of registers is what the manuals say.
static const char program_head[] =
    "typedef unsigned u32;\n"
    "typedef volatile u32 *Reg;\n"
    "#define REG(a) (*(Reg)(a))\n"
    "#define NIU(noc, buf, off) REG(0xFFB20000u + (noc) * 0x10000u + (buf) * 0x800u + (off))\n"
    "#define STATUS(noc, i) NIU(noc, 0, 0x200 + 4 * (i))\n"
    "#define XY(x, y) ((y) << 6 | (x))\n"
    "#define ME(noc) (NIU(noc, 0, 0x148) & 0xfff)\n"
    "enum { ATOMIC_RESP, WR_ACK, RD_RESP };\n"
    "static inline void read_noc(int noc, u32 xy, u32 remote, u32 local, u32 size) {\n"
    "    NIU(noc, 1, 0x00) = remote; NIU(noc, 1, 0x04) = 0; NIU(noc, 1, 0x08) = xy;\n"
    "    NIU(noc, 1, 0x0C) = local; NIU(noc, 1, 0x10) = 0; NIU(noc, 1, 0x14) = ME(noc);\n"
    "    NIU(noc, 1, 0x1C) = 0x2090; NIU(noc, 1, 0x20) = size; NIU(noc, 1, 0x40) = 1;\n"
    "}\n"
    "static inline void write_noc(int noc, u32 xy, u32 remote, u32 local, u32 size, u32 ctrl) {\n"
    "    NIU(noc, 0, 0x0C) = remote; NIU(noc, 0, 0x10) = 0; NIU(noc, 0, 0x14) = xy;\n"
    "    NIU(noc, 0, 0x00) = local; NIU(noc, 0, 0x04) = 0; NIU(noc, 0, 0x08) = ME(noc);\n"
    "    NIU(noc, 0, 0x1C) = ctrl; NIU(noc, 0, 0x20) = size; NIU(noc, 0, 0x40) = 1;\n"
    "}\n"
    "enum { WRITE = 0x92, WRITE_POSTED = 0x82 };\n"
    "static inline void increment(int noc, u32 xy, u32 remote, u32 by, u32 result) {\n"
    "    NIU(noc, 3, 0x00) = remote; NIU(noc, 3, 0x04) = 0; NIU(noc, 3, 0x08) = xy;\n"
    "    NIU(noc, 3, 0x0C) = result; NIU(noc, 3, 0x10) = 0; NIU(noc, 3, 0x14) = ME(noc);\n"
    "    NIU(noc, 3, 0x1C) = 0x91; NIU(noc, 3, 0x20) = 1 << 12 | 31 << 2 | (remote >> 2 & 3);\n"
    "    NIU(noc, 3, 0x28) = by; NIU(noc, 3, 0x40) = 1;\n"
    "}\n"
    "static inline void wait_for(int noc, int counter, u32 value) { while (STATUS(noc, counter) != "
    "value) ; }\n"
    "static inline void sw(u32 a, u32 v) { __asm__ volatile (\"sw %0, 0(%1)\" :: \"r\"(v), "
    "\"r\"(a) : \"memory\"); }\n";

// What `main` runs on top of: a stack at the top of the smallest local memory.
static const char program_start[] =
    "__asm__(\".section .start,\\\"ax\\\"\\n.globl _start\\n_start: lui sp, 0xFFB01\\n call "
    "main\\n1: j 1b\\n.text\\n\");\n";

// Compiles C (with the helpers above; `void main(void)`) to run at `address`. *bytes is the
// caller's to free.
static wt_status_t program_make(const char *source, uint32_t address, char **bytes, size_t *size) {
    char dir[PATH_CAP], in[PATH_CAP], elf[PATH_CAP], bin[PATH_CAP], start[64];
    TRY(dir_make_temp(dir, "chip-program"));
    path_join(in, sizeof in, dir, "program.c");
    path_join(elf, sizeof elf, dir, "program.elf");
    path_join(bin, sizeof bin, dir, "program.bin");
    snprintf(start, sizeof start, "-Wl,--section-start=.start=0x%x", address);
    StrBuf text = { 0 };
    sb_printf(&text, "%s%s%s\n", program_head, program_start, source);
    TRY(file_write(in, text.p, text.n));
    sb_free(&text);
    const char *const cc[] = { "riscv64-unknown-elf-gcc",
                               "-march=rv32im",
                               "-mabi=ilp32",
                               "-O2",
                               "-ffreestanding",
                               "-fno-builtin",
                               "-nostdlib",
                               "-w",
                               "-Wl,--build-id=none",
                               "-T",
                               "tests/unit/chip_program.ld",
                               start,
                               in,
                               "-o",
                               elf,
                               NULL };
    const char *const objcopy[] = { "riscv64-unknown-elf-objcopy", "-O", "binary", elf, bin, NULL };
    for (int i = 0; i < 2; i++) {
        ProcResult r;
        TRY(proc_run(&(ProcSpec){ .argv = i ? objcopy : cc }, &r));
        if (r.code) return fail(WT_COMPILE, "%s", r.out);
        proc_free(&r);
    }
    TRY(file_read(bin, bytes, size));
    return dir_remove(dir);
}

// Compiles a program and loads it at `address` of a tile.
static wt_status_t program_load(Chip *chip, ChipXY at, const char *source, uint32_t address) {
    char *bytes;
    size_t size;
    TRY(program_make(source, address, &bytes, &size));
    wt_status_t s = chip_write(chip, at, address, bytes, size);
    free(bytes);
    return s;
}

// Loads a program for BRISC and lets only BRISC go.
static inline wt_status_t program_boot(Chip *chip, ChipXY at, const char *source) {
    TRY(program_load(chip, at, source, 0));
    return chip_set_soft_reset(chip, at, CHIP_ALL_HARTS & ~(1u << CHIP_BRISC));
}

static inline uint32_t word_at(Chip *chip, ChipXY at, uint64_t addr) {
    uint32_t word = 0xDEADBEEF;
    chip_read(chip, at, addr, &word, sizeof word);
    return word;
}

static inline wt_status_t put_word(Chip *chip, ChipXY at, uint64_t addr, uint32_t word) {
    return chip_write(chip, at, addr, &word, sizeof word);
}
