/* check.h - rules between the parts of a domain, which no element's own table can say */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* The finish of <domain>: fills in what every driver adds, in place, and refuses what contradicts
 * itself. */
bool domain_finish(void *domain, unsigned flags, GError **error);
