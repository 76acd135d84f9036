// What GCC's C++ library asks its operating system's headers: on a bare processor, nothing.
#pragma once
#define __NO_CTYPE 1
#define __GLIBC_PREREQ(a, b) 0
