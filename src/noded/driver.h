/* driver.h - what noded serves: the operations that the table in driver.c names */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

extern const Driver driver;

// clang-format off
/* Each noded_<procedure>(), with the types of the procedure's line. */
#define PROC(number, op, Args, Reply, ...) \
    bool noded_##op(Call *call, const Args *in, Reply *out, GError **error);
#define EVENT(...)
#include "protocol/ostler.def"
#include "protocol/remote.def"
#undef PROC
#undef EVENT
// clang-format on
