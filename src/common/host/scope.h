/* scope.h - a unit of systemd's own for what a daemon has started and what is to outlive it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <sys/types.h>

typedef struct Scope {
    const char *name;        /* of the unit, without ".scope" */
    const char *description; /* for people */
    const char *before;      /* a unit that ends before this one when the host is shut down */
    pid_t pid;
} Scope;

/* The process, and what it starts, leaves the daemon's own unit. Where systemd does not run this
 * host there is nothing to leave. In a worker. */
bool scope_begin(const Scope *what, GError **error);
