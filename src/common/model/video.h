/* video.h - a guest's video card */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum VideoModel {
    VIDEO_DEFAULT, /* not said: chosen when the definition is completed */
    VIDEO_VGA,
    VIDEO_CIRRUS,
    VIDEO_VMVGA,
    VIDEO_XEN,
    VIDEO_VBOX,
    VIDEO_QXL,
    VIDEO_PARALLELS,
    VIDEO_VIRTIO,
    VIDEO_GOP,
    VIDEO_NONE, /* "none": the guest has no card */
    VIDEO_BOCHS,
    VIDEO_RAMFB,
} VideoModel;
extern const char *const video_model_names[];

typedef struct Video {
    DeviceInfo info;
    VideoModel model;
    unsigned ram, vram, vram64, vgamem; /* KiB; 0: QEMU's choice */
    unsigned heads;
    Switch primary, blob;
    Switch accel2d, accel3d;
    char *rendernode;
    unsigned width, height;
    char *driver;  /* "qemu", "vhostuser" */
    char *vgaconf; /* driver/@vgaconf: "io", "on", "off" */
    VirtioOptions virtio;
} Video;

extern XmlElement video_element;
XML_STRUCT(Video, video, video_element)
