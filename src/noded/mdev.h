/* mdev.h - mediated devices: shares of a device that its driver makes on demand */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/nodedev.h"

/* parent: the path of its device in sysfs. The device is to be seen there soon after. In a worker.
 */
bool mdev_start(const NodeDevice *definition, const char *parent, GError **error);
/* Sets its attributes, as far as starting it has not. */
bool mdev_configure(const NodeDevice *definition, const char *path, GError **error);
/* Sets its attributes while it is there, in use or not. mdevctl can do so since 1.3. */
bool mdev_change(const NodeDevice *definition, const char *path, GError **error);
bool mdev_stop(const char *path, GError **error);
/* Where a definition's device is, or would be. */
char *mdev_path(const NodeDevice *definition, const char *parent);
