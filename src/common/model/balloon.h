/* balloon.h - the balloon that takes memory back from the guest */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum BalloonModel {
    BALLOON_ABSENT,
    BALLOON_VIRTIO,
    BALLOON_XEN,
    BALLOON_NONE, /* "none": there shall be none */
    BALLOON_VIRTIO_TRANSITIONAL,
    BALLOON_VIRTIO_NON_TRANSITIONAL,
} BalloonModel;
extern const char *const balloon_model_names[];

typedef struct Balloon {
    DeviceInfo info;
    BalloonModel model;
    Switch autodeflate, free_page_reporting;
    unsigned stats_period; /* seconds; 0: never */
    VirtioOptions virtio;
} Balloon;

extern XmlElement balloon_element;
XML_STRUCT(Balloon, balloon, balloon_element)
