/* quota.h - how much space the directories of a container may take */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* Limits what the definition limits; after an error, too, it is for quota_end(). In a worker. */
bool quota_set(const Domain *domain, GError **error);
/* The container has ended: its directories are not limited any longer, but for what others that
 * run want of them. */
void quota_end(const Domain *domain);
