/* dev-controller.c - controllers, as QEMU's devices */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dev-controller.h"

/* ---- properties ---- */

/* A companion serves ports of the controller with its index, which is on the bus of that alias. */
static Json *encode_master(const void *slot, const Property *, const Domain *guest)
{
    const Controller *controller = slot;
    g_autofree char *bus =
        controller_bus(guest, CONTROLLER_USB, (unsigned) controller->index.value, 0);

    return json_object_new_string(bus);
}

// clang-format off
static const Property plain[] = {
    PART(Controller, info, info_properties),
    {},
};
static const Property port[] = {
    MEMBER("port", Controller, port),
    MEMBER("chassis", Controller, chassis),
    SWITCH("hotplug", Controller, hotplug),
    PART(Controller, info, info_properties),
    {},
};
static const Property bridge[] = {
    MEMBER("chassis_nr", Controller, chassis_number),
    PART(Controller, info, info_properties),
    {},
};
static const Property expander[] = {
    MEMBER("bus_nr", Controller, bus_number),
    PART(Controller, info, info_properties),
    {},
};
static const Property xhci[] = {
    MEMBER("p2", Controller, ports),
    MEMBER("p3", Controller, ports),
    PART(Controller, info, info_properties),
    {},
};
static const Property companion[] = {
    WHOLE("masterbus", encode_master),
    MEMBER("firstport", Controller, master_start_port),
    PART(Controller, info, place_properties),
    {},
};
static const Property virtio_scsi[] = {
    PART(Controller, virtio, virtio_properties),
    ROW("iothread", Controller, iothread, encode_iothread),
    MEMBER("num_queues", Controller, queues),
    MEMBER("cmd_per_lun", Controller, cmd_per_lun),
    MEMBER("max_sectors", Controller, max_sectors),
    SWITCH("ioeventfd", Controller, ioeventfd),
    PART(Controller, info, info_properties),
    {},
};
static const Property virtio_serial[] = {
    PART(Controller, virtio, virtio_properties),
    MEMBER("max_ports", Controller, ports),
    MEMBER("vectors", Controller, vectors),
    PART(Controller, info, info_properties),
    {},
};
static const Property anonymous[] = { {} };

static const Device by_model[] = {
    [MODEL_PCI_BRIDGE] = { "pci-bridge", bridge, CAP_PCI_BRIDGE },
    [MODEL_DMI_TO_PCI_BRIDGE] = { "i82801b11-bridge", plain },
    [MODEL_PCIE_TO_PCI_BRIDGE] = { "pcie-pci-bridge", plain, CAP_PCIE_PCI_BRIDGE },
    [MODEL_PCIE_ROOT_PORT] = { "pcie-root-port", port, CAP_PCIE_ROOT_PORT },
    [MODEL_PCIE_SWITCH_UPSTREAM_PORT] = { "x3130-upstream", plain },
    [MODEL_PCIE_SWITCH_DOWNSTREAM_PORT] = { "xio3130-downstream", port },
    [MODEL_PCI_EXPANDER_BUS] = { "pxb", expander, CAP_PXB },
    [MODEL_PCIE_EXPANDER_BUS] = { "pxb-pcie", expander, CAP_PXB_PCIE },

    [MODEL_LSILOGIC] = { "lsi", plain, CAP_LSI_SCSI },
    [MODEL_LSISAS1068] = { "mptsas1068", plain, CAP_MPTSAS_SCSI },
    [MODEL_LSISAS1078] = { "megasas", plain, CAP_MEGASAS_SCSI },
    [MODEL_VMPVSCSI] = { "pvscsi", plain, CAP_PVSCSI },
    [MODEL_AM53C974] = { "am53c974", plain },
    [MODEL_DC390] = { "dc390", plain },
    [MODEL_VIRTIO_SCSI] = { "virtio-scsi-pci", virtio_scsi, CAP_VIRTIO_SCSI },

    [MODEL_PIIX3_UHCI] = { "piix3-usb-uhci", plain, CAP_PIIX3_USB },
    [MODEL_PIIX4_UHCI] = { "piix4-usb-uhci", plain },
    [MODEL_EHCI] = { "usb-ehci", plain },
    [MODEL_ICH9_EHCI1] = { "ich9-usb-ehci1", plain, CAP_ICH9_USB },
    [MODEL_ICH9_UHCI1] = { "ich9-usb-uhci1", companion, CAP_ICH9_USB },
    [MODEL_ICH9_UHCI2] = { "ich9-usb-uhci2", companion, CAP_ICH9_USB },
    [MODEL_ICH9_UHCI3] = { "ich9-usb-uhci3", companion, CAP_ICH9_USB },
    [MODEL_PCI_OHCI] = { "pci-ohci", plain },
    [MODEL_NEC_XHCI] = { "nec-usb-xhci", xhci, CAP_NEC_XHCI },
    [MODEL_QEMU_XHCI] = { "qemu-xhci", xhci, CAP_QEMU_XHCI },
};
static const Device by_type[] = {
    [CONTROLLER_SATA] = { "ahci", plain, CAP_ICH9_AHCI },
    [CONTROLLER_FDC] = { "isa-fdc", anonymous },
    [CONTROLLER_VIRTIO_SERIAL] = { "virtio-serial-pci", virtio_serial, CAP_VIRTIO_SERIAL },
};
/* The models that several types share under one name. */
static const Device scsi_models[] = {
    [MODEL_VIRTIO_TRANSITIONAL] = { "virtio-scsi-pci-transitional", virtio_scsi },
    [MODEL_VIRTIO_NON_TRANSITIONAL] = { "virtio-scsi-pci-non-transitional", virtio_scsi },
};
static const Device virtio_serial_models[] = {
    [MODEL_VIRTIO_TRANSITIONAL] = { "virtio-serial-pci-transitional", virtio_serial },
    [MODEL_VIRTIO_NON_TRANSITIONAL] = { "virtio-serial-pci-non-transitional", virtio_serial },
};
static const Device ioh3420 = { "ioh3420", port };
// clang-format on

static const Device *choose(const Controller *controller)
{
    const Device *special = NULL;

    if (controller->model == MODEL_PCIE_ROOT_PORT && g_strcmp0(controller->device, "ioh3420") == 0)
        return &ioh3420;
    if (controller->type == CONTROLLER_SCSI)
        special = DEVICE_OF(scsi_models, controller->model);
    else if (controller->type == CONTROLLER_VIRTIO_SERIAL)
        special = DEVICE_OF(virtio_serial_models, controller->model);
    if (special)
        return special;
    if (controller->model && controller->type != CONTROLLER_VIRTIO_SERIAL)
        return DEVICE_OF(by_model, controller->model);
    return DEVICE_OF(by_type, controller->type);
}

static bool has_floppies(const Domain *guest)
{
    for (LIST_EACH(Disk, disk, guest->disks)) {
        if (disk->bus == DISK_BUS_FDC)
            return true;
    }
    return false;
}

/* Without drives, a machine that has no floppy controller of its own gets none. */
static bool is_silent(const Domain *guest, const Controller *controller)
{
    return controller_is_builtin(guest, controller) || controller->model == MODEL_NO_USB ||
           (controller->type == CONTROLLER_FDC && !has_floppies(guest));
}

/* What only some devices have is refused for the others. */
static bool check_extras(const Controller *controller, const Device *device, GError **error)
{
    const char *ports = controller->type == CONTROLLER_USB ? "p2" : "max_ports";
    const Extra extras[] = {
        { controller->hotplug, "hotplug", "target/@hotplug" },
        { controller->queues, "num_queues", "driver/@queues" },
        { controller->cmd_per_lun, "cmd_per_lun", "driver/@cmd_per_lun" },
        { controller->max_sectors, "max_sectors", "driver/@max_sectors" },
        { controller->ioeventfd, "ioeventfd", "driver/@ioeventfd" },
        { controller->iothread, "iothread", "driver/@iothread" },
        { controller->ports.given, ports, "@ports" },
        { controller->vectors.given, "vectors", "@vectors" },
    };

    return device_takes(device, extras, G_N_ELEMENTS(extras), error);
}

bool controller_check(const Domain *guest, const Controller *controller, GError **error)
{
    const char *model = controller_model_names[controller->model];
    const Device *device;

    if (is_silent(guest, controller))
        return true;
    device = choose(controller);
    if (!device)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "controller of type '%s'%s%s%s is not supported",
                    controller_type_names[controller->type], model ? " and model '" : "",
                    model ? model : "", model ? "'" : "");
    if (controller->device && g_strcmp0(controller->device, device->driver) != 0)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "PCI controller model name '%s' is not supported for a '%s'",
                    controller->device, model);
    return check_extras(controller, device, error);
}

Json *controller_json(const Domain *guest, const Controller *controller, const Caps *caps,
                      GError **error)
{
    if (is_silent(guest, controller))
        return NULL;
    return device_json(choose(controller), controller, guest, caps, error);
}

/* ---- the command line ---- */

static bool add_all(Args *args, const Domain *live, ControllerType type, GError **error)
{
    for (LIST_EACH(Controller, controller, live->controllers)) {
        Json *json;

        if (controller->type != type || is_silent(live, controller))
            continue;
        json = controller_json(live, controller, args->caps, error);
        if (!json)
            return false;
        args_json(args, "-device", json);
    }
    return true;
}

/* What the machine's own controllers are told. */
static void add_globals(Args *args, const Domain *live)
{
    bool q35 = machine_is_q35(live);

    for (LIST_EACH(Controller, controller, live->controllers)) {
        if (controller->type != CONTROLLER_PCI || controller->index.value != 0)
            continue;
        if (controller->pcihole64)
            args_take(args, "-global",
                      g_strdup_printf("%s.pci-hole64-size=%" G_GUINT64_FORMAT "K",
                                      q35 ? "q35-pcihost" : "i440FX-pcihost",
                                      controller->pcihole64));
        if (controller->hotplug && !q35)
            args_take(args, "-global",
                      g_strdup_printf("PIIX4_PM.acpi-root-pci-hotplug=%s",
                                      controller->hotplug == SWITCH_ON ? "on" : "off"));
    }
}

/* Those that others are on come first: the order of types. */
bool controllers_add(Args *args, const Domain *live, GError **error)
{
    static const ControllerType order[] = {
        CONTROLLER_PCI,  CONTROLLER_USB,           CONTROLLER_SCSI, CONTROLLER_IDE,
        CONTROLLER_SATA, CONTROLLER_VIRTIO_SERIAL, CONTROLLER_FDC,
    };

    add_globals(args, live);
    for (size_t i = 0; i < G_N_ELEMENTS(order); i++) {
        if (!add_all(args, live, order[i], error))
            return false;
    }
    return true;
}
