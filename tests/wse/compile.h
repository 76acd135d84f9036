// Compiles a program of tests/wse/programs into a directory of its own, for tests in C.
#pragma once
#include "base/file.h"
#include "base/proc.h"

#include <stdio.h>
#include <stdlib.h>

// `params` is a --params flag or NULL. There is room for 3 x 2 PEs. Returns 0, or -1 with the
// compiler's words on standard error.
static inline int compile_program(const char *name, const char *arch, const char *params,
                                  const char *out) {
    const char *build = getenv("WT_BUILD");
    char cslc[PATH_CAP], layout[PATH_CAP], arch_flag[32];
    snprintf(cslc, sizeof cslc, "%s/bin/cslc", build ? build : "build");
    snprintf(layout, sizeof layout, "tests/wse/programs/%s/layout.csl", name);
    snprintf(arch_flag, sizeof arch_flag, "--arch=%s", arch);
    const char *argv[] = { cslc,
                           layout,
                           arch_flag,
                           "--memcpy",
                           "--channels=1",
                           "--fabric-dims=10,4",
                           "-o",
                           out,
                           "--fabric-offsets=4,1",
                           params,
                           NULL };
    ProcResult r;
    if (proc_run(&(ProcSpec){ .argv = argv, .timeout_ms = 60000 }, &r)) return -1;
    if (r.code) fprintf(stderr, "%s\n", r.out);
    int code = r.code;
    proc_free(&r);
    return code ? -1 : 0;
}
