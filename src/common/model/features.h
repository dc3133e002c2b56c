/* features.h - features of the guest's machine */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "xml/bind.h"

typedef struct HypervFeatures {
    char *mode; /* "custom", "passthrough" */
    Switch relaxed, vapic, spinlocks;
    unsigned spinlock_retries;
    Switch vpindex, runtime, synic, stimer, stimer_direct, reset, vendor_id;
    char *vendor;
    Switch frequencies, reenlightenment, tlbflush, ipi, evmcs;
    Switch avic;
} HypervFeatures;

typedef struct KvmFeatures {
    Switch hidden, hint_dedicated, poll_control, pv_ipi, dirty_ring;
    unsigned dirty_ring_size;
} KvmFeatures;

typedef enum GicVersion { GIC_ABSENT, GIC_2, GIC_3, GIC_HOST } GicVersion;
extern const char *const gic_version_names[];

/* A capability of a container that is kept or dropped against the policy. */
typedef struct CapabilityRule {
    int capability; /* its place in lxc_capability_names; the name of the element */
    Switch state;
} CapabilityRule;
extern const char *const lxc_capability_names[]; /* as in capabilities(7), without "CAP_" */

typedef struct Features {
    bool present; /* <features> is there, though it may be empty */
    bool acpi, pae, hap_given, viridian, privnet;
    Switch hap;
    bool apic;
    Switch apic_eoi;
    bool hyperv_given;
    HypervFeatures hyperv;
    KvmFeatures kvm;
    Switch xen_e820_host, xen_passthrough;
    char *xen_passthrough_mode;
    Switch pvspinlock;
    bool pmu_given;
    Switch pmu;
    Switch vmport;
    bool gic_given;
    GicVersion gic;
    bool smm_given;
    Switch smm;
    uint64_t tseg; /* MiB */
    char *ioapic;  /* "kvm", "qemu" */
    char *hpt_resizing;
    uint64_t hpt_max_page_size; /* KiB */
    bool vmcoreinfo_given;
    Switch vmcoreinfo;
    Switch htm, nested_hv, ccf_assist;
    char *msrs_unknown; /* "ignore", "fault" */
    char *cfpc, *sbbc, *ibs;
    uint64_t tb_cache;           /* KiB */
    char *capabilities;          /* of containers: policy "default", "allow", "deny" */
    GPtrArray *capability_rules; /* of CapabilityRule */
} Features;

extern XmlElement features_element;
