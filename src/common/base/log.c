/* log.c - where messages go: the journal, or the standard error stream */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

#include <unistd.h>

static GLogLevelFlags least_level = G_LOG_LEVEL_MESSAGE;
static gboolean to_journal;

/* GLib's levels are bits, the most serious one lowest. */
gboolean log_wants(GLogLevelFlags level) { return (level & G_LOG_LEVEL_MASK) <= least_level; }

static GLogWriterOutput write_log(GLogLevelFlags level, const GLogField *fields, gsize count,
                                  gpointer)
{
    if (!log_wants(level))
        return G_LOG_WRITER_HANDLED;
    if (to_journal && g_log_writer_journald(level, fields, count, NULL) == G_LOG_WRITER_HANDLED)
        return G_LOG_WRITER_HANDLED;
    return g_log_writer_standard_streams(level, fields, count, NULL);
}

void log_open(GLogLevelFlags least)
{
    least_level = least;
    to_journal = g_log_writer_is_journald(STDERR_FILENO);
    g_log_writer_default_set_use_stderr(TRUE);
    g_log_set_writer_func(write_log, NULL, NULL);
}

void log_object(const char *domain, GLogLevelFlags level, const char *name, const char *uuid,
                const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    g_log_structured(domain, level, "OSTLER_NAME", name, "OSTLER_UUID", uuid, "MESSAGE", "%s: %s",
                     name, text);
}
