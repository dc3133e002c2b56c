/* panic.h - the device by which a guest tells that it crashed */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum PanicModel {
    PANIC_DEFAULT,
    PANIC_ISA,
    PANIC_PSERIES,
    PANIC_HYPERV,
    PANIC_S390,
} PanicModel;
extern const char *const panic_model_names[];

typedef struct Panic {
    DeviceInfo info;
    PanicModel model;
} Panic;

extern XmlElement panic_element;
XML_STRUCT(Panic, panic, panic_element)
