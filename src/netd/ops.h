/* ops.h - what the families of operations share */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network.h"

/* How a network travels in a reply: everything the reply's own. */
remote_nonnull_network ops_reference(Net *net);
Object *ops_find_network(const remote_nonnull_network *reference, GError **error);
/* A name that a reply takes over. */
char **ops_optional(const char *text);

/* A change of a definition, checked when it has been made. */
typedef bool OpsChange(Network *network, const void *data, GError **error);
/* Applies it to copies of the definitions that VIR_NETWORK_UPDATE_AFFECT_* flags name (with
 * neither: what runs, or else the configuration) and publishes them; made(live), if given, is what
 * then has to be done to what runs. On the strand. */
typedef bool OpsMade(Net *net, const Network *former, const Network *now, GError **error);
bool ops_change(Net *net, unsigned flags, OpsChange *change, OpsMade *made, const void *data,
                GError **error);
