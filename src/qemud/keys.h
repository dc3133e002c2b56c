/* keys.h - numbers of keys in the code sets that clients use */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* The number that QEMU knows a key by; -1 when the code set or the key is unknown. codeset is a
 * virKeycodeSet. */
int key_number(unsigned codeset, unsigned code, GError **error);
