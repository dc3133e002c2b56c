/* argv-os.h - what a guest boots, on the command line */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "args.h"

/* Images of flash memory; their nodes are named by the machine's options pflash0 and pflash1. */
bool firmware_add(Args *args, const Domain *live, GError **error);
/* What the machine's option says of the firmware. */
void firmware_machine(GString *option, const Domain *live);
/* Boot order and menu, kernel, SMBIOS and other tables that the guest's firmware reads. */
bool os_add(Args *args, const Domain *live, GError **error);
bool os_check(const Domain *guest, GError **error);
