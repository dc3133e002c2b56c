/* native.h - the parts of who reads configuration files of LXC's own tools */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"
#include "xml/writer.h"

typedef struct Line {
    char *key, *value;
} Line;

typedef struct Conf {
    Line *lines;
    unsigned count;
} Conf;

/* Writes its interfaces and links of the host; has: whether there is a network that is not empty.
 */
bool native_write_networks(Writer *w, const Conf *conf, bool *has, GError **error);
