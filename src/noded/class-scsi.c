/* class-scsi.c - SCSI hosts, targets, units and their generic devices */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "class.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- hosts ---- */

/* World wide names are written without their 0x. */
static char *wwn_of(const Source *source, const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    g_autofree char *text = sysfs_text(source->directory, path);

    if (!text)
        return NULL;
    return g_strdup(g_str_has_prefix(text, "0x") ? text + strlen("0x") : text);
}

static unsigned count_of(const Source *source, const char *directory, const char *name)
{
    g_autofree char *path = g_build_filename(directory, name, NULL);
    int64_t count = 0;

    (void) sysfs_number(source->directory, path, 10, &count);
    return count;
}

static void add_fibre_channel(const Source *source, NodeCapability *scsi)
{
    g_autofree char *directory = g_build_filename("fc_host", source->name, NULL);
    g_autofree char *create = g_build_filename(directory, "vport_create", NULL);
    NodeFeature *feature;

    if (!sysfs_exists(source->directory, directory))
        return;
    feature = node_add_feature(scsi, NODE_FC_HOST);
    feature->wwnn = wwn_of(source, directory, "node_name");
    feature->wwpn = wwn_of(source, directory, "port_name");
    feature->fabric = wwn_of(source, directory, "fabric_name");
    if (!sysfs_exists(source->directory, create))
        return;
    feature = node_add_feature(scsi, NODE_VPORT_OPS);
    feature->max_vports = count_of(source, directory, "max_npiv_vports");
    feature->vports = count_of(source, directory, "npiv_vports_inuse");
}

static bool read_host(const Source *source, NodeDevice *device)
{
    NodeCapability *scsi = device->capability;
    g_autofree char *path = g_build_filename("scsi_host", source->name, "unique_id", NULL);
    int64_t id;

    if (!g_str_has_prefix(source->name, "host"))
        return false;
    scsi->scsi.host = atoi(source->name + strlen("host"));
    if (sysfs_number(source->directory, path, 10, &id))
        scsi->scsi.unique_id = optional(id);
    add_fibre_channel(source, scsi);
    return true;
}

const DeviceKind kind_scsi_host = {
    .type = NODE_SCSI_HOST,
    .subsystem = "bus/scsi",
    .devtype = "scsi_host",
    .prefix = "scsi",
    .read = read_host,
};

/* ---- targets ---- */

static bool read_target(const Source *source, NodeDevice *device)
{
    NodeCapability *scsi = device->capability;
    g_autofree char *above = g_path_get_dirname(source->path);
    g_autofree char *port = g_path_get_basename(above), *path = NULL;
    NodeFeature *feature;

    scsi->scsi.name = g_strdup(source->name);
    if (!g_str_has_prefix(port, "rport-"))
        return true;
    path = g_build_filename("..", "fc_remote_ports", port, "port_name", NULL);
    feature = node_add_feature(scsi, NODE_FC_REMOTE_PORT);
    feature->remote = g_steal_pointer(&port);
    feature->wwpn = sysfs_text(source->directory, path);
    return true;
}

const DeviceKind kind_scsi_target = {
    .type = NODE_SCSI_TARGET,
    .subsystem = "bus/scsi",
    .devtype = "scsi_target",
    .prefix = "scsi",
    .read = read_target,
};

/* ---- units ---- */

static bool read_unit(const Source *source, NodeDevice *device)
{
    static const char *const types[] = {
        [0] = "disk",    [1] = "tape", [3] = "processor", [4] = "worm",  [5] = "cdrom",
        [6] = "scanner", [7] = "mod",  [8] = "changer",   [12] = "raid", [13] = "enclosure",
    };
    NodeCapability *scsi = device->capability;
    int64_t type;

    if (sscanf(source->name, "%u:%u:%u:%" SCNu64, &scsi->scsi.host, &scsi->scsi.bus,
               &scsi->scsi.target, &scsi->scsi.lun) != 4)
        return false;
    if (sysfs_number(source->directory, "type", 10, &type) && type >= 0 &&
        type < (int64_t) G_N_ELEMENTS(types))
        scsi->scsi.type = g_strdup(types[type]);
    return true;
}

const DeviceKind kind_scsi = {
    .type = NODE_SCSI,
    .subsystem = "bus/scsi",
    .devtype = "scsi_device",
    .prefix = "scsi",
    .read = read_unit,
};

/* ---- generic devices ---- */

static bool read_generic(const Source *, NodeDevice *device)
{
    if (!device->devnodes)
        return false;
    device->capability->node = g_strdup(((NodeDevnode *) device->devnodes->pdata[0])->path);
    return true;
}

const DeviceKind kind_scsi_generic = {
    .type = NODE_SCSI_GENERIC,
    .subsystem = "class/scsi_generic",
    .prefix = "scsi_generic",
    .read = read_generic,
};
