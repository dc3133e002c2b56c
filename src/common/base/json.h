/* json.h - JSON objects that end with their scope, and typed access to their members */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <json-c/json.h>
#include <stdint.h>

typedef struct json_object Json;
static inline void json_unref(Json *json) { json_object_put(json); }
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Json, json_unref)

/* Each of these returns its "absent" value when object is NULL, no object, or lacks the member. */
Json *json_member(Json *object, const char *name); /* borrowed */
const char *json_text(Json *object, const char *name);
int64_t json_number(Json *object, const char *name, int64_t absent);
bool json_flag(Json *object, const char *name);
/* The member at the end of a path "a/b/c"; borrowed. */
Json *json_at(Json *object, const char *path);
/* Members of an array; 0 when it is none. */
size_t json_length(Json *array);

/* An object of name, value pairs, one for each letter of types, which says what the value is:
 * s string, i int64_t, b int, j Json (consumed). A NULL string is left out.
 * json_build("si", "name", "x", "size", (int64_t) 3) */
Json *json_build(const char *types, ...);
/* One object or array, with nothing but blanks before and behind it. */
Json *json_parse(const char *text, size_t length, GError **error);
/* On one line, without spaces; freed by the caller. */
char *json_print(Json *json);
