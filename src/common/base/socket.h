/* socket.h - UNIX sockets by path, however long the path is */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <sys/socket.h>
#include <sys/types.h>

/* Both give a descriptor that does not block and ends at exec, or -1. type: SOCK_STREAM, ... */
int unix_connect(const char *path, int type, GError **error);
/* Replaces what is at path. */
int unix_listen(const char *path, int type, mode_t mode, GError **error);
