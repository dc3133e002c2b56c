/* network.c - the doors for clients on other hosts: TCP under SASL, and TLS */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "network.h"

#include "daemon/daemon.h"
#include "daemon/settings.h"
#include "rpc/call.h"
#include "rpc/listen.h"
#include "rpc/sasl.h"
#include "rpc/tls.h"

#include <string.h>
#include <unistd.h>

static struct {
    bool listen_tls, listen_tcp;
    char *tls_port, *tcp_port, *address;
    char *auth_tls, *auth_tcp;
    uint64_t tcp_min_ssf;
    TlsSettings tls;
} settings;

typedef __typeof__(settings) Settings;

void *const network_settings = &settings;

// clang-format off
const ConfigKey network_keys[] = {
    { "listen_tls", CONFIG_FLAG, SLOT(Settings, listen_tls, bool),
      .text = "Whether clients may connect by TLS. Needs certificates. The socket that systemd holds "
              "is used in any case." },
    { "listen_tcp", CONFIG_FLAG, SLOT(Settings, listen_tcp, bool),
      .text = "Whether clients may connect by plain TCP, where SASL hides what they say. The socket "
              "that systemd holds is used in any case." },
    { "tls_port", CONFIG_STRING, SLOT(Settings, tls_port, char *), .initial = "16514",
      .text = "The port for TLS: a number, or the name of a service." },
    { "tcp_port", CONFIG_STRING, SLOT(Settings, tcp_port, char *), .initial = "16509",
      .text = "The port for plain TCP: a number, or the name of a service." },
    { "listen_addr", CONFIG_STRING, SLOT(Settings, address, char *),
      .text = "The address to listen on, or the name of a host. Empty: all of this host's." },
    { "auth_tls", CONFIG_STRING, SLOT(Settings, auth_tls, char *), .initial = "none",
      .text = "How clients of TLS prove who they are, beside their certificate: none or sasl." },
    { "auth_tcp", CONFIG_STRING, SLOT(Settings, auth_tcp, char *), .initial = "sasl",
      .text = "How clients of plain TCP prove who they are: sasl." },
    { "tcp_min_ssf", CONFIG_NUMBER, SLOT(Settings, tcp_min_ssf, uint64_t), .min = 56, .max = 4096,
      .initial = "112",
      .text = "How many bits the key must have at least under which SASL hides what is said over "
              "plain TCP." },
    { "ca_file", CONFIG_STRING, SLOT(Settings, tls.ca_file, char *),
      .text = "The certificate of the authority that has signed those of clients and ours. Empty: "
              "/etc/pki/CA/cacert.pem." },
    { "cert_file", CONFIG_LIST, SLOT(Settings, tls.cert_file, char **),
      .text = "Our certificate, or several, of which the one that suits a client is shown. Unset: "
              "/etc/pki/libvirt/servercert.pem." },
    { "key_file", CONFIG_LIST, SLOT(Settings, tls.key_file, char **),
      .text = "The key of our certificate, or several in the same order. Unset: "
              "/etc/pki/libvirt/private/serverkey.pem." },
    { "crl_file", CONFIG_STRING, SLOT(Settings, tls.crl_file, char *),
      .text = "A list of revoked certificates. Empty: /etc/pki/CA/cacrl.pem, if it is there." },
    { "tls_no_sanity_certificate", CONFIG_FLAG, SLOT(Settings, tls.no_sanity, bool),
      .text = "Whether our own certificate is used even if clients are going to refuse it." },
    { "tls_no_verify_certificate", CONFIG_FLAG, SLOT(Settings, tls.no_verify, bool),
      .text = "Whether clients are let in without a certificate. Only with auth_tls = \"sasl\" is it "
              "known then who they are." },
    { "tls_allowed_dn_list", CONFIG_LIST, SLOT(Settings, tls.allowed_names, char **),
      .text = "Patterns of the distinguished names of certificates that are let in. Unset: every "
              "certificate of the authority." },
    { "tls_priority", CONFIG_STRING, SLOT(Settings, tls.priority, char *), .initial = "NORMAL",
      .text = "Which versions and ciphers of TLS may be used, in the notation of GnuTLS." },
    {},
};
// clang-format on

static bool wants_tls(void) { return settings.listen_tls || listen_is_given(settings.tls_port); }

static bool wants_tcp(void) { return settings.listen_tcp || listen_is_given(settings.tcp_port); }

/* A place below the root, which lasts as settings do. */
static char *usual(const char *path)
{
    g_autofree char *whole = daemon_path("%s", path);

    return (char *) g_intern_string(whole);
}

static bool configure_tls(GError **error)
{
    static char *certificate[2], *key[2]; /* lists of one */
    TlsSettings tls = settings.tls;
    char *revoked = usual("etc/pki/CA/cacrl.pem");

    if (!tls.ca_file)
        tls.ca_file = usual("etc/pki/CA/cacert.pem");
    certificate[0] = usual("etc/pki/libvirt/servercert.pem");
    key[0] = usual("etc/pki/libvirt/private/serverkey.pem");
    if (!tls.cert_file)
        tls.cert_file = certificate;
    if (!tls.key_file)
        tls.key_file = key;
    if (!tls.crl_file && access(revoked, F_OK) == 0)
        tls.crl_file = revoked;
    return tls_configure(&tls, error);
}

bool network_configure(GError **error)
{
    if (strcmp(settings.auth_tcp ? settings.auth_tcp : "", "sasl") != 0)
        return fail(error, ERR_CONF_SYNTAX,
                    "'auth_tcp' must be sasl: nothing else hides what is said over TCP");
    sasl_settings.tcp_min_ssf = settings.tcp_min_ssf;
    if (!wants_tls())
        return true;
    server.update_tls = tls_reload;
    return configure_tls(error);
}

static bool open_door(const char *port, const char *key, const char *auth, Layer *(*secure)(void),
                      GError **error)
{
    Listener listener = {
        .kind = SOCKET_WRITE,
        .address = settings.address,
        .port = port,
        .secure = secure,
    };

    if (!settings_auth(key, auth, &listener.auth, error))
        return false;
    if (listener.auth == REMOTE_AUTH_POLKIT)
        return fail(error, ERR_CONF_SYNTAX, "'%s' cannot be polkit, which knows no other host",
                    key);
    return listen_begin(&listener, error);
}

bool network_begin(GError **error)
{
    return (!wants_tls() ||
            open_door(settings.tls_port, "auth_tls", settings.auth_tls, tls_accept, error)) &&
           (!wants_tcp() ||
            open_door(settings.tcp_port, "auth_tcp", settings.auth_tcp, NULL, error));
}
