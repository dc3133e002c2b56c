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
#include <linux/capability.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <systemd/sd-daemon.h>

#define KEPT "group"
#define DEFAULT_PARTITION "/machine"
#define IN_SCOPE "container"

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

/* The files of the scope itself are systemd's, which sets them again at every reload. */
static char *path_in_scope(const Domain *domain, pid_t controller)
{
    g_autofree char *scope = scope_path(domain, controller);

    return g_build_filename(scope, IN_SCOPE, NULL);
}

static bool is_scope(const char *group)
{
    g_autofree char *name = g_path_get_basename(group);

    return g_str_has_prefix(name, "machine-") && g_str_has_suffix(name, ".scope");
}

static bool check_partition(const Domain *domain, GError **error)
{
    const char *partition = domain->partition ? domain->partition : DEFAULT_PARTITION;
    g_auto(GStrv) parts = g_strsplit(partition, "/", -1);

    if (*partition != '/')
        return fail(error, ERR_CONFIG_UNSUPPORTED, "resource partition '%s' must begin with '/'",
                    partition);
    for (char **part = parts; *part; part++) {
        if (g_str_equal(*part, ".") || g_str_equal(*part, ".."))
            return fail(error, ERR_CONFIG_UNSUPPORTED, "resource partition '%s' must not hold '%s'",
                        partition, *part);
    }
    return true;
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

static bool make_in_scope(const Domain *domain, const char *group, pid_t controller, GError **error)
{
    g_autofree char *scope = g_path_get_dirname(group);
    g_autofree char *made =
        scope_start(domain, controller, error) ? cgroup_make_below(scope, IN_SCOPE, error) : NULL;

    return made != NULL;
}

static bool find_place(const Domain *domain, const char *directory, pid_t controller, char **group,
                       GError **error)
{
    bool has_systemd = sd_booted() > 0;

    if (!cgroup_root())
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "the unified hierarchy of control groups is not "
                    "mounted");
    /* what is about to be made is known to who finds us dead in between */
    *group = has_systemd ? path_in_scope(domain, controller) : own_path(domain);
    if (!keep_name(directory, *group, error))
        return false;
    group_end(*group); /* of a run that was lost */
    return has_systemd ? make_in_scope(domain, *group, controller, error)
                       : cgroup_make(*group, error);
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

/* Controllers are given from the top down, and only by groups that hold no process themselves. */
static bool delegate(const char *group, GError **error)
{
    g_autofree char *above = g_path_get_dirname(group);

    return (!is_scope(above) || cgroup_delegate(above, error)) && cgroup_delegate(group, error);
}

/* Who may make devices can make those of the host's disks, if nothing keeps it from using them. */
static const char *needs_devices(const Domain *domain)
{
    bool makes = rights_capabilities(domain) >> CAP_MKNOD & 1 && !container_is_mapped(domain);

    return makes ? "features/capabilities/mknod" : NULL;
}

static bool limit_devices(const Domain *domain, const char *group, GError **error)
{
    const char *asked = needs_devices(domain);
    g_autoptr(GError) reason = NULL;

    if (group_devices(domain, group, &reason))
        return true;
    if (asked)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is not supported: %s", asked,
                    reason->message);
    g_info("container '%s': %s; it cannot make devices all the same", domain->name,
           reason->message);
    return true;
}

static bool fill(const Domain *domain, const char *group, pid_t controller, GError **error)
{
    g_autofree char *own = cgroup_make_below(group, "controller", error);
    g_autofree char *inside = own ? cgroup_make_below(group, GROUP_INSIDE, error) : NULL;

    if (!inside || !cgroup_add(own, controller, error) || !delegate(group, error) ||
        !limit_begin(domain, group, error) || !limit_devices(domain, group, error))
        return false;
    give_inside(domain, inside);
    return true;
}

/* What cannot be without a group. The default partition is named by many who ask for nothing. */
static const char *asked_of(const Domain *domain)
{
    const char *asked = limit_asked(domain), *partition = domain->partition;

    if (partition && !g_str_equal(partition, DEFAULT_PARTITION))
        return "resource/partition";
    return asked ? asked : needs_devices(domain);
}

bool group_make(const Domain *domain, const char *directory, pid_t controller, char **group,
                GError **error)
{
    const char *asked = asked_of(domain);
    g_autoptr(GError) reason = NULL;
    bool placed;

    if (!check_partition(domain, error))
        return false;
    placed = find_place(domain, directory, controller, group, &reason);
    if (placed && fill(domain, *group, controller, error))
        return true;
    group_end(*group);
    g_clear_pointer(group, g_free);
    if (placed)
        return false;
    if (asked)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is not supported: %s", asked,
                    reason->message);
    g_info("container '%s' has no control group: %s", domain->name, reason->message);
    return keep_name(directory, "", error);
}

/* A scope itself is systemd's: it hears of its being empty, and takes it away and the unit with it.
 * Were it gone by then, the unit would stay. A daemon of before has limited scopes themselves. */
void group_end(const char *group)
{
    if (group && is_scope(group))
        cgroup_empty(group);
    else if (group)
        cgroup_end(group);
}
