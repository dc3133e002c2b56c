/* define.h - from a client's XML to a definition that netd can start */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "network.h"

/* With a uuid, the address and the name of its bridge; both are nobody else's. */
Network *define_parse(const char *xml, bool validate, GError **error);
/* The network of the definition's name and uuid, counted: the one that is there, or a new one in
 * the registry, which define_undo() takes out again unless it has been published. */
Net *define_net(const Network *network, GError **error);
void define_undo(Net *net);
/* Whether another network has the bridge. */
bool define_check_bridge(const Network *network, GError **error);
/* Whether nobody's guests are to be trusted with what passes their device. */
bool define_check_trust(const Network *network, GError **error);
