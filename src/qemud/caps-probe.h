/* caps-probe.h - ask a QEMU binary what it can do, by running it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "caps.h"

/* In a worker; some 200 ms. */
Caps *caps_probe(const char *binary, GError **error);
/* Changes whenever something else is asked. */
const char *caps_questions(void);
/* The architecture that domain definitions call what QEMU calls so. */
const char *caps_arch(const char *qemu_name);
