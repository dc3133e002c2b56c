/* host-document.h - the host's part of <capabilities>, the same for every kind of guest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/topology.h"
#include "xml/writer.h"

/* root: "", or a directory with "sys" as there. */
void host_write_pages(Writer *w, const HostTopology *topology);
void host_write_cells(Writer *w, const HostTopology *topology);
void host_write_caches(Writer *w, const HostTopology *topology, const char *root);
void host_write_sleep(Writer *w, const char *root);
void host_write_iommu(Writer *w, const char *root);
/* label: what guests run as; NULL: there is no such thing. */
void host_write_secmodel(Writer *w, const char *model, const char *label);
