/* log.h - where messages go: the journal, syslog, files, or the standard error stream
 *
 * Code logs with g_debug(), g_info(), g_warning() and its folder as G_LOG_DOMAIN; what concerns
 * one object with log_object(), so that a journal can be asked for it. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "base/error.h"

/* The levels of outputs and filters, as administrators write them. */
typedef enum LogPriority {
    LOG_EVERYTHING = 1,
    LOG_INFORMATION,
    LOG_WARNINGS,
    LOG_ERRORS,
} LogPriority;

/* Call once, before the first thread. Messages below the level are dropped. */
void log_open(LogPriority least);

/* The rest from any thread. */

/* Whether a message of this level might be kept: for what is said at every call. */
gboolean log_wants(GLogLevelFlags level);
/* For messages that no filter is about. */
void log_set_level(LogPriority least);
/* "LEVEL:stderr", "LEVEL:journald", "LEVEL:file:PATH", "LEVEL:syslog:NAME", with blanks between
 * them; NULL or "": the journal when the standard error stream leads there, or that stream. Files
 * are opened anew. All of it is right, or nothing changes. */
bool log_set_outputs(const char *text, GError **error);
/* "LEVEL:PATTERN", with blanks between them: the first whose pattern is found in a message's domain
 * decides about it. NULL or "": none. */
bool log_set_filters(const char *text, GError **error);
/* What is set, freed by the caller, and how many. */
char *log_get_outputs(unsigned *count);
char *log_get_filters(unsigned *count);

/* uuid in text form. Adds the fields OSTLER_NAME and OSTLER_UUID. */
void log_object(const char *domain, GLogLevelFlags level, const char *name, const char *uuid,
                const char *format, ...) G_GNUC_PRINTF(5, 6);
