/* address-usb.h - gives USB devices their ports, and a guest the hubs for them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* grow: hubs may be added for want of a port. */
bool assign_usb(Domain *domain, bool grow, GError **error);
