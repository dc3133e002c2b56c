/* offload.h - what a network interface takes off the processor's hands */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/nodedev.h"
#include "source.h"

/* Adds what is switched on now, in the order that clients expect. */
void offload_read(const Source *source, NodeCapability *net);
