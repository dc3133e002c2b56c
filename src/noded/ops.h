/* ops.h - what the families of operations share
 *
 * The driver functions themselves are declared by the table in driver.c's header, driver.h. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "device.h"
#include "rpc/call.h"

static inline Device *device_of(const Call *call) { return (Device *) call->object; }

Object *ops_find_node_device(const char *name, GError **error);
/* How a device travels in a reply, which it belongs to. */
remote_nonnull_node_device ops_reference(const Device *device);
