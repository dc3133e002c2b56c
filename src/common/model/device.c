/* device.c - what devices of all kinds have */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/device.h"

static const XmlField virtio_options_fields[] = {
    XML_ON_OFF("@iommu", VirtioOptions, iommu),
    XML_ON_OFF("@ats", VirtioOptions, ats),
    XML_ON_OFF("@packed", VirtioOptions, packed),
    XML_ON_OFF("@page_per_vq", VirtioOptions, page_per_vq),
    {},
};
XmlElement virtio_options_element = {
    .name = "driver",
    .size = sizeof(VirtioOptions),
    .fields = virtio_options_fields,
};

static const XmlField device_label_fields[] = {
    XML_STRING("@model", DeviceLabel, model),
    XML_YES_NO("@relabel", DeviceLabel, relabel),
    XML_YES_NO("@labelskip", DeviceLabel, labelskip, .live = true),
    XML_STRING("label", DeviceLabel, label),
    {},
};
XmlElement device_label_element = {
    .name = "seclabel",
    .size = sizeof(DeviceLabel),
    .fields = device_label_fields,
};
