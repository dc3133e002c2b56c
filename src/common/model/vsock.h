/* vsock.h - sockets between guest and host */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum VsockModel {
    VSOCK_MODEL_ABSENT,
    VSOCK_VIRTIO,
    VSOCK_VIRTIO_TRANSITIONAL,
    VSOCK_VIRTIO_NON_TRANSITIONAL,
} VsockModel;
extern const char *const vsock_model_names[];

typedef struct Vsock {
    DeviceInfo info;
    VsockModel model;
    Switch auto_cid;
    unsigned cid; /* 0: to be chosen at start */
    VirtioOptions virtio;
} Vsock;

extern XmlElement vsock_element;
XML_STRUCT(Vsock, vsock, vsock_element)
