/* driver.h - what netd serves */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

extern const Driver driver;

/* The functions of the table; each family defines its own. */
// clang-format off
#define PROC(number, op, Args, Reply, ...) \
    bool net_##op(Call *call, const Args *in, Reply *out, GError **error);
#define EVENT(...)
#include "protocol/ostler.def"
#include "protocol/remote.def"
#undef PROC
#undef EVENT
// clang-format on
