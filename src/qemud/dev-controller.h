/* dev-controller.h - controllers, as QEMU's devices */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "args.h"
#include "device.h"

/* NULL with no error set: the machine has it without being told. */
Json *controller_json(const Domain *guest, const Controller *controller, const Caps *caps,
                      GError **error);
bool controllers_add(Args *args, const Domain *live, GError **error);
bool controller_check(const Domain *guest, const Controller *controller, GError **error);
