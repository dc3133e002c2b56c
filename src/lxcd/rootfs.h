/* rootfs.h - the file systems of a container, as steps of its plan */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "image.h"

/* An empty directory in the run's that the root is put on. */
#define ROOTFS_STAGING "root"
bool rootfs_plan(GByteArray *plan, const Domain *domain, const ImageRun *run, GError **error);
