/* function.h - networks that hand out virtual functions of network cards */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/virtual-function.h"
#include "model/port.h"

/* Whether the definition lists only what can be handed out. */
bool function_check_pool(const Network *network, GError **error);
/* Lists what its card has, in a definition that names the card alone: its functions, or their
 * links. */
bool function_fill_pool(Network *live, GError **error);

char *function_name(const PciAddress *place);
/* What the card is told now, to be told again at the end. ERR_CONFIG_UNSUPPORTED where the port
 * wants something that its card cannot do. */
bool function_look(const NetworkPort *port, VirtualFunctionState *former, GError **error);
/* Tells the card of the guest's address and VLAN. On failure it is as it was. */
bool function_set_up(const NetworkPort *port, const VirtualFunctionState *former, GError **error);
void function_restore(const NetworkPort *port, const VirtualFunctionState *former);
