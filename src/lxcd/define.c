/* define.c - what a container's definition leaves open, and what it may hold */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "define.h"

#include "guest/new-device.h"
#include "host/cpu.h"
#include "limit.h"
#include "model/served.h"
#include "plan.h"
#include "rights.h"

#include <string.h>
#include <unistd.h>

/* ---- what is served ---- */

// clang-format off
static const ServedRow rows[] = {
    { "", "@type=lxc name uuid title description metadata memory currentMemory vcpu" },
    { "", "vcpu/@placement=static vcpu/@cpuset vcpu/@current on_poweroff=destroy|restart" },
    { "", "on_reboot=destroy|restart on_crash=destroy|restart resource/partition devices" },
    { "", "devices/emulator memoryBacking/* memtune/hard_limit memtune/soft_limit" },
    { "", "memtune/swap_hard_limit blkiotune/weight cputune/shares cputune/period cputune/quota" },
    { "", "numatune/memory/@mode=strict numatune/memory/@nodeset" },
    { "blkiotune/device", "path weight read_iops_sec write_iops_sec read_bytes_sec write_bytes_sec" },
    { "os", "type=exe type/@arch init initdir inituser initgroup" },
    { "os/initarg", "." },
    { "os/initenv", "@name ." },
    { "idmap/uid", "@start @target @count" },
    { "idmap/gid", "@start @target @count" },
    { "features", ". privnet capabilities/@policy acpi apic pae" },
    { "features/capabilities/*", "name() @state" },
    { "clock", "@offset=utc|localtime" },
    { "devices/filesystem", "@type=mount|bind|block|file|ram @accessmode=passthrough|mapped "
                            "driver/@type=path|loop|nbd driver/@format=raw|qcow2 source/@dir source/@dev "
                            "source/@file source/@usage source/@units target/@dir "
                            "readonly space_hard_limit space_soft_limit" },
    { "devices/interface", "@type=network|bridge|ethernet|direct mac/@address mac/@type mac/@check "
                           "source/@network source/@portgroup source/@bridge source/@dev source/@mode "
                           "virtualport virtualport/* vlan/* bandwidth/* port/@isolated target/@dev "
                           "@trustGuestRxFilters "
                           "guest/@dev link/@state mtu/@size model/@type" },
    { "devices/interface/ip", "@family @address @prefix @peer" },
    { "devices/interface/route", "@family @address @netmask @prefix @gateway @metric" },
    { "devices/console", "@type=pty target/*" },
    { "devices/console/source", "*" },
    { "devices/disk", "@type=block @device=disk driver/@name driver/@type=raw source/@dev "
                      "target/@dev target/@bus readonly" },
    { "devices/hostdev", "@mode=capabilities @type=storage|misc|net source/block source/char "
                         "source/interface" },
    { "devices/hostdev/ip", "@family @address @prefix @peer" },
    { "devices/hostdev/route", "@family @address @netmask @prefix @gateway @metric" },
    { "seclabel", "@type=none @model @relabel" },
    { "namespace", "sharenet/* shareipc/* shareuts/*" },
    {},
};
// clang-format on

static ServedTable table = { rows };

/* ---- defaults ---- */

const char *container_controller(void)
{
    static char *path;

    if (g_once_init_enter(&path)) {
        g_autofree char *own = g_file_read_link("/proc/self/exe", NULL);
        g_autofree char *folder = own ? g_path_get_dirname(own) : NULL;
        g_autofree char *beside =
            folder ? g_build_filename(folder, "ostler-lxc-controller", NULL) : NULL;
        bool is_there = beside && access(beside, X_OK) == 0;

        g_once_init_leave(&path, is_there ? g_steal_pointer(&beside) : g_strdup(CONTROLLER));
    }
    return path;
}

static bool check_kind(Domain *domain, GError **error)
{
    const char *arch = domain->os.arch ? domain->os.arch : host_arch();
    const char *type = domain_type_names[domain->type];
    bool runs = g_str_equal(arch, host_arch()) ||
                (g_str_equal(arch, "i686") && g_str_equal(host_arch(), "x86_64"));

    if (domain->type != DOMAIN_LXC || domain->os.type != OS_EXE || !runs)
        return fail(error, ERR_INVALID_ARG,
                    "could not find capabilities for arch=%s domaintype=%s ostype=%s", arch, type,
                    os_type_names[domain->os.type]);
    return true;
}

static void set_string(char **slot, const char *text)
{
    if (!*slot)
        *slot = g_strdup(text);
}

/* Who leaves the label to the driver gets what there is: none. */
static void settle_label(Seclabel *seclabel)
{
    if (seclabel->type == SECLABEL_DYNAMIC && !seclabel->model) {
        seclabel->type = SECLABEL_NONE;
        seclabel->relabel = SWITCH_OFF;
        g_clear_pointer(&seclabel->base_label, g_free);
    }
}

static void set_defaults(Domain *domain)
{
    set_string(&domain->os.arch, host_arch());
    set_string(&domain->emulator, container_controller());
    domain->has_devices = true;
    for (LIST_EACH(Fs, fs, domain->filesystems)) {
        if (!fs->access)
            fs->access = FS_PASSTHROUGH;
    }
    for (LIST_EACH(Console, console, domain->consoles)) {
        if (!console->type)
            console->type = CONSOLE_LXC;
    }
    for (LIST_EACH(Iface, iface, domain->interfaces))
        iface_identify(iface);
    for (LIST_EACH(Seclabel, seclabel, domain->seclabels))
        settle_label(seclabel);
}

/* ---- rules ---- */

static bool maps_root(const GPtrArray *ranges)
{
    for (LIST_EACH(IdmapRange, range, ranges)) {
        if (range->start == 0 && range->count > 0)
            return true;
    }
    return false;
}

static bool check_idmap(const Domain *domain, GError **error)
{
    if (!domain->idmap_uids && !domain->idmap_gids)
        return true;
    if (!domain->idmap_uids || !domain->idmap_gids)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "uid and gid should be mapped both");
    if (!maps_root(domain->idmap_uids) || !maps_root(domain->idmap_gids))
        return fail(error, ERR_CONFIG_UNSUPPORTED, "You must map the root user of container");
    return true;
}

/* A loop device shows a file as it is; directories and files alone have space that can be limited.
 */
static bool check_kind_of_fs(const Fs *fs, GError **error)
{
    bool is_directory = fs->type == FS_MOUNT || fs->type == FS_BIND;

    if (fs->driver == FS_DRIVER_NBD && (fs->type != FS_FILE || !fs->format))
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "driver 'nbd' of file system '%s' needs a file and its format", fs->target);
    if (g_strcmp0(fs->format, "qcow2") == 0 && fs->driver != FS_DRIVER_NBD)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "format 'qcow2' of file system '%s' needs the driver 'nbd'", fs->target);
    return is_directory || !(fs->hard_limit || fs->soft_limit) ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "the space of file system '%s' cannot be limited: it is of type '%s'", fs->target,
                fs_type_names[fs->type]);
}

static bool check_filesystems(const Domain *domain, GError **error)
{
    for (LIST_EACH(Fs, fs, domain->filesystems)) {
        bool has_path = fs->type != FS_RAM;

        if (*fs->target != '/')
            return fail(error, ERR_XML, "filesystem target '%s' must be an absolute path",
                        fs->target);
        if (has_path && *fs->source != '/')
            return fail(error, ERR_XML, "filesystem source '%s' must be an absolute path",
                        fs->source);
        if (!check_kind_of_fs(fs, error))
            return false;
    }
    return true;
}

static bool check_consoles(const Domain *domain, GError **error)
{
    return list_length(domain->consoles) <= PLAN_CONSOLES_MAX ||
           fail(error, ERR_CONFIG_UNSUPPORTED, "a container has at most %d consoles",
                PLAN_CONSOLES_MAX);
}

static bool check_init(const Domain *domain, GError **error)
{
    return *domain->os.init == '/' ||
           fail(error, ERR_XML, "init '%s' must be an absolute path", domain->os.init);
}

const Fs *container_root(const Domain *domain)
{
    for (LIST_EACH(Fs, fs, domain->filesystems)) {
        if (g_str_equal(fs->target, "/"))
            return fs;
    }
    return NULL;
}

/* ---- the names of devices that run ---- */

static bool is_taken(const GPtrArray *devices, const char *alias)
{
    for (LIST_EACH(DeviceInfo, device, devices)) {
        if (g_strcmp0(device->alias, alias) == 0)
            return true;
    }
    return false;
}

void container_name_devices(const Domain *live)
{
    const struct {
        const GPtrArray *list;
        const char *kind;
    } lists[] = {
        { live->consoles, "console" }, { live->filesystems, "fs" },   { live->interfaces, "net" },
        { live->disks, "disk" },       { live->hostdevs, "hostdev" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        for (LIST_EACH(DeviceInfo, device, lists[i].list)) {
            for (unsigned number = 0; !device->alias; number++) {
                g_autofree char *alias = g_strdup_printf("%s%u", lists[i].kind, number);

                if (!is_taken(lists[i].list, alias))
                    device->alias = g_steal_pointer(&alias);
            }
        }
    }
}

bool container_complete(Domain *domain, GError **error)
{
    if (!check_kind(domain, error))
        return false;
    set_defaults(domain);
    return served_table_check(&table, domain, error) && check_idmap(domain, error) &&
           check_filesystems(domain, error) && check_consoles(domain, error) &&
           check_init(domain, error) && limit_check(domain, error);
}
