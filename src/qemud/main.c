/* main.c - ostler-qemud: guests under QEMU */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/file.h"
#include "caps.h"
#include "daemon/daemon.h"
#include "driver.h"
#include "ops.h"
#include "recover.h"
#include "settings.h"

static bool make_directories(GError **error)
{
    static const struct {
        const char *path;
        mode_t mode;
    } directories[] = {
        { "run/ostler/qemu", 0711 },
        { "run/ostler/qemu/guest", 0711 },
        { "var/lib/ostler/qemu", 0711 },
        { "var/log/ostler/qemu", 0700 },
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
    g_autofree char *caps = daemon_path("var/lib/ostler/qemu/caps");
    g_autoptr(GError) no_user = NULL;

    if (!make_directories(error))
        return false;
    if (!settings_find_user(&no_user))
        g_warning("no guest can be started: %s", no_user->message);
    caps_open(caps);
    machines = registry_new();
    machine_store = (Store){
        .definitions = daemon_path("etc/ostler/qemu"),
        .autostart = daemon_path("etc/ostler/qemu/autostart"),
        .states = daemon_path("run/ostler/qemu/state"),
    };
    if (!recover_all(error))
        return false;
    recover_autostart();
    return true;
}

static bool is_needed(void)
{
    g_autoptr(GPtrArray) active = ops_list(NULL, VIR_CONNECT_LIST_DOMAINS_ACTIVE);

    return active->len > 0;
}

int main(int argc, char **argv)
{
    static const Daemon qemud = {
        .name = "qemud",
        .summary = "Serves guests under QEMU.",
        .socket = "virtqemud-sock",
        .alias = "virtqemud",
        .driver = &driver,
        .keys = settings_keys,
        .settings = &settings,
        .begin = begin,
        .is_needed = is_needed,
    };

    return daemon_main(&qemud, argc, argv);
}
