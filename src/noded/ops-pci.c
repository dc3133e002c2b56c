/* ops-pci.c - PCI functions that are taken from the host and given back */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "driver.h"

#include "facts.h"
#include "host/pci-bind.h"
#include "ops.h"
#include "taken.h"

#include <string.h>

typedef bool Work(const char *root, const char *function, GError **error);

/* What is done is seen by the next call, whether the kernel's event has come by then or not. */
static bool with_function(const Call *call, Work *work, GError **error)
{
    Device *device = device_of(call);
    g_autoptr(DeviceView) view = device_view(device);
    const NodeDevice *live = view->live ? view->live->device : NULL;
    g_autoptr(GError) late = NULL;
    g_autoptr(Stay) untaken = NULL, stay = NULL;
    const char *function;

    if (!live || live->capability->type != NODE_PCI)
        return fail(error, ERR_INVALID_ARG, "device %s is not a PCI device", device->object.name);
    function = strrchr(live->path, '/') + 1;
    untaken = strand_enter(taken_strand, MODE_CHANGE, "a PCI function's driver", error);
    if (!untaken || !taken_check_free(function, error) || !work(facts_root(), function, error))
        return false;
    g_clear_pointer(&untaken, strand_leave);
    stay = strand_enter(devices_strand, MODE_CHANGE, "a change of its driver", &late);
    if (stay)
        device_update(live->path, false);
    return true;
}

static bool detach(const Call *call, const char *driver, GError **error)
{
    if (driver && strcmp(driver, "kvm") == 0)
        return fail(error, ERR_ARGUMENT_UNSUPPORTED,
                    "KVM device assignment is no longer supported on this system");
    if (driver && strcmp(driver, "vfio") != 0)
        return fail(error, ERR_INVALID_ARG, "unknown driver name '%s'", driver);
    return with_function(call, host_pci_detach, error);
}

bool noded_node_device_dettach(Call *call, const remote_node_device_dettach_args *, none *,
                               GError **error)
{
    return detach(call, NULL, error);
}

bool noded_node_device_detach_flags(Call *call, const remote_node_device_detach_flags_args *in,
                                    none *, GError **error)
{
    return call_check_flags(call, in->flags, 0, error) &&
           detach(call, in->driver_name ? *in->driver_name : NULL, error);
}

bool noded_node_device_re_attach(Call *call, const remote_node_device_re_attach_args *, none *,
                                 GError **error)
{
    return with_function(call, host_pci_reattach, error);
}

bool noded_node_device_reset(Call *call, const remote_node_device_reset_args *, none *,
                             GError **error)
{
    return with_function(call, host_pci_reset, error);
}
