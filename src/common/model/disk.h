/* disk.h - a guest's disk as its definition describes it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/source.h"

typedef enum DiskDevice { DISK_DISK, DISK_CDROM, DISK_FLOPPY, DISK_LUN } DiskDevice;
extern const char *const disk_device_names[];

typedef enum DiskBus {
    DISK_BUS_NONE,
    DISK_BUS_IDE,
    DISK_BUS_FDC,
    DISK_BUS_SCSI,
    DISK_BUS_VIRTIO,
    DISK_BUS_XEN,
    DISK_BUS_USB,
    DISK_BUS_UML,
    DISK_BUS_SATA,
    DISK_BUS_SD,
} DiskBus;
extern const char *const disk_bus_names[];

typedef enum DiskModel {
    DISK_MODEL_NONE,
    DISK_MODEL_VIRTIO,
    DISK_MODEL_VIRTIO_TRANSITIONAL,
    DISK_MODEL_VIRTIO_NON_TRANSITIONAL,
} DiskModel;
extern const char *const disk_model_names[];

typedef enum DiskCache {
    CACHE_ABSENT,
    CACHE_DEFAULT,
    CACHE_NONE,
    CACHE_WRITETHROUGH,
    CACHE_WRITEBACK,
    CACHE_DIRECTSYNC,
    CACHE_UNSAFE,
} DiskCache;
extern const char *const disk_cache_names[];

typedef enum DiskErrorPolicy {
    ERROR_POLICY_ABSENT,
    ERROR_POLICY_STOP,
    ERROR_POLICY_REPORT,
    ERROR_POLICY_IGNORE,
    ERROR_POLICY_ENOSPACE,
} DiskErrorPolicy;
extern const char *const disk_error_policy_names[];

typedef enum DiskIo { IO_ABSENT, IO_NATIVE, IO_THREADS, IO_URING } DiskIo;
extern const char *const disk_io_names[];

typedef enum DiskDiscard { DISCARD_ABSENT, DISCARD_UNMAP, DISCARD_IGNORE } DiskDiscard;
extern const char *const disk_discard_names[];

typedef enum DetectZeroes {
    DETECT_ZEROES_ABSENT,
    DETECT_ZEROES_OFF,
    DETECT_ZEROES_ON,
    DETECT_ZEROES_UNMAP,
} DetectZeroes;
extern const char *const detect_zeroes_names[];

typedef enum DiskSgio { SGIO_ABSENT, SGIO_FILTERED, SGIO_UNFILTERED } DiskSgio;
typedef enum DiskTray { TRAY_ABSENT, TRAY_CLOSED, TRAY_OPEN } DiskTray;
extern const char *const disk_tray_names[];

typedef enum DiskSnapshot {
    DISK_SNAPSHOT_ABSENT,
    DISK_SNAPSHOT_NO,
    DISK_SNAPSHOT_INTERNAL,
    DISK_SNAPSHOT_EXTERNAL,
    DISK_SNAPSHOT_MANUAL,
} DiskSnapshot;

typedef enum DiskTranslation {
    TRANSLATION_ABSENT,
    TRANSLATION_NONE,
    TRANSLATION_AUTO,
    TRANSLATION_LBA,
} DiskTranslation;
extern const char *const disk_translation_names[];

typedef struct DiskGeometry {
    unsigned cylinders, heads, sectors;
    DiskTranslation translation;
} DiskGeometry;

/* Limits on a disk's traffic; 0: no limit. Lengths of bursts in seconds. */
typedef struct DiskTune {
    uint64_t total_bytes, read_bytes, write_bytes;
    uint64_t total_iops, read_iops, write_iops;
    uint64_t total_bytes_max, read_bytes_max, write_bytes_max;
    uint64_t total_iops_max, read_iops_max, write_iops_max;
    uint64_t size_iops;
    char *group;
    uint64_t total_bytes_length, read_bytes_length, write_bytes_length;
    uint64_t total_iops_length, read_iops_length, write_iops_length;
} DiskTune;

typedef enum MirrorJob { MIRROR_JOB_NONE, MIRROR_JOB_COPY, MIRROR_JOB_ACTIVE_COMMIT } MirrorJob;
typedef enum MirrorReady { MIRROR_NOT_READY, MIRROR_READY, MIRROR_ABORT, MIRROR_PIVOT } MirrorReady;

/* A running copy of the disk to elsewhere; live only. */
typedef struct DiskMirror {
    Source source;
    MirrorJob job;
    MirrorReady ready;
    SourceFormat format;
    BackingStore *backing;
} DiskMirror;

typedef struct Disk {
    DeviceInfo info;
    Source source; /* type is written also when there is none in a drive that takes media */
    DiskDevice device;
    DiskModel model;
    Switch rawio;
    DiskSgio sgio;
    DiskSnapshot snapshot;
    char *driver; /* "qemu" */
    SourceFormat format;
    DiskCache cache;
    DiskErrorPolicy error_policy, rerror_policy;
    DiskIo io;
    Switch ioeventfd, event_idx;
    Switch copy_on_read;
    DiskDiscard discard;
    unsigned iothread; /* 0: none */
    DetectZeroes detect_zeroes;
    unsigned queues, queue_size;
    VirtioOptions virtio;
    uint64_t metadata_cache; /* bytes; 0: QEMU's choice */
    BackingStore *backing;   /* NULL: not known; an empty one: none */
    char *backend_domain;    /* of Xen */
    DiskGeometry geometry;
    unsigned logical_block_size, physical_block_size;
    DiskMirror *mirror;
    char *target; /* "vda": the name that says the disk's place, unique in the guest */
    DiskBus bus;
    DiskTray tray;
    Switch removable;
    unsigned rotation_rate;
    DiskTune tune;
    bool readonly, shareable, transient;
    Switch transient_share_backing;
    char *serial, *wwn, *vendor, *product;
    SourceAuth *legacy_auth; /* where they stood before they became parts of the source */
    SourceEncryption *legacy_encryption;
} Disk;

extern XmlElement disk_element, disk_mirror_element, disk_tune_element;
XML_STRUCT(Disk, disk, disk_element)

/* The number in the letters of a target's name: "hda" 0, "sdb" 1, "vdaa" 26; -1 when it has none.
 */
int disk_target_index(const char *target);
/* The bus that the target's name stands for, if none was said; also what <domain> does for its
 * disks when it has put them in order. */
void disk_default_bus(Disk *disk);
