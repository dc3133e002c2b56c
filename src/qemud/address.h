/* address.h - gives every device its place */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* For all devices of a complete domain (defaults.h) that need an address and have none; adds the
 * bridges, ports and hubs that this takes. Refuses addresses that do not exist or are taken. */
bool domain_addresses(Domain *domain, GError **error);
/* The same for a device that is in the domain's lists already and is the only one without an
 * address; no bridge, port or hub is added, since the guest may be running. */
bool device_address(Domain *domain, GError **error);

/* Those of disks and SCSI host devices, before there are controllers for them. */
bool assign_drives(Domain *domain, GError **error);
