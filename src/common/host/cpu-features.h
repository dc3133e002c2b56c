/* cpu-features.h - what an x86 processor can do: names and sets of them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

enum { CPU_WORDS = 20 };

/* The last is no register of the leaf: the leaf is the number of a model-specific one. */
typedef enum CpuRegister { CPU_EAX, CPU_EBX, CPU_ECX, CPU_EDX, CPU_MSR } CpuRegister;

/* The bits of one register of one leaf, from the lowest; "-" where none has a name. */
typedef struct CpuWord {
    unsigned leaf, subleaf;
    CpuRegister in;
    const char *names; /* as definitions have them */
} CpuWord;
extern const CpuWord cpu_words[CPU_WORDS];
/* Which bits of it have a name. */
uint32_t cpu_word_named(const CpuWord *word);

typedef struct CpuFeatures {
    uint32_t words[CPU_WORDS];
} CpuFeatures;

/* The set with only this feature; empty: there is no such feature. */
CpuFeatures cpu_feature(const char *name);
/* Names in the order of the bits, ended by NULL. */
char **cpu_features_list(const CpuFeatures *set);
/* What definitions call a feature that QEMU calls so, and the other way round. */
const char *cpu_feature_name(const char *qemu_name);
const char *cpu_feature_qemu_name(const char *name);
/* And a vendor: "Intel" for "GenuineIntel"; NULL for NULL. */
const char *cpu_vendor_name(const char *vendor);
bool cpu_vendor_is_known(const char *name);

CpuFeatures cpu_features_or(const CpuFeatures *a, const CpuFeatures *b);
CpuFeatures cpu_features_and(const CpuFeatures *a, const CpuFeatures *b);
CpuFeatures cpu_features_without(const CpuFeatures *a, const CpuFeatures *b);
unsigned cpu_features_count(const CpuFeatures *set);
