/* seclabel.h - how a guest's process and files are labelled */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml/bind.h"

typedef enum SeclabelType {
    SECLABEL_ABSENT,
    SECLABEL_NONE,
    SECLABEL_DYNAMIC,
    SECLABEL_STATIC,
} SeclabelType;
extern const char *const seclabel_type_names[];

typedef struct Seclabel {
    SeclabelType type;
    char *model; /* "dac", "selinux", "apparmor" */
    Switch relabel;
    char *label;       /* of a dynamic one: live */
    char *image_label; /* live */
    char *base_label;  /* of a dynamic one */
} Seclabel;

extern XmlElement seclabel_element;
XML_STRUCT(Seclabel, seclabel, seclabel_element)
