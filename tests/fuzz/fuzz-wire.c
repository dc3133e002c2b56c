/* fuzz-wire.c - whatever bytes a client sends, the daemon answers or ends the connection */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client.h"
#include "rpc/self.h"

#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* Owns everything and serves nothing: all that comes is decoded, then refused. */
static const Driver no_driver = {
    .type = "Fuzz",
    .scheme = "fuzz",
    .owns = UINT32_MAX,
    DRIVER_SELF,
};

static GLogWriterOutput say_nothing(GLogLevelFlags, const GLogField *, gsize, gpointer)
{
    return G_LOG_WRITER_HANDLED;
}

int LLVMFuzzerInitialize(int *, char ***)
{
    g_log_set_writer_func(say_nothing, NULL, NULL);
    server.name = "fuzz";
    server.driver = &no_driver;
    return 0;
}

/* The first byte says how far the connection has come, the others are what the client sends. */
static Client *connect_client(int fd, uint8_t how)
{
    static const SocketKind kinds[] = { SOCKET_WRITE, SOCKET_READ_ONLY, SOCKET_ADMIN,
                                        SOCKET_WRITE };
    Identity identity = { .readonly = how & 1 };
    Client *client = client_new(fd, kinds[how & 3], &identity);

    client->authenticated = how & 4;
    if (how & 8)
        client->uri = g_strdup("fuzz:///system");
    return client;
}

static void drain(int fd)
{
    char block[65536];

    while (recv(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
        continue;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Client) client = NULL;
    int ends[2];

    if (size < 1 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
        return 0;
    client = client_ref(connect_client(ends[1], data[0]));
    wire_take(&client->wire, data + 1, size - 1);
    drain(ends[0]);
    client_close(client, NULL);
    close(ends[0]);
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    return 0;
}
