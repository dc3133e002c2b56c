/* init.c - from a new process in new namespaces to the container's program */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "controller.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- namespaces ---- */

static void become_root(void)
{
    if (!plan_find(PLAN_UID_MAP))
        return;
    if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
        give_up("become the container's root user");
}

static void raise_loopback(void)
{
    struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd >= 0) {
        (void) ioctl(fd, SIOCSIFFLAGS, &request);
        close(fd);
    }
}

static void set_hostname(void)
{
    const PlanStep *step = plan_find(PLAN_HOSTNAME);

    if (step && sethostname(plan_text(step, 0), step->size - 1) < 0)
        give_up("set the hostname '%s'", plan_text(step, 0));
}

static void set_personality(void)
{
    const PlanStep *step = plan_find(PLAN_PERSONALITY);

    if (step && personality(step->a) < 0)
        give_up("become a container of another architecture");
}

/* Limits as the kernel gives them to a first process, whatever those of the daemon are. */
static void set_limits(void)
{
    static const struct {
        int resource;
        struct rlimit limit;
    } limits[] = {
        { RLIMIT_NOFILE, { 1024, 524288 } },
        { RLIMIT_CORE, { 0, RLIM_INFINITY } },
        { RLIMIT_MEMLOCK, { 8 << 20, 8 << 20 } },
    };

    for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++)
        (void) setrlimit(limits[i].resource, &limits[i].limit);
    umask(022);
}

/* ---- the program's own ---- */

/* The first console is what it reads from and writes to, and its controlling terminal. */
static void set_streams(void)
{
    int fd = plan_find(PLAN_CONSOLES) ? open("/dev/pts/0", O_RDWR) : open("/dev/null", O_RDWR);

    if (fd < 0)
        give_up("open the container's console");
    (void) setsid();
    if (plan_find(PLAN_CONSOLES))
        (void) ioctl(fd, TIOCSCTTY, 0);
    for (int i = 0; i < 3; i++) {
        if (dup2(fd, i) < 0)
            give_up("open the container's console");
    }
    if (fd > 2)
        close(fd);
}

/* The numbers in a line of the container's own /etc/passwd or /etc/group; what it means to the
 * host's directory of users is of no interest. */
static bool find_id(const char *file, const char *name, unsigned *id, unsigned *second)
{
    FILE *lines = fopen(file, "re");
    size_t length = strlen(name);
    char line[1024];
    bool found = false;

    while (lines && !found && fgets(line, sizeof(line), lines)) {
        char *password = line + length;

        if (strncmp(line, name, length) != 0 || *password != ':')
            continue;
        password = strchr(password + 1, ':');
        found = password && sscanf(password + 1, "%u:%u", id, second) >= 1;
    }
    if (lines)
        fclose(lines);
    return found;
}

static unsigned id_of(const char *file, const char *name, unsigned *second)
{
    char *end;
    unsigned id = strtoul(name, &end, 10);

    if (*end && !find_id(file, name, &id, second)) {
        errno = ENOENT;
        give_up("find '%s' in the container's %s", name, file);
    }
    return id;
}

/* Where the group is not said it is the user's. */
static void become_user(void)
{
    const PlanStep *step = plan_find(PLAN_USER);
    unsigned uid, gid = 0, unused;

    if (!step)
        return;
    uid = id_of("/etc/passwd", plan_text(step, 0), &gid);
    if (*plan_text(step, 1))
        gid = id_of("/etc/group", plan_text(step, 1), &unused);
    if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
        give_up("become user %u and group %u", uid, gid);
}

/* ---- rights ---- */

static void drop_bounding(uint64_t kept)
{
    for (int cap = 0; cap < 64; cap++) {
        if (kept >> cap & 1 || prctl(PR_CAPBSET_DROP, cap) == 0)
            continue;
        if (errno == EINVAL) /* the kernel knows no more */
            return;
        give_up("drop capability %d", cap);
    }
}

static void set_capabilities(uint64_t kept)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2];

    if (syscall(SYS_capget, &header, data) < 0)
        give_up("read the capabilities");
    for (int i = 0; i < 2; i++) {
        data[i].permitted &= kept >> 32 * i;
        data[i].effective = data[i].permitted;
        data[i].inheritable = 0;
    }
    if (syscall(SYS_capset, &header, data) < 0)
        give_up("set the capabilities");
}

static void give_up_rights(void)
{
    const PlanStep *caps = plan_find(PLAN_CAPS), *filter = plan_find(PLAN_SECCOMP);
    struct sock_fprog program = {};

    drop_bounding(caps->a);
    become_user();
    set_capabilities(caps->a);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
        give_up("forbid new privileges");
    if (filter) {
        program.len = filter->size / sizeof(struct sock_filter);
        program.filter = (struct sock_filter *) (filter + 1);
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
            give_up("install the filter of system calls");
    }
}

/* ---- descriptors ---- */

/* The given ones become 3 and following; the report ends at exec, everything else before. */
static void arrange_descriptors(void)
{
    int next = 3;

    for (const PlanStep *step = plan; step; step = plan_next(step))
        next += step->kind == PLAN_PASS;
    report_socket = fcntl(report_socket, F_DUPFD_CLOEXEC, next + 1);
    /* above all numbers to come, so that none is overwritten before it is moved */
    for (PlanStep *step = (PlanStep *) plan; step; step = (PlanStep *) plan_next(step)) {
        if (step->kind == PLAN_PASS)
            step->a = fcntl(step->a, F_DUPFD, next + 1);
    }
    next = 3;
    for (const PlanStep *step = plan; step; step = plan_next(step)) {
        if (step->kind == PLAN_PASS)
            (void) dup2(step->a, next++);
    }
    (void) syscall(SYS_close_range, next, ~0u, 1u << 2 /* CLOSE_RANGE_CLOEXEC */);
}

/* ---- the end ---- */

static char **collect(PlanKind kind)
{
    size_t count = 0;
    char **list;

    for (const PlanStep *step = plan; step; step = plan_next(step))
        count += step->kind == kind;
    list = calloc(count + 1, sizeof(*list));
    count = 0;
    for (const PlanStep *step = plan; list && step; step = plan_next(step)) {
        if (step->kind == kind)
            list[count++] = (char *) plan_text(step, 0);
    }
    return list;
}

static void run_program(void)
{
    char **arguments = collect(PLAN_ARGUMENT), **variables = collect(PLAN_VARIABLE);

    if (arguments && variables)
        execve(arguments[0], arguments, variables);
    give_up("execute '%s'", arguments ? arguments[0] : "");
}

static void enter_directory(void)
{
    const PlanStep *step = plan_find(PLAN_ENTER);

    if (step && chdir(plan_text(step, 0)) < 0)
        give_up("enter the directory '%s'", plan_text(step, 0));
}

/* The controller handles none, and was begun with none ignored. */
static void unblock_signals(void)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void become_init(int go)
{
    char word;

    (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (read(go, &word, 1) != 1)
        _exit(1);
    if (group >= 0 && unshare(CLONE_NEWCGROUP) < 0)
        give_up("make a cgroup namespace");
    become_root();
    if (plan_find(PLAN_CLONE)->a & CLONE_NEWNET)
        raise_loopback();
    (void) syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, NULL);
    set_personality();
    set_limits();
    set_hostname();
    enter_root();
    set_streams();
    enter_directory();
    arrange_descriptors();
    give_up_rights();
    unblock_signals();
    /* a change of user or capabilities has taken it back */
    (void) prctl(PR_SET_PDEATHSIG, SIGKILL);
    run_program();
    _exit(1);
}
