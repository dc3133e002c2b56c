/* balloon.c - the balloon that takes memory back from the guest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/balloon.h"

const char *const balloon_model_names[] = {
    [BALLOON_ABSENT] = NULL,
    [BALLOON_VIRTIO] = "virtio",
    [BALLOON_XEN] = "xen",
    [BALLOON_NONE] = "none",
    [BALLOON_VIRTIO_TRANSITIONAL] = "virtio-transitional",
    [BALLOON_VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional",
    NULL,
};

static const XmlField balloon_fields[] = {
    XML_ENUM("@model", Balloon, model, balloon_model_names, .required = true),
    XML_ON_OFF("@autodeflate", Balloon, autodeflate),
    XML_ON_OFF("@freePageReporting", Balloon, free_page_reporting),
    XML_NUMBER("stats/@period", Balloon, stats_period, .max = INT32_MAX),
    DEVICE_ALIAS(Balloon),
    DEVICE_ACPI(Balloon),
    DEVICE_ADDRESS(Balloon),
    DEVICE_VIRTIO(Balloon),
    {},
};
XmlElement balloon_element = {
    .name = "memballoon",
    .size = sizeof(Balloon),
    .fields = balloon_fields,
};
