/* ops-iface.h - what a guest's interfaces carry */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/link.h"
#include "model/iface.h"
#include "rpc/params.h"

/* What the guest has received and sent by an interface that has a link. */
bool iface_count(const Iface *iface, LinkTraffic *received, LinkTraffic *sent, GError **error);
/* As net.I.WAY.* of bulk statistics. */
void params_add_traffic(Params *params, unsigned i, const char *way, const LinkTraffic *traffic);
