/* ops-host.c - what containers can have on this host */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/daemon.h"
#include "define.h"
#include "driver.h"
#include "guest/host-document.h"
#include "host/cpu.h"
#include "host/identity.h"

#include <string.h>

static void write_guest(Writer *w, const char *arch, const char *bits)
{
    write_start(w, "guest", NULL);
    write_leaf(w, "os_type", "exe", NULL);
    write_start(w, "arch", "name", arch, NULL);
    write_leaf(w, "wordsize", bits, NULL);
    write_leaf(w, "emulator", container_controller(), NULL);
    write_leaf(w, "domain", NULL, "type", "lxc", NULL);
    write_close(w, "arch", false);
    write_close(w, "guest", false);
}

static void write_host(Writer *w, const Uuid *uuid, const HostTopology *topology)
{
    char text[UUID_TEXT];

    write_start(w, "host", NULL);
    write_leaf(w, "uuid", uuid_print(uuid, text), NULL);
    write_start(w, "cpu", NULL);
    write_leaf(w, "arch", host_arch(), NULL);
    host_write_pages(w, topology);
    write_close(w, "cpu", false);
    host_write_sleep(w, "");
    host_write_iommu(w, "");
    host_write_cells(w, topology);
    host_write_caches(w, topology, "");
    host_write_secmodel(w, "none", NULL);
    write_close(w, "host", false);
}

bool lxc_connect_get_capabilities(Call *, const none *, remote_connect_get_capabilities_ret *out,
                                  GError **error)
{
    g_autofree char *kept = daemon_path("var/lib/ostler/host-uuid");
    g_autoptr(HostTopology) topology = host_topology_read("", error);
    Writer w = { .out = NULL };
    Uuid uuid;

    if (!topology || !host_uuid("", kept, &uuid, error))
        return false;
    w.out = g_string_new(NULL);
    write_start(&w, "capabilities", NULL);
    write_host(&w, &uuid, topology);
    write_guest(&w, host_arch(), sizeof(long) == 8 ? "64" : "32");
    if (g_str_equal(host_arch(), "x86_64"))
        write_guest(&w, "i686", "32");
    write_close(&w, "capabilities", false);
    out->capabilities = g_string_free(w.out, FALSE);
    return true;
}
