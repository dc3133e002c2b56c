/* virtual-function.c - virtual functions of network cards, and what the card is told about each */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/virtual-function.h"

#include "base/cleanup.h"
#include "host/netlink.h"
#include "host/sysfs.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define PCI "/sys/bus/pci/devices/"

static GPtrArray *functions_in(int card)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (unsigned i = 0; card >= 0; i++) {
        g_autofree char *link = g_strdup_printf("virtfn%u", i);
        char *name = sysfs_link(card, link);

        if (!name)
            break;
        g_ptr_array_add(names, name);
    }
    return names;
}

GPtrArray *virtual_functions_of(const char *link)
{
    g_autofree char *path = g_strconcat("/sys/class/net/", link, "/device", NULL);
    g_auto(Fd) card = sysfs_open(AT_FDCWD, path);

    return functions_in(card);
}

bool virtual_function_is(const char *name)
{
    g_autofree char *path = g_strconcat(PCI, name, "/physfn", NULL);

    return sysfs_exists(AT_FDCWD, path);
}

static bool find_link(const char *card, char link[IFNAMSIZ])
{
    g_autofree char *path = g_strconcat(card, "/net", NULL);
    g_autoptr(GDir) links = g_dir_open(path, 0, NULL);
    const char *name = links ? g_dir_read_name(links) : NULL;

    return name && g_strlcpy(link, name, IFNAMSIZ) < IFNAMSIZ;
}

bool virtual_function_link(const char *name, char link[IFNAMSIZ])
{
    g_autofree char *path = g_strconcat(PCI, name, NULL);

    return find_link(path, link);
}

bool virtual_function_find(const char *name, VirtualFunction *function, GError **error)
{
    g_autofree char *path = g_strconcat(PCI, name, "/physfn", NULL);
    g_auto(Fd) card = sysfs_open(AT_FDCWD, path);
    g_autoptr(GPtrArray) siblings = functions_in(card);

    if (card < 0)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "PCI device %s: interface type hostdev is supported on SR-IOV virtual "
                    "functions only",
                    name);
    if (!find_link(path, function->card))
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "PCI device %s is a virtual function of a card that is no network card of the "
                    "host's",
                    name);
    for (function->number = 0; function->number < siblings->len; function->number++) {
        if (g_str_equal(siblings->pdata[function->number], name))
            return true;
    }
    return fail(error, ERR_INTERNAL, "card '%s' does not know its virtual function %s",
                function->card, name);
}

/* ---- what the card is told ---- */

typedef struct Looked {
    unsigned number;
    VirtualFunctionState *state;
    bool found;
} Looked;

static struct nl_msg *card_message(int type, const VirtualFunction *function)
{
    struct ifinfomsg header = { .ifi_family = AF_UNSPEC };
    struct nl_msg *message = netlink_new(type, 0, &header, sizeof(header));

    nla_put_string(message, IFLA_IFNAME, function->card);
    return message;
}

static void take_function(struct nlattr *info, Looked *looked)
{
    struct nlattr *mac = nla_find(nla_data(info), nla_len(info), IFLA_VF_MAC);
    struct nlattr *vlan = nla_find(nla_data(info), nla_len(info), IFLA_VF_VLAN);
    struct ifla_vf_mac its_mac = {};
    struct ifla_vf_vlan its_vlan = {};

    if (!mac)
        return;
    nla_memcpy(&its_mac, mac, sizeof(its_mac));
    if (its_mac.vf != looked->number)
        return;
    nla_memcpy(&its_vlan, vlan, sizeof(its_vlan));
    memcpy(looked->state->mac.bytes, its_mac.mac, MAC_SIZE);
    looked->state->vlan = its_vlan.vlan;
    looked->state->qos = its_vlan.qos;
    looked->found = true;
}

static void take_card(struct nlmsghdr *answer, void *data)
{
    struct nlattr *list = answer->nlmsg_type != RTM_NEWLINK
                              ? NULL
                              : nlmsg_find_attr(answer, sizeof(struct ifinfomsg), IFLA_VFINFO_LIST);
    struct nlattr *info;
    int left;

    if (!list)
        return;
    nla_for_each_nested(info, list, left) take_function(info, data);
}

bool virtual_function_get(const VirtualFunction *function, VirtualFunctionState *state,
                          GError **error)
{
    struct nl_msg *message = card_message(RTM_GETLINK, function);
    Looked looked = { function->number, state, false };
    int errnum;

    *state = (VirtualFunctionState){};
    nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_VF | RTEXT_FILTER_SKIP_STATS);
    nlmsg_hdr(message)->nlmsg_flags |= NLM_F_ACK;
    errnum = netlink_ask(message, take_card, &looked);
    return looked.found ||
           fail_errno(error, errnum ? errnum : ENODEV, "card '%s' does not tell of function %u",
                      function->card, function->number);
}

/* Only one setting in a message: drivers take them one by one, and the first may have been done. */
static bool tell_card(const VirtualFunction *function, int setting, const void *value, size_t size,
                      const char *what, GError **error)
{
    struct nl_msg *message = card_message(RTM_SETLINK, function);
    struct nlattr *list = nla_nest_start(message, IFLA_VFINFO_LIST | NLA_F_NESTED);
    struct nlattr *info = nla_nest_start(message, IFLA_VF_INFO | NLA_F_NESTED);

    nla_put(message, setting, size, value);
    nla_nest_end(message, info);
    nla_nest_end(message, list);
    return netlink_do(message, error, "cannot set the %s of function %u of card '%s'", what,
                      function->number, function->card);
}

bool virtual_function_set(const VirtualFunction *function, const VirtualFunctionState *from,
                          const VirtualFunctionState *to, GError **error)
{
    struct ifla_vf_mac mac = { .vf = function->number };
    struct ifla_vf_vlan vlan = { .vf = function->number, .vlan = to->vlan, .qos = to->qos };

    memcpy(mac.mac, to->mac.bytes, MAC_SIZE);
    if (!mac_equal(&from->mac, &to->mac) &&
        !tell_card(function, IFLA_VF_MAC, &mac, sizeof(mac), "address", error))
        return false;
    return (from->vlan == to->vlan && from->qos == to->qos) ||
           tell_card(function, IFLA_VF_VLAN, &vlan, sizeof(vlan), "VLAN", error);
}
