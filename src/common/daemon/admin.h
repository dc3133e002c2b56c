/* admin.h - the program by which an administrator watches and steers a daemon */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "rpc/call.h"

extern const Driver admin_driver;
