/* idmap.h - who users and groups of a container are on the host */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* Ids that are not mapped stay. */
static inline unsigned idmap_outside(const GPtrArray *ranges, unsigned id)
{
    for (LIST_EACH(IdmapRange, range, ranges)) {
        if (id >= range->start && id - range->start < range->count)
            return range->target + (id - range->start);
    }
    return id;
}
