/* caps-cpu.h - which processors a QEMU can give to a guest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "caps.h"
#include "qmp.h"

/* Asks both; kvm is NULL when there is no KVM. What QEMU does not tell for its architecture is left
 * out. */
void caps_probe_cpus(Caps *caps, Qmp *tcg, Qmp *kvm);
