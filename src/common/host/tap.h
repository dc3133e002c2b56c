/* tap.h - the descriptors through which a guest's frames come and go */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

#include <net/if.h>

/* Opens a tap with that many queues; name is a pattern of link_create_named(). The link is new, is
 * down, and ends with the last of the descriptors, which are appended to fds (of int). vnet_hdr:
 * frames carry virtio's header. From any thread. */
bool tap_create(const char *pattern, unsigned queues, bool vnet_hdr, char name[IFNAMSIZ],
                GArray *fds, GError **error);
/* The same for a macvtap link that is there. */
bool tap_open_macvtap(const char *name, unsigned queues, bool vnet_hdr, GArray *fds,
                      GError **error);
/* Appends that many descriptors of the kernel's virtio-net; false with no error set where the
 * kernel has none. */
bool tap_open_vhost(unsigned queues, GArray *fds);
