/* lend.c - links of the host that containers have for as long as they run
 *
 * When a namespace ends the kernel gives back a device of the host, under the name that it has
 * then, and ends a link that is none: a VLAN, one end of a pair. So the namespace is kept until the
 * link has been fetched, by us and by the daemon that has the container: either may be started
 * again meanwhile. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lend.h"

#include "base/cleanup.h"
#include "host/link.h"
#include "host/netns.h"
#include "xml/bind.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

Store lend_store;

/* What is saved of one, before it goes and when it is there. */
typedef struct Loan {
    Uuid uuid;
    char *owner;
    unsigned index; /* inside; 0: it was on its way */
} Loan;

static const XmlField loan_fields[] = {
    XML_NUMBER("@index", Loan, index),
    XML_STRING("owner/name", Loan, owner, .required = true),
    XML_UUID("owner/uuid", Loan, uuid, .required = true),
    {},
};
static XmlElement loan_element = { .name = "loan", .size = sizeof(Loan), .fields = loan_fields };
XML_STRUCT(Loan, loan, loan_element)

static bool save(const char *name, const Loan *loan, GError **error)
{
    g_autofree char *xml = xml_format(&loan_element, loan, 0);

    return store_save_state(&lend_store, name, xml, error);
}

typedef struct Search {
    const char *name;
    Loan *found;
} Search;

static bool take(const char *name, const char *text, void *data, GError **error)
{
    Search *search = data;

    if (!g_str_equal(name, search->name))
        return true;
    search->found = xml_parse(&loan_element, text, 0, NULL, error);
    return search->found != NULL;
}

static Loan *find(const char *name)
{
    Search search = { name, NULL };

    store_load(lend_store.states, take, &search);
    return search.found;
}

/* ---- namespaces that are held open ---- */

static GHashTable *held; /* name of the link -> descriptor; the host strand's */
static int holds;

bool lend_holds(void) { return g_atomic_int_get(&holds) > 0; }

static void close_held(void *fd) { fd_close(GPOINTER_TO_INT(fd)); }

static void hold(const char *name, int namespace)
{
    int copy = fcntl(namespace, F_DUPFD_CLOEXEC, 3);

    if (!held)
        held = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, close_held);
    if (copy >= 0)
        g_hash_table_replace(held, g_strdup(name), GINT_TO_POINTER(copy));
    g_atomic_int_set(&holds, g_hash_table_size(held));
}

static void let_go(const char *name)
{
    if (held && g_hash_table_remove(held, name))
        g_atomic_int_set(&holds, g_hash_table_size(held));
}

/* ---- there ---- */

typedef struct Users {
    const Link *of;
    char *name;
} Users;

/* The other end of a pair is not on it. */
static void note_user(const Link *link, void *data)
{
    Users *users = data;

    if (link->below == users->of->index && !g_str_equal(link->kind, "veth") && !users->name)
        users->name = g_strdup(link->name);
    if (users->of->master && link->index == users->of->master && !users->name)
        users->name = g_strdup(link->name);
}

static bool check_free(const char *name, GError **error)
{
    g_autoptr(Loan) loan = find(name);
    g_autofree char *user = NULL;
    Link link;
    Users users = { &link, NULL };

    if (!link_find(name, &link, error))
        return false;
    if (!link.index && loan)
        return fail(error, ERR_RESOURCE_BUSY, "link '%s' is in use by domain '%s'", name,
                    loan->owner);
    if (!link.index)
        return fail_errno(error, ENODEV, "there is no link '%s'", name);
    if (!link_foreach(note_user, &users, error))
        return false;
    user = users.name;
    return !user || fail(error, ERR_RESOURCE_BUSY, "link '%s' is in use by link '%s'", name, user);
}

static bool look_up_index(void *data, GError **)
{
    Search *search = data;

    search->found->index = if_nametoindex(search->name);
    return true;
}

bool lend_link(const Borrower *to, const char *name, int namespace, GError **error)
{
    Loan loan = { *to->uuid, (char *) to->name, 0 };
    Search search = { name, &loan };

    if (!check_free(name, error) || !save(name, &loan, error))
        return false;
    if (!link_move(name, namespace, name, error)) {
        (void) store_drop_state(&lend_store, name, NULL);
        return false;
    }
    hold(name, namespace);
    return netns_run(namespace, look_up_index, &search, error) && save(name, &loan, error);
}

/* ---- and back ---- */

typedef struct Return {
    const char *name;
    unsigned index;
    int home;
} Return;

/* Somebody may have given its name to another link meanwhile. */
static bool go_home(const Return *from, const char *now, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (link_move(now, from->home, from->name, &problem))
        return true;
    if (error_errno(problem) == EEXIST && link_move(now, from->home, "dev%d", NULL))
        return fail(error, ERR_RESOURCE_BUSY,
                    "link '%s' has come back under another name: there is such a link", from->name);
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

static bool fetch(void *data, GError **error)
{
    const Return *from = data;
    char now[IFNAMSIZ];

    if (from->index && if_indextoname(from->index, now))
        return go_home(from, now, error);
    return !if_nametoindex(from->name) || go_home(from, from->name, error);
}

bool lend_return(const Uuid *from, const char *name, int namespace, GError **error)
{
    g_autoptr(Loan) loan = find(name);
    g_auto(Fd) home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
    void *kept = held ? g_hash_table_lookup(held, name) : NULL;
    int where = kept ? GPOINTER_TO_INT(kept) : namespace;
    bool done;

    if (!loan || !uuid_equal(&loan->uuid, from))
        return true;
    done = where < 0 || (!loan->index && if_nametoindex(name)) ||
           netns_run(where, fetch, &(Return){ name, loan->index, home }, error);
    let_go(name);
    return store_drop_state(&lend_store, name, done ? error : NULL) && done;
}
