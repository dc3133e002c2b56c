/* card.c - a network card with virtual functions, as a module for make-hardware's kernel
 *
 * QEMU has SR-IOV functions, but no network card with them. This gives any PCI function a link and
 * remembers what is said of its virtual functions; frames go nowhere. */
/* SPDX-License-Identifier: GPL-2.0 */
#include <linux/etherdevice.h>
#include <linux/module.h>
#include <linux/netdevice.h>
#include <linux/pci.h>

enum { FUNCTIONS = 8 };

struct card {
    struct pci_dev *parent;
    struct ifla_vf_info functions[FUNCTIONS];
};

static char *function = "";
module_param(function, charp, 0444);
static struct net_device *link;

static netdev_tx_t send(struct sk_buff *frame, struct net_device *)
{
    dev_kfree_skb(frame);
    return NETDEV_TX_OK;
}

static int set_mac(struct net_device *device, int number, u8 *mac)
{
    struct card *card = netdev_priv(device);

    if (number >= pci_num_vf(card->parent) || number >= FUNCTIONS)
        return -EINVAL;
    memcpy(card->functions[number].mac, mac, ETH_ALEN);
    return 0;
}

static int set_vlan(struct net_device *device, int number, u16 vlan, u8 qos, __be16)
{
    struct card *card = netdev_priv(device);

    if (number >= pci_num_vf(card->parent) || number >= FUNCTIONS)
        return -EINVAL;
    card->functions[number].vlan = vlan;
    card->functions[number].qos = qos;
    return 0;
}

static int get_function(struct net_device *device, int number, struct ifla_vf_info *info)
{
    struct card *card = netdev_priv(device);

    if (number >= pci_num_vf(card->parent) || number >= FUNCTIONS)
        return -EINVAL;
    *info = card->functions[number];
    info->vf = number;
    info->vlan_proto = htons(ETH_P_8021Q);
    return 0;
}

static const struct net_device_ops operations = {
    .ndo_start_xmit = send,
    .ndo_set_vf_mac = set_mac,
    .ndo_set_vf_vlan = set_vlan,
    .ndo_get_vf_config = get_function,
};

static int __init begin(void)
{
    unsigned int domain, bus, slot, number;
    struct card *card;
    int failed;

    if (sscanf(function, "%x:%x:%x.%x", &domain, &bus, &slot, &number) != 4)
        return -EINVAL;
    link = alloc_etherdev(sizeof(struct card));
    if (!link)
        return -ENOMEM;
    card = netdev_priv(link);
    card->parent = pci_get_domain_bus_and_slot(domain, bus, PCI_DEVFN(slot, number));
    if (!card->parent) {
        free_netdev(link);
        return -ENODEV;
    }
    strscpy(link->name, "card%d", IFNAMSIZ);
    link->netdev_ops = &operations;
    eth_hw_addr_random(link);
    SET_NETDEV_DEV(link, &card->parent->dev);
    failed = register_netdev(link);
    if (failed) {
        pci_dev_put(card->parent);
        free_netdev(link);
    }
    return failed;
}

static void __exit end(void)
{
    struct card *card = netdev_priv(link);

    unregister_netdev(link);
    pci_dev_put(card->parent);
    free_netdev(link);
}

module_init(begin);
module_exit(end);
MODULE_LICENSE("GPL");
