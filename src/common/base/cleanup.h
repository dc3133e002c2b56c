/* cleanup.h - what ends with its scope, beyond GLib's own g_autofree and g_autoptr() */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <dirent.h>
#include <glib.h>
#include <unistd.h>

/* g_auto(Fd) fd = open(...); closes itself. g_steal_fd(&fd) hands it on. */
typedef int Fd;
static inline void fd_close(Fd fd) { close(fd); }
G_DEFINE_AUTO_CLEANUP_FREE_FUNC(Fd, fd_close, -1)

typedef DIR Directory;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Directory, closedir)

/* Holds the mutex until the end of the scope. */
#define LOCKED(mutex) G_GNUC_UNUSED g_autoptr(GMutexLocker) locked = g_mutex_locker_new(mutex)
