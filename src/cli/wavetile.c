// wavetile: what this library is and what it holds, from the command line.
#include "wavetile.h"
#include "base/str.h"
#include "riscv/rv32.h"
#include "wse/chip/object.h"

#include <stdio.h>
#include <string.h>

static int usage(FILE *to) {
    fprintf(to,
            "usage: wavetile isa rv32|pe\n"
            "       wavetile --version | --help\n"
            "\n"
            "isa prints an instruction table of the library as a page of documentation: rv32, the\n"
            "RISC-V processors of a Tensix core, or pe, the bytecode of a Cerebras PE.\n"
            "\n"
            "Programs run through libwavetile (ttm.h, wse.h), the Python package wavetile, or\n"
            "cslc and cs_python; docs/ttm.md and docs/wse.md show how.\n"
            "Exit code: 0 done, 1 the output could not be written, 2 usage.\n");
    return to == stdout ? 0 : 2;
}

static int isa(const char *name) {
    StrBuf page = { 0 };
    if (!strcmp(name, "rv32"))
        rv32_document(&page);
    else if (!strcmp(name, "pe"))
        pe_document(&page);
    else
        return fprintf(stderr, "wavetile: no instruction table '%s'; there are rv32 and pe\n",
                       name),
               2;
    int bad = fputs(sb_str(&page), stdout) < 0 || fflush(stdout) != 0;
    sb_free(&page);
    return bad;
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "--version"))
        return printf("wavetile %s\n", wt_version()) < 0;
    if (argc == 2 && !strcmp(argv[1], "--help")) return usage(stdout);
    if (argc == 3 && !strcmp(argv[1], "isa")) return isa(argv[2]);
    return usage(stderr);
}
