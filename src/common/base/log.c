/* log.c - where messages go
 *
 * One lock orders the messages of all threads and keeps outputs and filters while one is written.
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "base/log.h"

#include "base/cleanup.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <syslog.h>

/* One place where messages go. */
typedef struct Output {
    LogPriority least;
    const struct Destination *destination;
    char *argument; /* NULL: the destination takes none */
    Fd fd;          /* of a file */
} Output;

typedef struct Filter {
    LogPriority least;
    char *pattern; /* with a star at each end */
    GPatternSpec *spec;
} Filter;

typedef struct Message {
    GLogLevelFlags level;
    LogPriority priority;
    const GLogField *fields;
    gsize count;
    const char *domain;
} Message;

static struct {
    GMutex lock;
    GArray *outputs; /* of Output */
    GArray *filters; /* of Filter */
    LogPriority level;
    gint least; /* of all that might be kept */
    gboolean to_journal;
} logs = { .level = LOG_WARNINGS, .least = LOG_WARNINGS };

static LogPriority priority_of(GLogLevelFlags level)
{
    if (level & G_LOG_LEVEL_DEBUG)
        return LOG_EVERYTHING;
    if (level & (G_LOG_LEVEL_INFO | G_LOG_LEVEL_MESSAGE))
        return LOG_INFORMATION;
    return level & G_LOG_LEVEL_WARNING ? LOG_WARNINGS : LOG_ERRORS;
}

/* ---- destinations ---- */

static const char *field(const Message *message, const char *name)
{
    for (gsize i = 0; i < message->count; i++) {
        if (strcmp(message->fields[i].key, name) == 0)
            return message->fields[i].value;
    }
    return "";
}

static char *print_line(const Message *message)
{
    static const char *const words[] = { "", "debug", "info", "warning", "error" };
    g_autoptr(GDateTime) now = g_date_time_new_now_local();
    g_autofree char *time = g_date_time_format(now, "%F %T.%f%z");

    return g_strdup_printf("%s %s %s: %s\n", time, words[message->priority], message->domain,
                           field(message, "MESSAGE"));
}

static void write_to(int fd, const Message *message)
{
    g_autofree char *line = print_line(message);

    (void) file_write_all(fd, line, strlen(line));
}

static void write_stderr(const Output *, const Message *message)
{
    write_to(STDERR_FILENO, message);
}

static void write_file(const Output *output, const Message *message)
{
    write_to(output->fd, message);
}

static void write_syslog(const Output *output, const Message *message)
{
    static const int levels[] = { 0, LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERR };

    openlog(output->argument, LOG_PID, LOG_DAEMON);
    syslog(levels[message->priority], "%s: %s", message->domain, field(message, "MESSAGE"));
}

static void write_journal(const Output *, const Message *message)
{
    (void) g_log_writer_journald(message->level, message->fields, message->count, NULL);
}

static bool open_file(Output *output, GError **error)
{
    output->fd = open(output->argument, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    return output->fd >= 0 || fail_errno(error, errno, "cannot open '%s'", output->argument);
}

static const struct Destination {
    const char *name;
    bool argument; /* takes one, behind another colon */
    bool (*open)(Output *output, GError **error);
    void (*write)(const Output *output, const Message *message);
} destinations[] = {
    { "stderr", false, NULL, write_stderr },
    { "journald", false, NULL, write_journal },
    { "file", true, open_file, write_file },
    { "syslog", true, NULL, write_syslog },
};

/* ---- what is written ---- */

/* The lock is held. */
static LogPriority least_of_domain(const char *domain)
{
    for (guint i = 0; i < logs.filters->len; i++) {
        const Filter *filter = &g_array_index(logs.filters, Filter, i);

        if (g_pattern_spec_match_string(filter->spec, domain))
            return filter->least;
    }
    return logs.level;
}

static GLogWriterOutput write_log(GLogLevelFlags level, const GLogField *fields, gsize count,
                                  gpointer)
{
    Message message = { level, priority_of(level), fields, count, NULL };

    if (!log_wants(level))
        return G_LOG_WRITER_HANDLED;
    message.domain = field(&message, "GLIB_DOMAIN");
    LOCKED(&logs.lock);
    if (message.priority < least_of_domain(message.domain))
        return G_LOG_WRITER_HANDLED;
    for (guint i = 0; i < logs.outputs->len; i++) {
        const Output *output = &g_array_index(logs.outputs, Output, i);

        if (message.priority >= output->least)
            output->destination->write(output, &message);
    }
    return G_LOG_WRITER_HANDLED;
}

gboolean log_wants(GLogLevelFlags level)
{
    return priority_of(level) >= (LogPriority) g_atomic_int_get(&logs.least);
}

/* The lock is held. */
static void find_least(void)
{
    LogPriority least = logs.level;

    for (guint i = 0; i < logs.filters->len; i++)
        least = MIN(least, g_array_index(logs.filters, Filter, i).least);
    g_atomic_int_set(&logs.least, least);
}

/* ---- outputs and filters as text ---- */

static bool read_priority(const char *word, LogPriority *priority, GError **error)
{
    if (*word < '1' || *word > '4' || word[1] != ':')
        return fail(error, ERR_INVALID_ARG, "'%s' does not begin with a level from 1 to 4 and ':'",
                    word);
    *priority = *word - '0';
    return true;
}

static void output_clear(void *data)
{
    Output *output = data;

    g_free(output->argument);
    if (output->fd >= 0)
        fd_close(output->fd);
}

static bool read_output(const char *word, void *row, GError **error)
{
    Output *output = row;
    g_auto(GStrv) parts = NULL;

    output->fd = -1;
    if (!read_priority(word, &output->least, error))
        return false;
    parts = g_strsplit(word + 2, ":", 2);
    for (size_t i = 0; i < G_N_ELEMENTS(destinations) && parts[0]; i++) {
        if (strcmp(destinations[i].name, parts[0]) == 0)
            output->destination = &destinations[i];
    }
    if (!output->destination)
        return fail(error, ERR_INVALID_ARG,
                    "'%s' does not name a destination: stderr, journald, file or syslog", word);
    if (output->destination->argument != (parts[1] && *parts[1]))
        return fail(error, ERR_INVALID_ARG, "'%s' in '%s' %s", parts[0], word,
                    parts[1] && *parts[1] ? "takes no argument" : "needs an argument");
    output->argument = g_strdup(parts[1]);
    return !output->destination->open || output->destination->open(output, error);
}

static char *print_output(const void *row)
{
    const Output *output = row;

    return g_strdup_printf("%d:%s%s%s", output->least, output->destination->name,
                           output->argument ? ":" : "", output->argument ? output->argument : "");
}

static void filter_clear(void *data)
{
    Filter *filter = data;

    g_free(filter->pattern);
    g_clear_pointer(&filter->spec, g_pattern_spec_free);
}

/* A '+' before the pattern once asked for stack traces; it is still written here and there. */
static bool read_filter(const char *word, void *row, GError **error)
{
    Filter *filter = row;
    const char *match;

    if (!read_priority(word, &filter->least, error))
        return false;
    match = word + (word[2] == '+' ? 3 : 2);
    if (!*match)
        return fail(error, ERR_INVALID_ARG, "'%s' has no pattern", word);
    filter->pattern = g_strdup_printf("%s%s%s", *match == '*' ? "" : "*", match,
                                      g_str_has_suffix(match, "*") ? "" : "*");
    filter->spec = g_pattern_spec_new(filter->pattern);
    return true;
}

static char *print_filter(const void *row)
{
    const Filter *filter = row;

    return g_strdup_printf("%d:%s", filter->least, filter->pattern);
}

typedef bool ReadRow(const char *word, void *row, GError **error);

static GArray *read_rows(const char *text, size_t size, ReadRow *read, GDestroyNotify clear,
                         GError **error)
{
    g_autoptr(GArray) rows = g_array_new(FALSE, TRUE, size);
    g_auto(GStrv) words = g_strsplit_set(text ? text : "", " \t\n", -1);

    g_array_set_clear_func(rows, clear);
    for (char **word = words; *word; word++) {
        if (!**word)
            continue;
        g_array_set_size(rows, rows->len + 1);
        if (!read(*word, rows->data + (rows->len - 1) * size, error))
            return NULL;
    }
    return g_steal_pointer(&rows);
}

static char *print_rows(const GArray *rows, size_t size, char *print(const void *row))
{
    g_autoptr(GString) text = g_string_new(NULL);

    for (guint i = 0; i < rows->len; i++) {
        g_autofree char *word = print(rows->data + i * size);

        g_string_append_printf(text, "%s%s", i ? " " : "", word);
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Gives the old ones back, to be freed without the lock. */
static GArray *swap(GArray **rows, GArray *fresh)
{
    GArray *old = *rows;

    LOCKED(&logs.lock);
    *rows = fresh;
    find_least();
    return old;
}

/* ---- what others call ---- */

bool log_set_outputs(const char *text, GError **error)
{
    const char *usual = logs.to_journal ? "1:journald" : "1:stderr";
    g_autoptr(GArray) rows =
        read_rows(text && *text ? text : usual, sizeof(Output), read_output, output_clear, error);

    if (!rows)
        return false;
    rows = swap(&logs.outputs, rows);
    return true;
}

bool log_set_filters(const char *text, GError **error)
{
    g_autoptr(GArray) rows = read_rows(text, sizeof(Filter), read_filter, filter_clear, error);

    if (!rows)
        return false;
    rows = swap(&logs.filters, rows);
    return true;
}

char *log_get_outputs(unsigned *count)
{
    LOCKED(&logs.lock);

    *count = logs.outputs->len;
    return print_rows(logs.outputs, sizeof(Output), print_output);
}

char *log_get_filters(unsigned *count)
{
    LOCKED(&logs.lock);

    *count = logs.filters->len;
    return print_rows(logs.filters, sizeof(Filter), print_filter);
}

void log_set_level(LogPriority least)
{
    LOCKED(&logs.lock);

    logs.level = least;
    find_least();
}

void log_open(LogPriority least)
{
    logs.to_journal = g_log_writer_is_journald(STDERR_FILENO);
    logs.level = least;
    logs.filters = g_array_new(FALSE, TRUE, sizeof(Filter));
    (void) log_set_outputs(NULL, NULL);
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
