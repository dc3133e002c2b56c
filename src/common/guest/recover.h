/* recover.h - find running guests again after a restart of the daemon */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guest/machine.h"

/* Loads all definitions and states, so that lists are right at once; each running guest is then
 * looked at on its own strand. Before clients are served. */
bool recover_all(GError **error);
/* Starts what is marked for it, once per boot of the host. */
void recover_autostart(void);
