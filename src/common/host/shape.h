/* shape.h - how much a link may send: queues in front of it
 *
 * What a link sends is what its guest receives. From any thread. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/mac.h"

#include <stdint.h>

/* In kilobytes (1000 bytes) a second, burst in KiB. */
typedef struct Rate {
    uint64_t average, peak, burst;
} Rate;

/* In place of what there was; an average of 0 takes the limit away. */
bool shape_set(const char *link, const Rate *rate, GError **error);

/* Of a link that has a limit: what goes to this address gets at least floor, in place of what the
 * class, 3 to 65535, was for. */
bool shape_set_floor(const char *link, unsigned class, const Mac *to, uint64_t floor,
                     GError **error);
bool shape_drop_floor(const char *link, unsigned class, GError **error);
/* The classes of floors, unsigned; NULL: the link has no limit. */
GArray *shape_list_floors(const char *link);
