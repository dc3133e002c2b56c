/* look.h - what ostler-admin asks a daemon: what it does, what it did, how it is set up */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

bool look_activity(Call *call, const none *, look_get_activity_ret *out, GError **error);
bool look_trace(Call *call, const look_get_trace_args *in, look_get_trace_ret *out, GError **error);
bool look_settings(Call *call, const none *, look_get_settings_ret *out, GError **error);

#define DRIVER_LOOK                                                   \
    .look_get_activity = look_activity, .look_get_trace = look_trace, \
    .look_get_settings = look_settings
