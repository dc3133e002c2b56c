/* config.c - ostler-admin config: what is in force in a daemon, and why */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ask.h"
#include "print.h"

#include <stdio.h>

static void show(Json *settings)
{
    for (size_t i = 0; i < json_length(settings); i++) {
        Json *one = json_object_array_get_idx(settings, i);

        printf(
            "%-28s %-36s # %s\n", json_text(one, "key"),
            json_object_to_json_string_ext(json_member(one, "value"),
                                           JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
            json_text(one, "origin"));
    }
}

bool command_config(const Options *options, GError **error)
{
    g_autoptr(Connection) connection = ask_open(options, error);
    g_autoptr(Json) settings = connection ? ask_settings(connection, error) : NULL;

    if (!settings)
        return false;
    if (options->json)
        print_json(settings);
    else
        show(settings);
    return true;
}
