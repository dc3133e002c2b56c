/* test-protocol.c - the codecs: what goes out comes back, and what lies is refused */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocol/admin.h"
#include "protocol/keepalive.h"
#include "protocol/lxc.h"
#include "protocol/qemu.h"
#include "protocol/remote.h"

#include <glib.h>
#include <stdbool.h>

typedef bool_t (*Codec)(XDR *, void *);

/* Messages to decode, as 4-byte words in host order; a row of text is cut to words as well. */
typedef struct Lie {
    const char *name;
    Codec codec;
    size_t size; /* of the decoded struct */
    guint32 words[8];
    unsigned length;   /* in words */
    unsigned consumed; /* in bytes, when it fails: up to the count that lies, not behind it */
    bool_t fine;
} Lie;

#define CODEC(type) \
    static bool_t type##_codec(XDR *xdr, void *data) { return xdr_##type(xdr, data); }
CODEC(net_message_error)
CODEC(net_message_header)
CODEC(remote_connect_list_all_node_devices_ret)
CODEC(remote_connect_list_defined_domains_ret)
CODEC(remote_connect_list_domains_ret)
CODEC(remote_connect_open_args)
CODEC(remote_connect_set_identity_args)
CODEC(remote_domain_block_peek_ret)
CODEC(remote_domain_get_info_ret)
CODEC(remote_domain_lookup_by_name_args)
CODEC(remote_node_get_info_ret)
CODEC(remote_typed_param)
CODEC(remote_typed_param_value)

#define OF(type) type##_codec, sizeof(type)
#define ABCD 0x61626364

static const Lie lies[] = {
    { "a-string", OF(remote_domain_lookup_by_name_args), { 3, 0x61626300 }, 2, 0, TRUE },
    { "an-empty-string", OF(remote_domain_lookup_by_name_args), { 0 }, 1, 0, TRUE },
    { "a-string-with-a-nul", OF(remote_domain_lookup_by_name_args), { 4, 0x61006364 }, 2, 8 },
    { "a-string-of-nuls", OF(remote_domain_lookup_by_name_args), { 4, 0 }, 2, 8 },
    { "a-string-longer-than-the-rest", OF(remote_domain_lookup_by_name_args), { 9, ABCD }, 2, 0 },
    { "a-string-at-its-limit", OF(remote_domain_lookup_by_name_args), { 4194304, ABCD }, 2, 0 },
    { "a-string-over-its-limit", OF(remote_domain_lookup_by_name_args), { 4194305, ABCD }, 2, 0 },
    { "a-string-of-4-gib", OF(remote_domain_lookup_by_name_args), { 0xffffffff, ABCD }, 2, 0 },
    { "a-string-cut-in-its-count", OF(remote_domain_lookup_by_name_args), {}, 0, 0 },
    { "no-optional-string", OF(remote_connect_open_args), { 0, 1 }, 2, 0, TRUE },
    { "an-optional-string", OF(remote_connect_open_args), { 1, 4, ABCD, 1 }, 4, 0, TRUE },
    { "an-optional-string-too-long", OF(remote_connect_open_args), { 1, 5, ABCD, 1 }, 3, 4 },
    { "a-buffer", OF(remote_domain_block_peek_ret), { 4, 0 }, 2, 0, TRUE },
    { "a-buffer-longer-than-the-rest", OF(remote_domain_block_peek_ret), { 4194304, 0 }, 2, 0 },
    { "a-buffer-over-its-limit", OF(remote_domain_block_peek_ret), { 4194305, 0 }, 2, 0 },
    { "a-list", OF(remote_connect_list_domains_ret), { 2, 7, 8 }, 3, 0, TRUE },
    { "a-list-longer-than-the-rest", OF(remote_connect_list_domains_ret), { 3, 7, 8 }, 3, 0 },
    { "a-list-over-its-limit", OF(remote_connect_list_domains_ret), { 16385, 7, 8 }, 3, 0 },
    { "a-list-of-structs", OF(remote_connect_list_all_node_devices_ret), { 65536, 0 }, 2, 0 },
    { "a-list-of-names-longer", OF(remote_connect_list_defined_domains_ret), { 2, 0 }, 2, 0 },
    { "a-list-with-a-long-name", OF(remote_connect_list_defined_domains_ret), { 2, 0, 5 }, 3, 8 },
    { "a-parameter-too-many", OF(remote_connect_set_identity_args), { 21 }, 8, 0 },
    { "a-number", OF(remote_typed_param_value), { REMOTE_TYPED_PARAM_INT, 5 }, 2, 0, TRUE },
    { "an-unknown-kind", OF(remote_typed_param_value), { 8, 5 }, 2, 4 },
    { "kind-zero", OF(remote_typed_param_value), { 0, 5 }, 2, 4 },
    { "an-unknown-kind-behind-a-name", OF(remote_typed_param), { 4, ABCD, 99, 5 }, 4, 12 },
    { "an-unknown-kind-in-a-list",
      OF(remote_connect_set_identity_args),
      { 2, 1, 0x61000000, REMOTE_TYPED_PARAM_UINT, 5, 1, 0x62000000, 0 },
      8,
      32 },
};

static void decode(gconstpointer data)
{
    const Lie *lie = data;
    g_autofree void *decoded = g_malloc0(lie->size);
    guint32 wire[G_N_ELEMENTS(lie->words)];
    XDR xdr;

    for (unsigned i = 0; i < lie->length; i++)
        wire[i] = g_htonl(lie->words[i]);
    xdrmem_create(&xdr, (char *) wire, lie->length * 4, XDR_DECODE);
    g_assert_cmpint(lie->codec(&xdr, decoded), ==, lie->fine);
    g_assert_cmpuint(xdr_getpos(&xdr), ==, lie->fine ? lie->length * 4 : lie->consumed);
    xdr.x_op = XDR_FREE;
    (void) lie->codec(&xdr, decoded);
}

/* Encodes, compares the size, decodes into `again`, which is the caller's to look at. */
static void travel(Codec codec, void *value, void *again, unsigned size)
{
    g_autofree char *wire = g_malloc(size);
    XDR xdr;

    xdrmem_create(&xdr, wire, size, XDR_ENCODE);
    g_assert_true(codec(&xdr, value));
    g_assert_cmpuint(xdr_getpos(&xdr), ==, size);
    xdrmem_create(&xdr, wire, size, XDR_DECODE);
    g_assert_true(codec(&xdr, again));
    g_assert_cmpuint(xdr_getpos(&xdr), ==, size);
}

static void release(Codec codec, void *value)
{
    XDR xdr = { .x_op = XDR_FREE };

    g_assert_true(codec(&xdr, value));
}

static void test_header(void)
{
    net_message_header header = { REMOTE_PROGRAM, REMOTE_PROTOCOL_VERSION, 9, NET_REPLY, 0xfffffff0,
                                  NET_ERROR };
    net_message_header again = {};

    travel(net_message_header_codec, &header, &again, VIR_NET_MESSAGE_HEADER_MAX);
    g_assert_cmpmem(&header, sizeof(header), &again, sizeof(again));
    g_assert_cmpuint(QEMU_PROGRAM, ==, REMOTE_PROGRAM + 1);
    g_assert_cmpuint(LXC_PROGRAM, ==, 0x68000);
    g_assert_cmpuint(ADMIN_PROGRAM, ==, 0x6900690);
    g_assert_cmpuint(KEEPALIVE_PROGRAM, ==, 0x6b656570);
}

static void test_error(void)
{
    char *message = (char *) "Domain not found", *detail = (char *) "";
    net_nonnull_domain dom = { (char *) "web", "0123456789abcde", -1 };
    net_message_error error = { .code = 42,
                                .domain = 10,
                                .message = &message,
                                .level = 2,
                                .dom = &dom,
                                .str2 = &detail,
                                .int1 = -1,
                                .int2 = -1 };
    net_message_error again = {};

    /* 6 numbers, 6 flags of presence, two strings, the domain */
    travel(net_message_error_codec, &error, &again, 5 * 4 + 6 * 4 + 4 + 16 + 4 + 8 + 16 + 4);
    g_assert_cmpstr(*again.message, ==, message);
    g_assert_cmpstr(*again.str2, ==, "");
    g_assert_null(again.str1);
    g_assert_null(again.net);
    g_assert_cmpstr(again.dom->name, ==, "web");
    g_assert_cmpmem(again.dom->uuid, VIR_UUID_BUFLEN, dom.uuid, VIR_UUID_BUFLEN);
    g_assert_cmpint(again.int2, ==, -1);
    release(net_message_error_codec, &again);
}

/* One byte and two bytes travel as four, also in a fixed array. */
static void test_small_numbers(void)
{
    remote_domain_get_info_ret info = { 1, 1 << 20, G_MAXUINT64, 65535, 7 }, info_again = {};
    remote_node_get_info_ret node = { .model = "x86_64", .memory = 4096, .threads = 2 };
    remote_node_get_info_ret node_again = {};

    travel(remote_domain_get_info_ret_codec, &info, &info_again, 4 + 8 + 8 + 4 + 8);
    g_assert_cmpuint(info_again.memory, ==, G_MAXUINT64);
    g_assert_cmpuint(info_again.nr_virt_cpu, ==, 65535);
    travel(remote_node_get_info_ret_codec, &node, &node_again, 32 * 4 + 8 + 6 * 4);
    g_assert_cmpstr(node_again.model, ==, "x86_64");
    g_assert_cmpint(node_again.threads, ==, 2);
}

static void test_parameters(void)
{
    remote_typed_param params[] = {
        { (char *) "i", { REMOTE_TYPED_PARAM_INT, { .i = -5 } } },
        { (char *) "u", { REMOTE_TYPED_PARAM_UINT, { .ui = G_MAXUINT } } },
        { (char *) "l", { REMOTE_TYPED_PARAM_LLONG, { .l = G_MININT64 } } },
        { (char *) "U", { REMOTE_TYPED_PARAM_ULLONG, { .ul = G_MAXUINT64 } } },
        { (char *) "d", { REMOTE_TYPED_PARAM_DOUBLE, { .d = 0.5 } } },
        { (char *) "b", { REMOTE_TYPED_PARAM_BOOLEAN, { .b = 1 } } },
        { (char *) "s", { REMOTE_TYPED_PARAM_STRING, { .s = (char *) "text" } } },
    };
    remote_connect_set_identity_args args = { { G_N_ELEMENTS(params), params }, 3 }, again = {};

    travel(remote_connect_set_identity_args_codec, &args, &again,
           4 + G_N_ELEMENTS(params) * 12 + 4 + 4 + 8 + 8 + 8 + 4 + 8 + 4);
    g_assert_cmpuint(again.params.params_len, ==, G_N_ELEMENTS(params));
    for (unsigned i = 0; i < G_N_ELEMENTS(params); i++) {
        remote_typed_param *param = &again.params.params_val[i];

        g_assert_cmpstr(param->field, ==, params[i].field);
        g_assert_cmpint(param->value.type, ==, params[i].value.type);
    }
    g_assert_cmpint(again.params.params_val[0].value.remote_typed_param_value_u.i, ==, -5);
    g_assert_cmpfloat(again.params.params_val[4].value.remote_typed_param_value_u.d, ==, 0.5);
    g_assert_cmpstr(again.params.params_val[6].value.remote_typed_param_value_u.s, ==, "text");
    g_assert_cmpuint(again.flags, ==, 3);
    release(remote_connect_set_identity_args_codec, &again);
}

/* What a daemon must not send either: a list or a string over the limit cannot be encoded. */
static void test_own_limits(void)
{
    static int ids[REMOTE_DOMAIN_LIST_MAX + 1];
    g_autofree char *wire = g_malloc(sizeof(ids) + 4);
    remote_connect_list_domains_ret list = { { REMOTE_DOMAIN_LIST_MAX, ids } };
    XDR xdr;

    xdrmem_create(&xdr, wire, sizeof(ids) + 4, XDR_ENCODE);
    g_assert_true(xdr_remote_connect_list_domains_ret(&xdr, &list));
    list.ids.ids_len++;
    xdrmem_create(&xdr, wire, sizeof(ids) + 4, XDR_ENCODE);
    g_assert_false(xdr_remote_connect_list_domains_ret(&xdr, &list));
}

// clang-format off
/* Every row of the .def files is C: types, members, conditions; no name comes twice. */
typedef struct none { char unused; } none;
enum { PEEK, SURVEY, ABORT, AGENT, QUERY, CHANGE, JOB };
enum { CORE, SELF, HYPERVISOR, NETWORK, NODE, STORAGE, SECRET, NWFILTER, INTERFACE };
enum { LOW, HIGH, NO_STREAM, TO_DAEMON, TO_CLIENT, BOTH };

#define HOST ((const void *) in)
#define DOMAIN(member) ((const remote_nonnull_domain *) { &in->member })
#define NETWORK(member) ((const remote_nonnull_network *) { &in->member })
#define NODE_DEVICE(member) ((const char *) { in->member })
#define POOL(member) ((const remote_nonnull_storage_pool *) { &in->member })
#define VOLUME(member) ((const remote_nonnull_storage_vol *) { &in->member })
#define SECRET(member) ((const remote_nonnull_secret *) { &in->member })
#define INTERFACE(member) ((const remote_nonnull_interface *) { &in->member })
#define NWFILTER(member) ((const remote_nonnull_nwfilter *) { &in->member })
#define BINDING(member) ((const remote_nonnull_nwfilter_binding *) { &in->member })
#define SERVER(member) ((const admin_nonnull_server *) { &in->member })
#define CLIENT(member) ((const admin_nonnull_client *) { &in->member })
#define READ true
#define WRITE false
#define READ_UNLESS(condition) (!(condition))
#define ANYONE true
#define MAY(object, permission) (#object "." #permission)[0]
#define IF(condition, permission) (!(condition) || (permission))
#define PROC(number, name, Args, Ret, object, access, acl, filter, priority, mode, owner, stream) \
    [[maybe_unused]] static unsigned name(const Args *in, Ret *out)                               \
    {                                                                                             \
        (void) mode; (void) owner; (void) priority; (void) stream; (void) out;                    \
        return (object) && (access) && (acl) && (filter) ? number : 0;                            \
    }
#define EVENT(number, name, Msg, filter)                                                          \
    [[maybe_unused]] static unsigned name(const Msg *msg) { return msg && (filter) ? number : 0; }
#define MESSAGE(number, name) [[maybe_unused]] static unsigned name(void) { return number; }
#include "protocol/admin.def"
#include "protocol/keepalive.def"
#include "protocol/lxc.def"
#include "protocol/qemu.def"
#include "protocol/remote.def"
// clang-format on

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (unsigned i = 0; i < G_N_ELEMENTS(lies); i++) {
        g_autofree char *path = g_strdup_printf("/protocol/decode/%s", lies[i].name);

        g_test_add_data_func(path, &lies[i], decode);
    }
    g_test_add_func("/protocol/header", test_header);
    g_test_add_func("/protocol/error", test_error);
    g_test_add_func("/protocol/small-numbers", test_small_numbers);
    g_test_add_func("/protocol/parameters", test_parameters);
    g_test_add_func("/protocol/own-limits", test_own_limits);
    return g_test_run();
}
