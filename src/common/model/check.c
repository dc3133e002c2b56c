/* check.c - rules between the parts of a domain, which no element's own table can say */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/check.h"

#include "model/domain.h"

bool domain_finish(void *, unsigned, GError **) { return true; }
