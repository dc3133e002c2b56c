/* log.h - where messages go: the journal, or the standard error stream
 *
 * Code logs with g_debug(), g_info(), g_warning() and its folder as G_LOG_DOMAIN; what concerns
 * one object with log_object(), so that a journal can be asked for it. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Call once, before the first thread. Messages below the level are dropped. */
void log_open(GLogLevelFlags least);
/* Whether a message of this level would be kept: for what is said at every call. */
gboolean log_wants(GLogLevelFlags level);

/* uuid in text form. Adds the fields OSTLER_NAME and OSTLER_UUID. From any thread. */
void log_object(const char *domain, GLogLevelFlags level, const char *name, const char *uuid,
                const char *format, ...) G_GNUC_PRINTF(5, 6);
