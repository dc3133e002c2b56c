/* memdev.c - memory as a device: modules, persistent memory, resizable memory */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/memdev.h"

const char *const memdev_model_names[] = {
    [MEMDEV_NONE] = NULL,
    [MEMDEV_DIMM] = "dimm",
    [MEMDEV_NVDIMM] = "nvdimm",
    [MEMDEV_VIRTIO_PMEM] = "virtio-pmem",
    [MEMDEV_VIRTIO_MEM] = "virtio-mem",
    [MEMDEV_SGX_EPC] = "sgx-epc",
    NULL,
};
static const char *const access_words[] = { NULL, "shared", "private", NULL };

// clang-format off
#define PAGES .when = WHEN(MEMDEV_DIMM) | WHEN(MEMDEV_VIRTIO_MEM)
#define NODES .when = WHEN(MEMDEV_DIMM) | WHEN(MEMDEV_VIRTIO_MEM) | WHEN(MEMDEV_SGX_EPC)
#define FILE_BACKED .when = WHEN(MEMDEV_NVDIMM) | WHEN(MEMDEV_VIRTIO_PMEM)
#define NVDIMM .when = WHEN(MEMDEV_NVDIMM)
#define VIRTIO_MEM .when = WHEN(MEMDEV_VIRTIO_MEM)

static const XmlField memdev_fields[] = {
    XML_ENUM("@model", Memdev, model, memdev_model_names, .required = true),
    XML_WORD("@access", Memdev, access, access_words),
    XML_YES_NO("@discard", Memdev, discard),
    XML_UUID("uuid", Memdev, uuid, NVDIMM),
    XML_STRING("source/path", Memdev, path, .required = true, FILE_BACKED),
    XML_SIZE("source/alignsize", Memdev, align_size, .unit = 1024, NVDIMM),
    XML_FLAG("source/pmem", Memdev, pmem, NVDIMM),
    XML_BITMAP("source/nodemask", Memdev, source_nodes, NODES),
    XML_SIZE("source/pagesize", Memdev, page_size, .unit = 1024, PAGES),
    XML_SIZE("target/size", Memdev, size, .unit = 1024, .required = true),
    XML_NUMBER("target/node", Memdev, node),
    XML_SIZE("target/label/size", Memdev, label_size, .unit = 1024, NVDIMM),
    XML_FLAG("target/readonly", Memdev, readonly, NVDIMM),
    XML_SIZE("target/block", Memdev, block, .unit = 1024, .required = true, VIRTIO_MEM),
    XML_SIZE("target/requested", Memdev, requested, .unit = 1024, .always = true, VIRTIO_MEM),
    XML_SIZE("target/current", Memdev, current, .unit = 1024, .live = true, VIRTIO_MEM),
    DEVICE_INFO(Memdev),
    {},
};
// clang-format on
XmlElement memdev_element = {
    .name = "memory",
    .size = sizeof(Memdev),
    .fields = memdev_fields,
    .variant = offsetof(Memdev, model),
};
