/* test-access.c - rules decide as they are read; nothing happens before a refusal */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "rpc/client.h"
#include "rpc/dispatch.h"
#include "rpc/event.h"
#include "unit.h"

#include <string.h>
#include <sys/socket.h>

/* ---- rules ---- */

static void load(const char *rules)
{
    g_autoptr(Scratch) scratch = scratch_new();
    g_autofree char *path = g_build_filename(scratch, "access.conf", NULL);
    g_autoptr(GError) error = NULL;

    if (rules)
        g_assert_true(g_file_set_contents(path, rules, -1, NULL));
    g_assert_true(access_load(path, false, &error));
    g_assert_no_error(error);
}

static Identity local(int64_t uid)
{
    Identity who = IDENTITY_UNKNOWN;

    who.uid = uid;
    who.gid = uid;
    return who;
}

static const struct Refusal {
    const char *name, *rules, *message;
} refusals[] = {
    { "verb", "permit anyone *", "1: a rule begins with allow or deny, not 'permit'" },
    { "nobody", "allow domain.read", "1: a rule needs user=" },
    { "nothing", "allow anyone name=x", "1: a rule needs permissions" },
    { "user", "\n# comment\nallow user=no-such-user *", "3: there is no user 'no-such-user'" },
    { "group", "allow group=no-such-group *", "there is no group 'no-such-group'" },
    { "uuid", "allow anyone * uuid=12", "'12' is not a uuid" },
    { "kind", "allow anyone * kind=computer", "'computer' is not a kind of objects" },
    { "permission", "allow anyone domain.fly", "there is no permission 'domain.fly'" },
    { "second-permission", "allow anyone domain.read,x.y", "there is no permission 'x.y'" },
    { "empty-permission", "allow anyone domain.read,,", "there is no permission ''" },
    { "word", "allow who=alice *", "'who=alice' begins with none of" },
    { "quote", "allow anyone \"*", ":1: " },
};

static void test_refusal(const void *data)
{
    const struct Refusal *row = data;
    g_autoptr(Scratch) scratch = scratch_new();
    g_autofree char *path = g_build_filename(scratch, "access.conf", NULL);
    g_autoptr(GError) error = NULL;
    Identity who = local(4711);
    Target any = {};

    load("deny anyone *");
    g_assert_true(g_file_set_contents(path, row->rules, -1, NULL));
    g_assert_false(access_load(path, false, &error));
    g_assert_cmpint(error_code(error), ==, ERR_CONF_SYNTAX);
    g_assert_nonnull(strstr(error->message, row->message));
    g_assert_nonnull(strstr(error->message, path));
    g_assert_cmpint(access_judge(&who, PERMISSION_domain_read, &any), ==, RULING_NO);
    load(NULL);
}

#define UUID_A "11111111-2222-3333-4444-555555555555"
#define UUID_B "11111111-2222-3333-4444-666666666666"

enum { ALICE = 4711, GAMES = 60 };

/* Who asks is user 4711 of group games, unless the row says otherwise. */
static const struct Judgement {
    const char *name, *rules;
    Permission permission;
    const char *object, *uuid; /* NULL: not known */
    Ruling ruling;
    const char *x509, *sasl; /* instead of the user */
} judgements[] = {
    { "no-file", NULL, PERMISSION_domain_start, NULL, NULL, RULING_YES },
    { "empty-file", "", PERMISSION_domain_start, NULL, NULL, RULING_NO },
    { "anyone", "allow anyone *", PERMISSION_domain_start, NULL, NULL, RULING_YES },
    { "other-user", "allow user=daemon *", PERMISSION_domain_start, NULL, NULL, RULING_NO },
    { "group", "allow group=games *", PERMISSION_domain_start, NULL, NULL, RULING_YES },
    { "second-group", "allow group=daemon group=games *", PERMISSION_domain_start, NULL, NULL,
      RULING_YES },
    { "pattern", "allow anyone domain.*", PERMISSION_domain_start, NULL, NULL, RULING_YES },
    { "other-pattern", "allow anyone *.read,domain.getattr", PERMISSION_domain_start, NULL, NULL,
      RULING_NO },
    { "list", "allow anyone domain.read,domain.start", PERMISSION_domain_start, NULL, NULL,
      RULING_YES },
    { "underscore", "allow anyone domain.read_secure", PERMISSION_domain_read_secure, NULL, NULL,
      RULING_YES },
    { "hyphen", "allow anyone domain.read-secure", PERMISSION_domain_read_secure, NULL, NULL,
      RULING_YES },
    { "kind", "allow anyone * kind=domain", PERMISSION_domain_start, NULL, NULL, RULING_YES },
    { "other-kind", "allow anyone * kind=network kind=node-device", PERMISSION_domain_start, NULL,
      NULL, RULING_NO },
    { "kind-and-name", "allow anyone * kind=domain name=b", PERMISSION_domain_start, "a", NULL,
      RULING_NO },
    { "first-decides", "deny anyone domain.stop\nallow anyone *", PERMISSION_domain_stop, NULL,
      NULL, RULING_NO },
    { "second-decides", "deny anyone domain.stop\nallow anyone *", PERMISSION_domain_start, NULL,
      NULL, RULING_YES },
    { "name", "allow anyone * name=web-*", PERMISSION_domain_start, "web-1", NULL, RULING_YES },
    { "other-name", "allow anyone * name=web-*", PERMISSION_domain_start, "db", UUID_A, RULING_NO },
    { "name-not-known", "allow anyone * name=web-*", PERMISSION_domain_start, NULL, UUID_A,
      RULING_DEPENDS },
    { "uuid", "allow anyone * uuid=" UUID_A, PERMISSION_domain_start, NULL, UUID_A, RULING_YES },
    { "other-uuid", "allow anyone * uuid=" UUID_A, PERMISSION_domain_start, NULL, UUID_B,
      RULING_NO },
    { "uuid-not-known", "allow anyone * uuid=" UUID_A, PERMISSION_domain_start, "a", NULL,
      RULING_DEPENDS },
    { "name-or-uuid", "allow anyone * uuid=" UUID_A " name=web", PERMISSION_domain_start, "web",
      UUID_B, RULING_YES },
    { "denied-name-not-known", "deny anyone * name=db\nallow anyone *", PERMISSION_domain_start,
      NULL, UUID_A, RULING_DEPENDS },
    { "same-either-way", "allow anyone * name=db\nallow anyone *", PERMISSION_domain_start, NULL,
      UUID_A, RULING_YES },
    { "refused-either-way", "deny anyone * name=db\ndeny anyone *", PERMISSION_domain_start, NULL,
      UUID_A, RULING_NO },
    { "names-are-not-of-connections", "allow anyone * name=*", PERMISSION_connect_write, "a",
      UUID_A, RULING_NO },
    { "certificate", "allow x509=\"CN=one,O=*\" *", PERMISSION_domain_start, NULL, NULL, RULING_YES,
      .x509 = "CN=one,O=Acme" },
    { "other-certificate", "allow x509=CN=one,* *", PERMISSION_domain_start, NULL, NULL, RULING_NO,
      .x509 = "CN=two,O=Acme" },
    { "sasl", "allow sasl=*@EXAMPLE.COM *", PERMISSION_domain_start, NULL, NULL, RULING_YES,
      .sasl = "fred@EXAMPLE.COM" },
    { "user-is-no-sasl-name", "allow user=root *", PERMISSION_domain_start, NULL, NULL, RULING_NO,
      .sasl = "root" },
    { "comment", "# deny\n\nallow anyone * # really", PERMISSION_domain_start, NULL, NULL,
      RULING_YES },
};

static void test_judgement(const void *data)
{
    const struct Judgement *row = data;
    g_auto(Identity) who = local(ALICE);
    gid_t group = GAMES;
    Uuid uuid;
    Target target = { .name = row->object };

    who.groups = g_array_append_val(g_array_new(FALSE, FALSE, sizeof(gid_t)), group);
    if (row->x509 || row->sasl) {
        who.uid = who.gid = -1;
        who.transport = WAY_TLS;
        who.x509_name = g_strdup(row->x509);
        who.sasl_name = g_strdup(row->sasl);
    }
    if (row->uuid) {
        g_assert_true(uuid_parse(row->uuid, &uuid));
        target.uuid = &uuid;
    }
    load(row->rules);
    g_assert_cmpint(access_judge(&who, row->permission, &target), ==, row->ruling);
    load(NULL);
}

/* Whatever the rules say, root and the daemon's own user are let do all. */
static void test_ours(void)
{
    Identity root = local(0), own = local(geteuid()), stranger = local(ALICE);
    Identity remote = local(0);
    Target any = {};

    remote.transport = WAY_TLS;
    load("deny anyone *");
    g_assert_false(access_is_limited(&root));
    g_assert_false(access_is_limited(&own));
    g_assert_true(access_is_limited(&stranger));
    g_assert_true(access_is_limited(&remote));
    g_assert_cmpint(access_judge(&root, PERMISSION_domain_start, &any), ==, RULING_YES);
    g_assert_cmpint(access_judge(&remote, PERMISSION_domain_start, &any), ==, RULING_NO);
    load(NULL);
    g_assert_false(access_is_limited(&stranger));
}

/* ---- every procedure, every role ---- */

static Object guest;
static unsigned touched; /* how often the driver was asked for anything */

static Object *touch(GError **error)
{
    touched++;
    return fail(error, ERR_INTERNAL, "touched");
}

static Object *find_domain(const remote_nonnull_domain *reference, GError **error)
{
    if (memcmp(reference->uuid, guest.uuid.bytes, UUID_SIZE) != 0)
        return touch(error);
    touched++;
    return object_ref(&guest);
}

static Object *find_network(const remote_nonnull_network *, GError **error) { return touch(error); }

static Object *find_node_device(const char *, GError **error) { return touch(error); }

// clang-format off
#define EVENT(...)
#define PROC(number, op, Args, Reply, ...)                                            \
    static bool on_##op(Call *, const Args *, Reply *, GError **error) { return touch(error); }
#include "protocol/remote.def"
#include "protocol/qemu.def"
#include "protocol/lxc.def"
#undef PROC
#define PROC(number, op, ...) .op = on_##op,
static const Driver touchy = {
    .type = "Touchy",
    .scheme = "touchy",
    .owns = UINT32_MAX,
    .find_domain = find_domain,
    .find_network = find_network,
    .find_node_device = find_node_device,
#include "protocol/remote.def"
#include "protocol/qemu.def"
#include "protocol/lxc.def"
};
#undef PROC
// clang-format on

/* What a line of a program says, as the line has it. */
typedef struct Line {
    const char *name;
    uint32_t program;
    int number;
    bool core;
    bool refuses_readonly; /* with arguments of zeros */
    const char *acl;
} Line;

// clang-format off
#define CORE true
#define SELF false
#define HYPERVISOR false
#define NETWORK false
#define NODE false
#define STORAGE false
#define SECRET false
#define NWFILTER false
#define INTERFACE false
#define READ false
#define WRITE true
#define READ_UNLESS(condition) false
#define PROC(number, op, Args, Reply, object, access, acl, filter, priority, mode, owner, stream) \
    { #op, PROGRAM, number, owner, access, #acl },
static const Line lines[] = {
#define PROGRAM REMOTE_PROGRAM
#include "protocol/remote.def"
#undef PROGRAM
#define PROGRAM QEMU_PROGRAM
#include "protocol/qemu.def"
#undef PROGRAM
#define PROGRAM LXC_PROGRAM
#include "protocol/lxc.def"
#undef PROGRAM
};
#undef PROC
#undef EVENT
#undef READ_UNLESS
#undef NETWORK
#undef SECRET
#undef INTERFACE
#undef NWFILTER
// clang-format on

static bool nothing(const char *) { return false; }

static bool everything(const char *) { return true; }

static bool only_attributes(const char *permission)
{
    return g_str_has_suffix(permission, ", getattr");
}

static bool looking(const char *permission)
{
    return only_attributes(permission) || g_str_has_suffix(permission, ", read") ||
           strstr(permission, ", search_");
}

static bool of_domains(const char *permission)
{
    return g_str_has_prefix(permission, "domain,") || strcmp(permission, "connect, getattr") == 0;
}

/* Roles, as rules; a permission is written "domain, read" here. */
static const struct Role {
    const char *name, *rules;
    bool readonly;
    bool (*permits)(const char *permission);
} roles[] = {
    { "nobody", "", false, nothing },
    { "everybody", "allow anyone *", false, everything },
    { "attributes", "allow anyone *.getattr", false, only_attributes },
    { "onlooker", "allow anyone *.getattr,*.read,*.search-*", false, looking },
    { "guests", "allow anyone domain.*,connect.getattr", false, of_domains },
    { "readonly-everybody", "allow anyone *", true, everything },
    { "readonly-onlooker", "allow anyone *.getattr,*.read,*.search-*", true, looking },
};

/* The permissions that a line's acl column asks for when all arguments are zero: a condition is
 * true then only when it says that flags are absent. */
static bool role_permits(const struct Role *role, const char *acl)
{
    g_auto(GStrv) terms = g_strsplit(acl, " && ", -1);

    for (char **term = terms; *term; term++) {
        const char *may = strstr(*term, "MAY(");
        g_autofree char *permission = may ? g_strndup(may + 4, strcspn(may + 4, ")")) : NULL;
        bool asked = !g_str_has_prefix(*term, "IF(") || g_str_has_prefix(*term, "IF(!(");

        if (permission && asked && !role->permits(permission))
            return false;
    }
    return true;
}

typedef struct Pair {
    Client *client;
    int peer;
} Pair;

static Pair pair_new(bool readonly)
{
    Identity who = local(ALICE);
    Pair pair;
    int ends[2];

    who.readonly = readonly;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), ==,
                    0);
    pair.client = client_ref(client_new(ends[0], SOCKET_WRITE, &who));
    pair.peer = ends[1];
    client_accept(pair.client);
    pair.client->uri = g_strdup("touchy:///system");
    return pair;
}

static void pair_end(Pair *pair)
{
    close(pair->peer);
    while (!client_is_gone(pair->client))
        g_main_context_iteration(NULL, TRUE);
    client_unref(pair->client);
}

/* The next message that comes, of which the first bytes matter. */
static size_t receive(const Pair *pair, uint8_t *frame, size_t size)
{
    ssize_t got;

    while ((got = recv(pair->peer, frame, size, 0)) < 0)
        g_main_context_iteration(NULL, TRUE);
    return got;
}

/* The code of the answer to a call with zeros for arguments; 0: it succeeded. */
static int call_with_zeros(const Pair *pair, uint32_t program, int number)
{
    static uint8_t frame[FRAME_LEAST + 4096];
    uint8_t answer[4096];
    net_message_header header;

    memset(frame, 0, sizeof(frame));
    frame_put(frame, 0, sizeof(frame));
    frame_put(frame, 4, program);
    frame_put(frame, 8, 1);
    frame_put(frame, 12, number);
    dispatch_frame(pair->client, frame, sizeof(frame), NULL);
    g_assert_cmpuint(receive(pair, answer, sizeof(answer)), >=, FRAME_LEAST + 4);
    frame_header(answer, &header);
    g_assert_cmpint(header.proc, ==, number);
    return header.status == NET_OK ? 0 : (int) frame_length(answer + FRAME_LEAST);
}

/* What is refused is refused before the driver is asked for anything; what is not reaches it. */
static void check_line(const Pair *pair, const struct Role *role, const Line *line)
{
    bool permitted = role_permits(role, line->acl);
    int code, expected = ERR_INTERNAL;

    if (role->readonly && line->refuses_readonly)
        expected = ERR_OPERATION_DENIED;
    else if (!permitted)
        expected = ERR_ACCESS_DENIED;
    else if (line->core)
        return;
    touched = 0;
    code = call_with_zeros(pair, line->program, line->number);
    g_test_message("%s as %s: %d", line->name, role->name, code);
    g_assert_cmpint(code, ==, expected);
    if (expected == ERR_INTERNAL)
        g_assert_cmpuint(touched, >, 0);
    else
        g_assert_cmpuint(touched, ==, 0);
}

static void test_role(const void *data)
{
    const struct Role *role = data;
    Pair pair = pair_new(role->readonly);

    server.driver = &touchy;
    load(role->rules);
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
        check_line(&pair, role, &lines[i]);
    load(NULL);
    pair_end(&pair);
}

/* ---- rules that name objects ---- */

static Object other; /* beside the guest */

static Object *find_either(const remote_nonnull_domain *reference, GError **error)
{
    touched++;
    if (memcmp(reference->uuid, guest.uuid.bytes, UUID_SIZE) == 0)
        return object_ref(&guest);
    if (memcmp(reference->uuid, other.uuid.bytes, UUID_SIZE) == 0)
        return object_ref(&other);
    return fail(error, ERR_NO_DOMAIN, "no such guest");
}

static remote_nonnull_domain reference_to(Object *object, const char *name)
{
    remote_nonnull_domain reference = { .name = g_strdup(name ? name : object->name), .id = -1 };

    memcpy(reference.uuid, object->uuid.bytes, UUID_SIZE);
    return reference;
}

static bool suspend(Call *, const remote_domain_suspend_args *, none *, GError **) { return true; }

static bool lookup_by_id(Call *, const remote_domain_lookup_by_id_args *in,
                         remote_domain_lookup_by_id_ret *out, GError **)
{
    out->dom = reference_to(in->id == 1 ? &guest : &other, NULL);
    return true;
}

static bool lookup_by_name(Call *, const remote_domain_lookup_by_name_args *in,
                           remote_domain_lookup_by_name_ret *out, GError **)
{
    touched++;
    out->dom = reference_to(strcmp(in->name, "demo") == 0 ? &guest : &other, NULL);
    return true;
}

static bool define_xml(Call *, const remote_domain_define_xml_args *,
                       remote_domain_define_xml_ret *out, GError **)
{
    touched++;
    out->dom = reference_to(&guest, NULL);
    return true;
}

static Registry *registry;

static bool num_of_domains(Call *call, const none *, remote_connect_num_of_domains_ret *out,
                           GError **)
{
    g_autoptr(GPtrArray) list = call_list(call, registry);

    out->num = list->len;
    return true;
}

static const Driver seeing = {
    .type = "Seeing",
    .scheme = "seeing",
    .owns = UINT32_MAX,
    .find_domain = find_either,
    .domain_suspend = suspend,
    .domain_lookup_by_id = lookup_by_id,
    .domain_lookup_by_name = lookup_by_name,
    .domain_define_xml = define_xml,
    .connect_num_of_domains = num_of_domains,
    DRIVER_DOMAIN_EVENTS,
};

/* Definitions are "NAME UUID" here. */
static bool identify(const char *xml, char **name, char **uuid, GError **error)
{
    g_auto(GStrv) words = g_strsplit(xml, " ", 2);

    if (!words[0])
        return fail(error, ERR_XML, "it is empty");
    *name = g_strdup(words[0]);
    *uuid = g_strdup(words[1]);
    return true;
}

/* The code of the answer, and the first number behind it when it is a reply. */
static int call(const Pair *pair, int number, void *filter, const void *args, uint32_t *reply)
{
    net_message_header header = { REMOTE_PROGRAM, 1, number, NET_CALL, 1, NET_OK };
    g_autoptr(GByteArray) frame = frame_new(&header, filter, args);
    uint8_t answer[4096];
    size_t size;

    dispatch_frame(pair->client, frame->data, frame->len, NULL);
    size = receive(pair, answer, sizeof(answer));
    frame_header(answer, &header);
    g_assert_cmpint(header.proc, ==, number);
    if (reply && size >= FRAME_LEAST + 4)
        *reply = frame_length(answer + FRAME_LEAST);
    return header.status == NET_OK ? 0 : (int) frame_length(answer + FRAME_LEAST);
}

enum { SUSPEND = 34, BY_ID = 22, BY_NAME = 23, DEFINE = 11, COUNT = 51, REGISTER = 316 };

static void seeing_begin(const char *rules, Pair *pair)
{
    server.driver = &seeing;
    server.identify = identify;
    load(rules);
    *pair = pair_new(false);
    touched = 0;
}

static void seeing_end(Pair *pair)
{
    load(NULL);
    pair_end(pair);
}

/* The name in a reference is the client's word: only the one that the object has counts. */
static void test_reference(void)
{
    remote_domain_suspend_args mine = { reference_to(&guest, "anything") };
    remote_domain_suspend_args foreign = { reference_to(&other, "demo") };
    Pair pair;

    seeing_begin("allow anyone domain.* name=demo", &pair);
    g_assert_cmpint(call(&pair, SUSPEND, xdr_remote_domain_suspend_args, &mine, NULL), ==, 0);
    g_assert_cmpint(call(&pair, SUSPEND, xdr_remote_domain_suspend_args, &foreign, NULL), ==,
                    ERR_ACCESS_DENIED);
    load("deny anyone domain.* name=demo\nallow anyone *");
    g_assert_cmpint(call(&pair, SUSPEND, xdr_remote_domain_suspend_args, &mine, NULL), ==,
                    ERR_ACCESS_DENIED);
    g_assert_cmpint(call(&pair, SUSPEND, xdr_remote_domain_suspend_args, &foreign, NULL), ==, 0);
    g_free(mine.dom.name);
    g_free(foreign.dom.name);
    seeing_end(&pair);
}

static void test_lookup(void)
{
    remote_domain_lookup_by_id_args mine = { 1 }, foreign = { 2 };
    remote_domain_lookup_by_name_args name = { "demo" }, other_name = { "other" };
    Pair pair;

    seeing_begin("allow anyone domain.* name=demo", &pair);
    g_assert_cmpint(call(&pair, BY_ID, xdr_remote_domain_lookup_by_id_args, &mine, NULL), ==, 0);
    g_assert_cmpint(call(&pair, BY_ID, xdr_remote_domain_lookup_by_id_args, &foreign, NULL), ==,
                    ERR_ACCESS_DENIED);
    g_assert_cmpint(call(&pair, BY_NAME, xdr_remote_domain_lookup_by_name_args, &name, NULL), ==,
                    0);
    touched = 0;
    g_assert_cmpint(call(&pair, BY_NAME, xdr_remote_domain_lookup_by_name_args, &other_name, NULL),
                    ==, ERR_ACCESS_DENIED);
    g_assert_cmpuint(touched, ==, 0);
    seeing_end(&pair);
}

static void test_definition(void)
{
    static const struct {
        const char *xml;
        int code;
    } rows[] = {
        { "demo", 0 },
        { "demo " UUID_B, 0 },
        { "other " UUID_A, 0 },
        { "other", ERR_ACCESS_DENIED },
        { "other " UUID_B, ERR_ACCESS_DENIED },
        { "other not-a-uuid", ERR_ACCESS_DENIED },
        { "", ERR_XML },
    };
    Pair pair;

    seeing_begin("allow anyone domain.* name=demo uuid=" UUID_A, &pair);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        remote_domain_define_xml_args args = { (char *) rows[i].xml };

        touched = 0;
        g_assert_cmpint(call(&pair, DEFINE, xdr_remote_domain_define_xml_args, &args, NULL), ==,
                        rows[i].code);
        g_assert_cmpuint(touched, ==, rows[i].code == 0);
    }
    seeing_end(&pair);
}

static void test_list(void)
{
    uint32_t count = 0;
    Pair pair;

    seeing_begin(NULL, &pair);
    g_assert_cmpint(call(&pair, COUNT, NULL, NULL, &count), ==, 0);
    g_assert_cmpuint(count, ==, 2);
    load("allow anyone connect.search-domains\nallow anyone domain.getattr name=demo");
    g_assert_cmpint(call(&pair, COUNT, NULL, NULL, &count), ==, 0);
    g_assert_cmpuint(count, ==, 1);
    load("allow anyone connect.search-domains");
    g_assert_cmpint(call(&pair, COUNT, NULL, NULL, &count), ==, 0);
    g_assert_cmpuint(count, ==, 0);
    seeing_end(&pair);
}

/* Only of what may be seen; the rules may change while a client waits. */
static void test_event(void)
{
    remote_connect_domain_event_callback_register_any_args args = { .event_id = 1 };
    remote_domain_event_callback_reboot_msg about_guest = { .msg = { reference_to(&guest, NULL) } };
    remote_domain_event_callback_reboot_msg about_other = { .msg = { reference_to(&other, NULL) } };
    uint8_t frame[4096];
    Pair pair;

    seeing_begin("allow anyone connect.*\nallow anyone domain.getattr name=other", &pair);
    g_assert_cmpint(call(&pair, REGISTER,
                         xdr_remote_connect_domain_event_callback_register_any_args, &args, NULL),
                    ==, 0);
    emit_domain_event_callback_reboot(&guest, &about_guest);
    emit_domain_event_callback_reboot(&other, &about_other);
    g_assert_cmpuint(receive(&pair, frame, sizeof(frame)), ==, FRAME_LEAST + 4 + 4 + 8 + 16 + 4);
    g_assert_cmpmem(frame + FRAME_LEAST + 8, 5, "other", 5);
    load("allow anyone domain.getattr name=demo");
    emit_domain_event_callback_reboot(&other, &about_other);
    emit_domain_event_callback_reboot(&guest, &about_guest);
    receive(&pair, frame, sizeof(frame));
    g_assert_cmpmem(frame + FRAME_LEAST + 8, 4, "demo", 4);
    g_free(about_guest.msg.dom.name);
    g_free(about_other.msg.dom.name);
    seeing_end(&pair);
}

int main(int argc, char **argv)
{
    Uuid zero = {}, some = uuid_random();

    g_test_init(&argc, &argv, NULL);
    server.name = "test";
    object_init(&guest, &zero, "demo");
    object_init(&other, &some, "other");
    registry = registry_new();
    g_assert_null(registry_add(registry, &guest));
    g_assert_null(registry_add(registry, &other));
    ADD_CASES("access/refusal", refusals, test_refusal);
    ADD_CASES("access/judgement", judgements, test_judgement);
    g_test_add_func("/access/ours", test_ours);
    ADD_CASES("access/role", roles, test_role);
    g_test_add_func("/access/reference", test_reference);
    g_test_add_func("/access/lookup", test_lookup);
    g_test_add_func("/access/definition", test_definition);
    g_test_add_func("/access/list", test_list);
    g_test_add_func("/access/event", test_event);
    return g_test_run();
}
