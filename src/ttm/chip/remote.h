// A foreign simulator behind the chip's seam: what backend and helper process say to each other.
//
// A libttsim.so is a singleton that ends its process on any complaint, so each runs in a process
// of its own, build/bin/wavetile-remote. The backend (remote.c) sends a RemoteCall over a socket
// and waits for the RemoteReply; data goes through shared memory. What the simulator prints goes
// to a file without a name, which the backend reads when the helper has died.
#pragma once
#include <stdbool.h>
#include <stdint.h>

// File descriptors of the helper; its standard output and error are the file for what is printed.
enum { REMOTE_SOCKET = 3, REMOTE_SHARED = 4 };

enum { REMOTE_BYTES = 4 << 20 }; // of shared memory; no call moves more

enum { REMOTE_WINDOW = 64 }; // clocks between two looks at conditions: the model's window

typedef enum RemoteOp {
    REMOTE_WRITE, // `size` bytes of shared memory to [addr, addr + size) of node (x, y)
    REMOTE_READ,  // the other way
    REMOTE_RUN, // `windows` windows, or until all of `size` RemoteWords in shared memory have held
} RemoteOp;

typedef struct RemoteCall {
    uint32_t op;
    uint16_t x, y;
    uint64_t addr;
    uint32_t size, windows;
} RemoteCall;

typedef struct RemoteWord { // holds when (word & mask) == value
    uint16_t x, y;
    uint32_t addr, mask, value;
} RemoteWord;

// The helper's first message is one of these too: `device` is the PCI vendor and device.
typedef struct RemoteReply {
    uint32_t device;
    uint32_t held;    // how many words have held, in turn
    uint32_t windows; // how many have been run
} RemoteReply;

// The helper's life: opens the simulator, answers calls until the socket closes. The exit code.
int remote_serve(const char *path);
