/* hostcpu.c - <cpu> as hosts and guests have it, where clients compare them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/hostcpu.h"

static const XmlField feature_fields[] = {
    XML_ENUM("@policy", CpuFeature, policy, cpu_policy_names),
    XML_STRING("@name", CpuFeature, name, .required = true),
    {},
};
static XmlElement feature_element = {
    .name = "feature",
    .size = sizeof(CpuFeature),
    .fields = feature_fields,
};

static const XmlField fields[] = {
    XML_ENUM("@mode", HostCpuXml, mode, cpu_mode_names),
    XML_ENUM("@match", HostCpuXml, match, cpu_match_names),
    XML_STRING("arch", HostCpuXml, arch),
    XML_STRING("model/@fallback", HostCpuXml, fallback),
    XML_STRING("model", HostCpuXml, model),
    XML_STRING("vendor", HostCpuXml, vendor),
    XML_LIST("feature", HostCpuXml, features, &feature_element),
    {},
};
XmlElement host_cpu_element = {
    .name = "cpu",
    .size = sizeof(HostCpuXml),
    .fields = fields,
};
