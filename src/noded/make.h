/* make.h - devices that are made: started, ended, started with the host */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "device.h"

/* All in a worker, on the device's own strand where there is a device. */

/* From a definition that need not be kept. The device is there, and seen, when it returns; counted.
 */
Device *make_device(const NodeDevice *definition, GError **error);
bool make_start(Device *device, GError **error); /* from what is kept of it */
bool make_end(Device *device, GError **error);

/* What is marked for it is started, unless that has been done since the host's start. From now on
 * it is also done for each device below which some are defined, when that comes. */
void make_autostart(void);
/* Whether some wait for that. */
bool make_is_awaited(void);
/* On the strand of all devices: such a device has come. */
void make_autostart_below(const char *parent);
