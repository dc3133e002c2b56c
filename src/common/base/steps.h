/* steps.h - what is done in order, each step beside what takes it back */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* STEPS(Work) makes the type Step, of which a table is made, and steps_run(), which does what the
 * table says. It returns NULL; or, when a step fails, what that step was to do, after those before
 * it have been taken back, the latest first. */
#define STEPS(Work)                                                                           \
    typedef struct Step {                                                                     \
        const char *what;                                                                     \
        bool (*run)(Work *, GError **error);                                                  \
        void (*undo)(Work *);                                                                 \
    } Step;                                                                                   \
                                                                                              \
    static const char *steps_run(const Step *steps, size_t count, Work *work, GError **error) \
    {                                                                                         \
        for (size_t i = 0; i < count; i++) {                                                  \
            if (steps[i].run(work, error))                                                    \
                continue;                                                                     \
            for (size_t done = i; done > 0; done--) {                                         \
                if (steps[done - 1].undo)                                                     \
                    steps[done - 1].undo(work);                                               \
            }                                                                                 \
            return steps[i].what;                                                             \
        }                                                                                     \
        return NULL;                                                                          \
    }
