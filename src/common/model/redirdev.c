/* redirdev.c - USB devices that come over a character device */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/redirdev.h"

static const char *const bus_names[] = {
    [REDIR_USB] = "usb",
    NULL,
};

static const XmlField redirdev_fields[] = {
    XML_ENUM("@bus", Redirdev, bus, bus_names),
    XML_PART(".", Redirdev, source, &char_source_element),
    DEVICE_BOOT(Redirdev),
    DEVICE_INFO(Redirdev),
    {},
};
XmlElement redirdev_element = {
    .name = "redirdev",
    .size = sizeof(Redirdev),
    .fields = redirdev_fields,
};

// clang-format off
static const XmlField rule_fields[] = {
    XML_NUMBER("@class", RedirRule, class_id, .hex = 2, .min = -1, .max = 0xff),
    XML_NUMBER("@vendor", RedirRule, vendor, .hex = 4, .min = -1, .max = 0xffff),
    XML_NUMBER("@product", RedirRule, product, .hex = 4, .min = -1, .max = 0xffff),
    XML_STRING("@version", RedirRule, version),
    XML_YES_NO("@allow", RedirRule, allow, .required = true),
    {},
};
// clang-format on
static XmlElement rule_element = {
    .name = "usbdev",
    .size = sizeof(RedirRule),
    .fields = rule_fields,
};

static const XmlField redir_filter_fields[] = {
    XML_LIST("usbdev", RedirFilter, rules, &rule_element),
    {},
};
XmlElement redir_filter_element = {
    .name = "redirfilter",
    .size = sizeof(RedirFilter),
    .fields = redir_filter_fields,
};
