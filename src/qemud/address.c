/* address.c - gives every device its place: what is no PCI and no USB */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "address.h"

#include "address-pci.h"
#include "address-usb.h"
#include "board.h"
#include "implicit.h"
#include "model/order.h"

/* ---- disks ---- */

/* How many disks hang on what, by bus; 0: not counted. */
static const struct {
    unsigned per_controller, per_bus;
} layouts[] = {
    [DISK_BUS_IDE] = { 4, 2 },  [DISK_BUS_FDC] = { 2, 2 }, [DISK_BUS_SCSI] = { 7, 7 },
    [DISK_BUS_SATA] = { 6, 6 }, [DISK_BUS_SD] = { 0, 0 },
};

/* The place that the letters of the target's name mean: "hdc" is the third on IDE. */
static void assign_drive(Disk *disk)
{
    unsigned index, per_controller, per_bus;

    if (disk->info.address.type != ADDRESS_NONE || disk->bus >= G_N_ELEMENTS(layouts) ||
        !layouts[disk->bus].per_controller || disk_target_index(disk->target) < 0)
        return;
    index = disk_target_index(disk->target);
    per_controller = layouts[disk->bus].per_controller;
    per_bus = layouts[disk->bus].per_bus;
    disk->info.address.type = ADDRESS_DRIVE;
    disk->info.address.drive = (DriveAddress){
        .controller = index / per_controller,
        .bus = index % per_controller / per_bus,
        .unit = index % per_bus,
    };
}

static bool drive_equal(const DriveAddress *a, const DriveAddress *b)
{
    return a->controller == b->controller && a->bus == b->bus && a->target == b->target &&
           a->unit == b->unit;
}

static bool disk_is_at(const Disk *disk, DiskBus bus, const DriveAddress *drive)
{
    return disk->bus == bus && disk->info.address.type == ADDRESS_DRIVE &&
           drive_equal(&disk->info.address.drive, drive);
}

static bool check_drives(const Domain *domain, GError **error)
{
    for (LIST_EACH(Disk, disk, domain->disks)) {
        for (LIST_EACH(Disk, other, domain->disks)) {
            if (disk == other || disk->info.address.type != ADDRESS_DRIVE ||
                !disk_is_at(other, disk->bus, &disk->info.address.drive))
                continue;
            return fail(error, ERR_CONFIG_UNSUPPORTED,
                        "disks '%s' and '%s' have the same drive address", disk->target,
                        other->target);
        }
    }
    return true;
}

static bool drive_is_taken(const Domain *domain, const DriveAddress *drive)
{
    for (LIST_EACH(Disk, disk, domain->disks)) {
        if (disk_is_at(disk, DISK_BUS_SCSI, drive))
            return true;
    }
    for (LIST_EACH(Hostdev, hostdev, domain->hostdevs)) {
        if (hostdev->info.address.type == ADDRESS_DRIVE &&
            drive_equal(&hostdev->info.address.drive, drive))
            return true;
    }
    return false;
}

static void assign_scsi_hostdev(const Domain *domain, Hostdev *hostdev)
{
    DriveAddress drive = {};

    if (hostdev->type != HOSTDEV_SCSI || hostdev->info.address.type != ADDRESS_NONE)
        return;
    while (drive_is_taken(domain, &drive)) {
        if (++drive.unit == layouts[DISK_BUS_SCSI].per_controller) {
            drive.unit = 0;
            drive.controller++;
        }
    }
    hostdev->info.address.type = ADDRESS_DRIVE;
    hostdev->info.address.drive = drive;
}

bool assign_drives(Domain *domain, GError **error)
{
    for (LIST_EACH(Disk, disk, domain->disks))
        assign_drive(disk);
    for (LIST_EACH(Hostdev, hostdev, domain->hostdevs))
        assign_scsi_hostdev(domain, hostdev);
    return check_drives(domain, error);
}

/* ---- virtio-serial ---- */

enum { PORTS_DEFAULT = 31 }; /* port 0 is left to consoles */

static bool port_is_taken(const Domain *domain, const VirtioSerialAddress *address)
{
    for (LIST_EACH(Channel, channel, domain->channels)) {
        const VirtioSerialAddress *other = &channel->info.address.virtio_serial;

        if (channel->info.address.type == ADDRESS_VIRTIO_SERIAL && other->port &&
            other->controller == address->controller && other->port == address->port)
            return true;
    }
    return false;
}

/* The first free port of the controller, or 0. */
static unsigned free_port(const Domain *domain, const Controller *controller)
{
    VirtioSerialAddress address = { .controller = controller->index.value };
    unsigned ports = controller->ports.given ? controller->ports.value : PORTS_DEFAULT;

    for (address.port = 1; address.port < ports; address.port++) {
        if (!port_is_taken(domain, &address))
            return address.port;
    }
    return 0;
}

static Controller *with_free_port(Domain *domain, unsigned *port)
{
    int64_t next = 0;

    for (LIST_EACH(Controller, controller, domain->controllers)) {
        if (controller->type != CONTROLLER_VIRTIO_SERIAL)
            continue;
        next = MAX(next, controller->index.value + 1);
        if ((*port = free_port(domain, controller)))
            return controller;
    }
    *port = 1;
    return add_controller(domain, CONTROLLER_VIRTIO_SERIAL, MODEL_NONE, next);
}

static bool assign_channel(Domain *domain, Channel *channel, GError **error)
{
    Address *address = &channel->info.address;
    Controller *controller;
    unsigned port;

    if (channel->type != CHANNEL_VIRTIO ||
        (address->type && address->type != ADDRESS_VIRTIO_SERIAL))
        return true;
    if (address->type && address->virtio_serial.port)
        return true;
    if (!address->type) {
        controller = with_free_port(domain, &port);
        address->type = ADDRESS_VIRTIO_SERIAL;
        address->virtio_serial.controller = controller->index.value;
    } else {
        controller =
            domain_controller(domain, CONTROLLER_VIRTIO_SERIAL, address->virtio_serial.controller);
        port = controller ? free_port(domain, controller) : 0;
    }
    address->virtio_serial.port = port;
    return port || fail(error, ERR_XML, "virtio-serial controller %u has no free port",
                        address->virtio_serial.controller);
}

static bool check_channels(const Domain *domain, GError **error)
{
    for (LIST_EACH(Channel, channel, domain->channels)) {
        const VirtioSerialAddress *address = &channel->info.address.virtio_serial;

        if (channel->info.address.type != ADDRESS_VIRTIO_SERIAL || !address->port)
            continue;
        for (LIST_EACH(Channel, other, domain->channels)) {
            if (other == channel || other->info.address.type != ADDRESS_VIRTIO_SERIAL ||
                other->info.address.virtio_serial.controller != address->controller ||
                other->info.address.virtio_serial.port != address->port)
                continue;
            return fail(error, ERR_XML, "virtio-serial port %u on controller %u is used twice",
                        address->port, address->controller);
        }
    }
    return true;
}

static bool assign_channels(Domain *domain, GError **error)
{
    if (!check_channels(domain, error))
        return false;
    for (LIST_EACH(Channel, channel, domain->channels)) {
        if (!assign_channel(domain, channel, error))
            return false;
    }
    return true;
}

/* ---- smart cards ---- */

static void assign_smartcards(Domain *domain)
{
    unsigned slot = 0;

    for (LIST_EACH(Smartcard, smartcard, domain->smartcards)) {
        if (smartcard->info.address.type == ADDRESS_CCID)
            slot = MAX(slot, smartcard->info.address.ccid.slot + 1);
    }
    for (LIST_EACH(Smartcard, smartcard, domain->smartcards)) {
        if (smartcard->info.address.type != ADDRESS_NONE)
            continue;
        smartcard->info.address.type = ADDRESS_CCID;
        smartcard->info.address.ccid.slot = slot++;
    }
}

/* ---- channel subsystem of mainframes ---- */

enum { VIRTUAL_CSSID = 0xfe };

typedef struct CcwNext {
    const Domain *domain;
    unsigned devno;
} CcwNext;

static bool takes_devno(const DeviceKind *, DeviceInfo *device, void *data)
{
    const CcwNext *next = data;
    const Address *address = &device->address;

    return address->type != ADDRESS_CCW || address->ccw.cssid != VIRTUAL_CSSID ||
           address->ccw.devno != next->devno;
}

static void assign_ccw(DeviceInfo *device, CcwNext *next)
{
    Address *address = &device->address;

    if (address->type == ADDRESS_CCW ? address->ccw.cssid != 0 : address->type != ADDRESS_NONE)
        return;
    while (!domain_each_device(next->domain, takes_devno, next))
        next->devno++;
    address->type = ADDRESS_CCW;
    address->ccw = (CcwAddress){ .cssid = VIRTUAL_CSSID, .devno = next->devno };
}

/* Whatever would be a virtio device on PCI. */
static void assign_channel_subsystem(Domain *domain)
{
    XmlElement *const order[] = { &disk_element,       &iface_element,   &fs_element,
                                  &controller_element, &hostdev_element, &balloon_element,
                                  &rng_element,        &input_element,   &video_element,
                                  &vsock_element };
    CcwNext next = { .domain = domain };

    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        const DeviceKind *kind = device_kinds;

        while (kind->element != order[i])
            kind++;
        for (LIST_EACH(DeviceInfo, device, device_list(domain, kind))) {
            if (pci_plug_of(kind, device) == PLUG_PCIE)
                assign_ccw(device, &next);
        }
    }
}

/* ---- all ---- */

bool domain_addresses(Domain *domain, GError **error)
{
    Board board = board_of(domain);

    if (!assign_channels(domain, error))
        return false;
    assign_smartcards(domain);
    if (board == BOARD_S390)
        assign_channel_subsystem(domain);
    return (!board_has_pci(board) || assign_pci(domain, true, error)) &&
           assign_usb(domain, true, error);
}

bool device_address(Domain *domain, GError **error)
{
    if (!assign_drives(domain, error) || !assign_channels(domain, error))
        return false;
    assign_smartcards(domain);
    if (board_of(domain) == BOARD_S390)
        assign_channel_subsystem(domain);
    return (!board_has_pci(board_of(domain)) || assign_pci(domain, false, error)) &&
           assign_usb(domain, false, error);
}
