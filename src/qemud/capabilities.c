/* capabilities.c - the document that tells clients what this host and its emulators can do */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "capabilities.h"

#include "base/file.h"
#include "daemon/daemon.h"
#include "guest/host-document.h"
#include "host/cpu-models.h"
#include "host/identity.h"
#include "settings.h"
#include "xml/writer.h"

#include <string.h>

enum { TEXT_LIMIT = 1 << 20 };

/* A number as text that lives as long as the calling function's block. */
#define NUMBER(value) number((char[24]){ 0 }, value)

static const char *number(char text[24], uint64_t value)
{
    g_snprintf(text, 24, "%" G_GUINT64_FORMAT, value);
    return text;
}

/* ---- the host's processor ---- */

static bool is_part_of_host(const CpuModel *model, const void *data)
{
    const HostCpu *cpu = data;
    CpuFeatures lacks = cpu_features_without(&model->features, &cpu->features);

    return cpu_features_count(&lacks) == 0 &&
           (!model->vendor || g_strcmp0(model->vendor, cpu_vendor_name(cpu->vendor)) == 0);
}

static void write_identity(Writer *w, const HostCpu *cpu, const CpuModel *model)
{
    if (model)
        write_leaf(w, "model", model->name, NULL);
    if (cpu->vendor)
        write_leaf(w, "vendor", cpu_vendor_name(cpu->vendor), NULL);
    if (cpu->microcode)
        write_leaf(w, "microcode", NULL, "version", NUMBER(cpu->microcode), NULL);
    if (cpu->family)
        write_leaf(w, "signature", NULL, "family", NUMBER(cpu->family), "model", NUMBER(cpu->model),
                   "stepping", NUMBER(cpu->stepping), NULL);
}

static void write_features_beside(Writer *w, const HostCpu *cpu, const CpuModel *model)
{
    CpuFeatures more = cpu_model_more(model, &cpu->features);
    g_auto(GStrv) names = cpu_features_list(&more);

    for (char **name = names; *name; name++)
        write_leaf(w, "feature", NULL, "name", *name, NULL);
}

static void write_cpu(Writer *w, const CapabilitiesHost *host)
{
    const HostTopology *t = host->topology;
    const HostCpu *cpu = host->cpu;
    const CpuModel *model = cpu_model_nearest(&cpu->features, is_part_of_host, cpu);

    write_start(w, "cpu", NULL);
    write_leaf(w, "arch", cpu->arch, NULL);
    write_identity(w, cpu, model);
    if (host->tsc.frequency)
        write_leaf(w, "counter", NULL, "name", "tsc", "frequency", NUMBER(host->tsc.frequency),
                   "scaling", host->tsc.scaling ? "yes" : "no", NULL);
    write_leaf(w, "topology", NULL, "sockets", NUMBER(t->sockets), "dies", NUMBER(t->dies), "cores",
               NUMBER(t->cores), "threads", NUMBER(t->threads), NULL);
    if (cpu->address_bits)
        write_leaf(w, "maxphysaddr", NULL, "mode", "emulate", "bits", NUMBER(cpu->address_bits),
                   NULL);
    if (model)
        write_features_beside(w, cpu, model);
    host_write_pages(w, t);
    write_close(w, "cpu", false);
}

/* ---- the rest of the host ---- */

static void write_migration(Writer *w)
{
    write_start(w, "migration_features", NULL);
    write_leaf(w, "live", NULL, NULL);
    write_start(w, "uri_transports", NULL);
    write_leaf(w, "uri_transport", "tcp", NULL);
    write_close(w, "uri_transports", false);
    write_close(w, "migration_features", false);
}

static void write_secmodels(Writer *w)
{
    g_autofree char *label = g_strdup_printf("+%u:+%u", qemu_user.uid, qemu_user.gid);

    host_write_secmodel(w, "none", NULL);
    if (qemu_user.given)
        host_write_secmodel(w, "dac", label);
}

static void write_host(Writer *w, const CapabilitiesHost *host)
{
    char uuid[UUID_TEXT];

    write_start(w, "host", NULL);
    write_leaf(w, "uuid", uuid_print(&host->uuid, uuid), NULL);
    write_cpu(w, host);
    host_write_sleep(w, host->root);
    host_write_iommu(w, host->root);
    write_migration(w);
    host_write_cells(w, host->topology);
    host_write_caches(w, host->topology, host->root);
    write_secmodels(w);
    write_close(w, "host", false);
}

/* ---- guests ---- */

/* Under its name, and again under its alias. */
static void write_machine(Writer *w, const CapsMachine *machine)
{
    const char *deprecated = machine->deprecated ? "yes" : NULL;

    write_leaf(w, "machine", machine->name, "maxCpus", NUMBER(machine->max_cpus), "deprecated",
               deprecated, NULL);
    if (machine->alias)
        write_leaf(w, "machine", machine->alias, "canonical", machine->name, "maxCpus",
                   NUMBER(machine->max_cpus), "deprecated", deprecated, NULL);
}

/* Clients take the first one for the default. */
static void write_machines(Writer *w, const Caps *caps)
{
    const CapsMachine *first = caps_machine(caps, NULL);

    if (first)
        write_machine(w, first);
    for (guint i = 0; i < caps->machines->len; i++) {
        if (caps->machines->pdata[i] != first)
            write_machine(w, caps->machines->pdata[i]);
    }
}

static void write_features(Writer *w, const char *arch)
{
    bool narrow = strcmp(arch, "i686") == 0, x86 = narrow || strcmp(arch, "x86_64") == 0;

    write_start(w, "features", NULL);
    if (narrow) {
        write_leaf(w, "pae", NULL, NULL);
        write_leaf(w, "nonpae", NULL, NULL);
    }
    if (x86) {
        write_leaf(w, "acpi", NULL, "default", "on", "toggle", "yes", NULL);
        write_leaf(w, "apic", NULL, "default", "on", "toggle", "no", NULL);
    }
    write_leaf(w, "cpuselection", NULL, NULL);
    write_leaf(w, "deviceboot", NULL, NULL);
    write_close(w, "features", false);
}

static void write_guest(Writer *w, const CapsEmulator *emulator, const Caps *caps)
{
    write_start(w, "guest", NULL);
    write_leaf(w, "os_type", "hvm", NULL);
    write_start(w, "arch", "name", emulator->arch, NULL);
    write_leaf(w, "wordsize", NUMBER(emulator->bits), NULL);
    write_leaf(w, "emulator", emulator->binary, NULL);
    write_machines(w, caps);
    write_leaf(w, "domain", NULL, "type", "qemu", NULL);
    if (caps->kvm)
        write_leaf(w, "domain", NULL, "type", "kvm", NULL);
    write_close(w, "arch", false);
    write_features(w, emulator->arch);
    write_close(w, "guest", false);
}

/* ---- the whole ---- */

char *capabilities_write(const CapabilitiesHost *host, const GArray *emulators,
                         const GPtrArray *caps)
{
    Writer w = { .out = g_string_new(NULL) };

    write_start(&w, "capabilities", NULL);
    write_host(&w, host);
    for (guint i = 0; i < emulators->len; i++) {
        if (caps->pdata[i])
            write_guest(&w, &g_array_index(emulators, CapsEmulator, i), caps->pdata[i]);
    }
    write_close(&w, "capabilities", false);
    return g_string_free(w.out, FALSE);
}

/* An emulator that cannot be asked takes nothing away from the others. */
static GPtrArray *ask_all(const GArray *emulators)
{
    GPtrArray *caps = g_ptr_array_new_with_free_func((GDestroyNotify) caps_unref);

    for (guint i = 0; i < emulators->len; i++) {
        g_autoptr(GError) error = NULL;

        g_ptr_array_add(caps, caps_of(g_array_index(emulators, CapsEmulator, i).binary, &error));
        if (error)
            g_warning("emulator left out: %s", error->message);
    }
    return caps;
}

char *capabilities_format(GError **error)
{
    g_autofree char *kept = daemon_path("var/lib/ostler/host-uuid");
    g_autofree char *cpuinfo = file_read("/proc/cpuinfo", TEXT_LIMIT, NULL);
    g_autoptr(HostCpu) cpu = host_cpu_read(cpuinfo ? cpuinfo : "");
    g_autoptr(HostTopology) topology = host_topology_read("", error);
    g_autoptr(GArray) emulators = caps_emulators();
    g_autoptr(GPtrArray) caps = NULL;
    CapabilitiesHost host = {
        .cpu = cpu,
        .tsc = host_tsc_read(),
        .topology = topology,
        .root = "",
    };

    if (!topology || !host_uuid("", kept, &host.uuid, error))
        return NULL;
    caps = ask_all(emulators);
    return capabilities_write(&host, emulators, caps);
}
