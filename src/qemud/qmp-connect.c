/* qmp-connect.c - to the monitor of a QEMU that is starting, or was left running */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/socket.h"
#include "loop/spawn.h"
#include "qmp.h"

#include <errno.h>

enum { LONGEST_PAUSE = 1000 }; /* ms */

unsigned qmp_patience(uint64_t memory_kib)
{
    return MIN(30 + memory_kib / (1 << 20), G_MAXUINT / 1000) * 1000;
}

/* A socket that is not there yet, not listened on, or has its queue full. */
static bool may_come(const GError *error)
{
    int problem = error_errno(error);

    return problem == ENOENT || problem == ECONNREFUSED || problem == EAGAIN;
}

Qmp *qmp_connect(const char *path, int pidfd, uint64_t memory_kib, const QmpListener *events,
                 void *listener, GError **error)
{
    gint64 until = g_get_monotonic_time() + qmp_patience(memory_kib) * 1000ll;

    for (unsigned pause = 1;; pause = MIN(2 * pause, LONGEST_PAUSE)) {
        g_autoptr(GError) problem = NULL;
        int fd = unix_connect(path, SOCK_STREAM, &problem);

        if (fd >= 0)
            return qmp_open(fd, events, listener);
        if (!may_come(problem)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return NULL;
        }
        if (g_get_monotonic_time() >= until)
            return fail(error, ERR_OPERATION_TIMEOUT, "QEMU's monitor '%s' did not appear in time",
                        path);
        if (process_wait(pidfd, pause))
            return fail(error, ERR_OPERATION_FAILED, "QEMU has ended, its monitor '%s' is gone",
                        path);
    }
}
