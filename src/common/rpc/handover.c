/* handover.c - a client's socket, identity and unread bytes, from one daemon to another
 *
 * One packet each: a JSON object, a zero byte, the unread bytes; the socket goes with it. One byte
 * comes back for each that was taken, in order. Between two daemons there is one connection, made
 * when it is first needed; a daemon that was restarted is connected to anew. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/handover.h"

#include "base/json.h"
#include "base/socket.h"
#include "loop/loop.h"
#include "rpc/login.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

enum {
    PACKET_MOST = 160 * 1024, /* within what a socket takes at once */
    ANSWER_MS = 10000,        /* for the other daemon to take it, its start by systemd included */
};

/* The way to another daemon. */
typedef struct Link {
    char *daemon;
    int fd;
    Watch *watch;
    GQueue pending; /* of Pending, oldest first */
} Link;

typedef struct Pending {
    Link *link;
    HandoverDone *done;
    void *data;
    Timer *timer;
} Pending;

char *handover_path(const char *daemon)
{
    return g_strdup_printf("%s/run/ostler/%s.peer", server.root, daemon);
}

static Link *link_find(const char *daemon)
{
    static GHashTable *links;
    Link *link;

    if (!links)
        links = g_hash_table_new(g_str_hash, g_str_equal);
    link = g_hash_table_lookup(links, daemon);
    if (!link) {
        link = g_new0(Link, 1);
        link->daemon = g_strdup(daemon);
        link->fd = -1;
        g_hash_table_insert(links, link->daemon, link);
    }
    return link;
}

static void finish_oldest(Link *link, const GError *error)
{
    g_autofree Pending *pending = g_queue_pop_head(&link->pending);

    timer_end(pending->timer);
    pending->done(pending->data, error);
}

static void link_close(Link *link, const char *why)
{
    g_autoptr(GError) error = NULL;

    fail(&error, ERR_OPERATION_FAILED, "ostler-%s does not answer: %s", link->daemon, why);
    watch_end(g_steal_pointer(&link->watch));
    fd_close(g_steal_fd(&link->fd));
    while (link->pending.length)
        finish_oldest(link, error);
}

static void link_ready(uint32_t, void *data)
{
    Link *link = data;
    char byte;
    ssize_t got = recv(link->fd, &byte, 1, MSG_DONTWAIT);

    if (got == 1 && link->pending.length)
        finish_oldest(link, NULL);
    else if (got >= 0 || (errno != EAGAIN && errno != EINTR))
        link_close(link, got < 0 ? g_strerror(errno) : "it has ended");
}

static void pending_late(void *data)
{
    Pending *pending = data;

    pending->timer = NULL;
    link_close(pending->link, "it has not taken the connection in time");
}

static bool link_connect(Link *link, GError **error)
{
    g_autofree char *path = handover_path(link->daemon);
    g_autoptr(GError) why = NULL;

    link->fd = unix_connect(path, SOCK_SEQPACKET, &why);
    if (link->fd < 0) {
        fail(error, ERR_NO_CONNECT, "ostler-%s is not running: %s", link->daemon, why->message);
        return false;
    }
    link->watch = watch_new(link->fd, EPOLLIN, link_ready, link);
    return true;
}

/* ---- giving ---- */

static GByteArray *packet_new(const Handover *what, const GByteArray *unread)
{
    g_autoptr(Json) json =
        json_build("sjbb", "uri", what->uri, "identity", identity_to_json(what->identity),
                   "keepalive", what->keepalive, "daemon", what->is_daemon);
    g_autofree char *text = json_print(json);
    GByteArray *packet = g_byte_array_new();

    g_byte_array_append(packet, (const guint8 *) text, strlen(text) + 1);
    if (unread)
        g_byte_array_append(packet, unread->data, unread->len);
    return packet;
}

static ssize_t packet_send(int to, const GByteArray *packet, int fd)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control = { 0 };
    struct iovec data = { packet->data, packet->len };
    struct msghdr message = { .msg_iov = &data,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof(control.bytes) };

    control.header = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
    memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
    return sendmsg(to, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* The second time on a new connection, as the daemon may have been restarted since the last one. */
static bool give(Link *link, const GByteArray *packet, int fd, GError **error)
{
    if (link->fd >= 0 && packet_send(link->fd, packet, fd) >= 0)
        return true;
    if (link->fd >= 0)
        link_close(link, g_strerror(errno));
    if (!link_connect(link, error))
        return false;
    if (packet_send(link->fd, packet, fd) >= 0)
        return true;
    return fail_errno(error, errno, "ostler-%s does not answer", link->daemon);
}

/* A failure at once is told later too, so that done() never comes before handover() returns. */
typedef struct Failure {
    HandoverDone *done;
    void *data;
    GError *error;
} Failure;

static void tell_failure(void *data)
{
    g_autofree Failure *failure = data;

    failure->done(failure->data, failure->error);
    g_error_free(failure->error);
}

void handover(const char *daemon, int fd, const Handover *what, const GByteArray *unread,
              HandoverDone *done, void *data)
{
    Link *link = link_find(daemon);
    g_autoptr(GByteArray) packet = packet_new(what, unread);
    GError *error = NULL;
    Pending *pending;

    if (!give(link, packet, fd, &error)) {
        Failure *failure = g_new(Failure, 1);

        *failure = (Failure){ done, data, error };
        loop_hop(tell_failure, failure);
        return;
    }
    pending = g_new(Pending, 1);
    *pending = (Pending){ link, done, data, timer_new(ANSWER_MS, pending_late, pending) };
    g_queue_push_tail(&link->pending, pending);
}

/* ---- taking ---- */

typedef struct Giver {
    int fd;
    Watch *watch;
    bool trusted; /* whatever it says about its clients is true */
} Giver;

static void giver_close(Giver *giver)
{
    watch_end(giver->watch);
    fd_close(giver->fd);
    g_free(giver);
}

/* The proxy may have been taken over by a stranger: a user of this host must be at the other end of
 * the socket itself. */
static bool is_believable(const Giver *giver, int fd, const Identity *identity)
{
    struct ucred peer = { .uid = -1 };
    socklen_t size = sizeof(peer);

    if (giver->trusted || identity->transport != WAY_UNIX)
        return giver->trusted || identity->uid < 0;
    (void) getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
    return identity->uid == peer.uid;
}

static void take_client(const Giver *giver, int fd, const char *text, const void *unread,
                        size_t size)
{
    g_autoptr(Json) json = json_parse(text, strlen(text), NULL);
    g_auto(Identity) identity = identity_from_json(json_member(json, "identity"));
    Client *client;

    if (!is_believable(giver, fd, &identity)) {
        g_warning("a client that was handed over is not user %" G_GINT64_FORMAT, identity.uid);
        fd_close(fd);
        return;
    }
    client = client_new(fd, identity.readonly ? SOCKET_READ_ONLY : SOCKET_WRITE, &identity);
    if (giver->trusted || client->identity.transport != WAY_UNIX ||
        identity_is_ours(&client->identity))
        client_accept(client);
    else
        login_ask(client);
    if (client_is_gone(client))
        return;
    client->uri = g_strdup(json_text(json, "uri"));
    client->keepalive = json_flag(json, "keepalive");
    client->is_daemon = giver->trusted && json_flag(json, "daemon");
    wire_take(&client->wire, unread, size);
}

static void giver_ready(uint32_t, void *data)
{
    static char block[PACKET_MOST + 1];
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control;
    Giver *giver = data;
    struct iovec iov = { block, PACKET_MOST };
    struct msghdr message = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
    };
    ssize_t got = recvmsg(giver->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    struct cmsghdr *with = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    size_t text;
    int fd;

    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0 || !with || with->cmsg_type != SCM_RIGHTS) {
        giver_close(giver);
        return;
    }
    memcpy(&fd, CMSG_DATA(with), sizeof(fd));
    block[got] = '\0';
    text = MIN(strlen(block) + 1, (size_t) got);
    (void) !send(giver->fd, "", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    take_client(giver, fd, block, block + text, got - text);
}

void handover_accept(int fd)
{
    struct ucred peer;
    socklen_t size = sizeof(peer);
    Giver *giver;

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
        (peer.uid != 0 && peer.uid != geteuid() && peer.uid != server.proxy_uid)) {
        g_warning("process %d of user %d may not hand clients over", peer.pid, peer.uid);
        fd_close(fd);
        return;
    }
    giver = g_new(Giver, 1);
    giver->fd = fd;
    giver->trusted = peer.uid == 0 || peer.uid == geteuid();
    giver->watch = watch_new(fd, EPOLLIN, giver_ready, giver);
}
