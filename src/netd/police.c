/* police.c - how much comes in by guests' links: rules in front of each
 *
 * A link that has ended leaves its chain behind, and another one of that name would meet it: so it
 * is known by which chain a link is limited, and that goes with the limit. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "police.h"

#include "firewall.h"
#include "host/nft.h"

#include <linux/netfilter.h>
#include <net/if.h>

#define ADD(out, ...) g_string_append_printf(out, __VA_ARGS__)

typedef struct Limit {
    unsigned index; /* of the link, and of its chain */
    Rate rate;
} Limit;

static struct {
    Strand *strand;
    char *table;
    GHashTable *limits; /* name of a link -> Limit; the strand's */
} police;

/* ---- on the strand ---- */

static void write_chain(GString *out, const char *link, const Limit *limit)
{
    g_autofree char *beyond = nft_drop_beyond(&limit->rate);

    ADD(out,
        "add chain netdev %s in_%u { type filter hook ingress device \"%s\" priority 0; }\n"
        "flush chain netdev %s in_%u\n"
        "add rule netdev %s in_%u %s\n",
        police.table, limit->index, link, police.table, limit->index, police.table, limit->index,
        beyond);
}

static bool restore(GError **error)
{
    g_autoptr(GString) commands = g_string_new(NULL);
    GHashTableIter at;
    void *link, *limit;

    ADD(commands, "add table netdev %s\ndelete table netdev %s\n", police.table, police.table);
    if (g_hash_table_size(police.limits))
        ADD(commands, "add table netdev %s\n", police.table);
    g_hash_table_iter_init(&at, police.limits);
    while (g_hash_table_iter_next(&at, &link, &limit)) {
        if (if_nametoindex(link) == ((Limit *) limit)->index)
            write_chain(commands, link, limit);
    }
    return nft_run(commands->str, error);
}

static Stay *enter(GError **error)
{
    return strand_enter(police.strand, MODE_CHANGE, "a change of a link's limit", error);
}

/* ---- changes ---- */

void police_keep_limit(const char *link, const Rate *rate)
{
    Limit *limit = g_new(Limit, 1);

    *limit = (Limit){ if_nametoindex(link), *rate };
    g_hash_table_replace(police.limits, g_strdup(link), limit);
}

bool police_limit(const char *link, const Rate *rate, GError **error)
{
    g_autoptr(Stay) stay = enter(error);
    g_autoptr(GString) commands = g_string_new(NULL);

    if (!stay)
        return false;
    police_keep_limit(link, rate);
    ADD(commands, "add table netdev %s\n", police.table);
    write_chain(commands, link, g_hash_table_lookup(police.limits, link));
    if (nft_run(commands->str, error))
        return true;
    g_hash_table_remove(police.limits, link);
    return false;
}

void police_unlimit(const char *link)
{
    g_autoptr(Stay) stay = enter(NULL);
    const Limit *limit = stay ? g_hash_table_lookup(police.limits, link) : NULL;
    g_autofree char *command = NULL;

    if (!limit)
        return;
    command = g_hash_table_size(police.limits) == 1
                  ? g_strdup_printf("delete table netdev %s\n", police.table)
                  : g_strdup_printf("delete chain netdev %s in_%u\n", police.table, limit->index);
    g_hash_table_remove(police.limits, link);
    (void) nft_run(command, NULL);
}

/* ---- what others do ---- */

static void restore_now(void *)
{
    g_autoptr(GError) error = NULL;

    if (!g_hash_table_size(police.limits) && !nft_has_table(NFPROTO_NETDEV, police.table))
        return;
    /* a link that has ended in between is not there the second time */
    if (!restore(NULL) && !restore(&error))
        g_warning("the limits of links cannot be restored: %s", error->message);
}

void police_restore(void)
{
    strand_do(police.strand, MODE_CHANGE, "restoring the limits of links", restore_now, NULL);
}

/* All of ours up to this one have ended when the strand is here. */
static void look_after(void *generation)
{
    if (!nft_is_own(GPOINTER_TO_UINT(generation)))
        restore_now(NULL);
}

static void changed(uint32_t generation, bool touched)
{
    if (touched)
        strand_do(police.strand, MODE_CHANGE, "restoring the limits of links", look_after,
                  GUINT_TO_POINTER(generation));
}

void police_open(void)
{
    g_autoptr(GError) why = NULL;

    police.strand = strand_new();
    police.limits = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    police.table = g_strconcat(firewall_table(), "_links", NULL);
    if (!nft_watch(police.table, changed, &why))
        g_warning("%s", why->message);
}
