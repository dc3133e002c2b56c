/* sasl.h - clients that prove who they are by SASL, and the layer that it may put on a connection
 *
 * Which mechanisms there are, and where their users are kept, says sasl2/libvirt.conf. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

typedef struct SaslSettings {
    char **allowed_names; /* patterns of user names; NULL: all */
    uint64_t tcp_min_ssf; /* bits of the key that plain TCP needs at least */
} SaslSettings;

extern SaslSettings sasl_settings;

/* Of one connection; each call of a client is over before the next one begins. In workers. */
typedef struct Sasl Sasl;
void sasl_free(Sasl *sasl); /* NULL is allowed */

bool login_sasl_init(Call *call, const none *, remote_auth_sasl_init_ret *out, GError **error);
bool login_sasl_start(Call *call, const remote_auth_sasl_start_args *in,
                      remote_auth_sasl_start_ret *out, GError **error);
bool login_sasl_step(Call *call, const remote_auth_sasl_step_args *in,
                     remote_auth_sasl_step_ret *out, GError **error);
