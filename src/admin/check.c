/* check.c - ostler-admin check: whether this host is set up right, and what to do where it is not
 */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "ask.h"
#include "base/cleanup.h"
#include "base/file.h"
#include "print.h"

#include <errno.h>
#include <fcntl.h>
#include <gnutls/x509.h>
#include <grp.h>
#include <linux/magic.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>

enum { OK, WARN, FAIL };

static const char *const states[] = { [OK] = "ok", [WARN] = "warn", [FAIL] = "fail" };

/* What was found, in the order of the checks. */
typedef struct Report {
    const Options *options;
    Json *findings;
    bool bad;
} Report;

/* advice: what to do; NULL: nothing */
static void G_GNUC_PRINTF(5, 6)
    find(Report *report, int state, const char *what, const char *advice, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    json_object_array_add(
        report->findings,
        json_build("ssss", "check", what, "state", states[state], "found", text, "advice", advice));
    report->bad |= state == FAIL;
}

static char *below(const Report *report, const char *path)
{
    return g_strconcat(report->options->root, path, NULL);
}

static bool is_at(const char *path) { return access(path, F_OK) == 0; }

/* ---- the host ---- */

static void check_systemd(Report *report)
{
    if (is_at("/run/systemd/system"))
        find(report, OK, "systemd", NULL, "it runs this host");
    else
        find(report, WARN, "systemd", "start the daemons in another way, such as ./dev up",
             "it does not run this host: nothing starts daemons by itself");
}

static void check_users(Report *report)
{
    static const struct {
        const char *name, *what;
        int without;
    } users[] = {
        { "ostler-qemu", "guests cannot be started", FAIL },
        { "ostler", "ostler-proxyd cannot have a user of its own", WARN },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(users); i++) {
        if (getpwnam(users[i].name))
            find(report, OK, "users", NULL, "there is the user %s", users[i].name);
        else
            find(report, users[i].without, "users", "run systemd-sysusers",
                 "there is no user %s: %s", users[i].name, users[i].what);
    }
}

static bool is_member(const char *user, gid_t group)
{
    const struct passwd *entry = getpwnam(user);
    gid_t groups[256];
    int count = G_N_ELEMENTS(groups);

    if (!entry || getgrouplist(user, entry->pw_gid, groups, &count) < 0)
        return false;
    while (count > 0 && groups[count - 1] != group)
        count--;
    return count > 0;
}

static void check_kvm(Report *report)
{
    struct stat node;

    if (stat("/dev/kvm", &node) < 0)
        find(report, WARN, "kvm",
             "switch virtualization on in the firmware and load kvm_intel or kvm_amd",
             "there is no /dev/kvm: guests are emulated, which is slow");
    else if (node.st_mode & S_IWOTH || is_member("ostler-qemu", node.st_gid))
        find(report, OK, "kvm", NULL, "guests may use /dev/kvm");
    else
        find(report, FAIL, "kvm", "usermod --append --groups kvm ostler-qemu",
             "the user ostler-qemu may not use /dev/kvm");
}

static void check_cgroups(Report *report)
{
    struct statfs root;
    g_autofree char *controllers = file_read("/sys/fs/cgroup/cgroup.controllers", 4096, NULL);

    if (statfs("/sys/fs/cgroup", &root) < 0 || root.f_type != CGROUP2_SUPER_MAGIC)
        find(report, WARN, "cgroups", "boot with systemd.unified_cgroup_hierarchy=1",
             "control groups are not those of version 2: limits of guests have no effect");
    else
        find(report, OK, "cgroups", NULL, "version 2 with %s",
             controllers ? g_strstrip(controllers) : "no controllers");
}

static void check_programs(Report *report)
{
    static const struct {
        const char *name, *what, *advice;
        int without;
    } programs[] = {
        { "qemu-system-x86_64", "guests cannot be started", "install QEMU", FAIL },
        { "qemu-img", "disks cannot be made", "install qemu-utils", WARN },
        { "nft", "networks have no firewall rules", "install nftables", WARN },
        { "dnsmasq", "networks give no addresses", "install dnsmasq-base", WARN },
    };

    for (size_t i = 0; i < G_N_ELEMENTS(programs); i++) {
        g_autofree char *path = g_find_program_in_path(programs[i].name);

        if (path)
            find(report, OK, "programs", NULL, "%s is %s", programs[i].name, path);
        else
            find(report, programs[i].without, "programs", programs[i].advice, "there is no %s: %s",
                 programs[i].name, programs[i].what);
    }
}

static void check_polkit(Report *report)
{
    if (!is_at("/usr/share/polkit-1/actions/ostler.policy"))
        find(report, WARN, "polkit", "install Ostler with --prefix=/usr",
             "polkit does not know our actions: users other than root are refused");
    else if (!is_at("/usr/share/dbus-1/system-services/org.freedesktop.PolicyKit1.service"))
        find(report, WARN, "polkit", "install polkit, or set auth_unix_rw",
             "polkit is not installed: users other than root are refused");
    else
        find(report, OK, "polkit", NULL, "it decides about users other than root");
}

static void check_rivals(Report *report)
{
    g_autofree char *path = below(report, "/run/libvirt/libvirt-admin-sock");
    g_autoptr(Connection) rival = connection_open(path, NULL);

    if (rival)
        find(report, FAIL, "other daemons",
             "systemctl disable --now libvirtd.service libvirtd.socket libvirtd-ro.socket "
             "libvirtd-admin.socket",
             "libvirtd is on this host's sockets");
    else
        find(report, OK, "other daemons", NULL, "none is on our sockets");
}

/* ---- the daemons ---- */

static char *program_path(const char *name)
{
    g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
    g_autofree char *directory = g_path_get_dirname(self ? self : "/usr/bin/ostler-admin");
    g_autofree char *program = g_strconcat("ostler-", name, NULL);
    g_autofree char *beside = g_build_filename(directory, program, NULL);

    return is_at(beside) ? g_steal_pointer(&beside) : g_find_program_in_path(program);
}

static void check_configuration(Report *report, const char *name)
{
    g_autofree char *program = program_path(name), *problem = NULL;
    g_autofree char *root = below(report, "/");
    char *argv[] = { program, "--check", "--root", root, NULL };
    g_autoptr(GError) error = NULL;
    int status = 0;

    if (!program) {
        find(report, WARN, "configuration", "install it", "there is no ostler-%s", name);
        return;
    }
    if (g_spawn_sync(NULL, argv, NULL, G_SPAWN_STDOUT_TO_DEV_NULL, NULL, NULL, NULL, &problem,
                     &status, &error) &&
        status == 0)
        find(report, OK, "configuration", NULL, "that of ostler-%s is right", name);
    else
        find(report, FAIL, "configuration", "correct it", "%s",
             error ? error->message : g_strstrip(problem));
}

static void check_sockets(Report *report, const DaemonName *daemon)
{
    Options options = *report->options;
    g_autofree char *path = g_strconcat(options.root, "/run/libvirt/", daemon->socket, NULL);
    g_autofree char *advice =
        g_strdup_printf("systemctl enable --now ostler-%s.socket; see journalctl -u ostler-%s",
                        daemon->name, daemon->name);
    g_autoptr(Connection) connection = NULL;
    g_autoptr(GError) error = NULL;

    options.daemon = (char *) daemon->name;
    connection = ask_open(&options, &error);
    if (!is_at(path))
        find(report, FAIL, "sockets", advice, "there is no %s", path);
    else if (!connection)
        find(report, FAIL, "sockets", advice, "ostler-%s: %s", daemon->name, error->message);
    else
        find(report, OK, "sockets", NULL, "ostler-%s answers on %s", daemon->name, path);
}

static void check_daemons(Report *report)
{
    for (const DaemonName *daemon = daemon_names; daemon->name; daemon++) {
        check_configuration(report, daemon->name);
        check_sockets(report, daemon);
    }
}

/* ---- certificates ---- */

static time_t expiry_of(const char *path)
{
    g_autofree char *text = file_read(path, 1 << 20, NULL);
    gnutls_datum_t data = { (unsigned char *) text, text ? strlen(text) : 0 };
    gnutls_x509_crt_t certificate;
    time_t expiry = -1;

    if (!text || gnutls_x509_crt_init(&certificate) < 0)
        return -1;
    if (gnutls_x509_crt_import(certificate, &data, GNUTLS_X509_FMT_PEM) >= 0)
        expiry = gnutls_x509_crt_get_expiration_time(certificate);
    gnutls_x509_crt_deinit(certificate);
    return expiry;
}

static void check_expiry(Report *report, const char *place)
{
    enum { DAY = 86400, SOON = 30 };
    g_autofree char *path = below(report, place);
    time_t expiry = expiry_of(path);
    long days = (expiry - time(NULL)) / DAY;

    if (expiry < 0)
        find(report, FAIL, "certificates", "put a certificate there", "%s cannot be read", path);
    else
        find(report,
             days < 0      ? FAIL
             : days < SOON ? WARN
                           : OK,
             "certificates",
             days < SOON ? "have a new one signed, then virt-admin server-update-tls" : NULL,
             "%s is good for %ld days", path, MAX(days, 0));
}

static void check_key(Report *report)
{
    g_autofree char *path = below(report, "/etc/pki/libvirt/private/serverkey.pem");
    const struct passwd *proxy = getpwnam("ostler");
    struct stat key;

    if (stat(path, &key) < 0)
        find(report, FAIL, "certificates", "put the server's key there", "there is no %s", path);
    else if (key.st_mode & S_IROTH)
        find(report, FAIL, "certificates", "chmod 0640", "everybody may read %s", path);
    else if (proxy && !(key.st_uid == proxy->pw_uid && key.st_mode & S_IRUSR) &&
             !(is_member("ostler", key.st_gid) && key.st_mode & S_IRGRP))
        find(report, FAIL, "certificates", "chgrp ostler and chmod 0640",
             "ostler-proxyd may not read %s", path);
    else
        find(report, OK, "certificates", NULL, "only who must may read %s", path);
}

/* Without any there is no TLS, which is no fault. */
static void check_certificates(Report *report)
{
    g_autofree char *own = below(report, "/etc/pki/libvirt/servercert.pem");

    if (!is_at(own)) {
        find(report, OK, "certificates", NULL, "there are none: no clients by TLS");
        return;
    }
    check_expiry(report, "/etc/pki/CA/cacert.pem");
    check_expiry(report, "/etc/pki/libvirt/servercert.pem");
    check_key(report);
}

/* ---- all ---- */

static void (*const checks[])(Report *report) = {
    check_systemd, check_users,  check_kvm,     check_cgroups,      check_programs,
    check_polkit,  check_rivals, check_daemons, check_certificates,
};

static void show(Json *findings)
{
    for (size_t i = 0; i < json_length(findings); i++) {
        Json *one = json_object_array_get_idx(findings, i);
        const char *advice = json_text(one, "advice");

        printf("%-4s  %s: %s%s%s\n", json_text(one, "state"), json_text(one, "check"),
               json_text(one, "found"), advice ? "\n      -> " : "", advice ? advice : "");
    }
}

bool command_check(const Options *options, GError **)
{
    g_autoptr(Json) findings = json_object_new_array();
    Report report = { .options = options, .findings = findings };

    for (size_t i = 0; i < G_N_ELEMENTS(checks); i++)
        checks[i](&report);
    if (options->json)
        print_json(findings);
    else
        show(findings);
    return !report.bad;
}
