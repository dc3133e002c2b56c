/* bus.c - services of the host on the system bus that networks are told to */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus.h"

#include "loop/loop.h"

#include <sys/epoll.h>

Bus *bus_to(const char *service)
{
    g_autoptr(Bus) bus = NULL;

    if (sd_bus_open_system(&bus) < 0 || sd_bus_get_name_creds(bus, service, 0, NULL) < 0)
        return NULL;
    return g_steal_pointer(&bus);
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

static void watch_owner(const char *service)
{
    g_autofree char *match =
        g_strdup_printf("type='signal',sender='org.freedesktop.DBus',"
                        "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s'",
                        service);

    (void) sd_bus_add_match_async(watching.bus, NULL, match, on_owner, NULL, NULL);
}

void bus_watch(void (*changed)(void))
{
    watching.changed = changed;
    if (sd_bus_open_system(&watching.bus) < 0)
        return;
    (void) sd_bus_match_signal_async(watching.bus, NULL, FIREWALLD, FIREWALLD_PATH, FIREWALLD,
                                     "Reloaded", on_reload, NULL, NULL);
    watch_owner(FIREWALLD);
    watch_owner(RESOLVED);
    (void) sd_bus_flush(watching.bus);
    watching.watch = watch_new(sd_bus_get_fd(watching.bus), EPOLLIN, bus_ready, NULL);
    bus_ready(0, NULL);
}
