/* core.h - the procedures that every daemon answers by itself, and features */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

/* Serves what OWNER_CORE owns. */
extern const Driver core_driver;
