/* blockdev.c - disks' images as QEMU's block nodes */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "blockdev.h"

#include "base/names.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* ---- names and numbers ---- */

void blockdev_number(Domain *live)
{
    unsigned count = list_length(live->disks);

    for (unsigned i = 0; i < count; i++) {
        Disk *disk = live->disks->pdata[i];

        if (disk->source.type && disk->source.path)
            disk->source.index = optional(count - i);
    }
}

/* One more than any image of the guest has. */
static unsigned next_number(const Domain *live)
{
    unsigned most = list_length(live->disks);

    for (LIST_EACH(Disk, disk, live->disks)) {
        most = MAX(most, disk->source.index.value);
        for (BackingStore *below = disk->backing; below; below = below->backing)
            most = MAX(most, below->source.index.value);
    }
    return most + 1;
}

static char *format_node(unsigned number) { return g_strdup_printf("ostler-%u-format", number); }
static char *storage_node(unsigned number) { return g_strdup_printf("ostler-%u-storage", number); }

static char *copy_node(const Disk *disk) { return g_strconcat("ostler-CoR-", disk->target, NULL); }

char *blockdev_node(const Disk *disk)
{
    if (!disk->source.index.given)
        return NULL;
    return disk->copy_on_read == SWITCH_ON ? copy_node(disk)
                                           : format_node(disk->source.index.value);
}

static bool has_number(const Disk *disk, unsigned number)
{
    if (disk->source.index.given && disk->source.index.value == number)
        return true;
    for (const BackingStore *below = disk->backing; below; below = below->backing) {
        if (below->source.index.given && below->source.index.value == number)
            return true;
    }
    return false;
}

const Disk *blockdev_disk_of(const Domain *live, const char *node)
{
    unsigned number = 0;

    (void) sscanf(node, "ostler-%u-", &number);
    for (LIST_EACH(Disk, disk, live->disks)) {
        g_autofree char *copy = copy_node(disk);

        if (g_str_equal(node, copy) || (number && has_number(disk, number)))
            return disk;
    }
    return NULL;
}

/* ---- nodes ---- */

/* What the host's cache is for each mode; what the guest sees of it is a property of its device. */
static Json *cache_json(DiskCache cache)
{
    bool direct = cache == CACHE_NONE || cache == CACHE_DIRECTSYNC;

    if (cache == CACHE_ABSENT || cache == CACHE_DEFAULT)
        return NULL;
    return json_build("bb", "direct", direct, "no-flush", cache == CACHE_UNSAFE);
}

static void add_cache(Json *node, DiskCache cache)
{
    Json *json = cache_json(cache);

    if (json)
        json_object_object_add(node, "cache", json);
}

/* QEMU gets one descriptor of a file, with which the node stays: were it to change from one that
 * reads to one that writes, what it has locked by the first would stay locked in its own way. */
static Json *storage_json(Args *args, ImageLayer *layer, const char *node)
{
    bool read_only = layer->write < 0;
    int fd = read_only ? g_steal_fd(&layer->read) : g_steal_fd(&layer->write);
    g_autofree char *filename = args_fdset(args, fd, node);

    return json_build("ssssb", "driver", layer->is_device ? "host_device" : "file", "filename",
                      filename, "node-name", node, "discard", "unmap", "read-only", read_only);
}

/* Zeroes are unmapped only where unmapping is allowed at all. */
static const char *detect_zeroes(const Disk *disk)
{
    if (disk->detect_zeroes == DETECT_ZEROES_UNMAP && disk->discard != DISCARD_UNMAP)
        return "on";
    return detect_zeroes_names[disk->detect_zeroes];
}

static Json *format_json(const Disk *disk, const ImageLayer *layer, unsigned number, bool top)
{
    g_autofree char *node = format_node(number), *storage = storage_node(number);
    Json *json =
        json_build("sssbss", "driver", layer->format, "node-name", node, "file", storage,
                   "read-only", layer->write < 0, "discard", disk_discard_names[disk->discard],
                   "detect-zeroes", top ? detect_zeroes(disk) : NULL);

    add_cache(json, disk->cache);
    if (top && disk->metadata_cache)
        json_object_object_add(json, "cache-size", json_object_new_uint64(disk->metadata_cache));
    return json;
}

static void add_storage(Args *args, const Disk *disk, ImageLayer *layer, unsigned number)
{
    g_autofree char *node = storage_node(number);
    Json *json = storage_json(args, layer, node);

    if (disk->io)
        json_object_object_add(json, "aio", json_object_new_string(disk_io_names[disk->io]));
    add_cache(json, disk->cache);
    args_json(args, "-blockdev", json);
}

static void add_layer(Args *args, const Disk *disk, ImageLayer *layer, unsigned number,
                      unsigned below, bool top)
{
    Json *json = format_json(disk, layer, number, top);
    g_autofree char *backing = below ? format_node(below) : NULL;

    add_storage(args, disk, layer, number);
    if (g_str_equal(layer->format, "qcow2"))
        json_object_object_add(json, "backing", backing ? json_object_new_string(backing) : NULL);
    args_json(args, "-blockdev", json);
}

/* ---- a disk ---- */

/* What is below the top, as the definition tells it: the last is empty. */
static BackingStore *describe(const Image *image, unsigned from, unsigned number)
{
    BackingStore *store = g_new0(BackingStore, 1);
    const ImageLayer *layer;

    if (from == image->layers->len)
        return store;
    layer = image->layers->pdata[from];
    store->source.type = layer->is_device ? SOURCE_BLOCK : SOURCE_FILE;
    store->source.path = g_strdup(layer->path);
    store->source.index = optional(number);
    store->format = MAX(names_find(source_format_names, layer->format), 0);
    store->backing = describe(image, from + 1, number + 1);
    return store;
}

static void add_image(Args *args, Domain *live, Disk *disk, Image *image)
{
    unsigned next = next_number(live), depth = image->layers->len, below = 0;

    xml_free(&backing_store_element, disk->backing);
    disk->backing = describe(image, 1, next);
    for (unsigned i = depth; i-- > 0;) {
        unsigned number = i ? next + i - 1 : disk->source.index.value;

        add_layer(args, disk, image->layers->pdata[i], number, below, i == 0);
        below = number;
    }
}

static void add_copy_on_read(Args *args, const Disk *disk)
{
    g_autofree char *node = copy_node(disk), *file = format_node(disk->source.index.value);

    args_json(args, "-blockdev",
              json_build("ssss", "driver", "copy-on-read", "node-name", node, "file", file,
                         "discard", "unmap"));
}

static void take_medium_out(Disk *disk)
{
    g_clear_pointer(&disk->source.path, g_free);
    disk->source.index = (Optional){};
}

static bool may_be_missing(const Disk *disk, const GError *error)
{
    return error_errno(error) == ENOENT && disk->source.startup_policy == STARTUP_POLICY_OPTIONAL;
}

bool blockdev_add(Args *args, Domain *live, Disk *disk, GError **error)
{
    const char *format = source_format_names[disk->format];
    g_autoptr(GError) problem = NULL;
    g_autoptr(Image) image = NULL;

    if (!disk->source.index.given)
        return true;
    image = image_open(disk->source.path, format, !disk->readonly, disk->backing, &problem);
    if (!image && may_be_missing(disk, problem)) {
        take_medium_out(disk);
        return true;
    }
    if (!image) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    add_image(args, live, disk, image);
    if (disk->copy_on_read == SWITCH_ON)
        add_copy_on_read(args, disk);
    return true;
}

/* ---- single files ---- */

bool blockdev_add_file(Args *args, const char *node, const char *path, bool writable,
                       GError **error)
{
    g_autoptr(Image) image = image_open(path, "raw", writable, NULL, error);
    g_autofree char *storage = g_strconcat(node, "-storage", NULL);

    if (!image)
        return false;
    args_json(args, "-blockdev", storage_json(args, image->layers->pdata[0], storage));
    args_json(args, "-blockdev",
              json_build("sssb", "driver", "raw", "node-name", node, "file", storage, "read-only",
                         !writable));
    return true;
}
