/* event.c - who wants which event; push
 *
 * An event is encoded once, by the thread that has it to tell; the loop sends it to those who
 * asked and may see the object, each with its own callback id in front. Where polkit has to be
 * asked who may, a worker does so, one event after the other. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/event.h"

#include "rpc/client.h"
#include "rpc/polkit.h"

#include <string.h>

enum { KIND_MONITOR = EVENT_KINDS, LEGACY_EVENTS = 16 };

/* How one event travels. */
typedef struct EventType {
    int kind;
    int id;
    uint32_t program;
    int number;
    int legacy;
    Permission needed;
    XdrFilter *filter;
} EventType;

/* One client's wish. */
typedef struct Registration {
    Client *client;
    int kind;
    int id;          /* of the event among its kind */
    int callback_id; /* -1: a client without callback ids */
    char *object;    /* key of the only object; NULL: all */
    GRegex *pattern; /* of the names of monitor events; NULL: all */
} Registration;

static GPtrArray *registrations; /* of Registration; only in the loop */
static gint wanted;              /* how many there are; from any thread */
static int next_callback_id[EVENT_KINDS + 1];

static void registration_free(void *data)
{
    Registration *r = data;

    g_clear_pointer(&r->pattern, g_regex_unref);
    g_free(r->object);
    g_free(r);
}

static GPtrArray *all_registrations(void)
{
    if (!registrations)
        registrations = g_ptr_array_new_with_free_func(registration_free);
    return registrations;
}

void events_forget(Client *client)
{
    GPtrArray *all = all_registrations();

    for (guint i = all->len; i-- > 0;) {
        if (((Registration *) all->pdata[i])->client == client)
            g_ptr_array_remove_index(all, i);
    }
    g_atomic_int_set(&wanted, all->len);
}

static Registration *find(const Client *client, int kind, int id, int callback_id)
{
    GPtrArray *all = all_registrations();

    for (guint i = 0; i < all->len; i++) {
        Registration *r = all->pdata[i];

        if (r->client == client && r->kind == kind && r->callback_id == callback_id &&
            (callback_id >= 0 || r->id == id))
            return r;
    }
    return NULL;
}

/* ---- sending ---- */

typedef struct Emission {
    const EventType *type;
    char *object; /* its key */
    char *object_name;
    Uuid uuid;
    char *name;        /* of a monitor event */
    GByteArray *body;  /* the message, which begins with the place of the callback id */
    GArray *questions; /* of Question; NULL: none */
} Emission;

/* Whether a client may be told of it, for polkit to answer. */
typedef struct Question {
    Client *client; /* counted */
    int callback_id;
    Identity who;
    bool permitted;
} Question;

static void question_clear(void *data)
{
    Question *question = data;

    identity_clear(&question->who);
    client_unref(question->client);
}

static void emission_free(Emission *emission)
{
    g_clear_pointer(&emission->questions, g_array_unref);
    g_byte_array_unref(emission->body);
    g_free(emission->object);
    g_free(emission->object_name);
    g_free(emission->name);
    g_free(emission);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Emission, emission_free)

static Target target_of(const Emission *emission)
{
    return (Target){ emission->object_name,
                     uuid_is_zero(&emission->uuid) ? NULL : &emission->uuid };
}

static bool matches(const Registration *r, const Emission *emission)
{
    return r->kind == emission->type->kind && r->id == emission->type->id &&
           (!r->object || g_str_equal(r->object, emission->object)) &&
           (!r->pattern || g_regex_match(r->pattern, emission->name, 0, NULL));
}

static void send_to(const Registration *r, const Emission *emission)
{
    net_message_header header = {
        .prog = emission->type->program,
        .vers = 1,
        .proc = r->callback_id < 0 ? emission->type->legacy : emission->type->number,
        .type = NET_MESSAGE,
        .serial = 1,
    };
    GByteArray *body = emission->body;

    if (r->callback_id < 0) {
        client_send(r->client, frame_new_raw(&header, body->data + 4, body->len - 4), NULL);
        return;
    }
    frame_put(body->data, 0, r->callback_id);
    client_send(r->client, frame_new_raw(&header, body->data, body->len), NULL);
}

/* ---- asking polkit ---- */

static void add_question(Emission *emission, const Registration *r)
{
    Question question = { client_ref(r->client), r->callback_id,
                          identity_copy(&r->client->identity), false };

    if (!emission->questions) {
        emission->questions = g_array_new(FALSE, FALSE, sizeof(Question));
        g_array_set_clear_func(emission->questions, question_clear);
    }
    g_array_append_val(emission->questions, question);
}

/* It may have been given up meanwhile. */
static void send_permitted(void *data)
{
    g_autoptr(Emission) emission = data;
    const EventType *type = emission->type;

    for (guint i = 0; i < emission->questions->len; i++) {
        const Question *question = &g_array_index(emission->questions, Question, i);
        const Registration *r = find(question->client, type->kind, type->id, question->callback_id);

        if (question->permitted && r)
            send_to(r, emission);
    }
}

static void ask(void *data)
{
    Emission *emission = data;
    Target target = target_of(emission);

    for (guint i = 0; i < emission->questions->len; i++) {
        Question *question = &g_array_index(emission->questions, Question, i);

        question->permitted = polkit_permits(&question->who, emission->type->needed,
                                             server.driver->type, &target, NULL);
    }
    loop_hop(send_permitted, emission);
}

static void ask_in_order(Emission *emission)
{
    static Strand *strand;

    strand = strand ? strand : strand_new();
    strand_do(strand, MODE_CHANGE, "asking who may see an event", ask, emission);
}

static void offer(Emission *emission, const Registration *r)
{
    const Identity *who = &r->client->identity;
    Target target = target_of(emission);

    if (!access_is_limited(who))
        send_to(r, emission);
    else if (access_judge(who, emission->type->needed, &target) != RULING_YES)
        return;
    else if (access_asks_polkit())
        add_question(emission, r);
    else
        send_to(r, emission);
}

static void emission_send(void *data)
{
    g_autoptr(Emission) emission = data;
    GPtrArray *all = all_registrations();

    /* Backwards: a client that cannot be sent to takes its registrations away. */
    for (guint i = all->len; i-- > 0;) {
        if (i < all->len && matches(all->pdata[i], emission))
            offer(emission, all->pdata[i]);
    }
    if (emission->questions)
        ask_in_order(g_steal_pointer(&emission));
}

/* Devices have no uuid: their name is their key. */
static char *object_key(Object *object)
{
    char text[UUID_TEXT];

    if (uuid_is_zero(&object->uuid))
        return object_name(object);
    return g_strdup(uuid_print(&object->uuid, text));
}

static void emit(const EventType *type, Object *object, const void *what, const char *name)
{
    Emission *emission;

    if (!g_atomic_int_get(&wanted))
        return;
    emission = g_new0(Emission, 1);
    emission->type = type;
    emission->object = object_key(object);
    emission->object_name = object_name(object);
    emission->uuid = object->uuid;
    emission->name = g_strdup(name);
    emission->body = g_byte_array_new();
    frame_encode(emission->body, type->filter, what);
    loop_hop(emission_send, emission);
}

// clang-format off
/* The numbers of the event procedures come from the table of the program. */
#define PROC(...)
#define EVENT(number, name, Message, filter) NUMBER_##name = number,
enum {
#include "protocol/remote.def"
};
#undef EVENT
#define MAY(object, permission) PERMISSION_##object##_##permission
#define ANYONE PERMISSION_NONE
#define EVENT(number, name, Message, filter) NEEDED_##name = filter,
enum {
#include "protocol/remote.def"
#include "protocol/qemu.def"
};
#undef PROC
#undef EVENT

#define NAMED_EVENT(kind, id, message, legacy)                                                 \
    static bool_t filter_##message(XDR *xdr, void *data)                                       \
    {                                                                                          \
        return xdr_remote_##message##_msg(xdr, data);                                          \
    }                                                                                          \
    void emit_##message(Object *object, const remote_##message##_msg *what)                    \
    {                                                                                          \
        static const EventType type = { EVENT_##kind, id, REMOTE_PROGRAM, NUMBER_##message, \
                                        legacy, (Permission) NEEDED_##message,                 \
                                        filter_##message };                                    \
        emit(&type, object, what, NULL);                                                       \
    }
#include "protocol/events.def"
#undef NAMED_EVENT

#define NAMED_EVENT(kind, id, message, legacy) { EVENT_##kind, id, legacy },
static const struct { int kind, id, legacy; } known[] = {
#include "protocol/events.def"
};
#undef NAMED_EVENT
// clang-format on

static bool_t filter_monitor_event(XDR *xdr, void *data)
{
    return xdr_qemu_domain_monitor_event_msg(xdr, data);
}

void emit_monitor_event(Object *object, const qemu_domain_monitor_event_msg *what)
{
    static const EventType type = {
        KIND_MONITOR,        0, QEMU_PROGRAM, 6, 0, (Permission) NEEDED_qemu_domain_monitor_event,
        filter_monitor_event
    };

    emit(&type, object, what, what->event);
}

remote_nonnull_domain event_domain(Object *object, char *name, int id)
{
    remote_nonnull_domain domain = { .name = name, .id = id };

    memcpy(domain.uuid, object->uuid.bytes, UUID_SIZE);
    return domain;
}

/* ---- registration ---- */

static Registration *add(Client *client, int kind, int id, char *object)
{
    Registration *r = g_new0(Registration, 1);

    *r = (Registration){ client, kind, id, -1, object, NULL };
    g_ptr_array_add(all_registrations(), r);
    g_atomic_int_set(&wanted, registrations->len);
    return r;
}

static bool is_known(int kind, int id, bool legacy)
{
    for (size_t i = 0; i < G_N_ELEMENTS(known); i++) {
        if (known[i].kind == kind && known[i].id == id)
            return !legacy || known[i].legacy;
    }
    return false;
}

static bool drop(const Client *client, int kind, int id, int callback_id, GError **error)
{
    Registration *r = find(client, kind, id, callback_id);

    if (!r && callback_id >= 0)
        return fail(error, ERR_INTERNAL, "no event is registered with callback id %d", callback_id);
    if (!r)
        return fail(error, ERR_INTERNAL, "event %d is not registered", id);
    g_ptr_array_remove_fast(registrations, r);
    g_atomic_int_set(&wanted, registrations->len);
    return true;
}

static bool register_with_id(Client *client, int kind, int id, char *object, int *callback_id,
                             GError **error)
{
    if (!is_known(kind, id, false)) {
        g_free(object);
        return fail(error, ERR_INTERNAL, "unsupported event ID %d", id);
    }
    *callback_id = next_callback_id[kind]++;
    add(client, kind, id, object)->callback_id = *callback_id;
    return true;
}

static bool register_legacy(Client *client, int id, GError **error)
{
    if (!is_known(EVENT_DOMAIN, id, true))
        return fail(error, ERR_INTERNAL, "unsupported event ID %d", id);
    if (find(client, EVENT_DOMAIN, id, -1))
        return fail(error, ERR_INTERNAL, "event %d is registered already", id);
    add(client, EVENT_DOMAIN, id, NULL);
    return true;
}

static char *uuid_key(const char uuid[UUID_SIZE])
{
    char text[UUID_TEXT];

    return g_strdup(uuid_print((const Uuid *) uuid, text));
}

bool event_connect_domain_event_register(Call *call, const none *,
                                         remote_connect_domain_event_register_ret *out,
                                         GError **error)
{
    out->cb_registered = 1;
    return register_legacy(call->client, VIR_DOMAIN_EVENT_ID_LIFECYCLE, error);
}

bool event_connect_domain_event_deregister(Call *call, const none *,
                                           remote_connect_domain_event_deregister_ret *out,
                                           GError **error)
{
    out->cb_registered = 0;
    return drop(call->client, EVENT_DOMAIN, VIR_DOMAIN_EVENT_ID_LIFECYCLE, -1, error);
}

bool event_connect_domain_event_register_any(
    Call *call, const remote_connect_domain_event_register_any_args *in, none *, GError **error)
{
    return register_legacy(call->client, in->event_id, error);
}

bool event_connect_domain_event_deregister_any(
    Call *call, const remote_connect_domain_event_deregister_any_args *in, none *, GError **error)
{
    return drop(call->client, EVENT_DOMAIN, in->event_id, -1, error);
}

bool event_connect_domain_event_callback_register_any(
    Call *call, const remote_connect_domain_event_callback_register_any_args *in,
    remote_connect_domain_event_callback_register_any_ret *out, GError **error)
{
    return register_with_id(call->client, EVENT_DOMAIN, in->event_id,
                            in->dom ? uuid_key(in->dom->uuid) : NULL, &out->callback_id, error);
}

bool event_connect_domain_event_callback_deregister_any(
    Call *call, const remote_connect_domain_event_callback_deregister_any_args *in, none *,
    GError **error)
{
    return drop(call->client, EVENT_DOMAIN, 0, in->callback_id, error);
}

bool event_connect_network_event_register_any(
    Call *call, const remote_connect_network_event_register_any_args *in,
    remote_connect_network_event_register_any_ret *out, GError **error)
{
    return register_with_id(call->client, EVENT_NETWORK, in->event_id,
                            in->net ? uuid_key(in->net->uuid) : NULL, &out->callback_id, error);
}

bool event_connect_network_event_deregister_any(
    Call *call, const remote_connect_network_event_deregister_any_args *in, none *, GError **error)
{
    return drop(call->client, EVENT_NETWORK, 0, in->callback_id, error);
}

bool event_connect_node_device_event_register_any(
    Call *call, const remote_connect_node_device_event_register_any_args *in,
    remote_connect_node_device_event_register_any_ret *out, GError **error)
{
    return register_with_id(call->client, EVENT_NODE_DEVICE, in->event_id,
                            in->dev ? g_strdup(in->dev->name) : NULL, &out->callback_id, error);
}

bool event_connect_node_device_event_deregister_any(
    Call *call, const remote_connect_node_device_event_deregister_any_args *in, none *,
    GError **error)
{
    return drop(call->client, EVENT_NODE_DEVICE, 0, in->callback_id, error);
}

/* The name is a whole name, or a regular expression that may match any part of it. */
static bool compile_pattern(const char *name, unsigned flags, GRegex **pattern, GError **error)
{
    g_autofree char *quoted = g_regex_escape_string(name, -1);
    bool is_regex = flags & VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_REGEX;
    g_autofree char *text = is_regex ? g_strdup(name) : g_strdup_printf("^%s$", quoted);
    bool no_case = flags & VIR_CONNECT_DOMAIN_QEMU_MONITOR_EVENT_REGISTER_NOCASE;
    g_autoptr(GError) problem = NULL;

    *pattern = g_regex_new(text, no_case ? G_REGEX_CASELESS : 0, 0, &problem);
    return *pattern ||
           fail(error, ERR_INVALID_ARG, "invalid event name '%s': %s", name, problem->message);
}

bool event_qemu_connect_domain_monitor_event_register(
    Call *call, const qemu_connect_domain_monitor_event_register_args *in,
    qemu_connect_domain_monitor_event_register_ret *out, GError **error)
{
    GRegex *pattern = NULL;
    Registration *r;

    if (!call_check_flags(call, in->flags, 3, error) ||
        (in->event && !compile_pattern(*in->event, in->flags, &pattern, error)))
        return false;
    r = add(call->client, KIND_MONITOR, 0, in->dom ? uuid_key(in->dom->uuid) : NULL);
    r->pattern = pattern;
    r->callback_id = out->callback_id = next_callback_id[KIND_MONITOR]++;
    return true;
}

bool event_qemu_connect_domain_monitor_event_deregister(
    Call *call, const qemu_connect_domain_monitor_event_deregister_args *in, none *, GError **error)
{
    return drop(call->client, KIND_MONITOR, 0, in->callback_id, error);
}
