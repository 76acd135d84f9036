// Running another program to its end and collecting what it says.
#pragma once
#include "base/err.h"

#include <stddef.h>

typedef struct ProcSpec {
    const char *const *argv; // NULL-terminated; argv[0] is looked up in PATH
    const char *dir;         // NULL: this process's
    const char *const *env;  // NAME=VALUE additions, NULL-terminated; NULL: none
    const char *input;       // NULL: no standard input
    size_t input_len;
    int timeout_ms; // 0: none; it is killed when over
} ProcSpec;

typedef struct ProcResult {
    int code;   // exit code, or -1 when a signal ended it
    int signal; // 0, or that signal
    bool timed_out;
    char *out; // standard output and error in order, NUL-terminated, owned
    size_t out_len;
} ProcResult;

// WT_TOOL when the program cannot be started (the message names it); its own failure is in *r.
wt_status_t proc_run(const ProcSpec *spec, ProcResult *r);
void proc_free(ProcResult *r);
// True when argv[0]-style `name` can be found in PATH.
bool proc_find(const char *name);
