/* identity.h - the uuid of this machine */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "base/uuid.h"

/* What the firmware says (below root, "" for this machine), unless that is plainly no uuid; else
 * the one kept in the file kept_at, which is made when it is not there. */
bool host_uuid(const char *root, const char *kept_at, Uuid *uuid, GError **error);
