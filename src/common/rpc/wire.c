/* wire.c - a socket that carries messages both ways
 *
 * Descriptors travel behind their message, each with one byte of its own. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/wire.h"

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

static void wire_ready(uint32_t events, void *data);

void wire_open(Wire *wire, int fd, const WireEvents *events, void *owner)
{
    *wire = (Wire){ .fd = fd, .events = events, .owner = owner };
    wire->heard = g_get_monotonic_time();
    wire->in_fds = g_array_new(FALSE, FALSE, sizeof(int));
    wire->out_fds = g_array_new(FALSE, FALSE, sizeof(OutFd));
    wire->watch = watch_new(fd, EPOLLIN, wire_ready, wire);
}

int wire_release(Wire *wire)
{
    Layer *layer = g_steal_pointer(&wire->layer);

    watch_end(g_steal_pointer(&wire->watch));
    if (layer)
        layer->kind->free(layer, wire->fd);
    for (guint i = 0; i < wire->in_fds->len; i++)
        fd_close(g_array_index(wire->in_fds, int, i));
    for (guint i = 0; i < wire->out_fds->len; i++)
        fd_close(g_array_index(wire->out_fds, OutFd, i).fd);
    g_clear_pointer(&wire->in_fds, g_array_unref);
    g_clear_pointer(&wire->out_fds, g_array_unref);
    g_clear_pointer(&wire->out, g_byte_array_unref);
    return g_steal_fd(&wire->fd);
}

/* A daemon that got a copy of the socket too late must not serve it any more. */
static void wire_close(Wire *wire, const char *why)
{
    int fd = wire_release(wire);

    (void) shutdown(fd, SHUT_RDWR);
    fd_close(fd);
    wire->events->closed(wire->owner, why);
}

size_t wire_backlog(const Wire *wire) { return wire->out ? wire->out->len - wire->out_sent : 0; }

/* Bytes that the layer has read already make no socket readable: one that is writable, as most
 * are, calls us as well. */
static bool must_read(const Wire *wire)
{
    return wire->layer && wire->layer->kind->holds(wire->layer) &&
           wire->events->may_read(wire->owner);
}

void wire_rewatch(Wire *wire)
{
    if (!wire->watch)
        return;
    if (wire->securing)
        watch_set(wire->watch, wire->layer->kind->is_writing(wire->layer) ? EPOLLOUT : EPOLLIN);
    else
        watch_set(wire->watch, (wire->events->may_read(wire->owner) ? EPOLLIN : 0) |
                                   (wire_backlog(wire) || must_read(wire) ? EPOLLOUT : 0));
}

void wire_secure(Wire *wire, Layer *layer)
{
    wire->layer = layer;
    wire->securing = layer->kind->begin;
    if (wire->in || wire_backlog(wire))
        wire_close(wire, "bytes came before what hides them");
    else
        wire_rewatch(wire);
}

static void go_on_securing(Wire *wire)
{
    const char *why = NULL;
    LayerProgress progress = wire->layer->kind->begin(wire->layer, wire->fd, &why);

    if (progress == LAYER_FAILED) {
        g_autofree char *kept = g_strdup(why); /* the layer ends first */

        wire_close(wire, kept);
        return;
    }
    if (progress == LAYER_READY) {
        wire->securing = false;
        wire->heard = g_get_monotonic_time();
        wire->events->secured(wire->owner);
    }
    wire_rewatch(wire);
}

static void take_frames(Wire *wire, const void *bytes, size_t size);

/* ---- output ---- */

/* Sends size bytes, or the first of them with the descriptor. */
static ssize_t send_some(const Wire *wire, size_t size, const OutFd *with)
{
    union {
        char bytes[CMSG_SPACE(sizeof(int))];
        struct cmsghdr header;
    } control = { 0 };
    struct iovec data = { wire->out->data + wire->out_sent, with ? 1 : size };
    struct msghdr message = { .msg_iov = &data, .msg_iovlen = 1 };

    if (wire->layer)
        return wire->layer->kind->write(wire->layer, wire->fd, data.iov_base, size);
    if (with) {
        message.msg_control = &control;
        message.msg_controllen = sizeof(control.bytes);
        control.header = (struct cmsghdr){ CMSG_LEN(sizeof(int)), SOL_SOCKET, SCM_RIGHTS };
        memcpy(CMSG_DATA(&control.header), &with->fd, sizeof(int));
    }
    return sendmsg(wire->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool send_next(Wire *wire)
{
    const OutFd *next = wire->out_fds->len ? &g_array_index(wire->out_fds, OutFd, 0) : NULL;
    bool at_fd = next && next->at == wire->out_sent;
    size_t until = next && !at_fd ? next->at : wire->out->len;
    ssize_t sent = send_some(wire, until - wire->out_sent, at_fd ? next : NULL);

    if (sent < 0)
        return false;
    wire->out_sent += sent;
    if (at_fd) {
        fd_close(next->fd);
        g_array_remove_index(wire->out_fds, 0);
    }
    return true;
}

/* Whether something has gone, so that there is room again. */
static bool send_out(Wire *wire)
{
    size_t before = wire_backlog(wire);

    if (wire->securing)
        return false;
    while (wire_backlog(wire) && send_next(wire))
        continue;
    if (wire_backlog(wire) && errno != EAGAIN && errno != EINTR) {
        wire_close(wire, g_strerror(errno));
        return false;
    }
    if (wire_backlog(wire) > WIRE_LIMIT) {
        wire_close(wire, "it does not read what is sent to it");
        return false;
    }
    if (!wire_backlog(wire)) {
        g_clear_pointer(&wire->out, g_byte_array_unref);
        wire->out_sent = 0;
        if (wire->ending) {
            wire_close(wire, NULL);
            return false;
        }
    }
    wire_rewatch(wire);
    return wire_backlog(wire) < before && wire_backlog(wire) < WIRE_FULL;
}

/* Sends, and handles what may be handled for it, until the socket takes no more. */
static void wire_flush(Wire *wire)
{
    while (wire->fd >= 0 && send_out(wire)) {
        wire->corked = true;
        wire->events->drained(wire->owner);
        wire->corked = false;
        if (wire->fd >= 0 && wire->in)
            take_frames(wire, NULL, 0);
    }
}

void wire_continue(Wire *wire)
{
    if (wire->fd >= 0 && wire->in && !wire->corked)
        wire_take(wire, NULL, 0);
    if (wire->fd >= 0)
        wire_rewatch(wire);
}

void wire_send(Wire *wire, GByteArray *frame, GArray *fds)
{
    if (wire->fd < 0) {
        g_byte_array_unref(frame);
        return;
    }
    if (wire->out) {
        g_byte_array_append(wire->out, frame->data, frame->len);
        g_byte_array_unref(frame);
    } else {
        wire->out = frame;
    }
    for (guint i = 0; fds && !wire->layer && i < fds->len; i++) {
        OutFd with = { wire->out->len, fcntl(g_array_index(fds, int, i), F_DUPFD_CLOEXEC, 3) };

        g_byte_array_append(wire->out, (const guint8 *) "", 1);
        g_array_append_val(wire->out_fds, with);
    }
    if (!wire->corked)
        wire_flush(wire);
}

void wire_end_when_sent(Wire *wire)
{
    wire->ending = true;
    if (wire->fd >= 0 && !wire->corked)
        wire_flush(wire);
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

static GArray *take_fds(Wire *wire, unsigned count)
{
    GArray *fds = count ? fds_new() : NULL;

    if (count) {
        g_array_append_vals(fds, wire->in_fds->data, count);
        g_array_remove_range(wire->in_fds, 0, count);
    }
    return fds;
}

/* Handles the first message of bytes; returns how many of them it took, 0 when more must come. */
static size_t take_frame(Wire *wire, const uint8_t *bytes, size_t size)
{
    uint32_t length = size >= 4 ? frame_length(bytes) : FRAME_LEAST;
    g_autoptr(GArray) fds = NULL;
    uint32_t descriptors;

    if (length < FRAME_LEAST || length > FRAME_MOST) {
        wire_close(wire, "a message has an impossible length");
        return 0;
    }
    if (size < length)
        return 0;
    descriptors = descriptor_count(bytes, length);
    if (descriptors > VIR_NET_MESSAGE_NUM_FDS_MAX) {
        wire_close(wire, "a message has too many descriptors");
        return 0;
    }
    if (size < length + descriptors)
        return 0;
    if (wire->in_fds->len < descriptors) {
        wire_close(wire, "the descriptors of a message did not come");
        return 0;
    }
    fds = take_fds(wire, descriptors);
    wire->events->message(wire->owner, bytes, length, fds);
    return length + descriptors;
}

/* Those of what was kept and of these bytes; what is no whole message yet is kept. */
static void take_frames(Wire *wire, const void *bytes, size_t size)
{
    g_autoptr(GByteArray) in = g_steal_pointer(&wire->in);
    const uint8_t *at = bytes;
    size_t used = 0, taken;

    if (in) {
        g_byte_array_append(in, bytes, size);
        at = in->data;
        size = in->len;
    }
    wire->corked = true;
    while (wire->fd >= 0 && !wire->ending && wire->events->may_read(wire->owner) &&
           (taken = take_frame(wire, at + used, size - used)))
        used += taken;
    wire->corked = false;
    if (wire->fd < 0)
        return;

    if (in && used < size)
        wire->in = g_byte_array_remove_range(g_steal_pointer(&in), 0, used);
    else if (used < size)
        wire->in = g_byte_array_append(g_byte_array_new(), at + used, size - used);
}

void wire_take(Wire *wire, const void *bytes, size_t size)
{
    take_frames(wire, bytes, size);
    wire_flush(wire);
}

/* Reads once, up to as many descriptors as a message may have. */
static ssize_t receive(Wire *wire, void *block, size_t size)
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
    ssize_t got;

    if (wire->layer)
        return wire->layer->kind->read(wire->layer, wire->fd, block, size);
    got = recvmsg(wire->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    if (got < 0)
        return got;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
            g_array_append_vals(wire->in_fds, CMSG_DATA(c),
                                (c->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    }
    return got;
}

static void wire_read(Wire *wire)
{
    static uint8_t block[READ_A_TURN];
    ssize_t got = receive(wire, block, sizeof(block));

    if (got > 0) {
        wire->heard = g_get_monotonic_time();
        if (wire->in_fds->len > VIR_NET_MESSAGE_NUM_FDS_MAX)
            wire_close(wire, "it sends descriptors that nobody asked for");
        else
            wire_take(wire, block, got);
    } else if (got == 0) {
        wire_close(wire, NULL);
    } else if (errno != EAGAIN && errno != EINTR) {
        wire_close(wire, g_strerror(errno));
    }
}

static void wire_ready(uint32_t events, void *data)
{
    Wire *wire = data;

    if (wire->securing) {
        go_on_securing(wire);
        return;
    }
    if (events & EPOLLOUT)
        wire_flush(wire);
    if (wire->fd >= 0 && (events & (EPOLLIN | EPOLLHUP | EPOLLERR) || must_read(wire)))
        wire_read(wire);
}
