/* config.c - *.conf files by table: key = value, strings in quotes, lists in brackets, # comments
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/config.h"

#include "base/file.h"
#include "base/names.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

enum { FILE_LIMIT = 1 << 20, TEXT_WIDTH = 78 };

/* What stands behind '='. */
typedef struct Value {
    char **strings; /* of a string, the only one; NULL: a number */
    bool list, initial;
    int64_t number;
} Value;

static void value_clear(Value *value) { g_clear_pointer(&value->strings, g_strfreev); }
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Value, value_clear)

/* A key on the way from the file to its slot. */
typedef struct Entry {
    const ConfigKey *key;
    void *settings;
    Value value;
    unsigned line; /* where the file sets it; 0: it does not */
} Entry;

typedef struct Reader {
    const char *path;
    const char *at;
    unsigned line;
    const char *key; /* whose value is being read */
} Reader;

/* ---- text to values ---- */

static void *expect(const Reader *reader, const char *what, GError **error)
{
    return fail(error, ERR_CONF_SYNTAX, "%s:%u: expecting %s%s%s", reader->path, reader->line, what,
                reader->key ? " of " : "", reader->key ? reader->key : "");
}

static bool ends_line(char c) { return c == '\0' || c == '\n' || c == '#' || c == ';'; }

static void skip_blanks(Reader *reader) { reader->at += strspn(reader->at, " \t\r"); }

/* Blanks, line breaks and comments. */
static void skip_space(Reader *reader)
{
    for (;;) {
        skip_blanks(reader);
        if (*reader->at == '#')
            reader->at += strcspn(reader->at, "\n");
        if (*reader->at != '\n')
            return;
        reader->at++;
        reader->line++;
    }
}

/* Nothing is escaped inside of quotes; only those of three may hold line breaks. */
static char *read_string(Reader *reader, GError **error)
{
    bool long_quote = g_str_has_prefix(reader->at, "\"\"\"");
    const char quote[] = { *reader->at, '\0' };
    const char *start = reader->at + (long_quote ? 3 : 1);
    const char *end = strstr(start, long_quote ? "\"\"\"" : quote);

    if (!end || (!long_quote && memchr(start, '\n', end - start)))
        return expect(reader, "the end of the string", error);
    for (const char *c = start; c < end; c++)
        reader->line += *c == '\n';
    reader->at = end + (long_quote ? 3 : 1);
    return g_strndup(start, end - start);
}

static char **read_list(Reader *reader, GError **error)
{
    g_autoptr(GStrvBuilder) strings = g_strv_builder_new();

    do {
        g_autofree char *string = NULL;

        reader->at++;
        skip_space(reader);
        if (*reader->at == ']')
            break;
        if (*reader->at != '"' && *reader->at != '\'')
            return expect(reader, "a string or ']'", error);
        if (!(string = read_string(reader, error)))
            return NULL;
        g_strv_builder_add(strings, string);
        skip_space(reader);
    } while (*reader->at == ',');
    if (*reader->at != ']')
        return expect(reader, "',' or ']'", error);
    reader->at++;
    return g_strv_builder_end(strings);
}

static bool read_number(Reader *reader, int64_t *number, GError **error)
{
    char *end;

    if (!*reader->at || !strchr("+-0123456789", *reader->at))
        return expect(reader, "a value", error);
    errno = 0;
    *number = g_ascii_strtoll(reader->at, &end, 10);
    if (end == reader->at)
        return expect(reader, "a number", error);
    if (errno == ERANGE)
        return expect(reader, "a smaller number", error);
    reader->at = end;
    return true;
}

static bool read_value(Reader *reader, Value *value, GError **error)
{
    if (*reader->at == '"' || *reader->at == '\'') {
        value->strings = g_new0(char *, 2);
        return (value->strings[0] = read_string(reader, error));
    }
    value->list = *reader->at == '[';
    if (value->list)
        return (value->strings = read_list(reader, error));
    return read_number(reader, &value->number, error);
}

static char *read_name(Reader *reader)
{
    const char *start = reader->at;

    while (g_ascii_isalnum(*reader->at) || (*reader->at && strchr("_-.", *reader->at)))
        reader->at++;
    return reader->at > start ? g_strndup(start, reader->at - start) : NULL;
}

/* ---- values to slots ---- */

static bool string_fits(const ConfigKey *, const Value *value)
{
    return value->strings && !value->list;
}

static bool number_fits(const ConfigKey *key, const Value *value)
{
    return !value->strings && value->number >= key->min && value->number <= key->max;
}

static bool flag_fits(const ConfigKey *, const Value *value)
{
    return !value->strings && (value->number == 0 || value->number == 1);
}

static bool list_fits(const ConfigKey *, const Value *value) { return value->strings; }

/* A list of this content that is never freed. */
static char **keep_list(char ***list)
{
    static GPtrArray *kept;

    kept = kept ? kept : g_ptr_array_new();
    for (guint i = 0; i < kept->len; i++) {
        if (g_strv_equal(kept->pdata[i], (const char *const *) *list))
            return kept->pdata[i];
    }
    g_ptr_array_add(kept, *list);
    return g_steal_pointer(list);
}

static void store_string(Value *value, void *slot)
{
    *(const char **) slot = *value->strings[0] ? g_intern_string(value->strings[0]) : NULL;
}

static void store_number(Value *value, void *slot) { *(int64_t *) slot = value->number; }

static void store_flag(Value *value, void *slot) { *(bool *) slot = value->number; }

/* Where a list says who may, the empty one says that nobody may. */
static void store_list(Value *value, void *slot)
{
    bool empty = !value->strings[0] || (!value->list && !*value->strings[0]);

    if (empty)
        g_clear_pointer(&value->strings[0], g_free);
    *(char ***) slot = empty && value->initial ? NULL : keep_list(&value->strings);
}

static const struct {
    const char *expected; /* of a number its range says more */
    const char *empty;    /* as in the file */
    bool (*fits)(const ConfigKey *key, const Value *value);
    void (*store)(Value *value, void *slot);
} types[] = {
    [CONFIG_STRING] = { "a string in quotes", "\"\"", string_fits, store_string },
    [CONFIG_NUMBER] = { NULL, "0", number_fits, store_number },
    [CONFIG_FLAG] = { "0 or 1", "0", flag_fits, store_flag },
    [CONFIG_LIST] = { "a list of strings", "[]", list_fits, store_list },
};

static char *describe(const ConfigKey *key)
{
    if (types[key->type].expected)
        return g_strdup(types[key->type].expected);
    return g_strdup_printf("a number from %" PRId64 " to %" PRId64, key->min, key->max);
}

/* The text that means a key's initial value. */
static char *print_initial(const ConfigKey *key)
{
    const char *quote;

    if (!key->initial)
        return g_strdup(types[key->type].empty);
    if (key->type != CONFIG_STRING)
        return g_strdup(key->initial);
    quote = strchr(key->initial, '"') ? "'" : "\"";
    return g_strconcat(quote, key->initial, quote, NULL);
}

/* ---- a file ---- */

static void entry_clear(void *entry) { value_clear(&((Entry *) entry)->value); }

static GArray *list_entries(const ConfigTable *tables)
{
    GArray *entries = g_array_new(FALSE, TRUE, sizeof(Entry));

    g_array_set_clear_func(entries, entry_clear);
    for (; tables->keys; tables++) {
        for (const ConfigKey *key = tables->keys; key->name; key++) {
            Entry entry = { .key = key, .settings = tables->settings };

            g_array_append_val(entries, entry);
        }
    }
    return entries;
}

static Entry *find(GArray *entries, const Reader *reader, const char *name, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    const char *nearest;

    g_ptr_array_add(names, NULL);
    for (guint i = 0; i < entries->len; i++) {
        Entry *entry = &g_array_index(entries, Entry, i);

        if (strcmp(entry->key->name, name) == 0)
            return entry;
        g_ptr_array_add(names, (char *) entry->key->name);
    }
    g_ptr_array_add(names, NULL);
    nearest = names_nearest((const char *const *) names->pdata, name);
    return fail(error, ERR_CONF_SYNTAX,
                nearest ? "%s:%u: unknown key '%s'; did you mean '%s'?" : "%s:%u: unknown key '%s'",
                reader->path, reader->line, name, nearest);
}

static bool set(Entry *entry, Value *value, const Reader *reader, unsigned line, GError **error)
{
    g_autofree char *expected = describe(entry->key);

    if (!types[entry->key->type].fits(entry->key, value))
        return fail(error, ERR_CONF_SYNTAX, "%s:%u: '%s' must be %s", reader->path, line,
                    entry->key->name, expected);
    if (entry->line)
        return fail(error, ERR_CONF_SYNTAX, "%s:%u: '%s' is set in line %u already", reader->path,
                    line, entry->key->name, entry->line);
    value_clear(&entry->value);
    entry->value = *value;
    *value = (Value){};
    entry->line = line;
    return true;
}

/* One "key = value". */
static bool read_setting(Reader *reader, GArray *entries, GError **error)
{
    g_autofree char *name = read_name(reader);
    unsigned line = reader->line;
    g_auto(Value) value = {};
    Entry *entry;

    if (!name)
        return expect(reader, "a name", error);
    skip_blanks(reader);
    if (*reader->at != '=')
        return expect(reader, "'='", error);
    if (!(entry = find(entries, reader, name, error)))
        return false;
    reader->at++;
    reader->key = entry->key->name;
    skip_blanks(reader);
    if (!read_value(reader, &value, error))
        return false;
    reader->key = NULL;
    skip_blanks(reader);
    if (!ends_line(*reader->at))
        return expect(reader, "the end of the line", error);
    return set(entry, &value, reader, line, error);
}

static bool read_settings(Reader *reader, GArray *entries, GError **error)
{
    for (skip_space(reader); *reader->at; skip_space(reader)) {
        if (*reader->at == ';')
            reader->at++;
        else if (!read_setting(reader, entries, error))
            return false;
    }
    return true;
}

/* A table whose initial values do not fit is a mistake of ours. */
static void set_initial(Entry *entry)
{
    g_autofree char *text = print_initial(entry->key);
    Reader reader = { .path = entry->key->name, .at = text };

    if (!read_value(&reader, &entry->value, NULL) ||
        !types[entry->key->type].fits(entry->key, &entry->value))
        g_error("the initial value of '%s' cannot be %s", entry->key->name, text);
    entry->value.initial = true;
}

/* ---- what is in force ---- */

/* Where a key's value came from when it was stored, and what it was. */
typedef struct Origin {
    unsigned line; /* 0: it is the initial one */
    char *value;
} Origin;

static void origin_free(void *data)
{
    Origin *origin = data;

    g_free(origin->value);
    g_free(origin);
}

/* Of Origin, by the slot. */
static GHashTable *origins(void)
{
    static GHashTable *all;

    all = all ? all : g_hash_table_new_full(NULL, NULL, NULL, origin_free);
    return all;
}

static Json *list_to_json(char **list)
{
    Json *array = json_object_new_array();

    for (; list && *list; list++)
        json_object_array_add(array, json_object_new_string(*list));
    return array;
}

static Json *slot_to_json(const ConfigKey *key, const void *slot)
{
    const char *text;

    switch (key->type) {
    case CONFIG_STRING:
        text = *(char *const *) slot;
        return json_object_new_string(text ? text : "");
    case CONFIG_NUMBER:
        return json_object_new_int64(*(const int64_t *) slot);
    case CONFIG_FLAG:
        return json_object_new_int(*(const bool *) slot);
    default:
        return list_to_json(*(char **const *) slot);
    }
}

static char *print_slot(const ConfigKey *key, const void *slot)
{
    g_autoptr(Json) json = slot_to_json(key, slot);

    return json_print(json);
}

static char *describe_origin(const ConfigKey *key, const void *slot, const char *path)
{
    const Origin *origin = g_hash_table_lookup(origins(), slot);
    g_autofree char *value = print_slot(key, slot);

    if (!origin || strcmp(origin->value, value) != 0)
        return g_strdup("changed");
    return origin->line ? g_strdup_printf("%s:%u", path, origin->line) : g_strdup("default");
}

Json *config_describe(const ConfigTable *tables, const char *path)
{
    g_autoptr(GArray) entries = list_entries(tables);
    Json *all = json_object_new_array();

    for (guint i = 0; i < entries->len; i++) {
        const Entry *entry = &g_array_index(entries, Entry, i);
        const void *slot = slot_at(entry->settings, entry->key->offset);
        g_autofree char *origin = describe_origin(entry->key, slot, path);

        json_object_array_add(all, json_build("sjss", "key", entry->key->name, "value",
                                              slot_to_json(entry->key, slot), "origin", origin,
                                              "text", entry->key->text));
    }
    return all;
}

static void store(GArray *entries)
{
    for (guint i = 0; i < entries->len; i++) {
        Entry *entry = &g_array_index(entries, Entry, i);
        void *slot = slot_at(entry->settings, entry->key->offset);
        Origin *origin = g_new(Origin, 1);

        types[entry->key->type].store(&entry->value, slot);
        *origin = (Origin){ entry->line, print_slot(entry->key, slot) };
        g_hash_table_insert(origins(), slot, origin);
    }
}

bool config_load(const ConfigTable *tables, const char *path, GError **error)
{
    g_autoptr(GArray) entries = list_entries(tables);
    g_autoptr(GError) unreadable = NULL;
    g_autofree char *text = file_read(path, FILE_LIMIT, &unreadable);
    Reader reader = { .path = path, .at = text, .line = 1 };

    for (guint i = 0; i < entries->len; i++)
        set_initial(&g_array_index(entries, Entry, i));
    if (!text && error_errno(unreadable) != ENOENT) {
        g_propagate_error(error, g_steal_pointer(&unreadable));
        return false;
    }
    if (text && !read_settings(&reader, entries, error))
        return false;
    store(entries);
    return true;
}

/* ---- the example ---- */

/* As a comment, broken between words. */
static void append_text(GString *out, const char *text)
{
    size_t column = 0;

    for (const char *word = text; *word; word += strspn(word, " ")) {
        size_t length = strcspn(word, " ");

        if (column == 0 || column + 1 + length > TEXT_WIDTH) {
            g_string_append(out, column ? "\n#" : "#");
            column = 1;
        }
        g_string_append_c(out, ' ');
        g_string_append_len(out, word, length);
        column += 1 + length;
        word += length;
    }
    g_string_append_c(out, '\n');
}

char *config_print_example(const ConfigTable *tables)
{
    g_autoptr(GArray) entries = list_entries(tables);
    GString *out = g_string_new(NULL);

    for (guint i = 0; i < entries->len; i++) {
        const ConfigKey *key = g_array_index(entries, Entry, i).key;
        g_autofree char *expected = describe(key), *initial = print_initial(key);
        g_autofree char *text = g_strdup_printf("%s Takes %s.", key->text, expected);

        append_text(out, text);
        g_string_append_printf(out, "#%s = %s\n%s", key->name, initial,
                               i + 1 < entries->len ? "\n" : "");
    }
    return g_string_free(out, FALSE);
}

/* ---- the manual ---- */

/* Text in which nothing means anything to the formatter. */
static void append_roff(GString *out, const char *text)
{
    for (; *text; text++) {
        if (strchr("\\-", *text))
            g_string_append_c(out, '\\');
        if (*text == '\\')
            g_string_append_c(out, 'e');
        else
            g_string_append_c(out, *text);
    }
}

static void append_key(GString *out, const ConfigKey *key)
{
    g_autofree char *expected = describe(key), *initial = print_initial(key);
    g_autofree char *text =
        g_strdup_printf("%s Takes %s. Default: %s", key->text, expected, initial);

    g_string_append_printf(out, ".TP\n.B %s\n", key->name);
    append_roff(out, text);
    g_string_append_c(out, '\n');
}

char *config_print_manual(const ConfigTable *tables, const char *daemon)
{
    g_autoptr(GArray) entries = list_entries(tables);
    g_autofree char *title = g_ascii_strup(daemon, -1);
    GString *out = g_string_new(NULL);

    g_string_append_printf(
        out,
        ".TH OSTLER\\-%s.CONF 5 \"\" Ostler\n.SH NAME\nostler\\-%s.conf \\- configuration of "
        "ostler\\-%s\n.SH SYNOPSIS\n/etc/ostler/%s.conf\n.SH DESCRIPTION\n",
        title, daemon, daemon, daemon);
    g_string_append(out,
                    "Each line sets one key: a name, an equals sign and a number, a string in "
                    "quotes, or a list of strings in brackets with commas between them. A comment "
                    "begins with #. Unknown keys and values that cannot be are refused. The daemon "
                    "reads the file when it starts and when it gets SIGHUP; sockets stay as they "
                    "were opened.\n.SH KEYS\n");
    for (guint i = 0; i < entries->len; i++)
        append_key(out, g_array_index(entries, Entry, i).key);
    g_string_append_printf(
        out, ".SH SEE ALSO\nostler\\-%s(8), access.conf(5), ostler\\-admin(8), virt\\-admin(1)\n",
        daemon);
    return g_string_free(out, FALSE);
}
