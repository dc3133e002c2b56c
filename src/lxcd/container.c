/* container.c - a running container, as the daemon holds it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container.h"

#include "base/socket.h"
#include "plan.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { ANSWER_MS = 5000 };

Container *container_new(pid_t pid, int init, const char *group)
{
    Container *container = g_atomic_rc_box_new0(Container);
    g_autofree char *network = g_strdup_printf("/proc/%d/ns/net", pid);

    *container = (Container){ pid, init, open(network, O_RDONLY | O_CLOEXEC), g_strdup(group) };
    return container;
}

Container *container_ref(Container *container) { return g_atomic_rc_box_acquire(container); }

static void container_clear(void *data)
{
    Container *container = data;

    fd_close(container->init);
    if (container->network >= 0)
        fd_close(container->network);
    g_free(container->group);
}

void container_unref(Container *container)
{
    if (container)
        g_atomic_rc_box_release_full(container, container_clear);
}

int container_join(Machine *vm, const char *alias, GError **error)
{
    g_autofree char *path = g_build_filename(vm->directory, PLAN_SOCKET, NULL);
    g_auto(Fd) fd = unix_connect(path, SOCK_SEQPACKET, error);
    PlanJoin request = {};
    struct pollfd ready = { .fd = fd, .events = POLLIN };
    char answer = 0;

    if (fd < 0)
        return -1;
    if (sscanf(alias, "console%u", &request.console) != 1 ||
        send(fd, &request, sizeof(request), MSG_NOSIGNAL) < 0 || poll(&ready, 1, ANSWER_MS) != 1 ||
        recv(fd, &answer, 1, 0) != 1 || answer != 0) {
        fail(error, ERR_OPERATION_FAILED, "the container's controller does not give '%s': %s",
             alias, g_strerror(answer ? answer : errno));
        return -1;
    }
    return g_steal_fd(&fd);
}

bool container_has_own_network(const Container *container, GError **error)
{
    struct stat its, ours;

    return (fstat(container->network, &its) == 0 && stat("/proc/self/ns/net", &ours) == 0 &&
            its.st_ino != ours.st_ino) ||
           fail(error, ERR_OPERATION_UNSUPPORTED, "the container shares the host's network");
}

int container_open(const Container *container, const char *path, int flags)
{
    g_autofree char *root = g_strdup_printf("/proc/%d/root", container->pid);
    g_auto(Fd) dir = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct open_how how = { .flags = flags | O_CLOEXEC,
                            .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };

    return dir < 0 ? -1 : syscall(SYS_openat2, dir, path + strspn(path, "/"), &how, sizeof(how));
}
