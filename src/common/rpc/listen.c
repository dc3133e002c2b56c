/* listen.c - the sockets of a daemon: its own, or those that systemd holds for it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/listen.h"

#include "base/socket.h"
#include "rpc/client.h"
#include "rpc/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>

enum { ACCEPTED_A_TURN = 16, SHORT_OF_FDS_MS = 500 };

typedef struct Door {
    Listener what;
    bool on_network;
    char *path; /* to remove at the end; NULL: there is nothing to remove */
    Fd fd;
    Watch *watch;
    Timer *resting; /* as we are short of descriptors */
    bool paused;    /* as there are as many clients as may be */
} Door;

static GPtrArray *doors;

/* ---- accepting ---- */

static void rewatch(Door *door)
{
    watch_set(door->watch, door->paused || door->resting ? 0 : EPOLLIN);
}

static void has_rested(void *data)
{
    Door *door = data;

    door->resting = NULL;
    rewatch(door);
}

static void rest(Door *door)
{
    g_warning("cannot accept a client: %s", g_strerror(errno));
    door->resting = timer_new(SHORT_OF_FDS_MS, has_rested, door);
    rewatch(door);
}

/* Root, and the user that we run as, could do without us whatever they ask us for. */
static int auth_of(const Door *door, const Identity *identity)
{
    if (door->what.auth == REMOTE_AUTH_POLKIT && identity_is_ours(identity))
        return REMOTE_AUTH_NONE;
    return door->what.auth;
}

/* A socket that systemd has made has the mode of its unit, but who may connect is for the
 * configuration to say. */
static bool may_connect(const Door *door, const Identity *who)
{
    gid_t group = door->what.group == (gid_t) -1 ? getegid() : door->what.group;

    if (door->path || door->on_network || identity_is_ours(who) || door->what.mode & S_IWOTH)
        return true;
    return door->what.mode & S_IWGRP && identity_in_group(who, group);
}

static void turn_away(int fd, const Identity *identity)
{
    g_autofree char *who = identity_print(identity);

    g_info("%s may not connect: see unix_sock_*_perms and unix_sock_group", who);
    fd_close(fd);
}

static void let_in(Door *door, int fd)
{
    g_auto(Identity) identity = identity_of_socket(fd);
    int auth = auth_of(door, &identity);
    Layer *layer = door->what.secure ? door->what.secure() : NULL;
    Client *client;

    if (door->what.secure && !layer) {
        fd_close(fd);
        return;
    }
    if (!may_connect(door, &identity)) {
        turn_away(fd, &identity);
        return;
    }
    if (door->on_network) {
        (void) setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){ 1 }, sizeof(int));
        (void) setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &(int){ 1 }, sizeof(int));
    }
    identity.readonly = door->what.kind == SOCKET_READ_ONLY;
    client = client_new(fd, door->what.kind, &identity);
    client_guard(client, auth, layer);
}

static void door_ready(uint32_t, void *data)
{
    Door *door = data;

    for (int i = 0; i < ACCEPTED_A_TURN && !door->paused; i++) {
        int fd = accept4(door->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

        if (fd < 0 && (errno == EMFILE || errno == ENFILE))
            rest(door);
        if (fd < 0)
            return;
        if (door->what.kind == SOCKET_PEER)
            handover_accept(fd);
        else
            let_in(door, fd);
    }
}

/* A daemon with all the clients that it may have leaves new ones in the socket's queue. */
void listen_pause(const Service *service, bool pause)
{
    for (guint i = 0; doors && i < doors->len; i++) {
        Door *door = doors->pdata[i];

        if (door->what.kind == SOCKET_PEER || server_service(door->what.kind) != service)
            continue;
        door->paused = pause;
        rewatch(door);
    }
}

/* ---- sockets that systemd gave us ---- */

static bool is_bound_to(int fd, const char *path)
{
    struct sockaddr_un address;
    socklen_t size = sizeof(address);

    return getsockname(fd, (struct sockaddr *) &address, &size) == 0 &&
           address.sun_family == AF_UNIX && size > offsetof(struct sockaddr_un, sun_path) &&
           strcmp(address.sun_path, path) == 0;
}

static bool has_port(int fd, const char *port)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof(address);
    const struct servent *named = getservbyname(port, "tcp");
    unsigned number = named ? ntohs(named->s_port) : strtoul(port, NULL, 10);

    if (getsockname(fd, (struct sockaddr *) &address, &size) < 0)
        return false;
    if (address.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *) &address)->sin_port) == number;
    return address.ss_family == AF_INET6 &&
           ntohs(((struct sockaddr_in6 *) &address)->sin6_port) == number;
}

/* The descriptor behind the given one, 0 at first, that is the listener's; -1: no more. */
static int from_systemd(const char *path, const char *port, int last)
{
    static int count = -1;

    if (count < 0)
        count = MAX(sd_listen_fds(0), 0);
    for (int fd = MAX(last + 1, SD_LISTEN_FDS_START); fd < SD_LISTEN_FDS_START + count; fd++) {
        if (path ? is_bound_to(fd, path) : has_port(fd, port))
            return fd;
    }
    return -1;
}

bool listen_is_given(const char *port) { return from_systemd(NULL, port, 0) >= 0; }

/* ---- sockets of our own ---- */

/* No more may wait in it than the configuration says. */
static void add_door(const Listener *what, int fd, bool own)
{
    Door *door = g_new0(Door, 1);

    (void) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    (void) listen(fd, server_service(what->kind)->limits.max_queued_clients);
    door->what = *what;
    door->on_network = !what->path;
    door->path = own ? g_strdup(what->path) : NULL;
    door->fd = fd;
    door->watch = watch_new(fd, EPOLLIN, door_ready, door);
    if (!doors)
        doors = g_ptr_array_new();
    g_ptr_array_add(doors, door);
}

static bool open_path(const Listener *what, GError **error)
{
    int type = what->kind == SOCKET_PEER ? SOCK_SEQPACKET : SOCK_STREAM;
    g_auto(Fd) fd = unix_listen(what->path, type, 0600, error);

    if (fd < 0)
        return false;
    if (chown(what->path, -1, what->group) < 0 || chmod(what->path, what->mode) < 0)
        return fail_errno(error, errno, "cannot give '%s' its group and mode", what->path);
    add_door(what, g_steal_fd(&fd), true);
    return true;
}

static int listen_at(const struct addrinfo *at)
{
    g_auto(Fd) fd = socket(at->ai_family, at->ai_socktype | SOCK_CLOEXEC, at->ai_protocol);

    if (fd < 0)
        return -1;
    (void) setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
    if (at->ai_family == AF_INET6)
        (void) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &(int){ 1 }, sizeof(int));
    if (bind(fd, at->ai_addr, at->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0)
        return -1;
    return g_steal_fd(&fd);
}

/* One of each kind of address; a host need not have both. */
static bool open_port(const Listener *what, GError **error)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE };
    struct addrinfo *found = NULL;
    int problem = getaddrinfo(what->address, what->port, &hints, &found), reason = 0;
    const char *where = what->address ? what->address : "*";
    unsigned opened = 0;

    if (problem)
        return fail(error, ERR_SYSTEM, "cannot listen on %s, port %s: %s", where, what->port,
                    gai_strerror(problem));
    for (const struct addrinfo *at = found; at; at = at->ai_next) {
        int fd = listen_at(at);

        if (fd < 0 && errno == EAFNOSUPPORT)
            continue;
        if (fd < 0) {
            reason = errno;
            break;
        }
        add_door(what, fd, true);
        opened++;
    }
    freeaddrinfo(found);
    if (reason || !opened)
        return fail_errno(error, reason ? reason : EAFNOSUPPORT, "cannot listen on %s, port %s",
                          where, what->port);
    return true;
}

bool listen_begin(const Listener *what, GError **error)
{
    bool given = false;

    for (int fd = 0; (fd = from_systemd(what->path, what->port, fd)) >= 0; given = true)
        add_door(what, fd, false);
    return given || (what->path ? open_path(what, error) : open_port(what, error));
}

void listen_end(void)
{
    for (guint i = 0; doors && i < doors->len; i++) {
        Door *door = doors->pdata[i];

        watch_end(door->watch);
        timer_end(door->resting);
        fd_close(door->fd);
        if (door->path)
            (void) unlink(door->path);
        g_free(door->path);
        g_free(door);
    }
    g_clear_pointer(&doors, g_ptr_array_unref);
}
