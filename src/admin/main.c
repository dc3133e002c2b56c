/* main.c - ostler-admin: what an administrator wants to know of the daemons */
/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "command.h"

#include <stdio.h>
#include <string.h>

static const struct Command {
    const char *name, *text;
    bool (*run)(const Options *options, GError **error);
} commands[] = {
    { "top", "what the daemon is doing, once a second: calls, queues, clients, workers",
      command_top },
    { "trace", "calls as they are answered, with how long they waited and ran", command_trace },
    { "config", "what is in force, and which line of which file has set it", command_config },
    { "check", "whether this host is set up right, and what to do where it is not", command_check },
};

static char *describe_commands(void)
{
    g_autoptr(GString) text = g_string_new("Commands:\n");

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        g_string_append_printf(text, "  %-8s %s\n", commands[i].name, commands[i].text);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

static const struct Command *find_command(const char *name, GError **error)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    }
    return fail(error, ERR_INVALID_ARG, "there is no command '%s': try --help", name);
}

static const struct Command *parse(int argc, char **argv, Options *options, gboolean *version,
                                   GError **error)
{
    const GOptionEntry entries[] = {
        { "daemon", 'd', 0, G_OPTION_ARG_STRING, &options->daemon,
          "qemud (if nothing is said), lxcd, netd, noded or proxyd", "NAME" },
        { "json", 'j', 0, G_OPTION_ARG_NONE, &options->json, "print JSON, for programs", NULL },
        { "count", 'n', 0, G_OPTION_ARG_INT, &options->count,
          "end after N screens of top, or N calls of trace", "N" },
        { "client", 0, 0, G_OPTION_ARG_STRING, &options->client, "trace only calls of this client",
          "ID" },
        { "object", 0, 0, G_OPTION_ARG_STRING, &options->object,
          "trace only calls that refer to this guest, network or device", "NAME" },
        { "root", 0, 0, G_OPTION_ARG_FILENAME, &options->root,
          "of daemons that were started with --root", "DIR" },
        { "version", 'V', 0, G_OPTION_ARG_NONE, version, "tell the version and end", NULL },
        {},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("COMMAND");
    g_autofree char *text = describe_commands();

    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_set_description(context, text);
    if (!g_option_context_parse(context, &argc, &argv, error))
        return NULL;
    if (*version)
        return NULL;
    if (argc != 2)
        return fail(error, ERR_INVALID_ARG, "one command is needed: try --help");
    return find_command(argv[1], error);
}

int main(int argc, char **argv)
{
    static Options options;
    gboolean version = FALSE;
    g_autoptr(GError) error = NULL;
    const struct Command *command;
    bool good;

    g_set_prgname("ostler-admin");
    command = parse(argc, argv, &options, &version, &error);
    if (version)
        puts("ostler-admin " VERSION);
    if (!command) {
        if (error)
            fprintf(stderr, "ostler-admin: %s\n", error->message);
        return error ? 2 : 0;
    }
    options.daemon = options.daemon ? options.daemon : "qemud";
    options.root = options.root ? options.root : "";
    good = command->run(&options, &error);
    if (error)
        fprintf(stderr, "ostler-admin: %s\n", error->message);
    return !good;
}
