/* fuzz-admin.c - whatever bytes come by the admin socket, the daemon answers or ends the connection
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"
#include "daemon/admin.h"
#include "protocol/look.h"
#include "rpc/client.h"

#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { SET_THREADPOOL = 7, SET_OUTPUTS = 16, SET_FILTERS = 17, GET_SETTINGS = 3 };

int LLVMFuzzerInitialize(int *, char ***)
{
    log_open(LOG_ERRORS);
    server.name = "fuzz";
    server.admin_driver = &admin_driver;
    return 0;
}

/* What an administrator may do to the host, and needs a whole daemon, is left out: thousands of
 * threads, files anywhere, a log of everything, the configuration. */
static bool is_harmless(const guint8 *frame, size_t size)
{
    net_message_header header;

    if (size < FRAME_LEAST)
        return true;
    frame_header(frame, &header);
    if (header.prog == LOOK_PROGRAM)
        return header.proc != GET_SETTINGS;
    return header.prog != ADMIN_PROGRAM ||
           (header.proc != SET_THREADPOOL && header.proc != SET_OUTPUTS &&
            header.proc != SET_FILTERS);
}

/* The input is a row of messages without their lengths: each has one byte in front of it, which
 * counts four bytes of payload each. */
static size_t send_one(Client *client, const uint8_t *data, size_t size)
{
    enum { HEADER = FRAME_LEAST - 4 };
    size_t whole = MIN(size, (size_t) 1 + HEADER + data[0] * 4);
    g_autoptr(GByteArray) frame = g_byte_array_new();

    g_byte_array_set_size(frame, 4);
    g_byte_array_append(frame, data + 1, whole - 1);
    frame_put(frame->data, 0, frame->len);
    if (is_harmless(frame->data, frame->len))
        wire_take(&client->wire, frame->data, frame->len);
    return whole;
}

static void settle(int fd)
{
    char block[65536];

    while (g_main_context_iteration(NULL, FALSE))
        continue;
    while (recv(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
        continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Identity identity = IDENTITY_UNKNOWN;
    g_autoptr(Client) client = NULL;
    int ends[2];

    if (size < 1 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
        return 0;
    client = client_ref(client_new(ends[1], SOCKET_ADMIN, &identity));
    if (data[0] & 1)
        client->uri = g_strdup("");
    for (size_t at = 1; at < size && !client_is_gone(client);) {
        at += send_one(client, data + at, size - at);
        settle(ends[0]);
    }
    client_close(client, NULL);
    close(ends[0]);
    settle(-1);
    return 0;
}
