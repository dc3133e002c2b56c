/* domain.h - <domain>: a guest as its owner defined it, or as it runs */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/balloon.h"
#include "model/chardev.h"
#include "model/clock.h"
#include "model/controller.h"
#include "model/cpu.h"
#include "model/disk.h"
#include "model/features.h"
#include "model/fs.h"
#include "model/graphics.h"
#include "model/hostdev.h"
#include "model/iface.h"
#include "model/input.h"
#include "model/iommu.h"
#include "model/list.h"
#include "model/memdev.h"
#include "model/memory.h"
#include "model/misc.h"
#include "model/numa.h"
#include "model/os.h"
#include "model/panic.h"
#include "model/redirdev.h"
#include "model/rng.h"
#include "model/seclabel.h"
#include "model/shmem.h"
#include "model/smartcard.h"
#include "model/sound.h"
#include "model/sysinfo.h"
#include "model/tpm.h"
#include "model/tuning.h"
#include "model/video.h"
#include "model/vsock.h"
#include "model/watchdog.h"

typedef enum DomainType { DOMAIN_NONE, DOMAIN_QEMU, DOMAIN_KVM, DOMAIN_LXC } DomainType;
extern const char *const domain_type_names[];

typedef enum LifecycleAction {
    ACTION_ABSENT,
    ACTION_DESTROY,
    ACTION_RESTART,
    ACTION_RENAME_RESTART,
    ACTION_PRESERVE,
    ACTION_COREDUMP_DESTROY, /* the last two of on_crash only */
    ACTION_COREDUMP_RESTART,
} LifecycleAction;
extern const char *const lifecycle_action_names[];

typedef enum LockFailureAction {
    LOCK_FAILURE_ABSENT,
    LOCK_FAILURE_POWEROFF,
    LOCK_FAILURE_RESTART,
    LOCK_FAILURE_PAUSE,
    LOCK_FAILURE_IGNORE,
} LockFailureAction;

/* One <qemu:arg>. */
typedef struct QemuArgument {
    char *value;
} QemuArgument;

/* One <qemu:env>. */
typedef struct QemuVariable {
    char *name, *value;
} QemuVariable;

/* One <qemu:add> or <qemu:del>. */
typedef struct QemuCapability {
    char *name;
} QemuCapability;

typedef enum OverrideType {
    OVERRIDE_NONE,
    OVERRIDE_STRING,
    OVERRIDE_SIGNED,
    OVERRIDE_UNSIGNED,
    OVERRIDE_BOOL,
    OVERRIDE_REMOVE,
} OverrideType;

/* One <qemu:property> of <qemu:frontend>. */
typedef struct QemuProperty {
    char *name;
    OverrideType type;
    char *value;
} QemuProperty;

typedef struct QemuOverride {
    char *alias;
    GPtrArray *properties; /* of QemuProperty */
} QemuOverride;

typedef struct QemuCommandline {
    GPtrArray *arguments; /* of QemuArgument */
    GPtrArray *variables; /* of QemuVariable */
} QemuCommandline;

typedef struct QemuCapabilities {
    GPtrArray *added, *removed; /* of QemuCapability */
} QemuCapabilities;

typedef struct QemuOverrides {
    GPtrArray *devices; /* of QemuOverride */
} QemuOverrides;

typedef struct QemuDeprecation {
    char *behavior; /* "none", "omit", "reject", "crash" */
} QemuDeprecation;

/* Whose namespace a container shares: type "netns", "name" or "pid", value its name. */
typedef struct LxcShare {
    char *type, *value;
} LxcShare;

typedef struct LxcNamespaces {
    LxcShare network, ipc, uts;
} LxcNamespaces;

/* Memory in KiB. Lists hold pointers to the struct that their comment names. */
typedef struct Domain {
    DomainType type;
    Optional id; /* live */
    char *name;
    Uuid uuid;
    Uuid genid; /* changes when the guest goes back in time */
    char *title, *description;
    char *metadata; /* see metadata.h */

    uint64_t max_memory; /* with hot-plugged modules */
    unsigned memory_slots;
    uint64_t memory, current_memory;
    Switch dump_core;
    MemoryBacking memory_backing;
    MemoryTune memory_tune;
    BlkioTune blkio_tune;

    unsigned vcpus, current_vcpus; /* at most, and at start; 0: as many */
    Placement vcpu_placement;
    Bitmap *vcpu_set;
    GPtrArray *vcpu_list; /* Vcpu */
    unsigned iothreads;
    GPtrArray *iothread_ids; /* Iothread */
    Optional default_pool_min, default_pool_max;
    CpuTune cpu_tune;
    NumaTune numa_tune;
    char *partition, *fibrechannel;

    GPtrArray *sysinfo; /* Sysinfo */
    char *bootloader, *bootloader_arguments;
    Os os;
    GPtrArray *idmap_uids, *idmap_gids; /* IdmapRange */
    Features features;
    Cpu *cpu;
    Clock clock;
    LifecycleAction on_poweroff, on_reboot, on_crash;
    LockFailureAction on_lock_failure;
    Switch suspend_to_mem, suspend_to_disk;

    bool has_devices;
    char *emulator;
    GPtrArray *disks;       /* Disk */
    GPtrArray *controllers; /* Controller */
    GPtrArray *leases;      /* Lease */
    GPtrArray *filesystems; /* Fs */
    GPtrArray *interfaces;  /* Iface */
    GPtrArray *smartcards;  /* Smartcard */
    GPtrArray *serials;     /* Serial */
    GPtrArray *parallels;   /* Parallel */
    GPtrArray *consoles;    /* Console */
    GPtrArray *channels;    /* Channel */
    GPtrArray *inputs;      /* Input */
    GPtrArray *tpms;        /* Tpm */
    GPtrArray *graphics;    /* Graphics */
    GPtrArray *sounds;      /* Sound */
    GPtrArray *audios;      /* Audio */
    GPtrArray *videos;      /* Video */
    GPtrArray *hostdevs;    /* Hostdev */
    GPtrArray *redirdevs;   /* Redirdev */
    RedirFilter *redir_filter;
    GPtrArray *hubs;      /* Hub */
    GPtrArray *watchdogs; /* Watchdog: at most one */
    GPtrArray *balloons;  /* Balloon: at most one, "none" included */
    GPtrArray *rngs;      /* Rng */
    GPtrArray *nvrams;    /* Nvram: at most one */
    GPtrArray *panics;    /* Panic */
    GPtrArray *shmems;    /* Shmem */
    GPtrArray *memdevs;   /* Memdev */
    GPtrArray *iommus;    /* Iommu: at most one */
    GPtrArray *vsocks;    /* Vsock: at most one */

    GPtrArray *seclabels; /* Seclabel */
    QemuCommandline commandline;
    QemuCapabilities capabilities;
    QemuOverrides overrides;
    QemuDeprecation deprecation;
    LxcNamespaces lxc_namespaces;
} Domain;

extern XmlElement domain_element;

/* Flags are XmlFlags. */
Domain *domain_parse(const char *text, unsigned flags, GPtrArray *warnings, GError **error);
char *domain_format(const Domain *domain, unsigned flags);
Domain *domain_copy(const Domain *domain);
char *domain_compare(const Domain *a, const Domain *b);
void domain_free(Domain *domain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Domain, domain_free)

/* Every kind of element of <devices> that comes in lists. */
typedef struct DeviceKind {
    XmlElement *element; /* its name is the kind's */
    size_t list;         /* offset in Domain */
    bool has_info;       /* the struct begins with a DeviceInfo */
} DeviceKind;
extern const DeviceKind device_kinds[]; /* closed by an empty one; in the order of output */

static inline GPtrArray *device_list(const Domain *domain, const DeviceKind *kind)
{
    return *(GPtrArray **) slot_at(domain, kind->list);
}
/* One element of <devices>, such as a client attaches; says its kind. */
void *device_parse(const char *text, unsigned flags, GPtrArray *warnings, const DeviceKind **kind,
                   GError **error);
/* Calls each device that has a DeviceInfo, in the order of output, until one call returns false,
 * which is returned. */
typedef bool (*DeviceVisit)(const DeviceKind *kind, DeviceInfo *device, void *data);
bool domain_each_device(const Domain *domain, DeviceVisit visit, void *data);
