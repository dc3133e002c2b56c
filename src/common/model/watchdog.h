/* watchdog.h - a timer that acts when the guest stops resetting it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/device.h"

typedef enum WatchdogModel {
    WATCHDOG_NONE,
    WATCHDOG_I6300ESB,
    WATCHDOG_IB700,
    WATCHDOG_DIAG288,
} WatchdogModel;
extern const char *const watchdog_model_names[];

typedef enum WatchdogAction {
    WATCHDOG_RESET,
    WATCHDOG_SHUTDOWN,
    WATCHDOG_POWEROFF,
    WATCHDOG_PAUSE,
    WATCHDOG_DUMP,
    WATCHDOG_DO_NOTHING,
    WATCHDOG_INJECT_NMI,
} WatchdogAction;
extern const char *const watchdog_action_names[];

typedef struct Watchdog {
    DeviceInfo info;
    WatchdogModel model;
    WatchdogAction action;
} Watchdog;

extern XmlElement watchdog_element;
XML_STRUCT(Watchdog, watchdog, watchdog_element)
