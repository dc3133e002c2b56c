/* zone.c - the zone of firewalld that a network's bridge belongs to */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "zone.h"

#include <systemd/sd-bus.h>

#define FIREWALLD "org.fedoraproject.FirewallD1"

typedef sd_bus Bus;
static void bus_free(Bus *bus) { sd_bus_flush_close_unref(bus); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bus, bus_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sd_bus_error, sd_bus_error_free)

static bool is_running(Bus *bus)
{
    return bus && sd_bus_get_name_creds(bus, FIREWALLD, 0, NULL) >= 0;
}

bool zone_join(const Network *network, GError **error)
{
    g_auto(sd_bus_error) refusal = SD_BUS_ERROR_NULL;
    g_autoptr(Bus) bus = NULL;
    int result;

    (void) sd_bus_open_system(&bus);
    if (!is_running(bus))
        return fail(error, ERR_INTERNAL,
                    "zone %s requested for network %s but firewalld is not active", network->zone,
                    network->name);
    result = sd_bus_call_method(bus, FIREWALLD, "/org/fedoraproject/FirewallD1", FIREWALLD ".zone",
                                "changeZoneOfInterface", &refusal, NULL, "ss", network->zone,
                                network->bridge);
    return result >= 0 ||
           fail(error, ERR_INTERNAL, "firewalld does not put bridge '%s' into zone %s: %s",
                network->bridge, network->zone,
                refusal.message ? refusal.message : g_strerror(-result));
}
