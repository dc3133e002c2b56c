/* socket.c - UNIX sockets by path
 *
 * An address holds 107 bytes of path. A longer one is reached through a descriptor of its
 * directory, by its short name in /proc. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/socket.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

/* Fills in the address; *directory is opened when it is needed and must stay open until then. */
static bool make_address(const char *path, struct sockaddr_un *address, Fd *directory)
{
    const char *name = strrchr(path, '/');
    g_autofree char *parent = NULL, *short_path = NULL;

    *address = (struct sockaddr_un){ .sun_family = AF_UNIX };
    if (strlen(path) < sizeof(address->sun_path)) {
        strcpy(address->sun_path, path);
        return true;
    }
    parent = name ? g_strndup(path, name - path) : g_strdup(".");
    *directory = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*directory < 0)
        return false;
    short_path = g_strdup_printf("/proc/self/fd/%d/%s", *directory, name ? name + 1 : path);
    errno = ENAMETOOLONG;
    return g_strlcpy(address->sun_path, short_path, sizeof(address->sun_path)) <
           sizeof(address->sun_path);
}

int unix_connect(const char *path, int type, GError **error)
{
    g_auto(Fd) fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_auto(Fd) directory = -1;
    struct sockaddr_un address;

    if (fd < 0 || !make_address(path, &address, &directory) ||
        connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0) {
        fail_errno(error, errno, "cannot connect to '%s'", path);
        return -1;
    }
    return g_steal_fd(&fd);
}

int unix_listen(const char *path, int type, mode_t mode, GError **error)
{
    g_auto(Fd) fd = socket(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_auto(Fd) directory = -1;
    struct sockaddr_un address;

    (void) unlink(path);
    if (fd < 0 || fchmod(fd, mode) < 0 || !make_address(path, &address, &directory) ||
        bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 || chmod(path, mode) < 0 ||
        (type != SOCK_DGRAM && listen(fd, 1024) < 0)) {
        fail_errno(error, errno, "cannot listen on '%s'", path);
        return -1;
    }
    return g_steal_fd(&fd);
}
