/* iommu.c - the guest's IOMMU */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/iommu.h"

const char *const iommu_model_names[] = {
    [IOMMU_NONE] = NULL,
    [IOMMU_INTEL] = "intel",
    [IOMMU_SMMUV3] = "smmuv3",
    [IOMMU_VIRTIO] = "virtio",
    NULL,
};

static const XmlField iommu_fields[] = {
    XML_ENUM("@model", Iommu, model, iommu_model_names, .required = true),
    XML_ON_OFF("driver/@intremap", Iommu, intremap),
    XML_ON_OFF("driver/@caching_mode", Iommu, caching_mode),
    XML_ON_OFF("driver/@eim", Iommu, eim),
    XML_ON_OFF("driver/@iotlb", Iommu, iotlb),
    XML_NUMBER("driver/@aw_bits", Iommu, aw_bits),
    DEVICE_INFO(Iommu),
    {},
};
XmlElement iommu_element = {
    .name = "iommu",
    .size = sizeof(Iommu),
    .fields = iommu_fields,
};
