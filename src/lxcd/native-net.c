/* native-net.c - the networks of a configuration file of LXC's own tools */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "native.h"

#include <stdlib.h>
#include <string.h>

/* The part of a key behind that of its network, which *number tells: each line of the type begins
 * one, or, since LXC 3, each has its number. NULL: it is of something else. */
static const char *network_key(const Line *line, int *number)
{
    static const char old[] = "lxc.network.", new[] = "lxc.net.";
    char *end;

    if (g_str_has_prefix(line->key, old)) {
        *number += g_str_equal(line->key, "lxc.network.type");
        return line->key + strlen(old);
    }
    if (!g_str_has_prefix(line->key, new))
        return NULL;
    *number = strtol(line->key + strlen(new), &end, 10);
    return *end == '.' ? end + 1 : NULL;
}

/* One network's value; the last that is said, or the one after `after`. */
static const char *network_get(const Conf *conf, int wanted, const char *key, const char *newer,
                               unsigned *after)
{
    const char *value = NULL;
    int number = -1;

    for (unsigned i = 0; i < conf->count; i++) {
        const char *name = network_key(&conf->lines[i], &number);

        if (!name || number != wanted || !(g_str_equal(name, key) || g_strcmp0(name, newer) == 0))
            continue;
        if (after && i < *after)
            continue;
        value = conf->lines[i].value;
        if (after) {
            *after = i + 1;
            return value;
        }
    }
    return value;
}

static bool write_addresses(Writer *w, const Conf *conf, int number, GError **error)
{
    static const struct {
        const char *family, *any, *key, *newer, *gateway;
    } families[] = {
        { "ipv4", "0.0.0.0", "ipv4", "ipv4.address", "ipv4.gateway" },
        { "ipv6", "::", "ipv6", "ipv6.address", "ipv6.gateway" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        const char *text;
        unsigned after = 0;

        while ((text = network_get(conf, number, families[i].key, families[i].newer, &after))) {
            g_auto(GStrv) parts = g_strsplit_set(text, "/ ", 3);

            if (g_strv_length(parts) < 2)
                return fail(error, ERR_INVALID_ARG, "Invalid CIDR address: '%s'", text);
            write_leaf(w, "ip", NULL, "address", parts[0], "family", families[i].family, "prefix",
                       parts[1], NULL);
        }
    }
    for (size_t i = 0; i < G_N_ELEMENTS(families); i++) {
        const char *gateway = network_get(conf, number, families[i].gateway, NULL, NULL);

        if (gateway && !g_str_equal(gateway, "auto") && !g_str_equal(gateway, "dev"))
            write_leaf(w, "route", NULL, "family", families[i].family, "address", families[i].any,
                       "gateway", gateway, NULL);
    }
    return true;
}

static bool write_hostdev(Writer *w, const Conf *conf, int number, const char *vlan, GError **error)
{
    const char *link = network_get(conf, number, "link", NULL, NULL);
    g_autofree char *name = g_strconcat(link ? link : "", vlan ? "." : "", vlan, NULL);

    if (!link)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "Missing 'link' attribute for NIC");
    write_start(w, "hostdev", "mode", "capabilities", "type", "net", NULL);
    write_start(w, "source", NULL);
    write_leaf(w, "interface", name, NULL);
    write_close(w, "source", false);
    if (!write_addresses(w, conf, number, error))
        return false;
    write_close(w, "hostdev", false);
    return true;
}

static bool write_interface(Writer *w, const Conf *conf, int number, bool is_direct, GError **error)
{
    const char *link = network_get(conf, number, "link", NULL, NULL);
    const char *mode = network_get(conf, number, "macvlan.mode", NULL, NULL);
    const char *flags = network_get(conf, number, "flags", NULL, NULL);
    const char *name = network_get(conf, number, "name", NULL, NULL);
    const char *mac = network_get(conf, number, "hwaddr", NULL, NULL);

    if (is_direct && !link)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "Missing 'link' attribute for NIC");
    write_start(w, "interface", "type", is_direct ? "direct" : link ? "bridge" : "ethernet", NULL);
    if (mac)
        write_leaf(w, "mac", NULL, "address", mac, NULL);
    if (is_direct)
        write_leaf(w, "source", NULL, "dev", link, "mode", mode ? mode : "private", NULL);
    else if (link)
        write_leaf(w, "source", NULL, "bridge", link, NULL);
    if (!write_addresses(w, conf, number, error))
        return false;
    if (name)
        write_leaf(w, "guest", NULL, "dev", name, NULL);
    write_leaf(w, "link", NULL, "state", g_strcmp0(flags, "up") == 0 ? "up" : "down", NULL);
    write_close(w, "interface", false);
    return true;
}

static bool write_network(Writer *w, const Conf *conf, int number, const char *type, GError **error)
{
    const char *vlan = network_get(conf, number, "vlan.id", NULL, NULL);

    if (g_str_equal(type, "none") || g_str_equal(type, "empty"))
        return true;
    if (g_str_equal(type, "phys"))
        return write_hostdev(w, conf, number, NULL, error);
    if (g_str_equal(type, "vlan"))
        return write_hostdev(w, conf, number, vlan, error);
    if (g_str_equal(type, "veth") || g_str_equal(type, "macvlan"))
        return write_interface(w, conf, number, *type == 'm', error);
    return fail(error, ERR_CONFIG_UNSUPPORTED, "networks of type '%s' are not supported", type);
}

bool native_write_networks(Writer *w, const Conf *conf, bool *has, GError **error)
{
    int number = -1;

    for (unsigned i = 0; i < conf->count; i++) {
        const char *name = network_key(&conf->lines[i], &number), *type = conf->lines[i].value;

        /* one for each number, by the last that is said */
        if (!name || !g_str_equal(name, "type") ||
            type != network_get(conf, number, "type", NULL, NULL))
            continue;
        *has = *has || !g_str_equal(type, "empty");
        if (!write_network(w, conf, number, type, error))
            return false;
    }
    return true;
}
