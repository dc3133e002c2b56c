/* taken.h - which guest has which device of the host
 *
 * All but taken_open() are called on taken_strand. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/uuid.h"
#include "loop/strand.h"

extern Strand *taken_strand;

/* Once: what guests had when an earlier daemon ended they still have. */
bool taken_open(GError **error);

/* Gives all of these devices (of Hostdev) to one guest, or none. What was found out about a device
 * is written into it. fds: of int, gets a descriptor for each device that is used by one. */
bool taken_add(const Uuid *owner, const char *owner_name, const GPtrArray *devices, GArray *fds,
               GError **error);
/* Gives back what the guest has beside these. */
void taken_keep(const Uuid *owner, const GPtrArray *devices);
/* ERR_OPERATION_INVALID with the guest's name where one has that PCI function, "0000:01:02.0", or
 * mediated device, by its uuid. */
bool taken_check_free(const char *name, GError **error);
