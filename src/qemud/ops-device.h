/* ops-device.h - devices that come and go while the guest runs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "machine.h"

/* QEMU has let go of the device of this alias. On the strand. */
void device_gone(Machine *vm, const char *alias);
/* The guest does not let go of it. */
void device_stays(Machine *vm, const char *alias);
/* Of a guest that was found running: takes the host's devices that its QEMU has not got, or has let
 * go of meanwhile, out of its definition. On the strand. */
void devices_recover(Machine *vm, Qmp *monitor);
