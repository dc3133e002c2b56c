/* pci-plug.c - which devices are PCI devices, and of which kind */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "address-pci.h"

#include "base/names.h"

#include <sys/stat.h>

/* Transitional devices are conventional PCI, so that old drivers can use them. */
static PciPlug virtio(bool is_transitional) { return is_transitional ? PLUG_PCI : PLUG_PCIE; }

static PciPlug virtio_named(const char *model)
{
    return virtio(g_strcmp0(model, "virtio-transitional") == 0);
}

static PciPlug plug_disk(const void *device)
{
    const Disk *disk = device;

    return disk->bus == DISK_BUS_VIRTIO ? virtio(disk->model == DISK_MODEL_VIRTIO_TRANSITIONAL)
                                        : PLUG_NONE;
}

static PciPlug plug_pci_controller(ControllerModel model)
{
    switch (model) {
    case MODEL_PCI_BRIDGE:
        return PLUG_PCI_BRIDGE;
    case MODEL_DMI_TO_PCI_BRIDGE:
        return PLUG_DMI_BRIDGE;
    case MODEL_PCIE_TO_PCI_BRIDGE:
        return PLUG_TO_PCI_BRIDGE;
    case MODEL_PCIE_ROOT_PORT:
        return PLUG_ROOT_PORT;
    case MODEL_PCIE_SWITCH_UPSTREAM_PORT:
        return PLUG_UPSTREAM;
    case MODEL_PCIE_SWITCH_DOWNSTREAM_PORT:
        return PLUG_DOWNSTREAM;
    case MODEL_PCI_EXPANDER_BUS:
        return PLUG_EXPANDER;
    case MODEL_PCIE_EXPANDER_BUS:
        return PLUG_PCIE_EXPANDER;
    default:
        return PLUG_NONE;
    }
}

static PciPlug plug_usb_controller(ControllerModel model)
{
    if (model == MODEL_NO_USB)
        return PLUG_NONE;
    return model == MODEL_NEC_XHCI || model == MODEL_QEMU_XHCI ? PLUG_PCIE : PLUG_PCI;
}

static PciPlug plug_controller(const void *device)
{
    const Controller *controller = device;

    switch (controller->type) {
    case CONTROLLER_PCI:
        return plug_pci_controller(controller->model);
    case CONTROLLER_USB:
        return plug_usb_controller(controller->model);
    case CONTROLLER_SCSI:
        return controller->model == MODEL_VIRTIO_SCSI ||
                       controller->model == MODEL_VIRTIO_NON_TRANSITIONAL
                   ? PLUG_PCIE
                   : PLUG_PCI;
    case CONTROLLER_VIRTIO_SERIAL:
        return virtio(controller->model == MODEL_VIRTIO_TRANSITIONAL);
    case CONTROLLER_SATA:
    case CONTROLLER_IDE:
        return PLUG_PCI;
    default:
        return PLUG_NONE;
    }
}

/* A model that we do not know is most likely a newer one, of PCI Express. */
/* PCI Express is what has more than the 256 bytes of configuration that conventional PCI has; and
 * what is not there yet. */
static PciPlug plug_host_device(const PciAddress *pci)
{
    g_autofree char *path = g_strdup_printf("/sys/bus/pci/devices/%04x:%02x:%02x.%u/config",
                                            pci->domain, pci->bus, pci->slot, pci->function);
    struct stat info;

    return stat(path, &info) == 0 && info.st_size <= 256 ? PLUG_PCI : PLUG_PCIE;
}

static PciPlug plug_iface(const void *device)
{
    static const char *const conventional[] = {
        NULL,     "rtl8139",   "e1000",   "vmxnet",  "vmxnet2", "vmxnet3",
        "vlance", "Am79C970A", "82540EM", "82545EM", "82543GC", "virtio-transitional",
        NULL,
    };
    static const char *const other[] = {
        NULL, "usb-net", "lan9118", "smc91c111", "spapr-vlan", "netfront", NULL,
    };
    const Iface *iface = device;

    if (iface->type == IFACE_HOSTDEV)
        return iface->host_device->type == ADDRESS_PCI ? plug_host_device(&iface->host_device->pci)
                                                       : PLUG_NONE;
    if (!iface->model)
        return PLUG_PCI;
    if (names_find(other, iface->model) > 0)
        return PLUG_NONE;
    return names_find(conventional, iface->model) > 0 ? PLUG_PCI : PLUG_PCIE;
}

static PciPlug plug_sound(const void *device)
{
    switch (((const Sound *) device)->model) {
    case SOUND_ES1370:
    case SOUND_AC97:
    case SOUND_ICH6:
    case SOUND_ICH7:
    case SOUND_ICH9:
        return PLUG_PCI;
    default:
        return PLUG_NONE;
    }
}

static PciPlug plug_hostdev(const void *device)
{
    const Hostdev *hostdev = device;

    switch (hostdev->type) {
    case HOSTDEV_PCI:
        return plug_host_device(hostdev->pci);
    case HOSTDEV_SCSI_HOST:
        return virtio_named(hostdev->scsi_host_model);
    case HOSTDEV_MDEV:
        return hostdev->model == MDEV_VFIO_PCI ? PLUG_PCIE : PLUG_NONE;
    default:
        return PLUG_NONE;
    }
}

static PciPlug plug_video(const void *device)
{
    switch (((const Video *) device)->model) {
    case VIDEO_VIRTIO:
        return PLUG_PCIE;
    case VIDEO_NONE:
    case VIDEO_RAMFB:
        return PLUG_NONE;
    default:
        return PLUG_PCI;
    }
}

static PciPlug plug_memdev(const void *device)
{
    MemdevModel model = ((const Memdev *) device)->model;

    return model == MEMDEV_VIRTIO_MEM || model == MEMDEV_VIRTIO_PMEM ? PLUG_PCIE : PLUG_NONE;
}

static PciPlug plug_fs(const void *device) { return virtio_named(((const Fs *) device)->model); }

static PciPlug plug_balloon(const void *device)
{
    BalloonModel model = ((const Balloon *) device)->model;

    return model == BALLOON_NONE ? PLUG_NONE : virtio(model == BALLOON_VIRTIO_TRANSITIONAL);
}

static PciPlug plug_rng(const void *device)
{
    return virtio(((const Rng *) device)->model == RNG_VIRTIO_TRANSITIONAL);
}

static PciPlug plug_vsock(const void *device)
{
    return virtio(((const Vsock *) device)->model == VSOCK_VIRTIO_TRANSITIONAL);
}

static PciPlug plug_input(const void *device)
{
    const Input *input = device;

    return input->bus == INPUT_VIRTIO ? virtio_named(input->model) : PLUG_NONE;
}

static PciPlug plug_watchdog(const void *device)
{
    return ((const Watchdog *) device)->model == WATCHDOG_I6300ESB ? PLUG_PCI : PLUG_NONE;
}

static PciPlug plug_serial(const void *device)
{
    return ((const Serial *) device)->type == SERIAL_PCI ? PLUG_PCI : PLUG_NONE;
}

static PciPlug plug_shmem(const void *) { return PLUG_PCI; }

static PciPlug plug_iommu(const void *device)
{
    return ((const Iommu *) device)->model == IOMMU_VIRTIO ? PLUG_INTEGRATED : PLUG_NONE;
}

PciPlug pci_plug_of(const DeviceKind *kind, const DeviceInfo *device)
{
    static const struct {
        const XmlElement *element;
        PciPlug (*plug)(const void *device);
    } plugs[] = {
        { &disk_element, plug_disk },         { &controller_element, plug_controller },
        { &iface_element, plug_iface },       { &sound_element, plug_sound },
        { &hostdev_element, plug_hostdev },   { &video_element, plug_video },
        { &memdev_element, plug_memdev },     { &fs_element, plug_fs },
        { &balloon_element, plug_balloon },   { &rng_element, plug_rng },
        { &vsock_element, plug_vsock },       { &input_element, plug_input },
        { &watchdog_element, plug_watchdog }, { &serial_element, plug_serial },
        { &shmem_element, plug_shmem },       { &iommu_element, plug_iommu },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(plugs); i++) {
        if (plugs[i].element == kind->element)
            return plugs[i].plug(device);
    }
    return PLUG_NONE;
}
