#include "base/err.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// Reports of a hang list hundreds of waiting cores, so the text has no fixed size.
static _Thread_local struct {
    wt_status_t status;
    char *text;
} last;

static const struct {
    wt_status_t code;
    const char *name, *text;
} statuses[] = {
#define _(name, code, text) { code, "WT_" #name, text },
    WT_STATUS_LIST(_)
#undef _
};

const char *wt_status_name(wt_status_t s) {
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i].code == s) return statuses[i].name;
    return "WT_?";
}

const char *wt_status_text(wt_status_t s) {
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i].code == s) return statuses[i].text;
    return "unknown status";
}

const char *wt_version(void) { return WT_VERSION; }

const char *wt_last_error(void) { return last.text ? last.text : "no error"; }

// A thread that ends frees its text.
static pthread_key_t last_key;
static pthread_once_t last_once = PTHREAD_ONCE_INIT;
static void last_key_create(void) { pthread_key_create(&last_key, free); }

// Takes ownership of `text`, which may be NULL when memory ran out.
static wt_status_t last_replace(wt_status_t s, char *text) {
    pthread_once(&last_once, last_key_create);
    pthread_setspecific(last_key, text);
    free(last.text);
    last.status = s;
    last.text = text;
    return s;
}

// The arguments may point into last.text, so the new text is complete before the old one goes.
wt_status_t err_set(wt_status_t s, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    char *text = NULL;
    if (vasprintf(&text, fmt, ap) < 0) text = NULL;
    va_end(ap);
    return last_replace(s, text);
}

wt_status_t err_prefix(wt_status_t s, const char *fmt, ...) {
    va_list ap;
    va_start(ap, fmt);
    char *head = NULL, *text = NULL;
    if (vasprintf(&head, fmt, ap) < 0) head = NULL;
    va_end(ap);
    if (head && asprintf(&text, "%s: %s", head, wt_last_error()) < 0) text = NULL;
    free(head);
    return text ? last_replace(s, text) : s;
}

void err_save(Err *to) {
    to->status = last.status;
    to->text = last.text ? strdup(last.text) : NULL;
}

wt_status_t err_raise(Err *from) {
    wt_status_t s = last_replace(from->status, from->text);
    from->text = NULL;
    return s;
}

void err_drop(Err *e) {
    free(e->text);
    e->text = NULL;
}

_Noreturn void oom(size_t bytes) {
    fprintf(stderr, "wavetile: the host has no memory left (%zu bytes asked)\n", bytes);
    abort();
}
