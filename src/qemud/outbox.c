/* outbox.c - messages on their way to a socket that does not block, with descriptors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "outbox.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>

enum { FDS_LIMIT = 32 };

/* A message, or what is left of it. */
typedef struct Parcel {
    char *text;
    size_t size, sent;
    int fds[FDS_LIMIT]; /* go with the first byte, and are closed then */
    size_t fd_count;
} Parcel;

static void close_fds(Parcel *parcel)
{
    while (parcel->fd_count > 0)
        fd_close(parcel->fds[--parcel->fd_count]);
}

static void parcel_free(void *data)
{
    Parcel *parcel = data;

    close_fds(parcel);
    g_free(parcel->text);
    g_free(parcel);
}

void outbox_add(Outbox *outbox, char *text, const int *fds, size_t count)
{
    Parcel *parcel = g_new0(Parcel, 1);

    parcel->text = text;
    parcel->size = strlen(text);
    parcel->text[parcel->size++] = '\n'; /* in the place of the zero byte */
    for (size_t i = 0; i < MIN(count, FDS_LIMIT); i++) {
        int fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);

        if (fd >= 0)
            parcel->fds[parcel->fd_count++] = fd;
    }
    g_queue_push_tail(&outbox->parcels, parcel);
}

static ssize_t send_part(int socket, const Parcel *parcel)
{
    struct iovec part = { parcel->text + parcel->sent, parcel->size - parcel->sent };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1 };
    union {
        struct cmsghdr header;
        char space[CMSG_SPACE(sizeof(parcel->fds))];
    } control = { 0 };
    size_t size = parcel->fd_count * sizeof(int);

    if (size > 0) {
        control.header.cmsg_level = SOL_SOCKET;
        control.header.cmsg_type = SCM_RIGHTS;
        control.header.cmsg_len = CMSG_LEN(size);
        memcpy(CMSG_DATA(&control.header), parcel->fds, size);
        message.msg_control = &control;
        message.msg_controllen = CMSG_SPACE(size);
    }
    return sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool outbox_write(Outbox *outbox, int socket)
{
    Parcel *parcel;

    while ((parcel = g_queue_peek_head(&outbox->parcels))) {
        ssize_t sent = send_part(socket, parcel);

        if (sent < 0 && errno == EINTR)
            continue;
        if (sent < 0 && errno == EAGAIN)
            return false;
        if (sent < 0) {
            (void) shutdown(socket, SHUT_RDWR);
            outbox_clear(outbox);
            return true;
        }
        close_fds(parcel);
        parcel->sent += sent;
        if (parcel->sent == parcel->size)
            parcel_free(g_queue_pop_head(&outbox->parcels));
    }
    return true;
}

void outbox_clear(Outbox *outbox) { g_queue_clear_full(&outbox->parcels, parcel_free); }
