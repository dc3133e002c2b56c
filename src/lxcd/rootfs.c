/* rootfs.c - the file systems of a container, as steps of its plan */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rootfs.h"

#include "define.h"
#include "idmap.h"
#include "plan-write.h"
#include "rights.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* Options of a tmpfs that belongs to the container's root user. */
static char *memory_options(const Domain *domain, const char *mode, uint64_t kib)
{
    return g_strdup_printf("mode=%s,size=%" G_GUINT64_FORMAT "k,uid=%u,gid=%u", mode, kib,
                           idmap_outside(domain->idmap_uids, 0),
                           idmap_outside(domain->idmap_gids, 0));
}

/* ---- what the definition names ---- */

/* Whether its owners are those of outside already: then there is nothing to map. */
static bool is_shifted(const Domain *domain, const Fs *fs)
{
    struct stat file;

    if (fs->type == FS_FILE || fs->type == FS_BLOCK || stat(fs->source, &file) < 0)
        return false;
    for (LIST_EACH(IdmapRange, range, domain->idmap_uids)) {
        if (file.st_uid >= range->target && file.st_uid - range->target < range->count)
            return true;
    }
    return false;
}

static unsigned mount_flags(const Domain *domain, const Fs *fs)
{
    bool maps = fs->access == FS_MAPPED && container_is_mapped(domain) && !is_shifted(domain, fs);

    return (fs->readonly ? PLAN_IS_READONLY : 0) | (maps ? PLAN_MAPPED : 0);
}

static bool check_source(const Fs *fs, GError **error)
{
    struct stat file;

    if (stat(fs->source, &file) < 0)
        return fail_errno(error, errno, "the source '%s' of file system '%s' cannot be used",
                          fs->source, fs->target);
    if (g_str_equal(fs->target, "/") && (fs->type == FS_MOUNT || fs->type == FS_BIND) &&
        !S_ISDIR(file.st_mode))
        return fail(error, ERR_CONFIG_UNSUPPORTED, "the root '%s' is not a directory", fs->source);
    return true;
}

static bool plan_image(GByteArray *plan, const Domain *domain, const Fs *fs, const ImageRun *run,
                       GError **error)
{
    const char *type;
    g_autofree char *device = image_device(fs, run, &type, error);

    if (!device)
        return false;
    PLAN(plan, PLAN_FILE, mount_flags(domain, fs) | PLAN_NO_DEV, fs->target, type, "", device);
    return true;
}

static bool plan_filesystem(GByteArray *plan, const Domain *domain, const Fs *fs,
                            const ImageRun *run, GError **error)
{
    g_autofree char *options = NULL;

    switch (fs->type) {
    case FS_RAM:
        options = memory_options(domain, "0755", fs->ram);
        PLAN(plan, PLAN_FILE, (fs->readonly ? PLAN_IS_READONLY : 0) | PLAN_NO_SUID | PLAN_NO_DEV,
             fs->target, "tmpfs", options);
        return true;
    case FS_BLOCK:
    case FS_FILE:
        return check_source(fs, error) && plan_image(plan, domain, fs, run, error);
    default:
        if (!check_source(fs, error))
            return false;
        PLAN(plan, PLAN_BIND, mount_flags(domain, fs), fs->source, fs->target);
        return true;
    }
}

static bool plan_root(GByteArray *plan, const Domain *domain, const char *staging,
                      const ImageRun *run, GError **error)
{
    const Fs *fs = container_root(domain);
    const char *type;
    g_autofree char *device = NULL;

    if (!fs) {
        PLAN(plan, PLAN_ROOT, 0, "/", staging);
        return true;
    }
    if (fs->type == FS_RAM)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "the root of a container cannot be empty memory");
    if (!check_source(fs, error))
        return false;
    if (fs->type == FS_MOUNT || fs->type == FS_BIND) {
        PLAN(plan, PLAN_ROOT, mount_flags(domain, fs), fs->source, staging);
        return true;
    }
    device = image_device(fs, run, &type, error);
    if (device)
        PLAN(plan, PLAN_ROOT_FILE, mount_flags(domain, fs) | PLAN_NO_DEV, staging, type, "",
             device);
    return device != NULL;
}

/* ---- /dev ---- */

static void plan_node(GByteArray *plan, const char *path, mode_t mode, dev_t number)
{
    plan_step(plan, PLAN_NODE, 0, mode, number, PLAN_WORDS(path));
}

static void plan_usual_devices(GByteArray *plan)
{
    static const struct {
        const char *path;
        unsigned major, minor;
    } nodes[] = {
        { "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
        { "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
    };
    static const struct {
        const char *path, *to;
    } links[] = {
        { "/dev/fd", "/proc/self/fd" },       { "/dev/stdin", "/proc/self/fd/0" },
        { "/dev/stdout", "/proc/self/fd/1" }, { "/dev/stderr", "/proc/self/fd/2" },
        { "/dev/ptmx", "pts/ptmx" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(nodes); i++)
        plan_node(plan, nodes[i].path, S_IFCHR | 0666, makedev(nodes[i].major, nodes[i].minor));
    for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
        PLAN(plan, PLAN_LINK, 0, links[i].path, links[i].to);
}

static void plan_consoles(GByteArray *plan, const Domain *domain)
{
    unsigned count = list_length(domain->consoles);

    if (!count)
        return;
    plan_step(plan, PLAN_CONSOLES, 0, count, 0, PLAN_WORDS("dev/pts"));
    PLAN(plan, PLAN_LINK, 0, "/dev/console", "pts/0");
    for (unsigned i = 0; i < count; i++) {
        g_autofree char *path = g_strdup_printf("/dev/tty%u", i + 1);
        g_autofree char *to = g_strdup_printf("pts/%u", i);

        PLAN(plan, PLAN_LINK, 0, path, to);
    }
}

/* A device of the host under the name that it has there, or that of a disk's target. */
static bool plan_host_device(GByteArray *plan, const char *source, const char *path, mode_t type,
                             GError **error)
{
    g_autofree char *above = g_path_get_dirname(path);
    struct stat file;

    if (stat(source, &file) < 0)
        return fail_errno(error, errno, "the device '%s' cannot be used", source);
    if ((file.st_mode & S_IFMT) != type)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is not a %s device", source,
                    type == S_IFBLK ? "block" : "character");
    plan_step(plan, PLAN_DIRECTORY, 0, 0755, 0, PLAN_WORDS(above));
    plan_node(plan, path, type | 0600, file.st_rdev);
    return true;
}

static bool plan_host_devices(GByteArray *plan, const Domain *domain, GError **error)
{
    for (LIST_EACH(Disk, disk, domain->disks)) {
        g_autofree char *path = g_strconcat("/dev/", disk->target, NULL);

        if (!plan_host_device(plan, disk->source.path, path, S_IFBLK, error))
            return false;
    }
    for (LIST_EACH(Hostdev, hostdev, domain->hostdevs)) {
        const char *source = hostdev->block ? hostdev->block : hostdev->character;

        if (hostdev->type != HOSTDEV_NET &&
            !plan_host_device(plan, source, source, hostdev->block ? S_IFBLK : S_IFCHR, error))
            return false;
    }
    return true;
}

static bool plan_devices(GByteArray *plan, const Domain *domain, GError **error)
{
    unsigned private = PLAN_NO_SUID | PLAN_NO_EXEC;
    g_autofree char *options = memory_options(domain, "0755", 1024);
    g_autofree char *shared = memory_options(domain, "1777", 65536);
    g_autofree char *terminals = g_strdup_printf("newinstance,ptmxmode=0666,mode=0620,gid=%u",
                                                 idmap_outside(domain->idmap_gids, 5));

    PLAN(plan, PLAN_FILE, private, "/dev", "tmpfs", options);
    plan_usual_devices(plan);
    plan_step(plan, PLAN_DIRECTORY, 0, 0755, 0, PLAN_WORDS("/dev/pts"));
    plan_step(plan, PLAN_DIRECTORY, 0, 01777, 0, PLAN_WORDS("/dev/shm"));
    plan_step(plan, PLAN_DIRECTORY, 0, 01777, 0, PLAN_WORDS("/dev/mqueue"));
    PLAN(plan, PLAN_FILE, private, "/dev/pts", "devpts", terminals);
    PLAN(plan, PLAN_FILE, private | PLAN_NO_DEV, "/dev/shm", "tmpfs", shared);
    plan_consoles(plan, domain);
    return plan_host_devices(plan, domain, error);
}

/* ---- what is the kernel's ---- */

static const char *const protected[] = { "/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                         "/proc/sysrq-trigger" };
static const char *const hidden[] = {
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
};

/* An init that mounts is one that makes groups, too. With a network of its own a container gets a
 * sysfs of its own, which shows that. A user namespace that has none may not have one: it sees the
 * host's. */
static void plan_kernel(GByteArray *plan, const Domain *domain)
{
    unsigned safe = PLAN_NO_SUID | PLAN_NO_DEV | PLAN_NO_EXEC;
    bool mapped = container_is_mapped(domain);

    PLAN(plan, PLAN_OWN, safe, "/proc", "proc", "");
    if (mapped && !container_has_network(domain))
        PLAN(plan, PLAN_BIND, safe | PLAN_IS_READONLY, "/sys", "/sys");
    else
        PLAN(plan, PLAN_OWN, safe | PLAN_IS_READONLY, "/sys", "sysfs", "");
    PLAN(plan, PLAN_GROUPS,
         safe | PLAN_OPTIONAL | (rights_may_mount(domain) ? 0 : PLAN_IS_READONLY), "/sys/fs/cgroup",
         "cgroup2", "");
    PLAN(plan, PLAN_OWN, safe | PLAN_OPTIONAL, "/dev/mqueue", "mqueue", "");
    for (size_t i = 0; i < G_N_ELEMENTS(protected); i++)
        PLAN(plan, PLAN_READONLY, 0, protected[i]);
    for (size_t i = 0; i < G_N_ELEMENTS(hidden); i++)
        PLAN(plan, PLAN_MASK, 0, hidden[i]);
}

bool rootfs_plan(GByteArray *plan, const Domain *domain, const ImageRun *run, GError **error)
{
    g_autofree char *staging = g_build_filename(run->directory, ROOTFS_STAGING, NULL);

    if (!plan_root(plan, domain, staging, run, error))
        return false;
    for (LIST_EACH(Fs, fs, domain->filesystems)) {
        if (fs != container_root(domain) && !plan_filesystem(plan, domain, fs, run, error))
            return false;
    }
    if (!plan_devices(plan, domain, error))
        return false;
    plan_kernel(plan, domain);
    return true;
}
