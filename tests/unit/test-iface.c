/* test-iface.c - the host's ends of interfaces, as QEMU gets them */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "dev-iface.h"

#include <string.h>

typedef struct Case {
    const char *name;
    const char *xml;  /* within <interface> */
    const char *type; /* NULL: no link */
    unsigned taps, vhosts;
    const char *json;
} Case;

static const Case cases[] = {
    { "user", "", "user", 0, 0, "{\"type\":\"user\",\"id\":\"hostnet0\"}" },
    { "user-with-addresses",
      "<ip family='ipv4' address='10.9.0.0' prefix='24'/><ip family='ipv6' address='fd00::' "
      "prefix='64'/>",
      "user", 0, 0,
      "{\"type\":\"user\",\"id\":\"hostnet0\",\"net\":\"10.9.0.0/24\",\"ipv6-prefix\":\"fd00::\","
      "\"ipv6-prefixlen\":64}" },
    { "tap", "<source network='x'/>", "network", 1, 0,
      "{\"type\":\"tap\",\"id\":\"hostnet0\",\"fd\":\"a\"}" },
    { "vhost", "<source bridge='x'/>", "bridge", 1, 1,
      "{\"type\":\"tap\",\"id\":\"hostnet0\",\"fd\":\"a\",\"vhost\":true,\"vhostfd\":\"b\"}" },
    { "queues", "<source dev='x' mode='bridge'/>", "direct", 2, 2,
      "{\"type\":\"tap\",\"id\":\"hostnet0\",\"fds\":\"a:b\",\"vhost\":true,\"vhostfds\":\"c:"
      "d\"}" },
    { "send-buffer", "<tune><sndbuf>1600</sndbuf></tune>", "ethernet", 1, 0,
      "{\"type\":\"tap\",\"id\":\"hostnet0\",\"fd\":\"a\",\"sndbuf\":1600}" },
    { "send-buffer-of-vhost", "<tune><sndbuf>1600</sndbuf></tune>", "ethernet", 1, 1,
      "{\"type\":\"tap\",\"id\":\"hostnet0\",\"fd\":\"a\",\"vhost\":true,\"vhostfd\":\"b\"}" },
};

static Iface *parse(const char *type, const char *inside)
{
    g_autofree char *xml = g_strdup_printf("<interface type='%s'><mac "
                                           "address='52:54:00:00:00:01'/>%s<alias "
                                           "name='net0'/></interface>",
                                           type, inside);
    g_autoptr(GError) error = NULL;
    Iface *iface = xml_parse(&iface_element, xml, XML_LIVE, NULL, &error);

    g_assert_no_error(error);
    return iface;
}

static void test_backend(const void *data)
{
    static char names[][2] = { "a", "b", "c", "d" };
    const Case *c = data;
    g_autoptr(Iface) iface = parse(c->type, c->xml);
    g_autoptr(GPtrArray) list = g_ptr_array_new();
    const IfaceEnd end = { NULL, c->taps, c->vhosts };
    g_autoptr(Json) want = json_parse(c->json, strlen(c->json), NULL), got = NULL;

    for (unsigned i = 0; i < c->taps + c->vhosts; i++)
        g_ptr_array_add(list, names[i]);
    g_assert_cmpint(iface_has_link(iface), ==, c->taps > 0);
    got = iface_backend_json(iface, c->taps ? &end : NULL, c->taps ? list : NULL);
    if (!json_object_equal(got, want))
        g_error("%s, not %s", json_object_to_json_string(got), c->json);
}

/* ---- what only a link has ---- */

static const char *const link_only[][2] = {
    { "bandwidth", "<bandwidth><inbound average='5'/></bandwidth>" },
    { "vlan", "<vlan><tag id='5'/></vlan>" },
    { "virtualport", "<virtualport type='openvswitch'/>" },
    { "port", "<port isolated='yes'/>" },
    { "driver/@queues", "<driver queues='2'/>" },
    { "tune", "<tune><sndbuf>5</sndbuf></tune>" },
    { "target", "<target dev='tap5'/>" },
    { "driver/@name", "<driver name='vhost'/>" },
};

static void test_link_only(void)
{
    for (size_t i = 0; i < G_N_ELEMENTS(link_only); i++) {
        g_autofree char *inside = g_strconcat(link_only[i][1], "<model type='virtio'/>", NULL);
        g_autoptr(Iface) iface = parse("user", inside);
        g_autoptr(GError) error = NULL;

        g_assert_false(iface_check(&(Domain){}, iface, &error));
        g_assert_cmpint(error_code(error), ==, ERR_CONFIG_UNSUPPORTED);
        g_assert_nonnull(strstr(error->message, link_only[i][0]));
        iface->type = IFACE_ETHERNET;
        g_clear_error(&error);
        g_assert_true(iface_check(&(Domain){}, iface, &error));
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/iface/backend/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_backend);
    }
    g_test_add_func("/iface/link-only", test_link_only);
    return g_test_run();
}
