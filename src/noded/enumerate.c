/* enumerate.c - all devices that there are */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "enumerate.h"

#include "class.h"
#include "device.h"
#include "facts.h"

#include <fcntl.h>
#include <string.h>

enum { LONGEST = 4096 };

/* "../../../devices/x" is /sys/devices/x: a link of sysfs climbs to the top first. */
static char *path_behind(int directory, const char *name)
{
    char target[LONGEST];
    ssize_t length = readlinkat(directory, name, target, sizeof(target) - 1);
    const char *at = target;

    if (length <= 0)
        return NULL;
    target[length] = '\0';
    while (g_str_has_prefix(at, "../"))
        at += strlen("../");
    return g_strconcat("/sys/", at, NULL);
}

static void list_subsystem(const char *subsystem, GHashTable *paths)
{
    const char *below = g_str_has_prefix(subsystem, "bus/") ? "/devices" : "";
    g_autofree char *path = g_strconcat(facts_root(), "/sys/", subsystem, below, NULL);
    g_auto(Fd) fd = sysfs_open(AT_FDCWD, path);
    g_autoptr(Directory) directory = fd < 0 ? NULL : fdopendir(fd);

    if (!directory)
        return;
    for (const struct dirent *entry; (entry = readdir(directory));) {
        char *target = *entry->d_name == '.' ? NULL : path_behind(fd, entry->d_name);

        if (target)
            g_hash_table_add(paths, target);
    }
    g_steal_fd(&fd);
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *) a, *(const char *const *) b);
}

void enumerate(void)
{
    g_autoptr(GHashTable) paths = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    g_autoptr(GPtrArray) known = device_paths();
    g_autofree const char **sorted = NULL;
    unsigned count;

    for (const DeviceKind *const *kind = device_kinds; *kind; kind++) {
        if (kind == device_kinds || strcmp(kind[0]->subsystem, kind[-1]->subsystem) != 0)
            list_subsystem((*kind)->subsystem, paths);
    }
    for (guint i = 0; i < known->len; i++) {
        if (!g_hash_table_contains(paths, known->pdata[i]))
            device_drop(known->pdata[i]);
    }
    /* A parent's path is the beginning of its children's, so it comes before them. */
    sorted = (const char **) g_hash_table_get_keys_as_array(paths, &count);
    qsort(sorted, count, sizeof(*sorted), compare);
    for (unsigned i = 0; i < count; i++)
        device_update(sorted[i], false);
}
