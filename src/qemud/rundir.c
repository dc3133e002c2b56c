/* rundir.c - where the sockets and files of a guest's run are, and whose they are */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rundir.h"

#include "base/file.h"
#include "daemon/daemon.h"
#include "loop/spawn.h"
#include "settings.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <sys/stat.h>

char *rundir_path(Machine *vm) { return daemon_path("run/ostler/qemu/guest/%s", vm->object.name); }

char *rundir_monitor(const char *directory)
{
    return g_build_filename(directory, "monitor.sock", NULL);
}

/* 0 when there was none. */
static pid_t noted_pid(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, "pid", NULL);
    g_autofree char *text = file_read(path, 64, NULL);

    return text ? atoi(text) : 0;
}

/* The process of a run has the run's directory as its own. */
static bool is_at_home(const char *directory, pid_t pid)
{
    g_autofree char *link = g_strdup_printf("/proc/%d/cwd", pid);
    struct stat its, home;

    return stat(link, &its) == 0 && stat(directory, &home) == 0 && its.st_ino == home.st_ino &&
           its.st_dev == home.st_dev;
}

int rundir_process(const char *directory, uint64_t started, pid_t *pid)
{
    g_auto(Fd) fd = -1;

    if (*pid == 0)
        *pid = noted_pid(directory);
    fd = *pid > 0 ? process_open(*pid, started) : -1;
    return fd >= 0 && is_at_home(directory, *pid) ? g_steal_fd(&fd) : -1;
}

bool rundir_make(const char *directory, GError **error)
{
    pid_t pid = 0;
    g_auto(Fd) process = rundir_process(directory, 0, &pid);

    if (process >= 0)
        return fail(error, ERR_OPERATION_INVALID,
                    "process %d of an earlier run, whose state was lost, still runs in '%s'", pid,
                    directory);
    rundir_remove(directory);
    if (g_mkdir(directory, 0700) < 0)
        return fail_errno(error, errno, "cannot create '%s'", directory);
    if (qemu_user.given && chown(directory, qemu_user.uid, qemu_user.gid) < 0)
        return fail_errno(error, errno, "cannot give '%s' to QEMU's user", directory);
    return true;
}

void rundir_remove(const char *directory)
{
    g_autoptr(Directory) entries = opendir(directory);
    struct dirent *entry;

    while (entries && (entry = readdir(entries)))
        (void) unlinkat(dirfd(entries), entry->d_name, 0);
    (void) rmdir(directory);
}
