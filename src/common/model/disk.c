/* disk.c - a guest's disk: the table is the format */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/disk.h"

#include <string.h>

const char *const disk_device_names[] = {
    [DISK_DISK] = "disk",
    [DISK_CDROM] = "cdrom",
    [DISK_FLOPPY] = "floppy",
    [DISK_LUN] = "lun",
    NULL,
};
const char *const disk_bus_names[] = {
    [DISK_BUS_NONE] = NULL,
    [DISK_BUS_IDE] = "ide",
    [DISK_BUS_FDC] = "fdc",
    [DISK_BUS_SCSI] = "scsi",
    [DISK_BUS_VIRTIO] = "virtio",
    [DISK_BUS_XEN] = "xen",
    [DISK_BUS_USB] = "usb",
    [DISK_BUS_UML] = "uml",
    [DISK_BUS_SATA] = "sata",
    [DISK_BUS_SD] = "sd",
    NULL,
};
const char *const disk_model_names[] = {
    [DISK_MODEL_NONE] = NULL,
    [DISK_MODEL_VIRTIO] = "virtio",
    [DISK_MODEL_VIRTIO_TRANSITIONAL] = "virtio-transitional",
    [DISK_MODEL_VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional",
    NULL,
};
const char *const disk_cache_names[] = {
    [CACHE_ABSENT] = NULL,           [CACHE_DEFAULT] = "default",
    [CACHE_NONE] = "none",           [CACHE_WRITETHROUGH] = "writethrough",
    [CACHE_WRITEBACK] = "writeback", [CACHE_DIRECTSYNC] = "directsync",
    [CACHE_UNSAFE] = "unsafe",       NULL,
};
const char *const disk_error_policy_names[] = {
    [ERROR_POLICY_ABSENT] = NULL,         [ERROR_POLICY_STOP] = "stop",
    [ERROR_POLICY_REPORT] = "report",     [ERROR_POLICY_IGNORE] = "ignore",
    [ERROR_POLICY_ENOSPACE] = "enospace", NULL,
};
const char *const disk_io_names[] = {
    [IO_ABSENT] = NULL,
    [IO_NATIVE] = "native",
    [IO_THREADS] = "threads",
    [IO_URING] = "io_uring",
    NULL,
};
const char *const disk_discard_names[] = {
    [DISCARD_ABSENT] = NULL,
    [DISCARD_UNMAP] = "unmap",
    [DISCARD_IGNORE] = "ignore",
    NULL,
};
const char *const detect_zeroes_names[] = {
    [DETECT_ZEROES_ABSENT] = NULL,
    [DETECT_ZEROES_OFF] = "off",
    [DETECT_ZEROES_ON] = "on",
    [DETECT_ZEROES_UNMAP] = "unmap",
    NULL,
};
static const char *const sgio_names[] = {
    [SGIO_ABSENT] = NULL,
    [SGIO_FILTERED] = "filtered",
    [SGIO_UNFILTERED] = "unfiltered",
    NULL,
};
const char *const disk_tray_names[] = {
    [TRAY_ABSENT] = NULL,
    [TRAY_CLOSED] = "closed",
    [TRAY_OPEN] = "open",
    NULL,
};
static const char *const snapshot_names[] = {
    [DISK_SNAPSHOT_ABSENT] = NULL,         [DISK_SNAPSHOT_NO] = "no",
    [DISK_SNAPSHOT_INTERNAL] = "internal", [DISK_SNAPSHOT_EXTERNAL] = "external",
    [DISK_SNAPSHOT_MANUAL] = "manual",     NULL,
};
const char *const disk_translation_names[] = {
    [TRANSLATION_ABSENT] = NULL,
    [TRANSLATION_NONE] = "none",
    [TRANSLATION_AUTO] = "auto",
    [TRANSLATION_LBA] = "lba",
    NULL,
};
static const char *const mirror_job_names[] = {
    [MIRROR_JOB_NONE] = NULL,
    [MIRROR_JOB_COPY] = "copy",
    [MIRROR_JOB_ACTIVE_COMMIT] = "active-commit",
    NULL,
};
static const char *const mirror_ready_names[] = {
    [MIRROR_NOT_READY] = NULL,
    [MIRROR_READY] = "yes",
    [MIRROR_ABORT] = "abort",
    [MIRROR_PIVOT] = "pivot",
    NULL,
};

static const XmlField tune_fields[] = {
    XML_NUMBER("total_bytes_sec", DiskTune, total_bytes),
    XML_NUMBER("read_bytes_sec", DiskTune, read_bytes),
    XML_NUMBER("write_bytes_sec", DiskTune, write_bytes),
    XML_NUMBER("total_iops_sec", DiskTune, total_iops),
    XML_NUMBER("read_iops_sec", DiskTune, read_iops),
    XML_NUMBER("write_iops_sec", DiskTune, write_iops),
    XML_NUMBER("total_bytes_sec_max", DiskTune, total_bytes_max),
    XML_NUMBER("read_bytes_sec_max", DiskTune, read_bytes_max),
    XML_NUMBER("write_bytes_sec_max", DiskTune, write_bytes_max),
    XML_NUMBER("total_iops_sec_max", DiskTune, total_iops_max),
    XML_NUMBER("read_iops_sec_max", DiskTune, read_iops_max),
    XML_NUMBER("write_iops_sec_max", DiskTune, write_iops_max),
    XML_NUMBER("size_iops_sec", DiskTune, size_iops),
    XML_STRING("group_name", DiskTune, group),
    XML_NUMBER("total_bytes_sec_max_length", DiskTune, total_bytes_length),
    XML_NUMBER("read_bytes_sec_max_length", DiskTune, read_bytes_length),
    XML_NUMBER("write_bytes_sec_max_length", DiskTune, write_bytes_length),
    XML_NUMBER("total_iops_sec_max_length", DiskTune, total_iops_length),
    XML_NUMBER("read_iops_sec_max_length", DiskTune, read_iops_length),
    XML_NUMBER("write_iops_sec_max_length", DiskTune, write_iops_length),
    {},
};

/* A total and a part of it cannot both be limited. */
static bool tune_finish(void *object, unsigned, GError **error)
{
    const DiskTune *tune = object;

    if ((tune->total_bytes && (tune->read_bytes || tune->write_bytes)) ||
        (tune->total_iops && (tune->read_iops || tune->write_iops)) ||
        (tune->total_bytes_max && (tune->read_bytes_max || tune->write_bytes_max)) ||
        (tune->total_iops_max && (tune->read_iops_max || tune->write_iops_max)))
        return fail(error, ERR_XML, "total and read or write limits exclude each other");
    return true;
}

XmlElement disk_tune_element = {
    .name = "iotune",
    .size = sizeof(DiskTune),
    .fields = tune_fields,
    .finish = tune_finish,
};

static const XmlField mirror_fields[] = {
    XML_ENUM("@type", DiskMirror, source.type, source_type_names),
    XML_ENUM("@job", DiskMirror, job, mirror_job_names, .required = true),
    XML_ENUM("@ready", DiskMirror, ready, mirror_ready_names),
    XML_ENUM("format/@type", DiskMirror, format, source_format_names),
    XML_PART(".", DiskMirror, source, &source_element),
    XML_CHILD("backingStore", DiskMirror, backing, &backing_store_element),
    {},
};
XmlElement disk_mirror_element = {
    .name = "mirror",
    .size = sizeof(DiskMirror),
    .fields = mirror_fields,
};

static const XmlField disk_fields[] = {
    XML_ENUM("@type", Disk, source.type, source_type_names),
    XML_ENUM("@device", Disk, device, disk_device_names),
    XML_ENUM("@model", Disk, model, disk_model_names),
    XML_YES_NO("@rawio", Disk, rawio),
    XML_ENUM("@sgio", Disk, sgio, sgio_names),
    XML_ENUM("@snapshot", Disk, snapshot, snapshot_names),
    XML_STRING("driver/@name", Disk, driver),
    XML_ENUM("driver/@type", Disk, format, source_format_names),
    XML_ENUM("driver/@cache", Disk, cache, disk_cache_names),
    XML_ENUM("driver/@error_policy", Disk, error_policy, disk_error_policy_names),
    XML_ENUM("driver/@rerror_policy", Disk, rerror_policy, disk_error_policy_names),
    XML_ENUM("driver/@io", Disk, io, disk_io_names),
    XML_ON_OFF("driver/@ioeventfd", Disk, ioeventfd),
    XML_ON_OFF("driver/@event_idx", Disk, event_idx),
    XML_ON_OFF("driver/@copy_on_read", Disk, copy_on_read),
    XML_ENUM("driver/@discard", Disk, discard, disk_discard_names),
    XML_NUMBER("driver/@iothread", Disk, iothread, .min = 1),
    XML_ENUM("driver/@detect_zeroes", Disk, detect_zeroes, detect_zeroes_names),
    XML_NUMBER("driver/@queues", Disk, queues),
    XML_NUMBER("driver/@queue_size", Disk, queue_size),
    DEVICE_VIRTIO(Disk),
    XML_SIZE("driver/metadata_cache/max_size", Disk, metadata_cache, .unit = 1),
    XML_CHILD("auth", Disk, legacy_auth, &source_auth_element),
    XML_PART(".", Disk, source, &source_element),
    XML_CHILD("backingStore", Disk, backing, &backing_store_element),
    XML_STRING("backenddomain/@name", Disk, backend_domain),
    XML_NUMBER("geometry/@cyls", Disk, geometry.cylinders),
    XML_NUMBER("geometry/@heads", Disk, geometry.heads),
    XML_NUMBER("geometry/@secs", Disk, geometry.sectors),
    XML_ENUM("geometry/@trans", Disk, geometry.translation, disk_translation_names),
    XML_NUMBER("blockio/@logical_block_size", Disk, logical_block_size),
    XML_NUMBER("blockio/@physical_block_size", Disk, physical_block_size),
    XML_CHILD("mirror", Disk, mirror, &disk_mirror_element, .live = true),
    XML_STRING("target/@dev", Disk, target, .required = true),
    XML_ENUM("target/@bus", Disk, bus, disk_bus_names),
    XML_ENUM("target/@tray", Disk, tray, disk_tray_names),
    XML_ON_OFF("target/@removable", Disk, removable),
    XML_NUMBER("target/@rotation_rate", Disk, rotation_rate, .max = 65534),
    XML_PART("iotune", Disk, tune, &disk_tune_element),
    XML_FLAG("readonly", Disk, readonly),
    XML_FLAG("shareable", Disk, shareable),
    XML_FLAG("transient", Disk, transient),
    XML_YES_NO("transient/@shareBacking", Disk, transient_share_backing),
    XML_STRING("serial", Disk, serial),
    XML_STRING("wwn", Disk, wwn),
    XML_STRING("vendor", Disk, vendor),
    XML_STRING("product", Disk, product),
    XML_CHILD("encryption", Disk, legacy_encryption, &source_encryption_element),
    DEVICE_BOOT(Disk),
    DEVICE_INFO(Disk),
    {},
};

static const struct {
    const char *prefix;
    DiskBus bus;
} prefixes[] = {
    { "fd", DISK_BUS_FDC },  { "hd", DISK_BUS_IDE },  { "vd", DISK_BUS_VIRTIO },
    { "sd", DISK_BUS_SCSI }, { "xvd", DISK_BUS_XEN }, { "ubd", DISK_BUS_UML },
};

/* The letters behind the prefix, and the bus that it stands for; NULL: none. */
static const char *letters_of(const char *target, DiskBus *bus)
{
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++) {
        if (g_str_has_prefix(target, prefixes[i].prefix)) {
            *bus = prefixes[i].bus;
            return target + strlen(prefixes[i].prefix);
        }
    }
    return NULL;
}

int disk_target_index(const char *target)
{
    DiskBus bus;
    const char *letters = letters_of(target, &bus);
    unsigned index = 0;

    if (!letters || !g_ascii_islower(*letters))
        return -1;
    for (; g_ascii_islower(*letters); letters++) {
        index = index * 26 + (*letters - 'a' + 1);
        if (index > 0xffff)
            return -1;
    }
    letters += strspn(letters, "0123456789");
    return *letters ? -1 : (int) index - 1;
}

void disk_default_bus(Disk *disk)
{
    if (disk->bus)
        return;
    if (disk->device == DISK_FLOPPY)
        disk->bus = DISK_BUS_FDC;
    else if (!letters_of(disk->target, &disk->bus))
        disk->bus = DISK_BUS_IDE;
}

static bool has_source(const Disk *disk)
{
    const Source *source = &disk->source;

    return source->path || source->name || source->pool || source->type == SOURCE_NETWORK ||
           source->type == SOURCE_NVME;
}

static bool disk_finish(void *object, unsigned, GError **error)
{
    Disk *disk = object;
    bool takes_media = disk->device == DISK_CDROM || disk->device == DISK_FLOPPY;

    if (!disk->source.type)
        disk->source.type = SOURCE_FILE;
    if (takes_media && disk->source.type == SOURCE_BLOCK && !disk->source.path)
        disk->source.type = SOURCE_FILE;
    if (disk->source.type == SOURCE_VHOST_USER && !disk->snapshot)
        disk->snapshot = DISK_SNAPSHOT_NO;
    if (disk_target_index(disk->target) < 0 && disk->info.address.type == ADDRESS_NONE)
        return fail(error, ERR_XML, "unknown disk name '%s' and no address specified",
                    disk->target);
    if (!takes_media && !has_source(disk))
        return fail(error, ERR_XML, "missing 'source' of disk '%s'", disk->target);
    if (!takes_media && disk->tray)
        return fail(error, ERR_XML, "only a cdrom or floppy has a tray");
    if (disk->device == DISK_LUN && disk->source.type == SOURCE_FILE)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "disk device='lun' is only valid for block type disk source");
    if (disk->device == DISK_CDROM)
        disk->readonly = true;
    return true;
}

XmlElement disk_element = {
    .name = "disk",
    .size = sizeof(Disk),
    .fields = disk_fields,
    .finish = disk_finish,
};
