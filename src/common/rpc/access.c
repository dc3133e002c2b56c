/* access.c - who may do what with which object
 *
 *     allow user=alice group=web  connect.getattr,connect.search-domains
 *     allow user=alice group=web  domain.*                 name=web-*
 *     deny  x509="CN=test*"       *.delete,*.stop          kind=domain
 *
 * A line fits when one of its callers does, one of its permissions, one of its kinds, and one of
 * its names or uuids. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/access.h"

#include "base/file.h"
#include "base/names.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_LIMIT = 1 << 20 };

/* ---- permissions ---- */

static const char *const objects[] = {
    [PERMISSION_NONE] = "",
#define PERMISSION(object, permission, all) [PERMISSION_##object##_##permission] = #object,
#include "protocol/permissions.def"
#undef PERMISSION
};

static const char *const written[] = {
    [PERMISSION_NONE] = "",
#define PERMISSION(object, permission, all) \
    [PERMISSION_##object##_##permission] = #object "." #permission,
#include "protocol/permissions.def"
#undef PERMISSION
};

const char *permission_name(Permission permission)
{
    static char *names[PERMISSION_COUNT];
    static gsize ready;

    if (g_once_init_enter(&ready)) {
        for (size_t i = 0; i < PERMISSION_COUNT; i++)
            names[i] = g_strdelimit(g_strdup(written[i]), "_", '-');
        g_once_init_leave(&ready, 1);
    }
    return names[permission];
}

static bool is_of_connection(Permission permission)
{
    return strcmp(objects[permission], "connect") == 0;
}

/* ---- rules ---- */

typedef enum WordKind {
    WORD_USER,
    WORD_GROUP,
    WORD_X509,
    WORD_SASL,
    WORD_ANYONE,
    WORD_PERMISSION,
    WORD_NAME,
    WORD_UUID,
    WORD_KIND,
} WordKind;

/* A word of a rule. */
typedef struct Word {
    WordKind kind;
    char *text;
    GPatternSpec *pattern;
    int64_t id; /* of a user or group */
    Uuid uuid;
} Word;

typedef struct Rule {
    bool allows;
    GArray *words; /* of Word */
} Rule;

/* What is in force; NULL: everything is allowed. Never freed, as workers may be reading it. */
static GPtrArray *rules; /* of Rule */
static gint polkit_asked;

bool access_asks_polkit(void) { return g_atomic_int_get(&polkit_asked); }

bool access_is_limited(const Identity *who)
{
    return (g_atomic_pointer_get(&rules) || access_asks_polkit()) && !identity_is_ours(who);
}

static bool pattern_fits(const Word *word, const char *text)
{
    return text && g_pattern_spec_match_string(word->pattern, text);
}

static bool word_names(const Word *word, const Identity *who)
{
    bool is_local = who->transport == WAY_UNIX;

    switch (word->kind) {
    case WORD_USER:
        return is_local && who->uid == word->id;
    case WORD_GROUP:
        return is_local && who->uid >= 0 && identity_in_group(who, word->id);
    case WORD_X509:
        return pattern_fits(word, who->x509_name);
    case WORD_SASL:
        return pattern_fits(word, who->sasl_name);
    default:
        return word->kind == WORD_ANYONE;
    }
}

static bool rule_names(const Rule *rule, const Identity *who)
{
    for (guint i = 0; i < rule->words->len; i++) {
        if (word_names(&g_array_index(rule->words, Word, i), who))
            return true;
    }
    return false;
}

static bool has_permission(const Rule *rule, Permission permission)
{
    for (guint i = 0; i < rule->words->len; i++) {
        const Word *word = &g_array_index(rule->words, Word, i);

        if (word->kind == WORD_PERMISSION && pattern_fits(word, permission_name(permission)))
            return true;
    }
    return false;
}

static bool has_kind(const Rule *rule, Permission permission)
{
    bool any = true;

    for (guint i = 0; i < rule->words->len; i++) {
        const Word *word = &g_array_index(rule->words, Word, i);

        if (word->kind == WORD_KIND && strcmp(word->text, objects[permission]) == 0)
            return true;
        any &= word->kind != WORD_KIND;
    }
    return any;
}

static Ruling word_fits(const Word *word, const Target *target)
{
    if (word->kind == WORD_NAME)
        return target->name ? pattern_fits(word, target->name) : RULING_DEPENDS;
    return target->uuid ? uuid_equal(target->uuid, &word->uuid) : RULING_DEPENDS;
}

/* A rule that names no object is about all of them; one that does is not about the connection. */
static Ruling rule_fits(const Rule *rule, Permission permission, const Target *target)
{
    bool restricted = false, unknown = false;

    for (guint i = 0; i < rule->words->len; i++) {
        const Word *word = &g_array_index(rule->words, Word, i);
        Ruling fits;

        if (word->kind != WORD_NAME && word->kind != WORD_UUID)
            continue;
        if (is_of_connection(permission))
            return RULING_NO;
        restricted = true;
        fits = word_fits(word, target);
        if (fits == RULING_YES)
            return RULING_YES;
        unknown |= fits == RULING_DEPENDS;
    }
    return !restricted ? RULING_YES : unknown ? RULING_DEPENDS : RULING_NO;
}

/* As long as a rule might fit, what it says is one of the outcomes that are possible. */
Ruling access_judge(const Identity *who, Permission permission, const Target *target)
{
    const GPtrArray *all = g_atomic_pointer_get(&rules);
    bool may_be[] = { [RULING_NO] = false, [RULING_YES] = false };
    bool decided = false;

    if (!all || permission == PERMISSION_NONE || identity_is_ours(who))
        return RULING_YES;
    for (guint i = 0; i < all->len && !decided; i++) {
        const Rule *rule = all->pdata[i];
        Ruling fits;

        if (!rule_names(rule, who) || !has_permission(rule, permission) ||
            !has_kind(rule, permission))
            continue;
        fits = rule_fits(rule, permission, target);
        if (fits != RULING_NO)
            may_be[rule->allows] = true;
        decided = fits == RULING_YES;
    }
    may_be[RULING_NO] |= !decided;
    if (may_be[RULING_NO] && may_be[RULING_YES])
        return RULING_DEPENDS;
    return may_be[RULING_YES];
}

Ruling access_judge_all(const Identity *who, const Needs *needs, const Target *target,
                        Permission *wanting)
{
    Ruling all = RULING_YES;

    for (unsigned i = 0; i < needs->count; i++) {
        Ruling one = access_judge(who, needs->list[i], target);

        if (one != RULING_YES)
            *wanting = needs->list[i];
        if (one == RULING_NO)
            return RULING_NO;
        if (one == RULING_DEPENDS)
            all = RULING_DEPENDS;
    }
    return all;
}

/* ---- reading them ---- */

static void word_clear(void *data)
{
    Word *word = data;

    g_free(word->text);
    g_clear_pointer(&word->pattern, g_pattern_spec_free);
}

static void rule_free(void *data)
{
    Rule *rule = data;

    g_array_unref(rule->words);
    g_free(rule);
}

static bool read_user(Word *word, GError **error)
{
    const struct passwd *user = getpwnam(word->text);

    word->id = user ? user->pw_uid : 0;
    return user || fail(error, ERR_CONF_SYNTAX, "there is no user '%s'", word->text);
}

static bool read_group(Word *word, GError **error)
{
    const struct group *group = getgrnam(word->text);

    word->id = group ? group->gr_gid : 0;
    return group || fail(error, ERR_CONF_SYNTAX, "there is no group '%s'", word->text);
}

static bool read_uuid(Word *word, GError **error)
{
    return uuid_parse(word->text, &word->uuid) ||
           fail(error, ERR_CONF_SYNTAX, "'%s' is not a uuid", word->text);
}

static bool read_kind(Word *word, GError **error)
{
    g_strdelimit(word->text, "-", '_');
    for (size_t i = 0; i < PERMISSION_COUNT; i++) {
        if (strcmp(objects[i], word->text) == 0)
            return true;
    }
    return fail(error, ERR_CONF_SYNTAX, "'%s' is not a kind of objects", word->text);
}

static bool read_pattern(Word *word, GError **)
{
    word->pattern = g_pattern_spec_new(word->text);
    return true;
}

/* A pattern that no permission has would allow, or forbid, nothing. */
static bool read_permission(Word *word, GError **error)
{
    g_strdelimit(word->text, "_", '-');
    word->pattern = g_pattern_spec_new(word->text);
    for (Permission i = 1; i < PERMISSION_COUNT; i++) {
        if (pattern_fits(word, permission_name(i)))
            return true;
    }
    return fail(error, ERR_CONF_SYNTAX, "there is no permission '%s'", word->text);
}

/* Words of the form "user=..."; others are lists of permissions. */
static const struct {
    const char *begins;
    bool (*read)(Word *word, GError **error);
} kinds[] = {
    [WORD_USER] = { "user=", read_user },    [WORD_GROUP] = { "group=", read_group },
    [WORD_X509] = { "x509=", read_pattern }, [WORD_SASL] = { "sasl=", read_pattern },
    [WORD_ANYONE] = { "anyone", NULL },      [WORD_PERMISSION] = { NULL, read_permission },
    [WORD_NAME] = { "name=", read_pattern }, [WORD_UUID] = { "uuid=", read_uuid },
    [WORD_KIND] = { "kind=", read_kind },
};

static bool add_word(Rule *rule, WordKind kind, const char *text, GError **error)
{
    Word word = { .kind = kind, .text = g_strdup(text) };
    bool good = !kinds[kind].read || kinds[kind].read(&word, error);

    g_array_append_val(rule->words, word);
    return good;
}

static bool add_permissions(Rule *rule, const char *list, GError **error)
{
    g_auto(GStrv) names = g_strsplit(list, ",", -1);

    for (char **name = names; *name; name++) {
        if (!add_word(rule, WORD_PERMISSION, *name, error))
            return false;
    }
    return true;
}

static bool read_word(Rule *rule, const char *text, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].begins && g_str_has_prefix(text, kinds[i].begins) &&
            (kinds[i].read || g_str_equal(text, kinds[i].begins)))
            return add_word(rule, i, text + strlen(kinds[i].begins), error);
    }
    if (strchr(text, '='))
        return fail(error, ERR_CONF_SYNTAX,
                    "'%s' begins with none of user=, group=, x509=, sasl=, "
                    "name=, uuid=, kind=",
                    text);
    return add_permissions(rule, text, error);
}

static bool has_word(const Rule *rule, WordKind from, WordKind to)
{
    for (guint i = 0; i < rule->words->len; i++) {
        WordKind kind = g_array_index(rule->words, Word, i).kind;

        if (kind >= from && kind <= to)
            return true;
    }
    return false;
}

static bool read_rule(Rule *rule, char **words, GError **error)
{
    if (strcmp(words[0], "allow") != 0 && strcmp(words[0], "deny") != 0)
        return fail(error, ERR_CONF_SYNTAX, "a rule begins with allow or deny, not '%s'", words[0]);
    rule->allows = strcmp(words[0], "allow") == 0;
    while (*++words) {
        if (!read_word(rule, *words, error))
            return false;
    }
    if (!has_word(rule, WORD_USER, WORD_ANYONE))
        return fail(error, ERR_CONF_SYNTAX, "a rule needs user=, group=, x509=, sasl= or anyone");
    if (!has_word(rule, WORD_PERMISSION, WORD_PERMISSION))
        return fail(error, ERR_CONF_SYNTAX, "a rule needs permissions, such as domain.*");
    return true;
}

/* Adds the rule of the line, if it has one. */
static bool read_line(GPtrArray *all, const char *line, GError **error)
{
    g_auto(GStrv) words = NULL;
    g_autoptr(GError) problem = NULL;
    Rule *rule;

    if (!g_shell_parse_argv(line, NULL, &words, &problem)) {
        return g_error_matches(problem, G_SHELL_ERROR, G_SHELL_ERROR_EMPTY_STRING) ||
               fail(error, ERR_CONF_SYNTAX, "%s", problem->message);
    }
    rule = g_new0(Rule, 1);
    rule->words = g_array_new(FALSE, TRUE, sizeof(Word));
    g_array_set_clear_func(rule->words, word_clear);
    g_ptr_array_add(all, rule);
    return read_rule(rule, words, error);
}

static GPtrArray *read_rules(const char *path, const char *text, GError **error)
{
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(rule_free);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);

    for (unsigned i = 0; lines[i]; i++) {
        if (!read_line(all, lines[i], error)) {
            g_prefix_error(error, "%s:%u: ", path, i + 1);
            return NULL;
        }
    }
    return g_steal_pointer(&all);
}

bool access_load(const char *path, bool polkit, GError **error)
{
    static GPtrArray *former; /* rule sets that were in force */
    g_autoptr(GError) unreadable = NULL;
    g_autofree char *text = file_read(path, FILE_LIMIT, &unreadable);
    GPtrArray *fresh = text ? read_rules(path, text, error) : NULL;

    if (!text && error_errno(unreadable) != ENOENT) {
        g_propagate_error(error, g_steal_pointer(&unreadable));
        return false;
    }
    if (text && !fresh)
        return false;
    former = former ? former : g_ptr_array_new();
    if (rules)
        g_ptr_array_add(former, rules);
    g_atomic_pointer_set(&rules, fresh);
    g_atomic_int_set(&polkit_asked, polkit);
    return true;
}
