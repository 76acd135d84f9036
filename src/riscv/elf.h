// A 32-bit RISC-V ELF file, read and checked.
//
// elf_open() refuses whatever is not a well-formed ELF32 little-endian RISC-V executable or object:
// afterwards every offset, index and name in the tables below is in range, whoever wrote the file.
// The tables point into a private copy that lives until elf_close().
//
//     ElfFile elf;
//     WRAP(elf_open(&elf, path), "kernel '%s'", path);
//     for (size_t i = 0; i < elf.num_segments; i++) ...
//     elf_close(&elf);
#pragma once
#include "wavetile.h"

#include <elf.h> // the constants: PF_X, SHF_ALLOC, STT_FUNC, R_RISCV_HI20 ...
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ElfSegment { // PT_LOAD
    uint32_t vaddr, paddr;
    uint32_t mem_size, file_size; // the rest is zero
    uint32_t flags;               // PF_X | PF_W | PF_R
    const uint8_t *data;          // [file_size]
} ElfSegment;

typedef struct ElfSection {
    const char *name;
    uint32_t type, flags; // SHT_, SHF_
    uint32_t addr, size;
    const uint8_t *data; // [size]; NULL for SHT_NOBITS
} ElfSection;

typedef struct ElfSymbol {
    const char *name;
    uint32_t value, size;
    uint8_t type, bind; // STT_, STB_
    uint16_t section;   // index, SHN_UNDEF, SHN_ABS ...
} ElfSymbol;

typedef struct ElfReloc { // left in the file by --emit-relocs
    uint32_t addr;        // where (in an object file: offset in its section)
    uint32_t section;     // of that place
    uint32_t type;        // R_RISCV_
    uint32_t symbol;      // index in symbols
    int32_t addend;
} ElfReloc;

typedef struct ElfFile {
    uint16_t type; // ET_EXEC, ET_REL ...
    uint32_t entry;
    ElfSegment *segments;
    size_t num_segments;
    ElfSection *sections; // by ELF index; 0 is empty
    size_t num_sections;
    ElfSymbol *symbols; // by ELF index; 0 is empty
    size_t num_symbols;
    ElfReloc *relocs; // of sections that are loaded, by section, in file order
    size_t num_relocs;

    uint8_t *bytes; // the copy
    size_t num_bytes;
    void *handle, *lines; // libelf's, libdw's
} ElfFile;

// WT_INVALID for what is no such file, WT_IO, WT_NOMEM. On failure nothing needs closing. `name`
// is for messages.
wt_status_t elf_open(ElfFile *e, const char *path);
wt_status_t elf_open_memory(ElfFile *e, const void *bytes, size_t n, const char *name);
void elf_close(ElfFile *e);

// By name; NULL when there is none. Symbols: defined ones only.
const ElfSection *elf_section(const ElfFile *e, const char *name);
const ElfSymbol *elf_symbol(const ElfFile *e, const char *name);

// The function or object that holds an address, for reports; NULL when none does.
const ElfSymbol *elf_symbol_at(const ElfFile *e, uint32_t addr);

// The end of everything that is loaded within [base, base+size): of .bss, in local memory. `base`
// when nothing is.
uint32_t elf_memory_end(const ElfFile *e, uint32_t base, uint32_t size);

// The source line of an address (as linked) from the debug information. False when it has none.
// The name lives as long as the ElfFile. Not from two threads at once.
bool elf_line(ElfFile *e, uint32_t addr, const char **file, int *line);
