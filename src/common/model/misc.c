/* misc.c - devices of one or two attributes: hubs, leases, NVRAM */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/misc.h"

static const char *const hub_type_names[] = {
    [HUB_NONE] = NULL,
    [HUB_USB] = "usb",
    NULL,
};

static const XmlField hub_fields[] = {
    XML_ENUM("@type", Hub, type, hub_type_names, .required = true),
    DEVICE_INFO(Hub),
    {},
};
XmlElement hub_element = {
    .name = "hub",
    .size = sizeof(Hub),
    .fields = hub_fields,
};

static const XmlField lease_fields[] = {
    XML_STRING("lockspace", Lease, lockspace),
    XML_STRING("key", Lease, key, .required = true),
    XML_STRING("target/@path", Lease, path, .required = true),
    XML_NUMBER("target/@offset", Lease, offset),
    {},
};
XmlElement lease_element = {
    .name = "lease",
    .size = sizeof(Lease),
    .fields = lease_fields,
};

static const XmlField nvram_fields[] = {
    DEVICE_ALIAS(Nvram),
    DEVICE_ADDRESS(Nvram),
    {},
};
XmlElement nvram_element = {
    .name = "nvram",
    .size = sizeof(Nvram),
    .fields = nvram_fields,
};
