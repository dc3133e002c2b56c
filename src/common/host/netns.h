/* netns.h - work in another network namespace */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* Calls work(data) in the network of an open namespace, and waits for it. From any thread. */
typedef bool NetnsWork(void *data, GError **error);
bool netns_run(int namespace, NetnsWork *work, void *data, GError **error);
