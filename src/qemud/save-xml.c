/* save-xml.c - the definition that goes with a guest's saved state, and what of it may change
 *
 * A guest that goes on must find the machine that it knew. What may be another is what lies behind
 * that machine, on the host. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "save-xml.h"

#include "guest/define.h"
#include "xml/differ.h"

/* What is behind a device that passes characters. */
#define CHARDEV(device)                                                                     \
    "devices/" device "/@type", "devices/" device "/source", "devices/" device "/protocol", \
        "devices/" device "/log"

static const char *const may_change[] = {
    "title",
    "description",
    "metadata",
    "currentMemory",
    "vcpu/@cpuset",
    "vcpu/@placement",
    "cputune",
    "memtune",
    "blkiotune",
    "numatune",
    "resource",
    "seclabel",
    "os/kernel",
    "os/initrd",
    "os/cmdline",
    "os/boot",
    "os/bootmenu",
    "clock/@offset",
    "clock/@adjustment",
    "clock/@basis",
    "clock/@timezone",
    "clock/@start",
    "on_poweroff",
    "on_reboot",
    "on_crash",
    "devices/emulator",
    "devices/disk/@type",
    "devices/disk/driver/@name",
    "devices/disk/driver/@type",
    "devices/disk/driver/@cache",
    "devices/disk/driver/@error_policy",
    "devices/disk/driver/@rerror_policy",
    "devices/disk/driver/@io",
    "devices/disk/driver/@discard",
    "devices/disk/driver/@detect_zeroes",
    "devices/disk/driver/@copy_on_read",
    "devices/disk/auth",
    "devices/disk/source",
    "devices/disk/backingStore",
    "devices/disk/iotune",
    "devices/disk/boot",
    "devices/disk/encryption",
    "devices/interface/@type",
    "devices/interface/source",
    "devices/interface/target",
    "devices/interface/bandwidth",
    "devices/interface/vlan",
    "devices/interface/virtualport",
    "devices/interface/port",
    "devices/interface/filterref",
    "devices/interface/script",
    "devices/interface/backend",
    "devices/interface/link",
    "devices/interface/boot",
    "devices/interface/ip",
    "devices/interface/route",
    CHARDEV("serial"),
    CHARDEV("parallel"),
    CHARDEV("console"),
    CHARDEV("channel"),
    "devices/filesystem/source",
    "devices/graphics",
    "devices/audio",
    "devices/rng/backend",
    "devices/memballoon/stats",
    "devices/redirdev/source",
    NULL,
};

char *save_xml_of(const View *view, GError **error)
{
    Domain shown = *view->live->domain;
    g_autofree char *text = NULL;
    g_autoptr(Domain) lasting = NULL;

    if (view->balloon)
        shown.current_memory = view->balloon;
    text = domain_format(&shown, XML_SECURE);
    lasting = domain_parse(text, 0, NULL, error); /* without what this run alone has */
    return lasting ? domain_format(lasting, XML_SECURE) : NULL;
}

static gint compare_types(gconstpointer a, gconstpointer b)
{
    const Controller *first = *(Controller *const *) a, *second = *(Controller *const *) b;

    return (int) first->type - (int) second->type;
}

/* With all that a definition leaves open. Controllers that it left out stand behind the others, so
 * they are brought into one order. */
static char *complete(const char *xml, GError **error)
{
    g_autoptr(Definition) definition = define_parse(xml, false, error);

    if (!definition)
        return NULL;
    if (definition->domain->controllers)
        g_ptr_array_sort(definition->domain->controllers, compare_types);
    return domain_format(definition->domain, XML_SECURE);
}

static bool fail_as_different(const XmlDifference *difference, GError **error)
{
    const char *from = difference->from, *to = difference->to;

    return fail(
        error, ERR_CONFIG_UNSUPPORTED,
        "Target domain '%s' does not match source: %s%s%s in the saved guest, %s%s%s in the "
        "definition",
        difference->path, from ? "'" : "", from ? from : "absent", from ? "'" : "", to ? "'" : "",
        to ? to : "absent", to ? "'" : "");
}

char *save_xml_replace(const char *saved, const char *wanted, GError **error)
{
    g_autofree char *from = NULL, *to = NULL;
    g_auto(XmlDifference) difference = {};

    if (!wanted)
        return g_strdup(saved);
    to = complete(wanted, error);
    from = to ? complete(saved, error) : NULL;
    if (!from || !xml_differ(from, to, may_change, &difference, error))
        return NULL;
    if (difference.path)
        return (char *) fail_as_different(&difference, error);
    return g_steal_pointer(&to);
}
