// Wavetile: what both halves share: status codes, the last error, the version and the log.
//
// Every fallible function of the library returns a wt_status_t. The message that says what went
// wrong, where and what to do is one call away in wt_last_error(). Nothing in the library exits,
// aborts, prints or takes signals, unless the host has no memory left at all (docs/errors.md).
#ifndef WAVETILE_H
#define WAVETILE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WT_VERSION "0.1.0"

// Name, value, meaning. Values are append-only: they are part of the ABI.
#define WT_STATUS_LIST(_)                                                                          \
    _(OK, 0, "ok")                                                                                 \
    _(INVALID, -1, "invalid argument")                                                             \
    _(NOMEM, -2, "out of memory")                                                                  \
    _(IO, -3, "file or system call failed")                                                        \
    _(TOOL, -4, "external tool failed")                                                            \
    _(COMPILE, -5, "program does not compile")                                                     \
    _(FAULT, -6, "device program did something illegal")                                           \
    _(STALL, -7, "device is quiescent with work outstanding")                                      \
    _(UNSUPPORTED, -8, "not modelled, on purpose")                                                 \
    _(INTERNAL, -9, "bug in this library")                                                         \
    _(CLOSED, -10, "the owner of this object is closed")                                           \
    _(NOTFOUND, -11, "no such thing")                                                              \
    _(LIMIT, -12, "the cycle budget is used up")                                                   \
    _(INTERRUPTED, -13, "interrupted from another thread")

typedef int32_t wt_status_t;
enum {
#define WT_STATUS_ENUM_(name, code, text) WT_##name = (code),
    WT_STATUS_LIST(WT_STATUS_ENUM_)
#undef WT_STATUS_ENUM_
};

// "WT_INVALID" and "invalid argument". Never NULL; static storage.
const char *wt_status_name(wt_status_t status);
const char *wt_status_text(wt_status_t status);

// What went wrong in the most recent failed call on this thread. Never NULL. Owned by the library;
// valid until the next failed call on the same thread.
const char *wt_last_error(void);

// The version of the library that is loaded, WT_VERSION of its headers. Static storage.
const char *wt_version(void);

// Levels of a log line, most urgent first.
typedef int32_t wt_log_level_t;
enum { WT_LOG_ERROR = 0, WT_LOG_WARNING = 1, WT_LOG_INFO = 2, WT_LOG_DEBUG = 3 };

// Receives one line without its newline. Called on the thread that is inside the library, never
// from two threads at once; it must not call back into the library, except to set another callback.
typedef void (*wt_log_fn)(void *user, wt_log_level_t level, const char *line);

// Sends log lines of `level` and more urgent to `fn` (NULL: to nobody, the default). Process-wide,
// safe from any thread.
void wt_set_log_callback(wt_log_fn fn, void *user, wt_log_level_t level);

#ifdef __cplusplus
}
#endif

#endif
