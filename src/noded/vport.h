/* vport.h - virtual ports of Fibre Channel hosts: a second SCSI host on the same card */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "device.h"

/* The host that a definition names, by its name or world wide names, or else any that can have one
 * more; counted. NULL and an error when there is none. */
Device *vport_find_parent(const NodeDevice *definition, GError **error);
/* on: the SCSI host that has or is to have the port. */
bool vport_create(Device *on, const NodeFeature *names, GError **error);
bool vport_delete(Device *on, const NodeFeature *names, GError **error);
