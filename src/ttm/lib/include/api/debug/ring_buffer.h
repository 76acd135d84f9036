// A trail of words for the watcher's ring buffer: not kept here.
#pragma once
#define WATCHER_RING_BUFFER_PUSH(x) ((void)(x))
