/* limit.h - what a container may use, as files of its control group */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* The path of the first limit that the definition asks for, such as "memtune/hard_limit"; NULL:
 * none. That of <memory> alone is kept where it can be, and asks for nothing. */
const char *limit_asked(const Domain *domain);
/* Sets, in a new group, all that the definition says. ERR_CONFIG_UNSUPPORTED, naming it, for one
 * that was asked for and that this host has no controller for. */
bool limit_begin(const Domain *domain, const char *group, GError **error);
/* The same in one that has been used, where what the definition does not limit any more is not. */
bool limit_apply(const Domain *domain, const char *group, GError **error);
/* Values that a definition may have but the kernel has no place for. */
bool limit_check(const Domain *domain, GError **error);

/* How the public API says "no limit", in KiB. */
#define LIMIT_NONE ((uint64_t) 9007199254740991)
