/* dev-disk.c - disks, as QEMU's devices */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dev-disk.h"

#include "blockdev.h"

/* ---- properties ---- */

static Json *encode_node(const void *slot, const Property *, const Domain *)
{
    g_autofree char *node = blockdev_node(slot);

    return node ? json_object_new_string(node) : NULL;
}

/* Whether the guest is told of a cache that it has to flush. */
static Json *encode_write_cache(const void *slot, const Property *, const Domain *)
{
    DiskCache cache = *(const DiskCache *) slot;

    if (cache == CACHE_ABSENT || cache == CACHE_DEFAULT)
        return NULL;
    return json_object_new_string(cache == CACHE_WRITETHROUGH || cache == CACHE_DIRECTSYNC ? "off"
                                                                                           : "on");
}

static const char *const error_words[] = {
    [ERROR_POLICY_STOP] = "stop",
    [ERROR_POLICY_REPORT] = "report",
    [ERROR_POLICY_IGNORE] = "ignore",
    [ERROR_POLICY_ENOSPACE] = "enospc",
};

static Json *encode_write_error(const void *slot, const Property *, const Domain *)
{
    const Disk *disk = slot;

    return disk->error_policy ? json_object_new_string(error_words[disk->error_policy]) : NULL;
}

/* What holds for writing holds for reading, but that reading never runs out of space. */
static Json *encode_read_error(const void *slot, const Property *, const Domain *)
{
    const Disk *disk = slot;
    DiskErrorPolicy policy = disk->rerror_policy;

    if (!policy && disk->error_policy != ERROR_POLICY_ENOSPACE)
        policy = disk->error_policy;
    return policy ? json_object_new_string(error_words[policy]) : NULL;
}

static Json *encode_wwn(const void *slot, const Property *, const Domain *)
{
    const char *wwn = *(char *const *) slot;

    return wwn ? json_object_new_uint64(g_ascii_strtoull(wwn, NULL, 16)) : NULL;
}

static Json *encode_drive_bus(const void *slot, const Property *, const Domain *guest)
{
    const Disk *disk = slot;
    const DriveAddress *at = &disk->info.address.drive;
    g_autofree char *bus = NULL;

    if (disk->bus == DISK_BUS_IDE)
        bus = controller_bus(guest, CONTROLLER_IDE, at->controller, at->bus);
    else if (disk->bus == DISK_BUS_SATA)
        bus = controller_bus(guest, CONTROLLER_SATA, at->controller, at->unit);
    else
        bus = controller_bus(guest, CONTROLLER_SCSI, at->controller, 0);
    return json_object_new_string(bus);
}

static Json *encode_unit(const void *slot, const Property *, const Domain *)
{
    return json_object_new_int64(((const Address *) slot)->drive.unit);
}

/* Old adapters know targets only: the unit is one. */
static bool has_luns(const Domain *guest, const Disk *disk)
{
    const Controller *controller =
        controller_find(guest, CONTROLLER_SCSI, disk->info.address.drive.controller);
    ControllerModel model = controller ? controller->model : MODEL_NONE;

    return model != MODEL_LSILOGIC && model != MODEL_AM53C974 && model != MODEL_DC390;
}

static Json *encode_channel(const void *slot, const Property *, const Domain *guest)
{
    const Disk *disk = slot;

    return has_luns(guest, disk) ? json_object_new_int64(disk->info.address.drive.bus) : NULL;
}

static Json *encode_scsi_id(const void *slot, const Property *, const Domain *guest)
{
    const Disk *disk = slot;
    const DriveAddress *at = &disk->info.address.drive;

    return json_object_new_int64(has_luns(guest, disk) ? at->target : at->unit);
}

static Json *encode_lun(const void *slot, const Property *, const Domain *guest)
{
    const Disk *disk = slot;

    return has_luns(guest, disk) ? json_object_new_int64(disk->info.address.drive.unit) : NULL;
}

/* What the guest reads on the page that names the device. */
static Json *encode_device_id(const void *slot, const Property *, const Domain *)
{
    const Disk *disk = slot;
    g_autofree char *drive = g_strconcat("drive-", disk->info.alias, NULL);

    return json_object_new_string(disk->serial ? disk->serial : drive);
}

static Json *encode_removable(const void *slot, const Property *, const Domain *)
{
    return json_object_new_boolean(*(const Switch *) slot == SWITCH_ON);
}

// clang-format off
static const Property block[] = {
    WHOLE("drive", encode_node),
    MEMBER("share-rw", Disk, shareable),
    MEMBER("logical_block_size", Disk, logical_block_size),
    MEMBER("physical_block_size", Disk, physical_block_size),
    ROW("write-cache", Disk, cache, encode_write_cache),
    {},
};
static const Property errors[] = {
    WHOLE("werror", encode_write_error),
    WHOLE("rerror", encode_read_error),
    {},
};
static const Property geometry[] = {
    MEMBER("cyls", Disk, geometry.cylinders),
    MEMBER("heads", Disk, geometry.heads),
    MEMBER("secs", Disk, geometry.sectors),
    {},
};
static const Property virtio_disk[] = {
    PART(Disk, virtio, virtio_properties),
    ROW("iothread", Disk, iothread, encode_iothread),
    SWITCH("ioeventfd", Disk, ioeventfd),
    SWITCH("event_idx", Disk, event_idx),
    MEMBER("num-queues", Disk, queues),
    MEMBER("queue-size", Disk, queue_size),
    MEMBER("serial", Disk, serial),
    { .part = block },
    { .part = errors },
    { .part = geometry },
    PART(Disk, info, info_properties),
    {},
};
static const Property sata_cdrom[] = {
    WHOLE("bus", encode_drive_bus),
    MEMBER("serial", Disk, serial),
    ROW("wwn", Disk, wwn, encode_wwn),
    { .part = block },
    { .part = errors },
    PART(Disk, info, info_properties),
    {},
};
static const Property sata_disk[] = {
    { .part = sata_cdrom },
    MEMBER("rotation_rate", Disk, rotation_rate),
    { .part = geometry },
    {},
};
static const Property ide_cdrom[] = {
    { .part = sata_cdrom },
    ROW("unit", Disk, info.address, encode_unit),
    {},
};
static const Property ide_disk[] = {
    { .part = sata_disk },
    ROW("unit", Disk, info.address, encode_unit),
    NAME("bios-chs-trans", Disk, geometry.translation, disk_translation_names),
    {},
};
static const Property scsi_cdrom[] = {
    WHOLE("bus", encode_drive_bus),
    WHOLE("channel", encode_channel),
    WHOLE("scsi-id", encode_scsi_id),
    WHOLE("lun", encode_lun),
    WHOLE("device_id", encode_device_id),
    MEMBER("serial", Disk, serial),
    ROW("wwn", Disk, wwn, encode_wwn),
    MEMBER("vendor", Disk, vendor),
    MEMBER("product", Disk, product),
    { .part = block },
    { .part = errors },
    PART(Disk, info, info_properties),
    {},
};
static const Property scsi_disk[] = {
    { .part = scsi_cdrom },
    MEMBER("rotation_rate", Disk, rotation_rate),
    { .part = geometry },
    {},
};
static const Property usb_disk[] = {
    ROW("removable", Disk, removable, encode_removable),
    MEMBER("serial", Disk, serial),
    { .part = block },
    { .part = errors },
    PART(Disk, info, info_properties),
    {},
};
/* Its boot index is the controller's. */
static const Property floppy_disk[] = {
    ROW("unit", Disk, info.address, encode_unit),
    MEMBER("id", Disk, info.alias),
    { .part = block },
    {},
};

static const Device virtio_devices[] = {
    [DISK_MODEL_NONE] = { "virtio-blk-pci", virtio_disk, CAP_VIRTIO_BLK },
    VIRTIO(DISK_MODEL_VIRTIO, "virtio-blk", virtio_disk, CAP_VIRTIO_BLK),
};
static const Device disk_devices[] = {
    [DISK_BUS_IDE] = { "ide-hd", ide_disk, CAP_IDE_DISK },
    [DISK_BUS_SATA] = { "ide-hd", sata_disk, CAP_IDE_DISK },
    [DISK_BUS_SCSI] = { "scsi-hd", scsi_disk, CAP_SCSI_DISK },
    [DISK_BUS_USB] = { "usb-storage", usb_disk, CAP_USB_STORAGE },
};
static const Device cdrom_devices[] = {
    [DISK_BUS_IDE] = { "ide-cd", ide_cdrom, CAP_IDE_DISK },
    [DISK_BUS_SATA] = { "ide-cd", sata_cdrom, CAP_IDE_DISK },
    [DISK_BUS_SCSI] = { "scsi-cd", scsi_cdrom, CAP_SCSI_DISK },
    [DISK_BUS_USB] = { "usb-storage", usb_disk, CAP_USB_STORAGE },
};
static const Device floppy_devices[] = {
    [DISK_BUS_FDC] = { "floppy", floppy_disk, CAP_FLOPPY },
};
// clang-format on

static const Device *choose(const Disk *disk)
{
    if (disk->device == DISK_CDROM)
        return DEVICE_OF(cdrom_devices, disk->bus);
    if (disk->device == DISK_FLOPPY)
        return DEVICE_OF(floppy_devices, disk->bus);
    if (disk->device == DISK_DISK && disk->bus == DISK_BUS_VIRTIO)
        return DEVICE_OF(virtio_devices, disk->model);
    return disk->device == DISK_DISK ? DEVICE_OF(disk_devices, disk->bus) : NULL;
}

Json *disk_json(const Domain *guest, const Disk *disk, const Caps *caps, GError **error)
{
    return device_json(choose(disk), disk, guest, caps, error);
}

/* ---- what is refused ---- */

static bool check_extras(const Disk *disk, const Device *device, GError **error)
{
    const VirtioOptions *virtio = &disk->virtio;
    const Extra extras[] = {
        { disk->serial, "serial", "serial" },
        { disk->wwn, "wwn", "wwn" },
        { disk->vendor, "vendor", "vendor" },
        { disk->product, "product", "product" },
        { disk->rotation_rate, "rotation_rate", "target/@rotation_rate" },
        { disk->removable, "removable", "target/@removable" },
        { disk->geometry.cylinders, "cyls", "geometry" },
        { disk->geometry.translation, "bios-chs-trans", "geometry/@trans" },
        { disk->queues, "num-queues", "driver/@queues" },
        { disk->queue_size, "queue-size", "driver/@queue_size" },
        { disk->iothread, "iothread", "driver/@iothread" },
        { disk->ioeventfd, "ioeventfd", "driver/@ioeventfd" },
        { disk->event_idx, "event_idx", "driver/@event_idx" },
        { disk->error_policy || disk->rerror_policy, "werror", "driver/@error_policy" },
        { disk->model, "event_idx", "@model" },
        { virtio->iommu || virtio->ats || virtio->packed || virtio->page_per_vq, "ats",
          "driver/@iommu" },
    };

    return device_takes(device, extras, G_N_ELEMENTS(extras), error);
}

static bool check_read_only(const Disk *disk, GError **error)
{
    if (disk->readonly && disk->device == DISK_DISK &&
        (disk->bus == DISK_BUS_IDE || disk->bus == DISK_BUS_SATA))
        return fail(error, ERR_CONFIG_UNSUPPORTED, "readonly %s disks are not supported",
                    disk_bus_names[disk->bus]);
    if (disk->readonly && disk->copy_on_read == SWITCH_ON)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "copy_on_read of disk '%s' needs a disk that is written", disk->target);
    return true;
}

/* Other formats cannot be written by two guests, nor by one beside the host's own tools. */
static bool check_image(const Disk *disk, GError **error)
{
    if (disk->shareable && disk->format == FORMAT_QCOW2)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "shared access for disk '%s' requires use of supported storage format",
                    disk->target);
    if (disk->io == IO_NATIVE && disk->cache != CACHE_NONE && disk->cache != CACHE_DIRECTSYNC)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "native I/O of disk '%s' needs cache mode 'none' or 'directsync'",
                    disk->target);
    if (disk->metadata_cache && disk->format != FORMAT_QCOW2)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "metadata_cache is not supported for the format of disk '%s'", disk->target);
    return true;
}

bool disk_check(const Domain *, const Disk *disk, GError **error)
{
    const Device *device = choose(disk);

    if (!device)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "disk '%s': device '%s' on bus '%s' is not supported", disk->target,
                    disk_device_names[disk->device], disk_bus_names[disk->bus]);
    return check_extras(disk, device, error) && check_read_only(disk, error) &&
           check_image(disk, error);
}

/* ---- limits ---- */

/* QEMU's names, in which a limit that is not there is 0. */
static const struct {
    const char *name;
    size_t offset;
    bool must; /* the command wants it though it is 0 */
} limits[] = {
    { "bps", SLOT(DiskTune, total_bytes, uint64_t), true },
    { "bps_rd", SLOT(DiskTune, read_bytes, uint64_t), true },
    { "bps_wr", SLOT(DiskTune, write_bytes, uint64_t), true },
    { "iops", SLOT(DiskTune, total_iops, uint64_t), true },
    { "iops_rd", SLOT(DiskTune, read_iops, uint64_t), true },
    { "iops_wr", SLOT(DiskTune, write_iops, uint64_t), true },
    { "bps_max", SLOT(DiskTune, total_bytes_max, uint64_t) },
    { "bps_rd_max", SLOT(DiskTune, read_bytes_max, uint64_t) },
    { "bps_wr_max", SLOT(DiskTune, write_bytes_max, uint64_t) },
    { "iops_max", SLOT(DiskTune, total_iops_max, uint64_t) },
    { "iops_rd_max", SLOT(DiskTune, read_iops_max, uint64_t) },
    { "iops_wr_max", SLOT(DiskTune, write_iops_max, uint64_t) },
    { "bps_max_length", SLOT(DiskTune, total_bytes_length, uint64_t) },
    { "bps_rd_max_length", SLOT(DiskTune, read_bytes_length, uint64_t) },
    { "bps_wr_max_length", SLOT(DiskTune, write_bytes_length, uint64_t) },
    { "iops_max_length", SLOT(DiskTune, total_iops_length, uint64_t) },
    { "iops_rd_max_length", SLOT(DiskTune, read_iops_length, uint64_t) },
    { "iops_wr_max_length", SLOT(DiskTune, write_iops_length, uint64_t) },
    { "iops_size", SLOT(DiskTune, size_iops, uint64_t) },
};

/* Some devices keep their disk in a part of their own. */
char *disk_device(const Disk *disk)
{
    const char *alias = disk->info.alias;

    if (disk->bus == DISK_BUS_VIRTIO)
        return g_strdup_printf("/machine/peripheral/%s/virtio-backend", alias);
    if (disk->bus == DISK_BUS_USB)
        return g_strdup_printf("/machine/peripheral/%s/%s.0/legacy[0]", alias, alias);
    return g_strdup(alias);
}

Json *disk_throttle_json(const Disk *disk)
{
    g_autofree char *device = disk_device(disk);
    Json *json = json_build("ss", "id", device, "group", disk->tune.group);
    bool limited = false;

    for (size_t i = 0; i < G_N_ELEMENTS(limits); i++) {
        uint64_t limit = *(const uint64_t *) slot_at(&disk->tune, limits[i].offset);

        limited |= limit > 0;
        if (limit || limits[i].must)
            json_object_object_add(json, limits[i].name, json_object_new_uint64(limit));
    }
    if (limited)
        return json;
    json_unref(json);
    return NULL;
}

/* ---- the command line ---- */

static void add_floppy_boot(Args *args, const Domain *live, const Disk *disk)
{
    unsigned index = boot_index(live, &disk->info);

    if (index)
        args_take(args, "-global",
                  g_strdup_printf("isa-fdc.bootindex%c=%u",
                                  disk->info.address.drive.unit ? 'B' : 'A', index));
}

static bool add_disk(Args *args, Domain *live, Disk *disk, GError **error)
{
    Json *json = disk_json(live, disk, args->caps, error);

    if (!json)
        return false;
    args_json(args, "-device", json);
    if (disk->device == DISK_FLOPPY)
        add_floppy_boot(args, live, disk);
    return true;
}

/* A disk whose image may be missing, and is, is not there at all; a drive for media stays. */
static bool is_dropped(const Disk *disk) { return disk->device == DISK_DISK && !disk->source.path; }

bool disks_add(Args *args, Domain *live, GError **error)
{
    blockdev_number(live);
    for (unsigned i = 0; i < list_length(live->disks);) {
        Disk *disk = live->disks->pdata[i];

        if (!blockdev_add(args, live, disk, error))
            return false;
        if (is_dropped(disk)) {
            disk_free(g_ptr_array_remove_index(live->disks, i));
            continue;
        }
        if (!add_disk(args, live, disk, error))
            return false;
        i++;
    }
    return true;
}
