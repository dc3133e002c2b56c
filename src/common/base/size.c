/* size.c - an amount of memory or storage with its unit */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/size.h"

#include <glib.h>
#include <string.h>

static bool unit_factor(const char *unit, uint64_t *factor)
{
    static const char powers[] = "kmgtpe", *const bytes[] = { "b", "byte", "bytes" };
    const char *power = *unit ? strchr(powers, g_ascii_tolower(*unit)) : NULL;
    uint64_t base;

    *factor = 1;
    for (size_t i = 0; i < G_N_ELEMENTS(bytes); i++) {
        if (g_ascii_strcasecmp(unit, bytes[i]) == 0)
            return true;
    }
    if (!power)
        return false;
    if (!unit[1] || g_ascii_strcasecmp(unit + 1, "ib") == 0)
        base = 1024;
    else if (g_ascii_strcasecmp(unit + 1, "b") == 0)
        base = 1000;
    else
        return false;
    for (long i = power - powers; i >= 0; i--)
        *factor *= base;
    return true;
}

bool size_scale(uint64_t *value, const char *unit)
{
    uint64_t factor, product;

    if (!unit_factor(unit, &factor) || __builtin_mul_overflow(*value, factor, &product))
        return false;
    *value = product;
    return true;
}
