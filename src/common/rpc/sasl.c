/* sasl.c - clients that prove who they are by SASL
 *
 * Over TLS and UNIX sockets SASL only says who the client is. Over plain TCP it has to hide what is
 * said as well, from the answer on that completes it. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/sasl.h"

#include "rpc/client.h"

#include <errno.h>
#include <sasl/sasl.h>
#include <string.h>
#include <sys/socket.h>

enum { PACKET_MOST = 65536 };

SaslSettings sasl_settings = { .tcp_min_ssf = 112 };

struct Sasl {
    sasl_conn_t *connection;
    bool began; /* sasl_start has been called */
    bool hides; /* the connection goes on under its layer */
};

void sasl_free(Sasl *sasl)
{
    if (!sasl)
        return;
    if (sasl->connection)
        sasl_dispose(&sasl->connection);
    g_free(sasl);
}

/* ---- the library ---- */

static void *mutex_new(void)
{
    GMutex *mutex = g_new(GMutex, 1);

    g_mutex_init(mutex);
    return mutex;
}

static int mutex_lock(void *mutex)
{
    g_mutex_lock(mutex);
    return SASL_OK;
}

static int mutex_unlock(void *mutex)
{
    g_mutex_unlock(mutex);
    return SASL_OK;
}

static void mutex_free(void *mutex)
{
    g_mutex_clear(mutex);
    g_free(mutex);
}

static int log_message(void *, int level, const char *message)
{
    if (level <= SASL_LOG_FAIL)
        g_info("SASL: %s", message);
    else
        g_debug("SASL: %s", message);
    return SASL_OK;
}

/* A daemon with a root of its own has its configuration there. */
static int tell_path(void *, char **path)
{
    g_autofree char *folder = g_strconcat(server.root, "/etc/sasl2", NULL);

    *path = (char *) g_intern_string(folder); /* nobody frees it */
    return SASL_OK;
}

static bool begin_library(void)
{
    static sasl_callback_t callbacks[] = {
        { SASL_CB_LOG, (int (*)(void))(void *) log_message, NULL },
        { SASL_CB_LIST_END, NULL, NULL }, /* or the path, below */
        { SASL_CB_LIST_END, NULL, NULL },
    };
    static gsize result; /* 1: it can be used, 2: it cannot */

    if (g_once_init_enter(&result)) {
        if (*server.root)
            callbacks[1] =
                (sasl_callback_t){ SASL_CB_GETCONFPATH, (int (*)(void))(void *) tell_path, NULL };
        sasl_set_mutex(mutex_new, mutex_lock, mutex_unlock, mutex_free);
        g_once_init_leave(&result, sasl_server_init(callbacks, "libvirt") == SASL_OK ? 1 : 2);
    }
    return result == 1;
}

/* ---- a connection ---- */

static bool is_plain_tcp(const Client *client) { return client->identity.transport == WAY_TCP; }

/* Where the connection is secret already, SASL adds nothing to it. */
static sasl_security_properties_t needed_security(const Client *client)
{
    if (!is_plain_tcp(client))
        return (sasl_security_properties_t){ .security_flags = SASL_SEC_NOANONYMOUS };
    return (sasl_security_properties_t){
        .min_ssf = sasl_settings.tcp_min_ssf,
        .max_ssf = 100000,
        .maxbufsize = PACKET_MOST,
        .security_flags = SASL_SEC_NOANONYMOUS | SASL_SEC_NOPLAINTEXT,
    };
}

static bool set_security(sasl_conn_t *connection, const Client *client)
{
    sasl_security_properties_t needed = needed_security(client);
    sasl_ssf_t strength = client->strength;

    return (is_plain_tcp(client) ||
            sasl_setprop(connection, SASL_SSF_EXTERNAL, &strength) == SASL_OK) &&
           sasl_setprop(connection, SASL_SEC_PROPS, &needed) == SASL_OK;
}

static Sasl *sasl_new(const Client *client, GError **error)
{
    sasl_conn_t *connection = NULL;
    Sasl *sasl;

    if (!begin_library() || sasl_server_new("libvirt", NULL, NULL, NULL, NULL, NULL,
                                            SASL_SUCCESS_DATA, &connection) != SASL_OK)
        return fail(error, ERR_AUTH_FAILED, "SASL cannot be used");
    sasl = g_new0(Sasl, 1);
    sasl->connection = connection;
    if (set_security(connection, client))
        return sasl;
    sasl_free(sasl);
    return fail(error, ERR_AUTH_FAILED, "SASL refuses what the connection needs");
}

bool login_sasl_init(Call *call, const none *, remote_auth_sasl_init_ret *out, GError **error)
{
    Client *client = call->client;
    const char *mechanisms = NULL;
    int count = 0;

    if (client->auth != REMOTE_AUTH_SASL || client->authenticated || client->sasl)
        return fail(error, ERR_AUTH_FAILED, "SASL cannot begin here");
    client->sasl = sasl_new(client, error);
    if (!client->sasl)
        return false;
    if (sasl_listmech(client->sasl->connection, NULL, "", ",", "", &mechanisms, NULL, &count) !=
            SASL_OK ||
        count == 0) {
        g_clear_pointer(&client->sasl, sasl_free);
        return fail(error, ERR_AUTH_FAILED, "no SASL mechanism is good enough for this connection");
    }
    out->mechlist = g_strdup(mechanisms);
    return true;
}

/* ---- the exchange ---- */

static bool is_allowed(const char *name)
{
    char **patterns = sasl_settings.allowed_names;

    for (char **pattern = patterns; pattern && *pattern; pattern++) {
        if (g_pattern_match_simple(*pattern, name))
            return true;
    }
    return !patterns;
}

static Layer *layer_new(Sasl *sasl);

/* In the loop. What has been agreed on begins with what follows the answer. */
static void complete(Client *client, void *name)
{
    Sasl *sasl = g_steal_pointer(&client->sasl);

    g_free(client->identity.sasl_name);
    client->identity.sasl_name = name;
    client_accept(client);
    if (sasl->hides && !client_is_gone(client))
        wire_secure(&client->wire, layer_new(sasl));
    else
        sasl_free(sasl);
}

static bool finish(Call *call, GError **error)
{
    Sasl *sasl = call->client->sasl;
    const void *name = NULL, *strength = NULL;

    if (sasl_getprop(sasl->connection, SASL_USERNAME, &name) != SASL_OK || !name ||
        sasl_getprop(sasl->connection, SASL_SSF, &strength) != SASL_OK || !strength)
        return fail(error, ERR_AUTH_FAILED, "SASL does not tell the user's name");
    if (!is_allowed(name))
        return fail(error, ERR_AUTH_FAILED, "user '%s' is not in sasl_allowed_username_list",
                    (const char *) name);
    sasl->hides = is_plain_tcp(call->client);
    if (sasl->hides && *(const sasl_ssf_t *) strength < sasl_settings.tcp_min_ssf)
        return fail(error, ERR_AUTH_FAILED, "the connection would not be secret enough");
    call->then = complete;
    call->then_data = g_strdup(name);
    return true;
}

/* What the library answered; a failed attempt may be followed by another one, from its beginning.
 */
static bool judge(Call *call, int result, int *done, GError **error)
{
    Sasl *sasl = call->client->sasl;

    *done = result == SASL_OK;
    if (result == SASL_CONTINUE || (result == SASL_OK && finish(call, error)))
        return true;
    if (result != SASL_OK) {
        g_info("client %" G_GUINT64_FORMAT ": SASL: %s", call->client->id,
               sasl_errdetail(sasl->connection));
        fail(error, ERR_AUTH_FAILED, "SASL does not accept the user");
    }
    g_clear_pointer(&call->client->sasl, sasl_free);
    return false;
}

static void keep_data(const char *data, unsigned size, int *nil, char **out, unsigned *out_size)
{
    *nil = !data;
    *out_size = data ? size : 0;
    *out = data ? g_memdup2(data, size) : NULL;
}

bool login_sasl_start(Call *call, const remote_auth_sasl_start_args *in,
                      remote_auth_sasl_start_ret *out, GError **error)
{
    Sasl *sasl = call->client->sasl;
    const char *data = NULL;
    unsigned size = 0;
    int result;

    if (!sasl || sasl->began)
        return fail(error, ERR_AUTH_FAILED, "SASL has not been prepared");
    sasl->began = true;
    worker_waits();
    result = sasl_server_start(sasl->connection, in->mech, in->nil ? NULL : in->data.data_val,
                               in->data.data_len, &data, &size);
    worker_resumes();
    if (result == SASL_OK || result == SASL_CONTINUE)
        keep_data(data, size, &out->nil, &out->data.data_val, &out->data.data_len);
    return judge(call, result, &out->complete, error);
}

bool login_sasl_step(Call *call, const remote_auth_sasl_step_args *in,
                     remote_auth_sasl_step_ret *out, GError **error)
{
    Sasl *sasl = call->client->sasl;
    const char *data = NULL;
    unsigned size = 0;
    int result;

    if (!sasl || !sasl->began)
        return fail(error, ERR_AUTH_FAILED, "SASL has not begun");
    worker_waits();
    result = sasl_server_step(sasl->connection, in->nil ? NULL : in->data.data_val,
                              in->data.data_len, &data, &size);
    worker_resumes();
    if (result == SASL_OK || result == SASL_CONTINUE)
        keep_data(data, size, &out->nil, &out->data.data_val, &out->data.data_len);
    return judge(call, result, &out->complete, error);
}

/* ---- the layer ---- */

typedef struct Hiding {
    Layer layer; /* first */
    Sasl *sasl;
    GByteArray *read;    /* decoded, not yet taken */
    GByteArray *written; /* encoded, not yet sent */
    size_t meaning;      /* so many bytes of the wire's are in it */
    unsigned most;       /* that may be encoded at once */
} Hiding;

static ssize_t take(Hiding *self, void *bytes, size_t size)
{
    size_t count = MIN(size, self->read->len);

    memcpy(bytes, self->read->data, count);
    g_byte_array_remove_range(self->read, 0, count);
    return count;
}

static ssize_t hiding_read(Layer *layer, int fd, void *bytes, size_t size)
{
    Hiding *self = (Hiding *) layer;
    const char *plain = NULL;
    unsigned length = 0;
    char block[PACKET_MOST / 4];
    ssize_t got;

    if (self->read->len)
        return take(self, bytes, size);
    got = recv(fd, block, sizeof(block), MSG_DONTWAIT);
    if (got <= 0)
        return got;
    if (sasl_decode(self->sasl->connection, block, got, &plain, &length) != SASL_OK) {
        errno = EPROTO;
        return -1;
    }
    if (length == 0) {
        errno = EAGAIN;
        return -1;
    }
    g_byte_array_append(self->read, (const guint8 *) plain, length);
    return take(self, bytes, size);
}

static bool encode(Hiding *self, const void *bytes, size_t size)
{
    const char *hidden = NULL;
    unsigned length = 0;

    self->meaning = MIN(size, self->most);
    if (sasl_encode(self->sasl->connection, bytes, self->meaning, &hidden, &length) != SASL_OK) {
        errno = EPROTO;
        return false;
    }
    g_byte_array_append(self->written, (const guint8 *) hidden, length);
    return true;
}

/* The wire's bytes are sent when all that they became has been. */
static ssize_t hiding_write(Layer *layer, int fd, const void *bytes, size_t size)
{
    Hiding *self = (Hiding *) layer;

    if (!self->written->len && !encode(self, bytes, size))
        return -1;
    while (self->written->len) {
        ssize_t sent =
            send(fd, self->written->data, self->written->len, MSG_DONTWAIT | MSG_NOSIGNAL);

        if (sent < 0)
            return -1;
        g_byte_array_remove_range(self->written, 0, sent);
    }
    return self->meaning;
}

static bool hiding_holds(const Layer *layer) { return ((const Hiding *) layer)->read->len; }

static void hiding_free(Layer *layer, int)
{
    Hiding *self = (Hiding *) layer;

    sasl_free(self->sasl);
    g_byte_array_unref(self->read);
    g_byte_array_unref(self->written);
    g_free(self);
}

static Layer *layer_new(Sasl *sasl)
{
    static const LayerKind kind = {
        .read = hiding_read,
        .write = hiding_write,
        .holds = hiding_holds,
        .free = hiding_free,
    };
    Hiding *self = g_new0(Hiding, 1);
    const void *most = NULL;

    self->layer.kind = &kind;
    self->sasl = sasl;
    self->read = g_byte_array_new();
    self->written = g_byte_array_new();
    self->most = PACKET_MOST / 4;
    if (sasl_getprop(sasl->connection, SASL_MAXOUTBUF, &most) == SASL_OK && most &&
        *(const unsigned *) most)
        self->most = MIN(self->most, *(const unsigned *) most);
    return &self->layer;
}
