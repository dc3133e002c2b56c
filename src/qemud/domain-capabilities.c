/* domain-capabilities.c - the document that tells clients what one emulator can give to a guest
 *
 * A value is listed when the emulator can do it and this driver serves it in a definition: clients
 * choose their defaults from here. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capabilities.h"

#include "firmware.h"
#include "host/cpu-features.h"
#include "served.h"
#include "xml/writer.h"

#include <string.h>

/* What the document is about. */
typedef struct Subject {
    const Caps *caps;
    const CapsMachine *machine;
    const char *arch;
    CapsAccel accel;
} Subject;

/* ---- enumerations ---- */

typedef struct Value {
    const char *value;
    Cap needs;            /* CAP_NONE: nothing */
    const char *machines; /* pattern of those that have it; NULL: all */
} Value;

typedef struct Enumeration {
    const char *name;
    const char *path;    /* of the attribute in a definition; NULL: it has none */
    const Value *values; /* closed by an empty one */
} Enumeration;

static bool has_value(const Subject *s, const Enumeration *of, const Value *value)
{
    return (!value->needs || caps_has(s->caps, value->needs)) &&
           (!value->machines || g_pattern_match_simple(value->machines, s->machine->name)) &&
           (!of->path || served_has(of->path, value->value));
}

static void write_enumeration(Writer *w, const Subject *s, const Enumeration *of)
{
    write_start(w, "enum", "name", of->name, NULL);
    for (const Value *value = of->values; value->value; value++) {
        if (has_value(s, of, value))
            write_leaf(w, "value", value->value, NULL);
    }
    write_close(w, "enum", false);
}

typedef struct Kind {
    const char *tag;
    const char *path;         /* of the element in a definition */
    const Enumeration *enums; /* closed by an empty one */
} Kind;

static void write_kind(Writer *w, const Subject *s, const Kind *kind)
{
    bool served = served_has(kind->path, NULL);

    write_start(w, kind->tag, "supported", served ? "yes" : "no", NULL);
    for (const Enumeration *of = kind->enums; served && of->name; of++)
        write_enumeration(w, s, of);
    write_close(w, kind->tag, false);
}

// clang-format off
#define VALUES(...) (const Value[]) { __VA_ARGS__ {} }
#define ENUMS(...) (const Enumeration[]) { __VA_ARGS__ {} }

static const Kind memory_backing = { "memoryBacking", "memoryBacking", ENUMS(
    { "sourceType", "memoryBacking/source/@type", VALUES(
        { "file", CAP_MEMORY_FILE }, { "anonymous" }, { "memfd", CAP_MEMORY_MEMFD },) },
) };

static const Kind devices[] = {
    { "disk", "devices/disk", ENUMS(
        { "diskDevice", "devices/disk/@device", VALUES(
            { "disk" }, { "cdrom" }, { "floppy", CAP_FLOPPY },) },
        { "bus", "devices/disk/target/@bus", VALUES(
            { "ide", CAP_IDE_DISK, "pc-i440fx-*" }, { "fdc", CAP_FLOPPY }, { "scsi", CAP_SCSI_DISK },
            { "virtio", CAP_VIRTIO_BLK }, { "usb", CAP_USB_STORAGE }, { "sata", CAP_ICH9_AHCI },) },
        { "model", "devices/disk/@model", VALUES(
            { "virtio", CAP_VIRTIO_BLK }, { "virtio-transitional", CAP_VIRTIO_BLK_TRANSITIONAL },
            { "virtio-non-transitional", CAP_VIRTIO_BLK_TRANSITIONAL },) },
    ) },
    { "graphics", "devices/graphics", ENUMS(
        { "type", "devices/graphics/@type", VALUES(
            { "sdl", CAP_SDL }, { "vnc", CAP_VNC }, { "spice", CAP_SPICE },
            { "egl-headless", CAP_EGL_HEADLESS }, { "dbus", CAP_DBUS_DISPLAY },) },
    ) },
    { "video", "devices/video", ENUMS(
        { "modelType", "devices/video/model/@type", VALUES(
            { "vga", CAP_VGA }, { "cirrus", CAP_CIRRUS_VGA }, { "vmvga", CAP_VMWARE_VGA },
            { "qxl", CAP_QXL }, { "virtio", CAP_VIRTIO_GPU }, { "none" },
            { "bochs", CAP_BOCHS_DISPLAY }, { "ramfb", CAP_RAMFB },) },
    ) },
    { "hostdev", "devices/hostdev", ENUMS(
        { "mode", "devices/hostdev/@mode", VALUES({ "subsystem" },) },
        { "startupPolicy", "devices/hostdev/source/@startupPolicy", VALUES(
            { "default" }, { "mandatory" }, { "requisite" }, { "optional" },) },
        { "subsysType", "devices/hostdev/@type", VALUES(
            { "usb", CAP_USB_HOST }, { "pci", CAP_VFIO_PCI }, { "scsi", CAP_SCSI_GENERIC },) },
        { "capsType", NULL, VALUES() },
        { "pciBackend", NULL, VALUES() },
    ) },
    { "rng", "devices/rng", ENUMS(
        { "model", "devices/rng/@model", VALUES(
            { "virtio", CAP_VIRTIO_RNG }, { "virtio-transitional", CAP_VIRTIO_BLK_TRANSITIONAL },
            { "virtio-non-transitional", CAP_VIRTIO_BLK_TRANSITIONAL },) },
        { "backendModel", "devices/rng/backend/@model", VALUES(
            { "random", CAP_RNG_RANDOM }, { "egd", CAP_RNG_EGD }, { "builtin", CAP_RNG_BUILTIN },) },
    ) },
    { "filesystem", "devices/filesystem", ENUMS(
        { "driverType", "devices/filesystem/driver/@type", VALUES(
            { "path", CAP_VIRTIO_9P }, { "handle", CAP_VIRTIO_9P },
            { "virtiofs", CAP_VHOST_USER_FS },) },
    ) },
    { "tpm", "devices/tpm", ENUMS(
        { "model", "devices/tpm/@model", VALUES(
            { "tpm-tis", CAP_TPM_TIS }, { "tpm-crb", CAP_TPM_CRB },) },
        { "backendModel", "devices/tpm/backend/@type", VALUES(
            { "passthrough", CAP_TPM_PASSTHROUGH }, { "emulator", CAP_TPM_EMULATOR },) },
    ) },
    { "redirdev", "devices/redirdev", ENUMS(
        { "bus", "devices/redirdev/@bus", VALUES({ "usb", CAP_USB_REDIR },) },
    ) },
    { "channel", "devices/channel", ENUMS(
        { "type", "devices/channel/@type", VALUES({ "pty" }, { "unix" },) },
    ) },
};

static const struct {
    const char *tag;
    const char *path; /* in a definition; NULL: not served in any way */
    Cap needs;
} features[] = {
    { "gic" },
    { "vmcoreinfo", "features/vmcoreinfo", CAP_VMCOREINFO },
    { "genid", "genid", CAP_VMGENID },
    { "backingStoreInput", "devices/disk/backingStore" },
    { "backup" },
    { "sev" },
    { "sgx" },
};

/* Of the many only those that need nothing from the host. */
static const Kind hyperv = { "hyperv", "features/hyperv", ENUMS(
    { "features", NULL, VALUES({ "spinlocks" }, { "vendor_id" },) },
) };

static const Enumeration host_migratable = {
    "hostPassthroughMigratable", NULL, VALUES({ "on" }, { "off" },) };
static const Enumeration maximum_migratable = {
    "maximumMigratable", NULL, VALUES({ "on" }, { "off" },) };
static const Enumeration loader_type = { "type", NULL, VALUES({ "rom" }, { "pflash" },) };
static const Enumeration loader_readonly = { "readonly", NULL, VALUES({ "yes" }, { "no" },) };
// clang-format on

/* ---- firmware ---- */

static void write_firmware_enum(Writer *w, const GPtrArray *images)
{
    bool bios = false, uefi = false;

    for (guint i = 0; i < images->len; i++) {
        const FirmwareImage *image = images->pdata[i];

        bios = bios || image->bios;
        uefi = uefi || image->uefi;
    }
    write_start(w, "enum", "name", "firmware", NULL);
    if (bios)
        write_leaf(w, "value", "bios", NULL);
    if (uefi)
        write_leaf(w, "value", "efi", NULL);
    write_close(w, "enum", false);
}

static bool write_loaders(Writer *w, const GPtrArray *images)
{
    bool secure = false;

    for (guint i = 0; i < images->len; i++) {
        const FirmwareImage *image = images->pdata[i];

        write_leaf(w, "value", image->loader, NULL);
        secure = secure || firmware_has(image, "secure-boot");
    }
    return secure;
}

static void write_loader(Writer *w, const Subject *s, const GPtrArray *images)
{
    bool secure;

    write_start(w, "loader", "supported", "yes", NULL);
    secure = write_loaders(w, images);
    write_enumeration(w, s, &loader_type);
    write_enumeration(w, s, &loader_readonly);
    write_start(w, "enum", "name", "secure", NULL);
    if (secure)
        write_leaf(w, "value", "yes", NULL);
    write_leaf(w, "value", "no", NULL);
    write_close(w, "enum", false);
    write_close(w, "loader", false);
}

static void write_os(Writer *w, const Subject *s)
{
    g_autoptr(GPtrArray) images = firmware_list(NULL);

    for (guint i = images->len; i-- > 0;) {
        if (!firmware_suits(images->pdata[i], s->arch, s->machine->name))
            g_ptr_array_remove_index(images, i);
    }
    write_start(w, "os", "supported", "yes", NULL);
    write_firmware_enum(w, images);
    write_loader(w, s, images);
    write_close(w, "os", false);
}

/* ---- processors ---- */

static void write_mode(Writer *w, const Subject *s, const char *name, bool supported,
                       const Enumeration *of)
{
    write_start(w, "mode", "name", name, "supported", supported ? "yes" : "no", NULL);
    if (supported)
        write_enumeration(w, s, of);
    write_close(w, "mode", false);
}

static void write_policies(Writer *w, const char *policy, char *const *names)
{
    for (; names && *names; names++)
        write_leaf(w, "feature", NULL, "policy", policy, "name", cpu_feature_name(*names), NULL);
}

static void write_host_model(Writer *w, const CapsModel *model)
{
    write_start(w, "mode", "name", "host-model", "supported", model->name ? "yes" : "no", NULL);
    if (model->name) {
        write_leaf(w, "model", model->name, "fallback", "forbid", NULL);
        if (model->vendor)
            write_leaf(w, "vendor", cpu_vendor_name(model->vendor), NULL);
        write_policies(w, "require", model->required);
        write_policies(w, "disable", model->disabled);
    }
    write_close(w, "mode", false);
}

static void write_custom(Writer *w, const Subject *s)
{
    static const char *const usable[] = {
        [USABLE_UNKNOWN] = "unknown", [USABLE_YES] = "yes", [USABLE_NO] = "no"
    };

    write_start(w, "mode", "name", "custom", "supported", "yes", NULL);
    for (guint i = 0; i < s->caps->cpus->len; i++) {
        const CapsCpu *cpu = s->caps->cpus->pdata[i];
        const char *vendor = cpu_vendor_name(cpu->vendor);

        if (cpu->named)
            write_leaf(w, "model", cpu->name, "usable", usable[cpu->usable[s->accel]], "deprecated",
                       cpu->deprecated ? "yes" : NULL, "vendor", vendor ? vendor : "unknown", NULL);
    }
    write_close(w, "mode", false);
}

static void write_cpu(Writer *w, const Subject *s)
{
    write_start(w, "cpu", NULL);
    write_mode(w, s, "host-passthrough", s->accel == ACCEL_KVM, &host_migratable);
    write_mode(w, s, "maximum", true, &maximum_migratable);
    write_host_model(w, &s->caps->model[s->accel]);
    write_custom(w, s);
    write_close(w, "cpu", false);
}

/* ---- the whole ---- */

static void write_features(Writer *w, const Subject *s)
{
    write_start(w, "features", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(features); i++) {
        bool has = features[i].path && served_has(features[i].path, NULL) &&
                   (!features[i].needs || caps_has(s->caps, features[i].needs));

        write_leaf(w, features[i].tag, NULL, "supported", has ? "yes" : "no", NULL);
    }
    if (strcmp(s->arch, "x86_64") == 0 || strcmp(s->arch, "i686") == 0)
        write_kind(w, s, &hyperv);
    write_close(w, "features", false);
}

static char *write_document(const Subject *s)
{
    Writer w = { .out = g_string_new(NULL) };
    g_autofree char *cpus = g_strdup_printf("%u", s->machine->max_cpus);

    write_start(&w, "domainCapabilities", NULL);
    write_leaf(&w, "path", s->caps->binary, NULL);
    write_leaf(&w, "domain", s->accel == ACCEL_KVM ? "kvm" : "qemu", NULL);
    write_leaf(&w, "machine", s->machine->name, NULL);
    write_leaf(&w, "arch", s->arch, NULL);
    write_leaf(&w, "vcpu", NULL, "max", cpus, NULL);
    write_leaf(&w, "iothreads", NULL, "supported", caps_has(s->caps, CAP_IOTHREAD) ? "yes" : "no",
               NULL);
    write_os(&w, s);
    write_cpu(&w, s);
    write_kind(&w, s, &memory_backing);
    write_start(&w, "devices", NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(devices); i++)
        write_kind(&w, s, &devices[i]);
    write_close(&w, "devices", false);
    write_features(&w, s);
    write_close(&w, "domainCapabilities", false);
    return g_string_free(w.out, FALSE);
}

static bool find_machine(Subject *s, const char *name, GError **error)
{
    s->machine = caps_machine(s->caps, name);
    if (!s->machine && !name && s->caps->machines->len > 0)
        s->machine = s->caps->machines->pdata[0]; /* an architecture without a usual machine */
    return s->machine ||
           fail(error, ERR_INVALID_ARG, "the machine '%s' is not supported by emulator '%s'",
                name ? name : "", s->caps->binary);
}

static bool find_accel(Subject *s, const char *type, GError **error)
{
    if (!type)
        s->accel = s->caps->kvm ? ACCEL_KVM : ACCEL_TCG;
    else if (strcmp(type, "qemu") == 0)
        s->accel = ACCEL_TCG;
    else if (strcmp(type, "kvm") == 0 && s->caps->kvm)
        s->accel = ACCEL_KVM;
    else
        return fail(error, ERR_INVALID_ARG, "Emulator '%s' does not support virt type '%s'",
                    s->caps->binary, type);
    return true;
}

char *domain_capabilities_format(const char *binary, const char *arch, const char *machine,
                                 const char *type, GError **error)
{
    g_autofree char *found = NULL;
    g_autoptr(Caps) caps = NULL;
    Subject s = { .arch = arch ? arch : host_arch() };

    found = binary ? g_strdup(binary) : caps_find_binary(s.arch, error);
    s.caps = caps = found ? caps_of(found, error) : NULL;
    if (!caps)
        return NULL;
    if (strcmp(caps->arch, s.arch) != 0)
        return fail(error, ERR_INVALID_ARG, "Emulator '%s' does not support arch '%s'", found,
                    s.arch);
    if (!find_machine(&s, machine, error) || !find_accel(&s, type, error))
        return NULL;
    return write_document(&s);
}
