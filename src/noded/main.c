/* main.c - ostler-noded: the host itself */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"
#include "driver.h"

int main(int argc, char **argv)
{
    static const Daemon noded = {
        .name = "noded",
        .summary = "Serves the host itself.",
        .socket = "virtnodedevd-sock",
        .alias = "virtnodedevd",
        .driver = &driver,
    };

    return daemon_main(&noded, argc, argv);
}
