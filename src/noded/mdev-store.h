/* mdev-store.h - definitions of mediated devices, where and as mdevctl keeps them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "loop/strand.h"
#include "model/nodedev.h"

/* Once: what is defined is read, and from now on also what changes. */
bool mdev_store_open(GError **error);

/* On this strand definitions are changed, not on that of all devices, which must hear of what comes
 * and goes while mdevctl takes its time. These last: when they return true, it is on disk and to be
 * seen. */
extern Strand *mdev_changes;
bool mdev_store_define(const NodeDevice *definition, GError **error); /* a new one */
bool mdev_store_redefine(const NodeDevice *definition, bool autostart, GError **error);
bool mdev_store_undefine(const NodeDevice *definition, GError **error);
bool mdev_store_set_autostart(const NodeDevice *definition, bool on, GError **error);

/* On the strand of all devices: reads anew what is defined below the device of this address. */
void mdev_store_look_below(const char *address);
