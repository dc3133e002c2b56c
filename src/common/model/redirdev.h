/* redirdev.h - USB devices that come over a character device */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/chardev.h"

typedef enum RedirBus { REDIR_USB } RedirBus;

typedef struct Redirdev {
    DeviceInfo info;
    RedirBus bus;
    CharSource source;
} Redirdev;

/* A rule about which devices may come; -1 for what may be anything. */
typedef struct RedirRule {
    Optional class_id, vendor, product;
    char *version; /* "2.56" */
    Switch allow;
} RedirRule;

typedef struct RedirFilter {
    GPtrArray *rules; /* of RedirRule */
} RedirFilter;

extern XmlElement redirdev_element, redir_filter_element;
XML_STRUCT(Redirdev, redirdev, redirdev_element)
