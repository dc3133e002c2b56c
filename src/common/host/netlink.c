/* netlink.c - requests to the kernel's tables of links, addresses, routes and queues */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/netlink.h"

#include <errno.h>

enum {
    RECEIVE_BUFFER = 1 << 20,
    MESSAGE = 1 << 17, /* of a list at most a quarter; a card tells of all its functions in one */
};

static void socket_free(void *data) { nl_socket_free(data); }

static GPrivate own_socket = G_PRIVATE_INIT(socket_free);

static struct nl_sock *find_socket(void)
{
    struct nl_sock *sock = g_private_get(&own_socket);

    if (sock)
        return sock;
    sock = nl_socket_alloc();
    if (!sock || nl_connect(sock, NETLINK_ROUTE) < 0) {
        nl_socket_free(sock);
        return NULL;
    }
    nl_socket_disable_msg_peek(sock);
    (void) nl_socket_set_msg_buf_size(sock, MESSAGE);
    (void) nl_socket_set_buffer_size(sock, RECEIVE_BUFFER, 0);
    g_private_set(&own_socket, sock);
    return sock;
}

struct nl_msg *netlink_new(int type, int flags, const void *header, size_t size)
{
    struct nl_msg *message = nlmsg_alloc_simple(type, flags);

    if (!message || nlmsg_append(message, (void *) header, size, NLMSG_ALIGNTO) < 0)
        g_error("no memory for a netlink message");
    return message;
}

/* What the answers of one request do. */
typedef struct Exchange {
    NetlinkTake *take;
    void *data;
    int errnum;
    bool done;
} Exchange;

static int on_answer(struct nl_msg *message, void *data)
{
    Exchange *exchange = data;

    if (exchange->take)
        exchange->take(nlmsg_hdr(message), exchange->data);
    return NL_OK;
}

static int on_error(struct sockaddr_nl *, struct nlmsgerr *failure, void *data)
{
    Exchange *exchange = data;

    exchange->errnum = -failure->error;
    exchange->done = true;
    return NL_STOP;
}

static int on_end(struct nl_msg *, void *data)
{
    ((Exchange *) data)->done = true;
    return NL_STOP;
}

/* An answer that got lost makes the socket useless: the next request gets a new one. */
static int receive(struct nl_sock *sock, Exchange *exchange)
{
    struct nl_cb *callbacks = nl_cb_alloc(NL_CB_CUSTOM);

    nl_cb_set(callbacks, NL_CB_VALID, NL_CB_CUSTOM, on_answer, exchange);
    nl_cb_set(callbacks, NL_CB_FINISH, NL_CB_CUSTOM, on_end, exchange);
    nl_cb_set(callbacks, NL_CB_ACK, NL_CB_CUSTOM, on_end, exchange);
    nl_cb_err(callbacks, NL_CB_CUSTOM, on_error, exchange);
    while (!exchange->done && !exchange->errnum) {
        if (nl_recvmsgs(sock, callbacks) < 0 && !exchange->done) {
            exchange->errnum = ENOBUFS;
            g_private_replace(&own_socket, NULL);
        }
    }
    nl_cb_put(callbacks);
    return exchange->errnum;
}

int netlink_ask(struct nl_msg *message, NetlinkTake *take, void *data)
{
    struct nl_sock *sock = find_socket();
    Exchange exchange = { .take = take, .data = data };
    int sent = sock ? nl_send_auto(sock, message) : -1;

    nlmsg_free(message);
    if (sent < 0)
        return ENOTCONN;
    return receive(sock, &exchange);
}

int netlink_try(struct nl_msg *message)
{
    nlmsg_hdr(message)->nlmsg_flags |= NLM_F_ACK;
    return netlink_ask(message, NULL, NULL);
}

bool netlink_do(struct nl_msg *message, GError **error, const char *what, ...)
{
    int errnum = netlink_try(message);
    g_autofree char *text = NULL;
    va_list args;

    if (!errnum)
        return true;
    va_start(args, what);
    text = g_strdup_vprintf(what, args);
    va_end(args);
    return fail_errno(error, errnum, "%s", text);
}
