/* iface-plug.h - a guest's interface: put in, changed and taken out while the guest runs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "machine.h"

/* The place in the list of the only interface that another one describes: by address on the network
 * and place in the guest, as far as they are said. -1 and an error when there is none, or several.
 */
int iface_find(const Domain *domain, const void *wanted, GError **error);

/* The device is in the live definition, with its place and alias. On failure the guest is as it
 * was. */
bool iface_plug(Machine *vm, Domain *live, void *device, GError **error);
/* QEMU has let go of the guest's end: the host's end goes, too. */
void iface_unplugged(Machine *vm, const Domain *live, const void *device);
/* wanted, complete, in place of the live one; what is changed is done to the guest. */
bool iface_update(Machine *vm, const Domain *live, const void *from, void *wanted, GError **error);
