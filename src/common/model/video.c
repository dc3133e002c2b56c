/* video.c - a guest's video card */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/video.h"

const char *const video_model_names[] = {
    [VIDEO_DEFAULT] = NULL,    [VIDEO_VGA] = "vga",
    [VIDEO_CIRRUS] = "cirrus", [VIDEO_VMVGA] = "vmvga",
    [VIDEO_XEN] = "xen",       [VIDEO_VBOX] = "vbox",
    [VIDEO_QXL] = "qxl",       [VIDEO_PARALLELS] = "parallels",
    [VIDEO_VIRTIO] = "virtio", [VIDEO_GOP] = "gop",
    [VIDEO_NONE] = "none",     [VIDEO_BOCHS] = "bochs",
    [VIDEO_RAMFB] = "ramfb",   NULL,
};
static const char *const driver_words[] = { NULL, "qemu", "vhostuser", NULL };
static const char *const vgaconf_words[] = { NULL, "io", "on", "off", NULL };

// clang-format off
static const XmlField video_fields[] = {
    XML_WORD("driver/@name", Video, driver, driver_words),
    XML_WORD("driver/@vgaconf", Video, vgaconf, vgaconf_words),
    DEVICE_VIRTIO(Video),
    XML_ENUM("model/@type", Video, model, video_model_names),
    XML_NUMBER("model/@ram", Video, ram, .when = WHEN(VIDEO_QXL)),
    XML_NUMBER("model/@vram", Video, vram),
    XML_NUMBER("model/@vram64", Video, vram64, .when = WHEN(VIDEO_QXL)),
    XML_NUMBER("model/@vgamem", Video, vgamem, .when = WHEN(VIDEO_QXL)),
    XML_NUMBER("model/@heads", Video, heads),
    XML_YES_NO("model/@primary", Video, primary),
    XML_ON_OFF("model/@blob", Video, blob, .when = WHEN(VIDEO_VIRTIO)),
    XML_YES_NO("model/acceleration/@accel3d", Video, accel3d),
    XML_YES_NO("model/acceleration/@accel2d", Video, accel2d),
    XML_STRING("model/acceleration/@rendernode", Video, rendernode),
    XML_NUMBER("model/resolution/@x", Video, width, .needed = true, .min = 1),
    XML_NUMBER("model/resolution/@y", Video, height, .needed = true, .min = 1),
    DEVICE_INFO(Video),
    {},
};
// clang-format on
XmlElement video_element = {
    .name = "video",
    .size = sizeof(Video),
    .fields = video_fields,
    .variant = offsetof(Video, model),
};
