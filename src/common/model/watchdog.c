/* watchdog.c - a timer that acts when the guest stops resetting it */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/watchdog.h"

const char *const watchdog_model_names[] = {
    [WATCHDOG_NONE] = NULL,
    [WATCHDOG_I6300ESB] = "i6300esb",
    [WATCHDOG_IB700] = "ib700",
    [WATCHDOG_DIAG288] = "diag288",
    NULL,
};
const char *const watchdog_action_names[] = {
    [WATCHDOG_RESET] = "reset",
    [WATCHDOG_SHUTDOWN] = "shutdown",
    [WATCHDOG_POWEROFF] = "poweroff",
    [WATCHDOG_PAUSE] = "pause",
    [WATCHDOG_DUMP] = "dump",
    [WATCHDOG_DO_NOTHING] = "none",
    [WATCHDOG_INJECT_NMI] = "inject-nmi",
    NULL,
};

static const XmlField watchdog_fields[] = {
    XML_ENUM("@model", Watchdog, model, watchdog_model_names, .required = true),
    XML_ENUM("@action", Watchdog, action, watchdog_action_names),
    DEVICE_INFO(Watchdog),
    {},
};
XmlElement watchdog_element = {
    .name = "watchdog",
    .size = sizeof(Watchdog),
    .fields = watchdog_fields,
};
