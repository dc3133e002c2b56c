/* size.h - an amount of memory or storage with its unit */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Multiplies *value by what the unit means in bytes: b, byte, bytes; k, KiB, M, MiB, ... powers of
 * 1024; KB, MB, ... powers of 1000 (the API's rule; case does not matter). False for an unknown
 * unit and when the product does not fit; then *value stays. */
bool size_scale(uint64_t *value, const char *unit);
