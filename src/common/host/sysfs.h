/* sysfs.h - the kernel's small files: attributes, links between them, counters
 *
 * From any thread. A root is "" for this machine, or a directory with "sys" and "proc" for another
 * one. Directories are descriptors, as openat() takes them. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <stdint.h>

/* The content of an attribute without its last newline; NULL when it cannot be read. At most a page
 * of it, as the kernel gives no more. */
char *sysfs_text(int directory, const char *name);
char *sysfs_text_of(const char *root, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* A number in base 10 or 16 (with or without 0x), whatever stands behind it. False when there is
 * none; then *value stays. */
bool sysfs_number(int directory, const char *name, unsigned base, int64_t *value);
/* The last part of what a link points to: of "driver" the driver's name. NULL: no such link. */
char *sysfs_link(int directory, const char *name);
/* Up to size bytes of the content from its start, as many as there are; 0: none. */
size_t sysfs_bytes(int directory, const char *name, void *bytes, size_t size);
/* Devices and firmware say what they like: as it may stand in a document, without blanks around it.
 */
char *sysfs_printable(const char *text);
bool sysfs_exists(int directory, const char *name);
/* -1 when it is not there. Descriptors of directories end with the caller's g_auto(Fd). */
int sysfs_open(int directory, const char *name);

/* Gives the text to the kernel in one piece; the error says what it answered. */
bool sysfs_write(const char *path, const char *text, GError **error);
bool sysfs_write_at(int directory, const char *name, const char *text, GError **error);

/* A file that is read often: opened once. */
typedef struct KeptFile {
    char *path;
    gint fd; /* 0: not opened yet */
} KeptFile;

KeptFile kept_file(const char *root, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Its content now, in memory of the caller's; at most most bytes, all that there are when that is
 * 0. NULL when it cannot be read. */
char *kept_file_read(KeptFile *file, size_t most);
