/* fuzz-sasl.c - whatever a client says while it proves by SASL who it is, it gets in by nothing but
 * the truth */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client.h"
#include "rpc/sasl.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { SASL_INIT = 67, SASL_START = 68, SASL_STEP = 69 };

static const char *const mechanisms[] = { "DIGEST-MD5", "SCRAM-SHA-256", "PLAIN",
                                          "GSSAPI",     "ANONYMOUS",     "" };

static GLogWriterOutput say_nothing(GLogLevelFlags, const GLogField *, gsize, gpointer)
{
    return G_LOG_WRITER_HANDLED;
}

/* No user is known, so that nobody may get in. */
static void make_root(void)
{
    static char root[] = "/tmp/fuzz-sasl-XXXXXX";
    g_autofree char *folder = NULL, *path = NULL, *text = NULL;

    g_assert_nonnull(mkdtemp(root));
    folder = g_build_filename(root, "etc/sasl2", NULL);
    path = g_build_filename(folder, "libvirt.conf", NULL);
    text = g_strdup_printf("mech_list: digest-md5 scram-sha-256 plain\nsasldb_path: %s/none\n"
                           "pwcheck_method: auxprop\nauxprop_plugin: sasldb\n",
                           root);
    g_assert_cmpint(g_mkdir_with_parents(folder, 0700), ==, 0);
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
    server.root = root;
}

int LLVMFuzzerInitialize(int *, char ***)
{
    g_log_set_writer_func(say_nothing, NULL, NULL);
    server.name = "fuzz";
    make_root();
    return 0;
}

/* Until the call is answered, which a worker does. */
static void settle(const Client *client, int fd)
{
    char block[65536];

    while (client->at_work)
        g_main_context_iteration(NULL, TRUE);
    while (g_main_context_iteration(NULL, FALSE))
        continue;
    while (recv(fd, block, sizeof(block), MSG_DONTWAIT) > 0)
        continue;
}

static GByteArray *call_of(uint8_t what, char *data, unsigned size)
{
    net_message_header header = { REMOTE_PROGRAM, 1, SASL_INIT + what % 3, NET_CALL, 1, NET_OK };
    remote_auth_sasl_start_args start = {
        .mech = (char *) mechanisms[what / 3 % G_N_ELEMENTS(mechanisms)],
        .nil = what >> 7,
        .data = { size, data },
    };
    remote_auth_sasl_step_args step = { .nil = what >> 7, .data = { size, data } };

    switch (header.proc) {
    case SASL_START:
        return frame_new(&header, (XdrFilter *) (void *) xdr_remote_auth_sasl_start_args, &start);
    case SASL_STEP:
        return frame_new(&header, (XdrFilter *) (void *) xdr_remote_auth_sasl_step_args, &step);
    default:
        return frame_new_raw(&header, NULL, 0);
    }
}

/* The input is a row of calls: which, how much it says, what it says. */
static size_t send_one(Client *client, const uint8_t *data, size_t size)
{
    size_t said = size > 1 ? MIN(data[1], size - 2) : 0;
    g_autofree char *copy = g_memdup2(data + MIN(size, 2), said);
    g_autoptr(GByteArray) frame = call_of(data[0], copy, said);

    if (frame)
        wire_take(&client->wire, frame->data, frame->len);
    return 2 + said;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Identity identity = IDENTITY_UNKNOWN;
    g_autoptr(Client) client = NULL;
    int ends[2];

    if (size < 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
        return 0;
    identity.transport = data[0] & 1 ? WAY_TCP : WAY_TLS;
    client = client_ref(client_new(ends[1], SOCKET_WRITE, &identity));
    client_guard(client, REMOTE_AUTH_SASL, NULL);
    for (size_t at = 1; at < size && !client_is_gone(client);) {
        at += send_one(client, data + at, size - at);
        settle(client, ends[0]);
    }
    if (client->authenticated)
        abort();
    client_close(client, NULL);
    close(ends[0]);
    settle(client, -1);
    return 0;
}
