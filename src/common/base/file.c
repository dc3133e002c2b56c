/* file.c - write whole and rename, read whole, lock */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"

#include "base/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>

enum { HOLDER_MS = 500 };

bool file_write_all(int fd, const void *data, size_t size)
{
    for (const char *at = data; size > 0;) {
        ssize_t written = write(fd, at, size);

        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        at += written;
        size -= written;
    }
    return true;
}

static bool flush_directory_of(const char *path, GError **error)
{
    g_autofree char *directory = g_path_get_dirname(path);
    g_auto(Fd) fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || fsync(fd) < 0)
        return fail_errno(error, errno, "cannot flush '%s'", directory);
    return true;
}

static bool write_beside(const char *beside, const char *text, bool flush, GError **error)
{
    g_auto(Fd) fd = -1;

    (void) unlink(beside); /* of somebody who was killed here */
    fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail_errno(error, errno, "cannot create '%s'", beside);
    if (!file_write_all(fd, text, strlen(text)) || (flush && fsync(fd) < 0))
        return fail_errno(error, errno, "cannot write '%s'", beside);
    return true;
}

static bool put_in_place(const char *beside, const char *path, bool flush, GError **error)
{
    if (rename(beside, path) < 0) {
        fail_errno(error, errno, "cannot rename '%s' to '%s'", beside, path);
        (void) unlink(beside);
        return false;
    }
    return !flush || flush_directory_of(path, error);
}

static bool save(const char *path, const char *text, bool flush, GError **error)
{
    g_autofree char *beside = g_strconcat(path, ".new", NULL);

    if (!write_beside(beside, text, flush, error)) {
        (void) unlink(beside);
        return false;
    }
    return put_in_place(beside, path, flush, error);
}

bool file_save(const char *path, const char *text, GError **error)
{
    return save(path, text, true, error);
}

bool file_save_volatile(const char *path, const char *text, GError **error)
{
    return save(path, text, false, error);
}

char *file_read(const char *path, size_t limit, GError **error)
{
    g_auto(Fd) fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    g_autoptr(GString) text = g_string_new(NULL);
    char block[16384];
    ssize_t got;

    if (fd < 0)
        return fail_errno(error, errno, "cannot open '%s'", path);
    while ((got = read(fd, block, sizeof(block))) > 0) {
        g_string_append_len(text, block, got);
        if (text->len > limit)
            return fail(error, ERR_OPERATION_FAILED, "'%s' is larger than %zu bytes", path, limit);
    }
    if (got < 0)
        return fail_errno(error, errno, "cannot read '%s'", path);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

bool file_rename(const char *from, const char *to, GError **error)
{
    if (rename(from, to) < 0)
        return fail_errno(error, errno, "cannot rename '%s' to '%s'", from, to);
    return flush_directory_of(to, error);
}

static bool remove_file(const char *path, bool flush, GError **error)
{
    if (unlink(path) < 0)
        return errno == ENOENT || fail_errno(error, errno, "cannot remove '%s'", path);
    return !flush || flush_directory_of(path, error);
}

bool file_remove(const char *path, GError **error) { return remove_file(path, true, error); }

bool file_remove_volatile(const char *path, GError **error)
{
    return remove_file(path, false, error);
}

bool file_link(const char *path, const char *target, GError **error)
{
    g_autofree char *beside = g_strconcat(path, ".new", NULL);

    (void) unlink(beside);
    if (symlink(target, beside) < 0)
        return fail_errno(error, errno, "cannot link '%s' to '%s'", beside, target);
    return put_in_place(beside, path, true, error);
}

bool file_make_directory(const char *path, mode_t mode, GError **error)
{
    g_autofree char *above = g_path_get_dirname(path);

    if (g_mkdir_with_parents(above, 0755) < 0)
        return fail_errno(error, errno, "cannot create '%s'", above);
    if (mkdir(path, mode) < 0 && !(errno == EEXIST && g_file_test(path, G_FILE_TEST_IS_DIR)))
        return fail_errno(error, errno, "cannot create '%s'", path);
    return true;
}

/* A holder that has just been killed may still be on its way out. */
static void wait_for_holder(pid_t pid)
{
    g_auto(Fd) holder = pidfd_open(pid, 0);

    if (holder >= 0)
        (void) poll(&(struct pollfd){ .fd = holder, .events = POLLIN }, 1, HOLDER_MS);
}

/* Such locks are not inherited: a child that is about to become another program has none. */
static bool try_lock(int fd)
{
    struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET }, holder = whole;

    if (fcntl(fd, F_SETLK, &whole) == 0)
        return true;
    if (fcntl(fd, F_GETLK, &holder) == 0 && holder.l_type != F_UNLCK)
        wait_for_holder(holder.l_pid);
    return fcntl(fd, F_SETLK, &whole) == 0;
}

bool file_is_at(int fd, const char *path)
{
    struct stat opened, named;

    return fstat(fd, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino &&
           opened.st_dev == named.st_dev;
}

static int open_and_lock(const char *path, GError **error)
{
    for (;;) {
        g_auto(Fd) fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);

        if (fd < 0) {
            fail_errno(error, errno, "cannot open '%s'", path);
            return -1;
        }
        if (!try_lock(fd)) {
            fail(error, ERR_OPERATION_FAILED, "'%s' is locked: another instance is running", path);
            return -1;
        }
        if (file_is_at(fd, path)) /* its last holder may have removed it */
            return g_steal_fd(&fd);
    }
}

int file_lock(const char *path, GError **error)
{
    g_auto(Fd) fd = open_and_lock(path, error);
    g_autofree char *pid = g_strdup_printf("%d\n", getpid());

    if (fd < 0)
        return -1;
    if (ftruncate(fd, 0) < 0 || !file_write_all(fd, pid, strlen(pid))) {
        fail_errno(error, errno, "cannot write '%s'", path);
        return -1;
    }
    return g_steal_fd(&fd);
}
