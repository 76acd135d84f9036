// Raising an error, passing it on, adding context: nothing else is needed.
//
// A failure travels as a status code; its message waits in thread-local storage until someone
// asks for wt_last_error(). Outer layers prefix their context, so a message reads from the
// outside in: "kernel 'reader': no .text section".
#pragma once
#include "wavetile.h"

#include <stdbool.h>
#include <stddef.h>

// Records a message and returns `s`:  return fail(WT_INVALID, "core (%d,%d) is harvested", x, y);
#define fail(s, ...) err_set((s), __VA_ARGS__)

// Passes a failure on. WRAP also prefixes the message.
#define TRY(call)                                                                                  \
    do {                                                                                           \
        wt_status_t try_s_ = (call);                                                               \
        if (try_s_ != WT_OK) return try_s_;                                                        \
    } while (0)
#define WRAP(call, ...)                                                                            \
    do {                                                                                           \
        wt_status_t wrap_s_ = (call);                                                              \
        if (wrap_s_ != WT_OK) return err_prefix(wrap_s_, __VA_ARGS__);                             \
    } while (0)

// A worker thread's failure travels with its job and is raised again at join.
typedef struct Err {
    wt_status_t status;
    char *text; // owned; NULL for no message
} Err;

wt_status_t err_set(wt_status_t s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), cold));
wt_status_t err_prefix(wt_status_t s, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), cold));
void err_save(Err *to);           // copies this thread's last error; err_drop or err_raise it later
wt_status_t err_raise(Err *from); // makes it this thread's last error, frees it, returns its status
void err_drop(Err *e);

// The host is out of memory in a place that cannot report it. Ends the process: the only way out
// that does not lie. Sizes that come from users are never allocated through this path.
_Noreturn void oom(size_t bytes);
