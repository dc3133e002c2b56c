/* main.c - ostler-qemud: guests under QEMU */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "address.h"
#include "argv.h"
#include "base/file.h"
#include "caps.h"
#include "daemon/daemon.h"
#include "defaults.h"
#include "driver.h"
#include "guest/files.h"
#include "guest/hypervisor.h"
#include "guest/ops.h"
#include "guest/recover.h"
#include "hostdev-link.h"
#include "restore.h"
#include "save.h"
#include "served.h"
#include "settings.h"
#include "start.h"

/* Closes it, too: what waits for an answer is told at once. */
static void drop_monitor(void *monitor)
{
    qmp_close(monitor);
    qmp_unref(monitor);
}

static void *hold_monitor(void *monitor) { return qmp_ref(monitor); }

static void clean(const Ended *run)
{
    if (!run->live)
        return;
    argv_clean(run->live);
    hostdevs_release(run->live);
}

static bool complete(Domain *domain, GError **error)
{
    return domain_defaults(domain, error) && domain_addresses(domain, error) &&
           driver_check(domain, error);
}

const Hypervisor hypervisor = {
    .folder = "qemu",
    .start_flags = VIR_DOMAIN_START_PAUSED | VIR_DOMAIN_START_AUTODESTROY |
                   VIR_DOMAIN_START_BYPASS_CACHE | VIR_DOMAIN_START_FORCE_BOOT |
                   VIR_DOMAIN_START_RESET_NVRAM,
    .autostart = &settings.autostart,
    .complete = complete,
    .start = start_machine,
    .start_saved = restore_kept,
    .adopt = start_adopt,
    .note_end = save_note_end,
    .clean = clean,
    .hold = hold_monitor,
    .drop = drop_monitor,
};

static bool begin(GError **error)
{
    g_autofree char *caps = daemon_path("var/lib/ostler/qemu/caps");
    g_autofree char *saved = daemon_path("var/lib/ostler/qemu/save");
    g_autoptr(GError) no_user = NULL;

    if (!files_prepare(error) || !file_make_directory(saved, 0700, error))
        return false;
    if (!settings_find_user(&no_user))
        g_warning("no guest can be started: %s", no_user->message);
    caps_open(caps);
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
