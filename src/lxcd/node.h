/* node.h - device files inside a container that runs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "container.h"

#include <sys/stat.h>

/* The path of a disk's device file: that of its target. */
char *node_of_disk(const Disk *disk);
/* A device of the host's, of that type, under a path in the container's /dev. */
bool node_make(const Container *container, const Domain *live, const char *source, const char *path,
               mode_t type, GError **error);
void node_remove(const Container *container, const char *path);
