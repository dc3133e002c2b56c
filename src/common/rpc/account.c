/* account.c - the names of users and groups */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/account.h"

#include "loop/loop.h"
#include "loop/workers.h"

#include <grp.h>
#include <pwd.h>

typedef struct Lookup {
    Job job;
    AccountKind kind;
    int64_t id;
    const char *name; /* NULL: there is none */
} Lookup;

/* Of names by id; an id whose name is being looked up has none. Only in the loop. */
static GHashTable *known[ACCOUNT_KINDS];

static const char *find_user(int64_t id, char *buffer, size_t size)
{
    struct passwd entry, *found = NULL;

    return getpwuid_r(id, &entry, buffer, size, &found) == 0 && found ? entry.pw_name : NULL;
}

static const char *find_group(int64_t id, char *buffer, size_t size)
{
    struct group entry, *found = NULL;

    return getgrgid_r(id, &entry, buffer, size, &found) == 0 && found ? entry.gr_name : NULL;
}

static void keep(void *data)
{
    g_autofree Lookup *lookup = data;

    if (lookup->name)
        g_hash_table_insert(known[lookup->kind], GSIZE_TO_POINTER(lookup->id),
                            (void *) lookup->name);
    else
        g_hash_table_remove(known[lookup->kind], GSIZE_TO_POINTER(lookup->id));
}

static void look_up(Job *job)
{
    enum { BUFFER = 1 << 20 }; /* a group may have thousands of members */
    static const char *(*const find[])(int64_t id, char *buffer, size_t size) = { find_user,
                                                                                  find_group };
    Lookup *lookup = (Lookup *) job;
    g_autofree char *buffer = g_malloc(BUFFER);
    const char *name;

    worker_waits();
    name = find[lookup->kind](lookup->id, buffer, BUFFER);
    worker_resumes();
    lookup->name = name ? g_intern_string(name) : NULL;
    loop_hop(keep, lookup);
}

const char *account_name(AccountKind kind, int64_t id)
{
    void *name = NULL;
    Lookup *lookup;

    if (id < 0)
        return NULL;
    if (!known[kind])
        known[kind] = g_hash_table_new(NULL, NULL);
    if (g_hash_table_lookup_extended(known[kind], GSIZE_TO_POINTER(id), NULL, &name))
        return name;
    g_hash_table_insert(known[kind], GSIZE_TO_POINTER(id), NULL);
    lookup = g_new0(Lookup, 1);
    lookup->job.run = look_up;
    lookup->kind = kind;
    lookup->id = id;
    workers_push(&lookup->job);
    return NULL;
}
