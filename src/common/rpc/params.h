/* params.h - typed parameters: named values of a reply, read from arguments */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "protocol/remote.h"

#include <stdint.h>

/* Builds a list. Names are formats: params_add_uint(p, 3, "block.%d.count", i). */
typedef struct Params {
    remote_typed_param *list;
    unsigned count, room;
} Params;

void params_add_int(Params *params, int value, const char *name, ...) G_GNUC_PRINTF(3, 4);
void params_add_uint(Params *params, unsigned value, const char *name, ...) G_GNUC_PRINTF(3, 4);
void params_add_llong(Params *params, int64_t value, const char *name, ...) G_GNUC_PRINTF(3, 4);
void params_add_ullong(Params *params, uint64_t value, const char *name, ...) G_GNUC_PRINTF(3, 4);
void params_add_double(Params *params, double value, const char *name, ...) G_GNUC_PRINTF(3, 4);
void params_add_bool(Params *params, bool value, const char *name, ...) G_GNUC_PRINTF(3, 4);
/* The text is copied; NULL adds nothing. */
void params_add_string(Params *params, const char *value, const char *name, ...)
    G_GNUC_PRINTF(3, 4);

/* Hands the list to a reply: params_take(&p, &out->params.params_val) returns its length. */
unsigned params_take(Params *params, remote_typed_param **list);
void params_clear(Params *params);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Params, params_clear)

/* What a procedure takes: a parameter's name, its type (REMOTE_TYPED_PARAM_*) and the place of its
 * value in a struct, of int, unsigned, int64_t, uint64_t, double, int or const char *. A table of
 * them ends with an empty one. */
typedef struct ParamRow {
    const char *name;
    int type;
    size_t offset;
} ParamRow;

/* Sets the members that the list names; a string stays the list's. Unknown names, other types and
 * names that come twice are refused. */
bool params_read(const remote_typed_param *list, unsigned count, const ParamRow *table, void *into,
                 GError **error);

/* How many parameters a reply of the kind "ask for the size first" tells: with room 0 their number
 * alone, else as many as there is room for. Takes the list over either way. */
unsigned params_answer(Params *params, int room, remote_typed_param **list, int *count);
