/* driver.h - what lxcd serves: the operations that the table in driver.c names */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

extern const Driver driver;

// clang-format off
/* The driver functions, with the types of the procedure's line. */
#define PROC(number, op, Args, Reply, ...) \
    bool lxc_##op(Call *call, const Args *in, Reply *out, GError **error);
#define EVENT(...)
#include "protocol/remote.def"
#include "protocol/lxc.def"
#undef PROC
#undef EVENT
// clang-format on
