/* scope.h - a container's group as a scope of systemd's, which keeps its hands off what is below */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* Where the scope of this container will be, whose controller is that process. */
char *scope_path(const Domain *domain, pid_t pid);
/* Makes it, with the process in it, and returns when it is there. In a worker. */
bool scope_start(const Domain *domain, pid_t pid, GError **error);
