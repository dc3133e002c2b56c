/* pci.h - PCI functions of this machine: their places, names, configuration space and drivers */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <stdint.h>

typedef struct HostPci {
    unsigned domain, bus, slot, function;
} HostPci;

enum { HOST_PCI_TEXT = 24 };

/* "0000:01:02.0", as the kernel writes it. Leaves *pci alone when text is something else. */
bool host_pci_parse(const char *text, HostPci *pci);
char *host_pci_print(const HostPci *pci, char text[HOST_PCI_TEXT]); /* returns text */

/* What the register is called in words, from the list of the PCI ID project; NULL when the list
 * does not know it or is not installed. The text lasts for ever. Not by two threads at once. */
const char *host_pci_vendor(unsigned vendor);
const char *host_pci_product(unsigned vendor, unsigned product);

typedef struct HostPciLink {
    unsigned speed; /* 1: 2.5 GT/s, 2: 5, ...; 0: none */
    unsigned width; /* lanes */
} HostPciLink;

/* What the configuration space tells. */
typedef struct HostPciConfig {
    unsigned header; /* 0: a device, 1: a bridge, 2: a CardBus bridge */
    bool is_express;
    bool has_link; /* and so the three below */
    unsigned port;
    HostPciLink can, does;
} HostPciConfig;

/* directory: the function's in sysfs. Reads no more of it than it must: each word may take long. */
void host_pci_config(int directory, HostPciConfig *config);
