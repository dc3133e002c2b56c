/* alias.c - the names by which QEMU and clients know a running guest's devices
 *
 * Tools look devices up by these names, so they follow the rules that tools know: those of disks
 * and controllers tell their place, the others are counted. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "alias.h"

#include "device.h"

/* Kinds whose devices are counted. */
typedef struct Counted {
    size_t list; /* offset in Domain */
    const char *prefix;
    bool from_zero; /* the least number that is free, not the place in the list */
} Counted;

// clang-format off
static const Counted counted[] = {
    { offsetof(Domain, interfaces), "net", .from_zero = true },
    { offsetof(Domain, serials), "serial" },
    { offsetof(Domain, parallels), "parallel" },
    { offsetof(Domain, consoles), "console" },
    { offsetof(Domain, channels), "channel" },
    { offsetof(Domain, inputs), "input" },
    { offsetof(Domain, sounds), "sound" },
    { offsetof(Domain, videos), "video" },
    { offsetof(Domain, hubs), "hub" },
    { offsetof(Domain, watchdogs), "watchdog" },
    { offsetof(Domain, balloons), "balloon" },
    { offsetof(Domain, rngs), "rng", .from_zero = true },
    { offsetof(Domain, iommus), "iommu" },
};
// clang-format on

static bool is_taken(const GPtrArray *devices, const char *alias)
{
    for (unsigned i = 0; i < devices->len; i++) {
        const DeviceInfo *device = devices->pdata[i];

        if (g_strcmp0(device->alias, alias) == 0)
            return true;
    }
    return false;
}

static void count(const Domain *live, const Counted *kind)
{
    GPtrArray *devices = *(GPtrArray **) slot_at(live, kind->list);

    for (unsigned i = 0; i < list_length(devices); i++) {
        DeviceInfo *device = devices->pdata[i];

        for (unsigned number = kind->from_zero ? 0 : i; !device->alias; number++) {
            g_autofree char *alias = g_strdup_printf("%s%u", kind->prefix, number);

            if (!is_taken(devices, alias))
                device->alias = g_steal_pointer(&alias);
        }
    }
}

static bool is_taken_by_host_device(const Domain *live, const char *alias)
{
    return (live->hostdevs && is_taken(live->hostdevs, alias)) ||
           (live->interfaces && is_taken(live->interfaces, alias));
}

static void name_host_device(const Domain *live, DeviceInfo *device)
{
    for (unsigned number = 0; !device->alias; number++) {
        g_autofree char *alias = g_strdup_printf("hostdev%u", number);

        if (!is_taken_by_host_device(live, alias))
            device->alias = g_steal_pointer(&alias);
    }
}

/* Interfaces that are such are counted with the others. */
static void name_host_devices(const Domain *live)
{
    for (LIST_EACH(Iface, iface, live->interfaces)) {
        if (iface_is_device(iface))
            name_host_device(live, &iface->info);
    }
    for (LIST_EACH(Hostdev, hostdev, live->hostdevs))
        name_host_device(live, &hostdev->info);
}

/* The first console may be the first serial port under another name. */
static void share_console(const Domain *live)
{
    Console *console = list_length(live->consoles) ? live->consoles->pdata[0] : NULL;
    const Serial *serial = list_length(live->serials) ? live->serials->pdata[0] : NULL;

    if (!console || !serial || console->type != CONSOLE_SERIAL)
        return;
    g_free(console->info.alias);
    console->info.alias = g_strdup(serial->info.alias);
}

static char *controller_alias(const Domain *live, const Controller *controller)
{
    unsigned index = controller->index.value;

    if (controller->type == CONTROLLER_PCI && controller->model == MODEL_PCIE_ROOT)
        return g_strdup("pcie.0");
    if (controller->type == CONTROLLER_PCI)
        return g_strdup_printf("pci.%u", index);
    if (controller->type == CONTROLLER_USB && index == 0)
        return g_strdup("usb");
    if (controller_is_builtin(live, controller) &&
        (controller->type == CONTROLLER_IDE || controller->type == CONTROLLER_SATA))
        return g_strdup("ide");
    return g_strdup_printf("%s%u", controller_type_names[controller->type], index);
}

static bool is_lsi(const Domain *live, unsigned index)
{
    const Controller *controller = controller_find(live, CONTROLLER_SCSI, index);

    return controller && controller->model == MODEL_LSILOGIC;
}

static char *disk_alias(const Domain *live, const Disk *disk)
{
    const DriveAddress *at = &disk->info.address.drive;
    const char *bus = disk_bus_names[disk->bus];

    if (disk->info.address.type != ADDRESS_DRIVE)
        return g_strdup_printf("%s-disk%d", bus, disk_target_index(disk->target));
    if (disk->bus == DISK_BUS_SCSI && !is_lsi(live, at->controller))
        return g_strdup_printf("scsi%u-%u-%u-%u", at->controller, at->bus, at->target, at->unit);
    return g_strdup_printf("%s%u-%u-%u", bus, at->controller, at->bus, at->unit);
}

void alias_assign(Domain *live)
{
    for (LIST_EACH(Controller, controller, live->controllers)) {
        if (!controller->info.alias)
            controller->info.alias = controller_alias(live, controller);
    }
    for (LIST_EACH(Disk, disk, live->disks)) {
        if (!disk->info.alias)
            disk->info.alias = disk_alias(live, disk);
    }
    name_host_devices(live);
    for (size_t i = 0; i < G_N_ELEMENTS(counted); i++)
        count(live, &counted[i]);
    share_console(live);
}
