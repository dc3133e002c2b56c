/* defaults.c - what a definition leaves out, as QEMU and its clients expect it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "defaults.h"

#include "board.h"
#include "caps.h"
#include "daemon/daemon.h"
#include "guest/new-device.h"
#include "host/cpu.h"
#include "implicit.h"

#include <string.h>

/* ---- machine ---- */

static void set(char **member, const char *value)
{
    if (!*member)
        *member = g_strdup(value);
}

static bool find_emulator(Domain *domain, GError **error)
{
    set(&domain->os.arch, host_arch());
    if (!domain->emulator)
        domain->emulator = caps_find_binary(domain->os.arch, error);
    return domain->emulator != NULL;
}

/* The default of QEMU, or "virt" where it has none. */
static bool find_machine(Domain *domain, const Caps *caps, GError **error)
{
    const CapsMachine *machine = caps_machine(caps, domain->os.machine);

    if (!machine && !domain->os.machine)
        machine = caps_machine(caps, "virt");
    if (!machine)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "'%s' has no machine '%s'", caps->binary,
                    domain->os.machine ? domain->os.machine : "default");
    if (domain->type == DOMAIN_KVM && !caps->kvm)
        return fail(error, ERR_INVALID_ARG, "'%s' cannot run guests of type 'kvm' here",
                    caps->binary);
    if (machine->max_cpus && domain->vcpus > machine->max_cpus)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "Maximum CPUs greater than specified machine type limit %u", machine->max_cpus);
    g_free(domain->os.machine);
    domain->os.machine = g_strdup(machine->name);
    return true;
}

/* ---- what it boots ---- */

static bool no_boot_order(const DeviceKind *, DeviceInfo *device, void *)
{
    return !device->boot_order;
}

static void complete_boot(Domain *domain)
{
    BootEntry *entry;

    if (domain->os.boot || !domain_each_device(domain, no_boot_order, NULL))
        return;
    entry = g_new0(BootEntry, 1);
    entry->device = BOOT_HD;
    list_add(&domain->os.boot, entry);
}

/* A read-only image of UEFI keeps its variables in a file of the guest's own. */
static void complete_loader(Domain *domain)
{
    Os *os = &domain->os;

    if (os->loader && !os->loader_type)
        os->loader_type = LOADER_ROM;
    if (os->nvram || os->loader_type != LOADER_PFLASH || os->loader_readonly != SWITCH_ON ||
        os->loader_stateless == SWITCH_ON)
        return;
    os->nvram = g_new0(NvramFile, 1);
    os->nvram->path = daemon_path("var/lib/ostler/qemu/nvram/%s_VARS.fd", domain->name);
}

static void complete_os(Domain *domain)
{
    complete_boot(domain);
    complete_loader(domain);
    if (domain->os.smbios == SMBIOS_NONE)
        domain->os.smbios = SMBIOS_ABSENT;
}

/* ---- processor and features ---- */

/* QEMU's type without what all types of an architecture end in: "qemu64-x86_64-cpu". */
static char *model_of_type(const char *type)
{
    const char *end = type ? g_strrstr(type, "-cpu") : NULL;
    const char *arch = end ? g_strrstr_len(type, end - type, "-") : NULL;

    return arch ? g_strndup(type, arch - type) : NULL;
}

static void choose_model(Domain *domain, const Caps *caps)
{
    const CapsMachine *machine = caps_machine(caps, domain->os.machine);
    g_autofree char *model = model_of_type(machine->default_cpu);

    if (!model || (domain->cpu && (domain->cpu->model || domain->cpu->mode > CPU_CUSTOM)))
        return;
    if (!domain->cpu)
        domain->cpu = g_new0(Cpu, 1);
    domain->cpu->mode = CPU_CUSTOM;
    domain->cpu->match = CPU_EXACT;
    domain->cpu->fallback = CPU_FORBID;
    domain->cpu->check = CPU_CHECK_NONE;
    domain->cpu->model = g_steal_pointer(&model);
}

static void complete_cpu(Domain *domain, const Caps *caps)
{
    Cpu *cpu;
    bool is_x86 = g_str_equal(domain->os.arch, "x86_64") || g_str_equal(domain->os.arch, "i686");

    choose_model(domain, caps);
    cpu = domain->cpu;
    if (!cpu || !cpu->mode)
        return;
    if (!cpu->check)
        cpu->check =
            cpu->mode == CPU_HOST_MODEL || (cpu->mode == CPU_CUSTOM && domain->type == DOMAIN_KVM)
                ? CPU_CHECK_PARTIAL
                : CPU_CHECK_NONE;
    if (cpu->mode == CPU_HOST_PASSTHROUGH && !cpu->migratable && is_x86)
        cpu->migratable = caps->kvm ? SWITCH_ON : SWITCH_OFF;
}

static bool hyperv_is_used(const HypervFeatures *hyperv)
{
    static const HypervFeatures none;

    return memcmp(hyperv, &none, sizeof(none)) != 0;
}

static void complete_features(Domain *domain)
{
    Features *features = &domain->features;

    if (features->hyperv_given || hyperv_is_used(&features->hyperv))
        set(&features->hyperv.mode, "custom");
    if (board_of(domain) == BOARD_VIRT && !features->gic &&
        (g_str_equal(domain->os.arch, "aarch64") || g_str_has_prefix(domain->os.arch, "arm")))
        features->gic = GIC_2;
}

/* ---- devices ---- */

static unsigned default_port(SourceProtocol protocol)
{
    static const unsigned ports[] = {
        [PROTOCOL_NBD] = 10809,  [PROTOCOL_SHEEPDOG] = 7000, [PROTOCOL_GLUSTER] = 24007,
        [PROTOCOL_ISCSI] = 3260, [PROTOCOL_HTTP] = 80,       [PROTOCOL_HTTPS] = 443,
        [PROTOCOL_FTP] = 21,     [PROTOCOL_FTPS] = 990,      [PROTOCOL_TFTP] = 69,
        [PROTOCOL_SSH] = 22,     [PROTOCOL_VXHS] = 9999,
    };

    return protocol < G_N_ELEMENTS(ports) ? ports[protocol] : 0;
}

static void complete_source(Source *source)
{
    for (LIST_EACH(SourceHost, host, source->hosts)) {
        if (!host->port && host->transport != TRANSPORT_UNIX)
            host->port = default_port(source->protocol);
    }
    if (source->encryption)
        set(&source->encryption->engine, "qemu");
}

static bool complete_disk(const Domain *, const Caps *, void *device, GError **)
{
    Disk *disk = device;

    disk_default_bus(disk);
    complete_source(&disk->source);
    for (BackingStore *store = disk->backing; store; store = store->backing)
        complete_source(&store->source);
    if (disk->legacy_encryption)
        set(&disk->legacy_encryption->engine, "qemu");
    if (disk->source.type == SOURCE_VHOST_USER)
        return true;
    set(&disk->driver, "qemu");
    if (!disk->format && disk->source.type != SOURCE_VOLUME)
        disk->format = FORMAT_RAW;
    return true;
}

static const char *default_model(const Domain *domain, const Caps *caps, const Iface *iface)
{
    bool is_emulated = board_is_pc(board_of(domain)) && iface->type != IFACE_VDPA;

    return is_emulated && caps_has(caps, CAP_RTL8139) ? "rtl8139" : "virtio";
}

/* <driver> speaks of virtio only. */
static void drop_driver(Iface *iface)
{
    iface->driver = IFACE_BACKEND_ABSENT;
    iface->tx_mode = TX_MODE_ABSENT;
    iface->ioeventfd = iface->event_idx = SWITCH_ABSENT;
    iface->queues = iface->rx_queue_size = iface->tx_queue_size = 0;
    iface->rss = iface->rss_hash_report = SWITCH_ABSENT;
    iface->virtio = (VirtioOptions){};
    iface->host_offloads = iface->guest_offloads = (IfaceOffloads){};
}

static bool complete_iface(const Domain *domain, const Caps *caps, void *device, GError **)
{
    Iface *iface = device;

    iface_identify(iface);
    if (iface->type == IFACE_HOSTDEV)
        return true;
    set(&iface->model, default_model(domain, caps, iface));
    if (!g_str_has_prefix(iface->model, "virtio"))
        drop_driver(iface);
    return true;
}

static ControllerModel default_usb(const Domain *domain)
{
    return board_of(domain) == BOARD_I440FX ? MODEL_PIIX3_UHCI : MODEL_QEMU_XHCI;
}

static bool complete_controller(const Domain *domain, const Caps *caps, void *device, GError **)
{
    Controller *controller = device;
    Board board = board_of(domain);

    if (controller->model)
        return true;
    if (controller->type == CONTROLLER_USB)
        controller->model = default_usb(domain);
    else if (controller->type == CONTROLLER_SCSI)
        controller->model =
            board_is_pc(board) && caps_has(caps, CAP_LSI_SCSI) ? MODEL_LSILOGIC : MODEL_VIRTIO_SCSI;
    else if (controller->type == CONTROLLER_PCI && controller->index.value == 0)
        controller->model = board_has_pcie(board) ? MODEL_PCIE_ROOT : MODEL_PCI_ROOT;
    else if (controller->type == CONTROLLER_PCI)
        controller->model = board_has_pcie(board) ? MODEL_PCIE_ROOT_PORT : MODEL_PCI_BRIDGE;
    return true;
}

static SerialType serial_type_of(const Domain *domain, const Serial *serial)
{
    switch (serial->info.address.type) {
    case ADDRESS_USB:
        return SERIAL_USB;
    case ADDRESS_PCI:
        return SERIAL_PCI;
    case ADDRESS_ISA:
        return SERIAL_ISA;
    default:
        break;
    }
    switch (board_of(domain)) {
    case BOARD_S390:
        return SERIAL_SCLP;
    case BOARD_VIRT:
        return SERIAL_SYSTEM;
    default:
        return SERIAL_ISA;
    }
}

static bool complete_serial(const Domain *domain, const Caps *, void *device, GError **)
{
    static const SerialModel models[] = {
        [SERIAL_ISA] = SERIAL_MODEL_ISA_SERIAL,         [SERIAL_USB] = SERIAL_MODEL_USB_SERIAL,
        [SERIAL_PCI] = SERIAL_MODEL_PCI_SERIAL,         [SERIAL_SPAPR_VIO] = SERIAL_MODEL_SPAPR_VTY,
        [SERIAL_SYSTEM] = SERIAL_MODEL_ABSENT,          [SERIAL_SCLP] = SERIAL_MODEL_SCLPCONSOLE,
        [SERIAL_ISA_DEBUG] = SERIAL_MODEL_ISA_DEBUGCON,
    };
    Serial *serial = device;

    if (!serial->type)
        serial->type = serial_type_of(domain, serial);
    if (!serial->model)
        serial->model = models[serial->type];
    if (serial->type == SERIAL_SYSTEM && !serial->model && board_of(domain) == BOARD_VIRT)
        serial->model = SERIAL_MODEL_PL011;
    return true;
}

static bool complete_input(const Domain *domain, const Caps *, void *device, GError **)
{
    Input *input = device;
    bool is_ps2 = board_is_pc(board_of(domain)) && input->type != INPUT_TABLET;

    if (!input->bus && input->type == INPUT_PASSTHROUGH)
        input->bus = INPUT_VIRTIO;
    else if (!input->bus && input->type != INPUT_EVDEV)
        input->bus = is_ps2 ? INPUT_PS2 : INPUT_USB;
    return true;
}

static unsigned power_of_two(unsigned value)
{
    return value > 1 ? 1u << (32 - __builtin_clz(value - 1)) : value;
}

static VideoModel default_video(const Domain *domain, const Caps *caps)
{
    if (!board_is_pc(board_of(domain)))
        return VIDEO_VIRTIO;
    return caps_has(caps, CAP_CIRRUS_VGA) ? VIDEO_CIRRUS : VIDEO_VGA;
}

static bool complete_video(const Domain *domain, const Caps *caps, void *device, GError **)
{
    static const unsigned vram[] = {
        [VIDEO_VGA] = 16384,   [VIDEO_CIRRUS] = 16384, [VIDEO_VMVGA] = 16384,
        [VIDEO_BOCHS] = 16384, [VIDEO_QXL] = 65536,    [VIDEO_RAMFB] = 0
    };
    Video *video = device;

    if (!video->model)
        video->model = default_video(domain, caps);
    if (video->model == VIDEO_NONE)
        return true;
    if (!video->vram && video->model < G_N_ELEMENTS(vram))
        video->vram = vram[video->model];
    if (video->model == VIDEO_QXL && !video->ram)
        video->ram = 65536;
    if (video->model == VIDEO_QXL && !video->vgamem)
        video->vgamem = 16384;
    if (!video->heads)
        video->heads = 1;
    video->vram = power_of_two(video->vram);
    video->ram = power_of_two(video->ram);
    video->vram64 = power_of_two(video->vram64);
    return true;
}

static bool complete_hostdev(const Domain *, const Caps *, void *device, GError **)
{
    Hostdev *hostdev = device;

    if (!hostdev->managed && hostdev->mode == HOSTDEV_SUBSYSTEM)
        hostdev->managed = SWITCH_OFF;
    if (hostdev->model == MDEV_VFIO_PCI && !hostdev->display)
        hostdev->display = SWITCH_OFF;
    return true;
}

static bool complete_fs(const Domain *, const Caps *, void *device, GError **)
{
    Fs *fs = device;

    if (!fs->access)
        fs->access = FS_PASSTHROUGH;
    return true;
}

static bool complete_tpm(const Domain *domain, const Caps *, void *device, GError **)
{
    Tpm *tpm = device;
    bool is_spapr = g_str_has_prefix(domain->os.arch, "ppc64");

    if (!tpm->model)
        tpm->model = is_spapr ? TPM_SPAPR : TPM_TIS;
    if (tpm->backend == TPM_EMULATOR && !tpm->version)
        tpm->version = TPM_2_0;
    if (tpm->backend == TPM_PASSTHROUGH)
        set(&tpm->device, "/dev/tpm0");
    return true;
}

static bool complete_rng(const Domain *, const Caps *, void *device, GError **)
{
    Rng *rng = device;

    if (rng->backend == RNG_RANDOM)
        set(&rng->file, "/dev/random");
    return true;
}

static bool complete_panic(const Domain *domain, const Caps *, void *device, GError **)
{
    Panic *panic = device;

    if (!panic->model)
        panic->model = board_of(domain) == BOARD_S390 ? PANIC_S390 : PANIC_ISA;
    return true;
}

static bool complete_vsock(const Domain *, const Caps *, void *device, GError **)
{
    Vsock *vsock = device;

    if (!vsock->model)
        vsock->model = VSOCK_VIRTIO;
    if (!vsock->auto_cid)
        vsock->auto_cid = vsock->cid ? SWITCH_OFF : SWITCH_ON;
    return true;
}

static const struct {
    const XmlElement *element;
    bool (*complete)(const Domain *, const Caps *, void *device, GError **);
} completions[] = {
    { &disk_element, complete_disk },       { &controller_element, complete_controller },
    { &iface_element, complete_iface },     { &serial_element, complete_serial },
    { &input_element, complete_input },     { &video_element, complete_video },
    { &hostdev_element, complete_hostdev }, { &fs_element, complete_fs },
    { &tpm_element, complete_tpm },         { &rng_element, complete_rng },
    { &panic_element, complete_panic },     { &vsock_element, complete_vsock },
};

static bool complete_device(const Domain *domain, const Caps *caps, const DeviceKind *kind,
                            void *device, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(completions); i++) {
        if (completions[i].element == kind->element)
            return completions[i].complete(domain, caps, device, error);
    }
    return true;
}

static bool complete_devices(Domain *domain, const Caps *caps, GError **error)
{
    for (const DeviceKind *kind = device_kinds; kind->element; kind++) {
        for (LIST_EACH(void, device, device_list(domain, kind))) {
            if (!complete_device(domain, caps, kind, device, error))
                return false;
        }
    }
    return true;
}

bool device_defaults(const Domain *domain, const DeviceKind *kind, void *device, GError **error)
{
    g_autoptr(Caps) caps = caps_of(domain->emulator, error);

    return caps && complete_device(domain, caps, kind, device, error);
}

bool domain_defaults(Domain *domain, GError **error)
{
    g_autoptr(Caps) caps = NULL;

    if (domain->type == DOMAIN_LXC || domain->os.type != OS_HVM)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "guests of type '%s' and os type '%s' are not run by QEMU",
                    domain_type_names[domain->type], os_type_names[domain->os.type]);
    if (!find_emulator(domain, error) || !(caps = caps_of(domain->emulator, error)) ||
        !find_machine(domain, caps, error))
        return false;
    complete_os(domain);
    complete_cpu(domain, caps);
    complete_features(domain);
    return complete_devices(domain, caps, error) && add_implicit(domain, error) &&
           complete_devices(domain, caps, error);
}
