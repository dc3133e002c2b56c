/* domain.c - <domain>: the table of tables */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/domain.h"

#include "model/check.h"

#include <string.h>

const char *const domain_type_names[] = {
    [DOMAIN_NONE] = NULL, [DOMAIN_QEMU] = "qemu", [DOMAIN_KVM] = "kvm", [DOMAIN_LXC] = "lxc", NULL,
};
const char *const lifecycle_action_names[] = {
    [ACTION_ABSENT] = NULL,
    [ACTION_DESTROY] = "destroy",
    [ACTION_RESTART] = "restart",
    [ACTION_RENAME_RESTART] = "rename-restart",
    [ACTION_PRESERVE] = "preserve",
    [ACTION_COREDUMP_DESTROY] = "coredump-destroy",
    [ACTION_COREDUMP_RESTART] = "coredump-restart",
    NULL,
};
static const char *const lock_failure_names[] = {
    [LOCK_FAILURE_ABSENT] = NULL,       [LOCK_FAILURE_POWEROFF] = "poweroff",
    [LOCK_FAILURE_RESTART] = "restart", [LOCK_FAILURE_PAUSE] = "pause",
    [LOCK_FAILURE_IGNORE] = "ignore",   NULL,
};
static const char *const override_names[] = {
    [OVERRIDE_NONE] = NULL,
    [OVERRIDE_STRING] = "string",
    [OVERRIDE_SIGNED] = "signed",
    [OVERRIDE_UNSIGNED] = "unsigned",
    [OVERRIDE_BOOL] = "bool",
    [OVERRIDE_REMOVE] = "remove",
    NULL,
};
static const char *const deprecation_words[] = { NULL, "none", "omit", "reject", "crash", NULL };
static const char *const share_words[] = { NULL, "netns", "name", "pid", NULL };

/* ---- namespaces of the drivers ---- */

// clang-format off
#define QEMU_NAMESPACE .prefix = "qemu", .uri = "http://libvirt.org/schemas/domain/qemu/1.0"
#define LXC_NAMESPACE .prefix = "lxc", .uri = "http://libvirt.org/schemas/domain/lxc/1.0"
// clang-format on

static const XmlField argument_fields[] = {
    XML_STRING("@value", QemuArgument, value, .required = true),
    {},
};
static XmlElement argument_element = {
    .name = "arg",
    QEMU_NAMESPACE,
    .size = sizeof(QemuArgument),
    .fields = argument_fields,
};

static const XmlField variable_fields[] = {
    XML_STRING("@name", QemuVariable, name, .required = true),
    XML_STRING("@value", QemuVariable, value),
    {},
};
static XmlElement variable_element = {
    .name = "env",
    QEMU_NAMESPACE,
    .size = sizeof(QemuVariable),
    .fields = variable_fields,
};

static const XmlField commandline_fields[] = {
    XML_LIST("arg", QemuCommandline, arguments, &argument_element),
    XML_LIST("env", QemuCommandline, variables, &variable_element),
    {},
};
static XmlElement commandline_element = {
    .name = "commandline",
    QEMU_NAMESPACE,
    .size = sizeof(QemuCommandline),
    .fields = commandline_fields,
};

static const XmlField capability_fields[] = {
    XML_STRING("@capability", QemuCapability, name, .required = true),
    {},
};
static XmlElement capability_element = {
    .name = "add",
    QEMU_NAMESPACE,
    .size = sizeof(QemuCapability),
    .fields = capability_fields,
};

static const XmlField capabilities_fields[] = {
    XML_LIST("add", QemuCapabilities, added, &capability_element),
    XML_LIST("del", QemuCapabilities, removed, &capability_element),
    {},
};
static XmlElement capabilities_element = {
    .name = "capabilities",
    QEMU_NAMESPACE,
    .size = sizeof(QemuCapabilities),
    .fields = capabilities_fields,
};

static const XmlField property_fields[] = {
    XML_STRING("@name", QemuProperty, name, .required = true),
    XML_ENUM("@type", QemuProperty, type, override_names, .required = true),
    XML_STRING("@value", QemuProperty, value),
    {},
};
static XmlElement property_element = {
    .name = "property",
    QEMU_NAMESPACE,
    .size = sizeof(QemuProperty),
    .fields = property_fields,
};

static const XmlField device_override_fields[] = {
    XML_STRING("@alias", QemuOverride, alias, .required = true),
    XML_LIST("frontend/property", QemuOverride, properties, &property_element),
    {},
};
static XmlElement device_override_element = {
    .name = "device",
    QEMU_NAMESPACE,
    .size = sizeof(QemuOverride),
    .fields = device_override_fields,
};

static const XmlField overrides_fields[] = {
    XML_LIST("device", QemuOverrides, devices, &device_override_element),
    {},
};
static XmlElement overrides_element = {
    .name = "override",
    QEMU_NAMESPACE,
    .size = sizeof(QemuOverrides),
    .fields = overrides_fields,
};

static const XmlField deprecation_fields[] = {
    XML_WORD("@behavior", QemuDeprecation, behavior, deprecation_words),
    {},
};
static XmlElement deprecation_element = {
    .name = "deprecation",
    QEMU_NAMESPACE,
    .size = sizeof(QemuDeprecation),
    .fields = deprecation_fields,
};

#define SHARE_ROWS(p, member)                                                      \
    XML_WORD(p "/@type", LxcNamespaces, member.type, share_words, .needed = true), \
        XML_STRING(p "/@value", LxcNamespaces, member.value, .needed = true)

static const XmlField lxc_fields[] = {
    SHARE_ROWS("sharenet", network),
    SHARE_ROWS("shareipc", ipc),
    SHARE_ROWS("shareuts", uts),
    {},
};
static XmlElement lxc_element = {
    .name = "namespace",
    LXC_NAMESPACE,
    .size = sizeof(LxcNamespaces),
    .fields = lxc_fields,
};

/* ---- the domain ---- */

/* An empty one asks for a new number. */
static bool genid_parse(const XmlInput *input, void *slot)
{
    if (xml_is_blank(input->text))
        *(Uuid *) slot = uuid_random();
    return xml_is_blank(input->text) || uuid_parse(input->text, slot);
}

static bool genid_present(const void *slot, const XmlField *) { return !uuid_is_zero(slot); }

static void genid_write(GString *out, const void *slot, const XmlField *)
{
    char text[UUID_TEXT];

    g_string_append(out, uuid_print(slot, text));
}

static const XmlType xml_genid = { .size = sizeof(Uuid),
                                   .takes_blank = true,
                                   .parse = genid_parse,
                                   .present = genid_present,
                                   .write = genid_write };

// clang-format off
static const XmlField domain_fields[] = {
    XML_ENUM("@type", Domain, type, domain_type_names, .required = true),
    XML_NUMBER("@id", Domain, id, .min = -1, .live = true),
    XML_STRING("name", Domain, name),
    XML_UUID("uuid", Domain, uuid),
    { .path = "genid", .type = &xml_genid, .offset = SLOT(Domain, genid, Uuid) },
    XML_STRING("title", Domain, title),
    XML_STRING("description", Domain, description),
    XML_RAW("metadata", Domain, metadata),
    XML_NUMBER("maxMemory/@slots", Domain, memory_slots, .needed = true),
    XML_SIZE("maxMemory", Domain, max_memory, .unit = 1024),
    XML_SIZE("memory", Domain, memory, .unit = 1024),
    XML_ON_OFF("memory/@dumpCore", Domain, dump_core),
    XML_SIZE("currentMemory", Domain, current_memory, .unit = 1024),
    XML_PART("blkiotune", Domain, blkio_tune, &blkio_tune_element),
    XML_PART("memtune", Domain, memory_tune, &memory_tune_element),
    XML_PART("memoryBacking", Domain, memory_backing, &memory_backing_element),
    XML_ENUM("vcpu/@placement", Domain, vcpu_placement, placement_names),
    XML_BITMAP("vcpu/@cpuset", Domain, vcpu_set),
    XML_NUMBER("vcpu/@current", Domain, current_vcpus, .min = 1),
    XML_NUMBER("vcpu", Domain, vcpus, .min = 1, .max = 16384),
    XML_LIST("vcpus/vcpu", Domain, vcpu_list, &vcpu_element),
    XML_NUMBER("iothreads", Domain, iothreads),
    XML_LIST("iothreadids/iothread", Domain, iothread_ids, &iothread_element),
    XML_NUMBER("defaultiothread/@thread_pool_min", Domain, default_pool_min, .max = INT32_MAX),
    XML_NUMBER("defaultiothread/@thread_pool_max", Domain, default_pool_max, .max = INT32_MAX),
    XML_PART("cputune", Domain, cpu_tune, &cpu_tune_element),
    XML_PART("numatune", Domain, numa_tune, &numa_tune_element),
    XML_STRING("resource/partition", Domain, partition),
    XML_STRING("resource/fibrechannel/@appid", Domain, fibrechannel, .needed = true),
    XML_LIST("sysinfo", Domain, sysinfo, &sysinfo_element),
    XML_STRING("bootloader", Domain, bootloader),
    XML_STRING("bootloader_args", Domain, bootloader_arguments),
    XML_PART("os", Domain, os, &os_element),
    XML_LIST("idmap/uid", Domain, idmap_uids, &idmap_range_element),
    XML_LIST("idmap/gid", Domain, idmap_gids, &idmap_range_element),
    XML_PART("features", Domain, features, &features_element),
    XML_CHILD("cpu", Domain, cpu, &cpu_element),
    XML_PART("clock", Domain, clock, &clock_element),
    XML_ENUM("on_poweroff", Domain, on_poweroff, lifecycle_action_names),
    XML_ENUM("on_reboot", Domain, on_reboot, lifecycle_action_names),
    XML_ENUM("on_crash", Domain, on_crash, lifecycle_action_names),
    XML_ENUM("on_lockfailure", Domain, on_lock_failure, lock_failure_names),
    XML_YES_NO("pm/suspend-to-mem/@enabled", Domain, suspend_to_mem),
    XML_YES_NO("pm/suspend-to-disk/@enabled", Domain, suspend_to_disk),
    XML_UNSUPPORTED("perf"),
    XML_FLAG("devices", Domain, has_devices),
    XML_STRING("devices/emulator", Domain, emulator),
    XML_LIST("devices/disk", Domain, disks, &disk_element),
    XML_LIST("devices/controller", Domain, controllers, &controller_element),
    XML_LIST("devices/lease", Domain, leases, &lease_element),
    XML_LIST("devices/filesystem", Domain, filesystems, &fs_element),
    XML_LIST("devices/interface", Domain, interfaces, &iface_element),
    XML_LIST("devices/smartcard", Domain, smartcards, &smartcard_element),
    XML_LIST("devices/serial", Domain, serials, &serial_element),
    XML_LIST("devices/parallel", Domain, parallels, &parallel_element),
    XML_LIST("devices/console", Domain, consoles, &console_element),
    XML_LIST("devices/channel", Domain, channels, &channel_element),
    XML_LIST("devices/input", Domain, inputs, &input_element),
    XML_LIST("devices/tpm", Domain, tpms, &tpm_element),
    XML_LIST("devices/graphics", Domain, graphics, &graphics_element),
    XML_LIST("devices/sound", Domain, sounds, &sound_element),
    XML_LIST("devices/audio", Domain, audios, &audio_element),
    XML_LIST("devices/video", Domain, videos, &video_element),
    XML_LIST("devices/hostdev", Domain, hostdevs, &hostdev_element),
    XML_LIST("devices/redirdev", Domain, redirdevs, &redirdev_element),
    XML_CHILD("devices/redirfilter", Domain, redir_filter, &redir_filter_element),
    XML_LIST("devices/hub", Domain, hubs, &hub_element),
    XML_LIST("devices/watchdog", Domain, watchdogs, &watchdog_element),
    XML_LIST("devices/memballoon", Domain, balloons, &balloon_element),
    XML_LIST("devices/rng", Domain, rngs, &rng_element),
    XML_LIST("devices/nvram", Domain, nvrams, &nvram_element),
    XML_LIST("devices/panic", Domain, panics, &panic_element),
    XML_LIST("devices/shmem", Domain, shmems, &shmem_element),
    XML_LIST("devices/memory", Domain, memdevs, &memdev_element),
    XML_LIST("devices/iommu", Domain, iommus, &iommu_element),
    XML_LIST("devices/vsock", Domain, vsocks, &vsock_element),
    XML_UNSUPPORTED("devices/crypto"),
    XML_LIST("seclabel", Domain, seclabels, &seclabel_element),
    XML_UNSUPPORTED("keywrap"),
    XML_UNSUPPORTED("launchSecurity"),
    XML_PART("qemu:commandline", Domain, commandline, &commandline_element),
    XML_PART("qemu:capabilities", Domain, capabilities, &capabilities_element),
    XML_PART("qemu:override", Domain, overrides, &overrides_element),
    XML_PART("qemu:deprecation", Domain, deprecation, &deprecation_element),
    XML_PART("lxc:namespace", Domain, lxc_namespaces, &lxc_element),
    {},
};
// clang-format on

XmlElement domain_element = {
    .name = "domain",
    .size = sizeof(Domain),
    .fields = domain_fields,
    .variant = offsetof(Domain, type),
    .finish = domain_finish,
};

Domain *domain_parse(const char *text, unsigned flags, GPtrArray *warnings, GError **error)
{
    return xml_parse(&domain_element, text, flags, warnings, error);
}

char *domain_format(const Domain *domain, unsigned flags)
{
    return xml_format(&domain_element, domain, flags);
}

Domain *domain_copy(const Domain *domain) { return xml_copy(&domain_element, domain); }

char *domain_compare(const Domain *a, const Domain *b)
{
    return xml_compare(&domain_element, a, b);
}

void domain_free(Domain *domain) { xml_free(&domain_element, domain); }

/* ---- devices of all kinds ---- */

// clang-format off
#define KIND(element, member) { &element, SLOT(Domain, member, GPtrArray *), true }
#define KIND_WITHOUT_INFO(element, member) { &element, SLOT(Domain, member, GPtrArray *), false }
// clang-format on

const DeviceKind device_kinds[] = {
    KIND(disk_element, disks),
    KIND(controller_element, controllers),
    KIND_WITHOUT_INFO(lease_element, leases),
    KIND(fs_element, filesystems),
    KIND(iface_element, interfaces),
    KIND(smartcard_element, smartcards),
    KIND(serial_element, serials),
    KIND(parallel_element, parallels),
    KIND(console_element, consoles),
    KIND(channel_element, channels),
    KIND(input_element, inputs),
    KIND(tpm_element, tpms),
    KIND_WITHOUT_INFO(graphics_element, graphics),
    KIND(sound_element, sounds),
    KIND_WITHOUT_INFO(audio_element, audios),
    KIND(video_element, videos),
    KIND(hostdev_element, hostdevs),
    KIND(redirdev_element, redirdevs),
    KIND(hub_element, hubs),
    KIND(watchdog_element, watchdogs),
    KIND(balloon_element, balloons),
    KIND(rng_element, rngs),
    KIND(nvram_element, nvrams),
    KIND(panic_element, panics),
    KIND(shmem_element, shmems),
    KIND(memdev_element, memdevs),
    KIND(iommu_element, iommus),
    KIND(vsock_element, vsocks),
    {},
};

void *device_parse(const char *text, unsigned flags, GPtrArray *warnings, const DeviceKind **kind,
                   GError **error)
{
    XmlElement *elements[G_N_ELEMENTS(device_kinds)], *found;
    void *device;

    for (size_t i = 0; i < G_N_ELEMENTS(device_kinds); i++)
        elements[i] = device_kinds[i].element;
    device = xml_parse_any(elements, text, flags, warnings, &found, error);
    for (*kind = device_kinds; device && (*kind)->element != found;)
        ++*kind;
    return device;
}

bool domain_each_device(const Domain *domain, DeviceVisit visit, void *data)
{
    for (const DeviceKind *kind = device_kinds; kind->element; kind++) {
        if (!kind->has_info)
            continue;
        for (LIST_EACH(DeviceInfo, device, device_list(domain, kind))) {
            if (!visit(kind, device, data))
                return false;
        }
    }
    return true;
}
