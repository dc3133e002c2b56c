/* class-storage.c - whole disks, and drives with media that can be taken out */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "class.h"

#include <string.h>

enum { SECTOR = 512 }; /* what the kernel counts sizes in, whatever the blocks of the device */

static const SourceRow rows[] = {
    { PROPERTY, "ID_BUS", SLOT(NodeCapability, storage.bus, char *), take_string },
    { PROPERTY, "ID_SERIAL", SLOT(NodeCapability, storage.serial, char *), take_string },
    { ATTRIBUTE, "device/model", SLOT(NodeCapability, storage.model, char *), take_string },
    { ATTRIBUTE, "device/vendor", SLOT(NodeCapability, storage.vendor, char *), take_string },
    {},
};

/* ---- what kind of drive ---- */

typedef struct Word {
    const char *from, *to;
} Word;

/* What udev calls it. */
static const char *type_by_word(const char *word)
{
    static const Word words[] = {
        { "disk", "disk" }, { "cd", "cdrom" },  { "floppy", "floppy" },
        { "sd", "sd" },     { "dasd", "dasd" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(word, words[i].from) == 0)
            return words[i].to;
    }
    return NULL;
}

static const char *type_by_flag(const Source *source)
{
    static const Word flags[] = {
        { "ID_DRIVE_FLOPPY", "floppy" },
        { "ID_CDROM", "cdrom" },
        { "ID_DRIVE_FLASH_SD", "sd" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(flags); i++) {
        const char *value = source_property(source, flags[i].from);

        if (value && strcmp(value, "1") == 0)
            return flags[i].to;
    }
    return NULL;
}

/* Without udev, and for what udev says nothing about. */
static const char *type_by_name(const Source *source)
{
    static const Word names[] = {
        { "vd", "disk" },  { "nvme", "disk" }, { "dasd", "dasd" }, { "xvd", "disk" },
        { "sr", "cdrom" }, { "fd", "floppy" }, { "mmcblk", "sd" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *rest = source->name + strlen(names[i].from);

        if (g_str_has_prefix(source->name, names[i].from) && g_ascii_isalnum(*rest))
            return names[i].to;
    }
    return NULL;
}

/* A disk of SCSI's, and a loop device that has a file behind it. */
static const char *type_by_nature(const Source *source)
{
    int64_t scsi_type;

    if (sysfs_exists(source->directory, "loop/backing_file"))
        return "disk";
    if (g_str_has_prefix(source->name, "sd") &&
        sysfs_number(source->directory, "device/type", 10, &scsi_type))
        return "disk";
    return NULL;
}

static const char *drive_type(const Source *source)
{
    const char *word = source_property(source, "ID_TYPE");
    const char *type;

    if (word)
        return type_by_word(word);
    type = type_by_flag(source);
    if (!type)
        type = type_by_name(source);
    return type ? type : type_by_nature(source);
}

/* ---- how much it holds ---- */

static int64_t number_of(const Source *source, const char *name)
{
    int64_t number = 0;

    (void) sysfs_number(source->directory, name, 10, &number);
    return number;
}

static void add_removable(const Source *source, NodeCapability *storage, uint64_t size)
{
    NodeFeature *feature = node_add_feature(storage, NODE_REMOVABLE);
    const char *there = source_property(source, "ID_CDROM_MEDIA");
    const char *label = source_property(source, "ID_FS_LABEL");

    feature->media_available = there && strcmp(there, "1") == 0;
    if (!feature->media_available)
        return;
    feature->media_size = size;
    feature->media_label = g_strdup(label);
    feature->block_size = number_of(source, "queue/logical_block_size");
    feature->blocks = feature->block_size ? size / feature->block_size : 0;
}

static bool read_storage(const Source *source, NodeDevice *device)
{
    NodeCapability *capability = device->capability;
    const char *type = drive_type(source);
    uint64_t size = number_of(source, "size") * SECTOR;

    if (!type || !device->devnodes)
        return false;
    capability->storage.drive_type = g_strdup(type);
    capability->node = g_strdup(((NodeDevnode *) device->devnodes->pdata[0])->path);
    if ((strcmp(type, "cdrom") == 0 || strcmp(type, "floppy") == 0) &&
        number_of(source, "removable") == 1) {
        add_removable(source, capability, size);
        return true;
    }
    capability->storage.size = size;
    capability->storage.block_size = number_of(source, "queue/logical_block_size");
    if (capability->storage.block_size)
        capability->storage.blocks = size / capability->storage.block_size;
    return true;
}

const DeviceKind kind_storage = {
    .type = NODE_STORAGE,
    .subsystem = "class/block",
    .devtype = "disk",
    .prefix = "block",
    .suffix = SLOT(NodeCapability, storage.serial, char *),
    .rows = rows,
    .read = read_storage,
};
