/* tuning.h - how a guest's processors, threads and disks are scheduled */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml/bind.h"

typedef struct VcpuPin {
    unsigned vcpu;
    Bitmap *cpus;
} VcpuPin;

typedef struct IothreadPin {
    unsigned iothread;
    Bitmap *cpus;
} IothreadPin;

typedef enum Scheduler {
    SCHEDULER_NONE,
    SCHEDULER_BATCH,
    SCHEDULER_IDLE,
    SCHEDULER_FIFO,
    SCHEDULER_RR,
} Scheduler;
extern const char *const scheduler_names[];

/* Of the processors, or threads, in members. */
typedef struct Schedule {
    Bitmap *members;
    Scheduler scheduler;
    Optional priority;
} Schedule;

typedef struct CpuTune {
    uint64_t shares;
    uint64_t period, global_period, emulator_period, iothread_period; /* us */
    int64_t quota, global_quota, emulator_quota, iothread_quota;      /* us; -1: no limit */
    GPtrArray *vcpu_pins;                                             /* of VcpuPin */
    Bitmap *emulator_pin;
    GPtrArray *iothread_pins;      /* of IothreadPin */
    GPtrArray *vcpu_schedules;     /* of Schedule */
    GPtrArray *iothread_schedules; /* of Schedule */
    Schedule *emulator_schedule;
} CpuTune;

typedef struct BlkioDevice {
    char *path;
    unsigned weight;
    unsigned read_iops, write_iops;
    uint64_t read_bytes, write_bytes;
} BlkioDevice;

typedef struct BlkioTune {
    unsigned weight;
    GPtrArray *devices; /* of BlkioDevice */
} BlkioTune;

typedef struct Vcpu {
    unsigned id;
    Switch enabled, hotpluggable;
    unsigned order;
} Vcpu;

typedef struct Iothread {
    unsigned id;
    Optional pool_min, pool_max;
} Iothread;

extern XmlElement cpu_tune_element, blkio_tune_element, vcpu_element, iothread_element;
