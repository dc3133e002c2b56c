/* device.h - devices of the host: what everyone may read of them, and who may change it
 *
 * What comes, goes and changes is worked off on one strand, that of all devices, in the order in
 * which the kernel told it. Its tasks alone publish views and know where in sysfs a device is. A
 * device's own strand orders the calls about it. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/nodedev.h"
#include "object/registry.h"

/* What views share; counted by GLib's atomic boxes. */
typedef struct Description {
    NodeDevice *device; /* never changes */
    char *xml;          /* made when it is first asked for; see description_xml() */
} Description;

/* Immutable and counted; anyone may hold it. One of the first two is there. */
typedef struct DeviceView {
    Description *live;   /* as it is now; NULL: it is only defined */
    Description *config; /* what it is made from; NULL: it is not ours */
    bool autostart;
    unsigned capabilities; /* bits as a client's filter of lists has them */
} DeviceView;

void device_view_unref(DeviceView *view);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DeviceView, device_view_unref)

typedef struct Device {
    Object object; /* first: a Call's object is its Device; no uuid, as clients know only names */
    char *path;    /* in sysfs, of a live one; belongs to the strand of all devices */
} Device;

static inline void device_unref(Device *device) { object_unref(&device->object); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Device, device_unref)

extern Registry *devices;

/* Once: the machine itself and what is defined. Nothing is told to anyone. */
bool devices_open(GError **error);

/* From any thread; counted. */
DeviceView *device_view(Device *device);
Device *device_find(const char *name);                             /* NULL: there is none */
Device *device_find_scsi_host(const char *wwnn, const char *wwpn); /* NULL: none has these names */
static inline const NodeDevice *device_current(const DeviceView *view)
{
    return view->live ? view->live->device : view->config->device;
}
/* Of a view's description; borrowed from it. From any thread. */
const char *description_xml(Description *description);

/* ---- on the strand of all devices ---- */

extern Strand *devices_strand;

/* Reads the device at this path of sysfs anew: it may have come, changed or gone. Clients are told.
 * changed: somebody said that it has, so clients are told even if nothing else is to be seen. */
void device_update(const char *path, bool changed);
/* It has gone from there. */
void device_drop(const char *path);
/* The device at this path, counted; NULL: there is none. */
Device *device_at(const char *path);
/* The name of the nearest device above it, which may be the machine itself. */
char *device_parent_of(const char *path);
/* All paths of live devices; the list is the caller's, the texts are not. */
GPtrArray *device_paths(void);

/* The name of the device whose path ends with this and that can make mediated ones; else that of
 * the machine itself. */
char *device_name_at(const char *address);

/* What is on disk now of the device of this name; NULL: nothing. Takes config over. Clients are
 * told of what is new. */
void device_set_config(const char *name, NodeDevice *config, bool autostart);
