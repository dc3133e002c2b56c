/* caps-store.h - capabilities of a binary as JSON, for the file that keeps them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "caps.h"

Json *caps_to_json(const Caps *caps);
/* NULL when it is none. */
Caps *caps_from_json(Json *json);
Caps *caps_new(void);

/* From what QEMU answers: the members have its names. */
void caps_add_machine(Caps *caps, Json *from);
CapsCpu *caps_add_cpu(Caps *caps, Json *from);
void caps_set_sev(Caps *caps, Json *from);
/* The texts of an array, sorted, each once. */
char **caps_texts(Json *array);
