/* account.h - the names of users and groups
 *
 * They may come from far away, so workers look them up; a name is known a moment after it was first
 * asked for. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>

typedef enum AccountKind { ACCOUNT_USER, ACCOUNT_GROUP, ACCOUNT_KINDS } AccountKind;

/* NULL: it has none, or it is not known yet. In the loop. */
const char *account_name(AccountKind kind, int64_t id);
