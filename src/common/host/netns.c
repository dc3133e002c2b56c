/* netns.c - work in another network namespace */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/netns.h"

#include <errno.h>
#include <sched.h>

typedef struct Errand {
    int namespace;
    NetnsWork *work;
    void *data;
    GError *error;
} Errand;

/* A thread of its own, which ends in there: none has to find its way back. */
static void *run(void *data)
{
    Errand *errand = data;

    if (setns(errand->namespace, CLONE_NEWNET) < 0)
        fail_errno(&errand->error, errno, "the network namespace cannot be entered");
    else
        (void) errand->work(errand->data, &errand->error);
    return NULL;
}

bool netns_run(int namespace, NetnsWork *work, void *data, GError **error)
{
    Errand errand = { namespace, work, data, NULL };

    g_thread_join(g_thread_new("inside", run, &errand));
    if (errand.error)
        g_propagate_error(error, errand.error);
    return !errand.error;
}
