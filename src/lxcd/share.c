/* share.c - namespaces that a container shares with somebody */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "share.h"

#include "guest/machine.h"
#include "plan-write.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>

static const struct {
    size_t share; /* in LxcNamespaces */
    const char *file;
    uint64_t flag;
} kinds[] = {
    { offsetof(LxcNamespaces, network), "net", CLONE_NEWNET },
    { offsetof(LxcNamespaces, ipc), "ipc", CLONE_NEWIPC },
    { offsetof(LxcNamespaces, uts), "uts", CLONE_NEWUTS },
};

static pid_t first_process(const char *name)
{
    g_autoptr(Object) other = registry_find_name(machines, name);
    g_autoptr(View) view = other ? object_view(other) : NULL;

    return view ? view->init : 0;
}

static char *path_of(const LxcShare *share, const char *file, GError **error)
{
    pid_t pid;

    if (g_str_equal(share->type, "netns")) {
        if (!g_str_equal(file, "net"))
            return fail(error, ERR_CONFIG_UNSUPPORTED, "'netns' names networks only");
        return g_build_filename("/run/netns", share->value, NULL);
    }
    pid = g_str_equal(share->type, "pid") ? atoi(share->value) : first_process(share->value);
    if (pid <= 0)
        return fail(error, ERR_OPERATION_INVALID,
                    "there is no running container '%s' to share with", share->value);
    return g_strdup_printf("/proc/%d/ns/%s", pid, file);
}

bool share_namespaces(const Domain *domain, GByteArray *plan, GArray *fds, uint64_t *made,
                      GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        const LxcShare *share = slot_at(&domain->lxc_namespaces, kinds[i].share);
        g_autofree char *path = NULL;
        int fd;

        if (!share->type)
            continue;
        path = path_of(share, kinds[i].file, error);
        if (!path)
            return false;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return fail_errno(error, errno, "the namespace '%s' cannot be shared", path);
        g_array_append_val(fds, fd);
        PLAN_NUMBERS(plan, PLAN_NAMESPACE, fd, kinds[i].flag);
        *made &= ~kinds[i].flag;
    }
    return true;
}
