/* main.c - ostler-proxyd: one socket for clients that know only one; the door for remote ones */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"
#include "handover.h"
#include "network.h"

int main(int argc, char **argv)
{
    const Daemon proxyd = {
        .name = "proxyd",
        .summary =
            "Gives clients of the single socket, and of the network, to the daemon that their "
            "URI names.",
        .socket = "libvirt-sock",
        .alias = "virtproxyd",
        .open_elsewhere = proxy_open,
        .keys = network_keys,
        .settings = network_settings,
        .configure = network_configure,
        .begin = network_begin,
    };

    return daemon_main(&proxyd, argc, argv);
}
