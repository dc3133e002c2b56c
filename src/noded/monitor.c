/* monitor.c - what comes and goes: events of udev, of the kernel, or of a machine that is not there
 *
 * With udevd at work its word counts, which comes after it has named the device and found out more
 * about it. Without it the kernel is listened to. Both speak of paths; what is there then is read.
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "monitor.h"

#include "base/cleanup.h"
#include "class.h"
#include "device.h"
#include "enumerate.h"
#include "facts.h"
#include "loop/loop.h"
#include "model/list.h"

#include <errno.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-event.h>

enum { MESSAGE = 64 << 10, FROM_KERNEL = 1 };

static Watch *ear; /* of the one that is listened to */

/* ---- one event, on the strand of all devices ---- */

typedef struct Event {
    char *action; /* "add", "remove", "change", "move", "bind", ... */
    char *path;
    char *former; /* where it has moved from */
} Event;

static void event_free(Event *event)
{
    g_free(event->action);
    g_free(event->path);
    g_free(event->former);
    g_free(event);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Event, event_free)

static void add_names(GPtrArray *names, const GPtrArray *addresses)
{
    for (LIST_EACH(PciAddress, address, addresses))
        g_ptr_array_add(names, class_pci_name(address));
}

/* Whose description speaks of this device: what it is a child or a function of, and what shares
 * its IOMMU group. */
static void add_relatives(GPtrArray *names, const char *path)
{
    g_autoptr(Device) device = device_at(path);
    g_autoptr(DeviceView) view = device ? device_view(device) : NULL;
    const NodeDevice *live = view && view->live ? view->live->device : NULL;
    const NodeFeature *physical;

    if (!live)
        return;
    g_ptr_array_add(names, g_strdup(live->parent));
    add_names(names, live->capability->pci.peers);
    physical = node_find_feature(live->capability, NODE_PHYS_FUNCTION);
    if (physical)
        add_names(names, physical->addresses);
}

static void refresh_by_name(const char *name)
{
    g_autoptr(Device) device = device_find(name);
    g_autofree char *path = device ? g_strdup(device->path) : NULL;

    if (path)
        device_update(path, false);
}

static void refresh_relatives(const GPtrArray *names)
{
    g_autoptr(GHashTable) done = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < names->len; i++) {
        if (g_hash_table_add(done, names->pdata[i]))
            refresh_by_name(names->pdata[i]);
    }
}

/* A child of a device that is none itself, such as the character device of a virtual data path. */
static void refresh_above(const char *path)
{
    g_autofree char *name = device_parent_of(path);

    refresh_by_name(name);
}

static void apply(const Event *event)
{
    if (event->former)
        device_drop(event->former);
    if (strcmp(event->action, "remove") == 0)
        device_drop(event->path);
    else
        device_update(event->path, strcmp(event->action, "change") == 0);
}

static void work_off(void *data)
{
    g_autoptr(Event) event = data;
    g_autoptr(GPtrArray) relatives = g_ptr_array_new_with_free_func(g_free);

    add_relatives(relatives, event->path);
    apply(event);
    if (strcmp(event->action, "change") == 0)
        return;
    add_relatives(relatives, event->path);
    refresh_relatives(relatives);
    if (relatives->len == 0)
        refresh_above(event->path);
}

/* ---- what is worth an event ---- */

static bool is_of_interest(const char *subsystem)
{
    if (strcmp(subsystem, "vhost-vdpa") == 0)
        return true;
    for (const DeviceKind *const *kind = device_kinds; *kind; kind++) {
        if (strcmp(strchr((*kind)->subsystem, '/') + 1, subsystem) == 0)
            return true;
    }
    return false;
}

/* Paths as sysfs has them, without /sys before them; former may be NULL. */
static void take(const char *action, const char *subsystem, const char *path, const char *former)
{
    Event *event;

    if (!action || !subsystem || !path || !is_of_interest(subsystem))
        return;
    event = g_new0(Event, 1);
    event->action = g_strdup(action);
    event->path = g_strconcat("/sys", path, NULL);
    event->former = former ? g_strconcat("/sys", former, NULL) : NULL;
    strand_do(devices_strand, MODE_CHANGE, "an event of the kernel", work_off, event);
}

static gint starts_over; /* and has not begun: what is lost until then is found by that, too */

static void start_over(void *)
{
    g_atomic_int_set(&starts_over, 0);
    enumerate();
}

void monitor_start_over(void)
{
    if (!g_atomic_int_compare_and_exchange(&starts_over, 0, 1))
        return;
    g_warning("events of devices have been lost: all are looked at again");
    strand_do(devices_strand, MODE_CHANGE, "looking for devices", start_over, NULL);
}

/* ---- the kernel's own events ---- */

/* The value of "KEY=value" among lines that each end with a zero byte. */
static const char *value_of(const char *message, size_t size, const char *key)
{
    size_t length = strlen(key);

    for (const char *line = message; line < message + size; line += strlen(line) + 1) {
        if (strncmp(line, key, length) == 0 && line[length] == '=')
            return line + length + 1;
    }
    return NULL;
}

static void take_message(const char *message, size_t size)
{
    take(value_of(message, size, "ACTION"), value_of(message, size, "SUBSYSTEM"),
         value_of(message, size, "DEVPATH"), value_of(message, size, "DEVPATH_OLD"));
}

/* Only the kernel may send to this group, but for other owners of the network: it has no port. */
static bool is_from_kernel(const struct sockaddr_nl *sender)
{
    return sender->nl_family != AF_NETLINK || sender->nl_pid == 0;
}

static void receive(uint32_t, void *data)
{
    static char message[MESSAGE + 1];
    int fd = GPOINTER_TO_INT(data);

    for (;;) {
        struct sockaddr_nl sender = { 0 };
        socklen_t length = sizeof(sender);
        ssize_t size =
            recvfrom(fd, message, MESSAGE, MSG_DONTWAIT, (struct sockaddr *) &sender, &length);

        if (size < 0 && errno == ENOBUFS)
            monitor_start_over();
        else if (size < 0)
            return;
        else if (is_from_kernel(&sender)) {
            message[size] = '\0';
            take_message(message, size);
        }
    }
}

static bool listen_on(int type, int protocol, const struct sockaddr *address, socklen_t length,
                      GError **error)
{
    g_auto(Fd) fd = socket(address->sa_family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    int size = RECEIVE_BUFFER;

    if (fd < 0 || bind(fd, address, length) < 0)
        return fail_errno(error, errno, "cannot listen to events of devices");
    (void) setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    ear = watch_new(fd, EPOLLIN, receive, GINT_TO_POINTER(fd));
    g_steal_fd(&fd); /* as long as the process lives */
    return true;
}

static bool listen_to_kernel(GError **error)
{
    const struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = FROM_KERNEL };

    return listen_on(SOCK_RAW, NETLINK_KOBJECT_UEVENT, (const struct sockaddr *) &address,
                     sizeof(address), error);
}

/* Who plays the kernel of another machine sends such messages to a socket beside its sysfs. */
static bool listen_to_player(GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/uevent", facts_root());
    (void) unlink(address.sun_path);
    return listen_on(SOCK_DGRAM, 0, (const struct sockaddr *) &address, sizeof(address), error);
}

/* ---- udev's ---- */

static const char *property(sd_device *device, const char *key)
{
    const char *value;

    return sd_device_get_property_value(device, key, &value) >= 0 ? value : NULL;
}

static int take_device(sd_device_monitor *, sd_device *device, void *)
{
    take(property(device, "ACTION"), property(device, "SUBSYSTEM"), property(device, "DEVPATH"),
         property(device, "DEVPATH_OLD"));
    return 0;
}

/* udev's loop is one descriptor of ours. */
static void run_udev(uint32_t, void *events)
{
    while (sd_event_run(events, 0) > 0)
        continue;
}

static bool listen_to_udev(GError **error)
{
    static sd_event *events;
    static sd_device_monitor *monitor;
    int result = sd_event_new(&events);

    if (result >= 0)
        result = sd_device_monitor_new(&monitor);
    if (result >= 0)
        result = sd_device_monitor_set_receive_buffer_size(monitor, RECEIVE_BUFFER);
    if (result >= 0)
        result = sd_device_monitor_attach_event(monitor, events);
    if (result >= 0)
        result = sd_device_monitor_start(monitor, take_device, NULL);
    if (result < 0)
        return fail_errno(error, -result, "cannot listen to udev's events");
    ear = watch_new(sd_event_get_fd(events), EPOLLIN, run_udev, events);
    return true;
}

bool monitor_open(GError **error)
{
    if (*facts_root())
        return listen_to_player(error);
    return source_has_udev() ? listen_to_udev(error) : listen_to_kernel(error);
}
