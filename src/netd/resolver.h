/* resolver.h - the host's resolver asks a network's DNS server about its domain */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/network.h"

/* For <domain register='yes'>; the bridge must be there. It is forgotten with the bridge. */
bool resolver_register(const Network *network, GError **error);
