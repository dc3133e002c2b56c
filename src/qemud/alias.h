/* alias.h - the names by which QEMU and clients know a running guest's devices */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* To all devices that have none yet; the user's own ("ua-...") stay. */
void alias_assign(Domain *live);
