/* served.h - which elements of a definition qemud serves */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* ERR_CONFIG_UNSUPPORTED, naming it, for an element or a value that qemud does not serve; from the
 * definition alone, without looking at the host. */
bool driver_check(const Domain *domain, GError **error);
/* Whether an element or attribute is served ("devices/graphics/@type") with that value (NULL: with
 * any). */
bool served_has(const char *path, const char *value);
