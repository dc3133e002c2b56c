/* fs.h - a file system that the guest mounts */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum FsType {
    FS_MOUNT,
    FS_BLOCK,
    FS_FILE,
    FS_TEMPLATE,
    FS_RAM,
    FS_BIND,
    FS_VOLUME,
} FsType;
extern const char *const fs_type_names[];

typedef enum FsDriver {
    FS_DRIVER_ABSENT,
    FS_DRIVER_PATH,
    FS_DRIVER_HANDLE,
    FS_DRIVER_LOOP,
    FS_DRIVER_NBD,
    FS_DRIVER_PLOOP,
    FS_DRIVER_VIRTIOFS,
} FsDriver;
extern const char *const fs_driver_names[];

typedef enum FsAccess { FS_ACCESS_ABSENT, FS_PASSTHROUGH, FS_MAPPED, FS_SQUASH } FsAccess;
extern const char *const fs_access_names[];

typedef struct Fs {
    DeviceInfo info;
    FsType type;
    FsAccess access;
    char *model; /* "virtio", ... */
    char *multidevs;
    char *fmode, *dmode; /* octal */
    FsDriver driver;
    char *format;
    char *write_policy; /* "immediate" */
    unsigned queue;
    VirtioOptions virtio;
    char *binary; /* of virtiofsd */
    Switch xattr;
    char *cache, *sandbox;
    Switch lock_posix, lock_flock;
    Optional thread_pool;
    char *source; /* directory, device, file, template; of a volume its pool */
    char *volume;
    char *socket;   /* of a virtiofsd that is not ours */
    uint64_t ram;   /* KiB, of FS_RAM */
    char *ram_unit; /* "KiB" */
    char *target;
    bool readonly;
    uint64_t hard_limit, soft_limit; /* bytes */
} Fs;

extern XmlElement fs_element;
XML_STRUCT(Fs, fs, fs_element)
