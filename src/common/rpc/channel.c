/* channel.c - a socket that carries messages both ways
 *
 * Descriptors travel behind their message, each with one byte of its own. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

enum { READ_A_TURN = 65536 }; /* so that all get even shares */

/* A descriptor travels with the byte of the output at this place. */
typedef struct OutFd {
    size_t at;
    int fd;
} OutFd;

static void channel_ready(uint32_t events, void *data);

void channel_open(Channel *channel, int fd, const ChannelEvents *events, void *owner)
{
    *channel = (Channel){ .fd = fd, .events = events, .owner = owner };
    channel->heard = g_get_monotonic_time();
    channel->in_fds = g_array_new(FALSE, FALSE, sizeof(int));
    channel->out_fds = g_array_new(FALSE, FALSE, sizeof(OutFd));
    channel->watch = watch_new(fd, EPOLLIN, channel_ready, channel);
}

int channel_release(Channel *channel)
{
    watch_end(g_steal_pointer(&channel->watch));
    for (guint i = 0; i < channel->in_fds->len; i++)
        fd_close(g_array_index(channel->in_fds, int, i));
    for (guint i = 0; i < channel->out_fds->len; i++)
        fd_close(g_array_index(channel->out_fds, OutFd, i).fd);
    g_clear_pointer(&channel->in_fds, g_array_unref);
    g_clear_pointer(&channel->out_fds, g_array_unref);
    g_clear_pointer(&channel->out, g_byte_array_unref);
    return g_steal_fd(&channel->fd);
}

/* A daemon that got a copy of the socket too late must not serve it any more. */
static void channel_close(Channel *channel, const char *why)
{
    (void) shutdown(channel->fd, SHUT_RDWR);
    fd_close(channel_release(channel));
    channel->events->closed(channel->owner, why);
}

size_t channel_backlog(const Channel *channel)
{
    return channel->out ? channel->out->len - channel->out_sent : 0;
}

void channel_rewatch(Channel *channel)
{
    if (channel->watch)
        watch_set(channel->watch, (channel->events->may_read(channel->owner) ? EPOLLIN : 0) |
                                      (channel_backlog(channel) ? EPOLLOUT : 0));
}

/* ---- output ---- */

/* Sends size bytes, or the first of them with the descriptor. */
static ssize_t send_some(const Channel *channel, size_t size, const OutFd *with)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control = { 0 };
    struct iovec data = { channel->out->data + channel->out_sent, with ? 1 : size };
    struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

    if (with) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control.bytes);
        control.header = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.header), &with->fd, sizeof(int));
    }
    return sendmsg(channel->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool send_next(Channel *channel)
{
    const OutFd *next = channel->out_fds->len ? &g_array_index(channel->out_fds, OutFd, 0) : NULL;
    bool at_fd = next && next->at == channel->out_sent;
    size_t until = next && !at_fd ? next->at : channel->out->len;
    ssize_t sent = send_some(channel, until - channel->out_sent, at_fd ? next : NULL);

    if (sent < 0)
        return false;
    channel->out_sent += sent;
    if (at_fd) {
        fd_close(next->fd);
        g_array_remove_index(channel->out_fds, 0);
    }
    return true;
}

void channel_continue(Channel *channel)
{
    if (channel->fd >= 0 && channel->in && !channel->corked)
        channel_take(channel, NULL, 0);
    if (channel->fd >= 0)
        channel_rewatch(channel);
}

static void channel_flush(Channel *channel)
{
    size_t before = channel_backlog(channel);

    while (channel_backlog(channel) && send_next(channel))
        continue;
    if (channel_backlog(channel) && errno != EAGAIN && errno != EINTR) {
        channel_close(channel, g_strerror(errno));
        return;
    }
    if (channel_backlog(channel) > CHANNEL_LIMIT) {
        channel_close(channel, "it does not read what is sent to it");
        return;
    }
    if (!channel_backlog(channel)) {
        g_clear_pointer(&channel->out, g_byte_array_unref);
        channel->out_sent = 0;
        if (channel->ending) {
            channel_close(channel, NULL);
            return;
        }
    }
    channel_rewatch(channel);
    if (!before || channel_backlog(channel) >= CHANNEL_FULL)
        return;
    channel->events->drained(channel->owner);
    channel_continue(channel);
}

void channel_send(Channel *channel, GByteArray *frame, GArray *fds)
{
    if (channel->fd < 0) {
        g_byte_array_unref(frame);
        return;
    }
    if (channel->out) {
        g_byte_array_append(channel->out, frame->data, frame->len);
        g_byte_array_unref(frame);
    } else {
        channel->out = frame;
    }
    for (guint i = 0; fds && i < fds->len; i++) {
        OutFd with = { channel->out->len, fcntl(g_array_index(fds, int, i), F_DUPFD_CLOEXEC, 3) };

        g_byte_array_append(channel->out, (const guint8 *) "", 1);
        g_array_append_val(channel->out_fds, with);
    }
    if (!channel->corked)
        channel_flush(channel);
}

void channel_end_when_sent(Channel *channel)
{
    channel->ending = true;
    if (channel->fd >= 0 && !channel->corked)
        channel_flush(channel);
}

/* ---- input ---- */

static void close_element(void *fd) { fd_close(*(int *) fd); }

GArray *fds_new(void)
{
    GArray *fds = g_array_new(FALSE, FALSE, sizeof(int));

    g_array_set_clear_func(fds, close_element);
    return fds;
}

/* The descriptors of a message: their number is in front of its payload. */
static uint32_t descriptor_count(const uint8_t *bytes, size_t length)
{
    net_message_header header;

    frame_header(bytes, &header);
    if (header.type != NET_CALL_WITH_FDS && header.type != NET_REPLY_WITH_FDS)
        return 0;
    return length < FRAME_LEAST + 4 ? UINT32_MAX : frame_length(bytes + FRAME_LEAST);
}

static GArray *take_fds(Channel *channel, unsigned count)
{
    GArray *fds = count ? fds_new() : NULL;

    if (count) {
        g_array_append_vals(fds, channel->in_fds->data, count);
        g_array_remove_range(channel->in_fds, 0, count);
    }
    return fds;
}

/* Handles the first message of bytes; returns how many of them it took, 0 when more must come. */
static size_t take_frame(Channel *channel, const uint8_t *bytes, size_t size)
{
    uint32_t length = size >= 4 ? frame_length(bytes) : FRAME_LEAST;
    g_autoptr(GArray) fds = NULL;
    uint32_t descriptors;

    if (length < FRAME_LEAST || length > FRAME_MOST) {
        channel_close(channel, "a message has an impossible length");
        return 0;
    }
    if (size < length)
        return 0;
    descriptors = descriptor_count(bytes, length);
    if (descriptors > VIR_NET_MESSAGE_NUM_FDS_MAX) {
        channel_close(channel, "a message has too many descriptors");
        return 0;
    }
    if (size < length + descriptors)
        return 0;
    if (channel->in_fds->len < descriptors) {
        channel_close(channel, "the descriptors of a message did not come");
        return 0;
    }
    fds = take_fds(channel, descriptors);
    channel->events->message(channel->owner, bytes, length, fds);
    return length + descriptors;
}

void channel_take(Channel *channel, const void *bytes, size_t size)
{
    g_autoptr(GByteArray) in = g_steal_pointer(&channel->in);
    const uint8_t *at = bytes;
    size_t used = 0, taken;

    if (in) {
        g_byte_array_append(in, bytes, size);
        at = in->data;
        size = in->len;
    }
    channel->corked = true;
    while (channel->fd >= 0 && !channel->ending && channel->events->may_read(channel->owner) &&
           (taken = take_frame(channel, at + used, size - used)))
        used += taken;
    channel->corked = false;
    if (channel->fd < 0)
        return;

    if (in && used < size)
        channel->in = g_byte_array_remove_range(g_steal_pointer(&in), 0, used);
    else if (used < size)
        channel->in = g_byte_array_append(g_byte_array_new(), at + used, size - used);
    channel_flush(channel);
}

/* Reads once, up to as many descriptors as a message may have. */
static ssize_t receive(Channel *channel, void *block, size_t size)
{
    union {
        char bytes[CMSG_SPACE(VIR_NET_MESSAGE_NUM_FDS_MAX * sizeof(int))];
        struct cmsghdr header;
    } control;
    struct iovec data = { block, size };
    struct msghdr message = { .msg_iov = &data,
                              .msg_iovlen = 1,
                              .msg_control = &control,
                              .msg_controllen = sizeof(control) };
    ssize_t got = recvmsg(channel->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);

    if (got < 0)
        return got;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            g_array_append_vals(channel->in_fds, CMSG_DATA(c),
                                (c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    }
    return got;
}

static void channel_read(Channel *channel)
{
    static uint8_t block[READ_A_TURN];
    ssize_t got = receive(channel, block, sizeof(block));

    if (got > 0) {
        channel->heard = g_get_monotonic_time();
        if (channel->in_fds->len > VIR_NET_MESSAGE_NUM_FDS_MAX)
            channel_close(channel, "it sends descriptors that nobody asked for");
        else
            channel_take(channel, block, got);
    } else if (got == 0) {
        channel_close(channel, NULL);
    } else if (errno != EAGAIN && errno != EINTR) {
        channel_close(channel, g_strerror(errno));
    }
}

static void channel_ready(uint32_t events, void *data)
{
    Channel *channel = data;

    if (events & EPOLLOUT)
        channel_flush(channel);
    if (channel->fd >= 0 && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        channel_read(channel);
}
