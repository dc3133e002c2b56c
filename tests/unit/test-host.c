/* test-host.c - processors, nodes, caches and the uuid, from directories made for the test */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "base/file.h"
#include "host/cpu.h"
#include "host/identity.h"
#include "host/topology.h"

#include <string.h>

static void put(const char *root, const char *path, const char *text)
{
    g_autofree char *whole = g_strconcat(root, path, NULL);
    g_autofree char *directory = g_path_get_dirname(whole);

    g_assert_true(file_make_directory(directory, 0755, NULL));
    g_assert_true(g_file_set_contents(whole, text, -1, NULL));
}

static void put_cpu(const char *root, int id, int socket, int die, int core, const char *siblings)
{
    const struct {
        const char *name;
        char *text;
    } files[] = {
        { "topology/physical_package_id", g_strdup_printf("%d\n", socket) },
        { "topology/die_id", g_strdup_printf("%d\n", die) },
        { "topology/core_id", g_strdup_printf("%d\n", core) },
        { "topology/thread_siblings_list", g_strdup_printf("%s\n", siblings) },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path =
            g_strdup_printf("/sys/devices/system/cpu/cpu%d/%s", id, files[i].name);

        put(root, path, files[i].text);
        g_free(files[i].text);
    }
}

static void put_cache(const char *root, int cpu, int index, const char *level, const char *type,
                      const char *cpus)
{
    const char *const files[][2] = { { "id", "7\n" },
                                     { "level", level },
                                     { "type", type },
                                     { "size", "32768K\n" },
                                     { "shared_cpu_list", cpus } };

    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_strdup_printf("/sys/devices/system/cpu/cpu%d/cache/index%d/%s",
                                                cpu, index, files[i][0]);

        put(root, path, files[i][1]);
    }
}

/* Two nodes of one socket each; the second has two cores of two threads. */
static void test_nodes(void)
{
    g_autoptr(Scratch) root = scratch_new();
    g_autoptr(HostTopology) topology = NULL;
    const HostCell *cell;

    put(root, "/sys/devices/system/node/online", "0,2\n");
    put(root, "/sys/devices/system/node/node0/meminfo", "Node 0 MemTotal:  1048576 kB\n");
    put(root, "/sys/devices/system/node/node0/cpulist", "0\n");
    put(root, "/sys/devices/system/node/node0/distance", "10 21\n");
    put(root, "/sys/devices/system/node/node2/meminfo", "Node 2 MemTotal:  2097152 kB\n");
    put(root, "/sys/devices/system/node/node2/cpulist", "1-4\n");
    put(root, "/sys/devices/system/node/node2/distance", "21 10\n");
    put(root, "/sys/devices/system/node/node2/hugepages/hugepages-1048576kB/nr_hugepages", "1\n");
    put(root, "/sys/devices/system/node/node2/hugepages/hugepages-2048kB/nr_hugepages", "2\n");
    put_cpu(root, 0, 0, 0, 0, "0");
    put_cpu(root, 1, 1, 0, 0, "1,3");
    put_cpu(root, 2, 1, 0, 1, "2,4");
    put_cpu(root, 3, 1, 0, 0, "1,3");
    put_cpu(root, 4, 1, 0, 1, "2,4");
    put_cache(root, 0, 0, "1\n", "Data\n", "0\n");
    put_cache(root, 0, 1, "3\n", "Unified\n", "0\n");
    for (int cpu = 1; cpu <= 4; cpu++)
        put_cache(root, cpu, 0, "3\n", "Unified\n", "1-4\n");

    topology = host_topology_read(root, NULL);
    g_assert_cmpuint(topology->sockets, ==, 1);
    g_assert_cmpuint(topology->dies, ==, 1);
    g_assert_cmpuint(topology->cores, ==, 2);
    g_assert_cmpuint(topology->threads, ==, 2);
    g_assert_cmpuint(topology->cells->len, ==, 2);
    cell = topology->cells->pdata[1];
    g_assert_cmpuint(cell->id, ==, 2);
    g_assert_cmpuint(cell->memory, ==, 2097152);
    g_assert_cmpuint(cell->pages->len, ==, 3);
    g_assert_cmpuint(g_array_index(cell->pages, HostPages, 0).count, ==, (1048576 - 4096) / 4);
    g_assert_cmpuint(g_array_index(cell->pages, HostPages, 2).size, ==, 1048576);
    g_assert_cmpuint(g_array_index(cell->distances, HostDistance, 0).value, ==, 21);
    g_assert_cmpuint(g_array_index(cell->distances, HostDistance, 1).cell, ==, 2);
    g_assert_cmpuint(cell->threads->len, ==, 4);
    g_assert_cmpstr(g_array_index(cell->threads, HostThread, 2).siblings, ==, "1,3");
    g_assert_cmpuint(topology->caches->len, ==, 2);
    g_assert_cmpstr(g_array_index(topology->caches, HostCache, 1).cpus, ==, "1-4");
    g_assert_cmpuint(g_array_index(topology->caches, HostCache, 1).size, ==, 32768);
}

static void test_without_nodes(void)
{
    g_autoptr(Scratch) root = scratch_new();
    g_autoptr(HostTopology) topology = NULL;

    put(root, "/sys/devices/system/cpu/online", "0-1\n");
    put(root, "/proc/meminfo", "MemTotal:  4096 kB\nMemFree: 1 kB\n");
    put_cpu(root, 0, 0, 0, 0, "0");
    put_cpu(root, 1, 0, 0, 1, "1");
    topology = host_topology_read(root, NULL);
    g_assert_cmpuint(topology->cells->len, ==, 1);
    g_assert_cmpuint(topology->cores, ==, 2);
    g_assert_cmpuint(topology->caches->len, ==, 0);
    g_assert_cmpuint(
        g_array_index(((HostCell *) topology->cells->pdata[0])->pages, HostPages, 0).count, ==,
        1024);
}

static void test_nothing(void)
{
    g_autoptr(Scratch) root = scratch_new();
    g_autoptr(GError) error = NULL;

    g_assert_null(host_topology_read(root, &error));
    g_assert_error(error, ERR_DOMAIN, ERR_OPERATION_FAILED);
}

static void test_this_machine(void)
{
    g_autoptr(HostTopology) topology = host_topology_read("", NULL);
    g_autoptr(HostCpu) cpu = host_cpu_read("microcode\t: 0x1000065\n");
    g_auto(GStrv) names = cpu_features_list(&cpu->features);

    g_assert_nonnull(topology);
    g_assert_cmpuint(topology->threads, >, 0);
    g_assert_cmpuint(cpu->microcode, ==, 0x1000065);
    g_assert_cmpstr(cpu->arch, ==, host_arch());
#ifdef __x86_64__
    g_assert_cmpuint(strlen(cpu->vendor), ==, 12);
    g_assert_true(g_strv_contains((const char *const *) names, "sse2"));
    g_assert_true(g_strv_contains((const char *const *) names, "lm"));
#endif
}

static const struct Identity {
    const char *name, *firmware, *kept;
    const char *want; /* NULL: a new one */
} identities[] = {
    { "firmware", "00112233-4455-6677-8899-AABBCCDDEEFF\n", NULL,
      "00112233-4455-6677-8899-aabbccddeeff" },
    { "made-up", "ffffffff-ffff-ffff-ffff-ffffffffffff\n", NULL, NULL },
    { "kept", "00000000-0000-0000-0000-000000000000\n", "00112233-4455-6677-8899-aabbccddee00",
      "00112233-4455-6677-8899-aabbccddee00" },
    { "no-firmware", NULL, NULL, NULL },
    { "broken", "To be filled by O.E.M.\n", "none", NULL },
};

static void test_identity(const void *data)
{
    const struct Identity *row = data;
    g_autoptr(Scratch) root = scratch_new();
    g_autofree char *kept = g_strconcat(root, "/host-uuid", NULL);
    char text[UUID_TEXT];
    Uuid first, second;

    if (row->firmware)
        put(root, "/sys/class/dmi/id/product_uuid", row->firmware);
    if (row->kept)
        put(root, "/host-uuid", row->kept);
    g_assert_true(host_uuid(root, kept, &first, NULL));
    if (row->want)
        g_assert_cmpstr(uuid_print(&first, text), ==, row->want);
    g_assert_true(host_uuid(root, kept, &second, NULL));
    g_assert_true(uuid_equal(&first, &second));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host/nodes", test_nodes);
    g_test_add_func("/host/without-nodes", test_without_nodes);
    g_test_add_func("/host/nothing", test_nothing);
    g_test_add_func("/host/this-machine", test_this_machine);
    ADD_CASES("host/identity", identities, test_identity);
    return g_test_run();
}
