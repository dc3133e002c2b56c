/* scope.h - a unit of systemd's own for what a daemon has started and what is to outlive it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <sys/types.h>

typedef struct Scope {
    const char *unit;        /* "x.scope" */
    const char *slice;       /* "machine.slice" */
    const char *description; /* for people */
    pid_t pid;
} Scope;

/* What ends before all scopes of guests when the host is shut down. */
#define SCOPE_GUESTS "ostler-guests.service"

/* The process, and what it starts, leaves the daemon's own unit; what is below the scope's group is
 * nobody's business but the process's. Returns when it is there. In a worker. */
bool scope_begin(const Scope *what, GError **error);
