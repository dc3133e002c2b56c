/* sysfs.c - the kernel's small files: attributes, links between them, counters */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/sysfs.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, FIRST_READ = 8192 };

int sysfs_open(int directory, const char *name)
{
    return openat(directory, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool sysfs_exists(int directory, const char *name)
{
    return faccessat(directory, name, F_OK, 0) == 0;
}

size_t sysfs_bytes(int directory, const char *name, void *bytes, size_t size)
{
    g_auto(Fd) fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    size_t done = 0;

    while (fd >= 0 && done < size) {
        ssize_t got = pread(fd, (char *) bytes + done, size - done, done);

        if (got <= 0 && errno != EINTR)
            break;
        done += MAX(got, 0);
    }
    return done;
}

/* One call of read() is all that an attribute takes. */
static ssize_t read_attribute(int directory, const char *name, char text[PAGE + 1])
{
    g_auto(Fd) fd = openat(directory, name, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd < 0 ? -1 : read(fd, text, PAGE);

    if (length < 0)
        return -1;
    while (length > 0 && text[length - 1] == '\n')
        length--;
    text[length] = '\0';
    return length;
}

char *sysfs_text(int directory, const char *name)
{
    char text[PAGE + 1];
    ssize_t length = read_attribute(directory, name, text);

    return length < 0 ? NULL : g_strndup(text, length);
}

char *sysfs_text_of(const char *root, const char *format, ...)
{
    g_autofree char *path = NULL, *whole = NULL;
    va_list args;

    va_start(args, format);
    path = g_strdup_vprintf(format, args);
    va_end(args);
    whole = g_strconcat(root, path, NULL);
    return sysfs_text(AT_FDCWD, whole);
}

/* Neither control characters nor the two that are none (U+FFFE, U+FFFF) are allowed in XML. */
char *sysfs_printable(const char *text)
{
    char *valid = g_utf8_make_valid(text, -1);

    for (char *at = valid, *next; *at; at = next) {
        gunichar character = g_utf8_get_char(at);

        next = g_utf8_next_char(at);
        if (character < ' ' || character == 0x7f || character == 0xfffe || character == 0xffff)
            memset(at, ' ', next - at);
    }
    return g_strstrip(valid);
}

bool sysfs_number(int directory, const char *name, unsigned base, int64_t *value)
{
    char text[PAGE + 1], *end;
    int64_t number;

    if (read_attribute(directory, name, text) < 0)
        return false;
    errno = 0;
    number = g_ascii_strtoll(text, &end, base);
    if (end == text || errno)
        return false;
    *value = number;
    return true;
}

char *sysfs_link(int directory, const char *name)
{
    char target[PAGE];
    ssize_t length = readlinkat(directory, name, target, sizeof(target));
    const char *last;

    if (length <= 0 || (size_t) length >= sizeof(target))
        return NULL;
    target[length] = '\0';
    last = strrchr(target, '/');
    return g_strdup(last ? last + 1 : target);
}

bool sysfs_write_at(int directory, const char *name, const char *text, GError **error)
{
    g_auto(Fd) fd = openat(directory, name, O_WRONLY | O_TRUNC | O_CLOEXEC);

    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        return fail_errno(error, errno, "cannot write '%s' to %s", text, name);
    return true;
}

bool sysfs_write(const char *path, const char *text, GError **error)
{
    return sysfs_write_at(AT_FDCWD, path, text, error);
}

/* ---- files that are read often ---- */

KeptFile kept_file(const char *root, const char *format, ...)
{
    g_autofree char *path = NULL;
    va_list args;

    va_start(args, format);
    path = g_strdup_vprintf(format, args);
    va_end(args);
    return (KeptFile){ .path = g_strconcat(root, path, NULL) };
}

/* Threads may meet here: the first one's descriptor is kept, and never closed. */
static int descriptor_of(KeptFile *file)
{
    int fd = g_atomic_int_get(&file->fd);

    if (fd > 0)
        return fd;
    fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (fd > 0 && !g_atomic_int_compare_and_exchange(&file->fd, 0, fd)) {
        close(fd);
        fd = g_atomic_int_get(&file->fd);
    }
    return fd;
}

/* The kernel makes the text anew for each read at offset 0, so it must be had in one. */
static char *read_in_one(int fd, size_t most)
{
    for (size_t size = most ? most : FIRST_READ;; size *= 2) {
        g_autofree char *text = g_malloc(size + 1);
        ssize_t length = pread(fd, text, size, 0);

        if (length < 0)
            return NULL;
        text[length] = '\0';
        if (most || (size_t) length < size)
            return g_steal_pointer(&text);
    }
}

/* What the descriptor was opened for may have gone and come again meanwhile (a memory node). */
static char *read_anew(const KeptFile *file, size_t most)
{
    g_auto(Fd) fd = open(file->path, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? NULL : read_in_one(fd, most);
}

char *kept_file_read(KeptFile *file, size_t most)
{
    int fd = descriptor_of(file);
    char *text = fd < 0 ? NULL : read_in_one(fd, most);

    return text ? text : read_anew(file, most);
}
