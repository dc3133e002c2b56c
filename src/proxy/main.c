/* main.c - ostler-proxyd: one socket for clients that know only one */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"
#include "handover.h"

int main(int argc, char **argv)
{
    static const Daemon proxyd = {
        .name = "proxyd",
        .summary = "Gives clients of the single socket to the daemon that their URI names.",
        .socket = "libvirt-sock",
        .alias = "virtproxyd",
        .open_elsewhere = proxy_open,
    };

    return daemon_main(&proxyd, argc, argv);
}
