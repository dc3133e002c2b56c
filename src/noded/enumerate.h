/* enumerate.h - all devices that there are */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

/* Looks at everything that sysfs lists, and forgets what is no longer there. On the strand of all
 * devices, or before there is one. */
void enumerate(void);
