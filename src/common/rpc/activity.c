/* activity.c - what the daemon is doing: calls at work and those that wait, and what was done */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/activity.h"

#include "rpc/client.h"
#include "rpc/relay.h"

#include <stdio.h>
#include <unistd.h>

enum {
    KEPT = 4096,        /* answered calls, at most */
    ASKING_SECONDS = 5, /* after the last question nobody is assumed to ask any more */
    HUNG_SECONDS = 5,   /* at work on a guest, after which that guest is said to hang */
};

struct Activity {
    GList link;
    const Proc *proc;
    Client *client; /* counted */
    Object *object; /* counted; NULL: none */
    uint32_t serial;
    gint64 since;
    gint64 begun; /* with atomic access; 0: it waits */
};

static GQueue going; /* of Activity, oldest first */

/* ---- calls ---- */

Activity *activity_new(const Call *call)
{
    Activity *activity = g_new0(Activity, 1);

    activity->proc = call->proc;
    activity->client = client_ref(call->client);
    activity->object = call->object ? object_ref(call->object) : NULL;
    activity->serial = call->header.serial;
    activity->since = g_get_monotonic_time();
    activity->link.data = activity;
    g_queue_push_tail_link(&going, &activity->link);
    return activity;
}

void activity_begins(Activity *activity)
{
    if (activity)
        __atomic_store_n(&activity->begun, g_get_monotonic_time(), __ATOMIC_RELAXED);
}

static gint64 begun_at(const Activity *activity)
{
    return __atomic_load_n(&activity->begun, __ATOMIC_RELAXED);
}

/* ---- what was done ---- */

typedef struct Done {
    uint64_t number;
    gint64 at; /* real time */
    const Proc *proc;
    uint64_t client;
    char *object;           /* name; NULL: none */
    gint64 queued, running; /* microseconds */
    char *error;            /* NULL: it succeeded */
} Done;

static struct {
    GQueue done;
    uint64_t last;
    gint64 until; /* monotonic time; calls are kept as long */
} trace;

static void done_free(void *data)
{
    Done *done = data;

    g_free(done->object);
    g_free(done->error);
    g_free(done);
}

static void keep(const Activity *activity, const GError *failure)
{
    gint64 now = g_get_monotonic_time(), begun = begun_at(activity);
    Done *done;

    if (now > trace.until) {
        g_queue_clear_full(&trace.done, done_free);
        return;
    }
    done = g_new0(Done, 1);
    done->number = ++trace.last;
    done->at = g_get_real_time();
    done->proc = activity->proc;
    done->client = activity->client->id;
    done->object = activity->object ? object_name(activity->object) : NULL;
    done->queued = (begun ? begun : now) - activity->since;
    done->running = begun ? now - begun : 0;
    done->error = failure ? g_strdup(failure->message) : NULL;
    g_queue_push_tail(&trace.done, done);
    if (trace.done.length > KEPT)
        done_free(g_queue_pop_head(&trace.done));
}

void activity_end(Activity *activity, const GError *failure)
{
    if (!activity)
        return;
    keep(activity, failure);
    g_queue_unlink(&going, &activity->link);
    client_unref(activity->client);
    object_unref(activity->object);
    g_free(activity);
}

void activity_peeked(const Call *call, gint64 since, const GError *failure)
{
    const Activity activity = { .proc = call->proc,
                                .client = call->client,
                                .object = call->object,
                                .since = since,
                                .begun = since };

    if (trace.until)
        keep(&activity, failure);
}

static Json *done_to_json(const Done *done)
{
    return json_build("iisisiis", "number", (int64_t) done->number, "time", (int64_t) done->at,
                      "procedure", done->proc->name, "client", (int64_t) done->client, "object",
                      done->object, "queued", (int64_t) done->queued, "running",
                      (int64_t) done->running, "error", done->error);
}

Json *activity_trace(uint64_t after)
{
    Json *calls = json_object_new_array();

    trace.until = g_get_monotonic_time() + ASKING_SECONDS * G_TIME_SPAN_SECOND;
    for (GList *link = trace.done.head; link; link = link->next) {
        const Done *done = link->data;

        if (done->number > after)
            json_object_array_add(calls, done_to_json(done));
    }
    return json_build("ij", "last", (int64_t) trace.last, "calls", calls);
}

/* ---- what goes on ---- */

static const char *const modes[] = {
    [MODE_PEEK] = "peek",   [MODE_SURVEY] = "survey", [MODE_ABORT] = "abort",
    [MODE_AGENT] = "agent", [MODE_QUERY] = "query",   [MODE_CHANGE] = "change",
    [MODE_JOB] = "job",
};

/* A job may take long; an answer of the hypervisor may not. */
static bool is_hung(const Activity *activity, gint64 now)
{
    Mode mode = activity->proc->mode;
    gint64 begun = begun_at(activity);

    return activity->object && begun && now - begun > HUNG_SECONDS * G_TIME_SPAN_SECOND &&
           mode >= MODE_AGENT && mode != MODE_JOB;
}

static const char *waits_for(const Activity *activity)
{
    Strand *strand = activity->object ? activity->object->strand : call_host_strand();

    return begun_at(activity) ? NULL : strand_blocker(strand, activity->proc->mode);
}

static Json *call_to_json(const Activity *activity, gint64 now)
{
    g_autofree char *name = activity->object ? object_name(activity->object) : NULL;
    gint64 begun = begun_at(activity);

    return json_build("iisssssiib", "client", (int64_t) activity->client->id, "serial",
                      (int64_t) activity->serial, "procedure", activity->proc->name, "object", name,
                      "mode", modes[activity->proc->mode], "state", begun ? "running" : "waiting",
                      "waits-for", waits_for(activity), "waited",
                      (int64_t) ((begun ? begun : now) - activity->since), "running",
                      (int64_t) (begun ? now - begun : 0), "hung", (int) is_hung(activity, now));
}

static Json *calls_to_json(void)
{
    gint64 now = g_get_monotonic_time();
    Json *calls = json_object_new_array();

    for (GList *link = going.head; link; link = link->next)
        json_object_array_add(calls, call_to_json(link->data, now));
    return calls;
}

static Json *client_to_json(const Client *client)
{
    static const char *const ways[] = { "unix", "tcp", "tls" };
    const Identity *who = &client->identity;
    g_autofree char *name = identity_print(who);

    return json_build("isssbiiiiii", "id", (int64_t) client->id, "server", client->service->name,
                      "who", name, "transport", ways[who->transport], "readonly",
                      (int) who->readonly, "since", (int64_t) client->since, "working",
                      (int64_t) client->at_work, "waiting", (int64_t) client->waiting.length,
                      "relayed", (int64_t) g_hash_table_size(client->relayed), "streams",
                      (int64_t) g_hash_table_size(client->streams), "unsent",
                      (int64_t) wire_backlog(&client->wire));
}

static Json *clients_to_json(void)
{
    const Service *const services[] = { &server.main, &server.admin };
    Json *clients = json_object_new_array();

    for (size_t i = 0; i < G_N_ELEMENTS(services); i++) {
        g_autoptr(GPtrArray) list = service_list(services[i]);

        for (guint j = 0; j < list->len; j++)
            json_object_array_add(clients, client_to_json(list->pdata[j]));
    }
    return clients;
}

static Json *workers_to_json(void)
{
    WorkersState state = workers_state();

    return json_build("iiiiiiiii", "least", (int64_t) state.least, "most", (int64_t) state.most,
                      "extra-most", (int64_t) state.extra, "threads", (int64_t) state.threads,
                      "extra-threads", (int64_t) state.extra_threads, "idle", (int64_t) state.idle,
                      "busy", (int64_t) state.busy, "waiting", (int64_t) state.waiting, "queued",
                      (int64_t) state.queued);
}

static int64_t resident_bytes(void)
{
    FILE *file = fopen("/proc/self/statm", "re");
    long long pages = 0;

    if (file && fscanf(file, "%*s %lld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static int64_t descriptors(void)
{
    g_autoptr(Directory) directory = opendir("/proc/self/fd");
    int64_t count = 0;

    while (directory && readdir(directory))
        count++;
    return MAX(count - 3, 0); /* two are no descriptors, one is this directory's */
}

Json *activity_now(void)
{
    return json_build("siiijjj", "daemon", server.name, "process", (int64_t) getpid(), "memory",
                      resident_bytes(), "descriptors", descriptors(), "workers", workers_to_json(),
                      "clients", clients_to_json(), "calls", calls_to_json());
}

/* ---- the log ---- */

static void log_all(Json *now, const char *member)
{
    Json *list = json_member(now, member);

    for (size_t i = 0; i < json_length(list); i++) {
        g_autofree char *text = json_print(json_object_array_get_idx(list, i));

        g_info("%s: %s", member, text);
    }
}

void activity_log(void)
{
    g_autoptr(Json) now = activity_now();
    g_autofree char *workers = json_print(json_member(now, "workers"));

    g_info("%s: %" G_GINT64_FORMAT " bytes resident, %" G_GINT64_FORMAT " descriptors, workers %s",
           server.name, json_number(now, "memory", 0), json_number(now, "descriptors", 0), workers);
    log_all(now, "clients");
    log_all(now, "calls");
}
