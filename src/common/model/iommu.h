/* iommu.h - the guest's IOMMU */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum IommuModel { IOMMU_NONE, IOMMU_INTEL, IOMMU_SMMUV3, IOMMU_VIRTIO } IommuModel;
extern const char *const iommu_model_names[];

typedef struct Iommu {
    DeviceInfo info;
    IommuModel model;
    Switch intremap, caching_mode, eim, iotlb;
    unsigned aw_bits;
} Iommu;

extern XmlElement iommu_element;
XML_STRUCT(Iommu, iommu, iommu_element)
