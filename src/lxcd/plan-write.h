/* plan-write.h - makes the plan that a controller follows */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "plan.h"

/* Adds a step with up to four strings, the list of which ends with NULL. */
typedef struct PlanWords {
    const char *word[5];
} PlanWords;
void plan_step(GByteArray *plan, PlanKind kind, unsigned flags, uint64_t a, uint64_t b,
               const PlanWords *words);
void plan_blob(GByteArray *plan, PlanKind kind, const void *data, size_t size);
/* A descriptor of a file in memory that holds it, or -1. */
int plan_file(GByteArray *plan, GError **error);

// clang-format off
#define PLAN_WORDS(...) &(PlanWords){ { __VA_ARGS__ } }
#define PLAN(plan, kind, flags, ...) plan_step(plan, kind, flags, 0, 0, PLAN_WORDS(__VA_ARGS__))
#define PLAN_NUMBERS(plan, kind, a, b) plan_step(plan, kind, 0, a, b, PLAN_WORDS(NULL))
// clang-format on
