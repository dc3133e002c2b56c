/* login.h - how clients say who they are
 *
 * The procedures that are served before anything else. Each one but login_list runs in a worker, as
 * it may wait for files, daemons and people; a client has only one of them at work. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

bool login_list(Call *call, const none *, remote_auth_list_ret *out, GError **error);
bool login_polkit(Call *call, const none *, remote_auth_polkit_ret *out, GError **error);
/* For a user of this host whom the proxy has given us: what our own sockets ask for is asked now,
 * and its calls wait for the answer. In the loop; may close the client. */
void login_ask(Client *client);
/* Another daemon of this host tells whose calls it makes. */
bool login_set_identity(Call *call, const remote_connect_set_identity_args *in, none *,
                        GError **error);

/* Closes a client that takes too long; in the loop, every now and then. */
void login_look_after(Client *client);
