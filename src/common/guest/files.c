/* files.c - where a guest's run keeps its files */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guest/files.h"

#include "base/file.h"
#include "daemon/daemon.h"
#include "guest/hypervisor.h"

#include <fcntl.h>
#include <string.h>

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
