/* tls.c - the same messages under TLS
 *
 * The client's certificate is looked at when the handshake is over; then one byte tells the client
 * that it is let in. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/tls.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <string.h>

enum { CERTIFICATES_MOST = 16, FILE_LIMIT = 1 << 20 };

/* Not when the program is loaded, which costs a megabyte, but when TLS is configured. */
GNUTLS_SKIP_GLOBAL_INIT

/* ---- what all connections of a time share ---- */

typedef struct Credentials {
    gint references;
    gnutls_certificate_credentials_t certificates;
    gnutls_priority_t priority;
    bool no_verify;
    char **allowed_names;
} Credentials;

static struct {
    GMutex lock;
    TlsSettings settings;
    Credentials *current; /* NULL: not configured */
} tls;

static void credentials_unref(Credentials *credentials)
{
    if (!credentials || !g_atomic_int_dec_and_test(&credentials->references))
        return;
    if (credentials->certificates)
        gnutls_certificate_free_credentials(credentials->certificates);
    if (credentials->priority)
        gnutls_priority_deinit(credentials->priority);
    g_free(credentials);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Credentials, credentials_unref)

static bool check(int result, GError **error, const char *what, const char *path)
{
    return result >= 0 ||
           fail(error, ERR_CONF_SYNTAX, "cannot %s '%s': %s", what, path, gnutls_strerror(result));
}

/* ---- our own certificates ---- */

typedef struct Chain {
    gnutls_x509_crt_t *list;
    unsigned count;
} Chain;

static void chain_clear(Chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++)
        gnutls_x509_crt_deinit(chain->list[i]);
    gnutls_free(chain->list);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Chain, chain_clear)

static bool read_chain(const char *path, Chain *chain, GError **error)
{
    g_autofree char *text = file_read(path, FILE_LIMIT, error);
    gnutls_datum_t data = { (unsigned char *) text, text ? strlen(text) : 0 };

    return text && check(gnutls_x509_crt_list_import2(&chain->list, &chain->count, &data,
                                                      GNUTLS_X509_FMT_PEM, 0),
                         error, "read certificates from", path);
}

static char *print_status(unsigned status)
{
    gnutls_datum_t text = {};
    char *copy;

    if (gnutls_certificate_verification_status_print(status, GNUTLS_CRT_X509, &text, 0) < 0)
        return g_strdup("it is not valid");
    copy = g_strdup((const char *) text.data);
    gnutls_free(text.data);
    return g_strstrip(copy);
}

/* A certificate that clients are going to refuse is better refused here, where somebody looks. */
static bool check_sanity(const Credentials *credentials, const char *path, GError **error)
{
    gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
                                      .data = (void *) GNUTLS_KP_TLS_WWW_SERVER };
    g_autofree char *why = NULL;
    gnutls_x509_trust_list_t trusted;
    g_auto(Chain) chain = {};
    unsigned status = 0;

    if (!read_chain(path, &chain, error))
        return false;
    gnutls_certificate_get_trust_list(credentials->certificates, &trusted);
    if (!check(gnutls_x509_trust_list_verify_crt2(trusted, chain.list, chain.count, &purpose, 1, 0,
                                                  &status, NULL),
               error, "check the certificate", path))
        return false;
    if (!status)
        return true;
    why = print_status(status);
    return fail(error, ERR_CONF_SYNTAX, "the certificate '%s' is of no use to clients: %s", path,
                why);
}

static bool load_own(Credentials *credentials, const TlsSettings *settings, GError **error)
{
    size_t count = settings->cert_file ? g_strv_length(settings->cert_file) : 0;

    if (!count || count > CERTIFICATES_MOST || count != g_strv_length(settings->key_file))
        return fail(error, ERR_CONF_SYNTAX,
                    "'cert_file' and 'key_file' must name as many files, 1 to %d",
                    CERTIFICATES_MOST);
    for (size_t i = 0; i < count; i++) {
        if (!check(gnutls_certificate_set_x509_key_file(credentials->certificates,
                                                        settings->cert_file[i],
                                                        settings->key_file[i], GNUTLS_X509_FMT_PEM),
                   error, "use the certificate", settings->cert_file[i]))
            return false;
        if (!settings->no_sanity && !check_sanity(credentials, settings->cert_file[i], error))
            return false;
    }
    return true;
}

static bool load_trusted(Credentials *credentials, const TlsSettings *settings, GError **error)
{
    return check(gnutls_certificate_set_x509_trust_file(credentials->certificates,
                                                        settings->ca_file, GNUTLS_X509_FMT_PEM),
                 error, "read the certificate authority from", settings->ca_file) &&
           (!settings->crl_file ||
            check(gnutls_certificate_set_x509_crl_file(credentials->certificates,
                                                       settings->crl_file, GNUTLS_X509_FMT_PEM),
                  error, "read revoked certificates from", settings->crl_file));
}

static Credentials *credentials_new(const TlsSettings *settings, GError **error)
{
    g_autoptr(Credentials) credentials = g_new0(Credentials, 1);
    const char *priority = settings->priority ? settings->priority : "NORMAL";

    credentials->references = 1;
    credentials->no_verify = settings->no_verify;
    credentials->allowed_names = settings->allowed_names;
    if (gnutls_certificate_allocate_credentials(&credentials->certificates) < 0)
        return fail(error, ERR_INTERNAL, "TLS cannot be used");
    gnutls_certificate_set_known_dh_params(credentials->certificates, GNUTLS_SEC_PARAM_MEDIUM);
    if (!check(gnutls_priority_init(&credentials->priority, priority, NULL), error,
               "use the priority", priority) ||
        !load_trusted(credentials, settings, error) || !load_own(credentials, settings, error))
        return NULL;
    return g_steal_pointer(&credentials);
}

static bool load(const TlsSettings *settings, GError **error)
{
    g_autoptr(Credentials) fresh = credentials_new(settings, error), former = NULL;

    if (!fresh)
        return false;
    LOCKED(&tls.lock);
    tls.settings = *settings;
    former = tls.current;
    tls.current = g_steal_pointer(&fresh);
    return true;
}

bool tls_configure(const TlsSettings *settings, GError **error)
{
    if (gnutls_global_init() < 0)
        return fail(error, ERR_INTERNAL, "TLS cannot be used");
    return load(settings, error);
}

bool tls_reload(GError **error)
{
    TlsSettings settings;

    {
        LOCKED(&tls.lock);
        settings = tls.settings;
    }
    return load(&settings, error);
}

/* ---- a connection ---- */

typedef enum Stage { STAGE_HANDSHAKE, STAGE_CONFIRM, STAGE_DONE } Stage;

typedef struct Tls {
    Layer layer; /* first */
    Credentials *credentials;
    gnutls_session_t session;
    Stage stage;
    bool interrupted; /* what was to be written has not left yet: GnuTLS keeps it */
    char *name;       /* in the client's certificate; NULL: it was not asked for one */
    char *why;        /* it failed */
} Tls;

/* As the functions of a socket tell it. */
static ssize_t as_errno(ssize_t result)
{
    if (result >= 0)
        return result;
    if (result == GNUTLS_E_PREMATURE_TERMINATION)
        return 0;
    if (result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED) {
        errno = EAGAIN;
        return -1;
    }
    g_debug("TLS: %s", gnutls_strerror(result));
    errno = EPROTO;
    return -1;
}

static LayerProgress fail_with(Tls *self, const char **why, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static LayerProgress fail_with(Tls *self, const char **why, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    g_free(self->why);
    self->why = g_strdup_vprintf(format, args);
    va_end(args);
    *why = self->why;
    return LAYER_FAILED;
}

/* ---- who the client is ---- */

static char *peer_name(gnutls_session_t session)
{
    unsigned count = 0;
    const gnutls_datum_t *list = gnutls_certificate_get_peers(session, &count);
    gnutls_x509_crt_t certificate;
    gnutls_datum_t name = {};
    char *copy = NULL;

    if (!count || gnutls_x509_crt_init(&certificate) < 0)
        return NULL;
    if (gnutls_x509_crt_import(certificate, &list[0], GNUTLS_X509_FMT_DER) >= 0 &&
        gnutls_x509_crt_get_dn3(certificate, &name, GNUTLS_X509_DN_FLAG_COMPAT) >= 0) {
        copy = g_strndup((const char *) name.data, name.size);
        gnutls_free(name.data);
    }
    gnutls_x509_crt_deinit(certificate);
    return copy;
}

static bool is_allowed(const Credentials *credentials, const char *name)
{
    char **patterns = credentials->allowed_names;

    for (char **pattern = patterns; pattern && *pattern; pattern++) {
        if (g_pattern_match_simple(*pattern, name))
            return true;
    }
    return !patterns;
}

static LayerProgress check_client(Tls *self, const char **why)
{
    gnutls_typed_vdata_st purpose = { .type = GNUTLS_DT_KEY_PURPOSE_OID,
                                      .data = (void *) GNUTLS_KP_TLS_WWW_CLIENT };
    g_autofree char *problem = NULL;
    unsigned status = 0;
    int result;

    if (self->credentials->no_verify)
        return LAYER_READY;
    result = gnutls_certificate_verify_peers(self->session, &purpose, 1, &status);
    if (result < 0)
        return fail_with(self, why, "its certificate cannot be checked: %s",
                         gnutls_strerror(result));
    if (status) {
        problem = print_status(status);
        return fail_with(self, why, "its certificate is refused: %s", problem);
    }
    self->name = peer_name(self->session);
    if (!self->name)
        return fail_with(self, why, "its certificate has no name");
    if (!is_allowed(self->credentials, self->name))
        return fail_with(self, why, "its certificate's name is not in tls_allowed_dn_list: %s",
                         self->name);
    return LAYER_READY;
}

static LayerProgress handshake(Tls *self, const char **why)
{
    int result = gnutls_handshake(self->session);
    LayerProgress progress;

    if (result < 0 && !gnutls_error_is_fatal(result))
        return LAYER_WAITS;
    if (result < 0) {
        (void) gnutls_alert_send_appropriate(self->session, result);
        return fail_with(self, why, "the TLS handshake failed: %s", gnutls_strerror(result));
    }
    progress = check_client(self, why);
    if (progress == LAYER_FAILED)
        (void) gnutls_alert_send(self->session, GNUTLS_AL_FATAL, GNUTLS_A_BAD_CERTIFICATE);
    else
        self->stage = STAGE_CONFIRM;
    return progress;
}

/* ---- bytes ---- */

/* What GnuTLS could not send whole it keeps, and wants to be called for without anything new. */
static ssize_t tls_write(Layer *layer, int, const void *bytes, size_t size)
{
    Tls *self = (Tls *) layer;
    ssize_t sent = self->interrupted ? gnutls_record_send(self->session, NULL, 0)
                                     : gnutls_record_send(self->session, bytes, size);

    self->interrupted = sent == GNUTLS_E_AGAIN || sent == GNUTLS_E_INTERRUPTED;
    return as_errno(sent);
}

static ssize_t tls_read(Layer *layer, int, void *bytes, size_t size)
{
    return as_errno(gnutls_record_recv(((Tls *) layer)->session, bytes, size));
}

static bool tls_holds(const Layer *layer)
{
    return gnutls_record_check_pending(((const Tls *) layer)->session) > 0;
}

static LayerProgress confirm(Tls *self, const char **why)
{
    if (tls_write(&self->layer, -1, "\1", 1) == 1) {
        self->stage = STAGE_DONE;
        return LAYER_READY;
    }
    return self->interrupted ? LAYER_WAITS : fail_with(self, why, "it has gone");
}

static LayerProgress tls_begin(Layer *layer, int fd, const char **why)
{
    Tls *self = (Tls *) layer;
    LayerProgress progress = LAYER_READY;

    gnutls_transport_set_int(self->session, fd);
    if (self->stage == STAGE_HANDSHAKE)
        progress = handshake(self, why);
    if (progress == LAYER_READY && self->stage == STAGE_CONFIRM)
        progress = confirm(self, why);
    return progress;
}

static bool tls_is_writing(const Layer *layer)
{
    return gnutls_record_get_direction(((const Tls *) layer)->session);
}

static const char *tls_peer(const Layer *layer) { return ((const Tls *) layer)->name; }

static unsigned tls_strength(const Layer *layer)
{
    return 8 * gnutls_cipher_get_key_size(gnutls_cipher_get(((const Tls *) layer)->session));
}

static void tls_free(Layer *layer, int fd)
{
    Tls *self = (Tls *) layer;

    if (fd >= 0 && self->stage == STAGE_DONE)
        (void) gnutls_bye(self->session, GNUTLS_SHUT_WR);
    gnutls_deinit(self->session);
    credentials_unref(self->credentials);
    g_free(self->name);
    g_free(self->why);
    g_free(self);
}

static const LayerKind tls_kind = {
    .begin = tls_begin,
    .is_writing = tls_is_writing,
    .peer = tls_peer,
    .strength = tls_strength,
    .read = tls_read,
    .write = tls_write,
    .holds = tls_holds,
    .free = tls_free,
};

static Credentials *current_credentials(void)
{
    LOCKED(&tls.lock);

    if (tls.current)
        g_atomic_int_inc(&tls.current->references);
    return tls.current;
}

Layer *tls_accept(void)
{
    g_autoptr(Credentials) credentials = current_credentials();
    gnutls_session_t session;
    Tls *self;

    if (!credentials || gnutls_init(&session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL |
                                                  GNUTLS_NO_TICKETS) < 0)
        return NULL;
    (void) gnutls_priority_set(session, credentials->priority);
    (void) gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials->certificates);
    gnutls_certificate_server_set_request(session, credentials->no_verify ? GNUTLS_CERT_IGNORE
                                                                          : GNUTLS_CERT_REQUIRE);
    gnutls_handshake_set_timeout(session, GNUTLS_INDEFINITE_TIMEOUT);
    self = g_new0(Tls, 1);
    self->layer.kind = &tls_kind;
    self->session = session;
    self->credentials = g_steal_pointer(&credentials);
    return &self->layer;
}
