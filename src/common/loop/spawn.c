/* spawn.c - a child with exactly the descriptors given
 *
 * Between vfork-like clone and exec only system calls are made: the parent's other threads may
 * hold any lock. The child reports why it could not go on through a pipe that exec closes. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "loop/spawn.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "loop/workers.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

static const char *const plain_environment[] = { "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:"
                                                 "/usr/bin:/sbin:/bin",
                                                 "LC_ALL=C", NULL };

typedef struct Failure {
    int errnum;
    int step;
} Failure;

static const char *const steps[] = {
    "note its pid",       "begin a session",    "give it its descriptors",
    "let it lock memory", "become the user",    "enter its directory",
    "tie it to us",       "execute the program"
};

/* 0, 1 and 2 from what was given. Each is first moved above 2, as it may be one of them. */
static bool set_standard_streams(const Spawn *what)
{
    int given[] = { what->in, what->out, what->err };

    for (int i = 0; i < 3; i++) {
        given[i] = given[i] < 0 ? open("/dev/null", O_RDWR | O_CLOEXEC)
                                : fcntl(given[i], F_DUPFD_CLOEXEC, 3);
        if (given[i] >= 0 && given[i] < 3)
            given[i] = fcntl(given[i], F_DUPFD_CLOEXEC, 3);
        if (given[i] < 0)
            return false;
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(given[i], i) < 0)
            return false;
    }
    return true;
}

/* All but the standard ones end at exec, then the kept ones are taken out again. */
static bool set_descriptors(const Spawn *what)
{
    if (!set_standard_streams(what) || close_range(3, ~0u, CLOSE_RANGE_CLOEXEC) < 0)
        return false;
    for (size_t i = 0; i < what->kept; i++) {
        if (fcntl(what->keep[i], F_SETFD, 0) < 0)
            return false;
    }
    return true;
}

static bool allow_locking(const Spawn *what)
{
    const struct rlimit limit = { what->locked, what->locked };

    return !what->locked || setrlimit(RLIMIT_MEMLOCK, &limit) == 0;
}

static bool become_user(const Spawn *what)
{
    return !what->as_user || (syscall(SYS_setgroups, what->group_count, what->groups) == 0 &&
                              syscall(SYS_setresgid, what->gid, what->gid, what->gid) == 0 &&
                              syscall(SYS_setresuid, what->uid, what->uid, what->uid) == 0);
}

static void reset_signals(void)
{
    struct sigaction plain = { .sa_handler = SIG_DFL };
    sigset_t none;

    for (int signal = 1; signal < NSIG; signal++)
        (void) sigaction(signal, &plain, NULL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool enter_directory(const Spawn *what)
{
    umask(what->umask ? what->umask : 077);
    return chdir(what->directory ? what->directory : "/") == 0;
}

/* After the change of its user, which would undo it. */
static bool tie(const Spawn *what, pid_t parent)
{
    return !what->ends_with_us ||
           (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent);
}

/* The digits and a line break, by system calls only. */
static bool write_pid(int file)
{
    char text[16];
    char *at = text + sizeof(text);

    *--at = '\n';
    for (unsigned pid = getpid(); pid; pid /= 10)
        *--at = '0' + pid % 10;
    return !file || write(file, at, text + sizeof(text) - at) > 0;
}

static G_NORETURN void child(const Spawn *what, char *const *environment, pid_t parent, int report)
{
    Failure failure = { .step = 0 };

    reset_signals();
    if (write_pid(what->pid_file) && (++failure.step, setsid() >= 0) &&
        (++failure.step, set_descriptors(what)) && (++failure.step, allow_locking(what)) &&
        (++failure.step, become_user(what)) && (++failure.step, enter_directory(what)) &&
        (++failure.step, tie(what, parent))) {
        ++failure.step;
        execve(what->argv[0], (char *const *) what->argv, environment);
    }
    failure.errnum = errno;
    (void) !write(report, &failure, sizeof(failure));
    _exit(127);
}

pid_t spawn(const Spawn *what, int *pidfd, GError **error)
{
    const char *const *environment = what->environment ? what->environment : plain_environment;
    Failure failure;
    sigset_t all, before;
    int report[2];
    pid_t parent = getpid(), pid;

    if (pipe2(report, O_CLOEXEC) < 0) {
        fail_errno(error, errno, "cannot make a pipe");
        return -1;
    }
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0)
        child(what, (char *const *) environment, parent, report[1]);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    fd_close(report[1]);
    if (pid < 0) {
        fail_errno(error, errno, "cannot start '%s'", what->argv[0]);
        fd_close(report[0]);
        return -1;
    }
    if (read(report[0], &failure, sizeof(failure)) == sizeof(failure)) {
        fd_close(report[0]);
        (void) waitpid(pid, NULL, 0);
        fail_errno(error, failure.errnum, "cannot start '%s': cannot %s", what->argv[0],
                   steps[failure.step]);
        return -1;
    }
    fd_close(report[0]);
    if (pidfd)
        *pidfd = pidfd_open(pid, 0);
    return pid;
}

/* Reads both pipes until they end, the child's memory of one call's length. */
static bool read_both(int out, int err, GString *texts[2], gint64 until, size_t limit)
{
    struct pollfd polls[] = { { .fd = out, .events = POLLIN }, { .fd = err, .events = POLLIN } };
    char block[16384];

    while (polls[0].fd >= 0 || polls[1].fd >= 0) {
        gint64 left = (until - g_get_monotonic_time()) / 1000;

        if (left <= 0 || (poll(polls, 2, left) < 0 && errno != EINTR))
            return false;
        for (int i = 0; i < 2; i++) {
            ssize_t got = polls[i].revents ? read(polls[i].fd, block, sizeof(block)) : -1;

            if (polls[i].revents && got <= 0)
                polls[i].fd = -1;
            if (got > 0 && texts[i]->len + got > limit)
                return false;
            if (got > 0)
                g_string_append_len(texts[i], block, got);
        }
    }
    return true;
}

static char *end_of_child(const Spawn *what, pid_t pid, GString *texts[2], bool in_time,
                          GError **error)
{
    int status = 0;

    if (!in_time)
        kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!in_time)
        return fail(error, ERR_OPERATION_TIMEOUT, "'%s' did not end in time, or said too much",
                    what->argv[0]);
    if (status != 0)
        return fail(error, ERR_OPERATION_FAILED, "'%s' failed with status %d: %s", what->argv[0],
                    WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
                    g_strchomp(texts[1]->str));
    return g_strndup(texts[0]->str, texts[0]->len);
}

char *spawn_and_read(const Spawn *what, unsigned milliseconds, size_t limit, GError **error)
{
    gint64 until = g_get_monotonic_time() + milliseconds * 1000ll;
    g_autoptr(GString) out = g_string_new(NULL), err = g_string_new(NULL);
    GString *texts[] = { out, err };
    Spawn with_pipes = *what;
    int pipes[2][2];
    bool in_time;
    pid_t pid;

    if (pipe2(pipes[0], O_CLOEXEC) < 0)
        return fail_errno(error, errno, "cannot make a pipe");
    g_auto(Fd) out_fd = pipes[0][0];
    if (pipe2(pipes[1], O_CLOEXEC) < 0) {
        fd_close(pipes[0][1]);
        return fail_errno(error, errno, "cannot make a pipe");
    }
    g_auto(Fd) err_fd = pipes[1][0];
    with_pipes.out = pipes[0][1];
    with_pipes.err = pipes[1][1];
    with_pipes.ends_with_us = true;
    pid = spawn(&with_pipes, NULL, error);
    fd_close(pipes[0][1]);
    fd_close(pipes[1][1]);
    if (pid < 0)
        return NULL;

    worker_waits();
    in_time = read_both(out_fd, err_fd, texts, until, limit);
    worker_resumes();
    return end_of_child(what, pid, texts, in_time, error);
}

bool process_wait(int pidfd, unsigned milliseconds)
{
    struct pollfd ended = { .fd = pidfd, .events = POLLIN };
    int got;

    worker_waits();
    got = poll(&ended, 1, milliseconds);
    worker_resumes();
    return got > 0;
}

unsigned long long process_start(pid_t pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
    g_autofree char *text = file_read(path, 4096, NULL);
    const char *at = text ? strrchr(text, ')') : NULL; /* the program's name may have blanks */

    for (int field = 2; at && field < 22; field++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at, NULL, 10) : 0;
}

int process_open(pid_t pid, unsigned long long start)
{
    g_auto(Fd) fd = pidfd_open(pid, 0);

    if (fd < 0 || (start && process_start(pid) != start))
        return -1;
    return g_steal_fd(&fd);
}
