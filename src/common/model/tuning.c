/* tuning.c - how a guest's processors, threads and disks are scheduled */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/tuning.h"

const char *const scheduler_names[] = {
    [SCHEDULER_NONE] = NULL,   [SCHEDULER_BATCH] = "batch", [SCHEDULER_IDLE] = "idle",
    [SCHEDULER_FIFO] = "fifo", [SCHEDULER_RR] = "rr",       NULL,
};

static const XmlField vcpu_pin_fields[] = {
    XML_NUMBER("@vcpu", VcpuPin, vcpu, .required = true, .always = true),
    XML_BITMAP("@cpuset", VcpuPin, cpus, .required = true),
    {},
};
static XmlElement vcpu_pin_element = {
    .name = "vcpupin",
    .size = sizeof(VcpuPin),
    .fields = vcpu_pin_fields,
};

static const XmlField iothread_pin_fields[] = {
    XML_NUMBER("@iothread", IothreadPin, iothread, .required = true, .min = 1),
    XML_BITMAP("@cpuset", IothreadPin, cpus, .required = true),
    {},
};
static XmlElement iothread_pin_element = {
    .name = "iothreadpin",
    .size = sizeof(IothreadPin),
    .fields = iothread_pin_fields,
};

#define SCHEDULE_ROWS                                                               \
    XML_ENUM("@scheduler", Schedule, scheduler, scheduler_names, .required = true), \
        XML_NUMBER("@priority", Schedule, priority, .max = INT32_MAX)

static bool schedule_finish(void *object, unsigned, GError **error)
{
    const Schedule *schedule = object;
    bool is_realtime = schedule->scheduler == SCHEDULER_FIFO || schedule->scheduler == SCHEDULER_RR;

    if (is_realtime && !schedule->priority.given)
        return fail(error, ERR_XML, "missing '@priority' of a real-time scheduler");
    return true;
}

static const XmlField vcpu_schedule_fields[] = {
    XML_BITMAP("@vcpus", Schedule, members, .required = true),
    SCHEDULE_ROWS,
    {},
};
static XmlElement vcpu_schedule_element = {
    .name = "vcpusched",
    .size = sizeof(Schedule),
    .fields = vcpu_schedule_fields,
    .finish = schedule_finish,
};

static const XmlField iothread_schedule_fields[] = {
    XML_BITMAP("@iothreads", Schedule, members, .required = true),
    SCHEDULE_ROWS,
    {},
};
static XmlElement iothread_schedule_element = {
    .name = "iothreadsched",
    .size = sizeof(Schedule),
    .fields = iothread_schedule_fields,
    .finish = schedule_finish,
};

static const XmlField emulator_schedule_fields[] = {
    SCHEDULE_ROWS,
    {},
};
static XmlElement emulator_schedule_element = {
    .name = "emulatorsched",
    .size = sizeof(Schedule),
    .fields = emulator_schedule_fields,
    .finish = schedule_finish,
};

// clang-format off
#define PERIOD .min = 1000, .max = 1000000
#define QUOTA .min = -1, .max = 18446744073709551

static const XmlField cpu_tune_fields[] = {
    XML_NUMBER("shares", CpuTune, shares),
    XML_NUMBER("period", CpuTune, period, PERIOD),
    XML_NUMBER("quota", CpuTune, quota, QUOTA),
    XML_NUMBER("global_period", CpuTune, global_period, PERIOD),
    XML_NUMBER("global_quota", CpuTune, global_quota, QUOTA),
    XML_NUMBER("emulator_period", CpuTune, emulator_period, PERIOD),
    XML_NUMBER("emulator_quota", CpuTune, emulator_quota, QUOTA),
    XML_NUMBER("iothread_period", CpuTune, iothread_period, PERIOD),
    XML_NUMBER("iothread_quota", CpuTune, iothread_quota, QUOTA),
    XML_LIST("vcpupin", CpuTune, vcpu_pins, &vcpu_pin_element),
    XML_BITMAP("emulatorpin/@cpuset", CpuTune, emulator_pin, .needed = true),
    XML_LIST("iothreadpin", CpuTune, iothread_pins, &iothread_pin_element),
    XML_CHILD("emulatorsched", CpuTune, emulator_schedule, &emulator_schedule_element),
    XML_LIST("vcpusched", CpuTune, vcpu_schedules, &vcpu_schedule_element),
    XML_LIST("iothreadsched", CpuTune, iothread_schedules, &iothread_schedule_element),
    XML_UNSUPPORTED("cachetune"),
    XML_UNSUPPORTED("memorytune"),
    {},
};
// clang-format on
XmlElement cpu_tune_element = {
    .name = "cputune",
    .size = sizeof(CpuTune),
    .fields = cpu_tune_fields,
};

static const XmlField blkio_device_fields[] = {
    XML_STRING("path", BlkioDevice, path, .required = true),
    XML_NUMBER("weight", BlkioDevice, weight),
    XML_NUMBER("read_iops_sec", BlkioDevice, read_iops),
    XML_NUMBER("write_iops_sec", BlkioDevice, write_iops),
    XML_NUMBER("read_bytes_sec", BlkioDevice, read_bytes),
    XML_NUMBER("write_bytes_sec", BlkioDevice, write_bytes),
    {},
};
static XmlElement blkio_device_element = {
    .name = "device",
    .size = sizeof(BlkioDevice),
    .fields = blkio_device_fields,
};

static const XmlField blkio_tune_fields[] = {
    XML_NUMBER("weight", BlkioTune, weight),
    XML_LIST("device", BlkioTune, devices, &blkio_device_element),
    {},
};
XmlElement blkio_tune_element = {
    .name = "blkiotune",
    .size = sizeof(BlkioTune),
    .fields = blkio_tune_fields,
};

static const XmlField vcpu_fields[] = {
    XML_NUMBER("@id", Vcpu, id, .required = true, .always = true),
    XML_YES_NO("@enabled", Vcpu, enabled, .required = true),
    XML_YES_NO("@hotpluggable", Vcpu, hotpluggable),
    XML_NUMBER("@order", Vcpu, order, .min = 1),
    {},
};
XmlElement vcpu_element = {
    .name = "vcpu",
    .size = sizeof(Vcpu),
    .fields = vcpu_fields,
};

static const XmlField iothread_fields[] = {
    XML_NUMBER("@id", Iothread, id, .required = true, .min = 1),
    XML_NUMBER("@thread_pool_min", Iothread, pool_min, .max = INT32_MAX),
    XML_NUMBER("@thread_pool_max", Iothread, pool_max, .max = INT32_MAX),
    {},
};
XmlElement iothread_element = {
    .name = "iothread",
    .size = sizeof(Iothread),
    .fields = iothread_fields,
};
