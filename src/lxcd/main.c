/* main.c - ostler-lxcd: containers */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"
#include "driver.h"

int main(int argc, char **argv)
{
    static const Daemon lxcd = {
        .name = "lxcd",
        .summary = "Serves containers.",
        .socket = "virtlxcd-sock",
        .alias = "virtlxcd",
        .driver = &driver,
    };

    return daemon_main(&lxcd, argc, argv);
}
