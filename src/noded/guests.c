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

enum { NOTE_LIMIT = 1 << 20, PATIENCE = 900 /* s; for a guest's memory to be written */ };

/* The daemons that have guests. */
static const PeerTo daemons[] = {
    { "qemud", "qemu:///system", PATIENCE },
    { "lxcd", "lxc:///system", PATIENCE },
};

enum { NOTHING, PAUSE, SAVE };
static const char *const names[] = { "nothing", "pause", "save", NULL };

/* One that runs, or ran before. */
typedef struct Guest {
    const PeerTo *daemon;
    remote_nonnull_domain dom; /* its name is owned */
    int how;                   /* it rests; NOTHING: it runs on */
} Guest;

static void guest_free(void *data)
{
    Guest *guest = data;

    g_free(guest->dom.name);
    g_free(guest);
}

static GPtrArray *guests_new(void) { return g_ptr_array_new_with_free_func(guest_free); }

static int way(void)
{
    int found = settings.before_sleep ? names_find(names, settings.before_sleep) : NOTHING;

    if (found < 0)
        g_warning("noded.conf: before_sleep cannot be \"%s\": guests run on",
                  settings.before_sleep);
    return MAX(found, NOTHING);
}

/* ---- one guest ---- */

static bool pause_guest(const Guest *guest, GError **error)
{
    const remote_domain_suspend_args in = { .dom = guest->dom };
    none out;

    return peer_domain_suspend_to(guest->daemon, &in, &out, error);
}

static bool resume_guest(const Guest *guest, GError **error)
{
    const remote_domain_resume_args in = { .dom = guest->dom };
    none out;

    return peer_domain_resume_to(guest->daemon, &in, &out, error);
}

static bool save_guest(const Guest *guest, GError **error)
{
    const remote_domain_managed_save_args in = { .dom = guest->dom };
    none out;

    return peer_domain_managed_save_to(guest->daemon, &in, &out, error);
}

static bool start_guest(const Guest *guest, GError **error)
{
    const remote_domain_create_args in = { .dom = guest->dom };
    none out;

    return peer_domain_create_to(guest->daemon, &in, &out, error);
}

/* What cannot be saved - a container, a guest without a definition - is paused. One that takes too
 * long is still being saved. */
static int rest(const Guest *guest)
{
    g_autoptr(GError) not_saved = NULL, error = NULL;

    if (guest->how == SAVE && (save_guest(guest, &not_saved) ||
                               g_error_matches(not_saved, ERR_DOMAIN, ERR_OPERATION_TIMEOUT)))
        return SAVE;
    if (not_saved)
        g_info("guest '%s' is paused, as it cannot be saved: %s", guest->dom.name,
               not_saved->message);
    if (pause_guest(guest, &error))
        return PAUSE;
    g_warning("guest '%s' runs on during sleep: %s", guest->dom.name, error->message);
    return NOTHING;
}

/* It may be paused although the note says that it was saved, if we were killed in between. */
static bool go_on(const Guest *guest, GError **error)
{
    return guest->how == SAVE ? resume_guest(guest, NULL) || start_guest(guest, error)
                              : resume_guest(guest, error);
}

/* ---- the note: "pause qemud UUID" a line ---- */

static char *note_path(void) { return daemon_path("run/ostler/noded.guests"); }

static bool write_note(const GPtrArray *guests, GError **error)
{
    g_autofree char *path = note_path();
    g_autoptr(GString) note = g_string_new(NULL);

    for (guint i = 0; i < guests->len; i++) {
        const Guest *guest = guests->pdata[i];
        Uuid uuid;
        char text[UUID_TEXT];

        memcpy(uuid.bytes, guest->dom.uuid, UUID_SIZE);
        if (guest->how != NOTHING)
            g_string_append_printf(note, "%s %s %s\n", names[guest->how], guest->daemon->daemon,
                                   uuid_print(&uuid, text));
    }
    return file_save_volatile(path, note->str, error);
}

static const PeerTo *find_daemon(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(daemons); i++) {
        if (g_str_equal(daemons[i].daemon, name))
            return &daemons[i];
    }
    return NULL;
}

/* NULL: it is not one of ours. */
static Guest *read_line(const char *line)
{
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    bool whole = g_strv_length(words) == 3;
    Guest guest = { .daemon = whole ? find_daemon(words[1]) : NULL };
    Uuid uuid;

    guest.how = whole ? names_find(names, words[0]) : NOTHING;
    if (!guest.daemon || guest.how <= NOTHING || !uuid_parse(words[2], &uuid))
        return NULL;
    guest.dom.name = g_strdup(words[2]); /* a guest is found by its uuid */
    memcpy(guest.dom.uuid, uuid.bytes, UUID_SIZE);
    guest.dom.id = -1;
    return g_memdup2(&guest, sizeof(guest));
}

/* ---- before ---- */

/* Those that a daemon has; one that is not there has none. */
static void find_running(const PeerTo *daemon, int how, GPtrArray *guests)
{
    const remote_connect_list_all_domains_args in = {
        .need_results = 1,
        .flags = VIR_CONNECT_LIST_DOMAINS_RUNNING,
    };
    remote_connect_list_all_domains_ret found;
    g_autoptr(GError) error = NULL;

    if (!peer_connect_list_all_domains_to(daemon, &in, &found, &error)) {
        g_log(G_LOG_DOMAIN, error->code == ERR_NO_CONNECT ? G_LOG_LEVEL_INFO : G_LOG_LEVEL_WARNING,
              "no guests of ostler-%s rest during sleep: %s", daemon->daemon, error->message);
        return;
    }
    for (unsigned i = 0; i < found.domains.domains_len; i++) {
        Guest *guest = g_new(Guest, 1);

        *guest = (Guest){ daemon, found.domains.domains_val[i], how };
        guest->dom.name = g_strdup(guest->dom.name);
        g_ptr_array_add(guests, guest);
    }
    peer_connect_list_all_domains_free(&found);
}

static bool rest_all(const GPtrArray *guests, GError **error)
{
    if (!write_note(guests, error))
        return false;
    for (guint i = 0; i < guests->len; i++) {
        Guest *guest = guests->pdata[i];

        guest->how = rest(guest);
    }
    return write_note(guests, error);
}

void guests_rest(void)
{
    g_autoptr(GPtrArray) guests = guests_new();
    g_autoptr(GError) error = NULL;
    int how = way();

    if (how == NOTHING)
        return;
    for (size_t i = 0; i < G_N_ELEMENTS(daemons); i++)
        find_running(&daemons[i], how, guests);
    if (!rest_all(guests, &error))
        g_warning("guests run on during sleep: %s", error->message);
}

/* ---- after ---- */

void guests_go_on(void)
{
    g_autofree char *path = note_path(), *note = file_read(path, NOTE_LIMIT, NULL);
    g_auto(GStrv) lines = g_strsplit(note ? note : "", "\n", -1);
    g_autoptr(GPtrArray) guests = guests_new();

    if (!note)
        return;
    for (char **line = lines; *line; line++) {
        Guest *guest = read_line(*line);

        if (guest)
            g_ptr_array_add(guests, guest);
    }
    for (guint i = 0; i < guests->len; i++) {
        const Guest *guest = guests->pdata[i];
        g_autoptr(GError) error = NULL;

        if (!go_on(guest, &error))
            g_warning("guest %s does not go on: %s", guest->dom.name, error->message);
    }
    (void) file_remove_volatile(path, NULL);
}
