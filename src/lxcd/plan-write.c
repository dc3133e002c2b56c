/* plan-write.c - makes the plan that a controller follows */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "plan-write.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

static void add(GByteArray *plan, PlanStep step, const void *text)
{
    static const uint8_t padding[8];

    g_byte_array_append(plan, (const guint8 *) &step, sizeof(step));
    if (step.size)
        g_byte_array_append(plan, text, step.size);
    g_byte_array_append(plan, padding, -step.size & 7);
}

void plan_step(GByteArray *plan, PlanKind kind, unsigned flags, uint64_t a, uint64_t b,
               const PlanWords *words)
{
    g_autoptr(GByteArray) text = g_byte_array_new();

    for (const char *const *word = words->word; *word; word++)
        g_byte_array_append(text, (const guint8 *) *word, strlen(*word) + 1);
    add(plan, (PlanStep){ kind, flags, text->len, a, b }, text->data);
}

void plan_blob(GByteArray *plan, PlanKind kind, const void *data, size_t size)
{
    add(plan, (PlanStep){ .kind = kind, .size = size }, data);
}

int plan_file(GByteArray *plan, GError **error)
{
    g_auto(Fd) fd = memfd_create("plan", MFD_CLOEXEC);

    plan_step(plan, PLAN_END, 0, 0, 0, PLAN_WORDS(NULL));
    if (fd < 0 || !file_write_all(fd, plan->data, plan->len)) {
        fail_errno(error, errno, "cannot write a container's plan");
        return -1;
    }
    return g_steal_fd(&fd);
}
