/* main.c - ostler-netd: virtual networks */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "daemon/daemon.h"
#include "driver.h"
#include "firewall.h"
#include "police.h"
#include "lease.h"
#include "lend.h"
#include "network.h"
#include "plug.h"
#include "port.h"
#include "recover.h"
#include "settings.h"
#include "start.h"

static bool make_directories(GError **error)
{
    static const struct {
        const char *path;
        mode_t mode;
    } directories[] = {
        { "run/ostler/network", 0711 },
        { "var/lib/ostler/network", 0711 },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(directories); i++) {
        g_autofree char *path = daemon_path("%s", directories[i].path);

        if (!file_make_directory(path, directories[i].mode, error))
            return false;
    }
    return true;
}

static bool begin(GError **error)
{
    if (!make_directories(error) || !lease_open(error))
        return false;
    firewall_open();
    police_open();
    nets = registry_new();
    net_store = (Store){
        .definitions = daemon_path("etc/ostler/network"),
        .autostart = daemon_path("etc/ostler/network/autostart"),
        .states = daemon_path("run/ostler/network/state"),
    };
    port_store = (Store){ .states = daemon_path("run/ostler/network/port") };
    lend_store = (Store){ .states = daemon_path("run/ostler/network/lent") };
    if (!port_open(error) || !plug_recover(error) || !recover_all(error))
        return false;
    start_watch_services();
    recover_autostart();
    return true;
}

static bool is_needed(void)
{
    g_autoptr(GPtrArray) active = net_list(true);

    return active->len > 0 || lend_holds();
}

int main(int argc, char **argv)
{
    static const Daemon netd = {
        .name = "netd",
        .summary = "Serves virtual networks.",
        .socket = "virtnetworkd-sock",
        .alias = "virtnetworkd",
        .driver = &driver,
        .keys = settings_keys,
        .settings = &settings,
        .begin = begin,
        .is_needed = is_needed,
        .end = lease_close,
    };

    return daemon_main(&netd, argc, argv);
}
