/* source.h - one device as the kernel and udev tell of it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/cleanup.h"
#include "host/sysfs.h"

#include <systemd/sd-device.h>

typedef struct Source {
    const char *path; /* "/sys/devices/...", without the root; borrowed */
    const char *name; /* its last part */
    Fd directory;
    char *uevent;    /* lines "KEY=value", each closed by a zero byte, all by another one */
    sd_device *udev; /* where udev runs; then the properties are its own */
} Source;

/* False when there is no such device (any more). path must last as long as the source. */
bool source_open(Source *source, const char *path);
void source_close(Source *source);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Source, source_close)

/* A property of udev's or the kernel's; NULL: there is none. Borrowed. */
const char *source_property(const Source *source, const char *key);
/* The last part of what its link "subsystem" points to, and so on; freed by the caller. */
static inline char *source_link(const Source *source, const char *name)
{
    return sysfs_link(source->directory, name);
}

/* Whether udevd works on this machine, so that devices are to be seen through its eyes. */
bool source_has_udev(void);

/* One row: what to read, and what to make of it. */
typedef enum SourceFrom { ATTRIBUTE = 1, PROPERTY } SourceFrom;

typedef struct SourceRow {
    SourceFrom from;
    const char *key;
    size_t offset; /* in the struct that is filled in */
    /* Leaves a slot alone that has been filled already: of several rows for one slot, the first
     * that is there counts. */
    void (*take)(const char *text, void *slot);
} SourceRow;

/* Rows end with an empty one. */
void source_read(const Source *source, const SourceRow *rows, void *object);

void take_string(const char *text, void *slot);  /* char *: without blanks around it */
void take_decimal(const char *text, void *slot); /* unsigned */
void take_hex(const char *text, void *slot);     /* unsigned */
void take_u64(const char *text, void *slot);     /* uint64_t */
void take_number(const char *text, void *slot);  /* Optional, decimal */
void take_code(const char *text, void *slot);    /* Optional, hexadecimal */
