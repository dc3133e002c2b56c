/* group.h - the control group of a container
 *
 * The group itself holds the limits; below it, one holds the controller and one what is inside,
 * which the container sees as its root. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

#define GROUP_INSIDE "payload"

/* Makes it, with its limits, and moves the controller there: below a scope of systemd's where that
 * runs, whose own files are systemd's.
 * directory: of the run, which keeps its name. *group: NULL when this host gives us none and no
 * limit was asked for. In a worker. */
bool group_make(const Domain *domain, const char *directory, pid_t controller, char **group,
                GError **error);
/* The name that a run's directory keeps; NULL: it has none. */
char *group_of_run(const char *directory);
/* Ends what is in it and takes it away; NULL is allowed. In a worker. */
void group_end(const char *group);
/* What is inside, and only that. */
char *group_inside(const char *group);
/* Says again which devices those inside may use. */
bool group_devices(const Domain *domain, const char *group, GError **error);
