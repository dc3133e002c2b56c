/* dev-iface.c - network interfaces, as QEMU's devices */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dev-iface.h"

#include "dev-hostdev.h"

#include <string.h>

/* ---- the guest's end ---- */

static Json *encode_mac(const void *slot, const Property *, const Domain *)
{
    char text[MAC_TEXT];

    return json_object_new_string(mac_print(slot, text));
}

static Json *encode_tx(const void *slot, const Property *, const Domain *)
{
    IfaceTxMode mode = *(const IfaceTxMode *) slot;

    return mode ? json_object_new_string(mode == TX_MODE_TIMER ? "timer" : "bh") : NULL;
}

/* A queue for each that the host's end has, and interrupts for both directions of all, for the
 * card's configuration and for its control. */
static Json *encode_queues(const void *slot, const Property *, const Domain *)
{
    return *(const unsigned *) slot > 1 ? json_object_new_boolean(true) : NULL;
}

static Json *encode_vectors(const void *slot, const Property *, const Domain *)
{
    unsigned queues = *(const unsigned *) slot;

    return queues > 1 ? json_object_new_int64(2 * queues + 2) : NULL;
}

// clang-format off
static const Property plain[] = {
    ALIAS("netdev", Iface, "host"),
    ROW("mac", Iface, mac, encode_mac),
    PART(Iface, info, info_properties),
    {},
};
static const Property host_offloads[] = {
    SWITCH("csum", IfaceOffloads, csum),
    SWITCH("gso", IfaceOffloads, gso),
    SWITCH("host_tso4", IfaceOffloads, tso4),
    SWITCH("host_tso6", IfaceOffloads, tso6),
    SWITCH("host_ecn", IfaceOffloads, ecn),
    SWITCH("host_ufo", IfaceOffloads, ufo),
    SWITCH("mrg_rxbuf", IfaceOffloads, mrg_rxbuf),
    {},
};
static const Property guest_offloads[] = {
    SWITCH("guest_csum", IfaceOffloads, csum),
    SWITCH("guest_tso4", IfaceOffloads, tso4),
    SWITCH("guest_tso6", IfaceOffloads, tso6),
    SWITCH("guest_ecn", IfaceOffloads, ecn),
    SWITCH("guest_ufo", IfaceOffloads, ufo),
    {},
};
static const Property virtio[] = {
    PART(Iface, virtio, virtio_properties),
    ROW("tx", Iface, tx_mode, encode_tx),
    SWITCH("ioeventfd", Iface, ioeventfd),
    SWITCH("event_idx", Iface, event_idx),
    PART(Iface, host_offloads, host_offloads),
    PART(Iface, guest_offloads, guest_offloads),
    MEMBER("rx_queue_size", Iface, rx_queue_size),
    MEMBER("tx_queue_size", Iface, tx_queue_size),
    ROW("mq", Iface, queues, encode_queues),
    ROW("vectors", Iface, queues, encode_vectors),
    MEMBER("host_mtu", Iface, mtu),
    SWITCH("rss", Iface, rss),
    SWITCH("hash", Iface, rss_hash_report),
    { .part = plain },
    {},
};

static const struct {
    const char *model; /* as definitions name it */
    Device device;
} models[] = {
    { "virtio", { "virtio-net-pci", virtio, CAP_VIRTIO_NET } },
    { "virtio-transitional", { "virtio-net-pci-transitional", virtio, CAP_VIRTIO_NET } },
    { "virtio-non-transitional", { "virtio-net-pci-non-transitional", virtio, CAP_VIRTIO_NET } },
    { "e1000", { "e1000", plain, CAP_E1000 } },
    { "e1000-82544gc", { "e1000-82544gc", plain, CAP_E1000 } },
    { "e1000-82545em", { "e1000-82545em", plain, CAP_E1000 } },
    { "e1000e", { "e1000e", plain, CAP_E1000E } },
    { "i82550", { "i82550", plain } },
    { "i82551", { "i82551", plain } },
    { "i82557b", { "i82557b", plain } },
    { "i82559er", { "i82559er", plain } },
    { "ne2k_pci", { "ne2k_pci", plain } },
    { "pcnet", { "pcnet", plain } },
    { "rtl8139", { "rtl8139", plain, CAP_RTL8139 } },
    { "tulip", { "tulip", plain } },
    { "usb-net", { "usb-net", plain } },
    { "vmxnet3", { "vmxnet3", plain } },
};
// clang-format on

static const Device *choose(const Iface *iface)
{
    for (size_t i = 0; i < G_N_ELEMENTS(models); i++) {
        if (g_strcmp0(models[i].model, iface->model) == 0)
            return &models[i].device;
    }
    return NULL;
}

Json *iface_json(const Domain *guest, const Iface *iface, const Caps *caps, GError **error)
{
    if (iface_is_device(iface))
        return hostdev_iface_json(guest, iface, caps, error);
    return device_json(choose(iface), iface, guest, caps, error);
}

/* ---- the host's end ---- */

static void add_ipv4(Json *json, const IfaceIp *ip)
{
    g_autofree char *net =
        ip->prefix.given ? g_strdup_printf("%s/%" G_GINT64_FORMAT, ip->address, ip->prefix.value)
                         : g_strdup(ip->address);

    json_object_object_add(json, "net", json_object_new_string(net));
}

static void add_ipv6(Json *json, const IfaceIp *ip)
{
    json_object_object_add(json, "ipv6-prefix", json_object_new_string(ip->address));
    if (ip->prefix.given)
        json_object_object_add(json, "ipv6-prefixlen", json_object_new_int64(ip->prefix.value));
}

static Json *user_json(const Iface *iface, const char *id)
{
    Json *json = json_build("ss", "type", "user", "id", id);

    for (LIST_EACH(IfaceIp, ip, iface->ips)) {
        if (strchr(ip->address, ':'))
            add_ipv6(json, ip);
        else
            add_ipv4(json, ip);
    }
    return json;
}

/* One by its name, several as a list with the plural of the member's. */
static void add_names(Json *json, const char *member, const GPtrArray *names, guint from,
                      guint count)
{
    g_autofree char *plural = g_strconcat(member, count > 1 ? "s" : "", NULL);
    g_autoptr(GString) list = g_string_new(NULL);

    for (guint i = from; i < from + count; i++)
        g_string_append_printf(list, "%s%s", i > from ? ":" : "", (char *) names->pdata[i]);
    if (count)
        json_object_object_add(json, plural, json_object_new_string(list->str));
}

static Json *tap_json(const Iface *iface, const char *id, const IfaceEnd *end,
                      const GPtrArray *names)
{
    Json *json = json_build("ss", "type", "tap", "id", id);

    add_names(json, "fd", names, 0, end->taps);
    if (end->vhosts)
        json_object_object_add(json, "vhost", json_object_new_boolean(true));
    add_names(json, "vhostfd", names, end->taps, end->vhosts);
    if (iface->sndbuf.given && !end->vhosts)
        json_object_object_add(json, "sndbuf", json_object_new_int64(iface->sndbuf.value));
    return json;
}

Json *iface_backend_json(const Iface *iface, const IfaceEnd *end, const GPtrArray *names)
{
    g_autofree char *id = g_strconcat("host", iface->info.alias, NULL);

    return end ? tap_json(iface, id, end, names) : user_json(iface, id);
}

void iface_end_free(IfaceEnd *end)
{
    if (!end)
        return;
    g_clear_pointer(&end->fds, g_array_unref);
    g_free(end);
}

bool iface_is_virtio(const Iface *iface)
{
    return iface->model && g_str_has_prefix(iface->model, "virtio");
}

/* ---- the command line ---- */

/* The descriptors become the command line's, which QEMU knows them by their numbers on. */
static GPtrArray *hand_over_end(Args *args, IfaceEnd *end)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    for (guint i = 0; i < end->fds->len; i++)
        g_ptr_array_add(names,
                        g_strdup_printf("%d", args_keep(args, g_array_index(end->fds, int, i))));
    end->fds->len = 0;
    return names;
}

static bool add_iface(Args *args, const Domain *live, const Iface *iface, IfaceEnd *end,
                      GError **error)
{
    g_autoptr(Json) json = iface_json(live, iface, args->caps, error);
    g_autoptr(GPtrArray) names = NULL;

    if (!json || !args_rom(args, &iface->info, json, error))
        return false;
    if (!iface_is_device(iface)) {
        names = end ? hand_over_end(args, end) : NULL;
        args_json(args, "-netdev", iface_backend_json(iface, end, names));
    }
    args_json(args, "-device", g_steal_pointer(&json));
    return true;
}

bool ifaces_add(Args *args, const Domain *live, GError **error)
{
    unsigned i = 0;

    for (LIST_EACH(Iface, iface, live->interfaces)) {
        IfaceEnd *end = args->ends ? args->ends->pdata[i++] : NULL;

        if (!add_iface(args, live, iface, end, error))
            return false;
    }
    return true;
}

/* What only virtio has. */
static bool check_extras(const Iface *iface, const Device *device, GError **error)
{
    const VirtioOptions *options = &iface->virtio;
    const IfaceOffloads *host = &iface->host_offloads, *guest = &iface->guest_offloads;
    const Extra extras[] = {
        { iface->ioeventfd, "ioeventfd", "driver/@ioeventfd" },
        { iface->event_idx, "event_idx", "driver/@event_idx" },
        { iface->tx_mode, "tx", "driver/@txmode" },
        { iface->queues > 1, "mq", "driver/@queues" },
        { iface->rx_queue_size, "rx_queue_size", "driver/@rx_queue_size" },
        { iface->tx_queue_size, "tx_queue_size", "driver/@tx_queue_size" },
        { iface->rss, "rss", "driver/@rss" },
        { iface->rss_hash_report, "hash", "driver/@rss_hash_report" },
        { options->iommu || options->ats || options->packed || options->page_per_vq, "ats",
          "driver/@iommu" },
        { host->csum || host->gso || host->tso4 || host->tso6 || host->ecn || host->ufo ||
              host->mrg_rxbuf,
          "gso", "driver/host" },
        { guest->csum || guest->tso4 || guest->tso6 || guest->ecn || guest->ufo, "guest_csum",
          "driver/guest" },
    };

    return device_takes(device, extras, G_N_ELEMENTS(extras), error);
}

/* What only a link on the host has. */
static bool check_link(const Iface *iface, GError **error)
{
    const struct {
        bool given;
        const char *name;
    } parts[] = {
        { bandwidth_is_limited(&iface->bandwidth), "bandwidth" },
        { list_length(iface->vlan.tags) > 0, "vlan" },
        { iface->virtualport != NULL, "virtualport" },
        { iface->port_isolated != SWITCH_ABSENT, "port" },
        { iface->queues > 1, "driver/@queues" },
        { iface->sndbuf.given, "tune" },
        { iface->target != NULL, "target" },
        { iface->driver == IFACE_BACKEND_VHOST, "driver/@name" },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(parts) && !iface_has_link(iface); i++) {
        if (parts[i].given)
            return fail(error, ERR_CONFIG_UNSUPPORTED,
                        "'%s' is not supported on interfaces of type '%s'", parts[i].name,
                        iface_type_names[iface->type]);
    }
    return true;
}

/* A device of the host's: what its card can be told, and no more. */
static bool check_device(const Iface *iface, GError **error)
{
    if (iface->host_device->type != ADDRESS_PCI)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "interfaces of type 'hostdev' are PCI devices, not of type '%s'",
                    address_type_names[iface->host_device->type]);
    if (iface->device_driver && !g_str_equal(iface->device_driver, "vfio"))
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "driver '%s' is not supported for interfaces of type 'hostdev'",
                    iface->device_driver);
    return !iface->mtu || fail(error, ERR_CONFIG_UNSUPPORTED,
                               "setting MTU on interface type hostdev is not supported yet");
}

bool iface_check(const Domain *, const Iface *iface, GError **error)
{
    const Device *device = choose(iface);

    if (iface->type == IFACE_HOSTDEV)
        return check_device(iface, error);
    if (!device)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "interface model '%s' is not supported",
                    iface->model);
    return check_link(iface, error) && check_extras(iface, device, error);
}
