/* image.c - a file or block device that holds a file system */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "image.h"

#include "base/cleanup.h"
#include "nbd.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/loop.h>
#include <string.h>
#include <sys/ioctl.h>

enum { ATTEMPTS = 64 };

/* ---- what is on it ---- */

static const struct {
    const char *type;
    off_t at;
    const char *magic;
    size_t size;
} magics[] = {
    { "xfs", 0, "XFSB", 4 },
    { "squashfs", 0, "hsqs", 4 },
    { "ext4", 0x438, "\x53\xef", 2 }, /* its older kinds, too */
    { "erofs", 0x400, "\xe2\xe1\xf5\xe0", 4 },
    { "f2fs", 0x400, "\x10\x20\xf5\xf2", 4 },
    { "iso9660", 0x8001, "CD001", 5 },
    { "btrfs", 0x10040, "_BHRfS_M", 8 },
};

static const char *find_type(int fd)
{
    char found[8];

    for (size_t i = 0; i < G_N_ELEMENTS(magics); i++) {
        ssize_t got = pread(fd, found, magics[i].size, magics[i].at);

        if (got == (ssize_t) magics[i].size && memcmp(found, magics[i].magic, got) == 0)
            return magics[i].type;
    }
    return NULL;
}

/* ---- loop devices ---- */

/* Another process may take the free one meanwhile: then the next is asked for. */
static char *attach_free(int control, const struct loop_config *config, int *loop)
{
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        int number = ioctl(control, LOOP_CTL_GET_FREE);
        g_autofree char *path = g_strdup_printf("/dev/loop%d", number);
        g_auto(Fd) fd = number < 0 ? -1 : open(path, O_RDWR | O_CLOEXEC);

        if (fd < 0)
            return NULL;
        if (ioctl(fd, LOOP_CONFIGURE, config) == 0) {
            *loop = g_steal_fd(&fd);
            return g_steal_pointer(&path);
        }
        if (errno != EBUSY)
            return NULL;
    }
    return NULL;
}

static char *attach_loop(const Fs *fs, int file, GArray *fds, GError **error)
{
    g_auto(Fd) control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
    struct loop_config config = {
        .fd = file,
        .info.lo_flags = LO_FLAGS_AUTOCLEAR | (fs->readonly ? LO_FLAGS_READ_ONLY : 0),
    };
    char *path;
    int loop;

    g_strlcpy((char *) config.info.lo_file_name, fs->source, LO_NAME_SIZE);
    path = control < 0 ? NULL : attach_free(control, &config, &loop);
    if (!path)
        return fail_errno(error, errno, "'%s' cannot be made a loop device", fs->source);
    g_array_append_val(fds, loop);
    return path;
}

static char *attach(const Fs *fs, const ImageRun *run, GError **error)
{
    g_auto(Fd) file = -1;

    if (fs->type == FS_BLOCK)
        return g_strdup(fs->source);
    if (fs->driver == FS_DRIVER_NBD)
        return nbd_attach(fs, run->directory, error);
    file = open(fs->source, (fs->readonly ? O_RDONLY : O_RDWR) | O_CLOEXEC);
    if (file < 0)
        return fail_errno(error, errno, "'%s' cannot be opened", fs->source);
    return attach_loop(fs, file, run->fds, error);
}

char *image_device(const Fs *fs, const ImageRun *run, const char **type, GError **error)
{
    g_autofree char *path = attach(fs, run, error);
    g_auto(Fd) fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;

    if (!path)
        return NULL;
    if (fd < 0)
        return fail_errno(error, errno, "'%s' cannot be opened", path);
    *type = find_type(fd);
    if (!*type)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' holds no file system that is known here",
                    fs->source);
    return g_steal_pointer(&path);
}
