/* trace.c - ostler-admin trace: calls as they are answered */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ask.h"
#include "print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INTERVAL_MS = 200 };

static bool is_wanted(const Options *options, Json *call)
{
    const char *object = json_text(call, "object");

    if (options->client && json_number(call, "client", 0) != atoll(options->client))
        return false;
    return !options->object || (object && strcmp(object, options->object) == 0);
}

static void show(const Options *options, Json *call)
{
    int64_t at = json_number(call, "time", 0);
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(at / G_USEC_PER_SEC);
    g_autofree char *clock = g_date_time_format(time, "%T");
    const char *object = json_text(call, "object"), *error = json_text(call, "error");

    if (options->json)
        puts(json_object_to_json_string_ext(call, JSON_C_TO_STRING_PLAIN));
    else
        printf("%s.%03d  client %-5d %-38s %-20s waited %8s, ran %8s%s%s\n", clock,
               (int) (at / 1000 % 1000), (int) json_number(call, "client", 0),
               json_text(call, "procedure"), object ? object : "-",
               print_duration(json_number(call, "queued", 0)),
               print_duration(json_number(call, "running", 0)), error ? ": " : "",
               error ? error : "");
    fflush(stdout);
}

/* From now on; what was kept for somebody else before is passed over. */
bool command_trace(const Options *options, GError **error)
{
    g_autoptr(Connection) connection = ask_open(options, error);
    g_autoptr(Json) first = connection ? ask_trace(connection, UINT64_MAX, error) : NULL;
    int64_t last = json_number(first, "last", 0);
    int shown = 0;

    if (!first)
        return false;
    for (;;) {
        g_autoptr(Json) trace = ask_trace(connection, last, error);
        Json *calls = json_member(trace, "calls");

        if (!trace)
            return false;
        last = json_number(trace, "last", last);
        for (size_t i = 0; i < json_length(calls); i++) {
            Json *call = json_object_array_get_idx(calls, i);

            if (!is_wanted(options, call))
                continue;
            show(options, call);
            if (++shown == options->count)
                return true;
        }
        g_usleep(INTERVAL_MS * 1000);
    }
}
