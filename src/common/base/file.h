/* file.h - write whole and rename, read whole, lock */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <sys/types.h>

/* Makes text the content of path: written beside it, flushed, renamed, and the directory flushed
 * too, so that after a crash path has the old or the new content. */
bool file_save(const char *path, const char *text, GError **error);
/* The same without the flushes, for what does not outlive a boot. */
bool file_save_volatile(const char *path, const char *text, GError **error);
/* The whole content, a zero byte behind it; more than limit bytes are an error. */
char *file_read(const char *path, size_t limit, GError **error);
/* Removes path and flushes its directory; that it is not there is no error. */
bool file_remove(const char *path, GError **error);
bool file_remove_volatile(const char *path, GError **error); /* without the flush */
/* In the place of what was there, both directories being one, which is flushed. */
bool file_rename(const char *from, const char *to, GError **error);
/* A symbolic link at path to target, put in the place of what was there as file_save() does. */
bool file_link(const char *path, const char *target, GError **error);
/* The directory with that mode, and those above it with 0755, as far as they are not there. */
bool file_make_directory(const char *path, mode_t mode, GError **error);
/* Opens path, takes the lock that ends with the process and writes our pid into it; -1 when
 * another process holds it. Whoever else opens and closes the file in this process ends the lock.
 */
int file_lock(const char *path, GError **error);
/* Whether path names what is open there. */
bool file_is_at(int fd, const char *path);
/* Writes all bytes, however many calls that takes. */
bool file_write_all(int fd, const void *data, size_t size);
