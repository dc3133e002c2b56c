/* settings.c - what etc/ostler/netd.conf says */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "settings.h"

Settings settings;

const ConfigKey settings_keys[] = {
    { "dnsmasq", CONFIG_STRING, SLOT(Settings, dnsmasq, char *), .initial = "/usr/sbin/dnsmasq",
      .text = "The program that serves DHCP and DNS on networks that have addresses." },
    { "autostart", CONFIG_FLAG, SLOT(Settings, autostart, bool), .initial = "1",
      .text = "Whether networks marked for it are started when the daemon is, once per boot." },
    {},
};
