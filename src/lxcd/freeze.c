/* freeze.c - hold all processes of a container, and let them go on */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "freeze.h"

bool freeze(const Container *container, bool held, GError **error)
{
    (void) held;
    return container->group ||
           fail(error, ERR_OPERATION_UNSUPPORTED,
                "the container has no control group, whose freezer holds its processes");
}
