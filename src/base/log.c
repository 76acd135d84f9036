#include "base/log.h"
#include "base/str.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

// The one process-wide sink, as the public header promises. Its lock is recursive, so that a
// callback that sets another one, or none, does not wait for itself.
static struct {
    pthread_mutex_t lock;
    wt_log_fn fn;
    void *user;
    wt_log_level_t level;
} sink = { .lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP };

void wt_set_log_callback(wt_log_fn fn, void *user, wt_log_level_t level) {
    pthread_mutex_lock(&sink.lock);
    sink.fn = fn;
    sink.user = user;
    sink.level = level;
    pthread_mutex_unlock(&sink.lock);
}

void log_at(wt_log_level_t level, const char *fmt, ...) {
    pthread_mutex_lock(&sink.lock);
    if (sink.fn && level <= sink.level) {
        va_list ap;
        va_start(ap, fmt);
        char *line = NULL;
        if (vasprintf(&line, fmt, ap) >= 0) sink.fn(sink.user, level, line);
        free(line);
        va_end(ap);
    }
    pthread_mutex_unlock(&sink.lock);
}
