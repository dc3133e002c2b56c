/* tls.h - the same messages under TLS, with certificates that say who is at each end */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "rpc/layer.h"

/* Strings are not freed while the process lives. */
typedef struct TlsSettings {
    char *ca_file;
    char **cert_file, **key_file; /* as many of the one as of the other */
    char *crl_file;               /* NULL: none */
    bool no_sanity, no_verify;
    char **allowed_names; /* patterns of distinguished names; NULL: all */
    char *priority;
} TlsSettings;

/* Reads the files and uses what they say for all connections from now on; those that there are go
 * on. All of it is right, or nothing changes. */
bool tls_configure(const TlsSettings *settings, GError **error);
/* The same files again. From any thread. */
bool tls_reload(GError **error);

/* A connection's layer, which waits for the client's first bytes. NULL: not configured. */
Layer *tls_accept(void);
