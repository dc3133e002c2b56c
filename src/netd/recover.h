/* recover.h - find networks again after a restart of the daemon */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

bool recover_all(GError **error);
void recover_autostart(void);
