/* driver.h - what noded serves */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

extern const Driver driver;
