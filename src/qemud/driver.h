/* driver.h - what qemud serves: the operations that the table in driver.c names */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

extern const Driver driver;

// clang-format off
/* The procedures of one family: SERVES(name), with the types of the procedure's line. */
#define SERVES(op, Args, Reply) \
    bool qemu_##op(Call *call, const Args *in, Reply *out, GError **error);
#define PROC(number, op, Args, Reply, ...) SERVES(op, Args, Reply)
#define EVENT(...)
#include "protocol/remote.def"
#include "protocol/qemu.def"
#undef PROC
#undef EVENT
#undef SERVES
// clang-format on
