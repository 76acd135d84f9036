// The processors of a tile that have mailboxes: all but NCRISC.
#pragma once
#include <cstdint>

namespace ckernel {
enum ThreadId : std::uint32_t {
    BriscThreadId = 0,
    UnpackThreadId = 1,
    MathThreadId = 2,
    PackThreadId = 3,
};
}
