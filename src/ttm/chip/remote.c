// A chip that is somebody else's simulator, in a helper process (remote.h). It cannot tell when
// it is quiescent, what its harts do or where they are: its capabilities say so.
//
// When the simulator complains it ends its process; its ERROR line becomes the fault. Reset starts
// a fresh one, with empty memory.
#include "ttm/chip/remote.h"
#include "base/err.h"
#include "base/file.h"
#include "ttm/chip/backend.h"
#include "ttm/chip/register.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { SERVICE_WINDOWS = 1024, SLICE_WINDOWS = 32 }; // the latter: how long an interrupt may take
enum { BLACKHOLE = 0xb1401e52, WORMHOLE = 0x401e1e52 };

typedef struct Remote {
    Chip chip; // first
    char path[PATH_CAP];
    pid_t pid;   // 0: none is running
    pid_t owner; // the process that started it; a fork of that has no simulator
    int socket;  // -1: closed
    int printed; // what it prints
    uint8_t *shared;
    int shared_fd;
    uint64_t windows;
} Remote;

// ---- the helper's life -------------------------------------------------------------------------

static wt_status_t helper_path(char out[PATH_CAP]) {
    char share[PATH_CAP];
    TRY(share_path(share, sizeof share, "."));
    if (!path_join(out, PATH_CAP, share, "../../bin/wavetile-remote"))
        return fail(WT_IO, "path too long: '%s'", share);
    if (!file_exists(out))
        return fail(WT_NOTFOUND, "'%s' is missing: the installation is not complete", out);
    return WT_OK;
}

// An inherited descriptor must not have a number that another is moved to.
static int above(int fd) {
    int high = fcntl(fd, F_DUPFD_CLOEXEC, 10);
    close(fd);
    return high;
}

static wt_status_t spawn(Remote *r, int socket) {
    char helper[PATH_CAP];
    TRY(helper_path(helper));
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, r->printed, 1);
    posix_spawn_file_actions_adddup2(&files, r->printed, 2);
    posix_spawn_file_actions_adddup2(&files, socket, REMOTE_SOCKET);
    posix_spawn_file_actions_adddup2(&files, r->shared_fd, REMOTE_SHARED);
    char *argv[] = { helper, r->path, NULL };
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP); // Ctrl-C is for the user's program
    int error = posix_spawn(&r->pid, helper, &files, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    r->owner = getpid();
    if (!error) return WT_OK;
    r->pid = 0;
    return fail(WT_TOOL, "cannot start '%s': %s", helper, strerror(error));
}

static void stop(Remote *r) {
    if (r->socket >= 0) close(r->socket);
    if (r->pid && r->owner == getpid()) {
        kill(r->pid, SIGKILL);
        while (waitpid(r->pid, NULL, 0) < 0 && errno == EINTR) {
        }
    }
    r->socket = -1;
    r->pid = 0;
}

// The last line with ERROR in what it printed, from there on; else how it ended.
static void last_words(Remote *r, char *out, size_t cap) {
    int status = 0;
    while (waitpid(r->pid, &status, 0) < 0 && errno == EINTR) {
    }
    r->pid = 0;
    char text[4096];
    off_t size = lseek(r->printed, 0, SEEK_END);
    ssize_t n = pread(r->printed, text, sizeof text - 1,
                      size > (off_t)sizeof text - 1 ? size - ((off_t)sizeof text - 1) : 0);
    text[n > 0 ? n : 0] = 0;
    char *line = NULL;
    for (char *p = text; (p = strstr(p, "ERROR: ")); p++) line = p + strlen("ERROR: ");
    if (line)
        snprintf(out, cap, "%.*s", (int)strcspn(line, "\n"), line);
    else if (WIFSIGNALED(status))
        snprintf(out, cap, "it was ended by signal %d (%s)", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    else
        snprintf(out, cap, "it ended with exit code %d", WEXITSTATUS(status));
}

// The simulator's category says whose gap it is.
static ChipGap gap_of(const char *words) {
    static const struct {
        const char *category;
        ChipGap gap;
    } gaps[] = {
        { "UndefinedBehavior", CHIP_UNDEFINED },
        { "NonContractualBehavior", CHIP_UNDEFINED },
        { "UnsupportedFunctionality", CHIP_UNSUPPORTED },
        { "UntestedFunctionality", CHIP_UNTESTED },
    };
    for (size_t i = 0; i < sizeof gaps / sizeof *gaps; i++)
        if (!strncmp(words, gaps[i].category, strlen(gaps[i].category))) return gaps[i].gap;
    return CHIP_UNMODELLED;
}

static wt_status_t died(Remote *r) {
    char words[1024];
    close(r->socket);
    r->socket = -1;
    last_words(r, words, sizeof words);
    ChipFault fault = { .gap = gap_of(words),
                        .cycle = r->windows * REMOTE_WINDOW,
                        .hart = CHIP_HARTS };
    snprintf(fault.text, sizeof fault.text, "simulator: %.*s", (int)sizeof fault.text - 12, words);
    return chip_add_fault(&r->chip, &fault);
}

// ---- calls -------------------------------------------------------------------------------------

static bool transfer(int fd, void *p, size_t n, bool out) {
    for (size_t done = 0; done < n;) {
        ssize_t k = out ? send(fd, (char *)p + done, n - done, MSG_NOSIGNAL)
                        : recv(fd, (char *)p + done, n - done, 0);
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return false;
        done += (size_t)k;
    }
    return true;
}

static wt_status_t call(Remote *r, RemoteCall c, RemoteReply *reply) {
    if (r->socket < 0)
        return fail(WT_FAULT, "the simulator '%s' has ended; reset the device", r->path);
    if (r->owner != getpid())
        return fail(WT_UNSUPPORTED,
                    "the simulator '%s' belongs to process %d, of which this is a fork", r->path,
                    (int)r->owner);
    if (transfer(r->socket, &c, sizeof c, true) && transfer(r->socket, reply, sizeof *reply, false))
        return WT_OK;
    return died(r);
}

// It says which chip it is once it stands.
static wt_status_t greet(Remote *r) {
    RemoteReply hello;
    if (!transfer(r->socket, &hello, sizeof hello, false)) {
        char words[1024];
        last_words(r, words, sizeof words);
        return fail(WT_INVALID, "'%s' is no simulator that runs here: %s", r->path, words);
    }
    if (hello.device == WORMHOLE)
        return fail(WT_UNSUPPORTED, "'%s' is a Wormhole; only Blackhole is supported so far",
                    r->path);
    if (hello.device != BLACKHOLE)
        return fail(WT_UNSUPPORTED, "'%s' is a device 0x%08x, not a Blackhole", r->path,
                    hello.device);
    return WT_OK;
}

static wt_status_t start(Remote *r) {
    int pair[2];
    if (ftruncate(r->printed, 0) || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair))
        return fail(WT_IO, "no socket to a simulator: %s", strerror(errno));
    r->socket = pair[0];
    pair[1] = above(pair[1]);
    wt_status_t s = pair[1] < 0 ? fail(WT_IO, "no socket to a simulator: %s", strerror(errno))
                                : spawn(r, pair[1]);
    if (pair[1] >= 0) close(pair[1]);
    if (s == WT_OK) s = greet(r);
    if (s != WT_OK) stop(r);
    return s;
}

// ---- the backend -------------------------------------------------------------------------------

static void remote_close(Chip *chip) {
    Remote *r = (Remote *)chip;
    stop(r);
    if (r->printed >= 0) close(r->printed);
    if (r->shared_fd >= 0) close(r->shared_fd);
    if (r->shared) munmap(r->shared, REMOTE_BYTES);
    free(r);
}

static wt_status_t make_files(Remote *r) {
    r->printed = above(memfd_create("printed", MFD_CLOEXEC));
    r->shared_fd = above(memfd_create("shared", MFD_CLOEXEC));
    if (r->printed < 0 || r->shared_fd < 0 || fcntl(r->printed, F_SETFL, O_APPEND) ||
        ftruncate(r->shared_fd, REMOTE_BYTES))
        return fail(WT_IO, "no memory to share with a simulator: %s", strerror(errno));
    void *p = mmap(NULL, REMOTE_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, r->shared_fd, 0);
    if (p == MAP_FAILED)
        return fail(WT_NOMEM, "no memory to share with a simulator: %s", strerror(errno));
    r->shared = p;
    return WT_OK;
}

static wt_status_t open_at(Remote *r, const ChipOptions *options) {
    TRY(chip_init(&r->chip, &chip_remote, options));
    if (!realpath(options->transport, r->path))
        return fail(WT_NOTFOUND, "simulator '%s': %s", options->transport, strerror(errno));
    TRY(make_files(r));
    return start(r);
}

static wt_status_t remote_open(const ChipOptions *options, Chip **chip) {
    Remote *r = calloc(1, sizeof *r);
    if (!r) return fail(WT_NOMEM, "no memory for a device");
    r->socket = r->printed = r->shared_fd = -1;
    wt_status_t s = open_at(r, options);
    if (s == WT_OK)
        *chip = &r->chip;
    else
        remote_close(&r->chip);
    return s;
}

static uint32_t piece(size_t size) { return size < REMOTE_BYTES ? (uint32_t)size : REMOTE_BYTES; }

static wt_status_t remote_write(Chip *chip, ChipXY at, uint64_t addr, const void *data,
                                size_t size) {
    Remote *r = (Remote *)chip;
    RemoteReply reply;
    for (const char *p = data; size;) {
        uint32_t n = piece(size);
        memcpy(r->shared, p, n);
        TRY(call(r,
                 (RemoteCall){ .op = REMOTE_WRITE, .x = at.x, .y = at.y, .addr = addr, .size = n },
                 &reply));
        p += n, addr += n, size -= n;
    }
    return WT_OK;
}

static wt_status_t remote_read(Chip *chip, ChipXY at, uint64_t addr, void *data, size_t size) {
    Remote *r = (Remote *)chip;
    RemoteReply reply;
    for (char *p = data; size;) {
        uint32_t n = piece(size);
        TRY(call(r,
                 (RemoteCall){ .op = REMOTE_READ, .x = at.x, .y = at.y, .addr = addr, .size = n },
                 &reply));
        memcpy(p, r->shared, n);
        p += n, addr += n, size -= n;
    }
    return WT_OK;
}

// Hands over the conditions that are left, as many as fit.
static uint32_t put_words(Remote *r, const ChipUntil *u, size_t n) {
    RemoteWord *w = (RemoteWord *)r->shared;
    if (n > REMOTE_BYTES / sizeof *w) n = REMOTE_BYTES / sizeof *w;
    for (size_t i = 0; i < n; i++)
        w[i] = (RemoteWord){ u[i].at.x, u[i].at.y, u[i].addr, u[i].mask, u[i].value };
    return (uint32_t)n;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static wt_status_t remote_run(Chip *chip, const ChipRun *run) {
    Remote *r = (Remote *)chip;
    uint64_t limit =
        run->max_cycles ? (run->max_cycles + REMOTE_WINDOW - 1) / REMOTE_WINDOW : UINT64_MAX;
    uint64_t windows = run->windows ? run->windows : UINT64_MAX, done = 0;
    for (size_t held = 0;;) {
        uint64_t n = least(least(limit, windows) - done,
                           least(SLICE_WINDOWS, SERVICE_WINDOWS - r->windows % SERVICE_WINDOWS));
        uint32_t words = put_words(r, run->until + held, run->num_until - held);
        RemoteReply reply;
        TRY(call(r, (RemoteCall){ .op = REMOTE_RUN, .size = words, .windows = (uint32_t)n },
                 &reply));
        held += reply.held;
        done += reply.windows;
        r->windows += reply.windows;
        bool again;
        if (run->service && (r->windows % SERVICE_WINDOWS == 0 && reply.windows))
            TRY(run->service(run->user, &again));
        if (run->num_until && held == run->num_until) return WT_OK;
        if (done >= windows) return WT_OK;
        if (done >= limit)
            return fail(WT_LIMIT, "the budget of %llu cycles is used up",
                        (unsigned long long)run->max_cycles);
        if (atomic_exchange(&chip->interrupt, false)) return fail(WT_INTERRUPTED, "interrupted");
    }
}

static wt_status_t remote_reset(Chip *chip) {
    Remote *r = (Remote *)chip;
    if (r->socket < 0) return start(r);
    const uint32_t held = soft_reset_word(CHIP_ALL_HARTS);
    for (uint32_t i = 0; i < chip->coords.nodes; i++)
        if (chip->coords.node[i].kind == CHIP_WORKER)
            TRY(remote_write(chip, chip->coords.node[i].virtual, DEBUG_SOFT_RESET_0, &held,
                             sizeof held));
    return WT_OK;
}

static void remote_stats(Chip *chip, ChipStats *stats) {
    stats->windows = ((Remote *)chip)->windows;
    stats->cycles = stats->windows * REMOTE_WINDOW;
}

const ChipBackend chip_remote = {
    .name = "libttsim",
    .open = remote_open,
    .close = remote_close,
    .write = remote_write,
    .read = remote_read,
    .run = remote_run,
    .reset = remote_reset,
    .stats = remote_stats,
};
