/* main.c - ostler-noded: the host itself */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"
#include "device.h"
#include "driver.h"
#include "enumerate.h"
#include "facts.h"
#include "make.h"
#include "monitor.h"
#include "power.h"
#include "settings.h"

static char *machine = ""; /* --sysfs: where "sys" and "proc" are */

static const DaemonOption options[] = {
    { "sysfs", &machine, "tell of the machine in DIR/sys and DIR/proc instead of this one", "DIR" },
    {},
};

static void find_devices(void)
{
    gint64 began = g_get_monotonic_time();

    enumerate();
    g_info("%u devices found in %.1f ms", registry_size(devices),
           (g_get_monotonic_time() - began) / 1000.0);
}

static bool begin(GError **error)
{
    facts_open(machine);
    if (!devices_open(error) || !monitor_open(error) || !links_open(error))
        return false;
    find_devices();
    power_open();
    make_autostart();
    return true;
}

static bool is_needed(void) { return power_is_busy() || make_is_awaited(); }

int main(int argc, char **argv)
{
    static const Daemon noded = {
        .name = "noded",
        .summary = "Serves the host itself.",
        .socket = "virtnodedevd-sock",
        .alias = "virtnodedevd",
        .driver = &driver,
        .options = options,
        .keys = settings_keys,
        .settings = &settings,
        .begin = begin,
        .is_needed = is_needed,
        .end = power_close,
    };

    return daemon_main(&noded, argc, argv);
}
