/* freeze.c - hold all processes of a container, and let them go on */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "freeze.h"

#include "group.h"
#include "host/cgroup.h"

bool freeze(const Container *container, bool held, GError **error)
{
    g_autofree char *inside = NULL;

    if (!container->group)
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "the container has no control group, whose freezer holds its processes");
    inside = group_inside(container->group);
    return cgroup_freeze(inside, held, error);
}
