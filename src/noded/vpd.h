/* vpd.h - the vital product data of a PCI function */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/nodedev.h"

#include <stddef.h>

/* Adds what the file "vpd" of the function's directory says, if there is one that is whole. */
void vpd_read(int directory, NodeCapability *pci);
/* The same from its bytes. */
void vpd_parse(const uint8_t *bytes, size_t size, NodeCapability *pci);
