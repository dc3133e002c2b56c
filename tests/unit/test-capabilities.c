/* test-capabilities.c - what clients are told of a host and of an emulator, as they will read it
 *
 * The fake QEMU of tests/fake is the emulator, the host is made up. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "fake.h"
#include "unit.h"

#include "base/error.h"
#include "base/file.h"
#include "capabilities.h"
#include "host/cpu-models.h"
#include "settings.h"

#include <libxml/xpath.h>
#include <string.h>

/* ---- reading a document ---- */

typedef struct Document {
    xmlDoc *xml;
    xmlXPathContext *context;
} Document;

static Document document_read(const char *text)
{
    Document document = { .xml =
                              xmlReadDoc((const xmlChar *) text, "test", NULL, XML_PARSE_NONET) };

    g_assert_nonnull(document.xml);
    document.context = xmlXPathNewContext(document.xml);
    return document;
}

static void document_clear(Document *document)
{
    xmlXPathFreeContext(document->context);
    xmlFreeDoc(document->xml);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Document, document_clear)

static char *value_of(const Document *document, const char *path)
{
    xmlXPathObject *found = xmlXPathEvalExpression((const xmlChar *) path, document->context);
    xmlChar *text;
    char *copy;

    g_assert_nonnull(found);
    text = xmlXPathCastToString(found);
    copy = g_strdup((const char *) text);
    xmlFree(text);
    xmlXPathFreeObject(found);
    return copy;
}

static void assert_value(const Document *document, const char *path, const char *want)
{
    g_autofree char *got = value_of(document, path);

    if (g_strcmp0(got, want) != 0)
        g_error("%s is '%s', not '%s'", path, got, want);
}

typedef struct Expected {
    const char *path, *value;
} Expected;

static void assert_values(const Document *document, const Expected *expected)
{
    for (; expected->path; expected++)
        assert_value(document, expected->path, expected->value);
}

/* ---- the host ---- */

static void put(const char *root, const char *path, const char *text)
{
    g_autofree char *whole = g_strconcat(root, path, NULL);
    g_autofree char *directory = g_path_get_dirname(whole);

    g_assert_true(file_make_directory(directory, 0755, NULL));
    g_assert_true(g_file_set_contents(whole, text, -1, NULL));
}

#define RESCTRL "/sys/fs/resctrl/info"
#define NODE "/sys/devices/system/node"
#define CPU "/sys/devices/system/cpu"

static Scratch *make_machine(void)
{
    Scratch *root = scratch_new();

    put(root, NODE "/online", "0\n");
    put(root, NODE "/node0/meminfo", "Node 0 MemTotal: 1065000 kB\n");
    put(root, NODE "/node0/cpulist", "0-1\n");
    put(root, NODE "/node0/distance", "10\n");
    put(root, NODE "/node0/hugepages/hugepages-2048kB/nr_hugepages", "8\n");
    put(root, CPU "/cpu1/topology/core_id", "1\n");
    put(root, CPU "/cpu1/topology/thread_siblings_list", "1\n");
    put(root, CPU "/cpu0/cache/index0/type", "Unified\n");
    put(root, CPU "/cpu0/cache/index0/level", "3\n");
    put(root, CPU "/cpu0/cache/index0/size", "32768K\n");
    put(root, CPU "/cpu0/cache/index0/shared_cpu_list", "0-1\n");
    put(root, "/sys/power/state", "freeze mem disk\n");
    put(root, "/sys/power/disk", "[platform] shutdown suspend\n");
    put(root, "/sys/kernel/iommu_groups/0/type", "DMA\n");
    put(root, RESCTRL "/L3DATA/cbm_mask", "ff\n");
    put(root, RESCTRL "/L3DATA/min_cbm_bits", "2\n");
    put(root, RESCTRL "/L3DATA/num_closids", "8\n");
    put(root, RESCTRL "/L3CODE/cbm_mask", "ffff\n");
    put(root, RESCTRL "/L3CODE/min_cbm_bits", "1\n");
    put(root, RESCTRL "/L3CODE/num_closids", "16\n");
    put(root, RESCTRL "/MB/bandwidth_gran", "10\n");
    put(root, RESCTRL "/MB/min_bandwidth", "20\n");
    put(root, RESCTRL "/MB/num_closids", "4\n");
    put(root, RESCTRL "/L3_MON/num_rmids", "176\n");
    put(root, RESCTRL "/L3_MON/max_threshold_occupancy", "270336\n");
    put(root, RESCTRL "/L3_MON/mon_features", "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n");
    return root;
}

static HostCpu cpu = { .arch = "x86_64",
                       .vendor = "AuthenticAMD",
                       .family = 23,
                       .model = 49,
                       .stepping = 0,
                       .microcode = 137367605,
                       .address_bits = 48 };

static const Expected host_values[] = {
    { "/capabilities/host/uuid", "00112233-4455-6677-8899-aabbccddeeff" },
    { "//cpu/arch", "x86_64" },
    { "//cpu/model", "EPYC-IBPB" },
    { "count(//cpu/feature)", "3" },
    { "//cpu/feature[1]/@name", "ht" },
    { "//cpu/feature[2]/@name", "monitor" },
    { "//cpu/feature[3]/@name", "hypervisor" },
    { "//cpu/vendor", "AMD" },
    { "//cpu/microcode/@version", "137367605" },
    { "concat(//signature/@family,' ',//signature/@model,' ',//signature/@stepping)", "23 49 0" },
    { "concat(//counter/@name,' ',//counter/@frequency,' ',//counter/@scaling)",
      "tsc 2596102000 no" },
    { "//cpu/topology/@sockets", "1" },
    { "//cpu/topology/@cores", "2" },
    { "//cpu/topology/@threads", "1" },
    { "//maxphysaddr/@bits", "48" },
    { "count(//cpu/pages)", "2" },
    { "//cpu/pages[2]/@size", "2048" },
    { "count(//power_management/*)", "3" },
    { "//iommu/@support", "yes" },
    { "//uri_transport", "tcp" },
    { "//cells/@num", "1" },
    { "//cell/memory", "1065000" },
    { "//cell/pages[@size='4']", "262154" },
    { "//cell/pages[@size='2048']", "8" },
    { "//sibling[@id='0']/@value", "10" },
    { "//cpus/@num", "2" },
    { "//cpus/cpu[2]/@core_id", "1" },
    { "//cpus/cpu[2]/@siblings", "1" },
    { "//bank/@size", "32" },
    { "//bank/@unit", "MiB" },
    { "//bank/@cpus", "0-1" },
    { "count(//bank/control)", "2" },
    { "//control[@type='code']/@granularity", "2" },
    { "//control[@type='code']/@unit", "MiB" },
    { "count(//control[@type='code']/@min)", "0" },
    { "//control[@type='data']/@granularity", "4" },
    { "//control[@type='data']/@min", "8" },
    { "//control[@type='data']/@maxAllocs", "8" },
    { "concat(//cache/monitor/@level,' ',//cache/monitor/@reuseThreshold)", "3 270336" },
    { "//cache/monitor/feature/@name", "llc_occupancy" },
    { "//memory_bandwidth/node/@cpus", "0-1" },
    { "//memory_bandwidth/node/control/@min", "20" },
    { "//memory_bandwidth/monitor/@maxMonitors", "176" },
    { "count(//memory_bandwidth/monitor/feature)", "2" },
    { "count(//secmodel)", "2" },
    { "//secmodel[2]/baselabel[@type='qemu']", "+64055:+994" },
    {},
};

static const Expected guest_values[] = {
    { "count(//guest)", "1" },
    { "//guest/os_type", "hvm" },
    { "//guest/arch/@name", "x86_64" },
    { "//guest/arch/wordsize", "64" },
    { "count(//guest/arch/machine)", "5" },
    { "//machine[1]", "pc-i440fx-7.2" },
    { "//machine[2]", "pc" },
    { "//machine[2]/@canonical", "pc-i440fx-7.2" },
    { "//machine[.='q35']/@maxCpus", "288" },
    { "//machine[.='pc-i440fx-1.4']/@deprecated", "yes" },
    { "count(//guest//domain)", "1" },
    { "//guest//domain/@type", "qemu" },
    { "//guest/features/acpi/@toggle", "yes" },
    { "count(//guest/features/pae)", "0" },
    {},
};

/* A model and what it has not. */
static void add_features(HostCpu *of)
{
    static const char *const names[] = { "hypervisor", "ht", "monitor" };

    of->features = cpu_model_find("EPYC-IBPB")->features;
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        CpuFeatures one = cpu_feature(names[i]);

        of->features = cpu_features_or(&of->features, &one);
    }
}

static void test_capabilities(void)
{
    g_autoptr(Scratch) root = make_machine();
    g_autofree char *binary = fake_qemu(root, NULL);
    g_autoptr(HostTopology) topology = host_topology_read(root, NULL);
    CapabilitiesHost host = {
        .cpu = &cpu,
        .tsc = { .frequency = 2596102000 },
        .topology = topology,
        .root = root,
    };
    CapsEmulator installed[] = { { "x86_64", 64, binary }, { "pdp11", 16, "/gone" } };
    g_autoptr(GArray) emulators = g_array_new(FALSE, FALSE, sizeof(CapsEmulator));
    g_autoptr(GPtrArray) caps = g_ptr_array_new_with_free_func((GDestroyNotify) caps_unref);
    g_autofree char *text = NULL;
    g_auto(Document) document;

    add_features(&cpu);
    g_assert_true(uuid_parse("00112233-4455-6677-8899-aabbccddeeff", &host.uuid));
    g_array_append_vals(emulators, installed, G_N_ELEMENTS(installed));
    g_ptr_array_add(caps, caps_of(binary, NULL));
    g_ptr_array_add(caps, NULL);
    /* The fake runs as we do; what is told of QEMU's user is another thing. */
    qemu_user = (QemuUser){ .given = true, .uid = 64055, .gid = 994 };
    text = capabilities_write(&host, emulators, caps);
    qemu_user.given = false;
    document = document_read(text);
    assert_values(&document, host_values);
    assert_values(&document, guest_values);
    assert_value(&document, "//guest/arch/emulator", binary);
}

/* ---- emulators ---- */

static const Expected domain_values[] = {
    { "/domainCapabilities/domain", "qemu" },
    { "/domainCapabilities/arch", "x86_64" },
    { "/domainCapabilities/machine", "pc-i440fx-7.2" },
    { "/domainCapabilities/vcpu/@max", "255" },
    { "//iothreads/@supported", "yes" },
    { "//loader/enum[@name='type']/value[2]", "pflash" },
    { "//mode[@name='host-passthrough']/@supported", "no" },
    { "//mode[@name='maximum']/@supported", "yes" },
    { "//mode[@name='host-model']/model", "EPYC" },
    { "//mode[@name='host-model']/model/@fallback", "forbid" },
    { "//mode[@name='host-model']/vendor", "AMD" },
    { "//mode[@name='host-model']/feature/@name", "lahf_lm" },
    { "//mode[@name='host-model']/feature/@policy", "require" },
    { "count(//mode[@name='custom']/model)", "2" },
    { "//mode[@name='custom']/model[.='qemu64']/@usable", "yes" },
    { "//mode[@name='custom']/model[.='qemu64']/@vendor", "unknown" },
    { "//mode[@name='custom']/model[.='EPYC']/@usable", "no" },
    { "//mode[@name='custom']/model[.='EPYC']/@vendor", "AMD" },
    { "count(//memoryBacking//value[.='memfd'])", "1" },
    { "count(//disk//value[.='virtio'])", "2" },
    { "count(//disk//value[.='ide'])", "1" },
    { "count(//graphics//value[.='vnc'])", "1" },
    { "count(//graphics//value[.='spice'])", "0" },
    { "count(//video//value[.='virtio'])", "1" },
    { "count(//rng//value[.='random'])", "1" },
    { "count(//channel//value)", "2" },
    { "//hostdev/@supported", "yes" },
    { "count(//hostdev//value[.='pci'])", "1" },
    { "count(//hostdev//value[.='scsi'])", "0" },
    { "//vmcoreinfo/@supported", "yes" },
    { "//gic/@supported", "no" },
    { "//hyperv/@supported", "yes" },
    {},
};

static void test_domain_capabilities(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *binary = fake_qemu(directory, NULL), *text = NULL;
    g_autoptr(GError) error = NULL;
    g_auto(Document) document;

    text = domain_capabilities_format(binary, "x86_64", NULL, NULL, &error);
    g_assert_no_error(error);
    document = document_read(text);
    assert_values(&document, domain_values);
    assert_value(&document, "/domainCapabilities/path", binary);
}

/* A value that the emulator cannot do is not listed; nor is one that the machine has no place for.
 */
static void test_less(void)
{
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *binary = fake_qemu(directory, "* qom-list-types return []\n"), *text = NULL;
    g_auto(Document) document;

    text = domain_capabilities_format(binary, "x86_64", "q35", "qemu", NULL);
    document = document_read(text);
    assert_value(&document, "/domainCapabilities/machine", "pc-q35-7.2");
    assert_value(&document, "//iothreads/@supported", "no");
    assert_value(&document, "count(//disk//enum[@name='bus']/value)", "0");
    assert_value(&document, "count(//video//value)", "1");
    assert_value(&document, "//vmcoreinfo/@supported", "no");
}

static const struct Refusal {
    const char *name, *arch, *machine, *type;
    const char *why;
} refusals[] = {
    { "arch", "i686", NULL, NULL, "Emulator '*' does not support arch 'i686'" },
    { "machine", "x86_64", "virt", NULL, "the machine 'virt' is not supported by emulator '*'" },
    { "no-machine", "x86_64", "none", NULL, "the machine 'none' is not supported by emulator '*'" },
    { "type", "x86_64", NULL, "xen", "Emulator '*' does not support virt type 'xen'" },
    { "no-kvm", "x86_64", NULL, "kvm", "Emulator '*' does not support virt type 'kvm'" },
};

static void test_refusal(const void *data)
{
    const struct Refusal *row = data;
    g_autoptr(Scratch) directory = scratch_new();
    g_autofree char *binary = fake_qemu(directory, NULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(domain_capabilities_format(binary, row->arch, row->machine, row->type, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_INVALID_ARG);
    g_assert_true(g_pattern_match_simple(row->why, error->message));
}

static void test_unknown_arch(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(domain_capabilities_format(NULL, "pdp11", NULL, NULL, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_INVALID_ARG);
    g_assert_cmpstr(error->message, ==, "unknown architecture: pdp11");
}

/* ---- names ---- */

static void test_names(void)
{
    g_assert_cmpstr(cpu_feature_name("pclmulqdq"), ==, "pclmuldq");
    g_assert_cmpstr(cpu_feature_name("sse4.1"), ==, "sse4.1");
    g_assert_cmpstr(cpu_vendor_name("GenuineIntel"), ==, "Intel");
    g_assert_cmpstr(cpu_vendor_name("Other"), ==, "Other");
    g_assert_null(cpu_vendor_name(NULL));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fake_loop_begin();
    g_test_add_func("/capabilities/host-and-guests", test_capabilities);
    g_test_add_func("/capabilities/domain", test_domain_capabilities);
    g_test_add_func("/capabilities/domain-less", test_less);
    ADD_CASES("capabilities/domain-refusal", refusals, test_refusal);
    g_test_add_func("/capabilities/unknown-arch", test_unknown_arch);
    g_test_add_func("/capabilities/names", test_names);
    return fake_loop_end(g_test_run());
}
