/* hostcpu.h - <cpu> as hosts and guests have it, where clients compare them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/cpu.h"

typedef struct HostCpuXml {
    CpuMode mode;
    CpuMatch match; /* absent: of a host */
    char *arch;
    char *model;
    char *fallback;
    char *vendor;
    GPtrArray *features; /* of CpuFeature */
} HostCpuXml;

extern XmlElement host_cpu_element;
XML_STRUCT(HostCpuXml, host_cpu_xml, host_cpu_element)
