/* bus.c - services of the host on the system bus that networks are told to
 *
 * The bus may come after us, end, and come again. While there is none the folder that its socket
 * is made in is watched, and the one above, in which that folder is made. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "bus.h"

#include "base/cleanup.h"
#include "loop/loop.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

/* A socket is there a moment before anybody listens, and a moment after. */
enum { AGAIN_MS = 100, TRIES = 50 };

Bus *bus_to(const char *service)
{
    g_autoptr(Bus) bus = NULL;

    if (sd_bus_open_system(&bus) < 0 || sd_bus_get_name_creds(bus, service, 0, NULL) < 0)
        return NULL;
    return g_steal_pointer(&bus);
}

/* ---- watching ---- */

static struct {
    void (*changed)(void);
    Bus *bus; /* NULL: there is none */
    Watch *watch;
    Fd folders; /* of inotify, while there is no bus */
    Watch *made;
    Timer *again;
    unsigned tries; /* since there was a bus, or something was made */
} watching = { .folders = -1 };

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

/* What has been told before may be forgotten, and what has changed meanwhile was not heard. */
static int on_begin(Message *answer, void *, sd_bus_error *)
{
    if (sd_bus_message_is_method_error(answer, NULL))
        return 0;
    watching.tries = 0;
    watching.changed();
    return 0;
}

static void watch_owner(const char *service, sd_bus_message_handler_t begun)
{
    g_autofree char *match =
        g_strdup_printf("type='signal',sender='org.freedesktop.DBus',"
                        "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s'",
                        service);

    (void) sd_bus_add_match_async(watching.bus, NULL, match, on_owner, begun, NULL);
}

static void await_bus(void);

static void bus_ready(uint32_t, void *)
{
    int result;

    do
        result = sd_bus_process(watching.bus, NULL);
    while (result > 0);
    if (result >= 0) {
        watch_set(watching.watch, sd_bus_get_events(watching.bus));
        return;
    }
    watch_end(g_steal_pointer(&watching.watch));
    g_clear_pointer(&watching.bus, sd_bus_close_unref);
    await_bus();
}

/* Never waits: what is asked here is sent when the bus listens. 0 or a negative errno. */
static int find_bus(void)
{
    int result = sd_bus_open_system(&watching.bus);

    if (result < 0)
        return result;
    (void) sd_bus_match_signal_async(watching.bus, NULL, FIREWALLD, FIREWALLD_PATH, FIREWALLD,
                                     "Reloaded", on_reload, NULL, NULL);
    watch_owner(FIREWALLD, NULL);
    watch_owner(RESOLVED, on_begin);
    watching.watch =
        watch_new(sd_bus_get_fd(watching.bus), sd_bus_get_events(watching.bus), bus_ready, NULL);
    return 0;
}

/* ---- while there is none ---- */

static void stop_waiting(void)
{
    if (watching.folders < 0)
        return;
    watch_end(g_steal_pointer(&watching.made));
    fd_close(g_steal_fd(&watching.folders));
}

static void try_again(void *)
{
    int result = find_bus();

    watching.again = NULL;
    if (result == 0)
        stop_waiting();
    else if (result != -ENOENT)
        await_bus();
}

static void watch_folders(void)
{
    static const char *const folders[] = { "/run", "/run/dbus" };

    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++)
        (void) inotify_add_watch(watching.folders, folders[i],
                                 IN_CREATE | IN_MOVED_TO | IN_ONLYDIR);
}

static void something_made(uint32_t, void *)
{
    char events[4096];

    while (read(watching.folders, events, sizeof(events)) > 0)
        continue;
    watch_folders();
    watching.tries = 0;
    await_bus();
}

static void await_bus(void)
{
    if (watching.folders < 0 && (watching.folders = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) >= 0) {
        watching.made = watch_new(watching.folders, EPOLLIN, something_made, NULL);
        watch_folders();
    }
    if (!watching.again && watching.tries++ < TRIES)
        watching.again = timer_new(AGAIN_MS, try_again, NULL);
}

void bus_watch(void (*changed)(void))
{
    watching.changed = changed;
    await_bus();
}
