/* zone.c - the zone of firewalld that a network's bridge belongs to
 *
 * firewalld drops what comes from links that it does not know. It knows a link for as long as it
 * runs, and no longer than until it reads its configuration anew: then it is told again. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "zone.h"

#include "bus.h"

/* The first of these that firewalld has; NULL: none. */
static const char *find_standard(Bus *bus)
{
    static const char *const standard[] = { "ostler", "libvirt" };
    g_autoptr(Message) answer = NULL;
    g_auto(GStrv) zones = NULL;
    const char *found = NULL;

    if (sd_bus_call_method(bus, FIREWALLD, FIREWALLD_PATH, FIREWALLD ".zone", "getZones", NULL,
                           &answer, NULL) < 0 ||
        sd_bus_message_read_strv(answer, &zones) < 0)
        return NULL;
    for (size_t i = 0; zones && !found && i < G_N_ELEMENTS(standard); i++)
        found = g_strv_contains((const char *const *) zones, standard[i]) ? standard[i] : NULL;
    return found;
}

bool zone_join(const Network *network, GError **error)
{
    g_auto(sd_bus_error) refusal = SD_BUS_ERROR_NULL;
    g_autoptr(Bus) bus = bus_to(FIREWALLD);
    const char *zone = network->zone;
    int result;

    if (!bus)
        return !zone || fail(error, ERR_INTERNAL,
                             "zone %s requested for network %s but firewalld is not active", zone,
                             network->name);
    if (!zone && !(zone = find_standard(bus)))
        return true;
    result =
        sd_bus_call_method(bus, FIREWALLD, FIREWALLD_PATH, FIREWALLD ".zone",
                           "changeZoneOfInterface", &refusal, NULL, "ss", zone, network->bridge);
    return result >= 0 ||
           fail(error, ERR_INTERNAL, "firewalld does not put bridge '%s' into zone %s: %s",
                network->bridge, zone, refusal.message ? refusal.message : g_strerror(-result));
}
