/* network.h - the doors for clients on other hosts: TCP under SASL, and TLS */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "daemon/config.h"

extern const ConfigKey network_keys[];
extern void *const network_settings;

/* Certificates are read, at the start and whenever the configuration is read again. */
bool network_configure(GError **error);
/* Opens the doors that are wanted, or that systemd holds. */
bool network_begin(GError **error);
