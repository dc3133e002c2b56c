/* metadata.h - applications' own elements in a definition, one per namespace */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* raw is what <metadata> holds, or NULL. The element in the namespace uri, without that namespace,
 * as it was once given to metadata_set(); NULL with no error set when there is none. */
char *metadata_get(const char *raw, const char *uri, GError **error);
/* The new content of <metadata>, with the element of namespace uri replaced by xml, put under that
 * namespace with the given prefix, or taken out when xml is NULL. What is NULL without an error is
 * empty. */
char *metadata_set(const char *raw, const char *uri, const char *prefix, const char *xml,
                   GError **error);
