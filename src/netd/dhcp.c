/* dhcp.c - dnsmasq: its configuration by table, its life
 *
 * One process per network. It tells each lease to ostler-lease, which passes it on to us; the file
 * of leases is its own. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "dhcp.h"

#include "base/file.h"
#include "daemon/daemon.h"
#include "lease.h"
#include "loop/loop.h"
#include "loop/spawn.h"
#include "model/list.h"
#include "settings.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

enum { START_MS = 10000, END_MS = 3000, SHORT_MS = 1000, RETRY_MS = 5000, CLAIMS = 5 };
enum { SPARE_LEASES = 1000 };

static char *path_of(const char *name, const char *suffix)
{
    return daemon_path("run/ostler/network/%s.%s", name, suffix);
}

static char *leases_path(const char *name)
{
    return daemon_path("var/lib/ostler/network/%s.leases", name);
}

/* ---- what it is told ---- */

static bool has_dns(const Network *network) { return network->dns.enable != SWITCH_OFF; }

static bool has_dhcp(const Network *network, int family)
{
    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        if (network_ip_has_dhcp(ip) && (!family || ip->address.family == family))
            return true;
    }
    return false;
}

static bool has_family(const Network *network, int family)
{
    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        if (ip->address.family == family)
            return true;
    }
    return false;
}

bool dhcp_is_needed(const Network *network)
{
    return forward_has_bridge(network->forward.mode) && list_length(network->ips) &&
           (has_dns(network) || has_dhcp(network, 0) || has_family(network, AF_INET6));
}

bool dhcp_serves_names(const Network *network)
{
    return dhcp_is_needed(network) && has_dns(network);
}

/* One line of its configuration, or several. */
typedef bool Emit(GString *out, const Network *network, GError **error);

#define LINE(...)                                 \
    do {                                          \
        g_string_append_printf(out, __VA_ARGS__); \
        g_string_append_c(out, '\n');             \
    } while (0)

static bool emit_basics(GString *out, const Network *network, GError **)
{
    g_autofree char *pid_file = path_of(network->name, "pid");
    g_autofree char *leases = leases_path(network->name);
    g_autofree char *helper = lease_helper();

    LINE("strict-order");
    LINE("pid-file=%s", pid_file);
    LINE("except-interface=lo");
    LINE("bind-dynamic");
    LINE("interface=%s", network->bridge);
    LINE("dhcp-leasefile=%s", leases);
    LINE("dhcp-script=%s", helper);
    LINE("script-on-renewal");
    return true;
}

static bool emit_forwarders(GString *out, const Network *network, GError **)
{
    bool has_server = false;
    char text[IP_TEXT];

    if (!has_dns(network))
        LINE("port=0");
    for (LIST_EACH(DnsForwarder, forwarder, network->dns.forwarders)) {
        bool has_address = ip_is_set(&forwarder->address);

        has_server |= has_address && !forwarder->domain;
        ip_print(&forwarder->address, text);
        if (forwarder->domain)
            LINE("server=/%s/%s", forwarder->domain, has_address ? text : "#");
        else
            LINE("server=%s", text);
    }
    if (has_server || network->forward.mode == FORWARD_NONE)
        LINE("no-resolv");
    return true;
}

static bool emit_domain(GString *out, const Network *network, GError **)
{
    if (!network->domain || !*network->domain)
        return true;
    if (network->domain_local == SWITCH_ON)
        LINE("local=/%s/", network->domain);
    LINE("domain=%s", network->domain);
    LINE("expand-hosts");
    return true;
}

/* The names of addresses are nobody else's business. */
static bool emit_local_names(GString *out, const Network *network, const NetworkIp *ip,
                             GError **error)
{
    unsigned prefix = network_ip_prefix(ip), step = ip->address.family == AF_INET ? 8 : 4;
    const uint8_t *bytes = ip->address.bytes;

    if (ip->local_ptr != SWITCH_ON)
        return true;
    if (prefix == 0 || prefix % step)
        return fail(error, ERR_CONFIG_UNSUPPORTED,
                    "PTR domain for %s network with prefix %u cannot be automatically created, in "
                    "network '%s'",
                    step == 8 ? "IPv4" : "IPv6", prefix, network->name);
    g_string_append(out, "local=/");
    for (unsigned i = prefix / step; i-- > 0;) {
        if (step == 8)
            g_string_append_printf(out, "%u.", bytes[i]);
        else
            g_string_append_printf(out, "%x.", i % 2 ? bytes[i / 2] & 15 : bytes[i / 2] >> 4);
    }
    LINE("%s/", step == 8 ? "in-addr.arpa" : "ip6.arpa");
    return true;
}

static bool emit_ptr(GString *out, const Network *network, GError **error)
{
    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        if (!emit_local_names(out, network, ip, error))
            return false;
    }
    if (network->dns.forward_plain_names == SWITCH_OFF) {
        LINE("domain-needed"); /* of addresses alone */
        LINE("local=//");
    }
    return true;
}

static void append_number(GString *out, const Optional *number, const char *absent)
{
    if (number->given)
        g_string_append_printf(out, ",%" G_GINT64_FORMAT, number->value);
    else
        g_string_append(out, absent);
}

static bool emit_records(GString *out, const Network *network, GError **)
{
    for (LIST_EACH(DnsText, text, network->dns.texts))
        LINE("txt-record=%s,%s", text->name, text->value);
    for (LIST_EACH(DnsService, service, network->dns.services)) {
        g_string_append_printf(out, "srv-host=_%s._%s", service->service, service->protocol);
        if (service->domain)
            g_string_append_printf(out, ".%s", service->domain);
        if (service->target && !g_str_equal(service->target, ".")) {
            g_string_append_printf(out, ",%s", service->target);
            append_number(out, &service->port,
                          service->priority.given || service->weight.given ? ",1" : "");
            append_number(out, &service->priority, service->weight.given ? ",0" : "");
            append_number(out, &service->weight, "");
        }
        g_string_append_c(out, '\n');
    }
    return true;
}

/* An isolated network is no way to anywhere: no router is told. */
static bool emit_isolation(GString *out, const Network *network, GError **)
{
    if (network->forward.mode != FORWARD_NONE)
        return true;
    LINE("dhcp-option=3");
    LINE("ra-param=*,0,0");
    return true;
}

static void append_lease(GString *out, const LeaseTime *lease)
{
    static const char *const letters[] = { "m", "s", "m", "h" };

    if (!lease->expiry.given)
        return;
    if (lease->expiry.value)
        g_string_append_printf(out, ",%" G_GINT64_FORMAT "%s", lease->expiry.value,
                               letters[lease->unit]);
    else
        g_string_append(out, ",infinite");
}

static void emit_ranges(GString *out, const NetworkIp *ip)
{
    bool is_v6 = ip->address.family == AF_INET6;
    Ip mask = ip_mask(ip->address.family, network_ip_prefix(ip));
    char from[IP_TEXT], to[IP_TEXT], text[IP_TEXT];

    for (LIST_EACH(DhcpRange, range, ip->ranges)) {
        g_string_append_printf(out, "dhcp-range=%s,%s", ip_print(&range->start, from),
                               ip_print(&range->end, to));
        if (is_v6)
            g_string_append_printf(out, ",%u", network_ip_prefix(ip));
        else
            g_string_append_printf(out, ",%s", ip_print(&mask, text));
        append_lease(out, &range->lease);
        g_string_append_c(out, '\n');
    }
    if (list_length(ip->ranges))
        return;
    if (is_v6)
        LINE("dhcp-range=%s,static,%u", ip_print(&ip->address, text), network_ip_prefix(ip));
    else
        LINE("dhcp-range=%s,static", ip_print(&ip->address, text));
}

/* Hosts have theirs besides the ranges, also those that are added while it runs. */
static uint64_t most_leases(const Network *network)
{
    uint64_t sum = SPARE_LEASES;

    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        sum += list_length(ip->hosts);
        for (LIST_EACH(DhcpRange, range, ip->ranges))
            sum += ip_range_size(&range->start, &range->end);
    }
    return sum;
}

static bool emit_dhcp(GString *out, const Network *network, GError **)
{
    char text[IP_TEXT];

    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        if (ip->tftp_root) {
            LINE("enable-tftp");
            LINE("tftp-root=%s", ip->tftp_root);
        }
        if (!network_ip_has_dhcp(ip))
            continue;
        emit_ranges(out, ip);
        if (ip->bootp_file && ip->bootp_server)
            LINE("dhcp-boot=%s,,%s", ip->bootp_file, ip->bootp_server);
        else if (ip->bootp_file)
            LINE("dhcp-boot=%s", ip->bootp_file);
    }
    if (has_dhcp(network, 0)) {
        g_autofree char *hosts = path_of(network->name, "hostsfile");

        LINE("dhcp-no-override");
        LINE("dhcp-authoritative");
        LINE("dhcp-lease-max=%" G_GUINT64_FORMAT, most_leases(network));
        LINE("dhcp-hostsfile=%s", hosts);
    }
    if (network->mtu)
        LINE("dhcp-option=option:mtu,%u", network->mtu);
    if (has_dhcp(network, AF_INET6)) {
        LINE("enable-ra");
        return true;
    }
    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        if (ip->address.family == AF_INET6)
            LINE("dhcp-range=%s,ra-only", ip_print(&ip->address, text));
    }
    return true;
}

static bool emit_names(GString *out, const Network *network, GError **)
{
    g_autofree char *names = path_of(network->name, "addnhosts");

    if (has_dns(network))
        LINE("addn-hosts=%s", names);
    return true;
}

/* What the definition adds comes last, and wins. */
static bool emit_options(GString *out, const Network *network, GError **)
{
    if (!network->dnsmasq)
        return true;
    for (LIST_EACH(DnsmasqOption, option, network->dnsmasq->list))
        LINE("%s", option->value);
    return true;
}

static Emit *const configuration[] = {
    emit_basics,    emit_forwarders, emit_domain, emit_ptr,     emit_records,
    emit_isolation, emit_dhcp,       emit_names,  emit_options,
};

static bool write_configuration(const Network *network, GError **error)
{
    g_autofree char *path = path_of(network->name, "conf");
    g_autoptr(GString) out = g_string_new(NULL);

    for (size_t i = 0; i < G_N_ELEMENTS(configuration); i++) {
        if (!configuration[i](out, network, error))
            return false;
    }
    return file_save_volatile(path, out->str, error);
}

/* ---- what it reads anew when it is told to ---- */

static void append_host(GString *out, const DhcpHost *host)
{
    char text[IP_TEXT];

    if (host->id)
        g_string_append_printf(out, "id:%s", host->id);
    else if (host->mac)
        g_string_append(out, host->mac);
    if (host->name)
        g_string_append_printf(out, "%s%s", host->id || host->mac ? "," : "", host->name);
    g_string_append_printf(out, host->ip.family == AF_INET6 ? ",[%s]" : ",%s",
                           ip_print(&host->ip, text));
    append_lease(out, &host->lease);
    g_string_append_c(out, '\n');
}

/* dnsmasq reads it under a user of its own. */
static bool save_for_all(const char *path, const char *text, GError **error)
{
    return file_save_volatile(path, text, error) &&
           (chmod(path, 0644) == 0 || fail_errno(error, errno, "cannot let all read '%s'", path));
}

static bool write_hosts(const Network *network, GError **error)
{
    g_autofree char *hosts_path = path_of(network->name, "hostsfile");
    g_autofree char *names_path = path_of(network->name, "addnhosts");
    g_autoptr(GString) hosts = g_string_new(NULL), names = g_string_new(NULL);
    char text[IP_TEXT];

    for (LIST_EACH(NetworkIp, ip, network->ips)) {
        for (LIST_EACH(DhcpHost, host, ip->hosts))
            append_host(hosts, host);
    }
    for (LIST_EACH(DnsHost, host, network->dns.hosts)) {
        g_string_append(names, ip_print(&host->ip, text));
        for (LIST_EACH(DnsName, name, host->names))
            g_string_append_printf(names, "\t%s", name->name);
        g_string_append_c(names, '\n');
    }
    return save_for_all(hosts_path, hosts->str, error) &&
           save_for_all(names_path, names->str, error);
}

/* ---- its life ---- */

typedef struct Watched {
    Net *net;
    pid_t pid;
    int pidfd;
    gint64 since, lived;
    Watch *watch;
} Watched;

static void try_later(void *data);

static void watched_free(Watched *watched)
{
    net_unref(watched->net);
    g_free(watched);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Watched, watched_free)

/* There is none, and there should be. */
static void revive(void *data)
{
    g_autoptr(Watched) watched = data;
    g_autoptr(Net) net = net_ref(watched->net);
    g_autoptr(View) view = net_view(net);
    g_autoptr(GError) error = NULL;

    if (net->dnsmasq || !view->live)
        return;
    net_log(net, G_LOG_LEVEL_WARNING, "its dnsmasq has ended, and is started again");
    if (!dhcp_start(net, view->live->network, &error)) {
        net_log(net, G_LOG_LEVEL_WARNING, "its dnsmasq cannot be started, which is tried again: %s",
                error->message);
        loop_hop(try_later, g_steal_pointer(&watched));
    }
    net_publish_anyway(net, net_edit(net));
}

static void try_now(void *data)
{
    Watched *watched = data;

    strand_do(watched->net->object.strand, MODE_CHANGE, "another start of dnsmasq", revive,
              watched);
}

static void try_later(void *data) { (void) timer_new(RETRY_MS, try_now, data); }

/* It has ended by itself, or somebody else has ended it: another one takes its place. What ends as
 * soon as it is started is not started over and over. */
static void note_end(void *data)
{
    g_autoptr(Watched) watched = data;

    if (watched->net->dnsmasq != watched->pid)
        return;
    watched->net->dnsmasq = 0;
    if (watched->lived < SHORT_MS * 1000)
        loop_hop(try_later, g_steal_pointer(&watched));
    else
        revive(g_steal_pointer(&watched));
}

static void ended(uint32_t, void *data)
{
    Watched *watched = data;

    watch_end(watched->watch);
    fd_close(watched->pidfd);
    watched->lived = g_get_monotonic_time() - watched->since;
    strand_do(watched->net->object.strand, MODE_CHANGE, "the end of dnsmasq", note_end, watched);
}

static void watch(void *data)
{
    Watched *watched = data;

    watched->watch = watch_new(watched->pidfd, EPOLLIN, ended, watched);
}

static void watch_process(Net *net, int pidfd)
{
    Watched *watched = g_new0(Watched, 1);

    *watched = (Watched){
        .net = net_ref(net), .pid = net->dnsmasq, .pidfd = pidfd, .since = g_get_monotonic_time()
    };
    loop_hop(watch, watched);
}

/* Its own first process ends when the second one, whose number is in the file, serves. */
static bool run(Net *net, const Network *network, GError **error)
{
    g_autofree char *config = path_of(network->name, "conf");
    g_autofree char *option = g_strconcat("--conf-file=", config, NULL);
    g_autofree char *socket = lease_socket_path();
    g_autofree char *to = g_strconcat("OSTLER_LEASES=", socket, NULL);
    char uuid[UUID_TEXT];
    g_autofree char *whose =
        g_strconcat("OSTLER_NETWORK=", uuid_print(&net->object.uuid, uuid), NULL);
    const char *const argv[] = { settings.dnsmasq, option, NULL };
    const char *const environment[] = { to, whose, "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
    const Spawn what = {
        .argv = argv, .environment = environment, .in = -1, .out = -1, .err = -1, .umask = 022
    };
    g_autoptr(GError) why = NULL;
    g_autofree char *output = spawn_and_read(&what, START_MS, 65536, &why);

    if (output)
        return true;
    if (error_code(why) == ERR_SYSTEM)
        g_propagate_error(error, g_steal_pointer(&why));
    else
        fail(error, ERR_INTERNAL, "dnsmasq of network '%s': %s", network->name, why->message);
    return false;
}

static bool find_process(Net *net, const char *name, GError **error)
{
    g_autofree char *path = path_of(name, "pid");
    g_autofree char *text = file_read(path, 64, error);
    int pid = text ? atoi(text) : 0, pidfd = pid > 0 ? process_open(pid, 0) : -1;

    if (!text)
        return false;
    if (pidfd < 0)
        return fail(error, ERR_INTERNAL, "dnsmasq of network '%s' has ended at once", name);
    net->dnsmasq = pid;
    net->dnsmasq_started = process_start(pid);
    watch_process(net, pidfd);
    return true;
}

/* One that has just ended is started again, and reads them then. */
bool dhcp_refresh(Net *net, const Network *network, GError **error)
{
    if (!write_hosts(network, error))
        return false;
    if (net->dnsmasq)
        (void) kill(net->dnsmasq, SIGHUP);
    return true;
}

static void remove_files(const char *name)
{
    static const char *const suffixes[] = { "conf", "pid", "hostsfile", "addnhosts" };

    for (size_t i = 0; i < G_N_ELEMENTS(suffixes); i++) {
        g_autofree char *path = path_of(name, suffixes[i]);

        (void) unlink(path);
    }
}

bool dhcp_start(Net *net, const Network *network, GError **error)
{
    if (!dhcp_is_needed(network))
        return true;
    if (write_configuration(network, error) && write_hosts(network, error) &&
        run(net, network, error) && find_process(net, network->name, error))
        return true;
    remove_files(network->name);
    return false;
}

void dhcp_stop(Net *net)
{
    g_auto(Fd) pidfd = net->dnsmasq ? process_open(net->dnsmasq, net->dnsmasq_started) : -1;

    net->dnsmasq = 0;
    if (pidfd >= 0) {
        (void) pidfd_send_signal(pidfd, SIGTERM, NULL, 0);
        if (!process_wait(pidfd, END_MS)) {
            (void) pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
            (void) process_wait(pidfd, END_MS);
        }
    }
    remove_files(net->object.name);
    lease_clear(&net->object.uuid);
}

/* ---- after a restart ---- */

/* The network whose file a process has been told on its command line; NULL: it is none of ours. */
static char *network_of(const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/cmdline", pid);
    g_autofree char *folder = daemon_path("run/ostler/network/");
    g_autofree char *option = g_strconcat("--conf-file=", folder, NULL);
    g_autofree char *line = NULL;
    const char *argument, *file;
    gsize length;

    if (!g_file_get_contents(path, &line, &length, NULL) || !length)
        return NULL;
    argument = line + strlen(line) + 1;
    if (argument >= line + length || !g_str_has_prefix(argument, option) ||
        !g_str_has_suffix(argument, ".conf"))
        return NULL;
    file = argument + strlen(option);
    return g_strndup(file, strlen(file) - strlen(".conf"));
}

/* Its helper has the same command line and is its child. */
static pid_t parent_of(const char *pid)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/stat", pid);
    g_autofree char *text = file_read(path, 4096, NULL);
    const char *at = text ? strrchr(text, ')') : NULL;
    int parent = 0;

    return at && sscanf(at, ") %*c %d", &parent) == 1 ? parent : 0;
}

/* The one that its network remembers, or else the first. */
static bool is_its_own(const char *name, pid_t pid)
{
    g_autoptr(Net) net = (Net *) registry_find_name(nets, name);
    g_autoptr(View) view = net ? net_view(net) : NULL;

    if (!view || !view->live || view->starting)
        return false;
    if (net->dnsmasq == 0 || process_start(net->dnsmasq) != net->dnsmasq_started) {
        net->dnsmasq = pid;
        net->dnsmasq_started = process_start(pid);
    }
    return net->dnsmasq == pid;
}

static void end_process(const char *name, pid_t pid)
{
    g_auto(Fd) pidfd = process_open(pid, 0);

    if (pidfd < 0)
        return;
    g_warning("a dnsmasq of network '%s', which does not run it, is ended", name);
    (void) pidfd_send_signal(pidfd, SIGKILL, NULL, 0);
    (void) process_wait(pidfd, END_MS);
}

/* Whether one had to be ended: its child, which was not looked at, is now nobody's. */
static bool claim_once(void)
{
    g_autoptr(GHashTable) ours = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    g_autoptr(Directory) processes = opendir("/proc");
    bool has_ended = false;
    struct dirent *entry;
    GHashTableIter at;
    void *pid, *name;

    while (processes && (entry = readdir(processes))) {
        char *network = g_ascii_isdigit(*entry->d_name) ? network_of(entry->d_name) : NULL;

        if (network)
            g_hash_table_insert(ours, GINT_TO_POINTER(atoi(entry->d_name)), network);
    }
    g_hash_table_iter_init(&at, ours);
    while (g_hash_table_iter_next(&at, &pid, &name)) {
        g_autofree char *text = g_strdup_printf("%d", GPOINTER_TO_INT(pid));

        if (g_hash_table_contains(ours, GINT_TO_POINTER(parent_of(text))) ||
            is_its_own(name, GPOINTER_TO_INT(pid)))
            continue;
        end_process(name, GPOINTER_TO_INT(pid));
        has_ended = true;
    }
    return has_ended;
}

void dhcp_claim(void)
{
    for (unsigned tries = 0; claim_once() && tries < CLAIMS; tries++)
        continue;
}

bool dhcp_adopt(Net *net)
{
    int pidfd = net->dnsmasq ? process_open(net->dnsmasq, net->dnsmasq_started) : -1;

    if (pidfd < 0) {
        net->dnsmasq = 0;
        return false;
    }
    watch_process(net, pidfd);
    (void) kill(net->dnsmasq, SIGHUP);
    return true;
}

void dhcp_forget(const char *name)
{
    g_autofree char *path = leases_path(name);

    (void) unlink(path);
}
