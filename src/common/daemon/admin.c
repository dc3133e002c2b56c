/* admin.c - the program by which an administrator watches and steers a daemon
 *
 * Served on the admin socket only. An administrator's "server" is what we call a service. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/admin.h"

#include "base/log.h"
#include "base/slot.h"
#include "daemon/daemon.h"
#include "daemon/look.h"
#include "daemon/settings.h"
#include "loop/workers.h"
#include "rpc/client.h"
#include "rpc/params.h"
#include "rpc/self.h"

#include <string.h>

enum { MOST_WORKERS = 10000 };

/* The typed parameters of this program have types of their own, but the same layout. */
_Static_assert(sizeof(admin_typed_param) == sizeof(remote_typed_param) &&
               offsetof(admin_typed_param, value.admin_typed_param_value_u) ==
                   offsetof(remote_typed_param, value.remote_typed_param_value_u));
#define TYPED(params) ((remote_typed_param *) (params))

/* ---- the connection ---- */

static bool connect_open(Call *call, const admin_connect_open_args *in, none *, GError **error)
{
    if (call->client->uri)
        return fail(error, ERR_INTERNAL, "the connection is open already");
    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    call->client->uri = g_strdup("");
    return true;
}

static bool connect_close(Call *call, const none *, none *, GError **)
{
    wire_end_when_sent(&call->client->wire);
    return true;
}

static bool connect_get_lib_version(Call *, const none *, admin_connect_get_lib_version_ret *out,
                                    GError **)
{
    out->lib_ver = API_VERSION;
    return true;
}

/* ---- servers ---- */

static Service *const services[] = { &server.main, &server.admin };

static Service *find_service(const char *name, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(services); i++) {
        if (strcmp(services[i]->name, name) == 0)
            return services[i];
    }
    return fail(error, ERR_NO_SERVER, "this daemon has no server named '%s'", name);
}

static bool connect_list_servers(Call *call, const admin_connect_list_servers_args *in,
                                 admin_connect_list_servers_ret *out, GError **error)
{
    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    out->ret = G_N_ELEMENTS(services);
    if (!in->need_results)
        return true;
    out->servers.servers_len = G_N_ELEMENTS(services);
    out->servers.servers_val = g_new(admin_nonnull_server, G_N_ELEMENTS(services));
    for (size_t i = 0; i < G_N_ELEMENTS(services); i++)
        out->servers.servers_val[i].name = g_strdup(services[i]->name);
    return true;
}

static bool connect_lookup_server(Call *call, const admin_connect_lookup_server_args *in,
                                  admin_connect_lookup_server_ret *out, GError **error)
{
    const Service *service;

    if (!call_check_flags(call, in->flags, 0, error) || !(service = find_service(in->name, error)))
        return false;
    out->srv.name = g_strdup(service->name);
    return true;
}

/* ---- workers ---- */

/* The admin server has no workers of its own: its calls run in the main loop. */
static bool server_get_threadpool_parameters(Call *call,
                                             const admin_server_get_threadpool_parameters_args *in,
                                             admin_server_get_threadpool_parameters_ret *out,
                                             GError **error)
{
    g_auto(Params) params = {};
    WorkersState state = {};
    const Service *service;

    if (!call_check_flags(call, in->flags, 0, error) ||
        !(service = find_service(in->srv.name, error)))
        return false;
    if (service == &server.main)
        state = workers_state();
    params_add_uint(&params, state.least, "minWorkers");
    params_add_uint(&params, state.most, "maxWorkers");
    params_add_uint(&params, state.threads, "nWorkers");
    params_add_uint(&params, state.idle, "freeWorkers");
    params_add_uint(&params, state.extra, "prioWorkers");
    params_add_uint(&params, state.queued, "jobQueueDepth");
    out->params.params_len = params_take(&params, (remote_typed_param **) &out->params.params_val);
    return true;
}

typedef struct Pool {
    unsigned least, most, extra;
} Pool;

static bool server_set_threadpool_parameters(Call *call,
                                             const admin_server_set_threadpool_parameters_args *in,
                                             none *, GError **error)
{
    static const ParamRow rows[] = {
        { "minWorkers", REMOTE_TYPED_PARAM_UINT, SLOT(Pool, least, unsigned) },
        { "maxWorkers", REMOTE_TYPED_PARAM_UINT, SLOT(Pool, most, unsigned) },
        { "prioWorkers", REMOTE_TYPED_PARAM_UINT, SLOT(Pool, extra, unsigned) },
        {},
    };
    WorkersState state = workers_state();
    Pool pool = { state.least, state.most, state.extra };
    const Service *service;

    if (!call_check_flags(call, in->flags, 0, error) ||
        !(service = find_service(in->srv.name, error)) ||
        !params_read(TYPED(in->params.params_val), in->params.params_len, rows, &pool, error))
        return false;
    if (service != &server.main)
        return fail(error, ERR_OPERATION_UNSUPPORTED, "server '%s' has no workers of its own",
                    service->name);
    if (pool.least > pool.most)
        return fail(error, ERR_INVALID_ARG, "minWorkers %u is more than maxWorkers %u", pool.least,
                    pool.most);
    if (pool.most < 1 || pool.most > MOST_WORKERS || pool.extra > MOST_WORKERS)
        return fail(error, ERR_INVALID_ARG, "there may be 1 to %d workers", MOST_WORKERS);
    settings_workers(pool.least, pool.most, pool.extra);
    return true;
}

/* ---- clients ---- */

static admin_nonnull_client reference(const Client *client)
{
    return (admin_nonnull_client){
        .srv.name = g_strdup(client->service->name),
        .id = client->id,
        .timestamp = client->since / G_TIME_SPAN_SECOND,
        .transport = client->identity.transport,
    };
}

static Client *find_client(const char *service_name, uint64_t id, GError **error)
{
    const Service *service = find_service(service_name, error);
    g_autoptr(GPtrArray) clients = service ? service_list(service) : NULL;

    if (!service)
        return NULL;
    for (guint i = 0; i < clients->len; i++) {
        Client *client = clients->pdata[i];

        if (client->id == id)
            return client;
    }
    return fail(error, ERR_NO_CLIENT, "server '%s' has no client with id %" G_GUINT64_FORMAT,
                service_name, id);
}

static bool server_list_clients(Call *call, const admin_server_list_clients_args *in,
                                admin_server_list_clients_ret *out, GError **error)
{
    const Service *service;
    g_autoptr(GPtrArray) clients = NULL;
    admin_nonnull_client *list;

    if (!call_check_flags(call, in->flags, 0, error) ||
        !(service = find_service(in->srv.name, error)))
        return false;
    clients = service_list(service);
    out->ret = clients->len;
    if (!in->need_results)
        return true;
    out->clients.clients_len = MIN(clients->len, ADMIN_CLIENT_LIST_MAX);
    out->clients.clients_val = list = g_new(admin_nonnull_client, out->clients.clients_len);
    for (guint i = 0; i < out->clients.clients_len; i++)
        list[i] = reference(clients->pdata[i]);
    return true;
}

static bool server_lookup_client(Call *call, const admin_server_lookup_client_args *in,
                                 admin_server_lookup_client_ret *out, GError **error)
{
    const Client *client;

    if (!call_check_flags(call, in->flags, 0, error) ||
        !(client = find_client(in->srv.name, in->id, error)))
        return false;
    out->clnt = reference(client);
    return true;
}

static bool client_get_info(Call *call, const admin_client_get_info_args *in,
                            admin_client_get_info_ret *out, GError **error)
{
    g_auto(Params) params = {};
    const Client *client;
    const Identity *who;

    if (!call_check_flags(call, in->flags, 0, error) ||
        !(client = find_client(in->clnt.srv.name, in->clnt.id, error)))
        return false;
    who = &client->identity;
    params_add_bool(&params, who->readonly, "readonly");
    params_add_string(&params, who->address, "sock_addr");
    if (who->uid >= 0)
        params_add_int(&params, who->uid, "unix_user_id");
    params_add_string(&params, identity_user(who), "unix_user_name");
    if (who->gid >= 0)
        params_add_int(&params, who->gid, "unix_group_id");
    params_add_string(&params, identity_group(who), "unix_group_name");
    if (who->pid >= 0)
        params_add_int(&params, who->pid, "unix_process_id");
    params_add_string(&params, who->x509_name, "tls_x509_dname");
    params_add_string(&params, who->sasl_name, "sasl_user_name");
    params_add_string(&params, who->selinux, "selinux_context");
    out->params.params_len = params_take(&params, (remote_typed_param **) &out->params.params_val);
    return true;
}

static bool do_client_close(Call *call, const admin_client_close_args *in, none *, GError **error)
{
    Client *client;

    if (!call_check_flags(call, in->flags, 0, error) ||
        !(client = find_client(in->clnt.srv.name, in->clnt.id, error)))
        return false;
    client_close(client, "an administrator has ended it");
    return true;
}

static bool server_get_client_limits(Call *call, const admin_server_get_client_limits_args *in,
                                     admin_server_get_client_limits_ret *out, GError **error)
{
    g_auto(Params) params = {};
    const Service *service;

    if (!call_check_flags(call, in->flags, 0, error) ||
        !(service = find_service(in->srv.name, error)))
        return false;
    params_add_uint(&params, service->limits.max_clients, "nclients_max");
    params_add_uint(&params, service_clients(service), "nclients");
    params_add_uint(&params, service->limits.max_anonymous_clients, "nclients_unauth_max");
    params_add_uint(&params, service->anonymous.length, "nclients_unauth");
    out->params.params_len = params_take(&params, (remote_typed_param **) &out->params.params_val);
    return true;
}

typedef struct Most {
    unsigned clients, anonymous;
} Most;

static bool server_set_client_limits(Call *call, const admin_server_set_client_limits_args *in,
                                     none *, GError **error)
{
    static const ParamRow rows[] = {
        { "nclients_max", REMOTE_TYPED_PARAM_UINT, SLOT(Most, clients, unsigned) },
        { "nclients_unauth_max", REMOTE_TYPED_PARAM_UINT, SLOT(Most, anonymous, unsigned) },
        {},
    };
    Service *service;
    Most most;

    if (!call_check_flags(call, in->flags, 0, error) ||
        !(service = find_service(in->srv.name, error)))
        return false;
    most = (Most){ service->limits.max_clients, service->limits.max_anonymous_clients };
    if (!params_read(TYPED(in->params.params_val), in->params.params_len, rows, &most, error))
        return false;
    if (most.clients < 1 || most.anonymous > most.clients)
        return fail(error, ERR_INVALID_ARG,
                    "nclients_max %u must be at least 1 and at least nclients_unauth_max %u",
                    most.clients, most.anonymous);
    service->limits.max_clients = most.clients;
    service->limits.max_anonymous_clients = most.anonymous;
    server_check(service);
    return true;
}

/* ---- the log ---- */

static bool connect_get_logging_outputs(Call *call,
                                        const admin_connect_get_logging_outputs_args *in,
                                        admin_connect_get_logging_outputs_ret *out, GError **error)
{
    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    out->outputs = log_get_outputs(&out->noutputs);
    return true;
}

static bool connect_get_logging_filters(Call *call,
                                        const admin_connect_get_logging_filters_args *in,
                                        admin_connect_get_logging_filters_ret *out, GError **error)
{
    g_autofree char *filters = NULL;

    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    filters = log_get_filters(&out->nfilters);
    if (!out->nfilters)
        return true;
    out->filters = g_new(char *, 1);
    *out->filters = g_steal_pointer(&filters);
    return true;
}

static bool connect_set_logging_outputs(Call *call,
                                        const admin_connect_set_logging_outputs_args *in, none *,
                                        GError **error)
{
    return call_check_flags(call, in->flags, 0, error) &&
           log_set_outputs(in->outputs ? *in->outputs : NULL, error);
}

static bool connect_set_logging_filters(Call *call,
                                        const admin_connect_set_logging_filters_args *in, none *,
                                        GError **error)
{
    return call_check_flags(call, in->flags, 0, error) &&
           log_set_filters(in->filters ? *in->filters : NULL, error);
}

/* ---- the daemon ---- */

static bool server_update_tls_files(Call *call, const admin_server_update_tls_files_args *in,
                                    none *, GError **error)
{
    const Service *service;

    if (!call_check_flags(call, in->flags, 0, error) ||
        !(service = find_service(in->srv.name, error)))
        return false;
    if (service != &server.main || !server.update_tls)
        return fail(error, ERR_INTERNAL, "server '%s' of this daemon has no TLS", service->name);
    return server.update_tls(error);
}

static bool connect_set_daemon_timeout(Call *call, const admin_connect_set_daemon_timeout_args *in,
                                       none *, GError **error)
{
    if (!call_check_flags(call, in->flags, 0, error))
        return false;
    daemon_set_timeout(in->timeout);
    return true;
}

/* Guests are never ended with us, so that there is nothing else to preserve. */
static bool connect_daemon_shutdown(Call *call, const admin_connect_daemon_shutdown_args *in,
                                    none *, GError **error)
{
    enum { PRESERVE = 1 };

    if (!call_check_flags(call, in->flags, PRESERVE, error))
        return false;
    daemon_quit();
    return true;
}

const Driver admin_driver = {
    .error_domain = VIR_FROM_ADMIN,
    DRIVER_LOOK,
    .admin_connect_open = connect_open,
    .admin_connect_close = connect_close,
    .admin_connect_get_lib_version = connect_get_lib_version,
    .admin_connect_list_servers = connect_list_servers,
    .admin_connect_lookup_server = connect_lookup_server,
    .admin_server_get_threadpool_parameters = server_get_threadpool_parameters,
    .admin_server_set_threadpool_parameters = server_set_threadpool_parameters,
    .admin_server_list_clients = server_list_clients,
    .admin_server_lookup_client = server_lookup_client,
    .admin_client_get_info = client_get_info,
    .admin_client_close = do_client_close,
    .admin_server_get_client_limits = server_get_client_limits,
    .admin_server_set_client_limits = server_set_client_limits,
    .admin_connect_get_logging_outputs = connect_get_logging_outputs,
    .admin_connect_get_logging_filters = connect_get_logging_filters,
    .admin_connect_set_logging_outputs = connect_set_logging_outputs,
    .admin_connect_set_logging_filters = connect_set_logging_filters,
    .admin_server_update_tls_files = server_update_tls_files,
    .admin_connect_set_daemon_timeout = connect_set_daemon_timeout,
    .admin_connect_daemon_shutdown = connect_daemon_shutdown,
};
