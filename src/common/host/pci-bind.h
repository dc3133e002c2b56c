/* pci-bind.h - who has a PCI function: a driver of the host's, or vfio-pci, which gives it away
 *
 * function: its place as text, "0000:01:02.0". root: "" for this machine. In a worker; the kernel
 * may take its time. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* The driver that gives functions to guests. */
#define HOST_PCI_VFIO "vfio-pci"

/* Takes it from its driver, so that a guest may have it. That it is so already is right. */
bool host_pci_detach(const char *root, const char *function, GError **error);
/* Gives it to whatever driver of the host's knows it. Not while a guest has it. */
bool host_pci_reattach(const char *root, const char *function, GError **error);
/* The same, once the guest that is letting go of it has done so. */
bool host_pci_reattach_when_free(const char *root, const char *function, GError **error);
bool host_pci_reset(const char *root, const char *function, GError **error);
