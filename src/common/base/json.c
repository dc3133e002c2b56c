/* json.c - JSON objects that end with their scope, and typed access to their members */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/json.h"

#include <string.h>

enum { DEPTH_LIMIT = 64 };

Json *json_member(Json *object, const char *name)
{
    Json *member = NULL;

    if (json_object_is_type(object, json_type_object))
        json_object_object_get_ex(object, name, &member);
    return member;
}

const char *json_text(Json *object, const char *name)
{
    Json *member = json_member(object, name);

    return json_object_is_type(member, json_type_string) ? json_object_get_string(member) : NULL;
}

int64_t json_number(Json *object, const char *name, int64_t absent)
{
    Json *member = json_member(object, name);

    return json_object_is_type(member, json_type_int) ? json_object_get_int64(member) : absent;
}

bool json_flag(Json *object, const char *name)
{
    Json *member = json_member(object, name);

    return json_object_is_type(member, json_type_boolean) && json_object_get_boolean(member);
}

Json *json_at(Json *object, const char *path)
{
    g_auto(GStrv) names = g_strsplit(path, "/", -1);

    for (char **name = names; object && *name; name++)
        object = json_member(object, *name);
    return object;
}

size_t json_length(Json *array)
{
    return json_object_is_type(array, json_type_array) ? json_object_array_length(array) : 0;
}

Json *json_build(const char *types, ...)
{
    Json *object = json_object_new_object();
    va_list args;

    va_start(args, types);
    for (; *types; types++) {
        const char *name = va_arg(args, const char *), *text;

        switch (*types) {
        case 's':
            if ((text = va_arg(args, const char *)))
                json_object_object_add(object, name, json_object_new_string(text));
            break;
        case 'i':
            json_object_object_add(object, name, json_object_new_int64(va_arg(args, int64_t)));
            break;
        case 'b':
            json_object_object_add(object, name, json_object_new_boolean(va_arg(args, int)));
            break;
        case 'j':
            json_object_object_add(object, name, va_arg(args, Json *));
            break;
        default:
            g_assert_not_reached();
        }
    }
    va_end(args);
    return object;
}

Json *json_parse(const char *text, size_t length, GError **error)
{
    struct json_tokener *tokener = json_tokener_new_ex(DEPTH_LIMIT);
    g_autoptr(Json) json = NULL;
    enum json_tokener_error problem;

    json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
    json = json_tokener_parse_ex(tokener, text, MIN(length, INT_MAX));
    problem = json_tokener_get_error(tokener);
    json_tokener_free(tokener);
    if (problem != json_tokener_success)
        return fail(error, ERR_INTERNAL, "invalid JSON: %s", json_tokener_error_desc(problem));
    if (!json_object_is_type(json, json_type_object) && !json_object_is_type(json, json_type_array))
        return fail(error, ERR_INTERNAL, "invalid JSON: neither an object nor an array");
    return g_steal_pointer(&json);
}

char *json_print(Json *json)
{
    return g_strdup(json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN |
                                                             JSON_C_TO_STRING_NOSLASHESCAPE));
}
