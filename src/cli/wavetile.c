// wavetile: what this library is and what it holds, from the command line.
#include "wavetile.h"

#include <stdio.h>
#include <string.h>

static int usage(FILE *to) {
    fprintf(to, "usage: wavetile --version\n"
                "       wavetile --help\n");
    return to == stdout ? 0 : 2;
}

int main(int argc, char **argv) {
    if (argc == 2 && !strcmp(argv[1], "--version")) return printf("wavetile %s\n", wt_version()) < 0;
    if (argc == 2 && !strcmp(argv[1], "--help")) return usage(stdout);
    return usage(stderr);
}
