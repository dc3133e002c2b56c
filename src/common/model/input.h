/* input.h - keyboards, mice, tablets */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum InputType {
    INPUT_NONE,
    INPUT_MOUSE,
    INPUT_TABLET,
    INPUT_KEYBOARD,
    INPUT_PASSTHROUGH,
    INPUT_EVDEV,
} InputType;
extern const char *const input_type_names[];

typedef enum InputBus {
    INPUT_BUS_ABSENT,
    INPUT_PS2,
    INPUT_USB,
    INPUT_XEN,
    INPUT_PARALLELS,
    INPUT_VIRTIO,
    INPUT_NO_BUS,
} InputBus;
extern const char *const input_bus_names[];

typedef struct Input {
    DeviceInfo info;
    InputType type;
    InputBus bus;
    char *model; /* "virtio", "virtio-transitional", "virtio-non-transitional" */
    VirtioOptions virtio;
    char *evdev; /* of passthrough and of evdev */
    char *grab, *grab_toggle;
    Switch repeat;
} Input;

extern XmlElement input_element;
XML_STRUCT(Input, input, input_element)
