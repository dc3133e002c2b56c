/* save-image.c - the file of a saved guest: a header, its definition, the stream of its memory */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "save-image.h"

#include "base/file.h"
#include "xml/bind.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

enum { VERSION_1 = 1, BLOCK = 4096, SMALLEST_SLOT = 16 * BLOCK, DIGEST = 32 };

const char *const save_format_names[] = {
    [SAVE_RAW] = "raw",
    [SAVE_GZIP] = "gzip",
    [SAVE_ZSTD] = "zstd",
    [SAVE_XZ] = "xz",
    [SAVE_BZIP2] = "bzip2",
    [SAVE_LZOP] = "lzop",
    NULL,
};

static const char magic[8] = { 'O', 'S', 'T', 'L', 'E', 'R', 'S', 'V' };

typedef struct Header {
    char magic[8];
    uint32_t version, format, paused, xml_length;
    uint64_t xml_at, slot, stream;
    uint8_t digest[DIGEST];
} Header;

G_STATIC_ASSERT(offsetof(Header, digest) == 48 && sizeof(Header) == 80);

void save_image_clear(SaveImage *image)
{
    if (image->fd >= 0)
        fd_close(image->fd);
    g_free(image->path);
    g_free(image->xml);
    *image = (SaveImage){ .fd = -1 };
}

/* ---- writing ---- */

static void set_digest(const Header *header, const char *xml, uint8_t digest[DIGEST])
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    gsize length = DIGEST;

    g_checksum_update(checksum, (const guchar *) header, offsetof(Header, digest));
    g_checksum_update(checksum, (const guchar *) xml, strlen(xml));
    g_checksum_get_digest(checksum, digest, &length);
}

static bool write_at(int fd, const void *data, size_t size, off_t at)
{
    return lseek(fd, at, SEEK_SET) == at && file_write_all(fd, data, size);
}

static bool write_header(const SaveImage *image)
{
    Header header = {
        .version = GUINT32_TO_LE(VERSION_1),
        .format = GUINT32_TO_LE(image->format),
        .paused = GUINT32_TO_LE(image->paused),
        .xml_length = GUINT32_TO_LE(strlen(image->xml)),
        .xml_at = GUINT64_TO_LE(image->xml_at),
        .slot = GUINT64_TO_LE(image->slot),
        .stream = GUINT64_TO_LE(image->stream),
    };

    memcpy(header.magic, magic, sizeof(magic));
    set_digest(&header, image->xml, header.digest);
    return write_at(image->fd, &header, sizeof(header), 0);
}

bool save_image_begin(int fd, const char *xml, SaveFormat format, bool paused, GError **error)
{
    size_t length = strlen(xml);
    uint64_t slot = MAX(SMALLEST_SLOT, (2 * length + BLOCK - 1) / BLOCK * BLOCK);
    const SaveImage image = { .fd = fd,
                              .format = format,
                              .paused = paused,
                              .xml = (char *) xml,
                              .xml_at = BLOCK,
                              .slot = slot,
                              .stream = BLOCK + 2 * slot };

    if (write_header(&image) && write_at(fd, xml, length, image.xml_at) &&
        ftruncate(fd, image.stream) == 0 && lseek(fd, image.stream, SEEK_SET) >= 0)
        return true;
    return fail_errno(error, errno, "cannot write the header of a saved guest");
}

bool save_image_change(SaveImage *image, const char *xml, bool paused, GError **error)
{
    SaveImage changed = *image;

    if (strlen(xml) > image->slot)
        return fail(
            error, ERR_OPERATION_FAILED,
            "the definition is too long for the space that '%s' has for it: %" G_GUINT64_FORMAT
            " bytes",
            image->path, image->slot);
    changed.paused = paused;
    changed.xml = (char *) xml;
    changed.xml_at = image->xml_at == BLOCK ? BLOCK + image->slot : BLOCK;
    if (write_at(image->fd, xml, strlen(xml), changed.xml_at) && fdatasync(image->fd) == 0 &&
        write_header(&changed) && fdatasync(image->fd) == 0)
        return true;
    return fail_errno(error, errno, "cannot write '%s'", image->path);
}

/* ---- reading ---- */

static bool fail_as_image(const SaveImage *image, const char *why, GError **error)
{
    return fail(error, ERR_OPERATION_FAILED, "'%s' is no saved guest: %s", image->path, why);
}

static bool is_sound(const Header *header)
{
    uint64_t slot = GUINT64_FROM_LE(header->slot), xml_at = GUINT64_FROM_LE(header->xml_at);

    return slot <= XML_SIZE_LIMIT * 4u && GUINT32_FROM_LE(header->xml_length) <= slot &&
           (xml_at == BLOCK || xml_at == BLOCK + slot) &&
           GUINT64_FROM_LE(header->stream) == BLOCK + 2 * slot &&
           GUINT32_FROM_LE(header->format) < SAVE_FORMATS;
}

static bool read_xml(SaveImage *image, const Header *header, GError **error)
{
    size_t length = GUINT32_FROM_LE(header->xml_length);
    uint8_t digest[DIGEST];

    image->xml = g_malloc0(length + 1);
    if (pread(image->fd, image->xml, length, image->xml_at) != (ssize_t) length)
        return fail_as_image(image, "it ends within the definition", error);
    set_digest(header, image->xml, digest);
    if (memcmp(digest, header->digest, DIGEST) != 0)
        return fail_as_image(image, "its header or definition is damaged", error);
    if (lseek(image->fd, image->stream, SEEK_SET) < 0)
        return fail_errno(error, errno, "cannot read '%s'", image->path);
    return true;
}

static bool read_header(SaveImage *image, GError **error)
{
    Header header;

    if (pread(image->fd, &header, sizeof(header), 0) != sizeof(header))
        return fail_as_image(image, "it is too short", error);
    if (memcmp(header.magic, magic, sizeof(magic)) != 0)
        return fail_as_image(image, "it does not begin like one", error);
    if (GUINT32_FROM_LE(header.version) != VERSION_1)
        return fail(error, ERR_OPERATION_FAILED,
                    "'%s' has version %u of the layout, this daemon reads version %d", image->path,
                    GUINT32_FROM_LE(header.version), VERSION_1);
    if (!is_sound(&header))
        return fail_as_image(image, "its header is damaged", error);
    image->format = GUINT32_FROM_LE(header.format);
    image->paused = header.paused;
    image->xml_at = GUINT64_FROM_LE(header.xml_at);
    image->slot = GUINT64_FROM_LE(header.slot);
    image->stream = GUINT64_FROM_LE(header.stream);
    return read_xml(image, &header, error);
}

bool save_image_open(SaveImage *image, const char *path, int flags, GError **error)
{
    *image = (SaveImage){ .path = g_strdup(path) };
    image->fd = open(path, flags | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (image->fd < 0)
        return fail_errno(error, errno, "cannot open '%s'", path);
    if (flock(image->fd, ((flags & O_ACCMODE) == O_RDWR ? LOCK_EX : LOCK_SH) | LOCK_NB) < 0)
        return fail(error, ERR_RESOURCE_BUSY, "'%s' is in use", path);
    return read_header(image, error);
}
