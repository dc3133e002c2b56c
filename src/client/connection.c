/* connection.c - the calling side for programs: one call after the other */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "connection.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "base/socket.h"
#include "protocol/net.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

enum { FRONT = VIR_NET_MESSAGE_LEN_MAX + VIR_NET_MESSAGE_HEADER_MAX };

struct Connection {
    int fd;
    uint32_t serial;
};

Connection *connection_open(const char *path, GError **error)
{
    int fd = unix_connect(path, SOCK_STREAM, error);
    Connection *connection;

    if (fd < 0)
        return NULL;
    (void) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    connection = g_new0(Connection, 1);
    connection->fd = fd;
    connection_wait(connection, CONNECTION_PATIENCE);
    return connection;
}

void connection_wait(Connection *connection, unsigned seconds)
{
    const struct timeval patience = { .tv_sec = seconds };

    (void) setsockopt(connection->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
}

void connection_close(Connection *connection)
{
    if (!connection)
        return;
    fd_close(connection->fd);
    g_free(connection);
}

/* ---- out ---- */

/* A call's arguments are small. */
static bool send_call(Connection *connection, net_message_header *header, Message args,
                      GError **error)
{
    enum { ARGS_MOST = 65536 };
    g_autofree char *frame = g_malloc(FRONT + ARGS_MOST);
    u_int size;
    XDR xdr;

    xdrmem_create(&xdr, frame, FRONT + ARGS_MOST, XDR_ENCODE);
    size = 0;
    if (!xdr_u_int(&xdr, &size) || !xdr_net_message_header(&xdr, header) ||
        (args.codec && !args.codec(&xdr, args.data)))
        return fail(error, ERR_RPC, "the arguments are too long");
    size = xdr_getpos(&xdr);
    xdr_setpos(&xdr, 0);
    xdr_u_int(&xdr, &(u_int){ size });
    return file_write_all(connection->fd, frame, size) ||
           fail_errno(error, errno, "the daemon does not listen");
}

/* ---- in ---- */

static bool read_all(int fd, void *bytes, size_t size, GError **error)
{
    for (size_t have = 0; have < size;) {
        ssize_t got = read(fd, (char *) bytes + have, size - have);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(error, errno, "the daemon does not answer");
        if (got == 0)
            return fail(error, ERR_RPC, "the daemon has ended the connection");
        have += got;
    }
    return true;
}

/* The payload of the next message and its header. */
static char *read_message(int fd, net_message_header *header, uint32_t *size, GError **error)
{
    char front[FRONT];
    g_autofree char *payload = NULL;
    u_int length;
    XDR xdr;

    if (!read_all(fd, front, FRONT, error))
        return NULL;
    xdrmem_create(&xdr, front, FRONT, XDR_DECODE);
    if (!xdr_u_int(&xdr, &length) || !xdr_net_message_header(&xdr, header) || length < FRONT ||
        length - FRONT > VIR_NET_MESSAGE_PAYLOAD_MAX)
        return fail(error, ERR_RPC, "the daemon speaks another language");
    *size = length - FRONT;
    payload = g_malloc(*size + 1);
    if (!read_all(fd, payload, *size, error))
        return NULL;
    return g_steal_pointer(&payload);
}

static bool raise_error(XDR *xdr, GError **error)
{
    net_message_error answer = {};

    if (!xdr_net_message_error(xdr, &answer))
        return fail(error, ERR_RPC, "the daemon's error cannot be read");
    fail(error, answer.code ? (ErrorCode) answer.code : ERR_INTERNAL, "%s",
         answer.message ? *answer.message : "the daemon does not say why");
    xdr_free((xdrproc_t) xdr_net_message_error, &answer);
    return false;
}

static bool take_reply(const net_message_header *header, char *payload, uint32_t size,
                       Message reply, GError **error)
{
    XDR xdr;

    xdrmem_create(&xdr, payload, size, XDR_DECODE);
    if (header->status != NET_OK)
        return raise_error(&xdr, error);
    return !reply.codec || reply.codec(&xdr, reply.data) ||
           fail(error, ERR_RPC, "the daemon's answer cannot be read");
}

/* What is no answer to this call, such as a ping, is passed over. */
static bool receive(Connection *connection, uint32_t serial, Message reply, GError **error)
{
    for (;;) {
        net_message_header header;
        uint32_t size = 0;
        g_autofree char *payload = read_message(connection->fd, &header, &size, error);

        if (!payload)
            return false;
        if (header.type == NET_REPLY && header.serial == serial)
            return take_reply(&header, payload, size, reply, error);
    }
}

bool connection_call(Connection *connection, uint32_t program, int procedure, Message args,
                     Message reply, GError **error)
{
    net_message_header header = { program, 1, procedure, NET_CALL, connection->serial++, NET_OK };

    return send_call(connection, &header, args, error) &&
           receive(connection, header.serial, reply, error);
}
