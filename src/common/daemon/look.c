/* look.c - what ostler-admin asks a daemon: what it does, what it did, how it is set up */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/look.h"

#include "daemon/daemon.h"
#include "rpc/activity.h"

bool look_activity(Call *, const none *, look_get_activity_ret *out, GError **)
{
    g_autoptr(Json) now = activity_now();

    out->json = json_print(now);
    return true;
}

bool look_trace(Call *, const look_get_trace_args *in, look_get_trace_ret *out, GError **)
{
    g_autoptr(Json) trace = activity_trace(in->after);

    out->json = json_print(trace);
    return true;
}

bool look_settings(Call *, const none *, look_get_settings_ret *out, GError **)
{
    g_autoptr(Json) settings = daemon_settings();

    out->json = json_print(settings);
    return true;
}
