/* new-device.h - a device that a client describes, once for all definitions that are to have it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* Empty before the first use. */
typedef struct NewDevice {
    const DeviceKind *kind;
    void *device;
} NewDevice;

/* What the text describes, for one definition: the caller's to free. What is drawn by lot is the
 * same each time: a device that is put into what runs and into the configuration is the same one
 * after a restart. */
void *new_device(NewDevice *described, const char *xml, GError **error);
void new_device_clear(NewDevice *described);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(NewDevice, new_device_clear)

/* The address of an interface, and what identifies its port to a switch outside, unless its user
 * says it. */
void iface_identify(Iface *iface);
