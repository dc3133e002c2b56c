/* scope.c - a container's group as a scope of systemd's */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "scope.h"

#include "host/cgroup.h"
#include "host/scope.h"

#include <string.h>

/* As systemd escapes what is not allowed in the name of a unit. */
static char *escape(const char *text)
{
    GString *out = g_string_new(NULL);

    for (; *text; text++) {
        if (g_ascii_isalnum(*text) || *text == '_' || (*text == '.' && out->len))
            g_string_append_c(out, *text);
        else
            g_string_append_printf(out, "\\x%02x", (unsigned char) *text);
    }
    return g_string_free(out, FALSE);
}

/* The pid makes it another one than that of an earlier run, which systemd may not have forgotten.
 */
static char *unit_of(const Domain *domain, pid_t pid)
{
    g_autofree char *whole = g_strdup_printf("lxc-%d-%s", pid, domain->name);
    g_autofree char *name = escape(whole);

    return g_strconcat("machine-", name, ".scope", NULL);
}

/* "/machine/web" is the slice machine-web.slice, in machine.slice; "/" the root of all, -.slice. */
static char *slice_of(const Domain *domain, bool as_path)
{
    const char *partition = domain->partition ? domain->partition : "/machine";
    g_auto(GStrv) parts = g_strsplit(partition + strspn(partition, "/"), "/", -1);
    g_autoptr(GString) name = g_string_new(NULL);
    GString *path = g_string_new(NULL);

    for (char **part = parts; *part; part++) {
        g_autofree char *escaped = escape(*part);

        if (!**part)
            continue;
        g_string_append_printf(name, "%s%s", name->len ? "-" : "", escaped);
        g_string_append_printf(path, "/%s.slice", name->str);
    }
    if (as_path)
        return g_string_free(path, FALSE);
    g_string_free(path, TRUE);
    return g_strconcat(name->len ? name->str : "-", ".slice", NULL);
}

char *scope_path(const Domain *domain, pid_t pid)
{
    g_autofree char *slice = slice_of(domain, true), *unit = unit_of(domain, pid);

    return g_build_filename(cgroup_root(), slice, unit, NULL);
}

bool scope_start(const Domain *domain, pid_t pid, GError **error)
{
    g_autofree char *unit = unit_of(domain, pid), *slice = slice_of(domain, false);
    g_autofree char *description = g_strdup_printf("Container %s", domain->name);

    return scope_begin(&(Scope){ unit, slice, description, pid }, error);
}
