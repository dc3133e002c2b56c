/* offload.c - what a network interface takes off the processor's hands
 *
 * The kernel tells it as a set of bits and, once for all interfaces, what each bit is called. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "offload.h"

#include "facts.h"
#include "model/list.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

enum { MOST_BITS = 256, MOST_NAMES = 6 };

/* What clients call it: on, when one of the kernel's features is. */
static const struct {
    const char *name;
    const char *features[MOST_NAMES];
} rows[] = {
    { "rx", { "rx-checksum" } },
    { "tx",
      { "tx-checksum-ipv4", "tx-checksum-ip-generic", "tx-checksum-ipv6", "tx-checksum-fcoe-crc",
        "tx-checksum-sctp" } },
    { "sg", { "tx-scatter-gather" } },
    { "tso",
      { "tx-tcp-segmentation", "tx-tcp-ecn-segmentation", "tx-tcp-mangleid-segmentation",
        "tx-tcp6-segmentation" } },
    { "ufo", { "tx-udp-fragmentation" } },
    { "gso", { "tx-generic-segmentation" } },
    { "gro", { "rx-gro" } },
    { "lro", { "rx-lro" } },
    { "rxvlan", { "rx-vlan-hw-parse" } },
    { "txvlan", { "tx-vlan-hw-insert" } },
    { "ntuple", { "rx-ntuple-filter" } },
    { "rxhash", { "rx-hashing" } },
    { "rdma", {} },
    { "txudptnl", { "tx-udp_tnl-segmentation" } },
    { "switchdev", {} },
};

/* The kernel's names, read with the first interface. */
static char (*names)[ETH_GSTRING_LEN];
static unsigned name_count;

static bool ask(int fd, const char *interface, void *question)
{
    struct ifreq request = { .ifr_data = question };

    g_strlcpy(request.ifr_name, interface, sizeof(request.ifr_name));
    return ioctl(fd, SIOCETHTOOL, &request) == 0;
}

static unsigned count_names(int fd, const char *interface)
{
    g_autofree struct ethtool_sset_info *sets = g_malloc0(sizeof(*sets) + sizeof(*sets->data));

    sets->cmd = ETHTOOL_GSSET_INFO;
    sets->sset_mask = 1ull << ETH_SS_FEATURES;
    return ask(fd, interface, sets) && sets->sset_mask ? MIN(*sets->data, MOST_BITS) : 0;
}

static void read_names(int fd, const char *interface)
{
    unsigned count = count_names(fd, interface);
    g_autofree struct ethtool_gstrings *strings =
        g_malloc0(sizeof(*strings) + count * ETH_GSTRING_LEN);

    strings->cmd = ETHTOOL_GSTRINGS;
    strings->string_set = ETH_SS_FEATURES;
    strings->len = count;
    if (!count || !ask(fd, interface, strings))
        return;
    names = g_memdup2(strings->data, count * ETH_GSTRING_LEN);
    name_count = count;
}

typedef struct ethtool_gfeatures Features;

/* All off when the kernel does not say. */
static Features *read_features(const char *interface)
{
    enum { BLOCKS = MOST_BITS / 32 };
    Features *features = g_malloc0(sizeof(*features) + BLOCKS * sizeof(*features->features));
    g_auto(Fd) fd = -1;

    if (*facts_root())
        return features; /* of another machine there is nobody to ask */
    fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (!names)
        read_names(fd, interface);
    features->cmd = ETHTOOL_GFEATURES;
    features->size = BLOCKS;
    (void) ask(fd, interface, features);
    return features;
}

static bool is_on(const Features *features, const char *name)
{
    for (unsigned i = 0; i < name_count; i++) {
        if (strncmp(names[i], name, ETH_GSTRING_LEN) == 0)
            return features->features[i / 32].active >> i % 32 & 1;
    }
    return false;
}

/* What the kernel does not count among the bits. */
static bool is_by_nature(const Source *source, const char *name)
{
    g_autofree char *identity = NULL;

    if (strcmp(name, "rdma") == 0)
        return sysfs_exists(source->directory, "device/infiniband");
    if (strcmp(name, "switchdev") != 0)
        return false;
    identity = sysfs_text(source->directory, "phys_switch_id");
    return identity && *identity;
}

static bool has_row(const Source *source, const Features *features, size_t row)
{
    for (int i = 0; i < MOST_NAMES && rows[row].features[i]; i++) {
        if (is_on(features, rows[row].features[i]))
            return true;
    }
    return is_by_nature(source, rows[row].name);
}

void offload_read(const Source *source, NodeCapability *net)
{
    g_autofree Features *features = read_features(net->net.interface);

    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        NodeNetFeature *feature;

        if (!has_row(source, features, i))
            continue;
        feature = g_new0(NodeNetFeature, 1);
        feature->name = g_strdup(rows[i].name);
        list_add(&net->net.offloads, feature);
    }
}
