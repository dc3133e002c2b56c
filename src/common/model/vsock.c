/* vsock.c - sockets between guest and host */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/vsock.h"

const char *const vsock_model_names[] = {
    [VSOCK_MODEL_ABSENT] = NULL,
    [VSOCK_VIRTIO] = "virtio",
    [VSOCK_VIRTIO_TRANSITIONAL] = "virtio-transitional",
    [VSOCK_VIRTIO_NON_TRANSITIONAL] = "virtio-non-transitional",
    NULL,
};

static const XmlField vsock_fields[] = {
    XML_ENUM("@model", Vsock, model, vsock_model_names),
    XML_YES_NO("cid/@auto", Vsock, auto_cid),
    XML_NUMBER("cid/@address", Vsock, cid, .min = 3),
    DEVICE_VIRTIO(Vsock),
    DEVICE_INFO(Vsock),
    {},
};
XmlElement vsock_element = {
    .name = "vsock",
    .size = sizeof(Vsock),
    .fields = vsock_fields,
};
