/* plug.h - a guest's interface and its link on the host: made, changed, ended */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "model/port.h"

#include <net/if.h>

typedef struct Plug {
    const Iface *iface;
    const NetworkPort *port; /* what its network makes of it; PLUG_NONE: it is in no bridge */
    unsigned flags;          /* OSTLER_LINK_* */
    int namespace;           /* of OSTLER_LINK_INSIDE */
    GArray *fds;             /* of int: descriptors are appended */
    unsigned taps, vhosts;   /* how many of each */
    char link[IFNAMSIZ];     /* the name it got; "": there is none on the host */
} Plug;

/* Makes the link. On failure nothing is left of it. */
bool plug_in(Plug *plug, GError **error);
/* Puts a link into the bridge of its port. */
bool plug_join(const char *link, const NetworkPort *port, GError **error);
/* Ends the link of a guest that has gone, unless it has ended by itself. False, and nothing is
 * done: another guest's link has its name. */
bool plug_out(const char *link, const Mac *mac);
/* Goes on with what an earlier netd was ending. */
bool plug_recover(GError **error);
/* The same where nobody knows its name. */
void plug_end_unnamed(const Mac *mac);
/* From one place to another, as far as they differ: bandwidth, bridge, isolation. On failure it is
 * where it was. */
bool plug_change(const char *link, const NetworkPort *from, const NetworkPort *to, GError **error);
/* Up or down. */
bool plug_change_state(const char *link, const Iface *from, const Iface *to, GError **error);
/* After a restart: what only we keep of it. */
void plug_restore(const char *link, const NetworkPort *port);
