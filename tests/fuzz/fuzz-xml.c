/* fuzz-xml.c - whatever a definition says, it is refused or means the same when written and read */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/domain.h"
#include "model/network.h"
#include "model/port.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *, char ***) { return 0; }

static Domain *read_again(const Domain *domain, unsigned flags, char **text)
{
    g_autoptr(GError) error = NULL;
    Domain *again;

    *text = domain_format(domain, flags | XML_SECURE);
    again = domain_parse(*text, flags, NULL, &error);
    if (!again)
        g_error("its own text is refused: %s\n%s", error->message, *text);
    return again;
}

/* What was accepted is accepted again, and then is the same: disks that name their bus may come to
 * stand in another order than those that leave it to their target. */
static void check(const Domain *domain, unsigned flags)
{
    g_autofree char *text = NULL, *second_text = NULL, *third_text = NULL;
    g_autoptr(Domain) second = read_again(domain, flags, &text);
    g_autoptr(Domain) third = read_again(second, flags, &second_text);

    third_text = domain_format(third, flags | XML_SECURE);
    if (strcmp(second_text, third_text) != 0)
        g_error("its text changes:\n%s\n%s", second_text, third_text);
}

static void try(const char *text, unsigned flags)
{
    g_autoptr(GPtrArray) warnings = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(Domain) domain = domain_parse(text, flags, warnings, NULL), copy = NULL;
    g_autofree char *difference = NULL;

    if (!domain)
        return;
    copy = domain_copy(domain);
    difference = domain_compare(domain, copy);
    if (difference)
        g_error("a copy differs: %s", difference);
    check(copy, flags & XML_LIVE);
}

extern XmlElement node_device_element; /* its header has names that domain.h has, too */

/* What other daemons are given. */
static void try_other(XmlElement *element, const char *text)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *once = NULL, *twice = NULL;
    void *object = xml_parse(element, text, 0, NULL, NULL), *again;

    if (!object)
        return;
    once = xml_format(element, object, 0);
    again = xml_parse(element, once, 0, NULL, &error);
    if (!again)
        g_error("its own text is refused: %s\n%s", error->message, once);
    twice = xml_format(element, again, 0);
    if (strcmp(once, twice) != 0)
        g_error("its text changes:\n%s\n%s", once, twice);
    xml_free(element, object);
    xml_free(element, again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static XmlElement *const others[] = { &node_device_element, &network_element, &port_element };
    g_autofree char *text = g_strndup((const char *) data, size);

    for (size_t i = 0; i < G_N_ELEMENTS(others); i++)
        try_other(others[i], text);
    try(text, 0);
    try(text, XML_LIVE | XML_VALIDATE);
    return 0;
}
