// Programs for tests of the chip: compiled by the RISC-V compiler from a few lines of C or
// assembler, loaded into a tile's L1, run.
#pragma once
#include "base/file.h"
#include "base/proc.h"
#include "ttm/chip/chip.h"

#include "test.h"

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
    "static inline void wait_for(int noc, int counter, u32 value) { while (STATUS(noc, counter) != value) ; }\n"
    "static inline void stop(void) { for (;;) ; }\n";

// What `main` runs on top of: a stack at the top of the smallest local memory.
static const char program_start[] =
    "__asm__(\".section .start,\\\"ax\\\"\\n.globl _start\\n_start: lui sp, 0xFFB01\\n call main\\n1: j 1b\\n.text\\n\");\n";

typedef struct Program {
    char *bytes;
    size_t size;
} Program;

// Compiles C (with the helpers above; `void main(void)`) or, if `assembler`, assembler, to run at `address`.
static Program program_make(const char *source, uint32_t address, bool assembler) {
    const char *dir = getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp";
    char in[512], elf[512], bin[512], text[64];
    snprintf(in, sizeof in, "%s/program.%s", dir, assembler ? "S" : "c");
    snprintf(elf, sizeof elf, "%s/program.elf", dir);
    snprintf(bin, sizeof bin, "%s/program.bin", dir);
    snprintf(text, sizeof text, "-Wl,--section-start=.start=0x%x", address);
    FILE *f = fopen(in, "w");
    assert_non_null(f);
    fprintf(f, assembler ? "%s%s.section .start,\"ax\"\n.globl _start\n_start:\n%s\n" : "%s%s%s\n", assembler ? "" : program_head,
            assembler ? "" : program_start, source);
    fclose(f);
    ProcResult r;
    const char *cc[] = {"riscv64-unknown-elf-gcc", "-march=rv32im", "-mabi=ilp32", "-O2", "-ffreestanding", "-nostdlib",
                        "-fno-builtin", "-w", "-Wl,-e,_start", "-Wl,--build-id=none", "-T", "tests/unit/chip_program.ld", text, in, "-o", elf, NULL};
    assert_ok(proc_run(&(ProcSpec){.argv = cc}, &r));
    if (r.code) fail_msg("%s", r.out);
    proc_free(&r);
    const char *objcopy[] = {"riscv64-unknown-elf-objcopy", "-O", "binary", elf, bin, NULL};
    assert_ok(proc_run(&(ProcSpec){.argv = objcopy}, &r));
    assert_int_equal(r.code, 0);
    proc_free(&r);
    Program p;
    assert_ok(file_read(bin, &p.bytes, &p.size));
    return p;
}

// Loads a program at `address` of a tile.
static void program_load(Chip *chip, ChipXY at, const char *source, uint32_t address) {
    Program p = program_make(source, address, false);
    assert_ok(chip_write(chip, at, address, p.bytes, p.size));
    free(p.bytes);
}

// Loads a C program for BRISC and lets only BRISC go.
static inline void program_boot(Chip *chip, ChipXY at, const char *source) {
    program_load(chip, at, source, 0);
    assert_ok(chip_set_soft_reset(chip, at, CHIP_ALL_HARTS & ~(1u << CHIP_BRISC)));
}

static inline uint32_t word_at(Chip *chip, ChipXY at, uint64_t addr) {
    uint32_t word;
    assert_ok(chip_read(chip, at, addr, &word, sizeof word));
    return word;
}

static inline void put_word(Chip *chip, ChipXY at, uint64_t addr, uint32_t word) {
    assert_ok(chip_write(chip, at, addr, &word, sizeof word));
}
