/* cpu-features.h - what an x86 processor can do: names and sets of them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { CPU_WORDS = 13 };

typedef enum CpuRegister { CPU_EAX, CPU_EBX, CPU_ECX, CPU_EDX } CpuRegister;

/* The bits of one register of one leaf, from the lowest; "-" where none has a name. */
typedef struct CpuWord {
    unsigned leaf, subleaf;
    CpuRegister in;
    const char *names; /* QEMU's */
} CpuWord;
extern const CpuWord cpu_words[CPU_WORDS];

typedef struct CpuFeatures {
    uint32_t words[CPU_WORDS];
} CpuFeatures;

/* The set with only this feature, by QEMU's name or the one that clients know; empty: there is no
 * such feature. */
CpuFeatures cpu_feature(const char *name);
/* QEMU's names, sorted, ended by NULL. */
char **cpu_features_list(const CpuFeatures *set);
/* What clients call a feature that QEMU calls so. */
const char *cpu_feature_name(const char *qemu_name);
/* And a vendor: "Intel" for "GenuineIntel"; NULL for NULL. */
const char *cpu_vendor_name(const char *vendor);

CpuFeatures cpu_features_or(const CpuFeatures *a, const CpuFeatures *b);
CpuFeatures cpu_features_and(const CpuFeatures *a, const CpuFeatures *b);
CpuFeatures cpu_features_without(const CpuFeatures *a, const CpuFeatures *b);
unsigned cpu_features_count(const CpuFeatures *set);
