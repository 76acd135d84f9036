// Builds RV32 programs for tests with the stock compiler, and runs them.
#pragma once
#include "base/file.h"
#include "base/proc.h"
#include "base/str.h"
#include "riscv/elf.h"
#include "riscv/hart.h"

#include <unistd.h>

#include "test.h"

// Runs a command (a shell's line); dies with its output when it fails.
__attribute__((format(printf, 1, 2), unused)) static char *shell(const char *fmt, ...) {
    char line[4096];
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    ProcResult r;
    assert_ok(proc_run(&(ProcSpec){ .argv = (const char *[]){ "sh", "-c", line, NULL } }, &r));
    if (r.code) fail_msg("%s\n%s", line, r.out);
    return r.out;
}

// Compiles tests/isa/programs/NAME.c into an executable, linked at 0x20000; returns its path.
__attribute__((unused)) static const char *build_program(const char *name, const char *march,
                                                         const char *flags) {
    static char path[PATH_CAP];
    const char *tmp = getenv("TMPDIR");
    snprintf(path, sizeof path, "%s/%s-%ld.elf", tmp ? tmp : "/tmp", name, (long)getpid());
    free(shell("riscv64-unknown-elf-gcc -march=%s -mabi=ilp32 -O2 -g %s -Wall -Wextra -Werror "
               "-ffreestanding -nostdlib -static -Wl,--no-relax -Wl,-Ttext=0x20000 -Wl,-e,_start "
               "tests/isa/programs/%s.c -o %s "
               "$(riscv64-unknown-elf-gcc -march=rv32im -mabi=ilp32 -print-libgcc-file-name) 2>&1",
               march, flags, name, path));
    return path;
}

// A hart alone with 1 MiB, which answers the ecalls of programs/program.h.
enum { MACHINE_BYTES = 1 << 20 };
typedef struct Machine {
    CodeCache *cache;
    uint8_t *memory;
    Space space;
    Hart hart;
    StrBuf out;
    bool done;
} Machine;

static BusReply machine_ecall(Hart *h, uint32_t word) {
    Machine *m = h->owner;
    if (word >> 20) return hart_fault(h, FAULT_UNMODELLED, 0, 0, "ebreak");
    switch (h->x[17]) {
    case 64:
        assert_true(space_holds(&m->space, h->x[11], h->x[12]));
        sb_add(&m->out, m->memory + h->x[11], h->x[12]);
        return BUS_EFFECT;
    case 93: m->done = true; return BUS_YIELD;
    }
    return hart_fault(h, FAULT_UNMODELLED, 0, h->x[17], "ecall %u", h->x[17]);
}

__attribute__((unused)) static Machine *machine_open(const char *path) {
    static const HartBus bus = { .system = machine_ecall };
    Machine *m = calloc(1, sizeof *m);
    m->memory = calloc(1, MACHINE_BYTES);
    assert_ok(code_cache_create(ISA_BLACKHOLE, 0, &m->cache));
    assert_ok(
        space_init(&m->space, m->memory, 0, MACHINE_BYTES, SPACE_R | SPACE_W | SPACE_X, m->cache));
    hart_init(&m->hart);
    m->hart.space[0] = &m->space;
    m->hart.bus = &bus;
    m->hart.owner = m;
    ElfFile elf;
    assert_ok(elf_open(&elf, path));
    for (size_t i = 0; i < elf.num_segments; i++) {
        const ElfSegment *s = &elf.segments[i];
        assert_true(space_holds(&m->space, s->vaddr, s->mem_size));
        memcpy(m->memory + s->vaddr, s->data, s->file_size);
    }
    hart_reset(&m->hart, elf.entry);
    elf_close(&elf);
    return m;
}

__attribute__((unused)) static void machine_close(Machine *m) {
    space_deinit(&m->space);
    code_cache_destroy(m->cache);
    sb_free(&m->out);
    free(m->memory);
    free(m);
}
