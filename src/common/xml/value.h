/* value.h - kinds of members that definitions share */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* "on" and "off", or "yes" and "no", where saying neither leaves the choice to somebody else. */
typedef enum Switch { SWITCH_ABSENT, SWITCH_ON, SWITCH_OFF } Switch;

/* A number whose absence is not its zero. */
typedef struct Optional {
    bool given;
    int64_t value;
} Optional;

static inline Optional optional(int64_t value) { return (Optional){ true, value }; }
