/* params.c - typed parameters: named values of a reply */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/params.h"

#include "base/slot.h"

#include <stdlib.h>
#include <string.h>

static remote_typed_param_value *add(Params *params, int type, const char *name, va_list args)
{
    remote_typed_param *param;

    if (params->count == params->room) {
        params->room = MAX(16, 2 * params->room);
        params->list = g_renew(remote_typed_param, params->list, params->room);
    }
    param = &params->list[params->count++];
    param->field = g_strdup_vprintf(name, args);
    param->value.type = type;
    return &param->value;
}

// clang-format off
#define ADD(function, ctype, kind, member)                                      \
    void function(Params *params, ctype value, const char *name, ...)           \
    {                                                                           \
        va_list args;                                                           \
                                                                                \
        va_start(args, name);                                                   \
        add(params, REMOTE_TYPED_PARAM_##kind, name, args)                      \
            ->remote_typed_param_value_u.member = value;                        \
        va_end(args);                                                           \
    }
ADD(params_add_int, int, INT, i)
ADD(params_add_uint, unsigned, UINT, ui)
ADD(params_add_llong, int64_t, LLONG, l)
ADD(params_add_ullong, uint64_t, ULLONG, ul)
ADD(params_add_double, double, DOUBLE, d)
ADD(params_add_bool, bool, BOOLEAN, b)
#undef ADD
// clang-format on

void params_add_string(Params *params, const char *value, const char *name, ...)
{
    va_list args;

    if (!value)
        return;
    va_start(args, name);
    add(params, REMOTE_TYPED_PARAM_STRING, name, args)->remote_typed_param_value_u.s =
        g_strdup(value);
    va_end(args);
}

unsigned params_take(Params *params, remote_typed_param **list)
{
    unsigned count = params->count;

    *list = params->list;
    *params = (Params){};
    return count;
}

void params_clear(Params *params)
{
    for (unsigned i = 0; i < params->count; i++) {
        remote_typed_param *param = &params->list[i];

        g_free(param->field);
        if (param->value.type == REMOTE_TYPED_PARAM_STRING)
            g_free(param->value.remote_typed_param_value_u.s);
    }
    g_free(params->list);
    *params = (Params){};
}

static const ParamRow *find_row(const ParamRow *table, const char *name)
{
    while (table->name && strcmp(table->name, name) != 0)
        table++;
    return table->name ? table : NULL;
}

static bool came_before(const remote_typed_param *list, unsigned place)
{
    for (unsigned i = 0; i < place; i++) {
        if (strcmp(list[i].field, list[place].field) == 0)
            return true;
    }
    return false;
}

/* All kinds of values lie at the beginning of the union. */
static void set_member(const remote_typed_param *param, void *member)
{
    static const size_t sizes[] = {
        [REMOTE_TYPED_PARAM_INT] = sizeof(int),
        [REMOTE_TYPED_PARAM_UINT] = sizeof(unsigned),
        [REMOTE_TYPED_PARAM_LLONG] = sizeof(int64_t),
        [REMOTE_TYPED_PARAM_ULLONG] = sizeof(uint64_t),
        [REMOTE_TYPED_PARAM_DOUBLE] = sizeof(double),
        [REMOTE_TYPED_PARAM_BOOLEAN] = sizeof(int),
        [REMOTE_TYPED_PARAM_STRING] = sizeof(char *),
    };

    memcpy(member, &param->value.remote_typed_param_value_u, sizes[param->value.type]);
}

bool params_read(const remote_typed_param *list, unsigned count, const ParamRow *table, void *into,
                 GError **error)
{
    for (unsigned i = 0; i < count; i++) {
        const ParamRow *row = find_row(table, list[i].field);

        if (!row)
            return fail(error, ERR_ARGUMENT_UNSUPPORTED, "unknown parameter '%s'", list[i].field);
        if (row->type != list[i].value.type)
            return fail(error, ERR_INVALID_ARG, "parameter '%s' has type %d instead of %d",
                        row->name, list[i].value.type, row->type);
        if (came_before(list, i))
            return fail(error, ERR_INVALID_ARG, "parameter '%s' occurs more than once", row->name);
        set_member(&list[i], slot_at(into, row->offset));
    }
    return true;
}

unsigned params_answer(Params *params, int room, remote_typed_param **list, int *count)
{
    *count = params->count;
    if (room == 0) {
        params_clear(params);
        return 0;
    }
    while (params->count > (unsigned) room) {
        Params last = { .list = g_memdup2(&params->list[--params->count], sizeof(*params->list)),
                        .count = 1 };

        params_clear(&last);
    }
    *count = params->count;
    return params_take(params, list);
}
