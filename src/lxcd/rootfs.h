/* rootfs.h - the file systems of a container, as steps of its plan */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* staging: an empty directory that the root is put on. fds: gets descriptors that must stay open
 * until the controller has done its part. */
bool rootfs_plan(GByteArray *plan, const Domain *domain, const char *staging, GArray *fds,
                 GError **error);
