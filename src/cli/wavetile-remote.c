// wavetile-remote: the process in which a foreign libttsim.so runs. The library starts it.
#include "ttm/chip/remote.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    if (argc == 2 && argv[1][0] != '-' && fcntl(REMOTE_SOCKET, F_GETFD) >= 0)
        return remote_serve(argv[1]);
    bool help = argc == 2 && !strcmp(argv[1], "--help");
    fprintf(
        help ? stdout : stderr,
        "usage: wavetile-remote LIBTTSIM.SO\n"
        "\n"
        "The process in which a libttsim.so runs. Not for people: libwavetile starts it with a\n"
        "socket and shared memory when a device is created with the path of a libttsim.so as\n"
        "its transport (ttm.h).\n");
    return help ? 0 : 2;
}
