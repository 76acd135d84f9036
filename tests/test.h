// What a C test includes last: cmocka and what it needs, without its own idea of fail().
#pragma once
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#undef fail
#include <cmocka.h>
#undef fail
#define fail(s, ...) err_set((s), __VA_ARGS__)
#undef fail_msg // cmocka's is written with its own fail()
#define fail_msg(...)                                                                              \
    do {                                                                                           \
        print_error(__VA_ARGS__);                                                                  \
        print_error("\n");                                                                         \
        _fail(__FILE__, __LINE__);                                                                 \
    } while (0)

#define assert_ok(call)                                                                            \
    do {                                                                                           \
        if ((call) != WT_OK) fail_msg("%s: %s", #call, wt_last_error());                           \
    } while (0)
#define assert_fails(call, status, part)                                                           \
    do {                                                                                           \
        assert_int_equal((call), (status));                                                        \
        if (!strstr(wt_last_error(), (part)))                                                      \
            fail_msg("%s said \"%s\", not \"%s\"", #call, wt_last_error(), (part));                \
    } while (0)
