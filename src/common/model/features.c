/* features.c - features of the guest's machine */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/features.h"

#include <string.h>

const char *const gic_version_names[] = {
    [GIC_ABSENT] = NULL, [GIC_2] = "2", [GIC_3] = "3", [GIC_HOST] = "host", NULL,
};
const char *const lxc_capability_names[] = { NULL,
                                             "audit_control",
                                             "audit_write",
                                             "block_suspend",
                                             "chown",
                                             "dac_override",
                                             "dac_read_search",
                                             "fowner",
                                             "fsetid",
                                             "ipc_lock",
                                             "ipc_owner",
                                             "kill",
                                             "lease",
                                             "linux_immutable",
                                             "mac_admin",
                                             "mac_override",
                                             "mknod",
                                             "net_admin",
                                             "net_bind_service",
                                             "net_broadcast",
                                             "net_raw",
                                             "setgid",
                                             "setfcap",
                                             "setpcap",
                                             "setuid",
                                             "sys_admin",
                                             "sys_boot",
                                             "sys_chroot",
                                             "sys_module",
                                             "sys_nice",
                                             "sys_pacct",
                                             "sys_ptrace",
                                             "sys_rawio",
                                             "sys_resource",
                                             "sys_time",
                                             "sys_tty_config",
                                             "syslog",
                                             "wake_alarm",
                                             NULL };
static const char *const hyperv_words[] = { NULL, "custom", "passthrough", NULL };
static const char *const xen_words[] = { NULL, "sync_pt", "share_pt", NULL };
static const char *const ioapic_words[] = { NULL, "kvm", "qemu", NULL };
static const char *const hpt_words[] = { NULL, "enabled", "disabled", "required", NULL };
static const char *const msrs_words[] = { NULL, "ignore", "fault", NULL };
static const char *const fix_words[] = { NULL, "broken", "workaround", "fixed", NULL };
static const char *const ibs_words[] = { NULL,        "broken",   "workaround", "fixed-ibs",
                                         "fixed-ccd", "fixed-na", NULL };
static const char *const capabilities_words[] = { NULL, "default", "allow", "deny", NULL };

static const XmlField capability_rule_fields[] = {
    XML_ENUM("name()", CapabilityRule, capability, lxc_capability_names,
             .code = ERR_CONFIG_UNSUPPORTED),
    XML_ON_OFF("@state", CapabilityRule, state, .required = true),
    {},
};
static XmlElement capability_rule_element = {
    .name = "capability",
    .size = sizeof(CapabilityRule),
    .fields = capability_rule_fields,
};

// clang-format off
#define HYPERV(name, member) XML_ON_OFF("hyperv/" name "/@state", Features, hyperv.member, .needed = true)
#define KVM(name, member) XML_ON_OFF("kvm/" name "/@state", Features, kvm.member, .needed = true)
#define STATE(name, member) XML_ON_OFF(name "/@state", Features, member, .needed = true)

static const XmlField features_fields[] = {
    XML_FLAG(".", Features, present),
    XML_FLAG("acpi", Features, acpi),
    XML_FLAG("apic", Features, apic),
    XML_ON_OFF("apic/@eoi", Features, apic_eoi),
    XML_FLAG("pae", Features, pae),
    XML_FLAG("viridian", Features, viridian),
    XML_FLAG("privnet", Features, privnet),
    XML_FLAG("hap", Features, hap_given),
    XML_ON_OFF("hap/@state", Features, hap),
    XML_FLAG("hyperv", Features, hyperv_given),
    XML_WORD("hyperv/@mode", Features, hyperv.mode, hyperv_words),
    HYPERV("relaxed", relaxed),
    HYPERV("vapic", vapic),
    HYPERV("spinlocks", spinlocks),
    XML_NUMBER("hyperv/spinlocks/@retries", Features, hyperv.spinlock_retries, .min = 4095),
    HYPERV("vpindex", vpindex),
    HYPERV("runtime", runtime),
    HYPERV("synic", synic),
    HYPERV("stimer", stimer),
    HYPERV("stimer/direct", stimer_direct),
    HYPERV("reset", reset),
    HYPERV("vendor_id", vendor_id),
    XML_STRING("hyperv/vendor_id/@value", Features, hyperv.vendor),
    HYPERV("frequencies", frequencies),
    HYPERV("reenlightenment", reenlightenment),
    HYPERV("tlbflush", tlbflush),
    HYPERV("ipi", ipi),
    HYPERV("evmcs", evmcs),
    HYPERV("avic", avic),
    KVM("hidden", hidden),
    KVM("hint-dedicated", hint_dedicated),
    KVM("poll-control", poll_control),
    KVM("pv-ipi", pv_ipi),
    KVM("dirty-ring", dirty_ring),
    XML_NUMBER("kvm/dirty-ring/@size", Features, kvm.dirty_ring_size, .min = 1024, .max = 65536),
    STATE("xen/e820_host", xen_e820_host),
    STATE("xen/passthrough", xen_passthrough),
    XML_WORD("xen/passthrough/@mode", Features, xen_passthrough_mode, xen_words),
    STATE("pvspinlock", pvspinlock),
    XML_FLAG("pmu", Features, pmu_given),
    XML_ON_OFF("pmu/@state", Features, pmu),
    STATE("vmport", vmport),
    XML_FLAG("gic", Features, gic_given),
    XML_ENUM("gic/@version", Features, gic, gic_version_names),
    XML_FLAG("smm", Features, smm_given),
    XML_ON_OFF("smm/@state", Features, smm),
    XML_SIZE("smm/tseg", Features, tseg, .unit = 1 << 20),
    XML_WORD("ioapic/@driver", Features, ioapic, ioapic_words, .needed = true),
    XML_WORD("hpt/@resizing", Features, hpt_resizing, hpt_words),
    XML_SIZE("hpt/maxpagesize", Features, hpt_max_page_size, .unit = 1024),
    XML_FLAG("vmcoreinfo", Features, vmcoreinfo_given),
    XML_ON_OFF("vmcoreinfo/@state", Features, vmcoreinfo),
    STATE("htm", htm),
    STATE("nested-hv", nested_hv),
    XML_WORD("msrs/@unknown", Features, msrs_unknown, msrs_words, .needed = true),
    STATE("ccf-assist", ccf_assist),
    XML_WORD("cfpc/@value", Features, cfpc, fix_words, .needed = true),
    XML_WORD("sbbc/@value", Features, sbbc, fix_words, .needed = true),
    XML_WORD("ibs/@value", Features, ibs, ibs_words, .needed = true),
    XML_SIZE("tcg/tb-cache", Features, tb_cache, .unit = 1024),
    XML_WORD("capabilities/@policy", Features, capabilities, capabilities_words),
    XML_LIST("capabilities/*", Features, capability_rules, &capability_rule_element),
    XML_UNSUPPORTED("*"),
    {},
};
// clang-format on

/* A feature that is only named is on. */
static bool features_finish(void *object, unsigned, GError **error)
{
    Features *features = object;

    if (features->hyperv.spinlocks == SWITCH_ON && !features->hyperv.spinlock_retries)
        return fail(error, ERR_XML, "missing 'hyperv/spinlocks/@retries'");
    if (features->hyperv.vendor && strlen(features->hyperv.vendor) > 12)
        return fail(error, ERR_XML, "'hyperv/vendor_id/@value' has at most 12 characters");
    if (features->kvm.dirty_ring == SWITCH_ON &&
        (features->kvm.dirty_ring_size & (features->kvm.dirty_ring_size - 1)))
        return fail(error, ERR_XML, "'kvm/dirty-ring/@size' is a power of 2");
    return true;
}

XmlElement features_element = {
    .name = "features",
    .size = sizeof(Features),
    .fields = features_fields,
    .finish = features_finish,
};
