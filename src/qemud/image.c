/* image.c - the files behind a disk
 *
 * Of a qcow2 file the header is read (its layout is QEMU's docs/interop/qcow2.txt): which file it
 * is based on, and of which format that one is. A file that does not tell the format of what it is
 * based on is refused: guessing it would let a guest reach any file of the host. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

enum {
    DEPTH_LIMIT = 200,
    HEADER_SIZE = 65536, /* of a file: what all headers and the names in them fit into */
    BACKING_NAME_MOST = 1023,
    EXTENSION_END = 0,
    FEATURE_DATA_FILE = 4, /* one of those that a reader must know */
};
#define QCOW2_MAGIC 0x514649fbu /* "QFI\xfb" */
#define EXTENSION_BACKING_FORMAT 0xe2792acau

static uint32_t read32(const uint8_t *at)
{
    return (uint32_t) at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static uint64_t read64(const uint8_t *at) { return (uint64_t) read32(at) << 32 | read32(at + 4); }

static void layer_free(void *data)
{
    ImageLayer *layer = data;

    if (layer->write >= 0)
        fd_close(layer->write);
    if (layer->read >= 0)
        fd_close(layer->read);
    g_free(layer->path);
    g_free(layer->format);
    g_free(layer);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImageLayer, layer_free)

void image_free(Image *image)
{
    if (!image)
        return;
    g_ptr_array_unref(image->layers);
    g_free(image);
}

/* ---- qcow2 ---- */

/* What a header tells of the file below. */
typedef struct Backing {
    char *name, *format;
} Backing;

static void backing_clear(Backing *backing)
{
    g_clear_pointer(&backing->name, g_free);
    g_clear_pointer(&backing->format, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Backing, backing_clear)

static char *find_backing_format(const uint8_t *header, size_t size)
{
    uint64_t at = read32(header + 4) >= 3 ? read32(header + 100) : 72;

    while (at + 8 <= size && read32(header + at) != EXTENSION_END) {
        uint64_t length = read32(header + at + 4);

        if (at + 8 + length > size)
            break;
        if (read32(header + at) == EXTENSION_BACKING_FORMAT)
            return g_strndup((const char *) header + at + 8, length);
        at += 8 + (length + 7) / 8 * 8;
    }
    return NULL;
}

static bool read_qcow2(ImageLayer *layer, Backing *backing, GError **error)
{
    g_autofree uint8_t *header = g_malloc(HEADER_SIZE);
    ssize_t size = pread(layer->read, header, HEADER_SIZE, 0);
    uint64_t name;
    uint32_t length;

    if (size < 0)
        return fail_errno(error, errno, "cannot read '%s'", layer->path);
    if (size < 104 || read32(header) != QCOW2_MAGIC)
        return fail(error, ERR_OPERATION_FAILED, "'%s' is not a qcow2 image", layer->path);
    if (read32(header + 4) >= 3 && read64(header + 72) & FEATURE_DATA_FILE)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' keeps its data in another file",
                    layer->path);
    layer->capacity = read64(header + 24);
    name = read64(header + 8);
    length = read32(header + 16);
    if (name == 0 || length == 0)
        return true;
    if (length > BACKING_NAME_MOST || name > (uint64_t) size - length)
        return fail(error, ERR_OPERATION_FAILED, "the header of '%s' is damaged", layer->path);
    backing->name = g_strndup((const char *) header + name, length);
    backing->format = find_backing_format(header, size);
    if (!backing->format)
        return fail(error, ERR_OPERATION_INVALID,
                    "format of backing image '%s' of image '%s' was not specified in the image "
                    "metadata",
                    backing->name, layer->path);
    return true;
}

/* ---- files ---- */

static char *backing_path(const ImageLayer *layer, const char *name, GError **error)
{
    g_autofree char *directory = NULL;
    const char *colon = strchr(name, ':'), *slash = strchr(name, '/');

    if (g_str_has_prefix(name, "file:"))
        return backing_path(layer, name + strlen("file:"), error);
    if (colon && (!slash || colon < slash))
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "'%s' is based on '%s', which is not a file of this host", layer->path, name);
    if (g_path_is_absolute(name))
        return g_strdup(name);
    directory = g_path_get_dirname(layer->path);
    return g_build_filename(directory, name, NULL);
}

static bool check_kind(ImageLayer *layer, GError **error)
{
    struct stat what;

    if (fstat(layer->read, &what) < 0)
        return fail_errno(error, errno, "cannot look at '%s'", layer->path);
    layer->is_device = S_ISBLK(what.st_mode);
    if (!S_ISREG(what.st_mode) && !layer->is_device)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is neither a file nor a block device",
                    layer->path);
    return true;
}

static ImageLayer *layer_open(const char *path, const char *format, bool writable, GError **error)
{
    g_autoptr(ImageLayer) layer = g_new0(ImageLayer, 1);

    layer->path = g_strdup(path);
    layer->format = g_strdup(format ? format : "raw");
    layer->write = -1;
    layer->read = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (layer->read < 0)
        return fail_errno(error, errno, "Cannot access storage file '%s'", path);
    if (!check_kind(layer, error))
        return NULL;
    if (writable) {
        layer->write = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
        if (layer->write < 0)
            return fail_errno(error, errno, "Cannot write storage file '%s'", path);
    }
    return g_steal_pointer(&layer);
}

static uint64_t device_size(int fd)
{
    uint64_t size = 0;

    return ioctl(fd, BLKGETSIZE64, &size) < 0 ? 0 : size;
}

/* Reads the header, if the format has one that we know. */
static bool layer_read(ImageLayer *layer, Backing *backing, GError **error)
{
    struct stat what;

    if (g_str_equal(layer->format, "qcow2"))
        return read_qcow2(layer, backing, error);
    if (g_str_equal(layer->format, "raw") && fstat(layer->read, &what) == 0)
        layer->capacity = layer->is_device ? device_size(layer->read) : (uint64_t) what.st_size;
    return true;
}

/* What is below layer, as its header says. */
static bool find_below(ImageLayer *layer, Backing *backing, GError **error)
{
    g_autofree char *name = NULL;

    if (!layer_read(layer, backing, error))
        return false;
    name = g_steal_pointer(&backing->name);
    if (!name)
        return true;
    backing->name = backing_path(layer, name, error);
    return backing->name != NULL;
}

static Image *image_new(void)
{
    Image *image = g_new0(Image, 1);

    image->layers = g_ptr_array_new_with_free_func(layer_free);
    return image;
}

static ImageLayer *add_layer(Image *image, const char *path, const char *format, bool writable,
                             GError **error)
{
    ImageLayer *layer;

    if (image->layers->len == DEPTH_LIMIT)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' is based on more than %d images",
                    ((ImageLayer *) image->layers->pdata[0])->path, DEPTH_LIMIT);
    layer = layer_open(path, format, writable, error);
    if (layer)
        g_ptr_array_add(image->layers, layer);
    return layer;
}

static Image *open_declared(const char *path, const char *format, bool writable,
                            const BackingStore *below, GError **error)
{
    g_autoptr(Image) image = image_new();

    for (;;) {
        g_auto(Backing) ignored = {};
        ImageLayer *layer = add_layer(image, path, format, writable, error);

        if (!layer || !layer_read(layer, &ignored, error))
            return NULL;
        if (!below || below->source.type == SOURCE_NONE)
            return g_steal_pointer(&image);
        path = below->source.path;
        format = source_format_names[below->format];
        writable = false;
        below = below->backing;
    }
}

Image *image_open(const char *path, const char *format, bool writable, const BackingStore *below,
                  GError **error)
{
    g_autoptr(Image) image = NULL;
    g_auto(Backing) next = { g_strdup(path), g_strdup(format) };

    if (below)
        return open_declared(path, format, writable, below, error);
    image = image_new();
    while (next.name) {
        ImageLayer *layer = add_layer(image, next.name, next.format, writable, error);

        writable = false;
        backing_clear(&next);
        if (!layer || !find_below(layer, &next, error))
            return NULL;
    }
    return g_steal_pointer(&image);
}

bool image_size(const char *path, const char *format, ImageSize *size, GError **error)
{
    g_autoptr(ImageLayer) layer = layer_open(path, format, false, error);
    g_auto(Backing) backing = {};
    struct stat what;

    if (!layer || !layer_read(layer, &backing, error))
        return false;
    if (fstat(layer->read, &what) < 0)
        return fail_errno(error, errno, "cannot look at '%s'", path);
    size->physical = layer->is_device ? device_size(layer->read) : (uint64_t) what.st_size;
    size->allocation = layer->is_device ? size->physical : (uint64_t) what.st_blocks * 512;
    size->capacity = layer->capacity ? layer->capacity : size->physical;
    return true;
}
