/* fuzz-tls.c - a client of TLS whose bytes are changed on their way gets in by nothing but a whole
 * handshake with a certificate that we trust
 *
 * Both ends are here. The input says which bytes of the client's are changed, or follow; without
 * any the handshake succeeds. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client.h"
#include "rpc/tls.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

enum { DAY = 86400, TURNS_MOST = 64 };

static gnutls_certificate_credentials_t trusted; /* of a client that is let in */

static GLogWriterOutput say_nothing(GLogLevelFlags, const GLogField *, gsize, gpointer)
{
    return G_LOG_WRITER_HANDLED;
}

/* One certificate is authority, server and client at once. */
static void make_certificate(gnutls_x509_crt_t *certificate, gnutls_x509_privkey_t *key)
{
    gnutls_x509_crt_init(certificate);
    gnutls_x509_privkey_init(key);
    gnutls_x509_privkey_generate(*key, GNUTLS_PK_ECDSA,
                                 GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_set_version(*certificate, 3);
    gnutls_x509_crt_set_serial(*certificate, "\1", 1);
    gnutls_x509_crt_set_dn(*certificate, "CN=fuzz", NULL);
    gnutls_x509_crt_set_activation_time(*certificate, time(NULL) - DAY);
    gnutls_x509_crt_set_expiration_time(*certificate, time(NULL) + 365 * DAY);
    gnutls_x509_crt_set_ca_status(*certificate, 1);
    gnutls_x509_crt_set_key(*certificate, *key);
    g_assert_cmpint(gnutls_x509_crt_sign2(*certificate, *certificate, *key, GNUTLS_DIG_SHA256, 0),
                    ==, 0);
}

static char *write_file(const char *folder, const char *name, gnutls_datum_t *text)
{
    char *path = g_build_filename(folder, name, NULL);

    g_assert_true(g_file_set_contents(path, (char *) text->data, text->size, NULL));
    gnutls_free(text->data);
    return path;
}

int LLVMFuzzerInitialize(int *, char ***)
{
    static char folder[] = "/tmp/fuzz-tls-XXXXXX", *certificates[2], *keys[2];
    TlsSettings settings = { .cert_file = certificates, .key_file = keys, .no_sanity = true };
    gnutls_x509_crt_t certificate;
    gnutls_x509_privkey_t key;
    gnutls_datum_t text;

    g_log_set_writer_func(say_nothing, NULL, NULL);
    server.name = "fuzz";
    g_assert_nonnull(mkdtemp(folder));
    g_assert_cmpint(gnutls_global_init(), ==, 0);
    make_certificate(&certificate, &key);
    gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_PEM, &text);
    settings.ca_file = certificates[0] = write_file(folder, "certificate", &text);
    gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &text);
    keys[0] = write_file(folder, "key", &text);
    gnutls_certificate_allocate_credentials(&trusted);
    g_assert_cmpint(gnutls_certificate_set_x509_key(trusted, &certificate, 1, key), ==, 0);
    gnutls_x509_crt_deinit(certificate);
    gnutls_x509_privkey_deinit(key);
    g_assert_true(tls_configure(&settings, NULL));
    return 0;
}

/* ---- the client ---- */

/* What becomes of the client's bytes. */
typedef struct Pipe {
    int fd;
    size_t sent;          /* so far */
    const uint8_t *edits; /* place (two bytes), what it is changed by */
    size_t count;
    bool changed; /* something has been */
} Pipe;

static void edit(Pipe *pipe, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < pipe->count; i++) {
        const uint8_t *one = pipe->edits + 3 * i;
        size_t at = one[0] * 256u + one[1];

        if (at < pipe->sent || at >= pipe->sent + size || !one[2])
            continue;
        bytes[at - pipe->sent] ^= one[2];
        pipe->changed = true;
    }
}

static ssize_t push(gnutls_transport_ptr_t data, const void *bytes, size_t size)
{
    Pipe *pipe = data;
    g_autofree uint8_t *copy = g_memdup2(bytes, size);

    edit(pipe, copy, size);
    pipe->sent += size;
    return send(pipe->fd, copy, size, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t pull(gnutls_transport_ptr_t data, void *bytes, size_t size)
{
    return recv(((Pipe *) data)->fd, bytes, size, MSG_DONTWAIT);
}

static int no_wait(gnutls_transport_ptr_t, unsigned) { return 1; }

static gnutls_session_t session_new(Pipe *pipe, bool has_certificate, bool is_old)
{
    static gnutls_certificate_credentials_t nobody;
    gnutls_session_t session;

    if (!nobody)
        gnutls_certificate_allocate_credentials(&nobody);
    gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
    gnutls_priority_set_direct(session, is_old ? "NORMAL:-VERS-TLS1.3" : "NORMAL", NULL);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, has_certificate ? trusted : nobody);
    gnutls_transport_set_ptr(session, pipe);
    gnutls_transport_set_push_function(session, push);
    gnutls_transport_set_pull_function(session, pull);
    gnutls_transport_set_pull_timeout_function(session, no_wait);
    return session;
}

static void settle(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        continue;
}

/* Both ends take turns until the client has done, or nothing happens any more. */
static bool shake_hands(gnutls_session_t session, const Client *client)
{
    int result = GNUTLS_E_AGAIN;

    for (int i = 0; i < TURNS_MOST && result < 0 && !gnutls_error_is_fatal(result); i++) {
        result = gnutls_handshake(session);
        settle();
        if (client_is_gone(client))
            return false;
    }
    return result == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Identity identity = IDENTITY_UNKNOWN;
    g_autoptr(Client) client = NULL;
    gnutls_session_t session;
    Pipe pipe = {};
    int ends[2];

    if (size < 2 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
        return 0;
    pipe = (Pipe){ .fd = ends[0], .edits = data + 2, .count = MIN(data[1] & 7, (size - 2) / 3) };
    client = client_ref(client_new(ends[1], SOCKET_WRITE, &identity));
    client_guard(client, REMOTE_AUTH_NONE, tls_accept());
    session = session_new(&pipe, data[0] & 1, data[0] & 2);
    if (shake_hands(session, client)) {
        size_t rest = 2 + 3 * pipe.count;

        if (data[0] & 4)
            (void) gnutls_record_send(session, data + rest, size - rest);
        else
            (void) !send(ends[0], data + rest, size - rest, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    settle();
    /* it is known only by a certificate, and only when nothing was changed before that */
    if (client->identity.x509_name && !(data[0] & 1))
        abort();
    if (!pipe.changed && (data[0] & 1) && !client->identity.x509_name)
        abort();
    gnutls_deinit(session);
    client_close(client, NULL);
    close(ends[0]);
    settle();
    return 0;
}
