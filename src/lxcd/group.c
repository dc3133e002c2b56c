/* group.c - the control group of a container */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "group.h"

#include "base/file.h"
#include "define.h"
#include "host/cgroup.h"
#include "idmap.h"
#include "limit.h"
#include "rights.h"
#include "scope.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <systemd/sd-daemon.h>

#define KEPT "group"
#define DEFAULT_PARTITION "/machine"

/* ---- devices ---- */

static void allow(GArray *list, char type, int number, int second, const char *may)
{
    CgroupDevice device = { type, number, second, may };

    g_array_append_val(list, device);
}

static void allow_file(GArray *list, const char *path, const char *may)
{
    struct stat file;

    if (stat(path, &file) == 0)
        allow(list, S_ISBLK(file.st_mode) ? 'b' : 'c', major(file.st_rdev), minor(file.st_rdev),
              may);
}

bool group_devices(const Domain *domain, const char *group, GError **error)
{
    static const CgroupDevice usual[] = {
        { 'c', 1, 3, "rwm" }, { 'c', 1, 5, "rwm" }, { 'c', 1, 7, "rwm" }, { 'c', 1, 8, "rwm" },
        { 'c', 1, 9, "rwm" }, { 'c', 5, 0, "rwm" }, { 'c', 5, 2, "rwm" }, { 'c', 136, -1, "rwm" },
    };
    g_autoptr(GArray) list = g_array_new(TRUE, FALSE, sizeof(CgroupDevice));
    g_autofree char *inside = group_inside(group);

    g_array_append_vals(list, usual, G_N_ELEMENTS(usual));
    for (LIST_EACH(Disk, disk, domain->disks))
        allow_file(list, disk->source.path, disk->readonly ? "r" : "rw");
    for (LIST_EACH(Hostdev, hostdev, domain->hostdevs)) {
        if (hostdev->type != HOSTDEV_NET)
            allow_file(list, hostdev->block ? hostdev->block : hostdev->character, "rw");
    }
    return cgroup_devices(inside, (const CgroupDevice *) (void *) list->data, error);
}

/* ---- where it is ---- */

/* Among the groups of this daemon's own root; a name cannot be mistaken for one of its files. */
static char *own_path(const Domain *domain)
{
    const char *partition = domain->partition ? domain->partition : DEFAULT_PARTITION;
    g_autofree char *name = g_strconcat("lxc-", domain->name, NULL);

    return g_build_filename(cgroup_root(), partition, name, NULL);
}

char *group_inside(const char *group) { return g_build_filename(group, GROUP_INSIDE, NULL); }

char *group_of_run(const char *directory)
{
    g_autofree char *path = g_build_filename(directory, KEPT, NULL);
    char *group = file_read(path, PATH_MAX, NULL);

    return group && *group ? group : (g_free(group), NULL);
}

static bool keep_name(const char *directory, const char *group, GError **error)
{
    g_autofree char *path = g_build_filename(directory, KEPT, NULL);

    return file_save_volatile(path, group, error);
}

/* ---- making it ---- */

static bool find_place(const Domain *domain, const char *directory, pid_t controller, char **group,
                       GError **error)
{
    bool has_systemd = sd_booted() > 0;

    if (!cgroup_root())
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "the unified hierarchy of control groups is not "
                    "mounted");
    /* what is about to be made is known to who finds us dead in between */
    *group = has_systemd ? scope_path(domain, controller) : own_path(domain);
    if (!keep_name(directory, *group, error))
        return false;
    group_end(*group); /* of a run that was lost */
    return has_systemd ? scope_start(domain, controller, error) : cgroup_make(*group, error);
}

/* Root inside may make groups below its own, if it is not the host's root user. */
static void give_inside(const Domain *domain, const char *inside)
{
    static const char *const files[] = { "", "cgroup.procs", "cgroup.threads",
                                         "cgroup.subtree_control" };
    unsigned uid = idmap_outside(domain->idmap_uids, 0);
    unsigned gid = idmap_outside(domain->idmap_gids, 0);

    if (!container_is_mapped(domain))
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(inside, files[i], NULL);

        (void) !chown(path, uid, gid);
    }
}

static bool fill(const Domain *domain, const char *group, pid_t controller, GError **error)
{
    g_autofree char *own = cgroup_make_below(group, "controller", error);
    g_autofree char *inside = own ? cgroup_make_below(group, GROUP_INSIDE, error) : NULL;
    g_autoptr(GError) no_devices = NULL;

    if (!inside || !cgroup_add(own, controller, error) || !cgroup_delegate(group, error) ||
        !limit_apply(domain, group, error))
        return false;
    give_inside(domain, inside);
    if (!group_devices(domain, group, &no_devices))
        g_info("container '%s': %s; it cannot make devices all the same", domain->name,
               no_devices->message);
    return true;
}

bool group_make(const Domain *domain, const char *directory, pid_t controller, char **group,
                GError **error)
{
    const char *asked = limit_asked(domain);
    g_autoptr(GError) reason = NULL;

    if (!find_place(domain, directory, controller, group, &reason)) {
        g_clear_pointer(group, g_free);
        if (asked)
            return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is not supported: %s", asked,
                        reason->message);
        g_info("container '%s' has no control group: %s", domain->name, reason->message);
        return keep_name(directory, "", error);
    }
    if (fill(domain, *group, controller, error))
        return true;
    group_end(*group);
    g_clear_pointer(group, g_free);
    return false;
}

/* A scope's group is systemd's: it hears of its being empty, and takes it away and the unit with
 * it. Were it gone by then, the unit would stay. */
void group_end(const char *group)
{
    if (group && g_str_has_suffix(group, ".scope"))
        cgroup_empty(group);
    else if (group)
        cgroup_end(group);
}
