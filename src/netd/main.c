/* main.c - ostler-netd: virtual networks */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"
#include "driver.h"

int main(int argc, char **argv)
{
    static const Daemon netd = {
        .name = "netd",
        .summary = "Serves virtual networks.",
        .socket = "virtnetworkd-sock",
        .alias = "virtnetworkd",
        .driver = &driver,
    };

    return daemon_main(&netd, argc, argv);
}
