/* taken.c - which guest has which device of the host
 *
 * Daemons with guests ask for devices and give them back; nobody else touches what is taken. What
 * is done to the host is noted on disk first, so that it is undone whoever is killed meanwhile. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "taken.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "daemon/daemon.h"
#include "facts.h"
#include "host/pci-bind.h"
#include "host/pci.h"
#include "host/sysfs.h"
#include "model/hostdev.h"
#include "model/list.h"
#include "object/store.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* A device that one guest has. */
typedef struct Taken {
    char *name;
    Uuid owner;
    char *owner_name;
    bool bound; /* it was taken from a driver of the host's, which gets it back */
    bool left;  /* the guest has let go of it, but the host could not get it back */
    Hostdev *device;
} Taken;

static const XmlField taken_fields[] = {
    XML_FLAG("bound", Taken, bound),
    XML_FLAG("left", Taken, left),
    XML_STRING("owner/@name", Taken, owner_name, .required = true),
    XML_UUID("owner/@uuid", Taken, owner),
    XML_CHILD("hostdev", Taken, device, &hostdev_element, .required = true),
    {},
};
static XmlElement taken_element = {
    .name = "taken",
    .size = sizeof(Taken),
    .fields = taken_fields,
};

Strand *taken_strand;
static Store store;
static GHashTable *all; /* name -> Taken */

static void taken_free(void *data)
{
    Taken *taken = data;

    g_free(g_steal_pointer(&taken->name));
    xml_free(&taken_element, taken);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Taken, taken_free)

static bool save(const Taken *taken, GError **error)
{
    g_autofree char *xml = xml_format(&taken_element, taken, XML_LIVE);

    return store_save_state(&store, taken->name, xml, error);
}

/* ---- PCI functions ---- */

static char *pci_name(const Hostdev *device)
{
    const PciAddress *at = device->pci;

    return g_strdup_printf("%04x:%02x:%02x.%x", at->domain, at->bus, at->slot, at->function);
}

static int open_function(const char *function)
{
    g_autofree char *path = g_strconcat(facts_root(), "/sys/bus/pci/devices/", function, NULL);

    return sysfs_open(AT_FDCWD, path);
}

/* No device can be given away where none is in a group of an IOMMU. */
static bool check_iommu(GError **error)
{
    g_autofree char *path = g_strconcat(facts_root(), "/sys/kernel/iommu_groups", NULL);
    g_autoptr(GDir) groups = g_dir_open(path, 0, NULL);

    return (groups && g_dir_read_name(groups)) ||
           fail(error, ERR_CONFIG_UNSUPPORTED,
                "host doesn't support passthrough of host PCI devices: it has no IOMMU, or none "
                "that is switched on");
}

static bool pci_find(Hostdev *device, GError **error)
{
    g_autofree char *name = pci_name(device);
    g_auto(Fd) directory = -1;

    if (!check_iommu(error))
        return false;
    directory = open_function(name);
    return directory >= 0 || fail_errno(error, errno, "PCI device %s not found", name);
}

static char *driver_of(const char *function)
{
    g_auto(Fd) directory = open_function(function);

    return directory < 0 ? NULL : sysfs_link(directory, "driver");
}

static bool pci_take(Taken *taken, GError **error)
{
    g_autofree char *driver = driver_of(taken->name);
    bool given_away = g_strcmp0(driver, HOST_PCI_VFIO) == 0;

    if (given_away)
        return true;
    if (taken->device->managed != SWITCH_ON)
        return fail(error, ERR_OPERATION_INVALID,
                    "Unmanaged PCI device %s must be manually detached from the host", taken->name);
    taken->bound = true;
    return save(taken, error) && host_pci_detach(facts_root(), taken->name, error);
}

/* Who shares its IOMMU group can reach the guest's memory, as it can. */
static bool check_peer(const Taken *taken, const char *peer, const char *group, GError **error)
{
    const Taken *other = g_hash_table_lookup(all, peer);
    g_autofree char *driver = driver_of(peer);
    g_auto(Fd) directory = open_function(peer);
    HostPciConfig config;

    if (other && !uuid_equal(&other->owner, &taken->owner))
        return fail(error, ERR_OPERATION_INVALID,
                    "PCI device %s cannot be given to guest '%s': %s of the same IOMMU group %s is "
                    "in use by guest '%s'",
                    taken->name, taken->owner_name, peer, group, other->owner_name);
    if (!driver || g_str_equal(driver, HOST_PCI_VFIO) || g_str_equal(driver, "pci-stub"))
        return true;
    host_pci_config(directory, &config);
    return config.header != 0 ||
           fail(error, ERR_OPERATION_INVALID,
                "PCI device %s cannot be given to guest '%s': %s of the same IOMMU group %s is in "
                "use by the host's driver '%s'",
                taken->name, taken->owner_name, peer, group, driver);
}

static GDir *open_group(const char *function, char **group)
{
    g_auto(Fd) directory = open_function(function);
    g_autofree char *path = NULL;

    *group = directory < 0 ? NULL : sysfs_link(directory, "iommu_group");
    path = g_strconcat(facts_root(), "/sys/kernel/iommu_groups/", *group ? *group : "-", "/devices",
                       NULL);
    return g_dir_open(path, 0, NULL);
}

static bool pci_check(const Taken *taken, GError **error)
{
    g_autofree char *group = NULL;
    g_autoptr(GDir) members = open_group(taken->name, &group);

    for (const char *peer; members && (peer = g_dir_read_name(members));) {
        if (!g_str_equal(peer, taken->name) && !check_peer(taken, peer, group, error))
            return false;
    }
    return true;
}

/* A guest keeps the whole group open for another function of it. */
static bool group_is_used(const Taken *taken)
{
    g_autofree char *group = NULL;
    g_autoptr(GDir) members = open_group(taken->name, &group);

    for (const char *peer; members && (peer = g_dir_read_name(members));) {
        const Taken *other = g_hash_table_lookup(all, peer);

        if (other && !other->left)
            return true;
    }
    return false;
}

static bool pci_give_back(const Taken *taken)
{
    g_autoptr(GError) error = NULL;

    if (!taken->bound || !pci_find(taken->device, NULL))
        return true;
    if (group_is_used(taken))
        return false;
    if (host_pci_reattach_when_free(facts_root(), taken->name, &error))
        return true;
    g_warning("PCI device %s of guest '%s' is not given back: %s", taken->name, taken->owner_name,
              error->message);
    return false;
}

/* ---- USB devices ---- */

static char *usb_name(const Hostdev *device)
{
    return g_strdup_printf("%03u.%03u", device->usb->bus, device->usb->device);
}

/* A device on the bus; 0 in what is not known. */
typedef struct UsbSeen {
    int64_t bus, device, vendor, product;
} UsbSeen;

static bool look_at_usb(const char *name, UsbSeen *seen)
{
    g_autofree char *path = g_strconcat(facts_root(), "/sys/bus/usb/devices/", name, NULL);
    g_auto(Fd) directory = sysfs_open(AT_FDCWD, path);

    *seen = (UsbSeen){};
    return directory >= 0 && sysfs_number(directory, "busnum", 10, &seen->bus) &&
           sysfs_number(directory, "devnum", 10, &seen->device) &&
           sysfs_number(directory, "idVendor", 16, &seen->vendor) &&
           sysfs_number(directory, "idProduct", 16, &seen->product);
}

static bool is_meant(const Hostdev *device, const UsbSeen *seen)
{
    return (!device->usb ||
            (device->usb->bus == seen->bus && device->usb->device == seen->device)) &&
           (!device->vendor.given || device->vendor.value == seen->vendor) &&
           (!device->product.given || device->product.value == seen->product);
}

static char *describe_usb(const Hostdev *device)
{
    if (device->usb && device->vendor.given)
        return g_strdup_printf("%04x:%04x bus:%u device:%u", (unsigned) device->vendor.value,
                               (unsigned) device->product.value, device->usb->bus,
                               device->usb->device);
    if (device->usb)
        return g_strdup_printf("bus:%u device:%u", device->usb->bus, device->usb->device);
    return g_strdup_printf("%04x:%04x", (unsigned) device->vendor.value,
                           (unsigned) device->product.value);
}

/* Known by its kind alone. */
static bool is_vague(const Hostdev *device) { return device->type == HOSTDEV_USB && !device->usb; }

static bool no_usb(Hostdev *device, const char *what, GError **error)
{
    device->missing = device->startup_policy == STARTUP_POLICY_OPTIONAL ? SWITCH_ON : SWITCH_ABSENT;
    return device->missing || fail(error, ERR_INTERNAL, "Did not find USB device %s", what);
}

/* The one that is meant. Of several alike, those that guests have are passed over. */
static bool usb_find(Hostdev *device, GError **error)
{
    g_autofree char *path = g_strconcat(facts_root(), "/sys/bus/usb/devices", NULL);
    g_autofree char *what = describe_usb(device);
    g_autoptr(GDir) names = g_dir_open(path, 0, NULL);
    unsigned meant = 0, free = 0;
    HostUsbAddress found = {};
    UsbSeen seen;

    for (const char *name; names && (name = g_dir_read_name(names));) {
        g_autofree char *key = NULL;

        if (!look_at_usb(name, &seen) || !is_meant(device, &seen))
            continue;
        meant++;
        key = g_strdup_printf("%03u.%03u", (unsigned) seen.bus, (unsigned) seen.device);
        if (is_vague(device) && g_hash_table_contains(all, key))
            continue;
        free++;
        found = (HostUsbAddress){ seen.bus, seen.device };
    }
    if (meant == 0)
        return no_usb(device, what, error);
    if (free == 0)
        return fail(error, ERR_OPERATION_INVALID, "All matched USB devices (%s) are in use", what);
    if (free > 1)
        return fail(error, ERR_OPERATION_FAILED,
                    "Multiple USB devices for %s, use <address> to specify one", what);
    if (!device->usb)
        device->usb = g_new(HostUsbAddress, 1);
    *device->usb = found;
    return true;
}

static int usb_open(const Taken *taken, GError **error)
{
    g_autofree char *path = g_strdup_printf("%s/dev/bus/usb/%03u/%03u", facts_root(),
                                            taken->device->usb->bus, taken->device->usb->device);
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0)
        fail_errno(error, errno, "cannot open USB device '%s'", path);
    return fd;
}

/* ---- mediated devices ---- */

static char *mdev_name(const Hostdev *device)
{
    char uuid[UUID_TEXT];

    return g_strdup(uuid_print(&device->mdev, uuid));
}

static bool mdev_find(Hostdev *device, GError **error)
{
    g_autofree char *name = mdev_name(device);
    g_autofree char *path = g_strconcat(facts_root(), "/sys/bus/mdev/devices/", name, NULL);

    return sysfs_exists(AT_FDCWD, path) ||
           fail(error, ERR_DEVICE_MISSING, "mediated device '%s' not found", name);
}

/* ---- devices of all kinds ---- */

typedef struct Kind {
    const char *what;
    char *(*name)(const Hostdev *device);
    bool (*find)(Hostdev *device, GError **error); /* may mark it as missing */
    bool (*take)(Taken *taken, GError **error);
    bool (*check)(const Taken *taken, GError **error); /* when all have been taken */
    int (*open)(const Taken *taken, GError **error);
    bool (*give_back)(const Taken *taken); /* false: not now */
} Kind;

static const Kind kinds[] = {
    [HOSTDEV_PCI] = { "PCI device", pci_name, pci_find, pci_take, pci_check, NULL, pci_give_back },
    [HOSTDEV_USB] = { "USB device", usb_name, usb_find, .open = usb_open },
    [HOSTDEV_MDEV] = { "mediated device", mdev_name, mdev_find },
};

static const Kind *kind_of(const Hostdev *device, GError **error)
{
    if (device->type < G_N_ELEMENTS(kinds) && kinds[device->type].find)
        return &kinds[device->type];
    return fail(error, ERR_CONFIG_UNSUPPORTED, "host devices of type '%s' cannot be given away",
                hostdev_type_names[device->type]);
}

static bool fail_in_use(const Taken *taken, GError **error)
{
    return fail(error, ERR_OPERATION_INVALID, "%s %s is in use by guest '%s'",
                kinds[taken->device->type].what, taken->name, taken->owner_name);
}

bool taken_check_free(const char *name, GError **error)
{
    const Taken *taken = g_hash_table_lookup(all, name);

    return !taken || taken->left || fail_in_use(taken, error);
}

/* What cannot be given back now is tried again when the guest lets go of more. */
static void give_back(Taken *taken)
{
    const Kind *kind = &kinds[taken->device->type];
    g_autoptr(GError) error = NULL;

    if (kind->give_back && !kind->give_back(taken)) {
        if (!save(taken, &error))
            g_warning("%s", error->message);
        return;
    }
    if (!store_drop_state(&store, taken->name, &error))
        g_warning("%s", error->message);
    g_hash_table_remove(all, taken->name);
}

/* All are let go of before the first is given back: they may share a group. */
static void give_all_back(const GPtrArray *some)
{
    for (LIST_EACH(Taken, taken, some))
        taken->left = true;
    for (LIST_EACH(Taken, taken, some))
        give_back(taken);
}

/* Notes that the guest has it; NULL without an error: the device is not there, which is allowed. */
static Taken *claim(const Uuid *owner, const char *owner_name, Hostdev *device, GError **error)
{
    g_autoptr(Taken) taken = NULL;
    const Taken *former;
    const Kind *kind = kind_of(device, error);

    if (!kind || !kind->find(device, error) || device->missing)
        return NULL;
    taken = g_new0(Taken, 1);
    *taken = (Taken){ .name = kind->name(device),
                      .owner = *owner,
                      .owner_name = g_strdup(owner_name),
                      .device = xml_copy(&hostdev_element, device) };
    former = g_hash_table_lookup(all, taken->name);
    if (former && !(former->left && uuid_equal(&former->owner, owner))) {
        fail_in_use(former, error);
        return NULL;
    }
    taken->bound = former && former->bound;
    if (!save(taken, error))
        return NULL;
    g_hash_table_replace(all, taken->name, taken);
    return g_steal_pointer(&taken);
}

static bool claim_all(const Uuid *owner, const char *owner_name, const GPtrArray *devices,
                      GPtrArray *claimed, GError **error)
{
    for (LIST_EACH(Hostdev, device, devices)) {
        GError *problem = NULL;
        Taken *taken = claim(owner, owner_name, device, &problem);

        if (taken)
            g_ptr_array_add(claimed, taken);
        if (problem) {
            g_propagate_error(error, problem);
            return false;
        }
    }
    return true;
}

static bool take_all(const GPtrArray *claimed, GArray *fds, GError **error)
{
    for (LIST_EACH(Taken, taken, claimed)) {
        const Kind *kind = &kinds[taken->device->type];

        if (kind->take && !kind->take(taken, error))
            return false;
    }
    for (LIST_EACH(Taken, taken, claimed)) {
        const Kind *kind = &kinds[taken->device->type];
        int fd = -1;

        if ((kind->check && !kind->check(taken, error)) ||
            (kind->open && (fd = kind->open(taken, error)) < 0))
            return false;
        if (fd >= 0)
            g_array_append_val(fds, fd);
    }
    return true;
}

bool taken_add(const Uuid *owner, const char *owner_name, const GPtrArray *devices, GArray *fds,
               GError **error)
{
    g_autoptr(GPtrArray) claimed = g_ptr_array_new();

    if (claim_all(owner, owner_name, devices, claimed, error) && take_all(claimed, fds, error))
        return true;
    give_all_back(claimed);
    return false;
}

static bool is_among(const GPtrArray *devices, const Taken *taken)
{
    for (LIST_EACH(Hostdev, device, devices)) {
        const Kind *kind = kind_of(device, NULL);
        g_autofree char *name = kind && !is_vague(device) ? kind->name(device) : NULL;

        if (g_strcmp0(name, taken->name) == 0)
            return true;
    }
    return false;
}

void taken_keep(const Uuid *owner, const GPtrArray *devices)
{
    g_autoptr(GPtrArray) left = g_ptr_array_new();
    GHashTableIter at;
    void *item;

    g_hash_table_iter_init(&at, all);
    while (g_hash_table_iter_next(&at, NULL, &item)) {
        if (uuid_equal(&((Taken *) item)->owner, owner) && !is_among(devices, item))
            g_ptr_array_add(left, item);
    }
    give_all_back(left);
}

static bool load(const char *name, const char *text, void *, GError **error)
{
    g_autoptr(Taken) taken = xml_parse(&taken_element, text, XML_LIVE, NULL, error);

    if (!taken || !kind_of(taken->device, error))
        return false;
    taken->name = g_strdup(name);
    g_hash_table_replace(all, taken->name, taken);
    g_steal_pointer(&taken);
    return true;
}

bool taken_open(GError **error)
{
    taken_strand = strand_new();
    all = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, taken_free);
    store.states = daemon_path("run/ostler/nodedev/taken");
    if (!file_make_directory(store.states, 0700, error))
        return false;
    store_load(store.states, load, NULL);
    return true;
}
