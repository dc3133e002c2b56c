/* main.c - ostler-lxcd: containers */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container.h"
#include "daemon/daemon.h"
#include "define.h"
#include "driver.h"
#include "guest/files.h"
#include "guest/hypervisor.h"
#include "guest/ops.h"
#include "guest/recover.h"
#include "nic.h"
#include "settings.h"
#include "start.h"

static void *hold(void *container) { return container_ref(container); }

static void drop(void *container) { container_unref(container); }

static bool count(Machine *vm, const Iface *iface, LinkTraffic *received, LinkTraffic *sent,
                  GError **error)
{
    g_autoptr(Container) container = container_of(vm, error);

    return container && nic_count(container, iface, received, sent, error);
}

const Hypervisor hypervisor = {
    .folder = "lxc",
    .start_flags = VIR_DOMAIN_START_AUTODESTROY,
    .autostart = &settings.autostart,
    .complete = container_complete,
    .start = start_container,
    .adopt = start_adopt,
    .note_end = start_note_end,
    .clean = start_clean,
    .hold_console = container_join,
    .count = count,
    .hold = hold,
    .drop = drop,
};

static bool begin(GError **error)
{
    if (!files_prepare(error) || !recover_all(error))
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
    static const Daemon lxcd = {
        .name = "lxcd",
        .summary = "Serves containers.",
        .socket = "virtlxcd-sock",
        .alias = "virtlxcd",
        .driver = &driver,
        .keys = settings_keys,
        .settings = &settings,
        .begin = begin,
        .is_needed = is_needed,
    };

    return daemon_main(&lxcd, argc, argv);
}
