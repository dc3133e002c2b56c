/* files.c - where a guest's run keeps its files */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/files.h"

#include "base/file.h"
#include "daemon/daemon.h"
#include "guest/hypervisor.h"
#include "loop/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>

enum { LOG_TAIL = 1024 };

char *files_directory(Machine *vm)
{
    return daemon_path("run/ostler/%s/guest/%s", hypervisor.folder, vm->object.name);
}

void files_remove(const char *directory)
{
    g_autoptr(Directory) entries = opendir(directory);
    struct dirent *entry;

    while (entries && (entry = readdir(entries)))
        (void) unlinkat(dirfd(entries), entry->d_name, 0);
    (void) rmdir(directory);
}

static char *pid_path(const char *directory) { return g_build_filename(directory, "pid", NULL); }

int files_open_pid(const char *directory, GError **error)
{
    g_autofree char *path = pid_path(directory);
    g_auto(Fd) fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0 && flock(fd, LOCK_EX) == 0)
        return g_steal_fd(&fd);
    fail_errno(error, errno, "cannot create '%s'", path);
    return -1;
}

/* 0 when there was none. A daemon that was killed may have left one on its way to becoming the
 * guest's: then it has the lock, and where it is at home cannot be told yet. */
static pid_t noted_pid(const char *directory)
{
    g_autofree char *path = pid_path(directory);
    g_auto(Fd) fd = open(path, O_RDONLY | O_CLOEXEC);
    g_autofree char *text = NULL;

    while (fd >= 0 && flock(fd, LOCK_SH) < 0 && errno == EINTR)
        continue;
    text = file_read(path, 64, NULL);
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

int files_process(const char *directory, uint64_t started, pid_t *pid)
{
    g_auto(Fd) fd = -1;

    if (*pid == 0)
        *pid = noted_pid(directory);
    fd = *pid > 0 ? process_open(*pid, started) : -1;
    return fd >= 0 && is_at_home(directory, *pid) ? g_steal_fd(&fd) : -1;
}

bool files_make(const char *directory, GError **error)
{
    pid_t pid = 0;
    g_auto(Fd) process = files_process(directory, 0, &pid);

    if (process >= 0)
        return fail(error, ERR_OPERATION_INVALID,
                    "process %d of an earlier run, whose state was lost, still runs in '%s'", pid,
                    directory);
    files_remove(directory);
    if (g_mkdir(directory, 0700) < 0)
        return fail_errno(error, errno, "cannot create '%s'", directory);
    return true;
}

char *files_saved(const char *name)
{
    return daemon_path("var/lib/ostler/%s/save/%s.save", hypervisor.folder, name);
}

char *files_restored(const char *name)
{
    return daemon_path("var/lib/ostler/%s/save/%s.restored", hypervisor.folder, name);
}

char *files_log(const char *name)
{
    return daemon_path("var/log/ostler/%s/%s.log", hypervisor.folder, name);
}

char *files_log_tail(const char *name, off_t from)
{
    g_autofree char *path = files_log(name);
    g_auto(Fd) fd = open(path, O_RDONLY | O_CLOEXEC);
    off_t end = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
    char text[LOG_TAIL + 1];
    ssize_t got;
    char *line;

    from = MAX(from, end - LOG_TAIL);
    got = fd < 0 ? 0 : pread(fd, text, LOG_TAIL, from);
    text[MAX(got, 0)] = '\0';
    line = from > 0 && end - from >= LOG_TAIL ? strchr(text, '\n') : NULL;
    return g_strstrip(g_utf8_make_valid(line ? line + 1 : text, -1));
}

bool files_prepare(GError **error)
{
    static const struct {
        const char *above, *below;
        mode_t mode;
    } directories[] = {
        { "run/ostler", "", 0711 },
        { "run/ostler", "/guest", 0711 },
        { "var/lib/ostler", "", 0711 },
        { "var/log/ostler", "", 0700 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(directories); i++) {
        g_autofree char *path =
            daemon_path("%s/%s%s", directories[i].above, hypervisor.folder, directories[i].below);

        if (!file_make_directory(path, directories[i].mode, error))
            return false;
    }
    return true;
}
