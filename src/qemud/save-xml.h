/* save-xml.h - the definition that goes with a guest's saved state, and what of it may change */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "guest/machine.h"

/* That of a guest that runs: what its next start needs to give it the same machine. */
char *save_xml_of(const View *view, GError **error);
/* A client's own in the place of saved, brought into the same form, or a copy of saved when wanted
 * is NULL. ERR_CONFIG_UNSUPPORTED, naming it, for a difference that the guest would see. */
char *save_xml_replace(const char *saved, const char *wanted, GError **error);
