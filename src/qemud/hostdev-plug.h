/* hostdev-plug.h - a device of the host: put in and taken out while the guest runs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "machine.h"

/* The place in the list of the one that another one describes; -1 and ERR_DEVICE_MISSING. */
int hostdev_find(const Domain *domain, const void *wanted, GError **error);
/* ERR_OPERATION_INVALID when the domain has it already. */
bool hostdev_check_new(const Domain *domain, const void *device, GError **error);

/* As iface_plug() and iface_unplugged(). */
bool hostdev_plug(Machine *vm, Domain *live, void *device, GError **error);
void hostdev_unplugged(Machine *vm, const Domain *live, const void *device);

/* The same for an interface that is a device. */
bool hostdev_plug_iface(Machine *vm, Domain *live, Iface *iface, GError **error);
void hostdev_unplugged_iface(const Domain *live, const Iface *iface);
