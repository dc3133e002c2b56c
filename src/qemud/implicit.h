/* implicit.h - devices that a guest has though its definition does not say so */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* Adds the machine's own controllers, those that disks and channels need, the keyboard, the
 * console, the video card of a screen and so on; their members are left to the defaults. */
bool add_implicit(Domain *domain, GError **error);
/* To the list of controllers; borrowed. */
Controller *add_controller(Domain *domain, ControllerType type, ControllerModel model,
                           int64_t index);
