/* memdev.h - memory as a device: modules, persistent memory, resizable memory */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum MemdevModel {
    MEMDEV_NONE,
    MEMDEV_DIMM,
    MEMDEV_NVDIMM,
    MEMDEV_VIRTIO_PMEM,
    MEMDEV_VIRTIO_MEM,
    MEMDEV_SGX_EPC,
} MemdevModel;
extern const char *const memdev_model_names[];

typedef struct Memdev {
    DeviceInfo info;
    MemdevModel model;
    char *access; /* "shared", "private" */
    Switch discard;
    Uuid uuid;                      /* of NVDIMM */
    uint64_t page_size, align_size; /* KiB */
    Bitmap *source_nodes;
    char *path;
    bool pmem;
    uint64_t size; /* KiB, as the following */
    Optional node;
    uint64_t label_size;
    uint64_t block, requested, current; /* of virtio-mem; current is live */
    bool readonly;
} Memdev;

extern XmlElement memdev_element;
XML_STRUCT(Memdev, memdev, memdev_element)
