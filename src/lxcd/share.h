/* share.h - namespaces that a container shares with somebody */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* Opens those that the definition names, adds them to the plan and their descriptors to fds, and
 * takes them out of those that are made (CLONE_NEW*). The descriptors are closed by the caller. */
bool share_namespaces(const Domain *domain, GByteArray *plan, GArray *fds, uint64_t *made,
                      GError **error);
