/* fuzz-xml.c - whatever a definition says, it is refused or means the same when written and read */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "model/domain.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *) data, size);

    try(text, 0);
    try(text, XML_LIVE | XML_VALIDATE);
    return 0;
}
