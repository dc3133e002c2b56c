/* dev-misc.h - devices of one or two properties */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "args.h"
#include "device.h"

/* The audio backend that a device's <audio id=> means, or else the first; freed by the caller, NULL
 * when there is none. */
char *audio_id(const Domain *guest, Optional id);
void audios_add(Args *args, const Domain *live);

/* What must be there before the controllers, and before all other devices. */
bool early_devices_add(Args *args, const Domain *live, GError **error);
bool hubs_add(Args *args, const Domain *live, GError **error);
bool inputs_add(Args *args, const Domain *live, GError **error);
bool sounds_add(Args *args, const Domain *live, GError **error);
/* Watchdog, balloon, sources of randomness, panic device. */
bool late_devices_add(Args *args, const Domain *live, GError **error);
bool misc_check(const Domain *guest, GError **error);
