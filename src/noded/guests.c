/* guests.c - the guests of this host, before its sleep and after
 *
 * Whom we are about to stop is noted first: nobody else would let them go on if we were killed. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "guests.h"

#include "base/file.h"
#include "base/names.h"
#include "base/uuid.h"
#include "daemon/daemon.h"
#include "rpc/peer.h"
#include "settings.h"

#include <string.h>

enum { NOTE_LIMIT = 1 << 20, RUNS_ON = -1 };

static bool pause_guest(const remote_nonnull_domain *dom, GError **error)
{
    const remote_domain_suspend_args in = { .dom = *dom };
    none out;

    return peer_domain_suspend(&in, NULL, &out, NULL, error);
}

static bool resume_guest(const remote_nonnull_domain *dom, GError **error)
{
    const remote_domain_resume_args in = { .dom = *dom };
    none out;

    return peer_domain_resume(&in, NULL, &out, NULL, error);
}

static bool save_guest(const remote_nonnull_domain *dom, GError **error)
{
    const remote_domain_managed_save_args in = { .dom = *dom };
    none out;

    return peer_domain_managed_save(&in, NULL, &out, NULL, error);
}

static bool start_guest(const remote_nonnull_domain *dom, GError **error)
{
    const remote_domain_create_args in = { .dom = *dom };
    none out;

    return peer_domain_create(&in, NULL, &out, NULL, error);
}

typedef bool Work(const remote_nonnull_domain *dom, GError **error);

enum { NOTHING, PAUSE, SAVE };
static const char *const names[] = { "nothing", "pause", "save", NULL };
static const struct {
    Work *rest, *go_on;
} ways[] = {
    [PAUSE] = { pause_guest, resume_guest },
    [SAVE] = { save_guest, start_guest },
};

static int way(void)
{
    int found = settings.before_sleep ? names_find(names, settings.before_sleep) : NOTHING;

    if (found < 0)
        g_warning("noded.conf: before_sleep cannot be \"%s\": guests run on",
                  settings.before_sleep);
    return MAX(found, NOTHING);
}

/* ---- the note: "pause UUID" a line ---- */

static char *note_path(void) { return daemon_path("run/ostler/noded.guests"); }

static bool write_note(int how, const remote_connect_list_all_domains_ret *guests, GError **error)
{
    g_autofree char *path = note_path();
    g_autoptr(GString) note = g_string_new(NULL);

    for (unsigned i = 0; i < guests->domains.domains_len; i++) {
        Uuid uuid;
        char text[UUID_TEXT];

        if (guests->domains.domains_val[i].id == RUNS_ON)
            continue;
        memcpy(uuid.bytes, guests->domains.domains_val[i].uuid, UUID_SIZE);
        g_string_append_printf(note, "%s %s\n", names[how], uuid_print(&uuid, text));
    }
    return file_save_volatile(path, note->str, error);
}

/* ---- before ---- */

/* Those that run on are marked by their id. */
static void rest_all(int how, remote_connect_list_all_domains_ret *guests)
{
    for (unsigned i = 0; i < guests->domains.domains_len; i++) {
        remote_nonnull_domain *dom = &guests->domains.domains_val[i];
        g_autoptr(GError) error = NULL;

        if (ways[how].rest(dom, &error))
            continue;
        g_warning("guest '%s' runs on during sleep: %s", dom->name, error->message);
        dom->id = RUNS_ON;
    }
}

static bool rest_noted(int how, remote_connect_list_all_domains_ret *guests, GError **error)
{
    if (!write_note(how, guests, error))
        return false;
    rest_all(how, guests);
    return write_note(how, guests, error);
}

void guests_rest(void)
{
    const remote_connect_list_all_domains_args in = {
        .need_results = 1,
        .flags = VIR_CONNECT_LIST_DOMAINS_RUNNING,
    };
    remote_connect_list_all_domains_ret guests;
    g_autoptr(GError) error = NULL;
    int how = way();

    if (how == NOTHING)
        return;
    if (!peer_connect_list_all_domains(&in, NULL, &guests, NULL, &error)) {
        g_warning("guests run on during sleep: %s", error->message);
        return;
    }
    if (!rest_noted(how, &guests, &error))
        g_warning("guests run on during sleep: %s", error->message);
    peer_connect_list_all_domains_free(&guests);
}

/* ---- after ---- */

static bool go_on(int how, const Uuid *uuid, GError **error)
{
    remote_domain_lookup_by_uuid_args in;
    remote_domain_lookup_by_uuid_ret guest;
    bool done;

    memcpy(in.uuid, uuid->bytes, UUID_SIZE);
    if (!peer_domain_lookup_by_uuid(&in, NULL, &guest, NULL, error))
        return false;
    done = ways[how].go_on(&guest.dom, error);
    peer_domain_lookup_by_uuid_free(&guest);
    return done;
}

static void take_line(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 2);
    int how = g_strv_length(words) == 2 ? names_find(names, words[0]) : -1;
    g_autoptr(GError) error = NULL;
    Uuid uuid;

    if (how > NOTHING && uuid_parse(words[1], &uuid) && !go_on(how, &uuid, &error))
        g_warning("guest %s does not go on: %s", words[1], error->message);
}

void guests_go_on(void)
{
    g_autofree char *path = note_path(), *note = file_read(path, NOTE_LIMIT, NULL);
    g_auto(GStrv) lines = g_strsplit(note ? note : "", "\n", -1);

    if (!note)
        return;
    for (char **line = lines; *line; line++)
        take_line(*line);
    (void) file_remove_volatile(path, NULL);
}
