/* panic.c - the device by which a guest tells that it crashed */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/panic.h"

const char *const panic_model_names[] = {
    [PANIC_DEFAULT] = NULL,    [PANIC_ISA] = "isa",   [PANIC_PSERIES] = "pseries",
    [PANIC_HYPERV] = "hyperv", [PANIC_S390] = "s390", NULL,
};

static const XmlField panic_fields[] = {
    XML_ENUM("@model", Panic, model, panic_model_names),
    DEVICE_INFO(Panic),
    {},
};
XmlElement panic_element = {
    .name = "panic",
    .size = sizeof(Panic),
    .fields = panic_fields,
};
