#include "base/proc.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

// The environment with additions in front of (and hiding) what they replace.
static char **env_with(const char *const *add) {
    size_t n = 0, m = 0;
    while (environ[n]) n++;
    while (add && add[m]) m++;
    char **env = calloc(n + m + 1, sizeof *env);
    if (!env) oom((n + m + 1) * sizeof *env);
    size_t k = 0;
    for (size_t i = 0; i < m; i++) env[k++] = (char *)(uintptr_t)add[i];
    for (size_t i = 0; i < n; i++) {
        bool hidden = false;
        for (size_t j = 0; j < m && !hidden; j++) {
            size_t len = strcspn(add[j], "=") + 1;
            hidden = !strncmp(add[j], environ[i], len);
        }
        if (!hidden) env[k++] = environ[i];
    }
    return env;
}

// Standard input of the child: an anonymous file, so that nobody has to feed a pipe.
static int input_open(const ProcSpec *spec) {
    if (!spec->input) return open("/dev/null", O_RDONLY | O_CLOEXEC);
    int fd = memfd_create("stdin", MFD_CLOEXEC);
    size_t fed = 0;
    while (fd >= 0 && fed < spec->input_len) {
        ssize_t put = write(fd, spec->input + fed, spec->input_len - fed);
        if (put < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        if (put > 0) fed += (size_t)put;
    }
    if (fd >= 0) lseek(fd, 0, SEEK_SET);
    return fd;
}

// Collects output until the last holder of the pipe closes it or the time is up.
static void collect(int fd, int timeout_ms, pid_t pid, ProcResult *r) {
    StrBuf text = { 0 };
    uint64_t end = clock_ms() + (uint64_t)timeout_ms;
    for (;;) {
        int64_t left = timeout_ms ? (int64_t)(end - clock_ms()) : -1;
        if (timeout_ms && left <= 0) {
            kill(-pid, SIGKILL);
            r->timed_out = true;
            break;
        }
        struct pollfd p = { .fd = fd, .events = POLLIN };
        int ready = poll(&p, 1, (int)left);
        if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
        char chunk[8192];
        ssize_t got = read(fd, chunk, sizeof chunk);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        sb_add(&text, chunk, (size_t)got);
    }
    r->out_len = text.n;
    r->out = sb_take(&text);
}

static int spawn(const ProcSpec *spec, int in, int out, pid_t *pid) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&attr);
    posix_spawn_file_actions_adddup2(&files, in, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    posix_spawn_file_actions_adddup2(&files, out, 2);
    if (spec->dir) posix_spawn_file_actions_addchdir_np(&files, spec->dir);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP); // a group of its own, to kill as one
    char **env = env_with(spec->env);
    int e = posix_spawnp(pid, spec->argv[0], &files, &attr, (char **)(uintptr_t)spec->argv, env);
    free(env);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    return e;
}

wt_status_t proc_run(const ProcSpec *spec, ProcResult *r) {
    *r = (ProcResult){ 0 };
    int in = input_open(spec), pipe_fd[2];
    if (in < 0)
        return fail(WT_IO, "cannot prepare the input of '%s': %s", spec->argv[0], strerror(errno));
    if (pipe2(pipe_fd, O_CLOEXEC)) {
        close(in);
        return fail(WT_IO, "cannot make a pipe: %s", strerror(errno));
    }
    pid_t pid;
    int e = spawn(spec, in, pipe_fd[1], &pid);
    close(in);
    close(pipe_fd[1]);
    if (e) {
        close(pipe_fd[0]);
        return fail(WT_TOOL, "cannot start '%s': %s", spec->argv[0], strerror(e));
    }
    collect(pipe_fd[0], spec->timeout_ms, pid, r);
    close(pipe_fd[0]);
    int status;
    pid_t ended;
    do ended = waitpid(pid, &status, 0);
    while (ended < 0 && errno == EINTR);
    if (ended < 0) { // the host program ignores SIGCHLD or waits for children itself
        wt_status_t s =
            fail(WT_TOOL, "cannot learn how '%s' ended: %s", spec->argv[0], strerror(errno));
        proc_free(r);
        return s;
    }
    r->code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    r->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    return WT_OK;
}

void proc_free(ProcResult *r) {
    free(r->out);
    *r = (ProcResult){ 0 };
}

bool proc_find(const char *name) {
    if (strchr(name, '/')) return access(name, X_OK) == 0;
    const char *path = getenv("PATH");
    for (const char *p = path ? path : "/usr/bin:/bin"; *p;) {
        size_t n = strcspn(p, ":");
        char dir[PATH_CAP], full[PATH_CAP];
        snprintf(dir, sizeof dir, "%.*s", (int)n, p);
        if (path_join(full, sizeof full, *dir ? dir : ".", name) && access(full, X_OK) == 0)
            return true;
        p += n + (p[n] == ':');
    }
    return false;
}
