/* mdevctl.h - the program that makes and keeps mediated devices, where it is installed */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/json.h"
#include "model/nodedev.h"

bool mdevctl_is_there(void);
/* "define", "start" and so on, for one device, known by its uuid and, if it is there, its parent's
 * address. option: such as "--auto", or NULL. description: what is to be read, or NULL; borrowed.
 * In a worker. */
bool mdevctl_run(const char *verb, const NodeCapability *mdev, const char *option,
                 Json *description, GError **error);
/* As its files have it: type, attributes, whether it starts with its parent. */
Json *mdevctl_describe(const NodeCapability *mdev, bool autostart);
