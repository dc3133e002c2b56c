/* smartcard.h - a smart card reader with its card */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/chardev.h"

typedef enum SmartcardMode {
    SMARTCARD_NONE,
    SMARTCARD_HOST,
    SMARTCARD_HOST_CERTIFICATES,
    SMARTCARD_PASSTHROUGH,
} SmartcardMode;

typedef struct SmartcardCertificate {
    char *name;
} SmartcardCertificate;

typedef struct Smartcard {
    DeviceInfo info;
    SmartcardMode mode;
    GPtrArray *certificates; /* of SmartcardCertificate: three */
    char *database;
    CharSource source; /* of passthrough */
} Smartcard;

extern XmlElement smartcard_element;
XML_STRUCT(Smartcard, smartcard, smartcard_element)
