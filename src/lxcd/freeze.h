/* freeze.h - hold all processes of a container, and let them go on */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "container.h"

/* By the container's group; ERR_OPERATION_UNSUPPORTED when it has none. Returns when they are
 * held. In a worker. */
bool freeze(const Container *container, bool held, GError **error);
