/* test-link.c - links, bridges, taps, queues and rules, in a network namespace of the test's own */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "host/bridge.h"
#include "host/link.h"
#include "host/nft.h"
#include "host/shape.h"
#include "host/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const Bridge plain = { .mac = { { 0x52, 0x54, 0, 1, 2, 3 } }, .stp = true };

static Link find(const char *name)
{
    g_autoptr(GError) error = NULL;
    Link link;

    link_find(name, &link, &error);
    g_assert_no_error(error);
    return link;
}

static Mac mac_of(const char *name) { return find(name).mac; }

static GArray *descriptors(void) { return g_array_new(FALSE, FALSE, sizeof(int)); }

static void close_all(GArray *fds)
{
    for (guint i = 0; i < fds->len; i++)
        close(g_array_index(fds, int, i));
    g_array_unref(fds);
}

static void test_bridge(void)
{
    g_autoptr(GError) error = NULL;
    Ip ip;
    Link link;

    g_assert_cmpint(bridge_create("br0", &plain), ==, 0);
    g_assert_cmpint(bridge_create("br0", &plain), ==, EEXIST);
    link = find("br0");
    g_assert_cmpstr(link.kind, ==, "bridge");
    g_assert_true(mac_equal(&link.mac, &plain.mac));
    g_assert_false(link.up);
    ip_parse("10.1.2.1", &ip);
    link_add_address("br0", &ip, NULL, 24, &error);
    g_assert_no_error(error);
    ip_parse("fd00::1", &ip);
    link_add_address("br0", &ip, NULL, 64, &error);
    g_assert_no_error(error);
    link_set_mtu("br0", 9000, &error);
    g_assert_no_error(error);
    link_set_up("br0", true, &error);
    g_assert_no_error(error);
    link = find("br0");
    g_assert_true(link.up);
    g_assert_cmpuint(link.mtu, ==, 9000);
    link_delete("br0", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(find("br0").index, ==, 0);
    link_delete("br0", &error);
    g_assert_no_error(error);
}

static bool see_route(const HostRoute *route, void *data)
{
    char text[IP_TEXT];

    g_string_append_printf(data, "%s/%u%s ", ip_print(&route->to, text), route->prefix,
                           route->direct ? "" : "*");
    return true;
}

static void test_routes(void)
{
    g_autoptr(GString) seen = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    Ip own, to, gateway;

    bridge_create("br1", &plain);
    ip_parse("10.1.2.1", &own);
    ip_parse("10.9.0.0", &to);
    ip_parse("10.1.2.7", &gateway);
    g_assert_true(link_add_address("br1", &own, NULL, 24, &error));
    g_assert_true(link_set_up("br1", true, &error));
    link_add_route("br1", &to, 16, &gateway, 3, &error);
    g_assert_no_error(error);
    g_assert_true(link_foreach_route(AF_INET, see_route, seen, &error));
    g_assert_cmpstr(seen->str, ==, "10.1.2.0/24 10.9.0.0/16* ");
    g_assert_true(link_delete("br1", &error));
}

static void test_ports(void)
{
    g_autoptr(GError) error = NULL;
    Mac mac = { { 0x52, 0x54, 0, 9, 9, 9 } }, made;

    bridge_create("br2", &plain);
    g_assert_cmpint(link_create_veth("ve0", &mac, "ve1", NULL, -1), ==, 0);
    made = mac_of("ve0");
    g_assert_true(mac_equal(&made, &mac));
    g_assert_cmpstr(find("ve1").kind, ==, "veth");
    link_set_master("ve0", "br2", &error);
    g_assert_no_error(error);
    g_assert_cmpuint(find("ve0").master, ==, find("br2").index);
    bridge_set_port("ve0", &(BridgePort){ .isolated = true, .fixed_table = true }, &error);
    g_assert_no_error(error);
    bridge_add_address("ve0", &mac, &error);
    g_assert_no_error(error);
    link_set_master("ve0", NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(find("ve0").master, ==, 0);
    g_assert_false(link_set_master("ve0", "none", &error));
    g_assert_cmpint(error_errno(error), ==, ENODEV);
    g_clear_error(&error);
    g_assert_true(link_delete("ve1", &error));
    g_assert_cmpuint(find("ve0").index, ==, 0);
    g_assert_true(link_delete("br2", &error));
}

static const struct {
    const char *name, *link;
    bool allowed;
} names[] = {
    { "usual", "virbr0", true },
    { "longest", "123456789012345", true },
    { "too-long", "1234567890123456" },
    { "empty", "" },
    { "blank", "a b" },
    { "slash", "a/b" },
    { "colon", "eth0:1" },
    { "dots", ".." },
};

static void test_name(gconstpointer data)
{
    const __typeof__(names[0]) *test = data;
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(link_check_name(test->link, &error), ==, test->allowed);
}

/* A tap of somebody else is not joined, its name is not taken. */
static void test_tap(void)
{
    g_autoptr(GError) error = NULL;
    char one[IFNAMSIZ], other[IFNAMSIZ], again[IFNAMSIZ];
    GArray *fds = descriptors();

    g_assert_true(tap_create("tt%d", 1, true, one, fds, &error));
    g_assert_cmpuint(fds->len, ==, 1);
    g_assert_cmpstr(find(one).kind, ==, "tun");
    g_assert_true(tap_create("tt%d", 4, true, other, fds, &error));
    g_assert_cmpuint(fds->len, ==, 5);
    g_assert_cmpstr(one, !=, other);
    g_assert_false(tap_create(other, 4, true, again, fds, &error));
    g_assert_cmpint(error_code(error), ==, ERR_OPERATION_INVALID);
    g_assert_cmpuint(fds->len, ==, 5);
    close_all(fds);
    g_assert_cmpuint(find(one).index, ==, 0);
    g_assert_cmpuint(find(other).index, ==, 0);
}

enum { THREADS = 8, EACH = 25 };

static gint names_are_contested;

static void *contest(void *)
{
    for (unsigned i = 0; g_atomic_int_get(&names_are_contested); i++) {
        g_autofree char *name = g_strdup_printf("race%u", i % (THREADS * EACH));

        if (bridge_create(name, &plain) == 0)
            link_delete(name, NULL);
    }
    return NULL;
}

typedef struct Racer {
    char names[EACH][IFNAMSIZ];
    GArray *fds;
} Racer;

static void *race(void *data)
{
    Racer *racer = data;

    racer->fds = descriptors();
    for (unsigned i = 0; i < EACH; i++) {
        g_autoptr(GError) error = NULL;

        tap_create("race%d", 1, false, racer->names[i], racer->fds, &error);
        g_assert_no_error(error);
    }
    return NULL;
}

static void test_race(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    g_autofree Racer *racers = g_new0(Racer, THREADS);
    GThread *threads[THREADS], *other;

    g_atomic_int_set(&names_are_contested, 1);
    other = g_thread_new("other", contest, NULL);
    for (int i = 0; i < THREADS; i++)
        threads[i] = g_thread_new("race", race, &racers[i]);
    for (int i = 0; i < THREADS; i++)
        g_thread_join(threads[i]);
    g_atomic_int_set(&names_are_contested, 0);
    g_thread_join(other);
    for (int i = 0; i < THREADS; i++) {
        for (int j = 0; j < EACH; j++) {
            g_assert_true(g_hash_table_add(seen, racers[i].names[j]));
            g_assert_cmpstr(find(racers[i].names[j]).kind, ==, "tun");
        }
    }
    for (int i = 0; i < THREADS; i++)
        close_all(racers[i].fds);
}

static void test_shape(void)
{
    static const Mac mac = { { 0x52, 0x54, 0, 9, 9, 9 } };
    g_autoptr(GError) error = NULL;

    link_create_veth("sh0", NULL, "sh1", NULL, -1);
    shape_set("sh0", &(Rate){ 1000, 5000, 1024 }, &error);
    g_assert_no_error(error);
    shape_set("sh0", &(Rate){ 2000 }, &error);
    g_assert_no_error(error);
    shape_set_floor("sh0", 3, &mac, 200, &error);
    g_assert_no_error(error);
    shape_drop_floor("sh0", 3, &error);
    g_assert_no_error(error);
    shape_set("sh0", &(Rate){}, &error);
    g_assert_no_error(error);
    shape_set("sh0", &(Rate){}, &error);
    g_assert_no_error(error);
    g_assert_true(link_delete("sh0", &error));
}

/* One wrong command, and none of them counts. */
static void test_rules(void)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *before = NULL, *after = NULL;

    if (!nft_run("add table inet test\n", &error)) {
        g_test_skip(error->message);
        return;
    }
    g_assert_false(nft_run("add chain inet test a\nadd rule inet test b accept\n", &error));
    g_assert_cmpint(error_code(error), ==, ERR_INTERNAL);
    g_clear_error(&error);
    before = nft_list("list chains", &error);
    g_assert_null(strstr(before, "\"a\""));
    g_assert_true(nft_run("add chain inet test a\nadd rule inet test a accept\n", &error));
    after = nft_list("list table inet test", &error);
    g_assert_nonnull(strstr(after, "\"accept\""));
    g_assert_true(nft_run("delete table inet test\n", &error));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    if (unshare(geteuid() ? CLONE_NEWUSER | CLONE_NEWNET : CLONE_NEWNET) < 0 ||
        access("/dev/net/tun", R_OK | W_OK) < 0) {
        printf("1..0 # SKIP no network namespace of its own, or no taps\n");
        return 0;
    }
    ADD_CASES("link/name", names, test_name);
    g_test_add_func("/link/bridge", test_bridge);
    g_test_add_func("/link/routes", test_routes);
    g_test_add_func("/link/ports", test_ports);
    g_test_add_func("/link/tap", test_tap);
    g_test_add_func("/link/race", test_race);
    g_test_add_func("/link/shape", test_shape);
    g_test_add_func("/link/rules", test_rules);
    return g_test_run();
}
