/* input.c - keyboards, mice, tablets */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/input.h"

const char *const input_type_names[] = {
    [INPUT_NONE] = NULL,
    [INPUT_MOUSE] = "mouse",
    [INPUT_TABLET] = "tablet",
    [INPUT_KEYBOARD] = "keyboard",
    [INPUT_PASSTHROUGH] = "passthrough",
    [INPUT_EVDEV] = "evdev",
    NULL,
};
const char *const input_bus_names[] = {
    [INPUT_BUS_ABSENT] = NULL,
    [INPUT_PS2] = "ps2",
    [INPUT_USB] = "usb",
    [INPUT_XEN] = "xen",
    [INPUT_PARALLELS] = "parallels",
    [INPUT_VIRTIO] = "virtio",
    [INPUT_NO_BUS] = "none",
    NULL,
};
static const char *const model_words[] = { NULL, "virtio", "virtio-transitional",
                                           "virtio-non-transitional", NULL };
static const char *const grab_words[] = { NULL, "all", NULL };
static const char *const toggle_words[] = {
    NULL, "ctrl-ctrl", "alt-alt", "shift-shift", "meta-meta", "scrolllock", "ctrl-scrolllock", NULL
};

// clang-format off
static const XmlField input_fields[] = {
    XML_ENUM("@type", Input, type, input_type_names, .required = true),
    XML_ENUM("@bus", Input, bus, input_bus_names),
    XML_WORD("@model", Input, model, model_words),
    DEVICE_VIRTIO(Input),
    XML_STRING("source/@evdev", Input, evdev, .required = true, .when = WHEN(INPUT_PASSTHROUGH)),
    XML_STRING("source/@dev", Input, evdev, .required = true, .when = WHEN(INPUT_EVDEV)),
    XML_WORD("source/@grab", Input, grab, grab_words, .when = WHEN(INPUT_EVDEV)),
    XML_WORD("source/@grabToggle", Input, grab_toggle, toggle_words, .when = WHEN(INPUT_EVDEV)),
    XML_ON_OFF("source/@repeat", Input, repeat, .when = WHEN(INPUT_EVDEV)),
    DEVICE_INFO(Input),
    {},
};
// clang-format on

static bool input_finish(void *object, unsigned, GError **error)
{
    const Input *input = object;

    if (input->type == INPUT_PASSTHROUGH && input->bus && input->bus != INPUT_VIRTIO)
        return fail(error, ERR_XML, "a passthrough input is on bus 'virtio' only");
    if (input->model && input->bus != INPUT_VIRTIO)
        return fail(error, ERR_XML, "'@model' is of bus 'virtio' only");
    return true;
}

XmlElement input_element = {
    .name = "input",
    .size = sizeof(Input),
    .fields = input_fields,
    .variant = offsetof(Input, type),
    .finish = input_finish,
};
