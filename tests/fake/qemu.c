/* qemu.c - a QEMU that runs no guest: it speaks QMP, for a thousand guests at once and for faults
 *
 * It takes the command line of a real one, serves the monitor that -mon names, gives ptys to the
 * character devices that want one, and knows whatever caps.def asks for. Faults come from a script
 * beside it, "<argv[0]>.script": lines of
 *
 *     GUEST WHEN WHAT [TEXT]
 *
 * GUEST is the guest's name or "*"; WHEN is "start" or a command of the monitor; WHAT is one of
 *
 *     hang          answer nothing any more, and ignore SIGTERM
 *     exit N        end at once with that status
 *     print TEXT    to the standard error stream
 *     slow N        wait N milliseconds
 *     close         end the connection, and wait for the next one
 *     event JSON    send an event of those members: {"event":"STOP"}
 *     say TEXT      send those bytes
 *     error TEXT    refuse the command
 *     return JSON   answer it so
 *
 * Lines for the same occasion are worked off in their order. */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/param.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

typedef struct json_object Json;

enum { CHARDEVS = 32, FAULTS = 64, LINE = 4096, MESSAGE = 1 << 20 };

typedef struct Chardev {
    char *id;
    int pty; /* its master; -1: it is none */
    char name[64];
} Chardev;

typedef struct Fault {
    char guest[128], when[64], what[16], text[LINE];
} Fault;

static struct {
    const char *name, *arch;
    unsigned long long memory; /* in bytes */
    unsigned cpus;
    char *vnc; /* where it would listen: "host:display"; NULL: nowhere */
    Chardev chardevs[CHARDEVS];
    size_t chardev_count;
    char *monitor; /* id of its chardev */
    int listener;  /* -1: the monitor is one connection */
    int client;    /* -1: nobody is there */
    int signals;
    const char *status;
    bool keeps_on_shutdown; /* stops instead of ending */
    Fault *faults;
    size_t fault_count;
    char *input; /* MESSAGE bytes */
    size_t used;
} fake = { .name = "",
           .arch = "x86_64",
           .memory = 128ull << 20,
           .cpus = 1,
           .listener = -1,
           .client = -1,
           .status = "running" };

/* ---- sending ---- */

static void say(const char *text, size_t size)
{
    while (fake.client >= 0 && size > 0) {
        ssize_t sent = send(fake.client, text, size, MSG_NOSIGNAL);

        if (sent < 0 && errno == EAGAIN) {
            (void) poll(&(struct pollfd){ .fd = fake.client, .events = POLLOUT }, 1, -1);
            continue;
        }
        if (sent < 0)
            return;
        text += sent;
        size -= sent;
    }
}

static void say_json(Json *json)
{
    const char *text = json_object_to_json_string_ext(json, JSON_C_TO_STRING_PLAIN);

    say(text, strlen(text));
    say("\r\n", 2);
    json_object_put(json);
}

static Json *parse(const char *text)
{
    Json *json = json_tokener_parse(text);

    if (!json && strcmp(text, "null") != 0) {
        fprintf(stderr, "fake qemu: not JSON: %s\n", text);
        exit(2);
    }
    return json;
}

/* Takes over members: "event" and perhaps "data". */
static void tell(Json *members)
{
    Json *time = json_object_new_object();
    struct timeval now;

    gettimeofday(&now, NULL);
    json_object_object_add(time, "seconds", json_object_new_int64(now.tv_sec));
    json_object_object_add(time, "microseconds", json_object_new_int64(now.tv_usec));
    json_object_object_add(members, "timestamp", time);
    say_json(members);
}

static void tell_text(const char *members) { tell(parse(members)); }

/* ---- the guest ---- */

static void print_on_consoles(const char *text)
{
    for (size_t i = 0; i < fake.chardev_count; i++) {
        if (fake.chardevs[i].pty >= 0)
            (void) !write(fake.chardevs[i].pty, text, strlen(text));
    }
}

static Json *nothing(Json *) { return json_object_new_object(); }

static Json *do_cont(Json *)
{
    if (strcmp(fake.status, "running") != 0)
        tell_text("{\"event\":\"RESUME\"}");
    if (strcmp(fake.status, "prelaunch") == 0)
        print_on_consoles("guest: init\r\n");
    fake.status = "running";
    return nothing(NULL);
}

static Json *do_stop(Json *)
{
    if (strcmp(fake.status, "running") == 0) {
        tell_text("{\"event\":\"STOP\"}");
        fake.status = "paused";
    }
    return nothing(NULL);
}

static Json *do_migrate_incoming(Json *)
{
    tell_text("{\"event\":\"MIGRATION\",\"data\":{\"status\":\"completed\"}}");
    return nothing(NULL);
}

/* As the real one, it tells the end before its guest may go on. */
static Json *do_migrate(Json *)
{
    fake.status = "finish-migrate";
    return do_migrate_incoming(NULL);
}

/* Whether it has ended is seen by the caller: the answer goes before the end. */
static bool ends;

static void shut_down(const char *event)
{
    tell_text(event);
    ends = !fake.keeps_on_shutdown;
    if (fake.keeps_on_shutdown) {
        tell_text("{\"event\":\"STOP\"}");
        fake.status = "shutdown";
    }
}

static Json *do_powerdown(Json *)
{
    tell_text("{\"event\":\"POWERDOWN\"}");
    shut_down("{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":true,\"reason\":\"guest-shutdown\"}}");
    return nothing(NULL);
}

static Json *do_quit(Json *)
{
    tell_text("{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":false,\"reason\":\"host-qmp-quit\"}}");
    ends = true;
    return nothing(NULL);
}

static Json *do_reset(Json *)
{
    tell_text("{\"event\":\"RESET\",\"data\":{\"guest\":false,"
              "\"reason\":\"host-qmp-system-reset\"}}");
    return nothing(NULL);
}

static Json *set_action(Json *arguments)
{
    Json *shutdown = json_object_object_get(arguments, "shutdown");

    if (shutdown)
        fake.keeps_on_shutdown = strcmp(json_object_get_string(shutdown), "pause") == 0;
    return nothing(NULL);
}

static Json *set_balloon(Json *arguments)
{
    Json *value = json_object_object_get(arguments, "value");

    fake.memory = json_object_get_int64(value);
    return nothing(NULL);
}

/* ---- what it tells of the guest ---- */

static Json *printed(const char *format, ...) __attribute__((format(printf, 1, 2)));
static Json *printed(const char *format, ...)
{
    char text[LINE];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    return parse(text);
}

static Json *query_status(Json *)
{
    bool runs = strcmp(fake.status, "running") == 0;
    const char *status = fake.status;

    if (strcmp(status, "finish-migrate") == 0)
        fake.status = "postmigrate";
    return printed("{\"status\":\"%s\",\"singlestep\":false,\"running\":%s}", status,
                   runs ? "true" : "false");
}

static Json *query_chardev(Json *)
{
    Json *all = json_object_new_array();

    for (size_t i = 0; i < fake.chardev_count; i++) {
        const Chardev *chardev = &fake.chardevs[i];

        json_object_array_add(all,
                              printed("{\"label\":\"%s\",\"filename\":\"%s%s\","
                                      "\"frontend-open\":true}",
                                      chardev->id, chardev->pty >= 0 ? "pty:" : "", chardev->name));
    }
    return all;
}

static Json *query_cpus(Json *)
{
    Json *all = json_object_new_array();

    for (unsigned i = 0; i < fake.cpus; i++)
        json_object_array_add(all,
                              printed("{\"cpu-index\":%u,\"thread-id\":%d,\"target\":\"%s\","
                                      "\"qom-path\":\"/machine/unattached/device[%u]\","
                                      "\"props\":{\"socket-id\":%u,\"core-id\":0,\"thread-id\":0}}",
                                      i, getpid(), fake.arch, i, i));
    return all;
}

static Json *query_balloon(Json *) { return printed("{\"actual\":%llu}", fake.memory); }

static Json *query_memory(Json *)
{
    return printed("{\"base-memory\":%llu,\"plugged-memory\":0}", fake.memory);
}

/* Nobody listens there, so all may have the same display. */
static Json *query_vnc(Json *)
{
    char *colon = fake.vnc ? strrchr(fake.vnc, ':') : NULL;

    if (!colon)
        return json_object_new_array();
    return printed("[{\"id\":\"default\",\"auth\":\"none\",\"clients\":[],"
                   "\"server\":[{\"host\":\"%.*s\",\"service\":\"%d\",\"family\":\"ipv4\","
                   "\"websocket\":false,\"auth\":\"none\"}]}]",
                   (int) (colon - fake.vnc), fake.vnc, 5900 + atoi(colon + 1));
}

static Json *query_name(Json *) { return printed("{\"name\":\"%s\"}", fake.name); }
static Json *query_target(Json *) { return printed("{\"arch\":\"%s\"}", fake.arch); }

/* ---- what it can do: all that caps.def asks for, but for paths in the schema ---- */

typedef enum How { TYPE, PROPERTY, COMMAND, EVENT, OPTION, SCHEMA } How;

static const struct {
    How how;
    const char *where, *what;
} abilities[] = {
#define CAP(name, how, where, what) { how, where, what },
#include "caps.def"
#undef CAP
};

static Json *list_abilities(How how, const char *member, const char *what_of, const char *others)
{
    Json *all = json_object_new_array();

    for (size_t i = 0; i < sizeof(abilities) / sizeof(*abilities); i++) {
        const char *name = what_of ? abilities[i].what : abilities[i].where;

        if (abilities[i].how == how && (!what_of || strcmp(abilities[i].where, what_of) == 0))
            json_object_array_add(all, printed("{\"%s\":\"%s\"%s}", member, name, others));
    }
    return all;
}

static Json *list_types(Json *) { return list_abilities(TYPE, "name", NULL, ""); }

static Json *list_properties(Json *arguments)
{
    return list_abilities(PROPERTY, "name",
                          json_object_get_string(json_object_object_get(arguments, "typename")),
                          ",\"type\":\"bool\"");
}

static Json *list_options(Json *)
{
    return list_abilities(OPTION, "option", NULL,
                          ",\"parameters\":[{\"name\":\"elevateprivileges\"}]");
}

static Json *query_schema(Json *)
{
    Json *all = list_abilities(COMMAND, "name", NULL, ",\"meta-type\":\"command\"");
    Json *events = list_abilities(EVENT, "name", NULL, ",\"meta-type\":\"event\"");

    for (size_t i = 0; i < json_object_array_length(events); i++)
        json_object_array_add(all, json_object_get(json_object_array_get_idx(events, i)));
    json_object_put(events);
    return all;
}

static Json *expand_model(Json *arguments)
{
    Json *model = json_object_object_get(arguments, "model");
    const char *name = json_object_get_string(json_object_object_get(model, "name"));
    bool plain = strcmp(name, "qemu64") == 0;

    return printed("{\"model\":{\"name\":\"base\",\"props\":{\"vendor\":\"AuthenticAMD\","
                   "\"family\":15,\"fpu\":true,\"sse2\":true,\"avx\":%s,\"lahf-lm\":%s,"
                   "\"kvmclock\":true}}}",
                   plain ? "false" : "true", strcmp(name, "max") == 0 ? "true" : "false");
}

/* ---- commands ---- */

static const struct {
    const char *name;
    Json *(*answer)(Json *arguments);
    const char *text; /* JSON; NULL: answer() */
} commands[] = {
    { "balloon", set_balloon, NULL },
    { "cont", do_cont, NULL },
    { "human-monitor-command", NULL, "\"\"" },
    { "migrate", do_migrate, NULL },
    { "migrate-incoming", do_migrate_incoming, NULL },
    { "qom-get", NULL, "{\"stats\":{\"stat-total-memory\":134217728},\"last-update\":1}" },
    { "qom-list-properties", list_properties, NULL },
    { "qom-list-types", list_types, NULL },
    { "query-balloon", query_balloon, NULL },
    { "query-block", NULL, "[]" },
    { "query-block-jobs", NULL, "[]" },
    { "query-blockstats", NULL, "[]" },
    { "query-chardev", query_chardev, NULL },
    { "query-command-line-options", list_options, NULL },
    { "query-cpu-definitions", NULL,
      "[{\"name\":\"max\",\"typename\":\"max-cpu\",\"unavailable-features\":[]},"
      "{\"name\":\"host\",\"typename\":\"host-cpu\",\"unavailable-features\":[\"kvm\"]},"
      "{\"name\":\"qemu64\",\"typename\":\"qemu64-cpu\",\"unavailable-features\":[],"
      "\"migration-safe\":true,\"static\":false},"
      "{\"name\":\"EPYC-v1\",\"typename\":\"EPYC-v1-cpu\",\"unavailable-features\":[\"xsavec\"],"
      "\"migration-safe\":true,\"static\":false},"
      "{\"name\":\"EPYC\",\"typename\":\"EPYC-cpu\",\"migration-safe\":true,\"static\":false,"
      "\"unavailable-features\":[\"xsavec\",\"sha-ni\",\"sha-ni\"]}]" },
    { "query-cpu-model-expansion", expand_model, NULL },
    { "query-cpus-fast", query_cpus, NULL },
    { "query-fdsets", NULL, "[]" },
    { "query-iothreads", NULL, "[]" },
    { "query-jobs", NULL, "[]" },
    { "query-kvm", NULL, "{\"present\":true,\"enabled\":false}" },
    { "query-machines", NULL,
      "[{\"name\":\"pc-q35-7.2\",\"alias\":\"q35\",\"cpu-max\":288,\"hotpluggable-cpus\":true,"
      "\"default-cpu-type\":\"qemu64-cpu\",\"default-ram-id\":\"pc.ram\"},"
      "{\"name\":\"none\",\"cpu-max\":1},"
      "{\"name\":\"pc-i440fx-7.2\",\"alias\":\"pc\",\"is-default\":true,\"cpu-max\":255,"
      "\"default-cpu-type\":\"qemu64-cpu\",\"default-ram-id\":\"pc.ram\"},"
      "{\"name\":\"pc-i440fx-1.4\",\"cpu-max\":255,\"deprecated\":true}]" },
    { "query-memory-size-summary", query_memory, NULL },
    { "query-name", query_name, NULL },
    { "query-named-block-nodes", NULL, "[]" },
    { "query-pci", NULL, "[]" },
    { "query-qmp-schema", query_schema, NULL },
    { "query-status", query_status, NULL },
    { "query-target", query_target, NULL },
    { "query-version", NULL,
      "{\"qemu\":{\"major\":7,\"minor\":2,\"micro\":0},\"package\":\"fake\"}" },
    { "query-vnc-servers", query_vnc, NULL },
    { "quit", do_quit, NULL },
    { "set-action", set_action, NULL },
    { "stop", do_stop, NULL },
    { "system_powerdown", do_powerdown, NULL },
    { "system_reset", do_reset, NULL },
};

/* A command that is not there is taken and answered with nothing. */
static Json *answer(const char *name, Json *arguments)
{
    for (size_t i = 0; i < sizeof(commands) / sizeof(*commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].text ? parse(commands[i].text) : commands[i].answer(arguments);
    }
    return nothing(arguments);
}

static Json *refusal(const char *why)
{
    Json *error = json_object_new_object();

    json_object_object_add(error, "class", json_object_new_string("GenericError"));
    json_object_object_add(error, "desc", json_object_new_string(why));
    return error;
}

/* ---- faults ---- */

static void hang(void)
{
    for (;;)
        pause();
}

static void close_client(void)
{
    close(fake.client);
    fake.client = -1;
    fake.used = 0;
}

/* An answer that the script wants instead of ours goes into *reply, an object. */
static void apply(const Fault *fault, Json *reply)
{
    if (strcmp(fault->what, "hang") == 0)
        hang();
    else if (strcmp(fault->what, "exit") == 0)
        exit(atoi(fault->text));
    else if (strcmp(fault->what, "print") == 0)
        fprintf(stderr, "%s\n", fault->text);
    else if (strcmp(fault->what, "slow") == 0)
        usleep(atoi(fault->text) * 1000);
    else if (strcmp(fault->what, "close") == 0)
        close_client();
    else if (strcmp(fault->what, "event") == 0)
        tell_text(fault->text);
    else if (strcmp(fault->what, "say") == 0)
        say(fault->text, strlen(fault->text));
    else if (strcmp(fault->what, "error") == 0)
        json_object_object_add(reply, "error", refusal(fault->text));
    else if (strcmp(fault->what, "return") == 0)
        json_object_object_add(reply, "return", parse(fault->text));
    else
        fprintf(stderr, "fake qemu: unknown fault '%s'\n", fault->what);
}

static void apply_faults(const char *when, Json *reply)
{
    for (size_t i = 0; i < fake.fault_count; i++) {
        const Fault *fault = &fake.faults[i];

        if (strcmp(fault->when, when) == 0 &&
            (strcmp(fault->guest, "*") == 0 || strcmp(fault->guest, fake.name) == 0))
            apply(fault, reply);
    }
}

static void read_script(const char *program)
{
    char path[LINE], line[LINE];
    FILE *file;

    snprintf(path, sizeof(path), "%s.script", program);
    file = fopen(path, "re");
    fake.faults = calloc(FAULTS, sizeof(Fault));
    while (file && fake.fault_count < FAULTS && fgets(line, sizeof(line), file)) {
        Fault *fault = &fake.faults[fake.fault_count];

        if (sscanf(line, "%127s %63s %15s %4095[^\n]", fault->guest, fault->when, fault->what,
                   fault->text) >= 3 &&
            fault->guest[0] != '#')
            fake.fault_count++;
    }
    if (file)
        fclose(file);
}

/* ---- the monitor ---- */

static void serve(Json *command)
{
    Json *id = json_object_object_get(command, "id"), *reply = json_object_new_object();
    Json *named = json_object_object_get(command, "execute");
    const char *name = named ? json_object_get_string(named) : "";

    apply_faults(name, reply);
    if (strcmp(name, "cont") == 0 && strcmp(fake.status, "finish-migrate") == 0)
        json_object_object_add(reply, "error", refusal("Migration is not finalized yet"));
    if (json_object_object_length(reply) == 0)
        json_object_object_add(reply, "return",
                               answer(name, json_object_object_get(command, "arguments")));
    if (id)
        json_object_object_add(reply, "id", json_object_get(id));
    say_json(reply);
    if (ends)
        exit(0);
}

/* Descriptors that come along are not used. */
static ssize_t receive(char *into, size_t size)
{
    char control[CMSG_SPACE(32 * sizeof(int))];
    struct iovec part = { into, size };
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)
    };
    ssize_t got = recvmsg(fake.client, &message, MSG_CMSG_CLOEXEC);

    for (struct cmsghdr *c = got > 0 ? CMSG_FIRSTHDR(&message) : NULL; c;
         c = CMSG_NXTHDR(&message, c)) {
        for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int); i++)
            close(((int *) (void *) CMSG_DATA(c))[i]);
    }
    return got;
}

/* Commands end with a new line, as the daemon sends them. */
static void read_commands(void)
{
    ssize_t got = receive(fake.input + fake.used, MESSAGE - fake.used - 1);
    char *end;

    if (got < 0 && errno == EAGAIN)
        return;
    if (got <= 0) {
        if (fake.listener < 0)
            exit(0);
        close_client();
        return;
    }
    fake.used += got;
    fake.input[fake.used] = '\0';
    while (fake.client >= 0 && (end = memchr(fake.input, '\n', fake.used))) {
        Json *command;

        *end = '\0';
        command = parse(fake.input);
        fake.used -= end + 1 - fake.input;
        memmove(fake.input, end + 1, fake.used);
        serve(command);
        json_object_put(command);
    }
}

static void greet(void)
{
    say_json(parse("{\"QMP\":{\"version\":{\"qemu\":{\"major\":7,\"minor\":2,\"micro\":0},"
                   "\"package\":\"fake\"},\"capabilities\":[]}}"));
}

static void accept_client(void)
{
    fake.client = accept4(fake.listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fake.client >= 0)
        greet();
}

/* ---- the command line ---- */

/* The value of "key=" in a list between commas; NULL when it is not there. */
static char *option_in(const char *list, const char *key)
{
    size_t length = strlen(key);

    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, key, length) == 0 && at[length] == '=')
            return strndup(at + length + 1, strcspn(at + length + 1, ","));
    }
    return NULL;
}

static void set_up_socket(const char *list)
{
    char *fd = option_in(list, "fd"), *path = option_in(list, "path"),
         *server = option_in(list, "server");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int socket_fd = fd ? atoi(fd) : socket(AF_UNIX, SOCK_STREAM, 0);

    if (path) {
        strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
        (void) unlink(path);
        if (bind(socket_fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            listen(socket_fd, 1) < 0) {
            perror(path);
            exit(1);
        }
    }
    fcntl(socket_fd, F_SETFL, fcntl(socket_fd, F_GETFL) | O_NONBLOCK);
    if (server && strcmp(server, "off") != 0)
        fake.listener = socket_fd;
    else
        fake.client = socket_fd;
    free(fd);
    free(path);
    free(server);
}

static void open_pty(Chardev *chardev)
{
    struct termios raw = { 0 };
    int slave;

    cfmakeraw(&raw);
    if (openpty(&chardev->pty, &slave, chardev->name, &raw, NULL) < 0) {
        perror("pty");
        exit(1);
    }
    /* The slave stays open: without it a read of the master fails until a client comes. */
    fcntl(chardev->pty, F_SETFL, O_NONBLOCK);
}

static void add_chardev(const char *list)
{
    Chardev *chardev = &fake.chardevs[fake.chardev_count];

    if (fake.chardev_count == CHARDEVS)
        return;
    fake.chardev_count++;
    *chardev = (Chardev){ .id = option_in(list, "id"), .pty = -1 };
    memcpy(chardev->name, list, MIN(strcspn(list, ","), sizeof(chardev->name) - 1));
    if (strncmp(list, "pty", 3) == 0)
        open_pty(chardev);
    if (strncmp(list, "socket", 6) == 0 && chardev->id && fake.monitor &&
        strcmp(chardev->id, fake.monitor) == 0)
        set_up_socket(list);
}

/* "guest=NAME,debug-threads=on" or just the name. */
static void set_name(const char *list)
{
    char *name = option_in(list, "guest");

    fake.name = name ? name : strndup(list, strcspn(list, ","));
}

/* "128", "size=131072k", in MiB unless it says. */
static void set_memory(const char *list)
{
    char *size = option_in(list, "size"), *unit;
    unsigned long long value = strtoull(size ? size : list, &unit, 10);

    fake.memory = *unit == 'k' || *unit == 'K'   ? value << 10
                  : *unit == 'g' || *unit == 'G' ? value << 30
                                                 : value << 20;
    free(size);
}

static void set_cpus(const char *list)
{
    char *cpus = option_in(list, "cpus");

    fake.cpus = atoi(cpus ? cpus : list);
    free(cpus);
}

static void set_machine(const char *list)
{
    if (strncmp(list, "none", 4) == 0)
        fake.name = "none";
}

static void set_actions(const char *list)
{
    char *shutdown = option_in(list, "shutdown");

    fake.keeps_on_shutdown = shutdown && strcmp(shutdown, "pause") == 0;
    free(shutdown);
}

static void set_vnc(const char *list) { fake.vnc = strndup(list, strcspn(list, ",")); }

static void set_monitor(const char *list)
{
    if (strstr(list, "mode=control"))
        fake.monitor = option_in(list, "chardev");
}

/* In this order, however they stand: a chardev must know whether it is the monitor's. */
static const struct {
    const char *option;
    void (*set)(const char *list);
} options[] = {
    { "-mon", set_monitor }, { "-machine", set_machine }, { "-name", set_name },
    { "-m", set_memory },    { "-smp", set_cpus },        { "-action", set_actions },
    { "-vnc", set_vnc },     { "-chardev", add_chardev },
};

static void read_command_line(int argc, char **argv)
{
    for (size_t i = 0; i < sizeof(options) / sizeof(*options); i++) {
        for (int at = 1; at + 1 < argc; at++) {
            if (strcmp(argv[at], options[i].option) == 0)
                options[i].set(argv[at + 1]);
        }
    }
    for (int at = 1; at < argc; at++) {
        if (strcmp(argv[at], "-S") == 0)
            fake.status = "prelaunch";
        if (strcmp(argv[at], "-no-shutdown") == 0)
            fake.keeps_on_shutdown = true;
    }
}

/* ---- the loop ---- */

/* What is typed comes back, as from a terminal that echoes. */
static void echo(int pty)
{
    char text[LINE];
    ssize_t got = read(pty, text, sizeof(text));

    if (got > 0)
        (void) !write(pty, text, got);
}

static void turn(void)
{
    struct pollfd polls[3 + CHARDEVS] = {
        { .fd = fake.signals, .events = POLLIN },
        { .fd = fake.client, .events = POLLIN },
        { .fd = fake.client < 0 ? fake.listener : -1, .events = POLLIN },
    };

    for (size_t i = 0; i < fake.chardev_count; i++)
        polls[3 + i] = (struct pollfd){ .fd = fake.chardevs[i].pty, .events = POLLIN };
    (void) poll(polls, 3 + fake.chardev_count, -1);
    if (polls[0].revents) {
        tell_text("{\"event\":\"SHUTDOWN\",\"data\":{\"guest\":false,\"reason\":\"host-signal\"}}");
        exit(0);
    }
    if (polls[1].revents)
        read_commands();
    if (polls[2].revents)
        accept_client();
    for (size_t i = 0; i < fake.chardev_count; i++) {
        if (polls[3 + i].revents)
            echo(fake.chardevs[i].pty);
    }
}

int main(int argc, char **argv)
{
    Json *ignored = json_object_new_object();
    sigset_t ends_it;

    sigemptyset(&ends_it);
    sigaddset(&ends_it, SIGTERM);
    sigaddset(&ends_it, SIGINT);
    sigprocmask(SIG_BLOCK, &ends_it, NULL);
    fake.signals = signalfd(-1, &ends_it, SFD_CLOEXEC);
    fake.input = malloc(MESSAGE);
    read_script(argv[0]);
    read_command_line(argc, argv);
    apply_faults("start", ignored);
    json_object_put(ignored);
    if (fake.client >= 0)
        greet();
    if (strcmp(fake.status, "running") == 0)
        print_on_consoles("guest: init\r\n");
    for (;;)
        turn();
}
