/* test-network.c - definitions of networks are read, refused and written as clients expect
 *
 * A case is a file: NAME.xml is read, NAME.out.xml says what it means, NAME.error with which code
 * it is refused. Those of real networks are beside the project, and skipped where they are not. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include "model/network.h"
#include "model/port.h"

#include <stdlib.h>
#include <string.h>

static char *read_text(const char *path)
{
    g_autoptr(GError) error = NULL;
    char *text = NULL;

    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return text;
}

static Network *parse(const char *path)
{
    g_autofree char *text = read_text(path);
    g_autoptr(GError) error = NULL;
    Network *network = xml_parse(&network_element, text, 0, NULL, &error);

    g_assert_no_error(error);
    return network;
}

/* What is chosen at random, or by what the host has, when a definition does not say. */
static void take_chosen(Network *network, const Network *from)
{
    if (uuid_is_zero(&network->uuid))
        network->uuid = from->uuid;
    if (mac_is_zero(&network->mac))
        network->mac = from->mac;
    if (from->bridge && (!network->bridge || strstr(network->bridge, "%d"))) {
        g_free(network->bridge);
        network->bridge = g_strdup(from->bridge);
    }
}

static void assert_same(const Network *a, const Network *b, const char *path)
{
    g_autofree char *difference = xml_compare(&network_element, a, b);

    if (difference)
        g_error("%s: '%s' differs", path, difference);
}

static void check_meaning(const char *path, const char *expected)
{
    g_autoptr(Network) network = parse(path), wanted = parse(expected), again = NULL;
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;

    take_chosen(network, wanted);
    g_clear_pointer(&wanted->metadata, g_free); /* with other blanks between its elements */
    wanted->metadata = g_strdup(network->metadata);
    assert_same(network, wanted, path);
    text = xml_format(&network_element, network, 0);
    again = xml_parse(&network_element, text, XML_VALIDATE, NULL, &error);
    g_assert_no_error(error);
    assert_same(network, again, path);
}

static void check_refusal(const char *path, const char *code)
{
    g_autofree char *text = read_text(path), *number = read_text(code);
    g_autoptr(GError) error = NULL;

    g_assert_null(xml_parse(&network_element, text, 0, NULL, &error));
    if (error_code(error) != (ErrorCode) atoi(number))
        g_error("%s: code %d, expected %s (%s)", path, error_code(error), number, error->message);
}

static void test_file(gconstpointer data)
{
    const char *base = data;
    g_autofree char *in = g_strconcat(base, ".xml", NULL);
    g_autofree char *error = g_strconcat(base, ".error", NULL);
    g_autofree char *stem =
        g_str_has_suffix(base, ".in") ? g_strndup(base, strlen(base) - 3) : g_strdup(base);
    g_autofree char *out = g_strconcat(stem, ".out.xml", NULL);

    if (g_file_test(error, G_FILE_TEST_EXISTS))
        check_refusal(in, error);
    else
        check_meaning(in, out);
}

static void add_directory(const char *prefix, const char *directory)
{
    g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);

    for (const char *name; dir && (name = g_dir_read_name(dir));) {
        g_autofree char *path = g_strconcat(prefix, name, NULL);

        if (!g_str_has_suffix(name, ".xml") || g_str_has_suffix(name, ".out.xml"))
            continue;
        g_test_add_data_func_full(
            path, g_strdup_printf("%s/%.*s", directory, (int) strlen(name) - 4, name), test_file,
            g_free);
    }
}

static void test_port(void)
{
    const char *xml = "<networkport>\n"
                      "  <uuid>33333333-2222-3333-4444-555555555551</uuid>\n"
                      "  <owner>\n"
                      "    <name>guest</name>\n"
                      "    <uuid>d54df46f-1ab5-4a22-8618-4560ef5fac2c</uuid>\n"
                      "  </owner>\n"
                      "  <group>pg</group>\n"
                      "  <mac address='52:54:00:7b:35:93'/>\n"
                      "  <bandwidth>\n"
                      "    <inbound average='100'/>\n"
                      "  </bandwidth>\n"
                      "  <plug type='network' bridge='virbr0'/>\n"
                      "</networkport>\n";
    g_autoptr(GError) error = NULL;
    g_autoptr(NetworkPort) port = xml_parse(&port_element, xml, XML_VALIDATE, NULL, &error);
    g_autofree char *text = NULL;

    g_assert_no_error(error);
    text = xml_format(&port_element, port, 0);
    g_assert_cmpstr(text, ==, xml);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_directory("/network/", TEST_DATA "/network");
    add_directory("/network/corpus/", TEST_DATA "/../../../shared/corpus/network");
    g_test_add_func("/network/port", test_port);
    return g_test_run();
}
