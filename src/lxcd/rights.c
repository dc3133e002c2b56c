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

#define BIT(number) (1ull << (number))

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

static unsigned number_of(const char *name)
{
    size_t i = 0;

    while (!g_str_equal(capabilities[i].name, name))
        i++;
    return capabilities[i].number;
}

bool container_has_network(const Domain *domain)
{
    for (LIST_EACH(Hostdev, hostdev, domain->hostdevs)) {
        if (hostdev->type == HOSTDEV_NET)
            return true;
    }
    return list_length(domain->interfaces) > 0 || domain->features.privnet;
}

static bool is_usual(const Domain *domain, Keep keep)
{
    return keep == ALWAYS || (keep != NEVER && container_is_mapped(domain)) ||
           (keep == OWN_NET && container_has_network(domain));
}

/* What the policy leaves it; "allow" and "deny" speak of those to come, too. */
static uint64_t by_policy(const Domain *domain)
{
    const char *policy = domain->features.capabilities;
    uint64_t kept = 0;

    if (g_strcmp0(policy, "allow") == 0)
        return UINT64_MAX;
    for (size_t i = 0; i < G_N_ELEMENTS(capabilities) && g_strcmp0(policy, "deny") != 0; i++) {
        if (is_usual(domain, capabilities[i].keep))
            kept |= BIT(capabilities[i].number);
    }
    return kept;
}

static uint64_t by_name(const Domain *domain, uint64_t kept)
{
    for (LIST_EACH(CapabilityRule, rule, domain->features.capability_rules)) {
        uint64_t bit = BIT(number_of(lxc_capability_names[rule->capability]));

        kept = rule->state == SWITCH_ON ? kept | bit : kept & ~bit;
    }
    return kept;
}

uint64_t rights_capabilities(const Domain *domain) { return by_name(domain, by_policy(domain)); }

/* Those that the definition speaks for, where others have them as everybody does. */
static uint64_t given_capabilities(const Domain *domain)
{
    bool all = g_strcmp0(domain->features.capabilities, "allow") == 0;

    return by_name(domain, all ? UINT64_MAX : 0);
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

typedef struct Refused {
    int call;
    uint64_t unless; /* one of these capabilities is given to the container; 0: always */
} Refused;

/* Refused in every container that is not given what they are for. Most need rights that it does
 * not have, either; but the kernel's code behind them need not be reached from inside. */
// clang-format off
static const Refused refused[] = {
    { SCMP_SYS(acct), BIT(CAP_SYS_PACCT) },
    { SCMP_SYS(add_key), 0 },
    { SCMP_SYS(adjtimex), BIT(CAP_SYS_TIME) },
    { SCMP_SYS(bpf), BIT(CAP_BPF) | BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(clock_adjtime), BIT(CAP_SYS_TIME) },
    { SCMP_SYS(clock_settime), BIT(CAP_SYS_TIME) },
    { SCMP_SYS(create_module), BIT(CAP_SYS_MODULE) },
    { SCMP_SYS(delete_module), BIT(CAP_SYS_MODULE) },
    { SCMP_SYS(fanotify_init), BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(finit_module), BIT(CAP_SYS_MODULE) },
    { SCMP_SYS(get_kernel_syms), 0 },
    { SCMP_SYS(init_module), BIT(CAP_SYS_MODULE) },
    { SCMP_SYS(io_uring_enter), 0 },
    { SCMP_SYS(io_uring_register), 0 },
    { SCMP_SYS(io_uring_setup), 0 },
    { SCMP_SYS(ioperm), BIT(CAP_SYS_RAWIO) },
    { SCMP_SYS(iopl), BIT(CAP_SYS_RAWIO) },
    { SCMP_SYS(kexec_file_load), BIT(CAP_SYS_BOOT) },
    { SCMP_SYS(kexec_load), BIT(CAP_SYS_BOOT) },
    { SCMP_SYS(keyctl), 0 },
    { SCMP_SYS(lookup_dcookie), BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(nfsservctl), 0 },
    { SCMP_SYS(open_by_handle_at), BIT(CAP_DAC_READ_SEARCH) },
    { SCMP_SYS(perf_event_open), BIT(CAP_PERFMON) | BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(query_module), 0 },
    { SCMP_SYS(quotactl), BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(quotactl_fd), BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(request_key), 0 },
    { SCMP_SYS(settimeofday), BIT(CAP_SYS_TIME) },
    { SCMP_SYS(stime), BIT(CAP_SYS_TIME) },
    { SCMP_SYS(swapoff), BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(swapon), BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(syslog), BIT(CAP_SYSLOG) | BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(sysfs), 0 },
    { SCMP_SYS(_sysctl), 0 },
    { SCMP_SYS(uselib), 0 },
    { SCMP_SYS(userfaultfd), BIT(CAP_SYS_PTRACE) },
    { SCMP_SYS(ustat), 0 },
    { SCMP_SYS(vm86), 0 },
    { SCMP_SYS(vm86old), 0 },
};
// clang-format on

/* Refused where the container's root user is the host's. */
static const Refused refused_to_root[] = {
    { SCMP_SYS(fsconfig), BIT(CAP_SYS_ADMIN) },   { SCMP_SYS(fsmount), BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(fsopen), BIT(CAP_SYS_ADMIN) },     { SCMP_SYS(fspick), BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(mount), BIT(CAP_SYS_ADMIN) },      { SCMP_SYS(mount_setattr), BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(move_mount), BIT(CAP_SYS_ADMIN) }, { SCMP_SYS(open_tree), BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(pivot_root), BIT(CAP_SYS_ADMIN) }, { SCMP_SYS(setns), BIT(CAP_SYS_ADMIN) },
    { SCMP_SYS(umount), BIT(CAP_SYS_ADMIN) },     { SCMP_SYS(umount2), BIT(CAP_SYS_ADMIN) },
};

static bool refuse(scmp_filter_ctx filter, const Refused *calls, size_t count, uint64_t given)
{
    for (size_t i = 0; i < count; i++) {
        int refusal = calls[i].unless & given
                          ? 0
                          : seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), calls[i].call, 0);

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
 * a number of their own for its flags, which are for more than that. */
static bool refuse_projects(scmp_filter_ctx filter, uint64_t given)
{
    static const unsigned requests[] = { FS_IOC_FSSETXATTR, FS_IOC_SETFLAGS, FS_IOC32_SETFLAGS };
    size_t count = given & BIT(CAP_LINUX_IMMUTABLE) ? 1 : G_N_ELEMENTS(requests);

    for (size_t i = 0; i < count; i++) {
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

static bool add_rules(scmp_filter_ctx filter, bool mapped, uint64_t given)
{
    if (seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_ERRNO(ENOSYS)) < 0)
        return false;
    if (seccomp_arch_native() == SCMP_ARCH_X86_64 && seccomp_arch_add(filter, SCMP_ARCH_X86) < 0)
        return false;
    if (!mapped && !(refuse_namespaces(filter) && refuse_projects(filter, given)))
        return false;
    return refuse(filter, refused, G_N_ELEMENTS(refused), given) && refuse_terminals(filter) &&
           (mapped || refuse(filter, refused_to_root, G_N_ELEMENTS(refused_to_root), given));
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

static GBytes *make_filter(bool mapped, uint64_t given)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
    g_auto(Fd) fd = memfd_create("filter", MFD_CLOEXEC);
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd);
    char *program = NULL;
    gsize size = 0;

    if (filter && fd >= 0 && add_rules(filter, mapped, given) && (mapped || refuse_new_calls(fd)) &&
        seccomp_export_bpf(filter, fd) == 0)
        (void) g_file_get_contents(path, &program, &size, NULL);
    seccomp_release(filter);
    return program ? g_bytes_new_take(program, size) : NULL;
}

bool rights_may_mount(const Domain *domain)
{
    return rights_capabilities(domain) & BIT(CAP_SYS_ADMIN);
}

/* The capabilities that a call depends on: others make no other filter. */
static uint64_t that_matter(void)
{
    uint64_t bits = BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_SYS_ADMIN);

    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++)
        bits |= refused[i].unless;
    return bits;
}

bool rights_filter(const Domain *domain, const void **program, size_t *size, GError **error)
{
    static GMutex mutex;
    static GHashTable *filters[2]; /* by what is given */
    uint64_t given = given_capabilities(domain) & that_matter();
    bool mapped = container_is_mapped(domain);
    LOCKED(&mutex);
    GBytes *filter;

    if (!filters[mapped])
        filters[mapped] = g_hash_table_new(g_int64_hash, g_int64_equal);
    filter = g_hash_table_lookup(filters[mapped], &given);
    if (!filter) {
        filter = make_filter(mapped, given);
        if (!filter)
            return fail(error, ERR_INTERNAL,
                        "the filter of system calls for containers cannot be made");
        g_hash_table_insert(filters[mapped], g_memdup2(&given, sizeof(given)), filter);
    }
    *program = g_bytes_get_data(filter, size);
    return true;
}
