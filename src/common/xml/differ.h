/* differ.h - where two documents say different things */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* What a document says at the first place where it differs. */
typedef struct XmlDifference {
    char *path; /* "devices/disk[2]/target/@bus" */
    char *from; /* the texts; NULL: there is no such thing, or it is no text */
    char *to;
} XmlDifference;

void xml_difference_clear(XmlDifference *difference);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(XmlDifference, xml_difference_clear)

/* Compares two documents of which the order of elements counts and blanks around texts do not. What
 * lies at one of the ignored paths (closed by NULL, without numbers: "devices/disk/source") and
 * below may differ. Path is NULL when nothing else does. False: one of them cannot be read. */
bool xml_differ(const char *from, const char *to, const char *const *ignored,
                XmlDifference *difference, GError **error);
