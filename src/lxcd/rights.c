/* rights.c - what a container's processes may do: capabilities and system calls
 *
 * A container without <idmap> has the host's root user as its own: it keeps only what cannot be
 * turned against the host. With <idmap> the kernel checks most rights against what belongs to the
 * container, so it keeps nearly all. docs/containers.md tells the same tables to administrators. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rights.h"

#include "base/cleanup.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/fs.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>

/* ---- capabilities ---- */

typedef enum Keep {
    NEVER,   /* unless the definition says so */
    MAPPED,  /* with an idmap */
    OWN_NET, /* with a network of its own, or an idmap */
    ALWAYS,
} Keep;

// clang-format off
static const struct {
    unsigned number;
    Keep keep;
    const char *name; /* as definitions call it */
} capabilities[] = {
    { CAP_AUDIT_CONTROL, NEVER, "audit_control" },
    { CAP_AUDIT_WRITE, ALWAYS, "audit_write" },
    { CAP_BLOCK_SUSPEND, NEVER, "block_suspend" },
    { CAP_CHOWN, ALWAYS, "chown" },
    { CAP_DAC_OVERRIDE, ALWAYS, "dac_override" },
    { CAP_DAC_READ_SEARCH, MAPPED, "dac_read_search" },
    { CAP_FOWNER, ALWAYS, "fowner" },
    { CAP_FSETID, ALWAYS, "fsetid" },
    { CAP_IPC_LOCK, MAPPED, "ipc_lock" },
    { CAP_IPC_OWNER, ALWAYS, "ipc_owner" },
    { CAP_KILL, ALWAYS, "kill" },
    { CAP_LEASE, ALWAYS, "lease" },
    { CAP_LINUX_IMMUTABLE, MAPPED, "linux_immutable" },
    { CAP_MAC_ADMIN, NEVER, "mac_admin" },
    { CAP_MAC_OVERRIDE, NEVER, "mac_override" },
    { CAP_MKNOD, NEVER, "mknod" },
    { CAP_NET_ADMIN, OWN_NET, "net_admin" },
    { CAP_NET_BIND_SERVICE, ALWAYS, "net_bind_service" },
    { CAP_NET_BROADCAST, ALWAYS, "net_broadcast" },
    { CAP_NET_RAW, OWN_NET, "net_raw" },
    { CAP_SETGID, ALWAYS, "setgid" },
    { CAP_SETFCAP, ALWAYS, "setfcap" },
    { CAP_SETPCAP, ALWAYS, "setpcap" },
    { CAP_SETUID, ALWAYS, "setuid" },
    { CAP_SYS_ADMIN, MAPPED, "sys_admin" },
    { CAP_SYS_BOOT, ALWAYS, "sys_boot" },
    { CAP_SYS_CHROOT, ALWAYS, "sys_chroot" },
    { CAP_SYS_MODULE, NEVER, "sys_module" },
    { CAP_SYS_NICE, MAPPED, "sys_nice" },
    { CAP_SYS_PACCT, NEVER, "sys_pacct" },
    { CAP_SYS_PTRACE, MAPPED, "sys_ptrace" },
    { CAP_SYS_RAWIO, NEVER, "sys_rawio" },
    { CAP_SYS_RESOURCE, MAPPED, "sys_resource" },
    { CAP_SYS_TIME, NEVER, "sys_time" },
    { CAP_SYS_TTY_CONFIG, ALWAYS, "sys_tty_config" },
    { CAP_SYSLOG, NEVER, "syslog" },
    { CAP_WAKE_ALARM, NEVER, "wake_alarm" },
};
// clang-format on

bool container_has_network(const Domain *domain)
{
    for (LIST_EACH(Hostdev, hostdev, domain->hostdevs)) {
        if (hostdev->type == HOSTDEV_NET)
            return true;
    }
    return list_length(domain->interfaces) > 0 || domain->features.privnet;
}

static bool is_kept(const Domain *domain, Keep keep)
{
    const char *policy = domain->features.capabilities;

    if (g_strcmp0(policy, "allow") == 0)
        return true;
    if (g_strcmp0(policy, "deny") == 0)
        return false;
    return keep == ALWAYS || (keep != NEVER && container_is_mapped(domain)) ||
           (keep == OWN_NET && container_has_network(domain));
}

uint64_t rights_capabilities(const Domain *domain)
{
    uint64_t kept = 0;

    for (size_t i = 0; i < G_N_ELEMENTS(capabilities); i++) {
        bool keep = is_kept(domain, capabilities[i].keep);

        for (LIST_EACH(CapabilityRule, rule, domain->features.capability_rules)) {
            if (g_str_equal(lxc_capability_names[rule->capability], capabilities[i].name))
                keep = rule->state == SWITCH_ON;
        }
        if (keep)
            kept |= 1ull << capabilities[i].number;
    }
    return kept;
}

static unsigned number_of(const char *name)
{
    size_t i = 0;

    while (!g_str_equal(capabilities[i].name, name))
        i++;
    return capabilities[i].number;
}

/* In a user namespace all are there again. */
bool rights_check(const Domain *domain, GError **error)
{
    for (LIST_EACH(CapabilityRule, rule, domain->features.capability_rules)) {
        const char *name = lxc_capability_names[rule->capability];

        if (rule->state == SWITCH_ON && !container_is_mapped(domain) &&
            prctl(PR_CAPBSET_READ, number_of(name)) == 0)
            return fail(error, ERR_CONFIG_UNSUPPORTED,
                        "capability '%s' cannot be kept: ostler-lxcd does not have it", name);
    }
    return true;
}

/* ---- system calls ---- */

/* Refused in every container. Most need rights that it does not have, either; but the kernel's
 * code behind them need not be reached from inside. */
static const int refused[] = {
    SCMP_SYS(acct),
    SCMP_SYS(add_key),
    SCMP_SYS(adjtimex),
    SCMP_SYS(bpf),
    SCMP_SYS(clock_adjtime),
    SCMP_SYS(clock_settime),
    SCMP_SYS(create_module),
    SCMP_SYS(delete_module),
    SCMP_SYS(fanotify_init),
    SCMP_SYS(finit_module),
    SCMP_SYS(get_kernel_syms),
    SCMP_SYS(init_module),
    SCMP_SYS(io_uring_enter),
    SCMP_SYS(io_uring_register),
    SCMP_SYS(io_uring_setup),
    SCMP_SYS(ioperm),
    SCMP_SYS(iopl),
    SCMP_SYS(kexec_file_load),
    SCMP_SYS(kexec_load),
    SCMP_SYS(keyctl),
    SCMP_SYS(lookup_dcookie),
    SCMP_SYS(nfsservctl),
    SCMP_SYS(open_by_handle_at),
    SCMP_SYS(perf_event_open),
    SCMP_SYS(query_module),
    SCMP_SYS(quotactl),
    SCMP_SYS(quotactl_fd),
    SCMP_SYS(request_key),
    SCMP_SYS(settimeofday),
    SCMP_SYS(stime),
    SCMP_SYS(swapoff),
    SCMP_SYS(swapon),
    SCMP_SYS(syslog),
    SCMP_SYS(sysfs),
    SCMP_SYS(_sysctl),
    SCMP_SYS(uselib),
    SCMP_SYS(userfaultfd),
    SCMP_SYS(ustat),
    SCMP_SYS(vm86),
    SCMP_SYS(vm86old),
};

/* Refused where the container's root user is the host's. */
static const int refused_to_root[] = {
    SCMP_SYS(fsconfig),   SCMP_SYS(fsmount),       SCMP_SYS(fsopen),     SCMP_SYS(fspick),
    SCMP_SYS(mount),      SCMP_SYS(mount_setattr), SCMP_SYS(move_mount), SCMP_SYS(open_tree),
    SCMP_SYS(pivot_root), SCMP_SYS(setns),         SCMP_SYS(umount),     SCMP_SYS(umount2),
};

static bool refuse(scmp_filter_ctx filter, const int *calls, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        int refusal = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i], 0);

        /* calls that this architecture or library does not have */
        if (refusal < 0 && refusal != -EINVAL && refusal != -EDOM)
            return false;
    }
    return true;
}

/* Input must not be put into a terminal that the host reads. */
static bool refuse_terminals(scmp_filter_ctx filter)
{
    static const unsigned requests[] = { TIOCSTI, TIOCLINUX };

    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                             SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, requests[i])) < 0)
            return false;
    }
    return true;
}

/* A file's project, by which space is limited, is its owner's to change. Programs of 32 bits have
 * a number of their own for its flags. */
static bool refuse_projects(scmp_filter_ctx filter)
{
    static const unsigned requests[] = { FS_IOC_FSSETXATTR, FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS };

    for (size_t i = 0; i < G_N_ELEMENTS(requests); i++) {
        if (seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(ioctl), 1,
                             SCMP_A1(SCMP_CMP_MASKED_EQ, 0xffffffffu, requests[i])) < 0)
            return false;
    }
    return true;
}

/* No user namespace inside, in which a process would have every capability again. What clone3()
 * asks for cannot be seen, so it is told not to be there, and clone() is taken instead. */
static bool refuse_namespaces(scmp_filter_ctx filter)
{
    return seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(unshare), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER)) >= 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(clone), 1,
                            SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER)) >= 0 &&
           seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) >= 0;
}

static bool add_rules(scmp_filter_ctx filter, bool mapped, bool may_mount)
{
    if (seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) < 0)
        return false;
    if (seccomp_arch_native() == SCMP_ARCH_X86_64 && seccomp_arch_add(filter, SCMP_ARCH_X86) < 0)
        return false;
    if (!mapped && !(refuse_namespaces(filter) && refuse_projects(filter)))
        return false;
    return refuse(filter, refused, G_N_ELEMENTS(refused)) && refuse_terminals(filter) &&
           (may_mount || refuse(filter, refused_to_root, G_N_ELEMENTS(refused_to_root)));
}

/* file_setattr(), of Linux 6.17, has one number everywhere, which libraries do not know yet. */
static bool refuse_new_calls(int fd)
{
    static const struct sock_filter head[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 469, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
    };

    return write(fd, head, sizeof(head)) == sizeof(head);
}

static GBytes *make_filter(bool mapped, bool may_mount)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    g_auto(Fd) fd = memfd_create("filter", MFD_CLOEXEC);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    char *program = NULL;
    gsize size = 0;

    if (filter && fd >= 0 && add_rules(filter, mapped, may_mount) &&
        (mapped || refuse_new_calls(fd)) && seccomp_export_bpf(filter, fd) == 0)
        (void) g_file_get_contents(path, &program, &size, NULL);
    seccomp_release(filter);
    return program ? g_bytes_new_take(program, size) : NULL;
}

bool rights_may_mount(const Domain *domain)
{
    return rights_capabilities(domain) & 1ull << CAP_SYS_ADMIN;
}

bool rights_filter(const Domain *domain, const void **program, size_t *size, GError **error)
{
    static GBytes *filters[2][2];
    bool mapped = container_is_mapped(domain);
    bool may_mount = mapped || rights_may_mount(domain);
    GBytes **filter = &filters[mapped][may_mount];

    if (g_once_init_enter(filter))
        g_once_init_leave(filter, make_filter(mapped, may_mount) ?: g_bytes_new(NULL, 0));
    *program = g_bytes_get_data(*filter, size);
    return *program ||
           fail(error, ERR_INTERNAL, "the filter of system calls for containers cannot be made");
}
