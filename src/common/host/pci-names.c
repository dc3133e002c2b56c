/* pci-names.c - what PCI vendors and products are called
 *
 * The list of the PCI ID project has a line "1af4  Red Hat, Inc." for each vendor and, below it, a
 * line "<tab>1041  Virtio 1.0 network device" for each product, all in the order of the numbers. It
 * is mapped, and the places of the vendors are noted the first time that one is asked for; then its
 * pages are given back, as few of them are read again. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/pci.h"

#include <string.h>
#include <sys/mman.h>

static struct {
    const char *text, *end;
    GHashTable *vendors; /* number -> its line */
    GHashTable *names;   /* vendor << 16 | product, or ~vendor: the text, "" for none */
} list;

static const char *next_line(const char *line)
{
    const char *newline = memchr(line, '\n', list.end - line);

    return newline ? newline + 1 : list.end;
}

/* The number that a line begins with; -1: none. Two blanks stand behind it. */
static int number_at(const char *text)
{
    int number = 0;

    if (list.end - text < 6 || text[4] != ' ' || text[5] != ' ')
        return -1;
    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(text[i]);

        if (digit < 0)
            return -1;
        number = number << 4 | digit;
    }
    return number;
}

static void open_list(void)
{
    static const char *const paths[] = { "/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids" };
    GMappedFile *file = NULL;

    list.vendors = g_hash_table_new(NULL, NULL);
    list.names = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    for (size_t i = 0; i < G_N_ELEMENTS(paths) && !file; i++)
        file = g_mapped_file_new(paths[i], FALSE, NULL);
    if (!file || !g_mapped_file_get_length(file))
        return;
    list.text = g_mapped_file_get_contents(file);
    list.end = list.text + g_mapped_file_get_length(file);
    for (const char *line = list.text; line < list.end; line = next_line(line)) {
        int number = number_at(line);

        if (number >= 0)
            g_hash_table_insert(list.vendors, GINT_TO_POINTER(number + 1), (char *) line);
    }
    (void) madvise((char *) list.text, list.end - list.text, MADV_DONTNEED);
}

static char *text_of(const char *line, unsigned skip)
{
    const char *end = memchr(line, '\n', list.end - line);

    return g_strndup(line + skip, (end ? end : list.end) - line - skip);
}

static char *find_product(const char *vendor, unsigned product)
{
    for (const char *line = next_line(vendor); line < list.end; line = next_line(line)) {
        if (*line == '#')
            continue;
        if (*line != '\t')
            break;
        if (number_at(line + 1) == (int) product)
            return text_of(line, 1 + 6);
    }
    return g_strdup("");
}

/* Each is looked for once. */
static const char *find(unsigned key, unsigned vendor, int product)
{
    const char *line;
    char *name;

    if (!list.vendors)
        open_list();
    line = g_hash_table_lookup(list.vendors, GUINT_TO_POINTER(vendor + 1));
    if (!line)
        return NULL;
    name = g_hash_table_lookup(list.names, GUINT_TO_POINTER(key));
    if (!name) {
        name = product < 0 ? text_of(line, 6) : find_product(line, product);
        g_hash_table_insert(list.names, GUINT_TO_POINTER(key), name);
    }
    return *name ? name : NULL;
}

const char *host_pci_vendor(unsigned vendor) { return find(~vendor, vendor, -1); }

const char *host_pci_product(unsigned vendor, unsigned product)
{
    return find(vendor << 16 | product, vendor, product);
}
