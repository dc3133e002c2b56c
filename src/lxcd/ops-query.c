/* ops-query.c - what a container tells of itself */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "container.h"
#include "driver.h"
#include "guest/ops.h"
#include "usage.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

/* The kernel is what runs them: that is the hypervisor's version. */
bool lxc_connect_get_version(Call *, const none *, remote_connect_get_version_ret *out, GError **)
{
    struct utsname name;
    unsigned major = 0, minor = 0, micro = 0;

    (void) uname(&name);
    (void) sscanf(name.release, "%u.%u.%u", &major, &minor, &micro);
    out->hv_ver = major * 1000000ull + minor * 1000 + micro;
    return true;
}

bool lxc_domain_get_info(Call *call, const remote_domain_get_info_args *,
                         remote_domain_get_info_ret *out, GError **)
{
    Machine *vm = machine_of(call);
    g_autoptr(View) view = machine_view(vm);
    g_autoptr(Container) container = container_of(vm, NULL);
    const Domain *domain = view_current(view);

    out->state = view->state;
    out->max_mem = domain->memory;
    out->memory = container ? usage_memory(container) : domain->current_memory;
    out->nr_virt_cpu = domain->vcpus;
    out->cpu_time = container ? usage_cpu(container) : 0;
    return true;
}

/* ---- names and labels ---- */

/* Of the namespace that its init is in, which a thread may enter for a moment. */
static bool read_hostname(const Container *container, char *name, size_t size, GError **error)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/ns/uts", container->pid);
    g_auto(Fd) its = open(path, O_RDONLY | O_CLOEXEC);
    g_auto(Fd) own = open("/proc/thread-self/ns/uts", O_RDONLY | O_CLOEXEC);
    bool got;

    if (its < 0 || own < 0 || setns(its, CLONE_NEWUTS) < 0)
        return fail_errno(error, errno, "the container's namespace cannot be entered");
    got = gethostname(name, size) == 0;
    if (setns(own, CLONE_NEWUTS) < 0)
        g_error("a thread cannot go back to the host's namespace: %s", g_strerror(errno));
    return got || fail_errno(error, errno, "the container's hostname cannot be read");
}

bool lxc_domain_get_hostname(Call *call, const remote_domain_get_hostname_args *in,
                             remote_domain_get_hostname_ret *out, GError **error)
{
    g_autoptr(Container) container = container_of(machine_of(call), error);
    char name[HOST_NAME_MAX + 1];

    if (!container || !call_check_flags(call, in->flags, 0x3, error) ||
        !read_hostname(container, name, sizeof(name), error))
        return false;
    out->hostname = g_strdup(name);
    return true;
}

/* ---- namespaces ---- */

bool lxc_lxc_domain_open_namespace(Call *call, const lxc_domain_open_namespace_args *in, none *,
                                   GError **error)
{
    static const char *const files[] = { "user", "ipc", "uts", "net", "pid", "mnt", "cgroup" };
    g_autoptr(Container) container = container_of(machine_of(call), error);

    if (!container || !call_check_flags(call, in->flags, 0, error))
        return false;
    call->reply_fds = fds_new();
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_strdup_printf("/proc/%d/ns/%s", container->pid, files[i]);
        g_autofree char *own = g_strdup_printf("/proc/self/ns/%s", files[i]);
        g_autofree char *its_name = g_file_read_link(path, NULL);
        g_autofree char *own_name = g_file_read_link(own, NULL);
        int fd;

        /* one that it shares with the host need not be entered, and may not be */
        if (g_strcmp0(its_name, own_name) == 0)
            continue;
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            return fail_errno(error, errno, "'%s' cannot be opened", path);
        g_array_append_val(call->reply_fds, fd);
    }
    return true;
}
