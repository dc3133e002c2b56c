/* resolver.c - the host's resolver asks a network's DNS server about its domain
 *
 * systemd-resolved keeps for each link which servers it leads to and which domains are theirs. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "resolver.h"

#include "bus.h"
#include "model/list.h"

#include <net/if.h>

enum { ANSWER_US = 5000000 };

/* A call of the resolver's that begins with the link's number. */
static Message *begin(Bus *bus, const char *method, const char *bridge)
{
    Message *call = NULL;

    if (sd_bus_message_new_method_call(bus, &call, RESOLVED, RESOLVED_PATH, RESOLVED ".Manager",
                                       method) >= 0)
        (void) sd_bus_message_append(call, "i", if_nametoindex(bridge));
    return call;
}

static Message *servers_of(Bus *bus, const Network *network)
{
    Message *call = begin(bus, "SetLinkDNS", network->bridge);

    (void) sd_bus_message_open_container(call, 'a', "(iay)");
    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        (void) sd_bus_message_open_container(call, 'r', "iay");
        (void) sd_bus_message_append(call, "i", ip->address.family);
        (void) sd_bus_message_append_array(call, 'y', ip->address.bytes,
                                           ip_size(ip->address.family));
        (void) sd_bus_message_close_container(call);
    }
    (void) sd_bus_message_close_container(call);
    return call;
}

/* The servers are asked about it and about nothing else; the host's own short names are not theirs.
 */
static Message *domains_of(Bus *bus, const Network *network)
{
    Message *call = begin(bus, "SetLinkDomains", network->bridge);

    (void) sd_bus_message_append(call, "a(sb)", 1, network->domain, true);
    return call;
}

bool resolver_register(const Network *network, GError **error)
{
    static Message *(*const calls[])(Bus * bus, const Network *network) = { servers_of,
                                                                            domains_of };
    g_autoptr(Bus) bus = bus_to(RESOLVED);

    if (!bus)
        return fail(error, ERR_OPERATION_UNSUPPORTED,
                    "the host does not ask its DNS server about domain '%s': systemd-resolved does "
                    "not run",
                    network->domain);
    for (size_t i = 0; i < G_N_ELEMENTS(calls); i++) {
        g_auto(sd_bus_error) refusal = SD_BUS_ERROR_NULL;
        g_autoptr(Message) call = calls[i](bus, network);
        int result = sd_bus_call(bus, call, ANSWER_US, &refusal, NULL);

        if (result < 0)
            return fail(error, ERR_INTERNAL,
                        "systemd-resolved does not take the DNS server of domain '%s': %s",
                        network->domain, refusal.message ? refusal.message : g_strerror(-result));
    }
    return true;
}
