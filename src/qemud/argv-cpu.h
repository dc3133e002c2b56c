/* argv-cpu.h - the guest's processors on the command line */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "args.h"

/* -cpu. A model that stands for the host's is replaced in the definition by what it is here. */
bool cpu_add(Args *args, Domain *live, GError **error);
/* -smp */
void smp_add(Args *args, const Domain *live);
CapsAccel cpu_accel(const Domain *guest);
