/* controller.c - the process that holds one container
 *
 * ostler-lxc-controller NAME PLAN SOCKET: both are descriptors. It prepares the container's file
 * systems, makes its first process, and stays to hold its consoles and to tell how it ended.
 * The container ends with it; it does not end with the daemon. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "controller.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

const PlanStep *plan;
static size_t plan_size;
int report_socket = -1, group = -1;

/* ---- the plan ---- */

const PlanStep *plan_next(const PlanStep *step)
{
    size_t size = sizeof(*step) + ((step->size + 7) & ~7u);
    const PlanStep *next = (const PlanStep *) ((const char *) step + size);

    return next->kind == PLAN_END ? NULL : next;
}

const PlanStep *plan_find(PlanKind kind)
{
    const PlanStep *step = plan;

    while (step && step->kind != kind)
        step = plan_next(step);
    return step;
}

const char *plan_text(const PlanStep *step, unsigned index)
{
    const char *text = (const char *) (step + 1), *end = text + step->size;

    while (index-- > 0 && text < end)
        text += strlen(text) + 1;
    return text < end ? text : "";
}

unsigned plan_root(PlanKind kind)
{
    const PlanStep *step = plan_find(kind);
    const char *line = step ? plan_text(step, 0) : NULL;
    unsigned inside, outside;

    while (line && *line && sscanf(line, "%u %u", &inside, &outside) == 2) {
        if (inside == 0)
            return outside;
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    return 0;
}

static void read_plan(int fd)
{
    struct stat file;

    if (fstat(fd, &file) < 0)
        give_up("read the plan");
    plan_size = file.st_size;
    plan = mmap(NULL, plan_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    if (plan == MAP_FAILED)
        give_up("read the plan");
    close(fd);
}

/* ---- talking to the daemon ---- */

void give_up(const char *what, ...)
{
    PlanAnswer answer = { .state = PLAN_FAILED, .errnum = errno };
    va_list args;

    va_start(args, what);
    (void) vsnprintf(answer.what, sizeof(answer.what), what, args);
    va_end(args);
    (void) send(report_socket, &answer, sizeof(answer), MSG_NOSIGNAL);
    _exit(1);
}

/* Whether the daemon says so; with it may come the container's group. */
static bool wait_for_begin(void)
{
    char byte;
    struct iovec part = { &byte, 1 };
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(int))];
    } control = {};
    struct msghdr message = { .msg_iov = &part,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof(control) };

    if (recvmsg(report_socket, &message, MSG_CMSG_CLOEXEC) != 1)
        return false;
    if (CMSG_FIRSTHDR(&message))
        memcpy(&group, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(group));
    return true;
}

/* The daemon says go, or has ended: then the start is undone. */
static void wait_for_word(const PlanAnswer *ready)
{
    char go;

    if (send(report_socket, ready, sizeof(*ready), MSG_NOSIGNAL) < 0 ||
        recv(report_socket, &go, 1, 0) != 1)
        _exit(1);
}

/* ---- the container ---- */

static void write_map(pid_t pid, const char *file, PlanKind kind)
{
    const PlanStep *step = plan_find(kind);
    char path[64];
    int fd;

    if (!step)
        return;
    (void) snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0 || write(fd, plan_text(step, 0), step->size - 1) < 0)
        give_up("map the container's users: %s", plan_text(step, 0));
    close(fd);
}

static void enter_namespaces(void)
{
    for (const PlanStep *step = plan; step; step = plan_next(step)) {
        if (step->kind == PLAN_NAMESPACE && setns(step->a, step->b) < 0)
            give_up("enter the namespace to share");
    }
}

/* The child waits for a byte from `go`. */
static pid_t make_init(int *go)
{
    const PlanStep *what = plan_find(PLAN_CLONE);
    struct clone_args args = { .flags = what->a, .exit_signal = SIGCHLD };
    int pipes[2];
    pid_t pid;

    if (group >= 0) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = group;
    }
    if (pipe2(pipes, O_CLOEXEC) < 0)
        give_up("make a pipe");
    pid = syscall(SYS_clone3, &args, sizeof(args));
    if (pid < 0)
        give_up("make the container's namespaces");
    if (pid == 0) {
        close(pipes[1]);
        become_init(pipes[0]);
    }
    close(pipes[0]);
    *go = pipes[1];
    return pid;
}

/* ---- its end ---- */

static const char *word_for(int status)
{
    if (WIFEXITED(status))
        return "exited";
    /* how the kernel tells a parent that a namespace's init has called reboot(2) */
    return WTERMSIG(status) == SIGHUP ? "reboot" : WTERMSIG(status) == SIGINT ? "halt" : "killed";
}

static void note_end(int status)
{
    int number = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
    int fd = open(PLAN_EXIT, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

    if (fd >= 0)
        dprintf(fd, "%s %d\n", word_for(status), number);
}

/* What the plan named by its descriptor is the container's now. */
static void close_given(void)
{
    for (const PlanStep *step = plan; step; step = plan_next(step)) {
        if (step->kind == PLAN_NAMESPACE || step->kind == PLAN_PASS)
            close(step->a);
    }
}

static int listen_for_daemon(void)
{
    static const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = PLAN_SOCKET };
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    /* the run's directory is the working directory, so that the path is short */
    if (fd < 0 || bind(fd, (const struct sockaddr *) &address, sizeof(address)) < 0 ||
        listen(fd, 16) < 0)
        give_up("listen for the daemon");
    return fd;
}

static int watch_signals(void)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_SETMASK, &set, NULL);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        give_up("wait for signals");
    return fd;
}

int main(int argc, char **argv)
{
    PlanAnswer ready = { .state = PLAN_READY };
    int directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int go, listener, signals;
    const PlanStep *consoles;

    if (argc != 4 || directory < 0)
        return 2;
    report_socket = atoi(argv[3]);
    (void) fcntl(report_socket, F_SETFD, FD_CLOEXEC);
    read_plan(atoi(argv[2]));
    umask(0);
    signals = watch_signals();
    listener = listen_for_daemon();
    if (!wait_for_begin())
        return 1;
    enter_namespaces();
    make_namespace();
    run_outside();
    consoles = plan_find(PLAN_CONSOLES);
    if (consoles)
        consoles_open(consoles->a, plan_text(consoles, 0), &ready);

    ready.init = make_init(&go);
    write_map(ready.init, "uid_map", PLAN_UID_MAP);
    write_map(ready.init, "gid_map", PLAN_GID_MAP);
    wait_for_word(&ready);
    (void) !write(go, "", 1);
    close(go);

    /* what only the start needed */
    close_given();
    munmap((void *) plan, plan_size);
    close(report_socket);
    if (group >= 0)
        close(group);
    (void) fchdir(directory);
    close(directory);
    note_end(consoles_serve(ready.init, listener, signals));
    return 0;
}
