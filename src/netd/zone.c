/* zone.c - the zone of firewalld that a network's bridge belongs to
 *
 * firewalld drops what comes from links that it does not know. It knows a link for as long as it
 * runs, and no longer than until it reads its configuration anew: then it is told again. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "zone.h"

#include "loop/loop.h"

#include <sys/epoll.h>
#include <systemd/sd-bus.h>

#define FIREWALLD "org.fedoraproject.FirewallD1"
#define FIREWALLD_PATH "/org/fedoraproject/FirewallD1"

typedef sd_bus Bus;
static void bus_free(Bus *bus) { sd_bus_flush_close_unref(bus); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Bus, bus_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(sd_bus_error, sd_bus_error_free)
typedef sd_bus_message Message;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Message, sd_bus_message_unref)

static bool is_running(Bus *bus)
{
    return bus && sd_bus_get_name_creds(bus, FIREWALLD, 0, NULL) >= 0;
}

/* ---- joining ---- */

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
    g_autoptr(Bus) bus = NULL;
    const char *zone = network->zone;
    int result;

    (void) sd_bus_open_system(&bus);
    if (!is_running(bus))
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

/* ---- watching ---- */

static struct {
    Bus *bus;
    Watch *watch;
    void (*changed)(void);
} watching;

static int on_reload(Message *, void *, sd_bus_error *)
{
    watching.changed();
    return 0;
}

static int on_owner(Message *message, void *, sd_bus_error *)
{
    const char *name, *former, *now;

    if (sd_bus_message_read(message, "sss", &name, &former, &now) >= 0 && *now)
        watching.changed();
    return 0;
}

static void bus_ready(uint32_t, void *)
{
    int result;

    do
        result = sd_bus_process(watching.bus, NULL);
    while (result > 0);
    if (result >= 0)
        return;
    watch_end(g_steal_pointer(&watching.watch));
    g_clear_pointer(&watching.bus, bus_free);
}

void zone_watch(void (*changed)(void))
{
    watching.changed = changed;
    if (sd_bus_open_system(&watching.bus) < 0)
        return;
    (void) sd_bus_match_signal_async(watching.bus, NULL, FIREWALLD, FIREWALLD_PATH, FIREWALLD,
                                     "Reloaded", on_reload, NULL, NULL);
    (void) sd_bus_add_match_async(watching.bus, NULL,
                                  "type='signal',sender='org.freedesktop.DBus',"
                                  "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                  "arg0='" FIREWALLD "'",
                                  on_owner, NULL, NULL);
    (void) sd_bus_flush(watching.bus);
    watching.watch = watch_new(sd_bus_get_fd(watching.bus), EPOLLIN, bus_ready, NULL);
    bus_ready(0, NULL);
}
