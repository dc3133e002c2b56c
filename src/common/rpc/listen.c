/* listen.c - the sockets of a daemon: its own, or those that systemd holds for it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/listen.h"

#include "base/socket.h"
#include "rpc/client.h"
#include "rpc/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

enum { ACCEPTED_A_TURN = 16, SHORT_OF_FDS_MS = 500 };

typedef struct Door {
    Listener what;
    char *path; /* to remove at the end; NULL: it is systemd's */
    Fd fd;
    Watch *watch;
} Door;

static GPtrArray *doors;
static bool closed_for_now; /* as there are as many clients as may be */

static Identity identity_of(int fd, SocketKind kind)
{
    struct ucred peer = { .uid = -1, .gid = -1 };
    socklen_t size = sizeof(peer);

    (void) getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    return (Identity){ peer.uid, peer.gid, peer.pid, kind == SOCKET_READ_ONLY };
}

static void reopen(void *data) { watch_set(((Door *) data)->watch, EPOLLIN); }

static void door_ready(uint32_t, void *data)
{
    Door *door = data;

    for (int i = 0; i < ACCEPTED_A_TURN && !closed_for_now; i++) {
        int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        Identity identity;

        if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
            g_warning("cannot accept a client: %s", g_strerror(errno));
            watch_set(door->watch, 0);
            timer_new(SHORT_OF_FDS_MS, reopen, door);
        }
        if (fd < 0)
            return;
        if (door->what.kind == SOCKET_PEER) {
            handover_accept(fd);
            continue;
        }
        identity = identity_of(fd, door->what.kind);
        client_new(fd, door->what.kind, &identity);
    }
}

/* A daemon with all the clients that it may have leaves new ones in the socket's queue. */
void listen_pause(bool pause)
{
    closed_for_now = pause;
    for (guint i = 0; doors && i < doors->len; i++) {
        const Door *door = doors->pdata[i];

        if (door->what.kind != SOCKET_ADMIN && door->what.kind != SOCKET_PEER)
            watch_set(door->watch, pause ? 0 : EPOLLIN);
    }
}

static bool is_bound_to(int fd, const char *path)
{
    struct sockaddr_un address;
    socklen_t size = sizeof(address);

    return getsockname(fd, (struct sockaddr *) &address, &size) == 0 &&
           address.sun_family == AF_UNIX && size > offsetof(struct sockaddr_un, sun_path) &&
           strcmp(address.sun_path, path) == 0;
}

static int from_systemd(const char *path)
{
    static int count = -1;

    if (count < 0)
        count = MAX(sd_listen_fds(0), 0);
    for (int fd = SD_LISTEN_FDS_START; fd < SD_LISTEN_FDS_START + count; fd++) {
        if (is_bound_to(fd, path)) {
            (void) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
            return fd;
        }
    }
    return -1;
}

bool listen_begin(const Listener *what, GError **error)
{
    int type = what->kind == SOCKET_PEER ? SOCK_SEQPACKET : SOCK_STREAM;
    int fd = from_systemd(what->path);
    bool own = fd < 0;
    Door *door;

    if (own)
        fd = unix_listen(what->path, type, what->mode, error);
    if (fd < 0)
        return false;
    door = g_new0(Door, 1);
    door->what = *what;
    door->fd = fd;
    door->path = own ? g_strdup(what->path) : NULL;
    door->watch = watch_new(fd, EPOLLIN, door_ready, door);
    if (!doors)
        doors = g_ptr_array_new();
    g_ptr_array_add(doors, door);
    return true;
}

void listen_end(void)
{
    for (guint i = 0; doors && i < doors->len; i++) {
        Door *door = doors->pdata[i];

        watch_end(door->watch);
        fd_close(door->fd);
        if (door->path)
            (void) unlink(door->path);
        g_free(door->path);
        g_free(door);
    }
    g_clear_pointer(&doors, g_ptr_array_unref);
}
