/* recover.c - find networks again after a restart of the daemon
 *
 * What a state file tells is published, then looked at on the network's own strand: what is missing
 * is made again. A start that was not finished is undone. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "recover.h"

#include "daemon/daemon.h"
#include "define.h"
#include "dhcp.h"
#include "firewall.h"
#include "lend.h"
#include "police.h"
#include "port.h"
#include "settings.h"
#include "start.h"
#include "state.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

/* ---- loading ---- */

static bool check_file_name(const char *file, const Network *network, GError **error)
{
    return g_str_equal(file, network->name) ||
           fail(error, ERR_XML, "the file is of network '%s'", network->name);
}

static bool take_definition(const char *name, const char *text, void *, GError **error)
{
    g_autoptr(Network) network = xml_parse(&network_element, text, 0, NULL, error);
    g_autoptr(Net) net = NULL;
    g_autoptr(Object) other = NULL;
    View *view;

    if (!network || !check_file_name(name, network, error))
        return false;
    if (uuid_is_zero(&network->uuid))
        return fail(error, ERR_XML, "it has no uuid");
    net = net_new(&network->uuid, network->name);
    view = net_edit(net);
    view->autostart = store_autostart(&net_store, name);
    view_set_config(view, g_steal_pointer(&network));
    object_swap_view(&net->object, view);
    other = registry_add(nets, &net->object);
    return !other || fail(error, ERR_XML, "its uuid is that of network '%s'", other->name);
}

static void recover_one(void *data);

static bool take_state(const char *name, const char *text, void *, GError **error)
{
    g_autoptr(State) state = state_parse(text, error);
    g_autoptr(Net) net = NULL;
    View *view;

    if (!state || !check_file_name(name, state->live, error))
        return false;
    net = define_net(state->live, error);
    if (!net)
        return false;
    view = net_edit(net);
    view->starting = state->starting;
    if (!state->starting)
        firewall_keep(net, state->live);
    view_set_live(view, g_steal_pointer(&state->live));
    net->dnsmasq = state->pid;
    net->dnsmasq_started = state->started;
    object_swap_view(&net->object, view);
    return true;
}

static bool take_port(const char *name, const char *text, void *, GError **error)
{
    return port_load(name, text, error);
}

static void begin_recovery(void)
{
    g_autoptr(GPtrArray) active = net_list(true);

    for (guint i = 0; i < active->len; i++)
        strand_do(((Object *) active->pdata[i])->strand, MODE_JOB, "the recovery after a restart",
                  recover_one, net_ref(active->pdata[i]));
}

/* ---- the network that there is when nobody has made one ---- */

static const char *const standard =
    "<network><name>default</name><forward mode='nat'/><bridge name='virbr0'/>"
    "<ip address='192.168.122.1' netmask='255.255.255.0'><dhcp>"
    "<range start='192.168.122.2' end='192.168.122.254'/></dhcp></ip></network>";

static bool define_standard(GError **error)
{
    g_autoptr(Network) network = define_parse(standard, true, error);
    g_autofree char *xml = network ? xml_format(&network_element, network, 0) : NULL;

    return network && store_define(&net_store, network->name, xml, error);
}

bool recover_all(GError **error)
{
    bool first = !g_file_test(net_store.definitions, G_FILE_TEST_IS_DIR);

    if (!store_open(&net_store, error) || !store_open(&port_store, error) ||
        !store_open(&lend_store, error) || (first && !define_standard(error)))
        return false;
    store_load(net_store.definitions, take_definition, NULL);
    store_load(net_store.states, take_state, NULL);
    store_load(port_store.states, take_port, NULL);
    dhcp_claim();
    firewall_restore();
    police_restore();
    begin_recovery();
    return true;
}

/* ---- looking after what runs ---- */

static void recover_one(void *data)
{
    g_autoptr(Net) net = data;
    g_autoptr(View) view = net_view(net);

    if (!view->live)
        return;
    if (view->starting) {
        stop_network(net);
        net_log(net, G_LOG_LEVEL_WARNING, "its start was not finished and has been undone");
        return;
    }
    start_repair(net);
    net_log(net, G_LOG_LEVEL_INFO, "found running");
}

/* ---- autostart ---- */

static void autostart(void *data)
{
    g_autoptr(Net) net = data;
    g_autoptr(View) view = net_view(net);
    g_autoptr(GError) error = NULL;

    if (view->config && !view_is_active(view) && !start_network(net, view->config->network, &error))
        net_log(net, G_LOG_LEVEL_WARNING, "cannot be started with the host: %s", error->message);
}

void recover_autostart(void)
{
    g_autofree char *mark = daemon_path("run/ostler/network/autostarted");
    g_autoptr(GPtrArray) all = NULL;
    g_auto(Fd) first = -1;

    if (!settings.autostart)
        return;
    first = open(mark, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (first < 0)
        return;
    all = net_list(false);
    for (guint i = 0; i < all->len; i++) {
        g_autoptr(View) view = net_view(all->pdata[i]);

        if (view->autostart)
            strand_do(((Object *) all->pdata[i])->strand, MODE_JOB, "the start with the host",
                      autostart, net_ref(all->pdata[i]));
    }
}
