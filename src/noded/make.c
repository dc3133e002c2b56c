/* make.c - devices that are made: started, ended, started with the host */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "make.h"

#include "base/cleanup.h"
#include "base/file.h"
#include "daemon/daemon.h"
#include "mdev.h"
#include "taken.h"
#include "vport.h"

#include <fcntl.h>
#include <string.h>

enum { SETTLE_MS = 20000, STEP_MS = 10 };

static bool autostart_is_open; /* from the loop's first turn on */

/* ---- until it is seen ---- */

/* Drivers and udev take their time; the kernel's event may be later still. */
static bool settle(bool (*done)(const void *data), const void *data, const char *what,
                   GError **error)
{
    for (unsigned waited = 0; !done(data); waited += STEP_MS) {
        if (waited >= SETTLE_MS)
            return fail(error, ERR_OPERATION_TIMEOUT, "%s within %d seconds", what,
                        SETTLE_MS / 1000);
        worker_waits();
        g_usleep(STEP_MS * 1000);
        worker_resumes();
    }
    return true;
}

/* Looks now instead of waiting for the event. */
static Device *look_at(const char *path)
{
    g_autoptr(Stay) stay = strand_enter(devices_strand, MODE_CHANGE, "looking at a device", NULL);

    if (!stay)
        return NULL;
    device_update(path, false);
    return device_at(path);
}

static bool is_there(const void *path)
{
    g_autoptr(Device) device = look_at(path);

    return device != NULL;
}

static bool is_gone(const void *path) { return !is_there(path); }

/* ---- mediated devices ---- */

static char *path_of_parent(const char *name, GError **error)
{
    g_autoptr(Device) parent = name ? device_find(name) : NULL;
    g_autoptr(DeviceView) view = parent ? device_view(parent) : NULL;

    if (!view || !view->live || !view->live->device->path)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "invalid parent device '%s'", name);
    return g_strdup(view->live->device->path);
}

static Device *make_mdev(const NodeDevice *definition, GError **error)
{
    g_autofree char *parent = path_of_parent(definition->parent, error), *path = NULL;

    if (!parent)
        return NULL;
    path = mdev_path(definition, parent);
    if (is_there(path))
        return fail(error, ERR_OPERATION_INVALID, "device is already active");
    if (!mdev_start(definition, parent, error) ||
        !settle(is_there, path, "the mediated device has not come", error))
        return NULL;
    if (mdev_configure(definition, path, error))
        return look_at(path);
    if (mdev_stop(path, NULL))
        (void) settle(is_gone, path, "", NULL);
    return NULL;
}

/* Of one that a guest has, the kernel would wait for the guest's end. */
static bool stop_if_free(const char *path, GError **error)
{
    g_autoptr(Stay) untaken = strand_enter(taken_strand, MODE_CHANGE, "a device's end", error);

    return untaken && taken_check_free(strrchr(path, '/') + 1, error) && mdev_stop(path, error);
}

static bool end_mdev(const DeviceView *view, GError **error)
{
    const char *path = view->live->device->path;

    return stop_if_free(path, error) &&
           settle(is_gone, path, "the mediated device has not gone", error);
}

/* ---- virtual ports ---- */

static bool has_come(const void *data)
{
    const NodeFeature *names = data;
    g_autoptr(Device) device = device_find_scsi_host(names->wwnn, names->wwpn);

    return device != NULL;
}

static Device *make_vport(const NodeDevice *definition, GError **error)
{
    const NodeFeature *names = node_find_feature(definition->capability, NODE_FC_HOST);
    g_autoptr(Device) parent = NULL;

    if (!names)
        return fail(error, ERR_XML, "a virtual port needs its world wide names");
    parent = vport_find_parent(definition, error);
    if (!parent || !vport_create(parent, names, error) ||
        !settle(has_come, names, "the virtual port has not come", error))
        return NULL;
    return device_find_scsi_host(names->wwnn, names->wwpn);
}

static bool end_vport(const DeviceView *view, GError **error)
{
    const NodeDevice *live = view->live->device;
    const NodeFeature *names = node_find_feature(live->capability, NODE_FC_HOST);
    g_autoptr(Device) parent = names ? device_find(live->parent) : NULL;

    if (!parent)
        return fail(error, ERR_CONFIG_UNSUPPORTED, "unsupported device type");
    return vport_delete(parent, names, error) &&
           settle(is_gone, live->path, "the virtual port has not gone", error);
}

/* ---- of either kind ---- */

static const struct {
    NodeDeviceType type;
    Device *(*make)(const NodeDevice *definition, GError **error);
    bool (*end)(const DeviceView *view, GError **error);
} kinds[] = {
    { NODE_MDEV, make_mdev, end_mdev },
    { NODE_SCSI_HOST, make_vport, end_vport },
};

Device *make_device(const NodeDevice *definition, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].type == definition->capability->type)
            return kinds[i].make(definition, error);
    }
    return fail(error, ERR_CONFIG_UNSUPPORTED, "unsupported device type");
}

bool make_start(Device *device, GError **error)
{
    g_autoptr(DeviceView) view = device_view(device);
    g_autoptr(Device) made = NULL;

    if (view->live)
        return fail(error, ERR_OPERATION_INVALID, "device is already active");
    made = make_device(view->config->device, error);
    return made != NULL;
}

bool make_end(Device *device, GError **error)
{
    g_autoptr(DeviceView) view = device_view(device);

    if (!view->live)
        return fail(error, ERR_OPERATION_INVALID, "device '%s' is not active", device->object.name);
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].type == view->live->device->capability->type)
            return kinds[i].end(view, error);
    }
    return fail(error, ERR_CONFIG_UNSUPPORTED, "unsupported device type");
}

/* ---- with the host ---- */

static bool is_live(Device *device)
{
    g_autoptr(DeviceView) view = device_view(device);

    return view->live != NULL;
}

/* mdevctl may start it at the same moment, when udev asks for it. */
static void autostart(void *data)
{
    g_autoptr(Device) device = data;
    g_autoptr(DeviceView) view = device_view(device);
    g_autoptr(GError) error = NULL;

    if (view->config && !view->live && !make_start(device, &error) && !is_live(device))
        g_warning("device '%s' cannot be started with the host: %s", device->object.name,
                  error->message);
}

/* parent NULL: any. */
static void autostart_all(const char *parent)
{
    g_autoptr(GPtrArray) all = registry_list(devices);

    for (guint i = 0; i < all->len; i++) {
        Device *device = all->pdata[i];
        g_autoptr(DeviceView) view = device_view(device);

        if (view->autostart && !view->live &&
            (!parent || strcmp(view->config->device->parent, parent) == 0))
            strand_do(device->object.strand, MODE_CHANGE, "the start with the host", autostart,
                      object_ref(&device->object));
    }
}

bool make_is_awaited(void)
{
    g_autoptr(GPtrArray) all = registry_list(devices);

    for (guint i = 0; i < all->len; i++) {
        g_autoptr(DeviceView) view = device_view(all->pdata[i]);

        if (view->autostart && !view->live)
            return true;
    }
    return false;
}

void make_autostart_below(const char *parent)
{
    if (autostart_is_open)
        autostart_all(parent);
}

void make_autostart(void)
{
    g_autofree char *mark = daemon_path("run/ostler/nodedev/autostarted");
    g_autofree char *directory = g_path_get_dirname(mark);
    g_auto(Fd) first = -1;

    autostart_is_open = true;
    (void) file_make_directory(directory, 0700, NULL);
    first = open(mark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (first >= 0)
        autostart_all(NULL);
}
