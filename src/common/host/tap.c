/* tap.c - the descriptors through which a guest's frames come and go */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/tap.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "host/link.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

typedef struct Tap {
    unsigned queues;
    bool vnet_hdr;
    GArray *fds;
} Tap;

static void close_from(GArray *fds, guint first)
{
    for (guint i = first; i < fds->len; i++)
        fd_close(g_array_index(fds, int, i));
    fds->len = first;
}

/* A tap of that name that is there already must not be joined: TUN_EXCL. The other queues join the
 * one that was made. */
static int add_queue(const char *name, const Tap *tap, bool first)
{
    g_auto(Fd) fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };

    if (fd < 0)
        return errno;
    if (tap->vnet_hdr)
        request.ifr_flags |= IFF_VNET_HDR;
    if (tap->queues > 1)
        request.ifr_flags |= IFF_MULTI_QUEUE;
    if (first)
        request.ifr_flags |= (short) IFF_TUN_EXCL;
    g_strlcpy(request.ifr_name, name, sizeof(request.ifr_name));
    if (ioctl(fd, TUNSETIFF, &request) < 0)
        return errno;
    g_array_append_val(tap->fds, fd);
    fd = -1;
    return 0;
}

static int create(const char *name, void *data)
{
    const Tap *tap = data;
    guint before = tap->fds->len;
    int errnum = 0;

    for (unsigned i = 0; i < tap->queues && !errnum; i++)
        errnum = add_queue(name, tap, i == 0);
    if (errnum)
        close_from(tap->fds, before);
    return errnum;
}

bool tap_create(const char *pattern, unsigned queues, bool vnet_hdr, char name[IFNAMSIZ],
                GArray *fds, GError **error)
{
    Tap tap = { MAX(queues, 1), vnet_hdr, fds };

    return link_create_named(pattern, create, &tap, name, error);
}

/* ---- macvtap ---- */

/* The device's number is told in /sys; a node of our own is opened, as none may have been made. */
static int open_device(const char *name, GError **error)
{
    g_autofree char *path =
        g_strdup_printf("/sys/class/net/%s/macvtap/tap%u/dev", name, if_nametoindex(name));
    g_autofree char *text = file_read(path, 64, error);
    g_autofree char *node = g_strdup_printf("/dev/tap%u", if_nametoindex(name));
    unsigned major, minor;
    struct stat made;
    g_auto(Fd) fd = -1;

    if (!text || sscanf(text, "%u:%u", &major, &minor) != 2)
        return -1;
    fd = open(node, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &made) == 0 && made.st_rdev == makedev(major, minor))
        return g_steal_fd(&fd);
    if (fd >= 0)
        fd_close(g_steal_fd(&fd));
    g_free(node);
    node = g_strdup_printf("/dev/.ostler-%u:%u", major, minor);
    (void) unlink(node);
    if (mknod(node, S_IFCHR | 0600, makedev(major, minor)) == 0)
        fd = open(node, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        fail_errno(error, errno, "cannot open the device of link '%s'", name);
    (void) unlink(node);
    return g_steal_fd(&fd);
}

static bool set_queue(int fd, const char *name, unsigned queues, bool vnet_hdr, GError **error)
{
    struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI };

    if (vnet_hdr)
        request.ifr_flags |= IFF_VNET_HDR;
    if (queues > 1)
        request.ifr_flags |= IFF_MULTI_QUEUE;
    return ioctl(fd, TUNSETIFF, &request) == 0 ||
           fail_errno(error, errno, "cannot set up the device of link '%s'", name);
}

bool tap_open_macvtap(const char *name, unsigned queues, bool vnet_hdr, GArray *fds, GError **error)
{
    guint before = fds->len;

    for (unsigned i = 0; i < MAX(queues, 1); i++) {
        g_auto(Fd) fd = open_device(name, error);

        if (fd < 0 || !set_queue(fd, name, queues, vnet_hdr, error)) {
            close_from(fds, before);
            return false;
        }
        g_array_append_val(fds, fd);
        fd = -1;
    }
    return true;
}

bool tap_open_vhost(unsigned queues, GArray *fds)
{
    guint before = fds->len;

    for (unsigned i = 0; i < MAX(queues, 1); i++) {
        int fd = open("/dev/vhost-net", O_RDWR | O_CLOEXEC);

        if (fd < 0) {
            close_from(fds, before);
            return false;
        }
        g_array_append_val(fds, fd);
    }
    return true;
}
