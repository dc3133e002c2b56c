/* capabilities.h - the documents that tell clients what this host and its emulators can do */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/uuid.h"
#include "caps.h"
#include "host/cpu.h"
#include "host/topology.h"
#include "host/tsc.h"

/* <capabilities>: of this host and of every emulator that is installed. In a worker. */
char *capabilities_format(GError **error);
/* <domainCapabilities>: of one emulator, machine and type. NULL stands for the emulator of the
 * architecture, the host's architecture, the emulator's default machine, and kvm if there is any.
 * In a worker. */
char *domain_capabilities_format(const char *binary, const char *arch, const char *machine,
                                 const char *type, GError **error);

typedef struct CapabilitiesHost {
    Uuid uuid;
    HostCpu *cpu;
    HostTsc tsc;
    HostTopology *topology;
    const char *root; /* "", or a directory with "sys" as there */
} CapabilitiesHost;

/* The first from what has been found out already: emulators are CapsEmulator, caps the Caps of each
 * (NULL: it cannot be used). */
char *capabilities_write(const CapabilitiesHost *host, const GArray *emulators,
                         const GPtrArray *caps);
