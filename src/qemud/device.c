/* device.c - a device is a table of its properties; one builder serves them all */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "device.h"

#include <string.h>

/* ---- the builder ---- */

static bool encode_rows(Json *args, const Device *device, const Property *rows, const void *object,
                        const Domain *guest, const Caps *caps, GError **error)
{
    for (const Property *row = rows; row->encode || row->part; row++) {
        const void *slot = slot_at(object, row->offset);
        Json *value;

        if (row->part) {
            if (!encode_rows(args, device, row->part, slot, guest, caps, error))
                return false;
            continue;
        }
        value = row->encode(slot, row, guest);
        if (value && row->needs && !caps_has(caps, row->needs)) {
            json_unref(value);
            return fail(error, ERR_CONFIG_UNSUPPORTED, "this QEMU has no '%s' for '%s'", row->name,
                        device->driver);
        }
        if (value)
            json_object_object_add(args, row->name, value);
    }
    return true;
}

Json *device_json(const Device *device, const void *object, const Domain *guest, const Caps *caps,
                  GError **error)
{
    g_autoptr(Json) args = json_build("s", "driver", device->driver);

    if (device->needs && !caps_has(caps, device->needs))
        return fail(error, ERR_CONFIG_UNSUPPORTED, "this QEMU has no device '%s'", device->driver);
    if (!encode_rows(args, device, device->properties, object, guest, caps, error))
        return NULL;
    return g_steal_pointer(&args);
}

const Device *device_of(const Device *table, size_t count, unsigned model)
{
    return model < count && table[model].driver ? &table[model] : NULL;
}

static bool has_row(const Property *rows, const char *name)
{
    for (const Property *row = rows; row->encode || row->part; row++) {
        if (row->part ? has_row(row->part, name) : g_str_equal(row->name, name))
            return true;
    }
    return false;
}

bool device_takes(const Device *device, const Extra *extras, size_t count, GError **error)
{
    for (size_t i = 0; i < count; i++) {
        if (extras[i].given && !has_row(device->properties, extras[i].property))
            return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is not supported for device '%s'",
                        extras[i].path, device->driver);
    }
    return true;
}

/* ---- values ---- */

Json *encode_text(const void *slot, const Property *, const Domain *)
{
    const char *text = *(char *const *) slot;

    return text ? json_object_new_string(text) : NULL;
}

static Json *in_units(uint64_t value, const Property *row)
{
    return json_object_new_uint64(row->unit ? value / row->unit : value);
}

Json *encode_uint(const void *slot, const Property *row, const Domain *)
{
    unsigned value = *(const unsigned *) slot;

    return value ? in_units(value, row) : NULL;
}

Json *encode_u64(const void *slot, const Property *row, const Domain *)
{
    uint64_t value = *(const uint64_t *) slot;

    return value ? in_units(value, row) : NULL;
}

Json *encode_optional(const void *slot, const Property *, const Domain *)
{
    const Optional *value = slot;

    return value->given ? json_object_new_int64(value->value) : NULL;
}

Json *encode_switch(const void *slot, const Property *, const Domain *)
{
    Switch value = *(const Switch *) slot;

    return value ? json_object_new_boolean(value == SWITCH_ON) : NULL;
}

Json *encode_switch_word(const void *slot, const Property *, const Domain *)
{
    Switch value = *(const Switch *) slot;

    return value ? json_object_new_string(value == SWITCH_ON ? "on" : "off") : NULL;
}

Json *encode_flag(const void *slot, const Property *, const Domain *)
{
    return *(const bool *) slot ? json_object_new_boolean(true) : NULL;
}

Json *encode_name(const void *slot, const Property *row, const Domain *)
{
    const char *const *names = row->detail;
    unsigned value = *(const unsigned *) slot;

    return value ? json_object_new_string(names[value]) : NULL;
}

Json *encode_prefixed(const void *slot, const Property *row, const Domain *)
{
    g_autofree char *text = g_strconcat(row->detail, *(char *const *) slot, NULL);

    return json_object_new_string(text);
}

Json *encode_fixed(const void *, const Property *row, const Domain *)
{
    return json_object_new_string(row->detail);
}

Json *encode_iothread(const void *slot, const Property *, const Domain *)
{
    unsigned iothread = *(const unsigned *) slot;
    g_autofree char *name = g_strdup_printf("iothread%u", iothread);

    return iothread ? json_object_new_string(name) : NULL;
}

/* ---- what devices of all kinds have ---- */

Json *encode_boot_index(const void *slot, const Property *, const Domain *guest)
{
    unsigned index = boot_index(guest, slot);

    return index ? json_object_new_int64(index) : NULL;
}

static Json *encode_rom_bar(const void *slot, const Property *, const Domain *)
{
    Switch value = *(const Switch *) slot;

    return value ? json_object_new_int64(value == SWITCH_ON) : NULL;
}

/* A device without firmware is one whose firmware has no name. */
static Json *encode_rom_file(const void *slot, const Property *, const Domain *)
{
    const DeviceInfo *device = slot;

    if (device->rom_enabled == SWITCH_OFF)
        return json_object_new_string("");
    return device->rom_file ? json_object_new_string(device->rom_file) : NULL;
}

static Json *encode_bus(const void *slot, const Property *, const Domain *guest)
{
    const Address *address = slot;
    g_autofree char *bus = NULL;

    if (address->type == ADDRESS_PCI)
        bus = controller_bus(guest, CONTROLLER_PCI, address->pci.bus, 0);
    else if (address->type == ADDRESS_USB)
        bus = controller_bus(guest, CONTROLLER_USB, address->usb.bus, 0);
    else if (address->type == ADDRESS_VIRTIO_SERIAL)
        bus = controller_bus(guest, CONTROLLER_VIRTIO_SERIAL, address->virtio_serial.controller, 0);
    else if (address->type == ADDRESS_CCID)
        bus = controller_bus(guest, CONTROLLER_CCID, address->ccid.controller, 0);
    return bus ? json_object_new_string(bus) : NULL;
}

static Json *encode_pci_slot(const void *slot, const Property *, const Domain *)
{
    const Address *address = slot;
    g_autofree char *text = NULL;

    if (address->type != ADDRESS_PCI)
        return NULL;
    text = g_strdup_printf(address->pci.function ? "0x%x.0x%x" : "0x%x", address->pci.slot,
                           address->pci.function);
    return json_object_new_string(text);
}

static Json *encode_multifunction(const void *slot, const Property *, const Domain *)
{
    const Address *address = slot;

    if (address->type != ADDRESS_PCI || !address->pci.multifunction)
        return NULL;
    return json_object_new_boolean(address->pci.multifunction == SWITCH_ON);
}

static Json *encode_usb_port(const void *slot, const Property *, const Domain *)
{
    const Address *address = slot;
    char text[16];

    if (address->type != ADDRESS_USB)
        return NULL;
    return json_object_new_string(usb_port_print(address->usb.port, text));
}

static Json *encode_port_number(const void *slot, const Property *, const Domain *)
{
    const Address *address = slot;

    if (address->type != ADDRESS_VIRTIO_SERIAL)
        return NULL;
    return json_object_new_int64(address->virtio_serial.port);
}

static Json *encode_isa_base(const void *slot, const Property *row, const Domain *guest)
{
    const Address *address = slot;

    return address->type == ADDRESS_ISA ? encode_optional(&address->isa.iobase, row, guest) : NULL;
}

static Json *encode_isa_irq(const void *slot, const Property *row, const Domain *guest)
{
    const Address *address = slot;

    return address->type == ADDRESS_ISA ? encode_optional(&address->isa.irq, row, guest) : NULL;
}

// clang-format off
const Property place_properties[] = {
    ROW("bus", DeviceInfo, address, encode_bus),
    ROW("addr", DeviceInfo, address, encode_pci_slot),
    ROW("multifunction", DeviceInfo, address, encode_multifunction),
    ROW("port", DeviceInfo, address, encode_usb_port),
    ROW("nr", DeviceInfo, address, encode_port_number),
    ROW("iobase", DeviceInfo, address, encode_isa_base),
    ROW("irq", DeviceInfo, address, encode_isa_irq),
    {},
};

const Property info_properties[] = {
    MEMBER("id", DeviceInfo, alias),
    WHOLE("bootindex", encode_boot_index),
    ROW("rombar", DeviceInfo, rom_bar, encode_rom_bar),
    WHOLE("romfile", encode_rom_file),
    MEMBER("acpi-index", DeviceInfo, acpi_index),
    { .part = place_properties },
    {},
};

const Property virtio_properties[] = {
    SWITCH("iommu_platform", VirtioOptions, iommu),
    SWITCH("ats", VirtioOptions, ats),
    SWITCH("packed", VirtioOptions, packed),
    SWITCH("page-per-vq", VirtioOptions, page_per_vq),
    {},
};
// clang-format on

/* ---- controllers and buses ---- */

bool machine_is_q35(const Domain *guest)
{
    return g_str_equal(guest->os.machine, "q35") || g_str_has_prefix(guest->os.machine, "pc-q35-");
}

static bool machine_is_i440fx(const Domain *guest)
{
    return g_str_equal(guest->os.machine, "pc") ||
           g_str_has_prefix(guest->os.machine, "pc-i440fx-");
}

bool machine_is_pc(const Domain *guest)
{
    return machine_is_q35(guest) || machine_is_i440fx(guest);
}

bool controller_is_builtin(const Domain *guest, const Controller *controller)
{
    if (controller->index.value != 0)
        return false;
    switch (controller->type) {
    case CONTROLLER_PCI:
    case CONTROLLER_ISA:
        return true;
    case CONTROLLER_IDE:
    case CONTROLLER_FDC:
        return machine_is_i440fx(guest);
    case CONTROLLER_SATA:
        return machine_is_q35(guest);
    default:
        return false;
    }
}

const Controller *controller_find(const Domain *guest, ControllerType type, unsigned index)
{
    for (LIST_EACH(Controller, controller, guest->controllers)) {
        if (controller->type == type && controller->index.value == index)
            return controller;
    }
    return NULL;
}

char *controller_bus(const Domain *guest, ControllerType type, unsigned index, unsigned which)
{
    const Controller *controller = controller_find(guest, type, index);
    const char *alias = controller ? controller->info.alias : NULL;

    if (!controller)
        return g_strdup_printf("%s%u.%u", controller_type_names[type], index, which);
    if (type == CONTROLLER_PCI && index == 0)
        return g_strdup(controller->model == MODEL_PCIE_ROOT ? "pcie.0" : "pci.0");
    if (type == CONTROLLER_PCI)
        return g_strdup(alias);
    if (controller_is_builtin(guest, controller))
        alias = "ide";
    return g_strdup_printf("%s.%u", alias, which);
}

/* ---- booting ---- */

static const DeviceInfo *first_disk(const Domain *guest, DiskDevice kind)
{
    for (LIST_EACH(Disk, disk, guest->disks)) {
        if (disk->device == kind)
            return &disk->info;
    }
    return NULL;
}

/* <boot dev=> speaks of the first device of its kind. */
static const DeviceInfo *boot_device(const Domain *guest, BootDevice kind)
{
    switch (kind) {
    case BOOT_HD:
        return first_disk(guest, DISK_DISK);
    case BOOT_CDROM:
        return first_disk(guest, DISK_CDROM);
    case BOOT_FD:
        return first_disk(guest, DISK_FLOPPY);
    case BOOT_NETWORK:
        return list_length(guest->interfaces) ? guest->interfaces->pdata[0] : NULL;
    case BOOT_NONE:
        break;
    }
    return NULL;
}

unsigned boot_index(const Domain *guest, const DeviceInfo *device)
{
    if (device->boot_order)
        return device->boot_order;
    for (unsigned i = 0; i < list_length(guest->os.boot); i++) {
        const BootEntry *entry = guest->os.boot->pdata[i];

        if (boot_device(guest, entry->device) == device)
            return i + 1;
    }
    return 0;
}
