/* define.h - what a container's definition leaves open, and what it may hold */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/domain.h"

/* Adds defaults; refuses what lxcd does not serve, from the definition alone. In a worker. */
bool container_complete(Domain *domain, GError **error);
/* The file system that is the container's root; NULL: the host's own. */
const Fs *container_root(const Domain *domain);
/* Gives what has no alias yet one that no other device has. */
void container_name_devices(const Domain *live);
/* The program that holds a container, beside our own or where it is installed. */
const char *container_controller(void);
