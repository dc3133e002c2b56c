/* node.c - device files inside a container that runs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "node.h"

#include "idmap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

char *node_of_disk(const Disk *disk) { return g_strconcat("/dev/", disk->target, NULL); }

/* The directory that a path is in, as the container sees it; one level below /dev is made. */
static int open_above(const Container *container, const char *path)
{
    g_autofree char *above = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(above);
    int fd = container_open(container, above, O_PATH | O_DIRECTORY);
    g_auto(Fd) dev = fd < 0 ? container_open(container, "/dev", O_PATH | O_DIRECTORY) : -1;

    if (dev >= 0 && mkdirat(dev, name, 0755) == 0)
        fd = container_open(container, above, O_PATH | O_DIRECTORY);
    return fd;
}

bool node_make(const Container *container, const Domain *live, const char *source, const char *path,
               mode_t type, GError **error)
{
    g_autofree char *name = g_path_get_basename(path);
    struct stat file;
    g_auto(Fd) dir = -1;

    if (stat(source, &file) < 0)
        return fail_errno(error, errno, "the device '%s' cannot be used", source);
    if ((file.st_mode & S_IFMT) != type)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is not a %s device", source,
                    type == S_IFBLK ? "block" : "character");
    if (!g_str_has_prefix(path, "/dev/"))
        return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is not in /dev", path);
    dir = open_above(container, path);
    if (dir < 0 || mknodat(dir, name, type | 0600, file.st_rdev) < 0)
        return fail_errno(error, errno, "cannot make the device '%s' in the container", path);
    (void) fchownat(dir, name, idmap_outside(live->idmap_uids, 0),
                    idmap_outside(live->idmap_gids, 0), AT_SYMLINK_NOFOLLOW);
    return true;
}

void node_remove(const Container *container, const char *path)
{
    g_autofree char *name = g_path_get_basename(path);
    g_auto(Fd) dir = open_above(container, path);

    if (dir >= 0)
        (void) unlinkat(dir, name, 0);
}
