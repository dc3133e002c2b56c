/* guests.h - the guests of this host, before its sleep and after */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Pauses or saves those that run, as the configuration says. What cannot be done is logged. Not in
 * the loop. */
void guests_rest(void);
/* Lets those go on that guests_rest() stopped, be it of a daemon that was killed since. */
void guests_go_on(void);
